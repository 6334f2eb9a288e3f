//! One item of a figure in axis space, and how it is drawn.

use std::collections::BTreeMap;

use egui::{Color32, TextureHandle};
use egui_plot::{
    FilledArea, HLine, Line as PlotLine, LineStyle, MarkerShape, PlotImage, PlotPoint, PlotPoints, PlotUi,
    Points as PlotDots, Polygon, Text as PlotText, VLine,
};

use super::image::{image, over};
use super::scale::Mapped;
use crate::figure::model::{Dash, Ink, Item, Marker, Orientation, PointInk, Points, Stroke, share_weight};
use crate::figure::palette;
use crate::theme::{Rgba, Tokens};
use crate::window::style::{color, faded};

/// Width of a normal line on the screen, points.
const LINE_WIDTH: f32 = 1.5;
/// Opacity of bars, so that overlaid ones stay visible.
const BAR_OPACITY: f64 = 0.55;
/// Opacity of lines beside the one that is pointed at.
const STEPPED_BACK: f64 = 0.25;
/// Rim around a mark on a line, points.
const RIM: f32 = 1.2;
/// Radius of a normal marker on the screen, points.
const MARKER_RADIUS: f32 = 3.0;
/// Radius of a point that can be dragged, points.
const HANDLE_RADIUS: f32 = 7.0;

/// An item in axis space, ready to be drawn.
pub(super) enum Shape {
    Line {
        name: String,
        runs: Vec<Vec<PlotPoint>>,
        ink: Ink,
        dash: Dash,
        stroke: Stroke,
        /// Which of several runs it belongs to.
        source: Option<usize>,
    },
    Dots {
        points: Vec<PlotPoint>,
        ink: Ink,
        marker: Marker,
        radius: f32,
        /// What is said of each point; empty if nothing is.
        words: Vec<String>,
    },
    /// Dots by colour: one item for each colour is drawn much faster than one for each dot.
    Tinted {
        name: String,
        groups: Vec<(Color32, Vec<PlotPoint>)>,
        marker: Marker,
        radius: f32,
    },
    Bars {
        name: String,
        corners: Vec<Vec<PlotPoint>>,
        ink: Ink,
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
    /// Lines over the cells of a heat map.
    Over {
        lines: Vec<Vec<PlotPoint>>,
        ink: Ink,
        opacity: f64,
        width: f32,
    },
    /// A point that can be dragged, with the controls that it turns.
    Handle {
        at: PlotPoint,
        x: Option<(String, f64)>,
        y: Option<(String, f64)>,
    },
    Rule {
        orientation: Orientation,
        at: f64,
        ink: Ink,
        dash: Dash,
        control: Option<String>,
    },
    Label {
        at: PlotPoint,
        text: String,
        ink: Ink,
    },
}

/// Maps an item into axis space.
pub(super) fn shapes(
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
            source: line.source,
        }),
        Item::Points(points) => dots(points, &at, tokens, out),
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
        Item::Heat(heat) => {
            out.extend(image(heat, x, y, context, id, tokens));
            over(heat, x, y, out);
        }
        Item::Rule(rule) => {
            let mapped = if rule.orientation == Orientation::Horizontal { y } else { x };
            out.push(Shape::Rule {
                orientation: rule.orientation,
                at: mapped.to(rule.value),
                ink: rule.ink,
                dash: rule.dash,
                control: rule.control.clone(),
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
                    control: None,
                });
            }
        }
        Item::Handle(handle) => {
            out.push(Shape::Handle { at: at(handle.at), x: handle.x.clone(), y: handle.y.clone() });
        }
        Item::Label(label) => {
            out.push(Shape::Label { at: at(label.at), text: label.text.clone(), ink: label.ink });
        }
        Item::Bars(bars) => {
            // A logarithmic axis has no place for the zero that bars begin at: its lowest decade stands for it.
            let floor = |axis: &Mapped<'_>, value: f64| {
                let place = axis.to(value);
                if place.is_finite() { place } else { axis.floor() }
            };
            let corners =
                bars.boxes().filter(|[_, _, base, end]| base != end).map(|[from, to, base, end]| {
                    let corners = [[from, base], [from, end], [to, end], [to, base]];
                    let place = |[along, across]: [f64; 2]| match bars.orientation {
                        Orientation::Vertical => PlotPoint::new(x.to(along), floor(y, across)),
                        Orientation::Horizontal => PlotPoint::new(floor(x, across), y.to(along)),
                    };
                    corners.map(place).to_vec()
                });
            out.push(Shape::Bars { name: bars.name.clone(), corners: corners.collect(), ink: bars.ink });
        }
    }
}

