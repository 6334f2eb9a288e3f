//! The app's state, and the one place that changes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use egui::{Context, Ui};
use egui_tiles::Tree;
use weightscope_engine::experiment::{Comments, Experiment, Problem, expand, to_toml};
use weightscope_engine::presets;
use weightscope_engine::record::AxisScale;
use weightscope_engine::run::{Event, Interest, Place, Request, RunRequest, new_run_folder};
use weightscope_engine::store::Status;

use super::budget::Budget;
use super::command::{Action, Command};
use super::export::ExportDialog;
use super::form::Form;
use super::link::{Link, RepaintInterval};
use super::runs::{Runs, folder_name};
use super::shown::Shown;
use super::task::Task;
use super::tiles::{Pane, TileBehavior, TileState, default_tree};
use super::{inspector, style};

/// Below this width the inspector makes room for the views.
const NARROW: f32 = 1200.0;
/// Lines that the log keeps.
const MOST_LINES: usize = 2000;
/// Smoothing that the key turns on.
const SMOOTHING: f64 = 0.6;

/// How loud a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    Info,
    Warning,
    Error,
}

/// One line of the log.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) urgency: Urgency,
}

/// Tabs of the bottom panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bottom {
    Runs,
    Queue,
    Log,
}

/// A run that waits.
pub(super) struct Queued {
    pub(super) label: String,
    pub(super) experiment: Experiment,
    folder: PathBuf,
    origin: String,
}

/// Which panels are open.
struct Panels {
    setup: bool,
    inspector: bool,
    bottom: bool,
}

/// A run from disk with warnings about it, or why it cannot be read.
type ReadRun = Result<(Shown, Vec<String>), String>;

/// The result of a file dialog with what to do with it.
enum Dialog {
    Open(Task<Option<(PathBuf, Result<String, String>)>>),
    Save(Task<Option<Result<PathBuf, String>>>),
}

/// The workbench.
pub struct App {
    pub(super) form: Form,
    pub(super) shown: Option<Shown>,
    pub(super) runs: Runs,
    pub(super) log: Vec<Line>,
    pub(super) queue: VecDeque<Queued>,
    pub(super) bottom: Bottom,
    pub(super) budget: Budget,
    pub(super) cores: usize,
    pub(super) palette: Option<String>,
    pub(super) show_shortcuts: bool,
    root: PathBuf,
    link: Option<Link>,
    interval: RepaintInterval,
    tree: Option<Tree<Pane>>,
    tiles: BTreeMap<String, TileState>,
    focus: String,
    maximised: bool,
    cursor: Option<f64>,
    panels: Panels,
    export: Option<ExportDialog>,
    reading: Option<Task<ReadRun>>,
    dialog: Option<Dialog>,
}

impl App {
    /// The window's app.
    pub fn new(creation: &eframe::CreationContext<'_>, runs: &Path) -> Self {
        let adapter = creation.wgpu_render_state.as_ref().map(|state| state.adapter.get_info());
        Self::with_context(&creation.egui_ctx, runs, adapter.as_ref())
    }

    /// The app on any egui context, for tests without a window.
    pub fn with_context(context: &Context, runs: &Path, adapter: Option<&wgpu::AdapterInfo>) -> Self {
        style::install(context);
        let interval = RepaintInterval::default();
        let (form, problems) = first_form();
        let mut app = Self {
            form,
            shown: None,
            runs: Runs::default(),
            log: Vec::new(),
            queue: VecDeque::new(),
            bottom: Bottom::Runs,
            budget: Budget::new(adapter, interval.clone()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            palette: None,
            show_shortcuts: false,
            root: runs.to_owned(),
            link: None,
            interval,
            tree: None,
            tiles: BTreeMap::new(),
            focus: String::new(),
            maximised: false,
            cursor: None,
            panels: Panels { setup: true, inspector: true, bottom: true },
            export: None,
            reading: None,
            dialog: None,
        };
        problems.iter().for_each(|problem| app.say(Urgency::Error, problem.to_string()));
        app.runs.refresh(runs, context);
        app
    }

    /// True while a run of this window goes on or is held.
    pub fn is_live(&self) -> bool {
        self.link.is_some()
    }

    /// True while the run is held.
    pub fn is_paused(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.control.is_paused())
    }

