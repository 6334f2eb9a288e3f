//! The app's state, and how it is drawn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Context, Ui};
use egui_tiles::Tree;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::Catalogue;
use weightscope_frame::record::{Controls, Record};
use weightscope_frame::run::Snapshot;
use weightscope_frame::store::Status;

use super::adding::AddView;
use super::budget::Budget;
use super::carried::TurnedOn;
use super::command::Action;
use super::downloads::Downloads;
use super::drop::Opens;
use super::estimates::Estimates;
use super::export::{ExportDialog, Exported};
use super::form::Form;
use super::guide::GuideDialog;
use super::help::Help;
use super::history::History;
use super::link::{Link, RepaintInterval};
use super::log::Log;
pub(super) use super::log::Urgency;
use super::manage::Manage;
use super::open_as::OpenAs;
use super::opening::{Browsed, Opening};
use super::palette::Palette;
use super::preview::DataPreview;
use super::queue::{Before, ForkDialog, Live, Queue, SweepDialog};
use super::recent::Recent;
use super::rescue::Rescue;
use super::runs::{CompareTab, Runs, state_words};
use super::saving::Saving;
use super::scrub::Scrub;
use super::session::{self, Keeper, Session};
use super::settings::Settings;
use super::shown::Shown;
use super::sides::{Panels, Side, side_panel};
use super::takeaway::{self, TakeAway};
use super::task::Task;
use super::tiles::{Layout, Pane, Shares, TileBehavior, TileState, controls};
use super::toasts::Toasts;
use super::whose::Whose;
use super::{inspector, remember, software, style, welcome};
use crate::plan::Folder;

/// Share of the height that the list of runs has at first: some four rows at 900 points.
const LIST_SHARE: f32 = 0.25;
/// Tabs of the bottom panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bottom {
    Runs,
    Queue,
    Compare,
    Log,
}

/// A run from disk with warnings about it, or why it cannot be read.
pub(super) type ReadRun = Result<(Shown, Vec<String>), String>;

/// The workbench.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own: contrast, motion, a tile that fills the centre"
)]
pub struct App {
    pub(super) catalogue: Catalogue,
    pub(super) form: Form,
    /// Forms of the labs that are not set up now, as they were left.
    pub(super) forms: BTreeMap<String, Form>,
    pub(super) shown: Option<Shown>,
    pub(super) runs: Runs,
    pub(super) log: Log,
    pub(super) opening: Opening,
    pub(super) preview: Option<DataPreview>,
    pub(super) toasts: Toasts,
    pub(super) queue: Queue,
    /// Runs in work behind the one that is shown.
    pub(super) background: Vec<Live>,
    pub(super) sweep: Option<SweepDialog>,
    pub(super) fork: Option<ForkDialog>,
    pub(super) compare: CompareTab,
    pub(super) bottom: Bottom,
    pub(super) budget: Budget,
    pub(super) cores: usize,
    pub(super) palette: Option<Palette>,
    pub(super) show_shortcuts: bool,
    pub(super) guide: GuideDialog,
    pub(super) help: Help,
    pub(super) root: PathBuf,
    pub(super) link: Option<Link>,
    pub(super) interval: RepaintInterval,
    pub(super) layout: Option<Layout>,
    pub(super) layouts: BTreeMap<String, Layout>,
    /// Views that the person put together, by lab.
    pub(super) own_views: BTreeMap<String, Vec<String>>,
    pub(super) adding: Option<AddView>,
    pub(super) history: History,
    pub(super) keeper: Keeper,
    pub(super) rescue: Rescue,
    /// The question which run a dropped figure shows.
    pub(super) whose: Option<Whose>,
    pub(super) high_contrast: bool,
    /// The surface takes linear light and makes sRGB of it: the colour it is cleared to is told so.
    linear: bool,
    pub(super) settings: Settings,
    /// The session as it stood at the end of the last frame.
    pub(super) last_session: Option<Session>,
    /// The run that is opened without some of its views, and these.
    pub(super) left_out: Option<(PathBuf, Vec<String>)>,
    pub(super) tiles: BTreeMap<String, TileState>,
    /// Colour limits that tiles share.
    pub(super) shares: Shares,
    pub(super) focus: String,
    pub(super) maximised: bool,
    /// Tiles over steps show the same steps.
    pub(super) linked: bool,
    /// A picture on its way to the clipboard.
    pub(super) copying: Option<Task<Result<Vec<u8>, String>>>,
    pub(super) cursor: Option<f64>,
    pub(super) controls: Controls,
    /// What they were turned on, while no run is shown.
    pub(super) left: Option<TurnedOn>,
    /// State of the shown run that the controls were fitted to.
    pub(super) fitted: Option<u64>,
    pub(super) scrub: Scrub,
    /// What was shown before the run that is shown, until that has begun.
    pub(super) before: Option<Before>,
    /// Width of the window, points.
    pub(super) width: f32,
    pub(super) panels: Panels,
    pub(super) export: Option<ExportDialog>,
    /// The run that is being read to be shown, and its folder.
    pub(super) reading: Option<(PathBuf, Task<ReadRun>)>,
    /// The desktop's dialog for a file to open.
    pub(super) dialog: Option<Task<Browsed>>,
    pub(super) takeaway: Option<TakeAway>,
    pub(super) saving: Option<Saving>,
    pub(super) opens: Opens,
    pub(super) downloads: Downloads,
    pub(super) estimates: Estimates,
    /// What was opened last.
    pub(super) recent: Recent,
    /// The question what a file is to be opened as.
    pub(super) open_as: Option<OpenAs>,
    /// What is done with runs besides showing them.
    pub(super) manage: Manage,
}

