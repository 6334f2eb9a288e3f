//! What the oscillation lab records of itself, read as any other training: the reader's figures are the lab's own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test is the test")]

use std::path::Path;

use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_engine::store::Status;

fn run_in(lab: &str, out: &Path, settings: &[(&str, &str)]) -> Outcome {
    let mut experiment = Experiment::new(CATALOGUE.method(lab).unwrap());
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap_or_else(|problem| panic!("{problem}"));
    }
    let place = Place::New(out.to_owned());
    let request = RunRequest { experiment, asked: None, origin: "test".to_owned(), place };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

/// The same network and seed in the lab and through its recording.
fn agree(bits: &str, seed: &str) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("lab");
    let lab = run_in(
        "oscillation",
        &out,
        &[
            ("seed", seed),
            ("network", "mlp"),
            ("quantizer", "statsq"),
            ("weight_bits", bits),
            ("activation_bits", "0"),
            ("epochs", "6"),
            ("float_epochs", "2"),
            ("window", "60"),
            ("recorded_weights", "1000000"),
        ],
    );
    let recording = out.join("recording");
    let reader = run_in(
        "inspect",
        &folder.path().join("reader"),
        &[
            ("folder", recording.to_str().unwrap()),
            ("bits", bits),
            ("scale", "statsq"),
            ("grouping", "row"),
            ("window", "60"),
        ],
    );
    assert!(lab.results["switches_per_weight_step"] > 0.0, "something flips");
    for name in ["switches_per_weight_step", "scale_driven_share", "oscillating_share"] {
        let (own, read) = (lab.results[name], reader.results[name]);
        assert!(
            (own - read).abs() <= 1e-6,
            "{name} at {bits} bits, seed {seed}: {own} in the lab, {read} read"
        );
    }
}

#[test]
fn a_recording_of_the_oscillation_lab_has_the_figures_of_the_lab() {
    for (bits, seed) in [("2", "0"), ("3", "1"), ("4", "2")] {
        agree(bits, seed);
    }
}
