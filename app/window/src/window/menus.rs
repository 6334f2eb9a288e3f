//! The menus: every command in its place, grey with the reason where it cannot act now.

use egui::{Button, RichText, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::app::App;
use super::command::{Action, Command};
use super::style::{self, color, tokens};

/// The menu that the views of the run stand in, and the last one, in which pages and links of the labs follow the commands.
const VIEW: &str = "View";
const HELP: &str = "Help";
/// The menus with their commands; a gap stands where a group ends.
pub(super) const MENUS: [(&str, &[&[Command]]); 6] = [
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
            &[Command::CopyPicture],
            &[Command::FilterRows],
            &[Command::Settings],
        ],
    ),
    (
        VIEW,
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
    ("Tools", &[&[Command::Palette], &[Command::Predict], &[Command::CopyShellLine]]),
    (HELP, &[&[Command::Help, Command::Shortcuts]]),
];

impl App {
    /// All menus.
    pub(super) fn menus_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        for (title, groups) in MENUS {
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
                if title == VIEW {
                    ui.separator();
                    self.views_menu(ui, actions);
                }
                if title == HELP {
                    self.guides_menu(ui, actions);
                    self.links_menu(ui);
                }
            });
        }
    }

    fn item_ui(&self, ui: &mut Ui, command: Command, actions: &mut Vec<Action>) {
        let (words, about) = command.words();
        let on = command.is_on(self, ui.ctx());
        let mut button = match on {
            Some(true) => Button::new((style::icon(icons::ICON_CHECK), words)),
            _ => Button::new(words),
        };
        if let Some(keys) = command.keys_text(ui.ctx()) {
            button = button.shortcut_text(keys);
        }
        let ready = command.ready(self);
        let item = ui.add_enabled(ready.is_ok(), button);
        if let Some(on) = on {
            let name = item_name(command, ui.ctx());
            item.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, ready.is_ok(), on, &name));
        }
        let why = ready.err().unwrap_or_default();
        let next = match command {
            Command::Undo => self.next_in_history(true),
            Command::Redo => self.next_in_history(false),
            _ => None,
        };
        let about = next.map_or_else(|| about.to_owned(), |next| format!("{words}: {next}"));
        if item.on_hover_text(about).on_disabled_hover_text(why).clicked() {
            actions.push(Action::Do(command));
            ui.close();
        }
    }

    /// Every view of the run that is shown: those with a tile are focused, the others get one.
    fn views_menu(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (Some(shown), Some(layout)) = (&self.shown, &self.layout) else {
            ui.add_enabled(false, Button::new("Views")).on_disabled_hover_text("No run is shown");
            return;
        };
        ui.menu_button("Views", |ui| {
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
    /// The papers of the labs, and the version of the program.
    fn links_menu(&self, ui: &mut Ui) {
        ui.separator();
        ui.menu_button("Papers", |ui| {
            for method in self.catalogue.methods() {
                let about = method.about();
                if ui.button(about.title).on_hover_text(format!("{}\n{}", about.paper, about.link)).clicked()
                {
                    ui.ctx().open_url(egui::OpenUrl::new_tab(about.link));
                    ui.close();
                }
            }
        });
        ui.separator();
        let version = format!("{} {}", super::TITLE, env!("CARGO_PKG_VERSION"));
        ui.label(RichText::new(version).color(color(tokens(ui.ctx()).text_muted)));
    }
}

/// Words and keys of a command, as an entry of a menu is read.
fn item_name(command: Command, context: &egui::Context) -> String {
    let words = command.words().0;
    command.keys_text(context).map_or_else(|| words.to_owned(), |keys| format!("{words} {keys}"))
}
