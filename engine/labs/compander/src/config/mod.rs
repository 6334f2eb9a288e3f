//! The settings of the compander lab, each written once; the rules between them stand in `check`.

mod check;
mod cost;

use std::collections::BTreeMap;

use weightscope_data::table::{ColumnChoice, TableOptions};
use weightscope_frame::experiment::Mark;
use weightscope_frame::experiment::reading::{self, Decimal, Thousands};
use weightscope_frame::{choices, settings};

pub(crate) use cost::cost;

pub use crate::method::form::Compander;
pub use crate::method::start::{Floor, Start};
use crate::train::{REPEATS, TRAINING};

choices! {
    /// The network that is trained.
    pub enum Network {
        /// Multi-layer perceptron with rectified linear units.
        Mlp = "mlp", "Multi-layer perceptron";
        /// Small vision transformer.
        Vit = "vit", "Tiny vision transformer";
    }
}

choices! {
    /// Which weight matrices the function acts on.
    pub enum Layers {
        /// Every weight matrix.
        All = "all", "All weight matrices";
        /// All but those that touch neither side of a hidden layer: the last layer, and the patch embedding of a transformer, stay plain.
        Hidden = "hidden", "Hidden layers only";
    }
}

choices! {
    /// How the parameters of the function move.
    pub enum Parameters {
        /// They do not.
        Fixed = "fixed", "Fixed";
        /// By the training loss, with the weights.
        Learned = "learned", "Learned by the training loss";
        /// By the loss of a tenth of the training rows, which the weights never see.
        HeldOut = "held_out", "Learned on held-out rows (ours)";
    }
}

choices! {
    /// Who shares the parameters of the function.
    pub enum Share {
        /// Each layer has its own pair.
        Layer = "layer", "One pair for each layer";
        /// All layers have the same multiples of their standard deviation.
        Network = "network", "One pair for the network";
    }
}

choices! {
    /// The network beside it.
    pub enum Twin {
        /// The same network without the function.
        Plain = "plain", "Plain (the same network without the function)";
        /// The same, its initial weights scaled to the standard deviation of the function's start.
        Scaled = "scaled", "Scaled to the spread of the function's start";
        /// None.
        None = "none", "None";
    }
}

choices! {
    /// How the optimised weights move.
    pub enum Optimizer {
        /// AdamW.
        AdamW = "adamw", "AdamW";
        /// Gradient descent with momentum; weight decay is decoupled.
        Sgd = "sgd", "SGD with momentum";
    }
}

