//! Settings: each has its words, survives the file, and the smallest experiment and the presets are valid.

use std::collections::BTreeSet;

use toml::Value;

use crate::kit::{self, Comments, Experiment, Field, Preset, Problem, to_toml};
use crate::runs;

/// Errors of an experiment; warnings do not count.
fn errors(experiment: &Experiment) -> Vec<Problem> {
    kit::check(experiment).into_iter().filter(Problem::is_error).collect()
}

fn assert_survives(what: &str, experiment: &Experiment) {
    for comments in [Comments::None, Comments::Each] {
        let text = to_toml(experiment, comments);
        let back = kit::from_toml(&text).unwrap_or_else(|problems| panic!("{what}: {problems:?}"));
        assert_eq!(back, *experiment, "{what}, {comments:?}");
    }
}

/// Label and help of each, each key once.
pub(crate) fn every_setting_has_a_label_and_a_sentence(lab: &str) {
    let mut keys = BTreeSet::new();
    for (field, _) in kit::defaults(lab).settings() {
        let key = field.key;
        assert!(keys.insert(key), "{lab}: the key {key} stands twice");
        assert!(!field.label.is_empty(), "{lab}: {key} has no label");
        assert!(field.help.len() > 10 && field.help.ends_with('.'), "{lab}: {key}: {}", field.help);
    }
}

/// Another value that a setting can take, if it can take one.
fn another(field: &Field, value: &Value, experiment: &Experiment) -> Option<Value> {
    let within = |number: f64| field.range.is_none_or(|range| (range.min..=range.max).contains(&number));
    let numbers = |value: f64| [value * 0.5, value * 2.0, value + 1.0, value - 1.0, 0.5, 3.0];
    match value {
        Value::Boolean(on) => Some(Value::Boolean(!on)),
        Value::Integer(number) => {
            let allowed = field.allowed.map(<[i64]>::to_vec);
            let near = || numbers(*number as f64).map(|other| other.floor() as i64).to_vec();
            let mut others = allowed.unwrap_or_else(near).into_iter();
            others.find(|other| other != number && within(*other as f64)).map(Value::Integer)
        }
        Value::Float(number) => {
            numbers(*number).into_iter().find(|other| other != number && within(*other)).map(Value::Float)
        }
        Value::Array(list) => {
            let first = list.first()?;
            let other = another(field, first, experiment)?;
            // A word of a closed list stands once.
            let rest = list.iter().filter(|own| **own != other).cloned();
            Some(Value::Array(std::iter::once(other.clone()).chain(rest).collect()))
        }
        // A word of a closed list is found in what a wrong one is refused with; free text takes anything.
        Value::String(word) => {
            let odd = Value::String("an \"odd\" name, with = and #".to_owned());
            let mut copy = experiment.clone();
            let table = toml::Table::from_iter([(field.key.to_owned(), odd.clone())]);
            let Some(problem) = copy.apply(&table).into_iter().next() else { return Some(odd) };
            let words = problem.allowed.unwrap_or_default();
            words.split(", ").find(|other| other != word).map(|other| Value::String(other.to_owned()))
        }
        // The kinds of columns are a closed list too.
        Value::Table(_) => {
            let kinds =
                |word: &str| Value::Table(toml::Table::from_iter([("a column".to_owned(), word.into())]));
            let mut copy = experiment.clone();
            let table = toml::Table::from_iter([(field.key.to_owned(), kinds("odd"))]);
            let words = copy.apply(&table).into_iter().next()?.allowed?;
            words.split(", ").next().map(kinds)
        }
        Value::Datetime(_) => None,
    }
}

