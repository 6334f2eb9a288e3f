//! Paired differences between the methods over the splits of one data set.

use super::super::draw::{picture, saying};
use super::{Entry, Gathered, averaged, gather, shared_methods, spec};
use crate::config::Config;
use crate::method::compare::paired_bootstrap;
use crate::names::{Method, name};
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind};
use weightscope_math::rng::stream;

/// One line a method.
const PAIRED: Declared<OfTables> = Declared::new(
    "paired",
    "paired differences",
    "",
    "Test WIS over the splits of the shown run's data set, standardised target.",
);

/// Draws of the bootstrap.
const DRAWS: usize = 2000;
/// Fewest splits of which a bootstrap can say anything.
const FEWEST_SPLITS: usize = 2;
/// Fewest splits for a verdict: the published protocol has five.
const FEWEST_FOR_VERDICT: usize = 5;

/// Differences over splits.
pub(super) fn view() -> View<Config> {
    View::new(spec("paired", "Differences over splits", ViewKind::Table, &PAIRED)).derived(|config, job| {
        let paired = gather(config, job).and_then(|gathered| paired(&gathered, config.relative_to));
        Ok(paired.into_iter().collect())
    })
}

/// Each method minus the one that scores are relative to, split by split, on the shown run's data set.
fn paired(gathered: &Gathered, relative_to: Method) -> Option<Channel> {
    let shown = gathered.entries.first()?;
    let own: Vec<&Entry> = gathered.entries.iter().filter(|entry| entry.set == shown.set).collect();
    let methods = shared_methods(&own);
    let splits = averaged(&own, &methods, |entry| &entry.split);
    let reference = methods.iter().position(|name| *name == relative_to.key());
    let mut lines: Vec<(f64, Vec<Cell>)> = Vec::new();
    for (index, method) in methods.iter().enumerate() {
        let mean = splits.iter().map(|(_, scores)| scores[index]).sum::<f64>() / splits.len().max(1) as f64;
        let mut cells =
            vec![Cell::Text(name(method).to_owned()), Cell::Number(splits.len() as f64), Cell::Number(mean)];
        let differences: Vec<f64> = reference.map_or_else(Vec::new, |reference| {
            splits.iter().map(|(_, scores)| scores[index] - scores[reference]).collect()
        });
        cells.extend(compared(&differences));
        lines.push((mean, cells));
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    // One reason for all methods is said once.
    if splits.len() < FEWEST_SPLITS {
        lines.iter_mut().skip(1).filter_map(|(_, cells)| cells.last_mut()).for_each(|note| {
            *note = Cell::Text(String::new());
        });
    }
    let difference = format!("difference to {}", relative_to.name());
    let columns =
        ["method", "splits", "mean WIS", &difference, "low (95 %)", "high (95 %)", "better on", "note"];
    let table = Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: lines.into_iter().map(|(_, cells)| cells).collect(),
    };
    let about = format!("Test WIS over {} splits of {}, standardised target.", splits.len(), shown.set_name);
    Some(saying(picture(&PAIRED, "paired differences", table), about))
}

/// Mean difference, its interval, the number of splits on which the method is better, a note.
fn compared(differences: &[f64]) -> Vec<Cell> {
    if differences.len() < FEWEST_SPLITS {
        let note = if differences.is_empty() {
            "the run has no such method".to_owned()
        } else {
            "tick a finished run on another split".to_owned()
        };
        let mean = differences.first().copied().unwrap_or(f64::NAN);
        let mut cells = vec![Cell::Number(mean)];
        cells.extend([f64::NAN; 3].map(Cell::Number));
        cells.push(Cell::Text(note));
        return cells;
    }
    // The same draws of splits for each method.
    let found = paired_bootstrap(differences, DRAWS, 0.95, &mut stream(0, "across/splits"));
    let better = differences.iter().filter(|value| **value < 0.0).count();
    let note = if differences.len() < FEWEST_FOR_VERDICT {
        "few splits: the interval is coarse"
    } else if found.upper < 0.0 {
        "better"
    } else if found.lower > 0.0 {
        "worse"
    } else {
        ""
    };
    let mut cells: Vec<Cell> =
        [found.mean, found.lower, found.upper, better as f64].map(Cell::Number).to_vec();
    cells.push(Cell::Text(note.to_owned()));
    cells
}