/// Dots by size, and those whose colour says something by colour.
fn dots(points: &Points, at: &impl Fn([f64; 2]) -> PlotPoint, tokens: &Tokens, out: &mut Vec<Shape>) {
    /// Radii are told apart by so many steps of a point.
    const STEPS: f32 = 4.0;
    let radius = |index: usize| {
        let own = points.sizes.get(index).copied().unwrap_or(1.0) * points.size;
        ((MARKER_RADIUS * own as f32 * STEPS).round().max(1.0)) as u32
    };
    let mut plain: BTreeMap<u32, (Vec<PlotPoint>, Vec<String>)> = BTreeMap::new();
    let mut tinted: BTreeMap<u32, BTreeMap<[u8; 4], Vec<PlotPoint>>> = BTreeMap::new();
    for (index, point) in points.points.iter().enumerate() {
        let point = at(*point);
        if !is_finite(&point) {
            continue;
        }
        match &points.ink {
            PointInk::One(_) => {
                let (places, words) = plain.entry(radius(index)).or_default();
                places.push(point);
                words.extend(points.words.get(index).cloned());
            }
            PointInk::Mapped { values, scale } => {
                let value = values.get(index).copied().unwrap_or(f64::NAN);
                let paint = scale.color(value, tokens.no_data).0;
                tinted.entry(radius(index)).or_default().entry(paint).or_default().push(point);
            }
        }
    }
    let (name, marker) = (&points.name, points.marker);
    match &points.ink {
        PointInk::One(ink) => {
            // A name without dots is a key of the legend.
            if plain.is_empty() {
                plain.insert(radius(0), (Vec::new(), Vec::new()));
            }
            out.extend(plain.into_iter().map(|(radius, (points, words))| {
                let radius = radius as f32 / STEPS;
                Shape::Dots { points, ink: *ink, marker, radius, words }
            }));
        }
        PointInk::Mapped { .. } => out.extend(tinted.into_iter().map(|(radius, groups)| {
            let groups = groups.into_iter().map(|(paint, points)| (color(Rgba(paint)), points)).collect();
            Shape::Tinted { name: name.clone(), groups, marker, radius: radius as f32 / STEPS }
        })),
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

impl Shape {
    /// Draws it; the line of the selected run stands out, and lines other than the one whose name is pointed at step back.
    pub(super) fn draw<'a>(
        &'a self,
        plot: &mut PlotUi<'a>,
        tokens: &Tokens,
        selected: Option<usize>,
        pointed: Option<&str>,
    ) {
        match self {
            Self::Line { name, runs, ink, dash, stroke, source } => {
                let is_selected = source.is_some() && *source == selected || pointed == Some(name.as_str());
                let (width, opacity) = match pointed {
                    _ if is_selected => (LINE_WIDTH * 1.8, 1.0),
                    None => stroke_weight(*stroke),
                    Some(_) => (stroke_weight(*stroke).0, STEPPED_BACK),
                };
                let paint = faded(palette::color(tokens, *ink), opacity);
                for run in runs {
                    let line =
                        PlotLine::new(name.clone(), PlotPoints::Borrowed(run)).color(paint).width(width);
                    plot.line(line.style(line_style(*dash)).allow_hover(false));
                }
            }
            Self::Dots { points, ink, marker, radius, .. } => {
                dots_ui(plot, points, (*ink, *marker, *radius), tokens);
            }
            Self::Tinted { name, groups, marker, radius } => {
                for (paint, points) in groups {
                    let dots = PlotDots::new(name.clone(), PlotPoints::Borrowed(points)).color(*paint);
                    let dots = dots.shape(marker_shape(*marker)).filled(true).radius(*radius);
                    plot.points(dots.allow_hover(false));
                }
            }
            Self::Bars { name, corners, ink } => {
                let paint = palette::color(tokens, *ink);
                for corners in corners {
                    let bar = Polygon::new(name.clone(), PlotPoints::Borrowed(corners))
                        .fill_color(faded(paint, BAR_OPACITY))
                        .stroke(egui::Stroke::new(1.0, color(paint)));
                    plot.polygon(bar.allow_hover(false));
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
            Self::Over { lines, ink, opacity, width } => {
                let paint = faded(palette::color(tokens, *ink), *opacity);
                for points in lines {
                    let line = PlotLine::new("", PlotPoints::Borrowed(points)).color(paint).width(*width);
                    plot.line(line.allow_hover(false));
                }
            }
            Self::Handle { at, .. } => {
                let dot = PlotDots::new("", vec![[at.x, at.y]]).shape(MarkerShape::Diamond);
                let dot = dot.color(color(palette::color(tokens, Ink::Accent))).radius(HANDLE_RADIUS);
                plot.points(dot.filled(true).allow_hover(false));
            }
            Self::Rule { orientation, at, ink, dash, control } => {
                let (opacity, width) = if control.is_some() { (1.0, 2.0) } else { (0.6, 1.0) };
                let paint = faded(palette::color(tokens, *ink), opacity);
                let style = line_style(*dash);
                match orientation {
                    Orientation::Horizontal => {
                        let line = HLine::new("", *at).color(paint).width(width).style(style);
                        plot.hline(line.allow_hover(false));
                    }
                    Orientation::Vertical => {
                        let line = VLine::new("", *at).color(paint).width(width).style(style);
                        plot.vline(line.allow_hover(false));
                    }
                }
            }
            Self::Label { at, text, ink } => {
                let label = PlotText::new("", *at, text.clone()).color(color(palette::color(tokens, *ink)));
                plot.text(label);
            }
        }
    }
}

/// Dots of one colour; a rim in the colour of the ground parts a mark from the line below it.
fn dots_ui<'a>(
    plot: &mut PlotUi<'a>,
    points: &'a [PlotPoint],
    (ink, marker, radius): (Ink, Marker, f32),
    tokens: &Tokens,
) {
    let mut draw = |paint: Rgba, radius: f32| {
        let dots = PlotDots::new("", PlotPoints::Borrowed(points)).color(color(paint));
        plot.points(dots.shape(marker_shape(marker)).radius(radius).filled(true).allow_hover(false));
    };
    if matches!(ink, Ink::Mark(_)) {
        draw(tokens.background, radius + RIM);
    }
    draw(palette::color(tokens, ink), radius);
}

/// Width in points and opacity of a line.
pub(super) fn stroke_weight(stroke: Stroke) -> (f32, f64) {
    match stroke {
        Stroke::Normal => (LINE_WIDTH, 1.0),
        Stroke::Thin => (LINE_WIDTH * 0.7, 1.0),
        Stroke::Ghost => (LINE_WIDTH * 0.7, 0.3),
        Stroke::Bold => (LINE_WIDTH * 1.8, 1.0),
        Stroke::Share(percent) => {
            let (width, opacity) = share_weight(percent);
            (LINE_WIDTH * width as f32, opacity)
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

/// A marker as a sample in a legend.
pub(super) fn marker_path(
    marker: Marker,
    center: egui::Pos2,
    radius: f32,
    paint: Color32,
) -> Vec<egui::Shape> {
    use egui::vec2;
    let filled = |corners: &[egui::Vec2]| {
        let corners = corners.iter().map(|corner| center + *corner * radius).collect();
        vec![egui::Shape::convex_polygon(corners, paint, egui::Stroke::NONE)]
    };
    let strokes = |arms: [egui::Vec2; 2]| {
        let pen = egui::Stroke::new(1.5, paint);
        let arm =
            |arm: egui::Vec2| egui::Shape::line_segment([center - arm * radius, center + arm * radius], pen);
        arms.map(arm).to_vec()
    };
    match marker {
        Marker::Circle => vec![egui::Shape::circle_filled(center, radius, paint)],
        Marker::Square => {
            filled(&[vec2(-0.85, -0.85), vec2(0.85, -0.85), vec2(0.85, 0.85), vec2(-0.85, 0.85)])
        }
        Marker::Diamond => filled(&[vec2(0.0, -1.0), vec2(1.0, 0.0), vec2(0.0, 1.0), vec2(-1.0, 0.0)]),
        Marker::Up => filled(&[vec2(0.0, -1.0), vec2(0.9, 0.7), vec2(-0.9, 0.7)]),
        Marker::Down => filled(&[vec2(0.0, 1.0), vec2(-0.9, -0.7), vec2(0.9, -0.7)]),
        Marker::Cross => strokes([vec2(0.8, 0.8), vec2(0.8, -0.8)]),
        Marker::Plus => strokes([vec2(1.0, 0.0), vec2(0.0, 1.0)]),
    }
}
