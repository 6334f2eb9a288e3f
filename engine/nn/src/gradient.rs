//! Values with a chosen gradient, without backend code.
//!
//! Contract: the value is exact, bit for bit, because the surrogate enters as a difference that is exactly zero.

use burn::tensor::{Device, Tensor, TensorData};

/// A tensor with the value of `value` and the gradient of `surrogate` (same shape).
///
/// `value` must be a constant; `surrogate` must be finite, otherwise the result is not a number.
pub fn with_gradient_of<const D: usize>(value: Tensor<D>, surrogate: Tensor<D>) -> Tensor<D> {
    value + (surrogate.clone() - surrogate.detach())
}

/// A function of `input` with a known scalar value and a known gradient (row-major, shape of `input`), as a tensor of one element.
///
/// It lets a loss be computed on the host and still join a differentiable sum.
pub fn scalar_with_gradient<const D: usize>(input: Tensor<D>, value: f32, gradient: Vec<f32>) -> Tensor<1> {
    let device = input.device();
    let gradient = constant(gradient, input.dims(), &device);
    with_gradient_of(constant(vec![value], [1], &device), (input * gradient).sum())
}

/// A constant tensor from host values in row-major order.
pub fn constant<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Whether the tensor lives on the host, so that reading it back costs a copy and no transfer.
pub fn is_on_host<const D: usize>(tensor: &Tensor<D>) -> bool {
    is_host(&tensor.device())
}

/// Whether tensors of this device live on the host.
pub fn is_host(device: &Device) -> bool {
    *device == Device::flex()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::read;

    #[test]
    fn value_is_exact_and_gradient_is_the_surrogates() {
        let device = Device::flex().autodiff();
        let input = constant(vec![1e8, 0.1, -3.0], [3], &device).require_grad();
        let output = with_gradient_of(constant(vec![0.1, 0.2, 0.3], [3], &device), input.clone() * 7.0);
        assert_eq!(read(output.clone()), [0.1, 0.2, 0.3]);
        let gradients = output.sum().backward();
        assert_eq!(read(input.grad(&gradients).unwrap()), [7.0; 3]);
    }

    #[test]
    fn host_scalar_joins_a_differentiable_sum() {
        let device = Device::flex().autodiff();
        let input = constant(vec![1.0, 2.0], [2], &device).require_grad();
        let loss = scalar_with_gradient(input.clone(), 5.0, vec![3.0, 4.0]) * 2.0;
        assert_eq!(read(loss.clone()), [10.0]);
        assert_eq!(read(input.grad(&loss.backward()).unwrap()), [6.0, 8.0]);
    }

    #[test]
    fn autodiff_does_not_hide_the_host() {
        let device = Device::flex().autodiff();
        assert!(is_on_host(&constant(vec![1.0], [1], &device)));
    }
}
