//! A grid whose networks other runs trained in parts: each as a single run would have trained it.
//!
//! Contract: networks are those of the parts, bit for bit. What one run would have trained otherwise is refused before.

use std::path::{Path, PathBuf};

use serde_json::Value;
use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Cut, PARTS, Parts, RunError};
use weightscope_frame::store;
use weightscope_population::Shape;

use super::TRAINING;
use super::training::{Network, Recipe};
use crate::config::Config;
use crate::plan::Plan;
use crate::zoo;

/// How a grid is cut: by cells, each with all its seeds. How networks are judged afterwards may differ.
const CUT: Cut<Config> = Cut {
    catalogue: crate::OWN,
    part: Config::part,
    stages: &[TRAINING],
    aside: &[
        "similarity",
        "vote_train_loss",
        "threshold_train_loss",
        "vote_log_lambda",
        "threshold_log_lambda",
        "vote_log_trace",
        "threshold_log_trace",
        "threshold_connectivity",
        "threshold_cka",
    ],
};

/// The runs that trained the parts.
pub(crate) struct Joined {
    /// What was read.
    pub(super) read: Read,
    parts: Parts,
    /// The run of each cell, in the order of the plan.
    runs: Vec<PathBuf>,
}

impl Joined {
    /// Refuses a run with another seed than that of the parts.
    pub(super) fn fit_seed(&self, seed: u64) -> Result<(), RunError> {
        self.parts.fit_seed(seed).map_err(refuse)
    }

    /// The run that trained a cell; none of one that was asked for later.
    pub(super) fn run_of(&self, cell: usize) -> Option<&Path> {
        self.runs.get(cell).map(PathBuf::as_path)
    }
}

fn refuse(problem: Problem) -> RunError {
    RunError::Problems(vec![problem])
}

/// Finds the parts of a grid of these data if the settings name them.
pub(super) fn open(config: &Config, data: &[Read]) -> Result<Option<Joined>, RunError> {
    let Some(folder) = config.parts() else { return Ok(None) };
    let parts = CUT.find(folder, config, data).map_err(refuse)?;
    let plan = Plan::new(config, &[]);
    let mut runs = vec![PathBuf::new(); plan.cells.len()];
    let mut hasher = blake3::Hasher::new();
    for (run, cells) in parts.shares(plan.cells.len()) {
        hasher.update(store::read_manifest(run)?.stream_hash.unwrap_or_default().as_bytes());
        for cell in cells {
            if let Some(slot) = runs.get_mut(cell) {
                run.clone_into(slot);
            }
        }
    }
    let read = Read {
        place: folder.to_owned(),
        form: format!("networks of a grid in {} parts", parts.runs.len()),
        hash: hasher.finalize().to_hex().to_string(),
        rows: plan.networks(),
        of: "networks".to_owned(),
        ..Read::default()
    };
    Ok(Some(Joined { read, parts, runs }))
}

