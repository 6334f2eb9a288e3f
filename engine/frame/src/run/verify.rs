//! Whether a run can be repeated: run it again, compare the metric stream bit for bit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::control::Control;
use super::error::RunError;
use super::event::Observer;
use super::fork::plant_again;
use super::worker::{Place, RunRequest, now_text, resume, run};
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
}

/// Repeats a finished run (a fork from the checkpoint it began with) inside its own folder, compares, and writes the outcome into its manifest.
pub fn verify(
    catalogue: Catalogue,
    path: &Path,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Comparison, RunError> {
    let manifest = store::read_manifest(path)?;
    let experiment = store::read_experiment(catalogue, path)?;
    let original = store::read_metrics(path)?;
    let method = experiment.method.clone();
    let again = path.join("verify");
    remove(&again)?;
    let outcome = if let Some(parent) = &manifest.parent {
        plant_again(path, parent, &experiment, &again)?;
        resume(catalogue, &again, observer, control)?
    } else {
        let origin = "verify".to_owned();
        let request = RunRequest { experiment, asked: None, origin, place: Place::New(again.clone()) };
        run(&request, observer, control)?
    };
    let repeated = store::read_metrics(&again)?;
    remove(&again)?;
    if outcome.status == Status::Cancelled {
        return Err(RunError::Cancelled(super::control::Cancelled));
    }
    let comparison = compare(&original, &repeated, manifest.status, |channel| method.is_clock(channel));
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
