//! Figures of the methods of several runs: mean and range over seeds, and what the difference to the largest architecture shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Channel, Data, Metric, Table, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;
use weightscope_frame::store;

use super::{number, table};
use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

/// Headings.
const COLUMNS: [&str; 14] = [
    "method",
    "runs",
    "regret",
    "lowest",
    "highest",
    "rank τ",
    "lowest τ",
    "highest τ",
    "accuracy",
    "over the largest",
    "shown",
    "parameters",
    "search (s)",
    "seconds a step",
];

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        empty:
            "The figures of this run's method and of those of the ticked runs appear here when they are done."
                .to_owned(),
        help: include_str!("../help/methods.md").to_owned(),
        ..ViewSpec::of("methods", "Methods", ViewKind::Table, &[&ch::METHODS])
    })
    .derived(derive)
}

type Results = BTreeMap<String, f64>;

/// What tells runs of different kinds apart.
fn label(config: &Config) -> String {
    let mut label = if config.has_networks() {
        config.method.key().to_owned()
    } else {
        config.searchers.first().map_or_else(String::new, |searcher| searcher.key().to_owned())
    };
    if config.has_networks() && config.size_penalty > 0.0 {
        let _ = write!(label, ", size penalty {}", config.size_penalty);
    }
    label
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let mut runs: BTreeMap<String, Vec<Results>> = BTreeMap::new();
    let own = job.folder.and_then(|folder| store::read_manifest(folder).ok());
    if let Some(manifest) = own {
        runs.entry(label(config)).or_default().push(manifest.results);
    }
    for peer in job.peers {
        job.control.check()?;
        let (Some(settings), Ok(manifest)) =
            (peer.experiment.method.settings::<Config>(), store::read_manifest(&peer.folder))
        else {
            continue;
        };
        runs.entry(label(settings)).or_default().push(manifest.results);
    }
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let spread = spread(job);
    let rows = runs.iter().map(|(label, runs)| row(label, runs, spread)).collect();
    let table = Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows };
    Ok(vec![Channel { data: Data::Table(Timeline::one(table)), ..ch::METHODS.channel() }])
}

/// Mean standard deviation of an accuracy over training seeds.
fn spread(job: &Derive<'_>) -> Option<f64> {
    let table = table(job.record, ch::ARCHITECTURES.id())?;
    let column = table.columns.iter().position(|name| name == "table_spread")?;
    let all: Vec<f64> =
        table.rows.iter().map(|row| number(row.get(column))).filter(|own| own.is_finite()).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

fn row(label: &str, runs: &[Results], spread: Option<f64>) -> Vec<Cell> {
    let of = |metric: &Metric| -> Vec<f64> {
        runs.iter().filter_map(|run| run.get(metric.name).copied()).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let range = |values: &[f64]| {
        let low = values.iter().copied().fold(f64::NAN, f64::min);
        (low, values.iter().copied().fold(f64::NAN, f64::max))
    };
    let (regret, tau) = (of(&metrics::REGRET), of(&metrics::RANK_TAU));
    let gains: Vec<f64> = runs
        .iter()
        .filter_map(|run| Some(run.get(metrics::LARGEST_REGRET.name)? - run.get(metrics::REGRET.name)?))
        .collect();
    let gain = mean(&gains);
    let shown = match spread {
        _ if !gain.is_finite() => "no table",
        Some(spread) if gain.abs() <= 2.0 * spread => "no difference shown",
        Some(_) if gain > 0.0 => "better than the largest",
        Some(_) => "worse than the largest",
        None => "one training: no difference can be shown",
    };
    let ((low, high), (low_tau, high_tau)) = (range(&regret), range(&tau));
    let numbers = [
        runs.len() as f64,
        mean(&regret),
        low,
        high,
        mean(&tau),
        low_tau,
        high_tau,
        mean(&of(&metrics::PICK_ACCURACY)),
        gain,
    ];
    let mut cells = vec![Cell::Text(label.to_owned())];
    cells.extend(numbers.map(Cell::Number));
    cells.push(Cell::Text(shown.to_owned()));
    let last = [&metrics::PICK_PARAMETERS, &metrics::SEARCH_SECONDS, &metrics::STEP_SECONDS];
    cells.extend(last.map(|metric| Cell::Number(mean(&of(metric)))));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_within_the_noise_of_a_training_shows_nothing() {
        let run = |regret: f64| -> Results {
            [
                ("regret".to_owned(), regret),
                ("largest_regret".to_owned(), 0.008),
                ("rank_tau".to_owned(), 0.5),
            ]
            .into()
        };
        let cells = row("tanglenas", &[run(0.008), run(0.012)], Some(0.018));
        assert_eq!(cells.len(), COLUMNS.len());
        assert_eq!(cells[10], Cell::Text("no difference shown".to_owned()));
        assert_eq!(row("a", &[run(0.2)], Some(0.018))[10], Cell::Text("worse than the largest".to_owned()));
        assert_eq!((cells[3].clone(), cells[4].clone()), (Cell::Number(0.008), Cell::Number(0.012)));
    }
}
