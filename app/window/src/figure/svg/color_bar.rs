//! The colour key at the right side of a plot.

use super::LINE_SPACING;
use super::Page;
use super::axes::{self, label_text, mark, tick_text};
use super::canvas::{Canvas, Close, Pen, path_of};
use super::geometry::{AxisMap, Rect};
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::model::{Anchor, Axis, ColorBar};
use crate::figure::ticks::Tick;

/// Stops of the gradient; more would not be seen.
const STOPS: usize = 64;

/// A colour key that has been measured.
pub(super) struct Placed<'a> {
    bar: &'a ColorBar,
    axis: Axis,
    ticks: Vec<Tick>,
    label: Vec<String>,
    tick_width: f64,
}

impl<'a> Placed<'a> {
    /// Measures the key for a bar of a given height.
    pub(super) fn new(page: Page<'_>, bar: &'a ColorBar, height: f64) -> Self {
        let axis = Axis::new(&bar.label).unit(&bar.unit).scale(bar.scale.norm);
        let found = axes::vertical(page, &axis, bar.scale.sane_limits(), height, page.style.width);
        let label = metrics::wrap(&axis.heading(), height, page.style.label_size, Weight::Regular);
        Self { bar, axis, ticks: found.ticks, label, tick_width: found.depth }
    }

    /// Width of the whole key with the gap before it.
    pub(super) fn width(&self, page: Page<'_>) -> f64 {
        let style = page.style;
        let label = if self.label.is_empty() {
            0.0
        } else {
            style.gap * 0.8 + self.label.len() as f64 * style.label_size * LINE_SPACING
        };
        style.gap * 2.5
            + bar_width(page)
            + style.tick_length * 0.7
            + style.gap * 0.6
            + self.tick_width
            + label
    }

    /// Draws the key to the right of the plot.
    pub(super) fn draw(&self, canvas: &mut Canvas, page: Page<'_>, plot: Rect) {
        let style = page.style;
        let rect = Rect { x: plot.right() + style.gap * 2.5, width: bar_width(page), ..plot };
        let map = AxisMap::new(&self.axis, self.bar.scale.sane_limits(), rect.bottom(), rect.y);
        let colors: Vec<_> = (0..STOPS)
            .map(|stop| {
                let share = stop as f64 / (STOPS - 1) as f64;
                let place = map.scale.to_axis(map.range.0)
                    + share * (map.scale.to_axis(map.range.1) - map.scale.to_axis(map.range.0));
                self.bar.scale.color(map.scale.from_axis(place), page.tokens.no_data)
            })
            .collect();
        canvas.gradient("color-bar", rect, &colors);
        let pen = Pen::solid(page.tokens.axis, style.tick_width);
        let corners = [
            [rect.x, rect.y],
            [rect.right(), rect.y],
            [rect.right(), rect.bottom()],
            [rect.x, rect.bottom()],
        ];
        canvas.path(&path_of(&corners, Close::Closed), None, Some(pen));
        let length = style.tick_length * 0.7;
        for tick in &self.ticks {
            let y = map.at(tick.value);
            canvas.line([rect.right(), y], [rect.right() + mark(length, tick.kind), y], pen);
            let x = rect.right() + length + style.gap * 0.6;
            if !tick.label.is_empty() {
                let baseline = y + style.tick_size * CAP_HEIGHT / 2.0;
                canvas.text(x, baseline, &tick.label, tick_text(page, Anchor::Start));
            }
        }
        let mut x = rect.right() + length + style.gap * 1.4 + self.tick_width + style.label_size * 0.9;
        for line in &self.label {
            canvas.turned_text([x, rect.y + rect.height / 2.0], -90, line, label_text(page));
            x += style.label_size * LINE_SPACING;
        }
    }
}

fn bar_width(page: Page<'_>) -> f64 {
    page.style.tick_size * 1.1
}
