//! The settings of the phases lab, each written once; the rules between them stand in `check`, those of forks in `fork`.

mod check;
mod choices;
mod fork;

use std::collections::BTreeMap;

use weightscope_data::table::{ColumnChoice, TableOptions};
use weightscope_frame::experiment::Mark;
use weightscope_frame::experiment::reading::{self, Decimal, Thousands};
use weightscope_frame::run::{Part, Share};
use weightscope_frame::settings;

pub use choices::{Course, HessianRows, Load, Origin, Similarity, Temperature, TuningTask, Unit, Values};

use crate::method::phase::Thresholds;
use crate::run::{AFTERWARDS, CURVATURE, CURVES, TRAINING};

/// Why a fork cannot change what networks are made with.
const MADE: &str = "the finished networks were made with it, so it cannot change in a fork";

settings! {
    /// The settings of the lab; the defaults are the desk protocol.
    pub struct Config {
        section "Networks" {
            origin: Origin = Origin::Train, "Networks",
                "Train the grid, or read the results of a zoo that lies on disk.";
            zoo_folder: String = String::new(), "Zoo folder",
                "A folder with one folder per model, each with params.json and result.json.",
                if |s| !s.trains();
            measure_missing: bool = true, "Measure what is missing",
                "Computes connectivity, similarity and curvature from the weights where the models' files lack them: perceptrons with safetensors weights whose data set is at hand.",
                if |s| !s.trains();
            dataset: String = "digits".to_owned(), "Data set",
                "A name (digits, mnist, fashion-mnist, cifar10) or a path: a folder of IDX or CIFAR-10 files, a CSV, .npy or .npz file. A path that the files of a zoo name is opened only if it stands here too.",
                .mark(Mark::DataSet).fixed(MADE),
                if |s| s.measures();
            label_column: String = "label".to_owned(), "Label column",
                "Column of a table that holds the class.",
                .mark(Mark::TargetColumn).fixed(MADE),
                if |s| s.measures();
            columns: BTreeMap<String, ColumnChoice> = BTreeMap::new(), "Columns",
                "What columns of a table are where that is not to be found out: a table of names and number, category, date, date_day_first, date_month_first, calendar (dates with month, day and weekday) or ignore.",
                .fixed(MADE), if |s| s.measures() && reading::is_table(&s.dataset);
            missing_words: Vec<String> = reading::usual_missing_words(), "Missing words",
                "Words of a table that stand for a missing value, without regard to case; an empty cell is always missing.",
                .fixed(MADE), if |s| s.measures() && reading::is_table(&s.dataset);
            decimal: Decimal = Decimal::Auto, "Decimal mark",
                "The decimal mark of a table's numbers.",
                .fixed(MADE), if |s| s.measures() && reading::is_table(&s.dataset);
            thousands: Thousands = Thousands::Auto, "Thousands",
                "What groups the thousands of a table's numbers.",
                .fixed(MADE), if |s| s.measures() && reading::is_table(&s.dataset);
            train_rows: u64 = 512, "Training rows",
                "Rows to learn from; all others test.",
                .range(1.0, 1_000_000.0).logarithmic().fixed(MADE),
                if |s| s.trains();
            data_seed: u64 = 0, "Data seed",
                "Seeds the split of the rows and the moved labels; the run's own seed makes the networks. Splits differ: at the desk the best test accuracy lies between 0.88 and 0.93.",
                .range(0.0, 4_294_967_295.0).fixed(MADE),
                if |s| s.trains();
            hidden_layers: u64 = 2, "Hidden layers",
                "Layers of the perceptron between input and output.",
                .range(1.0, 8.0).fixed(MADE),
                if |s| s.trains();
            activation: Unit = Unit::Relu, "Activation",
                "Function of a hidden unit.",
                .fixed(MADE),
                if |s| s.trains();
            seeds: u64 = 3, "Seeds",
                "Networks in a cell; they differ in initial weights and order of the rows. Connectivity and similarity need two.",
                .range(1.0, 16.0).published("3", "model zoo, arXiv 2504.18072; 5 in Yang et al.").stage(TRAINING),
                if |s| s.trains();
            part: String = "all".to_owned(), "Part of the grid",
                "Which cells are trained: all, or one of so many equal parts, such as 3/8, which ends when they are. A sweep over the parts makes them on many machines; a run with `parts` joins them, and compares and measures.",
                .fixed("it says what is trained"),
                if |s| s.trains();
            parts: String = "none".to_owned(), "Folder of the parts",
                "none, or the folder of a sweep or plan over `part`: networks are taken from its runs instead of trained, and the diagram is the one that a single run would have made.",
                .fixed("they are read before the first step"),
                if |s| s.trains();
        }
        section "Load" core {
            load: Load = Load::Width, "Load",
                "What runs along the horizontal axis: how much model there is for how much data.",
                .published("width", "model zoo, arXiv 2504.18072").fixed(MADE),
                if |s| s.trains();
            load_values: Values = Values::List, "Values",
                "One by one, or as a logarithmic range.",
                .stage(TRAINING),
                if |s| s.trains();
            widths: Vec<u64> = vec![4, 6, 8, 12, 16, 32, 64, 128], "Widths",
                "Units of each hidden layer, along the axis.",
                .range(1.0, 4096.0).stage(TRAINING),
                if |s| s.lists_load(Load::Width);
            data_shares: Vec<f64> = vec![0.1, 0.2, 0.4, 0.7, 1.0], "Shares of the data",
                "Share of the training rows that is used, along the axis.",
                .range(0.001, 1.0).published("0.1 to 1", "Yang et al. 2021; epochs grow as the share falls").stage(TRAINING),
                if |s| s.lists_load(Load::DataShare);
            label_noises: Vec<f64> = vec![0.0, 0.05, 0.1, 0.2, 0.4], "Label noises",
                "Share of the training labels moved to another class, along the axis.",
                .range(0.0, 1.0).published("0 to 0.8", "Yang et al. 2021").stage(TRAINING),
                if |s| s.lists_load(Load::LabelNoise);
            load_from: f64 = 4.0, "From",
                "First value of the range.",
                .range(0.0, 4096.0).stage(TRAINING),
                if |s| s.ranges_load();
            load_to: f64 = 128.0, "To",
                "Last value of the range.",
                .range(1e-6, 4096.0).stage(TRAINING),
                if |s| s.ranges_load();
            load_count: u64 = 6, "Number",
                "Values of the range; equal ones count once.",
                .range(1.0, 64.0).stage(TRAINING),
                if |s| s.ranges_load();
            width: u64 = 32, "Width",
                "Units of each hidden layer.",
                .range(1.0, 4096.0).fixed(MADE),
                if |s| s.trains() && s.load != Load::Width;
            label_noise: f64 = 0.1, "Label noise",
                "Share of the training labels moved to a random other class, the same for all cells; the test labels stay.",
                .range(0.0, 1.0).fixed(MADE),
                if |s| s.trains() && s.load != Load::LabelNoise;
        }
        section "Temperature" core {
            temperature: Temperature = Temperature::BatchSize, "Temperature",
                "What runs along the vertical axis: the noise of training. Small batches and high rates are hot.",
                .published("batch_size", "model zoo, arXiv 2504.18072").fixed(MADE),
                if |s| s.trains();
            temperature_values: Values = Values::List, "Values",
                "One by one, or as a logarithmic range.",
                .stage(TRAINING),
                if |s| s.trains();
            batch_sizes: Vec<u64> = vec![4, 8, 16, 32, 64, 128, 256], "Batch sizes",
                "Rows in a step, along the axis.",
                .range(1.0, 65_536.0).published("8 to 1024", "model zoo, arXiv 2504.18072").stage(TRAINING),
                if |s| s.lists_temperature(Temperature::BatchSize);
            learning_rates: Vec<f64> = vec![0.003, 0.01, 0.03, 0.1, 0.3], "Learning rates",
                "Learning rates along the axis.",
                .range(1e-7, 10.0).logarithmic().published("0.0015625 to 0.4", "Yang et al. 2021").stage(TRAINING),
                if |s| s.lists_temperature(Temperature::LearningRate);
            weight_decays: Vec<f64> = vec![0.0, 1e-4, 5e-4, 2e-3, 1e-2], "Weight decays",
                "Weight decays along the axis.",
                .range(0.0, 1.0).published("5e-5 to 5e-3", "Yang et al. 2021").stage(TRAINING),
                if |s| s.lists_temperature(Temperature::WeightDecay);
            temperature_from: f64 = 4.0, "From",
                "First value of the range.",
                .range(0.0, 65_536.0).stage(TRAINING),
                if |s| s.ranges_temperature();
            temperature_to: f64 = 256.0, "To",
                "Last value of the range.",
                .range(1e-7, 65_536.0).stage(TRAINING),
                if |s| s.ranges_temperature();
            temperature_count: u64 = 7, "Number",
                "Values of the range; equal ones count once.",
                .range(1.0, 64.0).stage(TRAINING),
                if |s| s.ranges_temperature();
            batch_size: u64 = 32, "Batch size",
                "Rows in a step; an incomplete last batch is left out.",
                .range(1.0, 65_536.0).logarithmic().fixed(MADE),
                if |s| s.trains() && s.temperature != Temperature::BatchSize;
            learning_rate: f64 = 0.03, "Learning rate",
                "Of gradient descent with momentum.",
                .mark(Mark::Swept).range(1e-7, 10.0).logarithmic().published("0.1", "model zoo and Yang et al., ResNets").fixed(MADE),
                if |s| s.trains() && s.temperature != Temperature::LearningRate;
            weight_decay: f64 = 5e-4, "Weight decay",
                "Coupled, on all parameters.",
                .range(0.0, 1.0).logarithmic().published("5e-4", "model zoo and Yang et al.").fixed(MADE),
                if |s| s.trains() && s.temperature != Temperature::WeightDecay;
        }
        section "Training" core {
            momentum: f64 = 0.9, "Momentum",
                "Decay of the velocity.",
                .range(0.0, 0.999).published("0.9", "model zoo and Yang et al.").fixed(MADE),
                if |s| s.trains();
            course: Course = Course::Constant, "Learning-rate schedule",
                "How the learning rate moves. A constant rate keeps the temperature acting to the end.",
                .published("one_cycle", "model zoo; late_drop in Yang et al.").fixed(MADE),
                if |s| s.trains();
            epochs_min: u64 = 200, "Minimum epochs",
                "Each network sees the training rows at least so often.",
                .range(1.0, 100_000.0).published("150", "model zoo, ResNets").fixed(MADE),
                if |s| s.trains();
            steps_min: u64 = 2000, "Minimum steps",
                "Large batches get more epochs until they reach this: else they would be merely undertrained.",
                .range(0.0, 10_000_000.0).fixed(MADE),
                if |s| s.trains();
        }
        section "Curves and similarity" {
            curve_epochs: u64 = 100, "Curve epochs",
                "Epochs of the curve between two seeds. At most half of the networks' own budget: a longer search calls small networks undertrained.",
                .range(1.0, 10_000.0).published("50", "Yang et al.; 10 in the model zoo").stage(CURVES),
                if |s| s.compares();
            curve_batch: u64 = 64, "Curve batch",
                "Rows in a step of the curve.",
                .range(1.0, 65_536.0).published("128", "model zoo and Yang et al.").stage(CURVES),
                if |s| s.compares();
            curve_learning_rate: f64 = 0.05, "Curve learning rate",
                "Before its fall over the second half.",
                .range(1e-7, 10.0).logarithmic().published("0.01", "Yang et al.; 0.1 in the model zoo").stage(CURVES),
                if |s| s.compares();
            curve_weight_decay: f64 = 5e-4, "Curve decay",
                "Decay of the network at the drawn place of the curve.",
                .range(0.0, 1.0).published("5e-4", "model zoo and Yang et al.").stage(CURVES),
                if |s| s.compares();
            curve_compounded: bool = false, "Compound rate factors",
                "The zoo's code multiplies the curve's rate factors up from epoch to epoch; the published method does not.",
                .stage(CURVES),
                if |s| s.compares();
            curve_points: u64 = 5, "Curve points",
                "Places of the curve that are judged, ends included.",
                .range(2.0, 101.0).published("5", "model zoo and Yang et al.").stage(CURVES),
                if |s| s.compares();
            line_points: u64 = 5, "Line points",
                "Places of the straight line that are judged, ends included.",
                .range(2.0, 101.0).stage(CURVES),
                if |s| s.compares();
            similarity: Similarity = Similarity::SoftmaxMixup, "Similarity",
                "Which similarity of the seeds parts IV-A from IV-B; all are measured.",
                .published("softmax_mixup", "Yang et al.; logits_batches in the model zoo").stage(TRAINING),
                if |s| s.compares();
        }
        section "Curvature" {
            hessian: HessianRows = HessianRows::Train, "Hessian",
                "On which rows the curvature of the loss is measured, all of them at once.",
                .stage(CURVATURE),
                if |s| s.measures();
            power_iterations: u64 = 100, "Power iterations",
                "Most Hessian products for the largest eigenvalue.",
                .range(2.0, 10_000.0).published("100", "PyHessian").stage(CURVATURE),
                if |s| s.measures_curvature();
            power_tolerance: f64 = 1e-3, "Tolerance",
                "Relative change of the eigenvalue that ends the iteration.",
                .range(1e-12, 0.1).logarithmic().published("1e-3", "PyHessian").stage(CURVATURE),
                if |s| s.measures_curvature();
            trace_samples: u64 = 30, "Trace samples",
                "Most random vectors for the trace; 20 suffice where the standard error falls below 2 %.",
                .range(1.0, 10_000.0).published("100", "PyHessian").stage(CURVATURE),
                if |s| s.measures_curvature();
            eigenvalues: u64 = 1, "Eigenvalues",
                "Largest Hessian eigenvalues of each network, by power iteration one after the other; each costs as much as the first.",
                .range(1.0, 20.0).published("1", "model zoo and Yang et al.").stage(CURVATURE),
                if |s| s.measures_curvature();
        }
        section "Pruning, averaging, fine-tuning" {
            downstream: bool = false, "Prune, average, fine-tune",
                "Prunes, averages and fine-tunes the finished networks, as further metrics of the diagram.",
                .stage(AFTERWARDS),
                if |s| s.trains();
            pruned_share: f64 = 0.5, "Pruned share",
                "Share of the weights, smallest first over all layers, that pruning sets to 0.",
                .range(0.0, 0.99).stage(AFTERWARDS),
                if |s| s.uses_networks();
            tuning_task: TuningTask = TuningTask::UpperHalf, "Tuning task",
                "What fine-tuning learns, with a new last layer. Another data set is the published task; half of the classes and turned images are our choice, for data sets that have no companion of equal inputs.",
                .published("another data set (CIFAR-10 to STL-10)", "model zoo, arXiv 2504.18072").stage(AFTERWARDS),
                if |s| s.uses_networks();
            tuning_dataset: String = String::new(), "Tuning data set",
                "A name or a path, as for the data set; it must have as many inputs (mnist and fashion-mnist have).",
                .stage(AFTERWARDS),
                if |s| s.uses_networks() && s.tuning_task == TuningTask::Dataset;
            tuning_epochs: u64 = 20, "Tuning epochs",
                "Epochs of fine-tuning.",
                .range(1.0, 1000.0).stage(AFTERWARDS),
                if |s| s.uses_networks();
            tuning_learning_rate: f64 = 0.01, "Tuning learning rate",
                "Constant during fine-tuning.",
                .range(1e-7, 10.0).logarithmic().stage(AFTERWARDS),
                if |s| s.uses_networks();
        }
        section "Phases" {
            vote_train_loss: bool = true, "Hot by loss",
                "The training loss votes on hot or cold. Networks without normalisation are flat where they are hottest, so at the desk it votes alone.",
                .stage(TRAINING);
            threshold_train_loss: f64 = 0.1, "Loss threshold",
                "Above it a cell is hot.",
                .unit("nat").range(0.0, 100.0).logarithmic().stage(TRAINING),
                if |s| s.vote_train_loss;
            vote_log_lambda: bool = false, "Hot by eigenvalue",
                "The largest Hessian eigenvalue votes on hot or cold.",
                .stage(TRAINING);
            threshold_log_lambda: f64 = 3.7, "Eigenvalue threshold",
                "On the natural logarithm; above it a cell is hot.",
                .range(-20.0, 20.0).stage(TRAINING),
                if |s| s.vote_log_lambda;
            vote_log_trace: bool = false, "Hot by trace",
                "The Hessian trace votes on hot or cold.",
                .stage(TRAINING);
            threshold_log_trace: f64 = 5.75, "Trace threshold",
                "On the natural logarithm; above it a cell is hot.",
                .range(-20.0, 20.0).stage(TRAINING),
                if |s| s.vote_log_trace;
            threshold_connectivity: f64 = 2.0, "Connectivity threshold",
                "A cell whose mode connectivity lies below minus this is poorly connected.",
                .unit("percentage points").range(0.0, 100.0).stage(TRAINING);
            threshold_cka: f64 = 0.75, "Similarity threshold",
                "From here on the seeds of a cell are similar: IV-B.",
                .range(-1.0, 1.0).stage(TRAINING);
        }
    }
}

