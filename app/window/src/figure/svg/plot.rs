//! The layout of a plot: axes, items, words, legend and colour key.

use super::axes::{self, AxisTicks};
use super::canvas::{Canvas, Close, Pen, path_of};
use super::color_bar;
use super::geometry::{AxisMap, PlotMap, Rect};
use super::labels::{self, Word};
use super::legend::Block;
use super::marks::{self, Shape};
use super::metrics::{self, Weight};
use super::{LINE_SPACING, Page};
use crate::figure::beyond::{Side, beyond};
use crate::figure::domain::Domain;
use crate::figure::error::ExportError;
use crate::figure::model::{Item, Legend, Plot};

/// Most rows of a legend inside a plot.
const ROWS_INSIDE: usize = 6;
/// Largest share of a plot in each direction that a legend inside it may take.
const SHARE_INSIDE: f64 = 0.6;
/// Largest share of the page width that a legend beside a plot may take.
const SHARE_BESIDE: f64 = 0.35;

/// A corner of the plot.
#[derive(Clone, Copy)]
enum Corner {
    TopRight,
    TopLeft,
    BottomRight,
    BottomLeft,
}

/// Where the legend goes.
enum Place {
    Nowhere,
    Inside(Corner),
    Beside,
    Below,
    /// Inside where a corner is free, else below.
    Best,
}

/// Everything that has been measured.
struct Layout<'a> {
    plot: &'a Plot,
    frame: Rect,
    map: PlotMap,
    x_ticks: AxisTicks,
    y_ticks: AxisTicks,
    x_label: Vec<String>,
    y_label: Vec<String>,
    bar: Option<color_bar::Placed<'a>>,
}

/// What a frame must leave beside and below it at least, so that the frames of panels begin and end alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sides {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Sides {
    /// What a plot needs beside its frame.
    pub(super) fn of(page: Page<'_>, plot: &Plot, area: Rect, room: f64) -> Self {
        let place = Rect { height: room, ..area };
        let layout = Layout::new(page, plot, Domain::of(plot), place, (0.0, Self::default()));
        let frame = layout.frame;
        let bottom = place.bottom() - frame.bottom();
        Self { left: frame.x - area.x, right: area.right() - frame.right(), bottom }
    }

    /// The wider of each.
    pub(super) fn max(self, other: Self) -> Self {
        let (left, right) = (self.left.max(other.left), self.right.max(other.right));
        Self { left, right, bottom: self.bottom.max(other.bottom) }
    }
}

/// Draws a plot below `area.y` and gives back its height.
pub(super) fn draw(
    canvas: &mut Canvas,
    page: Page<'_>,
    plot: &Plot,
    area: Rect,
    room: Option<f64>,
) -> Result<f64, ExportError> {
    draw_within(canvas, page, plot, area, (room, Sides::default()))
}

/// The same with frames that begin and end where those of other panels do.
pub(super) fn draw_within(
    canvas: &mut Canvas,
    page: Page<'_>,
    plot: &Plot,
    area: Rect,
    (room, sides): (Option<f64>, Sides),
) -> Result<f64, ExportError> {
    let domain = Domain::of(plot);
    let core = room.unwrap_or_else(|| area.width * plot.aspect.unwrap_or(page.ratio()));
    let below = Block::new(page, plot, area.width, 1);
    let beside = Block::new(page, plot, area.width * SHARE_BESIDE, usize::MAX);
    let below_height = below.as_ref().map_or(0.0, |block| block.height + page.style.gap * 2.0);
    let place = wanted_place(plot);

    let beside_width = beside.as_ref().map_or(0.0, |block| block.width + page.style.gap * 2.5);
    let reserved = if matches!(place, Place::Beside) { beside_width } else { 0.0 };
    let core_without_legend = core - room.map_or(0.0, |_| below_height);
    let at_first = if matches!(place, Place::Below) { core_without_legend } else { core };
    let mut layout = Layout::new(page, plot, domain, Rect { height: at_first, ..area }, (reserved, sides));
    let mut shapes = layout.shapes();
    let mut words = labels::place(page, plot, &layout.map, layout.frame, &shapes);

    let inside = Block::new(page, plot, layout.frame.width * SHARE_INSIDE, ROWS_INSIDE);
    let spot = match (&place, &inside) {
        (Place::Inside(corner), Some(block)) => {
            Some(layout.corner(page, block, *corner)).filter(|rect| layout.frame.contains(rect))
        }
        (Place::Best, Some(block)) => layout.free_corner(page, block, &shapes, &words),
        _ => None,
    };
    let is_displaced = spot.is_none() && matches!(place, Place::Best | Place::Inside(_));
    let is_below = below.is_some() && (is_displaced || matches!(place, Place::Below));
    if is_below && is_displaced && room.is_some() {
        layout =
            Layout::new(page, plot, domain, Rect { height: core_without_legend, ..area }, (reserved, sides));
        shapes = layout.shapes();
        words = labels::place(page, plot, &layout.map, layout.frame, &shapes);
    }

    layout.draw(canvas, page, &shapes, &words)?;
    match (spot, &inside, &beside, &below) {
        (Some(rect), Some(block), ..) if layout.is_shaded(rect) => block.draw(canvas, page, rect.x, rect.y),
        (Some(rect), Some(block), ..) => block.draw_over(canvas, page, rect),
        (None, _, Some(block), _) if matches!(place, Place::Beside) => {
            block.draw(canvas, page, area.right() - block.width, layout.frame.y);
        }
        (None, _, _, Some(block)) if is_below => {
            let x = (layout.frame.x + (layout.frame.width - block.width) / 2.0)
                .clamp(area.x, (area.right() - block.width).max(area.x));
            let y = area.y + if room.is_some() { core_without_legend } else { core };
            block.draw(canvas, page, x, y + page.style.gap * 1.5);
        }
        _ => {}
    }
    Ok(core + if is_below && room.is_none() { below_height } else { 0.0 })
}

