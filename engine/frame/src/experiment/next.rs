//! What is run next: an experiment that follows from a run, as a button of a view asks for it.
//!
//! Contract: the settings are those of the run but for the few that are named, and what varies is what a preset of the same lab varies;
//! what comes back can run.

use super::check::check;
use super::config::Experiment;
use super::problem::Problem;

/// What a lab asks to be run next, as its view reads it from the record and the controls of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The preset of the lab whose sweep is run, by its name without the lab.
    pub preset: &'static str,
    /// Settings of the run that are left, with what is typed for them.
    pub settings: Vec<(&'static str, String)>,
}

impl Next {
    /// Name of the preset with its lab.
    pub fn origin(&self, run: &Experiment) -> String {
        format!("{}/{}", run.lab(), self.preset)
    }

    /// The experiment: that of the run, swept as the preset is.
    ///
    /// # Errors
    /// A preset that the lab has not or that sweeps nothing, a setting that cannot be set, and what the check of any of its runs refuses.
    pub fn of(&self, run: &Experiment) -> Result<Experiment, Vec<Problem>> {
        let catalogue = run.method.catalogue();
        let origin = self.origin(run);
        let lacking = || vec![Problem::error("sweep", format!("no preset {origin} with a sweep"))];
        let preset = catalogue.preset(&origin).ok_or_else(lacking)?;
        let mut next = run.clone();
        next.sweep = Experiment::from_toml(catalogue, preset.text)?.sweep;
        if next.sweep.is_none() {
            return Err(lacking());
        }
        for (key, typed) in &self.settings {
            next.set_typed(key, typed).map_err(|problem| vec![problem])?;
        }
        let wrong: Vec<Problem> = check(&next).into_iter().filter(Problem::is_error).collect();
        if wrong.is_empty() { Ok(next) } else { Err(wrong) }
    }
}
