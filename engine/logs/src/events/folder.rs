//! All runs of a folder, followed while they are written: [`Folder`].

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::decode::{Found, MOST_HELD};
use super::entry::{Counts, Entry};
use super::error::EventsError;
use super::follow::{Follower, MOST_BYTES};
use super::list::{Run, list};
use super::problem::Problems;
use super::tags::Tags;

/// A folder of event files, or one such file, that is read on from where it stood, while trainings still write it.
///
/// Each folder within it that holds event files is a run, as in TensorBoard. The files of a run are read one after the other, by name;
/// what is appended to an earlier one later is found too. Runs and files that appear are found by the next [`Folder::poll`]. Runs keep
/// their place in [`Folder::runs`]: new ones come last. As with a [`Reader`](super::Reader), nothing is mapped or locked, and memory is
/// bounded.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    runs: Vec<FollowedRun>,
    places: HashMap<String, usize>,
    known: HashSet<PathBuf>,
    said: Vec<String>,
    /// The run at which the next poll goes on.
    next: usize,
    has_more: bool,
}

/// One run of a [`Folder`].
#[derive(Debug)]
pub struct FollowedRun {
    name: String,
    files: Vec<FollowedFile>,
    /// The file at which the next look goes on.
    next: usize,
    /// What tags are for is said in the first file of a run, and not always again.
    tags: Tags,
}

/// One file of a [`FollowedRun`].
#[derive(Debug)]
struct FollowedFile {
    file: Follower,
    /// Why it could not be read at the last look.
    trouble: Option<String>,
}

/// What one poll read of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The run's place in [`Folder::runs`].
    pub run: usize,
    /// Its entries, in the order in which they were read; never empty.
    pub entries: Vec<Entry>,
}

impl Folder {
    /// Opens a folder or a file and stands at the beginning of all runs; nothing of them is read yet. A folder that holds none so far
    /// is no error.
    ///
    /// # Errors
    /// As [`runs`](super::runs).
    pub fn open(path: &Path) -> Result<Self, EventsError> {
        let mut folder = Self {
            path: path.to_owned(),
            runs: Vec::new(),
            places: HashMap::new(),
            known: HashSet::new(),
            said: Vec::new(),
            next: 0,
            has_more: false,
        };
        folder.list()?;
        folder.has_more = true;
        Ok(folder)
    }

    /// What has come since the last poll, run by run; all of it unless [`Folder::has_more`] is true afterwards. A poll reads about
    /// sixteen megabytes at most, or one longer record.
    ///
    /// A file that cannot be read hides no other; [`FollowedRun::said`] tells of it.
    ///
    /// # Errors
    /// If the folder itself is gone or cannot be listed (as [`runs`](super::runs)). Nothing is lost by it: the next poll tries again.
    pub fn poll(&mut self) -> Result<Vec<Batch>, EventsError> {
        if !std::mem::take(&mut self.has_more) {
            self.next = 0;
            self.list()?;
        }
        let (mut batches, mut read, mut held) = (Vec::new(), 0, 0);
        while let Some(run) = self.runs.get_mut(self.next) {
            let mut found = Found { entries: Vec::new(), held };
            let is_done = run.look(&mut found, &mut read);
            held = found.held;
            if !found.entries.is_empty() {
                batches.push(Batch { run: self.next, entries: found.entries });
            }
            if !is_done {
                self.has_more = true;
                break;
            }
            self.next += 1;
        }
        Ok(batches)
    }

    /// Whether the last poll stopped because of its size, so that another one gives more at once; true before the first poll.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// The folder or file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The runs that were found so far, in the order of their names, but new ones last.
    pub fn runs(&self) -> &[FollowedRun] {
        &self.runs
    }

    /// Sentences on what is left out of the folder: links, folders that may not be read.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    fn list(&mut self) -> Result<(), EventsError> {
        let listing = list(&self.path)?;
        self.said = listing.said;
        for Run { name, files } in listing.runs {
            let place = *self.places.entry(name.clone()).or_insert(self.runs.len());
            if place == self.runs.len() {
                self.runs.push(FollowedRun { name, files: Vec::new(), next: 0, tags: Tags::default() });
            }
            let Some(run) = self.runs.get_mut(place) else { continue };
            for path in files {
                if !self.known.contains(&path) {
                    run.files.push(FollowedFile { file: Follower::new(&path), trouble: None });
                    self.known.insert(path);
                }
            }
        }
        Ok(())
    }
}

impl FollowedRun {
    /// The folder that it lies in, from the one that was opened; `.` for that folder itself, and for a single file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its files in the order in which they are read.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|file| file.file.path())
    }

    /// What was wrong in each of its files so far.
    pub fn problems(&self) -> impl ExactSizeIterator<Item = (&Path, &Problems)> {
        self.files.iter().map(|file| (file.file.path(), file.file.problems()))
    }

    /// What was read so far and is neither a scalar nor a histogram, by kind, in all of its files.
    pub fn not_taken(&self) -> Counts {
        let mut counts = Counts::default();
        self.files.iter().for_each(|file| counts.merge(file.file.counts()));
        counts
    }

    /// Sentences for people: what is wrong in its files, each with the path; which of them could not be read at the last poll; what is
    /// not taken.
    pub fn said(&self) -> Vec<String> {
        let mut said = Vec::new();
        for FollowedFile { file, trouble } in &self.files {
            said.extend(file.problems().sentences(file.path()));
            said.extend(trouble.clone());
        }
        said.extend(self.not_taken().said());
        said
    }

    /// Takes what has come; false if something is left, because `read` bytes or what `found` holds are enough for one poll.
    fn look(&mut self, found: &mut Found, read: &mut u64) -> bool {
        while let Some(FollowedFile { file, trouble }) = self.files.get_mut(self.next) {
            if *read >= MOST_BYTES as u64 || found.held >= MOST_HELD {
                return false;
            }
            let before = file.position();
            *trouble = file.look(&mut self.tags, found).err().map(|error| error.to_string());
            *read = read.saturating_add(file.position().saturating_sub(before));
            if !file.has_more() {
                self.next += 1;
            } else if file.position() == before {
                // A long record, which is read when nothing else is held.
                return false;
            }
        }
        self.next = 0;
        true
    }
}
