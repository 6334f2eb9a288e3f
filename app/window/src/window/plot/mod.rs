//! A figure on the screen: the same value that the files are written from, drawn by `egui_plot` in axis space.
//!
//! `egui_plot` has linear axes only, so data are mapped through the axis scale before they reach it, and ticks are mapped back.
//! Geometry and heat-map textures are prepared once per figure, not once per frame.

mod edge;
mod grab;
mod hit;
mod image;
mod legend;
mod names;
mod pinned;
mod scale;
mod shape;

use std::collections::BTreeSet;

use egui::{Rect, Ui, UiBuilder, Vec2b};
use egui_plot::{AxisHints, LineStyle, Plot, PlotPoint, PlotUi, VLine};

pub(super) use self::legend::line_sample;
use self::legend::{Legend, Place, Touch};
use self::names::Names;
use self::scale::{LONGEST_NAME, Mapped, Room, letters_beside, marks, tick_text};
use self::shape::{Shape, shapes};
use super::readout::Readout;
use super::style::{color, faded, tokens};
use crate::figure::domain::Domain;
use crate::figure::model::{Axis, Plot as PlotBody};
use crate::figure::ticks;

/// Room that a labelled tick wants along its axis, points.
const TICK_ROOM_X: f32 = 75.0;
const TICK_ROOM_Y: f32 = 34.0;
/// The same for a row with a name, and the gap between names side by side.
const NAME_ROOM_Y: f32 = 12.0;
const NAME_GAP: f32 = 8.0;
/// Room of a heading beside a plot.
const HEADING_ROOM: f32 = 20.0;
/// Room above a plot for the upper half of its topmost label, and the most beside it for half of the last one.
const ABOVE: f32 = 6.0;
const MOST_BESIDE: f32 = 30.0;
/// Width of a digit in small text, points.
const LETTER: f32 = 5.6;
/// Points around a plot that its axes take, about.
const AROUND: f32 = 50.0;
/// Distance in points within which a mark explains itself.
const NEAR_MARK: f32 = 7.0;

/// Geometry in axis space, ready to be drawn.
pub(super) struct Prepared {
    items: Vec<Shape>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// What is known of the names of both axes.
    x_names: Names,
    y_names: Names,
    /// What is shown at first, and what holds all data.
    domain: ((f64, f64), (f64, f64)),
    whole: ((f64, f64), (f64, f64)),
    legend: Legend,
    /// Cells fill it: lines at the ticks would run through what is written into them.
    has_heat: bool,
    /// No axes, no grid, and a unit as long one way as the other.
    bare: bool,
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
    /// A line that stands at a control, or a handle, was dragged: the controls and their values.
    pub(super) turned: Vec<(String, f64)>,
    /// A rectangle was brushed: left, right, bottom, top in data units.
    pub(super) brushed: Option<[f64; 4]>,
    /// A rectangle is being brushed: the drag zooms and moves nothing.
    pub(super) brushing: bool,
    /// The run whose line was clicked, by its place among the sources.
    pub(super) hit: Option<usize>,
    /// What the mark under the pointer says of itself.
    pub(super) mark: Option<String>,
    /// A mark at an edge was clicked: all data are wanted.
    pub(super) all: bool,
    /// What was done with the legend.
    pub(super) legend: Touch,
}

/// How much stands around the picture of a plot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Surround {
    /// Headings and ticks.
    Full,
    /// A small panel: no headings, so that the picture has the room.
    Compact,
}

/// How a plot is shown in a frame.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Showing<'a> {
    /// Identity of the tile.
    pub(super) id: &'a str,
    /// What is drawn, for what lies beyond its edges.
    pub(super) plot: &'a PlotBody,
    /// Names of the series that the legend hides.
    pub(super) hidden: &'a BTreeSet<String>,
    /// The linked step, drawn as a vertical line.
    pub(super) cursor: Option<f64>,
    /// Fit all data in this frame.
    pub(super) fit: bool,
    /// Nothing is zoomed: axes with a fixed range keep it.
    pub(super) follow: bool,
    /// All data, also those beyond a fixed range.
    pub(super) whole: bool,
    /// The range in x that another tile shows and this one is to show too, in data units.
    pub(super) moved: Option<(f64, f64)>,
    /// What is near the pointer.
    pub(super) readout: Option<Readout>,
    /// A readout that stays, with its place in data units.
    pub(super) pinned: Option<((f64, f64), &'a str)>,
    /// Shift and drag brushes a rectangle.
    pub(super) brush: bool,
    /// Rectangles that were brushed and stand: left, right, bottom, top in data units.
    pub(super) brushed: &'a [[f64; 4]],
    /// The run whose lines stand out, by its place among the sources.
    pub(super) selected: Option<usize>,
    /// How much stands around the picture.
    pub(super) surround: Surround,
}

