//! Items of a plot as shapes on the page.
//!
//! Shapes are computed once and used twice: to draw the items and to find a corner where the legend covers none.

use super::Page;
use super::canvas::{Canvas, Close, Pen, path_of};
use super::geometry::{PlotMap, Rect};
use super::heat;
use crate::figure::decimate::{self, Run};
use crate::figure::error::ExportError;
use crate::figure::hatch::{BORDER_OPACITY, HATCH_OPACITY, RING_INKS};
use crate::figure::model::{
    Area, Band, Bars, Cover, Heat, Ink, Item, Line, Marker, Orientation, PointInk, Points, Rule, Span,
    Stroke, share_weight,
};
use crate::figure::palette;

/// What an item covers on the page.
pub(super) struct Shape {
    /// Polylines, polygons or single points.
    pub(super) runs: Vec<Run>,
    /// Whether the runs are polygons.
    pub(super) is_filled: bool,
}

impl Shape {
    /// Whether any part of the shape lies in the rectangle.
    pub(super) fn touches(&self, rect: Rect) -> bool {
        let centre = [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0];
        self.runs.iter().any(|run| {
            let crosses = match run.as_slice() {
                [point] => rect.is_crossed(*point, *point),
                points => points.windows(2).any(|pair| matches!(pair, [a, b] if rect.is_crossed(*a, *b))),
            };
            crosses || (self.is_filled && is_inside(run, centre))
        })
    }
}

/// The shape of an item. Heat maps, spans and labels have none here: heat maps leave no free corner at all, spans may
/// be covered, and labels are placed with the words of the plot.
pub(super) fn shape(item: &Item, map: &PlotMap) -> Shape {
    let (runs, is_filled) = match item {
        Item::Line(line) => {
            (decimate::decimate(line.corners().into_iter().map(|point| map.at(point))), false)
        }
        Item::Points(points) => {
            let visible = points.points.iter().filter(|[x, y]| map.x.shows(*x) && map.y.shows(*y));
            (visible.map(|point| vec![map.at(*point)]).collect(), false)
        }
        Item::Band(band) => (band_polygons(band, map), true),
        Item::Area(area) => {
            (area_runs(area, map).iter().map(|run| closed_area(run, area, map)).collect(), true)
        }
        Item::Bars(bars) => (bar_polygons(bars, map), true),
        Item::Rule(rule) => (rule_run(rule, map), false),
        Item::Handle(handle) => {
            let [x, y] = handle.at;
            let visible = map.x.shows(x) && map.y.shows(y);
            (visible.then(|| vec![map.at(handle.at)]).into_iter().collect(), false)
        }
        Item::Heat(_) | Item::Span(_) | Item::Label(_) => (Vec::new(), false),
    };
    Shape { runs, is_filled }
}

/// Draws an item inside the plot. Labels are drawn with the words of the plot instead.
pub(super) fn draw(
    canvas: &mut Canvas,
    page: Page<'_>,
    item: &Item,
    shape: &Shape,
    map: &PlotMap,
    plot: Rect,
) -> Result<(), ExportError> {
    match item {
        Item::Line(line) => {
            canvas.path(&open(&shape.runs), None, Some(line_pen(page, line)));
        }
        Item::Points(points) => draw_points(canvas, page, points, map),
        Item::Band(band) => {
            let color = palette::color(page.tokens, band.ink);
            canvas.path(&closed(&shape.runs), Some((color, band.opacity)), None);
        }
        Item::Area(area) => draw_area(canvas, page, area, shape, map),
        Item::Bars(bars) => {
            let color = palette::color(page.tokens, bars.ink);
            let pen = Pen::solid(color, page.style.line_width * 0.5);
            canvas.path(&closed(&shape.runs), Some((color, BAR_OPACITY)), Some(pen));
        }
        Item::Heat(heat) => draw_heat(canvas, page, heat, map, plot)?,
        Item::Rule(rule) => {
            let pen = rule_pen(page, rule);
            shape.runs.iter().for_each(|run| canvas.path(&path_of(run, Close::Open), None, Some(pen)));
        }
        Item::Span(span) => {
            canvas.rect(span_rect(span, map, plot), palette::color(page.tokens, span.ink), SPAN_OPACITY);
        }
        Item::Handle(_) => {
            let ink = Some((palette::color(page.tokens, Ink::Accent), 1.0));
            let mark =
                |at: &[f64; 2]| marker_path(Marker::Diamond, *at, page.style.marker_size * HANDLE_SIZE);
            shape.runs.iter().flatten().for_each(|at| canvas.path(&mark(at), ink, None));
        }
        Item::Label(_) => {}
    }
    Ok(())
}

