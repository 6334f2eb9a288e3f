//! Presets and settings: every preset is valid, round-trips and runs; every bad input is named with key, reason and range.

use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::{Comments, Experiment, Problem, check, expand, to_toml};
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_engine::store::Status;

#[test]
fn every_preset_is_valid_and_round_trips() {
    for preset in CATALOGUE.presets() {
        let experiment = Experiment::from_toml(CATALOGUE, preset.text)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", preset.name));
        let errors: Vec<Problem> = check(&experiment).into_iter().filter(Problem::is_error).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", preset.name);
        for comments in [Comments::None, Comments::Each] {
            let back = Experiment::from_toml(CATALOGUE, &to_toml(&experiment, comments)).unwrap();
            assert_eq!(back, experiment, "{} with {comments:?}", preset.name);
        }
        assert!(!preset.about().is_empty(), "{} says what it shows", preset.name);
        assert_eq!(preset.lab(), experiment.lab(), "the name holds the lab");
    }
}

#[test]
fn every_file_in_the_preset_folder_is_listed_and_every_lab_has_a_quick_one() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../presets");
    for lab in std::fs::read_dir(folder).unwrap().flatten() {
        for file in std::fs::read_dir(lab.path()).unwrap().flatten() {
            let name =
                format!("{}/{}", lab.file_name().display(), file.path().file_stem().unwrap().display());
            assert!(CATALOGUE.preset(&name).is_some(), "{name} is not in the list");
        }
    }
    for lab in CATALOGUE.names() {
        assert!(CATALOGUE.preset(&format!("{lab}/quick")).is_some(), "{lab} has no quick preset");
    }
}

#[test]
fn every_preset_runs_three_steps() {
    for preset in CATALOGUE.presets() {
        for member in expand(&Experiment::from_toml(CATALOGUE, preset.text).unwrap()).unwrap() {
            let control = Control::default();
            control.step(3);
            let request = RunRequest {
                experiment: member.experiment,
                asked: None,
                origin: preset.name.to_owned(),
                place: Place::Memory,
            };
            std::thread::scope(|scope| {
                let run = scope.spawn(|| run::run(&request, &mut Nobody, &control));
                while !control.is_parked() && !run.is_finished() {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                control.cancel();
                let outcome = run.join().unwrap().unwrap();
                // A member that trains nothing, such as the largest architecture by a shipped table, is done before three steps.
                let went = matches!(outcome.status, Status::Cancelled | Status::Done);
                assert!(went, "{}: {:?}: {:?}", preset.name, outcome.status, outcome.reason);
            });
        }
    }
}

#[test]
fn a_sweep_expands_to_arms_and_seeds() {
    let mut experiment =
        Experiment::from_toml(CATALOGUE, CATALOGUE.preset("oscillation/vit-arms").unwrap().text).unwrap();
    experiment.sweep.as_mut().unwrap().seeds = vec![0, 1, 2];
    let runs = expand(&experiment).unwrap();
    assert_eq!(runs.len(), 15, "five arms, three seeds");
    let labels: std::collections::BTreeSet<&str> = runs.iter().map(|run| run.label.as_str()).collect();
    assert_eq!(labels.len(), runs.len(), "all labels differ");
    assert!(runs.iter().all(|run| run.experiment.sweep.is_none()), "no run sweeps again");
}

/// Problems of a preset with one line changed.
fn problems(lines: &str) -> Vec<Problem> {
    match Experiment::from_toml(CATALOGUE, &format!("schema = 1\nlab = \"oscillation\"\n{lines}\n")) {
        Ok(experiment) => check(&experiment),
        Err(problems) => problems,
    }
}

#[test]
fn bad_input_is_named_with_key_reason_and_range() {
    let cases = [
        ("quantiser = \"lsq\"", "quantiser", "did you mean \"quantizer\"", "quantizer"),
        ("epochs = \"many\"", "epochs", "expected a whole number", "1 to 100000"),
        ("weight_bits = 1", "weight_bits", "not supported", "0, 2, 3, 4, 8"),
        ("quantizer = \"xnor\"", "quantizer", "is not a choice", "float, lsq, lsq_fixed, statsq"),
        ("learning_rate = -1.0", "learning_rate", "out of range", "1e-7 to 10"),
        ("network = \"vit\"\nembedding = 30\nheads = 4", "embedding", "do not divide", "a multiple of 4"),
        ("remedy = \"cga\"", "remedy", "StatsQ", "statsq"),
    ];
    for (lines, key, reason, allowed) in cases {
        let found = problems(lines);
        let problem =
            found.iter().find(|problem| problem.key == key).unwrap_or_else(|| panic!("{lines}: {found:?}"));
        assert!(problem.message.contains(reason), "{lines}: {problem}");
        assert!(problem.allowed.as_deref().unwrap_or_default().contains(allowed), "{lines}: {problem}");
    }
    let both = problems("network = \"vit\"\nembedding = 30\nheads = 4");
    assert!(both.iter().any(|problem| problem.key == "heads"), "a conflict stands at both settings");
}
