//! A figure on the screen: the same value that the files are written from, drawn by `egui_plot` in axis space.
//!
//! `egui_plot` has linear axes only, so data are mapped through the axis scale before they reach it, and ticks are mapped back.
//! Geometry and heat-map textures are prepared once per figure, not once per frame.

use egui::{Color32, TextureHandle, TextureOptions, Ui, Vec2b};
use egui_plot::{
    FilledArea, GridMark, HLine, Legend as PlotLegend, Line as PlotLine, LineStyle, MarkerShape, Plot,
    PlotImage, PlotPoint, PlotPoints, PlotUi, Points as PlotDots, Text as PlotText, VLine,
};

use super::style::{color, faded, tokens};
use crate::figure::axis::Scale;
use crate::figure::domain::Domain;
use crate::figure::model::{
    Axis, Dash, Heat, Ink, Item, Legend, Marker, Orientation, Plot as PlotBody, PointInk, Stroke,
};
use crate::figure::{number, palette, ticks};
use crate::theme::Tokens;

/// Width of a normal line on the screen, points.
const LINE_WIDTH: f32 = 1.5;
/// Labelled ticks that fit a narrow tile.
const WANTED_X: usize = 4;
const WANTED_Y: usize = 6;
/// Most names that a legend inside a tile may hold.
const MOST_IN_LEGEND: usize = 6;
/// Radius of a normal marker on the screen, points.
const MARKER_RADIUS: f32 = 3.0;

/// Geometry in axis space, ready to be drawn.
pub(super) struct Prepared {
    items: Vec<Shape>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    domain: ((f64, f64), (f64, f64)),
    legend: bool,
}

enum Shape {
    Line {
        name: String,
        runs: Vec<Vec<PlotPoint>>,
        ink: Ink,
        dash: Dash,
        stroke: Stroke,
    },
    Dots {
        name: String,
        points: Vec<PlotPoint>,
        ink: Ink,
        marker: Marker,
        radius: f32,
    },
    Tinted {
        points: Vec<(PlotPoint, Color32)>,
        radius: f32,
    },
    Band {
        name: String,
        x: Vec<f64>,
        lower: Vec<f64>,
        upper: Vec<f64>,
        ink: Ink,
        opacity: f64,
        outline: bool,
    },
    Image {
        texture: TextureHandle,
        center: PlotPoint,
        size: [f32; 2],
    },
    Rule {
        orientation: Orientation,
        at: f64,
        ink: Ink,
        dash: Dash,
    },
    Label {
        at: PlotPoint,
        text: String,
        ink: Ink,
    },
}

/// What the person did on a plot.
pub(super) struct Touched {
    /// The plot as a widget.
    pub(super) response: egui::Response,
    /// Pointer in data units, while it is over the plot.
    pub(super) pointer: Option<(f64, f64)>,
    /// Visible range in x, data units.
    pub(super) visible: (f64, f64),
    /// Click in data units.
    pub(super) clicked: Option<(f64, f64)>,
}

/// How a plot is shown in a frame.
pub(super) struct Showing<'a> {
    /// Identity of the tile.
    pub(super) id: &'a str,
    /// The linked step, drawn as a vertical line.
    pub(super) cursor: Option<f64>,
    /// Fit all data in this frame.
    pub(super) fit: bool,
    /// Nothing is zoomed: axes with a fixed range keep it.
    pub(super) follow: bool,
    /// Text at the pointer for what is near.
    pub(super) readout: Option<String>,
}

