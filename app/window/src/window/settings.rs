//! Settings of the window: looks, size, workers, notifications. All of them stand in the session.

use egui::{Context, DragValue, RichText, Ui};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::command::{Action, Command};
use super::queue::QueueAction;
use super::session::Session;
use super::style::{self, color, tokens};

/// Farthest that a remembered corner may lie from the origin, points: a desktop of several screens, no stray number.
const FARTHEST: f32 = 16_384.0;

/// Where the window stands on the desktop, points at a zoom of 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Frame {
    pub(super) size: Option<[f32; 2]>,
    /// Upper left corner.
    pub(super) place: Option<[f32; 2]>,
    /// It fills the screen; size and place are those that it has otherwise.
    pub(super) maximized: bool,
}

impl Frame {
    /// The same without what makes no sense.
    pub(super) fn sound(self) -> Self {
        let sound = |pair: &[f32; 2]| pair.iter().all(|value| value.abs() <= FARTHEST);
        Self { size: self.size.filter(sound), place: self.place.filter(sound), ..self }
    }
}

/// Settings of the window: looks, size, workers, notifications; all stand in the session.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Settings {
    pub(super) open: bool,
    /// Things move on their way instead of being there at once.
    pub(super) animated: bool,
    /// Edges of lines and boxes are not smoothed, which a software adapter paints in half the time.
    pub(super) plain_edges: bool,
    /// The desktop is not told when a long run ends.
    pub(super) quiet: bool,
    pub(super) frame: Frame,
}

impl Settings {
    /// As the last start left them.
    pub(super) fn new(session: &Session) -> Self {
        Self {
            open: false,
            animated: session.animated,
            plain_edges: session.plain_edges,
            quiet: session.quiet,
            frame: session.frame.sound(),
        }
    }

    /// Takes note of where the window stands; the size before it filled the screen is kept.
    pub(super) fn look(&mut self, context: &Context) {
        let viewport = context.input(|input| input.viewport().clone());
        let filled = viewport.maximized.unwrap_or(false) || viewport.fullscreen.unwrap_or(false);
        self.frame.maximized = viewport.maximized.unwrap_or(self.frame.maximized);
        if filled || viewport.minimized.unwrap_or(false) {
            return;
        }
        // The numbers of the next start are read before the zoom is known.
        let zoom = context.zoom_factor();
        if let Some(inner) = viewport.inner_rect {
            self.frame.size = Some([inner.width() * zoom, inner.height() * zoom]);
        }
        if let Some(outer) = viewport.outer_rect {
            self.frame.place = Some([outer.min.x * zoom, outer.min.y * zoom]);
        }
        self.frame = self.frame.sound();
    }
}

impl App {
    /// The window of the settings.
    pub(super) fn settings_ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let mut open = self.settings.open;
        style::dialog(context, "Settings").open(&mut open).show(context, |ui| {
            ui.set_width(380.0);
            egui::Grid::new("settings").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
                self.looks_ui(ui, actions);
                self.work_ui(ui, actions);
            });
        });
        self.settings.open = open;
    }

    fn looks_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        use egui::ThemePreference::{Dark, Light, System};
        ui.label("Theme");
        let now = ui.ctx().options(|options| options.theme_preference);
        ui.horizontal(|ui| {
            for (words, theme, command) in [
                ("System", System, Command::ThemeSystem),
                ("Dark", Dark, Command::ThemeDark),
                ("Light", Light, Command::ThemeLight),
            ] {
                if ui.radio(now == theme, words).clicked() {
                    actions.push(Action::Do(command));
                }
            }
        });
        ui.end_row();
        ui.label("Zoom");
        ui.horizontal(|ui| {
            let percent = (ui.ctx().zoom_factor() * 100.0).round();
            for (words, command) in
                [("Smaller", Command::ZoomOut), ("Larger", Command::ZoomIn), ("100 %", Command::ZoomReset)]
            {
                if ui.button(words).on_hover_text(command.words().1).clicked() {
                    actions.push(Action::Do(command));
                }
            }
            ui.label(format!("now {percent} %"));
        });
        ui.end_row();
        ui.label("Contrast");
        let mut high = self.high_contrast;
        if ui.checkbox(&mut high, "High contrast").on_hover_text(Command::HighContrast.words().1).changed() {
            actions.push(Action::Do(Command::HighContrast));
        }
        ui.end_row();
        ui.label("Motion");
        let mut reduced = !self.settings.animated;
        let tip = "Menus, windows and lists are there at once instead of moving";
        if ui.checkbox(&mut reduced, "Reduced motion").on_hover_text(tip).changed() {
            self.settings.animated = !reduced;
            style::apply_motion(ui.ctx(), self.settings.animated);
        }
        ui.end_row();
        ui.label("Edges");
        let tip = "Lines are drawn without smoothing: much faster where no graphics adapter paints";
        if ui.checkbox(&mut self.settings.plain_edges, "Plain edges").on_hover_text(tip).changed() {
            style::apply_edges(ui.ctx(), self.settings.plain_edges);
        }
        ui.end_row();
    }

    fn work_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let label = ui.label("Workers");
        ui.horizontal(|ui| {
            let mut workers = self.queue.workers;
            let drag = DragValue::new(&mut workers).range(1..=64).speed(0.05);
            let tip = "Runs that train at the same time; one for two cores at first";
            if ui.add(drag).labelled_by(label.id).on_hover_text(tip).changed() {
                actions.push(Action::Queue(QueueAction::Workers(workers)));
            }
            ui.label("runs at once");
        });
        ui.end_row();
        ui.label("Notifications");
        let mut told = !self.settings.quiet;
        let tip = "On the desktop, if the window is not in front when a run of more than a minute ends";
        if ui.checkbox(&mut told, "When a long run ends").on_hover_text(tip).changed() {
            self.settings.quiet = !told;
        }
        ui.end_row();
        ui.label("Runs folder");
        ui.horizontal(|ui| {
            let text = self.root.display().to_string();
            if ui.button("Copy").on_hover_text("Copies the path").clicked() {
                ui.ctx().copy_text(text.clone());
            }
            let path = RichText::new(&text).color(color(tokens(ui.ctx()).text_muted));
            let tip = format!("{text}\nAnother one: start with --runs DIR, or set WEIGHTSCOPE_RUNS");
            ui.add(egui::Label::new(path).truncate()).on_hover_text(tip);
        });
        ui.end_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_makes_no_sense_is_left_out() {
        let frame = Frame { size: Some([1200.0, f32::NAN]), place: Some([-1900.0, 40.0]), maximized: false };
        let frame = frame.sound();
        assert_eq!((frame.size, frame.place), (None, Some([-1900.0, 40.0])), "a screen to the left is one");
    }
}
