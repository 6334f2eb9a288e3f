//! Ticks that fit, and the drawing of axes around a plot.

use super::LINE_SPACING;
use super::Page;
use super::canvas::{Canvas, Pen, TextStyle};
use super::geometry::{AxisMap, Rect};
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::categories;
use crate::figure::model::{Anchor, Axis};
use crate::figure::ticks::{self, Tick, TickKind};
use crate::figure::told::told;

/// Longest category name below a plot, slanted, as a share of the page width.
const LONGEST_NAME: f64 = 0.3;
/// Longest category name beside a plot as a share of the width of plot and names.
const LONGEST_NAME_BESIDE: f64 = 0.42;
/// Sine and cosine of the angle of slanted labels.
const SLANT: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Width of grid lines as a share of that of ticks.
const GRID_WIDTH: f64 = 0.65;

/// Ticks of one axis whose labels do not overlap.
#[derive(Clone, Debug)]
pub(super) struct AxisTicks {
    pub(super) ticks: Vec<Tick>,
    /// Room that the labels need across the axis.
    pub(super) depth: f64,
    /// Whether labels below the plot are turned by 45°.
    is_slanted: bool,
    /// Categories have no marks: their labels name an interval.
    has_marks: bool,
}

/// Ticks of a horizontal axis of a given length.
pub(super) fn horizontal(page: Page<'_>, axis: &Axis, range: (f64, f64), length: f64) -> AxisTicks {
    let size = page.style.tick_size;
    let map = AxisMap::new(axis, range, 0.0, length);
    let width = |label: &str| metrics::width(label, size, Weight::Regular);
    let fits = |ticks: &[Tick]| {
        let labelled: Vec<&Tick> = ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
        labelled.windows(2).all(|pair| {
            let [a, b] = pair else { return true };
            let needed = f64::midpoint(width(&a.label), width(&b.label)) + size * 0.7;
            (map.at(a.value) - map.at(b.value)).abs() >= needed
        })
    };
    if let Some(names) = &axis.categories {
        let all = category_ticks(page, names, range, 1, page.style.width * LONGEST_NAME);
        if fits(&all) {
            return AxisTicks { ticks: all, depth: size, is_slanted: false, has_marks: false };
        }
        let stride = stride(size * 1.45, length, range);
        let ticks = category_ticks(page, names, range, stride, page.style.width * LONGEST_NAME);
        let longest = ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
        return AxisTicks { ticks, depth: longest * SLANT + size * 0.8, is_slanted: true, has_marks: false };
    }
    let most = ((length / (size * 5.0)) as usize).clamp(2, 9);
    let ticks = densest(axis, range, most, fits);
    AxisTicks { ticks, depth: size, is_slanted: false, has_marks: true }
}

/// Ticks of a vertical axis of a given length, beside a plot that is with them as wide as `width`.
pub(super) fn vertical(page: Page<'_>, axis: &Axis, range: (f64, f64), length: f64, width: f64) -> AxisTicks {
    let room = width * LONGEST_NAME_BESIDE;
    let size = page.style.tick_size;
    let (ticks, has_marks) = if let Some(names) = &axis.categories {
        (category_ticks(page, names, range, stride(size * 1.1, length, range), room), false)
    } else {
        let map = AxisMap::new(axis, range, 0.0, length);
        let fits = |ticks: &[Tick]| {
            let places: Vec<f64> =
                ticks.iter().filter(|tick| !tick.label.is_empty()).map(|tick| map.at(tick.value)).collect();
            places.windows(2).all(|pair| matches!(pair, [a, b] if (a - b).abs() >= size * 1.3))
        };
        let most = ((length / (size * 2.8)) as usize).clamp(2, 8);
        (densest(axis, range, most, fits), true)
    };
    let depth =
        ticks.iter().map(|tick| metrics::width(&tick.label, size, Weight::Regular)).fold(0.0, f64::max);
    AxisTicks { ticks, depth, is_slanted: false, has_marks }
}

