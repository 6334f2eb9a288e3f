//! The trash: runs that were thrown away lie beside the others until it is emptied, and can be put back.
//!
//! Contract: a run is moved whole, by renaming; a run that some program works on stays; nothing is overwritten when one is put back.
//! Each act of throwing away has a folder of its own, `.trash/N`, in which the run lies as it lay among the runs.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::disk;
use super::error::StoreError;
use super::folder::{is_in_use, read_manifest};

/// Name of the folder of what was thrown away.
const TRASH: &str = ".trash";
/// Most acts of throwing away that are kept apart.
const MOST: usize = 1_000_000;
/// Folders above a run, inside an act: that of a sweep.
const DEEPEST: usize = 2;

/// A run in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// Where it lies now.
    pub at: PathBuf,
    /// Where it lay.
    pub from: PathBuf,
}

/// Moves runs into the trash of their folder of runs; those that are there now, and why the others are not.
pub fn throw_away(root: &Path, runs: &[PathBuf]) -> (Vec<Trashed>, Vec<StoreError>) {
    let (mut gone, mut errors) = (Vec::new(), Vec::new());
    let act = match new_act(root) {
        Ok(act) => act,
        Err(error) => return (gone, vec![error]),
    };
    for run in runs {
        match throw(root, &act, run) {
            Ok(trashed) => gone.push(trashed),
            Err(error) => errors.push(error),
        }
    }
    if gone.is_empty() {
        // Only an empty folder is removed by this.
        let _ = fs::remove_dir(&act);
        let _ = fs::remove_dir(root.join(TRASH));
    }
    (gone, errors)
}

/// Moves runs back to where they lay; those that are back, and why the others are not.
pub fn put_back(root: &Path, runs: &[Trashed]) -> (Vec<PathBuf>, Vec<StoreError>) {
    let (mut back, mut errors) = (Vec::new(), Vec::new());
    for run in runs {
        match back_again(root, run) {
            Ok(()) => back.push(run.from.clone()),
            Err(error) => errors.push(error),
        }
    }
    (back, errors)
}

/// All runs in the trash.
pub fn trashed(root: &Path) -> Vec<Trashed> {
    let mut found = Vec::new();
    for act in folders(&root.join(TRASH)) {
        look(root, &act, &act, DEEPEST, &mut found);
    }
    found
}

/// Removes all that is in the trash for good; the number of runs that went.
pub fn empty_trash(root: &Path) -> Result<usize, StoreError> {
    let count = trashed(root).len();
    let trash = root.join(TRASH);
    match fs::remove_dir_all(&trash) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("the trash", &trash, error))
        }
        _ => Ok(count),
    }
}

fn throw(root: &Path, act: &Path, run: &Path) -> Result<Trashed, StoreError> {
    let kept = |why: &str, advice| StoreError::Kept { why: why.to_owned(), advice, path: run.to_owned() };
    // Only what is a run is ever moved, and only out of the folder of runs.
    let manifest = read_manifest(run);
    if matches!(manifest, Err(StoreError::NoRun(_))) {
        return Err(StoreError::NoRun(run.to_owned()));
    }
    let place = run.strip_prefix(root).ok().filter(|place| is_plain(place));
    let Some(place) = place else {
        return Err(kept("the run lies outside the folder of runs", "remove its folder by hand"));
    };
    if is_in_use(run) {
        return Err(kept("a run in work is not deleted", "cancel it first"));
    }
    let at = act.join(place);
    moved(run, &at)?;
    // What is left of a sweep whose last run has gone is an empty folder.
    if let Some(sweep) = run.parent().filter(|sweep| *sweep != root) {
        let _ = fs::remove_dir(sweep);
    }
    Ok(Trashed { at, from: run.to_owned() })
}

fn back_again(root: &Path, run: &Trashed) -> Result<(), StoreError> {
    if run.from.symlink_metadata().is_ok() {
        return Err(StoreError::Kept {
            why: "its place is taken by now".to_owned(),
            advice: "move what is there, then put the run back",
            path: run.from.clone(),
        });
    }
    moved(&run.at, &run.from)?;
    // The folders of the act go when nothing is left in them.
    let trash = root.join(TRASH);
    for above in run.at.ancestors().skip(1).take_while(|above| above.starts_with(&trash)) {
        if fs::remove_dir(above).is_err() {
            break;
        }
    }
    Ok(())
}

fn moved(from: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("the run folder", to, error);
    if let Some(above) = to.parent() {
        disk::make_folders(above).map_err(failed)?;
    }
    disk::rename(from, to).map_err(failed)
}

