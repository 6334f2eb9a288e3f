//! What only the files can tell of an experiment: whether its data can be opened and fit the settings.
//!
//! Contract: opens what the run would open, with its number of threads, and says what the run would say; writes nothing. It takes as
//! long as reading the data, so it is for the moment before a run. `experiment::check` reads no file and is for each keystroke.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::RunError;
use super::worker::{in_pool, panic_text};
use crate::experiment::{Experiment, Problem, expand};

/// What is wrong with the data of an experiment whose settings are right, each problem once. Of a sweep each member is looked at,
/// and what several members share is opened once.
///
/// # Errors
/// A sweep that cannot be expanded, or a defect of the program.
pub fn check_data(experiment: &Experiment) -> Result<Vec<Problem>, RunError> {
    let members = expand(experiment).map_err(RunError::Problems)?;
    let mut seen = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for member in members {
        let mut settings = member.experiment.settings();
        settings.retain(|(field, _)| member.experiment.method.data_settings().contains(&field.key));
        let values: Vec<_> = settings.into_iter().map(|(_, value)| value).collect();
        if seen.contains(&values) {
            continue;
        }
        seen.push(values);
        for problem in open(&member.experiment)? {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    Ok(problems)
}

/// Refuses an experiment whose data cannot be used.
pub(super) fn refuse_data(experiment: &Experiment) -> Result<(), RunError> {
    let errors: Vec<Problem> = check_data(experiment)?.into_iter().filter(Problem::is_error).collect();
    if errors.is_empty() { Ok(()) } else { Err(RunError::Problems(errors)) }
}

fn open(experiment: &Experiment) -> Result<Vec<Problem>, RunError> {
    in_pool(experiment.threads, || {
        catch_unwind(AssertUnwindSafe(|| experiment.method.data_problems()))
            .map_err(|panic| RunError::Defect(panic_text(panic.as_ref())))
    })
}