impl Prepared {
    /// Maps a figure's items into axis space.
    pub(super) fn new(plot: &PlotBody, context: &egui::Context, id: &str) -> Self {
        let tokens = tokens(context);
        let domain = Domain::of(plot);
        let (x, y) = (Mapped(&plot.x), Mapped(&plot.y));
        let mut items = Vec::new();
        for (index, item) in plot.items.iter().enumerate() {
            shapes(item, &x, &y, context, &format!("{id}/{index}"), tokens, &mut items);
        }
        let span = |axis: &Mapped<'_>, (low, high): (f64, f64)| {
            let (a, b) = (axis.to(low), axis.to(high));
            (a.min(b), a.max(b))
        };
        Self {
            domain: (span(&x, domain.x), span(&y, domain.y)),
            items,
            x: plot.x.clone(),
            y: plot.y.clone(),
            // A long legend would hide the data of a tile; the readout names the series there, the exported figure keeps it.
            legend: plot.legend != Legend::None
                && plot.items.iter().filter(|item| !item.name().is_empty()).count() <= MOST_IN_LEGEND,
        }
    }

    /// Draws it in the space that is left.
    pub(super) fn show(&self, ui: &mut Ui, showing: &Showing<'_>) -> Touched {
        let tokens = tokens(ui.ctx());
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let mut plot = Plot::new(showing.id)
            .allow_scroll(false)
            .allow_zoom(Vec2b::TRUE)
            .set_margin_fraction(egui::vec2(0.0, 0.0))
            .show_x(false)
            .show_y(false)
            .label_formatter(|_| None)
            .x_axis_label(self.x.heading())
            .y_axis_label(self.y.heading())
            .x_grid_spacer(|input| marks(&self.x, input.bounds, WANTED_X))
            .y_grid_spacer(|input| marks(&self.y, input.bounds, WANTED_Y))
            .x_axis_formatter(|mark, range| tick_text(&self.x, mark, range, WANTED_X))
            .y_axis_formatter(|mark, range| tick_text(&self.y, mark, range, WANTED_Y))
            .grid_color(color(tokens.grid))
            .cursor_color(color(tokens.accent));
        if self.legend {
            plot = plot.legend(
                PlotLegend::default()
                    .text_style(egui::TextStyle::Small)
                    .background_alpha(0.6)
                    .follow_insertion_order(true),
            );
        }
        if showing.fit {
            plot = plot.reset();
        }
        let ((x0, x1), (y0, y1)) = self.domain;
        let shown = plot.include_x(x0).include_x(x1).include_y(y0).include_y(y1).show(ui, |plot| {
            if showing.follow {
                self.keep_ranges(plot);
            }
            if plot.response().hovered() {
                zoom(plot);
            }
            self.items.iter().for_each(|shape| shape.draw(plot, tokens));
            if let Some(cursor) = showing.cursor {
                let line = VLine::new("", x.to(cursor)).color(faded(tokens.accent, 0.8)).width(1.0);
                plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
            }
            plot.plot_bounds()
        });
        let bounds = shown.inner;
        let pointer = shown.response.hover_pos().map(|at| {
            let at = shown.transform.value_from_position(at);
            (x.from(at.x), y.from(at.y))
        });
        let response = match &showing.readout {
            Some(text) if pointer.is_some() => shown.response.on_hover_text_at_pointer(text),
            _ => shown.response,
        };
        let clicked = response.clicked().then_some(pointer).flatten();
        let range = [x.from(bounds.min()[0]), x.from(bounds.max()[0])];
        let visible = (range[0].min(range[1]), range[0].max(range[1]));
        Touched { response, pointer, visible, clicked }
    }
}

impl Prepared {
    /// Data beyond a fixed range must not stretch the axis.
    fn keep_ranges(&self, plot: &mut PlotUi<'_>) {
        let ((x0, x1), (y0, y1)) = self.domain;
        if self.x.range.is_some() && x0 < x1 {
            plot.set_plot_bounds_x(x0..=x1);
        }
        if self.y.range.is_some() && y0 < y1 {
            plot.set_plot_bounds_y(y0..=y1);
        }
    }
}

/// Scroll zooms at the pointer: both axes, Ctrl x only, Shift y only.
fn zoom(plot: &mut PlotUi<'_>) {
    let (scroll, modifiers) = plot.ctx().input(|input| (input.smooth_scroll_delta, input.modifiers));
    // Shift turns a vertical wheel into a horizontal one on some systems.
    let amount = if scroll.y == 0.0 { scroll.x } else { scroll.y };
    if amount == 0.0 || modifiers.command {
        return;
    }
    let factor = (amount / 300.0).exp();
    let factors = if modifiers.shift { egui::vec2(1.0, factor) } else { egui::vec2(factor, factor) };
    plot.zoom_bounds_around_hovered(factors);
}

/// An axis as `egui_plot` sees it: scaled, and turned over if inverted.
struct Mapped<'a>(&'a Axis);

impl Mapped<'_> {
    fn to(&self, value: f64) -> f64 {
        let place = self.0.scale.to_axis(value);
        if self.0.inverted { -place } else { place }
    }

    fn from(&self, place: f64) -> f64 {
        self.0.scale.from_axis(if self.0.inverted { -place } else { place })
    }
}

