//! What a button of a view asks to be run next: its runs wait behind the others and are laid over the run that is shown.

use egui::Context;
use weightscope_frame::experiment::{Experiment, Next, expand};

use super::model::Job;
use crate::window::app::{App, Urgency};

impl App {
    /// Puts what follows from the run that is shown into the queue. The run stays in view, and each of the new ones is ticked: a view
    /// across runs fills as they end.
    pub(in crate::window) fn run_next(&mut self, run: &Experiment, next: &Next, context: &Context) {
        let experiment = match next.of(run) {
            Ok(experiment) => experiment,
            Err(problems) => {
                problems.iter().for_each(|problem| self.say(Urgency::Warning, problem.to_string()));
                return;
            }
        };
        if self.waits_for(&experiment) {
            self.say(Urgency::Info, "These runs wait in the queue already".to_owned());
            return;
        }
        self.queue.follow = false;
        let folders = self.enqueue_from(&next.origin(run), &experiment, context);
        folders.iter().for_each(|folder| self.runs.tick(folder, true));
    }

    /// True if a run of the experiment waits.
    fn waits_for(&self, experiment: &Experiment) -> bool {
        let members = expand(experiment).unwrap_or_default();
        self.queue.waiting().iter().any(|entry| match &entry.job {
            Job::Run { experiment: own, .. } => members.iter().any(|member| member.experiment == *own),
            Job::Resume { .. } | Job::Fork { .. } | Job::Verify { .. } => false,
        })
    }
}
