//! Which runs are compared, and which are not.

use super::super::draw::picture;
use super::{Gathered, gather, spec};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Table, ViewKind};

/// One line a run.
const RUNS: Declared<OfTables> =
    Declared::new("compared_runs", "compared runs", "", "Runs whose test scores are compared.");

/// The runs that are compared.
pub(super) fn view() -> View<Config> {
    View::new(spec("compared_runs", "Compared runs", ViewKind::Table, &RUNS)).derived(|config, job| {
        let runs = gather(config, job).map(|gathered| picture(&RUNS, "compared runs", runs(&gathered)));
        Ok(runs.into_iter().collect())
    })
}

/// The runs that are compared and those that are not, with the reason.
fn runs(gathered: &Gathered) -> Table {
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
    Table { columns, rows }
}
