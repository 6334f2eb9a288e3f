//! Files dropped on the window: a figure reopens its run and view, an experiment fills the form, a table becomes the data set,
//! a run folder is shown. Everything is read off the UI thread.

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::{Experiment, Mark, opened, reading};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::store;

use super::app::{App, Urgency};
use super::form::Form;
use super::runs::folder_name;
use super::shown::Shown;
use super::task::Task;
use super::whose::{self, Found, Whose};
use crate::exporting::views_of;
use crate::figure::provenance::{self, Fit, Provenance};
use crate::views::own;

/// What a dropped file turned out to be.
pub(super) enum Dropped {
    Run(Box<Shown>, Vec<String>),
    Figure(Box<Shown>, Box<Provenance>, Beside),
    /// A figure whose run has to be asked for.
    Asked(Box<Whose>),
    Experiment(Box<Experiment>, PathBuf),
    Data(PathBuf),
    /// Experiments that look at the file, each with what will happen.
    Opened(Vec<(Experiment, String)>, PathBuf),
}

/// The other runs of a figure: where they lie, and the ids of those that are not here.
#[derive(Default)]
pub(super) struct Beside {
    found: Vec<PathBuf>,
    missing: Vec<String>,
    /// What is to be said of the first run.
    remark: Option<String>,
}

impl App {
    /// Takes files that were dropped on the window in this frame.
    pub(super) fn take_drops(&mut self, context: &Context) {
        let path = context.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = path {
            self.open_file(path, context);
        }
    }

    /// Opens a figure, an experiment, a table or a run folder.
    pub(super) fn open_file(&mut self, path: PathBuf, context: &Context) {
        let root = self.root.clone();
        let catalogue = self.catalogue;
        let shown = self.shown.as_ref().filter(|shown| shown.can_be_compared());
        let shown = shown.map(|shown| shown.experiment.clone());
        self.dropping =
            Task::spawn("dropped file", context, move || read(catalogue, &path, &root, shown.as_ref()));
    }

    /// Takes what a dropped file turned out to be.
    pub(super) fn drain_drop(&mut self, context: &Context) {
        let Some(result) = self.dropping.as_ref().and_then(Task::poll) else { return };
        self.dropping = None;
        match result.unwrap_or_else(|()| Err("the work died".to_owned())) {
            Ok(Dropped::Run(shown, warnings)) => {
                warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                self.show_run(*shown);
            }
            Ok(Dropped::Figure(shown, provenance, beside)) => self.show_figure(*shown, &provenance, &beside),
            Ok(Dropped::Asked(whose)) => self.whose = Some(*whose),
            Ok(Dropped::Experiment(experiment, path)) => {
                self.form = Form::new(*experiment, &folder_name(&path));
                self.say(Urgency::Info, format!("In the form: {}", path.display()));
            }
            Ok(Dropped::Data(path)) => self.use_data(&path, context),
            Ok(Dropped::Opened(found, path)) => {
                let Some((experiment, words)) = found.into_iter().next() else { return };
                self.say(Urgency::Info, format!("{}: {words}", experiment.lab()));
                self.form = Form::new(experiment, &folder_name(&path));
                self.run(context);
            }
            Err(error) => self.say(Urgency::Error, format!("The file could not be opened: {error}")),
        }
    }

    /// Asks which run a dropped figure shows, and opens the one that is named.
    pub(super) fn whose_ui(&mut self, context: &Context) {
        let named = self.whose.as_mut().and_then(|whose| whose.ui(context));
        if let Some((folder, provenance)) = named {
            let (root, catalogue) = (self.root.clone(), self.catalogue);
            self.whose = None;
            self.dropping =
                Task::spawn("dropped figure", context, move || of_run(catalogue, &folder, provenance, &root));
        }
        self.whose = self.whose.take().filter(|whose| whose.open);
    }

    /// The run and the view that a figure shows, with the view's options.
    fn show_figure(&mut self, shown: Shown, provenance: &Provenance, beside: &Beside) {
        let Some((view, options)) = views_of(provenance).into_iter().next() else { return };
        let title = shown.title.clone();
        self.show_run(shown);
        if own::is_own(&view) {
            self.add_views(vec![view.clone()], None);
        }
        for (id, value) in options.controls.0.clone() {
            self.controls.set(&id, value);
        }
        if !beside.found.is_empty() {
            self.runs.lay_over(&beside.found, &options.overlay);
        }
        self.tiles.entry(view.clone()).or_default().options = options;
        if let Some(remark) = &beside.remark {
            self.say(Urgency::Warning, remark.clone());
        }
        if !beside.missing.is_empty() {
            let text = format!("Runs of the figure that are not drawn: {}", beside.missing.join("; "));
            self.say(Urgency::Warning, text);
        }
        if let Some(layout) = &mut self.layout {
            layout.open(&view);
        }
        self.say(Urgency::Info, format!("The figure shows {view} of {title}"));
        self.focus = view;
    }

