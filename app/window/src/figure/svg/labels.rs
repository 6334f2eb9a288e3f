//! Words inside a plot: at rules, in spans and at places. Each takes the first spot that is free of data and of
//! other words.

use super::Page;
use super::canvas::{Canvas, TextStyle};
use super::geometry::{PlotMap, Rect};
use super::marks::{self, Shape};
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::model::{Anchor, Ink, Item, Label, Orientation, Plot, Rule, Span};
use crate::figure::palette;

/// A word with its place.
pub(super) struct Word {
    text: String,
    pub(super) rect: Rect,
    ink: Ink,
}

/// The words of a plot, in the order of its items.
pub(super) fn place(page: Page<'_>, plot: &Plot, map: &PlotMap, frame: Rect, shapes: &[Shape]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for item in &plot.items {
        let (text, ink, spots) = match item {
            Item::Rule(rule) => (&rule.label, rule.ink, rule_spots(page, rule, map, frame)),
            Item::Span(span) => (&span.label, span.ink, span_spots(page, span, map, frame)),
            Item::Label(label) => (&label.text, label.ink, label_spots(page, label, map)),
            _ => continue,
        };
        if text.is_empty() {
            continue;
        }
        let is_apart =
            |rect: &&Rect| frame.contains(rect) && words.iter().all(|word| !word.rect.overlaps(rect));
        let is_free = |rect: &&Rect| is_apart(rect) && shapes.iter().all(|shape| !shape.touches(**rect));
        // A word for which no spot is free lies over data, or keeps its first spot: better crowded than lost.
        let spot = spots.iter().find(is_free).or_else(|| spots.iter().find(is_apart)).or(spots.first());
        if let Some(rect) = spot.copied() {
            words.push(Word { text: text.clone(), rect, ink });
        }
    }
    words
}

impl Word {
    pub(super) fn draw(&self, canvas: &mut Canvas, page: Page<'_>) {
        let size = page.style.tick_size;
        let style = TextStyle {
            size,
            weight: Weight::Regular,
            color: palette::color(page.tokens, self.ink),
            anchor: Anchor::Start,
        };
        let baseline = self.rect.y + self.rect.height / 2.0 + size * CAP_HEIGHT / 2.0;
        canvas.text(self.rect.x, baseline, &self.text, style);
    }
}

fn size_of(page: Page<'_>, text: &str) -> (f64, f64) {
    let size = page.style.tick_size;
    (metrics::width(text, size, Weight::Regular), size * 1.2)
}

/// Beside the line, from its end inwards.
fn rule_spots(page: Page<'_>, rule: &Rule, map: &PlotMap, frame: Rect) -> Vec<Rect> {
    let (width, height) = size_of(page, &rule.label);
    let gap = page.style.gap;
    match rule.orientation {
        Orientation::Horizontal if map.y.shows(rule.value) => {
            let y = map.y.at(rule.value);
            let tops = [y - height - gap * 0.2, y + gap * 0.2];
            let lefts = [frame.right() - width - gap, frame.x + gap, frame.x + (frame.width - width) / 2.0];
            lefts.iter().flat_map(|x| tops.iter().map(|y| Rect { x: *x, y: *y, width, height })).collect()
        }
        Orientation::Vertical if map.x.shows(rule.value) => {
            let x = map.x.at(rule.value);
            let lefts = [x + gap, x - gap - width];
            let rows = (0..4).map(|row| frame.y + gap * 0.5 + f64::from(row) * height);
            rows.flat_map(|y| lefts.map(|x| Rect { x, y, width, height })).collect()
        }
        _ => Vec::new(),
    }
}

/// At the top or bottom of the interval, centred if it lies across.
fn span_spots(page: Page<'_>, span: &Span, map: &PlotMap, frame: Rect) -> Vec<Rect> {
    let (width, height) = size_of(page, &span.label);
    let shaded = marks::span_rect(span, map, frame);
    let gap = page.style.gap;
    if shaded.width <= 0.0 || shaded.height <= 0.0 {
        return Vec::new();
    }
    let x = match span.orientation {
        Orientation::Vertical => {
            (shaded.x + (shaded.width - width) / 2.0).clamp(frame.x, (frame.right() - width).max(frame.x))
        }
        Orientation::Horizontal => shaded.right() - width - gap,
    };
    let row = |y: f64| Rect { x, y, width, height };
    let top = (0..3).map(|line| row(shaded.y + gap * 0.5 + f64::from(line) * height));
    let bottom = (0..3).map(|line| row(shaded.bottom() - gap * 0.5 - f64::from(line + 1) * height));
    top.chain(bottom).collect()
}

/// With the anchor at the place, else a little above or below it.
fn label_spots(page: Page<'_>, label: &Label, map: &PlotMap) -> Vec<Rect> {
    let (width, height) = size_of(page, &label.text);
    let [x, y] = map.at(label.at);
    if !(x.is_finite() && y.is_finite() && map.x.shows(label.at[0]) && map.y.shows(label.at[1])) {
        return Vec::new();
    }
    let left = match label.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    [0.0, -1.0, 1.0].map(|row| Rect { x: left, y: y - height / 2.0 + row * height, width, height }).to_vec()
}
