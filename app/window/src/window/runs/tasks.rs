//! The tasks of a plan that the list follows: looked at again and again off the UI thread, each a row among the runs.
//!
//! Contract: the plan and its runs are not changed from here. What a drive does not show now (it is gone, or slow) is said, and what was
//! seen last stays. A task that is done is not looked at again until somebody asks for it, so that a plan of thousands costs no more than
//! what is open of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Button, Context, RichText, Ui};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::store::{self, Manifest, Status};

use super::action::RunsAction;
use super::list::Runs;
use super::model::Row;
use crate::figure::number::{count, plural};
use crate::naming::Namer;
use crate::plan::{self, Folder, Plan, Report, Standing};
use crate::window::command::Action;
use crate::window::style::{color, tokens};
use crate::window::task::Task;

/// Time between two looks at a plan on this machine, and on a drive of another one.
const NEAR: Duration = Duration::from_secs(2);
const REMOTE: Duration = Duration::from_secs(10);
/// Time between two looks once all tasks are done.
const RARE: Duration = Duration::from_mins(1);
/// A look that takes long is rarer: it is idle for at least so many times as long.
const IDLE: u32 = 5;
/// The filter that lists the tasks alone.
pub(super) const ONLY: &str = "task>=0";

/// How a task of a plan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskState {
    /// Its number in the plan.
    pub index: usize,
    /// How it stands.
    pub standing: Standing,
    /// The scheduler has it in its queue again.
    pub is_queued: bool,
    /// It has a run folder that can be read.
    pub is_begun: bool,
    /// Why it stands so, in words.
    pub reason: Option<String>,
}

impl TaskState {
    /// The one word for it.
    pub fn word(&self) -> &'static str {
        match self.standing {
            Standing::Waiting | Standing::Preempted if self.is_queued => "queued",
            Standing::Waiting => "planned",
            standing => standing.words(),
        }
    }
}

/// What a plan says that never changes.
struct Known {
    plan: Plan,
    /// The settings that its tasks share.
    base: toml::Table,
    is_remote: bool,
}

/// What a look found: a row for each task, nothing for one that was done before.
struct Looked {
    known: Arc<Known>,
    rows: Vec<Option<Row>>,
    took: Duration,
}

/// A plan that is followed.
pub(super) struct Following {
    folder: Folder,
    known: Option<Arc<Known>>,
    look: Option<Task<Result<Looked, String>>>,
    next: Instant,
    /// The next look is at all tasks, those that are done too.
    again: bool,
    /// Why the last look found nothing.
    error: Option<String>,
}

impl Following {
    fn new(folder: &Path) -> Self {
        let folder = Folder::new(folder);
        Self { folder, known: None, look: None, next: Instant::now(), again: false, error: None }
    }

    /// Starts a look that is due. `rows` are those of the tasks as they are known.
    fn begin(&mut self, rows: &[Row], catalogue: Option<Catalogue>, context: &Context) {
        if self.look.is_some() || Instant::now() < self.next {
            return;
        }
        let (folder, known) = (self.folder.clone(), self.known.clone());
        let mut done = vec![false; known.as_ref().map_or(0, |known| known.plan.tasks.len())];
        let again = std::mem::take(&mut self.again);
        for task in rows.iter().filter_map(|row| row.task.as_ref()).filter(|_| !again) {
            if let Some(slot) = done.get_mut(task.index) {
                *slot = task.standing == Standing::Done;
            }
        }
        let namer = catalogue.map_or_else(Namer::default, Namer::new);
        self.look = Task::spawn("plan", context, move || look(&folder, known, &done, namer));
    }

    /// What a look found that has ended.
    fn ended(&mut self) -> Option<Result<Looked, String>> {
        let result = self.look.as_ref().and_then(Task::poll)?;
        self.look = None;
        Some(result.unwrap_or_else(|()| Err("the work died".to_owned())))
    }
}

/// Looks at all tasks that were not done.
fn look(
    folder: &Folder,
    known: Option<Arc<Known>>,
    done: &[bool],
    mut namer: Namer,
) -> Result<Looked, String> {
    let begun = Instant::now();
    let known = match known.filter(|_| folder.plan().is_file()) {
        Some(known) => known,
        None => Arc::new(Known::read(folder)?),
    };
    let clock = store::owner::DriveClock::read(&folder.states());
    let is_done = |task: &plan::Task| done.get(task.index).copied().unwrap_or_default();
    let rows = known.plan.tasks.iter().map(|task| {
        (!is_done(task)).then(|| {
            let report = plan::one(folder, &known.plan, task, clock);
            row(&known, task, report, &mut namer)
        })
    });
    let rows = rows.collect();
    Ok(Looked { known, rows, took: begun.elapsed() })
}

