//! The exponential linear unit, `x` above zero and `e^x − 1` below (Clevert, Unterthiner and Hochreiter, arXiv 1511.07289, α = 1), in one
//! pass on the host.
//!
//! Contract: for finite input values are those of `max(x, 0) + e^min(x, 0) − 1` by tensors, bit for bit, and gradients too, but for the sign of a zero.

use burn::tensor::{Tensor, activation};

use crate::gradient::{constant, is_on_host, with_gradient_of};
use crate::parameters::read;

/// The exponential linear unit of every element, with its derivative: 1 above zero, `e^x` elsewhere.
pub fn elu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if !is_on_host(&input) {
        return by_tensors(input);
    }
    let (device, shape) = (input.device(), input.dims());
    let mut value = read(input.clone());
    // A slope for each element costs as much as the value: only where a gradient is asked for.
    if !input.is_autodiff() {
        for value in &mut value {
            *value = value_and_slope(*value).0;
        }
        return constant(value, shape, &device);
    }
    let mut slope = vec![0.0; value.len()];
    for (value, slope) in value.iter_mut().zip(&mut slope) {
        (*value, *slope) = value_and_slope(*value);
    }
    with_gradient_of(constant(value, shape, &device), input * constant(slope, shape, &device))
}

/// The exponential is taken below zero only: elsewhere it would be of no use, or infinite.
fn value_and_slope(x: f32) -> (f32, f32) {
    if x > 0.0 {
        return (x, 1.0);
    }
    let power = x.exp();
    (power - 1.0, power)
}

/// `max(x, 0) + e^min(x, 0) − 1`: no exponential of a large number, whose gradient would be infinity times zero.
fn by_tensors<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let positive = activation::relu(x.clone());
    let negative = (x - positive.clone()).exp() - 1.0;
    positive + negative
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn value_and_gradient_are_those_of_the_tensor_form_to_the_bit() {
        let device = Device::flex().autodiff();
        let mut points: Vec<f32> = (0..4_000).map(|index| (index as f32 * 0.37).sin() * 30.0).collect();
        points.extend([0.0, -0.0, 1e-30, -1e-30, 200.0, -200.0, f32::MAX, f32::MIN]);
        let count = points.len();
        let upstream: Vec<f32> = (0..count).map(|index| (index as f32 * 0.9).cos()).collect();
        let upstream = constant(upstream, [count], &device);
        let input = constant(points.clone(), [count], &device).require_grad();
        let bits = |values: Vec<f32>| -> Vec<u32> { values.into_iter().map(f32::to_bits).collect() };
        let (ours, theirs) = (elu(input.clone()), by_tensors(input.clone()));
        assert_eq!(bits(read(ours.clone())), bits(read(theirs.clone())));
        let plain = elu(constant(points, [count], &Device::flex()));
        assert_eq!(bits(read(plain)), bits(read(theirs.clone())), "without a gradient");
        let ours = read(input.grad(&(ours * upstream.clone()).sum().backward()).unwrap());
        let theirs = read(input.grad(&(theirs * upstream).sum().backward()).unwrap());
        assert_eq!(ours, theirs, "gradients");
    }
}
