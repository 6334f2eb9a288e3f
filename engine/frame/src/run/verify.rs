//! Whether a run can be repeated: run it again, compare the metric stream bit for bit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::check::{refuse_data, refuse_others};
use super::context::Expected;
use super::control::Control;
use super::error::RunError;
use super::event::Observer;
use super::fork::plant_again;
use super::worker::{Place, RunRequest, now_text, resume, run_on};
use crate::lab::Catalogue;
use crate::store::{self, Row, Status, StoreError, Verification};

/// What the comparison found.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// The same rows with the same bits.
    Identical {
        /// Rows compared.
        rows: usize,
    },
    /// The first difference, in words.
    Different(String),
    /// The data are not those of the run, in words: nothing was repeated.
    DataChanged(String),
    /// The data cannot be opened, in words: nothing was repeated.
    DataMissing(String),
}

/// Repeats a finished run (a fork from the checkpoint it began with) inside its own folder, compares, and writes the outcome into its manifest.
pub fn verify(
    catalogue: Catalogue,
    path: &Path,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Comparison, RunError> {
    let manifest = store::read_manifest(path)?;
    let mut experiment = store::read_experiment(catalogue, path)?;
    experiment.method.kept(path);
    let original = store::read_metrics(path)?;
    let expected = manifest.data_hashes();
    let found = refuse_data(&experiment)
        .and_then(|read| refuse_others(&read, &expected, &manifest.data).map(|()| read));
    let found = match found {
        Ok(read) => read,
        Err(error @ RunError::DataChanged { .. }) => return Ok(Comparison::DataChanged(error.to_string())),
        Err(error @ RunError::Problems(_)) => return Ok(Comparison::DataMissing(error.to_string())),
        Err(other) => return Err(other),
    };
    let method = experiment.method.clone();
    let again = path.join("verify");
    remove(&again)?;
    let outcome = if let Some(parent) = &manifest.parent {
        plant_again(path, parent, &experiment, &again)?;
        resume(catalogue, &again, observer, control)?
    } else {
        let origin = "verify".to_owned();
        let request = RunRequest { experiment, asked: None, origin, place: Place::New(again.clone()) };
        let expected = Expected::of(&manifest, &found);
        run_on(&request, expected, observer, control)?
    };
    let repeated = store::read_metrics(&again)?;
    let figures = store::read_manifest(&again)?.results;
    let tables = differing_tables(path, &again);
    remove(&again)?;
    if outcome.status == Status::Cancelled {
        return Err(RunError::Cancelled(super::control::Cancelled));
    }
    let mut comparison = compare(&original, &repeated, manifest.status, |channel| method.is_clock(channel));
    if manifest.status == Status::Done && matches!(comparison, Comparison::Identical { .. }) {
        let is_clock = |name: &str| method.is_clock_result(name);
        let other = other_figures(&manifest.results, &figures, is_clock).or(tables);
        comparison = other.map_or(comparison, Comparison::Different);
    }
    let verified = Verification {
        identical: matches!(comparison, Comparison::Identical { .. }),
        version: crate::VERSION.to_owned(),
        at: now_text(),
    };
    store::update_manifest(path, |manifest| manifest.verified = Some(verified))?;
    Ok(comparison)
}

/// Repeats and compares on a thread of its own.
pub fn spawn_verify(
    catalogue: Catalogue,
    path: PathBuf,
    mut observer: Box<dyn Observer>,
    control: Arc<Control>,
) -> std::io::Result<JoinHandle<Result<Comparison, RunError>>> {
    std::thread::Builder::new()
        .name("verify".to_owned())
        .spawn(move || verify(catalogue, &path, observer.as_mut(), &control))
}

/// The first final figure that differs, in words; figures of the machine aside.
fn other_figures(
    before: &BTreeMap<String, f64>,
    now: &BTreeMap<String, f64>,
    is_clock: impl Fn(&str) -> bool,
) -> Option<String> {
    let names = before.keys().chain(now.keys()).filter(|name| !is_clock(name));
    let of = |figures: &BTreeMap<String, f64>, name: &String| figures.get(name).copied();
    let text = |figure: Option<f64>| figure.map_or_else(|| "none".to_owned(), |figure| figure.to_string());
    names
        .map(|name| (name, of(before, name), of(now, name)))
        .find(|(_, a, b)| a.map(f64::to_bits) != b.map(f64::to_bits))
        .map(|(name, a, b)| format!("result {name}: {} before, {} now", text(a), text(b)))
}

/// The first table of the lab's own that differs, in words: `scores.csv`, `grid.csv`. Columns of times and of rates differ by nature:
/// those with `second` in their names.
fn differing_tables(before: &Path, again: &Path) -> Option<String> {
    let mut names: Vec<std::ffi::OsString> = fs::read_dir(again)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "csv") && *name != *"metrics.csv")
        .collect();
    names.sort();
    names.into_iter().find_map(|name| {
        let (old, new) = (cells(&before.join(&name)), cells(&again.join(&name)));
        let place = old.iter().zip(&new).position(|(old, new)| old != new);
        let place = place.or_else(|| (old.len() != new.len()).then(|| old.len().min(new.len())))?;
        Some(format!("{}, line {}: another content", name.display(), place + 1))
    })
}

/// Lines of a table without its columns of times and rates; labs write no commas into cells.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let header = text.lines().next().unwrap_or_default();
    let kept: Vec<bool> = header.split(',').map(|name| !name.contains("second")).collect();
    let of = |line: &str| {
        line.split(',').zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell.to_owned()).collect()
    };
    text.lines().map(of).collect()
}

/// Compares two streams. A run that ended early is compared as far as it came.
fn compare(
    original: &[Row],
    repeated: &[Row],
    status: Status,
    is_clock: impl Fn(&str) -> bool,
) -> Comparison {
    let of = |rows: &[Row]| rows.iter().filter(|row| !is_clock(&row.channel)).cloned().collect::<Vec<_>>();
    let (original, mut repeated) = (of(original), of(repeated));
    if status != Status::Done {
        repeated.truncate(original.len());
    }
    for (a, b) in original.iter().zip(&repeated) {
        let same = a.step == b.step
            && a.channel == b.channel
            && a.value.to_bits() == b.value.to_bits()
            && a.epoch.to_bits() == b.epoch.to_bits();
        if !same {
            return Comparison::Different(format!(
                "step {}, {}: {} before, {} now (step {}, {})",
                a.step, a.channel, a.value, b.value, b.step, b.channel
            ));
        }
    }
    if original.len() == repeated.len() {
        Comparison::Identical { rows: original.len() }
    } else {
        Comparison::Different(format!("{} rows before, {} now", original.len(), repeated.len()))
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("the folder of the repeated run", path, error))
        }
        _ => Ok(()),
    }
}
