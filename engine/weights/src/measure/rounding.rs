//! The arithmetic of rounding groups of values to levels, eight values side by side.
//!
//! Contract: values are finite; sums are in double precision in the order of the values, and the same whatever the machine's registers.

use multiversion::multiversion;
use weightscope_math::quantize::{Bits, LevelRange, Sign, lsq, max, statsq};
use weightscope_math::real::Real as _;

use super::quantization::{AT_BOUNDARY, BITS, Scale};

/// Partial sums that run side by side.
const LANES: usize = 8;

/// Sums of one cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) squared_error: f64,
    pub(super) largest_error: f64,
    pub(super) at_zero: f64,
    pub(super) at_boundary: f64,
}

/// Magnitudes of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Magnitudes {
    pub(super) largest: f64,
    pub(super) total: f64,
    pub(super) squares: f64,
}

impl Magnitudes {
    /// The mean magnitude of so many values.
    pub(super) fn mean(self, count: usize) -> f64 {
        self.total / count.max(1) as f64
    }
}

/// Largest magnitude, sum of magnitudes, sum of squares; the sums are not finite if a value is not.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn magnitudes(values: &[f32]) -> Magnitudes {
    let mut largest = [0.0_f32; LANES];
    let (mut total, mut squares) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    let last = padded(rest);
    for chunk in chunks.iter().chain([&last]) {
        for lane in 0..LANES {
            let magnitude = chunk[lane].abs();
            largest[lane] = if magnitude > largest[lane] { magnitude } else { largest[lane] };
            total[lane] += f64::from(magnitude);
            squares[lane] += f64::from(magnitude) * f64::from(magnitude);
        }
    }
    let largest = f64::from(largest.into_iter().fold(0.0, f32::max));
    Magnitudes { largest, total: total.iter().sum(), squares: squares.iter().sum() }
}

/// How one group is rounded: positions of its values on the level axis, and values of levels.
trait Rule: Copy {
    /// Whether level zero stands for the value zero.
    const HAS_ZERO: bool;

    /// Whether a clipped position can lie beyond the outermost levels.
    const REACHES_BEYOND: bool;

    /// The clipped position of a value.
    fn position(self, value: f64) -> f64;

    /// The value of a level.
    fn value(self, level: f64) -> f64;

    /// Lowest and highest level.
    fn ends(self) -> (f64, f64);
}

/// Levels at whole multiples of a step.
#[derive(Clone, Copy)]
struct Uniform {
    step: f64,
    lowest: f64,
    highest: f64,
}

#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
impl Rule for Uniform {
    const HAS_ZERO: bool = true;
    const REACHES_BEYOND: bool = false;

    #[inline(always)]
    fn position(self, value: f64) -> f64 {
        (value / self.step).clip(self.lowest, self.highest)
    }

    #[inline(always)]
    fn value(self, level: f64) -> f64 {
        level * self.step
    }

    #[inline(always)]
    fn ends(self) -> (f64, f64) {
        (self.lowest, self.highest)
    }
}

/// The levels of [`statsq`]. Its half number of levels is a power of two, so that its inverse is exact and a product saves a division.
#[derive(Clone, Copy)]
struct Statistical {
    scale: f64,
    half: f64,
    inverse_half: f64,
}

#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
impl Rule for Statistical {
    const HAS_ZERO: bool = false;
    const REACHES_BEYOND: bool = true;

    #[inline(always)]
    fn position(self, value: f64) -> f64 {
        (value / self.scale).clip(-1.0, statsq::UPPER_CLIP) * self.half - 0.5
    }

    #[inline(always)]
    fn value(self, level: f64) -> f64 {
        self.scale * (level + 0.5) * self.inverse_half
    }

    #[inline(always)]
    fn ends(self) -> (f64, f64) {
        (-self.half, self.half - 1.0)
    }
}

/// Adds what all bit widths do to one group of finite values with this largest and mean magnitude.
pub(super) fn round(values: &[f32], scale: Scale, (largest, mean): (f64, f64), sums: &mut [Sums; 7]) {
    for (bits, sums) in widths().zip(sums) {
        let step = step(scale, bits, largest, mean);
        match scale {
            // A group of zeros stays zero: no error, no boundary.
            Scale::Max if largest <= 0.0 => sums.at_zero += values.len() as f64,
            Scale::Max | Scale::LsqStart => {
                let (lowest, highest) = ends(bits);
                add_uniform(values, Uniform { step, lowest, highest }, sums);
            }
            Scale::StatsQ => {
                let half = f64::from(bits.half_levels());
                add_statistical(values, Statistical { scale: step, half, inverse_half: 1.0 / half }, sums);
            }
        }
    }
}

/// Adds what all bit widths do to many short groups: finite values group after group, and for each group how many of them it has, its
/// largest and its mean magnitude. The figures are those of [`round`] on each; `steps` is room to work in.
pub(super) fn round_groups(
    values: &[f32],
    groups: &[(usize, f64, f64)],
    scale: Scale,
    steps: &mut Vec<f64>,
    sums: &mut [Sums; 7],
) {
    let are_single = groups.len() == values.len() && groups.iter().all(|(count, ..)| *count == 1);
    for (bits, sums) in widths().zip(sums) {
        let of_group = |(_, largest, mean): &(usize, f64, f64)| {
            let step = step(scale, bits, *largest, *mean);
            // A group of zeros has the step 0; with any other its zeros are level 0, without an error.
            if step > 0.0 { step } else { 1.0 }
        };
        steps.clear();
        if are_single {
            steps.extend(groups.iter().map(of_group));
        } else {
            for group in groups {
                steps.extend(std::iter::repeat_n(of_group(group), group.0));
            }
        }
        match scale {
            Scale::Max | Scale::LsqStart => add_uniform_each(values, steps, ends(bits), sums),
            Scale::StatsQ => add_statistical_each(values, steps, f64::from(bits.half_levels()), sums),
        }
    }
}

