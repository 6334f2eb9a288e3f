//! What a run is called: the person's name for it, else what tells it from the preset that it came from, and its seed:
//! `quick, network vit, weight quantizer statsq · s0`.
//!
//! Contract: a setting in a name is told by its label with its value, never by the value alone, which says little where two settings
//! differ or the preset has another; the same words stand in the list of runs, in legends and on figures. Names are for people; two runs
//! may have the same one. What a run *is* is told by its id, its configuration and its start.

use std::collections::BTreeMap;

use toml::{Table, Value};
use weightscope_frame::experiment::{Comments, Experiment, Mark, frame_mark, to_toml};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::store::Manifest;

/// What stands between the parts of a name.
pub const PART: &str = ", ";
/// Settings that a name tells; of more the number is told.
const MOST_SETTINGS: usize = 3;
/// Longest value in a name, letters.
const MOST_LETTERS: usize = 24;
/// Labels of a lab's settings by their keys.
pub type Labels = BTreeMap<&'static str, String>;

/// Makes names; it keeps the presets and the labels that it has read.
#[derive(Default)]
pub struct Namer {
    catalogue: Option<Catalogue>,
    presets: BTreeMap<String, Option<Table>>,
    labels: BTreeMap<String, Labels>,
}

impl Namer {
    /// With the presets of a catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue: Some(catalogue), ..Self::default() }
    }

    /// What tells a run from its preset, without its seed: repeats of a run share it.
    pub fn family(&mut self, manifest: &Manifest, settings: &Table) -> String {
        let fork = manifest.parent.as_ref().map(|at| at.step);
        self.words(&manifest.origin, &manifest.lab, fork, settings)
    }

    /// The name of a run.
    pub fn name(&mut self, manifest: &Manifest, settings: &Table) -> String {
        of(&manifest.name, &self.family(manifest, settings), manifest.seed)
    }

    /// The name that a run of an experiment will have.
    pub fn planned(&mut self, origin: &str, experiment: &Experiment) -> String {
        let settings = table(experiment);
        of("", &self.words(origin, experiment.lab(), None, &settings), experiment.seed)
    }

    fn words(&mut self, origin: &str, lab: &str, fork: Option<u64>, settings: &Table) -> String {
        let (base, label) = parts(origin, |name| self.preset(name).is_some());
        let swept = named(label, settings);
        // Settings that were taken from a run are told from the preset of that run.
        let behind = of_folder(base, lab).map(|origin| format!("{lab}/{origin}"));
        let preset = self.preset(behind.as_deref().unwrap_or(base));
        let is_told = |key: &str| frame_mark(key) == Mark::None && !matches!(key, "schema" | "sweep" | "lab");
        // What a sweep varies comes first, also where it is what the preset has.
        let (first, others): (Vec<&String>, Vec<&String>) =
            settings.keys().filter(|key| is_told(key)).partition(|key| swept.contains(&key.as_str()));
        let arm = arm(label, settings);
        let changed = others.into_iter().filter(|key| {
            let before = preset.and_then(|preset| preset.get(key.as_str()));
            // What only the files could tell was left open in the preset; an arm says in one word what its settings are.
            let is_open = before.is_some_and(|before| before.as_str() == Some("auto")) || !arm.is_empty();
            before.is_some_and(|before| !is_open && Some(before) != settings.get(key.as_str()))
        });
        let told: Vec<&String> = first.into_iter().chain(changed).collect();
        let labels = self.labels(lab);
        let values =
            told.into_iter().filter_map(|key| Some(setting(labels, key, settings.get(key.as_str())?)));
        let told: Vec<String> =
            Some(arm).filter(|arm| !arm.is_empty()).map(str::to_owned).into_iter().chain(values).collect();
        let mut words = short(base, lab).to_owned();
        if let Some(step) = fork {
            words = format!("{words} fork@{step}");
        }
        for part in told.iter().take(MOST_SETTINGS) {
            words = format!("{words}{PART}{part}");
        }
        match told.len().saturating_sub(MOST_SETTINGS) {
            0 => words,
            more => format!("{words}{PART}+{more}"),
        }
    }

    /// What the settings of a lab are called.
    fn labels(&mut self, lab: &str) -> &Labels {
        if !self.labels.contains_key(lab) {
            self.labels.insert(lab.to_owned(), labels(self.catalogue, lab));
        }
        self.labels.entry(lab.to_owned()).or_default()
    }

    /// All settings of a preset.
    fn preset(&mut self, name: &str) -> Option<&Table> {
        if !self.presets.contains_key(name) {
            let read = self.catalogue.and_then(|labs| {
                let preset = labs.preset(name)?;
                Experiment::from_toml(labs, preset.text).ok().map(|experiment| table(&experiment))
            });
            self.presets.insert(name.to_owned(), read);
        }
        self.presets.get(name).and_then(Option::as_ref)
    }
}

