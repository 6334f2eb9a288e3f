//! A figure as plain data: the single source of the window, the SVG, PNG and PDF files and the data file, so that
//! all of them show the same thing.
//!
//! A figure names roles ([`Ink`], [`Dash`], [`Stroke`]), never colours or sizes; those come from the theme tokens and
//! the page style when it is drawn. It knows neither egui nor the engine. Values may be NaN: a line breaks there, a
//! heat map shows the no-data colour.

use std::collections::BTreeSet;

use super::axis::Scale;
use super::beyond::beyond;
use super::colormap::ColorScale;
use super::domain::Domain;
use super::provenance::Provenance;

pub use super::body::{Align, Cell, Column, Edge, Emphasis, GraphBody, Node, Panel, PanelsBody, TableBody};
pub use super::items::{
    Anchor, Area, Band, Bars, Cover, Handle, Heat, Item, Label, Line, Marker, Orientation, PointInk, Points,
    Rule, Span, Steps,
};

/// One view, ready to be drawn or written.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Heading; empty for none.
    pub title: String,
    /// What the reader sees, in one or two sentences.
    pub caption: Option<String>,
    /// What is shown.
    pub body: Body,
    /// Where it comes from; travels in every file.
    pub provenance: Provenance,
    /// Short remarks printed below the figure; see also [`Figure::remarks`].
    pub notes: Vec<String>,
}

/// What a figure shows.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a figure is built once per view; a box would only hinder matching"
)]
pub enum Body {
    /// Items on two axes.
    Plot(Plot),
    /// Rows and columns.
    Table(TableBody),
    /// Paragraphs; a blank line separates two.
    Text(String),
    /// Nodes and weighted edges.
    Graph(GraphBody),
    /// Several bodies on one page.
    Panels(PanelsBody),
}

/// Items on two axes. Items are drawn in their order, the first at the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub items: Vec<Item>,
    /// Colour key at the right side.
    pub color_bar: Option<ColorBar>,
    /// Where the names of the series stand.
    pub legend: Legend,
    /// Height over width of the figure; `None` takes that of the page style.
    pub aspect: Option<f64>,
    /// True for pictures whose coordinates mean nothing by themselves (a simplex, a matching): no axes, no grid, and a unit as long
    /// one way as the other.
    pub bare: bool,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Name of the quantity.
    pub label: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// How values map to positions.
    pub scale: Scale,
    /// Shown range (from, to) in data units; `None` fits the items.
    pub range: Option<(f64, f64)>,
    /// Names in place of numbers: entry `i` names the interval from `i` to `i + 1` and stands at `i + 0.5`, so that a
    /// heat map with edges 0, 1, 2 … has one name per row. The scale must be linear.
    pub categories: Option<Vec<String>>,
    /// Whether values grow to the left or downwards.
    pub inverted: bool,
    /// Whether only whole numbers mean anything (steps): between two of them nothing is read.
    pub whole: bool,
}

/// A colour key: the scale that the items use, with the name of the quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct ColorBar {
    /// The colour scale; the same value as in the items it explains.
    pub scale: ColorScale,
    /// Name of the quantity.
    pub label: String,
    /// Its unit; empty for none.
    pub unit: String,
}

/// Where the legend stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    /// No legend.
    None,
    /// In the corner of the plot that covers no data, else below the plot.
    #[default]
    Best,
    /// In the plot, upper left.
    TopLeft,
    /// In the plot, upper right.
    TopRight,
    /// In the plot, lower left.
    BottomLeft,
    /// In the plot, lower right.
    BottomRight,
    /// In a column to the right of the plot.
    Right,
    /// In rows below the plot.
    Below,
}