impl Known {
    fn read(folder: &Folder) -> Result<Self, String> {
        let plan = Plan::read(folder).map_err(|error| error.to_string())?;
        let mut base: toml::Table = plan.experiment.parse().map_err(|error| {
            let text = "the experiment in the plan cannot be read; plan again into another folder";
            format!("{text} ({error}): {}", folder.plan().display())
        })?;
        base.remove("sweep");
        Ok(Self { plan, base, is_remote: store::is_remote(folder.path()) })
    }
}

/// A task as a row: with the manifest and the settings of its run, once there is one, else with what was planned.
fn row(known: &Known, task: &plan::Task, report: Report, namer: &mut Namer) -> Row {
    let state = TaskState {
        index: task.index,
        standing: report.status,
        is_queued: report.queued.is_some(),
        is_begun: report.manifest.is_some(),
        reason: report.reason,
    };
    let settings = report.manifest.as_ref().and_then(|_| store::read_settings(&report.folder).ok());
    let settings = settings.unwrap_or_else(|| {
        let mut settings = known.base.clone();
        settings.extend(task.settings.clone());
        settings
    });
    let seed = settings.get("seed").and_then(toml::Value::as_integer).unwrap_or_default();
    let manifest = report.manifest.unwrap_or_else(|| Manifest {
        id: task.folder.clone(),
        status: Status::Running,
        lab: settings.get("lab").and_then(toml::Value::as_str).unwrap_or_default().to_owned(),
        origin: format!("{}: {}", known.plan.origin, task.name),
        seed: seed.cast_unsigned(),
        host: report.host,
        ..Manifest::default()
    });
    let family = namer.family(&manifest, &settings);
    Row::new(report.folder, manifest, Arc::new(settings), family.into()).of_task(state)
}

impl Runs {
    /// Follows the plan in a folder, or no plan any more.
    pub(in crate::window) fn follow_plan(&mut self, folder: Option<&Path>) {
        self.layout.plan = folder.map(|folder| Folder::new(folder).path().to_owned());
    }

    /// Lists the tasks alone, in the order of the plan.
    pub(super) fn list_tasks(&mut self) {
        ONLY.clone_into(&mut self.layout.filter);
        "task".clone_into(&mut self.layout.sort);
        self.layout.descending = false;
    }

    /// Looks at all tasks of the plan again with the next frame.
    pub(super) fn look_again(&mut self) {
        if let Some(following) = &mut self.following {
            (following.next, following.again) = (Instant::now(), true);
        }
    }

    /// Forgets a look that goes on: it may have read what has just been changed here.
    pub(super) fn look_anew(&mut self) {
        if self.following.as_mut().is_some_and(|following| following.look.take().is_some()) {
            self.look_again();
        }
    }

    /// Takes what a look at the plan found, and starts one that is due; call it each frame.
    pub(super) fn follow_tasks(&mut self, context: &Context) {
        let folder = self.following.as_ref().map(|following| following.folder.path());
        if folder != self.layout.plan.as_deref() {
            self.following = self.layout.plan.as_deref().map(Following::new);
            self.put_tasks(Vec::new());
            // Runs of the plan may lie in the folder of runs too.
            self.stale = true;
        }
        let Some(mut following) = self.following.take() else { return };
        match following.ended() {
            Some(Ok(looked)) => {
                following.error = None;
                let known = Arc::clone(&looked.known);
                let (took, is_remote) = (looked.took, known.is_remote);
                following.known = Some(known);
                self.take_tasks(looked);
                let least = if is_remote { REMOTE } else { NEAR };
                let least = if self.are_all_done() { RARE } else { least };
                following.next = Instant::now() + least.max(took * IDLE);
            }
            Some(Err(error)) => {
                following.error = Some(error);
                following.next = Instant::now() + REMOTE;
            }
            None => {}
        }
        // What is on its way to disk would be read as it was before.
        if !self.is_writing() {
            following.begin(&self.rows, self.layout.catalogue, context);
        }
        context.request_repaint_after(following.next.saturating_duration_since(Instant::now()).max(NEAR / 4));
        self.following = Some(following);
    }

