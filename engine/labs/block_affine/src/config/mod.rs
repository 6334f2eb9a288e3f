//! The settings of the block-affine lab, each written once; the rules between them stand in `check`.

mod check;
mod cost;

use weightscope_frame::experiment::Mark;
use weightscope_frame::{choices, settings};

pub(crate) use cost::{SPREAD, cost};

use crate::method::bone::Variant;
use crate::method::lora::Scaling;
use crate::train::{ADAPTATION, BASE, FIGURES, REPEATS};

choices! {
    /// The base model.
    pub enum Model {
        /// LLaMA-like: root-mean-square norms, rotary positions, gated feed-forward part, no biases.
        Llama = "llama", "LLaMA-like transformer";
        /// RWKV-6-like: a time mix with decay per channel, a channel mix, no attention.
        Rwkv = "rwkv", "RWKV-6-like recurrent network";
        /// GPT-like: layer norms, learned positions, biases.
        Gpt = "gpt", "GPT-like transformer";
        /// Perceptron, for the digit and sine tasks.
        Mlp = "mlp", "Multi-layer perceptron";
    }
}

choices! {
    /// What tokens are.
    pub enum Vocabulary {
        /// The line feed and the 95 printable characters of ASCII.
        Printable = "printable", "Characters: line feed and printable ASCII (96)";
        /// Numbers from a file, made by a tokenizer of one's own.
        Ids = "ids", "Token ids from a file";
    }
}

choices! {
    /// What the model is trained for.
    pub enum Task {
        /// A base model, from random weights.
        Pretrain = "pretrain", "Pre-train a base on a text";
        /// Adaptation of a language model to another text.
        Text = "text", "Adapt to another text";
        /// Digits, then the same digits turned by 45°.
        RotatedDigits = "rotated_digits", "Digits, then turned by 45°";
        /// Odd digits, then even ones.
        OddEvenDigits = "odd_even_digits", "Odd digits, then even ones";
        /// `sin 2πx`, then `sin 2πx + 0.3·cos 3πx`.
        Sine = "sine", "A sine, then a sum of two waves";
    }
}

choices! {
    /// The adapter. "Bone" never stands without its variant.
    pub enum Method {
        /// Weight-guided, a matrix for each output block.
        BoneCol = "bone_col", "Bone-col (Bone, paper v1–v3; Bat since)";
        /// Weight-guided, a matrix for each input block.
        BoneRow = "bone_row", "Bone-row";
        /// Weight-guided, one matrix for all blocks.
        BoneFree = "bone_free", "Bone-free (inferred from a figure)";
        /// A tiled slab without a weight guide.
        Miss = "miss", "MiSS (Bone, paper v4–v8)";
        /// A narrower slab, tiled along the outputs too.
        MissMini = "miss_mini", "MiSS-mini";
        /// A product of two thin matrices.
        Lora = "lora", "LoRA";
        /// LoRA with the scale α/√r.
        Rslora = "rslora", "rsLoRA";
        /// LoRA with a larger learning rate for B.
        LoraPlus = "lora_plus", "LoRA+";
        /// LoRA that starts at the largest singular directions of the weights.
        Pissa = "pissa", "PiSSA";
        /// LoRA that starts at a part of the QR decomposition of the weights.
        Olora = "olora", "OLoRA";
        /// LoRA that starts along the gradient.
        LoraGa = "lora_ga", "LoRA-GA";
        /// LoRA of the direction, with a length for each output.
        Dora = "dora", "DoRA";
        /// All parameters of the model.
        Full = "full", "Full fine-tuning";
        /// Nothing: the base as it is.
        Frozen = "frozen", "Frozen";
    }
}

choices! {
    /// What methods have in common where they are compared.
    pub enum Match {
        /// Low-rank methods get the rank whose number of parameters is nearest to that of the block.
        Parameters = "parameters", "Equal numbers of parameters";
        /// Low-rank methods get the rank that is set.
        Rank = "rank", "The rank that is set";
    }
}