/// The colour of an item, as a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Colour of the series with this number; from number 8 on the colours repeat with another dash.
    Series(usize),
    /// Colour of a kind of mark on lines: never that of a series, so that a mark is told from the line that it stands on.
    Mark(usize),
    /// As text.
    Foreground,
    /// Colour of the cells of the category with this number, the same in every theme.
    Category(usize),
    /// Words in a cell of that category: black or white, whichever is read better there.
    OnCategory(usize),
    /// Hatching, borders and rings over cells: dark in every theme.
    OverCells,
    /// Steps back behind the series: references, context.
    Muted,
    /// The one emphasised thing.
    Accent,
    /// Above a reference.
    Positive,
    /// Below a reference.
    Negative,
    /// Worth a look.
    Warning,
    /// Failed or out of bounds.
    Error,
}

/// How a line is broken up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Strokes and dots in turn.
    DashDot,
}

/// Width and opacity of a line that stands for a share in percent, as multiples of the normal ones.
pub fn share_weight(percent: u8) -> (f64, f64) {
    let share = f64::from(percent.min(100)) / 100.0;
    (0.4 + 2.2 * share, 0.25 + 0.75 * share)
}

/// How heavy a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stroke {
    /// A series.
    #[default]
    Normal,
    /// Many series at once, or a reference.
    Thin,
    /// The raw values behind a smoothed line: thin and pale.
    Ghost,
    /// The emphasised series.
    Bold,
    /// As wide and as strong as a share, in percent: a line between things that belong together more or less.
    Share(u8),
}

impl Figure {
    /// A figure without caption and notes.
    pub fn new(title: impl Into<String>, body: Body, provenance: Provenance) -> Self {
        Self { title: title.into(), caption: None, body, provenance, notes: Vec::new() }
    }

    /// Which letters of its words no font of figures has, as a remark; `None` if all can be drawn.
    pub fn lacking_letters(&self) -> Option<String> {
        super::letters::remark(self)
    }

    /// What of the data lies beyond the shown ranges, for a page: a reader of paper cannot ask for all of it.
    pub fn beyond(&self) -> Vec<String> {
        let of = |plot: &Plot| -> Vec<String> {
            beyond(plot, &Domain::of(plot)).iter().map(super::beyond::Beyond::words).collect()
        };
        match &self.body {
            Body::Plot(plot) => of(plot),
            Body::Panels(panels) => {
                let plots = panels.panels.iter().filter_map(|panel| match &panel.body {
                    Body::Plot(plot) => Some((&panel.title, of(plot))),
                    _ => None,
                });
                plots
                    .flat_map(|(title, said)| said.into_iter().map(move |said| format!("{title}: {said}")))
                    .collect()
            }
            Body::Table(_) | Body::Text(_) | Body::Graph(_) => Vec::new(),
        }
    }

    /// The named series in their order, each with its colour if that is one.
    pub fn series(&self) -> Vec<(String, Option<Ink>)> {
        let mut named: Vec<(String, Option<Ink>)> = Vec::new();
        for plot in self.plots() {
            for item in plot.items.iter().filter(|item| !item.name().is_empty()) {
                if !named.iter().any(|(name, _)| name == item.name()) {
                    named.push((item.name().to_owned(), item.ink()));
                }
            }
        }
        named
    }

    /// Its plots: itself, or its panels.
    fn plots(&self) -> Vec<&Plot> {
        match &self.body {
            Body::Plot(plot) => vec![plot],
            Body::Panels(panels) => {
                let plots = panels.panels.iter().filter_map(|panel| match &panel.body {
                    Body::Plot(plot) => Some(plot),
                    _ => None,
                });
                plots.collect()
            }
            Body::Table(_) | Body::Text(_) | Body::Graph(_) => Vec::new(),
        }
    }

    /// The same figure without the series of these names.
    #[must_use]
    pub fn without(mut self, names: &BTreeSet<String>) -> Self {
        if let Body::Plot(plot) = self.body {
            self.body = Body::Plot(plot.without(names));
        }
        self
    }

