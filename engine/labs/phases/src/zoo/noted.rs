//! What the run found out about a finished model, in the last line of its `result.json`: under the published keys for other programs,
//! and whole under our own, so that a zoo that is opened again draws the same phases.
//!
//! What holds for two seeds or for all of a cell (connectivity, similarity, averages) stands in each model of the cell as the cell's
//! mean, as in the published files.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{RESULT, own};
use crate::config::Config;
use crate::metric::{Metric, Values};
use crate::plan::Plan;
use crate::run::book::Book;
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store::{self, StoreError};

/// Key of what the program itself reads again.
pub(super) const METRICS: &str = "weightscope_metrics";

/// The entries of a model's last line.
pub(super) fn entries(config: &Config, book: &Book, cell: usize, seed: usize) -> Map<String, Value> {
    let values = book.values(config, cell);
    let mut entries = Map::new();
    let mut add = |key: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            entries.insert(key.to_owned(), json!(value));
        }
    };
    let bends = book.bends_of(cell, seed);
    let train = bends.and_then(|bends| bends.train.as_ref());
    let test = bends.and_then(|bends| bends.test.as_ref());
    add("log_hessian_top_ev", train.map(|bend| bend.lambda.ln()));
    add("log_hessian_top_ev_val", test.map(|bend| bend.lambda.ln()));
    add("log_hessian_trace_train", train.map(|bend| bend.trace.abs().ln()));
    add("curve_mc_train_error", values.get(Metric::Connectivity));
    add("curve_mc_test_error", values.get(Metric::ConnectivityTest));
    add("representation_similarity", values.get(Metric::Cka));
    if let Some((_, network)) = book.networks_of(cell).find(|(other, _)| *other == seed) {
        add("wiseft_acc_test", Some(network.averaged_accuracy));
        add("wiseft_acc_test_delta", Some(network.averaged_accuracy - network.test.accuracy));
        let matched = values.get(Metric::MatchedAverage);
        add("gitrebasin_acc_test", matched);
        add("gitrebasin_acc_test_delta", matched.map(|accuracy| accuracy - network.test.accuracy));
    }
    let known =
        Metric::ALL.iter().filter_map(|metric| Some((metric.words().id, json!(values.get(*metric)?))));
    let known: Map<String, Value> = known.map(|(id, value)| (id.to_owned(), value)).collect();
    let of_network = json!({
        "curvature": bends,
        "afterwards": book.afterwards_of(cell, seed),
    });
    let seeds = book.networks_of(cell).count();
    entries.insert(METRICS.to_owned(), json!({ "seeds": seeds, "cell": known, "network": of_network }));
    entries
}

/// The text of a `result.json` with the entries in its last line; `None` if that line is no JSON object.
pub(super) fn noted(text: &str, entries: Map<String, Value>) -> Option<String> {
    let text = text.trim_end_matches('\n');
    let start = text.rfind('\n').map_or(0, |end| end + 1);
    let Ok(Value::Object(mut last)) = serde_json::from_str(text.get(start..)?) else { return None };
    last.extend(entries);
    Some(format!("{}{}\n", text.get(..start)?, Value::Object(last)))
}

/// Writes what is known into the models of a run folder; files that say so already are left alone.
pub(crate) fn write(
    run: &Path,
    config: &Config,
    plan: &Plan,
    book: &Book,
    control: &Control,
) -> Result<(), RunError> {
    for (index, cell) in plan.cells.iter().enumerate() {
        control.check()?;
        for (seed, _) in book.networks_of(index) {
            let path = own::folder(run, &cell.knobs, seed).join(RESULT);
            // A model that a person took away is no loss of the run's.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let Some(now) = noted(&text, entries(config, book, index, seed)) else { continue };
            if now != text {
                store::write_atomically(&path, "a file of the zoo", |out| out.write_all(now.as_bytes()))?;
            }
        }
    }
    Ok(())
}

/// The cell's metrics as a last line holds them, with the number of its models.
pub(super) fn read(line: &Value) -> Option<(usize, Values)> {
    let noted = line.get(METRICS)?;
    let seeds = noted.get("seeds")?.as_u64()? as usize;
    let cell = noted.get("cell")?.as_object()?;
    let mut values = Values::default();
    for metric in Metric::ALL.iter().copied() {
        values.set(metric, cell.get(metric.words().id).and_then(Value::as_f64));
    }
    Some((seeds, values))
}

/// True if a last line holds the curvature of its model.
pub(super) fn has_curvature(line: &Value) -> bool {
    let noted = line.get(METRICS).and_then(|noted| noted.get("network")?.get("curvature"));
    noted.is_some_and(|curvature| !curvature.is_null())
}

/// The text of a file of a zoo.
pub(super) fn text(folder: &Path, name: &str) -> Result<String, StoreError> {
    let path = folder.join(name);
    fs::read_to_string(&path).map_err(|error| StoreError::io("a file of the zoo", &path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_changes_and_noting_twice_is_noting_once() {
        let text = "{\"train_loss\":2.0}\n{\"train_loss\":0.25}\n";
        let mut entries = Map::new();
        entries.insert("cka".to_owned(), json!(0.5));
        let once = noted(text, entries.clone()).unwrap();
        assert_eq!(once, "{\"train_loss\":2.0}\n{\"cka\":0.5,\"train_loss\":0.25}\n");
        assert_eq!(noted(&once, entries.clone()), Some(once));
        assert_eq!(noted("torn", entries), None);
    }
}
