//! Small whole runs: what they predict for new rows, what calibration covers, and which tables they refuse. What every lab keeps
//! (threads, resume, views) is in the suite over all labs.

mod across;
mod exclusion;
mod forks;

use std::path::Path;

use super::base::Kind;
use super::config::{Config, Conformal};
use super::ensemble::Aggregator;
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Derive, Method};
use weightscope_frame::record::Controls;
use weightscope_frame::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_frame::store::{Status, read_metrics, read_run};

fn small() -> Config {
    Config {
        base_models: vec![Kind::Linear, Kind::Knn, Kind::RandomForest, Kind::Boosting, Kind::JointQuantile],
        aggregators: vec![
            Aggregator::Average,
            Aggregator::Best,
            Aggregator::Qra,
            Aggregator::GlobalFine,
            Aggregator::LocalMedium,
        ],
        levels: vec![9.0],
        folds: 3,
        net_steps: 200,
        aggregator_steps: 200,
        ..Config::default()
    }
}

/// Predictions by the run's best method.
fn predict(run: &Path, table: &Path) -> Result<Vec<u8>, run::RunError> {
    super::predict::predict(run, table, None, &Control::default()).map(|predicted| predicted.csv)
}

fn experiment(config: Config, threads: u64) -> Experiment {
    let mut experiment = Experiment::new(Method::of(crate::OWN, config));
    experiment.seed = 3;
    experiment.threads = threads;
    experiment
}

fn carry_out(config: Config, threads: u64, place: Place) -> Outcome {
    let request =
        RunRequest { experiment: experiment(config, threads), asked: None, origin: "test".to_owned(), place };
    run::run(&request, &mut Nobody, &Control::default()).unwrap()
}

fn done(config: Config, threads: u64, place: Place) -> Outcome {
    let outcome = carry_out(config, threads, place);
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

/// A run of the small experiment that is cancelled after so many steps.
fn stopped_after(steps: u64, path: &Path) {
    let control = Control::default();
    let request = RunRequest {
        experiment: experiment(small(), 2),
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(path.to_owned()),
    };
    control.step(steps);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run::run(&request, &mut Nobody, &control));
        while !control.is_parked() && !run.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        control.cancel();
        assert_eq!(run.join().unwrap().unwrap().status, Status::Cancelled);
    });
}

#[test]
fn a_finished_run_predicts_its_own_table_and_refuses_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    done(small(), 2, Place::New(path.clone()));
    let scores = std::fs::read_to_string(path.join("scores.csv")).unwrap();
    assert_eq!(scores.lines().next().unwrap(), super::scores::COLUMNS.join(","));
    assert_eq!(scores.lines().count(), 1 + 10 * 5, "ten methods, five stages");
    let new = folder.path().join("new.csv");
    std::fs::write(&new, "extra,income\nx,500\ny,1500.5\n").unwrap();
    let text = String::from_utf8(predict(&path, &new).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("row,q_0.1,q_0.2") && lines[0].contains("lower_80,upper_80"),
        "{}",
        lines[0]
    );
    assert!(lines[0].ends_with(",outside,method,income"), "the method and the row as it was given: {text}");
    assert!(lines[1].contains(",,") && lines[1].ends_with(",500"), "inside what was seen: {text}");
    let numbers: Vec<f64> = lines[1].split(',').filter_map(|cell| cell.parse().ok()).collect();
    assert!(numbers[1..10].windows(2).all(|pair| pair[0] <= pair[1]), "quantiles ascend: {numbers:?}");
    assert!((200.0..700.0).contains(&numbers[5]), "food at an income of 500: {}", numbers[5]);
    std::fs::write(&new, "wages\n1\n").unwrap();
    let problem = predict(&path, &new).unwrap_err().to_string();
    assert!(problem.contains("columns income of the run are missing"), "{problem}");
    std::fs::write(&new, "income\n1\nmuch\n").unwrap();
    let problem = predict(&path, &new).unwrap_err().to_string();
    assert!(problem.contains("line 3, column \"income\" holds \"much\""), "{problem}");
    for (text, words) in [
        ("income\n", "there are no rows below the header"),
        ("income\n1\nNaN\n", "line 3, column \"income\" has no usable value"),
        ("a;income\n1;2,5\n", "line 2, column \"income\" holds \"2,5\""),
    ] {
        std::fs::write(&new, text).unwrap();
        let problem = predict(&path, &new).unwrap_err().to_string();
        assert!(problem.contains(words), "{words}: {problem}");
        assert!(problem.ends_with(&new.display().to_string()), "the path is last: {problem}");
    }
}

