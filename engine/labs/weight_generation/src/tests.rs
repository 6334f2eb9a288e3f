//! The lab as a whole: bad settings, the replica, and zoos from disk.

use std::collections::BTreeMap;
use std::path::Path;

use weightscope_frame::experiment::{Experiment, Problem, check};
use weightscope_frame::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_frame::store;

use crate::train::evaluate::verdict;

/// Keys of the errors of the lab's defaults with these settings changed, the data included.
fn errors(changes: &[(&str, &str)]) -> Vec<String> {
    let mut experiment = Experiment::new(crate::OWN.method("weight_generation").unwrap());
    for (key, typed) in changes {
        if let Err(problem) = experiment.set_typed(key, typed) {
            return vec![problem.key];
        }
    }
    let mut problems = check(&experiment);
    if problems.iter().all(|problem| !problem.is_error()) {
        problems.extend(experiment.method.read_data().err().unwrap_or_default());
    }
    let errors = problems.into_iter().filter(Problem::is_error);
    errors
        .inspect(|problem| assert!(problem.message.len() > 10, "{problem}"))
        .map(|problem| problem.key)
        .collect()
}

#[test]
fn bad_settings_are_refused_by_their_key() {
    assert_eq!(errors(&[]), Vec::<String>::new());
    for changes in [
        &[("seen_tasks", "1")][..],
        &[("seen_tasks", "101")],
        &[("classes_per_task", "11")],
        &[("rows_per_class", "500")],
        &[("rows_per_class", "4")],
        &[("chunk", "7")],
        &[("latent", "2000")],
        &[("latent", "300"), ("chunk", "256")],
        &[("guidance", "2")],
        &[("image_side", "18"), ("autoencoder", "published")],
        &[("image_side", "16"), ("autoencoder", "published"), ("channel_factors", "1,1,1,1,1,1")],
        &[("image_channels", "15"), ("autoencoder", "published")],
        &[("channel_factors", ""), ("autoencoder", "published")],
        &[("latent_channels", "3"), ("autoencoder", "published"), ("chunk", "32")],
        &[("latent_channels", "64"), ("autoencoder", "published"), ("image_side", "32")],
        &[("zoo", "/no/such/folder")],
        &[("target_classes", "1,4"), ("target_data", "digits")],
        &[("target_classes", "1,4,4"), ("target_data", "digits")],
        &[("target_classes", "1,4,17"), ("target_data", "digits")],
        &[("sampling_steps", "501")],
        &[("visits", "published"), ("sampling_steps", "500")],
    ] {
        let found = errors(changes);
        let key = changes.first().unwrap().0;
        assert!(found.contains(&key.to_owned()), "{changes:?}: {found:?}");
    }
    assert!(errors(&[("chunk", "5000")]).is_empty(), "one chunk, with a warning");
    assert!(errors(&[("autoencoder", "published")]).is_empty(), "sizes of a desk");
    let published = [("image_side", "64"), ("image_channels", "128"), ("latent_channels", "4")];
    assert!(
        errors(&[&[("autoencoder", "published")], &published[..]].concat()).is_empty(),
        "published sizes"
    );
    assert!(errors(&[("guidance", "2"), ("condition_dropout", "0.1")]).is_empty());
    assert!(errors(&[("target_classes", "1,4,7"), ("target_data", "digits")]).is_empty());
}

#[test]
fn sizes_that_do_not_divide_each_other_are_named_both() {
    for (changes, numbers) in [
        (&[("image_side", "18")][..], ["3 levels halve a side of 18 2 times", "4 does not divide it"]),
        (
            &[("image_side", "20"), ("channel_factors", "1,1,2,2")],
            ["a side of 20 3 times", "8 does not divide it"],
        ),
        (&[("image_channels", "15")], ["15 channels at level 0", "the 2 groups"]),
        (&[("chunk", "20")], ["32 numbers", "a chunk of 20"]),
    ] {
        let experiment = smallest(&[&[("autoencoder", "published")], changes].concat());
        let found = check(&experiment).into_iter().find(Problem::is_error).unwrap().to_string();
        assert!(numbers.iter().all(|part| found.contains(part)), "{changes:?}: {found}");
    }
}

#[test]
fn copies_are_told_from_what_is_new() {
    assert_eq!(verdict(1.0, 0.94, 40, 40), "copies");
    assert_eq!(verdict(0.6, 0.94, 3, 40), "new");
    assert_eq!(verdict(0.6, 0.94, 31, 40), "in between");
    assert_eq!(verdict(1.0, f64::NAN, 40, 40), "copies");
}

/// The smallest experiment with these settings changed.
fn smallest(changes: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::from_toml(crate::OWN, include_str!("smallest.toml")).unwrap();
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

#[test]
fn a_zoo_in_parts_is_joined_to_that_of_a_single_run() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join("parts");
    std::fs::create_dir_all(&parts).unwrap();
    // Fifteen networks, three of them of unseen tasks.
    for part in ["1/4", "2/4", "3/4", "4/4"] {
        done(&parts.join(part.replace('/', "_of_")), &[("part", part)]);
    }
    let place = parts.to_str().unwrap();
    let (one, other) = (folder.path().join("whole"), folder.path().join("joined"));
    let whole = done(&one, &[]);
    let joined = done(&other, &[("parts", place)]);
    let method = crate::OWN.method("weight_generation").unwrap();
    for (name, value) in whole.iter().filter(|(name, _)| !method.is_clock_result(name)) {
        assert_eq!(joined[name].to_bits(), value.to_bits(), "{name}");
    }
    let stream = |run: &Path| store::read_manifest(run).unwrap().stream_hash.unwrap();
    assert_eq!(stream(&other), stream(&one), "the metric stream, bit for bit");
    let zoo = |run: &Path| crate::train::product::stored_zoo(run).unwrap();
    assert_eq!(zoo(&other), zoo(&one));
    // What is learned of the zoo may differ from what the parts say of it.
    assert!(refused(&parts, &[("latent", "6"), ("draws", "3")]).is_none());
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
fn parts_that_do_not_make_the_zoo_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path();
    for part in ["1/2", "2/2"] {
        done(&parts.join(part.replace('/', "_of_")), &[("part", part)]);
    }
    assert_eq!(refused(parts, &[]), None);
    let message = refused(parts, &[("zoo_steps", "41")]).unwrap();
    assert!(message.contains("zoo_steps = 40") && message.contains("zoo_steps = 41"), "{message}");
    done(&parts.join("again"), &[("part", "1/2")]);
    let message = refused(parts, &[]).unwrap();
    assert!(message.contains("part 1/2 is there twice") && message.contains("again"), "{message}");
    std::fs::remove_dir_all(parts.join("again")).unwrap();
    std::fs::remove_dir_all(parts.join("2_of_2")).unwrap();
    let message = refused(parts, &[]).unwrap();
    assert!(message.contains("of 2 parts 1 are missing: 2/2"), "{message}");
    assert_eq!(errors(&[("part", "1/521")]), ["part"], "520 networks");
    assert!(errors(&[("part", "520/520")]).is_empty());
    let both = [("part", "1/2"), ("parts", "/some/where")];
    assert_eq!(errors(&both), ["parts"]);
}
