//! Words and colours of the single series of a figure.

use std::collections::BTreeMap;

use egui::Ui;

use crate::exporting::{Dressing, SeriesDress};
use crate::figure::model::Ink;
use crate::figure::palette;
use crate::theme::SERIES_COLORS;
use crate::window::style::swatch;
use crate::window::tiles::TileState;

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
                    let words = format!("Colour of {name}");
                    let response = ui.add_enabled_ui(is_series, |ui| swatch(ui, now, &words, false)).inner;
                    if is_series {
                        egui::Popup::menu(&response).show(|ui| {
                            ui.horizontal(|ui| {
                                for number in 0..SERIES_COLORS {
                                    let paint = palette::color(palette.tokens(), Ink::Series(number));
                                    let words = format!("Colour {}", number + 1);
                                    if swatch(ui, paint, &words, dress.color == Some(number)).clicked() {
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
