//! The engine without a window: steering a run, verify, forks, notes, failure. What holds for every lab is in the contract suite.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::{Experiment, unread};
use weightscope_engine::run::{self, Collector, Comparison, Control, Event, Nobody};
use weightscope_engine::store::{self, Status};
use weightscope_tests::runs::{cancelled, finished, preset, request, stream_hash};

/// A short run of a preset, with typed settings on top.
fn experiment(name: &str, settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = preset(name, &[("float_epochs", "2"), ("epochs", "4"), ("window", "20")]);
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap();
    }
    experiment
}

fn done(experiment: Experiment, folder: &Path) -> String {
    finished(experiment, folder);
    stream_hash(folder)
}

#[test]
fn pausing_and_tracing_change_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment("oscillation/mlp-statsq", &[]);
    let plain = done(base.clone(), &folder.path().join("plain"));
    let path = folder.path().join("meddled");
    let control = Arc::new(Control::default());
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
    assert_eq!(plain, stream_hash(&path), "the hand of a person must not show in the numbers");
}

#[test]
fn verify_says_identical_and_notices_a_changed_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    done(experiment("oscillation/mlp-lsq-fixed", &[]), &path);
    let compare = || run::verify(CATALOGUE, &path, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(compare(), Comparison::Identical { rows } if rows > 50), "a repeat is identical");
    assert!(store::read_manifest(&path).unwrap().verified.unwrap().identical, "and the manifest says so");
    let metrics = path.join("metrics.csv");
    let text = std::fs::read_to_string(&metrics).unwrap();
    let line = text.lines().find(|line| line.contains("loss/train")).unwrap();
    std::fs::write(&metrics, text.replacen(line, &format!("{line}1"), 1)).unwrap();
    assert!(matches!(compare(), Comparison::Different(_)), "one digit more is noticed");
}

fn fork_of(parent: &Path, experiment: Experiment, place: &Path) -> run::ForkRequest {
    run::ForkRequest {
        parent: parent.to_owned(),
        step: None,
        experiment,
        origin: "fork".to_owned(),
        place: place.to_owned(),
    }
}

#[test]
fn a_fork_leaves_its_parent_at_the_step_and_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment("oscillation/mlp-lsq", &[("record_every", "5")]);
    let (parent, child) = (folder.path().join("parent"), folder.path().join("child"));
    done(base.clone(), &parent);
    let step = *run::fork_steps(&parent).first().unwrap();
    let unchanged = store::read_metrics(&parent).unwrap();
    // A second parent that stopped in the middle, so that something is left to do after the fork.
    let broken = folder.path().join("broken");
    cancelled(base.clone(), &broken, 70);
    let at = *run::fork_steps(&broken).last().unwrap();
    let mut changed = base.clone();
    changed.set_typed("learning_rate", "0.02").unwrap();
    let outcome =
        run::fork(CATALOGUE, &fork_of(&broken, changed.clone(), &child), &mut Nobody, &Control::default())
            .unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let manifest = store::read_manifest(&child).unwrap();
    let lineage = manifest.parent.unwrap();
    assert_eq!(
        (lineage.id.as_str(), lineage.step),
        ("broken", at),
        "lineage; a finished run forks at {step}"
    );
    let rows = store::read_metrics(&child).unwrap();
    let early = |rows: &[store::Row]| {
        rows.iter()
            .filter(|row| row.step <= at)
            .map(|row| (row.step, row.channel.clone(), row.value.to_bits()))
            .collect::<Vec<_>>()
    };
    assert_eq!(early(&rows), early(&unchanged), "the same up to the fork");
    let last = |rows: &[store::Row]| rows.iter().rev().find(|row| row.channel == "loss/train").unwrap().value;
    assert_ne!(last(&rows), last(&unchanged), "another course after it");
    std::fs::remove_dir_all(&broken).unwrap();
    let again = run::verify(CATALOGUE, &child, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(again, Comparison::Identical { .. }), "without its parent too: {again:?}");
    std::fs::remove_file(store::origin_checkpoint(&child)).unwrap();
    let error = run::verify(CATALOGUE, &child, &mut Nobody, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("is gone"), "and says why it cannot: {error}");
}

