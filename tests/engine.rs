//! The engine without a window: determinism, pause, step, cancel, resume, failure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weightscope_engine::experiment::Experiment;
use weightscope_engine::presets;
use weightscope_engine::run::{
    self, Collector, Comparison, Control, Event, Interest, Nobody, Place, RunRequest,
};
use weightscope_engine::store::{self, Status};

/// A short run of a preset, with typed settings on top.
fn experiment(preset: &str, settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::from_toml(presets::by_name(preset).unwrap().text).unwrap();
    let short = [("float_epochs", "2"), ("epochs", "4"), ("window", "20")];
    for (key, value) in short.iter().chain(settings) {
        experiment.set_typed(key, value).unwrap();
    }
    experiment
}

fn request(experiment: Experiment, folder: &Path) -> RunRequest {
    RunRequest { experiment, asked: None, origin: "test".to_owned(), place: Place::New(folder.to_owned()) }
}

fn done(experiment: Experiment, folder: &Path) -> String {
    let outcome = run::run(&request(experiment, folder), &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    store::stream_hash(folder).unwrap()
}

#[test]
fn the_same_experiment_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment("oscillation/mlp-lsq", &[]);
    let first = done(base.clone(), &folder.path().join("a"));
    assert_eq!(first, done(base.clone(), &folder.path().join("b")), "same file, same seed");
    let mut other = base;
    other.seed = 1;
    assert_ne!(first, done(other, &folder.path().join("c")), "another seed");
}

#[test]
fn pausing_looking_and_tracing_change_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment("oscillation/mlp-statsq", &[]);
    let plain = done(base.clone(), &folder.path().join("plain"));
    let path = folder.path().join("meddled");
    let control = Arc::new(Control::default());
    control.set_interest(Interest { views: Some(["trace".to_owned()].into()) });
    control.step(3);
    let steering = Arc::clone(&control);
    let steps = std::thread::Builder::new()
        .name("hand".to_owned())
        .spawn(move || {
            for count in [1, 2, 5, 1] {
                while !steering.is_parked() {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                steering.request(weightscope_engine::run::Request::Action {
                    id: "worst_twelve".to_owned(),
                    controls: weightscope_engine::record::Controls::default(),
                });
                steering.step(count);
            }
            while !steering.is_parked() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            steering.resume();
        })
        .unwrap();
    let outcome = run::run(&request(base, &path), &mut Nobody, &control).unwrap();
    steps.join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(
        plain,
        store::stream_hash(&path).unwrap(),
        "the hand of a person must not show in the numbers"
    );
}

