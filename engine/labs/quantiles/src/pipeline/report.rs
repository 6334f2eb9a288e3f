//! How long each model took and with which settings: tables for people. Clock times stand here, in `speed.csv` and in checkpoints,
//! never in a result or in the metric stream.

use super::Plan;
use super::store::{Chosen, FullFit, Store};
use crate::channels::{self as ch, channel, only};
use crate::names::name;
use weightscope_frame::record::{Cell, Data, Table};
use weightscope_frame::run::{Context, RunError};

/// Columns of the table of times.
const COLUMNS: [&str; 8] = [
    "method",
    "fit on all training rows [s]",
    "training rows/s",
    "fits without a fold",
    "each of them [s]",
    "all fits [s]",
    "predicted rows/s",
    "note",
];

/// Columns of `speed.csv`, in the same order.
const KEYS: &str = "method,seconds,training_rows_per_second,fold_fits,seconds_per_fold,all_seconds,predicted_rows_per_second,note\n";

/// Puts both tables into the record as they stand.
pub(super) fn publish(plan: &Plan<'_>, store: &Store, context: &mut Context<'_>) {
    let step = context.step();
    let table = Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows: named(speed(plan, store)) };
    let about = "Seconds of work on this machine; fits run side by side, so that their sum exceeds the time of the run.";
    context.record().insert(channel(ch::SPEED, "speed", "", about, Data::Table(only(step, table))));
    let table = Table {
        columns: ["method", "settings"].map(str::to_owned).to_vec(),
        rows: named(settings(plan, store)),
    };
    let about = "Settings of each fitted model: the fixed ones, or the best of the random search.";
    context.record().insert(channel(ch::CHOSEN, "settings", "", about, Data::Table(only(step, table))));
}

/// Writes `speed.csv` into the run folder.
pub(super) fn write(plan: &Plan<'_>, store: &Store, context: &Context<'_>) -> Result<(), RunError> {
    let mut text = KEYS.to_owned();
    for row in speed(plan, store) {
        let cell = |cell: &Cell| match cell {
            Cell::Number(number) if number.is_nan() => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(words) => words.replace(',', ";"),
        };
        text.push_str(&row.iter().map(cell).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    context.write_file("speed.csv", text.as_bytes())
}

/// With the names of the methods in place of their words.
fn named(mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    for cell in rows.iter_mut().filter_map(|row| row.first_mut()) {
        if let Cell::Text(word) = cell {
            *word = name(word).to_owned();
        }
    }
    rows
}

fn speed(plan: &Plan<'_>, store: &Store) -> Vec<Vec<Cell>> {
    let rows = plan.material.train.y.len() as f64;
    let line = |word: &str, numbers: [f64; 6], note: &str| {
        let mut cells = vec![Cell::Text(word.to_owned())];
        cells.extend(numbers.map(Cell::Number));
        cells.push(Cell::Text(note.to_owned()));
        cells
    };
    let mut lines = Vec::new();
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        let folds = store.folds.iter().filter(|((own, _), _)| own == model).map(|(_, fit)| fit.seconds);
        let pairs = store.pairs.iter().filter(|((own, ..), _)| own == model).map(|(_, fit)| fit.seconds);
        let seconds: Vec<f64> = folds.chain(pairs).collect();
        let (count, sum) = (seconds.len() as f64, seconds.iter().sum::<f64>());
        let predicted = predicted_rows(plan, fit) / fit.predict_seconds;
        let numbers = [fit.seconds, rows / fit.seconds, count, sum / count, fit.seconds + sum, predicted];
        lines.push(line(kind.key(), numbers, ""));
    }
    for (number, fit) in &store.aggregated {
        let Some(aggregator) = plan.aggregators.get(*number) else { continue };
        // A rule is not fitted; its rows a second would be the clock's.
        let rate = if aggregator.learns() { rows / fit.seconds } else { f64::NAN };
        let numbers = [fit.seconds, rate, 0.0, f64::NAN, fit.seconds, f64::NAN];
        lines.push(line(aggregator.key(), numbers, ""));
    }
    for (word, why) in &store.excluded {
        lines.push(line(word, [f64::NAN; 6], &format!("left out: {why}")));
    }
    lines
}

fn predicted_rows(plan: &Plan<'_>, fit: &FullFit) -> f64 {
    (fit.validation.len() + fit.calibration.len() + fit.test.len()) as f64 / plan.levels.len().max(1) as f64
}

fn settings(plan: &Plan<'_>, store: &Store) -> Vec<Vec<Cell>> {
    let line = |word: &str, text: String| vec![Cell::Text(word.to_owned()), Cell::Text(text)];
    let mut lines = Vec::new();
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        lines.push(line(kind.key(), words(fit)));
    }
    for (number, fit) in &store.aggregated {
        let Some(aggregator) = plan.aggregators.get(*number) else { continue };
        let words = fit.trial.map_or_else(
            || "nothing to choose".to_owned(),
            |trial| format!("{}, best after {} steps", trial.words(aggregator.is_local()), fit.steps),
        );
        lines.push(line(aggregator.key(), words));
    }
    lines
}

fn words(fit: &FullFit) -> String {
    match fit.chosen {
        Chosen::None => "nothing to choose".to_owned(),
        Chosen::Neighbours(0) => "twice the root of the rows, 10 to 100 neighbours".to_owned(),
        Chosen::Neighbours(k) => format!("{k} neighbours"),
        Chosen::Forest(forest) => format!(
            "{} trees, nodes of {} rows or more are cut, leaves of {} or more",
            forest.trees, forest.least_split, forest.least_leaf
        ),
        Chosen::Boosting(boosting) => format!(
            "{} rounds, at most {} leaves of {} rows or more, shrinkage {}, shares of features {} and rows {}, L1 {}, L2 {}",
            boosting.rounds,
            boosting.leaves,
            boosting.least_leaf,
            boosting.learning_rate,
            boosting.feature_share,
            boosting.row_share,
            boosting.l1,
            boosting.l2
        ),
        Chosen::Net(net) => format!(
            "{} layers of {}, dropout {}, learning rate {}, weight decay {:e}, smoothing {}, best after {} steps",
            net.layers,
            net.hidden,
            net.dropout,
            net.learning_rate,
            net.weight_decay,
            net.smoothing,
            fit.steps
        ),
    }
}
