//! One run of the list with everything that can be a column: its manifest, its settings, its results.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use weightscope_frame::experiment::{Mark, frame_mark, number};
use weightscope_frame::store::{Manifest, Status};

use super::tasks::TaskState;
use crate::card;
use crate::figure::number::significant;
use crate::naming::{self, Namer};

/// Keys that every run has, with the words of their columns. A setting or a result of the same name stands back.
pub const BUILT_IN: [(&str, &str); 21] = [
    ("status", "Status"),
    ("name", "Name"),
    ("curve", "Curve"),
    ("started", "Started"),
    ("origin", "Preset"),
    ("seed", "Seed"),
    ("lab", "Lab"),
    ("id", "Run"),
    ("duration", "Seconds"),
    ("step", "Step"),
    ("steps", "Steps"),
    ("parent", "Forked from"),
    ("verified", "Verified"),
    ("star", "Star"),
    ("tags", "Tags"),
    ("note", "Note"),
    ("version", "Version"),
    ("host", "Host"),
    ("device", "Device"),
    ("reason", "Reason"),
    ("task", "Task"),
];

/// What stands before the key of a setting where other runs have a result of that name: a column is one or the other.
pub const SETTING: &str = "setting.";

/// A value of a run under one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// The run has no such key.
    Missing,
    /// On or off.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Words.
    Text(Cow<'a, str>),
}

/// One run in the table: its manifest and its settings.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its folder.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its settings as they stand in its folder.
    pub settings: Arc<toml::Table>,
    /// How it stands as a task of a plan that is followed.
    pub task: Option<TaskState>,
    /// What tells it from its preset, without its seed.
    family: Arc<str>,
    /// Keys that are results of some listed runs and settings of others.
    mixed: Arc<BTreeSet<String>>,
    /// What bare words of a filter are looked for in, in lower case.
    words: String,
}

impl Row {
    /// A run from what was read of it, and what tells it from its preset.
    pub fn new(path: PathBuf, manifest: Manifest, settings: Arc<toml::Table>, family: Arc<str>) -> Self {
        let (mixed, words) = (Arc::default(), String::new());
        let mut row = Self { path, manifest, settings, task: None, family, mixed, words };
        row.index();
        row
    }

    /// The same as a task of a plan.
    #[must_use]
    pub fn of_task(mut self, state: TaskState) -> Self {
        self.task = Some(state);
        self.index();
        self
    }

