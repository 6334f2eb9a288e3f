//! AdamW over a packed vector from the slopes of several parts of a batch, with a moving average of the values if there is one.
//!
//! The gradient of a piece is multiplied out where the piece is moved, so that it never goes to memory. Every value is computed by itself, so
//! the work is spread over all workers without touching a bit. Formula and defaults are those of [`weightscope_nn::optimizer::AdamW`];
//! weight decay acts on all parameters, as `torch.optim.AdamW` does without groups.

use multiversion::multiversion;
use rayon::prelude::*;
use weightscope_nn::optimizer::AdamWSettings;

use super::plan::{Piece, Plan};
use super::slopes::{Slopes, cut};
use crate::lane::{Lane, flat, flat_mut};

/// Moments of the gradient, and the number of steps taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// First moment.
    pub first: Vec<Lane>,
    /// Second moment.
    pub second: Vec<Lane>,
    /// Steps taken.
    pub steps: u64,
}

/// The factors of one step.
#[derive(Clone, Copy)]
struct Factors {
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    epsilon: f32,
    keep: f32,
    stride: f32,
    inverse_root: f32,
    /// Share of the way that the average moves.
    towards: f32,
}

impl State {
    /// A fresh state for a packed vector of so many lanes.
    pub fn new(lanes: usize) -> Self {
        Self { first: vec![Lane::ZERO; lanes], second: vec![Lane::ZERO; lanes], steps: 0 }
    }

    /// Moves `values` along the sum of the slopes of two parts of a batch, then `average` by `towards` of its way to the values. All are as
    /// long as the plan; an empty average stays empty.
    pub fn step(
        &mut self,
        values: &mut [Lane],
        (plan, slopes): (&Plan, [&Slopes; 2]),
        settings: &AdamWSettings,
        learning_rate: f64,
        average: &mut [Lane],
        towards: f64,
    ) {
        self.steps += 1;
        let exponent = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let by = Factors {
            beta1: settings.beta1 as f32,
            rest1: (1.0 - settings.beta1) as f32,
            beta2: settings.beta2 as f32,
            rest2: (1.0 - settings.beta2) as f32,
            epsilon: settings.epsilon as f32,
            keep: (1.0 - learning_rate * settings.weight_decay) as f32,
            stride: (learning_rate / (1.0 - settings.beta1.powi(exponent))) as f32,
            inverse_root: (1.0 / (1.0 - settings.beta2.powi(exponent)).sqrt()) as f32,
            towards: towards as f32,
        };
        let pieces = plan.pieces();
        let ranges: Vec<_> = pieces.iter().map(|piece| piece.lanes.clone()).collect();
        let lists: [&mut [Lane]; 4] = [values, &mut self.first, &mut self.second, average];
        let [values, first, second, average] = lists.map(|lanes| cut(lanes, &ranges));
        let work = pieces.par_iter().zip(values).zip(first.into_par_iter().zip(second)).zip(average);
        let room = || [Vec::new(), Vec::new()];
        work.for_each_init(room, |room, (((Piece { lanes, source }, values), (first, second)), average)| {
            for (gradient, slopes) in room.iter_mut().zip(slopes) {
                gradient.resize(lanes.len(), Lane::ZERO);
                slopes.put_piece(plan, *source, gradient);
            }
            let [one, other] = room;
            advance(flat_mut(values), [flat(one), flat(other)], flat_mut(first), flat_mut(second), by);
            follow(flat_mut(average), flat(values), by.towards);
        });
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn advance(values: &mut [f32], gradients: [&[f32]; 2], first: &mut [f32], second: &mut [f32], by: Factors) {
    let slopes = gradients[0].iter().zip(gradients[1]);
    for ((value, (one, other)), (first, second)) in
        values.iter_mut().zip(slopes).zip(first.iter_mut().zip(second.iter_mut()))
    {
        let slope = one + other;
        *first = by.beta1 * *first + by.rest1 * slope;
        *second = by.beta2 * *second + by.rest2 * slope * slope;
        let denominator = second.sqrt() * by.inverse_root + by.epsilon;
        *value = by.keep * *value - by.stride * (*first / denominator);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn follow(average: &mut [f32], values: &[f32], towards: f32) {
    for (average, value) in average.iter_mut().zip(values) {
        *average += towards * (value - *average);
    }
}
