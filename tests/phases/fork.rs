//! Forks: a grid that grows equals the larger run, and finished networks keep their meaning.

use super::*;
use weightscope_engine::CATALOGUE;

#[test]
fn a_fork_extends_the_grid_and_equals_the_larger_run_cell_by_cell() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("parent");
    finished(tiny(&[]), &parent);
    let larger: [(&str, &str); 4] =
        [("widths", "[4, 6, 9]"), ("seeds", "3"), ("hessian", "both"), ("downstream", "true")];
    let fresh = folder.path().join("fresh");
    finished(tiny(&larger), &fresh);
    let child = folder.path().join("child");
    let fork = run::ForkRequest {
        parent: parent.clone(),
        step: None,
        experiment: tiny(&larger),
        origin: "fork".to_owned(),
        place: child.clone(),
    };
    let outcome = run::fork(CATALOGUE, &fork, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(grid(&fresh), grid(&child), "cell by cell");
    assert_eq!(outcome.results["models_trained"], 18.0);
    let table = |folder: &Path, id: &str| {
        let (stored, _) = store::read_run(CATALOGUE, folder).unwrap();
        let Data::Table(table) = stored.record.get(id).unwrap().data.clone() else {
            panic!("{id} is a table")
        };
        format!("{:?}", table.last().unwrap().1.rows)
    };
    for id in ["table/cells", "table/networks", "table/pairs"] {
        assert_eq!(table(&fresh, id), table(&child, id), "{id}");
    }
    // The parent's networks are taken over, not trained again.
    let made = |folder: &Path| {
        let model = std::fs::read_dir(folder.join("zoo")).unwrap().flatten();
        let mut names: Vec<_> = model.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let losses =
        store::read_metrics(&child).unwrap().into_iter().filter(|row| row.channel == "network/train_loss");
    assert_eq!(losses.count(), 18, "eight before the fork and ten after it");
    assert_eq!(made(&child).len(), 18);
    assert_eq!(made(&parent).len(), 8, "the parent is only read");
    let comparison = run::verify(CATALOGUE, &child, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(comparison, run::Comparison::Identical { .. }), "{comparison:?}");
}

#[test]
fn a_fork_that_would_change_finished_networks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("parent");
    finished(tiny(&[]), &parent);
    for (key, value, word) in [
        ("learning_rate", "0.1", "finished networks"),
        ("widths", "[4]", "9 would be gone"),
        ("seeds", "1", "drops some"),
        ("load", "data_share", "finished networks"),
    ] {
        let fork = run::ForkRequest {
            parent: parent.clone(),
            step: None,
            experiment: tiny(&[(key, value)]),
            origin: "fork".to_owned(),
            place: folder.path().join(key),
        };
        let error = run::fork(CATALOGUE, &fork, &mut Nobody, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains(word), "{key}: {error}");
    }
}
