//! Marks at the edges of a plot beyond which data lie: how many points, how far, and a click that shows all.

use egui::{Align2, Pos2, Rect, Response, Sense, Shape, Stroke, TextStyle, Ui, Vec2, vec2};
use egui_plot::PlotTransform;

use super::Prepared;
use super::scale::Mapped;
use crate::figure::beyond::{Beyond, beyond};
use crate::figure::domain::Domain;
use crate::figure::model::Plot;
use crate::figure::number::{count, significant};
use crate::window::style::{color, faded, tokens};

/// Size of a triangle, points.
const SIZE: f32 = 6.0;
/// Around the words.
const PADDING: f32 = 2.0;

impl Prepared {
    /// Draws the marks; true if one was clicked.
    pub(super) fn edges(&self, ui: &Ui, plot: &Plot, transform: &PlotTransform, response: &Response) -> bool {
        if self.bare {
            return false;
        }
        let frame = *transform.frame();
        let bounds = transform.bounds();
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let range = |axis: &Mapped<'_>, low: f64, high: f64| {
            let (a, b) = (axis.from(low), axis.from(high));
            (a.min(b), a.max(b))
        };
        let domain = Domain {
            x: range(&x, bounds.min()[0], bounds.max()[0]),
            y: range(&y, bounds.min()[1], bounds.max()[1]),
        };
        let mut clicked = false;
        for side in beyond(plot, &domain) {
            let at = egui_plot::PlotPoint::new(x.to(side.farthest[0]), y.to(side.farthest[1]));
            let place = transform.position_from_point(&at);
            clicked |= edge(ui, frame, place, &side, response);
        }
        clicked
    }
}

/// One mark: a triangle whose tip touches the edge where the farthest point would be, and words beside it.
fn edge(ui: &Ui, frame: Rect, place: Pos2, side: &Beyond, plot: &Response) -> bool {
    let theme = tokens(ui.ctx());
    let tip = place.clamp(frame.min, frame.max);
    // Away from the edge, into the plot.
    let inward = if place.y < frame.top() {
        vec2(0.0, 1.0)
    } else if place.y > frame.bottom() {
        vec2(0.0, -1.0)
    } else if place.x < frame.left() {
        vec2(1.0, 0.0)
    } else {
        vec2(-1.0, 0.0)
    };
    let across = vec2(inward.y, inward.x) * 0.6;
    let corners = vec![tip, tip + (inward + across) * SIZE, tip + (inward - across) * SIZE];
    let font = TextStyle::Small.resolve(ui.style());
    let text = format!("{} to {}", count(side.count as u64), significant(side.value(), 4));
    let galley = ui.painter().layout_no_wrap(text, font, color(theme.text));
    let size = galley.size() + vec2(2.0 * PADDING, 0.0);
    // Half a number reads as another one: where the words have no room, only the triangle says that there is more.
    let card = (size.x <= frame.width()).then(|| card(frame, tip, inward, size));
    let painter = ui.painter_at(frame.expand(1.0));
    let rim = Stroke::new(1.0, color(theme.background));
    if let Some(card) = card {
        painter.rect_filled(card, 2.0, faded(theme.background, 0.8));
        painter.galley(card.min + vec2(PADDING, 0.0), galley, color(theme.text));
    }
    painter.add(Shape::convex_polygon(corners, color(theme.text), rim));
    let triangle = Rect::from_two_pos(tip, tip + inward * SIZE).expand(SIZE);
    let area = card.map_or(triangle, |card| card.union(triangle));
    let words = side.words();
    let response =
        ui.interact(area.intersect(frame), plot.id.with(("beyond", side.side as u8)), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
    let said = format!("{words} at {}. A click shows all.", significant(along(side), 6));
    response.on_hover_text(said).clicked()
}

/// Where the words of a mark stand: beside its triangle, towards the middle; else behind it, within the frame.
fn card(frame: Rect, tip: Pos2, inward: Vec2, size: Vec2) -> Rect {
    let to_right = tip.x < frame.center().x;
    let anchor = match (inward.y, to_right) {
        (down, true) if down > 0.0 => Align2::LEFT_TOP,
        (down, false) if down > 0.0 => Align2::RIGHT_TOP,
        (_, true) => Align2::LEFT_BOTTOM,
        (_, false) => Align2::RIGHT_BOTTOM,
    };
    let beside = if to_right { SIZE } else { -SIZE };
    let card = anchor.anchor_size(tip + vec2(beside, 0.0), size);
    let over = (card.right() - frame.right()).max(0.0) - (frame.left() - card.left()).max(0.0);
    if over == 0.0 { card } else { card.translate(vec2(-over, 0.0) + inward * SIZE) }
}

/// Where along the edge the farthest point lies.
fn along(side: &Beyond) -> f64 {
    use crate::figure::beyond::Side;
    let [x, y] = side.farthest;
    if matches!(side.side, Side::Left | Side::Right) { y } else { x }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn words_at_an_edge_stay_within_the_plot() {
        let frame = Rect::from_min_max(pos2(100.0, 50.0), pos2(160.0, 110.0));
        let size = vec2(52.0, 14.0);
        for x in [100.0, 118.0, 131.0, 142.0, 160.0] {
            for (tip, inward) in [(pos2(x, 50.0), vec2(0.0, 1.0)), (pos2(x, 110.0), vec2(0.0, -1.0))] {
                let card = card(frame, tip, inward, size);
                assert!(frame.contains_rect(card), "{card:?} for a mark at {tip:?}");
                assert_eq!(card.size(), size);
                let triangle = Rect::from_two_pos(tip, tip + inward * SIZE).expand2(vec2(0.6 * SIZE, 0.0));
                assert!(!card.shrink(0.5).intersects(triangle), "{card:?} covers the mark at {tip:?}");
            }
        }
    }
}