/// A name: the person's own, else the words of a family with the seed.
pub fn of(own: &str, family: &str, seed: u64) -> String {
    if own.is_empty() { format!("{family} · s{seed}") } else { own.to_owned() }
}

/// What the settings of a lab are called in names; a label that two of them share is none. Nothing of a lab that is not known.
pub fn labels(catalogue: Option<Catalogue>, lab: &str) -> Labels {
    let Some(method) = catalogue.and_then(|labs| labs.method(lab)) else { return Labels::new() };
    let settings = Experiment::new(method).settings();
    let is_own = |label: &str| settings.iter().filter(|(field, _)| field.label == label).count() == 1;
    let own = settings.iter().filter(|(field, _)| is_own(field.label));
    own.map(|(field, _)| (field.key, inside(field.label))).collect()
}

/// A setting in a name: its label and its value, `weight bits 2`.
pub fn setting(labels: &Labels, key: &str, value: &Value) -> String {
    // No part of a name may look like two.
    let text = plain(value).replace(PART, "+");
    let cut: String = text.chars().take(MOST_LETTERS).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    let label = labels.get(key).cloned().unwrap_or_else(|| key.replace('_', " ")).replace(PART, " ");
    format!("{label} {cut}{dots}")
}

/// A label inside a name: with a small letter, unless it begins with an abbreviation (`MLP ratio`).
fn inside(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next();
    let rest = letters.as_str();
    match first.filter(|_| rest.starts_with(char::is_lowercase)) {
        Some(first) => first.to_lowercase().chain(rest.chars()).collect(),
        None => label.to_owned(),
    }
}

/// The settings of an experiment as they stand in a run folder.
pub fn table(experiment: &Experiment) -> Table {
    to_toml(experiment, Comments::None).parse().unwrap_or_default()
}

/// An origin in its parts: the preset or file, and the label that a sweep gave its member.
fn parts(origin: &str, mut is_preset: impl FnMut(&str) -> bool) -> (&str, &str) {
    if let Some((base, rest)) = origin.split_once(' ')
        && is_preset(base.trim_end_matches(':'))
    {
        return (base.trim_end_matches(':'), rest);
    }
    match origin.split_once(".toml") {
        Some((base, rest)) if rest.starts_with([' ', ':']) => (base, rest.trim_start_matches([':', ' '])),
        _ => (origin, ""),
    }
}

/// What a label says before its first key: the name of an arm.
fn arm<'a>(label: &'a str, settings: &Table) -> &'a str {
    let keys = settings.keys().map(String::as_str).chain(["seed"]);
    let first = keys
        .flat_map(|key| label.match_indices(key))
        .filter(|(at, key)| label.get(at + key.len()..).is_some_and(|rest| rest.starts_with('=')))
        .map(|(at, _)| at)
        .min();
    label.get(..first.unwrap_or(label.len())).unwrap_or_default().trim_end_matches('_')
}

/// The keys that the label of a sweep's member names: `learning_rate=0.003_seed=7`.
fn named<'a>(label: &str, settings: &'a Table) -> Vec<&'a str> {
    let key_before = |(at, _): (usize, &str)| {
        let before = label.get(..at).unwrap_or_default();
        let ends =
            |key: &&str| before.strip_suffix(*key).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
        // One key may be the end of another: `epochs` of `float_epochs`.
        settings.keys().map(String::as_str).filter(ends).max_by_key(|key| key.len())
    };
    label.match_indices('=').filter_map(key_before).collect()
}

/// What a run folder of a lab was made from, by the folder's name: its time, its lab, its origin, its seed and its hash.
pub fn of_folder<'a>(name: &'a str, lab: &str) -> Option<&'a str> {
    let (time, rest) = name.split_once(&format!("_{lab}_"))?;
    let is_time = time.len() == "2026-11-23T15-02-07".len() && time.contains('T');
    rest.rsplit_once("_s").filter(|_| is_time).map(|(origin, _)| origin)
}

