//! The training loss over a plane through a cell's first network, coarse at first: 5 × 5, then 11 × 11, then as fine as asked for.
//!
//! Points that a coarser grid has reached are not computed again, so the coarse pictures cost a tenth of the whole.

use std::collections::BTreeMap;

use super::cell::OpenCell;
use super::landscape::{Axes, axes};
use super::{channels as dc, picture, text};
use crate::control::{self, Resolution};
use crate::method::curve::positions;
use crate::method::directions::cosine;
use crate::run::training::JUDGED;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve, Grid};
use weightscope_frame::run::RunError;
use weightscope_population::lane::combine;
use weightscope_population::{Lane, Machine, Samples};

/// Points along an axis of the coarse pictures.
const COARSE: [usize; 2] = [5, 11];

/// Loss over a plane around the first network.
pub(crate) fn plane(cell: &OpenCell, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(first) = cell.seeds.first() else { return Ok(Vec::new()) };
    let axes = axes(cell, first, job)?;
    let points = control::chosen(job, control::RESOLUTION).map_or(31, Resolution::points);
    let weights = cell.packed(first)?;
    let mut surface = Surface {
        machine: Machine::new(&cell.shape, JUDGED),
        training: cell.training()?,
        point: weights.clone(),
        weights,
        axes,
        known: BTreeMap::new(),
    };
    if let Some(publish) = job.partial {
        for coarse in COARSE.into_iter().filter(|coarse| *coarse < points) {
            publish(surface.channels(coarse, job)?);
        }
    }
    surface.channels(points, job)
}

/// The plane with the losses that are known.
struct Surface<'a> {
    machine: Machine,
    training: &'a Samples,
    weights: Vec<Lane>,
    /// Room for a network on the plane.
    point: Vec<Lane>,
    axes: Axes,
    /// Losses by the bits of the shares of both ranges; equal shares of different grids have equal bits.
    known: BTreeMap<(u64, u64), f32>,
}

impl Surface<'_> {
    fn channels(&mut self, points: usize, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        let shares = positions(points);
        let mut values = Vec::with_capacity(points * points);
        for y in &shares {
            job.control.check()?;
            for x in &shares {
                values.push(self.loss(*x, *y));
            }
        }
        let names = |range| shares.iter().map(|share| format!("{:.2}", at(range, *share))).collect();
        let [across, up] = self.axes.ranges;
        let grid = Grid { rows: names(up), columns: names(across), values, ..Grid::default() };
        let angle = cosine(&self.axes.directions[0], &self.axes.directions[1]).unwrap_or(0.0);
        let words = format!("{}; cosine of the two directions {angle:.3}", self.axes.words);
        let mut channels = vec![picture(&dc::PLANE, grid), text(&dc::PLANE_AXES, words)];
        channels.extend(self.axes.path.as_ref().map(|path| placed(path, self.axes.ranges, points)));
        Ok(channels)
    }

    fn loss(&mut self, x: f64, y: f64) -> f32 {
        let key = (x.to_bits(), y.to_bits());
        if let Some(loss) = self.known.get(&key) {
            return *loss;
        }
        let [across, up] = self.axes.ranges;
        let [first, second] = &self.axes.directions;
        combine(
            &mut self.point,
            &[(1.0, &self.weights), (at(across, x) as f32, first), (at(up, y) as f32, second)],
        );
        let loss = self.machine.judge(&self.point, self.training).loss as f32;
        self.known.insert(key, loss);
        loss
    }
}

fn at((low, high): (f64, f64), share: f64) -> f64 {
    low + share * (high - low)
}

/// A path in coordinates of the plane at the places of the picture's cells.
fn placed(path: &Curve, [across, up]: [(f64, f64); 2], points: usize) -> Channel {
    let place = |value: f64, (low, high): (f64, f64)| {
        (value - low) / (high - low) * (points.saturating_sub(1)) as f64 + 0.5
    };
    let x = path.x.iter().map(|x| place(*x, across)).collect();
    let y = path.y.iter().map(|y| place(*y, up)).collect();
    let curve = Curve { x, y, band: None };
    picture(&dc::PLANE_PATH, curve)
}
