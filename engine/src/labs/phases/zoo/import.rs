//! A zoo from disk as a grid: settings and metrics of each model, no tensors.
//!
//! Models that cannot be read are named with the reason and left out; the rest is drawn. Numbers above 1 under the keys of an
//! accuracy are percentages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{PARAMS, RESULT};
use crate::labs::phases::config::Config;
use crate::labs::phases::metric::{Metric, Values};
use crate::labs::phases::plan::{Cell, Knobs, Plan};
use crate::labs::phases::run::pictures;
use crate::run::{Context, RunError};
use crate::store::StoreError;

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

/// Reads one of the settings.
type Knob = fn(&Knobs) -> f64;

/// One model.
struct Model {
    knobs: Knobs,
    values: Values,
}

/// Reads the folder of the settings.
pub(in crate::labs::phases) fn run(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    let root = PathBuf::from(config.zoo_folder.trim());
    let folders = models(&root)?;
    context.plan(&[("reading the zoo", folders.len() as u64)]);
    context.enter_stage(0);
    let mut found = Vec::new();
    let mut left_out = 0_u64;
    for folder in folders {
        context.check()?;
        context.begin_step(0.0);
        match read(&folder) {
            Ok(model) => found.push(model),
            Err(why) => {
                left_out += 1;
                context.warn(&format!("a model is left out: {why}: {}", folder.display()));
            }
        }
    }
    if found.is_empty() {
        return Err(RunError::Store(StoreError::Damaged {
            what: "the zoo",
            why: "no folder in it holds a model with params.json and result.json".to_owned(),
            advice: "choose the folder that holds the models' folders",
            path: root,
        }));
    }
    let (plan, cells) = arrange(&found);
    let values: Vec<Values> = cells.iter().map(|models| mean(models)).collect();
    let step = context.step();
    pictures::show_values(context.record(), step, config, &plan, &values);
    context.result("models_read", found.len() as f64);
    context.result("models_left_out", left_out as f64);
    Ok(())
}

/// Folders inside the zoo, by name.
fn models(root: &Path) -> Result<Vec<PathBuf>, RunError> {
    let entries = fs::read_dir(root).map_err(|error| StoreError::io("the zoo", root, error))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn read(folder: &Path) -> Result<Model, String> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"));
    let params: Value = serde_json::from_str(&text(PARAMS)?).map_err(|error| format!("{PARAMS}: {error}"))?;
    let number = |key: &str| params.get(key).and_then(Value::as_f64);
    let width = number("model::width").or_else(|| number("model::model_dim"));
    let knobs = Knobs {
        width: width.ok_or("params.json has no model::width")? as usize,
        batch: number("training::batchsize").ok_or("params.json has no training::batchsize")? as usize,
        learning_rate: number("optim::lr").unwrap_or(f64::NAN),
        weight_decay: number("optim::wd").unwrap_or(f64::NAN),
        data_share: number("dataset::share").unwrap_or(1.0),
        label_noise: number("dataset::label_noise").unwrap_or(0.0),
    };
    let mut values = Values::default();
    let mut lines = 0;
    for (index, line) in text(RESULT)?.lines().enumerate() {
        let line: Value =
            serde_json::from_str(line).map_err(|error| format!("{RESULT}, line {}: {error}", index + 1))?;
        lines += 1;
        for (metric, keys) in KEYS {
            // Later lines win: a metric stands where it was measured last.
            if let Some(value) = keys.iter().find_map(|key| line.get(*key)).and_then(Value::as_f64) {
                values.set(metric, Some(value));
            }
        }
    }
    if lines == 0 || values.get(Metric::TrainLoss).is_none() {
        return Err(format!("{RESULT} holds no train_loss"));
    }
    for metric in [Metric::TrainAccuracy, Metric::TestAccuracy] {
        values.set(metric, values.get(metric).map(|value| if value > 1.0 { value / 100.0 } else { value }));
    }
    let gap = values.get(Metric::TrainAccuracy).zip(values.get(Metric::TestAccuracy));
    values.set(Metric::Gap, gap.map(|(train, test)| train - test));
    Ok(Model { knobs, values })
}

