//! What a lab says of itself: its paper, published figures beside ours, what it makes of a run besides the record.

use std::collections::BTreeMap;

use crate::record::{Record, ViewSpec};

/// What a lab is, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Title in the window.
    pub title: &'static str,
    /// The claim in one or two sentences.
    pub claim: &'static str,
    /// Authors, title and number of the paper.
    pub paper: &'static str,
    /// Address of the paper.
    pub link: &'static str,
    /// The results by which a run is judged, the weightiest first.
    pub headlines: &'static [&'static str],
}

/// Whether a published figure can be compared with ours.
#[derive(Clone, Debug)]
pub enum Comparability {
    /// Our figure should lie within this distance of it.
    Within(f64),
    /// It cannot, and why.
    NotComparable(&'static str),
    /// It cannot; the words say what the results of the run show of the claim, and why no more can be said.
    Shown(fn(&BTreeMap<String, f64>) -> String),
}

/// One line of the reproduction card.
#[derive(Clone, Debug)]
pub struct ReferenceRow {
    /// What is compared.
    pub quantity: &'static str,
    /// The published figure, or the desk protocol's.
    pub published: &'static str,
    /// Where it stands.
    pub source: &'static str,
    /// Name of our result, if we have one.
    pub result: Option<&'static str>,
    /// The published figure as a number, for the comparison.
    pub value: Option<f64>,
    /// Whether it can be compared.
    pub comparability: Comparability,
}

/// Something that a lab can make of a run besides its record: a folder for other programs and people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its word on the command line.
    pub id: &'static str,
    /// Words for a menu.
    pub label: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
}

/// A page that a lab brings besides the help of its views: what is done with it outside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guide {
    /// Its title.
    pub title: &'static str,
    /// What one gets from it, in one or two sentences.
    pub about: &'static str,
    /// The page, in Markdown.
    pub text: &'static str,
    /// Texts to be copied: the words of the button, and the text.
    pub copies: &'static [(&'static str, &'static str)],
    /// A preset that shows what it is about.
    pub demo: Option<&'static str>,
}

/// What a file of one's own asks of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Settings with typed values.
    pub settings: Vec<(&'static str, String)>,
    /// Settings for a window that stays open: how long to wait for news.
    pub live: Vec<(&'static str, String)>,
    /// What will happen, for people: `looks at model.safetensors`.
    pub words: String,
}

/// Predictions for new rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicted {
    /// One line for each row, as CSV.
    pub csv: Vec<u8>,
    /// What the run does not know about the rows, in sentences.
    pub warnings: Vec<String>,
}

/// A file that a lab wrote for people, as views without a run.
#[derive(Clone, Debug)]
pub struct Reopened {
    /// What the file holds.
    pub record: Record,
    /// How it is looked at; nothing in them is derived.
    pub views: Vec<ViewSpec>,
}

/// What a finished run can say of new rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// What the file of predictions holds, in one sentence.
    pub about: &'static str,
    /// Words of the methods to choose from; without a choice the run's best one predicts.
    pub methods: Vec<String>,
}
