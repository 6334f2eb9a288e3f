//! Deleting runs: which may go, what was deleted last, and emptying the trash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use egui::{Context, RichText};
use weightscope_frame::store::{self, Trashed};

use super::ManageAction;
use super::errand::Done;
use crate::figure::number::{count, plural};
use crate::window::app::{App, Urgency};
use crate::window::command::Action;
use crate::window::history::{Change, Way};
use crate::window::queue::LiveKind;
use crate::window::style::{self, color, tokens};
use crate::window::task::Task;

/// Runs that were deleted together.
pub(super) struct Deleted {
    id: u64,
    /// Where they lay.
    paths: Vec<PathBuf>,
    /// Empty until they are in the trash.
    runs: Vec<Trashed>,
    /// Those of them that were ticked.
    ticked: Vec<PathBuf>,
    /// The one of them that was shown, or was about to be.
    shown: Option<PathBuf>,
    /// It was taken back before the runs were in the trash: they come out as soon as they are.
    taken_back: bool,
}

impl Deleted {
    /// True if a run is one of them and not in the trash yet.
    pub(super) fn takes(&self, path: &Path) -> bool {
        self.runs.is_empty() && self.paths.iter().any(|going| going == path)
    }
}

impl App {
    /// Moves runs into the trash, all but those in work or in the queue.
    pub(super) fn delete_runs(&mut self, paths: Vec<PathBuf>, context: &Context) {
        let mut going = Vec::new();
        for path in paths {
            match self.keeps(&path) {
                Some(why) => {
                    let text = format!("{} stays: {why}", self.runs.name_of(&path));
                    self.say(Urgency::Warning, text);
                }
                None => going.push(path),
            }
        }
        if going.is_empty() {
            return;
        }
        let (id, before) = (self.queue.identity(), self.moment());
        let sentence = match going.as_slice() {
            [one] => format!("deletion of {}", self.runs.name_of(one)),
            many => format!("deletion of {} runs", count(many.len() as u64)),
        };
        let (back, forth) = (Way::PutBack(id), Way::Delete(id, going.clone()));
        self.history.told(&before, Change { sentence, back, forth });
        self.throw_away(id, going, context);
        let after = self.moment();
        self.history.rest_at(after);
    }

    /// Deletes runs again that an undo put back.
    pub(in crate::window) fn delete_again(&mut self, id: u64, paths: Vec<PathBuf>, context: &Context) {
        let (going, kept): (Vec<PathBuf>, Vec<PathBuf>) =
            paths.into_iter().partition(|path| self.runs.row(path).is_some() && self.keeps(path).is_none());
        for path in kept {
            let why = self.keeps(&path).unwrap_or("it is not in the list any more");
            let text = format!("{} is not deleted again: {why}", self.runs.name_of(&path));
            self.say(Urgency::Warning, text);
        }
        if going.is_empty() {
            self.history.forget_deletions(|other| other == id);
        } else {
            self.throw_away(id, going, context);
        }
    }

    /// Takes runs off the screen and sends them into the trash, as an act of this number.
    fn throw_away(&mut self, id: u64, going: Vec<PathBuf>, context: &Context) {
        let shown = self.folder().map(PathBuf::from).filter(|shown| going.contains(shown));
        let ticked = going.iter().filter(|path| self.runs.is_ticked(path)).cloned().collect();
        // One that is being read must not appear once it has gone.
        let read = self.reading.take_if(|(path, _)| going.contains(path)).map(|(path, _)| path);
        let back = shown.clone().or_else(|| read.filter(|_| self.shown.is_none()));
        let paths = going.clone();
        let act = Deleted { id, paths, runs: Vec::new(), ticked, shown: back, taken_back: false };
        self.manage.deleted.push(act);
        going.iter().for_each(|path| self.runs.tick(path, false));
        if shown.is_some() {
            self.show_nothing();
        }
        let root = self.root.clone();
        self.manage.errands.start("trash", context, move || {
            let (gone, errors) = store::throw_away(&root, &going);
            Done::Deleted(id, gone, errors.iter().map(ToString::to_string).collect())
        });
    }

