//! What the base models have in common, on rows `[n, width]`: norms, attention weights, rotary positions, gates.

use weightscope_math::MathError;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

/// `x·sigmoid(x)`, also called swish.
pub fn silu<R: Real>(x: R) -> R {
    let x = x.to_f64();
    R::from_f64(x / (1.0 + (-x).exp()))
}

/// `1/(1 + e⁻ˣ)`.
pub fn sigmoid<R: Real>(x: R) -> R {
    R::from_f64(1.0 / (1.0 + (-x.to_f64()).exp()))
}

/// Each row divided by `√(mean of squares + eps)`, then times the weight `[width]` (root-mean-square norm, arXiv 1910.07467).
pub fn rms_norm<R: Real>(x: &Dense<R>, weight: &[R], eps: f64) -> Dense<R> {
    let mut normed = x.clone();
    for row in normed.values_mut().chunks_exact_mut(x.columns().max(1)) {
        let square: f64 = row.iter().map(|value| value.to_f64().powi(2)).sum();
        let factor = 1.0 / (square / row.len() as f64 + eps).sqrt();
        row.iter_mut()
            .zip(weight)
            .for_each(|(value, weight)| *value = *value * R::from_f64(factor) * *weight);
    }
    normed
}

/// Each group of `width` neighbouring entries of every row brought to mean 0 and variance 1 (of the population, eps added), then times
/// weight and plus bias, both as long as a row. One group per row is a layer norm (arXiv 1607.06450), several are a group norm.
pub fn group_norm<R: Real>(x: &Dense<R>, width: usize, weight: &[R], bias: &[R], eps: f64) -> Dense<R> {
    let mut normed = x.clone();
    for row in normed.values_mut().chunks_exact_mut(x.columns().max(1)) {
        for group in row.chunks_mut(width.max(1)) {
            let count = group.len() as f64;
            let mean = group.iter().map(|value| value.to_f64()).sum::<f64>() / count;
            let square = group.iter().map(|value| (value.to_f64() - mean).powi(2)).sum::<f64>() / count;
            let factor = 1.0 / (square + eps).sqrt();
            group.iter_mut().for_each(|value| *value = R::from_f64((value.to_f64() - mean) * factor));
        }
        for ((value, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
            *value = *value * *weight + *bias;
        }
    }
    normed
}

/// Softmax of the first `known` entries of a row, the others set to 0.
pub fn softmax<R: Real>(row: &mut [R], known: usize) {
    let known = known.min(row.len());
    let (used, unused) = row.split_at_mut(known);
    let largest = used.iter().copied().reduce(Real::larger).unwrap_or_default();
    used.iter_mut().for_each(|value| *value = (*value - largest).exp_nonpositive());
    let sum: f64 = used.iter().map(|value| value.to_f64()).sum();
    used.iter_mut().for_each(|value| *value = R::from_f64(value.to_f64() / sum));
    unused.fill(R::ZERO);
}

/// Causal attention of one head (arXiv 1706.03762): rows of `q`, `k`, `v` are times, `[time, width]`; time t sees the times up to t.
/// Logits are divided by `√width`. Refused unless the shapes agree.
pub fn causal_attention<R: Real>(q: &Dense<R>, k: &Dense<R>, v: &Dense<R>) -> Result<Dense<R>, MathError> {
    let factor = R::from_f64(1.0 / (q.columns().max(1) as f64).sqrt());
    let mut weights = q.times_transposed(k)?.scaled(factor);
    let times = weights.columns().max(1);
    for (time, row) in weights.values_mut().chunks_exact_mut(times).enumerate() {
        softmax(row, time + 1);
    }
    weights.times(v)
}

/// Which entries of a head turn together under rotary positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// Entries i and `i + width/2`: the layout of published LLaMA folders.
    Halves,
    /// Entries 2i and 2i + 1: the layout of the paper on rotary positions and of the lab's own base.
    Adjacent,
}