/// Each setting with another value than its default, one at a time.
pub(crate) fn every_setting_survives_the_file(lab: &str) {
    let defaults = kit::defaults(lab);
    assert_survives(lab, &defaults);
    for (field, value) in defaults.settings() {
        let what = format!("{lab}, {}", field.key);
        let Some(other) = another(&field, &value, &defaults) else {
            // An empty list of words or a setting with one choice has no other value that can be made up here.
            assert!(value.as_array().is_some_and(Vec::is_empty), "{what}: no other value than {value}");
            continue;
        };
        let mut changed = defaults.clone();
        let problems = changed.apply(&toml::Table::from_iter([(field.key.to_owned(), other.clone())]));
        assert!(problems.is_empty(), "{what} = {other}: {problems:?}");
        assert_ne!(changed, defaults, "{what} = {other} changes nothing");
        assert_survives(&what, &changed);
    }
}

/// The data of a lab's defaults are at hand, and what the answer depends on are settings.
pub(crate) fn the_data_of_the_defaults_can_be_used(lab: &str) {
    let experiment = kit::defaults(lab);
    assert_eq!(kit::check_data(&experiment), [], "{lab}");
    let settings = experiment.settings();
    let data = settings.iter().find(|(field, _)| field.mark == kit::Mark::DataSet);
    let keys = experiment.method.data_settings();
    assert!(data.is_none_or(|(field, _)| keys.contains(&field.key)), "{lab}: data set among {keys:?}");
    for key in keys {
        assert!(settings.iter().any(|(field, _)| field.key == *key), "{lab}: {key} is no setting");
    }
}

/// The settings alone are right; the data say what is wrong, by key, with the path at the end.
pub(crate) fn a_missing_file_is_said_before_a_run_and_not_while_one_types(lab: &str) {
    let mut experiment = kit::defaults(lab);
    if experiment.set_marked(kit::Mark::DataSet, "/nowhere/at/all.csv").is_err() {
        // It reads no data, which its settings show.
        assert!(experiment.method.data_settings().is_empty(), "{lab}: data settings without a data set");
        return;
    }
    assert!(errors(&experiment).is_empty(), "{lab}: {:?}", errors(&experiment));
    let problems = kit::check_data(&experiment);
    assert_eq!(problems.len(), 1, "{lab}: {problems:?}");
    let named = experiment.settings().into_iter().find(|(field, _)| field.mark == kit::Mark::DataSet);
    assert_eq!(named.map(|(field, _)| field.key), Some(problems[0].key.as_str()), "{lab}");
    assert!(problems[0].to_string().ends_with(": /nowhere/at/all.csv"), "{lab}: {}", problems[0]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("run");
    let refused =
        kit::run::run(&runs::request(experiment, &place), &mut kit::Nobody, &kit::Control::default());
    assert!(refused.is_err() && !place.exists(), "{lab}: refused before a run folder is made");
}

/// The smallest experiment says in a comment what it is, and like all short ones it has no errors.
pub(crate) fn the_short_experiments_are_valid(lab: &str) {
    let text = kit::smallest_text(lab);
    assert!(text.starts_with("# ") && text.contains(".\n"), "{lab}: the smallest experiment has no comment");
    for (name, experiment) in crate::experiments::experiments(lab) {
        assert_eq!(experiment.lab(), lab, "{name}");
        assert!(errors(&experiment).is_empty(), "{name}: {:?}", errors(&experiment));
        assert_survives(name, &experiment);
    }
}

/// Presets of the lab: valid, the same after a file, with words, and a quick one among them.
pub(crate) fn the_presets_are_valid(lab: &str) {
    let own: Vec<&Preset> = kit::SUITE.presets().filter(|preset| preset.lab() == lab).collect();
    assert!(own.iter().any(|preset| preset.short_name() == "quick"), "{lab} has no quick preset");
    for preset in own {
        let name = preset.name;
        let experiment =
            kit::from_toml(preset.text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert!(errors(&experiment).is_empty(), "{name}: {:?}", errors(&experiment));
        assert_survives(name, &experiment);
        assert!(!preset.about().is_empty(), "{name} does not say what it shows");
        assert_eq!(experiment.lab(), lab, "{name}: the name holds the lab");
    }
}
