//! The last stage: calibration, scores of every method at every stage, bounds, files, results.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::assemble::{out_of_fold, rows_of, stack, training_stack};
use super::store::{Finished, Store};
use super::{Plan, predictions};
use crate::channels as ch;
use crate::config::Conformal;
use crate::ensemble::{Aggregator, Combined, bound_coarse, bound_medium};
use crate::method::conformal::{self, Offset, Symmetry};
use crate::method::cv_plus::{self, SortedScores};
use crate::method::isotonize::Isotonization;
use crate::scores::{self, Row};
use weightscope_frame::record::{Data, Grid};
use weightscope_frame::run::{Context, RunError};

/// Rows of the coarse linear program, training rows times levels, beyond which it is not solved: each takes some 200 bytes.
const MOST_BOUND_ROWS: usize = 4_000_000;

/// Everything after the last fit.
pub(super) fn finish(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let methods = all_methods(plan, store);
    let mut finished = Finished {
        encoder: plan.material.encoder.clone(),
        levels: plan.levels.values().to_vec(),
        base_models: plan.kinds.iter().map(|kind| kind.key().to_owned()).collect(),
        aggregators: plan.aggregators.iter().map(|one| one.key().to_owned()).collect(),
        isotonization: plan.config.isotonization.key().to_owned(),
        conformal: plan.config.conformal.key().to_owned(),
        offsets: BTreeMap::new(),
        cv_scores: BTreeMap::new(),
        folds: plan.material.folds.clone(),
        best: String::new(),
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut best = f64::INFINITY;
    for (index, method) in methods.iter().enumerate() {
        context.check()?;
        rows.extend(scores::stages(&method.name, &method.test, &plan.material.test.y, &plan.levels));
        if let Some(q) = calibrated(plan, store, index, method, &mut finished) {
            if plan.keeps_fold_models() {
                keep_calibrated(plan, context, &method.name, &q);
            }
            keep_offsets(context, &method.name, finished.offsets.get(&method.name));
            rows.push(scores::row(&method.name, "conformal", &q, &plan.material.test.y, &plan.levels));
        }
        let score = predictions::wis(plan, &method.validation, &plan.material.validation.y);
        if score < best {
            best = score;
            finished.best.clone_from(&method.name);
        }
    }
    bounds(plan, store, context);
    unreachable(plan, context);
    results(plan, context, &rows, &finished.best);
    for (word, why) in &store.excluded {
        context.result(&*format!("excluded_{word}"), 1.0);
        context.message(&format!("left out of all results: {word}: {why}"));
    }
    let table = scores::table(&rows);
    let step = context.step();
    context.record().insert(ch::channel(
        ch::SCORES,
        "scores",
        "",
        "Scores of each method at each stage on the test rows, standardised target.",
        Data::Table(ch::only(step, table)),
    ));
    context.write_file("scores.csv", scores::csv(&rows).as_bytes())?;
    for channel in crate::views::boards(plan.config, context.record())? {
        context.record().insert(channel);
    }
    store.finished = Some(finished);
    Ok(())
}

/// A method's predictions before any operator.
struct Method {
    name: String,
    validation: Vec<f32>,
    calibration: Vec<f32>,
    test: Vec<f32>,
}

fn all_methods(plan: &Plan<'_>, store: &Store) -> Vec<Method> {
    let mut methods: Vec<Method> = plan
        .kinds
        .iter()
        .zip(store.full.values())
        .map(|(kind, fit)| Method {
            name: kind.key().to_owned(),
            validation: fit.validation.clone(),
            calibration: fit.calibration.clone(),
            test: fit.test.clone(),
        })
        .collect();
    let stacked = predictions::stacks(plan, store);
    let material = &plan.material;
    for (aggregator, aggregated) in plan.aggregators.iter().zip(store.aggregated.values()) {
        let predict = |x, z: &[f32]| aggregated.combined.predict(x, z, plan.levels.values(), &plan.device);
        methods.push(Method {
            name: aggregator.key().to_owned(),
            validation: predict(&material.validation.x, &stacked.validation),
            calibration: predict(&material.calibration.x, &stacked.calibration),
            test: predict(&material.test.x, &stacked.test),
        });
    }
    methods
}

/// The operator before calibration: intervals must be intervals, so `none` becomes a sort.
pub(crate) fn operator(chosen: Isotonization) -> Isotonization {
    if chosen == Isotonization::None { Isotonization::Sort } else { chosen }
}

/// Calibrated predictions of the test rows; what new rows will need is added to `finished`.
fn calibrated(
    plan: &Plan<'_>,
    store: &Store,
    index: usize,
    method: &Method,
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
            finished.cv_scores.insert(method.name.clone(), scores);
            return Some(q);
        }
    };
    let mut calibration = method.calibration.clone();
    operator.apply_rows(&mut calibration, m);
    let offsets: Vec<Offset> =
        conformal::calibrate(&calibration, &plan.material.calibration.y, &plan.levels, symmetry);
    let mut q = method.test.clone();
    operator.apply_rows(&mut q, m);
    conformal::apply(&mut q, &plan.levels, &offsets);
    finished.offsets.insert(method.name.clone(), offsets);
    Some(q)
}

/// Intervals that do not follow from the calibration rows go into the record for the views.
fn keep_calibrated(plan: &Plan<'_>, context: &mut Context<'_>, name: &str, q: &[f32]) {
    let values = q.iter().take(ch::most_rows(plan) * plan.levels.len()).copied().collect();
    let grid = Grid { values, ..Grid::default() };
    let step = context.step();
    let about = "Quantiles of the test rows calibrated by CV+, standardised.";
    context.record().insert(ch::channel(
        &format!("{}{name}", ch::CALIBRATED),
        name,
        "",
        about,
        Data::Grid(ch::only(step, grid)),
    ));
}