/// Rotary positions (arXiv 2104.09864) on one head `[time, width]`: pair i of row t turns by `t·theta^(−2i/width)`; the first row has
/// the position `first`. An odd last entry stays.
pub fn rotate<R: Real>(x: &Dense<R>, pairs: Pairs, theta: f64, first: usize) -> Dense<R> {
    let width = x.columns();
    let half = width / 2;
    let mut turned = x.clone();
    for (time, row) in turned.values_mut().chunks_exact_mut(width.max(1)).enumerate() {
        for pair in 0..half {
            let angle = (first + time) as f64 * theta.powf(-2.0 * pair as f64 / width as f64);
            let (sin, cos) = (R::from_f64(angle.sin()), R::from_f64(angle.cos()));
            let (one, other) = match pairs {
                Pairs::Halves => (pair, pair + half),
                Pairs::Adjacent => (2 * pair, 2 * pair + 1),
            };
            if let (Some(a), Some(b)) = (row.get(one).copied(), row.get(other).copied()) {
                row.iter_mut().skip(one).take(1).for_each(|value| *value = a * cos - b * sin);
                row.iter_mut().skip(other).take(1).for_each(|value| *value = b * cos + a * sin);
            }
        }
    }
    turned
}

/// Mean negative log-likelihood in nats of the next tokens: row t of `logits [time, vocabulary]` predicts `targets[t]`. Not-a-number
/// without rows or where a target lies outside the vocabulary.
pub fn cross_entropy<R: Real>(logits: &Dense<R>, targets: &[u32]) -> f64 {
    let mut sum = 0.0;
    for (row, target) in logits.each_row().zip(targets) {
        let largest = row.iter().map(|value| value.to_f64()).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = row.iter().map(|value| (value.to_f64() - largest).exp()).sum();
        let own = row.get(*target as usize).map_or(f64::NAN, |value| value.to_f64());
        sum += largest + total.ln() - own;
    }
    sum / logits.rows().min(targets.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_have_mean_zero_and_length_one() {
        let x = Dense::new(1, 4, vec![1.0, 2.0, 3.0, 6.0]).unwrap();
        let (ones, zeros) = (vec![1.0; 4], vec![0.0; 4]);
        let normed = group_norm(&x, 4, &ones, &zeros, 0.0);
        assert!(normed.values().iter().sum::<f64>().abs() < 1e-12);
        assert!((normed.values().iter().map(|v| v * v).sum::<f64>() - 4.0).abs() < 1e-12);
        let pairs = group_norm(&x, 2, &ones, &zeros, 0.0);
        for (found, expected) in pairs.values().iter().zip([-1.0, 1.0, -1.0, 1.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        let squares: f64 = rms_norm(&x, &ones, 0.0).values().iter().map(|v| v * v).sum();
        assert!((squares - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_turn_keeps_lengths_and_depends_on_distance_alone() {
        let q = Dense::new(1, 4, vec![0.3, -0.2, 0.7, 0.1]).unwrap();
        let k = Dense::new(1, 4, vec![-0.5, 0.4, 0.2, 0.9]).unwrap();
        for pairs in [Pairs::Halves, Pairs::Adjacent] {
            let product = |a, b| {
                let (q, k) = (rotate(&q, pairs, 100.0, a), rotate(&k, pairs, 100.0, b));
                q.times_transposed(&k).unwrap().values()[0]
            };
            let near: f64 = product(7, 4);
            assert!((near - product(13, 10)).abs() < 1e-12);
            assert!((near - product(13, 11)).abs() > 1e-3);
            assert!((rotate(&q, pairs, 100.0, 9).norm() - q.norm()).abs() < 1e-12);
        }
    }

    #[test]
    fn attention_sees_the_past_only() {
        let v = Dense::new(3, 1, vec![1.0, 2.0, 4.0]).unwrap();
        let zero = Dense::zeros(3, 2);
        let seen = causal_attention(&zero, &zero, &v).unwrap();
        for (found, expected) in seen.values().iter().zip([1.0, 1.5, 7.0 / 3.0]) {
            assert!((found - expected as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn even_logits_cost_the_logarithm_of_the_vocabulary() {
        let logits = Dense::<f32>::zeros(3, 7);
        assert!((cross_entropy(&logits, &[0, 3, 6]) - 7.0_f64.ln()).abs() < 1e-12);
        assert!(cross_entropy(&logits, &[0, 3, 7]).is_nan());
    }
}
