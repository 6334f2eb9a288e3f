//! Between frames and between starts: the session, the runs that an earlier program left.

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::Context;
use weightscope_frame::experiment::{Comments, Experiment, Problem, to_toml};
use weightscope_frame::lab::Catalogue;

use super::app::App;
use super::command::Action;
use super::form::Form;
use super::log::Urgency;
use super::queue::StoredQueue;
use super::runs::folder_name;
use super::session::{Care, Session};
use super::sides::Panels;
use super::style;
use crate::exporting::Dressing;

impl App {
    /// Takes up where the last start ended.
    pub(super) fn restore(&mut self, session: Session, care: Care, context: &Context) {
        self.panels = Panels::new(session.panels);
        // Controls belong to the run that was shown: where it is gone, the next one begins with its own.
        if session.open.as_ref().is_some_and(|path| path.is_dir()) {
            self.controls = session.controls;
        }
        self.runs.layout = session.runs;
        if let Some(queue) = session.queue {
            self.restore_queue(queue);
        }
        for (view, options) in session.options {
            self.tiles.entry(view).or_default().options = options;
        }
        for (view, dressing) in session.dressings {
            self.tiles.entry(view).or_default().dressing = dressing;
        }
        context.set_theme(match session.theme.as_str() {
            "dark" => egui::ThemePreference::Dark,
            "light" => egui::ThemePreference::Light,
            _ => egui::ThemePreference::System,
        });
        style::apply_contrast(context, session.high_contrast);
        style::apply_motion(context, session.animated);
        style::apply_edges(context, session.plain_edges);
        if session.zoom > 0.0 {
            context.set_zoom_factor(session.zoom.clamp(0.5, 3.0));
        }
        match care {
            Care::AsItWas => {}
            Care::Without(views) => self.left_out = session.open.clone().map(|path| (path, views)),
            Care::NotAtAll(path) => {
                let text = format!(
                    "The program ended without warning twice in a row with {} open, so the run was not opened again",
                    folder_name(&path)
                );
                self.offer(text, "Open", Action::OpenRun(path));
            }
        }
        if let Some(path) = session.open.filter(|path| path.is_dir()) {
            self.read_run(path, context);
        }
    }

    /// Takes the views out of the run that is shown that the last program died of; call it when a run has been read.
    pub(super) fn leave_out(&mut self) {
        let (Some((path, views)), Some(shown), Some(layout)) =
            (self.left_out.take(), &self.shown, &mut self.layout)
        else {
            return;
        };
        let is_that = shown.folder.as_ref() == Some(&path);
        let specs: Vec<_> = views.iter().filter(|_| is_that).filter_map(|view| shown.view(view)).collect();
        specs.iter().for_each(|spec| layout.close(&spec.id));
        let titles = specs.iter().map(|spec| spec.title.as_str()).collect::<Vec<_>>().join(", ");
        let (what, was, them) = match specs.len() {
            0 => return,
            1 => ("view", "was", "it"),
            _ => ("views", "were", "them"),
        };
        let text = format!(
            "The program ended without warning at work on {}: its {what} {titles} {was} left out; View, Views brings {them} back",
            shown.title
        );
        self.say(Urgency::Warning, text);
    }

    /// Feeds undo and session; call it at the end of a frame.
    pub(super) fn remember(&mut self, context: &Context) {
        self.feed_history(context);
        if self.keeper.has_drawn(self.reading.is_none()) {
            context.request_repaint();
        }
        if !self.keeper.is_due() {
            // A change after the last look must be seen although nothing else may wake the window.
            if context.input(|input| !input.events.is_empty()) || self.history.is_in_flux() {
                context.request_repaint_after(std::time::Duration::from_millis(1100));
            }
            return;
        }
        self.settings.look(context);
        let session = self.session(context);
        self.last_session = Some(session.clone());
        if let Some(error) = self.keeper.look(session, context) {
            self.say(Urgency::Warning, format!("The session could not be saved: {error}"));
        }
    }

