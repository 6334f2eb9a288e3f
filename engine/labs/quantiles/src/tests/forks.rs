//! Forks: the same numbers as a new run with those settings, with the parent's base models.

use std::collections::BTreeMap;

use super::*;
use weightscope_frame::run::{Comparison, ForkRequest, RunError, fork, verify};
use weightscope_frame::store::read_manifest;

fn forked(parent: &Path, config: Config, place: &Path) -> Outcome {
    let request = ForkRequest {
        parent: parent.to_owned(),
        step: None,
        experiment: experiment(config, 2),
        origin: "test".to_owned(),
        place: place.to_owned(),
    };
    let outcome = fork(crate::OWN, &request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

/// The newest value of each scalar channel.
fn newest(path: &Path) -> BTreeMap<String, u64> {
    let rows = read_metrics(path).unwrap();
    rows.into_iter().map(|row| (row.channel, row.value.to_bits())).collect()
}

fn same_as_new(fork: &Path, new: &Path) {
    let file = |path: &Path| std::fs::read_to_string(path.join("scores.csv")).unwrap();
    assert_eq!(file(fork), file(new), "scores of all methods at all stages");
    let (forked, new_values) = (newest(fork), newest(new));
    for (channel, value) in &new_values {
        assert_eq!(forked.get(channel), Some(value), "{channel}");
    }
    let (forked, _) = read_run(crate::OWN, fork).unwrap();
    let (new, _) = read_run(crate::OWN, new).unwrap();
    assert_eq!(forked.manifest.results, new.manifest.results);
    let ids = |record: &weightscope_frame::record::Record| {
        let mut ids: Vec<String> = record
            .channels()
            .filter(|channel| !matches!(channel.data, weightscope_frame::record::Data::Scalar(_)))
            .map(|channel| channel.id.clone())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&forked.record), ids(&new.record), "nothing of the parent's aggregators is left");
}

#[test]
fn a_fork_equals_a_new_run_and_fits_no_base_model_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    done(small(), 2, Place::New(at("parent")));
    let joined = Config {
        aggregators: vec![Aggregator::LocalCoarse, Aggregator::GlobalFine, Aggregator::Average],
        crossing_penalty: 5.0,
        search_trials: 3,
        isotonization: crate::method::isotonize::Isotonization::Pava,
        conformal: Conformal::SplitAsymmetric,
        ..small()
    };
    let fewer = Config { aggregators: vec![Aggregator::Qra, Aggregator::Average], ..small() };
    for (name, config, steps) in [("joined", joined, 4), ("fewer", fewer, 1)] {
        done(config.clone(), 2, Place::New(at("new")));
        forked(&at("parent"), config, &at(name));
        let (parent, child) = (read_manifest(&at("parent")).unwrap(), read_manifest(&at(name)).unwrap());
        assert_eq!(child.step, parent.step + steps, "only aggregators were fitted");
        assert_eq!(child.step, child.steps, "and the count of steps is whole");
        same_as_new(&at(name), &at("new"));
        let verified = verify(crate::OWN, &at(name), &mut Nobody, &Control::default()).unwrap();
        assert!(matches!(verified, Comparison::Identical { .. }), "{name}: {verified:?}");
        std::fs::remove_dir_all(at("new")).unwrap();
    }
}

#[test]
fn base_models_come_and_go_in_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let few = Config {
        base_models: vec![Kind::Boosting, Kind::Knn, Kind::JointQuantile],
        aggregators: vec![Aggregator::Average, Aggregator::GlobalMedium],
        ..small()
    };
    done(few.clone(), 2, Place::New(at("parent")));
    let config = Config {
        base_models: vec![Kind::Linear, Kind::JointQuantile, Kind::Boosting],
        conformal: Conformal::NestedCvPlus,
        ..few
    };
    done(config.clone(), 2, Place::New(at("new")));
    forked(&at("parent"), config, &at("fork"));
    same_as_new(&at("fork"), &at("new"));
    let new = folder.path().join("new.csv");
    std::fs::write(&new, "income\n500\n").unwrap();
    assert_eq!(predict(&at("fork"), &new).unwrap(), predict(&at("new"), &new).unwrap());
}

#[test]
fn a_fork_of_a_stopped_run_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    stopped_after(8, &at("parent"));
    let config = Config { aggregators: vec![Aggregator::Best, Aggregator::Average], ..small() };
    forked(&at("parent"), config.clone(), &at("fork"));
    done(config, 2, Place::New(at("new")));
    same_as_new(&at("fork"), &at("new"));
}

#[test]
fn what_fitted_models_depend_on_stays_with_the_reason() {
    let refusal = |change: &dyn Fn(&mut Config)| {
        let mut child = small();
        change(&mut child);
        let method = |config| Method::of(crate::OWN, config);
        method(child)
            .forkable(&method(small()))
            .into_iter()
            .map(|problem| problem.to_string())
            .collect::<Vec<_>>()
    };
    for (change, key, why) in [
        (
            &(|config: &mut Config| config.dataset = "synth1".to_owned()) as &dyn Fn(&mut Config),
            "dataset",
            "rows",
        ),
        (&|config: &mut Config| config.split = "2".to_owned(), "split", "parts and folds"),
        (&|config: &mut Config| config.folds = 4, "folds", "parts and folds"),
        (&|config: &mut Config| config.levels = vec![19.0], "levels", "levels"),
        (&|config: &mut Config| config.net_steps = 300, "net_steps", "fitted already"),
    ] {
        let problems = refusal(change);
        assert!(
            problems.len() == 1 && problems[0].starts_with(key) && problems[0].contains(why),
            "{key}: {problems:?}"
        );
    }
    let free = refusal(&|config: &mut Config| {
        config.aggregators = vec![Aggregator::Average];
        config.base_models.push(Kind::ExtraTrees);
        config.conformal = Conformal::None;
        config.margin = 0.1;
    });
    assert!(free.is_empty(), "{free:?}");
}

#[test]
fn a_table_that_changed_since_the_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let table = |shift: usize| {
        let lines: Vec<String> = (0..80).map(|row| format!("{row},{}\n", (row * 7 + shift) % 11)).collect();
        std::fs::write(at("table.csv"), format!("x,y\n{}", lines.concat())).unwrap();
    };
    table(0);
    let config = Config {
        dataset: at("table.csv").display().to_string(),
        base_models: vec![Kind::Knn, Kind::Linear],
        aggregators: vec![Aggregator::Average],
        ..small()
    };
    done(config.clone(), 1, Place::New(at("parent")));
    table(1);
    let request = ForkRequest {
        parent: at("parent"),
        step: None,
        experiment: experiment(Config { conformal: Conformal::None, ..config }, 1),
        origin: "test".to_owned(),
        place: at("fork"),
    };
    let refused = fork(crate::OWN, &request, &mut Nobody, &Control::default()).unwrap_err();
    assert!(matches!(refused, RunError::DataChanged { .. }), "{refused}");
    assert!(!at("fork").exists(), "no run folder is made");
}
