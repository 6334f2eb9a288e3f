//! The things a plot can hold, each with its own data. All coordinates are in data units of the axes.

use super::axis::Scale;
use super::colormap::ColorScale;
use super::model::{Dash, Ink, Stroke};

/// One thing in a plot.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A polyline or a staircase.
    Line(Line),
    /// Markers.
    Points(Points),
    /// The area between two curves over the same x.
    Band(Band),
    /// The area between a curve and a level.
    Area(Area),
    /// Cells coloured by value.
    Heat(Heat),
    /// A straight reference line across the plot.
    Rule(Rule),
    /// A shaded interval across the plot.
    Span(Span),
    /// A word at a place.
    Label(Label),
    /// Adjoining bars from zero: a histogram.
    Bars(Bars),
    /// A point that a person drags.
    Handle(Handle),
}

/// A polyline through points in the given order; a non-finite coordinate breaks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name in the legend; empty for none.
    pub name: String,
    /// Points (x, y).
    pub points: Vec<[f64; 2]>,
    /// Colour.
    pub ink: Ink,
    /// Dash; [`Dash::Solid`] lets the series number choose.
    pub dash: Dash,
    /// Weight.
    pub stroke: Stroke,
    /// How consecutive points are joined.
    pub steps: Steps,
    /// Which of several runs it belongs to, in the order of the sources; a click on it finds the run.
    pub source: Option<usize>,
    /// What is said of each point in place of its coordinates, where those mean nothing by themselves; empty for lines whose
    /// coordinates do.
    pub words: Vec<String>,
}

/// How consecutive points of a line are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Steps {
    /// By a straight segment.
    #[default]
    Linear,
    /// The value holds until the next x.
    After,
}

/// Markers at points.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// Name in the legend; empty for none.
    pub name: String,
    /// Points (x, y).
    pub points: Vec<[f64; 2]>,
    /// Shape.
    pub marker: Marker,
    /// Diameter as a multiple of the usual one of the page style.
    pub size: f64,
    /// A further factor for each point; empty if all are as large.
    pub sizes: Vec<f64>,
    /// Colour of all, or of each.
    pub ink: PointInk,
    /// The named line that each point belongs to: where that line is hidden, so is the point; empty for points of their own.
    pub owners: Vec<String>,
    /// What is said of each point beside its place; empty for points of which nothing more is known.
    pub words: Vec<String>,
}

/// Colour of markers.
#[derive(Clone, Debug, PartialEq)]
pub enum PointInk {
    /// The same for all.
    One(Ink),
    /// By a value for each point, in the order of the points.
    Mapped {
        /// One value for each point; a missing or NaN one gives the no-data colour.
        values: Vec<f64>,
        /// How values become colours.
        scale: ColorScale,
    },
}

/// Shape of a marker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Marker {
    /// Disc.
    #[default]
    Circle,
    /// Square.
    Square,
    /// Square on its corner.
    Diamond,
    /// Triangle pointing up.
    Up,
    /// Triangle pointing down.
    Down,
    /// Saltire, drawn with strokes.
    Cross,
    /// Upright cross, drawn with strokes.
    Plus,
}

/// The area between two curves; the three lists have the same length, the shortest counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Name in the legend; empty for none.
    pub name: String,
    /// Common x.
    pub x: Vec<f64>,
    /// Lower edge.
    pub lower: Vec<f64>,
    /// Upper edge.
    pub upper: Vec<f64>,
    /// Colour.
    pub ink: Ink,
    /// Share of one.
    pub opacity: f64,
}

/// The area between a curve and a horizontal level, with an outline along the curve: one row of a ridge plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Name in the legend; empty for none.
    pub name: String,
    /// x of the curve.
    pub x: Vec<f64>,
    /// y of the curve, same length as `x`.
    pub y: Vec<f64>,
    /// The level in y.
    pub baseline: f64,
    /// Colour of outline and fill.
    pub ink: Ink,
    /// Strength of the fill, share of one.
    pub opacity: f64,
    /// Whether the fill hides what lies behind it.
    pub cover: Cover,
}

/// Whether a fill hides what lies behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Translucent: overlaid distributions.
    #[default]
    Through,
    /// Opaque, in a colour mixed with the background: the rows of a ridge plot.
    Hides,
}

