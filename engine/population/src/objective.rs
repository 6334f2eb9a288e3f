//! Losses at the outputs of a network: the loss of each row, the gradient with respect to the outputs, and how the
//! gradient moves with the outputs (for the R-operator).
//!
//! Contract: gradients are those of the mean over `total` rows; padding columns get 0; losses are given as a sum in
//! double precision over the rows.

use multiversion::multiversion;

use super::lane::{LANES, Lane};
use super::samples::Targets;
use super::shape::Objective;
use weightscope_math::special::exponential::exp_of_nonpositive;

/// Rows at the output: which, and how many belong to the mean.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Rows of the batch by their place in the targets.
    pub(super) places: &'a [u32],
    /// Rows of the mean.
    pub(super) total: usize,
    /// Outputs of the network.
    pub(super) outputs: usize,
}

/// Replaces outputs by the gradient and returns the sum of the rows' losses.
pub(super) fn descend(objective: Objective, z: &mut [Lane], rows: Rows<'_>, targets: &Targets) -> f64 {
    match (objective, targets) {
        (Objective::CrossEntropy, Targets::Classes(labels)) => {
            let wanted = label_outputs(z, rows, labels);
            let normalizers = softmax(z, rows.places.len(), rows.outputs);
            subtract_labels(z, rows, labels);
            super::lane::scale(z, 1.0 / rows.total as f32);
            normalizers - wanted
        }
        _ => squared(z, rows, targets),
    }
}

/// [`descend`] with the share `smoothing` of each target spread evenly over the classes (C. Szegedy et al., arXiv 1512.00567); for
/// targets that are no classes, and for the squared error, it is [`descend`].
pub(super) fn descend_smoothed(
    objective: Objective,
    z: &mut [Lane],
    rows: Rows<'_>,
    targets: &Targets,
    smoothing: f32,
) -> f64 {
    match (objective, targets) {
        (Objective::CrossEntropy, Targets::Classes(labels)) if smoothing > 0.0 => {
            let spread = smoothing / rows.outputs as f32;
            let wanted = f64::from(1.0 - smoothing) * label_outputs(z, rows, labels)
                + f64::from(spread) * all_outputs(z, rows);
            let normalizers = softmax(z, rows.places.len(), rows.outputs);
            subtract_smoothed(z, rows, labels, (1.0 - smoothing, spread));
            super::lane::scale(z, 1.0 / rows.total as f32);
            normalizers - wanted
        }
        _ => descend(objective, z, rows, targets),
    }
}

/// Sum of all outputs of the rows.
fn all_outputs(z: &[Lane], rows: Rows<'_>) -> f64 {
    let count = rows.places.len();
    let mut sum = 0.0;
    for row in 0..count {
        for column in 0..rows.outputs {
            sum += f64::from(z[column / LANES * count + row].0[column % LANES]);
        }
    }
    sum
}

/// Subtracts `own` at the label and `spread` at each class.
fn subtract_smoothed(p: &mut [Lane], rows: Rows<'_>, labels: &[u32], (own, spread): (f32, f32)) {
    let count = rows.places.len();
    for row in 0..count {
        for column in 0..rows.outputs {
            p[column / LANES * count + row].0[column % LANES] -= spread;
        }
        let label = label(labels, rows, row);
        p[label / LANES * count + row].0[label % LANES] -= own;
    }
}

/// Sum of the rows' losses and number of right answers; what the outputs held is lost.
pub(super) fn judge(objective: Objective, z: &mut [Lane], rows: Rows<'_>, targets: &Targets) -> (f64, usize) {
    let right = match targets {
        Targets::Classes(labels) => {
            let count = rows.places.len();
            (0..count).filter(|row| argmax(z, *row, count, rows.outputs) == label(labels, rows, *row)).count()
        }
        Targets::Values(_) => 0,
    };
    (descend(objective, z, rows, targets), right)
}

/// Replaces outputs by their softmax over the columns; the sum over the rows of ln Σ exp(z).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn softmax(z: &mut [Lane], rows: usize, outputs: usize) -> f64 {
    let panels = z.len() / rows.max(1);
    let mut normalizers = 0.0;
    for row in 0..rows {
        let mut largest = f32::NEG_INFINITY;
        for panel in 0..panels {
            let lane = &mut z[panel * rows + row];
            for (column, value) in lane.0.iter_mut().enumerate() {
                *value = if panel * LANES + column < outputs { *value } else { f32::NEG_INFINITY };
            }
            let present = lane.max();
            largest = if present > largest { present } else { largest };
        }
        let mut total = 0.0;
        for panel in 0..panels {
            let lane = &mut z[panel * rows + row];
            for (column, value) in lane.0.iter_mut().enumerate() {
                let power = exp_of_nonpositive(*value - largest);
                *value = if panel * LANES + column < outputs { power } else { 0.0 };
            }
            total += lane.sum();
        }
        normalizers += f64::from(largest) + f64::from(total.ln());
        let factor = 1.0 / total;
        for panel in 0..panels {
            for value in &mut z[panel * rows + row].0 {
                *value *= factor;
            }
        }
    }
    normalizers
}

