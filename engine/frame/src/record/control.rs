//! Controls: what a person turns in a view without running anything again (a threshold, a level, the cell that is looked at).
//!
//! A view lists the controls it shows; the lab derives further channels from the record and their values.
//! Controls with one id in several views are one control.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Data, Record, ViewSpec};

/// The value of a control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ControlValue {
    /// On or off.
    Switch(bool),
    /// A number.
    Number(f64),
    /// The key of a choice, or what was typed.
    Word(String),
    /// A brushed rectangle: left, right, bottom, top, in the view's data units.
    Region([f64; 4]),
}

/// What a control is turned between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ControlKind {
    /// A number in a range.
    Number {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Value before it is turned.
        initial: f64,
        /// Equal ratios feel equal.
        logarithmic: bool,
    },
    /// One of a closed list.
    Choice {
        /// Key and words of each choice.
        options: Vec<(String, String)>,
        /// Key before it is turned.
        initial: String,
    },
    /// One of the choices of a channel, so that they can depend on the run's data; the first before it is turned.
    ChoiceFrom {
        /// The channel of choices.
        channel: String,
    },
    /// A row of a grid channel, counted from 0; the first before it is turned.
    Row {
        /// The grid channel; of a family (`family/*`) the one with the most rows.
        of: String,
    },
    /// On or off.
    Switch {
        /// State before it is turned.
        initial: bool,
    },
    /// A rectangle brushed in the view; absent until then.
    Region,
    /// Words that a person types (a prompt, a name); what is typed counts when the field is left or Enter is pressed.
    Text {
        /// Words before anything is typed.
        initial: String,
        /// Most letters that are taken.
        most: usize,
    },
}

/// One control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlSpec {
    /// Identity inside the lab.
    pub id: String,
    /// Words beside it.
    pub label: String,
    /// What it does, in one sentence.
    pub about: String,
    /// What it is turned between.
    pub kind: ControlKind,
    /// When turning it changes anything; always if none.
    #[serde(default)]
    pub matters: Option<Matters>,
    /// Text channel with the row, as a number, at which a control of rows stands before it is turned; the first row without it.
    #[serde(default)]
    pub starts_at: Option<String>,
}

/// The state of another control, a choice or a switch, in which a control changes what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matters {
    /// The other control.
    pub control: String,
    /// Keys of it; those of a switch are `true` and `false`.
    pub keys: Vec<String>,
    /// True if it must stand at one of the keys, false if at none of them.
    pub among: bool,
}

