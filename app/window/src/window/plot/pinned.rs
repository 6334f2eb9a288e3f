//! A readout that stays: a cross at its place and a card of words beside it.

use egui::{Align2, CornerRadius, FontId, Rect, Stroke, TextStyle, Ui, Vec2};
use egui_plot::{PlotPoint, PlotTransform};

use crate::theme::Tokens;
use crate::window::style::{color, faded};

/// From the place to the card.
const AWAY: f32 = 8.0;
/// Inside the card, around its words.
const PADDING: f32 = 4.0;
/// Half the size of the cross.
const ARM: f32 = 4.0;

/// Draws it over a plot, `at` in axis space.
pub(super) fn draw(
    ui: &Ui,
    frame: Rect,
    transform: &PlotTransform,
    at: PlotPoint,
    text: &str,
    tokens: &Tokens,
) {
    let place = transform.position_from_point(&at);
    let painter = ui.painter_at(frame);
    let ink = Stroke::new(1.5, color(tokens.accent));
    for arm in [Vec2::splat(ARM), Vec2::new(ARM, -ARM)] {
        painter.line_segment([place - arm, place + arm], ink);
    }
    let font: FontId = TextStyle::Small.resolve(ui.style());
    let words = painter.layout(text.to_owned(), font, color(tokens.text), frame.width() - 4.0 * PADDING);
    // Towards the middle, so that the edge of the tile cuts nothing.
    let side = |beyond: bool| if beyond { -AWAY } else { AWAY };
    let (right, below) = (place.x > frame.center().x, place.y > frame.center().y);
    let anchor = match (right, below) {
        (false, false) => Align2::LEFT_TOP,
        (false, true) => Align2::LEFT_BOTTOM,
        (true, false) => Align2::RIGHT_TOP,
        (true, true) => Align2::RIGHT_BOTTOM,
    };
    let size = words.size() + Vec2::splat(2.0 * PADDING);
    let card = anchor.anchor_size(place + Vec2::new(side(right), side(below)), size);
    let outline = Stroke::new(1.0, color(tokens.grid));
    painter.rect(card, CornerRadius::same(3), faded(tokens.panel, 0.92), outline, egui::StrokeKind::Inside);
    painter.galley(card.min + Vec2::splat(PADDING), words, color(tokens.text));
}
