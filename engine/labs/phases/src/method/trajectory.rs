//! The path of a training in the plane of its largest motions (tomgoldstein/loss-landscape, `plot_trajectory.py`).
//!
//! Caveat: the loss of the final network's plane at a projected early checkpoint is not that checkpoint's loss; colour the points by
//! their true loss.

use weightscope_math::linalg::symmetric::eigen;

/// Directions, their shares, and where the checkpoints lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// Directions of length one, most motion first.
    pub components: Vec<Vec<f64>>,
    /// Share of the variance along each.
    pub explained: Vec<f64>,
    /// Coordinates of each checkpoint relative to the last.
    pub coordinates: Vec<Vec<f64>>,
}

/// Principal components of the checkpoints (rows; the last is the final network), mean removed; coordinates are those of row − final,
/// mean kept. Each component's entry of largest magnitude is positive. `None` with fewer than two rows or no motion.
pub fn trajectory(rows: &[Vec<f32>], count: usize) -> Option<Trajectory> {
    let last = rows.last()?;
    let size = rows.len();
    let steps: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| row.iter().zip(last).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect())
        .collect();
    let mean: Vec<f64> =
        (0..last.len()).map(|j| steps.iter().map(|step| step[j]).sum::<f64>() / size as f64).collect();
    let centred: Vec<Vec<f64>> =
        steps.iter().map(|step| step.iter().zip(&mean).map(|(a, b)| a - b).collect()).collect();
    let inner = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let gram: Vec<f64> =
        centred.iter().flat_map(|a| centred.iter().map(|b| inner(a, b)).collect::<Vec<_>>()).collect();
    let eigen = eigen(&gram, size)?;
    let total: f64 = eigen.values.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let (mut components, mut explained) = (Vec::new(), Vec::new());
    for (value, vector) in eigen.values.iter().zip(&eigen.vectors).rev().take(count.min(size - 1)) {
        if *value <= 1e-12 * total {
            break;
        }
        let mut component = vec![0.0; last.len()];
        for (weight, row) in vector.iter().zip(&centred) {
            component.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        let length = inner(&component, &component).sqrt();
        let peak = component.iter().copied().fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
        let factor = peak.signum() / length;
        component.iter_mut().for_each(|value| *value *= factor);
        components.push(component);
        explained.push(value / total);
    }
    let coordinates = steps
        .iter()
        .map(|step| components.iter().map(|component| inner(step, component)).collect())
        .collect();
    Some(Trajectory { components, explained, coordinates })
}
