//! Global weights: trained by gradient from the plain average, and the exact optima on the simplex as bounds.

use super::fit::{AggregateSettings, Given};
use crate::base::Progress;
use crate::base::network::BatchOrder;
use crate::base::program::SimplexProgram;
use crate::base::watch::{Looks, Watch};
use crate::method::aggregate::{self, Shape};
use crate::method::pinball;
use crate::method::training::GlobalTable;
use weightscope_frame::run::RunError;
use weightscope_math::rng::stream;

/// Trains a table on out-of-fold predictions; the weights with the best validation loss.
pub(super) fn train(
    shape: Shape,
    given: &Given<'_>,
    settings: &AggregateSettings,
    (seed, purpose): (u64, &str),
    progress: Progress<'_>,
) -> Result<(Vec<f32>, usize), RunError> {
    let objective = settings.objective(given);
    let mut table = GlobalTable::<f32>::new(shape, settings.global_learning_rate, settings.weight_decay);
    let mut order = BatchOrder::new(given.y.len(), settings.batch, stream(seed, &format!("{purpose}/order")));
    let looks = Looks { every: settings.every, patience: settings.patience, most_steps: settings.most_steps };
    let mut watch = Watch::new(looks, table.weights());
    let (mut z, mut y) = (Vec::new(), Vec::new());
    for step in 1..=settings.most_steps {
        let batch = order.next_batch();
        z.clear();
        y.clear();
        for row in batch {
            z.extend_from_slice(&given.z[row * shape.stack()..(row + 1) * shape.stack()]);
            y.push(given.y[*row]);
        }
        let part = table.step(&z, &y, &objective);
        watch.add(part.pinball, part.crossing);
        progress.check()?;
        if watch.is_due(step) {
            let weights = table.weights();
            let validation = validate(shape, &weights, given, settings);
            if watch.look(step, validation, || weights, progress)? {
                break;
            }
        }
    }
    let best = watch.best();
    Ok((best.state, best.step))
}

fn validate(shape: Shape, weights: &[f32], given: &Given<'_>, settings: &AggregateSettings) -> Option<f64> {
    let rows = given.validation?;
    let mut q = mix_all(shape, weights, rows.z);
    settings.after.apply_rows(&mut q, shape.levels);
    Some(pinball::mean(&q, rows.y, &settings.singles()))
}

/// The aggregates of all rows under one table.
pub(super) fn mix_all(shape: Shape, weights: &[f32], z: &[f32]) -> Vec<f32> {
    let mut q = vec![0.0; z.len() / shape.stack().max(1) * shape.levels];
    for (z, q) in z.chunks_exact(shape.stack()).zip(q.chunks_exact_mut(shape.levels)) {
        aggregate::mix(shape, weights, z, q);
    }
    q
}

/// The best global medium weights `[models, levels]` on these rows, and their WIS: no softmax-trained table can be better there.
pub fn bound_medium(z: &[f32], y: &[f32], models: usize, taus: &[f64]) -> (Vec<f64>, f64) {
    let m = taus.len();
    let mut weights = vec![0.0; models * m];
    let mut sum = 0.0;
    for (level, tau) in taus.iter().enumerate() {
        let mut program = SimplexProgram::new(models);
        for (row, y) in z.chunks_exact(models * m).zip(y) {
            let at: Vec<f64> = row.iter().skip(level).step_by(m).map(|value| f64::from(*value)).collect();
            program.push(&at, f64::from(*y), *tau);
        }
        let (found, objective) = program.solve();
        sum += objective;
        found.iter().enumerate().for_each(|(model, weight)| weights[model * m + level] = *weight);
    }
    (weights, 2.0 * sum / (y.len().max(1) * m) as f64)
}

/// The best global coarse weights and their WIS.
pub fn bound_coarse(z: &[f32], y: &[f32], models: usize, taus: &[f64]) -> (Vec<f64>, f64) {
    let m = taus.len();
    let mut program = SimplexProgram::new(models);
    for (row, y) in z.chunks_exact(models * m).zip(y) {
        for (level, tau) in taus.iter().enumerate() {
            let at: Vec<f64> = row.iter().skip(level).step_by(m).map(|value| f64::from(*value)).collect();
            program.push(&at, f64::from(*y), *tau);
        }
    }
    let (weights, objective) = program.solve();
    (weights, 2.0 * objective / (y.len().max(1) * m) as f64)
}
