//! One swept field as a person drafts it, and the axis of a sweep that follows; no window.

use std::collections::BTreeSet;

use toml::{Table, Value};
use weightscope_frame::experiment::{Choice, Experiment, Field, Mark, Slot, Spacing, Visitor, get, number};

/// How the values of an axis are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spread {
    /// Each by itself.
    #[default]
    List,
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Log,
}

/// A field that can be swept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sweepable {
    pub(super) field: Field,
    pub(super) value: Value,
    /// Words of a closed list.
    pub(super) choices: &'static [Choice],
}

/// One swept field as a person drafts it: its key, how its values are given, and what was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AxisDraft {
    /// Key of the field; empty for no axis.
    pub(super) key: String,
    pub(super) spread: Spread,
    /// Typed values, with commas.
    pub(super) list: String,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: usize,
}

/// The fields that mean something now, the seed aside (it has a row of its own).
pub(super) fn sweepable(experiment: &Experiment) -> Vec<Sweepable> {
    struct Reader(Vec<Sweepable>);
    impl Visitor for Reader {
        fn field(&mut self, field: Field, slot: Slot<'_>) {
            let choices = match &slot {
                Slot::Choice(choice) => choice.choices(),
                Slot::Choices(choices) => choices.choices(),
                _ => &[],
            };
            let value = get(&slot);
            self.0.push(Sweepable { field, value, choices });
        }
    }
    let mut reader = Reader(Vec::new());
    experiment.clone().visit(&mut reader);
    reader.0.retain(|one| one.field.shown && !matches!(one.field.mark, Mark::Seed | Mark::Machine));
    reader.0
}

impl AxisDraft {
    /// A first draft around the present value of a field.
    pub(super) fn around(one: &Sweepable) -> Self {
        let field = &one.field;
        let text = match (&one.value, field.allowed) {
            (_, Some(allowed)) => allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            (Value::String(_), _) if !one.choices.is_empty() => {
                one.choices.iter().map(|choice| choice.key).collect::<Vec<_>>().join(", ")
            }
            (Value::Boolean(_), _) => "false, true".to_owned(),
            (Value::String(text), _) => text.clone(),
            (Value::Float(value), _) => number(*value),
            (Value::Array(items), _) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
            (other, _) => other.to_string(),
        };
        let now = match one.value {
            Value::Integer(value) => value as f64,
            Value::Float(value) => value,
            _ => 0.0,
        };
        let logarithmic = field.spacing == Spacing::Logarithmic && now > 0.0;
        let clamp = |value: f64| {
            let value = rounded(value);
            field.range.map_or(value, |range| value.clamp(range.min, range.max))
        };
        let (from, to) = if logarithmic {
            (now / 10.0, now * 10.0)
        } else {
            (now / 2.0, if now == 0.0 { 1.0 } else { now * 2.0 })
        };
        let is_number = one.is_number() && field.allowed.is_none();
        let spread = match (is_number, logarithmic) {
            (false, _) => Spread::List,
            (true, true) => Spread::Log,
            (true, false) => Spread::Linear,
        };
        Self { key: field.key.to_owned(), spread, list: text, from: clamp(from), to: clamp(to), count: 3 }
    }

