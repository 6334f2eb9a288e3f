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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::check;
    use crate::labs::Method;

    fn labs() -> impl Iterator<Item = Experiment> {
        Method::NAMES.iter().filter_map(|name| Method::by_name(name)).map(Experiment::new)
    }

    #[test]
    fn settings_are_checked_without_a_look_at_any_file() {
        for mut experiment in labs() {
            experiment.set_typed("dataset", "/nowhere/at/all.csv").unwrap();
            assert!(!check(&experiment).iter().any(Problem::is_error), "{}", experiment.lab());
            let problems = check_data(&experiment).unwrap();
            assert_eq!(problems.len(), 1, "{}: {problems:?}", experiment.lab());
            assert_eq!(problems[0].key, "dataset");
            assert!(problems[0].to_string().ends_with(": /nowhere/at/all.csv"), "{}", problems[0]);
        }
    }

    #[test]
    fn the_defaults_of_every_lab_have_their_data_and_name_settings_that_there_are() {
        for experiment in labs() {
            assert_eq!(check_data(&experiment).unwrap(), [], "{}", experiment.lab());
            let settings = experiment.settings();
            let keys = experiment.method.data_settings();
            assert!(keys.contains(&"dataset"), "{}", experiment.lab());
            for key in keys {
                assert!(settings.iter().any(|(field, _)| field.key == *key), "{}: {key}", experiment.lab());
            }
        }
    }
}
