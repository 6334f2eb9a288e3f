//! Passes over the numbers of panels: gates, layer norm, draws.

#![expect(clippy::needless_range_loop, reason = "loops of constant length over several arrays at once")]

use multiversion::multiversion;
use weightscope_math::special::exponential::exp_of_nonpositive;

use super::panels::Panels;
use crate::lane::{LANES, Lane, flat, flat_mut, panels};

/// Added to the variance in layer norms.
const NORM_EPSILON: f32 = 1e-5;

/// 1/(1 + e^−x).
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
fn sigmoid(x: f32) -> f32 {
    let power = exp_of_nonpositive(-x.abs());
    let small = power / (1.0 + power);
    if x < 0.0 { small } else { 1.0 - small }
}

/// x·sigmoid(x).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn silu(input: &[Lane], output: &mut [Lane]) {
    for (x, y) in flat(input).iter().zip(flat_mut(output)) {
        *y = *x * sigmoid(*x);
    }
}

/// `gradient *= σ(x)·(1 + x·(1 − σ(x)))`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn silu_back(input: &[Lane], gradient: &mut [Lane]) {
    for (x, g) in flat(input).iter().zip(flat_mut(gradient)) {
        let s = sigmoid(*x);
        *g *= s * (1.0 + *x * (1.0 - s));
    }
}

/// x for x ≥ 0, else slope·x; slope 0 gives the rectifier.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn leaky(input: &[Lane], output: &mut [Lane], slope: f32) {
    for (x, y) in flat(input).iter().zip(flat_mut(output)) {
        *y = if *x < 0.0 { slope * *x } else { *x };
    }
}

/// `gradient *= 1` for x > 0, `slope` else.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn leaky_back(input: &[Lane], gradient: &mut [Lane], slope: f32) {
    for (x, g) in flat(input).iter().zip(flat_mut(gradient)) {
        *g *= if *x > 0.0 { 1.0 } else { slope };
    }
}

/// Rows brought to mean 0 and deviation 1 over their columns: the normalised values, and 1/deviation of each row.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn normalised(x: &Panels) -> (Panels, Vec<f32>) {
    let (rows, columns) = (x.rows(), x.columns());
    let mut unit = Panels::zeros(rows, columns);
    let mut inverses = Vec::with_capacity(rows);
    for row in 0..rows {
        let each = || x.lanes()[row..].iter().step_by(rows);
        let mean = each().map(Lane::sum).sum::<f32>() / columns as f32;
        let mut square = Lane::ZERO;
        let mut deviations = Vec::with_capacity(panels(columns));
        for (panel, lane) in each().enumerate() {
            let used = (columns - panel * LANES).min(LANES);
            let mut difference = Lane::ZERO;
            for slot in 0..used {
                difference.0[slot] = lane.0[slot] - mean;
                square.0[slot] += difference.0[slot] * difference.0[slot];
            }
            deviations.push(difference);
        }
        let inverse = 1.0 / (square.sum() / columns as f32 + NORM_EPSILON).sqrt();
        for (target, difference) in unit.lanes_mut()[row..].iter_mut().step_by(rows).zip(deviations) {
            *target = Lane(difference.0.map(|value| value * inverse));
        }
        inverses.push(inverse);
    }
    (unit, inverses)
}

/// `unit·factor + shift`, a lane of factors and shifts for each panel.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn affine(unit: &Panels, factor: &[Lane], shift: &[Lane]) -> Panels {
    let mut output = unit.clone();
    let rows = unit.rows().max(1);
    for ((lanes, factor), shift) in output.lanes_mut().chunks_exact_mut(rows).zip(factor).zip(shift) {
        for lane in lanes {
            for slot in 0..LANES {
                lane.0[slot] = lane.0[slot] * factor.0[slot] + shift.0[slot];
            }
        }
    }
    output
}

/// Adds the gradients of factors and shifts, from that by the output.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
pub(super) fn add_parameter_slopes(
    unit: &Panels,
    gradient: &Panels,
    factor_gradient: &mut [Lane],
    shift_gradient: &mut [Lane],
) {
    let rows = unit.rows().max(1);
    let both = gradient.lanes().chunks_exact(rows).zip(unit.lanes().chunks_exact(rows));
    for ((gradient, unit), (factor, shift)) in both.zip(factor_gradient.iter_mut().zip(shift_gradient)) {
        for (g, u) in gradient.iter().zip(unit) {
            for slot in 0..LANES {
                factor.0[slot] += g.0[slot] * u.0[slot];
                shift.0[slot] += g.0[slot];
            }
        }
    }
}

/// Way back through [`affine`] and [`normalised`]: gradients of factors and shifts are added, that of the rows is returned.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn norm_back(
    (unit, inverses): (&Panels, &[f32]),
    gradient: &Panels,
    factor: &[Lane],
    factor_gradient: &mut [Lane],
    shift_gradient: &mut [Lane],
) -> Panels {
    let (rows, columns) = (unit.rows(), unit.columns());
    let mut below = Panels::zeros(rows, columns);
    add_parameter_slopes(unit, gradient, factor_gradient, shift_gradient);
    for (row, inverse) in inverses.iter().enumerate() {
        let (mut sum, mut along) = (Lane::ZERO, Lane::ZERO);
        for panel in 0..panels(columns) {
            let (g, u) = (&gradient.lanes()[panel * rows + row], &unit.lanes()[panel * rows + row]);
            for slot in 0..LANES {
                let scaled = g.0[slot] * factor[panel].0[slot];
                sum.0[slot] += scaled;
                along.0[slot] += scaled * u.0[slot];
            }
        }
        let (mean, along) = (sum.sum() / columns as f32, along.sum() / columns as f32);
        for panel in 0..panels(columns) {
            let (g, u) = (&gradient.lanes()[panel * rows + row], &unit.lanes()[panel * rows + row]);
            let used = (columns - panel * LANES).min(LANES);
            let target = &mut below.lanes_mut()[panel * rows + row];
            for slot in 0..used {
                target.0[slot] = inverse * (g.0[slot] * factor[panel].0[slot] - mean - u.0[slot] * along);
            }
        }
    }
    below
}

/// `mean + e^(v/2)·noise` for log variances v clipped to `limits`.
pub(super) fn draw(mean: &Panels, log_variance: &Panels, noise: &Panels, limits: (f32, f32)) -> Panels {
    let mut drawn = mean.clone();
    let values = flat(log_variance.lanes()).iter().zip(flat(noise.lanes()));
    for (z, (v, noise)) in flat_mut(drawn.lanes_mut()).iter_mut().zip(values) {
        *z += (0.5 * v.clamp(limits.0, limits.1)).exp() * noise;
    }
    drawn
}

/// Gradient of [`draw`] by the log variances.
pub(super) fn draw_back(
    gradient: &Panels,
    log_variance: &Panels,
    noise: &Panels,
    limits: (f32, f32),
) -> Panels {
    let mut below = gradient.clone();
    let values = flat(log_variance.lanes()).iter().zip(flat(noise.lanes()));
    for (g, (v, noise)) in flat_mut(below.lanes_mut()).iter_mut().zip(values) {
        let inside = *v > limits.0 && *v < limits.1;
        *g *= if inside { 0.5 * (0.5 * v).exp() * noise } else { 0.0 };
    }
    below
}
