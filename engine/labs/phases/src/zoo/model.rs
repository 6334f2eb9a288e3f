//! One model of a zoo as it lies on disk, ours or another's: settings, metrics, and weights where this program can read them.
//!
//! Numbers above 1 under the keys of an accuracy are percentages. `null` for a loss in a later line is a model that diverged.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{PARAMS, RESULT, WEIGHTS, noted, own};
use crate::config::{Config, Origin, Unit};
use crate::metric::{Metric, Values};
use crate::plan::Knobs;
use weightscope_population::Shape;

/// Metrics under the keys of the published files, the first that is there.
const KEYS: [(Metric, &[&str]); 12] = [
    (Metric::TrainLoss, &["train_loss"]),
    (Metric::TrainAccuracy, &["train_acc"]),
    (Metric::TestLoss, &["test_loss"]),
    (Metric::TestAccuracy, &["test_acc"]),
    (Metric::LogLambda, &["log_hessian_top_ev"]),
    (Metric::LogLambdaTest, &["log_hessian_top_ev_val"]),
    (Metric::LogTrace, &["log_hessian_trace_train", "log_hessian_trace"]),
    (Metric::Connectivity, &["curve_mc_train_error"]),
    (Metric::ConnectivityTest, &["curve_mc_test_error"]),
    (Metric::Cka, &["representation_similarity"]),
    (Metric::EpochAverageGain, &["wiseft_acc_test_delta"]),
    (Metric::MatchedAverage, &["gitrebasin_acc_test"]),
];

/// Units of a layer and parameters of a model beyond which nothing is computed: the files come from anywhere.
const MOST_UNITS: usize = 65_536;
const MOST_PARAMETERS: usize = 100_000_000;

/// One trained network of a zoo as its files describe it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// `params.json`.
    pub(crate) params: Value,
    /// Its place in the grid.
    pub(crate) knobs: Knobs,
    /// Its metrics; those of its cell where the files have only those.
    pub(crate) values: Values,
    /// Number of models in its cell and the cell's metrics, if this program noted them.
    pub(crate) cell: Option<(usize, Values)>,
    /// Whether this program noted its curvature.
    pub(crate) curvature_known: bool,
    /// Whether its loss ran into infinity.
    pub(crate) diverged: bool,
}

/// The settings of a model without its metrics.
pub(crate) fn settings(folder: &Path) -> Result<(Value, Knobs), String> {
    let text = noted::text(folder, PARAMS).map_err(|error| error.to_string())?;
    let params: Value = serde_json::from_str(&text).map_err(|error| format!("{PARAMS}: {error}"))?;
    let number = |key: &str| params.get(key).and_then(Value::as_f64);
    let width = number("model::width").or_else(|| number("model::model_dim"));
    let batch = number("training::batchsize").ok_or("params.json has no training::batchsize")?;
    if batch < 1.0 || width.is_some_and(|width| width < 1.0) {
        return Err("a width or a batch size in params.json is below 1".to_owned());
    }
    let knobs = Knobs {
        width: width.ok_or("params.json has no model::width")? as usize,
        batch: batch as usize,
        learning_rate: number("optim::lr").unwrap_or(f64::NAN),
        weight_decay: number("optim::wd").unwrap_or(f64::NAN),
        data_share: number("dataset::share").unwrap_or(1.0),
        label_noise: number("dataset::label_noise").unwrap_or(0.0),
    };
    Ok((params, knobs))
}

/// Reads a model; the reason, if it cannot be used.
pub(crate) fn read(folder: &Path) -> Result<Model, String> {
    let (params, knobs) = settings(folder)?;
    let mut values = Values::default();
    let (mut diverged, mut curvature_known, mut cell) = (false, false, None);
    let text = noted::text(folder, RESULT).map_err(|error| error.to_string())?;
    for (index, line) in text.lines().enumerate() {
        let line: Value =
            serde_json::from_str(line).map_err(|error| format!("{RESULT}, line {}: {error}", index + 1))?;
        diverged = line.get("train_loss").map_or(diverged, Value::is_null);
        for (metric, keys) in KEYS {
            // Later lines win: a metric stands where it was measured last.
            if let Some(found) = keys.iter().find_map(|key| line.get(*key)) {
                values.set(metric, found.as_f64());
            }
        }
        curvature_known |= noted::has_curvature(&line);
        cell = noted::read(&line).or(cell);
    }
    if !diverged && values.get(Metric::TrainLoss).is_none() {
        return Err(format!("{RESULT} holds no train_loss"));
    }
    for metric in [Metric::TrainAccuracy, Metric::TestAccuracy] {
        values.set(metric, values.get(metric).map(|value| if value > 1.0 { value / 100.0 } else { value }));
    }
    let gap = values.get(Metric::TrainAccuracy).zip(values.get(Metric::TestAccuracy));
    values.set(Metric::Gap, gap.map(|(train, test)| train - test));
    Ok(Model { folder: folder.to_owned(), params, knobs, values, cell, curvature_known, diverged })
}

