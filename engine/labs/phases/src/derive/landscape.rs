//! The training loss around a network along one direction for each seed, and the axes of a plane through it.
//!
//! Random directions are scaled to the network's filters and drawn from the same numbers for every cell, so that cells can be
//! compared side by side.

use super::cell::{OpenCell, OpenSeed};
use super::{channels as dc, path, picture};
use crate::control::{self, PlaneAxes};
use crate::method::curve::positions;
use crate::method::directions::{Scaling, normalize};
use crate::method::hessian::{PowerLimits, largest};
use crate::run::curvature::normal;
use crate::run::training::JUDGED;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve};
use weightscope_frame::run::RunError;
use weightscope_math::stream;
use weightscope_population::lane::{add_scaled, combine, dot, norm, scale};
use weightscope_population::{Curvature, Lane, Machine};

/// Points of a line.
const LINE_POINTS: usize = 51;

/// A direction of random numbers scaled to a network's filters; biases stay.
fn random_direction(cell: &OpenCell, seed: &OpenSeed, which: usize) -> Result<Vec<Lane>, RunError> {
    let mut direction = vec![0.0; seed.flat.len()];
    // The run's seed stays out: directions are the same in all runs of a shape.
    stream(0, &format!("phases/direction/{which}")).fill_normal(&mut direction);
    normalize(&mut direction, &seed.flat, &cell.shape.tensors(), Scaling::Filter, true);
    crate::run::training::pack(&cell.shape, &direction)
}

/// Loss along the first random direction, from −1 to 1, for each seed.
pub(crate) fn line(cell: &OpenCell, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let training = cell.training()?;
    let mut machine = Machine::new(&cell.shape, JUDGED);
    let mut channels = Vec::new();
    for seed in &cell.seeds {
        job.control.check()?;
        let weights = cell.packed(seed)?;
        let direction = random_direction(cell, seed, 0)?;
        let mut point = weights.clone();
        let mut curve = Curve::default();
        for place in positions(LINE_POINTS) {
            let at = 2.0 * place - 1.0;
            combine(&mut point, &[(1.0, &weights), (at as f32, &direction)]);
            curve.x.push(at);
            curve.y.push(machine.judge(&point, training).loss);
        }
        let name = seed.seed.to_string();
        channels.push(picture(&dc::LINE.labelled(&name, &format!("seed {name}")), curve));
    }
    Ok(channels)
}

/// Two directions with the range of each and words about them.
pub(super) struct Axes {
    pub(super) directions: [Vec<Lane>; 2],
    pub(super) ranges: [(f64, f64); 2],
    pub(super) words: String,
    /// Checkpoints of training in the plane.
    pub(super) path: Option<Curve>,
}

/// The axes that the controls choose.
pub(super) fn axes(cell: &OpenCell, first: &OpenSeed, job: &Derive<'_>) -> Result<Axes, RunError> {
    let random = [random_direction(cell, first, 0)?, random_direction(cell, first, 1)?];
    match control::chosen(job, control::AXES) {
        Some(PlaneAxes::Seeds) => towards_seeds(cell, first, random),
        Some(PlaneAxes::Eigenvectors) => eigenvectors(cell, first, random, job),
        Some(PlaneAxes::Trajectory) => along_trajectory(cell, first, random, job),
        _ => Ok(Axes {
            directions: random,
            ranges: [(-1.0, 1.0); 2],
            words: "two random directions scaled to the network's filters".to_owned(),
            path: None,
        }),
    }
}

/// Towards the second seed and, at right angles, the third; random ones where there is none.
fn towards_seeds(cell: &OpenCell, first: &OpenSeed, random: [Vec<Lane>; 2]) -> Result<Axes, RunError> {
    let origin = cell.packed(first)?;
    let [mut along, mut across] = random;
    let mut words = "random directions: the cell has one network".to_owned();
    if let Some(second) = cell.seeds.get(1) {
        along = cell.packed(second)?;
        add_scaled(&mut along, -1.0, &origin);
        "towards the second seed at 1, and a random direction".clone_into(&mut words);
    }
    if let Some(third) = cell.seeds.get(2) {
        across = cell.packed(third)?;
        add_scaled(&mut across, -1.0, &origin);
        "towards the second seed at 1, and at right angles towards the third".clone_into(&mut words);
    }
    let square = dot(&along, &along);
    if square > 0.0 {
        let part = dot(&across, &along) / square;
        add_scaled(&mut across, -part as f32, &along);
    }
    Ok(Axes { directions: [along, across], ranges: [(-0.5, 1.5); 2], words, path: None })
}

/// The two largest eigenvectors of the Hessian, as long as the random directions are.
fn eigenvectors(
    cell: &OpenCell,
    first: &OpenSeed,
    random: [Vec<Lane>; 2],
    job: &Derive<'_>,
) -> Result<Axes, RunError> {
    let mut curvature = Curvature::new(&cell.shape, &cell.packed(first)?, cell.training()?);
    let mut product = |direction: &[Lane], image: &mut [Lane]| -> Result<(), RunError> {
        job.control.check()?;
        curvature.product(direction, image);
        Ok(())
    };
    let numbers = &mut stream(0, "phases/eigenvectors");
    let starts = [normal(&cell.shape, numbers), normal(&cell.shape, numbers)];
    let limits = PowerLimits { iterations: 100, tolerance: 1e-4 };
    let found = largest(&mut product, &starts, limits)?;
    let mut words = "the two largest eigenvectors of the Hessian".to_owned();
    let mut directions = random;
    for (direction, result) in directions.iter_mut().zip(found) {
        let length = norm(direction);
        *direction = result.vector;
        scale(direction, length as f32);
        words = format!("{words}, λ = {:.3}", result.value);
    }
    Ok(Axes { directions, ranges: [(-1.0, 1.0); 2], words, path: None })
}

/// The two directions in which training moved most; the network is trained again to know them.
fn along_trajectory(
    cell: &OpenCell,
    first: &OpenSeed,
    random: [Vec<Lane>; 2],
    job: &Derive<'_>,
) -> Result<Axes, RunError> {
    let Some(found) = path::trajectory_of(cell, first, job)? else {
        return Ok(Axes {
            directions: random,
            ranges: [(-1.0, 1.0); 2],
            words: "random directions: training did not move, or cannot be repeated here".to_owned(),
            path: None,
        });
    };
    let mut path = Curve::default();
    for point in &found.found.coordinates {
        path.x.push(point.first().copied().unwrap_or(0.0));
        path.y.push(point.get(1).copied().unwrap_or(0.0));
    }
    let range = |values: &[f64]| {
        let low = values.iter().copied().fold(0.0, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        let room = 0.15 * (high - low).max(1e-6);
        (low - room, high + room)
    };
    let ranges = [range(&path.x), range(&path.y)];
    let mut directions = random;
    for (direction, component) in directions.iter_mut().zip(&found.found.components) {
        let flat: Vec<f32> = component.iter().map(|value| *value as f32).collect();
        *direction = crate::run::training::pack(&cell.shape, &flat)?;
    }
    let shares: Vec<String> =
        found.found.explained.iter().map(|share| format!("{:.0} %", 100.0 * share)).collect();
    let words =
        format!("the directions in which training moved most ({} of its variance)", shares.join(" and "));
    Ok(Axes { directions, ranges, words, path: Some(path) })
}
