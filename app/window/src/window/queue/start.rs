//! From the form and the queue to runs, and what is shown while they go.

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::{Experiment, expand};
use weightscope_frame::record::Controls;
use weightscope_frame::run::{ForkRequest, Place, RunRequest, new_run_folder};

use super::live::{Live, LiveKind};
use super::model::{Job, Waiting};
use super::stored::StoredQueue;
use crate::naming::Namer;
use crate::window::app::{App, Bottom, Urgency};
use crate::window::carried::TurnedOn;
use crate::window::link::{Launch, Link};
use crate::window::runs::folder_name;
use crate::window::scrub::Scrub;
use crate::window::shown::Shown;
use crate::window::tiles::Layout;

/// What was shown before a run that has yet to begin, and how it was looked at.
pub(in crate::window) struct Before {
    run: Seen,
    controls: Controls,
    focus: String,
}

/// A run that was shown.
enum Seen {
    /// One that had ended, or a file.
    Run(Box<Shown>),
    /// One in work, by the number of its link.
    InWork(u64),
}

impl App {
    /// Puts the form's run, or all runs of its sweep, into the queue, and starts what may start.
    pub(in crate::window) fn run(&mut self, context: &Context) {
        // What the files decide is written out, in the form too: it is then the form of the run that begins.
        if self.form.experiment.sweep.is_none() {
            self.form.experiment = self.form.experiment.resolved();
        }
        let experiment = self.form.experiment.clone();
        self.queue.follow = true;
        self.enqueue(&experiment, context);
    }

    /// Puts an experiment, or all runs of its sweep, into the queue, and starts what may start.
    pub(super) fn enqueue(&mut self, experiment: &Experiment, context: &Context) {
        let origin = self.form.origin.clone();
        self.enqueue_from(&origin, experiment, context);
    }

    /// The same under the name of where the experiment comes from; the folders that the runs of a sweep will have.
    pub(super) fn enqueue_from(
        &mut self,
        origin: &str,
        experiment: &Experiment,
        context: &Context,
    ) -> Vec<PathBuf> {
        let members = match expand(experiment) {
            Ok(members) => members,
            Err(problems) => {
                problems.iter().for_each(|problem| self.say(Urgency::Error, problem.to_string()));
                return Vec::new();
            }
        };
        let sweep = experiment.sweep.as_ref().map(|_| self.fresh_folder(&self.root, origin, experiment));
        let folders = sweep.iter().flat_map(|root| members.iter().map(|member| root.join(&member.label)));
        let folders: Vec<PathBuf> = folders.collect();
        let mut namer = Namer::new(self.catalogue);
        for member in members {
            let label = format!("{origin} {}", member.label).trim_end().to_owned();
            let name = namer.planned(&label, &member.experiment);
            let job = Job::Run {
                experiment: member.experiment,
                root: self.root.clone(),
                folder: sweep.as_ref().map(|root| root.join(&member.label)),
                origin: label.clone(),
            };
            self.queue.add(label, name, job);
        }
        self.start_next(context);
        let waiting = self.queue.waiting().len();
        if waiting > 0 {
            self.say(Urgency::Info, format!("{waiting} waiting in the queue"));
            self.bottom = Bottom::Queue;
        }
        folders
    }

    /// Takes up what waited at the last end. Nothing starts unasked.
    pub(in crate::window) fn restore_queue(&mut self, stored: StoredQueue) {
        let (queue, lost) = stored.read(self.catalogue);
        for label in lost {
            let text = format!("{label} left the queue: this program cannot read its experiment");
            self.say(Urgency::Warning, text);
        }
        self.queue = queue;
        self.queue.follow = true;
        self.queue.held = !self.queue.waiting().is_empty();
        if self.queue.held {
            let waiting = match self.queue.waiting().len() {
                1 => "1 run waits".to_owned(),
                many => format!("{many} runs wait"),
            };
            let text = format!("{waiting} in the queue; it is paused until you resume it");
            self.say(Urgency::Info, text);
        }
    }

    /// Starts what may start.
    pub(in crate::window) fn start_next(&mut self, context: &Context) {
        while let Some(next) = self.queue.take(self.occupied()) {
            self.start(next, context);
        }
    }

    /// Starts a job now, whether or not a worker is free.
    pub(super) fn start(&mut self, next: Waiting, context: &Context) {
        let Waiting { id, label, name, job } = next;
        let mut experiment = None;
        let (launch, folder, kind) = match job {
            Job::Run { experiment: wanted, root, folder, origin } => {
                let folder = folder.unwrap_or_else(|| self.fresh_folder(&root, &origin, &wanted));
                experiment = Some(wanted.clone());
                let place = Place::New(folder.clone());
                let request = RunRequest { experiment: wanted, asked: None, origin, place };
                (Launch::New(request), folder, LiveKind::Run)
            }
            Job::Resume { path } => {
                match weightscope_frame::store::read_experiment(self.catalogue, &path) {
                    Ok(stored) => experiment = Some(stored),
                    Err(error) => {
                        self.say(Urgency::Error, format!("The run cannot be resumed: {error}"));
                        return;
                    }
                }
                (Launch::Resume(path.clone()), path, LiveKind::Run)
            }
            Job::Fork { parent, step, experiment: wanted, root, origin } => {
                let place = self.fresh_folder(&root, &origin, &wanted);
                experiment = Some(wanted.clone());
                let request = ForkRequest { parent, step, experiment: wanted, origin, place: place.clone() };
                (Launch::Fork(request), place, LiveKind::Run)
            }
            Job::Verify { path } => (Launch::Verify(path.clone()), path, LiveKind::Verify),
        };
        let shown = experiment.map(|experiment| Shown::starting(&experiment, &name));
        match Link::launch(self.catalogue, launch, context, &self.interval) {
            Ok(mut link) => {
                link.id = id;
                link.label = label;
                link.name = name;
                link.folder = folder;
                link.kind = kind;
                self.place_live(link, shown);
            }
            Err(error) => self.say(Urgency::Error, format!("The run's thread could not start: {error}")),
        }
    }

