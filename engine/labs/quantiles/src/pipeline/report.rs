//! How long each model took and with which settings: tables for people. Clock times stand here, in `speed.csv` and in checkpoints,
//! never in a result or in the metric stream.

use super::Plan;
use super::store::{Chosen, FullFit, Store};
use crate::channels as ch;
use crate::names::Method;
use weightscope_frame::record::{Cell, Table};
use weightscope_frame::run::{Context, RunError};

/// The columns of the table of times, by their keys in `speed.csv` and their words.
const COLUMNS: [(&str, &str); 8] = [
    ("method", "method"),
    ("seconds", "fit on all training rows [s]"),
    ("training_rows_per_second", "training rows/s"),
    ("fold_fits", "fits without a fold"),
    ("seconds_per_fold", "each of them [s]"),
    ("all_seconds", "all fits [s]"),
    ("predicted_rows_per_second", "predicted rows/s"),
    ("note", "note"),
];

/// How long one method took; not-a-number where there is no such time.
struct Times {
    method: Method,
    /// Seconds of the fit on all training rows.
    seconds: f64,
    training_rows_per_second: f64,
    /// Number of fits without a fold or two.
    fold_fits: f64,
    seconds_per_fold: f64,
    all_seconds: f64,
    predicted_rows_per_second: f64,
    note: String,
}

impl Times {
    /// Of a method that has none.
    fn none(method: Method, note: String) -> Self {
        Self {
            method,
            seconds: f64::NAN,
            training_rows_per_second: f64::NAN,
            fold_fits: f64::NAN,
            seconds_per_fold: f64::NAN,
            all_seconds: f64::NAN,
            predicted_rows_per_second: f64::NAN,
            note,
        }
    }

    /// The line of a table with this name for the method, in the order of [`COLUMNS`].
    fn cells(&self, name: &str) -> Vec<Cell> {
        let numbers = [
            self.seconds,
            self.training_rows_per_second,
            self.fold_fits,
            self.seconds_per_fold,
            self.all_seconds,
            self.predicted_rows_per_second,
        ];
        let mut cells = vec![Cell::Text(name.to_owned())];
        cells.extend(numbers.map(Cell::Number));
        cells.push(Cell::Text(self.note.clone()));
        cells
    }
}

/// Puts both tables into the record as they stand.
pub(super) fn publish(plan: &Plan<'_>, store: &Store, context: &mut Context<'_>) {
    let rows = speed(plan, store).iter().map(|times| times.cells(times.method.name())).collect();
    let columns = COLUMNS.map(|(_, words)| words.to_owned()).to_vec();
    context.show_only(&ch::SPEED, Table { columns, rows });
    let columns = ["method", "settings"].map(str::to_owned).to_vec();
    context.show_only(&ch::CHOSEN, Table { columns, rows: settings(plan, store) });
}

/// Writes `speed.csv` into the run folder.
pub(super) fn write(plan: &Plan<'_>, store: &Store, context: &Context<'_>) -> Result<(), RunError> {
    let mut text = COLUMNS.map(|(key, _)| key).join(",");
    text.push('\n');
    for times in speed(plan, store) {
        let cell = |cell: &Cell| match cell {
            Cell::Number(number) if number.is_nan() => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(words) => words.replace(',', ";"),
        };
        text.push_str(&times.cells(times.method.key()).iter().map(cell).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    context.write_file("speed.csv", text.as_bytes())
}

/// Times of all methods, base models first.
fn speed(plan: &Plan<'_>, store: &Store) -> Vec<Times> {
    let rows = plan.material.train.y.len() as f64;
    let mut lines = Vec::new();
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        let folds = store.folds.iter().filter(|((own, _), _)| own == model).map(|(_, fit)| fit.seconds);
        let pairs = store.pairs.iter().filter(|((own, ..), _)| own == model).map(|(_, fit)| fit.seconds);
        let seconds: Vec<f64> = folds.chain(pairs).collect();
        let (count, sum) = (seconds.len() as f64, seconds.iter().sum::<f64>());
        lines.push(Times {
            method: Method::Base(*kind),
            seconds: fit.seconds,
            training_rows_per_second: rows / fit.seconds,
            fold_fits: count,
            seconds_per_fold: sum / count,
            all_seconds: fit.seconds + sum,
            predicted_rows_per_second: predicted_rows(plan, fit) / fit.predict_seconds,
            note: String::new(),
        });
    }
    for (number, fit) in &store.aggregated {
        let Some(aggregator) = plan.aggregators.get(*number) else { continue };
        lines.push(Times {
            seconds: fit.seconds,
            // A rule is not fitted; its rows a second would be the clock's.
            training_rows_per_second: if aggregator.learns() { rows / fit.seconds } else { f64::NAN },
            fold_fits: 0.0,
            all_seconds: fit.seconds,
            ..Times::none(Method::Joined(*aggregator), String::new())
        });
    }
    lines.extend(store.excluded.iter().map(|(method, why)| Times::none(*method, format!("left out: {why}"))));
    lines
}

fn predicted_rows(plan: &Plan<'_>, fit: &FullFit) -> f64 {
    (fit.validation.len() + fit.calibration.len() + fit.test.len()) as f64 / plan.levels.len().max(1) as f64
}

fn settings(plan: &Plan<'_>, store: &Store) -> Vec<Vec<Cell>> {
    let line = |method: Method, text: String| vec![Cell::Text(method.name().to_owned()), Cell::Text(text)];
    let mut lines = Vec::new();
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        lines.push(line(Method::Base(*kind), words(fit)));
    }
    for (number, fit) in &store.aggregated {
        let Some(aggregator) = plan.aggregators.get(*number) else { continue };
        let words = fit.trial.map_or_else(
            || "nothing to choose".to_owned(),
            |trial| format!("{}, best after {} steps", trial.words(aggregator.is_local()), fit.steps),
        );
        lines.push(line(Method::Joined(*aggregator), words));
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
