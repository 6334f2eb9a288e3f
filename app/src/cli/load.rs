//! An experiment from a preset's name or a file, with `--set` applied and checked.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::{Experiment, Problem, check, unread};

use super::Failure;
use super::output;

/// An experiment with what the person wrote.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The experiment, `--set` applied.
    pub experiment: Experiment,
    /// The text it came from, if nothing was changed after.
    pub asked: Option<String>,
    /// Preset or file name.
    pub origin: String,
}

/// Reads the text of a preset or a file.
pub(super) fn text(name: &str) -> Result<String, Failure> {
    if let Some(preset) = CATALOGUE.preset(name) {
        return Ok(preset.text.to_owned());
    }
    let path = Path::new(name);
    if !path.exists() && path.extension().is_none_or(|extension| extension != "toml") {
        let names: Vec<&str> = CATALOGUE.presets().map(|preset| preset.name).collect();
        return Err(Failure::request(anyhow!(
            "\"{name}\" is neither a preset nor a file; presets are {}",
            names.join(", ")
        )));
    }
    std::fs::read_to_string(path)
        .with_context(|| {
            format!("cannot read the experiment file; check its name and permissions: {}", path.display())
        })
        .map_err(Failure::request)
}

/// Reads, changes and checks an experiment.
pub(super) fn experiment(name: &str, set: &[String]) -> Result<Loaded, Failure> {
    let text = text(name)?;
    let mut experiment =
        Experiment::from_toml(CATALOGUE, &text).map_err(|problems| refused(name, &problems))?;
    // Of a preset only what was set is news to the person; a file of one's own is given as a whole.
    let is_preset = CATALOGUE.preset(name).is_some();
    let before = if is_preset { experiment.clone() } else { Experiment::new(experiment.method.defaults()) };
    let mut problems = self::set(&mut experiment, set);
    problems.extend(check(&experiment));
    add_unread(&mut problems, &experiment, &before);
    if problems.iter().any(Problem::is_error) {
        return Err(refused(name, &problems));
    }
    problems.iter().for_each(|problem| output::note(&format!("warning: {problem}")));
    Ok(Loaded { experiment, asked: set.is_empty().then_some(text), origin: name.to_owned() })
}

/// Adds a warning for each setting that was given and is not read, unless a rule of the lab speaks of it already.
pub(super) fn add_unread(problems: &mut Vec<Problem>, experiment: &Experiment, before: &Experiment) {
    for problem in unread(experiment, before) {
        if problems.iter().all(|known| known.key != problem.key) {
            problems.push(problem);
        }
    }
}

/// Carries out each `--set`; what could not be set.
pub(super) fn set(experiment: &mut Experiment, set: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for assignment in set {
        match assignment.split_once('=') {
            Some((key, value)) => problems.extend(experiment.set_typed(key.trim(), value).err()),
            None => problems.push(
                Problem::error("--set", format!("\"{assignment}\" has no \"=\"")).allowing("KEY=VALUE"),
            ),
        }
    }
    problems
}

/// A refusal that names each problem.
pub(super) fn refused(name: &str, problems: &[Problem]) -> Failure {
    let list: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    Failure::request(anyhow!("the experiment cannot run:\n{}\nin: {name}", list.join("\n")))
}
