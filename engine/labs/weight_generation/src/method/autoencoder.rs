//! Losses of the autoencoder over weights (D2NWG, stage 1, established: `CustomLosses.py`, `distributions.py`; layer-wise:
//! hyper-representations, arXiv 2209.14733, established: `def_loss.py`). Rows are networks or chunks of networks.

use weightscope_math::layers::exp;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{GenerationError, Result, check_length};
use super::vectors::Layout;

/// Range that log variances are clipped to before use (established).
pub const LOG_VARIANCE: (f64, f64) = (-30.0, 20.0);

/// Factor of the mean squared error in the published loss (established).
pub const SQUARE_FACTOR: f64 = 1000.0;

fn clipped<R: Real>(log_variance: R) -> R {
    log_variance.clip(R::from_f64(LOG_VARIANCE.0), R::from_f64(LOG_VARIANCE.1))
}

/// `KL = ½·Σ(μ² + e^v − 1 − v)` of each row of means and log variances `[n, latent]` to the standard normal, in nats.
pub fn divergences<R: Real>(mean: &Dense<R>, log_variance: &Dense<R>) -> Result<Vec<f64>> {
    same_shape("the log variances", mean, log_variance)?;
    let row = |(mean, log_variance): (&[R], &[R])| {
        let term = |(mean, variance): (&R, &R)| {
            let (mean, variance) = (mean.to_f64(), clipped(*variance).to_f64());
            mean * mean + variance.exp() - 1.0 - variance
        };
        0.5 * mean.iter().zip(log_variance).map(term).sum::<f64>()
    };
    Ok(mean.each_row().zip(log_variance.each_row()).map(row).collect())
}

/// `z = μ + e^(v/2)·noise`, a draw from each row's distribution.
pub fn draw<R: Real>(mean: &Dense<R>, log_variance: &Dense<R>, noise: &Dense<R>) -> Result<Dense<R>> {
    same_shape("the log variances", mean, log_variance)?;
    same_shape("the noise", mean, noise)?;
    let half = R::from_f64(0.5);
    let mut z = mean.clone();
    for ((z, variance), noise) in z.values_mut().iter_mut().zip(log_variance.values()).zip(noise.values()) {
        *z += exp(half * clipped(*variance)) * *noise;
    }
    Ok(z)
}

/// The published loss of a batch, and its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// `Σ|x − x̂|/(n·e^s) + s·(values of a row)`, with n rows and the log scale s.
    pub likelihood: f64,
    /// Mean divergence of the rows.
    pub divergence: f64,
    /// Mean of `(x − x̂)²` over all values.
    pub square: f64,
    /// `likelihood + weight·divergence`.
    pub loss: f64,
    /// `loss + 1000·square`: what is minimised.
    pub total: f64,
}

/// The published loss of reconstructions `[n, width]`; `log_scale` is s, which stays 0 in the original because no optimizer holds it.
pub fn published<R: Real>(
    x: &Dense<R>,
    reconstruction: &Dense<R>,
    divergences: &[f64],
    log_scale: f64,
    divergence_weight: f64,
) -> Result<Published> {
    same_shape("the reconstruction", x, reconstruction)?;
    check_length("the list of divergences", x.rows(), divergences.len())?;
    let rows = x.rows() as f64;
    let (mut absolute, mut square) = (0.0, 0.0);
    for (a, b) in x.values().iter().zip(reconstruction.values()) {
        let difference = (*a - *b).to_f64();
        absolute += difference.abs();
        square += difference * difference;
    }
    let likelihood = absolute / (rows * log_scale.exp()) + log_scale * x.columns() as f64;
    let divergence = divergences.iter().sum::<f64>() / rows;
    let square = square / x.values().len() as f64;
    let loss = likelihood + divergence_weight * divergence;
    Ok(Published { likelihood, divergence, square, loss, total: loss + SQUARE_FACTOR * square })
}

/// What the squared errors of a layer are divided by besides its deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerMean {
    /// Rows times all values of a row: large layers weigh more.
    Global,
    /// Rows times the values of the layer: layers weigh the same.
    Layer,
}

/// `Σ((x − x̂)/σ_layer)²` of each layer, divided as `mean` says, for networks `[n, length]`; their sum is the loss. The deviations come
/// from [`super::normalise::layer_deviations`].
pub fn layerwise<R: Real>(
    layout: &Layout,
    deviations: &[f64],
    x: &Dense<R>,
    reconstruction: &Dense<R>,
    mean: LayerMean,
) -> Result<Vec<f64>> {
    same_shape("the reconstruction", x, reconstruction)?;
    check_length("the list of deviations", layout.tensors().len(), deviations.len())?;
    let mut losses = vec![0.0; deviations.len()];
    for (x, reconstruction) in x.each_row().zip(reconstruction.each_row()) {
        let pairs = layout.split(x)?.into_iter().zip(layout.split(reconstruction)?);
        for ((loss, deviation), (x, reconstruction)) in losses.iter_mut().zip(deviations).zip(pairs) {
            let square = |(a, b): (&R, &R)| ((*a - *b).to_f64() / deviation).powi(2);
            *loss += x.iter().zip(reconstruction).map(square).sum::<f64>();
        }
    }
    for (loss, tensor) in losses.iter_mut().zip(layout.tensors()) {
        let values = match mean {
            LayerMean::Global => x.columns(),
            LayerMean::Layer => tensor.range.len(),
        };
        *loss /= (x.rows() * values) as f64;
    }
    Ok(losses)
}

fn same_shape<R: Real>(what: &'static str, needed: &Dense<R>, found: &Dense<R>) -> Result<()> {
    if needed.shape() == found.shape() {
        return Ok(());
    }
    let needed = format!("it must have the shape {:?}", needed.shape());
    Err(GenerationError::Range { what, needed, found: format!("of the shape {:?}", found.shape()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_normal_diverges_by_nothing() {
        let zero = Dense::<f64>::zeros(2, 3);
        assert_eq!(divergences(&zero, &zero).unwrap(), [0.0, 0.0]);
        assert!(divergences(&zero, &Dense::zeros(3, 2)).is_err());
        let shifted = zero.map(|_| 2.0);
        assert_eq!(divergences(&shifted, &zero).unwrap(), [6.0, 6.0]);
    }

    #[test]
    fn layers_of_one_size_weigh_the_same_either_way() {
        let layout = Layout::new([("a".to_owned(), vec![2]), ("b".to_owned(), vec![2])]);
        let x = Dense::new(1, 4, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let other = Dense::new(1, 4, vec![1.5, 2.0, 3.0, 2.0]).unwrap();
        let global = layerwise(&layout, &[0.5, 2.0], &x, &other, LayerMean::Global).unwrap();
        let layer = layerwise(&layout, &[0.5, 2.0], &x, &other, LayerMean::Layer).unwrap();
        assert_eq!((global, layer), (vec![0.25, 0.25], vec![0.5, 0.5]));
    }
}
