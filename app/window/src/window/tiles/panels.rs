//! Several panels in one tile, as the figure arranges them.

use std::collections::BTreeSet;

use egui::{RichText, Ui};

use super::color_bar::{self, color_bar};
use crate::figure::model::{Body, PanelsBody};
use crate::window::plot::{Prepared, Showing, Surround};
use crate::window::readout::{self, Precision};

const TITLE_HEIGHT: f32 = 16.0;
const GAP: f32 = 6.0;
/// Size below which a panel has no room for headings and a colour key, points.
const COMPACT_BELOW: egui::Vec2 = egui::vec2(200.0, 140.0);

/// Draws the panels; a click on one, as its title and the position in data units.
pub(super) fn panels_ui(
    ui: &mut Ui,
    body: &PanelsBody,
    prepared: &[Prepared],
    summary: &str,
    id: &str,
) -> Option<(String, f64, f64)> {
    // A long title row may have widened the room beyond what is seen.
    let area = ui.available_rect_before_wrap().intersect(ui.clip_rect().shrink(GAP));
    let columns = body.columns.clamp(1, body.panels.len().max(1));
    let rows = body.panels.len().div_ceil(columns).max(1);
    let cell = egui::vec2(
        (area.width() - GAP * (columns - 1) as f32) / columns as f32,
        (area.height() - GAP * (rows - 1) as f32) / rows as f32,
    );
    // The colours of a small panel are read off by hovering; maximised, each has its key.
    let compact = cell.x < COMPACT_BELOW.x || cell.y < COMPACT_BELOW.y;
    let mut picked = None;
    let plots = body.panels.iter().filter_map(|panel| match &panel.body {
        Body::Plot(plot) => Some((panel, plot)),
        _ => None,
    });
    for (index, ((panel, plot), prepared)) in plots.zip(prepared).enumerate() {
        let (column, row) = ((index % columns) as f32, (index / columns) as f32);
        let corner = area.min + egui::vec2(column * (cell.x + GAP), row * (cell.y + GAP));
        let rect = egui::Rect::from_min_size(corner, cell);
        ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
            ui.add(egui::Label::new(RichText::new(&panel.title).small().strong()).truncate());
            let bar = if plot.color_bar.is_some() && !compact { color_bar::WIDTH } else { 0.0 };
            let size = egui::vec2((cell.x - bar).max(20.0), (cell.y - TITLE_HEIGHT - GAP).max(20.0));
            let name = format!("{id}/{index}");
            let key = egui::Id::unique(("panel pointer", &name));
            let at: Option<(f64, f64)> = ui.data(|data| data.get_temp(key));
            let showing = Showing {
                id: &name,
                plot,
                hidden: &BTreeSet::new(),
                cursor: None,
                fit: false,
                follow: true,
                whole: false,
                moved: None,
                pinned: None,
                readout: at.and_then(|(x, y)| readout::readout(plot, x, y, Precision::Short)),
                brush: false,
                brushed: &[],
                selected: None,
                surround: if compact { Surround::Compact } else { Surround::Full },
            };
            ui.horizontal(|ui| {
                let touched = ui.allocate_ui(size, |ui| prepared.show(ui, &showing)).inner;
                if let Some(bar) = plot.color_bar.as_ref().filter(|_| !compact) {
                    color_bar(ui, bar, size.y);
                }
                ui.data_mut(|data| match touched.pointer {
                    Some(at) => {
                        data.insert_temp(key, at);
                    }
                    None => data.remove::<(f64, f64)>(key),
                });
                let words = format!("{}, panel of {summary}", panel.title);
                touched.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &words));
                if let Some((x, y)) = touched.clicked {
                    picked = Some((panel.title.clone(), x, y));
                }
            });
        });
    }
    ui.allocate_rect(area, egui::Sense::hover());
    picked
}
