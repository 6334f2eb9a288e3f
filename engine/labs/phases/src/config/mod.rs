//! The settings of the phases lab: values here, their words in `visit`, the rules between them in `check`.

mod check;
mod fork;
mod measures;
mod visit;

pub(super) use fork::FREE;

use serde::{Deserialize, Serialize};

use super::method::phase::Thresholds;
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
        /// The same throughout.
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

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the form")]
pub struct Config {
    /// Where the networks come from.
    pub origin: Origin,
    /// Folder of a zoo.
    pub zoo_folder: String,
    /// Whether metrics that a zoo's files lack are computed from its weights.
    pub measure_missing: bool,
    /// Data set by name, or a path.
    pub dataset: String,
    /// Column that holds the class, for CSV files.
    pub label_column: String,
    /// Rows to learn from; the others judge.
    pub train_rows: u64,
    /// Seed of the split and of the moved labels.
    pub data_seed: u64,
    /// Share of the training labels moved to another class.
    pub label_noise: f64,
    /// Hidden layers.
    pub hidden_layers: u64,
    /// Function of a hidden unit.
    pub activation: Unit,
    /// Horizontal axis.
    pub load: Load,
    /// How its values are given.
    pub load_values: Values,
    /// Hidden widths along the axis.
    pub widths: Vec<u64>,
    /// Shares of the data along the axis.
    pub data_shares: Vec<f64>,
    /// Shares of moved labels along the axis.
    pub label_noises: Vec<f64>,
    /// Ends and number of a range.
    pub load_from: f64,
    /// Other end.
    pub load_to: f64,
    /// Number of values.
    pub load_count: u64,
    /// Vertical axis.
    pub temperature: Temperature,
    /// How its values are given.
    pub temperature_values: Values,
    /// Batch sizes along the axis.
    pub batch_sizes: Vec<u64>,
    /// Learning rates along the axis.
    pub learning_rates: Vec<f64>,
    /// Weight decays along the axis.
    pub weight_decays: Vec<f64>,
    /// End of a range.
    pub temperature_from: f64,
    /// Other end.
    pub temperature_to: f64,
    /// Number of values.
    pub temperature_count: u64,
    /// Networks in a cell.
    pub seeds: u64,
    /// Width where it is no axis.
    pub width: u64,
    /// Batch size where it is no axis.
    pub batch_size: u64,
    /// Learning rate where it is no axis.
    pub learning_rate: f64,
    /// Weight decay where it is no axis.
    pub weight_decay: f64,
    /// Momentum.
    pub momentum: f64,
    /// Course of the learning rate.
    pub course: Course,
    /// Fewest epochs.
    pub epochs_min: u64,
    /// Fewest steps.
    pub steps_min: u64,
    /// Epochs of a curve between two seeds.
    pub curve_epochs: u64,
    /// Rows in a step of a curve.
    pub curve_batch: u64,
    /// Learning rate of a curve.
    pub curve_learning_rate: f64,
    /// Decay along a curve.
    pub curve_weight_decay: f64,
    /// Whether the curve's rate factors compound.
    pub curve_compounded: bool,
    /// Points of a curve's profile.
    pub curve_points: u64,
    /// Points of a line's profile.
    pub line_points: u64,
    /// Similarity that decides.
    pub similarity: Similarity,
    /// Curvatures that are measured.
    pub hessian: HessianRows,
    /// Most products of a power iteration.
    pub power_iterations: u64,
    /// Relative change that ends it.
    pub power_tolerance: f64,
    /// Most samples of a trace.
    pub trace_samples: u64,
    /// Largest eigenvalues of each network.
    pub eigenvalues: u64,
    /// Pruning, averaging and fine-tuning too.
    pub downstream: bool,
    /// Share of the weights that pruning removes.
    pub pruned_share: f64,
    /// What fine-tuning learns.
    pub tuning_task: TuningTask,
    /// Data set of fine-tuning.
    pub tuning_dataset: String,
    /// Epochs of fine-tuning.
    pub tuning_epochs: u64,
    /// Learning rate of fine-tuning.
    pub tuning_learning_rate: f64,
    /// The training loss votes on temperature.
    pub vote_train_loss: bool,
    /// The largest eigenvalue votes.
    pub vote_log_lambda: bool,
    /// The trace votes.
    pub vote_log_trace: bool,
    /// Threshold on the training loss.
    pub threshold_train_loss: f64,
    /// Threshold on the logarithm of the largest eigenvalue.
    pub threshold_log_lambda: f64,
    /// Threshold on the logarithm of the trace.
    pub threshold_log_trace: f64,
    /// Threshold on mode connectivity, percentage points.
    pub threshold_connectivity: f64,
    /// Threshold on similarity.
    pub threshold_cka: f64,
}

