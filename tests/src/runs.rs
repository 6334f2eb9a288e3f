//! Experiments that are short, and their runs on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_engine::store::{self, Status};

/// Settings of the oscillation lab under which a run takes a fraction of a second.
pub const SHORT: [(&str, &str); 4] =
    [("float_epochs", "1"), ("epochs", "2"), ("window", "20"), ("record_every", "5")];

/// A preset with typed settings on top.
pub fn preset(name: &str, settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::from_toml(CATALOGUE, CATALOGUE.preset(name).unwrap().text).unwrap();
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap();
    }
    experiment
}

/// The request for a run in a new folder.
pub fn request(experiment: Experiment, folder: &Path) -> RunRequest {
    RunRequest { experiment, asked: None, origin: "test".to_owned(), place: Place::New(folder.to_owned()) }
}

/// A run that has ended well.
pub fn finished(experiment: Experiment, folder: &Path) -> Outcome {
    let outcome = run::run(&request(experiment, folder), &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

/// A run that was held after `steps` steps and then cancelled there.
pub fn cancelled(experiment: Experiment, folder: &Path, steps: u64) -> Outcome {
    cancelled_by(&Arc::default(), experiment, folder, steps)
}

/// The same under a control that a person has used before.
pub fn cancelled_by(control: &Arc<Control>, experiment: Experiment, folder: &Path, steps: u64) -> Outcome {
    control.step(steps);
    let hand = Arc::clone(control);
    let waker = std::thread::Builder::new()
        .name("hand".to_owned())
        .spawn(move || {
            while !hand.is_parked() {
                std::thread::sleep(Duration::from_millis(1));
            }
            hand.cancel();
        })
        .unwrap();
    let outcome = run::run(&request(experiment, folder), &mut Nobody, control).unwrap();
    waker.join().unwrap();
    assert_eq!(outcome.status, Status::Cancelled, "after {steps} steps");
    outcome
}

/// The metric stream of a run folder as a hash, figures of the machine aside.
pub fn stream_hash(folder: &Path) -> String {
    let method = store::read_experiment(CATALOGUE, folder).unwrap().method;
    store::stream_hash(folder, |channel| method.is_clock(channel)).unwrap()
}

/// Copies a folder with all that lies in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), &place).unwrap();
        }
    }
}
