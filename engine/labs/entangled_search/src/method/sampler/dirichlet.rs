//! Dirichlet weights with pathwise gradients (`DrNAS`, arXiv 2006.10355, as `TangleNAS` uses it).
//!
//! Concentration `c = elu(α) + 1`, so that α = 0 is uniform on the simplex. `a = z/Σz` with `z_i ~ Gamma(c_i, 1)`. Two unbiased pathwise
//! gradients: the implicit gradient of each gamma draw (Figurnov et al., arXiv 1805.08498), which the lab trains with, and that of
//! `torch.distributions.Dirichlet` through the beta distribution of each component.

use weightscope_math::Stream;
use weightscope_math::special::beta::incomplete_beta;
use weightscope_math::special::gamma::{incomplete_gamma, incomplete_gamma_tail, ln_gamma};

/// Least concentration: below, gamma draws underflow (sheet §4, inferred).
pub const LEAST: f64 = 1e-3;
/// Added to each component before the sum is made 1 again.
const FLOOR: f64 = 1e-8;

/// `elu(α) + 1`, at least [`LEAST`].
pub fn concentrations(alpha: &[f64]) -> Vec<f64> {
    alpha.iter().map(|a| if *a > 0.0 { a + 1.0 } else { a.exp().max(LEAST) }).collect()
}

/// The gradient in α from that in the concentration: its slope is 1 above 0, else `e^α`.
pub fn to_alpha(alpha: &[f64], slopes: &[f64]) -> Vec<f64> {
    alpha.iter().zip(slopes).map(|(a, slope)| if *a > 0.0 { *slope } else { slope * a.exp() }).collect()
}

/// The mean weights `c/Σc`.
pub fn mean(concentration: &[f64]) -> Vec<f64> {
    let total: f64 = concentration.iter().sum();
    concentration.iter().map(|c| c / total).collect()
}

/// One gamma draw for each concentration; drawn again should all be 0.
pub fn gamma_draws(concentration: &[f64], random: &mut Stream) -> Vec<f64> {
    loop {
        let draws: Vec<f64> = concentration.iter().map(|c| gamma_draw(*c, random)).collect();
        if draws.is_empty() || draws.iter().sum::<f64>() > 0.0 {
            return draws;
        }
    }
}

/// Marsaglia and Tsang, ACM TOMS 26(3), 2000; below a shape of 1 with their power of a uniform number.
fn gamma_draw(shape: f64, random: &mut Stream) -> f64 {
    if shape < 1.0 {
        let raised = gamma_draw(shape + 1.0, random);
        return raised * (1.0 - random.unit_f64()).powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = f64::from(random.normal());
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - random.unit_f64();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Draws over their sum, each a little above 0.
pub fn normalised(draws: &[f64]) -> Vec<f64> {
    let total: f64 = draws.iter().sum();
    let whole = 1.0 + FLOOR * draws.len() as f64;
    draws.iter().map(|draw| (draw / total + FLOOR) / whole).collect()
}

/// The gradient in the concentration: `dz/dc = −(dP(c, z)/dc)/pdf(z; c)`, then through the sum.
pub fn implicit_gradient(concentration: &[f64], draws: &[f64], upstream: &[f64]) -> Vec<f64> {
    let total: f64 = draws.iter().sum();
    let mean: f64 = draws.iter().zip(upstream).map(|(draw, above)| draw / total * above).sum();
    let whole = 1.0 + FLOOR * draws.len() as f64;
    let each = concentration.iter().zip(draws).zip(upstream);
    each.map(|((c, draw), above)| gamma_slope(*c, *draw) * (above - mean) / total / whole).collect()
}

/// dz/dc of a gamma draw at a fixed quantile; 0 for draws that underflow.
pub fn gamma_slope(shape: f64, draw: f64) -> f64 {
    if draw < f64::MIN_POSITIVE {
        return 0.0;
    }
    let step = 1e-5 * shape;
    let log_density = (shape - 1.0) * draw.ln() - draw - ln_gamma(shape);
    // The logarithm of the smaller part keeps its relative precision far out in either tail.
    let lower = incomplete_gamma(shape, draw);
    let part = |at: f64| {
        if lower < 0.5 { incomplete_gamma(at, draw).ln() } else { incomplete_gamma_tail(at, draw).ln() }
    };
    let slope = (part(shape + step) - part(shape - step)) / (2.0 * step);
    let (own, sign) = if lower < 0.5 { (lower, -1.0) } else { (incomplete_gamma_tail(shape, draw), 1.0) };
    sign * slope * (own.ln() - log_density).exp()
}

/// `D_j = −(∂I_x(p, q)/∂p)/(pdf(x; p, q)(1 − x))` at x = `a_j`, p = `c_j`, q = Σc − `c_j` held fixed: the coefficient of the gradient that
/// `torch.distributions.Dirichlet` uses.
pub fn beta_coefficients(concentration: &[f64], weights: &[f64]) -> Vec<f64> {
    let total: f64 = concentration.iter().sum();
    concentration.iter().zip(weights).map(|(c, weight)| beta_coefficient(*weight, *c, total - c)).collect()
}

fn beta_coefficient(x: f64, p: f64, q: f64) -> f64 {
    let step = 1e-5 * p;
    let lower = incomplete_beta(x, p, q);
    let part = |at: f64| {
        if lower < 0.5 { incomplete_beta(x, at, q).ln() } else { incomplete_beta(1.0 - x, q, at).ln() }
    };
    let slope = (part(p + step) - part(p - step)) / (2.0 * step);
    let (own, sign) = if lower < 0.5 { (lower, -1.0) } else { (incomplete_beta(1.0 - x, q, p), 1.0) };
    let log_beta = ln_gamma(p) + ln_gamma(q) - ln_gamma(p + q);
    let log_density = (p - 1.0) * x.ln() + (q - 1.0) * (1.0 - x).ln() - log_beta;
    sign * slope * (own.ln() - log_density - (1.0 - x).ln()).exp()
}

/// The gradient in the concentration by those coefficients: `D_j (g_j − Σ a g)`.
pub fn beta_gradient(concentration: &[f64], weights: &[f64], upstream: &[f64]) -> Vec<f64> {
    let mean: f64 = weights.iter().zip(upstream).map(|(weight, above)| weight * above).sum();
    let coefficients = beta_coefficients(concentration, weights);
    coefficients.iter().zip(upstream).map(|(coefficient, above)| coefficient * (above - mean)).collect()
}
