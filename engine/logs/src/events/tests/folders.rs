//! Folders of runs, and which files are event files.

use std::path::Path;

use super::{REAL, frames, scalars, simple, summary, tensor, version};
use crate::events::frame::framed;
use crate::events::wire::Message;
use crate::events::{Batch, EventsError, Folder, FollowedRun, file_name, is_events_file, runs};

fn one(tag: &str, step: i64) -> Vec<u8> {
    summary(step, &[simple(tag, step as f32)])
}

fn write(folder: &Path, seconds: u64, records: &[Vec<u8>]) {
    std::fs::create_dir_all(folder).unwrap();
    let records: Vec<Vec<u8>> = std::iter::once(version()).chain(records.iter().cloned()).collect();
    std::fs::write(folder.join(file_name(seconds, "h", 0)), frames(&records)).unwrap();
}

/// Everything that has come: run, tag and step.
fn poll(folder: &mut Folder) -> Vec<(String, String, i64)> {
    let mut all = Vec::new();
    loop {
        for Batch { run, entries } in folder.poll().unwrap() {
            let name = folder.runs()[run].name().to_owned();
            all.extend(scalars(&entries).into_iter().map(|(tag, step, _)| (name.clone(), tag, step)));
        }
        if !folder.has_more() {
            return all;
        }
    }
}

fn point(run: &str, tag: &str, step: i64) -> (String, String, i64) {
    (run.to_owned(), tag.to_owned(), step)
}

#[test]
fn each_folder_with_event_files_is_a_run_and_its_files_follow_each_other() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    write(root, 1_700_000_000, &[one("a", 1)]);
    write(&root.join("b"), 1_700_000_200, &[one("a", 3)]);
    write(&root.join("b"), 1_700_000_100, &[one("a", 2)]);
    write(&root.join("b/deep"), 1_700_000_300, &[one("a", 4)]);
    std::fs::create_dir_all(root.join("empty")).unwrap();
    std::fs::write(root.join("notes.txt"), "no events").unwrap();
    std::fs::write(root.join("x.tfevents.1.h.profile-empty"), "").unwrap();
    let found = runs(root).unwrap();
    let names: Vec<(&str, usize)> = found.iter().map(|run| (run.name.as_str(), run.files.len())).collect();
    assert_eq!(names, [(".", 1), ("b", 2), ("b/deep", 1)]);
    assert!(found[1].files[0].to_str().unwrap().contains("1700000100"));
    let mut folder = Folder::open(root).unwrap();
    assert!(folder.has_more());
    let expected = [point(".", "a", 1), point("b", "a", 2), point("b", "a", 3), point("b/deep", "a", 4)];
    assert_eq!(poll(&mut folder), expected);
    assert_eq!(poll(&mut folder), []);
}

#[test]
fn new_files_and_runs_are_found_and_runs_keep_their_places() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    let mut folder = Folder::open(root).unwrap();
    assert_eq!(poll(&mut folder), []);
    write(&root.join("m"), 1_700_000_000, &[one("a", 1)]);
    assert_eq!(poll(&mut folder), [point("m", "a", 1)]);
    write(&root.join("c"), 1_700_000_000, &[one("a", 5)]);
    write(&root.join("m"), 1_700_000_500, &[one("a", 2)]);
    assert_eq!(poll(&mut folder), [point("m", "a", 2), point("c", "a", 5)]);
    let names: Vec<&str> = folder.runs().iter().map(FollowedRun::name).collect();
    assert_eq!(names, ["m", "c"]);
    // An earlier file that grows again.
    let first = root.join("m").join(file_name(1_700_000_000, "h", 0));
    let bytes = [std::fs::read(&first).unwrap(), framed(&one("a", 9))].concat();
    std::fs::write(&first, bytes).unwrap();
    assert_eq!(poll(&mut folder), [point("m", "a", 9)]);
    assert_eq!(folder.runs()[0].files().len(), 2);
}

#[test]
fn what_a_tag_is_for_holds_for_all_files_of_a_run_and_for_no_other() {
    let place = tempfile::tempdir().unwrap();
    let number = || Message::default().varint(1, 1).float(5, 1.0);
    let first = summary(1, &[tensor("loss", Some("scalars"), number())]);
    let next = summary(2, &[tensor("loss", None, number())]);
    write(&place.path().join("r"), 1_700_000_000, &[first]);
    write(&place.path().join("r"), 1_700_000_001, std::slice::from_ref(&next));
    write(&place.path().join("s"), 1_700_000_001, &[next]);
    let mut folder = Folder::open(place.path()).unwrap();
    assert_eq!(poll(&mut folder), [point("r", "loss", 1), point("r", "loss", 2)]);
    assert_eq!(folder.runs()[1].said(), ["1 tensor is not shown"]);
}

