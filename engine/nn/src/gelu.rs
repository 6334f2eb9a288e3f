//! The exact Gaussian error linear unit, `x·Φ(x)` (Hendrycks and Gimpel, arXiv 1606.08415), with a vectorised pass on the host.
//!
//! Contract: not the tanh approximation, neither in the value nor in the slope; on the host [`value_and_slope`] is used, elsewhere the error
//! function of the backend. Its own `gelu` is not: the slope of that is the approximation's on every device but the host.

use std::f32::consts::FRAC_1_SQRT_2;

use burn::tensor::Tensor;

use crate::gradient::{constant, is_on_host, with_gradient_of};
use crate::parameters::read;
use weightscope_math::special::gelu::value_and_slope;

/// `x·Φ(x)` for every element, with the exact derivative `Φ(x) + x·φ(x)`.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if !is_on_host(&input) {
        return composed(input);
    }
    let (device, shape) = (input.device(), input.dims());
    let mut value = read(input.clone());
    let mut slope = vec![0.0; value.len()];
    for (value, slope) in value.iter_mut().zip(&mut slope) {
        (*value, *slope) = value_and_slope(*value);
    }
    with_gradient_of(constant(value, shape, &device), input * constant(slope, shape, &device))
}

/// The same out of operations of tensors, on any device: `x/2·(1 + erf(x/√2))`.
pub fn composed<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let half = input.clone() * 0.5;
    half.clone() + half * (input * FRAC_1_SQRT_2).erf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, activation};

    #[test]
    fn operations_of_tensors_give_the_exact_slope_too() {
        let device = Device::flex().autodiff();
        let points: Vec<f32> = (-50..50).map(|i| i as f32 * 0.11).collect();
        let exact: Vec<(f32, f32)> = points.iter().map(|x| value_and_slope(*x)).collect();
        let input = constant(points, [4, 25], &device).require_grad();
        let value = composed(input.clone());
        let slope = read(input.grad(&value.clone().sum().backward()).unwrap());
        for ((exact, value), slope) in exact.iter().zip(read(value)).zip(slope) {
            assert!(
                (exact.0 - value).abs() < 1e-6 && (exact.1 - slope).abs() < 1e-6,
                "{exact:?} {value} {slope}"
            );
        }
    }

    #[test]
    fn agrees_with_the_backends_operation() {
        let device = Device::flex().autodiff();
        let points: Vec<f32> = (-50..50).map(|i| i as f32 * 0.11).collect();
        let input = constant(points, [2, 50], &device).require_grad();
        let (ours, theirs) = (gelu(input.clone()), activation::gelu(input.clone()));
        let difference = read(ours.clone() - theirs.clone());
        assert!(difference.iter().all(|d| d.abs() < 5e-7), "{difference:?}");
        let ours = read(input.grad(&ours.sum().backward()).unwrap());
        let theirs = read(input.grad(&theirs.sum().backward()).unwrap());
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
