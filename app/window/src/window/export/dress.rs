//! Words and colours of the single series of a figure.

use std::collections::BTreeMap;

use egui::{Rect, Sense, Stroke, Ui, vec2};

use crate::exporting::{Dressing, SeriesDress};
use crate::figure::model::Ink;
use crate::figure::palette;
use crate::theme::{Rgba, SERIES_COLORS};
use crate::window::style::{color, tokens};
use crate::window::tiles::TileState;

/// Side of a swatch, points.
const SWATCH: f32 = 16.0;
/// Series above which the list is scrolled.
const HEIGHT: f32 = 132.0;

/// The named series of some views in their order, each once.
pub(super) fn series(views: &[String], tiles: &BTreeMap<String, TileState>) -> Vec<(String, Option<Ink>)> {
    let mut named: Vec<(String, Option<Ink>)> = Vec::new();
    for (name, ink) in views.iter().filter_map(|view| tiles.get(view)).flat_map(TileState::series) {
        if !named.iter().any(|(known, _)| *known == name) {
            named.push((name, ink));
        }
    }
    named
}

/// A field for the words of each series, with its colour before it.
pub(super) fn series_ui(ui: &mut Ui, dressing: &mut Dressing, series: &[(String, Option<Ink>)]) {
    if series.is_empty() {
        return;
    }
    ui.label("Names and colours in the legend");
    let list = egui::ScrollArea::vertical().id_salt("export series").max_height(HEIGHT);
    list.auto_shrink([false, true]).show(ui, |ui| {
        for (name, ink) in series {
            let palette = dressing.palette;
            let mut dress = dressing.series.get(name).cloned().unwrap_or_default();
            ui.horizontal(|ui| {
                let worn = dress.color.map(Ink::Series).or(*ink);
                if let Some(worn) = worn {
                    let now = palette::color(palette.tokens(), worn);
                    let is_series = matches!(worn, Ink::Series(_));
                    let response = swatch(ui, now, &format!("Colour of {name}"), is_series);
                    if is_series {
                        egui::Popup::menu(&response).show(|ui| {
                            ui.horizontal(|ui| {
                                for number in 0..SERIES_COLORS {
                                    let paint = palette::color(palette.tokens(), Ink::Series(number));
                                    if swatch(ui, paint, &format!("Colour {}", number + 1), true).clicked() {
                                        dress.color = Some(number);
                                    }
                                }
                            });
                            if ui.button("As in the view").clicked() {
                                dress.color = None;
                            }
                        });
                    }
                }
                let edit = egui::TextEdit::singleline(&mut dress.name).hint_text(name);
                let edit = ui.add(edit.desired_width(ui.available_width() - 8.0));
                let words = format!("Name of {name}");
                let typed = dress.name.clone();
                edit.widget_info(|| egui::WidgetInfo {
                    current_text_value: Some(typed.clone()),
                    ..egui::WidgetInfo::labeled(egui::Role::TextInput, true, &words)
                });
            });
            if dress == SeriesDress::default() {
                dressing.series.remove(name);
            } else {
                dressing.series.insert(name.clone(), dress);
            }
        }
    });
}

/// A patch of colour that can be clicked.
fn swatch(ui: &mut Ui, paint: Rgba, words: &str, enabled: bool) -> egui::Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(SWATCH, SWATCH), sense);
    let outline = Stroke::new(1.0, color(tokens(ui.ctx()).axis));
    let patch = Rect::from_center_size(rect.center(), vec2(SWATCH - 2.0, SWATCH - 2.0));
    ui.painter().rect(patch, 2.0, color(paint), outline, egui::StrokeKind::Inside);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, words));
    response.on_hover_text(words)
}