impl Config {
    /// What a person says about a table.
    pub(crate) fn table_options(&self) -> TableOptions {
        reading::table_options(&self.columns, &self.missing_words, self.decimal, self.thousands)
    }

    /// True if networks are trained, not read from a zoo.
    pub(super) fn trains(&self) -> bool {
        self.origin == Origin::Train
    }

    /// How the grid is cut into parts.
    fn share(&self) -> Share<'_> {
        if self.trains() { Share::of(&self.part, &self.parts) } else { Share::UNCUT }
    }

    /// The part of the grid that is trained; what cannot be read is refused before.
    pub(crate) fn part(&self) -> Part {
        self.share().part()
    }

    /// The folder with the runs that made the parts of the grid, if it is joined.
    pub(crate) fn parts(&self) -> Option<&str> {
        self.share().folder()
    }

    /// True if measurements on networks are made.
    fn measures(&self) -> bool {
        self.trains() || self.measure_missing
    }

    /// True if the seeds of a cell are compared.
    fn compares(&self) -> bool {
        self.measures() && (self.seeds > 1 || !self.trains())
    }

    /// True if the curvature of networks is measured.
    fn measures_curvature(&self) -> bool {
        self.measures() && self.hessian != HessianRows::None
    }

    /// True if finished networks are pruned, averaged and fine-tuned.
    fn uses_networks(&self) -> bool {
        self.trains() && self.downstream
    }

    /// True if the values of this horizontal axis are given one by one.
    fn lists_load(&self, axis: Load) -> bool {
        self.trains() && self.load_values == Values::List && self.load == axis
    }

    /// True if the values of the horizontal axis are a range.
    fn ranges_load(&self) -> bool {
        self.trains() && self.load_values == Values::Range
    }

    /// True if the values of this vertical axis are given one by one.
    fn lists_temperature(&self, axis: Temperature) -> bool {
        self.trains() && self.temperature_values == Values::List && self.temperature == axis
    }

    /// True if the values of the vertical axis are a range.
    fn ranges_temperature(&self) -> bool {
        self.trains() && self.temperature_values == Values::Range
    }

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
