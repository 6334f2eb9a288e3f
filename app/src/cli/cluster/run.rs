//! `sweep run`: one task, the tasks of an element of the job array, or all of them here.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use weightscope_engine::run::set_open_threads;

use super::args::RunArguments;
use super::plan::{base, plural, read_own};
use super::signals::{Signals, Stop};
use super::slurm::{self, Ending, Slurm};
use super::task::{Ended, Work};
use super::{Failure, all, status};
use crate::cli::output;
use weightscope_engine::store::owner::DriveClock;
use weightscope_window::plan::{self, Folder, Plan, Standing, State, Task};

/// A task is queued again at most so often: more is a task that its time limit will never do.
const MOST_REQUEUES: u32 = 3;

/// `sweep run DIR`.
pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    // Before anything else: a signal in the first second must not be lost.
    let signals = Signals::install().context("signals cannot be handled").map_err(Failure::run)?;
    if arguments.child {
        signals.end_with_parent().context("no thread can be started").map_err(Failure::run)?;
    }
    let folder = Folder::new(&arguments.dir);
    let plan = read_own(&folder)?;
    // Relative paths of the experiment start where it was planned; where that is not, the tasks say what they miss.
    if Path::new(&plan.working_folder).is_dir() {
        let _ = std::env::set_current_dir(&plan.working_folder);
    }
    let tasks = match (arguments.which.task, arguments.which.pack) {
        (Some(task), _) => named(&plan, task)?,
        (_, Some(element)) => pack(&plan, element)?,
        _ => return all::all(arguments, &folder, &plan, &signals),
    };
    set_open_threads(arguments.threads.unwrap_or_else(slurm::threads));
    let work = Work {
        folder: &folder,
        base: base(&plan)?,
        plan: &plan,
        signals: &signals,
        slurm: Slurm::here().filter(|_| !arguments.child),
        report: arguments.report,
    };
    in_turn(&work, tasks)
}

fn named(plan: &Plan, index: usize) -> Result<&[Task], Failure> {
    let count = plan.tasks.len();
    plan.tasks.get(index).map(std::slice::from_ref).ok_or_else(|| {
        let text = format!("the plan has {count} task{}, 0 to {}", plural(count), count.saturating_sub(1));
        Failure::request(anyhow!("{text}: there is no task {index}"))
    })
}

fn pack(plan: &Plan, element: usize) -> Result<&[Task], Failure> {
    let (tasks, count) = (plan.pack(element), plan.elements());
    if tasks.is_empty() {
        let text = format!("the plan has {count} element{}, 0 to {}", plural(count), count.saturating_sub(1));
        return Err(Failure::request(anyhow!("{text}: there is no element {element}")));
    }
    Ok(tasks)
}

/// Carries tasks out one after the other; the first signal ends it.
fn in_turn(work: &Work<'_>, tasks: &[Task]) -> Result<(), Failure> {
    let (mut failed, mut busy, mut stopped) = (Vec::new(), Vec::new(), None);
    for task in tasks {
        if work.signals.stop().is_some() {
            break;
        }
        let ended = work.one(task)?;
        tell(work, task);
        match ended {
            Ended::Done => {}
            Ended::Before => note(work, &format!("task {} ({}) was done before", task.index, task.name)),
            Ended::Closed(why) => {
                failed.push(format!("task {} ({}) ended before: {why}", task.index, task.name));
            }
            Ended::Failed(why) => failed.push(format!("task {} ({}) failed: {why}", task.index, task.name)),
            Ended::Busy(why) => busy.push(format!("task {} ({}): {why}", task.index, task.name)),
            Ended::Stopped(_) => {
                stopped = Some(task);
                break;
            }
        }
    }
    if let Some(stop) = work.signals.stop() {
        let open = || tasks.iter().find(|task| is_open(work, task));
        if let Some(task) = stopped.or_else(open) {
            return Err(end(work, tasks, task, stop));
        }
    }
    match status::finish(work.folder, work.plan, false) {
        Ok(true) => note(work, &format!("all tasks are done: {}", work.folder.results().display())),
        Ok(false) => {}
        Err(_) => {
            note(work, "warning: results.csv is not written; `weightscope sweep status DIR` tries again");
        }
    }
    if !failed.is_empty() {
        return Err(Failure::run(anyhow!(
            "{}; mend the cause, then `weightscope sweep retry DIR` lets it be tried again",
            failed.join("; ")
        )));
    }
    if busy.is_empty() { Ok(()) } else { Err(Failure::Later(anyhow!("{}", busy.join("; ")))) }
}