    /// Rows of the tasks, in their order.
    fn task_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.task.is_some())
    }

    fn are_all_done(&self) -> bool {
        self.task_rows().all(Row::is_task_done)
    }

    fn take_tasks(&mut self, looked: Looked) {
        let known: Vec<&Row> = self.task_rows().collect();
        let rows = looked.rows.into_iter().enumerate().filter_map(|(index, row)| {
            // One that was not looked at stays as it is: it may have got a name or a star meanwhile.
            row.or_else(|| known.get(index).copied().cloned())
        });
        let rows: Vec<Row> = rows.collect();
        let same =
            rows.len() == known.len() && rows.iter().zip(&known).all(|(row, known)| row.is_like(known));
        if !same {
            self.put_tasks(rows);
        }
    }

    /// Puts rows of tasks in the place of those that are there; a run of the list that is one of them leaves.
    fn put_tasks(&mut self, tasks: Vec<Row>) {
        let paths: std::collections::BTreeSet<PathBuf> = tasks.iter().map(|row| row.path.clone()).collect();
        let others = std::mem::take(&mut self.rows).into_iter();
        let others = others.filter(|row| row.task.is_none() && !paths.contains(&row.path));
        self.rows = tasks.into_iter().chain(others).collect();
        self.renewed();
    }

    /// The line about the plan: how its tasks stand, and what can be done.
    pub(super) fn plan_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some(following) = &self.following else { return };
        let palette = tokens(ui.ctx());
        ui.horizontal(|ui| {
            let path = following.folder.path();
            let words = match &following.error {
                Some(error) => RichText::new(error).color(color(palette.warning)),
                None => RichText::new(self.plan_words(following)).color(color(palette.text_muted)),
            };
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let stop = ui.add(Button::new("Stop following").small());
                if stop.on_hover_text("The tasks leave the list; nothing is ended").clicked() {
                    actions.push(Action::Runs(RunsAction::Follow(None)));
                }
                let only = ui.add(Button::new("Only its tasks").small());
                if only
                    .on_hover_text(format!("Filters the list by {ONLY}, in the order of the plan"))
                    .clicked()
                {
                    actions.push(Action::Runs(RunsAction::OnlyTasks));
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let label = ui.add(egui::Label::new(words.small()).truncate());
                    label.on_hover_text(path.display().to_string());
                });
            });
        });
    }

    fn plan_words(&self, following: &Following) -> String {
        let path = following.folder.path();
        let name = super::folder_name(path);
        let Some(known) = &following.known else { return format!("Plan {name}: reading…") };
        let tasks = known.plan.tasks.len();
        let mut counts: Vec<(&str, u64)> = Vec::new();
        for task in self.task_rows().filter_map(|row| row.task.as_ref()) {
            match counts.iter_mut().find(|(word, _)| *word == task.word()) {
                Some((_, count)) => *count += 1,
                None => counts.push((task.word(), 1)),
            }
        }
        let counts: Vec<String> =
            counts.into_iter().map(|(word, number)| format!("{} {word}", count(number))).collect();
        let all = format!("{} {}", count(tasks as u64), plural(tasks, "task"));
        format!("Plan {name}: {all}: {}", counts.join(", "))
    }
}

