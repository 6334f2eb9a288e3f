//! The runs that lie in a folder.
//!
//! Contract: a folder is listed, never followed: links are left out, so that nothing outside it is read and no circle is walked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::EventsError;
use super::kind::has_events_name;
use crate::text::shown_path;

/// Folders deeper than this below the one that is opened are not looked into.
const DEEPEST: usize = 16;
/// More entries than this are not looked at.
const MOST_ENTRIES: usize = 100_000;
/// More event files than this are not followed.
const MOST_FILES: usize = 10_000;

/// The event files of one training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The folder that they lie in, from the one that was opened, with `/` between its parts, as TensorBoard names runs; `.` for that
    /// folder itself, and for a single file.
    pub name: String,
    /// Its files by name, which begins with the time of their making, so that each continues the one before it.
    pub files: Vec<PathBuf>,
}

/// What was found, and what was left out.
pub(crate) struct Listing {
    pub(crate) runs: Vec<Run>,
    pub(crate) said: Vec<String>,
}

/// The runs at `path`: an event file is one run; in a folder, each folder that holds event files (by their names, which hold `tfevents`)
/// is one run. They are in the order of their names; none is no error. Links are not followed.
///
/// # Errors
/// If nothing lies there, the operating system refuses, or there are more than 100,000 entries or 10,000 event files.
pub fn runs(path: &Path) -> Result<Vec<Run>, EventsError> {
    list(path).map(|listing| listing.runs)
}

pub(crate) fn list(root: &Path) -> Result<Listing, EventsError> {
    let metadata = std::fs::metadata(root).map_err(|error| EventsError::io("opening", error, root))?;
    if !metadata.is_dir() {
        let runs = vec![Run { name: ".".to_owned(), files: vec![root.to_owned()] }];
        return Ok(Listing { runs, said: Vec::new() });
    }
    let mut walk = Walk { root, runs: BTreeMap::new(), entries: 0, files: 0, links: 0, said: Vec::new() };
    walk.folder(root, 0)?;
    if walk.links > 0 {
        let links = walk.links;
        let problem = format!(
            "{links} link{} not followed; open what {} if it is a run: {}",
            if links == 1 { " is" } else { "s are" },
            if links == 1 { "it leads to" } else { "they lead to" },
            shown_path(root)
        );
        walk.said.push(problem);
    }
    let runs = walk.runs.into_iter().map(|(name, mut files)| {
        files.sort();
        Run { name, files }
    });
    Ok(Listing { runs: runs.collect(), said: walk.said })
}

/// A walk through folders.
struct Walk<'a> {
    root: &'a Path,
    runs: BTreeMap<String, Vec<PathBuf>>,
    entries: usize,
    files: usize,
    links: usize,
    said: Vec<String>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), EventsError> {
        if depth > DEEPEST {
            self.said.push(format!(
                "folders more than {DEEPEST} deep are not looked into; open one further down: {}",
                shown_path(folder)
            ));
            return Ok(());
        }
        let listed = std::fs::read_dir(folder).map_err(|error| EventsError::io("listing", error, folder));
        let listed = match listed {
            Ok(listed) => listed,
            // One folder that may not be read, or is gone by now, hides no other.
            Err(error) if depth > 0 => {
                self.said.push(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in listed {
            let entry = entry.map_err(|error| EventsError::io("listing", error, folder))?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(self.too_many(MOST_ENTRIES, "entries"));
            }
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if kind.is_symlink() {
                self.links += usize::from(path.is_dir() || has_events_name(&path));
            } else if kind.is_file() && has_events_name(&path) {
                self.files += 1;
                if self.files > MOST_FILES {
                    return Err(self.too_many(MOST_FILES, "event files"));
                }
                self.runs.entry(self.name(folder)).or_default().push(path);
            }
        }
        Ok(())
    }

    fn too_many(&self, most: usize, what: &str) -> EventsError {
        let problem = format!(
            "the folder holds more than {most} {what}, which are not looked through; open a folder within it"
        );
        EventsError::unusable(problem, self.root)
    }

    /// The run that the files of this folder belong to.
    fn name(&self, folder: &Path) -> String {
        let parts = folder.strip_prefix(self.root).unwrap_or(folder).components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}
