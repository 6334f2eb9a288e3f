//! w = a·tanh(v/b): another bounded form of ours, which saturates faster than arctan.

use multiversion::multiversion;
use weightscope_math::special::tangent::tanh;

use super::{Form, Pair};

/// f(t) = tanh t, f'(t) = 1 − tanh² t, f⁻¹(q) = artanh q for |q| < 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tanh;

impl Form for Tanh {
    fn shape(&self, t: f64) -> f64 {
        t.tanh()
    }

    fn shape_slope(&self, t: f64) -> f64 {
        // 1/cosh² keeps its digits where 1 − tanh² has none left.
        1.0 / t.cosh().powi(2)
    }

    fn shape_inverse(&self, q: f64) -> f64 {
        if q.abs() < self.limit() { q.atanh() } else { f64::INFINITY.copysign(q) }
    }

    fn limit(&self) -> f64 {
        1.0
    }

    fn values(&self, pair: Pair, latent: &[f32], weights: &mut [f32]) {
        values(pair.amplitude as f32, (1.0 / pair.width) as f32, latent, weights);
    }

    fn slopes(&self, pair: Pair, _latent: &[f32], weights: &[f32], gradient: &mut [f32]) {
        slopes(pair.slope_at_zero() as f32, (1.0 / pair.amplitude) as f32, weights, gradient);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn values(amplitude: f32, inverse_width: f32, latent: &[f32], weights: &mut [f32]) {
    for (weight, latent) in weights.iter_mut().zip(latent) {
        *weight = amplitude * tanh(latent * inverse_width);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn slopes(at_zero: f32, inverse_amplitude: f32, weights: &[f32], gradient: &mut [f32]) {
    for (slope, weight) in gradient.iter_mut().zip(weights) {
        let q = weight * inverse_amplitude;
        *slope *= at_zero * (1.0 - q) * (1.0 + q);
    }
}
