//! Views as data: which channels are drawn together, how, and what to say about them.
//!
//! A lab lists its views; window, export and documentation draw any of them without knowing the lab.

use serde::{Deserialize, Serialize};

use super::Record;
use super::control::{ControlSpec, Controls};
use super::declared::Declaration;
use super::handle::Handle;

/// How channels are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// Scalar channels, or all components of vector channels, as lines over steps.
    Lines,
    /// Picked components of one vector channel, with marks and reference lines.
    Trace,
    /// Components of one vector channel × steps as a heat map.
    HeatMap,
    /// Histograms over steps as a ridge.
    Ridge,
    /// Dots coloured by a value; of several channels each has its own marker, and its own colour where the view's colour says nothing.
    Scatter,
    /// Nested intervals.
    Bands,
    /// One curve for each channel.
    Curve,
    /// A grid at one step.
    Grid,
    /// Small multiples: one grid for each channel, each with its own colours.
    Panels,
    /// Bars of a histogram or of categories, stacked.
    Bars,
    /// Nodes and edges.
    Graph,
    /// Nodes in columns and lines between them, as wide as their weights: which belongs to which.
    Matching,
    /// Vector channels whose components are shares of one, each as a trail between corners that stand for the components.
    Simplex,
    /// Shares that add up to one, stacked over steps.
    Stacked,
    /// Mean ranks with the critical difference.
    Ranks,
    /// A table.
    Table,
    /// Words.
    Text,
}

/// How an axis maps numbers to lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Equal differences are equal lengths.
    #[default]
    Linear,
    /// Equal ratios are equal lengths.
    Log,
    /// Logarithmic on both sides of zero, linear in the middle.
    Symlog,
}

/// What the numbers of an axis count, where the window must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Anything.
    #[default]
    Other,
    /// Steps of the run: the axis takes part in the cursor and the scrub bar that all views share. Steps of anything else (a reverse
    /// process, an inner training) are no such steps.
    RunSteps,
}

/// One axis of a view.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AxisSpec {
    /// Words beside the axis.
    pub label: String,
    /// Unit, empty when there is none.
    pub unit: String,
    /// What its numbers count.
    #[serde(default)]
    pub quantity: Quantity,
    /// Scale at first sight; the person can change it.
    pub scale: AxisScale,
    /// Fixed limits, when the quantity has natural ones.
    pub limits: Option<(f64, f64)>,
    /// Text channel that holds the words, where they depend on the data or the controls; `label` stands until it is there.
    #[serde(default)]
    pub named_by: Option<String>,
}

impl AxisSpec {
    /// A linear axis that fits its data.
    pub fn new(label: &str, unit: &str) -> Self {
        Self { label: label.to_owned(), unit: unit.to_owned(), ..Self::default() }
    }

    /// The axis of the steps of the run.
    pub fn steps() -> Self {
        Self { quantity: Quantity::RunSteps, ..Self::new("step", "") }
    }

    /// With another scale.
    #[must_use]
    pub fn scale(self, scale: AxisScale) -> Self {
        Self { scale, ..self }
    }

    /// With words from a text channel.
    #[must_use]
    pub fn named_by(self, channel: &str) -> Self {
        Self { named_by: Some(channel.to_owned()), ..self }
    }

    /// With fixed limits.
    #[must_use]
    pub fn limits(self, low: f64, high: f64) -> Self {
        Self { limits: Some((low, high)), ..self }
    }
}

/// A reference line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Across which axis the value lies.
    pub axis: ReferenceAxis,
    /// Where.
    pub value: f64,
    /// Words at the line, may be empty.
    pub label: String,
    /// How it is drawn.
    pub style: ReferenceStyle,
    /// The control whose value the line stands at; dragging the line turns it. `value` is then what it stands at before.
    pub control: Option<String>,
}

impl Reference {
    /// A line without words, at a fixed place.
    pub fn new(axis: ReferenceAxis, value: f64, style: ReferenceStyle) -> Self {
        Self { axis, value, label: String::new(), style, control: None }
    }

    /// With words.
    #[must_use]
    pub fn label(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// Standing at a control's value.
    #[must_use]
    pub fn control(self, control: &str) -> Self {
        Self { control: Some(control.to_owned()), ..self }
    }
}

/// Axis on which a reference value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceAxis {
    /// A vertical line.
    X,
    /// A horizontal line.
    Y,
}

/// What a reference line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceStyle {
    /// A value that can be taken (a quantization level): solid.
    Level,
    /// A limit that can be crossed (a decision boundary): dashed.
    Boundary,
}

/// When a button of a view can act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acts {
    /// On any run: what it selects is read from the record.
    #[default]
    Always,
    /// While the run goes on, whose lab carries it out; other runs do not show it.
    InWork,
    /// While the run goes on, whose lab carries it out; of any other run a fork is offered with what it selects.
    InWorkOrFork,
}

/// Something a view offers as a button; the running lab, or its `pick`, carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSpec {
    /// Identity.
    pub id: String,
    /// Words on the button.
    pub label: String,
    /// What it does, in one sentence.
    pub about: String,
    /// When it can act.
    #[serde(default)]
    pub acts: Acts,
}

