//! The head of a tile: title, chooser, buttons of the view, help, export, controls.

use egui::{RichText, Ui};
use weightscope_engine::record::{ControlKind, ControlSpec, ControlValue, Record, ViewSpec};

use super::TileBehavior;
use crate::views;
use crate::window::command::Action;
use crate::window::style::{self, color, tokens};

impl TileBehavior<'_> {
    /// Title, chooser, buttons of the view, help, export.
    pub(super) fn title_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) -> egui::Response {
        let focused = self.focus == spec.id;
        let palette = tokens(ui.ctx());
        let row = ui.horizontal(|ui| {
            let mut text = RichText::new(&spec.title).strong();
            if focused {
                text = text.color(color(palette.accent));
            }
            let title = ui.add(
                egui::Label::new(text).truncate().selectable(false).sense(egui::Sense::click_and_drag()),
            );
            if title.clicked() {
                self.actions.push(Action::Focus(spec.id.clone()));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.buttons_ui(ui, spec));
            title
        });
        row.inner
    }

    fn buttons_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        use egui_material_icons::icons;
        let icon = |ui: &mut Ui, glyph: egui_material_icons::MaterialIcon, words: String| {
            let response = ui.add(egui::Button::new(style::icon(glyph)).small().frame(false));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
            response.on_hover_text(words)
        };
        if icon(ui, icons::ICON_DOWNLOAD, format!("Export {}", spec.title)).clicked() {
            self.actions.push(Action::Export(spec.id.clone()));
        }
        if icon(ui, icons::ICON_CLOSE, format!("Close {}", spec.title)).clicked() {
            self.actions.push(Action::CloseTile(spec.id.clone()));
        }
        let help = icon(ui, icons::ICON_HELP, format!("What is {}?", spec.title));
        egui::Popup::from_toggle_button_response(&help).show(|ui| {
            ui.set_max_width(420.0);
            let mut cache = egui_commonmark::CommonMarkCache::default();
            egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, &spec.help);
        });
        for action in &spec.actions {
            if ui.small_button(&action.label).on_hover_text(&action.about).clicked() {
                self.actions.push(Action::Button { view: spec.id.clone(), action: action.id.clone() });
            }
        }
        if spec.one_channel {
            let state = self.states.entry(spec.id.clone()).or_default();
            let all = views::choices(spec, self.shown.record());
            let now = all
                .iter()
                .find(|channel| Some(&channel.id) == state.options.channel.as_ref())
                .or_else(|| all.first());
            let text = now.map_or("–", |channel| channel.label.as_str());
            let chooser = egui::ComboBox::from_id_salt(("channel", &spec.id))
                .selected_text(text)
                .width(72.0)
                .show_ui(ui, |ui| {
                    for channel in &all {
                        ui.selectable_value(
                            &mut state.options.channel,
                            Some(channel.id.clone()),
                            &channel.label,
                        );
                    }
                });
            let words = format!("Layer of {}", spec.title);
            chooser.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &words));
        }
    }

    /// What can be turned in this view, in a row of its own.
    pub(super) fn controls_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        if spec.controls.is_empty() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for control in &spec.controls {
                let value = self.controls.0.get(&control.id);
                if let Some(turned) = control_ui(ui, control, value, self.shown.record()) {
                    self.actions.push(Action::Turn(control.id.clone(), turned));
                }
            }
        });
    }
}

/// One control; its new value, if it was turned.
fn control_ui(
    ui: &mut Ui,
    control: &ControlSpec,
    value: Option<&ControlValue>,
    record: &Record,
) -> Option<ControlValue> {
    match (&control.kind, value) {
        (ControlKind::Number { low, high, logarithmic, .. }, Some(ControlValue::Number(now))) => {
            let mut number = *now;
            let label = ui.label(&control.label).on_hover_text(&control.about);
            let slider = egui::Slider::new(&mut number, *low..=*high)
                .logarithmic(*logarithmic)
                .clamping(egui::SliderClamping::Edits)
                .max_decimals(4);
            let changed = ui.add(slider).labelled_by(label.id).on_hover_text(&control.about).changed();
            changed.then_some(ControlValue::Number(number))
        }
        (ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. }, value) => {
            let options = control.options(record);
            let now = match value {
                Some(ControlValue::Word(word)) => word.as_str(),
                _ => "",
            };
            let words = options.iter().find(|(key, _)| key == now).map_or(now, |(_, words)| words);
            let mut chosen = None;
            let label = ui.label(&control.label).on_hover_text(&control.about);
            egui::ComboBox::from_id_salt(("control", &control.id))
                .selected_text(words)
                .show_ui(ui, |ui| {
                    for (key, words) in &options {
                        if ui.selectable_label(key == now, words).clicked() {
                            chosen = Some(ControlValue::Word(key.clone()));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
            chosen
        }
        (ControlKind::Switch { .. }, Some(ControlValue::Switch(now))) => {
            let mut on = *now;
            let changed = ui.checkbox(&mut on, &control.label).on_hover_text(&control.about).changed();
            changed.then_some(ControlValue::Switch(on))
        }
        (ControlKind::Region, value) => {
            let words = if value.is_some() { "brushed" } else { "shift + drag brushes" };
            ui.label(RichText::new(format!("{}: {words}", control.label)).small())
                .on_hover_text(&control.about);
            None
        }
        _ => None,
    }
}
