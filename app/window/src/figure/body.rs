//! Figures that are not one plot: tables, graphs, several panels.

use super::model::{Body, Ink};

/// Rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableBody {
    /// Columns from left to right.
    pub columns: Vec<Column>,
    /// Rows from top to bottom; each has one cell per column, missing ones are empty.
    pub rows: Vec<Vec<Cell>>,
    /// Indices of the rows printed in bold, such as the best.
    pub emphasised: Vec<usize>,
    /// The place of each row in the record, where a person ordered them otherwise; empty where they stand as recorded.
    pub places: Vec<usize>,
    /// The colour of the run that each row is of, where runs are told apart by colours; empty where they are not.
    pub inks: Vec<Option<Ink>>,
}

impl TableBody {
    /// The place of a row in the record.
    pub fn place(&self, row: usize) -> usize {
        self.places.get(row).copied().unwrap_or(row)
    }
}

/// Several bodies on one page, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelsBody {
    /// Panels in a row.
    pub columns: usize,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
}

/// One of several bodies on a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Heading; a letter in brackets before it tells panels apart.
    pub title: String,
    /// What is shown. Panels in panels are not drawn.
    pub body: Body,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name of the quantity.
    pub label: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// How its cells stand; numbers read best right-aligned.
    pub align: Align,
    /// Significant digits printed for its numbers; the data file has all of them.
    pub digits: usize,
}

/// How the cells of a column stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// To the left.
    #[default]
    Left,
    /// To the right.
    Right,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A measured value, printed with the digits of its column.
    Number(f64),
    /// A count, printed in full.
    Count(u64),
    /// Nothing, printed as a dash.
    Missing,
}

/// Nodes and weighted edges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphBody {
    /// Nodes with their places.
    pub nodes: Vec<Node>,
    /// Edges; several between the same nodes are drawn side by side.
    pub edges: Vec<Edge>,
}

/// A node of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Place to the right, in any unit; the drawing is fitted to the page.
    pub x: f64,
    /// Place downwards, in the same unit.
    pub y: f64,
    /// Written in the node.
    pub label: String,
    /// How much it stands out.
    pub emphasis: Emphasis,
}

/// An edge of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Index of the node it leaves.
    pub from: usize,
    /// Index of the node it enters.
    pub to: usize,
    /// Share of one, drawn as thickness.
    pub weight: f64,
    /// Written at the edge; empty for none.
    pub label: String,
    /// How much it stands out.
    pub emphasis: Emphasis,
}

/// How much a part of a graph stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Emphasis {
    /// As the others.
    #[default]
    Normal,
    /// Chosen or best: in the accent colour and bold.
    Strong,
    /// Present but of no weight: pale.
    Faint,
}

impl Column {
    /// A left-aligned column of words.
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), unit: String::new(), align: Align::Left, digits: 4 }
    }

    /// A right-aligned column of numbers with four significant digits.
    pub fn number(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { label: label.into(), unit: unit.into(), align: Align::Right, digits: 4 }
    }

    /// The same column with another number of significant digits.
    #[must_use]
    pub fn digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }

    /// Label with the unit in brackets.
    pub fn heading(&self) -> String {
        super::model::heading(&self.label, &self.unit)
    }
}

impl Cell {
    /// What is printed in a column with this many significant digits.
    pub fn display(&self, digits: usize) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value) => super::number::significant(*value, digits),
            Self::Count(count) => super::number::count(*count),
            Self::Missing => "–".to_owned(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}
