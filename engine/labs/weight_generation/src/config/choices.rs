//! What the settings choose between.

use weightscope_frame::choices;

choices! {
    /// Order of a task's classes.
    pub enum ClassOrder {
        /// Ascending.
        Sorted = "sorted", "Sorted";
        /// Drawn for each task.
        Shuffled = "shuffled", "Shuffled";
    }
}

choices! {
    /// How the networks of the zoo begin.
    pub enum Initialisation {
        /// With the same weights.
        Common = "common", "Common start";
        /// Each with its own.
        Independent = "independent", "Independent starts";
    }
}

choices! {
    /// How the zoo is aligned.
    pub enum Align {
        /// Not at all.
        None = "none", "None";
        /// By weight matching.
        WeightMatching = "weight_matching", "Weight matching";
    }
}

choices! {
    /// Scales of the weights.
    pub enum Normalise {
        /// Mean and deviation of each tensor over the zoo.
        PerTensor = "per_tensor", "Each tensor";
        /// One divisor.
        Constant = "constant", "One constant";
        /// None.
        None = "none", "None";
    }
}

choices! {
    /// What compresses a row.
    pub enum Autoencoder {
        /// Perceptrons both ways.
        Mlp = "mlp", "Perceptron";
        /// The convolutional one of the released code.
        Published = "published", "Published (convolutional)";
        /// None.
        None = "none", "None (diffusion on weights)";
    }
}

choices! {
    /// Loss of reconstructions.
    pub enum Reconstruction {
        /// Mean square.
        Square = "square", "Mean square";
        /// Squares over the deviation of each layer.
        Layerwise = "layerwise", "Layer by layer";
        /// Absolute and squared errors.
        Published = "published", "Published";
    }
}

choices! {
    /// What reads a condition.
    pub enum Encoder {
        /// Means of the classes.
        ClassMean = "class_mean", "Class means";
        /// Attention in and among classes.
        SetTransformer = "set_transformer", "Set transformer";
        /// The published cheap encoder.
        PublishedMlp = "published_mlp", "Published perceptron";
    }
}

choices! {
    /// What brings the encoder to the latents before diffusion.
    pub enum Alignment {
        /// Nothing.
        None = "none", "None";
        /// Symmetric InfoNCE.
        InfoNce = "info_nce", "InfoNCE";
        /// The published loss.
        Published = "published", "Published";
    }
}

choices! {
    /// What makes networks.
    pub enum Generator {
        /// Diffusion.
        Diffusion = "diffusion", "Diffusion";
        /// Flow matching.
        Flow = "flow", "Flow matching";
        /// Zoo networks given back.
        Replica = "replica", "Replica (gives zoo networks back)";
    }
}

choices! {
    /// The noise schedule.
    pub enum Schedule {
        /// Linear in √β.
        RootLinear = "root_linear", "Linear in √β";
        /// Linear in β.
        Linear = "linear", "Linear in β";
        /// Cosine.
        Cosine = "cosine", "Cosine";
    }
}

choices! {
    /// The reverse process.
    pub enum Sampler {
        /// Implicit.
        Ddim = "ddim", "Implicit (DDIM)";
        /// Ancestral.
        Ancestral = "ancestral", "Ancestral (DDPM)";
    }
}

choices! {
    /// Search after generation.
    pub enum Refine {
        /// None.
        None = "none", "None";
        /// Chunk by chunk.
        Sequential = "sequential", "Chunk by chunk";
    }
}

choices! {
    /// Which steps the implicit process visits.
    pub enum Visited {
        /// Evenly, the first and the last among them.
        Even = "even", "Evenly, down to no noise";
        /// As the published code does.
        Published = "published", "As published";
    }
}