    /// How it stands, in one word.
    pub fn word(&self) -> &'static str {
        self.task.as_ref().map_or(self.manifest.status.word(), TaskState::word)
    }

    /// True if it has a folder of its own: a task of a plan may have none yet.
    pub fn is_begun(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.is_begun)
    }

    /// Why it stands so, in words.
    pub fn reason(&self) -> Option<&str> {
        let task = self.task.as_ref().and_then(|task| task.reason.as_deref());
        task.or(self.manifest.reason.as_deref())
    }

    /// Takes another manifest.
    pub fn set_manifest(&mut self, manifest: Manifest) {
        self.manifest = manifest;
        self.index();
    }

    fn index(&mut self) {
        let manifest = &self.manifest;
        let mut words = format!(
            "{} {} {} {} {} {} {}",
            self.name(),
            manifest.id,
            manifest.lab,
            manifest.origin,
            self.word(),
            manifest.note,
            manifest.tags.join(" ")
        );
        let texts = self.settings.values().filter_map(toml::Value::as_str);
        texts.for_each(|text| {
            words.push(' ');
            words.push_str(text);
        });
        self.words = words.to_lowercase();
    }

    /// The words that a bare word of a filter is looked for in, in lower case.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The value under a key.
    pub fn value(&self, key: &str) -> Value<'_> {
        let manifest = &self.manifest;
        let text = |text: &'_ str| Value::Text(Cow::Owned(text.to_owned()));
        match key {
            "status" => text(self.word()),
            "name" => Value::Text(Cow::Owned(self.name())),
            "started" if manifest.started.is_empty() => Value::Missing,
            "started" => Value::Text(Cow::Borrowed(&manifest.started)),
            "origin" => Value::Text(Cow::Borrowed(&manifest.origin)),
            "seed" => Value::Number(manifest.seed as f64),
            "lab" => Value::Text(Cow::Borrowed(&manifest.lab)),
            "id" => Value::Text(Cow::Borrowed(&manifest.id)),
            "duration" => Value::Number(manifest.seconds),
            "step" => Value::Number(manifest.step as f64),
            "steps" => Value::Number(manifest.steps as f64),
            "parent" => manifest.parent.as_ref().map_or(Value::Missing, |parent| {
                Value::Text(Cow::Owned(format!("{} at {}", parent.id, parent.step)))
            }),
            "verified" => text(card::badge(manifest)),
            "star" => Value::Flag(manifest.star),
            "tags" => Value::Text(Cow::Owned(manifest.tags.join(", "))),
            "note" => Value::Text(Cow::Borrowed(&manifest.note)),
            "version" => Value::Text(Cow::Borrowed(&manifest.version)),
            "host" => Value::Text(Cow::Borrowed(&manifest.host)),
            "device" => Value::Text(Cow::Borrowed(&manifest.device)),
            "reason" => self.reason().map_or(Value::Missing, text),
            "task" => self.task.as_ref().map_or(Value::Missing, |task| Value::Number(task.index as f64)),
            _ if self.mixed.contains(key) => self.result(key),
            _ => self.result_or_setting(key),
        }
    }

    /// The value under a key; where it is a result of some runs and a setting of others, whichever this run has: for filters.
    pub fn any(&self, key: &str) -> Value<'_> {
        if self.mixed.contains(key) { self.result_or_setting(key) } else { self.value(key) }
    }

    fn result_or_setting(&self, key: &str) -> Value<'_> {
        let setting = key.strip_prefix(SETTING).unwrap_or(key);
        let own = if setting == key { self.result(key) } else { Value::Missing };
        match (own, self.settings.get(setting)) {
            (Value::Missing, Some(setting)) => of_setting(setting),
            (own, _) => own,
        }
    }

    fn result(&self, key: &str) -> Value<'_> {
        self.manifest.results.get(key).map_or(Value::Missing, |result| Value::Number(*result))
    }

    /// Tells which keys are results of some listed runs and settings of others.
    pub fn set_mixed(&mut self, mixed: &Arc<BTreeSet<String>>) {
        self.mixed = Arc::clone(mixed);
    }

    /// True while it can be resumed from the window; tasks of a plan go on by `weightscope sweep`.
    pub fn is_resumable(&self) -> bool {
        self.task.is_none()
            && matches!(self.manifest.status, Status::Interrupted | Status::Cancelled | Status::Failed)
    }

    /// What it is called: the person's name, else what tells it from its preset, and its seed.
    pub fn name(&self) -> String {
        naming::of(&self.manifest.name, &self.family, self.manifest.seed)
    }

    /// What tells it from its preset, without its seed: repeats of a run share it.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// What is known of it before its settings were read: its origin alone.
    pub fn plain_family(manifest: &Manifest) -> Arc<str> {
        Namer::default().family(manifest, &toml::Table::new()).into()
    }
}

fn of_setting(setting: &toml::Value) -> Value<'_> {
    match setting {
        toml::Value::String(text) => Value::Text(Cow::Borrowed(text)),
        toml::Value::Integer(value) => Value::Number(*value as f64),
        toml::Value::Float(value) => Value::Number(*value),
        toml::Value::Boolean(value) => Value::Flag(*value),
        other => Value::Text(Cow::Owned(other.to_string())),
    }
}

impl Value<'_> {
    /// In order: numbers, switches, words; a run without the key comes last whatever the direction.
    pub fn order(&self, other: &Self, descending: bool) -> Ordering {
        let rank = |value: &Self| match value {
            Self::Number(_) => 0,
            Self::Flag(_) => 1,
            Self::Text(_) => 2,
            Self::Missing => 3,
        };
        let order = match (self, other) {
            (Self::Missing, _) | (_, Self::Missing) => return rank(self).cmp(&rank(other)),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        };
        if descending { order.reverse() } else { order }
    }

    /// For a cell: four significant digits, whole numbers as they are.
    pub fn display(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => Cow::Borrowed("–"),
            Self::Flag(value) => Cow::Borrowed(if *value { "yes" } else { "no" }),
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
                Cow::Owned(format!("{value}"))
            }
            Self::Number(value) => {
                let text = significant(*value, 4);
                // Zeros after the point say nothing in a table of settings.
                let plain = text.contains('.')
                    && text.bytes().all(|byte| !byte.is_ascii_alphabetic() && byte.is_ascii());
                Cow::Owned(if plain {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                })
            }
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// With every digit.
    pub fn exact(&self) -> Cow<'_, str> {
        match self {
            Self::Number(value) => Cow::Owned(number(*value)),
            other => other.display(),
        }
    }
}

/// Keys of results and settings over all runs, results first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Names of results.
    pub results: BTreeSet<String>,
    /// Keys of settings; where some run has a result of the same name, with [`SETTING`] before it.
    pub settings: BTreeSet<String>,
    /// Keys that are results of some runs and settings of others.
    pub mixed: Arc<BTreeSet<String>>,
}

