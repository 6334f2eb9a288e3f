//! Losses that bring the embedding of a data set to the embedding of the networks trained on it (D2NWG, stage 2).
//!
//! Rows of `weights` and `data`, both `[n, width]`, belong together. Gradients are by hand, checked against differences.

use weightscope_math::MathError;
use weightscope_math::layers::{log_softmax_rows, softmax_rows};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

/// A loss with its gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned<R> {
    /// Mean over the pairs and both directions, in nats.
    pub loss: f64,
    /// Loss of each data set's row (columns of logits), over the networks.
    pub by_data: Vec<f64>,
    /// Loss of each network's row, over the data sets.
    pub by_weights: Vec<f64>,
    /// What the softmax of each row should be, `[n, n]`.
    pub targets: Dense<R>,
    /// `∂loss/∂weights [n, width]`.
    pub weights_gradient: Dense<R>,
    /// `∂loss/∂data [n, width]`.
    pub data_gradient: Dense<R>,
}

/// Both directions of cross-entropy of logits to targets, and the gradients by both, `[n, n]`.
struct CrossEntropy<R> {
    by_rows: Vec<f64>,
    by_columns: Vec<f64>,
    logits_gradient: Dense<R>,
    targets_gradient: Dense<R>,
}

/// Rows of logits against rows of targets, columns against columns; the loss is the mean of all, each half.
fn cross_entropy<R: Real>(logits: &Dense<R>, targets: &Dense<R>) -> Result<CrossEntropy<R>, MathError> {
    let transposed = (logits.transposed(), targets.transposed());
    let share = R::from_f64(0.5 / logits.rows().max(1) as f64);
    let (by_rows, row_logits, row_targets) = one_direction(logits, targets);
    let (by_columns, column_logits, column_targets) = one_direction(&transposed.0, &transposed.1);
    Ok(CrossEntropy {
        by_rows,
        by_columns,
        logits_gradient: row_logits.plus_scaled(R::ONE, &column_logits.transposed())?.scaled(share),
        targets_gradient: row_targets.plus_scaled(R::ONE, &column_targets.transposed())?.scaled(share),
    })
}

/// `−Σ target·ln softmax` of every row, its gradient by the logits `softmax·Σ target − target`, and by the targets `−ln softmax`.
fn one_direction<R: Real>(logits: &Dense<R>, targets: &Dense<R>) -> (Vec<f64>, Dense<R>, Dense<R>) {
    let logarithms = log_softmax_rows(logits);
    let mut gradient = softmax_rows(logits);
    let rows = gradient.values_mut().chunks_exact_mut(logits.columns().max(1));
    let mut losses = Vec::with_capacity(logits.rows());
    for ((gradient, targets), logarithms) in rows.zip(targets.each_row()).zip(logarithms.each_row()) {
        let sum: R = targets.iter().copied().sum();
        gradient.iter_mut().zip(targets).for_each(|(p, target)| *p = *p * sum - *target);
        losses.push(-targets.iter().zip(logarithms).map(|(t, l)| t.to_f64() * l.to_f64()).sum::<f64>());
    }
    (losses, gradient, logarithms.scaled(-R::ONE))
}

fn mean_of_both(by_rows: &[f64], by_columns: &[f64]) -> f64 {
    let sum: f64 = by_rows.iter().chain(by_columns).sum();
    0.5 * sum / by_rows.len() as f64
}

/// Refuses rows that do not make pairs.
fn check_pairs<R: Real>(weights: &Dense<R>, data: &Dense<R>) -> Result<(), MathError> {
    if weights.shape() == data.shape() {
        return Ok(());
    }
    let (needed, found) =
        (format!("{:?} embeddings of data", weights.shape()), format!("{:?}", data.shape()));
    Err(MathError::Shape { what: "alignment", needed, found })
}

/// The published loss (established: `clips/models/myclip.py`): logits `w·dᵀ/τ`, targets the softmax of `(d·dᵀ + w·wᵀ)/2·τ` per row. The
/// embeddings are not normalised, and the gradient flows through the targets.
pub fn published<R: Real>(
    weights: &Dense<R>,
    data: &Dense<R>,
    temperature: f64,
) -> Result<Aligned<R>, MathError> {
    check_pairs(weights, data)?;
    let (cold, half) = (R::from_f64(1.0 / temperature), R::from_f64(temperature / 2.0));
    let logits = weights.times_transposed(data)?.scaled(cold);
    let own = data.times_transposed(data)?.plus_scaled(R::ONE, &weights.times_transposed(weights)?)?;
    let targets = softmax_rows(&own.scaled(half));
    let found = cross_entropy(&logits, &targets)?;
    // Through the softmax of the targets, then through both products with themselves.
    let mut own_gradient = targets.clone();
    let rows = own_gradient.values_mut().chunks_exact_mut(targets.columns().max(1));
    for ((own, gradient), targets) in rows.zip(found.targets_gradient.each_row()).zip(targets.each_row()) {
        let mean: R = gradient.iter().zip(targets).map(|(g, t)| *g * *t).sum();
        own.iter_mut().zip(gradient).for_each(|(own, gradient)| *own = *own * (*gradient - mean));
    }
    let both = own_gradient.plus_scaled(R::ONE, &own_gradient.transposed())?.scaled(half);
    let logits_gradient = found.logits_gradient.scaled(cold);
    Ok(Aligned {
        loss: mean_of_both(&found.by_rows, &found.by_columns),
        weights_gradient: logits_gradient.times(data)?.plus_scaled(R::ONE, &both.times(weights)?)?,
        data_gradient: logits_gradient.transposed_times(weights)?.plus_scaled(R::ONE, &both.times(data)?)?,
        by_data: found.by_columns,
        by_weights: found.by_rows,
        targets,
    })
}

