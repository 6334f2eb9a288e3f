//! Data of a run that lie elsewhere by now: found by their content, named in its settings, and a pack that is opened with them.

use std::path::{Path, PathBuf};

use weightscope_data::Read;

use super::check::{refuse_data, refuse_others};
use super::error::RunError;
use crate::experiment::Experiment;
use crate::lab::Catalogue;
use crate::store::{self, Unpacked};

/// A pack that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The run.
    pub path: PathBuf,
    /// It was here before.
    pub was_here: bool,
    /// What it read and is not here, by its place there: needed to repeat it, to fork it, to go on with it.
    pub missing: Option<String>,
}

/// Opens a pack into a folder of runs. Data that came with it, or lie beside the pack under their name, become those of the run if they
/// are what it read.
pub fn open_pack(catalogue: Catalogue, file: &Path, root: &Path) -> Result<Opened, RunError> {
    let (path, data) = match store::unpack(file, root)? {
        Unpacked::Here(path) => {
            return Ok(Opened { missing: missing_data(catalogue, &path), path, was_here: true });
        }
        Unpacked::New { path, data } => (path, data),
    };
    for (before, now) in data {
        // Data that cannot be read here are missed below, in words of their own.
        let _ = rename(catalogue, &path, &before, &now);
    }
    let mut missing = missing_data(catalogue, &path);
    if let Some(before) = &missing
        && let Some(beside) = beside(file, before)
        && move_data(catalogue, &path, &beside).is_ok()
    {
        missing = missing_data(catalogue, &path);
    }
    Ok(Opened { path, was_here: false, missing })
}

/// What a run read and is no longer there as it was, by its place; none if all is there.
pub fn missing_data(catalogue: Catalogue, path: &Path) -> Option<String> {
    let manifest = store::read_manifest(path).ok()?;
    let mut experiment = store::read_experiment(catalogue, path).ok()?;
    experiment.method.kept(path);
    let found = refuse_data(&experiment).unwrap_or_default();
    let is_there = |read: &&Read| found.iter().any(|found| found.hash == read.hash);
    manifest.data.iter().find(|read| !is_there(read)).map(|read| read.place.clone())
}

/// Names the file in which the missing data of a run lie now; refused if they are not what the run read.
pub fn move_data(catalogue: Catalogue, path: &Path, now: &Path) -> Result<(), RunError> {
    let manifest = store::read_manifest(path)?;
    let Some(before) = missing_data(catalogue, path) else { return Ok(()) };
    let moved = named(&store::read_experiment(catalogue, path)?, &before, now)?;
    let expected: Vec<String> =
        manifest.data.iter().filter(|read| read.place == before).map(|read| read.hash.clone()).collect();
    refuse_others(&refuse_data(&moved)?, &expected, &manifest.data)?;
    rename(catalogue, path, &before, now)
}

/// Writes another place of data into the settings and the manifest of a run.
fn rename(catalogue: Catalogue, path: &Path, before: &str, now: &Path) -> Result<(), RunError> {
    let experiment = named(&store::read_experiment(catalogue, path)?, before, now)?;
    store::write_settings(path, &experiment)?;
    store::update_manifest(path, |manifest| {
        let place = now.display().to_string();
        manifest
            .data
            .iter_mut()
            .filter(|read| read.place == before)
            .for_each(|read| read.place.clone_from(&place));
    })?;
    Ok(())
}

/// The experiment with another place for a file that it names.
fn named(experiment: &Experiment, before: &str, now: &Path) -> Result<Experiment, RunError> {
    let mut experiment = experiment.clone();
    let place = now.display().to_string();
    let same = |value: &str| {
        value == before || std::path::absolute(value).is_ok_and(|path| path == Path::new(before))
    };
    let settings = experiment.settings();
    let keys =
        settings.iter().filter(|(_, value)| value.as_str().is_some_and(same)).map(|(field, _)| field.key);
    let keys: Vec<&str> = keys.collect();
    let problems = |problem| RunError::Problems(vec![problem]);
    if keys.is_empty() {
        experiment.name_data(&place).map_err(problems)?;
    }
    for key in keys {
        experiment.set_typed(key, &place).map_err(problems)?;
    }
    Ok(experiment)
}

/// A file of the same name beside the pack.
fn beside(file: &Path, before: &str) -> Option<PathBuf> {
    // The place may have been written on another system.
    let name = before.rsplit(['/', '\\']).next()?;
    let path = file.parent()?.join(name);
    let path = std::path::absolute(path).ok()?;
    path.is_file().then_some(path)
}