/// True if a task is neither done nor given up.
fn is_open(work: &Work<'_>, task: &Task) -> bool {
    let clock = DriveClock::read(&work.folder.states());
    let status = plan::one(work.folder, work.plan, task, clock).status;
    status != Standing::Done && !status.is_closed()
}

/// Ends the process after a signal: asks for more time if that is what is missing, and says how the task stands.
fn end(work: &Work<'_>, tasks: &[Task], task: &Task, stop: Stop) -> Failure {
    let state = State::read(&work.folder.state(task.index)).unwrap_or_default();
    let words = match (stop, &work.slurm) {
        (Stop::Cancelled, _) => return cancelled(work),
        (Stop::OutOfTime, Some(slurm)) => queue_again(work, slurm, tasks, task, state, stop),
        (Stop::OutOfTime, None) => {
            let words = "its time was up, and no scheduler can be asked for more; `weightscope sweep retry DIR` lets it go on";
            write(work, task, state, Standing::OutOfTime, "its time was up");
            words.to_owned()
        }
        (Stop::Preempted, None) => "the process was told to end; the same command goes on".to_owned(),
        (Stop::Preempted, Some(slurm)) => match slurm.ending() {
            Ending::Cancelled => {
                write(work, task, state, Standing::Cancelled, "its job was cancelled");
                return cancelled(work);
            }
            Ending::Queued => {
                let words = format!("it was preempted, and Slurm has queued job {} again", slurm.job);
                let state = State { queued: Some(slurm.job.clone()), ..state };
                write(work, task, state, Standing::Preempted, &words);
                words
            }
            Ending::TimeUp => queue_again(work, slurm, tasks, task, state, Stop::OutOfTime),
            Ending::Preempted => queue_again(work, slurm, tasks, task, state, stop),
        },
    };
    Failure::Later(anyhow!("task {} ({}) is saved: {words}", task.index, task.name))
}

fn write(work: &Work<'_>, task: &Task, state: State, status: Standing, reason: &str) {
    let state = State { status, reason: Some(reason.to_owned()), since: super::now(), ..state };
    work.write_end(task, &state);
}

/// Asks Slurm for another turn. What will be is written down first: Slurm may end this process while it is being asked.
fn queue_again(
    work: &Work<'_>,
    slurm: &Slurm,
    tasks: &[Task],
    task: &Task,
    state: State,
    stop: Stop,
) -> String {
    let (what, given_up, queued) = match stop {
        Stop::OutOfTime => ("its time was up", Standing::OutOfTime, Standing::Waiting),
        _ => ("it was preempted", Standing::Preempted, Standing::Preempted),
    };
    let words = if state.requeues < MOST_REQUEUES {
        let again = State { requeues: state.requeues + 1, queued: Some(slurm.job.clone()), ..state.clone() };
        let count = format!("({} of {MOST_REQUEUES})", again.requeues);
        let words = format!("{what}, and job {} is queued again {count}", slurm.job);
        write(work, task, again, queued, &words);
        words
    } else {
        let words = format!("{what} after it had been queued again {MOST_REQUEUES} times");
        let words = format!("{words}; give it more time, then `weightscope sweep retry DIR` lets it go on");
        write(work, task, state.clone(), given_up, &words);
        if !tasks.iter().any(|other| other.index != task.index && is_open(work, other)) {
            return words;
        }
        // The others of its element need their turn.
        words
    };
    match slurm.requeue() {
        Ok(()) => words,
        Err(why) => {
            let words = format!("{what}; {why}; `weightscope sweep retry DIR` lets it go on");
            write(work, task, state, given_up, &words);
            words
        }
    }
}

fn cancelled(work: &Work<'_>) -> Failure {
    note(work, "cancelled; what the task had is kept, and the same command goes on with it");
    Failure::Cancelled
}

/// A task's end on standard output: its run folder last, or how it stands as an object.
fn tell(work: &Work<'_>, task: &Task) {
    let clock = DriveClock::read(&work.folder.states());
    let report = plan::one(work.folder, work.plan, task, clock);
    if work.report.json {
        output::json(&report);
    } else if report.folder.is_dir() {
        output::line(&report.folder.display().to_string());
    }
}

fn note(work: &Work<'_>, text: &str) {
    if !work.report.quiet {
        output::note(text);
    }
}
