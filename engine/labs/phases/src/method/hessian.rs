//! Curvature of the loss at a network: largest eigenvalues by power iteration (`PyHessian`, arXiv 1912.07145), trace by Hutchinson's
//! estimator, the whole matrix for small networks.
//!
//! All take the Hessian as a product `H·v`, which may fail (a cancelled run); vectors are packed.

use weightscope_population::lane::{add_scaled, dot, norm, scale};
use weightscope_population::{Lane, Shape};

/// Added to norms before dividing, as in the published code.
const TINY: f64 = 1e-6;

/// When the power iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLimits {
    /// Most products for one eigenvalue.
    pub iterations: usize,
    /// Relative change of the Rayleigh quotient below which it ends.
    pub tolerance: f64,
}

/// One eigenvalue by power iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerResult {
    /// The value before the last change, as the published code returns it.
    pub value: f64,
    /// Vector of length one.
    pub vector: Vec<Lane>,
    /// Rayleigh quotient of each product.
    pub quotients: Vec<f64>,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

fn normalize(vector: &mut [Lane]) {
    let length = norm(vector) + TINY;
    scale(vector, (1.0 / length) as f32);
}

/// The eigenvalue of largest magnitude besides those of `found`. By magnitude: a large negative one comes first.
pub fn power<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    start: &[Lane],
    found: &[Vec<Lane>],
    limits: PowerLimits,
) -> Result<PowerResult, E> {
    let mut vector = start.to_vec();
    normalize(&mut vector);
    let mut image = vec![Lane::ZERO; vector.len()];
    let mut quotients: Vec<f64> = Vec::new();
    let (mut value, mut converged) = (0.0, false);
    while quotients.len() < limits.iterations {
        for other in found {
            let part = dot(&vector, other);
            add_scaled(&mut vector, -part as f32, other);
        }
        normalize(&mut vector);
        product(&vector, &mut image)?;
        let quotient = dot(&vector, &image);
        vector.copy_from_slice(&image);
        normalize(&mut vector);
        let before = quotients.last().copied();
        quotients.push(quotient);
        match before {
            Some(before) if ((before - quotient) / (before.abs() + TINY)).abs() < limits.tolerance => {
                converged = true;
                value = before;
                break;
            }
            _ => value = quotient,
        }
    }
    Ok(PowerResult { value, vector, quotients, converged })
}

/// The largest eigenvalues by magnitude, from these starts.
pub fn largest<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    starts: &[Vec<Lane>],
    limits: PowerLimits,
) -> Result<Vec<PowerResult>, E> {
    let mut results = Vec::with_capacity(starts.len());
    let mut found = Vec::with_capacity(starts.len());
    for start in starts {
        let result = power(product, start, &found, limits)?;
        found.push(result.vector.clone());
        results.push(result);
    }
    Ok(results)
}

/// Trace of the Hessian with its uncertainty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trace {
    /// Mean of the samples.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// Number of samples.
    pub samples: usize,
}

/// Fewest samples of a trace.
const LEAST_SAMPLES: usize = 20;
/// Relative standard error that is enough.
const ENOUGH: f64 = 0.02;

/// One sample z·Hz of the trace for a vector of signs; its variance is 2·Σ `H_ij²` over i ≠ j.
pub fn trace_sample<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    signs: &[Lane],
    image: &mut [Lane],
) -> Result<f64, E> {
    product(signs, image)?;
    Ok(dot(signs, image))
}

/// Hutchinson's estimator: at least 20 samples (or `most`), until the standard error is below 2 % of the mean or `most` are taken.
pub fn trace<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    mut draw_signs: impl FnMut() -> Vec<Lane>,
    most: usize,
) -> Result<Trace, E> {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0);
    let mut image = Vec::new();
    let mut result = Trace { mean: f64::NAN, standard_error: f64::NAN, samples: 0 };
    while count < most {
        let signs = draw_signs();
        image.resize(signs.len(), Lane::ZERO);
        let sample = trace_sample(product, &signs, &mut image)?;
        sum += sample;
        squares += sample * sample;
        count += 1;
        let n = count as f64;
        let mean = sum / n;
        let variance = if count > 1 { (squares - n * mean * mean).max(0.0) / (n - 1.0) } else { f64::NAN };
        result = Trace { mean, standard_error: (variance / n).sqrt(), samples: count };
        if count >= LEAST_SAMPLES && result.standard_error < ENOUGH * mean.abs() {
            break;
        }
    }
    Ok(result)
}

/// The whole Hessian, row-major in the order of the flat parameter vector, by one product for each parameter.
pub fn dense<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    shape: &Shape,
) -> Result<Vec<f64>, E> {
    let size = shape.parameters();
    let mut matrix = Vec::with_capacity(size * size);
    let mut unit = vec![0.0; size];
    let mut image = shape.zeros();
    for index in 0..size {
        unit.fill(0.0);
        unit[index] = 1.0;
        let direction = shape.pack(&unit).unwrap_or_default();
        product(&direction, &mut image)?;
        matrix.extend(shape.unpack(&image).iter().map(|value| f64::from(*value)));
    }
    Ok(matrix)
}