/// A grid of cells coloured by value.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// `rows * cols` values, row by row; row 0 lies between `y_edges[0]` and `y_edges[1]`. NaN means no data.
    pub values: Vec<f32>,
    /// `cols + 1` edges, increasing.
    pub x_edges: Vec<f64>,
    /// `rows + 1` edges, increasing.
    pub y_edges: Vec<f64>,
    /// How values become colours.
    pub scale: ColorScale,
    /// Names of the values 0, 1, 2 …; empty for measurements.
    pub categories: Vec<String>,
    /// How sure each value is, from 0 to 1, NaN where that is not known; empty for maps without.
    pub confidence: Vec<f32>,
    /// The mark over each cell, 0 for none, else its place in the names from 1; empty for maps without.
    pub marks: Vec<u8>,
    /// Names of the marks 1, 2 ….
    pub mark_names: Vec<String>,
    /// Rows and columns of one block: lines stand between blocks.
    pub block: Option<(usize, usize)>,
    /// Cells with a ring around them, each by its row and column.
    pub rings: Vec<(usize, usize)>,
    /// What a ring means.
    pub ring_name: String,
}

/// Direction of a rule or span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// A rule at a y; a span over an interval of y.
    Horizontal,
    /// A rule at an x; a span over an interval of x.
    Vertical,
}

/// A straight reference line across the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Direction of the line.
    pub orientation: Orientation,
    /// Position on the other axis.
    pub value: f64,
    /// Written at the line; empty for none.
    pub label: String,
    /// Dash.
    pub dash: Dash,
    /// Colour.
    pub ink: Ink,
    /// The control that a person turns by dragging the line, if it stands at one.
    pub control: Option<String>,
}

/// A shaded interval across the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// See [`Orientation`].
    pub orientation: Orientation,
    /// Lower end; minus infinity reaches the edge of the plot.
    pub from: f64,
    /// Upper end; infinity reaches the edge of the plot.
    pub to: f64,
    /// Written into the interval; empty for none.
    pub label: String,
    /// Colour.
    pub ink: Ink,
}

/// A point that a person drags to turn controls; on a page it is a marker like any other.
#[derive(Clone, Debug, PartialEq)]
pub struct Handle {
    /// Position (x, y).
    pub at: [f64; 2],
    /// What it is, for readers of the accessibility tree and for the file.
    pub label: String,
    /// The control that dragging it sideways turns, and what the control's value is multiplied with to give the place.
    pub x: Option<(String, f64)>,
    /// The same for dragging it up and down.
    pub y: Option<(String, f64)>,
}

/// A word at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Position (x, y).
    pub at: [f64; 2],
    /// What is written.
    pub text: String,
    /// Which side of the text stands at the position.
    pub anchor: Anchor,
    /// Colour.
    pub ink: Ink,
}

/// Which side of a text stands at its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    #[default]
    Middle,
    /// The text ends there.
    End,
}

/// Adjoining bars from zero, or stacked on others.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Name in the legend; empty for none.
    pub name: String,
    /// One more than there are bars, increasing.
    pub edges: Vec<f64>,
    /// Length of each bar; NaN leaves a gap.
    pub heights: Vec<f64>,
    /// Where each bar begins, for stacked ones; empty means zero.
    pub bases: Vec<f64>,
    /// Colour.
    pub ink: Ink,
    /// Upright bars stand on the horizontal axis ([`Orientation::Vertical`]); lying ones begin at the vertical axis.
    pub orientation: Orientation,
}

impl Line {
    /// A solid line of normal weight.
    pub fn new(name: impl Into<String>, points: Vec<[f64; 2]>, ink: Ink) -> Self {
        let (dash, stroke, steps) = (Dash::Solid, Stroke::Normal, Steps::Linear);
        Self { name: name.into(), points, ink, dash, stroke, steps, source: None, words: Vec::new() }
    }

    /// The corners that are drawn: the points, with the corners of the staircase between them.
    pub fn corners(&self) -> Vec<[f64; 2]> {
        match self.steps {
            Steps::Linear => self.points.clone(),
            Steps::After => {
                let mut corners = Vec::with_capacity(self.points.len() * 2);
                for pair in self.points.windows(2) {
                    if let [from, to] = pair {
                        corners.extend([*from, [to[0], from[1]]]);
                    }
                }
                corners.extend(self.points.last());
                corners
            }
        }
    }
}

