//! Folders while a training writes into them: files that are overwritten and deleted, folders that are empty yet, what is followed.

use std::path::PathBuf;
use std::thread::JoinHandle;

use weightscope_frame::record::{Controls, Record};
use weightscope_frame::run::{Collector, Comparison, Event, verify};

use super::*;

/// A checkpoint whose matrix was moved by `step` thousandths.
fn at(step: u64) -> Tensors {
    let mut tensors = model(1);
    values(&mut tensors).iter_mut().for_each(|weight| *weight += 0.001 * step as f32);
    tensors
}

fn training(work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    std::thread::Builder::new().name("training".to_owned()).spawn(work).unwrap()
}

fn after(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Runs with a folder of its own, or in memory; what was warned of.
fn watched(settings: &[(&str, &str)], place: Place) -> (Outcome, String) {
    let request =
        RunRequest { experiment: experiment(settings), asked: None, origin: "test".to_owned(), place };
    let mut observer = Collector::default();
    let outcome = run::run(&request, &mut observer, &Control::default()).unwrap();
    let warnings = observer.events.iter().filter_map(|event| match event {
        Event::Warning(text) | Event::Message(text) => Some(text.as_str()),
        _ => None,
    });
    let said = warnings.collect::<Vec<_>>().join("\n");
    (outcome, said)
}

#[test]
fn the_first_checkpoint_may_be_overwritten_and_deleted_while_the_run_watches() {
    let root = tempfile::tempdir().unwrap();
    let (folder, run) = (root.path().join("steps"), root.path().join("run"));
    std::fs::create_dir(&folder).unwrap();
    let path = |step: u64| folder.join(format!("step-{step}.safetensors"));
    write(&path(0), &at(0), Dtype::F32);
    write(&path(10), &at(10), Dtype::F32);
    let training = training({
        let (first, third, mark) = (path(0), path(20), run.join("first-checkpoint.txt"));
        move || {
            while !mark.is_file() {
                after(50);
            }
            after(2000);
            write(&first, &at(500), Dtype::F32);
            after(1500);
            write(&third, &at(20), Dtype::F32);
        }
    });
    let settings = [("folder", folder.to_str().unwrap()), ("watch_seconds", "4"), ("traces", "4")];
    let (outcome, said) = watched(&settings, Place::New(run.clone()));
    training.join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert!(said.contains("step-0.safetensors was overwritten at"), "which file, since when: {said}");
    assert!(said.contains("after step-10.safetensors was taken in") && said.contains("copy"), "{said}");
    let checkpoints = table(&outcome, "checkpoints");
    assert_eq!(outcome.results["checkpoints"], 3.0);
    assert!(text(&checkpoints, "step-0.safetensors", "what").contains("overwritten"), "{checkpoints:?}");
    let distance =
        |step: u64| number(&checkpoints, &format!("step-{step}.safetensors"), "distance to the first");
    assert!((distance(20) / distance(10) - 2.0).abs() < 1e-3, "from the weights as they were");
    let same = || verify(OWN, &run, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(same(), Comparison::Identical { .. }), "{:?}", same());
    std::fs::remove_file(path(0)).unwrap();
    assert!(matches!(same(), Comparison::Identical { .. }), "{:?}", same());
    // The rows of a tensor are read from the copy, too.
    let record = &outcome.record;
    let all = Controls::default().complete(&experiment(&settings).method.views(), record);
    let control = Control::default();
    let job = Derive { folder: Some(&run), ..Derive::new("boundary_strip", record, &all, &control) };
    assert_eq!(experiment(&settings).method.derive(&job).unwrap().len(), 1);
}

#[test]
fn checkpoints_may_be_deleted_once_they_were_taken_in() {
    let root = tempfile::tempdir().unwrap();
    let (folder, run) = (root.path().join("steps"), root.path().join("run"));
    std::fs::create_dir(&folder).unwrap();
    let path = |step: u64| folder.join(format!("step-{step}.safetensors"));
    write(&path(0), &at(0), Dtype::F32);
    // A training that keeps its last two checkpoints.
    let training = training({
        let (paths, mark) = ([0, 10, 20, 30].map(path), run.join("first-checkpoint.txt"));
        move || {
            while !mark.is_file() {
                after(50);
            }
            for (place, step) in [(1, 10), (2, 20), (3, 30)] {
                after(1500);
                write(&paths[place], &at(step), Dtype::F32);
                if let Some(old) = place.checked_sub(2) {
                    std::fs::remove_file(&paths[old]).unwrap();
                }
            }
        }
    });
    // Which weights moved most is known once there are two checkpoints, in the run as in its repetition.
    let place = folder.to_str().unwrap();
    let settings = [("folder", place), ("watch_seconds", "4"), ("traces", "4"), ("traced", "moved")];
    let (outcome, said) = watched(&settings, Place::New(run.clone()));
    training.join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(outcome.results["checkpoints"], 4.0, "{said}");
    assert!(!path(0).exists() && !path(10).exists() && path(20).exists());
    let same = || verify(OWN, &run, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(same(), Comparison::Identical { .. }), "{:?}", same());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(same(), Comparison::Identical { .. }), "the folder is gone: {:?}", same());
    // A copy that was changed is no longer the checkpoint that was read.
    write(&run.join("first-checkpoint/step-20.safetensors"), &at(21), Dtype::F32);
    assert!(matches!(same(), Comparison::DataChanged(_)), "{:?}", same());
}

