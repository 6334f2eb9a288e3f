//! Predictions of all models on all parts, and their scores.

use super::Plan;
use super::assemble::stack;
use super::store::{FullFit, Store};
use crate::method::pinball;

/// Stacks `[rows, models, levels]` of the full fits.
pub(super) struct Stacks {
    pub(super) validation: Vec<f32>,
    pub(super) calibration: Vec<f32>,
    pub(super) test: Vec<f32>,
}

/// The stacks of the three parts.
pub(super) fn stacks(plan: &Plan<'_>, store: &Store) -> Stacks {
    let m = plan.levels.len();
    let of = |part: fn(&FullFit) -> &[f32]| {
        let parts: Vec<&[f32]> = store.full.values().map(part).collect();
        stack(&parts, m)
    };
    Stacks {
        validation: of(|fit| &fit.validation),
        calibration: of(|fit| &fit.calibration),
        test: of(|fit| &fit.test),
    }
}

/// Weighted interval score of rows after the run's operator.
pub(super) fn wis(plan: &Plan<'_>, q: &[f32], y: &[f32]) -> f64 {
    let mut q = q.to_vec();
    plan.config.isotonization.apply_rows(&mut q, plan.levels.len());
    2.0 * pinball::mean(&q, y, &plan.levels.singles())
}
