//! Calibration of each method's intervals: on the calibration rows, or by the models without a fold (CV+).

use rayon::prelude::*;

use super::assemble::{out_of_fold, rows_of, stack};
use super::finish::Predicted;
use super::store::{Finished, Store};
use super::{Plan, record};
use crate::config::Conformal;
use crate::ensemble::Combined;
use crate::method::conformal::{self, Offset, Symmetry};
use crate::method::cv_plus::{self, SortedScores};
use crate::method::isotonize::Isotonization;
use weightscope_frame::run::Context;

/// The operator before calibration: intervals must be intervals, so `none` becomes a sort.
pub(crate) fn operator(chosen: Isotonization) -> Isotonization {
    if chosen == Isotonization::None { Isotonization::Sort } else { chosen }
}

/// Calibrated predictions of the test rows, which go into the record in the form that the views need; what new rows will need is added
/// to `finished`.
pub(super) fn calibrated(
    plan: &Plan<'_>,
    store: &Store,
    context: &mut Context<'_>,
    (index, method): (usize, &Predicted),
    finished: &mut Finished,
) -> Option<Vec<f32>> {
    let m = plan.levels.len();
    let operator = operator(plan.config.isotonization);
    let symmetry = match plan.config.conformal {
        Conformal::None => return None,
        Conformal::Split => Symmetry::Symmetric,
        Conformal::SplitAsymmetric => Symmetry::Asymmetric,
        Conformal::CvPlus | Conformal::NestedCvPlus => {
            let (scores, by_fold) = cross_validated(plan, store, index, operator);
            let q = cv_plus_rows(plan, method, operator, &scores, &by_fold);
            record::calibrated(context, plan, method.method, &q);
            finished.cv_scores.insert(method.method, scores);
            return Some(q);
        }
    };
    let mut calibration = method.calibration.clone();
    operator.apply_rows(&mut calibration, m);
    let offsets: Vec<Offset> =
        conformal::calibrate(&calibration, &plan.material.calibration.y, plan.levels, symmetry);
    let mut q = method.test.clone();
    operator.apply_rows(&mut q, m);
    conformal::apply(&mut q, plan.levels, &offsets);
    record::offsets(context, method.method, &offsets);
    finished.offsets.insert(method.method, offsets);
    Some(q)
}

/// CV+ for a method: scores of the training rows for each interval, and the fold models' predictions for the test rows.
fn cross_validated(
    plan: &Plan<'_>,
    store: &Store,
    index: usize,
    operator: Isotonization,
) -> (Vec<Vec<f64>>, Vec<Vec<f32>>) {
    let m = plan.levels.len();
    let (mut held_out, mut by_fold) = match index.checked_sub(plan.kinds.len()) {
        None => {
            let by_fold = (0..plan.material.fold_count)
                .filter_map(|fold| store.folds.get(&(index, fold)).map(|fit| fit.test.clone()))
                .collect();
            (out_of_fold(plan, store, index), by_fold)
        }
        Some(aggregator) => aggregated_without_folds(plan, store, aggregator),
    };
    operator.apply_rows(&mut held_out, m);
    by_fold.iter_mut().for_each(|q: &mut Vec<f32>| operator.apply_rows(q, m));
    let scores = plan
        .levels
        .pairs()
        .into_iter()
        .map(|pair| conformal::scores(&held_out, &plan.material.train.y, m, pair))
        .collect();
    (scores, by_fold)
}

/// An aggregator's predictions for each training row and for the test rows, by the models without the row's fold. Nested CV+ has an
/// aggregator for each fold; CV+ takes the one that saw all.
fn aggregated_without_folds(plan: &Plan<'_>, store: &Store, number: usize) -> (Vec<f32>, Vec<Vec<f32>>) {
    let m = plan.levels.len();
    let material = plan.material;
    let mut held_out = vec![f32::NAN; material.train.y.len() * m];
    let mut by_fold = Vec::new();
    let models = plan.kinds.len();
    for fold in 0..material.fold_count {
        let fits: Vec<_> = (0..models).filter_map(|model| store.folds.get(&(model, fold))).collect();
        let Some(combined) = combined_without(plan, store, number, fold) else { continue };
        let rows = rows_of(plan, &[fold]);
        let predict =
            |x, parts: Vec<&[f32]>| combined.predict(x, &stack(&parts, m), plan.levels.values(), plan.device);
        let x = material.train.x.select(&rows);
        let own = predict(&x, fits.iter().map(|fit| fit.held_out.as_slice()).collect());
        for (row, values) in rows.iter().zip(own.chunks_exact(m)) {
            held_out[row * m..(row + 1) * m].copy_from_slice(values);
        }
        by_fold.push(predict(&material.test.x, fits.iter().map(|fit| fit.test.as_slice()).collect()));
    }
    (held_out, by_fold)
}

/// The aggregator that stands for a left-out fold.
fn combined_without<'s>(
    plan: &Plan<'_>,
    store: &'s Store,
    number: usize,
    fold: usize,
) -> Option<&'s Combined> {
    let nested = if plan.config.is_nested() { store.nested.get(&(number, fold)) } else { None };
    nested.or_else(|| store.aggregated.get(&number).map(|aggregated| &aggregated.combined))
}

/// CV+ intervals of the test rows around the full model's median.
fn cv_plus_rows(
    plan: &Plan<'_>,
    method: &Predicted,
    operator: Isotonization,
    scores: &[Vec<f64>],
    by_fold: &[Vec<f32>],
) -> Vec<f32> {
    let m = plan.levels.len();
    let mut q = method.test.clone();
    operator.apply_rows(&mut q, m);
    let folds = &plan.material.folds;
    let sorted: Vec<SortedScores> = scores.iter().map(|scores| SortedScores::new(scores, folds)).collect();
    let pairs = plan.levels.pairs();
    q.par_chunks_exact_mut(m).enumerate().for_each(|(row, out)| {
        cv_plus::calibrate_row(&pairs, &sorted, by_fold, row, out);
    });
    q
}

/// Says which intervals cannot be calibrated with so few rows.
pub(super) fn unreachable(plan: &Plan<'_>, context: &mut Context<'_>) {
    let rows = plan.material.calibration.y.len();
    let split = match plan.config.conformal {
        Conformal::Split => 1.0,
        Conformal::SplitAsymmetric => 0.5,
        _ => return,
    };
    let short: Vec<String> = plan
        .levels
        .pairs()
        .iter()
        .filter(|pair| conformal::fewest_rows(split * pair.alpha) > rows)
        .map(|pair| format!("{} %", pair.coverage_percent()))
        .collect();
    if !short.is_empty() {
        context.warn(&format!(
            "not reachable with {rows} calibration rows: {}; these intervals are infinite",
            short.join(", ")
        ));
    }
}
