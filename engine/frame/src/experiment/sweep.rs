//! One experiment file → many runs.
//!
//! `[sweep]` holds `seeds = [0, 1, 2]`, an axis for each swept key (a list, or `{ from, to, count, spacing }`), and `arms`:
//! named sets of settings that change together. The runs are arms × axes × seeds, in that nesting, seeds innermost.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::config::Experiment;
use super::problem::Problem;

/// Most runs that one sweep may expand to; more is nearly always a typing error.
pub const MOST_RUNS: usize = 10_000;

/// The `[sweep]` table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Seeds; empty means the experiment's own seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// Sets of settings that change together; each may hold a `name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Table>,
    /// Key → list of values, or range.
    #[serde(flatten)]
    pub axes: Table,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRun {
    /// What tells this run from its siblings, fit for a folder name and different for different names: `quantizer=lsq_seed=1`.
    pub label: String,
    /// The same as a person wrote it.
    pub name: String,
    /// The run's own experiment, without a sweep.
    pub experiment: Experiment,
}

impl Sweep {
    /// Reads the `[sweep]` table.
    pub fn from_toml(value: Value) -> Result<Self, Problem> {
        value.try_into().map_err(|error: toml::de::Error| {
            Problem::error("sweep", format!("cannot be read: {}", error.message())).allowing(
                "seeds = [0, 1], key = [values], key = { from, to, count, spacing }, [[sweep.arms]]",
            )
        })
    }
}

/// The runs of an experiment: one without a sweep, else each combination.
pub fn expand(experiment: &Experiment) -> Result<Vec<SweepRun>, Vec<Problem>> {
    let mut base = experiment.clone();
    let Some(sweep) = base.sweep.take() else {
        return Ok(vec![SweepRun { label: String::new(), name: String::new(), experiment: base }]);
    };
    let mut runs = vec![SweepRun { label: String::new(), name: String::new(), experiment: base.clone() }];
    if !sweep.arms.is_empty() {
        runs = arms(&base, &sweep.arms)?;
    }
    for (key, values) in &sweep.axes {
        let values = axis_values(key, values).map_err(|problem| vec![problem])?;
        runs = cross(&runs, key, &values)?;
    }
    if !sweep.seeds.is_empty() {
        let seeds: Vec<Value> = sweep.seeds.iter().map(|seed| Value::Integer(*seed as i64)).collect();
        runs = cross(&runs, "seed", &seeds)?;
    }
    Ok(runs)
}

fn arms(base: &Experiment, arms: &[Table]) -> Result<Vec<SweepRun>, Vec<Problem>> {
    let mut runs = Vec::with_capacity(arms.len());
    let mut problems = Vec::new();
    for (index, arm) in arms.iter().enumerate() {
        let mut settings = arm.clone();
        let label = match settings.remove("name") {
            Some(Value::String(name)) => name,
            _ => format!("arm{}", index + 1),
        };
        if runs.iter().any(|run: &SweepRun| run.name == label) {
            problems.push(
                Problem::error("sweep", format!("two arms are called \"{label}\""))
                    .allowing("a name of its own for each arm"),
            );
        }
        let mut experiment = base.clone();
        problems.extend(experiment.apply(&settings));
        runs.push(SweepRun { label: file_name(&label), name: label, experiment });
    }
    if problems.is_empty() { Ok(runs) } else { Err(problems) }
}

fn cross(runs: &[SweepRun], key: &str, values: &[Value]) -> Result<Vec<SweepRun>, Vec<Problem>> {
    if values.is_empty() {
        return Err(vec![
            Problem::error("sweep", format!("the axis {key} has no values")).allowing("at least one value"),
        ]);
    }
    if runs.len().saturating_mul(values.len()) > MOST_RUNS {
        return Err(vec![
            Problem::error("sweep", "the sweep expands to too many runs")
                .allowing(format!("at most {MOST_RUNS}")),
        ]);
    }
    let mut crossed = Vec::with_capacity(runs.len() * values.len());
    for run in runs {
        for value in values {
            let mut experiment = run.experiment.clone();
            let table: Table = [(key.to_owned(), value.clone())].into_iter().collect();
            let problems = experiment.apply(&table);
            if !problems.is_empty() {
                return Err(problems);
            }
            let part = format!("{key}={}", plain(value));
            let joined = |before: &str, part: &str| {
                if before.is_empty() { part.to_owned() } else { format!("{before}_{part}") }
            };
            let (label, name) = (joined(&run.label, &file_name(&part)), joined(&run.name, &part));
            crossed.push(SweepRun { label, name, experiment });
        }
    }
    Ok(crossed)
}

fn axis_values(key: &str, value: &Value) -> Result<Vec<Value>, Problem> {
    match value {
        Value::Array(values) => Ok(values.clone()),
        Value::Table(range) => {
            let number = |name: &str| match range.get(name) {
                Some(Value::Integer(number)) => Some(*number as f64),
                Some(Value::Float(number)) => Some(*number),
                _ => None,
            };
            let spacing = range.get("spacing").and_then(Value::as_str).unwrap_or("linear");
            match (number("from"), number("to"), number("count")) {
                (Some(from), Some(to), Some(count)) => range_values(key, from, to, count as usize, spacing),
                _ => Err(Problem::error("sweep", format!("the range of {key} needs from, to and count"))
                    .allowing("{ from = 0.0001, to = 0.1, count = 4, spacing = \"log\" }")),
            }
        }
        other => Ok(vec![other.clone()]),
    }
}

/// `count` values from `from` to `to`, both included, in equal differences (`linear`) or ratios (`log`).
fn range_values(key: &str, from: f64, to: f64, count: usize, spacing: &str) -> Result<Vec<Value>, Problem> {
    if !(1..=MOST_RUNS).contains(&count) {
        return Err(Problem::error("sweep", format!("the range of {key} has {count} values"))
            .allowing(format!("1 to {MOST_RUNS}")));
    }
    if spacing == "log" && (from <= 0.0 || to <= 0.0) {
        return Err(Problem::error("sweep", format!("the logarithmic range of {key} holds 0 or less"))
            .allowing("from and to above 0"));
    }
    if !matches!(spacing, "log" | "linear") {
        return Err(Problem::error("sweep", format!("\"{spacing}\" is no spacing")).allowing("linear, log"));
    }
    let share = |index: usize| if count == 1 { 0.0 } else { index as f64 / (count - 1) as f64 };
    Ok((0..count)
        .map(|index| match spacing {
            // The ends as typed, not as exp(ln) returns them.
            _ if index == 0 => from,
            _ if index + 1 == count => to,
            "log" => short((from.ln() + share(index) * (to.ln() - from.ln())).exp()),
            _ => short(from + share(index) * (to - from)),
        })
        .map(Value::Float)
        .collect())
}

/// Twelve significant digits: the middle of 0.0001 and 0.01 is 0.001, not 0.0010000000000000002.
fn short(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Replaces what a folder name should not hold; what was replaced stays different by a few digits of its hash.
fn file_name(text: &str) -> String {
    let fits = |letter: char| letter.is_alphanumeric() || "-_=.".contains(letter);
    let kept: String = text.chars().map(|letter| if fits(letter) { letter } else { '-' }).collect();
    if kept == text && !text.starts_with('.') {
        return kept;
    }
    let hash = blake3::hash(text.as_bytes()).to_hex();
    format!("{}~{}", kept.trim_start_matches('.'), hash.get(..6).unwrap_or_default())
}