/// Opacity of bars, so that overlaid histograms stay visible.
pub(super) const BAR_OPACITY: f64 = 0.55;
/// Diameter of a handle as a multiple of that of a marker.
const HANDLE_SIZE: f64 = 1.6;
/// Opacity of spans, which lie behind everything.
const SPAN_OPACITY: f64 = 0.12;

/// The pen of a line.
pub(super) fn line_pen(page: Page<'_>, line: &Line) -> Pen {
    let (factor, opacity) = match line.stroke {
        Stroke::Normal => (1.0, 1.0),
        Stroke::Thin => (0.6, 1.0),
        Stroke::Ghost => (0.5, 0.35),
        Stroke::Bold => (1.7, 1.0),
        Stroke::Share(percent) => share_weight(percent),
    };
    Pen {
        color: palette::color(page.tokens, line.ink),
        width: page.style.line_width * factor,
        dash: palette::dash(line.ink, line.dash),
        opacity,
    }
}

/// Path data of a marker around a point.
pub(super) fn marker_path(marker: Marker, at: [f64; 2], diameter: f64) -> String {
    let r = diameter / 2.0;
    let [x, y] = at;
    let polygon = |corners: &[[f64; 2]]| {
        let corners: Vec<[f64; 2]> = corners.iter().map(|[dx, dy]| [x + dx * r, y + dy * r]).collect();
        path_of(&corners, Close::Closed)
    };
    let strokes = |a: [f64; 2], b: [f64; 2]| {
        let line =
            |[dx, dy]: [f64; 2]| path_of(&[[x - dx * r, y - dy * r], [x + dx * r, y + dy * r]], Close::Open);
        line(a) + &line(b)
    };
    match marker {
        Marker::Circle => {
            let [left, radius, width] = [x - r, r, diameter].map(super::canvas::number);
            let y = super::canvas::number(y);
            format!("M{left} {y}a{radius} {radius} 0 1 0 {width} 0a{radius} {radius} 0 1 0 -{width} 0z")
        }
        Marker::Square => polygon(&[[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]]),
        Marker::Diamond => polygon(&[[0.0, -1.25], [1.25, 0.0], [0.0, 1.25], [-1.25, 0.0]]),
        Marker::Up => polygon(&[[0.0, -1.2], [1.1, 0.8], [-1.1, 0.8]]),
        Marker::Down => polygon(&[[0.0, 1.2], [1.1, -0.8], [-1.1, -0.8]]),
        Marker::Cross => strokes([0.85, 0.85], [0.85, -0.85]),
        Marker::Plus => strokes([1.1, 0.0], [0.0, 1.1]),
    }
}

/// Whether a marker is drawn with strokes instead of a fill.
pub(super) const fn is_stroked(marker: Marker) -> bool {
    matches!(marker, Marker::Cross | Marker::Plus)
}

/// The part of the plot that a span shades.
pub(super) fn span_rect(span: &Span, map: &PlotMap, plot: Rect) -> Rect {
    let axis = match span.orientation {
        Orientation::Horizontal => map.y,
        Orientation::Vertical => map.x,
    };
    let (a, b) = (axis.clamped(span.from), axis.clamped(span.to));
    let (start, length) = (a.min(b), (a - b).abs());
    match span.orientation {
        Orientation::Horizontal => Rect { y: start, height: length, ..plot },
        Orientation::Vertical => Rect { x: start, width: length, ..plot },
    }
}