#[test]
fn a_run_without_a_copy_goes_on_without_distances() {
    let folder = tempfile::tempdir().unwrap();
    let path = |step: u64| folder.path().join(format!("step-{step}.safetensors"));
    write(&path(0), &at(0), Dtype::F32);
    let training = training({
        let (first, second) = (path(0), path(10));
        move || {
            after(2000);
            write(&first, &at(500), Dtype::F32);
            after(100);
            write(&second, &at(10), Dtype::F32);
        }
    });
    let settings = [("folder", folder.path().to_str().unwrap()), ("watch_seconds", "4")];
    let (outcome, said) = watched(&settings, Place::Memory);
    training.join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert!(said.contains("distances to the first checkpoint end here"), "{said}");
    let checkpoints = table(&outcome, "checkpoints");
    assert_eq!(text(&checkpoints, "step-10.safetensors", "distance to the first"), "");
    assert_eq!(outcome.results["checkpoints"], 2.0);
}

#[test]
fn an_empty_folder_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-5.safetensors");
    let training = training(move || {
        after(1200);
        write(&path, &at(5), Dtype::F32);
    });
    let place = folder.path().to_str().unwrap();
    let (outcome, said) = watched(&[("folder", place), ("watch_seconds", "3")], Place::Memory);
    training.join().unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert!(said.contains("waiting for the first checkpoint"), "{said}");
    assert_eq!((outcome.results["checkpoints"], outcome.results["tensors"]), (1.0, 4.0));
}

#[test]
fn a_folder_that_stays_empty_ends_the_run_with_a_word() {
    let root = tempfile::tempdir().unwrap();
    let (folder, run) = (root.path().join("steps"), root.path().join("run"));
    std::fs::create_dir(&folder).unwrap();
    let place = folder.to_str().unwrap();
    let (outcome, said) = watched(&[("folder", place)], Place::New(run.clone()));
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert!(said.contains("no checkpoint lies in the folder yet"), "{said}");
    assert_eq!((outcome.results["checkpoints"], outcome.results["tensors"]), (0.0, 0.0));
    let again = verify(OWN, &run, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(again, Comparison::Identical { .. }), "{again:?}");
    // A folder of other things is named as such.
    std::fs::write(folder.join("notes.txt"), "no weights").unwrap();
    let problems = experiment(&[("folder", place)]).method.read_data().unwrap_err();
    assert!(problems[0].message.contains("no complete checkpoint lies in it"), "{problems:?}");
    assert!(experiment(&[("folder", place), ("watch_seconds", "1")]).method.read_data().is_ok());
}

#[test]
fn waiting_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let control = std::sync::Arc::new(Control::default());
    let hand = training({
        let control = control.clone();
        move || {
            after(700);
            control.cancel();
        }
    });
    let settings = [("folder", folder.path().to_str().unwrap()), ("watch_seconds", "600")];
    let request = RunRequest {
        experiment: experiment(&settings),
        asked: None,
        origin: "test".to_owned(),
        place: Place::Memory,
    };
    let begun = std::time::Instant::now();
    let outcome = run::run(&request, &mut Nobody, &control).unwrap();
    hand.join().unwrap();
    assert_eq!(outcome.status, Status::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn folders_of_checkpoints_are_told_apart_by_their_names() {
    let root = tempfile::tempdir().unwrap();
    for step in [5_u64, 10, 20] {
        let folder: PathBuf = root.path().join(format!("checkpoint-{step}"));
        std::fs::create_dir(&folder).unwrap();
        write(&folder.join("model.safetensors"), &at(step), Dtype::F32);
    }
    let outcome = run_of(&[("folder", root.path().to_str().unwrap())]);
    assert_eq!(outcome.results["checkpoints"], 3.0);
    let checkpoints = table(&outcome, "checkpoints");
    assert_eq!(number(&checkpoints, "checkpoint-20", "step"), 20.0);
    assert!(number(&checkpoints, "checkpoint-20", "distance to the first") > 0.0);
}

/// Labels of the components of a vector channel that have points, with how many.
fn followed(record: &Record, channel: &str) -> BTreeMap<String, usize> {
    let Data::Vector(vector) = &record.get(channel).unwrap().data else { panic!("{channel} is no vector") };
    let points = vector.components.iter().map(|one| (one.label.clone(), one.series.iter().count()));
    points.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn exponents_are_followed_with_the_distance_of_their_fit() {
    let outcome = run_of(&[("folder", "digits")]);
    let found = followed(&outcome.record, "path/alpha");
    // Of the other matrix there are ten eigenvalues, too few for an exponent.
    assert_eq!(found.keys().collect::<Vec<_>>(), ["D of fc1.weight", "alpha of fc1.weight"]);
    assert!(found.values().all(|count| *count == 31), "one for each checkpoint: {found:?}");
    let Data::Vector(vector) = &outcome.record.get("path/alpha").unwrap().data else { panic!() };
    let alpha = vector.components.iter().find(|one| one.label == "alpha of fc1.weight").unwrap();
    let first = alpha.series.iter().next().unwrap().y;
    assert!((first - number(&table(&outcome, "layers"), "fc1.weight", "alpha")).abs() < 1e-6);
    let none = run_of(&[("folder", "digits"), ("spectra", "none")]);
    assert!(followed(&none.record, "path/alpha").is_empty());
}
