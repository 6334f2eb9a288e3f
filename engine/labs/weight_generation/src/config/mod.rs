//! The settings of the lab, each written once; the rules between them stand in `check`.

mod check;
mod choices;
mod cost;

use weightscope_frame::experiment::Mark;
use weightscope_frame::run::{Part, Share};
use weightscope_frame::settings;

pub use choices::*;
pub(crate) use cost::cost;

use crate::method::images::Images;
use crate::train::{AUTOENCODER, DIFFUSION, EVALUATION};

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Data and tasks" core {
            dataset: String = "digits".to_owned(), "Data set",
                "A name (digits, mnist, fashion-mnist, cifar10) or a path to labelled rows. Values are divided by their largest one, and not centred: generated networks take that input.",
                .mark(Mark::DataSet).fixed("the zoo is trained on it");
            label_column: String = "label".to_owned(), "Label column",
                "Column of a table that holds the class.",
                .mark(Mark::TargetColumn);
            downsample: u64 = 0, "Side after averaging",
                "Images with a longer side are averaged over areas to this one; 0 leaves them. It acts on the data of one's own task too.",
                .unit("pixels").range(0.0, 256.0);
            rows_per_class: u64 = 120, "Training rows of a class",
                "The first so many rows of each class train; the others are test rows.",
                .unit("rows").range(2.0, 1e6);
            classes_per_task: u64 = 3, "Classes of a task",
                "A task is to tell so many classes apart.",
                .range(2.0, 100.0);
            seen_tasks: u64 = 100, "Seen tasks",
                "Tasks of which the zoo has networks. With zoo = checkpoints there is one, and with a zoo from disk they are those of its index.",
                .range(1.0, 5000.0);
            unseen_tasks: u64 = 20, "Unseen tasks",
                "Tasks that no network of the zoo was trained on: they test the generator.",
                .range(0.0, 2000.0);
            task_seed: u64 = 0, "Task seed",
                "Seed of which tasks are seen.";
            class_order: ClassOrder = ClassOrder::Sorted, "Class order",
                "Order of a task's classes at the outputs. Sorted follows from the classes; shuffled only from the position, which a set encoder does not see.";
        }
        section "Zoo" {
            zoo: String = "train".to_owned(), "Zoo",
                "train, checkpoints (one network for one task, kept along its last epoch), or the folder of a zoo: one that this lab or the lab phases made, or safetensors with an index.csv of file and task.",
                .fixed("everything else is learned from it");
            leave_out_damaged: bool = false, "Leave out damaged models",
                "Of a zoo from disk: use the rest where some models cannot be read; each is named.",
                if |s| s.reads_zoo();
            part: String = "all".to_owned(), "Part of the zoo",
                "Which networks of the zoo are trained: all, or one of so many equal parts, such as 3/8, which ends when they are. A sweep over the parts makes them on many machines; a run with `parts` joins them.",
                .fixed("it says what is trained"),
                if |s| s.trains_zoo();
            parts: String = "none".to_owned(), "Folder of the parts",
                "none, or the folder of a sweep or plan over `part`: networks are taken from its runs instead of trained, and the zoo is the one that a single run would have made.",
                .fixed("they are read before the first step"),
                if |s| s.trains_zoo();
            models_per_task: u64 = 5, "Networks of a task",
                "They differ in the order of their batches, and with independent starts in their initial weights.",
                .range(1.0, 1000.0),
                if |s| !s.reads_zoo();
            hidden_widths: Vec<u64> = vec![16], "Hidden widths",
                "Width of each hidden layer. Of a zoo from disk, models of other widths are left out and named.",
                .range(1.0, 4096.0);
            initialisation: Initialisation = Initialisation::Common, "Initial weights",
                "Whether all networks begin with the same weights. It decides how much a generator can learn.";
            align: Align = Align::None, "Alignment of the zoo",
                "Weight matching permutes the hidden units of each network to fit the mean of the zoo (three passes, the first one to the first network).";
            zoo_steps: u64 = 300, "Steps of a network",
                "Adam steps of each network of the zoo.",
                .unit("steps").range(1.0, 1_000_000.0);
            zoo_rate: f64 = 3e-3, "Learning rate of a network",
                "Step size of Adam, in the zoo and in fine-tuning.",
                .range(1e-7, 10.0).logarithmic();
            zoo_batch: u64 = 32, "Batch of a network",
                "Rows of a step, drawn with replacement.",
                .unit("rows").range(1.0, 4096.0);
        }
        section "Vectors" {
            normalise: Normalise = Normalise::PerTensor, "Scales",
                "Each tensor by its mean and deviation over the zoo, all weights divided by their deviation, or weights as they are.",
                .published("none", "D2NWG, helpers.py: a flag that is never used");
            chunk: u64 = 0, "Chunk",
                "Length of the rows that a network is cut into; 0 keeps it whole. Each row carries its index into all networks.",
                .unit("weights").range(0.0, 1e7);
        }
        section "Autoencoder" {
            autoencoder: Autoencoder = Autoencoder::Mlp, "Autoencoder",
                "Perceptrons of two hidden layers each way (ours); the convolutional one of the released code, as published but for its sizes, which are those of a desk unless they are set; or none: diffusion on the weights themselves, which fails here and shows why there is a latent.",
                .published("published", "D2NWG, stage 1");
            latent: u64 = 32, "Latent",
                "Numbers that stand for a row.",
                .range(1.0, 4096.0),
                if |s| s.autoencoder == Autoencoder::Mlp;
            image_side: u64 = 16, "Side of the image",
                "The first layer makes a square image of one channel of each row; its side is halved at every level behind the first. 16 is ours, for two cores; the time grows with its square.",
                .unit("pixels").range(2.0, 128.0).published("64", "D2NWG, stage-1 configuration for small convolutional networks: a layer from 2,864 weights to 4,096 numbers"),
                if |s| s.autoencoder == Autoencoder::Published;
            image_channels: u64 = 16, "Channels of the image",
                "Channels of the convolutions where the factor of a level is 1. 16 is ours, for two cores; the time grows with its square.",
                .range(2.0, 512.0).published("128", "D2NWG, stage-1 configuration for small convolutional networks"),
                if |s| s.autoencoder == Autoencoder::Published;
            channel_factors: Vec<u64> = vec![1, 1, 2], "Channel factors",
                "Factor of the channels at each level, as published: three levels, so the side is halved twice.",
                .range(1.0, 16.0).published("1, 1, 2", "D2NWG, stage-1 configuration for small convolutional networks"),
                if |s| s.autoencoder == Autoencoder::Published;
            image_blocks: u64 = 2, "Residual blocks",
                "Of each level of the encoder, as published; the decoder has one more.",
                .range(1.0, 8.0).published("2", "D2NWG, stage-1 configuration for small convolutional networks"),
                if |s| s.autoencoder == Autoencoder::Published;
            latent_channels: u64 = 2, "Channels of the latent",
                "The latent is an image with the side of the last level; the denoiser takes its numbers as one row, place after place, as it takes those of the perceptron. 2 is ours: 2 × 4 × 4 are the 32 numbers of the other autoencoder.",
                .range(1.0, 64.0).published("4", "D2NWG, stage-1 configuration for small convolutional networks: 4 × 16 × 16 numbers, which a convolutional denoiser takes as an image of 32 × 32"),
                if |s| s.autoencoder == Autoencoder::Published;
            width: u64 = 256, "Width",
                "Width of the hidden layers of the denoiser, and of the autoencoder of perceptrons.",
                .range(8.0, 4096.0);
            kl_weight: f64 = 1e-4, "Weight of the divergence",
                "Factor of the divergence of the latents from the standard normal.",
                .range(0.0, 100.0).logarithmic().published("1e-6", "D2NWG, stage-1 configuration"),
                if |s| s.autoencoder != Autoencoder::None;
            reconstruction: Reconstruction = Reconstruction::Square, "Reconstruction loss",
                "Mean square, squares divided by the deviation of each layer, or the published sum of absolute and squared errors.",
                if |s| s.autoencoder != Autoencoder::None;
            autoencoder_steps: u64 = 1500, "Steps",
                "Adam steps of the autoencoder.",
                .unit("steps").range(1.0, 1e7).stage(AUTOENCODER),
                if |s| s.autoencoder != Autoencoder::None;
            autoencoder_rate: f64 = 1e-3, "Learning rate",
                "Of the autoencoder; it falls to 0 along a cosine.",
                .range(1e-7, 1.0).logarithmic().mark(Mark::Swept).stage(AUTOENCODER).published("1.115e-3", "D2NWG, stage-1 configuration"),
                if |s| s.autoencoder != Autoencoder::None;
            batch_size: u64 = 64, "Batch",
                "Rows of a step of autoencoder and denoiser, drawn with replacement.",
                .unit("rows").range(2.0, 65_536.0).published("64", "D2NWG, configurations");
        }
        section "Dataset encoder" {
            encoder: Encoder = Encoder::ClassMean, "Encoder",
                "What reads the images of a condition: their mean by class, a two-level set transformer, or the published cheap encoder.";
            images_per_class: u64 = 5, "Images of a class",
                "Images in a condition, drawn from the training rows.",
                .range(1.0, 1000.0).published("5", "D2NWG, compute_condition.py");
            condition_draws: u64 = 8, "Conditions of a network",
                "How many different conditions each network of the zoo is learned with.",
                .range(1.0, 1000.0);
            class_position: bool = false, "Class position",
                "Writes the place of its class into every image, so that a set encoder can tell classes apart.",
                if |s| s.encoder == Encoder::SetTransformer;
            alignment: Alignment = Alignment::None, "Alignment loss",
                "Before diffusion the encoder may learn to match the latents of the networks through a linear layer: symmetric InfoNCE, or the published loss. It goes on learning with the denoiser.",
                if |s| s.generator != Generator::Replica;
            alignment_steps: u64 = 500, "Alignment steps",
                "AdamW steps of that.",
                .unit("steps").range(1.0, 1e6),
                if |s| s.aligns();
        }
        section "Diffusion" core {
            generator: Generator = Generator::Diffusion, "Generator",
                "Diffusion; flow matching on the same network and latents; or the replica, which gives zoo networks back and shows what copies look like.";
            schedule: Schedule = Schedule::RootLinear, "Noise schedule",
                "How the noise grows.",
                .published("root_linear", "D2NWG: linear in √β from 0.0015 to 0.0155"),
                if |s| s.generator == Generator::Diffusion;
            noise_steps: u64 = 500, "Noise steps",
                "Steps of the noise process; the published schedule is scaled so that it ends at the same noise as with 1024.",
                .unit("steps").range(20.0, 10_000.0).published("1024", "D2NWG, configuration"),
                if |s| s.generator == Generator::Diffusion;
            diffusion_steps: u64 = 3000, "Steps",
                "AdamW steps of the denoiser, with 100 of warm-up.",
                .unit("steps").range(1.0, 1e7).stage(DIFFUSION),
                if |s| s.generator != Generator::Replica;
            diffusion_rate: f64 = 5e-4, "Learning rate",
                "Of denoiser and encoder; it falls to 0 along a cosine.",
                .range(1e-7, 1.0).logarithmic().stage(DIFFUSION).published("1.133e-4", "D2NWG, configuration"),
                if |s| s.generator != Generator::Replica;
            average: f64 = 0.999, "Moving average",
                "Share of the averaged weights that a step keeps; less in the first steps.",
                .range(0.0, 0.99999).stage(DIFFUSION).published("0.9999", "D2NWG, configuration"),
                if |s| s.generator != Generator::Replica;
            condition_dropout: f64 = 0.0, "Condition dropout",
                "Share of the rows of a step whose condition is left out, so that guidance is possible (ours).",
                .range(0.0, 0.9).stage(DIFFUSION),
                if |s| s.generator != Generator::Replica;
        }
        section "Generation and evaluation" {
            sampler: Sampler = Sampler::Ddim, "Sampler",
                "The deterministic implicit process, or the ancestral one over all noise steps.",
                .stage(EVALUATION).published("ancestral", "D2NWG, sampling script"),
                if |s| s.generator == Generator::Diffusion;
            sampling_steps: u64 = 50, "Sampling steps",
                "Steps of the implicit process, or of Euler's method for flow matching.",
                .unit("steps").range(1.0, 10_000.0).stage(EVALUATION),
                if |s| s.generator != Generator::Replica;
            visits: Visited = Visited::Even, "Visited steps",
                "Which steps the implicit process visits: evenly from the first to the last, or as the published code does, which leaves the noise of the first step in.",
                .stage(EVALUATION),
                if |s| s.generator == Generator::Diffusion && s.sampler == Sampler::Ddim;
            guidance: f64 = 1.0, "Guidance",
                "Weight of the condition against none; 1 is the condition alone. Others need condition dropout.",
                .range(0.0, 20.0).stage(EVALUATION),
                if |s| s.generator != Generator::Replica;
            draws: u64 = 5, "Draws",
                "Networks for each task, each with images of its own.",
                .range(1.0, 200.0).stage(EVALUATION).published("50", "D2NWG, sampling script: the best 3 by test accuracy are reported");
            evaluated_seen: u64 = 40, "Seen tasks evaluated",
                "So many of the seen tasks are evaluated, the first ones.",
                .range(1.0, 5000.0).stage(EVALUATION);
            ridge: f64 = 1.0, "Ridge",
                "Penalty of the ridge regression from data to weights.",
                .range(1e-9, 1e9).logarithmic().stage(EVALUATION);
            refine: Refine = Refine::None, "Refinement",
                "Chunk by chunk: candidates from the generator are kept if the loss on the condition images falls; beside it the same search with noise of equal size.",
                .stage(EVALUATION);
            candidates: u64 = 8, "Candidates",
                "For each chunk.",
                .range(1.0, 1000.0).stage(EVALUATION),
                if |s| s.refine != Refine::None;
        }
        section "One's own task" {
            target_data: String = "none".to_owned(), "Own data",
                "A data set with images of the same size (after averaging): some are the condition, the others test; none for no such task.",
                .stage(EVALUATION);
            target_label_column: String = "label".to_owned(), "Its label column",
                "Column of a table that holds the class.",
                .stage(EVALUATION),
                if |s| s.has_target();
            target_classes: Vec<u64> = Vec::new(), "Its classes",
                "As many classes of it as a task has, by their numbers from 0; empty takes the first ones.",
                .range(0.0, 1e6).stage(EVALUATION),
                if |s| s.has_target();
        }
        section "Recording" {
            record_every: u64 = 20, "Record every",
                "Steps between two recorded points.",
                .unit("steps").range(1.0, 10_000.0);
        }
    }
}