impl AxisTicks {
    /// Room between the plot and the far side of the labels.
    pub(super) fn room(&self, page: Page<'_>) -> f64 {
        if self.ticks.is_empty() { 0.0 } else { self.mark_length(page) + page.style.gap * 0.6 + self.depth }
    }

    fn mark_length(&self, page: Page<'_>) -> f64 {
        if self.has_marks { page.style.tick_length } else { 0.0 }
    }

    /// How far the labels of a horizontal axis stick out on the left and right of a plot of this length.
    pub(super) fn overhang(&self, page: Page<'_>, axis: &Axis, range: (f64, f64), length: f64) -> (f64, f64) {
        let map = AxisMap::new(axis, range, 0.0, length);
        let (mut left, mut right) = (0.0f64, 0.0f64);
        for tick in self.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let width = metrics::width(&tick.label, page.style.tick_size, Weight::Regular);
            let (before, after) =
                if self.is_slanted { (width * SLANT, 0.0) } else { (width / 2.0, width / 2.0) };
            left = left.max(before - map.at(tick.value));
            right = right.max(map.at(tick.value) + after - length);
        }
        (left, right)
    }

    /// Places of the labelled ticks.
    fn majors(&self) -> impl Iterator<Item = &Tick> {
        self.ticks.iter().filter(|tick| tick.kind == TickKind::Major)
    }
}

/// Faint lines behind the items, at the labelled ticks.
pub(super) fn draw_grid(
    canvas: &mut Canvas,
    page: Page<'_>,
    plot: Rect,
    x: (&AxisTicks, AxisMap),
    y: (&AxisTicks, AxisMap),
) {
    let pen = Pen::solid(page.tokens.grid, page.style.tick_width * GRID_WIDTH);
    if y.0.has_marks {
        for tick in y.0.majors() {
            let place = y.1.at(tick.value);
            canvas.line([plot.x, place], [plot.right(), place], pen);
        }
    }
    if x.0.has_marks {
        for tick in x.0.majors() {
            let place = x.1.at(tick.value);
            canvas.line([place, plot.y], [place, plot.bottom()], pen);
        }
    }
}

/// The horizontal axis below the plot, with its label.
pub(super) fn draw_horizontal(
    canvas: &mut Canvas,
    page: Page<'_>,
    plot: Rect,
    (found, map): (&AxisTicks, AxisMap),
    label: &[String],
) {
    let style = page.style;
    let pen = Pen::solid(page.tokens.axis, style.tick_width);
    let bottom = plot.bottom();
    canvas.line([plot.x, bottom], [plot.right(), bottom], pen);
    for tick in &found.ticks {
        let place = map.at(tick.value);
        if found.has_marks {
            canvas.line([place, bottom], [place, bottom + mark(style.tick_length, tick.kind)], pen);
        }
        if tick.label.is_empty() {
            continue;
        }
        let top = bottom + found.mark_length(page) + style.gap * 0.6;
        let mut text = tick_text(page, Anchor::Middle);
        if found.is_slanted {
            text.anchor = Anchor::End;
            let at = [place + style.tick_size * 0.3, top + style.tick_size * 0.6];
            canvas.turned_text(at, -45, &tick.label, text);
        } else {
            canvas.text(place, top + style.tick_size * 0.85, &tick.label, text);
        }
    }
    let mut baseline = bottom + found.room(page) + style.gap * 0.8 + style.label_size * 0.9;
    for line in label {
        canvas.text(plot.x + plot.width / 2.0, baseline, line, label_text(page));
        baseline += style.label_size * LINE_SPACING;
    }
}