    /// Puts a data file into the form; where a column is to be chosen as the target, the table is shown to choose from.
    fn use_data(&mut self, path: &Path, context: &Context) {
        let text = path.display().to_string();
        let mut experiment = self.form.experiment.clone();
        match experiment.set_marked(Mark::DataSet, &text) {
            Ok(()) => {
                let origin = self.form.origin.clone();
                self.form.replace(experiment, &origin);
                if reading::is_table(&text) && self.form.marked(Mark::TargetColumn).is_some() {
                    self.look_at_data(context);
                }
                self.say(Urgency::Info, format!("The data set is now {text}"));
            }
            Err(_) => self.say(Urgency::Warning, format!("This lab takes no data file: {text}")),
        }
    }
}

fn read(
    catalogue: Catalogue,
    path: &Path,
    root: &Path,
    shown: Option<&Experiment>,
) -> Result<Dropped, String> {
    if path.is_dir() {
        let found = if store::read_manifest(path).is_err() {
            opened(catalogue, shown, path, true)
        } else {
            Vec::new()
        };
        if !found.is_empty() {
            return Ok(Dropped::Opened(found, path.to_owned()));
        }
        let (shown, warnings) = Shown::read(catalogue, path)?;
        return Ok(Dropped::Run(Box::new(shown), warnings));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "toml" => {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error, path))?;
            let experiment = Experiment::from_toml(catalogue, &text).map_err(|problems| {
                let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!("{}: {}", words.join("; "), path.display())
            })?;
            Ok(Dropped::Experiment(Box::new(experiment), path.to_owned()))
        }
        "csv" | "tsv" | "txt" => Ok(Dropped::Data(path.to_owned())),
        "svg" | "png" | "pdf" => figure(catalogue, path, root),
        // Arrays are a data set, but for a lab that looks at weights.
        "npz" | "npy" if shown.is_none_or(|shown| shown.method.table().is_none()) => {
            Ok(Dropped::Data(path.to_owned()))
        }
        _ => {
            let found = opened(catalogue, shown, path, true);
            if found.is_empty() {
                figure(catalogue, path, root)
            } else {
                Ok(Dropped::Opened(found, path.to_owned()))
            }
        }
    }
}

fn unreadable(error: &std::io::Error, path: &Path) -> String {
    format!("it cannot be read ({error}); check its name and permissions: {}", path.display())
}

fn figure(catalogue: Catalogue, path: &Path, root: &Path) -> Result<Dropped, String> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error, path))?;
    let provenance = provenance::read(&bytes).map_err(|error| format!("{error}: {}", path.display()))?;
    let origins = provenance.origins();
    let first = origins.first().ok_or("the figure names no run")?;
    // A figure written into its own run folder is found even when the run was moved.
    let own = path.ancestors().find(|folder| {
        store::read_manifest(folder)
            .is_ok_and(|manifest| matches!(first.fit(&manifest), Fit::Same | Fit::Again))
    });
    let folder = match own {
        Some(folder) => folder.to_owned(),
        None => match whose::find(first, &store::scan(root).runs, root) {
            Found::One(folder) => folder,
            Found::Ask(reason, near) => {
                return Ok(Dropped::Asked(Box::new(Whose::new(provenance, reason, near))));
            }
        },
    };
    of_run(catalogue, &folder, provenance, root)
}

/// A figure whose first run is known.
fn of_run(
    catalogue: Catalogue,
    folder: &Path,
    provenance: Provenance,
    root: &Path,
) -> Result<Dropped, String> {
    let origins = provenance.origins();
    let (shown, _) = Shown::read(catalogue, folder)?;
    let remark = origins.first().and_then(|first| whose::remark(first, folder));
    let mut beside = Beside { remark, ..Beside::default() };
    if origins.len() > 1 {
        let here = store::scan(root).runs;
        for origin in origins.iter().skip(1) {
            match whose::find(origin, &here, root) {
                Found::One(path) => beside.found.push(path),
                Found::Ask(reason, _) => beside.missing.push(reason.trim_end_matches(':').to_owned()),
            }
        }
    }
    Ok(Dropped::Figure(Box::new(shown), Box::new(provenance), beside))
}