impl Prepared {
    /// Maps a figure's items into axis space; `all` is the plot with the series that its legend hides.
    pub(super) fn new(plot: &PlotBody, all: &PlotBody, context: &egui::Context, id: &str) -> Self {
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
        let free =
            |axis: &Axis| Axis { range: axis.range.filter(|_| axis.categories.is_some()), ..axis.clone() };
        let whole = Domain::reaching(plot, &free(&plot.x), &free(&plot.y));
        Self {
            domain: (span(&x, domain.x), span(&y, domain.y)),
            whole: (span(&x, whole.x), span(&y, whole.y)),
            items,
            x: plot.x.clone(),
            y: plot.y.clone(),
            x_names: Names::of(&plot.x),
            y_names: Names::of(&plot.y),
            legend: Legend::of(all),
            has_heat: plot.has_heat(),
            bare: plot.bare,
        }
    }

    /// Draws it in the space that is left: legend, drawing, marks at the edges.
    pub(super) fn show(&self, ui: &mut Ui, showing: &Showing<'_>) -> Touched {
        let outer = Rect::from_min_size(ui.cursor().min, ui.available_size());
        ui.allocate_rect(outer, egui::Sense::hover());
        let place = match showing.surround {
            Surround::Full => self.legend.place(ui, outer.size()),
            Surround::Compact => Place::Nowhere,
        };
        let (mut frame, strip) = match place {
            Place::Nowhere => (outer, Rect::NOTHING),
            Place::Above(height) => {
                let (above, below) = outer.split_top_bottom_at_y(outer.top() + height);
                (below, above)
            }
            Place::Beside(width) => outer.split_left_right_at_x(outer.right() - width),
        };
        let legend = match place {
            Place::Nowhere => Touch::default(),
            place => self.legend.show(ui, strip, place, showing.hidden),
        };
        if !self.bare {
            // Labels stand in the middle of their ticks: half of the last ones lies beyond the drawing.
            frame.min.y += ABOVE;
            frame.max.x -= self.last_label(ui, frame.width());
        }
        let mut inner = ui.new_child(
            UiBuilder::new().max_rect(frame).id_salt("plot").layout(egui::Layout::top_down(egui::Align::Min)),
        );
        self.plot_ui(&mut inner, showing, legend)
    }