    /// In front if the newest run is followed, else behind.
    fn place_live(&mut self, link: Link, shown: Option<Shown>) {
        match shown {
            Some(shown) if self.queue.follow || self.shown.is_none() => {
                let (controls, focus) = (self.controls.clone(), self.focus.clone());
                let behind = self.link.as_ref().map(|link| link.id);
                let before = self.show_run(shown);
                let run = before.map(Seen::Run).or(behind.map(Seen::InWork));
                self.before = run.map(|run| Before { run, controls, focus });
                self.link = Some(link);
            }
            shown => self.background.push(Live { link, shown }),
        }
    }

    /// Shows again what was shown before a run that could not begin, as it was left.
    pub(in crate::window) fn show_what_was_before(&mut self) {
        let Some(Before { run, controls, focus }) = self.before.take() else { return };
        match run {
            Seen::Run(shown) => {
                self.show_run(*shown);
            }
            Seen::InWork(id) => self.bring(id),
        }
        self.controls = controls;
        if self.shown.as_ref().is_some_and(|shown| shown.view(&focus).is_some()) {
            self.focus = focus;
        }
    }

    /// A folder that neither the disk nor a run in work has.
    fn fresh_folder(&self, root: &Path, origin: &str, experiment: &Experiment) -> PathBuf {
        let first = new_run_folder(root, origin, experiment);
        let taken = |path: &Path| path.exists() || self.all_links().any(|link| link.folder == path);
        let name = folder_name(&first);
        let others = (2..10_000).map(|count| root.join(format!("{name}-{count}")));
        std::iter::once(first.clone()).chain(others).find(|path| !taken(path)).unwrap_or(first)
    }

    /// Puts a stored run into the queue, in front of the others.
    pub(in crate::window) fn resume_run(&mut self, path: &Path, context: &Context) {
        if self.all_links().any(|link| link.folder == path) {
            self.say(Urgency::Warning, "This run is in work already".to_owned());
            return;
        }
        self.queue.follow = true;
        let job = Job::Resume { path: path.to_owned() };
        let id = self.queue.add(folder_name(path), self.runs.name_of(path), job);
        self.queue.place(id, 0);
        self.start_next(context);
    }

    /// Shows no run: the one that was shown has gone.
    pub(in crate::window) fn show_nothing(&mut self) {
        if let (Some(before), Some(layout)) = (self.shown.take(), self.layout.take()) {
            self.left = Some(TurnedOn::of(&before));
            self.layouts.insert(before.layout_key(), layout);
        }
        self.maximised = false;
        self.cursor = None;
        self.scrub = Scrub::default();
        self.tiles.values_mut().for_each(|tile| tile.forget_run(true));
    }

    /// Shows a run; one in work that was shown before goes on behind it, another one is handed back.
    pub(in crate::window) fn show_run(&mut self, mut shown: Shown) -> Option<Box<Shown>> {
        self.before = None;
        // What was asked for before would take its place.
        self.reading = None;
        let own = self.own_views.get(&shown.layout_key()).cloned().unwrap_or_default();
        if !own.is_empty() {
            shown.set_own(&own);
        }
        // Controls belong to a lab; those of another mean nothing here.
        let (before, now) =
            (self.shown.as_ref().map(TurnedOn::of).or(self.left.take()), TurnedOn::of(&shown));
        if before.as_ref().is_some_and(|before| !before.has_lab_of(&now)) {
            self.controls = Controls::default();
        }
        if before.as_ref().is_some_and(|before| !before.has_data_of(&now)) {
            self.forget_dragged(&shown.views);
        }
        if let Some(before) = &before {
            self.begin_lines(before, &now);
        }
        self.fitted = None;
        let is_other =
            self.shown.as_ref().is_none_or(|before| before.folder.is_none() || before.folder != shown.folder);
        if let (Some(before), Some(layout)) = (&self.shown, self.layout.take()) {
            self.layouts.insert(before.layout_key(), layout);
        }
        let key = shown.layout_key();
        let mut layout = self.layouts.remove(&key).unwrap_or_else(|| Layout::new(&shown.views, self.width));
        layout.renew(&shown.views, self.width);
        self.layout = Some(layout);
        if shown.view(&self.focus).is_none() {
            self.focus = shown.views.first().map_or_else(String::new, |view| view.id.clone());
        }
        for tile in self.tiles.values_mut() {
            tile.forget_run(is_other);
        }
        self.cursor = None;
        self.scrub = Scrub::default();
        let before = self.shown.replace(shown);
        if let Some(link) = self.link.take() {
            self.background.push(Live { link, shown: before });
            return None;
        }
        before.map(Box::new)
    }
}
