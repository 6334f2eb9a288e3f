//! Kinds of channel data that are whole pictures at one step: histograms, grids, points, bands, curves, graphs, tables.
//!
//! A [`Timeline`] keeps such pictures over the steps, thinned evenly, so that the past can be looked at again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Most pictures that a timeline keeps; beyond, every second one goes.
pub const MOST_FRAMES: usize = 240;

/// Pictures over steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline<T> {
    frames: Arc<Vec<(u64, Arc<T>)>>,
    /// Only each `stride`-th offered picture is kept.
    stride: u64,
    offered: u64,
    /// The newest picture is there only until the next one comes.
    passing: bool,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { frames: Arc::default(), stride: 1, offered: 0, passing: false }
    }
}

impl<T> Timeline<T> {
    /// A single picture, for channels that do not move.
    pub fn one(frame: T) -> Self {
        let mut timeline = Self::default();
        timeline.push(0, frame);
        timeline
    }

    /// Offers a picture. What is kept depends on how many were offered, not on the clock; the newest is always there.
    pub fn push(&mut self, step: u64, frame: T) {
        let kept = self.offered.is_multiple_of(self.stride);
        self.offered += 1;
        let frames = Arc::make_mut(&mut self.frames);
        if self.passing {
            frames.pop();
        }
        self.passing = !kept;
        frames.push((step, Arc::new(frame)));
        if kept && frames.len() > MOST_FRAMES {
            let mut index = 0_u64;
            frames.retain(|_| {
                index += 1;
                !index.is_multiple_of(2)
            });
            self.stride *= 2;
            self.passing = !(self.offered - 1).is_multiple_of(self.stride);
        }
    }

    /// All kept pictures with their steps.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> + ExactSizeIterator {
        self.frames.iter().map(|(step, frame)| (*step, frame.as_ref()))
    }

    /// The last picture at or before `step`, else the first one.
    pub fn at(&self, step: u64) -> Option<(u64, &T)> {
        let after = self.frames.partition_point(|(at, _)| *at <= step);
        self.frames.get(after.saturating_sub(1)).map(|(step, frame)| (*step, frame.as_ref()))
    }

    /// The newest picture.
    pub fn last(&self) -> Option<(u64, &T)> {
        self.frames.last().map(|(step, frame)| (*step, frame.as_ref()))
    }

    /// True without pictures.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

/// Counts between fixed edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histograms {
    /// Bin edges, one more than bins.
    pub edges: Vec<f64>,
    /// Counts over steps; each as long as there are bins.
    pub counts: Timeline<Vec<u32>>,
    /// Extra positions worth a line (decision boundaries), in the units of the edges.
    pub markers: Vec<f64>,
}

/// A rectangle of numbers; NaN where unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Labels or values of the rows, bottom to top.
    pub rows: Vec<String>,
    /// Labels or values of the columns.
    pub columns: Vec<String>,
    /// Row-major values, `rows × columns`.
    pub values: Vec<f32>,
    /// Names of the values 0, 1, 2 …, when they are categories; empty for measurements.
    #[serde(default)]
    pub categories: Vec<String>,
    /// True if zero is the middle of the colours: values on both sides of it mean opposite things.
    #[serde(default)]
    pub diverging: bool,
    /// Ends of the colours, when the quantity has natural ones or several grids share them.
    #[serde(default)]
    pub limits: Option<(f64, f64)>,
    /// How sure each value is, from 0 to 1, NaN where that is not known; empty for grids without. Less sure cells are drawn paler.
    #[serde(default)]
    pub confidence: Vec<f32>,
    /// The mark over each cell, 0 for none, else its place in the names from 1; empty for grids without. Marked cells are hatched.
    #[serde(default)]
    pub marks: Vec<u8>,
    /// Names of the marks 1, 2 ….
    #[serde(default)]
    pub mark_names: Vec<String>,
    /// Rows and columns of one block, for a matrix that is updated or read in blocks: lines stand between blocks.
    #[serde(default)]
    pub block: Option<(usize, usize)>,
    /// Cells with a ring around them, each by its row and column: what was chosen, what is best.
    #[serde(default)]
    pub rings: Vec<(usize, usize)>,
    /// What a ring means; empty without rings.
    #[serde(default)]
    pub ring_name: String,
}

/// One dot of a scatter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dot {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position.
    pub y: f64,
    /// What its colour says.
    pub value: f64,
    /// Identity for selection (a weight's index, a run's number).
    pub id: u64,
    /// Diameter as a multiple of the usual one.
    #[serde(default = "usual_size")]
    pub size: f32,
}

const fn usual_size() -> f32 {
    1.0
}

impl Dot {
    /// A dot of the usual size.
    pub const fn new(x: f64, y: f64, value: f64, id: u64) -> Self {
        Self { x, y, value, id, size: usual_size() }
    }

    /// The same dot with this multiple of the usual diameter.
    #[must_use]
    pub const fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }
}

/// Between the group and the member in names of rows or columns: where there is no room for all names, groups are named.
pub const GROUP_SEPARATOR: &str = " · ";

