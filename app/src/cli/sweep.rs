//! A sweep on the command line: its members in order, some at once; one that fails does not end the others, and the same command does
//! what is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use anyhow::anyhow;
use weightscope_engine::CATALOGUE;
use weightscope_engine::device::DeviceChoice;
use weightscope_engine::experiment::{Experiment, Problem, SweepRun, check, expand};
use weightscope_engine::record::Record;
use weightscope_engine::run::{
    self, Control, Outcome, Place, RunError, RunRequest, config_hash, new_run_folder,
};
use weightscope_engine::store::{self, Status};

use super::args::RunArguments;
use super::progress::Terminal;
use super::run::{before_start, report_folder};
use super::{Failure, load, output};

/// Share of the work of a run that is spread over the workers, from which on it keeps them busy alone.
const BUSY: f64 = 0.9;
/// Memory that runs at once may need where nobody asks for them: a sweep of large ones needs no more than one of them.
const MOST_MEMORY: u64 = 256_000_000;

/// What became of a member.
enum Ended {
    /// It has a folder.
    Ran(Box<Outcome>),
    /// It was done before.
    Before,
    /// It did not begin.
    Failed(String),
    Cancelled,
}

/// A sweep in work.
struct Sweep<'a> {
    arguments: &'a RunArguments,
    origin: &'a str,
    members: &'a [SweepRun],
    root: PathBuf,
    control: &'a Control,
    /// Members that are carried out at once.
    jobs: usize,
}

/// Carries all members out; at the end those that failed are listed.
pub(super) fn run(
    arguments: &RunArguments,
    loaded: &load::Loaded,
    runs: &Path,
    control: &Control,
) -> Result<(), Failure> {
    let members = expand(&loaded.experiment).map_err(|problems| load::refused(&loaded.origin, &problems))?;
    // Before the first member makes a folder; the command line may ask for another device than the file.
    let problems = check(&loaded.experiment);
    if problems.iter().any(Problem::is_error) {
        return Err(load::refused(&loaded.origin, &problems));
    }
    let problems = run::check_data(&loaded.experiment).map_err(before_start)?.problems;
    if problems.iter().any(Problem::is_error) {
        return Err(before_start(RunError::Problems(problems)));
    }
    let new = || new_run_folder(runs, &loaded.origin, &loaded.experiment);
    let root = arguments.out.clone().unwrap_or_else(new);
    let jobs = arguments.jobs.map(|jobs| jobs as usize);
    let jobs = jobs.unwrap_or_else(|| at_once(arguments, &loaded.experiment, &members));
    let jobs = jobs.clamp(1, members.len().max(1));
    let sweep = Sweep { arguments, origin: &loaded.origin, members: &members, root, control, jobs };
    sweep.own_folders()?;
    let mut failed: Vec<(String, String)> = Vec::new();
    let mut is_cancelled = false;
    sweep.work(|member, ended| {
        let why = match ended {
            Ended::Before => return output::note(&format!("{}: done before", member.name)),
            Ended::Cancelled => return is_cancelled = true,
            Ended::Failed(why) => why,
            Ended::Ran(outcome) => {
                let outcome = *outcome;
                if let Some(folder) = &outcome.folder {
                    report_folder(folder, arguments.report, Some(&outcome));
                }
                match outcome.status {
                    Status::Done => return,
                    Status::Cancelled => return is_cancelled = true,
                    _ => outcome.reason.unwrap_or_else(|| "the run failed".to_owned()),
                }
            }
        };
        output::note(&format!("{} failed: {why}", member.name));
        failed.push((member.name.clone(), why));
    })?;
    if is_cancelled {
        output::note("cancelled; the same command goes on with what is left");
        return Err(Failure::Cancelled);
    }
    report_folder(&sweep.root, arguments.report, None);
    if failed.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = failed.iter().map(|(name, why)| format!("{name} ({why})")).collect();
    Err(Failure::run(anyhow!(
        "{} of {} runs failed: {}; mend the cause and give the same command with --out {} again",
        failed.len(),
        members.len(),
        list.join("; "),
        sweep.root.display()
    )))
}