    /// Why a run is not deleted now.
    fn keeps(&self, path: &Path) -> Option<&'static str> {
        if self.runs.row(path).is_some_and(|row| row.task.is_some()) {
            return Some("it is a task of the plan that is followed; stop following the plan first");
        }
        match self.all_links().find(|link| link.folder == path).map(|link| link.kind) {
            Some(LiveKind::Run) => return Some("it is in work; cancel it first"),
            Some(LiveKind::Verify) => {
                return Some("it is being verified; wait for it, or cancel that in the queue");
            }
            None => {}
        }
        let waits = self.queue.waiting().iter().any(|entry| entry.job.needs(path));
        waits.then_some("something in the queue needs it; remove that first")
    }

    /// Takes note of what is in the trash now; of an act of which nothing came nothing is left to undo.
    pub(super) fn deleted(&mut self, id: u64, gone: &[Trashed], context: &Context) {
        let Some(place) = self.manage.deleted.iter().position(|act| act.id == id) else { return };
        if let Some(act) = self.manage.deleted.get_mut(place).filter(|_| !gone.is_empty()) {
            act.runs = gone.to_vec();
            if act.taken_back {
                self.put_back(gone.to_vec(), context);
            }
            return;
        }
        self.history.forget_deletions(|other| other == id);
        let act = self.manage.deleted.remove(place);
        self.keeping_history(|app| act.ticked.iter().for_each(|path| app.runs.tick(path, true)));
        if let Some(path) = act.shown.filter(|_| self.shown.is_none()) {
            self.apply(Action::OpenRun(path), context);
        }
    }

    /// Keeps what could not be put back, so that it can be tried again.
    pub(super) fn keep_deleted(&mut self, runs: Vec<Trashed>) {
        if runs.is_empty() {
            return;
        }
        let (id, before) = (self.queue.identity(), self.moment());
        let what = format!("{} {}", count(runs.len() as u64), plural(runs.len(), "run"));
        let sentence = format!("deletion of {what} that could not be put back");
        let paths = runs.iter().map(|run| run.from.clone()).collect();
        let change = Change { sentence, back: Way::PutBack(id), forth: Way::Delete(id, paths) };
        self.history.told(&before, change);
        let paths = runs.iter().map(|run| run.from.clone()).collect();
        let act = Deleted { id, paths, runs, ticked: Vec::new(), shown: None, taken_back: false };
        self.manage.deleted.push(act);
    }

    /// Brings back what was deleted in one act.
    pub(in crate::window) fn undo_deletion(&mut self, id: u64, context: &Context) {
        let Some(act) = self.manage.deleted.iter_mut().find(|act| act.id == id) else { return };
        if act.runs.is_empty() {
            act.taken_back = true;
            return;
        }
        let runs = act.runs.clone();
        self.put_back(runs, context);
    }

    /// Changes ticks without a change of its own in the history: it belongs to one that is told.
    fn keeping_history(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.moment();
        self.history.settle(&before);
        change(self);
        let after = self.moment();
        self.history.rest_at(after);
    }

    /// Takes runs out of the trash; they are ticked and shown as they were.
    pub(super) fn put_back(&mut self, runs: Vec<Trashed>, context: &Context) {
        let offer = Action::Manage(ManageAction::PutBack(runs.clone()));
        self.toasts.withdraw(|action| *action == offer);
        let mut reopened = None;
        let mut ticked = Vec::new();
        self.manage.deleted.retain_mut(|act| {
            let was = act.runs.len();
            act.runs.retain(|run| !runs.contains(run));
            let is_back = |path: &PathBuf| runs.iter().any(|run| run.from == *path);
            ticked.extend(act.ticked.iter().filter(|path| is_back(path)).cloned());
            reopened = reopened.take().or_else(|| act.shown.take_if(|path| is_back(path)));
            // One that is still on its way has no runs yet.
            was == 0 || !act.runs.is_empty()
        });
        if !self.history.quiet {
            // Put back by a button: what was deleted by itself is no change to be undone any more.
            let left: BTreeSet<u64> = self.manage.deleted.iter().map(|act| act.id).collect();
            self.history.forget_deletions(|id| !left.contains(&id));
        }
        self.keeping_history(|app| ticked.iter().for_each(|path| app.runs.tick(path, true)));
        self.manage.reopened = reopened.filter(|_| self.shown.is_none());
        let root = self.root.clone();
        self.manage.errands.start("trash", context, move || {
            let (back, errors) = store::put_back(&root, &runs);
            let left = runs.into_iter().filter(|run| !back.contains(&run.from)).collect();
            Done::Back(back, left, errors.iter().map(ToString::to_string).collect())
        });
    }
}

/// What was deleted: put back run by run, or removed for good after all was said.
pub(super) struct Trash {
    pub(super) open: bool,
    root: PathBuf,
    runs: Option<Vec<Trashed>>,
    work: Option<Task<Vec<Trashed>>>,
    /// Whether removing waits for a second click.
    doomed: bool,
}

impl Trash {
    /// Looks at what is in the trash.
    pub(super) fn new(root: &Path, context: &Context) -> Self {
        let place = root.to_owned();
        let work = Task::spawn("trash", context, move || store::trashed(&place));
        Self { open: true, root: root.to_owned(), runs: None, work, doomed: false }
    }

    /// The dialog.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        const HEIGHT: f32 = 220.0;
        if let Some(result) = self.work.as_ref().and_then(Task::poll) {
            self.work = None;
            self.runs = result.ok();
        }
        let mut open = self.open;
        style::dialog(context, "Trash").open(&mut open).show(context, |ui| {
            ui.set_width(440.0);
            let runs = self.runs.clone().unwrap_or_default();
            if runs.is_empty() {
                let words = if self.runs.is_some() {
                    "The trash is empty."
                } else {
                    "Looking at the deleted runs…"
                };
                ui.label(words);
            }
            egui::ScrollArea::vertical().max_height(HEIGHT).show(ui, |ui| {
                for run in &runs {
                    self.run_ui(ui, run, actions);
                }
            });
            ui.horizontal(|ui| self.foot_ui(ui, runs.len(), actions));
        });
        self.open &= open;
    }

    fn run_ui(&mut self, ui: &mut egui::Ui, run: &Trashed, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let place = run.from.strip_prefix(&self.root).unwrap_or(&run.from).display().to_string();
            let button = ui.small_button("Put back");
            let name = format!("Put back {place}");
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if button.clicked() {
                actions.push(Action::Manage(ManageAction::PutBack(vec![run.clone()])));
                self.runs.iter_mut().for_each(|runs| runs.retain(|other| other != run));
            }
            ui.add(egui::Label::new(place).truncate());
        });
    }

    fn foot_ui(&mut self, ui: &mut egui::Ui, runs: usize, actions: &mut Vec<Action>) {
        if self.doomed && runs > 0 {
            let plural = if runs == 1 { "run goes" } else { "runs go" };
            let text = format!("{} {plural} for good; this cannot be undone.", count(runs as u64));
            ui.label(RichText::new(text).color(color(tokens(ui.ctx()).warning)));
            if ui.button("Remove for good").clicked() {
                actions.push(Action::Manage(ManageAction::EmptyTrash));
                self.open = false;
            }
        } else if ui.add_enabled(runs > 0, egui::Button::new("Empty trash…")).clicked() {
            self.doomed = true;
        }
        if ui.button("Close").clicked() {
            self.open = false;
        }
    }
}
