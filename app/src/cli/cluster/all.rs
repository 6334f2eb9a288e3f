//! `sweep run --all`: all tasks on this machine, some at once, each a process of this program.
//!
//! Contract: the same as a scheduler would do: each process carries one task out by `--task`. Lines come in the order of the tasks. What
//! ends or stops this process ends or stops the others with it, in order; if it is killed, they notice (their standard input closes).

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::RunArguments;
use super::plan::plural;
use super::signals::{Pause, Signals, Stop};
use super::{Failure, status};
use crate::cli::output;
use weightscope_engine::store::owner::DriveClock;
use weightscope_window::plan::{self, Folder, Plan, Report, Standing};

/// Time between two looks at processes and signals.
const LOOK: Duration = Duration::from_millis(20);
/// A task that somebody else has is tried again so often, behind the others, each time after [`UNTIL_AGAIN`]: a process that is just
/// ending needs some seconds.
const MOST_TRIES: usize = 5;
const UNTIL_AGAIN: Duration = Duration::from_secs(1);

/// How the process of a task ended.
struct Ended {
    task: usize,
    code: Option<i32>,
    said: String,
}

/// The processes in work, and what is left to do.
struct Crew {
    folder: Folder,
    /// Worker threads of a process.
    threads: usize,
    queue: Mutex<VecDeque<(usize, usize)>>,
    at_work: Mutex<AtWork>,
}

#[derive(Default)]
struct AtWork {
    children: BTreeMap<usize, Child>,
    /// No more are started.
    is_over: bool,
}

/// Carries all open tasks out, `--jobs` at once.
pub(super) fn all(
    arguments: &RunArguments,
    folder: &Folder,
    plan: &Plan,
    signals: &Arc<Signals>,
) -> Result<(), Failure> {
    let before = plan::all(folder, plan);
    let is_open = |report: &&Report| report.status != Standing::Done && !report.status.is_closed();
    let open: VecDeque<(usize, usize)> =
        before.iter().filter(is_open).map(|report| (report.task, 0)).collect();
    let jobs = usize::try_from(arguments.jobs).unwrap_or(1).min(open.len()).max(1);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let crew = Arc::new(Crew {
        folder: folder.clone(),
        threads: arguments.threads.unwrap_or((cores / jobs).max(1)),
        queue: Mutex::new(open),
        at_work: Mutex::default(),
    });
    let stopping = Arc::clone(&crew);
    signals.at_pause(Some(Box::new(move |pause| stopping.pause(pause))));
    let mut lines = Lines::new(arguments, folder, plan, &before);
    work(&crew, jobs, signals, &mut lines).context("no thread can be started").map_err(Failure::run)?;
    signals.at_pause(None);
    lines.finish();
    conclude(folder, plan, signals, &lines, arguments)
}

