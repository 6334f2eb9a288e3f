//! `list` and `check`.

use std::path::Path;

use serde_json::json;
use weightscope_engine::data::Read;
use weightscope_engine::experiment::{Experiment, Problem, check as check_experiment, expand};
use weightscope_engine::run::check_data;
use weightscope_engine::{CATALOGUE, store};

use super::args::Listed;
use super::run::before_start;
use super::{Failure, load, output};

/// `list labs|presets|runs`.
pub(super) fn list(what: Listed, json: bool, runs: &Path) {
    match what {
        Listed::Labs => labs(json),
        Listed::Presets => list_presets(json),
        Listed::Runs => list_runs(json, runs),
    }
}

fn labs(as_json: bool) {
    for method in CATALOGUE.methods() {
        let about = method.about();
        if as_json {
            output::json(
                &json!({ "lab": method.name(), "title": about.title, "claim": about.claim, "paper": about.paper, "link": about.link }),
            );
        } else {
            output::line(&format!("{:<20} {} – {}", method.name(), about.title, about.paper));
        }
    }
}

fn list_presets(as_json: bool) {
    for preset in CATALOGUE.presets() {
        if as_json {
            output::json(&json!({ "preset": preset.name, "lab": preset.lab(), "about": preset.about() }));
        } else {
            output::line(&format!("{:<36} {}", preset.name, preset.about()));
        }
    }
}

fn list_runs(as_json: bool, runs: &Path) {
    let index = store::scan(runs);
    for entry in &index.runs {
        if as_json {
            let mut value = serde_json::to_value(&entry.manifest).unwrap_or_default();
            if let Some(object) = value.as_object_mut() {
                object.insert("folder".to_owned(), json!(entry.path));
            }
            output::json(&value);
        } else {
            let accuracy = entry
                .manifest
                .results
                .get("test_accuracy")
                .map_or(String::new(), |value| format!("{value:.4}"));
            output::line(&format!(
                "{:<12} {:<12} seed {:<6} {:>8}  {}",
                entry.manifest.status.word(),
                entry.manifest.lab,
                entry.manifest.seed,
                accuracy,
                entry.path.display()
            ));
        }
    }
    for error in &index.damaged {
        output::note(&format!("warning: {error}"));
    }
}

/// `check EXPERIMENT.toml`: each problem of the settings, then of the data, on a line; exit code 2 if one is an error.
pub(super) fn check(name: &str, as_json: bool) -> Result<(), Failure> {
    let text = load::text(name)?;
    let problems = match Experiment::from_toml(CATALOGUE, &text) {
        Ok(experiment) => {
            let mut problems = check_experiment(&experiment);
            if CATALOGUE.preset(name).is_none() {
                let defaults = Experiment::new(experiment.method.defaults());
                load::add_unread(&mut problems, &experiment, &defaults);
            }
            // Data are opened as the settings say, so these must be right first.
            if !problems.iter().any(Problem::is_error) {
                let found = check_data(&experiment).map_err(before_start)?;
                if !as_json {
                    found.read.iter().flat_map(Read::lines).for_each(|line| output::line(&line));
                }
                problems.extend(found.problems);
            }
            if !as_json && problems.is_empty() {
                let runs = expand(&experiment).map_or(1, |runs| runs.len());
                let cost = experiment.cost().times(runs);
                output::line(&format!(
                    "no problems: {} with {runs} run{}, {}, {} steps, about {:.0} s",
                    experiment.lab(),
                    if runs == 1 { "" } else { "s" },
                    cost.parameters_in_words(|count| count.to_string()),
                    cost.steps,
                    cost.seconds
                ));
            }
            problems
        }
        Err(problems) => problems,
    };
    for problem in &problems {
        if as_json {
            output::json(problem);
        } else {
            output::line(&problem.to_string());
        }
    }
    let errors = problems.iter().filter(|problem| Problem::is_error(problem)).count();
    if errors > 0 {
        return Err(Failure::request(anyhow::anyhow!(
            "{errors} problem{} in {name}",
            if errors == 1 { "" } else { "s" }
        )));
    }
    Ok(())
}
