//! The menus: every command in its place, grey with the reason where it cannot act now.

use egui::{Button, Ui};

use super::app::App;
use super::command::{Action, Command};

/// The last menu, behind that of views: pages of the labs follow its commands.
const HELP: &str = "Help";
/// The menus with their commands; a gap stands where a group ends.
pub(super) const MENUS: [(&str, &[&[Command]]); 5] = [
    (
        "File",
        &[
            &[Command::OpenFile, Command::SaveExperiment],
            &[Command::ExportFigure, Command::ExportBundle, Command::TakeAway],
            &[Command::RefreshRuns],
            &[Command::Quit],
        ],
    ),
    (
        "Edit",
        &[
            &[Command::Undo, Command::Redo, Command::ClearSelection],
            &[Command::FilterRows],
            &[Command::CopyShellLine, Command::CopyPicture],
            &[Command::Settings],
        ],
    ),
    (
        "View",
        &[
            &[Command::ToggleSetup, Command::ToggleInspector, Command::ToggleBottom],
            &[
                Command::Maximise,
                Command::FullScreen,
                Command::Fit,
                Command::LinkSteps,
                Command::ToggleScaleY,
                Command::ToggleScaleX,
                Command::ToggleSmoothing,
            ],
            &[Command::AddView, Command::CloseTile, Command::ResetLayout],
            &[Command::ZoomIn, Command::ZoomOut, Command::ZoomReset],
            &[Command::HighContrast, Command::ThemeDark, Command::ThemeLight, Command::ThemeSystem],
        ],
    ),
    (
        "Run",
        &[
            &[Command::Run, Command::Sweep],
            &[Command::PauseOrResume, Command::Step, Command::StepHundred, Command::Cancel],
            &[Command::Fork, Command::UseRunSettings],
            &[Command::NameRun, Command::PackRun, Command::RunMenu],
            &[Command::DeleteRun, Command::DeleteTicked, Command::EmptyTrash],
            &[Command::HoldQueue],
        ],
    ),
    (HELP, &[&[Command::Palette, Command::Shortcuts]]),
];

impl App {
    /// All menus.
    pub(super) fn menus_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        for (title, groups) in MENUS {
            if title == HELP {
                self.views_menu(ui, actions);
            }
            ui.menu_button(title, |ui| {
                for (index, group) in groups.iter().enumerate() {
                    if index > 0 {
                        ui.separator();
                    }
                    for command in *group {
                        self.item_ui(ui, *command, actions);
                        if *command == Command::OpenFile {
                            self.recent_menu(ui, actions);
                        }
                    }
                }
                if title == HELP {
                    self.guides_menu(ui, actions);
                }
            });
        }
    }

    fn item_ui(&self, ui: &mut Ui, command: Command, actions: &mut Vec<Action>) {
        let (words, about) = command.words();
        let mut button = Button::new(words);
        if let Some(keys) = command.keys_text(ui.ctx()) {
            button = button.shortcut_text(keys);
        }
        let ready = command.ready(self);
        let item = ui.add_enabled(ready.is_ok(), button);
        let why = ready.err().unwrap_or_default();
        if item.on_hover_text(about).on_disabled_hover_text(why).clicked() {
            actions.push(Action::Do(command));
            ui.close();
        }
    }

    /// Every view of the run that is shown: those with a tile are focused, the others get one.
    fn views_menu(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (Some(shown), Some(layout)) = (&self.shown, &self.layout) else { return };
        ui.menu_button("Views", |ui| {
            self.item_ui(ui, Command::AddView, actions);
            ui.separator();
            for view in &shown.views {
                let there = layout.has(&view.id);
                let words = if there { view.title.clone() } else { format!("Add {}", view.title) };
                if ui.add(Button::selectable(there, words)).clicked() {
                    actions.push(Action::OpenTile(view.id.clone()));
                    ui.close();
                }
            }
        });
    }
}
