//! What can be turned without running anything again. A control of several tiles stands once, above all of them; one that
//! only views of one tile have stands in it. A control that changes nothing as the others stand is not shown.

use std::collections::BTreeSet;

use egui::{RichText, Ui};
use egui_material_icons::icons;
use weightscope_frame::record::{ControlKind, ControlSpec, ControlValue, Controls, Record, ViewSpec};

use super::TileBehavior;
use crate::figure::number::significant;
use crate::window::carried;
use crate::window::command::Action;
use crate::window::shown::Shown;
use crate::window::style;

/// Height below which a tile has no room for several rows of controls, points.
const LOW: f32 = 260.0;
/// Length of a field for text, points.
const TEXT: f32 = 160.0;
/// Digits of a place that lines go back to.
const DIGITS: usize = 4;
/// The button that takes lines and handles back.
const BACK: &str = "Back to settings";
/// Length of a slider, points.
const SLIDER: f32 = 64.0;

impl TileBehavior<'_> {
    /// The controls that only views of this tile have, in a row of its own.
    pub(super) fn controls_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        let views = &self.shown.views;
        let own: Vec<&ControlSpec> =
            spec.controls.iter().filter(|control| !is_shared(views, control)).collect();
        let low = ui.available_height() < LOW;
        row_ui(ui, &spec.id, &own, self.controls, self.shown, low, self.actions);
    }
}

/// The controls that several views share, in the order in which they first appear.
pub(in crate::window) fn shared(views: &[ViewSpec]) -> Vec<&ControlSpec> {
    let mut found: Vec<&ControlSpec> = Vec::new();
    for control in views.iter().flat_map(|view| &view.controls) {
        if is_shared(views, control) && !found.iter().any(|known| known.id == control.id) {
            found.push(control);
        }
    }
    found
}

fn is_shared(views: &[ViewSpec], control: &ControlSpec) -> bool {
    let has = |view: &&ViewSpec| view.controls.iter().any(|other| other.id == control.id);
    let tile = |view: &ViewSpec| view.tab_of.clone().unwrap_or_else(|| view.id.clone());
    let tiles: BTreeSet<String> = views.iter().filter(has).map(tile).collect();
    // A rectangle is brushed in a view and named there.
    control.kind != ControlKind::Region && tiles.len() > 1
}

/// Controls side by side, in as many rows as they need, label and field together; in one row where a low tile keeps its room for the
/// view.
pub(in crate::window) fn row_ui(
    ui: &mut Ui,
    id: &str,
    specs: &[&ControlSpec],
    values: &Controls,
    shown: &Shown,
    in_one_row: bool,
    actions: &mut Vec<Action>,
) {
    let record = shown.record();
    let live: Vec<&ControlSpec> = specs.iter().copied().filter(|control| control.is_live(values)).collect();
    if live.is_empty() {
        return;
    }
    let dragged = dragged(&live, &shown.views, values);
    let mut turns = Vec::new();
    let mut control = |ui: &mut Ui, control: &ControlSpec| {
        if let Some(turned) = control_ui(ui, control, values.0.get(&control.id), record) {
            turns.push(Action::Turn(control.id.clone(), turned));
        }
    };
    let tight = |ui: &mut Ui| {
        ui.spacing_mut().slider_width = SLIDER;
        ui.spacing_mut().combo_width = 40.0;
    };
    if in_one_row {
        let draw = |ui: &mut Ui, starts: &mut Vec<f32>| {
            tight(ui);
            for spec in &live {
                starts.push(ui.cursor().min.x);
                control(ui, spec);
            }
            back_ui(ui, &dragged, actions);
        };
        one_row_ui(ui, id, draw);
        actions.append(&mut turns);
        return;
    }
    ui.push_id(("controls", id), |ui| {
        ui.horizontal_wrapped(|ui| {
            tight(ui);
            for spec in live {
                let width = width(ui, spec, values.0.get(&spec.id), record);
                let is_first = ui.cursor().min.x <= ui.max_rect().min.x + 1.0;
                if !is_first && width > ui.available_size_before_wrap().x {
                    ui.end_row();
                }
                control(ui, spec);
            }
            back_ui(ui, &dragged, actions);
        });
    });
    actions.append(&mut turns);
}

