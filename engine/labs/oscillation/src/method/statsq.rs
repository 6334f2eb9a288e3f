//! StatsQ, the statistical weight quantizer of OFQ (Liu et al., arXiv 2302.02210; nbasyl/OFQ `quantizer/statsq.py`), as a tensor: the host
//! functions of [`weightscope_math::quantize::statsq`] with the identity as gradient.

use burn::tensor::Tensor;

use weightscope_nn::gradient::{constant, with_gradient_of};
use weightscope_nn::parameters::read;

use super::bits::Bits;
use super::groups::Groups;
pub use weightscope_math::quantize::statsq::*;

/// The quantized weights as a tensor with the straight-through gradient: identity to `weight`, nothing to the scales.
/// The levels are those of the host function on the same values, bit for bit.
pub fn straight_through<const D: usize>(weight: Tensor<D>, groups: Groups, bits: Bits) -> Tensor<D> {
    let output = quantize(&read(weight.clone()), groups, bits);
    with_gradient_of(constant(output.value, weight.dims(), &weight.device()), weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_tensor_has_the_hosts_values_and_an_identity_gradient() {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..24).map(|i| (i as f32 * 1.3).sin()).collect();
        let weight = constant(values.clone(), [4, 6], &device).require_grad();
        let upstream: Vec<f32> = (0..24).map(|i| i as f32 - 7.5).collect();
        let output = straight_through(weight.clone(), Groups::rows(4, 6), Bits::TWO);
        assert_eq!(read(output.clone()), quantize(&values, Groups::rows(4, 6), Bits::TWO).value);
        let loss = (output * constant(upstream.clone(), [4, 6], &device)).sum();
        assert_eq!(read(weight.grad(&loss.backward()).unwrap()), upstream);
    }
}