impl App {
    /// The window's app over a catalogue and a folder of runs.
    pub fn new(catalogue: Catalogue, creation: &eframe::CreationContext<'_>, runs: &Path) -> Self {
        let adapter = creation.wgpu_render_state.as_ref().map(|state| state.adapter.get_info());
        let linear = creation.wgpu_render_state.as_ref().is_some_and(|state| state.target_format.is_srgb());
        software::install(creation);
        Self { linear, ..Self::with_context(catalogue, &creation.egui_ctx, runs, adapter.as_ref()) }
    }

    /// The app on any egui context, for tests without a window.
    pub fn with_context(
        catalogue: Catalogue,
        context: &Context,
        runs: &Path,
        adapter: Option<&wgpu::AdapterInfo>,
    ) -> Self {
        style::install(context);
        let interval = RepaintInterval::default();
        let (mut session, damage) = session::read(runs);
        let (keeper, care) = Keeper::new(runs, &mut session);
        let (form, problems) = remember::restored_form(catalogue, &session);
        let forms = remember::restored_forms(catalogue, &session);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut app = Self {
            catalogue,
            form,
            forms,
            shown: None,
            runs: Runs::default(),
            log: Log::default(),
            opening: Opening::default(),
            preview: None,
            toasts: Toasts::default(),
            queue: Queue::new(cores),
            background: Vec::new(),
            sweep: None,
            fork: None,
            compare: CompareTab::default(),
            bottom: Bottom::Runs,
            budget: Budget::new(adapter, interval.clone()),
            cores,
            palette: None,
            show_shortcuts: false,
            guide: GuideDialog::default(),
            help: Help::default(),
            root: runs.to_owned(),
            link: None,
            interval,
            layout: None,
            layouts: session.layouts.clone(),
            own_views: session.own_views.clone(),
            adding: None,
            history: History::default(),
            keeper,
            rescue: Rescue::default(),
            whose: None,
            high_contrast: session.high_contrast,
            linear: false,
            settings: Settings::new(&session),
            last_session: None,
            left_out: None,
            tiles: BTreeMap::new(),
            shares: session.shares.clone(),
            focus: session.focus.clone(),
            maximised: false,
            linked: false,
            copying: None,
            cursor: None,
            controls: Controls::default(),
            left: None,
            fitted: None,
            scrub: Scrub::default(),
            before: None,
            width: 1440.0,
            panels: Panels::new([true; 3]),
            export: None,
            reading: None,
            dialog: None,
            takeaway: None,
            saving: None,
            opens: Opens::default(),
            downloads: Downloads::default(),
            estimates: Estimates::default(),
            recent: Recent::new(&session.recent),
            open_as: None,
            manage: Manage::default(),
        };
        problems.iter().for_each(|problem| app.say(Urgency::Error, problem.to_string()));
        app.restore(session, care, context);
        app.runs.layout.of(catalogue);
        // A folder of runs that is a plan is followed.
        if Folder::new(runs).plan().is_file() {
            app.runs.follow_plan(Some(runs));
        }
        damage.into_iter().for_each(|text| app.say(Urgency::Warning, text));
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

    /// Shows a record that no run of this window made, for benches and tests.
    pub fn show_record(&mut self, experiment: &Experiment, record: Record) {
        let mut shown = Shown::starting(experiment, "record");
        shown.status = Status::Done;
        shown.update(Arc::new(Snapshot { record, ..Snapshot::default() }));
        self.show_run(shown);
    }

    /// Gives the run that is shown a newer state, for benches.
    pub fn update_record(&mut self, snapshot: Arc<Snapshot>) {
        if let Some(shown) = &mut self.shown {
            shown.update(snapshot);
        }
    }

    /// Lets one view fill the window, with some controls turned, for tests that look at all views.
    pub fn look_at(&mut self, view: &str, turned: &Controls) {
        view.clone_into(&mut self.focus);
        self.maximised = true;
        self.panels = Panels::new([false; 3]);
        self.turn(turned);
    }

    /// Sets controls, as a person does who turns them.
    pub fn turn(&mut self, turned: &Controls) {
        turned.0.iter().for_each(|(id, value)| self.controls.set(id, value.clone()));
    }

    /// View with the focus.
    pub fn focused_view(&self) -> &str {
        &self.focus
    }

    /// Step that all tiles look at; `None` is the newest.
    pub fn looked_at(&self) -> Option<u64> {
        self.scrub.at()
    }

    /// The experiment in the form.
    pub fn experiment(&self) -> &Experiment {
        &self.form.experiment
    }

    /// Draws the window and applies what the person did.
    pub fn draw(&mut self, ui: &mut Ui) {
        self.budget.frame();
        let context = ui.ctx().clone();
        self.width = context.content_rect().width();
        let mut actions = Vec::new();
        self.escape(&context);
        self.keys(&context, &mut actions);
        self.take_drops(&context);
        style::panel(egui::Panel::top("toolbar"), ui).show(ui, |ui| self.toolbar_ui(ui, &mut actions));
        style::panel(egui::Panel::bottom("status"), ui).show(ui, |ui| self.status_ui(ui));
        let narrow = self.is_narrow();
        if narrow && let Some(side) = self.panels.one {
            side_panel(egui::Panel::left("side"), 300.0, ui, |ui| {
                self.side_tabs(ui, side);
                match side {
                    Side::Setup => self.setup_ui(ui, &mut actions),
                    Side::Inspector => self.inspector_ui(ui, &mut actions),
                }
            });
        }
        if !narrow && self.panels.setup {
            side_panel(egui::Panel::left("setup"), 300.0, ui, |ui| self.setup_ui(ui, &mut actions));
        }
        if self.panels.bottom {
            style::panel(egui::Panel::bottom("bottom"), ui)
                .default_size((context.content_rect().height() * LIST_SHARE).clamp(196.0, 240.0))
                .size_range(90.0..=420.0)
                .resizable(true)
                .show(ui, |ui| self.bottom_ui(ui, &mut actions));
        }
        if !narrow && self.panels.inspector {
            side_panel(egui::Panel::right("inspector"), 280.0, ui, |ui| self.inspector_ui(ui, &mut actions));
        }
        egui::CentralPanel::default()
            .frame(style::center(ui))
            .show(ui, |ui| self.center_ui(ui, &mut actions));
        self.shortcuts_ui(&context);
        self.guide.ui(&context, &mut actions);
        self.help_ui(&context);
        self.palette_ui(&context, &mut actions);
        self.queue_dialogs(&context, &mut actions);
        self.export_ui(&context);
        self.copied(&context);
        self.adding_ui(&context, &mut actions);
        self.settings_ui(&context, &mut actions);
        self.opening.ui(&context, &mut actions);
        if let Some(dialog) = &mut self.takeaway {
            dialog.show(&context, &mut actions);
        }
        self.saving_ui(&context);
        if let Some(preview) = &mut self.preview {
            preview.ui(&context, &self.form.asked_of_tables(), &mut actions);
        }
        self.preview = self.preview.take().filter(|preview| preview.open);
        self.manage_ui(&context, &mut actions);
        self.toasts.ui(&context, &mut actions);
        self.rescue_ui(&context, &mut actions);
        self.whose_ui(&context);
        self.open_as_ui(&context);
        Self::close_lists(&context);
        actions.into_iter().for_each(|action| self.apply(action, &context));
        self.settle_focus();
        self.remember(&context);
    }

    fn inspector_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        if let Some(shown) = &self.shown {
            if let Some(path) = shown.folder.as_ref().filter(|path| self.runs.row(path).is_some()) {
                style::panel(egui::Panel::bottom("inspector run"), ui).show(ui, |ui| {
                    let take = takeaway::gives(&shown.experiment).then(|| takeaway::ready(Some(shown)));
                    let going = self.going().get(path).copied();
                    self.runs.footer_ui(ui, path, (&shown.experiment, going), take, actions);
                });
            }
            let going = shown.folder.as_ref().and_then(|path| self.going().get(path).copied());
            let state = state_words(shown.status.word(), going);
            let tile = self.tiles.entry(self.focus.clone()).or_default();
            inspector::ui(ui, (shown, &state), &self.form.experiment, &self.focus, tile);
        } else {
            ui.heading("Inspector");
            ui.label("What you select appears here.");
        }
    }

