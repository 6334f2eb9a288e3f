//! What the base models have in common, on rows `[time, width]`: causal attention, rotary positions, the loss of next tokens.

use weightscope_math::MathError;
use weightscope_math::layers::softmax;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

/// Causal attention of one head (arXiv 1706.03762): rows of `q`, `k`, `v` are times, `[time, width]`; time t sees the times up to t.
/// Logits are divided by `√width`. Refused unless the shapes agree.
pub fn causal_attention<R: Real>(q: &Dense<R>, k: &Dense<R>, v: &Dense<R>) -> Result<Dense<R>, MathError> {
    let factor = R::from_f64(1.0 / (q.columns().max(1) as f64).sqrt());
    let mut weights = q.times_transposed(k)?.scaled(factor);
    let times = weights.columns().max(1);
    for (time, row) in weights.values_mut().chunks_exact_mut(times).enumerate() {
        let (seen, unseen) = row.split_at_mut((time + 1).min(times));
        softmax(seen);
        unseen.fill(R::ZERO);
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
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn even_logits_cost_the_logarithm_of_the_vocabulary() {
        let logits = Dense::<f32>::zeros(3, 7);
        assert!((cross_entropy(&logits, &[0, 3, 6]) - 7.0_f64.ln()).abs() < 1e-12);
        assert!(cross_entropy(&logits, &[0, 3, 7]).is_nan());
    }
}