/// Members that are carried out at once where nobody says: two, if one alone would leave workers idle and two need little memory. One after
/// the other where events of several runs would mix (`--json`), on a graphics card, and with one worker.
fn at_once(arguments: &RunArguments, experiment: &Experiment, members: &[SweepRun]) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = usize::try_from(experiment.threads).ok().filter(|threads| *threads > 0);
    let workers = workers.unwrap_or_else(cores);
    let spread = experiment.method.spread();
    let is_busy_alone = spread.workers >= workers && spread.share >= BUSY;
    let memory = members.iter().map(|member| member.experiment.method.cost().memory_bytes).max();
    let is_large = memory.unwrap_or(0).saturating_mul(2) > MOST_MEMORY;
    let mixes = arguments.report.json || experiment.device != DeviceChoice::Cpu;
    if mixes || workers < 2 || is_busy_alone || is_large { 1 } else { 2 }
}

impl Sweep<'_> {
    fn folder(&self, member: &SweepRun) -> PathBuf {
        self.root.join(&member.label)
    }

    /// Refuses folders that hold other runs, before any member begins.
    fn own_folders(&self) -> Result<(), Failure> {
        for member in self.members {
            let folder = self.folder(member);
            let hash = config_hash(&member.experiment);
            if store::read_manifest(&folder).is_ok_and(|manifest| manifest.config_hash != hash) {
                return Err(Failure::request(anyhow!(
                    "the folder of \"{}\" holds a run with other settings; choose another --out: {}",
                    member.name,
                    folder.display()
                )));
            }
        }
        Ok(())
    }

    /// Carries the members out, and tells how each ended, in the order of the members.
    fn work(&self, mut tell: impl FnMut(&SweepRun, Ended)) -> Result<(), Failure> {
        if self.jobs == 1 {
            for member in self.members {
                let ended = self.one(member);
                let is_last = ended.is_cancelled();
                tell(member, ended);
                if is_last {
                    break;
                }
            }
            return Ok(());
        }
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (send, news) = sync_channel(self.jobs);
        std::thread::scope(|scope| {
            for index in 0..self.jobs {
                let (send, next, is_over) = (send.clone(), &next, &is_over);
                let serve = move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(member) = self.members.get(place) else { return };
                        let ended = self.one(member);
                        is_over.fetch_or(ended.is_cancelled(), Ordering::Relaxed);
                        if send.send((place, ended)).is_err() {
                            return;
                        }
                    }
                };
                let thread = std::thread::Builder::new().name(format!("member {index}"));
                if let Err(error) = thread.spawn_scoped(scope, serve) {
                    is_over.store(true, Ordering::Relaxed);
                    self.control.cancel();
                    return Err(Failure::run(anyhow!("no thread can be started: {error}")));
                }
            }
            drop(send);
            let mut waiting = BTreeMap::new();
            let mut told = 0;
            for (place, ended) in news {
                waiting.insert(place, ended);
                while let Some(ended) = waiting.remove(&told) {
                    let Some(member) = self.members.get(told) else { break };
                    tell(member, ended);
                    told += 1;
                }
            }
            Ok(())
        })
    }

    /// A member in its folder: new, gone on with, or done before.
    fn one(&self, member: &SweepRun) -> Ended {
        let folder = self.folder(member);
        let name = (self.jobs > 1).then(|| member.name.clone());
        let terminal = &mut Terminal::of_member(self.arguments.report, name);
        let outcome = match store::read_manifest(&folder) {
            Ok(manifest) if manifest.status == Status::Done => return Ended::Before,
            Ok(_) => run::resume(CATALOGUE, &folder, terminal, self.control),
            Err(_) => {
                let request = RunRequest {
                    experiment: member.experiment.clone(),
                    asked: None,
                    origin: format!("{}: {}", self.origin, member.name),
                    place: Place::New(folder),
                };
                run::run(&request, terminal, self.control)
            }
        };
        match outcome {
            // Its record is in the folder.
            Ok(outcome) => Ended::Ran(Box::new(Outcome { record: Record::default(), ..outcome })),
            Err(RunError::Cancelled(_)) => Ended::Cancelled,
            Err(error) => Ended::Failed(error.to_string()),
        }
    }
}

impl Ended {
    fn is_cancelled(&self) -> bool {
        match self {
            Self::Ran(outcome) => outcome.status == Status::Cancelled,
            Self::Cancelled => true,
            Self::Before | Self::Failed(_) => false,
        }
    }
}