/// One view of a lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewSpec {
    /// Identity inside the lab; part of file names.
    pub id: String,
    /// Title of the tile and of the figure.
    pub title: String,
    /// The control that chooses what the view is of (a layer), by id: the name of what is chosen stands behind the title.
    #[serde(default)]
    pub subject: Option<String>,
    /// How it is drawn.
    pub kind: ViewKind,
    /// Channels by id; `family/*` takes each channel of a family.
    pub channels: Vec<String>,
    /// True if one channel is shown at a time, chosen in the tile.
    pub one_channel: bool,
    /// Horizontal axis.
    pub x: AxisSpec,
    /// Vertical axis.
    pub y: AxisSpec,
    /// What a colour says, for heat maps and scatters.
    pub color: Option<AxisSpec>,
    /// Channels, by id or `family/*`, that are drawn dashed: each in the colour of the one that it stands beside, the first dashed one
    /// beside the first of the others.
    #[serde(default)]
    pub dashed: Vec<String>,
    /// Events drawn on top, by channel id.
    pub marks: Option<String>,
    /// Events beside those of `marks`, one for each with its step and component, by channel id: how much of the component's move into
    /// that step its scale made, in the units of the vertical axis; the rest is the component's own.
    #[serde(default)]
    pub shifts: Option<String>,
    /// Reference lines.
    pub references: Vec<Reference>,
    /// Curve channel with the levels of a quantizer as y, where they depend on the data or the controls: a line at each, a dashed one
    /// between neighbours.
    #[serde(default)]
    pub levels: Option<String>,
    /// True if the first histogram of a ridge is drawn over the newest one too: what was there at the start.
    #[serde(default)]
    pub with_start: bool,
    /// Points that a person drags, to turn one control or two.
    #[serde(default)]
    pub handles: Vec<Handle>,
    /// Curves drawn over a grid, a scatter or bars, by channel; a grid's cell (row r, column c) spans c to c + 1 and r to r + 1, the
    /// lane of a named bar (number r) r to r + 1.
    pub overlays: Vec<String>,
    /// Text channel with a sentence that stands below the picture.
    #[serde(default)]
    pub note: Option<String>,
    /// Buttons.
    pub actions: Vec<ActionSpec>,
    /// What can be turned here without running anything again.
    pub controls: Vec<ControlSpec>,
    /// The controls that the derived channels of this view depend on; empty if it has none.
    pub derives: Vec<String>,
    /// The controls of other views among these, as they are declared there; the frame fills it in.
    #[serde(default)]
    pub turned_elsewhere: Vec<ControlSpec>,
    /// True if the view is made from several runs: its channels are derived from this run and the ticked ones.
    #[serde(default)]
    pub across: bool,
    /// Channels, texts or grids, in which runs must agree to be drawn together: those of others have nothing to do with what is
    /// shown (another data set's row 17).
    #[serde(default)]
    pub agree: Vec<String>,
    /// The view with which it shares a tile at first, as a tab behind it; a tile of its own if none.
    #[serde(default)]
    pub tab_of: Option<String>,
    /// The view to which a click here adds components, by id.
    pub picks_into: Option<String>,
    /// One sentence that says what will appear, shown while there are no data.
    pub empty: String,
    /// What is plotted, the formula, how to read it, the paper's figure: Markdown.
    pub help: String,
}

impl ViewSpec {
    /// True if the channel with this id is drawn dashed.
    pub fn is_dashed(&self, channel: &str) -> bool {
        self.dashed.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(family) => channel.starts_with(family),
            None => pattern == channel,
        })
    }

    /// The title with the name of what the view is of, as record and controls stand.
    pub fn titled(&self, record: &Record, controls: &Controls) -> String {
        let mut all = self.controls.iter().chain(&self.turned_elsewhere);
        let control = self.subject.as_ref().and_then(|id| all.find(|control| control.id == *id));
        match control.and_then(|control| control.chosen(record, controls)) {
            Some(name) if !name.is_empty() => format!("{} – {name}", self.title),
            _ => self.title.clone(),
        }
    }

    /// True if its channels are derived, not recorded.
    pub fn is_derived(&self) -> bool {
        self.across || !self.derives.is_empty()
    }

    /// A view of declared channels, with everything optional left out.
    pub fn of(id: &str, title: &str, kind: ViewKind, channels: &[&dyn Declaration]) -> Self {
        let patterns: Vec<String> = channels.iter().map(|channel| channel.pattern()).collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        Self::new(id, title, kind, &patterns)
    }

    /// A view of channels by their ids or patterns, with everything optional left out; views of labs are made with [`ViewSpec::of`].
    pub fn new(id: &str, title: &str, kind: ViewKind, channels: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            subject: None,
            kind,
            channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
            one_channel: false,
            x: AxisSpec::steps(),
            y: AxisSpec::default(),
            color: None,
            dashed: Vec::new(),
            marks: None,
            shifts: None,
            references: Vec::new(),
            levels: None,
            with_start: false,
            handles: Vec::new(),
            overlays: Vec::new(),
            note: None,
            actions: Vec::new(),
            controls: Vec::new(),
            derives: Vec::new(),
            turned_elsewhere: Vec::new(),
            across: false,
            agree: Vec::new(),
            tab_of: None,
            picks_into: None,
            empty: String::new(),
            help: String::new(),
        }
    }
}

/// A click on a view, or a rectangle brushed in it, in the view's own coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// The view.
    pub view: String,
    /// Channel shown there (for views that show one at a time), else the first.
    pub channel: String,
    /// Horizontal position in data units.
    pub x: f64,
    /// Vertical position in data units; a row's index on a heat map.
    pub y: f64,
    /// Step shown there.
    pub step: u64,
    /// The brushed rectangle, if it was no click: left, right, bottom, top; the position is then its middle.
    #[serde(default)]
    pub region: Option<[f64; 4]>,
}