impl Config {
    /// True if the zoo lies on disk.
    pub(crate) fn reads_zoo(&self) -> bool {
        !matches!(self.zoo.trim(), "train" | "checkpoints")
    }

    /// True if the networks of the zoo are trained, each by itself.
    pub(crate) fn trains_zoo(&self) -> bool {
        self.zoo.trim() == "train"
    }

    /// How the zoo is cut into parts.
    fn share(&self) -> Share<'_> {
        if self.trains_zoo() { Share::of(&self.part, &self.parts) } else { Share::UNCUT }
    }

    /// The part of the zoo that is trained; what cannot be read is refused before.
    pub(crate) fn part(&self) -> Part {
        self.share().part()
    }

    /// The folder with the runs that made the parts of the zoo, if it is joined.
    pub(crate) fn parts(&self) -> Option<&str> {
        self.share().folder()
    }

    /// True if the zoo is one network along its last epoch.
    pub(crate) fn keeps_checkpoints(&self) -> bool {
        self.zoo.trim() == "checkpoints"
    }

    /// True if the encoder has a stage of its own.
    pub(crate) fn aligns(&self) -> bool {
        self.alignment != Alignment::None && self.generator != Generator::Replica
    }

    /// True if there is a task of one's own.
    pub(crate) fn has_target(&self) -> bool {
        self.target_data.trim() != "none"
    }

    /// Sizes of the images of the convolutional autoencoder, if that is chosen.
    pub(crate) fn images(&self) -> Option<Images> {
        (self.autoencoder == Autoencoder::Published).then(|| Images {
            side: self.image_side as usize,
            channels: self.image_channels as usize,
            factors: self.channel_factors.iter().map(|factor| *factor as usize).collect(),
            blocks: self.image_blocks as usize,
            latent_channels: self.latent_channels as usize,
        })
    }

    /// Numbers of a latent row.
    pub(crate) fn latent_width(&self, row: usize) -> usize {
        match (self.autoencoder, self.images()) {
            (Autoencoder::None, _) => row,
            (_, Some(images)) => images.latent(),
            (_, None) => self.latent as usize,
        }
    }

    /// The setting that says how many numbers stand for a row.
    pub(crate) fn latent_key(&self) -> &'static str {
        if self.autoencoder == Autoencoder::Published { "latent_channels" } else { "latent" }
    }
}
