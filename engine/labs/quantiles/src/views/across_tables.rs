//! Tables across runs: paired differences over the splits of one data set, and which runs are compared.

use super::across::{Entry, Gathered, PAIRED, RUNS, averaged, shared_methods};
use crate::channels::{channel, only};
use crate::method::compare::paired_bootstrap;
use crate::names::name;
use weightscope_frame::record::{Cell, Channel, Data, Table};
use weightscope_math::rng::stream;

/// Draws of the bootstrap.
const DRAWS: usize = 2000;
/// Fewest splits of which a bootstrap can say anything.
const FEWEST_SPLITS: usize = 2;
/// Fewest splits for a verdict: the published protocol has five.
const FEWEST_FOR_VERDICT: usize = 5;

/// Each method minus the one that scores are relative to, split by split, on the shown run's data set.
pub(super) fn paired(gathered: &Gathered, relative_to: &str) -> Channel {
    let Some(shown) = gathered.entries.first() else {
        return table_channel(PAIRED, "paired differences", "", Table::default());
    };
    let own: Vec<&Entry> = gathered.entries.iter().filter(|entry| entry.set == shown.set).collect();
    let methods = shared_methods(&own);
    let splits = averaged(&own, &methods, |entry| &entry.split);
    let reference = methods.iter().position(|name| *name == relative_to);
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
    let difference = format!("difference to {}", name(relative_to));
    let columns =
        ["method", "splits", "mean WIS", &difference, "low (95 %)", "high (95 %)", "better on", "note"];
    let table = Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: lines.into_iter().map(|(_, cells)| cells).collect(),
    };
    let about = format!("Test WIS over {} splits of {}, standardised target.", splits.len(), shown.set_name);
    table_channel(PAIRED, "paired differences", &about, table)
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

/// The runs that are compared and those that are not, with the reason.
pub(super) fn runs(gathered: &Gathered) -> Channel {
    let text = |words: &str| Cell::Text(words.to_owned());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for entry in &gathered.entries {
        let note = if entry.differs.is_empty() {
            String::new()
        } else {
            format!("differs from this run in {}", entry.differs.join(", "))
        };
        rows.push(vec![
            text(&entry.run),
            text(&entry.set_name),
            text(&entry.split),
            Cell::Number(entry.wis.len() as f64),
            Cell::Text(note),
        ]);
    }
    for (run, why) in &gathered.left_out {
        rows.push(vec![
            text(run),
            text(""),
            text(""),
            Cell::Number(0.0),
            Cell::Text(format!("left out: {why}")),
        ]);
    }
    let columns = ["run", "data set", "split", "methods", "note"].map(str::to_owned).to_vec();
    let about = "Runs whose test scores are compared.";
    table_channel(RUNS, "compared runs", about, Table { columns, rows })
}

fn table_channel(id: &str, label: &str, about: &str, table: Table) -> Channel {
    channel(id, label, "", about, Data::Table(only(0, table)))
}