    fn plot_ui(&self, ui: &mut Ui, showing: &Showing<'_>, legend: Touch) -> Touched {
        let tokens = tokens(ui.ctx());
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let (across, up) = self.room(ui);
        let hold = self.held(ui, showing);
        let to_brush = showing.brush && ui.input(|input| input.modifiers.shift);
        let beside = self.y_names.widest(ui, &self.y, up.letters);
        let mut plot = Plot::new(showing.id)
            // It stands on the tile as a figure on its page; one more fill of its pixels costs a software adapter a good part of a frame.
            .show_background(false)
            // A flat tile keeps its ticks in sight.
            .min_size(egui::vec2(24.0, 24.0))
            .allow_scroll(false)
            .allow_drag(hold == grab::Hold::None && !to_brush)
            .allow_zoom(Vec2b::new(true, !ui.input(|input| input.modifiers.command)))
            .set_margin_fraction(egui::vec2(0.0, 0.0))
            .show_x(false)
            .show_y(false)
            .show_grid(!self.has_heat)
            .label_formatter(|_| None)
            .custom_x_axes(vec![self.axis_hints(ui, Side::Below, across, showing.surround, beside)])
            .custom_y_axes(vec![self.axis_hints(ui, Side::Left, up, showing.surround, beside)])
            .x_grid_spacer(move |input| marks(&self.x, &self.x_names, input.bounds, across))
            .y_grid_spacer(move |input| marks(&self.y, &self.y_names, input.bounds, up))
            .grid_color(color(tokens.grid))
            .cursor_color(color(tokens.accent));
        if self.bare {
            plot = plot.show_axes(false).show_grid(false).data_aspect(1.0);
        }
        if showing.fit {
            plot = plot.reset();
        }
        let ((x0, x1), (y0, y1)) = if showing.whole { self.whole } else { self.domain };
        let pointed = legend.hovered.as_deref();
        let shown = plot.include_x(x0).include_x(x1).include_y(y0).include_y(y1).show(ui, |plot| {
            if showing.follow && !self.bare {
                self.keep_ranges(plot, showing.whole);
            }
            if let Some((from, to)) = showing.moved {
                plot.set_plot_bounds_x(x.to(from)..=x.to(to));
            }
            if plot.response().hovered() {
                zoom(plot);
            }
            self.items.iter().for_each(|shape| shape.draw(plot, tokens, showing.selected, pointed));
            if let Some(cursor) = showing.cursor {
                let line = VLine::new("", x.to(cursor)).color(faded(tokens.accent, 0.8)).width(1.0);
                plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
            }
            plot.plot_bounds()
        });
        let bounds = shown.inner;
        self.draw_brushed(ui, showing.brushed, &shown.transform, shown.response.rect);
        if let Some((at, text)) = showing.pinned {
            let at = PlotPoint::new(x.to(at.0), y.to(at.1));
            pinned::draw(ui, shown.response.rect, &shown.transform, at, text, tokens);
        }
        let all = self.edges(ui, showing.plot, &shown.transform, &shown.response);
        let place = shown.response.hover_pos();
        let mark = place.and_then(|at| self.mark(&shown.transform, at)).map(str::to_owned);
        let pointer = place.map(|at| {
            let at = shown.transform.value_from_position(at);
            (x.from(at.x), y.from(at.y))
        });
        let response = match (&showing.readout, pointer) {
            (None, _) | (_, None) if mark.is_none() => shown.response,
            (readout, _) => shown.response.on_hover_ui_at_pointer(|ui| {
                mark.iter().for_each(|words| {
                    ui.strong(words);
                });
                readout.iter().for_each(|readout| readout.ui(ui));
            }),
        };
        let grabbed = self.grab(ui, showing, &response, &shown.transform, hold);
        let clicked = response.clicked().then_some(pointer).flatten();
        let hit = response.clicked().then(|| self.hit(&shown.transform, &response)).flatten();
        let range = [x.from(bounds.min()[0]), x.from(bounds.max()[0])];
        let visible = (range[0].min(range[1]), range[0].max(range[1]));
        let grab::Grabbed { turned, brushed, brushing } = grabbed;
        Touched { response, pointer, visible, clicked, turned, brushed, brushing, hit, mark, all, legend }
    }

    /// Room for the labels of both axes.
    fn room(&self, ui: &Ui) -> (Room, Room) {
        let room = ui.available_size();
        let name = self.x_names.widest(ui, &self.x, LONGEST_NAME) + NAME_GAP;
        let length = |side: f32| (side - AROUND).max(1.0);
        let across = Room {
            wanted: wanted_ticks(room.x, TICK_ROOM_X),
            length: length(room.x),
            name,
            letter: Some(LETTER),
            letters: LONGEST_NAME,
        };
        let up = Room {
            wanted: wanted_ticks(room.y, TICK_ROOM_Y),
            length: length(room.y),
            name: NAME_ROOM_Y,
            letter: None,
            letters: letters_beside(room.x),
        };
        (across, up)
    }

    /// How far half of the widest label may reach beyond the right end of an axis of this length.
    fn last_label(&self, ui: &Ui, length: f32) -> f32 {
        if let Some(names) = &self.x.categories {
            let each = (length - AROUND).max(1.0) / names.len().max(1) as f32;
            return ((self.x_names.widest(ui, &self.x, LONGEST_NAME) - each) / 2.0).clamp(2.0, MOST_BESIDE);
        }
        let (low, high) = self.domain.0;
        let ends = (Mapped(&self.x).from(low), Mapped(&self.x).from(high));
        let range = (ends.0.min(ends.1), ends.0.max(ends.1));
        let ticks = ticks::ticks(self.x.scale, range, wanted_ticks(length, TICK_ROOM_X));
        let widest = ticks.iter().map(|tick| text_width(ui, &tick.label)).fold(0.0, f32::max);
        (widest / 2.0 + 2.0).min(MOST_BESIDE)
    }