/// Starts processes and takes their ends until none is left.
fn work(crew: &Arc<Crew>, jobs: usize, signals: &Signals, lines: &mut Lines<'_>) -> std::io::Result<()> {
    let (tell, news) = sync_channel(jobs);
    for index in 0..jobs {
        let (serving, tell) = (Arc::clone(crew), tell.clone());
        let started =
            std::thread::Builder::new().name(format!("job {index}")).spawn(move || serving.serve(&tell));
        if let Err(error) = started {
            crew.end(Stop::Preempted);
            return Err(error);
        }
    }
    drop(tell);
    let mut told = false;
    loop {
        match news.recv_timeout(LOOK) {
            Ok(ended) => lines.add(&ended),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(stop) = signals.stop().filter(|_| !told) {
            told = true;
            crew.end(stop);
        }
    }
}

impl Crew {
    /// One process after the other.
    fn serve(&self, tell: &SyncSender<Ended>) {
        while let Some((task, tries)) = self.next() {
            let ended = self.one(task).unwrap_or_else(|error| {
                Some(Ended { task, code: None, said: format!("its process cannot be started: {error}") })
            });
            let Some(ended) = ended else { return };
            if ended.code == Some(75) && tries < MOST_TRIES && !lock(&self.at_work).is_over {
                std::thread::sleep(UNTIL_AGAIN);
                lock(&self.queue).push_back((task, tries + 1));
            } else if tell.send(ended).is_err() {
                return;
            }
        }
    }

    fn next(&self) -> Option<(usize, usize)> {
        lock(&self.queue).pop_front()
    }

    /// Starts the process of a task and waits for its end; nothing if no more are started.
    fn one(&self, task: usize) -> std::io::Result<Option<Ended>> {
        let mut said = String::new();
        let stderr = {
            let mut at_work = lock(&self.at_work);
            if at_work.is_over {
                return Ok(None);
            }
            let mut child = self.command(task)?.spawn()?;
            let stderr = child.stderr.take();
            at_work.children.insert(task, child);
            stderr
        };
        // It closes when the process ends.
        if let Some(mut stderr) = stderr {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            said.push_str(&String::from_utf8_lossy(&bytes));
        }
        loop {
            let mut at_work = lock(&self.at_work);
            let Some(child) = at_work.children.get_mut(&task) else { return Ok(None) };
            if let Some(status) = child.try_wait()? {
                at_work.children.remove(&task);
                return Ok(Some(Ended { task, code: status.code(), said }));
            }
            drop(at_work);
            std::thread::sleep(LOOK);
        }
    }

    fn command(&self, task: usize) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sweep", "run"]).arg(self.folder.path()).args(["--child", "--quiet"]);
        command.arg("--task").arg(task.to_string()).arg("--threads").arg(self.threads.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Ctrl-C in a terminal reaches this process alone, which passes it on once.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(command)
    }

    /// Starts no more and ends those in work, in order.
    fn end(&self, stop: Stop) {
        let mut at_work = lock(&self.at_work);
        at_work.is_over = true;
        lock(&self.queue).clear();
        for child in at_work.children.values_mut() {
            system::end(child, stop);
            // Elsewhere a process can only be told by its standard input.
            #[cfg(not(unix))]
            drop(child.stdin.take());
        }
    }

    fn pause(&self, pause: Pause) {
        for child in lock(&self.at_work).children.values() {
            system::pause(child, pause);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod system {
    use std::process::Child;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::{Pause, Stop};

    // Processes that have ended are not waited for yet, so that their numbers are not another's.
    fn send(child: &Child, signal: Signal) {
        if let Ok(number) = i32::try_from(child.id()) {
            let _ = kill(Pid::from_raw(number), signal);
        }
    }

    pub(super) fn end(child: &Child, stop: Stop) {
        send(child, if stop == Stop::Cancelled { Signal::SIGINT } else { Signal::SIGTERM });
    }

    pub(super) fn pause(child: &Child, pause: Pause) {
        send(child, if pause == Pause::Begins { Signal::SIGTSTP } else { Signal::SIGCONT });
    }
}

#[cfg(not(unix))]
mod system {
    use std::process::Child;

    use super::{Pause, Stop};

    pub(super) fn end(_child: &Child, _stop: Stop) {}

    pub(super) fn pause(_child: &Child, _pause: Pause) {}
}

/// Lines in the order of the tasks, whoever is faster.
struct Lines<'a> {
    arguments: &'a RunArguments,
    folder: &'a Folder,
    plan: &'a Plan,
    /// Tasks whose lines have not come, in order.
    expected: VecDeque<usize>,
    early: BTreeMap<usize, Report>,
    told: Vec<Report>,
    bar: Option<ProgressBar>,
}

impl<'a> Lines<'a> {
    fn new(arguments: &'a RunArguments, folder: &'a Folder, plan: &'a Plan, before: &[Report]) -> Self {
        let is_shown = !arguments.report.json && !arguments.report.quiet;
        let expected: VecDeque<usize> = before
            .iter()
            .filter(|report| report.status != Standing::Done && !report.status.is_closed())
            .map(|report| report.task)
            .collect();
        let mut lines = Self {
            arguments,
            folder,
            plan,
            bar: is_shown.then(|| bar(plan.tasks.len(), plan.tasks.len() - expected.len())),
            expected,
            early: BTreeMap::new(),
            told: Vec::new(),
        };
        let done = before.iter().filter(|report| report.status == Standing::Done).count();
        if done > 0 {
            lines.note(&format!("{done} task{} done before", plural(done)));
        }
        for report in before.iter().filter(|report| report.status.is_closed()) {
            lines.tell(report.clone());
        }
        lines
    }

    fn add(&mut self, ended: &Ended) {
        let Some(task) = self.plan.tasks.get(ended.task) else { return };
        let clock = DriveClock::read(&self.folder.states());
        let mut report = plan::one(self.folder, self.plan, task, clock);
        // What no file says: it was refused, or its process was killed.
        if report.reason.is_none() && report.status != Standing::Done && ended.code != Some(130) {
            let said = ended.said.trim().trim_start_matches("error: ");
            report.reason = (!said.is_empty()).then(|| said.to_owned());
            if report.status == Standing::Waiting && !said.is_empty() {
                report.status = Standing::Failed;
            }
        }
        self.early.insert(ended.task, report);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        while let Some(report) = self.expected.front().and_then(|task| self.early.remove(task)) {
            self.expected.pop_front();
            self.tell(report);
        }
    }

    /// What came after one that never began.
    fn finish(&mut self) {
        for (_, report) in std::mem::take(&mut self.early) {
            self.tell(report);
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn tell(&mut self, report: Report) {
        if self.arguments.report.json {
            output::json(&report);
        } else {
            let line = status::line(&report, self.plan.tasks.len());
            match &self.bar {
                Some(bar) => bar.suspend(|| output::line(&line)),
                None => output::line(&line),
            }
        }
        self.told.push(report);
    }

    fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None if self.arguments.report.quiet => {}
            None => output::note(text),
        }
    }
}

fn bar(tasks: usize, done: usize) -> ProgressBar {
    let bar = ProgressBar::new(tasks as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} tasks · {elapsed}")
    {
        bar.set_style(style);
    }
    bar.set_position(done as u64);
    bar
}

fn conclude(
    folder: &Folder,
    plan: &Plan,
    signals: &Signals,
    lines: &Lines<'_>,
    arguments: &RunArguments,
) -> Result<(), Failure> {
    if status::finish(folder, plan, true)? {
        if !arguments.report.json {
            output::line(&folder.results().display().to_string());
        }
        return Ok(());
    }
    if let Some(stop) = signals.stop() {
        lines.note("ended before all tasks were done; the same command does what is left");
        return Err(match stop {
            Stop::Cancelled => Failure::Cancelled,
            _ => Failure::Later(anyhow!("the process was told to end; tasks in work are saved")),
        });
    }
    let failed: Vec<&Report> = lines
        .told
        .iter()
        .filter(|report| report.status == Standing::Failed || report.status.is_closed())
        .collect();
    if failed.is_empty() {
        let open = lines.told.iter().filter(|report| report.status != Standing::Done).count();
        let text = format!("{open} task{} in work elsewhere, or ended by the machine", plural(open));
        return Err(Failure::Later(anyhow!("{text}; the same command does what is left later")));
    }
    let list: Vec<String> = failed
        .iter()
        .map(|report| {
            let reason = report.reason.as_deref().unwrap_or("no reason is known");
            format!("{} ({}: {reason})", report.name, report.status.words())
        })
        .collect();
    Err(Failure::run(anyhow!(
        "{} of {} tasks are not done: {}; mend the cause, then `weightscope sweep retry DIR` and the same command again",
        failed.len(),
        plan.tasks.len(),
        list.join("; ")
    )))
}