/// Nested intervals over x, with what was observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// Positions.
    pub x: Vec<f64>,
    /// One entry per interval, widest first: nominal level, lower ends, upper ends.
    pub intervals: Vec<(f64, Vec<f64>, Vec<f64>)>,
    /// Observations at the same positions; NaN where none.
    pub observed: Vec<f64>,
    /// Place of the interval that is looked at.
    #[serde(default)]
    pub highlighted: Option<usize>,
    /// Whether each observation lies inside that interval; empty if none is looked at.
    #[serde(default)]
    pub inside: Vec<bool>,
    /// Intervals beside these, of something else: name, lower ends, upper ends.
    #[serde(default)]
    pub beside: Vec<(String, Vec<f64>, Vec<f64>)>,
    /// Lines over the intervals.
    #[serde(default)]
    pub lines: Vec<BandLine>,
    /// What the values are, where it is not the view's own quantity; else empty.
    #[serde(default)]
    pub quantity: String,
}

/// A line over intervals: a median, a difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BandLine {
    /// Name.
    pub label: String,
    /// Values at the positions of the intervals.
    pub y: Vec<f64>,
    /// Colour of the series with this number (0 is that of the intervals); none for a line that only guides the eye.
    pub series: Option<usize>,
}

/// y over x, for one picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Positions.
    pub x: Vec<f64>,
    /// Values.
    pub y: Vec<f64>,
    /// Lower and upper ends of a band around it, at the same positions.
    #[serde(default)]
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

/// Bars: a histogram between edges, or one bar for each label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// Bin edges of a histogram, one more than bars; empty for labelled bars.
    pub edges: Vec<f64>,
    /// Names of the bars; empty for a histogram.
    pub labels: Vec<String>,
    /// Named parts, stacked in this order; each as long as there are bars.
    pub series: Vec<(String, Vec<f64>)>,
}

/// Nodes and weighted edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Label and position of each node.
    pub nodes: Vec<(String, f64, f64)>,
    /// From, to, weight: a share of one, drawn as width.
    pub edges: Vec<(usize, usize, f64)>,
    /// Words at the edges, in their order; missing and empty ones are none.
    #[serde(default)]
    pub edge_labels: Vec<String>,
    /// Places of the edges that are chosen or best: they stand out.
    #[serde(default)]
    pub chosen: Vec<usize>,
}

/// Mean ranks of methods over data sets, and which of them do not differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranks {
    /// Name and mean rank, best first.
    pub methods: Vec<(String, f64)>,
    /// First and last rank of each group of methods that do not differ.
    pub groups: Vec<(f64, f64)>,
    /// Difference of ranks from which on two methods differ; none if that cannot be said.
    pub critical: Option<f64>,
    /// What the test says, or what it needs.
    pub headline: String,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
}

/// Typed columns with headings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Headings, with units in brackets.
    pub columns: Vec<String>,
    /// Rows, each as long as the headings.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The table as CSV, numbers with all their digits. Words that a spreadsheet would take for a formula get a quote before them.
    pub fn csv(&self) -> Vec<u8> {
        self.csv_lines().collect::<String>().into_bytes()
    }

    /// The lines of [`Table::csv`], the headings first: for tables that are too long to stand in memory twice.
    pub fn csv_lines(&self) -> impl Iterator<Item = String> {
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let cell = |cell: &Cell| match cell {
            Cell::Number(value) if value.is_nan() => String::new(),
            Cell::Number(value) => value.to_string(),
            Cell::Text(words) => quoted(words),
        };
        let headings = std::iter::once_with(|| self.columns.iter().map(|name| quoted(name)).collect());
        headings.chain(self.rows.iter().map(move |row| row.iter().map(cell).collect())).map(line)
    }
}

/// A cell of words for CSV.
fn quoted(words: &str) -> String {
    let is_formula = words.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let words = if is_formula { format!("'{words}") } else { words.to_owned() };
    if words.contains([',', '"', '\n', '\r']) { format!("\"{}\"", words.replace('"', "\"\"")) } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_stays_small_even_and_current() {
        let mut timeline = Timeline::default();
        for step in 0..10_000_u64 {
            timeline.push(step, step);
            assert_eq!(timeline.last(), Some((step, &step)), "the newest is always there");
            assert!(timeline.iter().len() <= MOST_FRAMES + 1, "bounded at step {step}");
        }
        let steps: Vec<u64> = timeline.iter().map(|(step, _)| step).collect();
        assert_eq!(steps.first(), Some(&0), "the first picture stays");
        let gaps: Vec<u64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let even = gaps.iter().rev().skip(1).all(|gap| *gap == gaps[0]);
        assert!(even, "all gaps but the last are equal: {gaps:?}");
        assert_eq!(timeline.at(5_000).map(|(step, _)| step <= 5_000), Some(true), "looking back");
    }

    #[test]
    fn a_table_as_csv_keeps_digits_and_disarms_formulas() {
        let row = vec![Cell::Number(0.1 + 0.2), Cell::Number(f64::NAN), Cell::Text("=1+1".to_owned())];
        let columns = ["a", "b", "c, d"].map(str::to_owned).to_vec();
        let table = Table { columns, rows: vec![row] };
        assert_eq!(table.csv(), b"a,b,\"c, d\"\n0.30000000000000004,,'=1+1\n");
        assert_eq!(table.csv_lines().nth(1).as_deref(), Some("0.30000000000000004,,'=1+1\n"));
    }
}