    fn center_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.lay_over();
        self.fit_controls();
        let (Some(shown), Some(layout)) = (&self.shown, &mut self.layout) else {
            welcome::ui(self.catalogue, ui, actions);
            return;
        };
        layout.follow(&shown.views, self.width);
        self.scrub.update(shown.record(), shown.version);
        if self.scrub.has_past() {
            let scrub = &mut self.scrub;
            style::panel(egui::Panel::bottom("scrub"), ui)
                .show_separator_line(false)
                .show(ui, |ui| scrub.ui(ui, actions));
        }
        let values = self.controls.complete(&shown.views, shown.record());
        let above = controls::shared(&shown.views);
        if !above.is_empty() {
            style::panel(egui::Panel::top("controls"), ui).show(ui, |ui| {
                controls::row_ui(ui, "shared", &above, &values, shown, false, actions);
            });
        }
        let mut behavior = TileBehavior {
            shown,
            watch: self.keeper.watch(),
            states: &mut self.tiles,
            focus: &self.focus,
            maximised: self.maximised,
            linked: self.linked,
            in_work: self.link.is_some(),
            cursor: self.cursor.or(self.scrub.at().map(|step| step as f64)),
            step: self.scrub.at(),
            controls: &values,
            overlay: self.runs.overlay_set(),
            selected: self.runs.selected_place(),
            shares: &mut self.shares,
            arranged: false,
            actions,
        };
        if self.maximised && shown.view(&self.focus).is_some() {
            let pane = Pane { view: self.focus.clone() };
            let mut single = Tree::new_tabs(egui::Id::unique("maximised"), vec![pane]);
            single.ui(&mut behavior, ui);
        } else {
            layout.tree.ui(&mut behavior, ui);
            layout.arranged |= behavior.arranged;
        }
        if self.shares.follow(&mut self.tiles) {
            ui.ctx().request_repaint();
        }
        self.cursor =
            self.cursor.filter(|_| actions.iter().any(|action| matches!(action, Action::Cursor(_))));
    }

    fn export_ui(&mut self, context: &Context) {
        let (Some(dialog), Some(shown)) = (&mut self.export, &self.shown) else { return };
        let overlay = self.runs.overlay_set();
        let from = Exported { shown, tiles: &self.tiles, controls: &self.controls, overlay };
        let said = dialog.show(context, &from);
        if let Some((view, dressing)) = dialog.worn() {
            dressing.clone_into(&mut self.tiles.entry(view.to_owned()).or_default().dressing);
        }
        if !dialog.open {
            self.export = None;
        }
        match said {
            Some(Ok(path)) => self.wrote(&path),
            Some(Err(text)) => self.say(Urgency::Error, text),
            None => {}
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, context: &Context, _frame: &mut eframe::Frame) {
        self.drain(context);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        // Panels leave it as it is, see `style::panel`.
        let fill = visuals.panel_fill;
        if self.linear { egui::Rgba::from(fill).to_array() } else { fill.to_normalized_gamma_f32() }
    }

    fn on_exit(&mut self) {
        // All are told first, so that they end side by side.
        self.all_links().for_each(|link| link.control.cancel());
        self.all_links().for_each(Link::close);
        if let Some(session) = self.last_session.take() {
            self.keeper.finish(&session);
        }
    }
}