    /// The axis in the form that a sweep has it, or what is wrong with it.
    pub(super) fn axis(&self, base: &Experiment, one: &Sweepable) -> Result<Value, String> {
        if self.spread == Spread::List {
            return self.items(base, one).map(Value::Array);
        }
        if !(self.from.is_finite() && self.to.is_finite()) {
            return Err("both ends must be finite numbers".to_owned());
        }
        if self.spread == Spread::Log && (self.from <= 0.0 || self.to <= 0.0) {
            return Err("a logarithmic range needs both ends above 0".to_owned());
        }
        if self.count == 0 {
            return Err("a range needs at least one value".to_owned());
        }
        if matches!(one.value, Value::Integer(_)) {
            // Whole numbers cannot be spaced evenly in general: the nearest ones, each once.
            let whole: BTreeSet<i64> = self.spaced().map(|value| value.round() as i64).collect();
            return Ok(Value::Array(whole.into_iter().map(Value::Integer).collect()));
        }
        let spacing = if self.spread == Spread::Log { "log" } else { "linear" };
        let range: Table = [
            ("from".to_owned(), Value::Float(self.from)),
            ("to".to_owned(), Value::Float(self.to)),
            ("count".to_owned(), Value::Integer(self.count as i64)),
            ("spacing".to_owned(), Value::String(spacing.to_owned())),
        ]
        .into_iter()
        .collect();
        Ok(Value::Table(range))
    }

    fn spaced(&self) -> impl Iterator<Item = f64> {
        let share = |index: usize| index as f64 / self.count.saturating_sub(1).max(1) as f64;
        (0..self.count).map(move |index| match self.spread {
            Spread::Log => (self.from.ln() + share(index) * (self.to.ln() - self.from.ln())).exp(),
            _ => self.from + share(index) * (self.to - self.from),
        })
    }

    /// Typed values, each read as the form would; lists are parted by semicolons.
    fn items(&self, base: &Experiment, one: &Sweepable) -> Result<Vec<Value>, String> {
        let separator = if matches!(one.value, Value::Array(_)) { ';' } else { ',' };
        let mut values = Vec::new();
        for item in self.list.split(separator).map(str::trim).filter(|item| !item.is_empty()) {
            let mut trial = base.clone();
            trial.set_typed(&self.key, item).map_err(|problem| format!("{item}: {}", problem.message))?;
            values.extend(trial.get(&self.key).filter(|value| !values.contains(value)));
        }
        if values.is_empty() { Err("type at least one value".to_owned()) } else { Ok(values) }
    }
}

/// A number with three digits: what is left of it in binary is nobody's wish.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

impl Sweepable {
    /// True if each value is a set of words of a closed list.
    pub(super) fn is_set(&self) -> bool {
        !self.choices.is_empty() && matches!(self.value, Value::Array(_))
    }

    /// True if a range makes sense.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.value, Value::Integer(_) | Value::Float(_))
    }
}