/// Grid marks at the figure's own ticks.
fn marks(axis: &Axis, (low, high): (f64, f64), wanted: usize) -> Vec<GridMark> {
    let mapped = Mapped(axis);
    if let Some(names) = &axis.categories {
        return (0..names.len())
            .map(|index| GridMark { value: mapped.to(index as f64 + 0.5), step_size: 1.0 })
            .collect();
    }
    let (a, b) = (mapped.from(low), mapped.from(high));
    let major: Vec<f64> = ticks::ticks(axis.scale, (a.min(b), a.max(b)), wanted)
        .into_iter()
        .filter(|tick| tick.kind == ticks::TickKind::Major)
        .map(|tick| mapped.to(tick.value))
        .filter(|place| (low..=high).contains(place))
        .collect();
    // One step size for all, so that all lines are drawn alike; egui_plot drops labels that it thinks too close.
    let gap = major.windows(2).map(|pair| pair.iter().rev().copied().reduce(|b, a| b - a).unwrap_or(0.0));
    let step_size = gap.fold(high - low, f64::min);
    major.into_iter().map(|value| GridMark { value, step_size }).collect()
}

fn tick_text(axis: &Axis, mark: GridMark, range: &std::ops::RangeInclusive<f64>, count: usize) -> String {
    let mapped = Mapped(axis);
    if let Some(names) = &axis.categories {
        let index = mapped.from(mark.value) - 0.5;
        let name =
            names.get(index.round().max(0.0) as usize).filter(|_| (index - index.round()).abs() < 1e-6);
        return name.cloned().unwrap_or_default();
    }
    let (a, b) = (mapped.from(*range.start()), mapped.from(*range.end()));
    let wanted = mapped.from(mark.value);
    let tolerance = (b - a).abs() * 1e-6;
    ticks::ticks(axis.scale, (a.min(b), a.max(b)), count)
        .into_iter()
        .find(|tick| (tick.value - wanted).abs() <= tolerance.max(wanted.abs() * 1e-9))
        .map_or_else(|| number::significant(wanted, 4), |tick| tick.label)
}

fn shapes(
    item: &Item,
    x: &Mapped<'_>,
    y: &Mapped<'_>,
    context: &egui::Context,
    id: &str,
    tokens: &Tokens,
    out: &mut Vec<Shape>,
) {
    let at = |point: [f64; 2]| PlotPoint::new(x.to(point[0]), y.to(point[1]));
    match item {
        Item::Line(line) => out.push(Shape::Line {
            name: line.name.clone(),
            runs: runs(line.corners().into_iter().map(at)),
            ink: line.ink,
            dash: palette::dash(line.ink, line.dash),
            stroke: line.stroke,
        }),
        Item::Points(points) => {
            let radius = MARKER_RADIUS * points.size as f32;
            let placed = points.points.iter().map(|point| at(*point));
            match &points.ink {
                PointInk::One(ink) => out.push(Shape::Dots {
                    name: points.name.clone(),
                    points: placed.filter(is_finite).collect(),
                    ink: *ink,
                    marker: points.marker,
                    radius,
                }),
                PointInk::Mapped { values, scale } => out.push(Shape::Tinted {
                    points: placed
                        .zip(values)
                        .map(|(point, value)| (point, color(scale.color(*value, tokens.no_data))))
                        .collect(),
                    radius,
                }),
            }
        }
        Item::Band(band) => out.push(Shape::Band {
            name: band.name.clone(),
            x: band.x.iter().map(|value| x.to(*value)).collect(),
            lower: band.lower.iter().map(|value| y.to(*value)).collect(),
            upper: band.upper.iter().map(|value| y.to(*value)).collect(),
            ink: band.ink,
            opacity: band.opacity,
            outline: false,
        }),
        Item::Area(area) => {
            let base = y.to(area.baseline);
            let ys: Vec<f64> = area.y.iter().map(|value| y.to(*value)).collect();
            out.push(Shape::Band {
                name: area.name.clone(),
                x: area.x.iter().map(|value| x.to(*value)).collect(),
                lower: ys.iter().map(|value| value.min(base)).collect(),
                upper: ys.iter().map(|value| value.max(base)).collect(),
                ink: area.ink,
                opacity: area.opacity,
                outline: true,
            });
        }
        Item::Heat(heat) => out.extend(image(heat, x, y, context, id, tokens)),
        Item::Rule(rule) => {
            let mapped = if rule.orientation == Orientation::Horizontal { y } else { x };
            out.push(Shape::Rule {
                orientation: rule.orientation,
                at: mapped.to(rule.value),
                ink: rule.ink,
                dash: rule.dash,
            });
        }
        Item::Span(span) => {
            let mapped = if span.orientation == Orientation::Horizontal { y } else { x };
            for end in [span.from, span.to].into_iter().filter(|end| end.is_finite()) {
                out.push(Shape::Rule {
                    orientation: span.orientation,
                    at: mapped.to(end),
                    ink: span.ink,
                    dash: Dash::Dotted,
                });
            }
        }
        Item::Label(label) => {
            out.push(Shape::Label { at: at(label.at), text: label.text.clone(), ink: label.ink });
        }
        Item::Bars(bars) => {
            let corners = bars.edges.windows(2).zip(&bars.heights).flat_map(|(edge, height)| match edge {
                [from, to] => vec![[*from, 0.0], [*from, *height], [*to, *height], [*to, 0.0]],
                _ => Vec::new(),
            });
            out.push(Shape::Line {
                name: bars.name.clone(),
                runs: runs(corners.map(at)),
                ink: bars.ink,
                dash: Dash::Solid,
                stroke: Stroke::Normal,
            });
        }
    }
}

