//! Files dropped on the window: a figure reopens its run and view, an experiment fills the form, a table becomes the data set,
//! a run folder is shown. Everything is read off the UI thread.

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::{Mark, reading};

use super::app::{App, Urgency};
use super::form::Form;
use super::identify::{self, Beside, Dropped};
use super::runs::folder_name;
use super::shown::Shown;
use super::task::Task;
use crate::exporting::views_of;
use crate::figure::provenance::Provenance;
use crate::views::own;

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
        self.dropping = Task::spawn("dropped file", context, move || {
            identify::read(catalogue, &path, &root, shown.as_ref())
        });
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
            self.dropping = Task::spawn("dropped figure", context, move || {
                identify::of_run(catalogue, &folder, provenance, &root)
            });
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
