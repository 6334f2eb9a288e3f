//! The widget of a setting that takes several words of a closed list.

use egui::Ui;
use weightscope_frame::experiment::Choice;

use super::{Row, UNDO};

/// The chosen ones in words.
pub(super) fn words(row: &Row, choices: &[Choice]) -> String {
    let now: Vec<&str> = row.value.as_array().into_iter().flatten().filter_map(toml::Value::as_str).collect();
    let chosen = choices.iter().filter(|choice| now.contains(&choice.key));
    let words: Vec<&str> = chosen.map(|choice| choice.label).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Several of a closed list: the chosen ones in words, and a menu in which each is ticked by itself.
pub(super) fn choices_ui(ui: &mut Ui, row: &Row, choices: &[Choice], label: egui::Id) -> Option<toml::Value> {
    let now: Vec<&str> = row.value.as_array().into_iter().flatten().filter_map(toml::Value::as_str).collect();
    let text = words(row, choices);
    let mut changed = None;
    egui::ComboBox::from_id_salt(row.field.key)
        .selected_text(text)
        .width(ui.available_width() - UNDO)
        .wrap()
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            for choice in choices {
                let mut on = now.contains(&choice.key);
                if ui.checkbox(&mut on, choice.label).changed() {
                    // Those that stay keep their order; a new one joins at its place in the list.
                    let kept = |key: &&str| *key != choice.key;
                    let mut keys: Vec<&str> = now.iter().copied().filter(kept).collect();
                    if on {
                        keys.push(choice.key);
                        keys.sort_by_key(|key| choices.iter().position(|choice| choice.key == *key));
                    }
                    let keys = keys.into_iter().map(|key| toml::Value::String(key.to_owned()));
                    changed = Some(toml::Value::Array(keys.collect()));
                }
            }
        })
        .response
        .labelled_by(label);
    changed
}