/// Controls in one row, none of them cut: those that do not fit come with a button at its end, with the wheel, or when they are asked
/// for by keyboard or screen reader; where one alone is wider than the row, with a bar below. `draw` says where each begins.
fn one_row_ui(ui: &mut Ui, id: &str, draw: impl FnOnce(&mut Ui, &mut Vec<f32>)) {
    /// Width of the button with the gap before it.
    const NEXT: f32 = 40.0;
    let key = ui.scope_id().with(("first control", id));
    // Where the row is to stand, where it stood, and where its controls begin, the end of the last one too, as they were drawn last.
    let (wanted, stood, begins): (Option<f32>, f32, Vec<f32>) =
        ui.data(|data| data.get_temp(key)).unwrap_or_default();
    let at = |place: usize| begins.get(place).copied().unwrap_or(0.0);
    let last = begins.len().saturating_sub(1);
    let room = ui.available_width();
    let is_whole = at(last) <= room;
    let widest = begins.windows(2).map(|ends| ends.iter().rev().copied().reduce(|end, start| end - start));
    if !is_whole && widest.flatten().any(|width| width > room - NEXT) {
        let starts = barred_row_ui(ui, id, draw);
        ui.data_mut(|data| data.insert_temp(key, (None::<f32>, 0.0_f32, starts)));
        return;
    }
    let offset = if is_whole { 0.0 } else { wanted.unwrap_or(stood) };
    let first = (0..last).rev().find(|place| at(*place) <= offset + 0.5).unwrap_or(0);
    let fits = |end: &usize| at(*end) - at(first) <= room - NEXT;
    let next = (first + 1..=last).take_while(fits).last().unwrap_or(first + 1).min(last.max(1));
    // Scrolled to somewhere between, it shows what was asked for.
    let is_aligned = (at(first) - offset).abs() < 1.0;
    let width = match (is_whole, is_aligned) {
        (true, _) => room,
        (false, true) => (at(next) - at(first)).min(room - NEXT).max(1.0),
        (false, false) => room - NEXT,
    };
    let (mut starts, mut stands, mut then) = (Vec::new(), 0.0, None);
    ui.horizontal(|ui| {
        let area = egui::ScrollArea::horizontal()
            .id_salt(("controls", id))
            .max_width(width)
            .auto_shrink([false, true])
            .scroll_bar_visibility(egui::containers::scroll_area::ScrollBarVisibility::AlwaysHidden);
        let area = if wanted.is_some() { area.horizontal_scroll_offset(offset) } else { area };
        let shown = area.show(ui, |ui| {
            ui.horizontal(|ui| {
                let left = ui.cursor().min.x;
                draw(ui, &mut starts);
                starts.push(ui.cursor().min.x);
                starts.iter_mut().for_each(|start| *start -= left);
            });
        });
        stands = shown.state.clamped_offset().x;
        if is_whole {
            return;
        }
        let button = ui.add(egui::Button::new(style::icon(icons::ICON_CHEVRON_RIGHT)).small());
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "More controls"));
        let tip = "The next controls; after the last ones the first ones again";
        if button.on_hover_text(tip).clicked() {
            then = Some(if next < last { at(next) } else { 0.0 });
        }
    });
    if starts != begins || then.is_some() {
        ui.ctx().request_repaint();
    }
    ui.data_mut(|data| data.insert_temp(key, (then, stands, starts)));
}

/// Controls in one row over a bar that moves them; where each begins, and where the last one ends.
fn barred_row_ui(ui: &mut Ui, id: &str, draw: impl FnOnce(&mut Ui, &mut Vec<f32>)) -> Vec<f32> {
    // A bar that floats would lie over what it moves.
    ui.spacing_mut().scroll =
        egui::style::ScrollStyle { floating: false, ..egui::style::ScrollStyle::thin() };
    let area = egui::ScrollArea::horizontal().id_salt(("controls", id)).auto_shrink([false, true]);
    let mut starts = Vec::new();
    area.show(ui, |ui| {
        ui.horizontal(|ui| {
            let left = ui.cursor().min.x;
            draw(ui, &mut starts);
            starts.push(ui.cursor().min.x);
            starts.iter_mut().for_each(|start| *start -= left);
        });
    });
    starts
}

