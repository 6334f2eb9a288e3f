//! The path of a cell's first network: trained again with the same numbers, its checkpoints in the plane of their largest motions.

use super::cell::{OpenCell, OpenSeed};
use super::{channels as dc, picture, text};
use crate::method::trajectory::{Trajectory, trajectory};
use crate::run::training::{JUDGED, pack};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve, Dot};
use weightscope_frame::run::RunError;
use weightscope_population::Machine;

/// A trajectory with the epochs and true losses of its checkpoints.
pub(super) struct Path {
    pub(super) found: Trajectory,
    pub(super) epochs: Vec<usize>,
    pub(super) losses: Vec<f64>,
}

/// Trains the network again and keeps it at the epochs that were judged.
pub(super) fn trajectory_of(
    cell: &OpenCell,
    seed: &OpenSeed,
    job: &Derive<'_>,
) -> Result<Option<Path>, RunError> {
    let marked: Vec<usize> =
        seed.curve.iter().filter(|point| point.judged.is_some()).map(|point| point.epoch).collect();
    let (mut checkpoints, mut epochs) = (Vec::new(), Vec::new());
    cell.recipe(seed.seed).train(job.control, |epoch, weights| {
        if marked.contains(&epoch) {
            checkpoints.push(cell.shape.unpack(weights));
            epochs.push(epoch);
        }
    })?;
    // A network that others made, or another version of this program, cannot be made again here.
    let same = |last: &Vec<f32>| last.iter().zip(&seed.flat).all(|(a, b)| a.to_bits() == b.to_bits());
    if !checkpoints.last().is_some_and(same) {
        return Ok(None);
    }
    let mut machine = Machine::new(&cell.shape, JUDGED);
    let training = cell.training()?;
    let mut losses = Vec::with_capacity(checkpoints.len());
    for checkpoint in &checkpoints {
        losses.push(machine.judge(&pack(&cell.shape, checkpoint)?, training).loss);
    }
    Ok(trajectory(&checkpoints, 2).map(|found| Path { found, epochs, losses }))
}

/// Dots, the line through them, and words.
pub(crate) fn channels(cell: &OpenCell, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(first) = cell.seeds.first() else { return Ok(Vec::new()) };
    let Some(Path { found, epochs, losses }) = trajectory_of(cell, first, job)? else {
        return Ok(Vec::new());
    };
    let at = |point: &[f64], index: usize| point.get(index).copied().unwrap_or(0.0);
    let dots: Vec<Dot> = found
        .coordinates
        .iter()
        .zip(epochs.iter().zip(&losses))
        .map(|(point, (epoch, loss))| Dot::new(at(point, 0), at(point, 1), *loss, *epoch as u64))
        .collect();
    let line = Curve {
        x: dots.iter().map(|dot| dot.x).collect(),
        y: dots.iter().map(|dot| dot.y).collect(),
        band: None,
    };
    let shares: Vec<String> = found.explained.iter().map(|share| format!("{:.1} %", 100.0 * share)).collect();
    let words = format!("share of the variance along the axes: {}", shares.join(", "));
    Ok(vec![picture(&dc::CHECKPOINTS, dots), picture(&dc::TRAJECTORY, line), text(&dc::EXPLAINED, words)])
}
