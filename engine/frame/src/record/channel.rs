//! A channel: one measured quantity with its name, unit and a sentence of explanation.

use serde::{Deserialize, Serialize};

use super::chunks::Chunks;
use super::frames::{Bands, Bars, Curve, Dot, Graph, Grid, Histograms, Ranks, Table, Timeline};
use super::series::Series;

/// One measured quantity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Identity inside a run, with `/` between a family and its members: `loss/train`, `scale/fc1`.
    pub id: String,
    /// Words for legends.
    pub label: String,
    /// Unit, empty when there is none.
    pub unit: String,
    /// One sentence: what it is and how it is computed.
    pub about: String,
    /// True if it is a figure of the machine (time, memory), which no two runs share: left out of every comparison.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clock: bool,
    /// In a view across runs the run that it is of, so that it has the colour of that run: 0 for the one that is shown, then the peers in
    /// their order. None if it is of several runs, or the view is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<usize>,
    /// The measurements.
    pub data: Data,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Channel {
    /// A channel with its data.
    pub fn new(id: impl Into<String>, label: impl Into<String>, unit: &str, about: &str, data: Data) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            unit: unit.to_owned(),
            about: about.to_owned(),
            clock: false,
            run: None,
            data,
        }
    }
}

/// The kinds of measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Data {
    /// One number over steps; the only kind that stands in `metrics.csv`.
    Scalar(Series),
    /// Several numbers over steps.
    Vector(Vector),
    /// Events at components of a vector channel.
    Marks(Marks),
    /// Counts between fixed edges over steps.
    Histogram(Histograms),
    /// Rectangles of numbers over steps.
    Grid(Timeline<Grid>),
    /// Scatters over steps.
    Points(Timeline<Vec<Dot>>),
    /// Intervals over steps.
    Bands(Timeline<Bands>),
    /// Curves over steps.
    Curve(Timeline<Curve>),
    /// Bars over steps.
    Bars(Timeline<Bars>),
    /// Graphs over steps.
    Graph(Timeline<Graph>),
    /// Mean ranks over steps.
    Ranks(Timeline<Ranks>),
    /// Tables over steps.
    Table(Timeline<Table>),
    /// Words.
    Text(String),
    /// What a control offers: key and words of each choice, in order.
    Choices(Vec<(String, String)>),
}

impl Data {
    /// True if two texts, or the newest of two grids, say the same; kinds that are no such words or tables never do.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(own), Self::Text(theirs)) => own == theirs,
            (Self::Choices(own), Self::Choices(theirs)) => own == theirs,
            (Self::Grid(own), Self::Grid(theirs)) => match (own.last(), theirs.last()) {
                (Some((_, own)), Some((_, theirs))) => {
                    own.columns == theirs.columns && own.values == theirs.values
                }
                (own, theirs) => own.is_none() == theirs.is_none(),
            },
            _ => false,
        }
    }

    /// The steps at which pictures of this channel are kept; none for series and words.
    pub fn picture_steps(&self) -> Vec<u64> {
        fn steps<T>(timeline: &Timeline<T>) -> Vec<u64> {
            timeline.iter().map(|(step, _)| step).collect()
        }
        match self {
            Self::Histogram(histograms) => steps(&histograms.counts),
            Self::Grid(timeline) => steps(timeline),
            Self::Points(timeline) => steps(timeline),
            Self::Bands(timeline) => steps(timeline),
            Self::Curve(timeline) => steps(timeline),
            Self::Bars(timeline) => steps(timeline),
            Self::Graph(timeline) => steps(timeline),
            Self::Ranks(timeline) => steps(timeline),
            Self::Table(timeline) => steps(timeline),
            Self::Scalar(_) | Self::Vector(_) | Self::Marks(_) | Self::Text(_) | Self::Choices(_) => {
                Vec::new()
            }
        }
    }
}

/// Several series of one kind; components may join while the run goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Vector {
    /// The components in the order in which they joined.
    pub components: Vec<Component>,
}

/// One component of a [`Vector`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Component {
    /// Words for legends: `fc1[3, 17]`.
    pub label: String,
    /// What it belongs to: a layer's name.
    pub group: String,
    /// Identity for selection: a weight's index in the flat parameter vector.
    pub id: u64,
    /// Its values over steps.
    pub series: Series,
}

impl Vector {
    /// Position of the component with this identity.
    pub fn position(&self, id: u64) -> Option<usize> {
        self.components.iter().position(|component| component.id == id)
    }
}

/// Events, each of one category, at components of the vector channel `of`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "PackedMarks", into = "PackedMarks")]
pub struct Marks {
    /// Names of the categories.
    pub categories: Vec<String>,
    /// The events in the order of their steps.
    pub marks: Chunks<Mark>,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Step.
    pub step: f64,
    /// Height in the units of the vector channel.
    pub value: f32,
    /// Identity of the component.
    pub id: u64,
    /// Index into the categories.
    pub category: u8,
}

#[derive(Serialize, Deserialize)]
struct PackedMarks {
    categories: Vec<String>,
    marks: Vec<(f64, f32, u64, u8)>,
}

impl From<Marks> for PackedMarks {
    fn from(marks: Marks) -> Self {
        let list = marks.marks.iter().map(|mark| (mark.step, mark.value, mark.id, mark.category)).collect();
        Self { categories: marks.categories, marks: list }
    }
}

impl From<PackedMarks> for Marks {
    fn from(packed: PackedMarks) -> Self {
        let mut marks = Chunks::default();
        marks.extend(packed.marks.into_iter().map(|(step, value, id, category)| Mark {
            step,
            value,
            id,
            category,
        }));
        Self { categories: packed.categories, marks }
    }
}
