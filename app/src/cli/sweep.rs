//! A sweep on the command line: member after member, one that fails does not end the others, and the same command does what is left.

use std::path::Path;

use anyhow::anyhow;
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::{Problem, SweepRun, expand};
use weightscope_engine::run::{
    self, Control, Outcome, Place, RunError, RunRequest, config_hash, new_run_folder,
};
use weightscope_engine::store::{self, Status};

use super::args::RunArguments;
use super::progress::Terminal;
use super::run::{before_start, report_folder};
use super::{Failure, load, output};

/// What became of a member.
enum Ended {
    Done,
    /// It was done before.
    Before,
    Failed(String),
    Cancelled,
}

/// Carries all members out; at the end those that failed are listed.
pub(super) fn run(
    arguments: &RunArguments,
    loaded: &load::Loaded,
    runs: &Path,
    control: &Control,
) -> Result<(), Failure> {
    let members = expand(&loaded.experiment).map_err(|problems| load::refused(&loaded.origin, &problems))?;
    // Before the first member makes a folder.
    let problems = run::check_data(&loaded.experiment).map_err(before_start)?.problems;
    if problems.iter().any(Problem::is_error) {
        return Err(before_start(RunError::Problems(problems)));
    }
    let new = || new_run_folder(runs, &loaded.origin, &loaded.experiment);
    let root = arguments.out.clone().unwrap_or_else(new);
    let mut failed: Vec<(String, String)> = Vec::new();
    for member in &members {
        match one(arguments, loaded, member, &root.join(&member.label), control)? {
            Ended::Done => {}
            Ended::Before => output::note(&format!("{}: done before", member.name)),
            Ended::Failed(why) => {
                output::note(&format!("{} failed: {why}", member.name));
                failed.push((member.name.clone(), why));
            }
            Ended::Cancelled => {
                output::note("cancelled; the same command goes on with what is left");
                return Err(Failure::Cancelled);
            }
        }
    }
    report_folder(&root, arguments.report, None);
    if failed.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = failed.iter().map(|(name, why)| format!("{name} ({why})")).collect();
    Err(Failure::run(anyhow!(
        "{} of {} runs failed: {}; mend the cause and give the same command with --out {} again",
        failed.len(),
        members.len(),
        list.join("; "),
        root.display()
    )))
}

/// A member in its folder: new, gone on with, or done before.
fn one(
    arguments: &RunArguments,
    loaded: &load::Loaded,
    member: &SweepRun,
    folder: &Path,
    control: &Control,
) -> Result<Ended, Failure> {
    let terminal = &mut Terminal::new(arguments.report);
    let outcome = match store::read_manifest(folder) {
        Ok(manifest) if manifest.config_hash != config_hash(&member.experiment) => {
            return Err(Failure::request(anyhow!(
                "the folder of \"{}\" holds a run with other settings; choose another --out: {}",
                member.name,
                folder.display()
            )));
        }
        Ok(manifest) if manifest.status == Status::Done => return Ok(Ended::Before),
        Ok(_) => run::resume(CATALOGUE, folder, terminal, control),
        Err(_) => {
            let request = RunRequest {
                experiment: member.experiment.clone(),
                asked: None,
                origin: format!("{}: {}", loaded.origin, member.name),
                place: Place::New(folder.to_owned()),
            };
            run::run(&request, terminal, control)
        }
    };
    Ok(match outcome {
        Ok(outcome) => ended(&outcome, arguments),
        Err(RunError::Cancelled(_)) => Ended::Cancelled,
        Err(error) => Ended::Failed(error.to_string()),
    })
}

fn ended(outcome: &Outcome, arguments: &RunArguments) -> Ended {
    if let Some(folder) = &outcome.folder {
        report_folder(folder, arguments.report, Some(outcome));
    }
    match outcome.status {
        Status::Done => Ended::Done,
        Status::Cancelled => Ended::Cancelled,
        _ => Ended::Failed(outcome.reason.clone().unwrap_or_else(|| "the run failed".to_owned())),
    }
}
