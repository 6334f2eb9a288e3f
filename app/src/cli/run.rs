//! `run`, `resume`, `fork`, `verify`, `card`.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;
use weightscope_engine::CATALOGUE;
use weightscope_engine::run::{
    self, Comparison, Control, ForkRequest, Outcome, Place, Resuming, RunError, RunRequest, new_run_folder,
};
use weightscope_engine::store::{self, Status};

use super::args::{ForkArguments, Report, RunArguments};
use super::progress::Terminal;
use super::{Failure, load, output, sweep};

/// `run EXPERIMENT`.
pub(super) fn run(arguments: &RunArguments, runs: &Path) -> Result<(), Failure> {
    let mut loaded = load::experiment(&arguments.experiment, &arguments.set)?;
    if let Some(device) = arguments.device {
        loaded.experiment.device = device.into();
        loaded.asked = None;
    }
    if let Some(threads) = arguments.threads {
        loaded.experiment.threads = threads;
        loaded.asked = None;
    }
    let control = interruptible();
    if loaded.experiment.sweep.is_some() {
        return sweep::run(arguments, &loaded, runs, &control);
    }
    let new = || new_run_folder(runs, &loaded.origin, &loaded.experiment);
    let request = RunRequest {
        place: Place::New(arguments.out.clone().unwrap_or_else(new)),
        experiment: loaded.experiment,
        asked: loaded.asked,
        origin: loaded.origin.clone(),
    };
    let outcome = run::run(&request, &mut Terminal::new(arguments.report), &control).map_err(before_start)?;
    finish(&outcome, arguments.report)
}

/// `resume RUN_DIR`.
pub(super) fn resume(path: &Path, how: &Resuming, report: Report) -> Result<(), Failure> {
    let is_done = store::read_manifest(path).is_ok_and(|manifest| manifest.status == Status::Done);
    let outcome = run::resume_with(CATALOGUE, path, how, &mut Terminal::new(report), &interruptible());
    let outcome = outcome.map_err(before_start)?;
    if is_done {
        output::note("nothing left to do: the run is done");
    }
    finish(&outcome, report)
}

/// `fork RUN_DIR`.
pub(super) fn fork(arguments: &ForkArguments, runs: &Path) -> Result<(), Failure> {
    let name = arguments.run_dir.display().to_string();
    let before = store::read_experiment(CATALOGUE, &arguments.run_dir).map_err(Failure::request)?;
    let mut experiment = before.clone();
    let problems = load::set(&mut experiment, &arguments.set);
    if !problems.is_empty() {
        return Err(load::refused(&name, &problems));
    }
    let origin = store::read_manifest(&arguments.run_dir).map_err(Failure::request)?.origin;
    let place = arguments.out.clone().unwrap_or_else(|| new_run_folder(runs, &origin, &experiment));
    let parent = arguments.run_dir.clone();
    let request = ForkRequest { parent, step: arguments.step, experiment, origin, place };
    let outcome = run::fork(CATALOGUE, &request, &mut Terminal::new(arguments.report), &interruptible());
    finish(&outcome.map_err(before_start)?, arguments.report)
}

/// `card RUN_DIR`.
pub(super) fn card(path: &Path) -> Result<(), Failure> {
    let manifest = store::read_manifest(path).map_err(Failure::request)?;
    let experiment = store::read_experiment(CATALOGUE, path).map_err(Failure::request)?;
    output::line(weightscope_window::card::markdown(&manifest, &experiment).trim_end());
    Ok(())
}

/// `verify RUN_DIR`.
pub(super) fn verify(path: &Path, report: Report) -> Result<(), Failure> {
    match run::verify(CATALOGUE, path, &mut Terminal::new(report), &interruptible()).map_err(before_start)? {
        Comparison::Identical { rows } => {
            if report.json {
                output::json(&json!({ "event": "verified", "identical": true, "rows": rows }));
            } else {
                output::line(&format!("identical: {rows} rows of the metric stream, bit for bit"));
            }
            Ok(())
        }
        Comparison::DataChanged(why) | Comparison::DataMissing(why) => {
            if report.json {
                output::json(&json!({ "event": "verified", "identical": null, "data": why }));
            }
            Err(Failure::request(anyhow!("{why}")))
        }
        Comparison::Different(what) => {
            if report.json {
                output::json(&json!({ "event": "verified", "identical": false, "difference": what }));
            } else {
                output::line(&format!("different: {what}"));
            }
            Err(Failure::run(anyhow!(
                "the repeated run differs; was it made by another version or on another device?"
            )))
        }
    }
}

/// `verify RUN_DIR --files`.
pub(super) fn verify_files(path: &Path, report: Report) -> Result<(), Failure> {
    let manifest = store::read_manifest(path).map_err(Failure::request)?;
    let check = store::check_files(path, manifest.files_hash.as_deref()).map_err(Failure::request)?;
    let is_sound = check.differing.is_empty();
    if report.json {
        let differing: Vec<_> =
            check.differing.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
        let (sound, bytes) = (check.sound, check.bytes);
        let found = json!({ "event": "files", "identical": is_sound, "files": sound, "bytes": bytes, "differing": differing });
        output::json(&found);
    } else {
        check.differing.iter().for_each(|(file, why)| output::line(&format!("{why}: {file}")));
        output::line(&format!("{} files, {} bytes, are as the run left them", check.sound, check.bytes));
    }
    if is_sound {
        return Ok(());
    }
    Err(Failure::run(anyhow!(
        "{} of the run's files are not as it left them; copy them back, or repeat the run: {}",
        check.differing.len(),
        path.display()
    )))
}

/// A control that an interrupt cancels; the run then ends in order and keeps what it has.
pub(super) fn interruptible() -> Arc<Control> {
    let control = Arc::new(Control::default());
    let handle = Arc::clone(&control);
    if let Err(error) = ctrlc::set_handler(move || handle.cancel()) {
        tracing::warn!("an interrupt will not be handled in order: {error}");
    }
    control
}

pub(super) fn finish(outcome: &Outcome, report: Report) -> Result<(), Failure> {
    if let Some(folder) = &outcome.folder {
        report_folder(folder, report, Some(outcome));
    }
    match outcome.status {
        Status::Done => Ok(()),
        Status::Cancelled => {
            let reached = outcome.reason.as_ref().map_or_else(String::new, |reached| format!(" {reached}"));
            let kept = if outcome.folder.is_some() {
                "what the run had is kept, and `weightscope resume` goes on with it"
            } else {
                "without --out nothing of it is kept"
            };
            output::note(&format!("cancelled{reached}; {kept}"));
            Err(Failure::Cancelled)
        }
        _ => Err(Failure::run(anyhow!(
            "{}",
            outcome.reason.clone().unwrap_or_else(|| "the run failed".to_owned())
        ))),
    }
}

pub(super) fn report_folder(folder: &Path, report: Report, outcome: Option<&Outcome>) {
    if report.json {
        let status = outcome.map(|outcome| outcome.status.word());
        let results = outcome.map(|outcome| &outcome.results);
        output::json(&json!({ "event": "folder", "folder": folder, "status": status, "results": results }));
    } else {
        output::line(&folder.display().to_string());
    }
}

/// What goes wrong before the first step is a wrong request, except a place that cannot be written.
pub(super) fn before_start(error: RunError) -> Failure {
    match error {
        RunError::Cancelled(_) => Failure::Cancelled,
        RunError::Defect(_) => Failure::run(error),
        other => Failure::request(other),
    }
}
