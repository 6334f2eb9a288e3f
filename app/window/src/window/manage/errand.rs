//! What is done with runs off the UI thread, and what follows when it is done.

use std::path::PathBuf;

use egui::Context;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::store::Trashed;

use super::ManageAction;
use crate::figure::number::count;
use crate::window::app::{App, Urgency};
use crate::window::command::Action;
use crate::window::queue::QueueAction;
use crate::window::task::Task;

/// What an errand came to.
pub(super) enum Done {
    Nothing,
    /// The settings of a run, and where they came from.
    Settings(Box<Experiment>, String),
    /// Runs of an act that are in the trash now, and why others are not.
    Deleted(u64, Vec<Trashed>, Vec<String>),
    /// Runs that are back, those that are not, and why.
    Back(Vec<PathBuf>, Vec<Trashed>, Vec<String>),
    /// So many runs were removed for good.
    Emptied(Result<usize, String>),
    Failed(String),
}

/// Work in progress.
#[derive(Default)]
pub(super) struct Errands(Vec<Task<Done>>);

impl Errands {
    /// Starts an errand.
    pub(super) fn start(
        &mut self,
        name: &str,
        context: &Context,
        work: impl FnOnce() -> Done + Send + 'static,
    ) {
        self.0.extend(Task::spawn(name, context, work));
    }

    /// True while some are on their way.
    pub(super) fn is_busy(&self) -> bool {
        !self.0.is_empty()
    }

    /// What has come to its end.
    fn ended(&mut self) -> Vec<Done> {
        let mut ended = Vec::new();
        self.0.retain(|task| match task.poll() {
            None => true,
            Some(result) => {
                ended.push(result.unwrap_or_else(|()| Done::Failed("The work on the runs died".to_owned())));
                false
            }
        });
        ended
    }
}

impl App {
    /// Takes what errands and dialogs about runs came to.
    pub(in crate::window) fn drain_manage(&mut self, context: &Context) {
        for done in self.manage.errands.ended() {
            self.take_errand(done, context);
        }
        if let Some(said) = self.manage.packing.as_mut().and_then(super::Packing::poll) {
            self.say(Urgency::Info, said);
        }
        if let Some(path) = self.manage.lacking.as_mut().and_then(super::Lacking::poll) {
            self.say(
                Urgency::Info,
                "The data are those of the run; it can be repeated and forked".to_owned(),
            );
            self.apply(Action::OpenRun(path), context);
        }
    }

    fn take_errand(&mut self, done: Done, context: &Context) {
        let root = self.root.clone();
        match done {
            Done::Nothing => {}
            Done::Settings(experiment, origin) => {
                let lab = experiment.method.about().title;
                self.apply_queue(QueueAction::Form(experiment, origin), context);
                self.panels.setup = true;
                self.say(Urgency::Info, format!("The settings of the run are in the form ({lab})"));
            }
            Done::Deleted(act, gone, errors) => {
                self.runs.refresh(&root, context);
                errors.into_iter().for_each(|error| self.say(Urgency::Warning, error));
                self.deleted(act, &gone, context);
                if !gone.is_empty() {
                    let words = match gone.as_slice() {
                        [one] => format!("Deleted {}", self.runs.name_of(&one.from)),
                        many => format!("Deleted {} runs", count(many.len() as u64)),
                    };
                    self.offer(words, "Undo", Action::Manage(ManageAction::PutBack(gone)));
                }
            }
            Done::Back(back, left, errors) => {
                self.runs.refresh(&root, context);
                self.keep_deleted(left);
                errors.into_iter().for_each(|error| self.say(Urgency::Warning, error));
                if !back.is_empty() {
                    let plural = if back.len() == 1 { "run is" } else { "runs are" };
                    self.say(Urgency::Info, format!("{} {plural} back", count(back.len() as u64)));
                }
                if let Some(path) = self.manage.reopened.take().filter(|path| back.contains(path)) {
                    self.apply(Action::OpenRun(path), context);
                }
            }
            Done::Emptied(Ok(runs)) => {
                self.manage.deleted.clear();
                self.history.forget_deletions(|_| true);
                self.toasts.withdraw(|action| matches!(action, Action::Manage(ManageAction::PutBack(_))));
                let plural = if runs == 1 { "run is" } else { "runs are" };
                self.say(Urgency::Info, format!("{} {plural} removed for good", count(runs as u64)));
            }
            Done::Emptied(Err(error)) | Done::Failed(error) => self.say(Urgency::Warning, error),
        }
    }
}
