//! Stacks of predictions `[rows, models, levels]` from what single fits predicted.

use super::Plan;
use super::store::{FoldFit, Store};

/// Joins predictions of the models, `[rows, levels]` each.
pub(crate) fn stack(parts: &[&[f32]], levels: usize) -> Vec<f32> {
    let rows = parts.first().map_or(0, |part| part.len() / levels.max(1));
    let mut out = Vec::with_capacity(rows * parts.len() * levels);
    for row in 0..rows {
        for part in parts {
            out.extend_from_slice(&part[row * levels..(row + 1) * levels]);
        }
    }
    out
}

/// Training rows of a fold (or of two, the first fold's rows first).
pub(super) fn rows_of(plan: &Plan<'_>, folds: &[usize]) -> Vec<usize> {
    let of =
        |fold: usize| (0..plan.material.folds.len()).filter(move |row| plan.material.folds[*row] == fold);
    folds.iter().flat_map(|fold| of(*fold)).collect()
}

/// Training rows outside all of these folds.
pub(super) fn rows_without(plan: &Plan<'_>, folds: &[usize]) -> Vec<usize> {
    (0..plan.material.folds.len()).filter(|row| !folds.contains(&plan.material.folds[*row])).collect()
}

/// Out-of-fold predictions of one model for all training rows, `[rows, levels]`.
pub(super) fn out_of_fold(plan: &Plan<'_>, store: &Store, model: usize) -> Vec<f32> {
    let m = plan.levels.len();
    let mut out = vec![f32::NAN; plan.material.train.y.len() * m];
    for fold in 0..plan.material.fold_count {
        if let Some(fit) = store.folds.get(&(model, fold)) {
            place(&rows_of(plan, &[fold]), &fit.held_out, m, &mut out);
        }
    }
    out
}

fn place(rows: &[usize], values: &[f32], m: usize, out: &mut [f32]) {
    for (row, values) in rows.iter().zip(values.chunks_exact(m)) {
        out[row * m..(row + 1) * m].copy_from_slice(values);
    }
}

/// Out-of-fold stack of all models.
pub(super) fn training_stack(plan: &Plan<'_>, store: &Store) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = (0..plan.kinds.len()).map(|model| out_of_fold(plan, store, model)).collect();
    stack(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), plan.levels.len())
}

/// Predictions of a model that saw neither `fold` nor the row's own fold, for all training rows outside `fold` in their order.
pub(super) fn without_fold(plan: &Plan<'_>, store: &Store, model: usize, fold: usize) -> Vec<f32> {
    let m = plan.levels.len();
    let mut all = vec![f32::NAN; plan.material.train.y.len() * m];
    for other in (0..plan.material.fold_count).filter(|other| *other != fold) {
        let (low, high) = (fold.min(other), fold.max(other));
        let Some(FoldFit { held_out, .. }) = store.pairs.get(&(model, low, high)) else { continue };
        let first = rows_of(plan, &[low]).len() * m;
        let part = if other == low { &held_out[..first] } else { &held_out[first..] };
        place(&rows_of(plan, &[other]), part, m, &mut all);
    }
    rows_without(plan, &[fold]).iter().flat_map(|row| all[row * m..(row + 1) * m].iter().copied()).collect()
}
