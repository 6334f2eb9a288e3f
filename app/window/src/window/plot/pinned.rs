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
    let card = within(frame, anchor.anchor_size(place + Vec2::new(side(right), side(below)), size));
    // Words that are higher than a flat plot stand beyond it, and are read.
    let painter = ui.painter();
    let outline = Stroke::new(1.0, color(tokens.grid));
    painter.rect(card, CornerRadius::same(3), faded(tokens.panel, 0.92), outline, egui::StrokeKind::Inside);
    painter.galley(card.min + Vec2::splat(PADDING), words, color(tokens.text));
}

/// The card moved into the frame; of one that is larger, its beginning stands there.
fn within(frame: Rect, card: Rect) -> Rect {
    let along = |low: f32, high: f32, from: f32, to: f32| (to - high).min(0.0).max(from - low);
    card.translate(Vec2::new(
        along(card.left(), card.right(), frame.left(), frame.right()),
        along(card.top(), card.bottom(), frame.top(), frame.bottom()),
    ))
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn a_card_stands_within_its_plot_or_begins_there() {
        let frame = Rect::from_min_max(pos2(100.0, 50.0), pos2(300.0, 120.0));
        let at = |left: f32, top: f32, width: f32, height: f32| {
            let moved = within(frame, Rect::from_min_size(pos2(left, top), Vec2::new(width, height)));
            assert_eq!(moved.size(), Vec2::new(width, height));
            (moved.left(), moved.top())
        };
        assert_eq!(at(150.0, 60.0, 80.0, 40.0), (150.0, 60.0), "where it has room it stays");
        assert_eq!(at(150.0, 20.0, 80.0, 40.0), (150.0, 50.0), "not cut above");
        assert_eq!(at(250.0, 100.0, 80.0, 40.0), (220.0, 80.0), "nor at the right and below");
        assert_eq!(at(90.0, 10.0, 80.0, 90.0), (100.0, 50.0), "one that is too high begins at the top");
    }
}