/// The axes are width and whatever else differs: batch size, else learning rate, else weight decay.
fn arrange(models: &[Model]) -> (Plan, Vec<Vec<&Model>>) {
    let axis = |of: Knob| {
        let mut values: Vec<f64> = models.iter().map(|model| of(&model.knobs)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let temperatures: [(Knob, bool); 3] = [
        (|knobs| knobs.batch as f64, true),
        (|knobs| knobs.learning_rate, false),
        (|knobs| knobs.weight_decay, false),
    ];
    let (temperature_of, small_is_hot) =
        temperatures.into_iter().find(|(of, _)| axis(*of).len() > 1).unwrap_or(temperatures[0]);
    let load = axis(|knobs| knobs.width as f64);
    let mut temperature = axis(temperature_of);
    if small_is_hot {
        temperature.reverse();
    }
    let mut cells: BTreeMap<(usize, usize), Vec<&Model>> = BTreeMap::new();
    for model in models {
        let row = temperature.iter().position(|value| *value == temperature_of(&model.knobs)).unwrap_or(0);
        let column = load.iter().position(|value| *value == model.knobs.width as f64).unwrap_or(0);
        cells.entry((row, column)).or_default().push(model);
    }
    let planned = cells
        .iter()
        .filter_map(|((row, column), models)| {
            let knobs = models.first()?.knobs;
            Some(Cell {
                load: load[*column],
                temperature: temperature[*row],
                knobs,
                row: *row,
                column: *column,
            })
        })
        .collect();
    let seeds = cells.values().map(Vec::len).max().unwrap_or(0);
    (Plan { load, temperature, cells: planned, seeds }, cells.into_values().collect())
}

/// Means over the models of a cell.
fn mean(models: &[&Model]) -> Values {
    let mut values = Values::default();
    for metric in Metric::ALL.iter().copied() {
        let known: Vec<f64> = models.iter().filter_map(|model| model.values.get(metric)).collect();
        let sum: f64 = known.iter().sum();
        values.set(metric, (!known.is_empty()).then(|| sum / known.len() as f64));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(root: &Path, name: &str, width: u64, batch: u64, lines: &str) {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let params =
            serde_json::json!({ "model::width": width, "training::batchsize": batch, "optim::lr": 0.1 });
        fs::write(folder.join(PARAMS), params.to_string()).unwrap();
        fs::write(folder.join(RESULT), lines).unwrap();
    }

    #[test]
    fn models_become_cells_and_broken_ones_are_named() {
        let root = tempfile::tempdir().unwrap();
        let lines = |accuracy: f64| {
            format!(
                "{{\"train_loss\": 2.0, \"test_acc\": 0.1}}\n{{\"train_loss\": 0.5, \"test_acc\": {accuracy}, \"curve_mc_train_error\": -3.0}}\n"
            )
        };
        model(root.path(), "a", 4, 8, &lines(0.5));
        model(root.path(), "b", 4, 8, &lines(70.0));
        model(root.path(), "c", 16, 64, &lines(0.9));
        model(root.path(), "d", 16, 64, "{ \"train_loss\": ");
        fs::create_dir_all(root.path().join("e")).unwrap();
        let read_all: Vec<_> = models(root.path()).unwrap().iter().map(|folder| read(folder)).collect();
        let reasons: Vec<&String> = read_all.iter().filter_map(|model| model.as_ref().err()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[0].contains("line 1") && reasons[1].contains(PARAMS), "{reasons:?}");
        let found: Vec<Model> = read_all.into_iter().filter_map(Result::ok).collect();
        let (plan, cells) = arrange(&found);
        assert_eq!((plan.load.len(), plan.temperature.clone()), (2, vec![64.0, 8.0]), "small batches on top");
        let cell = plan.cells.iter().position(|cell| (cell.row, cell.column) == (1, 0)).unwrap();
        let values = mean(&cells[cell]);
        assert_eq!(
            values.get(Metric::TestAccuracy).map(|value| (value * 100.0).round()),
            Some(60.0),
            "percentages are shares"
        );
        assert_eq!(values.get(Metric::Connectivity), Some(-3.0));
    }
}
