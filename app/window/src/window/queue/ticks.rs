//! Values of a swept setting that are chosen by ticks: words of a closed list, sets of such words, on and off, listed numbers.

use egui::{ComboBox, Ui};
use toml::Value;

use super::axis::{AxisDraft, Sweepable};
use crate::window::style::field_label;

/// The values that a setting can have, as they are typed and as they are read; empty where they are typed by hand.
fn values(one: &Sweepable) -> Vec<(String, String)> {
    if let Some(allowed) = one.field.allowed {
        let words = |value: &i64| if *value == 0 { "float".to_owned() } else { value.to_string() };
        return allowed.iter().map(|value| (value.to_string(), words(value))).collect();
    }
    if matches!(one.value, Value::Boolean(_)) {
        return [("false", "off"), ("true", "on")]
            .map(|(key, words)| (key.to_owned(), words.to_owned()))
            .to_vec();
    }
    one.choices.iter().map(|choice| (choice.key.to_owned(), choice.label.to_owned())).collect()
}

/// Draws the ticks of an axis; false for a setting whose values are typed.
pub(super) fn values_ui(ui: &mut Ui, axis: &mut AxisDraft, one: &Sweepable, width: f32) -> bool {
    let values = values(one);
    if values.is_empty() {
        return false;
    }
    if one.is_set() {
        sets_ui(ui, axis, &values, width);
        return true;
    }
    ui.horizontal_wrapped(|ui| {
        field_label(ui, "Values", width);
        if let Some(list) = ticks_ui(ui, &axis.list, &values) {
            axis.list = list;
        }
    });
    true
}

/// A tick for each value; the ticked ones as typed, if one changed.
fn ticks_ui(ui: &mut Ui, list: &str, values: &[(String, String)]) -> Option<String> {
    let now: Vec<&str> = list.split(',').map(str::trim).collect();
    let mut changed = None;
    for (key, words) in values {
        let mut on = now.contains(&key.as_str());
        if ui.checkbox(&mut on, words).changed() {
            let kept = values.iter().map(|(own, _)| own.as_str());
            let kept = kept.filter(|own| if own == key { on } else { now.contains(own) });
            changed = Some(kept.collect::<Vec<_>>().join(", "));
        }
    }
    changed
}

/// Sets of words: each is a value by itself.
fn sets_ui(ui: &mut Ui, axis: &mut AxisDraft, values: &[(String, String)], width: f32) {
    let mut sets: Vec<String> = axis.list.split(';').map(|set| set.trim().to_owned()).collect();
    let (mut removed, many) = (None, sets.len() > 1);
    for (index, set) in sets.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let label = field_label(ui, &format!("Value {}", index + 1), width);
            let words: Vec<&str> = values
                .iter()
                .filter(|(key, _)| set.split(',').any(|own| own.trim() == key))
                .map(|(_, words)| words.as_str())
                .collect();
            let text = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
            let shown = ComboBox::from_id_salt(("swept set", &axis.key, index))
                .selected_text(&text)
                .width(330.0)
                .truncate()
                .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
                .show_ui(ui, |ui| ticks_ui(ui, set, values));
            shown.response.labelled_by(label.id).on_hover_text(text);
            if let Some(Some(list)) = shown.inner {
                *set = list;
            }
            if many && ui.small_button("Remove").clicked() {
                removed = Some(index);
            }
        });
    }
    if let Some(index) = removed {
        sets.remove(index);
    }
    ui.horizontal(|ui| {
        field_label(ui, "", width);
        let tip = "Another set of words, run beside the others";
        if ui.small_button("Add a value").on_hover_text(tip).clicked() {
            sets.push(sets.last().cloned().unwrap_or_default());
        }
    });
    axis.list = sets.join("; ");
}
