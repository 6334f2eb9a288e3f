//! Work that is cut into parts: which share of its jobs a run does, and the runs that did the shares, found in a folder.
//!
//! Contract: each job is in one part, and which one follows from the number of jobs alone. Runs are joined only if each part is there once and done, made
//! by one version with one seed, with the settings of the run that joins them, and as it was left; else the part in the way is named.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use weightscope_data::Read;

use crate::experiment::{Problem, unlike};
use crate::lab::{Catalogue, Lab};
use crate::store::{self, IndexEntry, Status};

/// The setting that says which part a run makes.
pub const PART: &str = "part";
/// The setting that names the folder of the runs that made the parts.
pub const PARTS: &str = "parts";
/// Most parts: more than a sweep has runs.
const MOST: usize = crate::experiment::MOST_RUNS;
/// Parts that are named in one message.
const NAMED: usize = 8;

/// One of so many equal shares of the jobs of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    number: usize,
    of: usize,
}

impl Part {
    /// All jobs.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Reads `all`, or a number and how many parts there are, such as `3/8`.
    ///
    /// # Errors
    /// If it is neither, or the number is none of those parts.
    pub fn read(typed: &str) -> Result<Self, Problem> {
        if typed.trim() == "all" {
            return Ok(Self::WHOLE);
        }
        let numbers = typed.split_once('/').and_then(|(number, of)| {
            Some(Self { number: number.trim().parse().ok()?, of: of.trim().parse().ok()? })
        });
        numbers.filter(|part| part.of <= MOST && (1..=part.of).contains(&part.number)).ok_or_else(|| {
            let allowed =
                format!("all, or a number and how many parts there are, such as 3/8, at most {MOST}");
            Problem::error(PART, format!("\"{typed}\" is no part")).allowing(allowed)
        })
    }

    /// True for all jobs.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }

    /// The jobs of this part, of so many. They are dealt out in turn, so that parts cost about the same where jobs are sorted by cost.
    pub fn jobs(self, all: usize) -> Vec<usize> {
        (self.number - 1..all).step_by(self.of).collect()
    }

    /// Its share of the work, about.
    pub fn share(self) -> f64 {
        1.0 / self.of as f64
    }

    /// Refuses more parts than there are jobs: some would be empty.
    ///
    /// # Errors
    /// If there are fewer jobs than parts; `what` they are, in words.
    pub fn fits(self, jobs: usize, what: &str) -> Result<(), Problem> {
        if self.of <= jobs.max(1) {
            return Ok(());
        }
        let why = format!("{} parts of {jobs} {what}", self.of);
        Err(Problem::error(PART, why).allowing(format!("all, or at most {jobs} parts")))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() { f.write_str("all") } else { write!(f, "{}/{}", self.number, self.of) }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_in_one_part_and_no_part_is_empty() {
        for of in 1..=9_usize {
            for jobs in of..40 {
                let shares = (1..=of).map(|number| Part { number, of }.jobs(jobs));
                let mut all: Vec<usize> =
                    shares.inspect(|share| assert!(!share.is_empty())).flatten().collect();
                all.sort_unstable();
                assert_eq!(all, (0..jobs).collect::<Vec<_>>(), "{jobs} jobs in {of} parts");
            }
        }
    }

    #[test]
    fn what_is_typed_is_a_part_or_refused_with_what_is_allowed() {
        assert_eq!(Part::read(" all "), Ok(Part::WHOLE));
        let part = Part::read("3 / 8").unwrap();
        assert_eq!((part, part.to_string().as_str()), (Part { number: 3, of: 8 }, "3/8"));
        for typed in ["", "3", "0/8", "9/8", "1/0", "-1/8", "a/b", "1/8/2", "1/99999999"] {
            let problem = Part::read(typed).unwrap_err();
            assert!(problem.key == PART && problem.allowed.is_some(), "{typed}: {problem}");
        }
        assert!(part.fits(8, "jobs").is_ok());
        assert!(part.fits(7, "jobs").unwrap_err().message.contains("8 parts of 7 jobs"));
    }
}