/// The vertical axis to the left of the plot, with its label.
pub(super) fn draw_vertical(
    canvas: &mut Canvas,
    page: Page<'_>,
    plot: Rect,
    (found, map): (&AxisTicks, AxisMap),
    label: &[String],
) {
    let style = page.style;
    let pen = Pen::solid(page.tokens.axis, style.tick_width);
    canvas.line([plot.x, plot.y], [plot.x, plot.bottom()], pen);
    for tick in &found.ticks {
        let place = map.at(tick.value);
        if found.has_marks {
            canvas.line([plot.x - mark(style.tick_length, tick.kind), place], [plot.x, place], pen);
        }
        if !tick.label.is_empty() {
            let right = plot.x - found.mark_length(page) - style.gap * 0.6;
            let baseline = place + style.tick_size * CAP_HEIGHT / 2.0;
            canvas.text(right, baseline, &tick.label, tick_text(page, Anchor::End));
        }
    }
    let mut x = plot.x - found.room(page) - style.gap * 0.8 - style.label_size * 0.25;
    for line in label.iter().rev() {
        canvas.turned_text([x, plot.y + plot.height / 2.0], -90, line, label_text(page));
        x -= style.label_size * LINE_SPACING;
    }
}

/// How axis labels are set.
pub(super) fn label_text(page: Page<'_>) -> TextStyle {
    TextStyle {
        size: page.style.label_size,
        weight: Weight::Regular,
        color: page.tokens.text,
        anchor: Anchor::Middle,
    }
}

/// How tick labels are set.
pub(super) fn tick_text(page: Page<'_>, anchor: Anchor) -> TextStyle {
    TextStyle { size: page.style.tick_size, weight: Weight::Regular, color: page.tokens.text, anchor }
}

/// Length of the mark of a tick.
pub(super) fn mark(major: f64, kind: TickKind) -> f64 {
    match kind {
        TickKind::Major => major,
        TickKind::Minor => major * 0.6,
    }
}

/// The categories that are named, one in `stride`, whose middle lies in the range.
fn category_ticks(
    page: Page<'_>,
    names: &[String],
    range: (f64, f64),
    stride: usize,
    room: f64,
) -> Vec<Tick> {
    let ticks: Vec<(f64, &str)> = categories::ticks(names, stride)
        .into_iter()
        .filter(|(middle, _)| *middle >= range.0 && *middle <= range.1)
        .collect();
    let names: Vec<&str> = ticks.iter().map(|(_, name)| *name).collect();
    let fits = |name: &str| metrics::width(name, page.style.tick_size, Weight::Regular) <= room;
    let labels = told(&names, fits);
    let tick =
        |((value, _), label): (&(f64, &str), String)| Tick { value: *value, label, kind: TickKind::Major };
    ticks.iter().zip(labels).map(tick).collect()
}

/// How many categories share one label so that labels keep their distance.
fn stride(distance: f64, length: f64, range: (f64, f64)) -> usize {
    let spacing = length / (range.1 - range.0).max(1.0);
    ((distance / spacing.max(1e-6)).ceil() as usize).max(1)
}

/// The ticks with the most labels, up to about `most`, that fit. Steps are rounded up, so that a wanted count may give
/// half as many; therefore twice as many are tried.
fn densest(axis: &Axis, range: (f64, f64), most: usize, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let labels = |ticks: &[Tick]| ticks.iter().filter(|tick| !tick.label.is_empty()).count();
    (2..=2 * most)
        .rev()
        .map(|wanted| ticks::ticks(axis.scale, range, wanted))
        .find(|ticks| labels(ticks) <= most + 1 && fits(ticks))
        .unwrap_or_else(|| ends_only(ticks::ticks(axis.scale, range, 2)))
}

/// The same ticks with labels at the first and last only, for axes too short for more.
fn ends_only(mut ticks: Vec<Tick>) -> Vec<Tick> {
    let labelled: Vec<usize> =
        ticks.iter().enumerate().filter(|(_, tick)| !tick.label.is_empty()).map(|(index, _)| index).collect();
    for index in labelled.iter().skip(1).take(labelled.len().saturating_sub(2)) {
        ticks[*index].label.clear();
    }
    ticks
}
