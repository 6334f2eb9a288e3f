//! From the form to a run: the queue, and what is shown while it goes.

use std::path::Path;

use egui::Context;
use weightscope_engine::experiment::expand;
use weightscope_engine::record::Controls;
use weightscope_engine::run::{Place, RunRequest, new_run_folder};

use super::app::{App, Bottom, Queued, Urgency};
use super::link::Link;
use super::runs::folder_name;
use super::scrub::Scrub;
use super::shown::Shown;
use super::tiles::Layout;

impl App {
    /// Puts the form's run, or all runs of its sweep, into the queue, and starts the first if nothing runs.
    pub(super) fn run(&mut self, context: &Context) {
        let members = match expand(&self.form.experiment) {
            Ok(members) => members,
            Err(problems) => {
                problems.iter().for_each(|problem| self.say(Urgency::Error, problem.to_string()));
                return;
            }
        };
        let sweep = members.len() > 1;
        let root = if sweep {
            new_run_folder(&self.root, &self.form.origin, &self.form.experiment)
        } else {
            self.root.clone()
        };
        for member in members {
            let label = if member.label.is_empty() {
                self.form.origin.clone()
            } else {
                format!("{} {}", self.form.origin, member.label)
            };
            let folder = if sweep {
                root.join(&member.label)
            } else {
                new_run_folder(&root, &self.form.origin, &member.experiment)
            };
            self.queue.push_back(Queued {
                label: label.clone(),
                experiment: member.experiment,
                folder,
                origin: label,
            });
        }
        if self.link.is_some() {
            self.say(Urgency::Info, format!("{} waiting in the queue", self.queue.len()));
            self.bottom = Bottom::Queue;
        }
        self.start_next(context);
    }

    pub(super) fn start_next(&mut self, context: &Context) {
        if self.link.is_some() {
            return;
        }
        let Some(next) = self.queue.pop_front() else { return };
        let request = RunRequest {
            experiment: next.experiment.clone(),
            asked: None,
            origin: next.origin,
            place: Place::New(next.folder),
        };
        match Link::start(request, context, &self.interval) {
            Ok(link) => {
                self.link = Some(link);
                self.show_run(Shown::starting(&next.experiment, &next.label));
            }
            Err(error) => self.say(Urgency::Error, format!("The run's thread could not start: {error}")),
        }
    }

    pub(super) fn resume_run(&mut self, path: &Path, context: &Context) {
        if self.link.is_some() {
            self.say(
                Urgency::Warning,
                "A run is in work; cancel it or wait before resuming another".to_owned(),
            );
            return;
        }
        match weightscope_engine::store::read_experiment(path) {
            Ok(experiment) => match Link::resume(path.to_owned(), context, &self.interval) {
                Ok(link) => {
                    self.link = Some(link);
                    self.show_run(Shown::starting(&experiment, &folder_name(path)));
                }
                Err(error) => self.say(Urgency::Error, format!("The run's thread could not start: {error}")),
            },
            Err(error) => self.say(Urgency::Error, format!("The run cannot be resumed: {error}")),
        }
    }

    pub(super) fn show_run(&mut self, shown: Shown) {
        // Controls belong to a lab; those of another mean nothing here.
        if self.shown.as_ref().is_some_and(|before| before.experiment.lab() != shown.experiment.lab()) {
            self.controls = Controls::default();
        }
        let lab = shown.experiment.lab();
        if let (Some(before), Some(layout)) = (&self.shown, self.layout.take()) {
            self.layouts.insert(before.experiment.lab().to_owned(), layout);
        }
        let mut layout = self.layouts.remove(lab).unwrap_or_else(|| Layout::new(&shown.views));
        layout.adapt(&shown.views);
        self.layout = Some(layout);
        if shown.view(&self.focus).is_none() {
            self.focus = shown.views.first().map_or_else(String::new, |view| view.id.clone());
        }
        for tile in self.tiles.values_mut() {
            tile.forget_run();
        }
        self.cursor = None;
        self.scrub = Scrub::default();
        self.shown = Some(shown);
    }
}
