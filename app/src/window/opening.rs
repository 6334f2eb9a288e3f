//! Opening a file by its path, for machines without a file dialog of their own; where there is one, a button leads to it.

use std::path::PathBuf;

use egui::Context;

use super::command::Action;

/// See the module.
#[derive(Default)]
pub(super) struct Opening {
    path: String,
    /// The path takes the keyboard in the first frame.
    fresh: bool,
    open: bool,
}

impl Opening {
    /// A dialog that has just been asked for.
    pub(super) fn asked() -> Self {
        Self { fresh: true, open: true, ..Self::default() }
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let mut open = self.open;
        let window = egui::Window::new("Open")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(context.content_rect().center());
        window.open(&mut open).collapsible(false).resizable(false).show(context, |ui| {
            ui.label(
                "An experiment, a figure, a table or a run folder; it can be dropped on the window too.",
            );
            ui.horizontal(|ui| {
                let label = ui.label("Path");
                let edit = egui::TextEdit::singleline(&mut self.path).desired_width(320.0);
                let field = ui.add(edit).labelled_by(label.id);
                if std::mem::take(&mut self.fresh) {
                    field.request_focus();
                }
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                let ready = !self.path.trim().is_empty();
                let clicked = ui.add_enabled(ready, egui::Button::new("Open file")).clicked();
                if ready && (clicked || entered) {
                    actions.push(Action::OpenPath(PathBuf::from(self.path.trim())));
                    self.open = false;
                }
                if ui.button("Browse…").clicked() {
                    actions.push(Action::Browse);
                    self.open = false;
                }
            });
        });
        self.open &= open;
    }
}