    /// What the mark under the pointer says of itself.
    fn mark(&self, transform: &egui_plot::PlotTransform, at: egui::Pos2) -> Option<&str> {
        let dots = self.items.iter().filter_map(|shape| match shape {
            Shape::Dots { points, words, .. } if !words.is_empty() => Some(points.iter().zip(words)),
            _ => None,
        });
        let near =
            dots.flatten().map(|(point, words)| (transform.position_from_point(point).distance(at), words));
        let near = near.filter(|(distance, _)| *distance <= NEAR_MARK);
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, words)| words.as_str())
    }
}

/// As many ticks as fit.
fn wanted_ticks(room: f32, each: f32) -> usize {
    ((room - AROUND) / each).clamp(2.0, 10.0) as usize
}

/// Where an axis stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Left,
}

impl Prepared {
    /// Labels and heading of an axis in the window's small text. Room for names and heading is reserved from the first frame on:
    /// `egui_plot` learns the thickness of an axis only by drawing it. `beside` is the width of the names beside the plot.
    fn axis_hints(&self, ui: &Ui, side: Side, ticks: Room, surround: Surround, beside: f32) -> AxisHints<'_> {
        let (axis, names) = match side {
            Side::Below => (&self.x, &self.x_names),
            Side::Left => (&self.y, &self.y_names),
        };
        let font = egui::TextStyle::Small.resolve(ui.style());
        let room = match side {
            Side::Below => ui.available_width(),
            Side::Left => ui.available_height(),
        };
        let compact = surround == Surround::Compact;
        let heading = if compact {
            String::new()
        } else {
            let taken = if side == Side::Below { beside } else { 0.0 };
            fitting_heading(ui, axis, &font, (room - AROUND - taken).max(20.0))
        };
        let heading_room = if heading.is_empty() { 0.0 } else { HEADING_ROOM };
        let named = if beside > 0.0 { beside + NAME_GAP + heading_room } else { 0.0 };
        let thickness = match side {
            Side::Below if heading.is_empty() => 14.0,
            Side::Below => 30.0,
            Side::Left if compact => named.max(24.0),
            Side::Left => named.max(40.0),
        };
        let hints = match side {
            Side::Below => AxisHints::new_x(),
            Side::Left => AxisHints::new_y(),
        };
        hints
            .label(egui::RichText::new(heading).font(font.clone()))
            .formatter(move |mark, range| tick_text(axis, mark, range, ticks, names))
            .tick_label_font(font)
            .tick_label_color(color(tokens(ui.ctx()).text))
            .label_spacing(egui::Rangef::new(6.0, 8.0))
            .min_thickness(thickness)
    }

    /// Data beyond a fixed range must not stretch the axis.
    fn keep_ranges(&self, plot: &mut PlotUi<'_>, whole: bool) {
        let ((x0, x1), (y0, y1)) = if whole { self.whole } else { self.domain };
        if (whole || self.x.range.is_some()) && x0 < x1 {
            plot.set_plot_bounds_x(x0..=x1);
        }
        if (whole || self.y.range.is_some()) && y0 < y1 {
            plot.set_plot_bounds_y(y0..=y1);
        }
    }
}

/// Width of small text.
fn text_width(ui: &Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Small.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::PLACEHOLDER).size().x
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

/// The heading, else without its unit, else cut with dots.
fn fitting_heading(ui: &Ui, axis: &Axis, font: &egui::FontId, room: f32) -> String {
    let fits = |text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::PLACEHOLDER);
        galley.size().x <= room
    };
    let full = axis.heading();
    if fits(&full) {
        return full;
    }
    let mut label = axis.label.clone();
    while !label.is_empty() && !fits(&format!("{label}…")) {
        label.pop();
    }
    if label == axis.label { label } else { format!("{}…", label.trim_end()) }
}
