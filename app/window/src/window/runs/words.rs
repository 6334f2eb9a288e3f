//! What the keys of runs are called: the labels of the settings and results of all labs.
//!
//! Contract: a key goes by one label, that of a result before that of a setting; where labs call it differently, and where nothing is
//! known of it, it stands as it is written in files and filters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::Catalogue;
use weightscope_frame::record::Metric;

use super::model::{BUILT_IN, SETTING};

/// A key in words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    label: String,
    about: &'static str,
    is_result: bool,
}

/// The labels of a catalogue's settings and results.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    known: BTreeMap<&'static str, Word>,
    families: Vec<Metric>,
    labs: BTreeMap<&'static str, &'static str>,
}

impl Words {
    /// Of all labs of a catalogue.
    pub(super) fn of(catalogue: Catalogue) -> Self {
        let mut words = Self::default();
        for method in catalogue.methods() {
            words.labs.insert(method.name(), method.about().title);
            for metric in method.metrics() {
                if metric.family {
                    words.families.push(*metric);
                } else {
                    words.learn(metric.name, of(metric.label, metric.unit), metric.about, true);
                }
            }
            for (field, _) in Experiment::new(method.clone()).settings() {
                words.learn(field.key, of(field.label, field.unit), field.help, false);
            }
        }
        words
    }

    fn learn(&mut self, key: &'static str, label: String, about: &'static str, is_result: bool) {
        let word = Word { label, about, is_result };
        match self.known.get_mut(key) {
            Some(known) if known.is_result == is_result && known.label != word.label => {
                key.clone_into(&mut known.label);
            }
            Some(known) if known.is_result || !is_result => {}
            _ => {
                self.known.insert(key, word);
            }
        }
    }

    /// The heading of a column.
    pub(super) fn heading<'a>(&'a self, key: &'a str) -> Cow<'a, str> {
        if let Some(setting) = key.strip_prefix(SETTING) {
            return Cow::Owned(format!("{} (setting)", self.heading(setting)));
        }
        if let Some((_, words)) = BUILT_IN.iter().find(|(own, _)| *own == key) {
            return Cow::Borrowed(words);
        }
        if let Some(word) = self.known.get(key) {
            return Cow::Borrowed(&word.label);
        }
        match Metric::find(&self.families, key) {
            Some(family) => Cow::Owned(of(&family.label_of(key), family.unit)),
            None => Cow::Borrowed(key),
        }
    }

    /// What a key is, in a sentence where one is known, and how a filter names it.
    pub(super) fn hint(&self, key: &str) -> String {
        let known = self.known.get(key).map(|word| word.about);
        let about = known.or_else(|| Metric::find(&self.families, key).map(|family| family.about));
        let about = about.map_or_else(String::new, |about| format!("{about}\n"));
        format!("{about}Key in filters and files: {key}")
    }

    /// The title of a lab; its name where it is none of these.
    pub(super) fn lab<'a>(&'a self, name: &'a str) -> &'a str {
        self.labs.get(name).copied().unwrap_or(name)
    }
}

/// A label as a heading: with a capital, and its unit.
fn of(label: &str, unit: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let unit = if unit.is_empty() { String::new() } else { format!(" [{unit}]") };
    format!("{first}{}{unit}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;

    use super::*;

    #[test]
    fn settings_and_results_go_by_their_labels() {
        let words = Words::of(CATALOGUE);
        assert_eq!(words.heading("quantizer"), "Weight quantizer", "a setting");
        assert_eq!(words.heading("test_accuracy"), "Test accuracy", "a result");
        assert_eq!(words.heading("seed"), "Seed", "what every run has");
        assert_eq!(words.heading("no_such_key"), "no_such_key", "as it is written");
        assert!(words.heading("coverage_80_local_coarse").contains("coarse"), "a member of a family");
        assert_eq!(
            words.heading("setting.quantizer"),
            "Weight quantizer (setting)",
            "beside a result of that name"
        );
        let hint = words.hint("test_accuracy");
        assert!(hint.len() > 50 && hint.ends_with("Key in filters and files: test_accuracy"), "{hint}");
        assert_eq!((words.lab("oscillation"), words.lab("none")), ("Weight oscillation", "none"));
    }

    #[test]
    fn a_key_that_labs_call_differently_stands_as_it_is() {
        let mut words = Words::default();
        words.learn("size", of("size", "MB"), "", false);
        assert_eq!(words.heading("size"), "Size [MB]");
        words.learn("size", of("number of rows", ""), "", false);
        assert_eq!(words.heading("size"), "size");
        words.learn("size", of("bytes", ""), "", true);
        assert_eq!(words.heading("size"), "Bytes", "a result comes before settings");
    }
}
