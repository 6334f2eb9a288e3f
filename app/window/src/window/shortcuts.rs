//! The sheet of all keys, by menu; made from the same list as the menus themselves.

use egui::{Context, Grid, RichText, Ui};

use super::app::App;
use super::command::Command;
use super::menus::MENUS;
use super::style::{self, color, tokens};

/// Columns of the sheet, with the menus in each: about as long as each other.
const COLUMNS: [&[&str]; 3] = [&["File", "Edit", "Tools", "Help"], &["View"], &["Run", "Steps"]];
/// Commands without a menu.
const STEPS: [Command; 4] =
    [Command::ScrubFirst, Command::ScrubBack, Command::ScrubForward, Command::ScrubLive];
/// Keys that are no command.
const OTHERS: [(&str, &str); 3] = [
    ("First to ninth tile", "1 – 9"),
    ("First to ninth lab", "Ctrl+1 – 9"),
    ("Rows of the focused table", "↑ ↓ PgUp PgDn Home End"),
];

impl App {
    /// The sheet, if it is open.
    pub(super) fn shortcuts_ui(&mut self, context: &Context) {
        style::dialog(context, "Shortcuts")
            .open(&mut self.show_shortcuts)
            .show(context, |ui| {
                ui.horizontal_top(|ui| {
                    for menus in COLUMNS {
                        ui.vertical(|ui| menus.iter().for_each(|menu| menu_ui(ui, menu)));
                        ui.add_space(16.0);
                    }
                });
                let muted = color(tokens(ui.ctx()).text_muted);
                let text = "Keys without Ctrl or Alt act while no text is being typed. The gestures on plots stand behind the ? of each view.";
                ui.label(RichText::new(text).small().color(muted));
            });
    }
}

fn menu_ui(ui: &mut Ui, menu: &str) {
    let of_menu = MENUS.iter().find(|(title, _)| *title == menu);
    let commands: Vec<Command> = match of_menu {
        Some((_, groups)) => groups.iter().flat_map(|group| group.iter().copied()).collect(),
        None => STEPS.to_vec(),
    };
    ui.label(RichText::new(menu).strong().color(color(tokens(ui.ctx()).accent)));
    Grid::new(("shortcuts", menu)).num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        for command in commands {
            let Some(keys) = command.keys_text(ui.ctx()) else { continue };
            let (words, about) = command.words();
            ui.label(words).on_hover_text(about);
            key_ui(ui, &keys);
            ui.end_row();
        }
        if of_menu.is_none() {
            for (words, keys) in OTHERS {
                ui.label(words);
                key_ui(ui, keys);
                ui.end_row();
            }
        }
    });
    ui.add_space(8.0);
}

fn key_ui(ui: &mut Ui, keys: &str) {
    ui.label(RichText::new(keys).color(color(tokens(ui.ctx()).text_muted)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_on_the_sheet() {
        let menus: Vec<&str> = COLUMNS.concat();
        for (title, _) in MENUS {
            assert!(menus.contains(&title), "{title} has a place");
        }
        let listed: Vec<Command> =
            MENUS.iter().flat_map(|(_, groups)| groups.concat()).chain(STEPS).collect();
        for command in Command::ALL {
            assert!(command.keys().is_none() || listed.contains(command), "{command:?} is listed");
        }
    }
}
