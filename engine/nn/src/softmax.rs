//! Softmax of scaled logits over the last axis, with a vectorised pass on the host.
//!
//! Contract: rows sum to 1; the gradient is `scale·y·(g - Σ g·y)`; logits are finite.

use burn::tensor::{Tensor, activation};

use crate::gradient::{constant, is_on_host, with_gradient_of};
use crate::parameters::read;
use weightscope_math::special::exponential::exp_of_nonpositive;

/// `softmax(scale · logits)` over the last axis.
pub fn scaled_softmax<const D: usize>(logits: Tensor<D>, scale: f32) -> Tensor<D> {
    if !is_on_host(&logits) {
        return activation::softmax(logits * scale, D - 1);
    }
    let (device, shape) = (logits.device(), logits.dims());
    let mut values = read(logits.clone());
    softmax_rows(&mut values, shape[D - 1].max(1), scale);
    let share = constant(values, shape, &device);
    // `share` is constant here, so this expression is linear in the logits and its Jacobian is that of the softmax.
    let mean = (logits.clone() * share.clone()).sum_dim(D - 1);
    with_gradient_of(share.clone(), (logits - mean) * (share * scale))
}

/// Softmax of `scale · values` in each row of the given length, in place.
fn softmax_rows(values: &mut [f32], length: usize, scale: f32) {
    for row in values.chunks_exact_mut(length) {
        for value in row.iter_mut() {
            *value *= scale;
        }
        let largest =
            row.iter().fold(f32::NEG_INFINITY, |most, value| if *value > most { *value } else { most });
        for value in row.iter_mut() {
            *value -= largest;
        }
    }
    // One run over all rows: rows of a few tokens are too short to vectorise.
    for value in values.iter_mut() {
        *value = exp_of_nonpositive(*value);
    }
    for row in values.chunks_exact_mut(length) {
        let inverse = 1.0 / row.iter().sum::<f32>();
        for value in row.iter_mut() {
            *value *= inverse;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn value_and_gradient_agree_with_the_backends_operation() {
        let device = Device::flex().autodiff();
        let points: Vec<f32> = (0..42).map(|i| (i as f32 * 1.7).sin() * 6.0).collect();
        let upstream = constant((0..42).map(|i| (i as f32 * 0.9).cos()).collect(), [2, 3, 7], &device);
        let logits = constant(points, [2, 3, 7], &device).require_grad();
        let ours = scaled_softmax(logits.clone(), 0.7);
        let theirs = activation::softmax(logits.clone() * 0.7, 2);
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 5e-7);
        assert!(close(&read(ours.clone()), &read(theirs.clone())));
        let ours = read(logits.grad(&(ours * upstream.clone()).sum().backward()).unwrap());
        let theirs = read(logits.grad(&(theirs * upstream).sum().backward()).unwrap());
        assert!(close(&ours, &theirs), "{ours:?} {theirs:?}");
        assert!(ours.iter().any(|slope| slope.abs() > 0.01));
    }
}