choices! {
    /// What weight decay acts on.
    pub enum DecayTarget {
        /// The latent weights.
        Latent = "latent", "Latent weights v";
        /// The effective weights, through the function.
        Effective = "effective", "Effective weights w";
    }
}

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Data" core {
            dataset: String = "digits".to_owned(), "Data set",
                "A name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, a CSV, .npy or .npz file. Pixels are divided by the largest value, columns of tables by their standard deviation; then the column mean of the training rows is subtracted.",
                .mark(Mark::DataSet).fixed("the rows are drawn before the first step");
            label_column: String = "label".to_owned(), "Label column",
                "Column of a table that holds the class.",
                .mark(Mark::TargetColumn),
                if |s| reading::is_table(&s.dataset);
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
            train_rows: u64 = 200, "Training rows",
                "Rows to learn from, in the shares of the classes; all others are test rows.",
                .unit("rows").range(1.0, 1e9);
            data_seed: Vec<u64> = Vec::new(), "Data seed",
                "Seed of the training rows and of the label noise, the same for all repeats. Empty: each repeat draws them by its own seed, the first one by the run's.";
            label_noise: f64 = 0.0, "Label noise",
                "Share of the training labels that are drawn again from all classes alike; test labels stay.",
                .range(0.0, 1.0);
        }
        section "Network" {
            network: Network = Network::Mlp, "Network",
                "What is trained: a perceptron on the fused kernel, or the tiny transformer.";
            hidden_widths: Vec<u64> = vec![64, 64], "Hidden widths",
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
                .range(1.0, 8.0),
                if |s| s.network == Network::Vit;
        }
        section "Weight compander" core {
            compander: Compander = Compander::Arctan, "Function",
                "Each weight is w = a·f(v/b) of a latent weight v. The paper's own function could not be read: the arctan form has the properties that its abstract states, and is not confirmed against the paper.";
            amplitude: f64 = 2.2, "Amplitude a",
                "In standard deviations of the layer's initial weights. The bound of the weights is a·π/2 (arctan) or a; tight is 1.2.",
                .unit("std").range(1e-6, 100.0).logarithmic().mark(Mark::Swept).stage(TRAINING),
                if |s| s.compands();
            width: f64 = 1.4, "Width b",
                "In standard deviations of the layer's initial weights; the slope at zero is a/b, the knee stands at |v| = b. Tight is 0.76.",
                .unit("std").range(1e-6, 100.0).logarithmic().stage(TRAINING),
                if |s| s.compands();
            start: Start = Start::Inverse, "Start",
                "Inverse keeps the initial network, so that all differences are made by training; direct keeps the latent weights, so that most of the change of their spread is there before the first step.",
                if |s| s.compands();
            floor: Floor = Floor::Raise, "Where the bound is too tight",
                "An inverse start needs a bound beyond every initial weight: a layer's amplitude is raised to 1.05 times what its largest weight needs, and told, or weights are clipped at 0.95 of the bound, and counted.",
                if |s| s.compands() && s.start == Start::Inverse;
            layers: Layers = Layers::All, "Layers",
                "Which weight matrices the function acts on; biases and normalisation stay plain.",
                if |s| s.compands();
            parameters: Parameters = Parameters::Fixed, "Parameters",
                "The paper learns them with the network. By the training loss they open the bound, which undoes what it gains; learning them on held-out rows is ours.",
                if |s| s.compands();
            parameter_rate_factor: f64 = 1.0, "Parameter rate factor",
                "Learning rate of log a and log b over that of the weights; they never decay.",
                .range(0.0, 1000.0).logarithmic().stage(TRAINING),
                if |s| s.learns_parameters();
            parameter_every: u64 = 10, "Parameter step every",
                "Steps of the weights between two steps of the parameters on the held-out rows.",
                .unit("steps").range(1.0, 100_000.0).stage(TRAINING),
                if |s| s.compands() && s.parameters == Parameters::HeldOut;
            share: Share = Share::Layer, "Share",
                "Whether each layer has its own pair of parameters.",
                if |s| s.compands();
        }
        section "Repeats" core {
            repeats: u64 = 5, "Repeats",
                "Networks with seeds from the run's own on, each with its twin; means and intervals are over them.",
                .range(1.0, 1000.0).stage(REPEATS);
            twin: Twin = Twin::Plain, "Twin",
                "The same network with the same seed, rows, order and regularisers, but without the function.",
                if |s| s.compands();
        }
        section "Training" core {
            epochs: u64 = 120, "Epochs",
                "Passes over the training rows.",
                .range(1.0, 100_000.0).stage(TRAINING);
            batch_size: u64 = 50, "Batch size",
                "Rows in a step.",
                .unit("rows").range(1.0, 65_536.0).logarithmic();
            optimizer: Optimizer = Optimizer::AdamW, "Optimizer",
                "AdamW with β 0.9 and 0.999, ε 1e-8, or gradient descent with momentum.";
            learning_rate: f64 = 3e-3, "Learning rate",
                "At its highest; it falls to 0 along a cosine, epoch by epoch.",
                .range(1e-7, 10.0).logarithmic().stage(TRAINING);
            momentum: f64 = 0.9, "Momentum",
                "Decay of the velocity.",
                .range(0.0, 0.9999).stage(TRAINING),
                if |s| s.optimizer == Optimizer::Sgd;
        }
        section "Regularisers beside it" {
            weight_decay: f64 = 0.0, "Weight decay",
                "Decoupled, on weight matrices only, never on biases or on the parameters of the function.",
                .range(0.0, 100.0).logarithmic().stage(TRAINING);
            decay_on: DecayTarget = DecayTarget::Latent, "Decay on",
                "On v it acts on w only through the function; on w it is pulled back to v with the slope.",
                .stage(TRAINING),
                if |s| s.compands();
            dropout: f64 = 0.0, "Dropout",
                "Share of the hidden units that is dropped in a step.",
                .range(0.0, 0.95).stage(TRAINING),
                if |s| s.network == Network::Mlp;
            batch_norm: bool = false, "Batch normalisation",
                "Normalises hidden sums over the batch; folded into plain weights for judging.",
                if |s| s.network == Network::Mlp;
            label_smoothing: f64 = 0.0, "Label smoothing",
                "Share of each target that is spread evenly over the classes.",
                .range(0.0, 0.95).stage(TRAINING);
        }
        section "Recording" {
            record_every: u64 = 20, "Record every",
                "Steps between two recorded points of the first repeat; accuracies and saliencies are judged at its start and at eight points besides, removal, noise and change at its start and each quarter.",
                .unit("steps").range(1.0, 10_000.0).stage(TRAINING);
        }
    }
}

impl Config {
    /// What a person says about a table.
    pub(crate) fn table_options(&self) -> TableOptions {
        reading::table_options(&self.columns, &self.missing_words, self.decimal, self.thousands)
    }

    /// True if there is a function.
    pub fn compands(&self) -> bool {
        self.compander != Compander::None
    }

    /// True if its parameters move.
    pub fn learns_parameters(&self) -> bool {
        self.compands() && self.parameters != Parameters::Fixed
    }

    /// True if a tenth of the training rows is held out.
    pub(crate) fn holds_out(&self) -> bool {
        self.compands() && self.parameters == Parameters::HeldOut
    }

    /// True if there is a twin.
    pub(crate) fn has_twin(&self) -> bool {
        self.compands() && self.twin != Twin::None
    }

    /// Learning rate of a step, counted from 0: half a cosine from the highest rate to 0, constant inside an epoch.
    pub(crate) fn rate_at(&self, step: u64, per_epoch: u64) -> f64 {
        let epoch = step / per_epoch.max(1);
        let share = epoch as f64 / self.epochs.max(1) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos())
    }
}