    /// How the run that is shown stands.
    pub fn status(&self) -> Option<Status> {
        self.shown.as_ref().map(|shown| shown.status)
    }

    /// Step of the run that is shown.
    pub fn step(&self) -> u64 {
        self.shown.as_ref().map_or(0, |shown| shown.snapshot.progress.step)
    }

    /// The experiment in the form.
    pub fn experiment(&self) -> &Experiment {
        &self.form.experiment
    }

    /// Takes what came from run, disk and dialogs. May run while the window is hidden; draws nothing.
    pub fn drain(&mut self, context: &Context) {
        for text in self.runs.poll() {
            self.say(Urgency::Warning, text);
        }
        self.drain_run(context);
        if let Some(result) = self.reading.as_ref().and_then(Task::poll) {
            self.reading = None;
            match result {
                Ok(Ok((shown, warnings))) => {
                    warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                    self.show_run(shown);
                }
                Ok(Err(error)) => self.say(Urgency::Error, format!("The run could not be opened: {error}")),
                Err(()) => self.say(Urgency::Error, "The run could not be opened: the work died".to_owned()),
            }
        }
        self.drain_dialog();
    }

    fn drain_run(&mut self, context: &Context) {
        let Some(link) = &mut self.link else { return };
        let events = link.events();
        let snapshot = link.snapshot();
        let finished = link.finished();
        // Events that came between the first look and the end.
        let late = if finished.is_some() { link.events() } else { Vec::new() };
        let newest = if finished.is_some() { link.snapshot() } else { snapshot };
        if let (Some(shown), Some(snapshot)) = (&mut self.shown, newest) {
            shown.update(snapshot);
        }
        events.into_iter().chain(late).for_each(|event| self.on_event(event));
        let Some(result) = finished else { return };
        self.link = None;
        match result {
            Ok(outcome) => {
                if let Some(shown) = &mut self.shown {
                    shown.status = outcome.status;
                    shown.reason.clone_from(&outcome.reason);
                    shown.results = outcome.results;
                }
                let urgency = if outcome.status == Status::Failed { Urgency::Error } else { Urgency::Info };
                let reason = outcome.reason.map_or_else(String::new, |reason| format!(": {reason}"));
                self.say(urgency, format!("Run {}{reason}", outcome.status.word()));
            }
            Err(error) => {
                if let Some(shown) = &mut self.shown {
                    shown.status = Status::Failed;
                    shown.reason = Some(error.clone());
                }
                self.say(Urgency::Error, format!("The run could not start: {error}"));
            }
        }
        let root = self.root.clone();
        self.runs.refresh(&root, context);
        self.start_next(context);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Started { folder, device } => {
                if let (Some(shown), Some(folder)) = (&mut self.shown, &folder) {
                    shown.settle(folder);
                }
                let place = folder.map_or_else(String::new, |folder| format!(" in {}", folder.display()));
                self.say(Urgency::Info, format!("Run started on {device}{place}"));
            }
            Event::Stage { index, name } => self.say(Urgency::Info, format!("Stage {}: {name}", index + 1)),
            Event::Message(text) => self.say(Urgency::Info, text),
            Event::Warning(text) => self.say(Urgency::Warning, text),
            Event::Checkpoint { .. } | Event::Ended { .. } => {}
        }
    }

    fn drain_dialog(&mut self) {
        match &self.dialog {
            Some(Dialog::Open(task)) => {
                let Some(result) = task.poll() else { return };
                self.dialog = None;
                if let Ok(Some((path, text))) = result {
                    self.use_file(&path, text);
                }
            }
            Some(Dialog::Save(task)) => {
                let Some(result) = task.poll() else { return };
                self.dialog = None;
                match result {
                    Ok(Some(Ok(path))) => self.say(Urgency::Info, format!("Written: {}", path.display())),
                    Ok(Some(Err(error))) => {
                        self.say(Urgency::Error, format!("The experiment could not be written: {error}"));
                    }
                    _ => {}
                }
            }
            None => {}
        }
    }

    fn use_file(&mut self, path: &Path, text: Result<String, String>) {
        match text.map(|text| Experiment::from_toml(&text)) {
            Ok(Ok(experiment)) => self.form = Form::new(experiment, &folder_name(path)),
            Ok(Err(problems)) => problems
                .iter()
                .for_each(|problem| self.say(Urgency::Error, format!("{problem} – in {}", path.display()))),
            Err(error) => {
                self.say(Urgency::Error, format!("The file could not be read: {error}: {}", path.display()));
            }
        }
    }

    /// Draws the window and applies what the person did.
    pub fn draw(&mut self, ui: &mut Ui) {
        self.budget.frame();
        let context = ui.ctx().clone();
        let mut actions = Vec::new();
        keys(&context, self.palette.is_some(), &mut actions);
        egui::Panel::top("toolbar").show(ui, |ui| self.toolbar_ui(ui, &mut actions));
        egui::Panel::bottom("status").show(ui, |ui| self.status_ui(ui));
        if self.panels.setup {
            egui::Panel::left("setup")
                .default_size(300.0)
                .size_range(240.0..=480.0)
                .show(ui, |ui| self.setup_ui(ui, &mut actions));
        }
        if self.panels.bottom {
            egui::Panel::bottom("bottom")
                .default_size(170.0)
                .size_range(90.0..=420.0)
                .resizable(true)
                .show(ui, |ui| self.bottom_ui(ui, &mut actions));
        }
        if self.panels.inspector && context.content_rect().width() >= NARROW {
            egui::Panel::right("inspector")
                .default_size(280.0)
                .size_range(200.0..=480.0)
                .show(ui, |ui| self.inspector_ui(ui));
        }
        egui::CentralPanel::default().show(ui, |ui| self.center_ui(ui, &mut actions));
        self.floating_ui(&context, &mut actions);
        self.export_ui(&context);
        actions.into_iter().for_each(|action| self.apply(action, &context));
    }

    fn inspector_ui(&mut self, ui: &mut Ui) {
        if let Some(shown) = &self.shown {
            let tile = self.tiles.entry(self.focus.clone()).or_default();
            inspector::ui(ui, shown, &self.form.experiment, &self.focus, tile);
        } else {
            ui.heading("Inspector");
            ui.label("What you select appears here.");
        }
    }

    fn center_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (Some(shown), Some(tree)) = (&self.shown, &mut self.tree) else {
            Self::welcome_ui(ui, actions);
            return;
        };
        let mut behavior =
            TileBehavior { shown, states: &mut self.tiles, focus: &self.focus, cursor: self.cursor, actions };
        if self.maximised && shown.view(&self.focus).is_some() {
            let pane = Pane { view: self.focus.clone() };
            let mut single = Tree::new_tabs(egui::Id::unique("maximised"), vec![pane]);
            single.ui(&mut behavior, ui);
        } else {
            tree.ui(&mut behavior, ui);
        }
        if let Some(link) = &self.link {
            link.control.set_interest(Interest { views: Some(visible_views(tree, shown)) });
        }
    }

    fn export_ui(&mut self, context: &Context) {
        let (Some(dialog), Some(shown)) = (&mut self.export, &self.shown) else { return };
        let options = self.tiles.get(&self.focus).map(|tile| tile.options.clone()).unwrap_or_default();
        let said = dialog.show(context, shown, &options);
        if !dialog.open {
            self.export = None;
        }
        match said {
            Some(Ok(text)) => self.say(Urgency::Info, text),
            Some(Err(text)) => self.say(Urgency::Error, text),
            None => {}
        }
    }

    /// The one place where what a person did changes the state.
    fn apply(&mut self, action: Action, context: &Context) {
        match action {
            Action::Do(command) => self.carry_out(command, context),
            Action::UsePreset(name) => self.use_preset(name),
            Action::OpenRun(path) => {
                self.reading = Task::spawn("run reader", context, move || Shown::read(&path));
            }
            Action::ResumeRun(path) => self.resume_run(&path, context),
            Action::Focus(view) => self.focus = view,
            Action::Export(view) => {
                self.focus.clone_from(&view);
                self.export = self.shown.as_ref().map(|shown| ExportDialog::new(&view, shown));
            }
            Action::Pick(pick) => {
                let Some(shown) = &self.shown else { return };
                let target = shown.view(&pick.view).and_then(|view| view.picks_into.clone());
                let picked = shown.experiment.method.pick(shown.record(), &pick);
                if let Some(link) = &self.link {
                    link.control.request(Request::Pick(pick));
                }
                if let Some(target) = target.filter(|_| !picked.ids.is_empty()) {
                    self.show_components(&target, picked.ids);
                }
            }
            Action::Button { view, action } => {
                let Some(shown) = &self.shown else { return };
                let picked = shown.experiment.method.action(shown.record(), &action);
                if let Some(link) = &self.link {
                    link.control.request(Request::Action(action));
                }
                self.show_components(&view, picked.ids);
            }
            Action::Cursor(step) => self.cursor = step,
        }
    }

    fn show_components(&mut self, view: &str, ids: Vec<u64>) {
        self.tiles.entry(view.to_owned()).or_default().options.shown = ids;
    }

    fn carry_out(&mut self, command: Command, context: &Context) {
        let control = self.link.as_ref().map(|link| &link.control);
        match command {
            Command::Run => self.run(context),
            Command::PauseOrResume => match control {
                Some(control) if control.is_paused() => control.resume(),
                Some(control) => control.pause(),
                None => {}
            },
            Command::Step => control.into_iter().for_each(|control| control.step(1)),
            Command::StepHundred => control.into_iter().for_each(|control| control.step(100)),
            Command::Cancel => {
                control.into_iter().for_each(|control| control.cancel());
                self.queue.clear();
            }
            Command::ExportFigure => {
                let view = self.focus.clone();
                self.export = self
                    .shown
                    .as_ref()
                    .filter(|shown| shown.view(&view).is_some())
                    .map(|shown| ExportDialog::new(&view, shown));
            }
            Command::OpenExperiment => self.dialog = open_dialog(context),
            Command::SaveExperiment => {
                self.dialog = save_dialog(context, to_toml(&self.form.experiment, Comments::Each));
            }
            Command::RefreshRuns => {
                let root = self.root.clone();
                self.runs.refresh(&root, context);
            }
            Command::ToggleSetup => self.panels.setup ^= true,
            Command::ToggleInspector => self.panels.inspector ^= true,
            Command::ToggleBottom => self.panels.bottom ^= true,
            Command::ToggleScaleY => next_scale(&mut self.focused().options.y_scale),
            Command::ToggleScaleX => next_scale(&mut self.focused().options.x_scale),
            Command::ToggleSmoothing => {
                let smoothing = &mut self.focused().options.smoothing;
                *smoothing = if *smoothing > 0.0 { 0.0 } else { SMOOTHING };
            }
            Command::Fit => self.focused().fit(),
            Command::Maximise => self.maximised ^= true,
            Command::ResetLayout => self.tree = self.shown.as_ref().map(|shown| default_tree(&shown.views)),
            Command::ThemeDark => context.set_theme(egui::ThemePreference::Dark),
            Command::ThemeLight => context.set_theme(egui::ThemePreference::Light),
            Command::ThemeSystem => context.set_theme(egui::ThemePreference::System),
            Command::Palette => self.palette = Some(String::new()),
            Command::Shortcuts => self.show_shortcuts ^= true,
        }
    }

    fn focused(&mut self) -> &mut TileState {
        self.tiles.entry(self.focus.clone()).or_default()
    }

    fn use_preset(&mut self, name: &str) {
        let Some(preset) = presets::by_name(name) else { return };
        match Form::from_preset(preset) {
            Ok(form) => self.form = form,
            Err(problems) => {
                problems.iter().for_each(|problem| self.say(Urgency::Error, problem.to_string()));
            }
        }
    }

    /// Puts the form's run, or all runs of its sweep, into the queue, and starts the first if nothing runs.
    fn run(&mut self, context: &Context) {
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

    fn start_next(&mut self, context: &Context) {
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

    fn resume_run(&mut self, path: &Path, context: &Context) {
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

    fn show_run(&mut self, shown: Shown) {
        let same_views = self.shown.as_ref().is_some_and(|before| {
            before.views.iter().map(|view| &view.id).eq(shown.views.iter().map(|view| &view.id))
        });
        if !same_views || self.tree.is_none() {
            self.tree = Some(default_tree(&shown.views));
        }
        if shown.view(&self.focus).is_none() {
            self.focus = shown.views.first().map_or_else(String::new, |view| view.id.clone());
        }
        for tile in self.tiles.values_mut() {
            tile.forget_run();
        }
        self.cursor = None;
        self.shown = Some(shown);
    }

    pub(super) fn say(&mut self, urgency: Urgency, text: String) {
        if self.log.len() >= MOST_LINES {
            self.log.drain(..MOST_LINES / 2);
        }
        self.log.push(Line { text, urgency });
    }
}

impl eframe::App for App {
    fn logic(&mut self, context: &Context, _frame: &mut eframe::Frame) {
        self.drain(context);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn on_exit(&mut self) {
        if let Some(link) = &self.link {
            link.close();
        }
    }
}

/// The form of a first start.
fn first_form() -> (Form, Vec<Problem>) {
    let mut problems = Vec::new();
    for preset in presets::ALL {
        match Form::from_preset(preset) {
            Ok(form) => return (form, problems),
            Err(found) => problems.extend(found),
        }
    }
    let method = weightscope_engine::labs::Method::Oscillation(
        weightscope_engine::labs::oscillation::Config::default(),
    );
    (Form::new(Experiment::new(method), "defaults"), problems)
}

/// Keys of all commands; those without a modifier only while nothing takes text.
fn keys(context: &Context, palette: bool, actions: &mut Vec<Action>) {
    let typing = context.egui_wants_keyboard_input() || palette;
    for command in Command::ALL {
        let Some(keys) = command.keys() else { continue };
        let plain = !keys.modifiers.command
            && !keys.modifiers.alt
            && !(egui::Key::F1..=egui::Key::F35).contains(&keys.logical_key);
        if plain && typing {
            continue;
        }
        if context.input_mut(|input| input.consume_shortcut(&keys)) {
            actions.push(Action::Do(*command));
        }
    }
}

fn next_scale(scale: &mut Option<AxisScale>) {
    *scale = Some(match scale.unwrap_or_default() {
        AxisScale::Linear => AxisScale::Log,
        AxisScale::Log => AxisScale::Symlog,
        AxisScale::Symlog => AxisScale::Linear,
    });
}

/// The views whose tiles can be seen: those not behind another tab.
fn visible_views(tree: &Tree<Pane>, shown: &Shown) -> BTreeSet<String> {
    let visible: BTreeSet<String> = tree
        .active_tiles()
        .into_iter()
        .filter_map(|tile| tree.tiles.get_pane(&tile).map(|pane| pane.view.clone()))
        .collect();
    shown.views.iter().map(|view| view.id.clone()).filter(|id| visible.contains(id)).collect()
}

fn open_dialog(context: &Context) -> Option<Dialog> {
    Task::spawn("file dialog", context, || {
        let path = rfd::FileDialog::new().add_filter("experiment", &["toml"]).pick_file()?;
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        Some((path, text))
    })
    .map(Dialog::Open)
}

fn save_dialog(context: &Context, text: String) -> Option<Dialog> {
    Task::spawn("file dialog", context, move || {
        let path = rfd::FileDialog::new()
            .add_filter("experiment", &["toml"])
            .set_file_name("experiment.toml")
            .save_file()?;
        Some(std::fs::write(&path, text).map(|()| path).map_err(|error| error.to_string()))
    })
    .map(Dialog::Save)
}
