//! Learned step size quantization on tensors, differentiable by input and step, with learned shifts around it.
//!
//! Contract: values and gradients are those of [`super::lsq`]; on the host the levels agree with it bit for bit.
//! Elsewhere the same formulas run as tensor operations on the device.

use burn::tensor::{DType, Tensor};

use weightscope_nn::gradient::{constant, is_on_host, with_gradient_of};
use weightscope_nn::parameters::read;

use super::bits::LevelRange;
use super::groups::Groups;
use super::lsq::{self, STEP_FLOOR, gradient_scale};

/// Quantizes `input` (any shape that [`Groups`] fits) with one step per group, `[groups.count]`.
pub fn quantize<const D: usize>(
    input: Tensor<D>,
    step: Tensor<1>,
    groups: Groups,
    range: LevelRange,
) -> Tensor<D> {
    let shape = input.dims();
    let grouped = input.reshape(groups.shape());
    let local = if is_on_host(&grouped) { local_on_host } else { local_on_device };
    let (value, pass, step_slope) = local(&grouped, &step, groups, range);
    let surrogate = grouped * pass + step.reshape([1, groups.count, 1]) * step_slope;
    with_gradient_of(value, surrogate).reshape(shape)
}

/// `LSQ(input + before) + after`: the learned shifts of OFQ's activations, `[channels]` each, over the last axis.
pub fn quantize_shifted<const D: usize>(
    input: Tensor<D>,
    step: Tensor<1>,
    before: Tensor<1>,
    after: Tensor<1>,
    groups: Groups,
    range: LevelRange,
) -> Tensor<D> {
    quantize(input + before.unsqueeze(), step, groups, range) + after.unsqueeze()
}

/// Value, derivative by the input, derivative by the step; each `[outer, count, inner]` and constant.
type Local = (Tensor<3>, Tensor<3>, Tensor<3>);

fn local_on_host(input: &Tensor<3>, step: &Tensor<1>, groups: Groups, range: LevelRange) -> Local {
    let (device, shape) = (input.device(), groups.shape());
    let output = lsq::quantize(&read(input.clone()), &read(step.clone()), groups, range);
    (
        constant(output.value, shape, &device),
        constant(output.pass, shape, &device),
        constant(output.step_slope, shape, &device),
    )
}

fn local_on_device(input: &Tensor<3>, step: &Tensor<1>, groups: Groups, range: LevelRange) -> Local {
    let step = step.clone().detach().clamp_min(STEP_FLOOR).reshape([1, groups.count, 1]);
    let position = input.clone().detach() / step.clone();
    let clipped = position.clone().clamp(range.lowest, range.highest);
    let level = clipped.clone().round();
    let pass = position.equal(clipped.clone()).float().cast(DType::F32);
    let step_slope = (level.clone() - pass.clone() * clipped) * gradient_scale(range, groups);
    (level * step, pass, step_slope)
}

#[cfg(test)]
mod tests {
    use super::super::bits::{Bits, Sign};
    use super::*;
    use burn::tensor::Device;

    const GROUPS: Groups = Groups { outer: 2, count: 3, inner: 4 };

    fn example() -> (Vec<f32>, Vec<f32>) {
        ((0..24).map(|i| (i as f32 * 1.7).sin() * 1.5).collect(), vec![0.4, 1e-7, 0.7])
    }

    #[test]
    fn levels_agree_with_the_host_bit_for_bit() {
        let (values, steps) = example();
        let device = Device::flex();
        for bits in 2..=8 {
            let range = LevelRange::new(Bits::new(bits).unwrap(), Sign::Signed);
            let tensor = quantize(
                constant(values.clone(), [6, 4], &device),
                constant(steps.clone(), [3], &device),
                GROUPS,
                range,
            );
            assert_eq!(read(tensor), lsq::quantize(&values, &steps, GROUPS, range).value);
        }
    }

    #[test]
    fn gradients_are_the_hosts_and_pass_the_floor() {
        let (values, steps) = example();
        let device = Device::flex().autodiff();
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        let input = constant(values.clone(), [2, 3, 4], &device).require_grad();
        let step = constant(steps.clone(), [3], &device).require_grad();
        let upstream: Vec<f32> = (0..24).map(|i| (i as f32 * 0.7).cos()).collect();
        let loss = (quantize(input.clone(), step.clone(), GROUPS, range)
            * constant(upstream.clone(), [2, 3, 4], &device))
        .sum();
        let gradients = loss.backward();
        let (by_input, by_step) = lsq::quantize(&values, &steps, GROUPS, range).gradients(&upstream, GROUPS);
        assert_eq!(read(input.grad(&gradients).unwrap()), by_input);
        let found = read(step.grad(&gradients).unwrap());
        assert!(found.iter().zip(&by_step).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {by_step:?}");
        assert!(found[1] != 0.0, "the floored step must learn");
    }

    #[test]
    fn the_device_formulas_agree_with_the_host() {
        let (values, steps) = example();
        let device = Device::flex();
        let range = LevelRange::new(Bits::new(3).unwrap(), Sign::AllPositive);
        let (input, step) = (constant(values, GROUPS.shape(), &device), constant(steps, [3], &device));
        let host = local_on_host(&input, &step, GROUPS, range);
        let device = local_on_device(&input, &step, GROUPS, range);
        assert_eq!(read(host.0), read(device.0));
        assert_eq!(read(host.1), read(device.1));
        let (host, device) = (read(host.2), read(device.2));
        assert!(host.iter().zip(&device).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