fn wanted_place(plot: &Plot) -> Place {
    let has_heat = plot.has_heat();
    match plot.legend {
        Legend::None => Place::Nowhere,
        Legend::Best if has_heat => Place::Below,
        Legend::Best => Place::Best,
        Legend::TopLeft => Place::Inside(Corner::TopLeft),
        Legend::TopRight => Place::Inside(Corner::TopRight),
        Legend::BottomLeft => Place::Inside(Corner::BottomLeft),
        Legend::BottomRight => Place::Inside(Corner::BottomRight),
        Legend::Right => Place::Beside,
        Legend::Below => Place::Below,
    }
}

impl<'a> Layout<'a> {
    /// Measures everything around the frame. The width of the frame depends on the labels of the vertical axis, which
    /// depend on its height, which depends on the labels of the horizontal axis, which depend on the width: three
    /// rounds settle it.
    fn new(
        page: Page<'_>,
        plot: &'a Plot,
        domain: Domain,
        area: Rect,
        (reserved, sides): (f64, Sides),
    ) -> Self {
        let style = page.style;
        let x_label = metrics::wrap(&plot.x.heading(), area.width * 0.8, style.label_size, Weight::Regular);
        let mut frame = Rect { width: area.width * 0.8, height: area.height * 0.8, ..area };
        let top = style.tick_size * 0.6;
        let mut y_label = Vec::new();
        let mut bar = None;
        let mut x_ticks = axes::horizontal(page, &plot.x, domain.x, frame.width);
        let mut y_ticks = axes::vertical(page, &plot.y, domain.y, frame.height, area.width);
        for _ in 0..3 {
            let bottom = (x_ticks.room(page) + label_room(page, &x_label)).max(sides.bottom);
            frame.y = area.y + top;
            frame.height = (area.height - top - bottom).max(style.tick_size * 3.0);
            y_ticks = axes::vertical(page, &plot.y, domain.y, frame.height, area.width);
            y_label = metrics::wrap(&plot.y.heading(), frame.height, style.label_size, Weight::Regular);
            bar = plot.color_bar.as_ref().map(|bar| color_bar::Placed::new(page, bar, frame.height));
            let overhang = x_ticks.overhang(page, &plot.x, domain.x, frame.width);
            let left = (y_ticks.room(page) + label_room(page, &y_label)).max(overhang.0).max(sides.left);
            let right = reserved + bar.as_ref().map_or(0.0, |bar| bar.width(page));
            let right = right.max(overhang.1).max(style.tick_width).max(sides.right);
            frame.x = area.x + left;
            frame.width = (area.width - left - right).max(style.tick_size * 3.0);
            x_ticks = axes::horizontal(page, &plot.x, domain.x, frame.width);
        }
        let map = PlotMap {
            x: AxisMap::new(&plot.x, domain.x, frame.x, frame.right()),
            y: AxisMap::new(&plot.y, domain.y, frame.bottom(), frame.y),
        };
        Self { plot, frame, map, x_ticks, y_ticks, x_label, y_label, bar }
    }

    fn shapes(&self) -> Vec<Shape> {
        self.plot.items.iter().map(|item| marks::shape(item, &self.map)).collect()
    }

