//! A figure on the screen: the same value that the files are written from, drawn by `egui_plot` in axis space.
//!
//! `egui_plot` has linear axes only, so data are mapped through the axis scale before they reach it, and ticks are mapped back.
//! Geometry and heat-map textures are prepared once per figure, not once per frame.

mod grab;
mod hit;
mod image;
mod occupancy;
mod pinned;
mod scale;
mod shape;

use egui::{Ui, Vec2b};
use egui_plot::{AxisHints, Legend as PlotLegend, LineStyle, Plot, PlotPoint, PlotUi, VLine};

use self::occupancy::Occupancy;
use self::scale::{Mapped, marks, tick_text};
use self::shape::{Shape, shapes};
use super::style::{color, faded, tokens};
use crate::figure::domain::Domain;
use crate::figure::model::{Axis, Item, Legend, Plot as PlotBody};

/// Room that a labelled tick wants along its axis, points.
const TICK_ROOM_X: f32 = 75.0;
const TICK_ROOM_Y: f32 = 34.0;
/// The same for rows with names: none may be left out where there is room.
const NAME_ROOM_Y: f32 = 18.0;
/// Points around a plot that its axes take, about.
const AROUND: f32 = 50.0;
/// Room of a letter, a key and a row of a legend, points, and the largest share of a tile that it may cover each way.
const LETTER: f32 = 5.5;
const KEY: f32 = 30.0;
const LEGEND_ROW: f32 = 16.0;
const LEGEND_SHARE: f32 = 0.62;
/// Most names that a legend inside a tile may hold.
const MOST_IN_LEGEND: usize = 8;

/// Geometry in axis space, ready to be drawn.
pub(super) struct Prepared {
    items: Vec<Shape>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    domain: ((f64, f64), (f64, f64)),
    /// Entries of the legend and letters of the longest; nothing if there is none.
    legend: Option<(usize, usize)>,
    occupancy: Occupancy,
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
    /// The run whose line was clicked, by its place among the sources.
    pub(super) hit: Option<usize>,
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
    /// A readout that stays, with its place in data units.
    pub(super) pinned: Option<((f64, f64), &'a str)>,
    /// Shift and drag brushes a rectangle.
    pub(super) brush: bool,
    /// The run whose lines stand out, by its place among the sources.
    pub(super) selected: Option<usize>,
    /// How much stands around the picture.
    pub(super) surround: Surround,
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
        let domain = (span(&x, domain.x), span(&y, domain.y));
        Self {
            domain,
            occupancy: Occupancy::of(&items, domain),
            items,
            x: plot.x.clone(),
            y: plot.y.clone(),
            // A long legend would hide the data of a tile; the readout names the series there, the exported figure keeps it.
            legend: legend(plot),
            bare: plot.bare,
        }
    }

