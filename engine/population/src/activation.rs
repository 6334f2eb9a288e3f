//! The functions of hidden units over lanes: values, slopes and curvatures.
//!
//! Contract: padding stays harmless: each function is 0 at 0. A NaN stays a NaN, so that a diverging network shows.

use multiversion::multiversion;

use super::lane::{Lane, flat, flat_mut};
use super::shape::Activation;
use weightscope_math::special::exponential::exp_of_nonpositive;
use weightscope_math::special::gelu::value_and_slope;
use weightscope_math::special::tangent::tanh as tanh_value;

/// 1/√(2π).
const DENSITY_AT_ZERO: f32 = 0.398_942_3;

impl Activation {
    /// True if the second derivative is not zero everywhere.
    pub(super) fn curves(self) -> bool {
        self != Self::Relu
    }
}

/// Replaces sums by values and writes the slopes; a `ReLU`'s slope follows from its value, so its `slopes` stay untouched.
pub(super) fn activate(activation: Activation, values: &mut [Lane], slopes: &mut [Lane]) {
    match activation {
        Activation::Relu => relu(values),
        Activation::Tanh => tanh(values, slopes),
        Activation::Gelu => gelu(values, slopes),
    }
}

/// `gradient *= slope`, the slope as [`activate`] left it.
pub(super) fn damp(activation: Activation, gradient: &mut [Lane], values: &[Lane], slopes: &[Lane]) {
    if activation == Activation::Relu { cut(gradient, values) } else { multiply(gradient, slopes) }
}

/// Second derivatives from sums (`z`), before [`activate`]; zero for `ReLU`.
pub(super) fn curvatures(activation: Activation, sums: &[Lane], curvatures: &mut [Lane]) {
    let curvature = match activation {
        Activation::Relu => |_| 0.0,
        Activation::Tanh => |z: f32| {
            let value = tanh_value(z);
            -2.0 * value * (1.0 - value * value)
        },
        Activation::Gelu => |z: f32| exp_of_nonpositive(-0.5 * z * z) * DENSITY_AT_ZERO * (2.0 - z * z),
    };
    for (out, sum) in curvatures.iter_mut().zip(sums) {
        out.0 = sum.0.map(curvature);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn relu(values: &mut [Lane]) {
    for value in flat_mut(values) {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn cut(gradient: &mut [Lane], values: &[Lane]) {
    for (slope, value) in flat_mut(gradient).iter_mut().zip(flat(values)) {
        *slope = if *value == 0.0 { 0.0 } else { *slope };
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn multiply(target: &mut [Lane], factors: &[Lane]) {
    for (value, factor) in flat_mut(target).iter_mut().zip(flat(factors)) {
        *value *= factor;
    }
}

/// `target += a · b`, element by element.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn add_product(target: &mut [Lane], a: &[Lane], b: &[Lane]) {
    for ((value, a), b) in flat_mut(target).iter_mut().zip(flat(a)).zip(flat(b)) {
        *value += a * b;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn tanh(values: &mut [Lane], slopes: &mut [Lane]) {
    for (value, slope) in flat_mut(values).iter_mut().zip(flat_mut(slopes)) {
        *value = tanh_value(*value);
        *slope = 1.0 - *value * *value;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn gelu(values: &mut [Lane], slopes: &mut [Lane]) {
    for (value, slope) in flat_mut(values).iter_mut().zip(flat_mut(slopes)) {
        (*value, *slope) = value_and_slope(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::LANES;

    #[test]
    fn slopes_and_curvatures_are_derivatives() {
        const STEP: f32 = 1e-2;
        for activation in [Activation::Tanh, Activation::Gelu] {
            let at = |x: f32| {
                let (mut value, mut slope) = ([Lane([x; LANES])], [Lane::ZERO]);
                activate(activation, &mut value, &mut slope);
                (f64::from(value[0].0[3]), f64::from(slope[0].0[3]))
            };
            for index in -30..=30 {
                let x = index as f32 / 10.0;
                let (above, below) = (at(x + STEP), at(x - STEP));
                let width = f64::from((x + STEP) - (x - STEP));
                let mut curvature = [Lane::ZERO];
                curvatures(activation, &[Lane([x; LANES])], &mut curvature);
                assert!(((above.0 - below.0) / width - at(x).1).abs() < 2e-4, "{activation:?} slope at {x}");
                let error = (above.1 - below.1) / width - f64::from(curvature[0].0[0]);
                assert!(error.abs() < 4e-4, "{activation:?} curvature at {x}: {error}");
            }
        }
    }

    #[test]
    fn a_relu_keeps_what_is_positive_and_what_is_no_number() {
        let mut values = [Lane::ZERO];
        values[0].0[..3].copy_from_slice(&[-1.0, 2.0, f32::NAN]);
        let mut slope = [Lane::ZERO];
        activate(Activation::Relu, &mut values, &mut slope);
        assert_eq!(values[0].0[..2], [0.0, 2.0]);
        assert!(values[0].0[2].is_nan());
        let mut gradient = [Lane([5.0; LANES])];
        damp(Activation::Relu, &mut gradient, &values, &slope);
        assert_eq!(gradient[0].0[..2], [0.0, 5.0]);
    }
}