impl Default for Config {
    /// The desk protocol.
    fn default() -> Self {
        Self {
            origin: Origin::Train,
            zoo_folder: String::new(),
            measure_missing: true,
            dataset: "digits".to_owned(),
            label_column: "label".to_owned(),
            train_rows: 512,
            data_seed: 0,
            label_noise: 0.1,
            hidden_layers: 2,
            activation: Unit::Relu,
            load: Load::Width,
            load_values: Values::List,
            widths: vec![4, 6, 8, 12, 16, 32, 64, 128],
            data_shares: vec![0.1, 0.2, 0.4, 0.7, 1.0],
            label_noises: vec![0.0, 0.05, 0.1, 0.2, 0.4],
            load_from: 4.0,
            load_to: 128.0,
            load_count: 6,
            temperature: Temperature::BatchSize,
            temperature_values: Values::List,
            batch_sizes: vec![4, 8, 16, 32, 64, 128, 256],
            learning_rates: vec![0.003, 0.01, 0.03, 0.1, 0.3],
            weight_decays: vec![0.0, 1e-4, 5e-4, 2e-3, 1e-2],
            temperature_from: 4.0,
            temperature_to: 256.0,
            temperature_count: 7,
            seeds: 3,
            width: 32,
            batch_size: 32,
            learning_rate: 0.03,
            weight_decay: 5e-4,
            momentum: 0.9,
            course: Course::Constant,
            epochs_min: 200,
            steps_min: 2000,
            curve_epochs: 100,
            curve_batch: 64,
            curve_learning_rate: 0.05,
            curve_weight_decay: 5e-4,
            curve_compounded: false,
            curve_points: 5,
            line_points: 5,
            similarity: Similarity::SoftmaxMixup,
            hessian: HessianRows::Train,
            power_iterations: 100,
            power_tolerance: 1e-3,
            trace_samples: 30,
            eigenvalues: 1,
            downstream: false,
            pruned_share: 0.5,
            tuning_task: TuningTask::UpperHalf,
            tuning_dataset: String::new(),
            tuning_epochs: 20,
            tuning_learning_rate: 0.01,
            vote_train_loss: true,
            vote_log_lambda: false,
            vote_log_trace: false,
            threshold_train_loss: 0.1,
            threshold_log_lambda: 3.7,
            threshold_log_trace: 5.75,
            threshold_connectivity: 2.0,
            threshold_cka: 0.75,
        }
    }
}

impl Config {
    /// The thresholds of the settings.
    pub fn thresholds(&self) -> Thresholds {
        let vote = |on: bool, value: f64| on.then_some(value);
        Thresholds {
            log_lambda: vote(self.vote_log_lambda, self.threshold_log_lambda),
            log_trace: vote(self.vote_log_trace, self.threshold_log_trace),
            train_loss: vote(self.vote_train_loss, self.threshold_train_loss),
            connectivity: self.threshold_connectivity,
            cka: self.threshold_cka,
        }
    }

    /// Values along the horizontal axis, increasing, each once.
    pub fn load_axis(&self) -> Vec<f64> {
        let whole = self.load == Load::Width;
        let values = match (self.load_values, self.load) {
            (Values::Range, _) => spaced(self.load_from, self.load_to, self.load_count, whole),
            (Values::List, Load::Width) => self.widths.iter().map(|width| *width as f64).collect(),
            (Values::List, Load::DataShare) => self.data_shares.clone(),
            (Values::List, Load::LabelNoise) => self.label_noises.clone(),
        };
        sorted(values)
    }

    /// Values along the vertical axis from cold to hot, each once.
    pub fn temperature_axis(&self) -> Vec<f64> {
        let whole = self.temperature == Temperature::BatchSize;
        let values = match (self.temperature_values, self.temperature) {
            (Values::Range, _) => {
                spaced(self.temperature_from, self.temperature_to, self.temperature_count, whole)
            }
            (Values::List, Temperature::BatchSize) => {
                self.batch_sizes.iter().map(|batch| *batch as f64).collect()
            }
            (Values::List, Temperature::LearningRate) => self.learning_rates.clone(),
            (Values::List, Temperature::WeightDecay) => self.weight_decays.clone(),
        };
        let mut values = sorted(values);
        if whole {
            values.reverse();
        }
        values
    }
}

/// Evenly spaced in the logarithm; whole numbers where the axis counts.
fn spaced(from: f64, to: f64, count: u64, whole: bool) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    let value = |index: u64| {
        let share = index as f64 / last;
        let value = from.powf(1.0 - share) * to.powf(share);
        if whole { value.round_ties_even() } else { value }
    };
    (0..count).map(value).collect()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_ordered_and_hot_is_last() {
        let mut config =
            Config { widths: vec![16, 4, 16], batch_sizes: vec![4, 64, 16], ..Config::default() };
        assert_eq!(config.load_axis(), [4.0, 16.0]);
        assert_eq!(config.temperature_axis(), [64.0, 16.0, 4.0], "small batches are hot");
        config.temperature = Temperature::LearningRate;
        assert_eq!(config.temperature_axis(), [0.003, 0.01, 0.03, 0.1, 0.3]);
        config.load_values = Values::Range;
        assert_eq!(config.load_axis(), [4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);
    }
}
