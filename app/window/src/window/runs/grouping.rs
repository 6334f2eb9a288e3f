//! The key by which runs are grouped: what varies comes first, and a few letters find the rest.

use egui::{ComboBox, Key, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui};

use super::list::Runs;
use super::model::{Keys, Row, Value};
use crate::window::style::{color, tokens};

/// Keys under which nearly every run has a value of its own.
const NEVER: [&str; 5] = ["curve", "started", "id", "duration", "name"];
/// Height of the list, points.
const HEIGHT: f32 = 300.0;

/// Keys that runs may be grouped by: those under which they differ, then the others.
#[derive(Default)]
pub(super) struct Grouping {
    version: Option<u64>,
    varied: Vec<String>,
    others: Vec<String>,
    typed: String,
    /// The list has just been opened: its field takes the keyboard.
    fresh: bool,
}

impl Grouping {
    /// Looks at the runs again if they changed.
    fn follow(&mut self, version: u64, rows: &[Row], keys: &Keys) {
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        // One groups by what was set, seldom by what came of it.
        let (results, set): (Vec<&str>, Vec<&str>) =
            keys.all().filter(|key| !NEVER.contains(key)).partition(|key| keys.results.contains(*key));
        let (varied, others) = set.into_iter().chain(results).partition(|key| varies(rows, key));
        let own = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
        (self.varied, self.others) = (own(varied), own(others));
    }
}

/// What was chosen.
enum Choice {
    Nothing,
    By(String),
}

/// True if runs that have a key have not all the same value under it: of runs of another lab nothing is to be told by it.
fn varies(rows: &[Row], key: &str) -> bool {
    let mut values = rows.iter().map(|row| row.value(key)).filter(|value| *value != Value::Missing);
    let first = values.next();
    values.any(|value| Some(value) != first)
}

impl Runs {
    pub(super) fn group_ui(&mut self, ui: &mut Ui) {
        let label = ui.label("Group by");
        let words = &self.layout.words;
        let text = self
            .layout
            .group
            .as_deref()
            .map_or_else(|| "none".to_owned(), |key| words.heading(key).into_owned());
        let mut chosen = None;
        let combo = ComboBox::from_id_salt("group runs").selected_text(text).width(96.0).truncate();
        let combo = combo.close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let shown = combo
            .height(HEIGHT + 60.0)
            .show_ui(ui, |ui| {
                self.grouping.follow(self.version, &self.rows, &self.keys);
                chosen = self.keys_ui(ui);
                if chosen.is_some() {
                    ui.close();
                }
            })
            .response
            .labelled_by(label.id);
        self.grouping.fresh |= shown.clicked();
        if let Some(choice) = chosen {
            self.layout.group = match choice {
                Choice::Nothing => None,
                Choice::By(key) => Some(key),
            };
            self.grouping.typed.clear();
        }
    }

    /// The list; a key, or none, once it is chosen.
    fn keys_ui(&mut self, ui: &mut Ui) -> Option<Choice> {
        let mut chosen = None;
        ui.set_min_width(200.0);
        let edit =
            TextEdit::singleline(&mut self.grouping.typed).hint_text("Find a key").desired_width(190.0);
        let field = ui.add(edit);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a key"));
        if std::mem::take(&mut self.grouping.fresh) {
            field.request_focus();
            self.grouping.typed.clear();
        }
        let typed = self.grouping.typed.trim().to_lowercase();
        let fits = |key: &&String| {
            typed.is_empty()
                || key.to_lowercase().contains(&typed)
                || self.layout.words.heading(key).to_lowercase().contains(&typed)
        };
        if !typed.is_empty() && field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            let first = self.grouping.varied.iter().chain(&self.grouping.others).find(fits);
            chosen = first.cloned().map(Choice::By);
        }
        let muted = color(tokens(ui.ctx()).text_muted);
        ScrollArea::vertical().max_height(HEIGHT).show(ui, |ui| {
            if typed.is_empty() && ui.selectable_label(self.layout.group.is_none(), "none").clicked() {
                chosen = Some(Choice::Nothing);
            }
            for (words, keys) in
                [("What varies", &self.grouping.varied), ("The same in all runs", &self.grouping.others)]
            {
                let mut found = keys.iter().filter(fits).peekable();
                if found.peek().is_some() {
                    ui.label(RichText::new(words).small().color(muted));
                }
                for key in found {
                    let on = self.layout.group.as_ref() == Some(key);
                    let words = &self.layout.words;
                    let label = ui.selectable_label(on, words.heading(key).into_owned());
                    if label.on_hover_text(words.hint(key)).clicked() {
                        chosen = Some(Choice::By(key.clone()));
                    }
                }
            }
        });
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::samples;
    use super::*;

    #[test]
    fn what_varies_comes_first() {
        let rows = samples(8);
        let mut grouping = Grouping::default();
        grouping.follow(1, &rows, &Keys::of(&rows));
        for key in ["quantizer", "seed", "learning_rate", "test_accuracy"] {
            assert!(grouping.varied.iter().any(|own| own == key), "{key}: {:?}", grouping.varied);
        }
        for key in ["weight_bits", "setting_3", "lab"] {
            assert!(grouping.others.iter().any(|own| own == key), "{key}: {:?}", grouping.others);
        }
        assert!(!grouping.varied.iter().chain(&grouping.others).any(|key| key == "started"), "never useful");
    }
}