choices! {
    /// How the learning rate moves.
    pub enum Schedule {
        /// Half a cosine down to 0.
        Cosine = "cosine", "Cosine to 0";
        /// It does not.
        Constant = "constant", "Constant";
    }
}

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Base model" core {
            model: Model = Model::Llama, "Model",
                "The network whose layers are adapted. Language models run on a graphics card too (device = gpu); the perceptron on the CPU only.";
            base: String = "shipped".to_owned(), "Base",
                "shipped: pre-trained and part of the program; train: pre-trained in this run by base_seed; or a path: a base that this lab made (base.safetensors), or a folder of a LLaMA-type model (config.json and safetensors, at most 50 million parameters).",
                if |s| s.is_language() && s.task != Task::Pretrain;
            base_seed: u64 = 0, "Base seed",
                "Seed of a base that is trained in the run: its initial weights and batches.",
                if |s| s.trains_base();
            base_steps: u64 = 700, "Base steps",
                "Steps of AdamW that make a base in the run.",
                .unit("steps").range(1.0, 1_000_000.0).stage(BASE),
                if |s| s.trains_base() && s.task != Task::Pretrain;
            base_learning_rate: f64 = 3e-3, "Base learning rate",
                "At its highest; it falls to 0 along a cosine. The gradient is clipped to length 1.",
                .range(1e-7, 10.0).logarithmic().stage(BASE),
                if |s| s.trains_base();
            base_text: String = "jargon".to_owned(), "Base text",
                "What the base has learned and what forgetting is measured on: jargon (the Jargon File, part of the program) or a path.",
                if |s| s.is_language() && s.task != Task::Pretrain && s.vocabulary == Vocabulary::Printable;
            width: u64 = 64, "Width",
                "Width of the stream between blocks, or of each hidden layer of a perceptron; the heads must divide it. A base that is opened has its own.",
                .range(4.0, 1024.0),
                if |s| s.sizes_count();
            layers: u64 = 2, "Layers",
                "Blocks of the model, or hidden layers of a perceptron.",
                .range(1.0, 12.0),
                if |s| s.sizes_count();
            heads: u64 = 4, "Heads",
                "Heads of the attention or of the time mix.",
                .range(1.0, 32.0),
                if |s| s.is_language() && s.sizes_count();
            context: u64 = 64, "Context",
                "Tokens of a row.",
                .unit("tokens").range(4.0, 1024.0),
                if |s| s.is_language();
            vocabulary: Vocabulary = Vocabulary::Printable, "Vocabulary",
                "What tokens are; letters that the vocabulary has not are left out, and their share is told.",
                if |s| s.is_language();
            tokens: String = String::new(), "Tokens",
                "A .npy file of token ids (16 or 32 bits, without sign), in the place of a text.",
                if |s| s.is_language() && s.vocabulary == Vocabulary::Ids;
        }
        section "Task" {
            task: Task = Task::Text, "Task",
                "What the model is trained for. Digits and sine have bases that are trained in the run.";
            text: String = "genesis".to_owned(), "Text",
                "genesis (King James Version) or jargon, both part of the program, or a path to a text in UTF-8. The last 15 % validates.",
                .mark(Mark::DataSet),
                if |s| s.is_language() && s.vocabulary == Vocabulary::Printable;
            repeats: u64 = 1, "Repeats",
                "Networks with seeds from the run's own on; accuracies and losses are means over them.",
                .range(1.0, 1000.0).stage(REPEATS),
                if |s| !s.is_language();
        }
        section "Adapter" core {
            method: Method = Method::BoneCol, "Method",
                "How the weights are changed. Bone of the first three versions of the paper is Bone-col; what later versions call Bone is MiSS.",
                if |s| s.adapts();
            targets: Vec<String> = vec!["all".to_owned()], "Targets",
                "Which layers are adapted: all (the linear layers of all blocks; of a perceptron all but the last), or words of their names such as q, k, v, o, gate, up, down, att.key, ffn.value, layers.1.",
                if |s| s.adapts() && s.method.has_targets();
            block: u64 = 16, "Block",
                "Side of a block of Bone, which must divide inputs and outputs of each target; rank of MiSS.",
                .range(1.0, 1024.0).published("64", "Table 10 of version 12, Llama2-7B"),
                if |s| s.adapts() && s.method.has_targets();
            r#match: Match = Match::Parameters, "Match",
                "How low-rank methods get their rank.",
                if |s| s.adapts() && s.method.is_low_rank();
            rank: u64 = 8, "Rank",
                "Rank of low-rank methods where it is not matched.",
                .range(0.0, 1024.0).published("36", "scripts of the paper, Llama2-7B"),
                if |s| s.adapts() && s.method.is_low_rank() && s.r#match == Match::Rank;
            alpha: String = "auto".to_owned(), "Alpha",
                "The update is scaled by alpha over the rank (over its root for rsLoRA). auto: twice the rank; the rank itself for PiSSA and OLoRA.",
                if |s| s.adapts() && s.method.is_low_rank();
            rate_ratio: f64 = 16.0, "Rate ratio",
                "Learning rate of B over that of A.",
                .range(1e-3, 1e4).logarithmic().published("16", "LoRA+, arXiv 2402.12354").stage(ADAPTATION),
                if |s| s.adapts() && s.method == Method::LoraPlus;
            gradient_batches: u64 = 8, "Gradient batches",
                "Batches whose mean gradient LoRA-GA starts along.",
                .range(1.0, 1000.0),
                if |s| s.adapts() && s.method == Method::LoraGa;
            mini_width: u64 = 16, "Mini width",
                "Columns of the slab of MiSS-mini; they must divide the outputs of each target.",
                .range(1.0, 4096.0),
                if |s| s.adapts() && s.method == Method::MissMini;
            dropout: f64 = 0.0, "Dropout",
                "Share of the entries of a layer's input that its update does not see in a step; MiSS and LoRA without a special start only.",
                .range(0.0, 0.9).stage(ADAPTATION),
                if |s| s.adapts() && s.method.may_drop();
        }
        section "Training" core {
            steps: u64 = 150, "Steps",
                "Steps of AdamW without weight decay.",
                .unit("steps").range(1.0, 1_000_000.0).stage(ADAPTATION);
            batch_size: u64 = 16, "Batch size",
                "Rows of tokens in a step, or rows of a table.",
                .unit("rows").range(1.0, 4096.0);
            learning_rate: f64 = 1e-3, "Learning rate",
                "At its highest. Each method has a best one of its own: never compare at one rate alone.",
                .range(1e-7, 10.0).logarithmic().mark(Mark::Swept).published("2e-5", "scripts of the paper, Llama2-7B").stage(ADAPTATION);
            schedule: Schedule = Schedule::Cosine, "Schedule",
                "How the learning rate moves.",
                .stage(ADAPTATION),
                if |s| s.adapts();
            full_beside: bool = false, "Full beside",
                "Trains all parameters beside the adapter on the same batches, to compare directions with, and to see how much of that update each method could say.",
                if |s| s.compares_full();
        }
        section "Recording" {
            record_every: u64 = 10, "Record every",
                "Steps between two recorded points.",
                .unit("steps").range(1.0, 10_000.0).stage(BASE);
            energy_share: f64 = 0.99, "Energy share",
                "Share of the squared singular values that the conversion to a LoRA keeps, where none is exact.",
                .range(0.01, 1.0).stage(FIGURES),
                if |s| s.adapts();
            hessian: bool = false, "Hessian",
                "Finds the largest eigenvalue of the loss by the adapter's parameters at the start.",
                if |s| s.adapts() && s.method != Method::Frozen;
            prompt: String = "In the beginning ".to_owned(), "Prompt",
                "What sampled text goes on from.",
                .stage(FIGURES),
                if |s| s.is_language() && s.vocabulary == Vocabulary::Printable;
            sample_length: u64 = 400, "Sample length",
                "Characters that are sampled.",
                .range(1.0, 10_000.0).stage(FIGURES),
                if |s| s.is_language();
            temperature: f64 = 0.8, "Temperature",
                "Logits are divided by it before a character is drawn.",
                .range(0.01, 10.0).logarithmic().stage(FIGURES),
                if |s| s.is_language();
        }
    }
}