/// Sum of the outputs at the labels.
fn label_outputs(z: &[Lane], rows: Rows<'_>, labels: &[u32]) -> f64 {
    let count = rows.places.len();
    let mut sum = 0.0;
    for row in 0..count {
        let label = label(labels, rows, row);
        sum += f64::from(z[label / LANES * count + row].0[label % LANES]);
    }
    sum
}

fn subtract_labels(p: &mut [Lane], rows: Rows<'_>, labels: &[u32]) {
    let count = rows.places.len();
    for row in 0..count {
        let label = label(labels, rows, row);
        p[label / LANES * count + row].0[label % LANES] -= 1.0;
    }
}

fn label(labels: &[u32], rows: Rows<'_>, row: usize) -> usize {
    labels[rows.places[row] as usize] as usize
}

/// First largest output of a row; a row with a NaN answers nothing.
fn argmax(z: &[Lane], row: usize, rows: usize, outputs: usize) -> usize {
    let value = |column: usize| z[column / LANES * rows + row].0[column % LANES];
    let mut best = 0;
    for column in 0..outputs {
        if value(column).is_nan() {
            return usize::MAX;
        }
        if value(column) > value(best) {
            best = column;
        }
    }
    best
}

/// Squared error: (z − y)² summed over the outputs, divided by their number; the gradient is 2(z − y)/(rows · outputs).
fn squared(z: &mut [Lane], rows: Rows<'_>, targets: &Targets) -> f64 {
    let count = rows.places.len();
    let factor = 2.0 / (rows.total * rows.outputs) as f32;
    let mut sum = 0.0;
    for row in 0..count {
        for column in 0..rows.outputs {
            let wanted = match targets {
                Targets::Classes(labels) => f32::from(u8::from(label(labels, rows, row) == column)),
                Targets::Values(values) => values[rows.places[row] as usize * rows.outputs + column],
            };
            let place = &mut z[column / LANES * count + row].0[column % LANES];
            let difference = *place - wanted;
            sum += f64::from(difference) * f64::from(difference);
            *place = factor * difference;
        }
    }
    sum / rows.outputs as f64
}

/// Turns the outputs' motion into the gradient's motion: for the cross-entropy p·(Rz − Σ p·Rz)/total, for the squared
/// error 2·Rz/(total · outputs).
pub(super) fn move_gradient(
    objective: Objective,
    motion: &mut [Lane],
    p: &[Lane],
    rows: usize,
    outputs: usize,
    total: usize,
) {
    if objective == Objective::SquaredError {
        super::lane::scale(motion, 2.0 / (total * outputs) as f32);
        return;
    }
    let factor = 1.0 / total as f32;
    let panels = motion.len() / rows.max(1);
    for row in 0..rows {
        let mut mean = 0.0_f32;
        for panel in 0..panels {
            let (p, motion) = (&p[panel * rows + row].0, &motion[panel * rows + row].0);
            mean += p.iter().zip(motion).map(|(p, r)| p * r).sum::<f32>();
        }
        for panel in 0..panels {
            let p = &p[panel * rows + row].0;
            for (r, p) in motion[panel * rows + row].0.iter_mut().zip(p) {
                *r = factor * p * (*r - mean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_softmax_sums_to_one_and_leaves_padding_at_zero() {
        for outputs in [1_usize, 10, 16, 20] {
            let rows = 3;
            let mut z: Vec<Lane> = (0..outputs.div_ceil(LANES) * rows)
                .map(|i| Lane(std::array::from_fn(|j| (i * 7 + j) as f32 * 0.3)))
                .collect();
            softmax(&mut z, rows, outputs);
            for row in 0..rows {
                let values: Vec<f32> = z[row..].iter().step_by(rows).flat_map(|lane| lane.0).collect();
                assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{outputs}");
                assert!(values[outputs..].iter().all(|value| *value == 0.0), "{outputs}: {values:?}");
            }
        }
    }
}