/// The network of a recipe as the run of its part left it.
pub(super) fn network(
    run: &Path,
    recipe: &Recipe<'_>,
    params: &Value,
    shape: &Shape,
) -> Result<Network, RunError> {
    let name = recipe.knobs.name(recipe.seed);
    zoo::own::read(&zoo::own::folder(run, &recipe.knobs, recipe.seed), params, shape).ok_or_else(|| {
        let why = format!(
            "a part holds no network {name} as this run would train it; make it again: {}",
            run.display()
        );
        refuse(Problem::error(PARTS, why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use weightscope_frame::experiment::{Experiment, check};
    use weightscope_frame::run::{self, Control, Nobody, Place, RunRequest};

    /// The smallest experiment, four cells of two networks, with these settings changed.
    fn smallest(changes: &[(&str, &str)]) -> Experiment {
        let mut experiment = Experiment::from_toml(crate::OWN, include_str!("../smallest.toml")).unwrap();
        for (key, typed) in changes {
            experiment.set_typed(key, typed).unwrap();
        }
        experiment
    }

    /// Carries it out; its results.
    fn done(folder: &Path, changes: &[(&str, &str)]) -> BTreeMap<String, f64> {
        let request = RunRequest {
            experiment: smallest(changes),
            asked: None,
            origin: "test".to_owned(),
            place: Place::New(folder.to_owned()),
        };
        let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(outcome.status, store::Status::Done, "{changes:?}: {:?}", outcome.reason);
        outcome.results
    }

    /// What is wrong with a run that joins these parts; the problem stands under their key.
    fn refused(parts: &Path, changes: &[(&str, &str)]) -> Option<String> {
        let place = parts.to_str().unwrap();
        let experiment = smallest(&[&[("parts", place)], changes].concat());
        let problem = experiment.method.read_data().err()?.into_iter().find(Problem::is_error)?;
        assert!(problem.key == "parts" && problem.message.ends_with(place), "{problem}");
        Some(problem.message)
    }

    #[test]
    fn a_grid_in_parts_is_joined_to_that_of_a_single_run() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("parts");
        std::fs::create_dir_all(&parts).unwrap();
        for part in ["1/3", "2/3", "3/3"] {
            let found = done(&parts.join(part.replace('/', "_of_")), &[("part", part)]);
            assert_eq!(found["models_trained"], if part == "1/3" { 4.0 } else { 2.0 }, "{part}");
        }
        let (one, other) = (folder.path().join("whole"), folder.path().join("joined"));
        let whole = done(&one, &[]);
        let joined = done(&other, &[("parts", parts.to_str().unwrap())]);
        let method = crate::OWN.method("phases").unwrap();
        for (name, value) in whole.iter().filter(|(name, _)| !method.is_clock_result(name)) {
            assert_eq!(joined[name].to_bits(), value.to_bits(), "{name}");
        }
        let stream = |run: &Path| store::read_manifest(run).unwrap().stream_hash.unwrap();
        assert_eq!(stream(&other), stream(&one), "the metric stream, bit for bit");
        let table = |run: &Path| std::fs::read_to_string(run.join(super::super::files::GRID)).unwrap();
        assert_eq!(table(&other), table(&one));
        assert_eq!(refused(&parts, &[("threshold_cka", "0.5"), ("curve_epochs", "2")]), None, "judged later");
    }

    #[test]
    fn parts_that_do_not_make_the_grid_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path();
        for part in ["1/2", "2/2"] {
            done(&parts.join(part.replace('/', "_of_")), &[("part", part)]);
        }
        assert_eq!(refused(parts, &[]), None);
        let message = refused(parts, &[("epochs_min", "7")]).unwrap();
        assert!(message.contains("epochs_min = 6") && message.contains("epochs_min = 7"), "{message}");
        done(&parts.join("again"), &[("part", "2/2")]);
        let message = refused(parts, &[]).unwrap();
        assert!(message.contains("part 2/2 is there twice") && message.contains("again"), "{message}");
        std::fs::remove_dir_all(parts.join("again")).unwrap();
        std::fs::remove_dir_all(parts.join("1_of_2").join("zoo")).unwrap();
        let message = refused(parts, &[]).unwrap();
        assert!(message.contains("part 1/2 is not as it was") && message.contains("missing"), "{message}");
        std::fs::remove_dir_all(parts.join("1_of_2")).unwrap();
        let message = refused(parts, &[]).unwrap();
        assert!(message.contains("of 2 parts 1 are missing: 1/2"), "{message}");
        let wrong = |changes: &[(&str, &str)]| {
            let problems = check(&smallest(changes)).into_iter().filter(Problem::is_error);
            problems.map(|problem| problem.key).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&[("part", "1/5")]), ["part"], "four cells");
        assert_eq!(wrong(&[("part", "1/2"), ("parts", "/some/where")]), ["parts"]);
    }
}