impl Method {
    /// True if it changes chosen layers, not all or none.
    pub fn has_targets(self) -> bool {
        !matches!(self, Self::Full | Self::Frozen)
    }

    /// True if the update is a product of thin matrices that are trained.
    pub fn is_low_rank(self) -> bool {
        matches!(
            self,
            Self::Lora
                | Self::Rslora
                | Self::LoraPlus
                | Self::Pissa
                | Self::Olora
                | Self::LoraGa
                | Self::Dora
        )
    }

    /// True if the start is cut out of the weights.
    pub fn cuts_weights(self) -> bool {
        matches!(self, Self::Pissa | Self::Olora | Self::LoraGa)
    }

    /// The weight-guided variant, if it is one.
    pub fn bone(self) -> Option<Variant> {
        match self {
            Self::BoneCol => Some(Variant::Column),
            Self::BoneRow => Some(Variant::Row),
            Self::BoneFree => Some(Variant::Free),
            _ => None,
        }
    }

    /// True if inputs of its updates may be dropped.
    pub fn may_drop(self) -> bool {
        matches!(self, Self::Miss | Self::MissMini | Self::Lora | Self::Rslora | Self::LoraPlus)
    }

    /// How its scale follows from alpha.
    pub fn scaling(self) -> Scaling {
        if self == Self::Rslora { Scaling::RankStabilised } else { Scaling::Plain }
    }