fn new_act(root: &Path) -> Result<PathBuf, StoreError> {
    let trash = root.join(TRASH);
    let failed = |error| StoreError::io("the trash", &trash, error);
    fs::create_dir_all(&trash).map_err(failed)?;
    for number in 1..MOST {
        let act = trash.join(number.to_string());
        match fs::create_dir(&act) {
            Ok(()) => return Ok(act),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(io::Error::other("it is full")))
}

fn look(root: &Path, act: &Path, folder: &Path, depth: usize, found: &mut Vec<Trashed>) {
    for path in folders(folder) {
        match (read_manifest(&path), path.strip_prefix(act)) {
            (Err(StoreError::NoRun(_)), _) if depth > 1 => look(root, act, &path, depth - 1, found),
            (Err(StoreError::NoRun(_)), _) | (_, Err(_)) => {}
            (_, Ok(place)) => found.push(Trashed { from: root.join(place), at: path.clone() }),
        }
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// True for names only: nothing that leads up or elsewhere.
fn is_plain(place: &Path) -> bool {
    place.components().next().is_some() && place.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::folder::write_manifest;
    use super::super::index::scan;
    use super::super::manifest::{Manifest, Status};
    use super::*;

    fn run(path: &Path) -> PathBuf {
        fs::create_dir_all(path).unwrap();
        let manifest = Manifest { status: Status::Done, ..Manifest::default() };
        write_manifest(path, &manifest).unwrap();
        fs::write(path.join("metrics.csv"), "rows").unwrap();
        path.to_owned()
    }

    #[test]
    fn what_is_thrown_away_is_not_listed_and_comes_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (a, b) = (run(&root.join("a")), run(&root.join("sweep/seed=1")));
        let kept = run(&root.join("kept"));
        let (gone, errors) = throw_away(root, &[a.clone(), b.clone()]);
        assert_eq!((gone.len(), errors.len()), (2, 0), "{errors:?}");
        let listed: Vec<PathBuf> = scan(root).runs.into_iter().map(|run| run.path).collect();
        assert_eq!(listed, [kept], "neither as a run nor as one of a sweep");
        assert!(!root.join("sweep").exists(), "an empty sweep goes with its last run");
        assert_eq!(trashed(root).len(), 2, "they lie in the trash");
        let (back, errors) = put_back(root, &gone);
        assert_eq!((back, errors.len()), (vec![a.clone(), b], 0), "where they lay");
        assert_eq!(fs::read_to_string(a.join("metrics.csv")).unwrap(), "rows", "whole");
        assert!(!root.join(TRASH).exists(), "nothing is left of the trash");
    }

    #[test]
    fn a_run_of_that_name_is_never_overwritten_and_acts_are_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let first = throw_away(root, &[run(&root.join("a"))]).0;
        let second = throw_away(root, &[run(&root.join("a"))]).0;
        assert_eq!(trashed(root).len(), 2, "two runs of one name");
        let again = run(&root.join("a"));
        let (back, errors) = put_back(root, &first);
        assert!(back.is_empty() && errors[0].to_string().contains("taken by now"), "{errors:?}");
        fs::remove_dir_all(again).unwrap();
        assert_eq!(put_back(root, &second).0.len(), 1, "its place is free");
        assert_eq!(empty_trash(root).unwrap(), 1, "the other one goes for good");
        assert_eq!((trashed(root).len(), scan(root).runs.len()), (0, 1), "and nothing else");
        assert_eq!(empty_trash(root).unwrap(), 0, "there is none");
    }

    #[test]
    fn only_runs_that_rest_go_and_only_out_of_the_folder_of_runs() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("runs");
        let busy = run(&root.join("busy"));
        let lock = File::create(busy.join(".lock")).unwrap();
        lock.lock().unwrap();
        let outside = run(&folder.path().join("outside"));
        let dots = root.join("..").join("outside");
        let other = root.join("notes");
        fs::create_dir_all(&other).unwrap();
        let (gone, errors) = throw_away(&root, &[busy.clone(), outside.clone(), dots, other.clone()]);
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(gone.is_empty() && words.len() == 4, "{words:?}");
        assert!(words[0].contains("cancel it first"), "{words:?}");
        assert!(words[1].contains("outside the folder of runs") && words[2].contains("outside"), "{words:?}");
        assert!(words[3].contains("no run folder"), "{words:?}");
        assert!(busy.is_dir() && outside.is_dir() && other.is_dir(), "all stand");
        assert!(!root.join(TRASH).exists(), "no trash for nothing");
    }
}