#[test]
fn a_file_that_is_damaged_or_gone_hides_no_other() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    write(&root.join("a"), 1_700_000_000, &[one("x", 1)]);
    write(&root.join("b"), 1_700_000_000, &[one("x", 1)]);
    write(&root.join("c"), 1_700_000_000, &[one("x", 1)]);
    let path = |run: &str| root.join(run).join(file_name(1_700_000_000, "h", 0));
    let mut bytes = std::fs::read(path("a")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(path("a"), bytes).unwrap();
    let mut folder = Folder::open(root).unwrap();
    assert_eq!(poll(&mut folder), [point("b", "x", 1), point("c", "x", 1)]);
    assert!(folder.runs()[0].said()[0].contains("it is skipped"), "{:?}", folder.runs()[0].said());
    std::fs::remove_file(path("b")).unwrap();
    std::fs::write(path("c"), "short").unwrap();
    assert_eq!(poll(&mut folder), []);
    assert!(folder.runs()[1].said()[0].starts_with("no such file"), "{:?}", folder.runs()[1].said());
    assert!(folder.runs()[2].said()[0].contains("replaced or cut"), "{:?}", folder.runs()[2].said());
    write(&root.join("b"), 1_700_000_000, &[one("x", 1), one("x", 2)]);
    assert_eq!(poll(&mut folder), [point("b", "x", 2)]);
    assert_eq!(folder.runs()[1].said(), [] as [String; 0]);
}

#[test]
fn a_folder_that_is_removed_while_it_is_watched_is_said() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("logs");
    write(&root, 1_700_000_000, &[one("x", 1)]);
    let mut folder = Folder::open(&root).unwrap();
    poll(&mut folder);
    std::fs::remove_dir_all(&root).unwrap();
    for _ in 0..2 {
        let error = folder.poll().unwrap_err();
        assert!(matches!(error, EventsError::NotFound { .. }), "{error}");
        assert!(!folder.has_more());
    }
    write(&root, 1_700_000_000, &[one("x", 1), one("x", 2)]);
    assert_eq!(poll(&mut folder), [point(".", "x", 2)]);
}

#[test]
fn many_long_runs_are_read_in_bounded_steps() {
    let place = tempfile::tempdir().unwrap();
    let records: Vec<Vec<u8>> = (0..30_000).map(|step| one("loss/of/the/training", step)).collect();
    for run in 0..8 {
        write(&place.path().join(format!("run{run}")), 1_700_000_000, &records);
    }
    let mut folder = Folder::open(place.path()).unwrap();
    let (mut polls, mut total) = (0, 0);
    while folder.has_more() {
        let batches = folder.poll().unwrap();
        let entries: usize = batches.iter().map(|batch| batch.entries.len()).sum();
        assert!(entries < 300_000);
        total += entries;
        polls += 1;
    }
    assert_eq!(total, 8 * 30_001);
    assert!(polls > 1);
}

#[test]
fn a_single_file_is_one_run() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("copied.bin");
    std::fs::write(&path, REAL).unwrap();
    let mut folder = Folder::open(&path).unwrap();
    assert_eq!(poll(&mut folder).len(), 13);
    assert_eq!(folder.runs()[0].name(), ".");
    assert!(matches!(runs(&place.path().join("none")), Err(EventsError::NotFound { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_said() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("logs");
    write(&root.join("a"), 1_700_000_000, &[one("x", 1)]);
    std::os::unix::fs::symlink(&root, root.join("circle")).unwrap();
    let folder = Folder::open(&root).unwrap();
    assert_eq!(folder.runs().len(), 1);
    assert!(folder.said()[0].starts_with("1 link is not followed"), "{:?}", folder.said());
}

#[test]
fn event_files_are_told_by_their_content() {
    let place = tempfile::tempdir().unwrap();
    let is = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        is_events_file(&path).unwrap()
    };
    let named = "events.out.tfevents.1.h";
    assert!(is("renamed.bin", REAL));
    assert!(is(named, b"") && !is("renamed.bin", b""));
    assert!(is(named, &REAL[..30]) && !is("renamed.bin", &REAL[..30]));
    // Frames of other records, such as those that TensorFlow keeps data sets in.
    assert!(!is("data.tfrecord", &frames(&[summary(1, &[])])));
    assert!(!is(named, b"this is a text about tfevents, and no such file"));
    let mut damaged = REAL.to_vec();
    damaged[20] ^= 1;
    assert!(is(named, &damaged) && !is("renamed.bin", &damaged));
    assert!(is_events_file(&place.path().join("none")).is_err());
}
