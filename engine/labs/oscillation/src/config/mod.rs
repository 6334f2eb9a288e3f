//! The settings of the oscillation lab, each written once; the rules between them stand in `check`.

mod check;

use std::collections::BTreeMap;

use weightscope_data::table::{ColumnChoice, TableOptions};
use weightscope_frame::experiment::Mark;
use weightscope_frame::experiment::reading::{self, Decimal, Thousands};
use weightscope_frame::{choices, settings};

pub use crate::method::dampening::Aggregate;
pub use crate::method::freezing::PinLevel;
use crate::train::{ANNEALING, QUANTIZED};

/// Bit widths on offer; 0 is float.
const BITS: &[i64] = &[0, 2, 3, 4, 8];

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

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Data" core {
            dataset: String = "digits".to_owned(), "Data set",
                "A name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, a CSV, .npy or .npz file.",
                .mark(Mark::DataSet);
            label_column: String = "label".to_owned(), "Label column",
                "Column of a table that holds the class.",
                .mark(Mark::TargetColumn);
            columns: BTreeMap<String, ColumnChoice> = BTreeMap::new(), "Columns",
                "What columns of a table are where that is not to be found out: a table of names and number, category, date, date_day_first, date_month_first, calendar (dates with month, day and weekday) or ignore.",
                if |s| reading::is_table(&s.dataset);
            missing_words: Vec<String> = reading::usual_missing_words(), "Missing words",
                "Words of a table that stand for a missing value, without regard to case; an empty cell is always missing.",
                if |s| reading::is_table(&s.dataset);
            decimal: Decimal = Decimal::Auto, "Decimal mark",
                "The decimal mark of a table's numbers.",
                if |s| reading::is_table(&s.dataset);
            thousands: Thousands = Thousands::Auto, "Thousands",
                "What groups the thousands of a table's numbers.",
                if |s| reading::is_table(&s.dataset);
            test_share: f64 = 0.2, "Test share",
                "Share of the rows held out for the test, the same in each class.",
                .range(0.05, 0.5);
        }
        section "Network" {
            network: Network = Network::Mlp, "Network",
                "The desk protocols use a perceptron of 64-48-48-10 and a transformer of two blocks.";
            hidden_widths: Vec<u64> = vec![48, 48], "Hidden widths",
                "Width of each hidden layer.",
                .range(1.0, 4096.0),
                if |s| s.network == Network::Mlp;
            patch: u64 = 2, "Patch",
                "Side of a square patch; it must divide the image's sides.",
                .unit("pixels").range(1.0, 32.0),
                if |s| s.network == Network::Vit;
            embedding: u64 = 32, "Embedding",
                "Channels of a token; the heads must divide it.",
                .range(4.0, 512.0),
                if |s| s.network == Network::Vit;
            heads: u64 = 4, "Heads",
                "Attention heads.",
                .range(1.0, 16.0),
                if |s| s.network == Network::Vit;
            blocks: u64 = 2, "Blocks",
                "Transformer blocks.",
                .range(1.0, 12.0),
                if |s| s.network == Network::Vit;
            mlp_ratio: u64 = 2, "MLP ratio",
                "Hidden width of a block's perceptron over its channels.",
                .range(1.0, 8.0).published("4", "DeiT, as used by OFQ"),
                if |s| s.network == Network::Vit;
        }
        section "Quantization" core {
            quantizer: Quantizer = Quantizer::Lsq, "Weight quantizer",
                "LSQ learns its step with the network; StatsQ takes it from the weights of the row, 2·mean|w|.",
                .published("statsq", "OFQ, quantizer/statsq.py");
            weight_bits: u64 = 2, "Weight bits",
                "Bits of a weight; 0 keeps floats.",
                .unit("bit").allowed(BITS),
                if |s| s.quantizes();
            activation_bits: u64 = 0, "Activation bits",
                "Bits of an activation (LSQ); 0 keeps floats.",
                .unit("bit").allowed(BITS),
                if |s| s.quantizes();
            edge_bits: u64 = 0, "Edge bits",
                "Bits of the patch embedding and the head (LSQ); 0 keeps floats, as in the desk protocol.",
                .unit("bit").allowed(&[0, 8]).published("8", "OFQ, models and quantizer/lsq.py"),
                if |s| s.quantizes() && s.network == Network::Vit;
            step_learning_rate_factor: f64 = 1.0, "Step learning-rate factor",
                "Learning rate of the step sizes over that of the weights. Larger makes the steps move, and the weights flip.",
                .range(0.0, 1000.0).logarithmic().published("1", "OFQ, train.py: one learning rate for all").stage(QUANTIZED),
                if |s| s.quantizer == Quantizer::Lsq;
            learned_shifts: bool = true, "Learned shifts",
                "Two learned offsets around each activation quantizer, before and after.",
                .published("true", "OFQ, modules/qbias.py"),
                if |s| s.quantizes() && s.activation_bits > 0;
            query_key_reparameterization: bool = false, "Query-key reparameterization",
                "Quantize the product of query and key weights once, instead of both factors.",
                .published("true", "OFQ, modules/attention.py"),
                if |s| s.quantizes() && s.network == Network::Vit;
            distillation: bool = true, "Distillation",
                "Adds the cross-entropy to the float network's outputs, temperature 1, equal weight.",
                .published("true", "OFQ, train_scripts").stage(QUANTIZED),
                if |s| s.quantizes();
        }
        section "Remedy" core {
            remedy: Remedy = Remedy::None, "Remedy",
                "What is done about oscillation. Annealing is a phase of its own after training.",
                .stage(QUANTIZED),
                if |s| s.quantizes();
            dampening_strength: f64 = 0.1, "Dampening strength",
                "Weight of the dampening loss at the end; it rises from 0 over the last 75 % of training.",
                .range(0.0, 100.0).logarithmic().published("0.1", "oscillations-qat, utils/qat_utils.py").stage(QUANTIZED),
                if |s| s.has(Remedy::Dampening);
            dampening_aggregate: Aggregate = Aggregate::KernelMean, "Dampening average",
                "How squared distances are joined over a weight matrix.",
                .published("kernel_mean", "oscillations-qat, utils/qat_utils.py").stage(QUANTIZED),
                if |s| s.has(Remedy::Dampening);
            freezing_start_threshold: f64 = 0.1, "First threshold",
                "Frequency above which a weight is frozen, when freezing begins (25 % of training).",
                .range(1e-4, 1.0).logarithmic().published("0.1", "oscillations-qat, README").stage(QUANTIZED),
                if |s| s.has(Remedy::Freezing);
            freezing_threshold: f64 = 0.01, "Last threshold",
                "The same at the end; at least 2 to 3 times the tracker's momentum.",
                .range(1e-4, 1.0).logarithmic().published("0.011", "oscillations-qat, MobileNetV2 at 3 bits").stage(QUANTIZED),
                if |s| s.has(Remedy::Freezing);
            freezing_pin: PinLevel = PinLevel::Average, "Pin level",
                "Level of a frozen weight.",
                .published("ema", "oscillations-qat, oscillation_tracking_utils.py"),
                if |s| s.has(Remedy::Freezing);
            cga_epochs: u64 = 30, "Annealing epochs",
                "Epochs of the annealing phase.",
                .range(1.0, 1000.0).published("30", "OFQ, train_scripts").stage(ANNEALING),
                if |s| s.has(Remedy::Cga);
            cga_boundary_range: f64 = 0.005, "Boundary range",
                "Weights within this distance of a decision boundary stay free.",
                .unit("steps").range(0.0, 0.5).logarithmic().published("0.005", "OFQ, train_scripts").stage(ANNEALING),
                if |s| s.has(Remedy::Cga);
            cga_learning_rate: f64 = 1e-5, "Annealing learning rate",
                "Constant during annealing.",
                .range(1e-8, 1.0).logarithmic().published("1e-5", "OFQ, the cosine schedule's floor").stage(ANNEALING),
                if |s| s.has(Remedy::Cga);
            cga_query_key: CgaQueryKey = CgaQueryKey::Published, "Query and key",
                "The published code leaves query and key unmasked under the reparameterization; the mask is our reading of the intent.",
                .published("published", "OFQ, cga.py").stage(ANNEALING),
                if |s| s.has(Remedy::Cga) && s.query_key_reparameterization;
        }
        section "Training" core {
            float_epochs: u64 = 18, "Float epochs",
                "Epochs of the float network, whose weights the quantized one starts from.",
                .range(0.0, 10_000.0);
            float_learning_rate: f64 = 2e-3, "Float learning rate",
                "Falls to 0 along a cosine.",
                .range(1e-7, 10.0).logarithmic();
            epochs: u64 = 53, "Epochs",
                "Epochs of quantized training.",
                .range(1.0, 100_000.0).published("300", "OFQ, train_scripts").stage(QUANTIZED),
                if |s| s.quantizes();
            learning_rate: f64 = 1e-3, "Learning rate",
                "AdamW, at its highest.",
                .mark(Mark::Swept).range(1e-7, 10.0).logarithmic().published("5.47e-4", "OFQ, DeiT-T, batch 560").stage(QUANTIZED),
                if |s| s.quantizes();
            schedule: Schedule = Schedule::Constant, "Schedule",
                "With a cosine the oscillation dies with the learning rate; constant keeps it visible.",
                .published("cosine", "OFQ, train_scripts").stage(QUANTIZED),
                if |s| s.quantizes();
            warmup_epochs: u64 = 0, "Warm-up",
                "Epochs of linear rise to the learning rate.",
                .range(0.0, 1000.0).published("5", "OFQ, DeiT-T").stage(QUANTIZED),
                if |s| s.quantizes();
            weight_decay: f64 = 0.0, "Weight decay",
                "Decoupled, on weight matrices only.",
                .range(0.0, 10.0).logarithmic().published("0.05", "OFQ, DeiT-T").stage(QUANTIZED);
            batch_size: u64 = 64, "Batch size",
                "Images in a step.",
                .range(1.0, 65_536.0).logarithmic().published("560", "OFQ, 140 on each of 4 GPUs");
        }
        section "Recording" {
            measure: Measure = Measure::Window, "Frequency measure",
                "Runs shorter than about 5,000 steps should use the exact window: one event lifts the EMA above the threshold for about 69 steps.",
                .published("ema", "Nagel et al. 2022");
            window: u64 = 400, "Window",
                "Steps of the exact window; the final figures are those of the last window.",
                .unit("steps").range(10.0, 100_000.0);
            tracker_momentum: f64 = 0.01, "Tracker momentum",
                "Momentum m of the tracked frequency, f ← m·o + (1 − m)·f.",
                .range(1e-5, 1.0).logarithmic().published("0.001", "oscillations-qat, command line");
            oscillation_threshold: f64 = 0.005, "Oscillation threshold",
                "A weight oscillates if its frequency lies above.",
                .unit("events/step").range(1e-6, 1.0).logarithmic().published("0.005", "Nagel et al. 2022; Quantization-Variation");
            record_every: u64 = 10, "Record every",
                "Steps between two recorded points.",
                .unit("steps").range(1.0, 10_000.0).stage(QUANTIZED);
            traced_weights: u64 = 64, "Traced weights",
                "Weights whose value and level are kept at each step, spread over the layers.",
                .range(0.0, 512.0);
            recorded_weights: u64 = 0, "Recorded weights",
                "Weights of each quantized matrix that are written at each step into a recording in the run folder, as the recorder for other trainings writes it; 0 writes none.",
                .range(0.0, 1e6).stage(QUANTIZED),
                if |s| s.quantizes_weights();
        }
    }
}

impl Config {
    /// What a person says about a table.
    pub(crate) fn table_options(&self) -> TableOptions {
        reading::table_options(&self.columns, &self.missing_words, self.decimal, self.thousands)
    }

    /// True if there is a quantized stage.
    pub fn quantizes(&self) -> bool {
        self.quantizer != Quantizer::Float
    }

    /// True if this is done about oscillation.
    fn has(&self, remedy: Remedy) -> bool {
        self.quantizes() && self.remedy == remedy
    }

    /// True if weights are quantized.
    pub fn quantizes_weights(&self) -> bool {
        self.quantizer != Quantizer::Float && self.weight_bits > 0
    }
}
