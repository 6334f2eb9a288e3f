//! The exact optima of global weights, beside which trained ones are judged.

use super::assemble::training_stack;
use super::store::Store;
use super::{Plan, record};
use crate::ensemble::{Aggregator, bound_coarse, bound_medium};
use crate::method::pinball;
use crate::metrics;
use weightscope_frame::run::Context;

/// Rows of the coarse linear program, training rows times levels, beyond which it is not solved: each takes some 200 bytes.
const MOST_BOUND_ROWS: usize = 4_000_000;

/// The exact optima on the out-of-fold rows, beside the scores of the trained tables there.
pub(super) fn bounds(plan: &Plan<'_>, store: &Store, context: &mut Context<'_>) {
    let (models, taus) = (plan.kinds.len(), plan.levels.values());
    let z = training_stack(plan, store);
    let y = &plan.material.train.y;
    for (number, aggregator) in plan.aggregators.iter().enumerate() {
        let (weights, wis) = match aggregator {
            Aggregator::GlobalCoarse if y.len() * taus.len() > MOST_BOUND_ROWS => {
                context
                    .message("the optimum of the coarse weights is left out: its program has too many rows");
                continue;
            }
            Aggregator::GlobalCoarse => bound_coarse(&z, y, models, taus),
            Aggregator::GlobalMedium => bound_medium(&z, y, models, taus),
            _ => continue,
        };
        record::bound(context, plan, *aggregator, &weights);
        context.result_of(&metrics::TRAIN_WIS_OPTIMUM, aggregator.key(), wis);
        if let Some(aggregated) = store.aggregated.get(&number) {
            let q = aggregated.combined.predict(&plan.material.train.x, &z, taus, plan.device);
            let trained = 2.0 * pinball::mean(&q, y, &plan.levels.singles());
            context.result_of(&metrics::TRAIN_WIS, aggregator.key(), trained);
        }
    }
}