impl Model {
    fn word(&self, key: &str) -> Option<&str> {
        self.params.get(key)?.as_str()
    }

    fn whole(&self, key: &str) -> Option<u64> {
        self.params.get(key)?.as_u64()
    }

    /// The seed of the run that made it, if one of ours did.
    pub(crate) fn run_seed(&self) -> u64 {
        self.whole("run::seed").unwrap_or(0)
    }

    /// Its number among the models of its cell.
    pub(crate) fn seed(&self) -> usize {
        self.whole("seed").unwrap_or(0) as usize
    }

    /// The settings under which a run of ours would have made it, measurements as in `config`; why there are none, else.
    pub(crate) fn made_by(&self, config: &Config) -> Result<Config, String> {
        if self.word("model::type") != Some("mlp") || self.params.get("model::sizes").is_none() {
            let kind = self.word("model::type").unwrap_or("unknown");
            return Err(format!("its architecture ({kind}) is not one that can be computed here"));
        }
        let activation = match self.word("model::nlin") {
            Some("relu") => Unit::Relu,
            Some("tanh") => Unit::Tanh,
            Some("gelu") => Unit::Gelu,
            other => return Err(format!("its activation ({}) is unknown", other.unwrap_or("none named"))),
        };
        let dataset = self.word("dataset::dump").ok_or("params.json names no data set (dataset::dump)")?;
        // A path in a file that came from elsewhere is opened only if the person names the same one.
        if weightscope_data::catalogue::entry(dataset).is_none() && dataset != config.dataset {
            return Err(format!("its data set ({dataset}) is not the one of the setting dataset"));
        }
        let lacks = |key: &str| format!("params.json has no {key}");
        let setting = |key: &str| self.whole(key).ok_or_else(|| lacks(key));
        let number = |key: &str, other: f64| self.params.get(key).and_then(Value::as_f64).unwrap_or(other);
        let sizes = self.sizes();
        let products = sizes.windows(2).map(|pair| pair.iter().product::<usize>());
        if sizes.iter().any(|size| !(1..=MOST_UNITS).contains(size))
            || products.sum::<usize>() > MOST_PARAMETERS
        {
            return Err(format!("its layers {sizes:?} are empty or too large to be computed here"));
        }
        let made = Config {
            origin: Origin::Train,
            dataset: dataset.to_owned(),
            label_column: self.word("dataset::label_column").unwrap_or(&config.label_column).to_owned(),
            train_rows: setting("dataset::train_rows")?.max(1),
            data_seed: setting("dataset::seed")?,
            label_noise: self.knobs.label_noise,
            hidden_layers: sizes.len().saturating_sub(2) as u64,
            activation,
            width: self.knobs.width as u64,
            batch_size: self.knobs.batch as u64,
            learning_rate: self.knobs.learning_rate,
            weight_decay: self.knobs.weight_decay,
            momentum: number("optim::momentum", config.momentum),
            course: super::course(self.word("optim::scheduler")).unwrap_or(config.course),
            epochs_min: self.whole("training::epochs_min").unwrap_or(config.epochs_min),
            steps_min: self.whole("training::steps_min").unwrap_or(config.steps_min),
            ..config.clone()
        };
        let hidden = sizes.get(1..sizes.len().saturating_sub(1)).unwrap_or_default();
        if hidden.is_empty() || hidden.iter().any(|size| *size != self.knobs.width) {
            return Err(format!("its layers {sizes:?} are not hidden layers of its width"));
        }
        Ok(made)
    }

    fn sizes(&self) -> Vec<usize> {
        let listed = self.params.get("model::sizes").and_then(Value::as_array);
        // What is no number becomes an empty layer, which is refused.
        listed.into_iter().flatten().map(|size| size.as_u64().unwrap_or(0) as usize).collect()
    }

    /// Its parameters at the last epoch that lies on disk, with the epoch; why not, else.
    pub(crate) fn weights(&self, shape: &Shape) -> Result<(usize, Vec<f32>), String> {
        let entries = fs::read_dir(&self.folder).map_err(|error| error.to_string())?;
        let epochs = entries.flatten().filter_map(|entry| {
            let name = entry.file_name();
            let epoch = name.to_str()?.strip_prefix("checkpoint_")?.parse::<usize>().ok()?;
            entry.path().join(WEIGHTS).is_file().then_some(epoch)
        });
        let epoch = epochs.max().ok_or_else(|| format!("it has no checkpoint with {WEIGHTS}"))?;
        let flat = own::read_weights(&self.folder, epoch, shape)
            .ok_or_else(|| format!("its {WEIGHTS} does not hold the tensors of its architecture"))?;
        Ok((epoch, flat))
    }
}
