//! The one place where what a person did changes the state.

use std::path::Path;

use egui::Context;
use weightscope_frame::experiment::{Comments, Experiment, Mark, Problem, reading, to_toml};
use weightscope_frame::record::{Acts, AxisScale, Pick};
use weightscope_frame::run::{Control, Request};

use super::adding::AddView;
use super::app::App;
use super::command::{Action, Command};
use super::export::ExportDialog;
use super::form::Form;
use super::keys::first_preset;
use super::log::Urgency;
use super::opening::{Opening, browse};
use super::palette::Palette;
use super::preview::DataPreview;
use super::queue::QueueAction;
use super::runs::folder_name;
use super::sides::Side;
use super::tiles::{Layout, TileState};

/// Smoothing that the key turns on.
const SMOOTHING: f64 = 0.6;

impl App {
    /// Puts the settings of a run into the form with some changed, and asks from which of its checkpoints a fork is to go on.
    fn offer_fork(
        &mut self,
        mut experiment: Experiment,
        changes: &[(&'static str, String)],
        context: &Context,
    ) {
        for (key, typed) in changes {
            if let Err(problem) = experiment.set_typed(key, typed) {
                self.say(Urgency::Warning, problem.to_string());
                return;
            }
        }
        let folder = self.shown.as_ref().and_then(|shown| shown.folder.as_deref());
        let origin = folder.map_or_else(|| self.form.origin.clone(), folder_name);
        self.put_form(Form::new(experiment, &origin));
        self.carry_out(Command::Fork, context);
    }

    /// Opens the table of the form for a look.
    pub(super) fn look_at_data(&mut self, context: &Context) {
        let options = reading::options_of(&self.form.experiment);
        let name = self.form.marked(Mark::DataSet);
        self.preview = name.map(|name| DataPreview::new(&name, options, self.catalogue, context));
    }

    /// The one place where what a person did changes the state.
    pub(super) fn apply(&mut self, action: Action, context: &Context) {
        self.foresee(&action, context);
        if action.opens() {
            // What pops up would lie over what is opened.
            egui::Popup::close_all(context);
        }
        match action {
            Action::Do(command) => self.carry_out(command, context),
            Action::UsePreset(name) => self.use_preset(name),
            Action::UseLab(lab) => self.use_lab(lab),
            Action::Queue(action) => self.apply_queue(action, context),
            Action::Runs(action) => self.apply_runs(action, context),
            Action::Manage(action) => self.apply_manage(action, context),
            Action::OpenRun(path) => self.open_run(path, context),
            Action::ResumeRun(path) => self.resume_run(&path, context),
            Action::Focus(view) => self.focus = view,
            Action::GoToRow(jump) => {
                self.focused().go_to_row(jump);
                context.request_repaint();
            }
            Action::Export(view) => {
                self.focus = view;
                self.open_export(false);
            }
            Action::CopyPicture(view) => self.copy_picture(&view, context),
            Action::MoveSteps(view, range) => self.move_steps(&view, range),
            Action::Pick(pick) => self.pick(pick),
            Action::Button { view, action } => self.press(&view, action, context),
            Action::CloseTile(view) => self.close_tile(&view),
            Action::OpenTile(view) => {
                if let Some(layout) = &mut self.layout {
                    layout.open(&view);
                }
                self.focus = view;
            }
            Action::ShareLimits(quantity, on) => self.shares.set(&quantity, on, &mut self.tiles),
            Action::AddTo(group) => self.adding = Some(AddView::new(Some(group))),
            Action::AddViews(ids, group) => self.add_views(ids, group),
            Action::UseDataIn(lab, table) => {
                self.use_lab(lab);
                self.use_data(Path::new(&table), context);
            }
            Action::SetMarked(mark, typed) => {
                self.change_form(|experiment| experiment.set_marked(mark, &typed));
            }
            Action::SetColumn(name, choice) => {
                self.change_form(|experiment| reading::set_column(experiment, &name, choice));
                self.look_at_data(context);
            }
            Action::OpenPath(path) => self.open_file(path, context),
            Action::LookForRecent => self.recent.look(context),
            Action::ClearRecent => self.recent.clear(),
            Action::Browse => self.dialog = browse(context),
            Action::Explain(words) => self.help.open(&words),
            Action::Download(name) => self.download(name, context),
            Action::CancelDownload => self.cancel_download(),
            Action::OpenGuide(page) => self.guide.show_page(page),
            Action::PreviewData => {
                self.look_at_data(context);
            }
            Action::Turn(id, value) => self.controls.set(&id, value),
            Action::Cursor(step) => self.cursor = step,
        }
    }

    /// A click on a view: its lab says what follows.
    fn pick(&mut self, pick: Pick) {
        let Some(shown) = &self.shown else { return };
        let target = shown.view(&pick.view).and_then(|view| view.picks_into.clone());
        // What is on the screen may be derived; the lab must see it too.
        let derived = self.tiles.get(&pick.view).map(TileState::derived).unwrap_or_default();
        let record = crate::views::lay_over(shown.record(), derived);
        let picked = shown.experiment.method.click(&record, &pick);
        if let Some(link) = &self.link {
            let request = Request::Picked { view: pick.view, picked: picked.clone() };
            link.control.request(request);
        }
        picked.controls.into_iter().for_each(|(id, value)| self.controls.set(&id, value));
        if let Some((layout, view)) = self.layout.as_mut().zip(picked.shown_in) {
            layout.bring(&view);
        }
        if let Some(target) = target.filter(|_| !picked.ids.is_empty()) {
            self.show_components(&target, picked.ids);
        }
    }

    /// A button of a view: its lab says what follows.
    fn press(&mut self, view: &str, action: String, context: &Context) {
        let Some(shown) = &self.shown else { return };
        let controls = self.controls.complete(&shown.views, shown.record());
        let picked = shown.experiment.method.press(shown.record(), &controls, view, &action);
        let experiment = shown.experiment.clone();
        let mut specs = shown.view(view).into_iter().flat_map(|view| &view.actions);
        let acts = specs.find(|spec| spec.id == action).map(|spec| spec.acts).unwrap_or_default();
        if let Some(link) = &self.link {
            link.control.request(Request::Action { id: action, controls });
        }
        // What a running lab does itself needs no fork.
        let forks = acts != Acts::InWorkOrFork || self.link.is_none();
        if forks && !picked.fork.is_empty() {
            self.offer_fork(experiment.clone(), &picked.fork, context);
        }
        if let Some(next) = &picked.next {
            self.run_next(&experiment, next, context);
        }
        picked.controls.into_iter().for_each(|(id, value)| self.controls.set(&id, value));
        if !picked.ids.is_empty() {
            self.show_components(view, picked.ids);
        }
    }

    /// Changes the form's experiment; what is refused is said.
    fn change_form(&mut self, change: impl FnOnce(&mut Experiment) -> Result<(), Problem>) {
        let mut experiment = self.form.experiment.clone();
        if let Err(problem) = change(&mut experiment) {
            self.say(Urgency::Warning, problem.to_string());
        }
        let origin = self.form.origin.clone();
        self.form.replace(experiment, &origin);
    }

    /// The export dialog for the focused view.
    fn open_export(&mut self, bundle: bool) {
        let view = self.focus.clone();
        let dressing = self.focused().dressing.clone();
        self.export = self
            .shown
            .as_ref()
            .filter(|shown| shown.view(&view).is_some())
            .map(|shown| ExportDialog::new(&view, bundle, shown, dressing));
    }

    fn close_tile(&mut self, view: &str) {
        if let Some(layout) = &mut self.layout {
            layout.close(view);
        }
        self.drop_own(view);
        self.maximised = false;
    }

    pub(super) fn show_components(&mut self, view: &str, ids: Vec<u64>) {
        self.tiles.entry(view.to_owned()).or_default().options.shown = ids;
    }

    /// Carries a command out if it can act now.
    pub(super) fn carry_out(&mut self, command: Command, context: &Context) {
        if let Err(why) = command.ready(self) {
            // A key that has nothing to do stays silent, unless something was expected to open.
            if command.opens() {
                self.say(Urgency::Warning, why.into_owned());
            }
            return;
        }
        let control = self.link.as_ref().map(|link| &link.control);
        match command {
            Command::Run => self.run(context),
            Command::PauseOrResume => {
                let paused = control.is_some_and(|control| control.is_paused());
                if paused {
                    self.each(Control::resume, "Resumed by hand");
                } else {
                    self.each(Control::pause, "Paused by hand");
                }
            }
            Command::Step => self.each(|control| control.step(1), "One step by hand"),
            Command::StepHundred => self.each(|control| control.step(100), "A hundred steps by hand"),
            Command::Cancel => self.each(Control::cancel, "Cancelled by hand"),
            Command::Sweep => self.apply_queue(QueueAction::Sweep, context),
            Command::Fork => self.apply_queue(QueueAction::OpenFork, context),
            Command::HoldQueue => self.apply_queue(QueueAction::HoldAll, context),
            Command::ExportFigure => self.open_export(false),
            Command::ExportBundle => self.open_export(true),
            Command::OpenFile => self.opening = Opening::asked(&self.opening),
            Command::TakeAway | Command::Predict => self.take_away(),
            Command::SaveExperiment => {
                let text = to_toml(&self.form.experiment, Comments::Each);
                self.ask_where_to_save("Save experiment", "experiment.toml", text);
            }
            Command::RefreshRuns => {
                let root = self.root.clone();
                self.runs.refresh_all(&root, context);
            }
            Command::NameRun
            | Command::UseRunSettings
            | Command::PackRun
            | Command::RunMenu
            | Command::DeleteRun
            | Command::DeleteTicked
            | Command::EmptyTrash => self.manage_command(command, context),
            Command::ToggleSetup => self.panels.toggle(Side::Setup, self.is_narrow()),
            Command::ToggleInspector => self.panels.toggle(Side::Inspector, self.is_narrow()),
            Command::ToggleBottom => self.panels.bottom ^= true,
            Command::ToggleScaleY => next_scale(&mut self.focused().options.y_scale),
            Command::ToggleScaleX => next_scale(&mut self.focused().options.x_scale),
            Command::ToggleSmoothing => {
                let smoothing = &mut self.focused().options.smoothing;
                *smoothing = if *smoothing > 0.0 { 0.0 } else { SMOOTHING };
            }
            Command::Fit => self.focused().fit(),
            Command::ScrubFirst => self.scrub.first(),
            Command::ScrubBack => self.scrub.step(false),
            Command::ScrubForward => self.scrub.step(true),
            Command::ScrubLive => self.scrub.live(),
            Command::ClearSelection => self.clear_selection(),
            Command::FilterRows => {
                self.focused().filter_rows();
                context.request_repaint();
            }
            Command::Maximise => self.maximised ^= true,
            Command::FullScreen => full_screen(context),
            Command::LinkSteps => self.link_steps(),
            Command::CopyPicture => {
                let view = self.focus.clone();
                self.copy_picture(&view, context);
            }
            Command::AddView => self.adding = Some(AddView::new(None)),
            Command::ResetLayout => {
                self.layout = self.shown.as_ref().map(|shown| Layout::new(&shown.views, self.width));
            }
            Command::Undo => self.go_in_history(true, context),
            Command::Redo => self.go_in_history(false, context),
            Command::CloseTile => {
                let view = self.focus.clone();
                self.close_tile(&view);
            }
            Command::HighContrast => {
                self.high_contrast ^= true;
                super::style::apply_contrast(context, self.high_contrast);
            }
            Command::CopyShellLine => {
                let text = self.form.command_line();
                context.copy_text(text.clone());
                self.say(Urgency::Info, format!("Copied: {text}"));
            }
            Command::ZoomIn
            | Command::ZoomOut
            | Command::ZoomReset
            | Command::ThemeDark
            | Command::ThemeLight
            | Command::ThemeSystem => look(command, context),
            Command::Settings => self.settings.open ^= true,
            Command::Palette => self.palette = Some(Palette::new(self, context)),
            Command::Help => self.help.open(""),
            Command::Shortcuts => self.show_shortcuts ^= true,
            Command::Quit => context.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    fn clear_selection(&mut self) {
        self.controls.clear_regions();
        self.tiles.values_mut().for_each(|tile| {
            tile.options.shown.clear();
            tile.unpin();
        });
    }

    /// Does something with the shown run in work, and writes it into the log.
    fn each(&mut self, act: impl Fn(&Control), words: &str) {
        let Some(link) = &self.link else { return };
        act(&link.control);
        let run = self.name_of_link(link);
        self.note_of(&run, words.to_owned());
    }

    /// Moves the focus from a view that has lost its tile to the first one that has one; call it at the end of a frame.
    pub(super) fn settle_focus(&mut self) {
        let Some(layout) = self.layout.as_ref().filter(|layout| !layout.has(&self.focus)) else { return };
        if let Some(first) = layout.order().into_iter().next() {
            self.focus = first;
        }
    }

    pub(super) fn focused(&mut self) -> &mut TileState {
        self.tiles.entry(self.focus.clone()).or_default()
    }

    /// Puts a form in place of the present one; that of another lab is kept until its lab comes back.
    pub(super) fn put_form(&mut self, form: Form) {
        let last = std::mem::replace(&mut self.form, form);
        let lab = last.experiment.lab();
        if lab != self.form.experiment.lab() {
            self.forms.insert(lab.to_owned(), last);
        }
    }

    /// The form of a lab as it was left, else with the lab's first preset.
    pub(super) fn use_lab(&mut self, lab: &str) {
        if lab == self.form.experiment.lab() {
            return;
        }
        match self.forms.remove(lab) {
            Some(form) => self.put_form(form),
            None => first_preset(self.catalogue, lab).into_iter().for_each(|preset| self.use_preset(preset)),
        }
    }

    pub(super) fn use_preset(&mut self, name: &str) {
        let Some(preset) = self.catalogue.preset(name) else { return };
        match Form::from_preset(self.catalogue, preset) {
            Ok(form) => self.put_form(form),
            Err(problems) => {
                problems.iter().for_each(|problem| self.say(Urgency::Error, problem.to_string()));
            }
        }
    }
}

/// Size and colours of everything.
fn look(command: Command, context: &Context) {
    match command {
        Command::ZoomIn => context.set_zoom_factor((context.zoom_factor() + 0.1).min(3.0)),
        Command::ZoomOut => context.set_zoom_factor((context.zoom_factor() - 0.1).max(0.5)),
        Command::ThemeDark => context.set_theme(egui::ThemePreference::Dark),
        Command::ThemeLight => context.set_theme(egui::ThemePreference::Light),
        Command::ThemeSystem => context.set_theme(egui::ThemePreference::System),
        _ => context.set_zoom_factor(1.0),
    }
}

/// Lets the window fill the screen, or puts it back.
fn full_screen(context: &Context) {
    let is_full = context.input(|input| input.viewport().fullscreen.unwrap_or(false));
    context.send_viewport_cmd(egui::ViewportCommand::Fullscreen(!is_full));
}

fn next_scale(scale: &mut Option<AxisScale>) {
    *scale = Some(match scale.unwrap_or_default() {
        AxisScale::Linear => AxisScale::Log,
        AxisScale::Log => AxisScale::Symlog,
        AxisScale::Symlog => AxisScale::Linear,
    });
}
