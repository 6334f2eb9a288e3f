//! Learned step size quantization (Esser et al., arXiv 1902.08153) on host slices, with the sharing rules of OFQ's baseline.
//!
//! Forward: `v = x/s`, `k = rint(clip(v, Qn, Qp))`, `y = k·s`.
//! Gradients for upstream `g`: `dx = g` where `Qn <= v <= Qp`, else 0;
//! `ds = c·(Σ g·(k - v)` in range `+ Σ g·Qn` below `+ Σ g·Qp` above`)` with `c = 1/√(Qp·N)`, N elements sharing the step.
//! Contract: slices are row-major and as long as their [`Groups`] say; steps below [`STEP_FLOOR`] act as the floor and still receive their gradient.

use super::bits::{LevelRange, Sign};
use super::groups::Groups;
use crate::real::Real;

/// Smallest step used in the forward pass.
pub const STEP_FLOOR: f64 = 1e-5;

/// Levels that are fixed from outside, as iterative freezing does.
#[derive(Clone, Copy, Debug)]
pub struct Pins<'a> {
    /// Which elements are fixed.
    pub frozen: &'a [bool],
    /// The level of each fixed element; the others are ignored.
    pub levels: &'a [i8],
}

/// Quantized values and the local derivatives of the quantizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized<R> {
    /// Quantized value, `level · step`.
    pub value: Vec<R>,
    /// Derivative by the input: 1 in range, 0 outside and where pinned.
    pub pass: Vec<R>,
    /// Derivative by the step, gradient scale included.
    pub step_slope: Vec<R>,
}

/// The gradient scale `c = 1/√(Qp·N)`.
pub fn gradient_scale(range: LevelRange, groups: Groups) -> f64 {
    1.0 / (f64::from(range.highest) * groups.members() as f64).sqrt()
}

/// The initial step `2·mean|x|/√Qp`, with 4 in place of 2 for all-positive quantizers, one per group.
pub fn initial_step<R: Real>(input: &[R], groups: Groups, range: LevelRange, sign: Sign) -> Vec<R> {
    let factor = match sign {
        Sign::Signed => 2.0,
        Sign::AllPositive => 4.0,
    };
    let scale = factor / (groups.members().max(1) as f64 * f64::from(range.highest).sqrt());
    let sums = groups.sums(|index| input[index].abs().to_f64());
    sums.into_iter().map(|sum| R::from_f64(sum * scale)).collect()
}

/// The step as the forward pass uses it.
pub fn floored<R: Real>(step: R) -> R {
    let floor = R::from_f64(STEP_FLOOR);
    if step < floor { floor } else { step }
}

/// Quantizes with local derivatives.
pub fn quantize<R: Real>(input: &[R], steps: &[R], groups: Groups, range: LevelRange) -> Quantized<R> {
    let blank = vec![R::ZERO; input.len()];
    let mut output = Quantized { value: blank.clone(), pass: blank.clone(), step_slope: blank };
    let element = Element::new(groups, range);
    // Rows of single elements would cost a loop each, so the group axis itself becomes the run.
    let run = if groups.inner == 1 { groups.count } else { groups.inner }.max(1);
    let outputs =
        output.value.chunks_mut(run).zip(output.pass.chunks_mut(run)).zip(output.step_slope.chunks_mut(run));
    let runs = input.chunks(run).zip(outputs);
    if groups.inner == 1 {
        let steps: Vec<R> = steps.iter().map(|step| floored(*step)).collect();
        for (input, ((value, pass), slope)) in runs {
            let outputs = value.iter_mut().zip(pass).zip(slope);
            for ((input, step), ((value, pass), slope)) in input.iter().zip(&steps).zip(outputs) {
                (*value, *pass, *slope) = element.local(*input, *step);
            }
        }
    } else {
        for ((input, ((value, pass), slope)), step) in runs.zip(steps.iter().cycle()) {
            let step = floored(*step);
            for (input, ((value, pass), slope)) in input.iter().zip(value.iter_mut().zip(pass).zip(slope)) {
                (*value, *pass, *slope) = element.local(*input, step);
            }
        }
    }
    output
}

/// What one element of a quantizer needs besides its input and step.
struct Element<R> {
    lowest: R,
    highest: R,
    scale: R,
}

impl<R: Real> Element<R> {
    fn new(groups: Groups, range: LevelRange) -> Self {
        let (lowest, highest) = ends(range);
        Self { lowest, highest, scale: R::from_f64(gradient_scale(range, groups)) }
    }

    /// Value, derivative by the input, derivative by the step.
    #[inline]
    fn local(&self, input: R, step: R) -> (R, R, R) {
        let position = input / step;
        let clipped = position.clip(self.lowest, self.highest);
        let level = clipped.round_half_even();
        let pass = if clipped == position { R::from_f64(1.0) } else { R::ZERO };
        // Outside the range the level is Qn or Qp itself, so one expression covers the three cases.
        (level * step, pass, self.scale * (level - pass * clipped))
    }
}