/// The last part of an origin: `quick` of `oscillation/quick`, and of a run folder the preset in its name.
fn short<'a>(base: &'a str, lab: &str) -> &'a str {
    let last = base.rsplit(['/', '\\']).next().unwrap_or(base).trim_end_matches(".toml");
    let inside = of_folder(last, lab);
    let last = inside.unwrap_or(last);
    // A member of a sweep is told by what varies.
    last.split_once("_seed=").map_or(last, |(before, _)| before)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => last(text).to_owned(),
        Value::Boolean(value) => if *value { "on" } else { "off" }.to_owned(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

/// The last part of a path, or the whole of what is none.
fn last(text: &str) -> &str {
    text.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;
    use weightscope_frame::store::Parent;

    use super::*;

    fn name(origin: &str, settings: &[(&str, &str)], change: impl FnOnce(&mut Manifest)) -> String {
        let mut experiment =
            Experiment::from_toml(CATALOGUE, CATALOGUE.preset("oscillation/quick").unwrap().text).unwrap();
        for (key, value) in settings {
            experiment.set_typed(key, value).unwrap();
        }
        let lab = experiment.lab().to_owned();
        let mut manifest =
            Manifest { origin: origin.to_owned(), lab, seed: experiment.seed, ..Manifest::default() };
        change(&mut manifest);
        Namer::new(CATALOGUE).name(&manifest, &table(&experiment))
    }

    #[test]
    fn a_run_is_called_by_what_tells_it_from_its_preset() {
        let quick = "oscillation/quick";
        assert_eq!(name(quick, &[], |_| ()), "quick · s0", "the preset itself");
        assert_eq!(
            name(quick, &[("quantizer", "statsq"), ("threads", "2")], |_| ()),
            "quick, weight quantizer statsq · s0"
        );
        let rate = [("learning_rate", "0.003"), ("seed", "4")];
        assert_eq!(name(quick, &rate, |_| ()), "quick, learning rate 0.003 · s4", "a number");
        let many =
            [("learning_rate", "0.003"), ("epochs", "2"), ("batch_size", "16"), ("quantizer", "statsq")];
        assert!(name(quick, &many, |_| ()).ends_with(", +1 · s0"), "{}", name(quick, &many, |_| ()));
        let forked = name(quick, &[], |run| run.parent = Some(Parent { id: "x".to_owned(), step: 899 }));
        assert_eq!(forked, "quick fork@899 · s0");
        assert_eq!(name(quick, &[], |run| run.name = "LSQ".to_owned()), "LSQ", "the person's own name");
    }

    #[test]
    fn a_member_of_a_sweep_is_called_by_what_varies() {
        let lsq = "oscillation/quick quantizer=lsq_seed=0";
        assert_eq!(
            name(lsq, &[], |_| ()),
            "quick, weight quantizer lsq · s0",
            "although the preset has it too"
        );
        let typed = "oscillation/quick: learning_rate=0.003_seed=1";
        let rate = [("learning_rate", "0.003"), ("seed", "1"), ("epochs", "2")];
        assert_eq!(
            name(typed, &rate, |_| ()),
            "quick, learning rate 0.003, epochs 2 · s1",
            "and by what else differs"
        );
        assert_eq!(
            name("oscillation/quick: wide_seed=1", &rate, |_| ()),
            "quick, wide · s1",
            "an arm by its name"
        );
        assert_eq!(
            name("my sweep.toml epochs=2_seed=1", &rate, |_| ()),
            "my sweep, epochs 2 · s1",
            "of a file"
        );
        let settings = toml::from_str::<Table>("epochs = 1\nfloat_epochs = 2").unwrap();
        assert_eq!(named("float_epochs=2_seed=1", &settings), ["float_epochs"], "a key is a whole one");
    }

    #[test]
    fn settings_are_told_by_their_labels_with_their_values() {
        let both = [("network", "vit"), ("quantizer", "statsq")];
        let name = name("oscillation/quick", &both, |_| ());
        assert_eq!(
            name, "quick, network vit, weight quantizer statsq · s0",
            "two words alone would be a riddle"
        );
        let labels = labels(Some(CATALOGUE), "oscillation");
        let of = |key: &str, value: Value| setting(&labels, key, &value);
        assert_eq!(of("mlp_ratio", 4.into()), "MLP ratio 4", "an abbreviation stays one");
        assert_eq!(of("distillation", false.into()), "distillation off");
        assert_eq!(
            of("dataset", "my/rows, clean.csv".into()),
            "data set rows+clean.csv",
            "one part, without its path"
        );
        assert_eq!(of("of_no_lab", 1.into()), "of no lab 1", "what has no label goes by its key");
        assert_eq!(of("remedy", "x".repeat(30).into()), format!("remedy {}…", "x".repeat(24)));
    }

    #[test]
    fn what_is_no_preset_goes_by_its_file() {
        assert_eq!(
            name("my/experiment.toml", &[("epochs", "3")], |_| ()),
            "experiment · s0",
            "a file says what it is"
        );
        let folder = "2026-11-28T16-31-02_oscillation_quick_s0_4f2a";
        assert_eq!(name(folder, &[], |_| ()), "quick · s0", "settings taken from a run");
        let other = name(folder, &[("weight_bits", "4")], |_| ());
        assert_eq!(other, "quick, weight bits 4 · s0", "told from the preset of that run");
    }
}
