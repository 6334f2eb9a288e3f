//! Figures over tasks and draws, and which stage of the pipeline loses accuracy.

use weightscope_math::linalg::Dense;
use weightscope_math::stats::moments::{Moments, mean};

use super::kde::highest;

/// Accuracies of several draws for each task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draws {
    /// Mean over draws and tasks.
    pub mean: f64,
    /// Standard deviation over the draws of a task (of the population), mean over tasks.
    pub spread: f64,
    /// Mean over tasks of the best draw by its *test* accuracy: a bound, no figure that a person could reach.
    pub best: f64,
}

/// Figures of accuracies `[tasks, draws]`; not-a-number without any.
pub fn draws(accuracies: &Dense<f64>) -> Draws {
    let rows = || accuracies.each_row();
    let deviation = |row: &[f64]| Moments::of(row).population_variance().map_or(f64::NAN, f64::sqrt);
    let best = |row: &[f64]| row.iter().copied().fold(f64::NAN, f64::max);
    let over_tasks = |values: Vec<f64>| mean(&values).unwrap_or(f64::NAN);
    Draws {
        mean: mean(accuracies.values()).unwrap_or(f64::NAN),
        spread: over_tasks(rows().map(deviation).collect()),
        best: over_tasks(rows().map(best).collect()),
    }
}

/// Mean of the three highest accuracies of a task's draws, as the published script reports ("top 3 by test accuracy, as published"); of all
/// where there are fewer. Not-a-number without draws.
pub fn top_three(accuracies: &[f64]) -> f64 {
    let values: Vec<f64> =
        highest(accuracies, 3).into_iter().filter_map(|index| accuracies.get(index).copied()).collect();
    mean(&values).unwrap_or(f64::NAN)
}

/// Test accuracy of the draw whose loss on the condition's rows is least; `None` without draws or without a loss that is a number.
pub fn best_by_condition(accuracies: &[f64], condition_losses: &[f64]) -> Option<f64> {
    let pairs = accuracies.iter().zip(condition_losses).filter(|(_, loss)| !loss.is_nan());
    pairs.min_by(|a, b| a.1.total_cmp(b.1)).map(|(accuracy, _)| *accuracy)
}

/// A stage of the funnel from the zoo to the generated networks.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// What the accuracy is of.
    pub name: &'static str,
    /// Mean test accuracy.
    pub accuracy: f64,
}

/// Position of the stage that loses most against the one before it, and how much; `None` where no stage loses anything.
pub fn largest_loss(stages: &[Stage]) -> Option<(usize, f64)> {
    let loss = |(index, pair): (usize, &[Stage])| match pair {
        [before, after] => Some((index + 1, before.accuracy - after.accuracy)),
        _ => None,
    };
    let losses = stages.windows(2).enumerate().filter_map(loss).filter(|(_, loss)| *loss > 0.0);
    losses.reduce(|most, next| if next.1 > most.1 { next } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_a_mean_a_spread_and_a_best() {
        let accuracies = Dense::new(2, 2, vec![0.5, 0.7, 0.9, 0.9]).unwrap();
        let found = draws(&accuracies);
        assert!((found.mean - 0.75).abs() < 1e-12 && (found.spread - 0.05).abs() < 1e-12);
        assert!((found.best - 0.8).abs() < 1e-12);
        assert!(draws(&Dense::zeros(0, 3)).mean.is_nan());
        assert!((top_three(&[0.1, 0.9, 0.8, 0.7]) - 0.8).abs() < 1e-12 && top_three(&[]).is_nan());
    }

    #[test]
    fn the_condition_chooses_without_the_test_rows() {
        assert_eq!(best_by_condition(&[0.5, 0.9, 0.7], &[0.4, f64::NAN, 0.2]), Some(0.7));
        assert_eq!(best_by_condition(&[0.5], &[f64::NAN]), None);
    }

    #[test]
    fn the_stage_that_loses_most_is_named() {
        let stage = |name, accuracy| Stage { name, accuracy };
        let stages = [stage("zoo", 0.96), stage("reconstruction", 0.95), stage("generated", 0.7)];
        let (index, loss) = largest_loss(&stages).unwrap();
        assert!(stages[index].name == "generated" && (loss - 0.25).abs() < 1e-12);
        assert_eq!(largest_loss(&[stage("zoo", 0.9), stage("generated", 0.95)]), None);
    }
}
