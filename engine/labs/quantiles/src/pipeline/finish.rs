//! The last stage: scores of every method at every stage, files, results.

use std::collections::BTreeMap;

use super::store::{Finished, Store};
use super::{Plan, bounds, calibration, predictions, report};
use crate::channels as ch;
use crate::config::Config;
use crate::metrics;
use crate::names::Method;
use crate::scores::{self, Row, Stage};
use crate::views;
use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, RunError};

/// Everything after the last fit.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let plan = Plan::of(run);
    report::publish(&plan, run.state, run.context);
    report::write(&plan, run.state, run.context)?;
    let (rows, finished) = score(&plan, run.state, run.context)?;
    bounds::bounds(&plan, run.state, run.context);
    calibration::unreachable(&plan, run.context);
    results(&plan, run.context, &rows, finished.best);
    for (method, why) in &run.state.excluded {
        run.context.result_of(&metrics::EXCLUDED, method.key(), 1.0);
        run.context.message(&format!("left out of all results: {}: {why}", method.key()));
    }
    run.show_only(&ch::SCORES, scores::table(&rows));
    run.write_file("scores.csv", scores::csv(&rows).as_bytes())?;
    views::keep_boards(plan.config, run.context)?;
    run.state.finished = Some(finished);
    Ok(())
}

/// Scores of every method at every stage, and what predictions for new rows will need.
fn score(
    plan: &Plan<'_>,
    store: &Store,
    context: &mut Context<'_>,
) -> Result<(Vec<Row>, Finished), RunError> {
    let methods = all_methods(plan, store);
    let Some(first) = methods.first() else {
        return Err(RunError::Defect("there is no method to score".to_owned()));
    };
    let mut finished = Finished {
        encoder: plan.material.encoder.clone(),
        levels: plan.levels.values().to_vec(),
        base_models: plan.kinds.clone(),
        aggregators: plan.aggregators.clone(),
        isotonization: plan.config.isotonization,
        conformal: plan.config.conformal,
        offsets: BTreeMap::new(),
        cv_scores: BTreeMap::new(),
        folds: plan.material.folds.clone(),
        best: first.method,
    };
    let y = &plan.material.test.y;
    let mut rows: Vec<Row> = Vec::new();
    let mut best = f64::INFINITY;
    for (index, one) in methods.iter().enumerate() {
        context.check()?;
        rows.extend(scores::stages(one.method, &one.test, y, plan.levels));
        if let Some(q) = calibration::calibrated(plan, store, context, (index, one), &mut finished) {
            rows.push(scores::row(one.method, Stage::Conformal, &q, y, plan.levels));
        }
        let score = predictions::wis(plan, &one.validation, &plan.material.validation.y);
        if score < best {
            best = score;
            finished.best = one.method;
        }
    }
    Ok((rows, finished))
}

/// A method's predictions before any operator, `[rows, levels]` each.
pub(super) struct Predicted {
    pub(super) method: Method,
    pub(super) validation: Vec<f32>,
    pub(super) calibration: Vec<f32>,
    pub(super) test: Vec<f32>,
}

fn all_methods(plan: &Plan<'_>, store: &Store) -> Vec<Predicted> {
    let mut methods: Vec<Predicted> = plan
        .kinds
        .iter()
        .zip(store.full.values())
        .map(|(kind, fit)| Predicted {
            method: Method::Base(*kind),
            validation: fit.validation.clone(),
            calibration: fit.calibration.clone(),
            test: fit.test.clone(),
        })
        .collect();
    let stacked = predictions::stacks(plan, store);
    let material = plan.material;
    for (aggregator, aggregated) in plan.aggregators.iter().zip(store.aggregated.values()) {
        let predict = |x, z: &[f32]| aggregated.combined.predict(x, z, plan.levels.values(), plan.device);
        methods.push(Predicted {
            method: Method::Joined(*aggregator),
            validation: predict(&material.validation.x, &stacked.validation),
            calibration: predict(&material.calibration.x, &stacked.calibration),
            test: predict(&material.test.x, &stacked.test),
        });
    }
    methods
}

fn results(plan: &Plan<'_>, context: &mut Context<'_>, rows: &[Row], best: Method) {
    let wanted = Stage::after(plan.config.isotonization);
    for row in rows {
        if row.stage == wanted {
            context.result_of(&metrics::WIS_OF, row.method.key(), row.wis);
        }
        if row.stage == Stage::Conformal {
            context.result_of(&metrics::COVERAGE_80_OF, row.method.key(), row.coverage_80);
        }
    }
    let of_best = |stage: Stage| rows.iter().find(|row| row.method == best && row.stage == stage);
    if let Some(row) = of_best(wanted) {
        context.result_said(&metrics::WIS, row.wis, &format!("{}, {}", best.name(), wanted.label()));
        let words = format!(
            "best on the validation rows: {}, test WIS {:.4} (stage {}); coverage_80 and width_80 are those of its stage {}",
            best.key(),
            row.wis,
            wanted.word(),
            Stage::Conformal.word()
        );
        context.message(&words);
    }
    if let Some(row) = of_best(Stage::Conformal) {
        let of = format!("{}, {}", best.name(), Stage::Conformal.label());
        context.result_said(&metrics::COVERAGE_80, row.coverage_80, &of);
        context.result_said(&metrics::WIDTH_80, row.width_80, &of);
    }
}
