//! The closed lists of words among the settings, each with the words of the form.

use weightscope_frame::choices;

choices! {
    /// Where the networks come from.
    pub enum Origin {
        /// They are trained.
        Train = "train", "Train them";
        /// They are read from a folder.
        Zoo = "zoo", "Read a zoo from disk";
    }
}

choices! {
    /// The knob along the horizontal axis.
    pub enum Load {
        /// Units of a hidden layer.
        Width = "width", "Width";
        /// Share of the training rows that is used.
        DataShare = "data_share", "Share of the data";
        /// Share of the training labels that is moved to another class.
        LabelNoise = "label_noise", "Label noise";
    }
}

choices! {
    /// The knob along the vertical axis.
    pub enum Temperature {
        /// Rows in a step; fewer are hotter.
        BatchSize = "batch_size", "Batch size";
        /// Learning rate; higher is hotter.
        LearningRate = "learning_rate", "Learning rate";
        /// Weight decay; higher is hotter.
        WeightDecay = "weight_decay", "Weight decay";
    }
}

impl Load {
    /// Words beside the axis.
    pub const fn axis(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::DataShare => "share of the data",
            Self::LabelNoise => "label noise",
        }
    }

    /// Key of the setting that lists its values.
    pub const fn list_key(self) -> &'static str {
        match self {
            Self::Width => "widths",
            Self::DataShare => "data_shares",
            Self::LabelNoise => "label_noises",
        }
    }
}

impl Temperature {
    /// Words beside the axis.
    pub const fn axis(self) -> &'static str {
        match self {
            Self::BatchSize => "batch size",
            Self::LearningRate => "learning rate",
            Self::WeightDecay => "weight decay",
        }
    }

    /// Key of the setting that lists its values.
    pub const fn list_key(self) -> &'static str {
        match self {
            Self::BatchSize => "batch_sizes",
            Self::LearningRate => "learning_rates",
            Self::WeightDecay => "weight_decays",
        }
    }
}

choices! {
    /// How the values along an axis are given.
    pub enum Values {
        /// One by one.
        List = "list", "List";
        /// As ends and a number, evenly spaced in the logarithm.
        Range = "range", "Logarithmic range";
    }
}

choices! {
    /// The function of a hidden unit.
    pub enum Unit {
        /// max(z, 0).
        Relu = "relu", "ReLU";
        /// Hyperbolic tangent.
        Tanh = "tanh", "tanh";
        /// z·Φ(z).
        Gelu = "gelu", "GELU";
    }
}

choices! {
    /// Course of the learning rate.
    pub enum Course {
        /// The same rate throughout.
        Constant = "constant", "Constant";
        /// A tenth after three quarters.
        LateDrop = "late_drop", "A tenth from 75 %";
        /// A tenth after half, a hundredth after three quarters.
        TwoDrops = "two_drops", "A tenth from 50 %, again from 75 %";
        /// One cycle.
        OneCycle = "one_cycle", "One cycle";
    }
}

choices! {
    /// Which similarity decides between IV-A and IV-B.
    pub enum Similarity {
        /// Softmax outputs on mixed-up training rows.
        SoftmaxMixup = "softmax_mixup", "Softmax, mixed-up training rows (Yang et al.)";
        /// Logits on test rows, mean over batches.
        LogitsBatches = "logits_batches", "Logits, mean over test batches (model zoo)";
        /// Logits on test rows, debiased.
        Debiased = "debiased", "Logits, debiased, test rows";
    }
}

choices! {
    /// Which curvatures are measured.
    pub enum HessianRows {
        /// None.
        None = "none", "None";
        /// On the training rows.
        Train = "train", "Training rows";
        /// On training and on test rows.
        Both = "both", "Training and test rows";
    }
}

choices! {
    /// What finished networks are fine-tuned to.
    pub enum TuningTask {
        /// The upper half of the classes.
        UpperHalf = "upper_half", "The upper half of the classes";
        /// The same images turned by a quarter.
        Turned = "turned", "The images turned by a quarter";
        /// Another data set of as many inputs.
        Dataset = "dataset", "Another data set";
    }
}
