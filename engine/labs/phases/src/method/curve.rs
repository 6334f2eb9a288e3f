//! A Bézier curve of low loss between two networks (Garipov et al., arXiv 1802.10026): W(t) = (1−t)²A + 2t(1−t)M + t²B, the bend M
//! trained at random t, the ends fixed.

use super::connectivity::{bezier, curve_rates};
use weightscope_math::Stream;
use weightscope_population::lane::{add_scaled, combine, dot, norm, scale};
use weightscope_population::{Judgement, Lane, Machine, Samples};

/// How the bend is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveProtocol {
    /// Passes over the training rows.
    pub epochs: usize,
    /// Rows in a step.
    pub batch: usize,
    /// Learning rate before its course.
    pub learning_rate: f64,
    /// Momentum of the bend's descent.
    pub momentum: f32,
    /// Decay of W(t), as part of the loss.
    pub weight_decay: f32,
    /// Whether the factors of the course compound, as in the zoo's code.
    pub compounded: bool,
}

/// Two ends and a bend, packed.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Network at t = 0.
    pub first: Vec<Lane>,
    /// Control point between them.
    pub bend: Vec<Lane>,
    /// Network at t = 1.
    pub last: Vec<Lane>,
}

impl Curve {
    /// A straight curve: the bend in the middle.
    pub fn straight(first: &[Lane], last: &[Lane]) -> Self {
        let mut bend = first.to_vec();
        combine(&mut bend, &[(0.5, first), (0.5, last)]);
        Self { first: first.to_vec(), bend, last: last.to_vec() }
    }

    /// The network at `t`.
    pub fn point(&self, t: f64, into: &mut [Lane]) {
        let weights = bezier(3, t);
        combine(
            into,
            &[
                (weights[0] as f32, &self.first),
                (weights[1] as f32, &self.bend),
                (weights[2] as f32, &self.last),
            ],
        );
    }

    /// Gradient with respect to the bend of the batch's loss at `t` plus half the decay times ‖W(t)‖²; `point` is scratch.
    pub fn bend_gradient(
        &self,
        machine: &mut Machine,
        samples: &Samples,
        rows: &[u32],
        t: f64,
        weight_decay: f32,
        point: &mut [Lane],
        gradient: &mut [Lane],
    ) {
        self.point(t, point);
        machine.gradient(point, samples, rows, gradient);
        add_scaled(gradient, weight_decay, point);
        scale(gradient, (2.0 * t * (1.0 - t)) as f32);
    }

    /// Trains the bend. `check` is called after each epoch and may end the work.
    pub fn train<E>(
        &mut self,
        machine: &mut Machine,
        samples: &Samples,
        protocol: &CurveProtocol,
        random: &mut Stream,
        mut check: impl FnMut() -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = samples.rows();
        let batch = protocol.batch.clamp(1, rows.max(1));
        let mut order: Vec<u32> = (0..rows as u32).collect();
        let [mut point, mut gradient, mut velocity] =
            std::array::from_fn(|_| vec![Lane::ZERO; self.bend.len()]);
        for rate in curve_rates(protocol.learning_rate, protocol.epochs, protocol.compounded) {
            random.shuffle(&mut order);
            for rows in order.chunks_exact(batch) {
                let t = random.unit_f64();
                self.bend_gradient(
                    machine,
                    samples,
                    rows,
                    t,
                    protocol.weight_decay,
                    &mut point,
                    &mut gradient,
                );
                scale(&mut velocity, protocol.momentum);
                add_scaled(&mut velocity, 1.0, &gradient);
                add_scaled(&mut self.bend, -rate as f32, &velocity);
            }
            check()?;
        }
        Ok(())
    }

    /// Judges the curve at `points` evenly spaced places.
    pub fn profile(&self, machine: &mut Machine, samples: &Samples, points: usize) -> Vec<Judgement> {
        let mut point = vec![Lane::ZERO; self.bend.len()];
        positions(points)
            .into_iter()
            .map(|t| {
                self.point(t, &mut point);
                machine.judge(&point, samples)
            })
            .collect()
    }

    /// Lengths of the pieces between these places; the first is 0.
    pub fn arc(&self, positions: &[f64]) -> Vec<f64> {
        let mut before = self.first.clone();
        let mut present = self.first.clone();
        let mut lengths = Vec::with_capacity(positions.len());
        for (index, t) in positions.iter().enumerate() {
            self.point(*t, &mut present);
            if index == 0 {
                lengths.push(0.0);
            } else {
                add_scaled(&mut before, -1.0, &present);
                lengths.push(norm(&before));
            }
            before.copy_from_slice(&present);
        }
        lengths
    }
}

/// `points` places from 0 to 1, evenly spaced.
pub fn positions(points: usize) -> Vec<f64> {
    (0..points).map(|index| if points < 2 { 0.0 } else { index as f64 / (points - 1) as f64 }).collect()
}

/// Judges the straight line between two networks at `points` evenly spaced places.
pub fn line_profile(
    machine: &mut Machine,
    first: &[Lane],
    last: &[Lane],
    samples: &Samples,
    points: usize,
) -> Vec<Judgement> {
    let mut point = first.to_vec();
    positions(points)
        .into_iter()
        .map(|t| {
            combine(&mut point, &[(1.0 - t as f32, first), (t as f32, last)]);
            machine.judge(&point, samples)
        })
        .collect()
}

/// The plane through the ends and the bend: two directions of length one at right angles, the first from end to end.
#[derive(Clone, Debug)]
pub struct Plane {
    /// From the first end to the last.
    pub along: Vec<Lane>,
    /// Towards the bend, at right angles to it.
    pub across: Vec<Lane>,
    /// Distance of the ends.
    pub width: f64,
    /// Distance of the bend from the line between them.
    pub height: f64,
}

impl Plane {
    /// The plane of a curve; `None` if its ends are the same.
    pub fn of(curve: &Curve) -> Option<Self> {
        let mut along = curve.last.clone();
        add_scaled(&mut along, -1.0, &curve.first);
        let width = norm(&along);
        if width == 0.0 {
            return None;
        }
        scale(&mut along, (1.0 / width) as f32);
        let mut across = curve.bend.clone();
        add_scaled(&mut across, -1.0, &curve.first);
        let part = dot(&across, &along);
        add_scaled(&mut across, -part as f32, &along);
        let height = norm(&across);
        if height > 0.0 {
            scale(&mut across, (1.0 / height) as f32);
        }
        Some(Self { along, across, width, height })
    }

    /// Coordinates of a network in the plane, from the first end.
    pub fn coordinates(&self, curve: &Curve, point: &[Lane]) -> [f64; 2] {
        let mut step = point.to_vec();
        add_scaled(&mut step, -1.0, &curve.first);
        [dot(&step, &self.along), dot(&step, &self.across)]
    }
}
