//! The key to the colours of a heat map. Its ends can be dragged: the limits of the colours follow.

use egui::{CursorIcon, Sense};
use egui_material_icons::icons;

use crate::figure::colormap::ColorScale;
use crate::figure::model::{ColorBar, heading};
use crate::figure::number::significant;
use crate::window::style::{self, color, tokens};

/// Width of a key with its numbers, points.
pub(super) const WIDTH: f32 = 72.0;
/// Stripes that the colours are drawn with.
const STRIPES: usize = 64;

/// What the person did with the key.
#[derive(Clone, Copy)]
pub(super) enum Turned {
    /// New limits.
    Limits(f64, f64),
    /// Back to limits that fit.
    Fit,
    /// The limits are shared with the other tiles of the quantity, or not.
    Share(bool),
}

/// Height of the button below a key, points.
const BUTTON: f32 = 18.0;

/// The key with the button that shares its limits: the quantity, and whether they are shared now.
pub(super) fn color_bar_column(
    ui: &mut egui::Ui,
    bar: &ColorBar,
    height: f32,
    share: Option<(&str, bool)>,
) -> Option<Turned> {
    let Some((quantity, on)) = share else { return color_bar(ui, bar, height) };
    let column = ui.vertical(|ui| {
        let turned = color_bar(ui, bar, height - BUTTON - ui.spacing().item_spacing.y);
        let icon = if on { icons::ICON_LINK } else { icons::ICON_LINK_OFF };
        let button = ui.add(egui::Button::selectable(on, style::icon(icon)).small());
        let name = format!("Share limits of {quantity}");
        button.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, &name));
        let words = "Equal colours mean equal values in all tiles of this quantity";
        let clicked = button.on_hover_text(format!("{name}: {words}")).clicked();
        if clicked { Some(Turned::Share(!on)) } else { turned }
    });
    column.inner
}

/// Draws the key with its numbers.
pub(super) fn color_bar(ui: &mut egui::Ui, bar: &ColorBar, height: f32) -> Option<Turned> {
    let ColorScale { map, limits, reversed, .. } = bar.scale;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(WIDTH, height), Sense::click_and_drag());
    let words = format!(
        "Colours of {}, {} to {}; drag an end to change it, double-click to fit",
        heading(&bar.label, &bar.unit),
        significant(limits.0, 3),
        significant(limits.1, 3)
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, &words));
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
        let share = if reversed { 1.0 - share } else { share };
        ui.painter().rect_filled(cell, 0.0, color(map.at(share)));
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    // A short key has no room for the number in the middle.
    let digits = digits(limits);
    let middle = (strip.height() > 3.0 * font.size).then_some((0.5, f64::midpoint(limits.0, limits.1)));
    for (share, value) in [(0.0, limits.0), (1.0, limits.1)].into_iter().chain(middle) {
        let at = egui::pos2(strip.right() + 3.0, strip.bottom() - share * strip.height());
        let text = significant(value, digits);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, text, font.clone(), color(palette.text));
    }
    heading_ui(ui, &heading(&bar.label, &bar.unit), rect, strip);
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
    }
    let turned = turned(ui, &response, strip, limits);
    response.on_hover_text(words);
    turned
}

/// As few digits as tell the numbers of a key apart: 1.877 and 1.930 would both be 1.9.
fn digits((low, high): (f64, f64)) -> usize {
    const MOST: usize = 5;
    let differ = |digits: &usize| {
        let [low, middle, high] =
            [low, f64::midpoint(low, high), high].map(|value| significant(value, *digits));
        low != middle && middle != high
    };
    (2..MOST).find(differ).unwrap_or(MOST)
}

/// The name of the quantity with its unit, upright beside the numbers, cut where it is longer than the key.
fn heading_ui(ui: &egui::Ui, heading: &str, rect: egui::Rect, strip: egui::Rect) {
    let paint = color(tokens(ui.ctx()).text);
    let font = egui::TextStyle::Small.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(heading.to_owned(), font, paint);
    job.wrap = egui::text::TextWrapping::truncate_at_width(strip.height());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let size = galley.size();
    let at = egui::pos2(rect.right() - size.y, strip.center().y + size.x / 2.0);
    let text = egui::epaint::TextShape::new(at, galley, paint);
    ui.painter().add(text.with_angle(-std::f32::consts::FRAC_PI_2));
}

/// The end that is nearer to where the drag began follows the pointer; the other one stays.
fn turned(ui: &egui::Ui, response: &egui::Response, strip: egui::Rect, limits: (f64, f64)) -> Option<Turned> {
    if response.double_clicked() {
        return Some(Turned::Fit);
    }
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged())?;
    let begun = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
    let moved = f64::from(-response.drag_delta().y / strip.height()) * (limits.1 - limits.0);
    let (low, high) =
        if begun.y < strip.center().y { (limits.0, limits.1 + moved) } else { (limits.0 + moved, limits.1) };
    // Ends that meet would leave no colours between them.
    (low < high).then_some(Turned::Limits(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_key_have_digits_enough_to_differ() {
        assert_eq!(digits((0.0, 0.28)), 2);
        assert_eq!(digits((1.877, 1.93)), 3, "1.88, 1.90 and 1.93");
        assert_eq!(digits((1.0, 1.0 + 1e-12)), 5, "but no more than there is room for");
    }
}