    /// Words without explanations, for tables.
    pub fn short(self) -> &'static str {
        match self {
            Self::BoneCol => "Bone-col",
            Self::BoneFree => "Bone-free",
            Self::Miss => "MiSS",
            Self::Full => "full",
            Self::Frozen => "frozen",
            _ => self.label(),
        }
    }
}

impl Config {
    /// True if the base is a language model.
    pub fn is_language(&self) -> bool {
        matches!(self.task, Task::Text | Task::Pretrain)
    }

    /// True if something is adapted.
    pub fn adapts(&self) -> bool {
        self.task != Task::Pretrain
    }

    /// True if a base is trained in this run.
    pub fn trains_base(&self) -> bool {
        !self.is_language() || self.task == Task::Pretrain || self.base == "train"
    }

    /// True if the sizes are those of the settings, not those of a base that is opened.
    pub fn sizes_count(&self) -> bool {
        self.trains_base()
    }

    /// True if a full fine-tuning beside it says something.
    pub fn compares_full(&self) -> bool {
        self.adapts() && self.method.has_targets()
    }

    /// True if it is trained beside.
    pub fn has_full_beside(&self) -> bool {
        self.compares_full() && self.full_beside
    }

    /// Learning rate of a step of the adaptation, counted from 0.
    pub(crate) fn rate_at(&self, step: u64) -> f64 {
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => half_cosine(self.learning_rate, step, self.steps),
        }
    }

    /// Steps that make the base.
    pub(crate) fn steps_of_base(&self) -> u64 {
        if self.task == Task::Pretrain { self.steps } else { self.base_steps }
    }

    /// Learning rate of a step of the base, counted from 0.
    pub(crate) fn base_rate_at(&self, step: u64) -> f64 {
        half_cosine(self.base_learning_rate, step, self.steps_of_base())
    }

    /// Alpha as typed; `None` for auto.
    pub(crate) fn alpha_value(&self) -> Option<f64> {
        self.alpha.trim().parse().ok()
    }

    /// The scale s of low-rank updates of this rank.
    pub(crate) fn scale(&self, rank: usize) -> f64 {
        let auto = match self.method {
            Method::Pissa | Method::Olora => rank as f64,
            _ => 2.0 * rank as f64,
        };
        self.method.scaling().scale(self.alpha_value().unwrap_or(auto), rank)
    }

    /// Seed of a base that is trained in the run, by the seed of the network that it is for.
    pub(crate) fn seed_of_base(&self, seed: u64) -> u64 {
        if self.is_language() && self.task != Task::Pretrain { self.base_seed } else { seed }
    }
}

fn half_cosine(rate: f64, step: u64, steps: u64) -> f64 {
    let share = (step as f64 / steps.max(1) as f64).min(1.0);
    0.5 * rate * (1.0 + (std::f64::consts::PI * share).cos())
}
