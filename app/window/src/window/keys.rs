//! Keys: those of all commands, digits for tiles, digits with Ctrl for labs.

use egui::{Context, Key, Modifiers};
use weightscope_frame::lab::Catalogue;

use super::app::App;
use super::command::{Action, Command};
use super::tiles::{Jump, TileState};

/// Keys of the first nine tiles and labs.
const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// Keys that move through the rows of the focused table.
const ROWS: [(Key, Jump); 6] = [
    (Key::ArrowUp, Jump::By(-1)),
    (Key::ArrowDown, Jump::By(1)),
    (Key::PageUp, Jump::Pages(-1)),
    (Key::PageDown, Jump::Pages(1)),
    (Key::Home, Jump::First),
    (Key::End, Jump::Last),
];

impl App {
    /// True if the view with the focus is a table that is drawn as one.
    pub(super) fn focuses_table(&self) -> bool {
        let drawn = self.shown.as_ref().is_some_and(|shown| shown.view(&self.focus).is_some());
        drawn && self.tiles.get(&self.focus).is_some_and(TileState::is_table)
    }

    /// Enter in a list that has opened chooses and closes it, as a click does; call it at the end of a frame.
    pub(super) fn close_lists(context: &Context) {
        let chosen = context.input(|input| input.key_pressed(Key::Enter));
        // The frame that opened it is not one that chooses.
        let key = egui::Id::unique("a list was open");
        let was = context.data(|data| data.get_temp::<bool>(key)).unwrap_or(false);
        let is = egui::Popup::is_any_open(context);
        if chosen && was && is {
            egui::Popup::close_all(context);
        }
        context.data_mut(|data| data.insert_temp(key, is));
    }

    /// Keys without a modifier act only while nothing takes text.
    pub(super) fn keys(&self, context: &Context, actions: &mut Vec<Action>) {
        let mut typing =
            context.egui_wants_keyboard_input() || self.palette.is_some() || self.adding.is_some();
        // A table with the focus takes its keys before the steps of the run, of which some are the same.
        if !typing && self.focuses_table() {
            let moved = ROWS
                .into_iter()
                .filter(|(key, _)| context.input_mut(|input| input.consume_key(Modifiers::NONE, *key)));
            actions.extend(moved.map(|(_, jump)| Action::GoToRow(jump)));
        }
        // egui takes Ctrl+Shift+Z for Ctrl+Z too, so the longer combinations are asked for first.
        let weight = |modifiers: Modifiers| {
            u8::from(modifiers.shift) + u8::from(modifiers.alt) + u8::from(modifiers.command)
        };
        let mut all: Vec<_> =
            Command::ALL.iter().filter_map(|command| Some((command, command.keys()?))).collect();
        all.sort_by_key(|(_, keys)| std::cmp::Reverse(weight(keys.modifiers)));
        for (command, keys) in all {
            let plain = !keys.modifiers.command
                && !keys.modifiers.alt
                && !(Key::F1..=Key::F35).contains(&keys.logical_key);
            // Escape closes a menu first.
            let is_menus = *command == Command::ClearSelection && egui::Popup::is_any_open(context);
            if plain && typing || is_menus {
                continue;
            }
            if context.input_mut(|input| input.consume_shortcut(&keys)) {
                actions.push(Action::Do(*command));
                // What comes in the same frame behind it is meant for what opens.
                typing |= command.opens();
            }
        }
        let pressed = |modifiers: Modifiers| {
            DIGITS.iter().position(|key| context.input_mut(|input| input.consume_key(modifiers, *key)))
        };
        if let Some(lab) = pressed(Modifiers::COMMAND).and_then(|lab| self.catalogue.names().nth(lab)) {
            actions.push(Action::UseLab(lab));
        }
        if !typing
            && let Some(layout) = &self.layout
            && let Some(view) = pressed(Modifiers::NONE).and_then(|tile| layout.order().get(tile).cloned())
        {
            actions.push(Action::Focus(view));
        }
    }
}

/// The preset that a lab begins with.
pub(super) fn first_preset(catalogue: Catalogue, lab: &str) -> Option<&'static str> {
    catalogue.presets().find(|preset| preset.lab() == lab).map(|preset| preset.name)
}
