//! The quantiles lab against the desk protocol's reference run: whole runs on the given splits, and rules on the given base predictions.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod given;
mod tables;

use std::path::{Path, PathBuf};
use weightscope_engine::CATALOGUE;

use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_engine::store::Status;

/// Base models by our word and the reference's, with the allowed factor.
const BASES: [(&str, &str, f64); 8] = [
    ("linear", "lin", 1.05),
    ("knn", "knn", 1.05),
    ("random_forest", "rf", 1.08),
    ("extra_trees", "xt", 1.08),
    ("boosting", "gbm", 1.08),
    ("conditional_gaussian", "cgn", 1.05),
    ("simultaneous_quantile", "sqr", 1.05),
    ("joint_quantile", "dqr", 1.05),
];

/// Aggregators of the reference.
const AGGREGATORS: [(&str, &str); 10] = [
    ("average", "average"),
    ("median", "median"),
    ("best", "best_by_val"),
    ("qra", "qra"),
    ("global_coarse", "global_coarse"),
    ("global_medium", "global_medium"),
    ("global_fine", "global_fine"),
    ("local_coarse", "local_coarse"),
    ("local_medium", "local_medium"),
    ("local_fine", "local_fine"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quantiles")
}

fn reference() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join("reference.json")).unwrap()).unwrap()
}

fn whole_run(dataset: &str, seed: u64) -> Outcome {
    let split = folder().join(format!("splits_{dataset}.csv"));
    let text = format!(
        "schema = 1\nlab = \"quantiles\"\nseed = {seed}\ndataset = \"{dataset}\"\nsplit = \"{}:part{seed}\"\n",
        split.display()
    );
    let experiment =
        Experiment::from_toml(CATALOGUE, &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let request = RunRequest { experiment, asked: None, origin: dataset.to_owned(), place: Place::Memory };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

/// The whole comparison of one table over the reference's three splits.
#[expect(clippy::print_stderr, reason = "the table is the report of this test")]
fn compare(dataset: &str) {
    let reference = reference();
    let reference = &reference["datasets"][dataset]["wis"];
    let runs: Vec<Outcome> = (1..=3).map(|seed| whole_run(dataset, seed)).collect();
    let ours = |name: &str| runs.iter().map(|run| run.results[&format!("wis_{name}")]).sum::<f64>() / 3.0;
    let theirs = |name: &str| {
        (1..=3).map(|seed| reference[name][seed.to_string().as_str()].as_f64().unwrap()).sum::<f64>() / 3.0
    };
    let mut failures = Vec::new();
    for (name, other, allowed) in BASES {
        let ratio = ours(name) / theirs(other);
        eprintln!("{dataset:9} {name:24} {:.4} {:.4} {ratio:.3}", ours(name), theirs(other));
        if ratio > allowed {
            failures.push(format!("{name}: {ratio:.3} times the reference, allowed {allowed}"));
        }
    }
    for (name, other) in AGGREGATORS {
        eprintln!(
            "{dataset:9} {name:24} {:.4} {:.4} {:.3}",
            ours(name),
            theirs(other),
            ours(name) / theirs(other)
        );
    }
    let best = |values: Vec<f64>| values.into_iter().fold(f64::INFINITY, f64::min);
    let ratio = best(AGGREGATORS.iter().map(|(name, _)| ours(name)).collect())
        / best(AGGREGATORS.iter().map(|(_, other)| theirs(other)).collect());
    eprintln!("{dataset:9} best aggregator {ratio:.3}");
    if ratio > 1.02 {
        failures.push(format!("best aggregator: {ratio:.3} times the reference's best, allowed 1.02"));
    }
    for run in &runs {
        let results = &run.results;
        let (optimum, trained) =
            (results["global_medium_train_wis_optimum"], results["global_medium_train_wis"]);
        eprintln!("{dataset:9} global medium over its optimum {:.4}", trained / optimum);
        if trained < optimum * (1.0 - 1e-6) || trained > 1.03 * optimum {
            failures.push(format!("global medium {trained} outside {optimum} to 1.03 times it"));
        }
        let (test, calibration) = sizes(dataset);
        let allowed = 2.6 * (0.16 / test + 0.16 / calibration).sqrt();
        for (name, coverage) in results.iter().filter(|(name, _)| name.starts_with("coverage_80_")) {
            if (coverage - 0.8).abs() > allowed {
                failures.push(format!("{name}: {coverage:.3} outside 0.8 ± {allowed:.3}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Test and calibration rows.
fn sizes(dataset: &str) -> (f64, f64) {
    match dataset {
        "diabetes" => (88.0, 66.0),
        "engel" => (47.0, 35.0),
        "synth1" => (200.0, 150.0),
        _ => (400.0, 300.0),
    }
}

#[test]
fn engel_is_as_good_as_the_reference() {
    compare("engel");
}

#[test]
fn diabetes_is_as_good_as_the_reference() {
    compare("diabetes");
}

#[test]
fn synth1_is_as_good_as_the_reference() {
    compare("synth1");
}

#[test]
fn synth5_is_as_good_as_the_reference() {
    compare("synth5");
}
