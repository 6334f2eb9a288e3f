//! w = a·v/(b + |v|): another bounded form of ours, which saturates more slowly than arctan.

use multiversion::multiversion;

use super::{Form, Pair};

/// f(t) = t/(1 + |t|), f'(t) = 1/(1 + |t|)², f⁻¹(q) = q/(1 − |q|) for |q| < 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Softsign;

impl Form for Softsign {
    fn shape(&self, t: f64) -> f64 {
        t / (1.0 + t.abs())
    }

    fn shape_slope(&self, t: f64) -> f64 {
        1.0 / (1.0 + t.abs()).powi(2)
    }

    fn shape_inverse(&self, q: f64) -> f64 {
        if q.abs() < self.limit() { q / (1.0 - q.abs()) } else { f64::INFINITY.copysign(q) }
    }

    fn limit(&self) -> f64 {
        1.0
    }

    fn values(&self, pair: Pair, latent: &[f32], weights: &mut [f32]) {
        values(pair.amplitude as f32, pair.width as f32, latent, weights);
    }

    fn slopes(&self, pair: Pair, latent: &[f32], _weights: &[f32], gradient: &mut [f32]) {
        slopes(pair.amplitude as f32, pair.width as f32, latent, gradient);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn values(amplitude: f32, width: f32, latent: &[f32], weights: &mut [f32]) {
    for (weight, latent) in weights.iter_mut().zip(latent) {
        *weight = amplitude * latent / (width + latent.abs());
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn slopes(amplitude: f32, width: f32, latent: &[f32], gradient: &mut [f32]) {
    for (slope, latent) in gradient.iter_mut().zip(latent) {
        let reach = width + latent.abs();
        *slope *= amplitude * width / (reach * reach);
    }
}
