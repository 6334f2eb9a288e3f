//! The lab as a whole: bad settings, the replica, and zoos from disk.

use weightscope_frame::experiment::{Experiment, Problem, check};

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
        &[("autoencoder", "published")],
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
    assert!(errors(&[("guidance", "2"), ("condition_dropout", "0.1")]).is_empty());
    assert!(errors(&[("target_classes", "1,4,7"), ("target_data", "digits")]).is_empty());
}

#[test]
fn copies_are_told_from_what_is_new() {
    assert_eq!(verdict(1.0, 0.94, 40, 40), "copies");
    assert_eq!(verdict(0.6, 0.94, 3, 40), "new");
    assert_eq!(verdict(0.6, 0.94, 31, 40), "in between");
    assert_eq!(verdict(1.0, f64::NAN, 40, 40), "copies");
}
