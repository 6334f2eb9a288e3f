//! Forward passes of layers on rows `[n, width]`, on the host: the linear layer, norms, gates, softmax.
//!
//! Contract: sums within a row that decide its scale are in double precision; results are in the rows' own precision.

use crate::error::MathError;
use crate::linalg::Dense;
use crate::real::Real;

/// `x·Wᵀ + bias`, `[n, out]`, for rows `x [n, in]`, weights `[out, in]` and a bias `[out]` where there is one. Refused unless the shapes
/// agree.
pub fn linear<R: Real>(weight: &Dense<R>, bias: Option<&[R]>, x: &Dense<R>) -> Result<Dense<R>, MathError> {
    let mut y = x.times_transposed(weight)?;
    if let Some(bias) = bias {
        if bias.len() != weight.rows() {
            let (needed, found) = (format!("{} values", weight.rows()), bias.len().to_string());
            return Err(MathError::Shape { what: "bias", needed, found });
        }
        for row in y.values_mut().chunks_exact_mut(bias.len().max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, bias)| *y += *bias);
        }
    }
    Ok(y)
}

/// e to this power.
pub fn exp<R: Real>(x: R) -> R {
    R::from_f64(x.to_f64().exp())
}

/// `x·sigmoid(x)`, also called swish.
pub fn silu<R: Real>(x: R) -> R {
    x * sigmoid(x)
}

/// `1/(1 + e⁻ˣ)`.
pub fn sigmoid<R: Real>(x: R) -> R {
    R::from_f64(1.0 / (1.0 + (-x.to_f64()).exp()))
}

/// x where it is positive, else 0; not-a-number stays.
pub fn relu<R: Real>(x: R) -> R {
    leaky_relu(x, 0.0)
}

/// x where it is positive, else `slope·x`; not-a-number stays.
pub fn leaky_relu<R: Real>(x: R, slope: f64) -> R {
    if x < R::ZERO { R::from_f64(slope) * x } else { x }
}

/// Each row divided by `√(mean of squares + eps)`, then times the weight `[width]` (root-mean-square norm, arXiv 1910.07467).
#[must_use]
pub fn rms_norm<R: Real>(x: &Dense<R>, weight: &[R], eps: f64) -> Dense<R> {
    let mut normed = x.clone();
    for row in normed.values_mut().chunks_exact_mut(x.columns().max(1)) {
        let square: f64 = row.iter().map(|value| value.to_f64().powi(2)).sum();
        let factor = R::from_f64(1.0 / (square / row.len() as f64 + eps).sqrt());
        row.iter_mut().zip(weight).for_each(|(value, weight)| *value = *value * factor * *weight);
    }
    normed
}

/// Each group of `width` neighbouring entries of every row brought to mean 0 and variance 1 (of the population, eps added), then times
/// weight and plus bias, both as long as a row. One group per row is a layer norm (arXiv 1607.06450), several are a group norm.
#[must_use]
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

/// Softmax of a row in place; nothing happens to an empty one.
pub fn softmax<R: Real>(row: &mut [R]) {
    let Some(largest) = row.iter().copied().reduce(Real::larger) else { return };
    row.iter_mut().for_each(|value| *value = (*value - largest).exp_nonpositive());
    let sum: f64 = row.iter().map(|value| value.to_f64()).sum();
    row.iter_mut().for_each(|value| *value = R::from_f64(value.to_f64() / sum));
}

/// Softmax of every row.
#[must_use]
pub fn softmax_rows<R: Real>(x: &Dense<R>) -> Dense<R> {
    let mut y = x.clone();
    y.values_mut().chunks_exact_mut(x.columns().max(1)).for_each(softmax);
    y
}

/// Logarithm of the softmax of every row, in nats.
#[must_use]
pub fn log_softmax_rows<R: Real>(x: &Dense<R>) -> Dense<R> {
    let mut y = x.clone();
    for row in y.values_mut().chunks_exact_mut(x.columns().max(1)) {
        let Some(largest) = row.iter().copied().reduce(Real::larger) else { continue };
        let sum: f64 = row.iter().map(|value| (value.to_f64() - largest.to_f64()).exp()).sum();
        row.iter_mut().for_each(|value| *value = *value - largest - R::from_f64(sum.ln()));
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64]) -> Dense<f64> {
        Dense::new(1, values.len(), values.to_vec()).unwrap()
    }

    #[test]
    fn norms_have_mean_zero_and_length_one() {
        let x = row(&[1.0, 2.0, 3.0, 6.0]);
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
    fn softmax_is_the_exponential_of_its_logarithm() {
        let x = row(&[1000.0, 999.0, -5.0]);
        let (p, log) = (softmax_rows(&x), log_softmax_rows(&x));
        assert!((p.values().iter().sum::<f64>() - 1.0).abs() < 1e-15);
        for (p, log) in p.values().iter().zip(log.values()) {
            assert!((p - log.exp()).abs() < 1e-15);
        }
        softmax::<f64>(&mut []);
    }

    #[test]
    fn a_linear_layer_checks_its_shapes() {
        let weight = Dense::new(2, 3, vec![1.0, 0.0, 2.0, 0.0, 1.0, -1.0]).unwrap();
        let y = linear(&weight, Some(&[10.0, 20.0]), &row(&[1.0, 2.0, 3.0])).unwrap();
        assert_eq!(y.values(), [17.0, 19.0]);
        assert!(linear(&weight, Some(&[1.0]), &row(&[1.0, 2.0, 3.0])).is_err());
        assert!(linear(&weight, None, &row(&[1.0, 2.0])).is_err());
    }

    #[test]
    fn gates_have_their_known_values() {
        assert_eq!((relu(-2.0), relu(3.0_f32), leaky_relu(-2.0, 0.01)), (0.0, 3.0, -0.02));
        assert!(relu(f64::NAN).is_nan());
        assert!((silu(1.0) - 0.731_058_578_630_004_9).abs() < 1e-15 && sigmoid(0.0_f32) == 0.5);
        assert!((exp(1.0) - std::f64::consts::E).abs() < 1e-15);
    }
}
