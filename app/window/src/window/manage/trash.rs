//! Deleting runs: which may go, what was deleted last, and emptying the trash.

use std::path::{Path, PathBuf};

use egui::{Context, RichText};
use weightscope_frame::experiment::Experiment;
use weightscope_frame::store::{self, Trashed};

use super::ManageAction;
use super::errand::Done;
use crate::figure::number::count;
use crate::window::app::{App, Urgency};
use crate::window::command::Action;
use crate::window::queue::LiveKind;
use crate::window::style::{self, color, tokens};
use crate::window::task::Task;

/// Runs that were deleted together.
pub(super) struct Deleted {
    runs: Vec<Trashed>,
    /// Those of them that were ticked.
    ticked: Vec<PathBuf>,
    /// The one of them that was shown.
    shown: Option<PathBuf>,
    /// The form as it stood: a change of it since is undone first.
    form: (Experiment, String),
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
        let shown = self.folder().map(PathBuf::from).filter(|shown| going.contains(shown));
        let ticked = going.iter().filter(|path| self.runs.is_ticked(path)).cloned().collect();
        let form = (self.form.experiment.clone(), self.form.origin.clone());
        self.manage.deleted.push(Deleted { runs: Vec::new(), ticked, shown: shown.clone(), form });
        going.iter().for_each(|path| self.runs.tick(path, false));
        if shown.is_some() {
            self.show_nothing();
        }
        let root = self.root.clone();
        self.manage.errands.start("trash", context, move || {
            let (gone, errors) = store::throw_away(&root, &going);
            Done::Deleted(gone, errors.iter().map(ToString::to_string).collect())
        });
    }

    /// Why a run is not deleted now.
    fn keeps(&self, path: &Path) -> Option<&'static str> {
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

    /// Takes note of what is in the trash now.
    pub(super) fn deleted(&mut self, gone: &[Trashed]) {
        let waiting = self.manage.deleted.iter_mut().find(|act| act.runs.is_empty());
        waiting.into_iter().for_each(|act| act.runs = gone.to_vec());
        // An act of which nothing came leaves nothing to undo.
        self.manage.deleted.retain(|act| !act.runs.is_empty());
    }

    /// True if the last thing to be undone is a deletion.
    pub(in crate::window) fn undoes_deletion(&self) -> bool {
        let last = self.manage.deleted.last().filter(|act| !act.runs.is_empty());
        last.is_some_and(|act| act.form.0 == self.form.experiment && act.form.1 == self.form.origin)
    }

    /// Brings back what was deleted last.
    pub(in crate::window) fn undo_deletion(&mut self, context: &Context) {
        if let Some(runs) = self.manage.deleted.last().map(|act| act.runs.clone()) {
            self.put_back(runs, context);
        }
    }

    /// Takes runs out of the trash; they are ticked and shown as they were.
    pub(super) fn put_back(&mut self, runs: Vec<Trashed>, context: &Context) {
        let offer = Action::Manage(ManageAction::PutBack(runs.clone()));
        self.toasts.withdraw(|action| *action == offer);
        let place = self.manage.deleted.iter().position(|act| act.runs == runs);
        let act = place.map(|place| self.manage.deleted.remove(place));
        if let Some(act) = act {
            act.ticked.iter().for_each(|path| self.runs.tick(path, true));
            self.manage.reopened = act.shown.filter(|_| self.shown.is_none());
        }
        let root = self.root.clone();
        self.manage.errands.start("trash", context, move || {
            let (back, errors) = store::put_back(&root, &runs);
            Done::Back(back, errors.iter().map(ToString::to_string).collect())
        });
    }
}

/// The question whether all that was deleted is to go for good.
pub(super) struct Emptying {
    pub(super) open: bool,
    count: Option<usize>,
    work: Option<Task<usize>>,
}

impl Emptying {
    /// Counts what is in the trash.
    pub(super) fn new(root: &Path, context: &Context) -> Self {
        let root = root.to_owned();
        let work = Task::spawn("trash", context, move || store::trashed(&root).len());
        Self { open: true, count: None, work }
    }

    /// The dialog.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if let Some(result) = self.work.as_ref().and_then(Task::poll) {
            self.work = None;
            self.count = result.ok();
        }
        let mut open = self.open;
        style::dialog(context, "Empty trash").open(&mut open).show(context, |ui| {
            let warning = color(tokens(ui.ctx()).warning);
            match self.count {
                None => {
                    ui.label("Counting the deleted runs…");
                }
                Some(0) => {
                    ui.label("The trash is empty.");
                }
                Some(runs) => {
                    let plural = if runs == 1 { "run is" } else { "runs are" };
                    ui.label(format!("{} deleted {plural} removed for good.", count(runs as u64)));
                    ui.label(RichText::new("This cannot be undone.").color(warning));
                }
            }
            ui.horizontal(|ui| {
                let any = self.count.is_some_and(|runs| runs > 0);
                if ui.add_enabled(any, egui::Button::new("Remove for good")).clicked() {
                    actions.push(Action::Manage(ManageAction::EmptyTrash));
                    self.open = false;
                }
                if ui.button("Cancel").clicked() {
                    self.open = false;
                }
            });
        });
        self.open &= open;
    }
}
