//! All runs under a folder, from their manifests; a folder that is damaged or cannot be read is named and does not hide the others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::folder::{newest_step, read_manifest};
use super::manifest::{Manifest, Status};

/// One run in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexEntry {
    /// Its folder.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Step of its newest checkpoint, looked up for interrupted runs only.
    pub checkpoint: Option<u64>,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Index {
    /// Readable runs, newest first.
    pub runs: Vec<IndexEntry>,
    /// Why the others are not in the list.
    pub damaged: Vec<StoreError>,
}

/// Scans a folder of runs (and, one level down, folders of sweeps). A folder that does not exist holds no runs.
pub fn scan(root: &Path) -> Index {
    let mut index = Index::default();
    scan_into(root, 0, &mut index);
    index.runs.sort_by(|a, b| (&b.manifest.started, &b.path).cmp(&(&a.manifest.started, &a.path)));
    index
}

fn scan_into(folder: &Path, depth: usize, index: &mut Index) {
    for path in folders_in(folder, index) {
        match read_manifest(&path) {
            Ok(manifest) => {
                let interrupted = manifest.status == Status::Interrupted;
                let checkpoint = interrupted.then(|| newest_step(&path)).flatten();
                index.runs.push(IndexEntry { path, manifest, checkpoint });
            }
            // A folder without a manifest that holds run files has lost it; any other folder may be a sweep.
            Err(StoreError::NoRun(_))
                if path.join("metrics.csv").is_file() || path.join("experiment.toml").is_file() =>
            {
                index.damaged.push(StoreError::NoRun(path));
            }
            Err(StoreError::NoRun(_)) if depth == 0 => scan_into(&path, depth + 1, index),
            Err(StoreError::NoRun(_)) => {}
            Err(error) => index.damaged.push(error),
        }
    }
}

/// The folders in a folder, by name; what keeps them from being listed goes to the damaged ones.
fn folders_in(folder: &Path, index: &mut Index) -> Vec<PathBuf> {
    let unread = |cause| StoreError::Io { what: "the folder of runs", cause, path: folder.to_owned() };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            index.damaged.push(unread(error));
            return Vec::new();
        }
    };
    let mut folders = Vec::new();
    for entry in entries {
        match entry.map(|entry| entry.path()) {
            Ok(path) if path.is_dir() && !is_hidden(&path) => folders.push(path),
            Ok(_) => {}
            Err(error) => index.damaged.push(unread(error)),
        }
    }
    folders.sort();
    folders
}

/// True for a folder that holds no runs of the list: the trash, a pack that is being opened.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_empty_and_one_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = scan(&folder.path().join("missing"));
        assert!(missing.runs.is_empty() && missing.damaged.is_empty());
        let file = folder.path().join("runs");
        fs::write(&file, "a file in the place of the folder").unwrap();
        let unread = scan(&file);
        assert!(unread.runs.is_empty());
        let said: Vec<String> = unread.damaged.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("cannot use the folder of runs"), "{said:?}");
        assert!(said[0].ends_with(&file.display().to_string()), "{said:?}");
    }
}
