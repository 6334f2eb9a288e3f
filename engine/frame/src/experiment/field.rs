//! The description of one setting of an experiment: what a form shows, what a check enforces, what the documentation prints.
//!
//! A lab names each of its settings once, in [`settings!`](crate::settings); every reader is a [`Visitor`](super::Visitor) of these
//! descriptions: form, check, files, documentation, and what a fork may change.

use std::fmt;

/// How a numeric setting is best dragged and swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal differences feel equal.
    Linear,
    /// Equal ratios feel equal (learning rates).
    Logarithmic,
}

/// The default that the paper (or its code) publishes, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The value as text in the setting's own notation.
    pub value: &'static str,
    /// Section, table or file that states it.
    pub source: &'static str,
}

/// One choice of a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word in files and on the command line.
    pub key: &'static str,
    /// The words in the form.
    pub label: &'static str,
}

/// Where a numeric setting may lie (both ends included).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.max.is_finite() {
            write!(f, "{} to {}", number(self.min), number(self.max))
        } else {
            write!(f, "{} or more", number(self.min))
        }
    }
}

/// A number as a person would type it: no exponent in the ordinary range, a short one outside it.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}

/// A numeric setting that takes listed values only (bit widths).
pub type Allowed = &'static [i64];

/// What a setting is to the rest of the program, beside being a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// The seed: runs that differ in it alone are repeats of each other.
    Seed,
    /// Where and on how many cores a run goes: no number depends on it.
    Machine,
    /// What a sweep is begun with: the learning rate of the method.
    Swept,
    /// The data set, by a name or a path: a file that is dropped on the window goes here.
    DataSet,
    /// The column of a table that is predicted: a click on a column of the preview goes here.
    TargetColumn,
}

/// Everything about one setting except its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key in files, in `--set key=value` and in messages.
    pub key: &'static str,
    /// The words in the form.
    pub label: &'static str,
    /// Unit, empty when there is none.
    pub unit: &'static str,
    /// One or two sentences of help.
    pub help: &'static str,
    /// Allowed range of a numeric setting.
    pub range: Option<Range>,
    /// Allowed values where a range is not enough.
    pub allowed: Option<Allowed>,
    /// How the value is spaced.
    pub spacing: Spacing,
    /// The published default.
    pub published: Option<Published>,
    /// What it is to the rest of the program.
    pub mark: Mark,
    /// The stage that first reads it; none if it is read before the first one: then a fork cannot change it.
    pub stage: Option<&'static str>,
    /// Why a fork cannot change it, where the general words say too little.
    pub fixed_because: &'static str,
    /// False when another setting makes this one meaningless now; it is then hidden, and not checked.
    pub shown: bool,
}

impl Field {
    /// A setting without range, unit or published value.
    pub const fn new(key: &'static str, label: &'static str, help: &'static str) -> Self {
        Self {
            key,
            label,
            unit: "",
            help,
            range: None,
            allowed: None,
            spacing: Spacing::Linear,
            published: None,
            mark: Mark::None,
            stage: None,
            fixed_because: "",
            shown: true,
        }
    }

    /// With a unit.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// With a range, both ends allowed.
    #[must_use]
    pub const fn range(mut self, min: f64, max: f64) -> Self {
        self.range = Some(Range { min, max });
        self
    }

    /// With a closed list of numbers.
    #[must_use]
    pub const fn allowed(mut self, values: Allowed) -> Self {
        self.allowed = Some(values);
        self
    }

    /// With logarithmic spacing.
    #[must_use]
    pub const fn logarithmic(mut self) -> Self {
        self.spacing = Spacing::Logarithmic;
        self
    }

    /// With the published default and its place.
    #[must_use]
    pub const fn published(mut self, value: &'static str, source: &'static str) -> Self {
        self.published = Some(Published { value, source });
        self
    }

    /// With a mark.
    #[must_use]
    pub const fn mark(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    /// First read by this stage: a fork may change it, and what that stage made is made again.
    #[must_use]
    pub const fn stage(mut self, name: &'static str) -> Self {
        self.stage = Some(name);
        self
    }

    /// Never changed by a fork, for this reason.
    #[must_use]
    pub const fn fixed(mut self, because: &'static str) -> Self {
        self.fixed_because = because;
        self
    }

    /// Shown (and checked) only if `condition` holds.
    #[must_use]
    pub const fn only_if(mut self, condition: bool) -> Self {
        self.shown = condition;
        self
    }

    /// What a value may be, in words, for messages and documentation.
    pub fn allowed_text(&self) -> Option<String> {
        if let Some(values) = self.allowed {
            let list: Vec<String> = values.iter().map(ToString::to_string).collect();
            return Some(list.join(", "));
        }
        self.range.map(|range| range.to_string())
    }
}