    /// The notes of the author followed by those that follow from the data: points hidden by a logarithmic axis,
    /// cells without a value, letters without a glyph.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.notes.clone();
        match &self.body {
            Body::Plot(plot) => remarks.extend(plot.remarks()),
            Body::Panels(panels) => {
                for panel in &panels.panels {
                    let Body::Plot(plot) = &panel.body else { continue };
                    remarks.extend(
                        plot.remarks().into_iter().map(|remark| format!("{}: {remark}", panel.title)),
                    );
                }
            }
            Body::Table(_) | Body::Text(_) | Body::Graph(_) => {}
        }
        remarks.extend(self.lacking_letters());
        remarks
    }
}

impl Plot {
    /// An empty plot with the legend where it covers nothing.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, items: Vec::new(), color_bar: None, legend: Legend::Best, aspect: None, bare: false }
    }

    /// The same plot with one more item on top.
    #[must_use]
    pub fn with(mut self, item: impl Into<Item>) -> Self {
        self.items.push(item.into());
        self
    }

    /// Number of finite points that a logarithmic axis cannot show because a coordinate is not positive.
    pub fn hidden_points(&self) -> usize {
        self.items.iter().map(|item| item.hidden_points(self.x.scale, self.y.scale)).sum()
    }

    /// True if it holds a heat map, over which no legend may stand.
    pub fn has_heat(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Heat(_)))
    }

    /// The keys of a heat map that explain hatching and paleness, for readers without a legend.
    pub fn explanations(&self) -> impl Iterator<Item = &str> {
        let is_key = |points: &&Points| points.points.is_empty() && points.ink == PointInk::One(Ink::Muted);
        self.items.iter().filter_map(move |item| match item {
            Item::Points(points) => Some(points).filter(is_key).map(|points| points.name.as_str()),
            _ => None,
        })
    }

    /// The same plot without the series of these names, and without what belongs to them.
    #[must_use]
    pub fn without(mut self, names: &BTreeSet<String>) -> Self {
        if !names.is_empty() {
            self.items = self.items.iter().filter_map(|item| item.without(names, &self.items)).collect();
        }
        self
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        match self.hidden_points() {
            0 => {}
            1 => remarks.push("1 point ≤ 0 hidden".to_owned()),
            hidden => remarks.push(format!("{} points ≤ 0 hidden", super::number::count(hidden as u64))),
        }
        let has_missing_cells = self.items.iter().any(|item| match item {
            Item::Heat(heat) => heat.values.iter().any(|value| value.is_nan()),
            _ => false,
        });
        if has_missing_cells {
            remarks.push("grey: no data".to_owned());
        }
        remarks
    }
}

impl Axis {
    /// A linear axis without unit that fits the data.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: String::new(),
            scale: Scale::Linear,
            range: None,
            categories: None,
            inverted: false,
            whole: false,
        }
    }

    /// An axis that names intervals; see [`Axis::categories`].
    pub fn categorical(label: impl Into<String>, names: Vec<String>) -> Self {
        let range = Some((0.0, names.len().max(1) as f64));
        Self { range, categories: Some(names), ..Self::new(label) }
    }

    /// The same axis with a unit.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The same axis with another scale.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// The same axis with a fixed range in data units.
    #[must_use]
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.range = Some((from, to));
        self
    }

    /// The same axis of whole numbers.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// The same axis growing the other way.
    #[must_use]
    pub fn inverted(mut self) -> Self {
        self.inverted = !self.inverted;
        self
    }

    /// Label with the unit in brackets, as printed beside the axis.
    pub fn heading(&self) -> String {
        heading(&self.label, &self.unit)
    }
}

/// "label [unit]", or what of it there is.
pub fn heading(label: &str, unit: &str) -> String {
    match (label.is_empty(), unit.is_empty()) {
        (_, true) => label.to_owned(),
        (true, false) => format!("[{unit}]"),
        (false, false) => format!("{label} [{unit}]"),
    }
}