#[test]
fn a_fork_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment("oscillation/mlp-lsq", &[]);
    let (parent, child) = (folder.path().join("parent"), folder.path().join("child"));
    cancelled(base.clone(), &parent, 10);
    let refused = |request: &run::ForkRequest| {
        run::fork(CATALOGUE, request, &mut Nobody, &Control::default()).unwrap_err().to_string()
    };
    let mut other = base.clone();
    other.set_typed("weight_bits", "4").unwrap();
    let text = refused(&fork_of(&parent, other, &child));
    assert!(text.contains("weight_bits") && text.contains("cannot change in a fork"), "{text}");
    let text = refused(&run::ForkRequest { step: Some(7), ..fork_of(&parent, base, &child) });
    assert!(text.contains("no checkpoint at step 7"), "{text}");
    assert!(!child.exists(), "nothing is left behind");
}

#[test]
fn notes_written_while_a_run_goes_on_survive_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let control = Arc::new(Control::default());
    control.step(5);
    let (hand, at) = (Arc::clone(&control), path.clone());
    let person = std::thread::Builder::new()
        .name("hand".to_owned())
        .spawn(move || {
            while !hand.is_parked() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            store::update_manifest(&at, |manifest| {
                manifest.star = true;
                manifest.note = "look again".to_owned();
            })
            .unwrap();
            hand.resume();
        })
        .unwrap();
    run::run(&request(experiment("oscillation/mlp-lsq", &[]), &path), &mut Nobody, &control).unwrap();
    person.join().unwrap();
    let manifest = store::read_manifest(&path).unwrap();
    assert_eq!(manifest.status, Status::Done, "it ended");
    assert!(manifest.star && manifest.note == "look again", "and kept the note");
}

#[test]
fn a_cancelled_run_says_how_far_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let outcome = cancelled(experiment("oscillation/mlp-lsq", &[]), &path, 5);
    let reached = outcome.reason.unwrap();
    let manifest = store::read_manifest(&path).unwrap();
    let steps = format!("after {0} of {1} steps, {0} of ", manifest.step, manifest.steps);
    assert!(manifest.step >= 5 && reached.starts_with(&steps), "{reached}");
    assert!(reached.contains(" in stage 1 of 2 ("), "{reached}");
    assert_eq!(manifest.reason.as_deref(), Some(reached.as_str()), "and is kept");
}

#[test]
fn a_setting_that_is_not_read_is_told_with_what_it_counts_with() {
    let before = preset("compander/quick", &[]);
    let told = |settings: &[(&str, &str)]| -> Vec<String> {
        unread(&preset("compander/quick", settings), &before).iter().map(ToString::to_string).collect()
    };
    assert!(told(&[]).is_empty(), "nothing was given");
    assert!(told(&[("amplitude", "1.2")]).is_empty(), "it is read");
    let heads = told(&[("heads", "8")]);
    assert!(heads.len() == 1 && heads[0].contains("heads: is not read"), "{heads:?}");
    assert!(heads[0].ends_with("it counts with network = vit"), "{heads:?}");
    let table = told(&[("label_column", "species"), ("decimal", "comma")]);
    assert_eq!(table.len(), 2, "the digits are no table: {table:?}");
    assert!(table.iter().all(|text| text.ends_with("it counts with dataset = FILE.csv")), "{table:?}");
    assert!(told(&[("heads", "8"), ("network", "vit")]).is_empty(), "with it they count");
    let float = preset("oscillation/quick", &[("quantizer", "float"), ("edge_bits", "8")]);
    let two = unread(&float, &preset("oscillation/quick", &[]));
    let two: Vec<String> = two.iter().map(ToString::to_string).collect();
    let words = "it counts with network = vit and quantizer = lsq";
    assert!(two.len() == 1 && two[0].starts_with("edge_bits") && two[0].ends_with(words), "{two:?}");
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
            let mut experiment =
                Experiment::from_toml(CATALOGUE, CATALOGUE.preset(preset).unwrap().text).unwrap();
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

#[test]
fn learned_steps_below_zero_are_recorded_as_they_are_and_counted() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("fast");
    let fast = experiment("oscillation/mlp-lsq", &[("learning_rate", "0.5"), ("epochs", "6")]);
    finished(fast, &folder);
    let manifest = store::read_manifest(&folder).unwrap();
    assert!(manifest.results["negative_steps"] > 0.0, "a rate of 0.5 drives steps below zero");
    let metrics = std::fs::read_to_string(folder.join("metrics.csv")).unwrap();
    let values = |channel: &str| -> Vec<f64> {
        let lines = metrics.lines().filter(|line| line.contains(channel));
        lines.map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
    };
    assert!(values(",negative_steps,").iter().any(|count| *count > 0.0));
    assert!(values(",scale/").iter().any(|scale| *scale < 1e-5), "not the floor at which they act");
    let log = std::fs::read_to_string(folder.join("log.txt")).unwrap();
    assert_eq!(log.matches("learned LSQ step").count(), 1, "told once: {log}");
}
