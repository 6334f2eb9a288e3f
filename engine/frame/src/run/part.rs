//! Which share of the jobs of a work a run does.
//!
//! Contract: each job is in one part, and which one follows from the number of jobs alone. A run makes a part, or joins all, or neither.

use std::fmt;

use crate::experiment::Problem;

/// The setting that says which part a run makes.
pub const PART: &str = "part";
/// The setting that names the folder of the runs that made the parts.
pub const PARTS: &str = "parts";
/// The value of [`PARTS`] that names no folder.
const NO_FOLDER: &str = "none";
/// Most parts: more than a sweep has runs.
const MOST: usize = crate::experiment::MOST_RUNS;

/// One of so many equal shares of the jobs of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub(super) number: usize,
    /// How many there are.
    pub(super) of: usize,
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

/// What the settings [`PART`] and [`PARTS`] of a run say together.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    part: &'a str,
    parts: &'a str,
}

impl<'a> Share<'a> {
    /// What a run does whose work is not cut, whatever its settings say.
    pub const UNCUT: Self = Self { part: "all", parts: NO_FOLDER };

    /// What is typed in both settings.
    pub fn of(part: &'a str, parts: &'a str) -> Self {
        Self { part: part.trim(), parts: parts.trim() }
    }

    /// The part that the run makes. What cannot be read is the whole here and refused by [`Share::check`].
    pub fn part(self) -> Part {
        Part::read(self.part).unwrap_or(Part::WHOLE)
    }

    /// The folder with the runs that made the parts, if the run joins them.
    pub fn folder(self) -> Option<&'a str> {
        Some(self.parts).filter(|folder| *folder != NO_FOLDER)
    }

    /// The part that the run makes.
    ///
    /// # Errors
    /// If the part cannot be read, or the run is to make a part and to join all.
    pub fn check(self) -> Result<Part, Problem> {
        let part = Part::read(self.part)?;
        if part.is_whole() || self.folder().is_none() {
            return Ok(part);
        }
        let why = format!("a run joins the parts or makes one, here {part}");
        Err(Problem::error(PARTS, why).allowing(format!("{NO_FOLDER}, or {PART} = all")))
    }
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

    #[test]
    fn a_run_makes_a_part_or_joins_all() {
        let makes = Share::of(" 2/3 ", " none ");
        assert_eq!((makes.part().to_string(), makes.folder()), ("2/3".to_owned(), None));
        assert_eq!(makes.check(), Ok(makes.part()));
        let joins = Share::of("all", " folder ");
        assert_eq!((joins.check(), joins.folder()), (Ok(Part::WHOLE), Some("folder")));
        assert_eq!(Share::of("2/3", "folder").check().unwrap_err().key, PARTS);
        let unread = Share::of("4/3", "none");
        assert_eq!((unread.part(), unread.check().unwrap_err().key.as_str()), (Part::WHOLE, PART));
        assert_eq!((Share::UNCUT.check(), Share::UNCUT.folder()), (Ok(Part::WHOLE), None));
    }
}
