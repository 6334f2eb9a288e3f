//! Runs of the short experiments: one unbroken run of each that the tests share, and runs that a hand holds, steps and ends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::kit::{self, Control, Experiment, Nobody, Outcome, Place, Record, RunRequest, Status, run, store};

/// A finished run on disk.
#[derive(Clone)]
pub(crate) struct Finished {
    /// What was run.
    pub experiment: Experiment,
    /// Its folder.
    pub folder: PathBuf,
    /// Hash of its metric stream.
    pub stream: String,
    /// Its final figures.
    pub results: BTreeMap<String, f64>,
    /// Its record, read back from the folder.
    pub record: Record,
    /// Steps that it took.
    pub steps: u64,
}

/// The unbroken run of a lab's smallest experiment.
pub(crate) fn unbroken(lab: &str) -> Finished {
    named(lab, lab)
}

/// The unbroken run of one of a lab's short experiments; made once, then only read.
pub(crate) fn named(lab: &str, name: &str) -> Finished {
    static MADE: Mutex<BTreeMap<String, &'static OnceLock<Finished>>> = Mutex::new(BTreeMap::new());
    let cell = *MADE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(name.to_owned())
        .or_insert_with(|| Box::leak(Box::default()));
    let make = || {
        let found = crate::experiments::experiments(lab).into_iter().find(|(own, _)| *own == name);
        let (_, experiment) = found.unwrap_or_else(|| panic!("{lab} has no short experiment {name}"));
        done(experiment, &root().join(name))
    };
    cell.get_or_init(make).clone()
}

/// A second run of a lab's smallest experiment, of another seed, for what is drawn across runs.
pub(crate) fn sibling(lab: &str) -> Finished {
    static MADE: Mutex<BTreeMap<String, &'static OnceLock<Finished>>> = Mutex::new(BTreeMap::new());
    let cell = *MADE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(lab.to_owned())
        .or_insert_with(|| Box::leak(Box::default()));
    let make = || {
        let mut experiment = kit::smallest(lab);
        experiment.seed += 1;
        done(experiment, &root().join(format!("{lab} sibling")))
    };
    cell.get_or_init(make).clone()
}

/// The folder of the runs that tests of this process share. Folders of earlier processes are removed when they are an hour old.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("labs");
        for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|data| data.modified()).ok();
            let age = age.and_then(|then| SystemTime::now().duration_since(then).ok());
            if age.is_some_and(|age| age > Duration::from_hours(1)) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let own = all.join(std::process::id().to_string());
        let _ = std::fs::remove_dir_all(&own);
        std::fs::create_dir_all(&own).unwrap();
        own
    })
}

pub(crate) fn request(experiment: Experiment, folder: &Path) -> RunRequest {
    RunRequest { experiment, asked: None, origin: "suite".to_owned(), place: Place::New(folder.to_owned()) }
}

/// Carries an experiment out to its end.
pub(crate) fn done(experiment: Experiment, folder: &Path) -> Finished {
    let outcome = run::run(&request(experiment, folder), &mut Nobody, &Control::default()).unwrap();
    finished(&outcome, folder)
}

/// What a run that must have ended well left behind.
pub(crate) fn finished(outcome: &Outcome, folder: &Path) -> Finished {
    assert_eq!(outcome.status, Status::Done, "{}: {:?}", folder.display(), outcome.reason);
    let (stored, damage) = store::read_run(kit::SUITE, folder).unwrap();
    assert!(damage.is_empty(), "{}: {damage:?}", folder.display());
    assert_eq!(stored.manifest.results, outcome.results, "the manifest holds the results");
    Finished {
        experiment: stored.experiment,
        folder: folder.to_owned(),
        stream: kit::stream_hash(folder),
        results: outcome.results.clone(),
        record: stored.record,
        steps: stored.manifest.step,
    }
}

/// Asserts that a run ended as another: stream, results and files of the lab's own.
pub(crate) fn assert_same(lab: &str, what: &str, one: &Finished, other: &Finished) {
    assert_eq!(one.stream, other.stream, "{lab}, {what}: another metric stream");
    let results = |run: &Finished| kit::exact_results(lab, &run.results);
    assert_eq!(results(one), results(other), "{lab}, {what}: other results");
    for file in kit::exact_files(lab) {
        let read = |run: &Finished| std::fs::read(run.folder.join(file)).ok();
        assert!(read(one) == read(other), "{lab}, {what}: another {file}");
        // A recording, which has no tensors to tabulate, is all that writes none.
        assert!(
            read(one).is_some() || one.results.contains_key("recorded_frames"),
            "{lab}, {what}: no {file}"
        );
    }
}

/// What a hand on a running experiment can see and do.
pub(crate) struct Hand<'a> {
    control: &'a Control,
    is_over: &'a dyn Fn() -> bool,
}

impl Hand<'_> {
    /// Waits until the run stands still; false if it has ended instead.
    pub(crate) fn holds(&self) -> bool {
        // In this order: a run that was let go on may still look parked, but its budget says that it is not held.
        while !(self.control.is_paused() && self.control.is_parked()) {
            if (self.is_over)() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Lets the run do so many steps and waits until it stands still again; false if it has ended.
    pub(crate) fn step(&self, steps: u64) -> bool {
        self.control.step(steps);
        self.holds()
    }
}

/// Carries out a run (new, resumed or forked) while a hand steers it.
pub(crate) fn steered(
    work: impl FnOnce(&Control) -> Outcome + Send,
    hand: impl FnOnce(&Control, &Hand<'_>),
) -> Outcome {
    let control = Control::default();
    // Held from its first step, so that the hand is never too late.
    control.pause();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| work(&control));
        hand(&control, &Hand { control: &control, is_over: &|| run.is_finished() });
        run.join().unwrap()
    })
}

/// Carries out a new run while a hand steers it.
pub(crate) fn steered_new(
    experiment: &Experiment,
    folder: &Path,
    hand: impl FnOnce(&Control, &Hand<'_>),
) -> Outcome {
    let request = request(experiment.clone(), folder);
    steered(|control| run::run(&request, &mut Nobody, control).unwrap(), hand)
}

/// Goes on with a run while a hand steers it.
pub(crate) fn steered_resume(folder: &Path, hand: impl FnOnce(&Control, &Hand<'_>)) -> Outcome {
    steered(|control| run::resume(kit::SUITE, folder, &mut Nobody, control).unwrap(), hand)
}
