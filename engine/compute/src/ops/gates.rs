//! Elementwise functions with their slopes.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use crate::number::Number;

/// Limits of the exponent of [`Gate::Decay`].
pub const DECAY: (f64, f64) = (-8.0, -0.7);

/// An elementwise function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// `max(x, 0)`.
    Relu,
    /// `max(x, 0)²`.
    SquaredRelu,
    /// Hyperbolic tangent.
    Tanh,
    /// `x·sigmoid(x)`.
    Silu,
    /// `1/(1 + e⁻ˣ)`.
    Sigmoid,
    /// `x·Φ(x)`.
    Gelu,
    /// `exp(−exp(clip(x, −8, −0.7)))`: the decay of a time mix from its exponent.
    Decay,
}

/// `1/(1 + e⁻ˣ)` by an exponential of what is at most 0.
#[inline(always)]
pub fn sigmoid<T: Number>(x: T) -> T {
    let falling = (-x.abs()).exp_nonpositive();
    let share = T::ONE / (T::ONE + falling);
    if x < T::ZERO { falling * share } else { share }
}

/// Value and slope at x.
#[inline(always)]
fn at<T: Number>(gate: Gate, x: T) -> (T, T) {
    let (zero, one) = (T::ZERO, T::ONE);
    match gate {
        Gate::Relu => {
            if x > zero {
                (x, one)
            } else {
                (zero * x, zero)
            }
        }
        Gate::SquaredRelu => {
            let positive = if x > zero { x } else { zero * x };
            (positive * positive, positive + positive)
        }
        Gate::Tanh => {
            let falling = (-(x.abs() + x.abs())).exp_nonpositive();
            let value = (one - falling) / (one + falling);
            (if x < zero { -value } else { value }, one - value * value)
        }
        Gate::Silu => {
            let share = sigmoid(x);
            (x * share, share * (one + x * (one - share)))
        }
        Gate::Sigmoid => {
            let share = sigmoid(x);
            (share, share * (one - share))
        }
        Gate::Gelu => x.gelu_and_slope(),
        Gate::Decay => {
            let (low, high) = DECAY;
            let (low, high) = (T::from_f64(low), T::from_f64(high));
            let speed = x.clip(low, high).exp_nonpositive();
            let value = (-speed).exp_nonpositive();
            let inside = x >= low && x <= high;
            (value, if inside { -(value * speed) } else { zero })
        }
    }
}

/// The function of every entry.
#[inline(always)]
pub fn apply<T: Number, const FUSED: bool>(gate: Gate, x: &[T], out: &mut [T]) {
    macro_rules! each {
        ($($gate:ident)+) => {
            match gate {
                $(Gate::$gate => x.iter().zip(out).for_each(|(x, out)| *out = at(Gate::$gate, *x).0),)+
            }
        };
    }
    each!(Relu SquaredRelu Tanh Silu Sigmoid Gelu Decay);
}

/// Slopes by x from those by the function.
#[inline(always)]
pub fn apply_back<T: Number, const FUSED: bool>(gate: Gate, x: &[T], slopes: &mut [T]) {
    macro_rules! each {
        ($($gate:ident)+) => {
            match gate {
                $(Gate::$gate => {
                    x.iter().zip(slopes).for_each(|(x, slope)| *slope = *slope * at(Gate::$gate, *x).1);
                })+
            }
        };
    }
    each!(Relu SquaredRelu Tanh Silu Sigmoid Gelu Decay);
}

/// `silu(gate)·up`.
#[inline(always)]
pub fn swiglu<T: Number, const FUSED: bool>(gate: &[T], up: &[T], out: &mut [T]) {
    for ((gate, up), out) in gate.iter().zip(up).zip(out) {
        *out = at(Gate::Silu, *gate).0 * *up;
    }
}

/// Gate and up become the slopes by them, from those by the result.
#[inline(always)]
pub fn swiglu_back<T: Number, const FUSED: bool>(gate: &mut [T], up: &mut [T], slopes: &[T]) {
    for ((gate, up), slope) in gate.iter_mut().zip(up).zip(slopes) {
        let (value, own) = at(Gate::Silu, *gate);
        (*gate, *up) = (*slope * own * *up, *slope * value);
    }
}