fn is_finite(point: &PlotPoint) -> bool {
    point.x.is_finite() && point.y.is_finite()
}

/// Pieces between non-finite points.
fn runs(points: impl Iterator<Item = PlotPoint>) -> Vec<Vec<PlotPoint>> {
    let mut all = vec![Vec::new()];
    for point in points {
        if is_finite(&point) {
            if let Some(open) = all.last_mut() {
                open.push(point);
            }
        } else if all.last().is_some_and(|open| !open.is_empty()) {
            all.push(Vec::new());
        }
    }
    all.retain(|run| !run.is_empty());
    all
}

/// A heat map as one texture. Unequal cells (a logarithmic axis, uneven steps) are resampled to the axis.
fn image(
    heat: &Heat,
    x: &Mapped<'_>,
    y: &Mapped<'_>,
    context: &egui::Context,
    id: &str,
    tokens: &Tokens,
) -> Option<Shape> {
    const MOST_TEXELS: usize = 1024;
    let columns = cells(&heat.x_edges, heat.cols, x, MOST_TEXELS)?;
    let rows = cells(&heat.y_edges, heat.rows, y, MOST_TEXELS)?;
    let mut pixels = Vec::with_capacity(columns.index.len() * rows.index.len());
    // Row 0 of a texture is its top.
    for row in rows.index.iter().rev() {
        for column in &columns.index {
            let value = heat.values.get(row * heat.cols + column).copied().unwrap_or(f32::NAN);
            pixels.push(color(heat.scale.color(f64::from(value), tokens.no_data)));
        }
    }
    let image = egui::ColorImage::new([columns.index.len(), rows.index.len()], pixels);
    let texture = context.load_texture(id, image, TextureOptions::NEAREST);
    let center = PlotPoint::new(f64::midpoint(columns.from, columns.to), f64::midpoint(rows.from, rows.to));
    let size = [(columns.to - columns.from) as f32, (rows.to - rows.from) as f32];
    Some(Shape::Image { texture, center, size })
}

/// Texels along one axis: which cell each shows, from low to high in axis space.
struct Cells {
    index: Vec<usize>,
    from: f64,
    to: f64,
}

fn cells(edges: &[f64], count: usize, axis: &Mapped<'_>, most: usize) -> Option<Cells> {
    let mut mapped: Vec<f64> = edges.iter().map(|edge| axis.to(*edge)).collect();
    let turned = axis.0.inverted;
    if turned {
        mapped.reverse();
    }
    // An edge ≤ 0 has no place on a logarithmic axis: the picture begins at the first one that has.
    let skipped = mapped.iter().take_while(|edge| !edge.is_finite()).count();
    let mapped: Vec<f64> = mapped.into_iter().skip(skipped).collect();
    let (from, to) = (*mapped.first()?, *mapped.last()?);
    let even = axis.0.scale == Scale::Linear && skipped == 0 && count <= most && evenly_spaced(&mapped);
    let texels = if even { count } else { most.min(count * 4).max(1) };
    let index = (0..texels)
        .map(|texel| {
            let place = from + (texel as f64 + 0.5) / texels as f64 * (to - from);
            let cell = mapped.partition_point(|edge| *edge <= place).saturating_sub(1) + skipped;
            let cell = cell.min(count.saturating_sub(1));
            if turned { count.saturating_sub(1) - cell } else { cell }
        })
        .collect();
    Some(Cells { index, from, to })
}