    fn draw(
        &self,
        canvas: &mut Canvas,
        page: Page<'_>,
        shapes: &[Shape],
        words: &[Word],
    ) -> Result<(), ExportError> {
        let has_heat = self.plot.has_heat();
        if !has_heat && !self.plot.bare {
            axes::draw_grid(
                canvas,
                page,
                self.frame,
                (&self.x_ticks, self.map.x),
                (&self.y_ticks, self.map.y),
            );
        }
        let mut result = Ok(());
        // Half a line more than the frame, so that a line along its edge keeps its full width.
        canvas.clipped("plot-area", self.frame.grown(page.style.line_width * 0.5), |canvas| {
            for (item, shape) in self.plot.items.iter().zip(shapes) {
                if result.is_ok() {
                    result = marks::draw(canvas, page, item, shape, &self.map, self.frame);
                }
            }
        });
        result?;
        if !self.plot.bare {
            axes::draw_horizontal(canvas, page, self.frame, (&self.x_ticks, self.map.x), &self.x_label);
            axes::draw_vertical(canvas, page, self.frame, (&self.y_ticks, self.map.y), &self.y_label);
        }
        if has_heat {
            self.close_frame(canvas, page);
        }
        if !self.plot.bare {
            self.draw_beyond(canvas, page);
        }
        if let Some(bar) = &self.bar {
            bar.draw(canvas, page, self.frame);
        }
        for word in words {
            word.draw(canvas, page);
        }
        Ok(())
    }

    /// A small triangle at each edge beyond which data lie, where the farthest of them would be.
    fn draw_beyond(&self, canvas: &mut Canvas, page: Page<'_>) {
        let (frame, size) = (self.frame, page.style.marker_size * 1.3);
        let domain = Domain { x: self.map.x.range, y: self.map.y.range };
        for side in beyond(self.plot, &domain) {
            let [x, y] = self.map.at(side.farthest);
            let (x, y) = (x.clamp(frame.x, frame.right()), y.clamp(frame.y, frame.bottom()));
            let upright = matches!(side.side, Side::Above | Side::Below);
            // Its tip touches the edge, its base lies inside.
            let corners = if upright {
                let base = if y <= frame.y { y + size } else { y - size };
                [[x, y], [x - size * 0.6, base], [x + size * 0.6, base]]
            } else {
                let base = if x <= frame.x { x + size } else { x - size };
                [[x, y], [base, y - size * 0.6], [base, y + size * 0.6]]
            };
            let outline = Pen::solid(page.tokens.background, page.style.line_width * 0.5);
            canvas.path(&path_of(&corners, Close::Closed), Some((page.tokens.text, 1.0)), Some(outline));
        }
    }

    /// The two sides that the axes leave open.
    fn close_frame(&self, canvas: &mut Canvas, page: Page<'_>) {
        let frame = self.frame;
        let corners = [[frame.x, frame.y], [frame.right(), frame.y], [frame.right(), frame.bottom()]];
        let pen = Pen::solid(page.tokens.axis, page.style.tick_width);
        canvas.path(&path_of(&corners, Close::Open), None, Some(pen));
    }

    /// Where a legend stands in a corner.
    fn corner(&self, page: Page<'_>, block: &Block, corner: Corner) -> Rect {
        let inset = page.style.gap * 1.5;
        let (left, right) = (self.frame.x + inset, self.frame.right() - inset - block.width);
        let (top, bottom) = (self.frame.y + inset * 0.5, self.frame.bottom() - inset - block.height);
        let (x, y) = match corner {
            Corner::TopRight => (right, top),
            Corner::TopLeft => (left, top),
            Corner::BottomRight => (right, bottom),
            Corner::BottomLeft => (left, bottom),
        };
        Rect { x, y, width: block.width, height: block.height }
    }

    /// Whether a span lies behind the rectangle: a veil would then look like a hole in it.
    fn is_shaded(&self, rect: Rect) -> bool {
        self.plot.items.iter().any(|item| match item {
            Item::Span(span) => marks::span_rect(span, &self.map, self.frame).overlaps(&rect),
            _ => false,
        })
    }

    /// The first corner where a legend covers neither data nor words; `None` if there is none or it would be large.
    fn free_corner(&self, page: Page<'_>, block: &Block, shapes: &[Shape], words: &[Word]) -> Option<Rect> {
        if block.width > self.frame.width * SHARE_INSIDE || block.height > self.frame.height * SHARE_INSIDE {
            return None;
        }
        let corners = [Corner::TopRight, Corner::TopLeft, Corner::BottomRight, Corner::BottomLeft];
        corners.into_iter().map(|corner| self.corner(page, block, corner)).find(|rect| {
            let padded = rect.grown(page.style.gap);
            shapes.iter().all(|shape| !shape.touches(padded))
                && words.iter().all(|word| !word.rect.overlaps(&padded))
        })
    }
}

/// Room of an axis label with the gap before it.
fn label_room(page: Page<'_>, label: &[String]) -> f64 {
    if label.is_empty() {
        return 0.0;
    }
    page.style.gap * 0.8 + label.len() as f64 * page.style.label_size * LINE_SPACING
}