impl Points {
    /// Round markers of the usual size in one colour.
    pub fn new(name: impl Into<String>, points: Vec<[f64; 2]>, ink: Ink) -> Self {
        let (marker, sizes) = (Marker::Circle, Vec::new());
        let (owners, words) = (Vec::new(), Vec::new());
        Self { name: name.into(), points, marker, size: 1.0, sizes, ink: PointInk::One(ink), owners, words }
    }
}

impl Heat {
    /// A grid with edges 0, 1, 2 … on both axes, as category axes want it.
    pub fn on_unit_grid(rows: usize, cols: usize, values: Vec<f32>, scale: ColorScale) -> Self {
        let edges = |count: usize| (0..=count).map(|index| index as f64).collect();
        Self {
            rows,
            cols,
            values,
            x_edges: edges(cols),
            y_edges: edges(rows),
            scale,
            categories: Vec::new(),
            confidence: Vec::new(),
            marks: Vec::new(),
            mark_names: Vec::new(),
            block: None,
            rings: Vec::new(),
            ring_name: String::new(),
        }
    }

    /// The name of a value, if the values are categories.
    pub fn category(&self, value: f32) -> Option<&str> {
        // Saturates at 0 for what is below, so that is asked for.
        (value >= 0.0).then(|| self.categories.get(value as usize)).flatten().map(String::as_str)
    }

    /// The value of a cell; `None` outside the grid.
    pub fn value(&self, row: usize, col: usize) -> Option<f32> {
        if row < self.rows && col < self.cols {
            self.values.get(row * self.cols + col).copied()
        } else {
            None
        }
    }
}

impl Bars {
    /// Upright bars from zero.
    pub fn new(name: impl Into<String>, edges: Vec<f64>, heights: Vec<f64>, ink: Ink) -> Self {
        Self { name: name.into(), edges, heights, bases: Vec::new(), ink, orientation: Orientation::Vertical }
    }

    /// Each bar that is there: its edges along the axis it stands on, where it begins and where it ends.
    pub fn boxes(&self) -> impl Iterator<Item = [f64; 4]> {
        self.edges.windows(2).zip(&self.heights).enumerate().filter_map(|(index, (edges, height))| {
            let base = self.bases.get(index).copied().unwrap_or(0.0);
            let [from, to] = edges else { return None };
            (!height.is_nan()).then_some([*from, *to, base, base + height])
        })
    }
}

impl Item {
    /// Name in the legend; empty if the item has none.
    pub fn name(&self) -> &str {
        match self {
            Self::Line(line) => &line.name,
            Self::Points(points) => &points.name,
            Self::Band(band) => &band.name,
            Self::Area(area) => &area.name,
            Self::Bars(bars) => &bars.name,
            Self::Heat(_) | Self::Rule(_) | Self::Span(_) | Self::Label(_) | Self::Handle(_) => "",
        }
    }

    /// Number of finite points that logarithmic axes cannot show.
    pub(super) fn hidden_points(&self, x_scale: Scale, y_scale: Scale) -> usize {
        let hidden =
            |x: f64, y: f64| x.is_finite() && y.is_finite() && !(x_scale.shows(x) && y_scale.shows(y));
        match self {
            Self::Line(Line { points, .. }) | Self::Points(Points { points, .. }) => {
                points.iter().filter(|[x, y]| hidden(*x, *y)).count()
            }
            Self::Band(band) => {
                let edges = band.lower.iter().zip(&band.upper);
                band.x
                    .iter()
                    .zip(edges)
                    .filter(|(x, (low, high))| hidden(**x, **low) || hidden(**x, **high))
                    .count()
            }
            Self::Area(area) => area.x.iter().zip(&area.y).filter(|(x, y)| hidden(**x, **y)).count(),
            Self::Handle(Handle { at: [x, y], .. }) => usize::from(hidden(*x, *y)),
            Self::Heat(_) | Self::Rule(_) | Self::Span(_) | Self::Label(_) | Self::Bars(_) => 0,
        }
    }
}

macro_rules! item_from {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Item {
            fn from(value: $kind) -> Self {
                Self::$kind(value)
            }
        })*
    };
}

item_from!(Line, Points, Band, Area, Heat, Rule, Span, Label, Bars, Handle);
