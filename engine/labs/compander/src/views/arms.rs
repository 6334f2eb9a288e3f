//! The gains of several runs in one table: what a paper prints.

use std::path::Path;

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Derive, Method, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Channel, Data, Table, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;
use weightscope_frame::store::read_experiment;

use crate::channels as ch;
use crate::config::Config;
use crate::method::gain::Gain;
use crate::train::NETWORKS;

/// The only control that the view depends on is which runs are ticked; the column by which gains are sorted is fixed.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::ARMS.id("*")],
        empty: "The gains of this run and of the ticked ones appear here when their repeats are done."
            .to_owned(),
        help: include_str!("../help/arms.md").to_owned(),
        ..ViewSpec::of("arms", "Arms", ViewKind::Table, &[&ch::ARMS])
    })
    .derived(|config, job| {
        // Each run is a channel, so that its row has its colour.
        let rows = rows(config, job)?.into_iter().enumerate().map(|(rank, (run, row))| Channel {
            run: Some(run),
            data: Data::Table(Timeline::one(Table { columns: columns(), rows: vec![row] })),
            ..ch::ARMS.labelled(&rank.to_string(), "gains by arm").channel()
        });
        Ok(rows.collect())
    })
}

/// One run with the accuracies of its networks and twins.
struct Arm {
    id: String,
    settings: Vec<(String, String)>,
    own: Vec<f64>,
    twin: Vec<f64>,
    /// Why it has none.
    why: Option<String>,
}

/// Headings of the table.
const COLUMNS: [&str; 10] = [
    "run",
    "arm",
    "networks",
    "test accuracy",
    "twin",
    "gain",
    "low (95 %)",
    "high (95 %)",
    "positive",
    "shown",
];

fn columns() -> Vec<String> {
    COLUMNS.map(str::to_owned).to_vec()
}

/// The rows as one table.
pub(super) fn table(config: &Config, job: &Derive<'_>) -> Result<Table, RunError> {
    let rows = rows(config, job)?.into_iter().map(|(_, row)| row).collect();
    Ok(Table { columns: columns(), rows })
}

/// A row for each run with its place, 0 for the one that is shown: the largest gain first, runs without gains at the end, with the reason.
fn rows(config: &Config, job: &Derive<'_>) -> Result<Vec<(usize, Vec<Cell>)>, RunError> {
    let mut arms = vec![this(config, job)];
    for peer in job.peers {
        job.control.check()?;
        arms.push(other(&peer.name, &peer.experiment, &peer.folder));
    }
    let words = differences(&arms);
    let mut rows: Vec<(usize, (f64, Vec<Cell>))> =
        arms.iter().zip(words).map(|(arm, words)| row(arm, words)).enumerate().collect();
    rows.sort_by(|(_, (a, _)), (_, (b, _))| b.total_cmp(a));
    Ok(rows.into_iter().map(|(run, (_, row))| (run, row)).collect())
}

fn row(arm: &Arm, words: String) -> (f64, Vec<Cell>) {
    let text = |words: &str| Cell::Text(words.to_owned());
    let Some(gain) = Gain::of(&arm.own, &arm.twin) else {
        let why = arm.why.clone().unwrap_or_else(|| "no network with a twin is done".to_owned());
        let mut cells = vec![text(&arm.id), Cell::Text(words), Cell::Number(0.0)];
        cells.extend([f64::NAN; 6].map(Cell::Number));
        cells.push(Cell::Text(why));
        return (f64::NEG_INFINITY, cells);
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (low, high) = gain.interval.unwrap_or((f64::NAN, f64::NAN));
    let mut cells = vec![text(&arm.id), Cell::Text(words), Cell::Number(gain.pairs as f64)];
    cells.extend([mean(&arm.own), mean(&arm.twin), gain.mean, low, high, gain.wins as f64].map(Cell::Number));
    cells.push(text(gain.words()));
    (gain.mean, cells)
}

/// The shown run, from its record.
fn this(config: &Config, job: &Derive<'_>) -> Arm {
    // Seed, device and threads stand in the folder alone: without one they are not known, and not said.
    let whole = job.folder.and_then(|folder| read_experiment(crate::OWN, folder).ok());
    let known = whole.map_or_else(
        || {
            let mut settings = settings(&Experiment::new(Method::of(crate::OWN, config.clone())));
            settings.retain(|(key, _)| !["seed", "device", "threads"].contains(&key.as_str()));
            settings
        },
        |experiment| settings(&experiment),
    );
    let (mut own, mut twin) = (Vec::new(), Vec::new());
    if let Some(Data::Table(timeline)) = job.record.get(ch::NETWORKS.id()).map(|channel| &channel.data)
        && let Some((_, table)) = timeline.last()
    {
        for row in &table.rows {
            if let [_, Cell::Text(arm), Cell::Number(accuracy), ..] = row.as_slice() {
                if arm == ch::TWIN { twin.push(*accuracy) } else { own.push(*accuracy) }
            }
        }
    }
    let id = if job.name.is_empty() { "this run" } else { job.name };
    Arm { id: id.to_owned(), settings: known, own, twin, why: None }
}

/// Another run, from its file.
fn other(id: &str, experiment: &Experiment, folder: &Path) -> Arm {
    let mut arm =
        Arm { id: id.to_owned(), settings: Vec::new(), own: Vec::new(), twin: Vec::new(), why: None };
    if experiment.method.settings::<Config>().is_none() {
        arm.why = Some(format!("it is a run of the lab {}", experiment.lab()));
        return arm;
    }
    arm.settings = settings(experiment);
    let Ok(text) = std::fs::read_to_string(folder.join(NETWORKS)) else {
        arm.why = Some(format!("it has no {NETWORKS}; it may not have come to its end"));
        return arm;
    };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        match cells.as_slice() {
            [_, name, accuracy, ..] if accuracy.parse::<f64>().is_ok() => {
                let accuracy = accuracy.parse().unwrap_or(f64::NAN);
                if *name == ch::TWIN { arm.twin.push(accuracy) } else { arm.own.push(accuracy) }
            }
            _ => arm.why = Some(format!("its {NETWORKS} cannot be read at \"{line}\"")),
        }
    }
    arm
}