/// A control that a line or a handle turns, with the value at which it stands before anybody drags it.
struct Dragged<'a> {
    control: &'a ControlSpec,
    initial: f64,
    is_moved: bool,
}

/// The controls that lines and handles of any view turn, as they stand.
fn dragged<'a>(specs: &[&'a ControlSpec], views: &[ViewSpec], values: &Controls) -> Vec<Dragged<'a>> {
    let by_lines: BTreeSet<&str> = views.iter().flat_map(carried::dragged).collect();
    let all = specs.iter().filter(|control| by_lines.contains(control.id.as_str()));
    all.filter_map(|control| match control.kind {
        ControlKind::Number { initial, .. } => {
            let is_moved = values.number(&control.id).is_some_and(|value| value != initial);
            Some(Dragged { control, initial, is_moved })
        }
        _ => None,
    })
    .collect()
}

/// The way back from dragging. It stands there before anything is dragged, so that nothing moves while a line is held.
fn back_ui(ui: &mut Ui, dragged: &[Dragged<'_>], actions: &mut Vec<Action>) {
    if dragged.is_empty() {
        return;
    }
    let places: Vec<String> = dragged
        .iter()
        .map(|line| format!("{} {}", line.control.label, significant(line.initial, DIGITS)))
        .collect();
    let tip = format!("As the settings of this run have it: {}", places.join(", "));
    let is_moved = dragged.iter().any(|line| line.is_moved);
    let button = ui.add_enabled(is_moved, egui::Button::new(BACK).small());
    let button = button.on_hover_text(&tip).on_disabled_hover_text(tip);
    if button.clicked() {
        let moved = dragged.iter().filter(|line| line.is_moved);
        let turn =
            |line: &Dragged<'_>| Action::Turn(line.control.id.clone(), ControlValue::Number(line.initial));
        actions.extend(moved.map(turn));
    }
}

/// Width of a control with its label, about.
fn width(ui: &Ui, control: &ControlSpec, value: Option<&ControlValue>, record: &Record) -> f32 {
    /// Number beside a slider; arrow and padding of a choice; box of a switch.
    const AROUND: f32 = 52.0;
    let text = |words: &str| {
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().layout_no_wrap(words.to_owned(), font, egui::Color32::PLACEHOLDER).size().x
    };
    let label = text(&control.label) + ui.spacing().item_spacing.x;
    let field = match (&control.kind, value) {
        (ControlKind::Number { .. } | ControlKind::Row { .. }, _) => SLIDER + AROUND,
        (ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. }, Some(ControlValue::Word(now))) => {
            let options = control.options(record);
            text(options.iter().find(|(key, _)| key == now).map_or(now, |(_, words)| words)) + AROUND
        }
        (ControlKind::Text { .. }, _) => TEXT,
        _ => AROUND,
    };
    label + field
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
        (ControlKind::Row { .. }, Some(ControlValue::Number(now))) => {
            let mut row = *now as u64;
            let label = ui.label(&control.label).on_hover_text(&control.about);
            let last = control.rows(record).saturating_sub(1) as u64;
            let slider = egui::Slider::new(&mut row, 0..=last).clamping(egui::SliderClamping::Edits);
            let changed = ui.add(slider).labelled_by(label.id).on_hover_text(&control.about).changed();
            changed.then_some(ControlValue::Number(row as f64))
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
        (ControlKind::Text { most, .. }, Some(ControlValue::Word(now))) => {
            // What is typed becomes the value when the field is left: each letter would derive everything anew.
            let key = egui::Id::unique(("typed", &control.id));
            let mut typed: String = ui.data(|data| data.get_temp(key)).unwrap_or_else(|| now.clone());
            let label = ui.label(&control.label).on_hover_text(&control.about);
            let field = egui::TextEdit::singleline(&mut typed).char_limit(*most).desired_width(TEXT);
            let response = ui.add(field).labelled_by(label.id).on_hover_text(&control.about);
            if response.has_focus() {
                ui.data_mut(|data| data.insert_temp(key, typed));
                return None;
            }
            ui.data_mut(|data| data.remove::<String>(key));
            (response.lost_focus() && typed != *now).then_some(ControlValue::Word(typed))
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