fn rule_pen(page: Page<'_>, rule: &Rule) -> Pen {
    Pen {
        color: palette::color(page.tokens, rule.ink),
        width: page.style.line_width * 0.7,
        dash: rule.dash,
        opacity: 1.0,
    }
}

fn rule_run(rule: &Rule, map: &PlotMap) -> Vec<Run> {
    match rule.orientation {
        Orientation::Horizontal if map.y.shows(rule.value) => {
            let y = map.y.at(rule.value);
            vec![vec![[map.x.ends.0, y], [map.x.ends.1, y]]]
        }
        Orientation::Vertical if map.x.shows(rule.value) => {
            let x = map.x.at(rule.value);
            vec![vec![[x, map.y.ends.0], [x, map.y.ends.1]]]
        }
        _ => Vec::new(),
    }
}

/// One polygon per stretch without gaps: along the upper edge and back along the lower one.
fn band_polygons(band: &Band, map: &PlotMap) -> Vec<Run> {
    let edges = band.lower.iter().zip(&band.upper);
    let columns: Vec<[f64; 3]> = band
        .x
        .iter()
        .zip(edges)
        .map(|(x, (lower, upper))| {
            // On a logarithmic axis the lower edge may have no place: the band then reaches the end of the axis.
            let floor = |value: f64| if value.is_nan() { f64::NAN } else { map.y.clamped(value) };
            let place = |value: f64| if map.y.scale.shows(value) { map.y.at(value) } else { floor(value) };
            [map.x.at(*x), place(*lower), place(*upper)]
        })
        .collect();
    columns
        .split(|column| column.iter().any(|place| !place.is_finite()))
        .filter(|stretch| !stretch.is_empty())
        .map(|stretch| {
            let mut polygon = decimate::decimate(stretch.iter().map(|[x, _, upper]| [*x, *upper])).concat();
            let mut back = decimate::decimate(stretch.iter().map(|[x, lower, _]| [*x, *lower])).concat();
            back.reverse();
            polygon.append(&mut back);
            polygon
        })
        .collect()
}

fn area_runs(area: &Area, map: &PlotMap) -> Vec<Run> {
    decimate::decimate(area.x.iter().zip(&area.y).map(|(x, y)| map.at([*x, *y])))
}

fn closed_area(run: &Run, area: &Area, map: &PlotMap) -> Run {
    let baseline = map.y.clamped(area.baseline);
    let mut polygon = run.clone();
    if let (Some(first), Some(last)) = (run.first(), run.last()) {
        polygon.extend([[last[0], baseline], [first[0], baseline]]);
    }
    polygon
}

fn bar_polygons(bars: &Bars, map: &PlotMap) -> Vec<Run> {
    let (along, across) = match bars.orientation {
        Orientation::Vertical => (map.x, map.y),
        Orientation::Horizontal => (map.y, map.x),
    };
    let place = |value: f64| across.clamped(if across.scale.shows(value) { value } else { f64::NAN });
    let boxes = bars.boxes().filter(|[_, _, base, end]| base != end);
    boxes
        .map(|[from, to, base, end]| {
            let (left, right) = (along.clamped(from), along.clamped(to));
            let (floor, top) = (place(base), place(end));
            let corners = [[left, floor], [left, top], [right, top], [right, floor]];
            match bars.orientation {
                Orientation::Vertical => corners.to_vec(),
                Orientation::Horizontal => corners.map(|[x, y]| [y, x]).to_vec(),
            }
        })
        .collect()
}

fn closed(runs: &[Run]) -> String {
    runs.iter().map(|run| path_of(&decimate::simplify(run, decimate::TOLERANCE), Close::Closed)).collect()
}

fn open(runs: &[Run]) -> String {
    runs.iter().map(|run| path_of(&decimate::simplify(run, decimate::TOLERANCE), Close::Open)).collect()
}