/// Symmetric InfoNCE (arXiv 2103.00020, section 2.3): rows brought to length 1, logits `w·dᵀ/τ`, the pair is the target. This lab's
/// default, because soft targets of long embeddings saturate (inferred). Rows of length 0 stay 0 and get no gradient.
pub fn info_nce<R: Real>(
    weights: &Dense<R>,
    data: &Dense<R>,
    temperature: f64,
) -> Result<Aligned<R>, MathError> {
    check_pairs(weights, data)?;
    let cold = R::from_f64(1.0 / temperature);
    let (unit_weights, unit_data) = (unit_rows(weights), unit_rows(data));
    let logits = unit_weights.times_transposed(&unit_data)?.scaled(cold);
    let targets = Dense::identity(weights.rows());
    let found = cross_entropy(&logits, &targets)?;
    let logits_gradient = found.logits_gradient.scaled(cold);
    let by_weights = logits_gradient.times(&unit_data)?;
    let by_data = logits_gradient.transposed_times(&unit_weights)?;
    Ok(Aligned {
        loss: mean_of_both(&found.by_rows, &found.by_columns),
        weights_gradient: through_length(weights, &unit_weights, &by_weights),
        data_gradient: through_length(data, &unit_data, &by_data),
        by_data: found.by_columns,
        by_weights: found.by_rows,
        targets,
    })
}

fn length<R: Real>(row: &[R]) -> f64 {
    row.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt()
}

fn unit_rows<R: Real>(x: &Dense<R>) -> Dense<R> {
    let mut unit = x.clone();
    for row in unit.values_mut().chunks_exact_mut(x.columns().max(1)) {
        let length = length(row);
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value = R::from_f64(value.to_f64() / length));
        }
    }
    unit
}

/// `(g − (g·u)·u)/‖x‖` for every row x with its unit row u and the gradient g by u.
fn through_length<R: Real>(x: &Dense<R>, unit: &Dense<R>, gradient: &Dense<R>) -> Dense<R> {
    let mut through = gradient.clone();
    let rows = through.values_mut().chunks_exact_mut(x.columns().max(1));
    for ((row, unit), x) in rows.zip(unit.each_row()).zip(x.each_row()) {
        let length = length(x);
        let along: R = row.iter().zip(unit).map(|(g, u)| *g * *u).sum();
        let factor = R::from_f64(if length > 0.0 { 1.0 / length } else { 0.0 });
        row.iter_mut().zip(unit).for_each(|(g, u)| *g = (*g - along * *u) * factor);
    }
    through
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    fn random(name: &str, rows: usize, columns: usize) -> Dense<f64> {
        let mut random = stream(4, name);
        Dense::new(rows, columns, (0..rows * columns).map(|_| f64::from(random.normal())).collect()).unwrap()
    }

    fn assert_gradients(loss: impl Fn(&Dense<f64>, &Dense<f64>) -> Aligned<f64>) {
        const STEP: f64 = 1e-5;
        let (weights, data) = (random("weights", 4, 3), random("data", 4, 3));
        let found = loss(&weights, &data);
        for index in 0..12 {
            let moved = |x: &Dense<f64>, step: f64| {
                let mut moved = x.clone();
                moved.values_mut()[index] += step;
                moved
            };
            let by_weights =
                loss(&moved(&weights, STEP), &data).loss - loss(&moved(&weights, -STEP), &data).loss;
            let by_data =
                loss(&weights, &moved(&data, STEP)).loss - loss(&weights, &moved(&data, -STEP)).loss;
            assert!((by_weights / (2.0 * STEP) - found.weights_gradient.values()[index]).abs() < 1e-7);
            assert!((by_data / (2.0 * STEP) - found.data_gradient.values()[index]).abs() < 1e-7);
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        assert_gradients(|weights, data| published(weights, data, 1.0).unwrap());
        assert_gradients(|weights, data| published(weights, data, 0.7).unwrap());
        assert_gradients(|weights, data| info_nce(weights, data, 0.1).unwrap());
    }

    #[test]
    fn pairs_that_agree_cost_least() {
        let weights = random("weights", 4, 6);
        let together = info_nce(&weights, &weights, 0.1).unwrap().loss;
        let apart = info_nce(&weights, &random("data", 4, 6), 0.1).unwrap().loss;
        assert!(together < 0.2 && apart > 1.0, "{together}, {apart}");
        assert!(info_nce(&weights, &random("data", 3, 6), 0.1).is_err());
    }
}