/// Seeds as typed: `0, 1, 5-9`.
pub(super) fn seeds(text: &str) -> Result<Vec<u64>, String> {
    const MOST: u64 = 10_000;
    let mut seeds = Vec::new();
    for item in text.split([',', ' ']).map(str::trim).filter(|item| !item.is_empty()) {
        let wrong = || format!("\"{item}\" is no seed; write 0, 1, 2 or 0-4");
        match item.split_once('-') {
            Some((from, to)) => {
                let from: u64 = from.trim().parse().map_err(|_| wrong())?;
                let to: u64 = to.trim().parse().map_err(|_| wrong())?;
                if to < from || to - from >= MOST {
                    return Err(wrong());
                }
                seeds.extend(from..=to);
            }
            None => seeds.push(item.parse().map_err(|_| wrong())?),
        }
    }
    let mut once = BTreeSet::new();
    seeds.retain(|seed| once.insert(*seed));
    Ok(seeds)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::experiment::{Sweep, expand};

    fn base() -> Experiment {
        let text = weightscope_engine::CATALOGUE.preset("oscillation/mlp-lsq").unwrap().text;
        Experiment::from_toml(weightscope_engine::CATALOGUE, text).unwrap()
    }

    fn field(key: &str) -> Sweepable {
        sweepable(&base()).into_iter().find(|one| one.field.key == key).unwrap()
    }

    fn draft(key: &str, spread: Spread, list: &str) -> AxisDraft {
        AxisDraft { key: key.to_owned(), spread, list: list.to_owned(), from: 0.001, to: 0.1, count: 3 }
    }

    #[test]
    fn lists_are_read_as_the_form_reads_them() {
        let axis = |key: &str, list: &str| draft(key, Spread::List, list).axis(&base(), &field(key));
        let words = Value::Array(vec!["lsq".into(), "statsq".into()]);
        assert_eq!(axis("quantizer", "lsq, statsq, lsq"), Ok(words), "each once");
        let widths = axis("hidden_widths", "8,8; 64").unwrap();
        assert_eq!(widths.as_array().map(Vec::len), Some(2), "lists are parted by semicolons: {widths}");
        assert!(axis("quantizer", "lsq, lsx").unwrap_err().contains("lsx"), "the wrong one is named");
        assert!(axis("epochs", " , ").is_err(), "nothing typed");
    }

    #[test]
    fn ranges_become_axes_that_the_engine_expands() {
        let axis = draft("learning_rate", Spread::Log, "").axis(&base(), &field("learning_rate")).unwrap();
        let mut experiment = base();
        experiment.sweep = Some(Sweep {
            axes: [("learning_rate".to_owned(), axis)].into_iter().collect(),
            seeds: seeds("0-1").unwrap(),
            ..Sweep::default()
        });
        let runs = expand(&experiment).unwrap();
        assert_eq!(runs.len(), 6, "three rates with two seeds");
        assert_eq!(runs[2].label, "learning_rate=0.01_seed=0", "a short name");
        let rate = |index: usize| runs[index].experiment.get("learning_rate").unwrap().as_float().unwrap();
        assert!((rate(2) - 0.01).abs() < 1e-12 && rate(4) == 0.1, "equal ratios, ends as typed");
        let whole = AxisDraft { from: 1.0, to: 2.0, count: 5, ..draft("epochs", Spread::Linear, "") };
        let values = whole.axis(&base(), &field("epochs")).unwrap();
        assert_eq!(values, Value::Array(vec![1.into(), 2.into()]), "whole numbers, each once");
        let wrong = AxisDraft { from: 0.0, ..draft("learning_rate", Spread::Log, "") };
        assert!(wrong.axis(&base(), &field("learning_rate")).is_err(), "no logarithm of 0");
    }

    #[test]
    fn a_first_range_has_round_ends_and_sets_are_parted_by_semicolons() {
        let rate = Sweepable { value: Value::Float(3e-4), ..field("learning_rate") };
        let draft = AxisDraft::around(&rate);
        assert_eq!((draft.from, draft.to), (3e-5, 3e-3), "as a person writes them");
        let text = weightscope_engine::CATALOGUE.preset("quantiles/quick").unwrap().text;
        let base = Experiment::from_toml(weightscope_engine::CATALOGUE, text).unwrap();
        let models = sweepable(&base).into_iter().find(|one| one.field.key == "base_models").unwrap();
        assert!(models.is_set(), "each value is a set");
        let [first, second, ..] = models.choices else { panic!("two models at least") };
        let list = format!("{}; {}, {}", first.key, first.key, second.key);
        let axis = AxisDraft { key: "base_models".to_owned(), list, ..AxisDraft::default() };
        let values = axis.axis(&base, &models).unwrap();
        let lengths: Vec<usize> =
            values.as_array().unwrap().iter().map(|set| set.as_array().unwrap().len()).collect();
        assert_eq!(lengths, [1, 2], "two sets");
    }

    #[test]
    fn seeds_are_lists_and_ranges() {
        assert_eq!(seeds("0, 3-5 3"), Ok(vec![0, 3, 4, 5]), "each once");
        assert_eq!(seeds(" "), Ok(vec![]), "none: the form's own");
        for wrong in ["a", "5-3", "0-99999999", "1.5", "-1"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_first_draft_can_be_run_as_it_stands() {
        for one in sweepable(&base()) {
            let axis = AxisDraft::around(&one).axis(&base(), &one);
            assert!(axis.is_ok(), "{}: {axis:?}", one.field.key);
        }
    }
}
