//! From which checkpoint a fork can go on with the settings of the form, found out beside the window.
//!
//! Contract: checkpoints are only read; an answer belongs to the question that it was asked with, and a newer question takes its place.

use std::path::Path;

use egui::Context;
use weightscope_frame::experiment::{Comments, Experiment, Problem, to_toml};
use weightscope_frame::run::fork_refusals;

use crate::window::task::Task;

/// What was asked: the child's settings, the step that a person chose, the steps there are.
type Question = (String, Option<u64>, Vec<u64>);

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Why the step that was meant cannot go on; empty where it can.
    pub(super) refused: Vec<String>,
    /// The newest step that can, where that is another one.
    pub(super) instead: Option<u64>,
}

/// The question and its answer.
#[derive(Default)]
pub(super) struct From {
    question: Option<Question>,
    work: Option<Task<Found>>,
    found: Option<Found>,
}

impl From {
    /// The answer for these settings, as soon as it is there; asks where it was not asked yet.
    pub(super) fn ask(
        &mut self,
        context: &Context,
        child: &Experiment,
        parent: &Path,
        (chosen, steps): (Option<u64>, &[u64]),
    ) -> Option<&Found> {
        if let Some(result) = self.work.as_ref().and_then(Task::poll) {
            self.work = None;
            // Work that died says nothing; the fork itself will.
            self.found = Some(result.unwrap_or_default());
        }
        let question = (to_toml(child, Comments::None), chosen, steps.to_vec());
        if self.question.as_ref() != Some(&question) && self.work.is_none() {
            let (child, parent, steps) = (child.clone(), parent.to_owned(), steps.to_vec());
            self.found = None;
            self.question = Some(question);
            self.work = Task::spawn("fork from", context, move || {
                find(&steps, chosen, |step| {
                    // What cannot be read is told by the fork itself.
                    fork_refusals(&child, &parent, step).unwrap_or_default()
                })
            });
        }
        self.found.as_ref()
    }
}

/// Looks at the step that is meant, and from the newest on at the others until one can go on.
fn find(steps: &[u64], chosen: Option<u64>, refusals: impl Fn(u64) -> Vec<Problem>) -> Found {
    let Some(meant) = chosen.or_else(|| steps.last().copied()) else { return Found::default() };
    let refused: Vec<String> = refusals(meant).iter().map(ToString::to_string).collect();
    if refused.is_empty() {
        return Found::default();
    }
    let others = steps.iter().rev().copied().filter(|step| *step != meant);
    let instead = others.into_iter().find(|step| refusals(*step).is_empty());
    Found { refused, instead }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_step_that_can_go_on_is_named() {
        let late =
            |step| if step > 300 { vec![Problem::error("width", "trained already")] } else { Vec::new() };
        assert_eq!(find(&[100, 200, 300], None, late), Found::default(), "the newest can");
        let found = find(&[100, 200, 300, 480], None, late);
        assert_eq!(found.instead, Some(300));
        assert!(found.refused.iter().all(|why| why.contains("trained already")) && found.refused.len() == 1);
        assert_eq!(find(&[100, 480], Some(100), late), Found::default(), "what was chosen can");
        assert_eq!(find(&[400, 480], None, late).instead, None);
        assert_eq!(find(&[], None, late), Found::default());
    }
}
