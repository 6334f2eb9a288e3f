//! Whether an experiment can run: ranges from the field descriptions, cross-field rules from the lab.

use super::config::Experiment;
use super::field::{Field, number};
use super::problem::Problem;
use super::sweep;
use super::visit::{Slot, Visitor};
use crate::device::DeviceChoice;

/// All problems of an experiment, in the order of the form; a sweep is checked run by run, each problem once.
pub fn check(experiment: &Experiment) -> Vec<Problem> {
    if experiment.sweep.is_none() {
        return check_one(experiment);
    }
    match sweep::expand(experiment) {
        Ok(runs) => {
            let mut problems: Vec<Problem> = Vec::new();
            for run in runs {
                for problem in check_one(&run.experiment) {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
            problems
        }
        Err(problems) => problems,
    }
}

fn check_one(experiment: &Experiment) -> Vec<Problem> {
    let mut checker = Checker(Vec::new());
    experiment.clone().visit(&mut checker);
    let mut problems = checker.0;
    if experiment.device == DeviceChoice::Gpu && !experiment.method.uses_graphics_card() {
        let why = format!(
            "this experiment of the lab {} is computed on the CPU; a graphics card would have nothing to do",
            experiment.lab()
        );
        problems.push(Problem::error("device", why).allowing("cpu"));
    }
    problems.extend(experiment.method.rules());
    problems
}

struct Checker(Vec<Problem>);

impl Checker {
    fn number(&mut self, field: &Field, value: f64) {
        let wrong = |reason: String| {
            let problem = Problem::error(field.key, reason);
            match field.allowed_text() {
                Some(allowed) => problem.allowing(allowed),
                None => problem,
            }
        };
        if !value.is_finite() {
            self.0.push(wrong("not a finite number".to_owned()));
        } else if let Some(values) = field.allowed {
            if !values.iter().any(|allowed| *allowed as f64 == value) {
                self.0.push(wrong(format!("{} is not supported", number(value))));
            }
        } else if let Some(range) = field.range
            && !(range.min..=range.max).contains(&value)
        {
            self.0.push(wrong(format!("{} is out of range", number(value))));
        }
    }
}

impl Visitor for Checker {
    fn field(&mut self, field: Field, slot: Slot<'_>) {
        if !field.shown {
            return;
        }
        match slot {
            Slot::Integer(value) => self.number(&field, *value as f64),
            Slot::Float(value) => self.number(&field, *value),
            Slot::Integers(values) => values.iter().for_each(|value| self.number(&field, *value as f64)),
            Slot::Floats(values) => values.iter().for_each(|value| self.number(&field, *value)),
            Slot::Text(value) if value.trim().is_empty() => {
                self.0.push(Problem::error(field.key, "is empty"));
            }
            Slot::Text(_)
            | Slot::Switch(_)
            | Slot::Choice(_)
            | Slot::Texts(_)
            | Slot::Choices(_)
            | Slot::Columns(_) => {}
        }
    }
}
