//! The runs that made the parts of a work, found in a folder.
//!
//! Contract: runs are joined only if each part is there once and done, made by one version with one seed, with the settings of the run that joins them,
//! and as it was left; else the part in the way is named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use weightscope_data::Read;

use crate::experiment::{Problem, unlike};
use crate::lab::{Catalogue, Lab};
use crate::store::{self, IndexEntry, Status};

use super::part::{PART, PARTS, Part};

/// Parts that are named in one message.
const NAMED: usize = 8;

/// How the runs of a lab are cut into parts.
pub struct Cut<L: Lab> {
    /// The catalogue that reads the runs.
    pub catalogue: Catalogue,
    /// The part that a run with these settings makes.
    pub part: fn(&L) -> Part,
    /// Stages that make a part: settings that a later stage reads first may differ.
    pub stages: &'static [&'static str],
    /// Keys that may differ all the same.
    pub aside: &'static [&'static str],
}

/// The runs that made all parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Their folders, in the order of the parts.
    pub runs: Vec<PathBuf>,
    /// Their seed.
    pub seed: u64,
}

impl Parts {
    /// Each run with the jobs that it did, of so many.
    pub fn shares(&self, jobs: usize) -> impl Iterator<Item = (&Path, Vec<usize>)> {
        let of = self.runs.len();
        let runs = self.runs.iter().zip(1..);
        runs.map(move |(run, number)| (run.as_path(), Part { number, of }.jobs(jobs)))
    }

    /// Refuses a run with another seed than that of the parts.
    ///
    /// # Errors
    /// If the seeds differ.
    pub fn fit_seed(&self, seed: u64) -> Result<(), Problem> {
        if self.seed == seed {
            return Ok(());
        }
        let why = format!("the parts were made with seed {}, and this run has seed {seed}", self.seed);
        Err(Problem::error("seed", why).allowing(self.seed.to_string()))
    }
}

/// A run that made a part.
struct Made {
    part: Part,
    path: PathBuf,
    seed: u64,
    version: String,
    /// Hash of the list of its files.
    files: Option<String>,
}

impl Made {
    /// Words if its files are not those that it left behind.
    fn damage(&self) -> Option<String> {
        let found = match store::check_files(&self.path, Some(self.files.as_deref()?)) {
            Ok(check) => check.differing.into_iter().next().map(|(file, what)| format!("{file}: {what}"))?,
            Err(error) => error.to_string(),
        };
        Some(format!("part {} is not as it was when it was done ({found}); make it again", self.part))
    }
}

impl<L: Lab> Cut<L> {
    /// Finds the runs that made the parts of what a run with the settings `mine` makes of the data `read`, in the folder of a sweep or of a
    /// plan. Runs of other labs there, and runs that are no part, are passed over.
    ///
    /// # Errors
    /// If a part is missing, there twice, not done, or made in another way; the problem stands under [`PARTS`].
    pub fn find(&self, folder: &str, mine: &L, read: &[Read]) -> Result<Parts, Problem> {
        let refuse = |why: String| Problem::error(PARTS, format!("{why}: {folder}"));
        let index = store::scan(Path::new(folder.trim()));
        if let Some(damaged) = index.damaged.first() {
            return Err(refuse(format!("a run there cannot be read ({damaged})")));
        }
        let mut made: BTreeMap<usize, Made> = BTreeMap::new();
        let mut open = BTreeMap::new();
        let mut of = None;
        for entry in index.runs.iter().filter(|entry| entry.manifest.lab == L::NAME) {
            let Some(part) = self.part_of(entry, mine, read).map_err(&refuse)? else { continue };
            let other = *of.get_or_insert(part.of);
            if other != part.of {
                return Err(refuse(format!("parts of {other} and of {} lie there together", part.of)));
            }
            if entry.manifest.status != Status::Done {
                open.insert(part.number, entry.manifest.status.word());
                continue;
            }
            let run = Made {
                part,
                path: entry.path.clone(),
                seed: entry.manifest.seed,
                version: entry.manifest.version.clone(),
                files: entry.manifest.files_hash.clone(),
            };
            if let Some(first) = made.insert(part.number, run) {
                let names = [&first.path, &entry.path].map(|path| name(path));
                return Err(refuse(format!(
                    "part {part} is there twice ({}); take one out",
                    names.join(", ")
                )));
            }
        }
        let Some(of) = of else {
            let what =
                format!("no run that made a part lies there; name the folder of a sweep over `{PART}`");
            return Err(refuse(what));
        };
        let missing: Vec<String> = (1..=of)
            .filter(|number| !made.contains_key(number))
            .map(|number| match open.get(&number) {
                Some(status) => format!("{number}/{of} ({status})"),
                None => format!("{number}/{of}"),
            })
            .collect();
        if !missing.is_empty() {
            let more = if missing.len() > NAMED { ", …" } else { "" };
            let named = missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            return Err(refuse(format!("of {of} parts {} are missing: {named}{more}", missing.len())));
        }
        alike(made.into_values().collect()).map_err(refuse)
    }

    /// The part that a run made; nothing if it is none. Words if it was made with other settings or of other data.
    fn part_of(&self, entry: &IndexEntry, mine: &L, read: &[Read]) -> Result<Option<Part>, String> {
        let experiment =
            store::read_experiment(self.catalogue, &entry.path).map_err(|error| error.to_string())?;
        let Some(settings) = experiment.method.settings::<L>() else { return Ok(None) };
        let part = (self.part)(settings);
        if part.is_whole() {
            return Ok(None);
        }
        let name = name(&entry.path);
        let differs = unlike(settings, mine, self.stages)
            .into_iter()
            .find(|(key, ..)| ![PART, PARTS].contains(key) && !self.aside.contains(key));
        if let Some((key, there, here)) = differs {
            return Err(format!(
                "part {part} ({name}) was made with {key} = {there}, and this run has {key} = {here}"
            ));
        }
        let is_known = |hash: &String| read.iter().any(|read| read.hash == *hash);
        if !entry.manifest.data_hashes().iter().all(is_known) {
            return Err(format!("part {part} ({name}) was made of other data: their content has changed"));
        }
        Ok(Some(part))
    }
}

/// The runs of all parts, if one version made them with one seed.
fn alike(made: Vec<Made>) -> Result<Parts, String> {
    let Some(first) = made.first() else { return Err("there is no part".to_owned()) };
    for run in &made {
        if run.seed != first.seed {
            return Err(format!(
                "part {} was made with seed {}, part {} with seed {}",
                first.part, first.seed, run.part, run.seed
            ));
        }
        if run.version != first.version {
            return Err(format!(
                "part {} was made by version {} of this program, part {} by version {}",
                first.part, first.version, run.part, run.version
            ));
        }
        if let Some(damage) = run.damage() {
            return Err(damage);
        }
    }
    let seed = first.seed;
    Ok(Parts { runs: made.into_iter().map(|run| run.path).collect(), seed })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