#[test]
fn views_follow_from_a_reopened_run_at_every_stage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    done(small(), 2, Place::New(path.clone()));
    let (stored, problems) = read_run(crate::OWN, &path).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let method = Method::of(crate::OWN, small());
    let views = method.views();
    let controls = Controls::default().complete(&views, &stored.record);
    let control = Control::default();
    for stage in super::scores::Stage::ALL {
        let mut controls = controls.clone();
        controls.set("stage", weightscope_frame::record::ControlValue::Word(stage.key().to_owned()));
        for view in views.iter().filter(|view| !view.derives.is_empty()) {
            let job =
                Derive { folder: Some(&path), ..Derive::new(&view.id, &stored.record, &controls, &control) };
            let channels = method.derive(&job).unwrap();
            let optional = ["weights_fine", "weights_optimum"].contains(&view.id.as_str());
            assert!(optional || !channels.is_empty(), "{} has channels at {stage:?}", view.id);
        }
    }
}

#[test]
fn cross_validated_calibration_covers_and_predicts() {
    for conformal in [Conformal::CvPlus, Conformal::NestedCvPlus] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let config = Config { conformal, dataset: "synth1".to_owned(), ..small() };
        let outcome = done(config, 2, Place::New(path.clone()));
        for (name, coverage) in outcome.results.iter().filter(|(name, _)| name.starts_with("coverage_80_")) {
            assert!((0.68..0.93).contains(coverage), "{conformal:?}, {name}: {coverage}");
        }
        let new = folder.path().join("new.csv");
        std::fs::write(&new, "x1\n0\n2\n").unwrap();
        let text = String::from_utf8(predict(&path, &new).unwrap()).unwrap();
        let [names, first] =
            [0, 1].map(|line| text.lines().nth(line).unwrap().split(',').collect::<Vec<_>>());
        let outside = names.iter().position(|name| *name == "outside").unwrap();
        assert_eq!(first[outside], "", "0 is a value that was seen about");
        let numbers: Vec<f64> = first[..outside].iter().map(|cell| cell.parse().unwrap()).collect();
        assert!(numbers.len() > 3 && numbers.iter().all(|number| number.is_finite()), "{text}");
        assert_eq!(names[outside + 2..], ["x1"], "the row as it was given stands behind the method");
        assert_eq!(first[outside + 2], "0");
    }
}

#[test]
fn bad_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let refusal = |text: &str, change: &dyn Fn(&mut Config)| {
        std::fs::write(&path, text).unwrap();
        let mut config = Config { dataset: path.display().to_string(), ..small() };
        change(&mut config);
        match run::run(
            &RunRequest {
                experiment: experiment(config, 1),
                asked: None,
                origin: String::new(),
                place: Place::Memory,
            },
            &mut Nobody,
            &Control::default(),
        ) {
            Ok(outcome) => outcome.reason.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    };
    let rows = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let fine = format!("x,y\n{}", rows(60, &|row| format!("{row},{}\n", row % 7)));
    let nothing = |_: &mut Config| {};
    for (text, change, words) in [
        (
            fine.clone(),
            &(|config: &mut Config| config.target = "z".to_owned()) as &dyn Fn(&mut Config),
            "no column \"z\"",
        ),
        (format!("x,y\n{}", rows(60, &|row| format!("{row},1\n"))), &nothing, "same value"),
        (format!("x,y\n{}", rows(60, &|row| format!("{row},w{row}\n"))), &nothing, "holds words"),
        (
            format!("x,y\n{}", rows(4, &|row| format!("{row},{row}\n"))),
            &nothing,
            "1 training row does not fill 3 folds",
        ),
        (fine.replace("5,5\n", ",5\n"), &nothing, "missing values, the first at line"),
        (fine.replace("\n5,5\n", "\nmuch,5\n"), &nothing, "line 7, column \"x\" holds \"much\""),
        (fine.clone(), &|config: &mut Config| config.levels = vec![0.1, 0.1, 0.9], "repeated"),
        (fine.clone(), &|config: &mut Config| config.levels = vec![0.0, 0.5, 1.0], "between 0 and 1"),
        (fine.replace("x,y", "x,x"), &nothing, "stands twice"),
        (fine.replace("7,0\n", "inf,0\n"), &nothing, "not finite"),
        (fine.clone(), &|config: &mut Config| config.levels = vec![0.5, 0.1], "ascending"),
        (fine.clone(), &|config: &mut Config| config.levels = vec![0.1, 0.5, 0.8], "mirrored"),
    ] {
        let problem = refusal(&text, change);
        assert!(problem.contains(words), "{words}: {problem}");
        let is_setting = problem.contains("levels");
        assert!(is_setting || problem.ends_with(&path.display().to_string()), "the path is last: {problem}");
    }
    let dropped =
        refusal(&fine.replace("\n5,5\n", "\n,5\n"), &|config| config.missing = super::Missing::Drop);
    assert_eq!(dropped, "", "rows with holes can be dropped");
    let commas = fine.replace(',', ";").replace('\n', ",5\n").replacen("y,5", "y", 1);
    assert_eq!(refusal(&commas, &nothing), "", "decimal commas are read");
}
