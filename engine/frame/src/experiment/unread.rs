//! Settings that were given and are not read, as the others stand, and with which value of which other setting they would count.
//!
//! Contract: what is named was tried: with it the setting is read. First one change is looked for, a word of a closed list before
//! a number or a file; then two words; then a whole preset of the lab.

use super::config::Experiment;
use super::field::Field;
use super::problem::Problem;
use super::visit::{Slot, Visitor};

/// A table of one's own, for settings that count with one.
const TABLE: &str = "FILE.csv";

/// One warning for each setting that differs from `before` and that another setting makes meaningless: it is not read, which whoever
/// gave it should know. Of a sweep nothing is said, since its members differ in what they read.
pub fn unread(experiment: &Experiment, before: &Experiment) -> Vec<Problem> {
    if experiment.sweep.is_some() || experiment.lab() != before.lab() {
        return Vec::new();
    }
    let pairs = experiment.settings().into_iter().zip(before.settings());
    let given = pairs.filter(|((field, value), (_, then))| !field.shown && value != then);
    given
        .map(|((field, _), _)| {
            let counts = read_with(experiment, field.key).map_or_else(
                || "no preset of this lab reads it".to_owned(),
                |other| format!("it counts with {other}"),
            );
            Problem::warning(field.key, format!("is not read as the other settings stand; {counts}"))
        })
        .collect()
}

/// With what a setting is read, as `key = word`.
fn read_with(experiment: &Experiment, key: &str) -> Option<String> {
    let mut tries = Tries::default();
    experiment.clone().visit(&mut tries);
    let with = |experiment: &Experiment, (other, typed): &(&'static str, String)| {
        let mut changed = experiment.clone();
        let is_other = *other != key && changed.set_typed(other, typed).is_ok();
        is_other.then_some(changed)
    };
    let said = |(other, typed): &(&'static str, String)| format!("{other} = {typed}");
    let one = tries
        .words
        .iter()
        .chain(&tries.others)
        .find(|way| with(experiment, way).is_some_and(|changed| reads(&changed, key)));
    if let Some(way) = one {
        return Some(said(way));
    }
    for (place, first) in tries.words.iter().enumerate() {
        let Some(half) = with(experiment, first) else { continue };
        let after = tries.words.iter().chain(&tries.others).skip(place + 1);
        let mut others = after.filter(|way| way.0 != first.0);
        let second = others.find(|way| with(&half, way).is_some_and(|changed| reads(&changed, key)));
        if let Some(second) = second {
            return Some(format!("{} and {}", said(first), said(second)));
        }
    }
    let catalogue = experiment.method.catalogue();
    let of_lab = catalogue.presets().filter(|preset| preset.lab() == experiment.lab());
    let mut read = of_lab.filter(|preset| {
        Experiment::from_toml(catalogue, preset.text).is_ok_and(|experiment| reads(&experiment, key))
    });
    read.next().map(|preset| format!("the settings of the preset {}", preset.name))
}

/// True if a setting is read as the others stand.
fn reads(experiment: &Experiment, key: &str) -> bool {
    experiment.settings().iter().any(|(field, _)| field.key == key && field.shown)
}

/// Values that settings can be tried with, as they are typed.
#[derive(Default)]
struct Tries {
    /// Words of closed lists and switches.
    words: Vec<(&'static str, String)>,
    /// Numbers, files, several words of a list.
    others: Vec<(&'static str, String)>,
}

impl Visitor for Tries {
    fn field(&mut self, field: Field, slot: Slot<'_>) {
        let key = field.key;
        let mut other = |typed: &str| self.others.push((key, typed.to_owned()));
        match slot {
            Slot::Choice(choice) => {
                self.words.extend(choice.choices().iter().map(|word| (key, word.key.to_owned())));
            }
            Slot::Switch(_) => self.words.extend(["true", "false"].map(|word| (key, word.to_owned()))),
            Slot::Choices(choices) => choices.choices().iter().for_each(|word| other(word.key)),
            Slot::Integer(_) | Slot::Float(_) => {
                ["1", "0"].into_iter().for_each(&mut other);
                // A share or a weight may not be so large.
                other("0.1");
            }
            Slot::Text(_) => other(TABLE),
            Slot::Integers(_) | Slot::Floats(_) | Slot::Texts(_) | Slot::Columns(_) => {}
        }
    }
}