    /// Draws it in the space that is left.
    pub(super) fn show(&self, ui: &mut Ui, showing: &Showing<'_>) -> Touched {
        let tokens = tokens(ui.ctx());
        let (x, y) = (Mapped(&self.x), Mapped(&self.y));
        let room = ui.available_size();
        let each = if self.y.categories.is_some() { NAME_ROOM_Y } else { TICK_ROOM_Y };
        let wanted = (wanted_ticks(room.x, TICK_ROOM_X), wanted_ticks(room.y, each));
        let hold = grab::Hold::of(ui, showing.id);
        let brushing = showing.brush && ui.input(|input| input.modifiers.shift);
        let mut plot = Plot::new(showing.id)
            // A flat tile keeps its ticks in sight.
            .min_size(egui::vec2(24.0, 24.0))
            .allow_scroll(false)
            .allow_drag(hold == grab::Hold::None && !brushing)
            .allow_zoom(Vec2b::new(true, !ui.input(|input| input.modifiers.command)))
            .set_margin_fraction(egui::vec2(0.0, 0.0))
            .show_x(false)
            .show_y(false)
            .label_formatter(|_| None)
            .custom_x_axes(vec![Self::axis_hints(
                ui,
                &self.x,
                Side::Below,
                wanted.0,
                showing.surround,
                names_beside(ui, &self.y),
            )])
            .custom_y_axes(vec![Self::axis_hints(ui, &self.y, Side::Left, wanted.1, showing.surround, 0.0)])
            .x_grid_spacer(move |input| marks(&self.x, input.bounds, wanted.0))
            .y_grid_spacer(move |input| marks(&self.y, input.bounds, wanted.1))
            .grid_color(color(tokens.grid))
            .cursor_color(color(tokens.accent));
        if self.bare {
            plot = plot.show_axes(false).show_grid(false).data_aspect(1.0);
        }
        let size = self.legend.map(|(entries, letters)| {
            let size = egui::vec2(letters as f32 * LETTER + KEY, entries as f32 * LEGEND_ROW);
            size / (room - egui::Vec2::splat(AROUND)).max(egui::Vec2::splat(1.0))
        });
        if let Some(share) = size.filter(|share| share.x <= LEGEND_SHARE && share.y <= LEGEND_SHARE) {
            plot = plot.legend(
                PlotLegend::default()
                    .position(self.occupancy.freest(share.x, share.y))
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
            if showing.follow && !self.bare {
                self.keep_ranges(plot);
            }
            if plot.response().hovered() {
                zoom(plot);
            }
            self.items.iter().for_each(|shape| shape.draw(plot, tokens, showing.selected));
            if let Some(cursor) = showing.cursor {
                let line = VLine::new("", x.to(cursor)).color(faded(tokens.accent, 0.8)).width(1.0);
                plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
            }
            plot.plot_bounds()
        });
        let bounds = shown.inner;
        if let Some((at, text)) = showing.pinned {
            let at = PlotPoint::new(x.to(at.0), y.to(at.1));
            pinned::draw(ui, shown.response.rect, &shown.transform, at, text, tokens);
        }
        let pointer = shown.response.hover_pos().map(|at| {
            let at = shown.transform.value_from_position(at);
            (x.from(at.x), y.from(at.y))
        });
        let response = match &showing.readout {
            Some(text) if pointer.is_some() => shown.response.on_hover_text_at_pointer(text),
            _ => shown.response,
        };
        let grabbed = self.grab(ui, showing, &response, &shown.transform, hold);
        let clicked = response.clicked().then_some(pointer).flatten();
        let hit = response.clicked().then(|| self.hit(&shown.transform, &response)).flatten();
        let range = [x.from(bounds.min()[0]), x.from(bounds.max()[0])];
        let visible = (range[0].min(range[1]), range[0].max(range[1]));
        let grab::Grabbed { turned, brushed } = grabbed;
        Touched { response, pointer, visible, clicked, turned, brushed, hit }
    }
}

/// How large the legend of a plot is, unless it has none, too many entries for a tile, or a picture that it would hide.
fn legend(plot: &PlotBody) -> Option<(usize, usize)> {
    let names: std::collections::BTreeSet<&str> =
        plot.items.iter().map(Item::name).filter(|name| !name.is_empty()).collect();
    let longest = names.iter().map(|name| name.chars().count()).max()?;
    let fits = names.len() <= MOST_IN_LEGEND && !plot.has_heat();
    (plot.legend != Legend::None && fits).then_some((names.len(), longest))
}

/// Where an axis stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Left,
}

/// As many ticks as fit.
fn wanted_ticks(room: f32, each: f32) -> usize {
    ((room - AROUND) / each).clamp(2.0, 10.0) as usize
}

impl Prepared {
    /// Labels and heading of an axis in the window's small text. Room for the heading is reserved from the first frame on:
    /// `egui_plot` learns the thickness of an axis only by drawing it. `taken` is what the names of the other axis take of its length.
    fn axis_hints<'a>(
        ui: &Ui,
        axis: &'a Axis,
        side: Side,
        wanted: usize,
        surround: Surround,
        taken: f32,
    ) -> AxisHints<'a> {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let room = match side {
            Side::Below => ui.available_width(),
            Side::Left => ui.available_height(),
        };
        let compact = surround == Surround::Compact;
        let heading = if compact {
            String::new()
        } else {
            fitting_heading(ui, axis, &font, (room - AROUND - taken).max(20.0))
        };
        let thickness = match side {
            Side::Below if heading.is_empty() => 14.0,
            Side::Below => 30.0,
            Side::Left if compact => 24.0,
            Side::Left => 40.0,
        };
        let hints = match side {
            Side::Below => AxisHints::new_x(),
            Side::Left => AxisHints::new_y(),
        };
        hints
            .label(egui::RichText::new(heading).font(font.clone()))
            .formatter(move |mark, range| tick_text(axis, mark, range, wanted))
            .tick_label_font(font)
            .tick_label_color(color(tokens(ui.ctx()).text))
            .label_spacing(egui::Rangef::new(6.0, 8.0))
            .min_thickness(thickness)
    }

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

/// Width of the longest name on the left axis, which the axis below it cannot use; nothing for an axis of numbers.
fn names_beside(ui: &Ui, axis: &Axis) -> f32 {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let width = |name: &String| {
        ui.painter().layout_no_wrap(name.clone(), font.clone(), egui::Color32::PLACEHOLDER).size().x
    };
    axis.categories.iter().flatten().map(width).fold(0.0, f32::max)
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