/// Integer levels, bit for bit those that [`quantize`] uses.
pub fn levels<R: Real>(input: &[R], steps: &[R], groups: Groups, range: LevelRange) -> Vec<R> {
    let mut levels = vec![R::ZERO; input.len()];
    for (group, run) in groups.runs() {
        for index in run {
            levels[index] = level_of(input[index], steps[group], range);
        }
    }
    levels
}

impl<R: Real> Quantized<R> {
    /// Replaces pinned elements by constants: value of the pin, no gradient to the input, the pinned level itself for the step.
    pub fn pin(&mut self, pins: Pins<'_>, steps: &[R], groups: Groups, range: LevelRange) {
        let scale = R::from_f64(gradient_scale(range, groups));
        for (group, run) in groups.runs() {
            let step = floored(steps[group]);
            for index in run.filter(|index| pins.frozen[*index]) {
                let level = R::from_f64(f64::from(pins.levels[index]));
                self.value[index] = level * step;
                self.pass[index] = R::ZERO;
                self.step_slope[index] = scale * level;
            }
        }
    }

    /// Gradients of the input and of the steps for an upstream gradient.
    pub fn gradients(&self, upstream: &[R], groups: Groups) -> (Vec<R>, Vec<R>) {
        let input = upstream.iter().zip(&self.pass).map(|(slope, pass)| *slope * *pass).collect();
        let steps = groups.sums(|index| (upstream[index] * self.step_slope[index]).to_f64());
        (input, steps.into_iter().map(R::from_f64).collect())
    }
}

/// The level of one element for a given step, bit for bit as [`quantize`] computes it.
#[inline]
pub fn level_of<R: Real>(input: R, step: R, range: LevelRange) -> R {
    let (lowest, highest) = ends(range);
    (input / floored(step)).clip(lowest, highest).round_half_even()
}

/// Positions on the level axis, `v = x/s`, not clipped.
pub fn positions<R: Real>(input: &[R], steps: &[R], groups: Groups) -> Vec<R> {
    let mut positions = vec![R::ZERO; input.len()];
    for (group, run) in groups.runs() {
        let step = floored(steps[group]);
        for index in run {
            positions[index] = input[index] / step;
        }
    }
    positions
}

fn ends<R: Real>(range: LevelRange) -> (R, R) {
    (R::from_f64(f64::from(range.lowest)), R::from_f64(f64::from(range.highest)))
}

#[cfg(test)]
mod tests {
    use super::super::bits::Bits;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn levels_are_legal_and_the_gradient_stops_at_the_range(
            input in prop::collection::vec(-3.0_f32..3.0, 12),
            steps in prop::collection::vec(-0.1_f32..0.8, 3),
            bits in 2_u8..=8,
            positive in any::<bool>(),
        ) {
            let sign = if positive { Sign::AllPositive } else { Sign::Signed };
            let range = LevelRange::new(Bits::new(bits).unwrap(), sign);
            let groups = Groups::rows(3, 4);
            let output = quantize(&input, &steps, groups, range);
            let (gradient, _) = output.gradients(&[1.0; 12], groups);
            let positions = positions(&input, &steps, groups);
            let levels = levels(&input, &steps, groups, range);
            for index in 0..12 {
                let level = levels[index];
                prop_assert!(level >= range.lowest as f32 && level <= range.highest as f32);
                prop_assert_eq!(level, level.trunc());
                prop_assert_eq!(output.value[index], level * floored(steps[index / 4]));
                let inside = positions[index] >= range.lowest as f32 && positions[index] <= range.highest as f32;
                prop_assert_eq!(gradient[index], if inside { 1.0 } else { 0.0 });
            }
        }
    }

    #[test]
    fn step_slope_is_the_derivative_of_the_straight_through_forward() {
        // With rint replaced by v + const, y = s*(v + r) and dy/ds = r = k - v; outside y = Q*s and dy/ds = Q.
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        let groups = Groups::whole(3);
        let output = quantize(&[0.3_f64, 5.0, -5.0], &[0.5], groups, range);
        let scale = gradient_scale(range, groups);
        assert!((output.step_slope[0] - scale * (1.0 - 0.6)).abs() < 1e-15);
        assert_eq!(output.step_slope[1], scale);
        assert_eq!(output.step_slope[2], -2.0 * scale);
    }

    #[test]
    fn pinned_elements_are_constants_that_still_teach_the_step() {
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        let groups = Groups::whole(2);
        let mut output = quantize(&[0.3_f32, 0.3], &[0.5], groups, range);
        output.pin(Pins { frozen: &[true, false], levels: &[-2, 0] }, &[0.5], groups, range);
        assert_eq!(output.value, [-1.0, 0.5]);
        assert_eq!(output.pass, [0.0, 1.0]);
        assert_eq!(output.step_slope[0], -2.0 * gradient_scale(range, groups) as f32);
    }
}