impl Row {
    /// True for a task that came to its end.
    fn is_task_done(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.standing == Standing::Done)
    }

    /// True if nothing of it has changed that is shown.
    fn is_like(&self, other: &Self) -> bool {
        self.path == other.path && self.task == other.task && self.manifest == other.manifest
    }
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;
    use weightscope_frame::experiment::{Comments, Experiment, to_toml};

    use super::*;
    use crate::plan::{Options, State};

    /// A plan of so many seeds that nobody has begun.
    fn made(folder: &Path, seeds: usize) {
        let text = CATALOGUE.preset("oscillation/quick").unwrap().text;
        let experiment = Experiment::from_toml(CATALOGUE, text).unwrap();
        let task = |index: usize| plan::Task {
            index,
            label: format!("seed={index}"),
            name: format!("seed={index}"),
            folder: format!("{index}_seed={index}"),
            settings: toml::from_str(&format!("seed = {index}")).unwrap(),
            config_hash: String::new(),
        };
        let plan = Plan {
            version: String::new(),
            made: String::new(),
            origin: "oscillation/quick".to_owned(),
            hash: String::new(),
            working_folder: String::new(),
            options: Options { pack: 1, time: "1:00:00".to_owned(), partition: None, cpus: 1, signal: 60 },
            data: Vec::new(),
            experiment: to_toml(&experiment, Comments::None),
            keys: vec!["seed".to_owned()],
            tasks: (0..seeds).map(task).collect(),
        };
        std::fs::create_dir_all(folder.join("state")).unwrap();
        std::fs::write(folder.join("plan.json"), serde_json::to_vec(&plan).unwrap()).unwrap();
    }

    fn looked(folder: &Path, done: &[bool]) -> Vec<Option<Row>> {
        look(&Folder::new(folder), None, done, Namer::new(CATALOGUE)).unwrap().rows
    }

    #[test]
    fn each_state_of_a_task_has_one_word() {
        let folder = tempfile::tempdir().unwrap();
        let states = [
            (Standing::Waiting, None),
            (Standing::Waiting, Some("41")),
            (Standing::Preempted, Some("41")),
            (Standing::Preempted, None),
            (Standing::OutOfTime, None),
            (Standing::Cancelled, None),
            (Standing::Failed, None),
        ];
        made(folder.path(), states.len());
        for (index, (status, queued)) in states.into_iter().enumerate() {
            let state = State { status, queued: queued.map(str::to_owned), ..State::default() };
            state.write(&Folder::new(folder.path()).state(index)).unwrap();
        }
        let rows: Vec<Row> = looked(folder.path(), &[]).into_iter().flatten().collect();
        let words: Vec<&str> = rows.iter().map(Row::word).collect();
        assert_eq!(words, ["planned", "queued", "queued", "preempted", "out of time", "cancelled", "failed"]);
        assert_eq!(rows[2].name(), "quick · s2", "as a run of it will be called");
        assert!(rows.iter().all(|row| !row.is_begun() && !row.is_resumable()), "no folder is there yet");
        assert_eq!(rows[3].settings.get("seed").and_then(toml::Value::as_integer), Some(3));
    }

    #[test]
    fn tasks_stand_before_the_runs_and_leave_with_the_plan() {
        let folder = tempfile::tempdir().unwrap();
        made(folder.path(), 2);
        let mut runs = Runs::with_rows(super::super::model::samples(3));
        let known = Arc::new(Known::read(&Folder::new(folder.path())).unwrap());
        let take = |runs: &mut Runs| {
            let rows = looked(folder.path(), &[]);
            runs.take_tasks(Looked { known: Arc::clone(&known), rows, took: Duration::ZERO });
        };
        take(&mut runs);
        let version = runs.version;
        take(&mut runs);
        assert_eq!((runs.rows.len(), runs.version), (5, version), "nothing has changed");
        let named = |runs: &Runs| runs.rows[0].manifest.name.clone();
        runs.rows[0].manifest.name = "a name".to_owned();
        let nothing = Looked { known: Arc::clone(&known), rows: vec![None, None], took: Duration::ZERO };
        runs.take_tasks(nothing);
        assert_eq!(named(&runs), "a name", "what was not looked at stays as it is");
        take(&mut runs);
        assert_eq!(named(&runs), "", "what was looked at is as it was found");
        runs.list_tasks();
        runs.update();
        assert_eq!(runs.listed().len(), 2, "{:?}", runs.error);
        let task = runs.rows[0].path.clone();
        runs.tick(&task, true);
        assert!(runs.ticked().is_empty(), "there is nothing to draw");
        runs.put_tasks(Vec::new());
        assert_eq!(runs.rows.len(), 3, "the runs stay");
    }

    #[test]
    fn a_plan_that_has_gone_is_said_and_a_damaged_one_too() {
        let folder = tempfile::tempdir().unwrap();
        let look = |place: &Path| Known::read(&Folder::new(place)).err().unwrap_or_default();
        assert!(look(folder.path()).starts_with("no plan lies in this folder"), "{}", look(folder.path()));
        std::fs::write(folder.path().join("plan.json"), "{").unwrap();
        assert!(look(folder.path()).starts_with("the plan is damaged"), "{}", look(folder.path()));
    }
}