impl Keys {
    /// Of these runs.
    pub fn of(rows: &[Row]) -> Self {
        let built_in: BTreeSet<&str> = BUILT_IN.iter().map(|(key, _)| *key).collect();
        let mut keys = Self::default();
        for row in rows {
            for key in row.manifest.results.keys().filter(|key| !built_in.contains(key.as_str())) {
                if !keys.results.contains(key) {
                    keys.results.insert(key.clone());
                }
            }
            for key in row.settings.keys().filter(|key| !built_in.contains(key.as_str())) {
                if !keys.settings.contains(key) && key != "schema" && key != "sweep" {
                    keys.settings.insert(key.clone());
                }
            }
        }
        let mixed: BTreeSet<String> = keys.results.intersection(&keys.settings).cloned().collect();
        for key in &mixed {
            keys.settings.remove(key);
            keys.settings.insert(format!("{SETTING}{key}"));
        }
        keys.mixed = Arc::new(mixed);
        keys
    }

    /// All keys, those that every run has first.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let more = self.results.iter().chain(&self.settings);
        BUILT_IN.iter().map(|(key, _)| *key).chain(more.map(String::as_str))
    }

    /// True if some run can have the key.
    pub fn knows(&self, key: &str) -> bool {
        self.results.contains(key)
            || self.settings.contains(key)
            || BUILT_IN.iter().any(|(own, _)| *own == key)
    }
}

/// The settings that decide whether two runs differ only in their seed: all but the seed and what no number depends on.
pub fn family_key(row: &Row) -> String {
    let settings: BTreeMap<&str, String> = row
        .settings
        .iter()
        .filter(|(key, _)| frame_mark(key) == Mark::None)
        .map(|(key, value)| (key.as_str(), value.to_string()))
        .collect();
    let fork = row.manifest.parent.as_ref().map(|at| at.step);
    format!("{} {fork:?} {settings:?}", row.manifest.lab)
}

/// Runs for tests and benches: four arms with seeds, accuracies that grow with the index.
pub fn samples(count: usize) -> Vec<Row> {
    (0..count)
        .map(|index| {
            let quantizer = ["lsq", "statsq", "lsq_fixed", "float"].get(index % 4).copied().unwrap_or("lsq");
            let mut settings = toml::Table::new();
            settings.insert("quantizer".to_owned(), quantizer.into());
            settings.insert("weight_bits".to_owned(), 2.into());
            settings.insert("learning_rate".to_owned(), (1e-3 * (1 + index % 7) as f64).into());
            for extra in 0..40 {
                settings.insert(format!("setting_{extra}"), f64::from(extra).into());
            }
            let manifest = Manifest {
                id: format!("run-{index}"),
                status: if index.is_multiple_of(9) { Status::Cancelled } else { Status::Done },
                lab: "oscillation".to_owned(),
                origin: format!("oscillation/mlp-{quantizer}"),
                seed: (index / 4) as u64,
                started: format!("2026-11-{:02}T10:{:02}:00Z", 1 + index % 28, index % 60),
                results: [
                    ("test_accuracy".to_owned(), index as f64 / count.max(1) as f64),
                    ("oscillating_share".to_owned(), 0.01 * (index % 5) as f64),
                ]
                .into(),
                tags: if index.is_multiple_of(3) { vec!["paper".to_owned()] } else { Vec::new() },
                star: index.is_multiple_of(5),
                note: if index == 7 { "look at fc2 again".to_owned() } else { String::new() },
                ..Manifest::default()
            };
            let family = Row::plain_family(&manifest);
            Row::new(PathBuf::from(format!("runs/run-{index}")), manifest, Arc::new(settings), family)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_and_a_setting_of_one_name_are_two_columns() {
        let mut rows = samples(2);
        rows[0].manifest.results.insert("parameters".to_owned(), 112_960.0);
        let mut settings = (*rows[1].settings).clone();
        settings.insert("parameters".to_owned(), "fixed".into());
        rows[1].settings = Arc::new(settings);
        let keys = Keys::of(&rows);
        rows.iter_mut().for_each(|row| row.set_mixed(&keys.mixed));
        let of = |key: &str| rows.iter().map(|row| row.value(key).display().into_owned()).collect::<Vec<_>>();
        assert_eq!(of("parameters"), ["112960", "–"], "the result");
        assert_eq!(of("setting.parameters"), ["–", "fixed"], "the setting");
        assert!(keys.all().any(|key| key == "setting.parameters") && keys.knows("parameters"));
        assert_eq!(rows[1].any("parameters").display(), "fixed", "a filter finds either");
        assert_eq!(rows[1].value("curve"), Value::Missing, "what is drawn has no value");
    }
}
