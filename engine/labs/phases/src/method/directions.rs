//! Directions for pictures of the loss around a network, scaled to the network's own weights (Li et al., arXiv 1712.09913;
//! tomgoldstein/loss-landscape, `net_plotter.py`).
//!
//! Tensors are `[out, in, …]`; a filter is one index of the first axis. Without scaling by filter, two networks that compute the
//! same function can look as flat and as sharp as one likes.

use weightscope_population::Lane;
use weightscope_population::lane::{dot, norm};
use weightscope_population::shape::Tensor;

/// Added to a direction's norm before dividing.
const TINY: f64 = 1e-10;

/// How a direction is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Each filter gets the norm of the network's filter.
    Filter,
    /// Each tensor gets the norm of the network's tensor.
    Layer,
    /// Each element is multiplied by the network's weight.
    Weight,
    /// Each filter gets the norm 1.
    UnitFilter,
    /// Each tensor gets the norm 1.
    UnitLayer,
}

fn length(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

fn stretch(values: &mut [f32], factor: f64) {
    values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
}

/// Scales a flat direction in place. Tensors of one axis (biases) become 0 if `without_biases`, else the network's own values.
pub fn normalize(
    direction: &mut [f32],
    weights: &[f32],
    tensors: &[Tensor],
    scaling: Scaling,
    without_biases: bool,
) {
    for tensor in tensors {
        let direction = &mut direction[tensor.range.clone()];
        let weights = &weights[tensor.range.clone()];
        if tensor.shape.len() < 2 {
            if without_biases {
                direction.fill(0.0);
            } else {
                direction.copy_from_slice(weights);
            }
            continue;
        }
        let filter = weights.len() / tensor.shape[0].max(1);
        match scaling {
            Scaling::Filter => {
                for (d, w) in direction.chunks_mut(filter.max(1)).zip(weights.chunks(filter.max(1))) {
                    let factor = length(w) / (length(d) + TINY);
                    stretch(d, factor);
                }
            }
            Scaling::UnitFilter => {
                for d in direction.chunks_mut(filter.max(1)) {
                    let factor = 1.0 / (length(d) + TINY);
                    stretch(d, factor);
                }
            }
            Scaling::Layer | Scaling::UnitLayer => {
                let own = if scaling == Scaling::Layer { length(weights) } else { 1.0 };
                let present = length(direction);
                let factor = if present > 0.0 { own / present } else { 0.0 };
                stretch(direction, factor);
            }
            Scaling::Weight => direction.iter_mut().zip(weights).for_each(|(d, w)| *d *= w),
        }
    }
}

/// Cosine of two packed directions; near 0 for random ones, `None` if one is zero.
pub fn cosine(a: &[Lane], b: &[Lane]) -> Option<f64> {
    let lengths = norm(a) * norm(b);
    (lengths > 0.0).then(|| dot(a, b) / lengths)
}
