//! The settings of the oscillation lab: values here, their words in `visit`, the rules between them in `check`.

mod check;
mod visit;

use serde::{Deserialize, Serialize};

use weightscope_frame::choices;

choices! {
    /// The network that is trained.
    pub enum Network {
        /// Multi-layer perceptron on the flat image.
        Mlp = "mlp", "Multi-layer perceptron";
        /// Small vision transformer.
        Vit = "vit", "Tiny vision transformer";
    }
}

choices! {
    /// How weights become levels.
    pub enum Quantizer {
        /// They do not: the float network goes on training.
        Float = "float", "None (float)";
        /// Learned step size.
        Lsq = "lsq", "LSQ (learned step)";
        /// LSQ levels with the initial step kept.
        LsqFixed = "lsq_fixed", "LSQ, fixed step";
        /// Scale from the row's mean magnitude.
        Statsq = "statsq", "StatsQ (statistical scale)";
    }
}

choices! {
    /// What is done about oscillation.
    pub enum Remedy {
        /// Nothing.
        None = "none", "None";
        /// Pull towards the levels.
        Dampening = "dampening", "Dampening";
        /// Pin oscillating weights.
        Freezing = "freezing", "Iterative freezing";
        /// Fine-tune only the weights near a decision boundary, after training.
        Cga = "cga", "Confidence-guided annealing";
    }
}

choices! {
    /// Course of the learning rate during quantized training.
    pub enum Schedule {
        /// The same throughout: oscillation stays visible.
        Constant = "constant", "Constant";
        /// Half a cosine down to the floor.
        Cosine = "cosine", "Cosine";
    }
}

choices! {
    /// How the dampening loss is averaged over a weight matrix.
    pub enum Aggregate {
        /// Sum over rows, mean over columns.
        KernelMean = "kernel_mean", "Kernel mean";
        /// Mean over all.
        Mean = "mean", "Mean";
        /// Sum over all.
        Sum = "sum", "Sum";
    }
}

choices! {
    /// The level at which a frozen weight is pinned.
    pub enum Pin {
        /// The rounded mean of its levels.
        Ema = "ema", "Mean level (EMA)";
        /// The level it had.
        Last = "last", "Last level";
    }
}

choices! {
    /// What confidence-guided annealing does with query and key under the reparameterization.
    pub enum CgaQueryKey {
        /// As in the published code: they train on without a mask.
        Published = "published", "Unmasked (published code)";
        /// The gradient of the product is masked.
        Masked = "masked", "Masked product gradient";
    }
}

choices! {
    /// Which frequency the oscillating share is computed from.
    pub enum Measure {
        /// Exact count over the last steps.
        Window = "window", "Exact window";
        /// Decayed mean.
        Ema = "ema", "Decayed mean (EMA)";
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Data set by name, or a path.
    pub dataset: String,
    /// Column that holds the class, for CSV files.
    pub label_column: String,
    /// Share of the rows held out for the test.
    pub test_share: f64,
    /// Network.
    pub network: Network,
    /// Widths of the hidden layers of the perceptron.
    pub hidden_widths: Vec<u64>,
    /// Side of a square patch of the transformer, pixels.
    pub patch: u64,
    /// Channels of the transformer.
    pub embedding: u64,
    /// Attention heads.
    pub heads: u64,
    /// Transformer blocks.
    pub blocks: u64,
    /// Hidden width of a block's perceptron over its channels.
    pub mlp_ratio: u64,
    /// Weight quantizer.
    pub quantizer: Quantizer,
    /// Bits of a weight; 0 is float.
    pub weight_bits: u64,
    /// Bits of an activation; 0 is float.
    pub activation_bits: u64,
    /// Bits of the first and last layer of the transformer; 0 is float.
    pub edge_bits: u64,
    /// Learning rate of the step sizes over that of the weights.
    pub step_learning_rate_factor: f64,
    /// Learned offsets around each activation quantizer.
    pub learned_shifts: bool,
    /// Quantize the product of query and key weights instead of both.
    pub query_key_reparameterization: bool,
    /// Learn from the float network's outputs too.
    pub distillation: bool,
    /// Remedy.
    pub remedy: Remedy,
    /// Final weight of the dampening loss.
    pub dampening_strength: f64,
    /// Averaging of the dampening loss.
    pub dampening_aggregate: Aggregate,
    /// Frequency above which a weight is frozen, at the start of freezing.
    pub freezing_start_threshold: f64,
    /// The same at the end of training.
    pub freezing_threshold: f64,
    /// Pin level of a frozen weight.
    pub freezing_pin: Pin,
    /// Epochs of annealing.
    pub cga_epochs: u64,
    /// Half width of the free band around a decision boundary, quantization steps.
    pub cga_boundary_range: f64,
    /// Learning rate of annealing.
    pub cga_learning_rate: f64,
    /// Query and key during annealing.
    pub cga_query_key: CgaQueryKey,
    /// Epochs of float training.
    pub float_epochs: u64,
    /// Learning rate of float training (cosine to 0).
    pub float_learning_rate: f64,
    /// Epochs of quantized training.
    pub epochs: u64,
    /// Learning rate of quantized training.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Epochs of linear warm-up.
    pub warmup_epochs: u64,
    /// Decoupled weight decay on matrices.
    pub weight_decay: f64,
    /// Images in a step.
    pub batch_size: u64,
    /// Frequency measure of the oscillating share.
    pub measure: Measure,
    /// Steps of the exact window.
    pub window: u64,
    /// Momentum of the tracker's EMA.
    pub tracker_momentum: f64,
    /// Frequency above which a weight counts as oscillating.
    pub oscillation_threshold: f64,
    /// Steps between two recorded points.
    pub record_every: u64,
    /// Weights whose full trace is kept.
    pub traced_weights: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dataset: "digits".to_owned(),
            label_column: "label".to_owned(),
            test_share: 0.2,
            network: Network::Mlp,
            hidden_widths: vec![48, 48],
            patch: 2,
            embedding: 32,
            heads: 4,
            blocks: 2,
            mlp_ratio: 2,
            quantizer: Quantizer::Lsq,
            weight_bits: 2,
            activation_bits: 0,
            edge_bits: 0,
            step_learning_rate_factor: 1.0,
            learned_shifts: true,
            query_key_reparameterization: false,
            distillation: true,
            remedy: Remedy::None,
            dampening_strength: 0.1,
            dampening_aggregate: Aggregate::KernelMean,
            freezing_start_threshold: 0.1,
            freezing_threshold: 0.01,
            freezing_pin: Pin::Ema,
            cga_epochs: 30,
            cga_boundary_range: 0.005,
            cga_learning_rate: 1e-5,
            cga_query_key: CgaQueryKey::Published,
            float_epochs: 18,
            float_learning_rate: 2e-3,
            epochs: 53,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            warmup_epochs: 0,
            weight_decay: 0.0,
            batch_size: 64,
            measure: Measure::Window,
            window: 400,
            tracker_momentum: 0.01,
            oscillation_threshold: 0.005,
            record_every: 10,
            traced_weights: 64,
        }
    }
}

impl Config {
    /// True if weights are quantized.
    pub fn quantizes_weights(&self) -> bool {
        self.quantizer != Quantizer::Float && self.weight_bits > 0
    }
}
