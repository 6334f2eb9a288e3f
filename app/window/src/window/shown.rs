//! The run that the views show: the one in work, or one read from disk. Both are a record with a little around it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weightscope_frame::data::Read;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Catalogue, Method, Reopened};
use weightscope_frame::record::{Record, ViewSpec};
use weightscope_frame::run::{Progress, Snapshot};
use weightscope_frame::store::{self, Status};

use super::app::{App, Urgency};
use super::runs::folder_name;
use super::runs::model::Row;
use super::task::Task;
use crate::figure::provenance::Provenance;
use crate::naming::{self, Namer};
use crate::views::{self, own};

/// The run that the tiles show, live or from disk.
pub(super) struct Shown {
    /// Words for headings.
    pub(super) title: String,
    /// Its experiment.
    pub(super) experiment: Experiment,
    /// Its folder, if it has one.
    pub(super) folder: Option<PathBuf>,
    /// Its views: those of the lab, then those that the person put together.
    pub(super) views: Vec<ViewSpec>,
    /// What is known of it.
    pub(super) snapshot: Arc<Snapshot>,
    /// Its final figures.
    pub(super) results: BTreeMap<String, f64>,
    /// What some of them are of, in words.
    pub(super) results_of: BTreeMap<String, String>,
    /// It is a file that a lab wrote, without a run.
    pub(super) is_file: bool,
    /// How it stands.
    pub(super) status: Status,
    /// Why it failed.
    pub(super) reason: Option<String>,
    /// Where its figures come from.
    pub(super) provenance: Provenance,
    /// What was read of its data.
    pub(super) data: Vec<Read>,
    /// Grows with each new snapshot: the key of cached figures.
    pub(super) version: u64,
}

impl App {
    /// Shows a run: at once if it is in work here, else when it has been read.
    pub(super) fn open_run(&mut self, path: PathBuf, context: &egui::Context) {
        let has_begun = self.runs.row(&path).is_none_or(Row::is_begun);
        let why = match (self.manage.is_going(&path), has_begun) {
            (true, _) => "it is on its way into the trash",
            (_, false) => "it has not begun",
            _ => "",
        };
        if !why.is_empty() {
            let text = format!("{} is not shown: {why}", self.runs.name_of(&path));
            self.say(Urgency::Warning, text);
            return;
        }
        self.queue.follow = false;
        self.reading = None;
        self.manage.wait_for(&path);
        if !self.show_if_live(&path) {
            self.read_run(path, context);
        }
    }

    /// Reads a run off the UI thread, to be shown when that is done.
    pub(super) fn read_run(&mut self, path: PathBuf, context: &egui::Context) {
        let (catalogue, folder) = (self.catalogue, path.clone());
        self.keeper.opens(&path);
        let task = Task::spawn("run reader", context, move || Shown::read(catalogue, &folder));
        self.reading = task.map(|task| (path, task));
    }
}

impl Shown {
    /// A run that is about to start.
    pub(super) fn starting(experiment: &Experiment, title: &str) -> Self {
        let experiment = experiment.resolved();
        Self {
            title: title.to_owned(),
            views: experiment.method.views(),
            folder: None,
            snapshot: Arc::default(),
            results: BTreeMap::new(),
            results_of: BTreeMap::new(),
            is_file: false,
            status: Status::Running,
            reason: None,
            provenance: Provenance::new(experiment.lab(), ""),
            experiment,
            data: Vec::new(),
            version: 0,
        }
    }

    /// A run on disk. Reads files: not for the UI thread.
    pub(super) fn read(catalogue: Catalogue, path: &Path) -> Result<(Self, Vec<String>), String> {
        let (run, warnings) = store::read_run(catalogue, path).map_err(|error| error.to_string())?;
        let provenance = views::provenance(&run.manifest);
        let progress = Progress {
            step: run.manifest.step,
            steps: run.manifest.steps,
            seconds: run.manifest.seconds,
            ..Progress::default()
        };
        let settings = naming::table(&run.experiment);
        let shown = Self {
            title: Namer::new(catalogue).name(&run.manifest, &settings),
            views: run.experiment.method.views(),
            folder: Some(path.to_owned()),
            snapshot: Arc::new(Snapshot { record: run.record, progress, paused: false }),
            results: run.manifest.results,
            results_of: run.manifest.results_of,
            is_file: false,
            status: run.manifest.status,
            reason: run.manifest.reason,
            experiment: run.experiment,
            provenance,
            data: run.manifest.data,
            version: 1,
        };
        Ok((shown, warnings.iter().map(ToString::to_string).collect()))
    }

    /// A file that a lab wrote, looked at without a run.
    pub(super) fn file(method: &Method, path: &Path, opened: Reopened) -> Self {
        let title = folder_name(path);
        let experiment = Experiment::new(method.defaults());
        Self {
            views: opened.views,
            snapshot: Arc::new(Snapshot { record: opened.record, ..Snapshot::default() }),
            status: Status::Done,
            is_file: true,
            version: 1,
            ..Self::starting(&experiment, &title)
        }
    }

    /// Under which the arrangement of its tiles is kept: its lab, or that it is a file of the lab.
    pub(super) fn layout_key(&self) -> String {
        let lab = self.experiment.lab();
        if self.is_file { format!("{lab} file") } else { lab.to_owned() }
    }

    /// True if a file that is opened next may stand beside it: it goes on or came to its end. What a run was refused cannot be read again.
    pub(super) fn can_be_compared(&self) -> bool {
        !self.is_file && matches!(self.status, Status::Running | Status::Done)
    }

    /// True for a run that ended before it began: nothing of it can be shown.
    pub(super) fn was_refused(&self) -> bool {
        !self.is_file && self.folder.is_none() && self.status == Status::Failed
    }

    /// Its record.
    pub(super) fn record(&self) -> &Record {
        &self.snapshot.record
    }

    /// The view with this id.
    pub(super) fn view(&self, id: &str) -> Option<&ViewSpec> {
        self.views.iter().find(|view| view.id == id)
    }

    /// Takes a newer snapshot.
    pub(super) fn update(&mut self, snapshot: Arc<Snapshot>) {
        if !Arc::ptr_eq(&self.snapshot, &snapshot) {
            self.snapshot = snapshot;
            self.version += 1;
            if self.views.iter().any(own::is_waiting) {
                let ids: Vec<String> = self.own_ids().map(str::to_owned).collect();
                self.set_own(&ids);
            }
        }
    }

    /// Ids of the views that the person put together.
    pub(super) fn own_ids(&self) -> impl Iterator<Item = &str> {
        self.views.iter().map(|view| view.id.as_str()).filter(|id| own::is_own(id))
    }

    /// Takes up the views that the person put together, in place of those it had.
    pub(super) fn set_own(&mut self, ids: &[String]) {
        self.views.retain(|view| !own::is_own(&view.id));
        let specs: Vec<ViewSpec> =
            ids.iter().map(|id| own::spec(id, &self.views, &self.snapshot.record)).collect();
        self.views.extend(specs);
        self.version += 1;
    }

    /// Takes what only the manifest knows, once the run has its folder.
    pub(super) fn settle(&mut self, folder: &Path) {
        self.folder = Some(folder.to_owned());
        if let Ok(manifest) = weightscope_frame::store::read_manifest(folder) {
            if !manifest.name.is_empty() {
                self.title.clone_from(&manifest.name);
            }
            self.provenance = views::provenance(&manifest);
            self.data = manifest.data;
        }
    }
}