impl ControlSpec {
    /// A control.
    pub fn new(id: &str, label: &str, about: &str, kind: ControlKind) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            about: about.to_owned(),
            kind,
            matters: None,
            starts_at: None,
        }
    }

    /// The same control of rows, which stands at the row that a text channel names before it is turned.
    #[must_use]
    pub fn starting_at(self, channel: &str) -> Self {
        Self { starts_at: Some(channel.to_owned()), ..self }
    }

    /// The same control, which matters only while another stands at one of these keys.
    #[must_use]
    pub fn only_at(self, control: &str, keys: &[&str]) -> Self {
        Self { matters: Some(Matters::new(control, keys, true)), ..self }
    }

    /// The same control, which matters only while another stands at none of these keys.
    #[must_use]
    pub fn not_at(self, control: &str, keys: &[&str]) -> Self {
        Self { matters: Some(Matters::new(control, keys, false)), ..self }
    }

    /// Whether turning it changes anything while the controls stand like this.
    pub fn is_live(&self, controls: &Controls) -> bool {
        self.matters.as_ref().is_none_or(|matters| {
            let switched = || controls.switch(&matters.control).map(|on| if on { "true" } else { "false" });
            let now = controls.word(&matters.control).or_else(switched);
            now.is_none_or(|now| matters.keys.iter().any(|key| key == now) == matters.among)
        })
    }

    /// The choices with their words, as the record stands.
    pub fn options(&self, record: &Record) -> Vec<(String, String)> {
        match &self.kind {
            ControlKind::Choice { options, .. } => options.clone(),
            ControlKind::ChoiceFrom { channel } => match record.get(channel).map(|channel| &channel.data) {
                Some(Data::Choices(choices)) => choices.clone(),
                // Runs of older programs keep choices as lines of a text, with a tab between key and words.
                Some(Data::Text(text)) => {
                    let split = |line: &str| {
                        let (key, words) = line.split_once('\t').unwrap_or((line, line));
                        (key.to_owned(), words.to_owned())
                    };
                    text.lines().map(split).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// How many rows the control chooses from, as the record stands.
    pub fn rows(&self, record: &Record) -> usize {
        let ControlKind::Row { of } = &self.kind else { return 0 };
        let rows = |data: &Data| match data {
            Data::Grid(grids) => {
                grids.last().map_or(0, |(_, grid)| grid.values.len() / grid.columns.len().max(1))
            }
            _ => 0,
        };
        record.select(std::slice::from_ref(of)).iter().map(|channel| rows(&channel.data)).max().unwrap_or(0)
    }

    /// The name of the row or the choice at which it stands.
    pub fn chosen(&self, record: &Record, controls: &Controls) -> Option<String> {
        match (&self.kind, controls.0.get(&self.id).cloned().or_else(|| self.initial(record))?) {
            (ControlKind::Row { of }, ControlValue::Number(row)) if row >= 0.0 => {
                let grids = record.select(std::slice::from_ref(of)).into_iter();
                let names = grids.filter_map(|channel| match &channel.data {
                    Data::Grid(grids) => grids.last().map(|(_, grid)| &grid.rows),
                    _ => None,
                });
                names.max_by_key(|names| names.len())?.get(row as usize).cloned()
            }
            (ControlKind::Choice { .. } | ControlKind::ChoiceFrom { .. }, ControlValue::Word(key)) => {
                self.options(record).into_iter().find(|(known, _)| *known == key).map(|(_, words)| words)
            }
            _ => None,
        }
    }

    /// The value before it is turned, if there is one yet.
    pub fn initial(&self, record: &Record) -> Option<ControlValue> {
        match &self.kind {
            ControlKind::Number { initial, .. } => Some(ControlValue::Number(*initial)),
            ControlKind::Choice { initial, .. } | ControlKind::Text { initial, .. } => {
                Some(ControlValue::Word(initial.clone()))
            }
            ControlKind::ChoiceFrom { .. } => {
                self.options(record).into_iter().next().map(|(key, _)| ControlValue::Word(key))
            }
            ControlKind::Row { .. } => Some(ControlValue::Number(self.first_row(record))),
            ControlKind::Switch { initial } => Some(ControlValue::Switch(*initial)),
            ControlKind::Region => None,
        }
    }

    /// The row at which a control of rows stands before it is turned: the named one, once it is among the rows.
    fn first_row(&self, record: &Record) -> f64 {
        let named = self.starts_at.as_ref().and_then(|channel| record.get(channel));
        let row = match named.map(|channel| &channel.data) {
            Some(Data::Text(text)) => text.trim().parse::<u32>().ok(),
            _ => None,
        };
        let row = row.filter(|row| (*row as usize) < self.rows(record));
        row.map_or(0.0, f64::from)
    }

    /// Reads what a person typed after `id=` as a value of this kind; `None` if it cannot be one.
    pub fn parse(&self, typed: &str) -> Option<ControlValue> {
        let typed = typed.trim();
        match &self.kind {
            ControlKind::Number { .. } => {
                typed.parse().ok().filter(|value: &f64| value.is_finite()).map(ControlValue::Number)
            }
            ControlKind::Row { .. } => {
                typed.parse().ok().map(|row: u32| ControlValue::Number(f64::from(row)))
            }
            ControlKind::Choice { options, .. } => {
                options.iter().any(|(key, _)| key == typed).then(|| ControlValue::Word(typed.to_owned()))
            }
            ControlKind::ChoiceFrom { .. } => Some(ControlValue::Word(typed.to_owned())),
            ControlKind::Text { most, .. } => {
                (typed.chars().count() <= *most).then(|| ControlValue::Word(typed.to_owned()))
            }
            ControlKind::Switch { .. } => typed.parse().ok().map(ControlValue::Switch),
            ControlKind::Region => {
                let ends: Vec<f64> = typed.split(',').filter_map(|end| end.trim().parse().ok()).collect();
                <[f64; 4]>::try_from(ends).ok().map(ControlValue::Region)
            }
        }
    }
}

impl Matters {
    fn new(control: &str, keys: &[&str], among: bool) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { control: control.to_owned(), keys, among }
    }
}

/// Values of controls by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Controls(pub BTreeMap<String, ControlValue>);

impl Controls {
    /// The values of all controls of some views: as turned, else as they stand before.
    #[must_use]
    pub fn complete(&self, views: &[ViewSpec], record: &Record) -> Self {
        let mut all = self.clone();
        for spec in views.iter().flat_map(|view| &view.controls) {
            if !all.0.contains_key(&spec.id)
                && let Some(value) = spec.initial(record)
            {
                all.0.insert(spec.id.clone(), value);
            }
        }
        all
    }

    /// Turns a control.
    pub fn set(&mut self, id: &str, value: ControlValue) {
        self.0.insert(id.to_owned(), value);
    }

    /// Forgets all brushed rectangles.
    pub fn clear_regions(&mut self) {
        self.0.retain(|_, value| !matches!(value, ControlValue::Region(_)));
    }

    /// Only the controls with these ids.
    #[must_use]
    pub fn only(&self, ids: &[String]) -> Self {
        Self(ids.iter().filter_map(|id| Some((id.clone(), self.0.get(id)?.clone()))).collect())
    }

    /// A number.
    pub fn number(&self, id: &str) -> Option<f64> {
        match self.0.get(id)? {
            ControlValue::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The key of a choice, or what was typed.
    pub fn word(&self, id: &str) -> Option<&str> {
        match self.0.get(id)? {
            ControlValue::Word(word) => Some(word),
            _ => None,
        }
    }

    /// On or off.
    pub fn switch(&self, id: &str) -> Option<bool> {
        match self.0.get(id)? {
            ControlValue::Switch(on) => Some(*on),
            _ => None,
        }
    }

    /// A brushed rectangle: left, right, bottom, top.
    pub fn region(&self, id: &str) -> Option<[f64; 4]> {
        match self.0.get(id)? {
            ControlValue::Region(ends) => Some(*ends),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Channel, Grid, Timeline, ViewKind};

    fn spec(kind: ControlKind) -> ControlSpec {
        ControlSpec::new("c", "c", "", kind)
    }

    #[test]
    fn what_is_typed_becomes_a_value_of_the_kind() {
        let number = spec(ControlKind::Number { low: 0.0, high: 1.0, initial: 0.5, logarithmic: false });
        assert_eq!(number.parse(" 0.25"), Some(ControlValue::Number(0.25)), "a number");
        assert_eq!(number.parse("NaN"), None, "not a number");
        assert_eq!(
            spec(ControlKind::Region).parse("0, 1,2,3"),
            Some(ControlValue::Region([0.0, 1.0, 2.0, 3.0])),
            "four ends"
        );
        assert_eq!(spec(ControlKind::Region).parse("0,1,2"), None, "three are no region");
        let choice = spec(ControlKind::Choice {
            options: vec![("a".to_owned(), "A".to_owned())],
            initial: "a".to_owned(),
        });
        assert_eq!(choice.parse("b"), None, "not on the list");
        let words = spec(ControlKind::Text { initial: String::new(), most: 4 });
        assert_eq!(words.parse("über"), Some(ControlValue::Word("über".to_owned())), "letters, not bytes");
        assert_eq!(words.parse("overlong"), None, "more than is taken");
        assert_eq!(
            spec(ControlKind::Switch { initial: false }).parse("true"),
            Some(ControlValue::Switch(true)),
            "a switch"
        );
    }

    #[test]
    fn a_row_is_chosen_among_those_of_the_record() {
        let control = spec(ControlKind::Row { of: "rows".to_owned() });
        let mut record = Record::default();
        assert_eq!(control.rows(&record), 0, "none before they are recorded");
        let grid = Grid { columns: vec![String::new(); 3], values: vec![0.0; 12], ..Grid::default() };
        let mut grids = Timeline::default();
        grids.push(0, grid);
        record.insert(Channel::new("rows", "", "", "", Data::Grid(grids)));
        assert_eq!(control.rows(&record), 4, "twelve values in three columns");
        assert_eq!(control.initial(&record), Some(ControlValue::Number(0.0)), "the first row");
        let started = control.clone().starting_at("first");
        assert_eq!(started.initial(&record), Some(ControlValue::Number(0.0)), "nothing is named yet");
        for (named, stands) in [("2", 2.0), ("4", 0.0), ("-1", 0.0), ("no number", 0.0)] {
            record.insert(Channel::new("first", "", "", "", Data::Text(named.to_owned())));
            assert_eq!(started.initial(&record), Some(ControlValue::Number(stands)), "named {named}");
        }
        assert_eq!(control.parse("17"), Some(ControlValue::Number(17.0)), "a row");
        assert_eq!((control.parse("1.5"), control.parse("-1")), (None, None), "no rows");
    }

    #[test]
    fn a_control_matters_by_the_state_of_another() {
        let control = spec(ControlKind::Switch { initial: false });
        let mut controls = Controls::default();
        controls.set("other", ControlValue::Word("b".to_owned()));
        assert!(control.is_live(&controls), "without a condition");
        assert!(!control.clone().only_at("other", &["a"]).is_live(&controls), "at another key");
        assert!(control.clone().only_at("other", &["a", "b"]).is_live(&controls), "at one of the keys");
        assert!(!control.clone().not_at("other", &["b"]).is_live(&controls), "at a key that it excludes");
        controls.set("switch", ControlValue::Switch(false));
        assert!(!control.clone().only_at("switch", &["true"]).is_live(&controls), "while it is off");
        assert!(control.clone().only_at("switch", &["false"]).is_live(&controls), "only while it is off");
        assert!(control.not_at("missing", &["b"]).is_live(&controls), "before the other has a value");
    }

    #[test]
    fn choices_may_come_from_the_record_and_turned_values_stay() {
        let mut record = Record::default();
        record.insert(Channel::new("cells", "", "", "", Data::Text("one\tThe first\ntwo".to_owned())));
        let control = spec(ControlKind::ChoiceFrom { channel: "cells".to_owned() });
        let options = control.options(&record);
        assert_eq!(options[0], ("one".to_owned(), "The first".to_owned()), "key and words");
        assert_eq!(options[1], ("two".to_owned(), "two".to_owned()), "a key that is its own words");
        let view = ViewSpec { controls: vec![control], ..ViewSpec::new("v", "v", ViewKind::Grid, &[]) };
        let mut controls = Controls::default();
        assert_eq!(
            controls.complete(std::slice::from_ref(&view), &record).word("c"),
            Some("one"),
            "the first line"
        );
        controls.set("c", ControlValue::Word("two".to_owned()));
        assert_eq!(controls.complete(&[view], &record).word("c"), Some("two"), "what was chosen");
        let text = serde_json::to_string(&controls).unwrap();
        assert_eq!(serde_json::from_str::<Controls>(&text).unwrap(), controls, "survives a file: {text}");
    }
}