fn evenly_spaced(edges: &[f64]) -> bool {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return false };
    let step = (last - first) / (edges.len() - 1).max(1) as f64;
    edges.windows(2).all(|pair| match pair {
        [a, b] => ((b - a) - step).abs() <= step.abs() * 1e-6,
        _ => false,
    })
}

impl Shape {
    fn draw<'a>(&'a self, plot: &mut PlotUi<'a>, tokens: &Tokens) {
        match self {
            Self::Line { name, runs, ink, dash, stroke } => {
                let (width, opacity) = match stroke {
                    Stroke::Normal => (LINE_WIDTH, 1.0),
                    Stroke::Thin => (LINE_WIDTH * 0.7, 1.0),
                    Stroke::Ghost => (LINE_WIDTH * 0.7, 0.3),
                    Stroke::Bold => (LINE_WIDTH * 1.8, 1.0),
                };
                let paint = faded(palette::color(tokens, *ink), opacity);
                for run in runs {
                    let line =
                        PlotLine::new(name.clone(), PlotPoints::Borrowed(run)).color(paint).width(width);
                    plot.line(line.style(line_style(*dash)).allow_hover(false));
                }
            }
            Self::Dots { name, points, ink, marker, radius } => {
                let dots = PlotDots::new(name.clone(), PlotPoints::Borrowed(points))
                    .color(color(palette::color(tokens, *ink)));
                plot.points(
                    dots.shape(marker_shape(*marker)).radius(*radius).filled(true).allow_hover(false),
                );
            }
            Self::Tinted { points, radius } => {
                for (point, paint) in points {
                    let dot =
                        PlotDots::new("", PlotPoints::Owned(vec![*point])).color(*paint).radius(*radius);
                    plot.points(dot.allow_hover(false));
                }
            }
            Self::Band { name, x, lower, upper, ink, opacity, outline } => {
                let paint = palette::color(tokens, *ink);
                let mut area = FilledArea::new(name.clone(), x, lower, upper)
                    .fill_color(faded(paint, *opacity))
                    .allow_hover(false);
                area = area.stroke(egui::Stroke::NONE);
                plot.add(area);
                if *outline {
                    let points: Vec<PlotPoint> =
                        x.iter().zip(upper).map(|(x, y)| PlotPoint::new(*x, *y)).collect();
                    plot.line(
                        PlotLine::new("", PlotPoints::Owned(points))
                            .color(color(paint))
                            .width(1.0)
                            .allow_hover(false),
                    );
                }
            }
            Self::Image { texture, center, size } => {
                plot.image(PlotImage::new("", texture.id(), *center, *size).allow_hover(false));
            }
            Self::Rule { orientation, at, ink, dash } => {
                let paint = faded(palette::color(tokens, *ink), 0.6);
                match orientation {
                    Orientation::Horizontal => plot.hline(
                        HLine::new("", *at)
                            .color(paint)
                            .width(1.0)
                            .style(line_style(*dash))
                            .allow_hover(false),
                    ),
                    Orientation::Vertical => plot.vline(
                        VLine::new("", *at)
                            .color(paint)
                            .width(1.0)
                            .style(line_style(*dash))
                            .allow_hover(false),
                    ),
                }
            }
            Self::Label { at, text, ink } => {
                let label = PlotText::new("", *at, text.clone()).color(color(palette::color(tokens, *ink)));
                plot.text(label);
            }
        }
    }
}

fn line_style(dash: Dash) -> LineStyle {
    match dash {
        Dash::Solid => LineStyle::Solid,
        Dash::Dashed => LineStyle::Dashed { length: 6.0 },
        Dash::Dotted => LineStyle::Dotted { spacing: 4.0 },
        Dash::DashDot => LineStyle::Dashed { length: 12.0 },
    }
}

fn marker_shape(marker: Marker) -> MarkerShape {
    match marker {
        Marker::Circle => MarkerShape::Circle,
        Marker::Square => MarkerShape::Square,
        Marker::Diamond => MarkerShape::Diamond,
        Marker::Up => MarkerShape::Up,
        Marker::Down => MarkerShape::Down,
        Marker::Cross => MarkerShape::Cross,
        Marker::Plus => MarkerShape::Plus,
    }
}
