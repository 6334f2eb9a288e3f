//! What only the files can tell of an experiment: whether its data can be opened and fit the settings, what is doubtful about them, and
//! whether they are those of a run.
//!
//! Contract: opens what the run would open, with its number of threads, and says what the run would say; writes nothing. It takes as
//! long as reading the data, so it is for the moment before a run. `experiment::check` reads no file and is for each keystroke.

use std::panic::{AssertUnwindSafe, catch_unwind};

use weightscope_data::Read;

use super::error::RunError;
use super::worker::{in_pool, panic_text};
use crate::experiment::{Experiment, Mark, Problem, expand};

/// What the files of an experiment tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataCheck {
    /// What is wrong, and what is doubtful as warnings; each once.
    pub problems: Vec<Problem>,
    /// What was read, each source once.
    pub read: Vec<Read>,
}

/// Looks at the data of an experiment whose settings are right. Of a sweep each member is looked at, and what several members share is
/// opened once.
///
/// # Errors
/// A sweep that cannot be expanded, or a defect of the program.
pub fn check_data(experiment: &Experiment) -> Result<DataCheck, RunError> {
    let members = expand(experiment).map_err(RunError::Problems)?;
    let mut seen = Vec::new();
    let mut found = DataCheck::default();
    for member in members {
        let mut settings = member.experiment.settings();
        settings.retain(|(field, _)| member.experiment.method.data_settings().contains(&field.key));
        let values: Vec<_> = settings.into_iter().map(|(_, value)| value).collect();
        if seen.contains(&values) {
            continue;
        }
        seen.push(values);
        found.add(&member.experiment, open(&member.experiment)?);
    }
    Ok(found)
}

impl DataCheck {
    fn add(&mut self, experiment: &Experiment, opened: Result<Vec<Read>, Vec<Problem>>) {
        let problems = match opened {
            Err(problems) => problems,
            Ok(read) => {
                let settings = experiment.settings();
                let data = settings.iter().find(|(field, _)| field.mark == Mark::DataSet);
                let key = data.map_or("", |(field, _)| field.key);
                let doubts =
                    read.iter().flat_map(|read| read.doubts.iter().map(move |doubt| (doubt, &read.place)));
                let problems =
                    doubts.map(|(doubt, place)| Problem::warning(key, format!("{doubt}: {place}"))).collect();
                for one in read {
                    if !self.read.iter().any(|known| known.hash == one.hash) {
                        self.read.push(one);
                    }
                }
                problems
            }
        };
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

/// Refuses an experiment whose data cannot be used; what was read if they can.
pub(super) fn refuse_data(experiment: &Experiment) -> Result<Vec<Read>, RunError> {
    let DataCheck { problems, read } = check_data(experiment)?;
    let errors: Vec<Problem> = problems.into_iter().filter(Problem::is_error).collect();
    if errors.is_empty() { Ok(read) } else { Err(RunError::Problems(errors)) }
}

/// Refuses data that are not those of a run, by the hashes that it keeps; a run that keeps none takes any. What came since (another file
/// in a folder) is no change as long as all that the run read is there. `before` is what it read, to tell the difference.
pub(super) fn refuse_others(read: &[Read], expected: &[String], before: &[Read]) -> Result<(), RunError> {
    if expected.iter().all(|hash| read.iter().any(|read| read.hash == *hash)) {
        return Ok(());
    }
    // A source that is gone is named, rather than another one that is new.
    let is_there = |known: &&Read| read.iter().any(|read| read.place == known.place);
    let lost =
        before.iter().find(|known| !read.iter().any(|read| read.hash == known.hash) && !is_there(known));
    if let Some(lost) = lost.filter(|_| before.len() > 1 && !read.is_empty()) {
        let what = "it is no longer there, or can no longer be read".to_owned();
        return Err(RunError::DataChanged { place: lost.place.clone(), what });
    }
    match read.iter().find(|read| !expected.contains(&read.hash)) {
        Some(read) => {
            let known = before.iter().find(|known| known.place == read.place).or(before.first());
            let what = known.map_or_else(|| "other content".to_owned(), |known| known.difference(read));
            Err(RunError::DataChanged { place: read.place.clone(), what })
        }
        None => Ok(()),
    }
}

fn open(experiment: &Experiment) -> Result<Result<Vec<Read>, Vec<Problem>>, RunError> {
    in_pool(experiment.threads, || {
        catch_unwind(AssertUnwindSafe(|| experiment.method.read_data()))
            .map_err(|panic| RunError::Defect(panic_text(panic.as_ref())))
    })
}
