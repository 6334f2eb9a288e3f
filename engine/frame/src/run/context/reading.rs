//! What a run read: said as soon as it is known, kept in the manifest, compared where a run goes on or is repeated.

use weightscope_data::Read;

use super::Context;
use crate::run::error::RunError;
use crate::store::{self, Manifest};

/// The data that a run began with, where it goes on or is repeated; without hashes any data will do.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Expected {
    /// Their hashes.
    pub(in crate::run) hashes: Vec<String>,
    /// What was read of them.
    pub(in crate::run) reads: Vec<Read>,
    /// Hashes of all that was found before the run goes on, those above among them: a run that ended while it read its data had not come
    /// to all of them.
    pub(in crate::run) found: Vec<String>,
}

impl Expected {
    /// What a run had read, with what was found of it and beside it.
    pub(in crate::run) fn of(manifest: &Manifest, found: &[Read]) -> Self {
        let found = found.iter().map(|read| read.hash.clone()).collect();
        Self { hashes: manifest.data_hashes(), reads: manifest.data.clone(), found }
    }
}

/// The sources of data of a run.
#[derive(Debug, Default)]
pub(in crate::run) struct Sources {
    /// What the run began with.
    pub(super) expected: Expected,
    /// What was read.
    pub(in crate::run) read: Vec<Read>,
}

impl Sources {
    /// Hash of the first source: the one that a run is known by.
    pub(in crate::run) fn hash(&self) -> Option<String> {
        self.read.first().map(|read| read.hash.clone())
    }

    /// True if these are data of the run.
    fn knows(&self, hash: &str) -> bool {
        self.expected.hashes.is_empty() || self.expected.hashes.iter().any(|expected| expected == hash)
    }
}

impl Context<'_> {
    /// False for data that the run did not begin with: where a run goes on or is repeated, they are left out.
    pub fn expects(&self, hash: &str) -> bool {
        self.sources.knows(hash)
    }

    /// True for a run that goes on or is repeated: its data are those that it began with, and no more are waited for.
    pub fn is_repeated(&self) -> bool {
        !self.sources.expected.hashes.is_empty()
    }

    /// What the run had read from this place when it was made, where it goes on or is repeated: how far data reached that grow.
    pub fn begun_with(&self, place: &str, of: &str) -> Option<&Read> {
        self.sources.expected.reads.iter().find(|read| read.place == place && read.of == of)
    }

    /// Says what was read: in the log, in the manifest, and as warnings where it is doubtful. A lab calls it for each source of data as soon
    /// as it is open, before the first step.
    ///
    /// # Errors
    /// A run that goes on, or is repeated, ends here if the data are not those that it began with; a manifest that cannot be written.
    pub fn read(&mut self, read: &Read) -> Result<(), RunError> {
        if !self.sources.knows(&read.hash) && !self.sources.expected.found.contains(&read.hash) {
            return Err(RunError::DataChanged {
                place: read.place.clone(),
                what: "other content".to_owned(),
            });
        }
        self.note(read)
    }

    /// Says how far data reached that grow: as [`Self::read`], at the end of a run. A run that was interrupted never came to say it: where it
    /// goes on, there is nothing to compare with.
    ///
    /// # Errors
    /// As of [`Self::read`].
    pub fn read_so_far(&mut self, read: &Read) -> Result<(), RunError> {
        if self.begun_with(&read.place, &read.of).is_some() { self.read(read) } else { self.note(read) }
    }

    fn note(&mut self, read: &Read) -> Result<(), RunError> {
        if self.sources.read.iter().any(|known| known.hash == read.hash) {
            return Ok(());
        }
        if let Some(folder) = self.folder {
            read.lines().iter().for_each(|line| folder.log(line));
        }
        for doubt in &read.doubts {
            self.warn(&format!("{doubt}: {}", read.place));
        }
        self.sources.read.push(read.clone());
        if let Some(folder) = self.folder {
            let (data, hash) = (self.sources.read.clone(), self.sources.hash());
            store::update_manifest(folder.path(), |manifest| {
                (manifest.data, manifest.dataset_hash) = (data, hash);
            })?;
        }
        Ok(())
    }
}