fn widths() -> impl Iterator<Item = Bits> {
    BITS.into_iter().filter_map(|bits| Bits::new(bits).ok())
}

/// Lowest and highest level.
fn ends(bits: Bits) -> (f64, f64) {
    let LevelRange { lowest, highest } = LevelRange::new(bits, Sign::Signed);
    (f64::from(lowest), f64::from(highest))
}

/// The step of a group with this largest and mean magnitude; for StatsQ its scale.
fn step(scale: Scale, bits: Bits, largest: f64, mean: f64) -> f64 {
    match scale {
        Scale::Max => max::step_of(largest, bits),
        Scale::LsqStart => lsq::floored(2.0 * mean / ends(bits).1.sqrt()),
        Scale::StatsQ => (2.0 * mean).max(statsq::SCALE_FLOOR),
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_uniform(values: &[f32], rule: Uniform, sums: &mut Sums) {
    add(values, rule, sums);
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn add_statistical(values: &[f32], rule: Statistical, sums: &mut Sums) {
    add(values, rule, sums);
}

/// Adds values that each have a step of their own.
#[multiversion(targets("x86_64+avx2+fma"))]
fn add_uniform_each(values: &[f32], steps: &[f64], (lowest, highest): (f64, f64), sums: &mut Sums) {
    add_each(values, steps, |step| Uniform { step, lowest, highest }, sums);
}

/// Adds values that each have a scale of their own.
#[multiversion(targets("x86_64+avx2+fma"))]
fn add_statistical_each(values: &[f32], scales: &[f64], half: f64, sums: &mut Sums) {
    add_each(values, scales, |scale| Statistical { scale, half, inverse_half: 1.0 / half }, sums);
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
fn add<R: Rule>(values: &[f32], rule: R, sums: &mut Sums) {
    let mut lanes = Lanes::default();
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.add(chunk, |_| rule, LANES);
    }
    lanes.add(&padded(rest), |_| rule, rest.len());
    lanes.join::<R>(sums);
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
fn add_each<R: Rule>(values: &[f32], steps: &[f64], rule: impl Fn(f64) -> R, sums: &mut Sums) {
    let mut lanes = Lanes::default();
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (step_chunks, step_rest) = steps.as_chunks::<LANES>();
    for (chunk, steps) in chunks.iter().zip(step_chunks) {
        lanes.add(chunk, |lane| rule(steps[lane]), LANES);
    }
    let mut last = [1.0; LANES];
    last.iter_mut().zip(step_rest).for_each(|(target, step)| *target = *step);
    lanes.add(&padded(rest), |lane| rule(last[lane]), rest.len().min(step_rest.len()));
    lanes.join::<R>(sums);
}

/// Fewer values than lanes, with zeros behind them.
fn padded(rest: &[f32]) -> [f32; LANES] {
    let mut last = [0.0; LANES];
    last.iter_mut().zip(rest).for_each(|(target, value)| *target = *value);
    last
}

/// Partial sums side by side.
#[derive(Clone, Copy, Default)]
struct Lanes {
    squares: [f64; LANES],
    worst: [f64; LANES],
    zeros: [f64; LANES],
    near: [f64; LANES],
}

impl Lanes {
    /// Adds the first `count` values, each by the rule of its lane.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
    #[expect(
        clippy::needless_range_loop,
        reason = "this form becomes wide registers, iterators over lanes did not: 1.3 and 7 ns"
    )]
    fn add<R: Rule>(&mut self, values: &[f32; LANES], rule: impl Fn(usize) -> R, count: usize) {
        for lane in 0..count {
            let rule = rule(lane);
            let (lowest, highest) = rule.ends();
            let value = f64::from(values[lane]);
            let position = rule.position(value);
            let level = position.round_half_even();
            let error = rule.value(level) - value;
            let size = error.abs();
            self.squares[lane] += error * error;
            self.worst[lane] = if size > self.worst[lane] { size } else { self.worst[lane] };
            self.zeros[lane] += if level == 0.0 { 1.0 } else { 0.0 };
            // Between the outermost levels the nearest boundary is half a step from the level; beyond them there is none.
            let beyond = R::REACHES_BEYOND && (position < lowest || position > highest);
            let distance = if beyond { 1.0 } else { 0.5 - (position - level).abs() };
            self.near[lane] += if distance < AT_BOUNDARY { 1.0 } else { 0.0 };
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the instruction set of its caller")]
    fn join<R: Rule>(self, sums: &mut Sums) {
        let Self { squares, worst, zeros, near } = self;
        sums.squared_error += squares.iter().sum::<f64>();
        sums.largest_error = worst.into_iter().fold(sums.largest_error, f64::max);
        sums.at_zero += if R::HAS_ZERO { zeros.iter().sum::<f64>() } else { 0.0 };
        sums.at_boundary += near.iter().sum::<f64>();
    }
}