fn settings(experiment: &Experiment) -> Vec<(String, String)> {
    let shown = experiment.settings().into_iter().filter(|(field, _)| field.shown);
    shown.map(|(field, value)| (field.key.to_owned(), value.to_string())).collect()
}

/// Settings that say how a run is looked at, or that a column of its own shows.
const ASIDE: [&str; 2] = ["record_every", "repeats"];

/// For each run its values of all settings in which the runs differ, so that a row can be read alone; empty where none differs.
fn differences(arms: &[Arm]) -> Vec<String> {
    let value = |arm: &Arm, key: &str| {
        arm.settings.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone())
    };
    let read: Vec<&Arm> = arms.iter().filter(|arm| !arm.settings.is_empty()).collect();
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in read.iter().flat_map(|arm| &arm.settings) {
        let differs = || {
            let mut values = read.iter().map(|arm| value(arm, key));
            let first = values.next();
            values.any(|other| Some(&other) != first.as_ref())
        };
        if !keys.contains(&key.as_str()) && !ASIDE.contains(&key.as_str()) && differs() {
            keys.push(key);
        }
    }
    let words = |arm: &Arm| {
        let own = keys.iter().filter_map(|key| {
            let own = value(arm, key)?;
            Some(format!("{key} {}", own.trim_matches('"')))
        });
        own.collect::<Vec<_>>().join(", ")
    };
    arms.iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(settings: &[(&str, &str)], own: &[f64], twin: &[f64]) -> Arm {
        Arm {
            id: "run".to_owned(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            own: own.to_vec(),
            twin: twin.to_vec(),
            why: None,
        }
    }

    #[test]
    fn an_arm_is_named_by_all_settings_in_which_the_runs_differ() {
        let with = |dropout, compander, every| {
            arm(
                &[("dropout", dropout), ("compander", compander), ("width", "1.4"), ("record_every", every)],
                &[],
                &[],
            )
        };
        let arms = [
            with("0.0", "\"arctan\"", "20"),
            with("0.2", "\"arctan\"", "40"),
            with("0.0", "\"softsign\"", "20"),
            arm(&[("dropout", "0.1"), ("compander", "\"none\"")], &[], &[]),
        ];
        assert_eq!(
            differences(&arms),
            [
                "dropout 0.0, compander arctan, width 1.4",
                "dropout 0.2, compander arctan, width 1.4",
                "dropout 0.0, compander softsign, width 1.4",
                "dropout 0.1, compander none",
            ],
            "a setting that a run has not counts as different"
        );
        assert_eq!(differences(&arms[..1]), [""], "one run differs from nothing");
    }

    #[test]
    fn a_row_says_what_its_interval_shows() {
        let (order, cells) = row(&arm(&[], &[0.8, 0.82, 0.81], &[0.7, 0.73, 0.7]), "x".to_owned());
        assert!((order - 0.1).abs() < 1e-12 && cells.len() == COLUMNS.len());
        assert_eq!(cells.last(), Some(&Cell::Text("gain".to_owned())));
        let (order, cells) = row(&arm(&[], &[], &[]), String::new());
        assert!(order == f64::NEG_INFINITY && cells.len() == COLUMNS.len(), "last, with the reason");
    }
}
