//! All runs under a folder, from their manifests; a damaged folder is named and does not hide the others.

use std::fs;
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
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !is_hidden(path))
        .collect();
    entries.sort();
    for path in entries {
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

/// True for a folder that holds no runs of the list: the trash, a pack that is being opened.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