fn draw_area(canvas: &mut Canvas, page: Page<'_>, area: &Area, shape: &Shape, map: &PlotMap) {
    let color = palette::color(page.tokens, area.ink);
    let fill = match area.cover {
        Cover::Through => (color, area.opacity),
        Cover::Hides => (color.over(page.tokens.background, area.opacity), 1.0),
    };
    canvas.path(&closed(&shape.runs), Some(fill), None);
    canvas.path(&open(&area_runs(area, map)), None, Some(Pen::solid(color, page.style.line_width * 0.7)));
}

fn draw_heat(
    canvas: &mut Canvas,
    page: Page<'_>,
    heat: &Heat,
    map: &PlotMap,
    plot: Rect,
) -> Result<(), ExportError> {
    if let Some((rect, png)) = heat::bitmap(heat, map, plot, page.tokens)? {
        canvas.image(rect, &png);
    }
    let lines = heat.hatching();
    let data: String =
        lines.iter().map(|line| path_of(&line.map(|point| map.at(point)), Close::Open)).collect();
    let pen = Pen::solid(palette::color(page.tokens, Ink::OverCells), page.style.line_width * 0.5);
    canvas.path(&data, None, Some(Pen { opacity: HATCH_OPACITY, ..pen }));
    let path = |lines: &[Vec<[f64; 2]>]| -> String {
        lines
            .iter()
            .map(|line| path_of(&line.iter().map(|point| map.at(*point)).collect::<Vec<_>>(), Close::Open))
            .collect()
    };
    let (borders, rings) = (heat.block_borders(), heat.ring_outlines());
    canvas.path(&path(&borders), None, Some(Pen { opacity: BORDER_OPACITY, ..pen }));
    // Paper around ink, so that a ring is seen on dark and on light cells.
    let [under, over] = RING_INKS.map(|ink| palette::color(page.tokens, ink));
    canvas.path(&path(&rings), None, Some(Pen::solid(under, page.style.line_width * 2.4)));
    canvas.path(&path(&rings), None, Some(Pen::solid(over, page.style.line_width * 1.2)));
    Ok(())
}

/// Markers of one colour are one path. Of markers on the same spot (1/300 inch) only the uppermost is written.
fn draw_points(canvas: &mut Canvas, page: Page<'_>, points: &Points, map: &PlotMap) {
    let usual = page.style.marker_size * points.size;
    let diameter = |index: usize| usual * points.sizes.get(index).copied().unwrap_or(1.0);
    let mut taken = std::collections::BTreeSet::new();
    let mut visible: Vec<(usize, [f64; 2])> = Vec::new();
    for (index, point) in points.points.iter().enumerate().rev() {
        let at = map.at(*point);
        let spot = at.map(|place| (place / decimate::COLUMN).round() as i64);
        if map.x.shows(point[0]) && map.y.shows(point[1]) && taken.insert(spot) {
            visible.push((index, at));
        }
    }
    visible.reverse();
    let mut ink = |path: &str, color| {
        if is_stroked(points.marker) {
            canvas.path(path, None, Some(Pen::solid(color, page.style.line_width * 0.9)));
        } else {
            canvas.path(path, Some((color, 0.85)), None);
        }
    };
    match &points.ink {
        PointInk::One(role) => {
            let path: String =
                visible.iter().map(|(index, at)| marker_path(points.marker, *at, diameter(*index))).collect();
            ink(&path, palette::color(page.tokens, *role));
        }
        PointInk::Mapped { values, scale } => {
            for (index, at) in visible {
                let value = values.get(index).copied().unwrap_or(f64::NAN);
                ink(
                    &marker_path(points.marker, at, diameter(index)),
                    scale.color(value, page.tokens.no_data),
                );
            }
        }
    }
}

/// Whether a point lies in a polygon, by the number of edges to the right of it.
fn is_inside(polygon: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    let mut previous = polygon.last();
    for corner in polygon {
        if let Some(last) = previous {
            let straddles = (corner[1] > y) != (last[1] > y);
            if straddles && x < (last[0] - corner[0]) * (y - corner[1]) / (last[1] - corner[1]) + corner[0] {
                inside = !inside;
            }
        }
        previous = Some(corner);
    }
    inside
}
