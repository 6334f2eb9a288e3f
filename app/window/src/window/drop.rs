//! Files dropped on the window: a figure reopens its run and view, an experiment fills the form, a table becomes the data set,
//! a weight file is looked at, a run folder is shown. Everything is read off the UI thread, one after the other.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::experiment::{Mark, reading};

use super::app::App;
use super::form::Form;
use super::identify::{self, Beside, Dropped, Reader};
use super::log::Urgency;
use super::manage::Lacking;
use super::runs::folder_name;
use super::shown::Shown;
use super::task::Task;
use crate::exporting::views_of;
use crate::figure::provenance::Provenance;
use crate::views::own;

/// What is being opened, and what waits for it.
#[derive(Default)]
pub(super) struct Opens {
    work: Option<Task<Told>>,
    /// Files and folders, those that came together in one group.
    waiting: VecDeque<Vec<PathBuf>>,
}

/// What some paths turned out to be.
struct Told {
    /// Those that it stands for.
    taken: Vec<PathBuf>,
    /// Those that are to be opened next.
    rest: Vec<PathBuf>,
    dropped: Result<Dropped, String>,
}

impl App {
    /// Takes files that were dropped on the window in this frame.
    pub(super) fn take_drops(&mut self, context: &Context) {
        let dropped = |input: &egui::InputState| -> Vec<PathBuf> {
            input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect()
        };
        let paths = context.input(dropped);
        if !paths.is_empty() {
            self.open_files(paths, context);
        }
    }

    /// Opens a figure, an experiment, a table, a weight file or a folder.
    pub(super) fn open_file(&mut self, path: PathBuf, context: &Context) {
        self.open_files(vec![path], context);
    }

    /// Opens files that come together: a second weight file beside the first, everything else one after the other.
    fn open_files(&mut self, paths: Vec<PathBuf>, context: &Context) {
        self.opens.waiting.push_back(paths);
        self.open_next(context);
    }

    /// Begins with what waits, unless something is in work or a question about a file is open.
    fn open_next(&mut self, context: &Context) {
        if self.opens.work.is_some() || self.open_as.is_some() || self.whose.is_some() {
            return;
        }
        let Some(paths) = self.opens.waiting.pop_front() else { return };
        let shown = self.shown.as_ref().filter(|shown| shown.can_be_compared());
        let reader = Reader {
            catalogue: self.catalogue,
            root: self.root.clone(),
            shown: shown.map(|shown| shown.experiment.clone()),
            form: self.form.experiment.clone(),
        };
        self.opens.work = Task::spawn("dropped file", context, move || {
            let (count, dropped) = reader.read(&paths);
            let (mut taken, count) = (paths, count.max(1));
            let rest = taken.split_off(count.min(taken.len()));
            Told { taken, rest, dropped }
        });
    }

    /// Takes what a dropped file turned out to be.
    pub(super) fn drain_drop(&mut self, context: &Context) {
        if let Some(result) = self.opens.work.as_ref().and_then(Task::poll) {
            self.opens.work = None;
            let died =
                |()| Told { taken: Vec::new(), rest: Vec::new(), dropped: Err("the work died".to_owned()) };
            let told = result.unwrap_or_else(died);
            if !told.rest.is_empty() {
                self.opens.waiting.push_front(told.rest);
            }
            match told.dropped {
                Ok(dropped) => {
                    told.taken.iter().rev().for_each(|path| self.recent.add(path));
                    self.take_dropped(dropped, context);
                }
                Err(error) => self.say(Urgency::Error, format!("The file could not be opened: {error}")),
            }
        }
        self.open_next(context);
    }

    fn take_dropped(&mut self, dropped: Dropped, context: &Context) {
        match dropped {
            Dropped::Run(shown, warnings) => {
                warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                self.show_run(*shown);
            }
            Dropped::Plan(folder) => self.follow_plan(Some(&folder)),
            Dropped::File(shown) => {
                self.say(Urgency::Info, format!("{} is looked at; it is no run", shown.title));
                self.show_run(*shown);
            }
            Dropped::Packed(shown, warnings, opened) => {
                warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                let words = if opened.was_here { "This run is here already" } else { "The run was unpacked" };
                self.say(Urgency::Info, format!("{words}: {}", opened.path.display()));
                let root = self.root.clone();
                self.runs.refresh(&root, context);
                self.manage.lacking = opened.missing.map(|place| Lacking::new(&opened.path, &place));
                self.show_run(*shown);
            }
            Dropped::Figure(shown, provenance, beside) => self.show_figure(*shown, &provenance, &beside),
            Dropped::Asked(whose) => self.whose = Some(*whose),
            Dropped::Several(question) => self.open_as = Some(*question),
            Dropped::Experiment(experiment, path) => {
                self.put_form(Form::new(*experiment, &folder_name(&path)));
                self.say(Urgency::Info, format!("In the form: {}", path.display()));
            }
            Dropped::Data(lab, path) => {
                lab.into_iter().for_each(|lab| self.use_lab(lab));
                self.use_data(&path, context);
            }
            Dropped::Opened(experiment, words, path) => {
                self.say(Urgency::Info, format!("{}: {words}", experiment.lab()));
                self.put_form(Form::new(*experiment, &folder_name(&path)));
                self.run(context);
            }
        }
    }

    /// Asks what a file is to be opened as, and opens it so.
    pub(super) fn open_as_ui(&mut self, context: &Context) {
        let chosen = self.open_as.as_mut().and_then(|question| question.ui(context));
        self.open_as = self.open_as.take().filter(|question| question.open);
        if let Some(dropped) = chosen {
            self.take_dropped(dropped, context);
        }
    }

    /// Asks which run a dropped figure shows, and opens the one that is named.
    pub(super) fn whose_ui(&mut self, context: &Context) {
        let named = self.whose.as_mut().and_then(|whose| whose.ui(context));
        if let Some((folder, provenance)) = named {
            let (root, catalogue) = (self.root.clone(), self.catalogue);
            self.whose = None;
            self.opens.work = Task::spawn("dropped figure", context, move || Told {
                taken: Vec::new(),
                rest: Vec::new(),
                dropped: identify::of_run(catalogue, &folder, provenance, &root),
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
    pub(super) fn use_data(&mut self, path: &Path, context: &Context) {
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
