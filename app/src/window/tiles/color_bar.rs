//! The key to the colours of a heat map.

use crate::figure::colormap::ColorScale;
use crate::figure::model::ColorBar;
use crate::figure::number::significant;
use crate::window::style::{color, tokens};

/// Width of a key with its numbers, points.
pub(super) const WIDTH: f32 = 66.0;

/// The colours of a map with their numbers.
pub(super) fn color_bar(ui: &mut egui::Ui, bar: &ColorBar, height: f32) {
    const STRIPES: usize = 64;
    let ColorScale { map, limits, .. } = bar.scale;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(WIDTH, height), egui::Sense::hover());
    let strip = egui::Rect::from_min_size(
        rect.min + egui::vec2(4.0, 14.0),
        egui::vec2(12.0, (rect.height() - 44.0).max(10.0)),
    );
    let palette = tokens(ui.ctx());
    let step = strip.height() / STRIPES as f32;
    for stripe in 0..STRIPES {
        let share = (stripe as f64 + 0.5) / STRIPES as f64;
        let top = strip.bottom() - (stripe + 1) as f32 * step;
        let cell =
            egui::Rect::from_min_size(egui::pos2(strip.left(), top), egui::vec2(strip.width(), step + 0.5));
        ui.painter().rect_filled(cell, 0.0, color(map.at(share)));
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    for (share, value) in [(0.0, limits.0), (0.5, f64::midpoint(limits.0, limits.1)), (1.0, limits.1)] {
        let at = egui::pos2(strip.right() + 3.0, strip.bottom() - share * strip.height());
        ui.painter().text(
            at,
            egui::Align2::LEFT_CENTER,
            significant(value, 2),
            font.clone(),
            color(palette.text),
        );
    }
}
