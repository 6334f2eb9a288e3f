//! Zoos on disk: opened again, completed from their weights, refused with advice.

use super::*;
use weightscope_engine::CATALOGUE;

#[test]
fn a_folder_that_is_no_zoo_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let zoo = folder.path().join("zoo");
    std::fs::create_dir_all(zoo.join("broken")).unwrap();
    let typed = zoo.display().to_string();
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let place = request(experiment, &folder.path().join("run"));
    let refused = run::run(&place, &mut Nobody, &Control::default()).unwrap_err().to_string();
    assert!(refused.contains("choose the folder"), "it advises: {refused}");
    assert!(refused.contains("broken: "), "the broken model is named: {refused}");
    assert!(!folder.path().join("run").exists(), "and leaves no run folder");
}

#[test]
fn the_zoo_of_a_run_opens_as_the_same_grid() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    finished(tiny(&[]), &first);
    let typed = first.join("zoo").display().to_string();
    let second = folder.path().join("second");
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let outcome = finished(experiment.clone(), &second);
    assert_eq!(outcome.results["models_read"], 8.0);
    assert_eq!(outcome.results["models_measured"], 0.0, "all is known");
    assert_eq!(grid(&first), grid(&second), "the same metrics and phases");
    // A cell of an opened zoo can be looked at as one of a run.
    let (stored, _) = store::read_run(CATALOGUE, &second).unwrap();
    let controls = Controls::default().complete(&experiment.method.views(), &stored.record);
    let control = Control::default();
    for view in ["landscape", "spectrum", "trajectory", "learning_curves"] {
        let job = Derive { folder: Some(&second), ..Derive::new(view, &stored.record, &controls, &control) };
        assert!(!experiment.method.derive(&job).unwrap().is_empty(), "{view}");
    }
}

#[test]
fn what_the_files_of_a_zoo_lack_is_computed_from_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    finished(tiny(&[]), &first);
    let zoo = first.join("zoo");
    let mut names: Vec<_> = std::fs::read_dir(&zoo).unwrap().flatten().map(|entry| entry.path()).collect();
    names.sort();
    for model in &names {
        let path = model.join("result.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                let mut line: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(line).unwrap();
                line.retain(|key, _| {
                    ["training_iteration", "train_loss", "train_acc", "test_loss", "test_acc"]
                        .contains(&key.as_str())
                });
                serde_json::Value::Object(line).to_string()
            })
            .collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
    }
    let typed = zoo.display().to_string();
    let second = folder.path().join("second");
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let outcome = finished(experiment.clone(), &second);
    assert_eq!(outcome.results["models_measured"], 8.0);
    for name in
        ["mode_connectivity", "linear_mode_connectivity", "cka", "log_lambda_max", "log_trace", "phase"]
    {
        assert_eq!(column(&first, name), column(&second, name), "{name} as the run had it");
    }
    // While the models are read, and while they are measured.
    for steps in [3, 10] {
        let broken = folder.path().join(steps.to_string());
        cancelled(experiment.clone(), &broken, steps);
        let resumed = run::resume(CATALOGUE, &broken, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(resumed.status, Status::Done, "{:?}", resumed.reason);
        assert_eq!(resumed.results, outcome.results, "after {steps} steps: the same figures");
        assert_eq!(grid(&second), grid(&broken), "after {steps} steps: the same grid");
        let steps_of = |path: &Path| store::read_manifest(path).unwrap().step;
        assert_eq!(steps_of(&second), steps_of(&broken), "after {steps} steps: nothing is counted twice");
    }
    // Without the weights of one cell the others are computed, and the reason is said.
    std::fs::remove_dir_all(&names[0]).unwrap();
    for entry in std::fs::read_dir(&names[1]).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        std::fs::remove_dir_all(entry.path()).unwrap();
    }
    let mut observer = Collector::default();
    let place = request(experiment.clone(), &folder.path().join("third"));
    let outcome = run::run(&place, &mut observer, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let said = |word: &str| {
        observer.events.iter().any(|event| matches!(event, Event::Warning(text) if text.contains(word)))
    };
    assert!(said("no checkpoint with checkpoints.safetensors"), "{:?}", observer.events);
    let off = tiny(&[("origin", "zoo"), ("zoo_folder", &typed), ("measure_missing", "false")]);
    assert_eq!(finished(off, &folder.path().join("fourth")).results["models_measured"], 0.0);
}
