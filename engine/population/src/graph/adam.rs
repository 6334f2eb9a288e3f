//! AdamW over a packed vector from the gradients of several parts of a batch, with a moving average of the values if there is one.
//!
//! Every value is computed by itself, so the work is spread over all workers without touching a bit. Formula and defaults are those of
//! [`weightscope_nn::optimizer::AdamW`]; weight decay acts on all parameters, as `torch.optim.AdamW` does without groups.

use multiversion::multiversion;
use rayon::prelude::*;
use weightscope_nn::optimizer::AdamWSettings;

use crate::lane::{Lane, flat, flat_mut};

/// Lanes that one worker takes at once.
const PIECE: usize = 1024;

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

    /// Moves `values` along `Σ gradients`, then `average` by `towards` of its way to the values. All are as long as the state; an empty
    /// average stays empty.
    pub fn step(
        &mut self,
        values: &mut [Lane],
        gradients: [&[Lane]; 2],
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
        let [one, other] = gradients;
        let moments = self.first.par_chunks_mut(PIECE).zip(self.second.par_chunks_mut(PIECE));
        let slopes = one.par_chunks(PIECE).zip(other.par_chunks(PIECE));
        values.par_chunks_mut(PIECE).zip(slopes).zip(moments).for_each(
            |((values, (one, other)), (first, second))| {
                advance(flat_mut(values), [flat(one), flat(other)], flat_mut(first), flat_mut(second), by);
            },
        );
        average.par_chunks_mut(PIECE).zip(values.par_chunks(PIECE)).for_each(|(average, values)| {
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