/// Offsets for the views, which need not calibrate again then.
fn keep_offsets(context: &mut Context<'_>, name: &str, offsets: Option<&Vec<Offset>>) {
    let Some(offsets) = offsets else { return };
    let values =
        offsets.iter().flat_map(|one| [one.lower as f32, one.upper as f32, one.rank as f32]).collect();
    let columns = ["below", "above", "rank"].map(str::to_owned).to_vec();
    let grid = Grid { columns, values, ..Grid::default() };
    let step = context.step();
    let about = "By how much calibration moves the ends of each interval, widest first, standardised.";
    context.record().insert(ch::channel(
        &format!("{}{name}", ch::OFFSETS),
        name,
        "",
        about,
        Data::Grid(ch::only(step, grid)),
    ));
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
    let material = &plan.material;
    let mut held_out = vec![f32::NAN; material.train.y.len() * m];
    let mut by_fold = Vec::new();
    let models = plan.kinds.len();
    for fold in 0..material.fold_count {
        let fits: Vec<_> = (0..models).filter_map(|model| store.folds.get(&(model, fold))).collect();
        let Some(combined) = combined_without(plan, store, number, fold) else { continue };
        let rows = rows_of(plan, &[fold]);
        let predict = |x, parts: Vec<&[f32]>| {
            combined.predict(x, &stack(&parts, m), plan.levels.values(), &plan.device)
        };
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
    let nested = if plan.is_nested() { store.nested.get(&(number, fold)) } else { None };
    nested.or_else(|| store.aggregated.get(&number).map(|aggregated| &aggregated.combined))
}

/// CV+ intervals of the test rows around the full model's median.
fn cv_plus_rows(
    plan: &Plan<'_>,
    method: &Method,
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

/// The exact optima on the out-of-fold rows, beside the scores of the trained tables there.
fn bounds(plan: &Plan<'_>, store: &Store, context: &mut Context<'_>) {
    let (models, taus) = (plan.kinds.len(), plan.levels.values());
    let z = training_stack(plan, store);
    let y = &plan.material.train.y;
    let step = context.step();
    for (number, aggregator) in plan.aggregators.iter().enumerate() {
        let (id, (weights, wis)) = match aggregator {
            Aggregator::GlobalCoarse if y.len() * taus.len() > MOST_BOUND_ROWS => {
                context
                    .message("the optimum of the coarse weights is left out: its program has too many rows");
                continue;
            }
            Aggregator::GlobalCoarse => (ch::BOUND_COARSE, bound_coarse(&z, y, models, taus)),
            Aggregator::GlobalMedium => (ch::BOUND_MEDIUM, bound_medium(&z, y, models, taus)),
            _ => continue,
        };
        let values = weights.iter().map(|weight| *weight as f32).collect();
        let columns = if weights.len() == models {
            vec!["all".to_owned()]
        } else {
            taus.iter().map(|tau| format!("{tau}")).collect()
        };
        let grid = Grid { columns, values, ..Grid::default() };
        let about = "Weights of the exact optimum on the simplex, by linear programming.";
        context.record().insert(ch::channel(
            id,
            "linear-program optimum",
            "",
            about,
            Data::Grid(ch::only(step, grid)),
        ));
        context.result(&*format!("{}_train_wis_optimum", aggregator.key()), wis);
        if let Some(aggregated) = store.aggregated.get(&number) {
            let q = aggregated.combined.predict(&plan.material.train.x, &z, taus, &plan.device);
            let trained = 2.0 * crate::method::pinball::mean(&q, y, &plan.levels.singles());
            context.result(&*format!("{}_train_wis", aggregator.key()), trained);
        }
    }
}

/// Says which intervals cannot be calibrated with so few rows.
fn unreachable(plan: &Plan<'_>, context: &mut Context<'_>) {
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
        .map(|pair| format!("{:.0} %", 100.0 * (1.0 - pair.alpha)))
        .collect();
    if !short.is_empty() {
        context.warn(&format!(
            "not reachable with {rows} calibration rows: {}; these intervals are infinite",
            short.join(", ")
        ));
    }
}

fn results(plan: &Plan<'_>, context: &mut Context<'_>, rows: &[Row], best: &str) {
    let wanted = stage_of(plan.config.isotonization);
    for row in rows {
        if row.stage == wanted {
            context.result(&*format!("wis_{}", row.method), row.wis);
        }
        if row.stage == "conformal" {
            context.result(&*format!("coverage_80_{}", row.method), row.coverage_80);
        }
    }
    let chosen = rows.iter().find(|row| row.method == best && row.stage == wanted);
    if let Some(row) = chosen {
        context.result("wis", row.wis);
        context.message(&format!("best on the validation rows: {best}, test WIS {:.4}", row.wis));
    }
    if let Some(row) = rows.iter().find(|row| row.method == best && row.stage == "conformal") {
        context.result("coverage_80", row.coverage_80);
        context.result("width_80", row.width_80);
    }
}

/// The stage of `scores.csv` that an operator makes.
pub(crate) fn stage_of(operator: Isotonization) -> &'static str {
    match operator {
        Isotonization::None => "raw",
        Isotonization::Sort => "sorted",
        Isotonization::Pava => "pava",
        Isotonization::Sweep => "sweep",
    }
}
