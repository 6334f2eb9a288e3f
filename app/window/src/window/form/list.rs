//! The widget of a setting that takes a list: typed with commas.

use std::collections::BTreeMap;

use egui::Ui;
use weightscope_frame::experiment::{Field, Slot, parse_typed, set};

use super::{Items, Row, UNDO, short};

/// A list, typed with commas; what cannot be read stays as typed until it can.
pub(super) fn list_ui(
    ui: &mut Ui,
    row: &Row,
    items: Items,
    label: egui::Id,
    typing: &mut BTreeMap<&'static str, String>,
) -> Option<toml::Value> {
    let written: Vec<String> = match &row.value {
        toml::Value::Array(items) => items.iter().map(short).collect(),
        toml::Value::Table(columns) => {
            columns.iter().map(|(name, word)| format!("{name} = {}", short(word))).collect()
        }
        _ => Vec::new(),
    };
    let written = written.join(", ");
    let mut text = typing.get(row.field.key).cloned().unwrap_or(written);
    let edit = egui::TextEdit::singleline(&mut text).desired_width(ui.available_width() - UNDO);
    let response = ui.add(edit).labelled_by(label);
    if response.lost_focus() {
        typing.remove(row.field.key);
    }
    if !response.changed() {
        return None;
    }
    let value = read_list(&row.field, items, &text);
    typing.insert(row.field.key, text);
    value
}

/// What was typed as a list of the right kind, if it can be read as one.
fn read_list(field: &Field, items: Items, text: &str) -> Option<toml::Value> {
    let (mut integers, mut floats, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut columns = BTreeMap::new();
    let slot = match items {
        Items::Integers => Slot::Integers(&mut integers),
        Items::Floats => Slot::Floats(&mut floats),
        Items::Texts => Slot::Texts(&mut texts),
        Items::Columns => Slot::Columns(&mut columns),
    };
    let value = parse_typed(&slot, text);
    set(field, slot, &value).is_ok().then_some(value)
}