    fn session(&self, context: &Context) -> Session {
        let mut layouts = self.layouts.clone();
        if let (Some(shown), Some(layout)) = (&self.shown, &self.layout) {
            layouts.insert(shown.layout_key(), layout.clone());
        }
        // While it is being read it is open already: should the program die of it, the next start has to know.
        let reading =
            self.reading.as_ref().filter(|_| self.shown.is_none()).and_then(|_| self.keeper.restored());
        let open = self.folder().or(reading).map(PathBuf::from);
        Session {
            running: true,
            crashes: self.keeper.crashes(open.as_deref()),
            form: stored(&self.form).0,
            origin: self.form.origin.clone(),
            forms: self.forms.iter().map(|(lab, form)| (lab.clone(), stored(form))).collect(),
            open,
            layouts,
            own_views: self.own_views.clone(),
            options: self.tiles.iter().map(|(view, tile)| (view.clone(), tile.kept_options())).collect(),
            dressings: self
                .tiles
                .iter()
                .filter(|(_, tile)| tile.dressing != Dressing::default())
                .map(|(view, tile)| (view.clone(), tile.dressing.clone()))
                .collect(),
            controls: self.controls.clone(),
            shares: self.shares.clone(),
            recent: self.recent.paths().to_vec(),
            focus: self.focus.clone(),
            runs: self.runs.layout.clone(),
            queue: Some(StoredQueue::of(&self.queue)),
            panels: [self.panels.setup, self.panels.inspector, self.panels.bottom],
            theme: match context.options(|options| options.theme_preference) {
                egui::ThemePreference::Dark => "dark",
                egui::ThemePreference::Light => "light",
                egui::ThemePreference::System => "system",
            }
            .to_owned(),
            high_contrast: self.high_contrast,
            zoom: context.zoom_factor(),
            animated: self.settings.animated,
            plain_edges: self.settings.plain_edges,
            quiet: self.settings.quiet,
            frame: self.settings.frame,
        }
    }

    /// The dialog about interrupted runs.
    pub(super) fn rescue_ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if self.runs.is_read() {
            self.rescue.look(&self.runs.index.runs);
        }
        match self.rescue.ui(context, actions) {
            Some(Ok(text)) => {
                self.say(Urgency::Info, text);
                let root = self.root.clone();
                self.runs.refresh(&root, context);
            }
            Some(Err(text)) => self.say(Urgency::Error, text),
            None => {}
        }
    }
}

/// The form as the last start left it, else the first preset.
pub(super) fn restored_form(catalogue: Catalogue, session: &Session) -> (Form, Vec<Problem>) {
    match restored(catalogue, &session.form, &session.origin) {
        Some(form) => (form, Vec::new()),
        None => first_form(catalogue),
    }
}

/// The forms of the labs that were not set up then; one that cannot be read begins anew.
pub(super) fn restored_forms(catalogue: Catalogue, session: &Session) -> BTreeMap<String, Form> {
    let read = |(text, origin): &(String, String)| {
        let form = restored(catalogue, text, origin)?;
        Some((form.experiment.lab().to_owned(), form))
    };
    session.forms.values().filter_map(read).collect()
}

/// A form from its file and its origin.
fn restored(catalogue: Catalogue, text: &str, origin: &str) -> Option<Form> {
    let experiment = Experiment::from_toml(catalogue, text).ok()?;
    let preset = catalogue.preset(origin).and_then(|preset| Form::from_preset(catalogue, preset).ok());
    let mut form = preset.unwrap_or_else(|| Form::new(experiment.clone(), origin));
    form.replace(experiment, origin);
    Some(form)
}

/// A form as file and origin.
fn stored(form: &Form) -> (String, String) {
    (to_toml(&form.experiment, Comments::None), form.origin.clone())
}

/// The form of a first start.
fn first_form(catalogue: Catalogue) -> (Form, Vec<Problem>) {
    let mut problems = Vec::new();
    for preset in catalogue.presets() {
        match Form::from_preset(catalogue, preset) {
            Ok(form) => return (form, problems),
            Err(found) => problems.extend(found),
        }
    }
    // A program without a preset that can be read has a form all the same: the defaults of its first lab.
    (Form::new(Experiment::new(catalogue.first()), "defaults"), problems)
}
