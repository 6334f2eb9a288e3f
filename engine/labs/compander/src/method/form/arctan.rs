//! w = a·arctan(v/b): the working form of Weight Compander (arXiv 2306.16993), not confirmed against the paper.

use multiversion::multiversion;
use weightscope_math::special::tangent::arctan;

use super::{Form, Pair};

/// f(t) = arctan t, f'(t) = 1/(1 + t²), f⁻¹(q) = tan q for |q| < π/2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arctan;

impl Form for Arctan {
    fn shape(&self, t: f64) -> f64 {
        t.atan()
    }

    fn shape_slope(&self, t: f64) -> f64 {
        1.0 / (1.0 + t * t)
    }

    fn shape_inverse(&self, q: f64) -> f64 {
        if q.abs() < self.limit() { q.tan() } else { f64::INFINITY.copysign(q) }
    }

    fn limit(&self) -> f64 {
        std::f64::consts::FRAC_PI_2
    }

    fn values(&self, pair: Pair, latent: &[f32], weights: &mut [f32]) {
        values(pair.amplitude as f32, (1.0 / pair.width) as f32, latent, weights);
    }

    fn slopes(&self, pair: Pair, latent: &[f32], _weights: &[f32], gradient: &mut [f32]) {
        slopes(pair.slope_at_zero() as f32, (1.0 / pair.width) as f32, latent, gradient);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn values(amplitude: f32, inverse_width: f32, latent: &[f32], weights: &mut [f32]) {
    for (weight, latent) in weights.iter_mut().zip(latent) {
        *weight = amplitude * arctan(latent * inverse_width);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn slopes(at_zero: f32, inverse_width: f32, latent: &[f32], gradient: &mut [f32]) {
    for (slope, latent) in gradient.iter_mut().zip(latent) {
        let t = latent * inverse_width;
        *slope *= at_zero / (1.0 + t * t);
    }
}