#[test]
fn a_cancelled_run_keeps_what_it_has_and_goes_on_to_the_same_end() {
    let folder = tempfile::tempdir().unwrap();
    for (name, settings) in [
        ("oscillation/mlp-lsq", vec![("remedy", "freezing"), ("freezing_threshold", "0.05")]),
        ("oscillation/mlp-statsq", vec![("remedy", "cga"), ("cga_epochs", "2")]),
        (
            "oscillation/vit-w2a2-statsq-qkr",
            vec![("float_epochs", "1"), ("epochs", "1"), ("warmup_epochs", "0")],
        ),
    ] {
        let base = experiment(name, &settings);
        let short = name.replace('/', "-");
        let unbroken = done(base.clone(), &folder.path().join(format!("{short}-unbroken")));
        let path = folder.path().join(format!("{short}-broken"));
        let control = Arc::new(Control::default());
        // Hold after thirty steps, so that a checkpoint stands inside the run, then end it.
        control.step(30);
        let hand = Arc::clone(&control);
        let waker = std::thread::Builder::new()
            .name("hand".to_owned())
            .spawn(move || {
                while !hand.is_parked() {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                hand.cancel();
            })
            .unwrap();
        let outcome = run::run(&request(base, &path), &mut Nobody, &control).unwrap();
        waker.join().unwrap();
        assert_eq!(outcome.status, Status::Cancelled, "{name}");
        assert!(!store::read_metrics(&path).unwrap().is_empty(), "{name}: partial metrics are kept");
        let resumed = run::resume(&path, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(resumed.status, Status::Done, "{name}: {:?}", resumed.reason);
        assert_eq!(unbroken, store::stream_hash(&path).unwrap(), "{name}: resumed equals unbroken");
    }
}

#[test]
fn verify_says_identical_and_notices_a_changed_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    done(experiment("oscillation/mlp-lsq-fixed", &[]), &path);
    let compare = || run::verify(&path, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(compare(), Comparison::Identical { rows } if rows > 50), "a repeat is identical");
    assert!(store::read_manifest(&path).unwrap().verified.unwrap().identical, "and the manifest says so");
    let metrics = path.join("metrics.csv");
    let text = std::fs::read_to_string(&metrics).unwrap();
    let line = text.lines().find(|line| line.contains("loss/train")).unwrap();
    std::fs::write(&metrics, text.replacen(line, &format!("{line}1"), 1)).unwrap();
    assert!(matches!(compare(), Comparison::Different(_)), "one digit more is noticed");
}

#[test]
fn a_diverging_run_stops_says_where_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    // Decay times rate is 100: each step multiplies the weights by -99.
    let base = experiment(
        "oscillation/mlp-lsq",
        &[("weight_decay", "10"), ("learning_rate", "10"), ("epochs", "40")],
    );
    let mut observer = Collector::default();
    let outcome = run::run(&request(base, &path), &mut observer, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Failed, "it stops");
    let reason = outcome.reason.unwrap();
    assert!(reason.contains("no finite number at step"), "it says where: {reason}");
    assert!(!store::read_metrics(&path).unwrap().is_empty(), "the float stage is kept");
    assert!(store::read_manifest(&path).unwrap().ended.is_some(), "the manifest is whole");
    assert!(matches!(observer.events.last(), Some(Event::Ended { .. })), "and the observer knows");
}

#[test]
fn damaged_folders_do_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    done(experiment("oscillation/mlp-lsq", &[]), &folder.path().join("good"));
    let broken = folder.path().join("broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("manifest.json"), "{ \"id\": ").unwrap();
    std::fs::create_dir_all(folder.path().join("headless")).unwrap();
    std::fs::write(folder.path().join("headless/metrics.csv"), "step").unwrap();
    let index = store::scan(folder.path());
    let names: Vec<PathBuf> = index.runs.iter().map(|run| run.path.clone()).collect();
    assert_eq!(names, [folder.path().join("good")], "the good run is listed");
    let words: Vec<String> = index.damaged.iter().map(ToString::to_string).collect();
    assert!(
        words.iter().any(|text| text.contains("broken"))
            && words.iter().any(|text| text.contains("headless")),
        "{words:?}"
    );
}

#[test]
fn claims_of_the_desk_protocol_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mean = |preset: &str, result: &str| -> f64 {
        let values = (0..3).map(|seed| {
            let mut experiment = Experiment::from_toml(presets::by_name(preset).unwrap().text).unwrap();
            experiment.seed = seed;
            let path = folder.path().join(format!("{}-{result}-{seed}", preset.replace('/', "-")));
            run::run(&request(experiment, &path), &mut Nobody, &Control::default()).unwrap().results[result]
        });
        values.sum::<f64>() / 3.0
    };
    let arms = [
        "oscillation/mlp-lsq-fixed",
        "oscillation/mlp-statsq",
        "oscillation/mlp-lsq",
        "oscillation/mlp-lsq-fast-step",
    ];
    let shares = arms.map(|arm| mean(arm, "scale_driven_share"));
    assert_eq!(shares[0], 0.0, "a fixed step causes no flip");
    assert!(
        shares.windows(2).all(|pair| pair[0] < pair[1]),
        "fixed < StatsQ < LSQ < LSQ with tenfold step rate: {shares:?}"
    );
    let (slow, fast) = (mean(arms[2], "oscillating_share"), mean(arms[3], "oscillating_share"));
    assert!(fast >= 2.0 * slow, "a faster step at least doubles the oscillating share: {slow} and {fast}");
}
