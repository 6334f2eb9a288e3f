//! Copies of checkpoints in the folder of a run that watches: trainings delete theirs, and a run must be repeated all the same.
//!
//! Contract: a copy stands for what has its name in the watched folder, whether that is still there or not. It is made before a number of
//! the checkpoint is computed, and everything is computed from it. All copies together take up to 256 MB; from which checkpoint on none
//! is kept is said at once.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use weightscope_frame::run::RunError;
use weightscope_frame::store::{StoreError, disk, write_atomically};
use weightscope_weights::{Source, Stamp};

use super::listed::{Followed, Item};
use crate::files;

/// The folder of copies in a run's folder: at first there was one of the first checkpoint alone.
pub(super) const KEPT: &str = "first-checkpoint";
/// The file that says that the copy of the first checkpoint is whole, and whose it is: written last. Without it no copy counts.
pub(super) const MARK: &str = "first-checkpoint.txt";
/// What is written, for messages.
const WHAT: &str = "the copy of a checkpoint";
/// Bytes that all copies of a run take at most.
pub(super) const MOST_KEPT: u64 = 256 << 20;

/// The copies that a run makes while it watches.
pub(super) struct Copies {
    /// The watched folder.
    place: PathBuf,
    /// Where copies go.
    folder: PathBuf,
    /// Bytes of all so far, and how many they may be.
    held: u64,
    most: u64,
}

/// What became of a checkpoint that was to be copied.
#[derive(Debug, PartialEq)]
pub(super) enum Copied {
    /// It lies here now.
    To(String),
    /// None is kept, for the reason, and no later one will be.
    Not(String),
}

impl Copies {
    /// Copies beside that of the first checkpoint, in the folder `run`; none where that is not kept there.
    pub(super) fn of(followed: &Followed, run: &Path) -> Option<Self> {
        let folder = followed.kept()?.to_owned();
        (kept(run)? == folder).then(|| Self {
            place: followed.place().to_owned(),
            held: bytes_in(&folder),
            folder,
            most: MOST_KEPT,
        })
    }

    /// Copies a checkpoint; one that is a copy already stays as it is.
    pub(super) fn take(&mut self, item: &Item, source: &dyn Source) -> Copied {
        let path = Path::new(&item.place);
        if path.starts_with(&self.folder) {
            return Copied::To(item.place.clone());
        }
        let inside =
            |stamp: &Stamp| Some((stamp.clone(), stamp.path.strip_prefix(&self.place).ok()?.to_owned()));
        let pairs = source.stamps().iter().map(inside).collect::<Option<Vec<_>>>();
        let (Some(pairs), Ok(name)) = (pairs, path.strip_prefix(&self.place)) else {
            return Copied::Not("some of its files lie outside the folder".to_owned());
        };
        let bytes: u64 = pairs.iter().map(|(stamp, _)| stamp.bytes).sum();
        if self.held.saturating_add(bytes) > self.most {
            return Copied::Not(format!("copies of one run take {} MB together at most", self.most >> 20));
        }
        let made = pairs.iter().try_for_each(|(stamp, name)| copy_current(stamp, &self.folder.join(name)));
        if let Err(error) = made {
            for (_, name) in &pairs {
                // A part of a checkpoint would stand for the whole; what cannot be removed is refused by its content when it is read.
                let _ = std::fs::remove_file(self.folder.join(name));
            }
            return Copied::Not(error.to_string());
        }
        self.held += bytes;
        Copied::To(self.folder.join(name).display().to_string())
    }
}

/// The path of the item that is to be read from now on: its copy, if one is made. What is not kept is said, once.
pub(super) fn keep(copies: &mut Option<Copies>, item: &Item) -> Result<(Item, Option<String>), RunError> {
    let Some(some) = copies else { return Ok((item.clone(), None)) };
    let source = files::open_at("folder", &item.place)?;
    match some.take(item, source.as_ref()) {
        Copied::To(place) => Ok((Item { place, ..item.clone() }, None)),
        Copied::Not(why) => {
            *copies = None;
            let text = format!(
                "no copy is kept of {} and of later checkpoints ({why}): the run can be repeated and verified only as long as they stay: {}",
                item.name, item.shown
            );
            Ok((item.clone(), Some(text)))
        }
    }
}

/// Bytes of all files in a folder and the folders in it.
fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_in(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Copies a file if it is, and stays, the one that was opened.
fn copy_current(stamp: &Stamp, to: &Path) -> Result<(), RunError> {
    copy(&stamp.path, to)?;
    if stamp.is_current() {
        return Ok(());
    }
    let changed = io::Error::other("it was written to while it was copied");
    Err(StoreError::io(WHAT, &stamp.path, changed).into())
}

/// Copies a file with the time at which it was written, by which checkpoints may be ordered.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), RunError> {
    let failed = |error: io::Error| StoreError::io(WHAT, to, error);
    let mut file = File::open(from).map_err(failed)?;
    let modified = file.metadata().and_then(|found| found.modified()).map_err(failed)?;
    if let Some(parent) = to.parent() {
        disk::make_folders(parent).map_err(failed)?;
    }
    write_atomically(to, WHAT, |out| io::copy(&mut file, out).map(|_| ()))?;
    let written = File::options().write(true).open(to).map_err(failed)?;
    Ok(written.set_modified(modified).map_err(failed)?)
}

/// The folder of copies in a run's folder, if the run kept the first checkpoint.
pub(crate) fn kept(run: &Path) -> Option<PathBuf> {
    run.join(MARK).is_file().then(|| run.join(KEPT)).filter(|folder| folder.is_dir())
}

/// Gives a fork the copies of its parent.
pub(crate) fn carry_over(parent: &Path, child: &Path) -> Result<(), RunError> {
    let Some(root) = kept(parent) else { return Ok(()) };
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let failed = |error: io::Error| StoreError::io(WHAT, &folder, error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(&root) {
                copy(&path, &child.join(KEPT).join(name))?;
            }
        }
    }
    copy(&parent.join(MARK), &child.join(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(path: &Path) -> Item {
        let place = path.display().to_string();
        Item { name: "step-1.safetensors".to_owned(), step: Some(1), shown: place.clone(), place }
    }

    #[test]
    fn copies_stop_at_their_limit_and_it_is_said_once() {
        let root = tempfile::tempdir().unwrap();
        let (place, folder) = (root.path().join("steps"), root.path().join("kept"));
        std::fs::create_dir_all(&place).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        let path = place.join("step-1.safetensors");
        let header = br#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(1.0_f32.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let length = bytes.len() as u64;
        let copies = |most| Some(Copies { place: place.clone(), folder: folder.clone(), held: 0, most });
        let mut wide = copies(2 * length);
        let (kept, said) = keep(&mut wide, &item(&path)).unwrap();
        assert_eq!((Path::new(&kept.place), said), (folder.join("step-1.safetensors").as_path(), None));
        assert_eq!(std::fs::read(&kept.place).unwrap(), bytes);
        assert_eq!(bytes_in(&folder), length);
        assert_eq!(keep(&mut wide, &kept).unwrap().0.place, kept.place, "a copy is not copied again");
        assert_eq!(wide.unwrap().held, length);
        let mut narrow = copies(length - 1);
        let (same, said) = keep(&mut narrow, &item(&path)).unwrap();
        assert_eq!(Path::new(&same.place), path);
        let said = said.unwrap();
        assert!(said.contains("step-1.safetensors and of later checkpoints"), "{said}");
        assert!(narrow.is_none() && keep(&mut narrow, &item(&path)).unwrap().1.is_none(), "said once");
    }
}
