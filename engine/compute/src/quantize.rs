//! Learned step size quantization of activations (Esser et al., arXiv 1902.08153) with learned shifts around it, as one pass each way.
//!
//! Contract: values are those of [`weightscope_math::quantize::lsq`], bit for bit; the way back computes positions again from the input
//! instead of keeping them. Slopes by steps are without the gradient scale, so that parts of a batch can be added before it is applied.

use multiversion::multiversion;
use weightscope_math::quantize::bits::LevelRange;
use weightscope_math::real::Real as _;

use crate::ops::rows::sum;

/// A quantizer of rows.
#[derive(Clone, Copy, Debug)]
pub struct Quantizer<'a> {
    /// Integer levels.
    pub range: LevelRange,
    /// The steps that act, one a group.
    pub steps: &'a [f32],
    /// Added before and after, one value for each entry of a row; both empty for none.
    pub shifts: [&'a [f32]; 2],
    /// Entries of a row.
    pub width: usize,
    /// Neighbours that share a step: 1, where each entry of a row has a step of its own, or a divisor of the width.
    pub run: usize,
    /// Runs of different groups that follow each other before the groups begin again.
    pub period: usize,
}

/// Slopes that a quantizer's way back adds to.
#[derive(Debug)]
pub struct Slopes<'a> {
    /// By steps, one a group, without the gradient scale.
    pub steps: &'a mut [f32],
    /// By what is added before and after; empty for none.
    pub shifts: [&'a mut [f32]; 2],
}

impl Quantizer<'_> {
    /// The quantized rows.
    pub fn forward(self, x: &[f32], out: &mut [f32]) {
        forward(self, x, out);
    }

    /// From the slopes by the result those by the input, in place; the others are added. `scratch` is as long as a row.
    pub fn backward(self, x: &[f32], slopes: &mut [f32], by: Slopes<'_>, scratch: &mut [f32]) {
        backward(self, x, slopes, by, scratch);
    }

    fn ends(self) -> (f32, f32) {
        (self.range.lowest as f32, self.range.highest as f32)
    }
}

/// Level and clipped position.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]
fn level(position: f32, (lowest, highest): (f32, f32)) -> (f32, f32) {
    let clipped = position.clip(lowest, highest);
    (clipped.round_half_even(), clipped)
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn forward(quantizer: Quantizer<'_>, x: &[f32], out: &mut [f32]) {
    let ends = quantizer.ends();
    let Quantizer { steps, shifts: [before, after], width, run, period, .. } = quantizer;
    for (row, (x, out)) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate() {
        if before.is_empty() {
            out.copy_from_slice(x);
        } else {
            out.iter_mut().zip(x).zip(before).for_each(|((out, x), before)| *out = *x + *before);
        }
        if run == 1 {
            out.iter_mut().zip(steps).for_each(|(out, step)| *out = level(*out / *step, ends).0 * *step);
        } else {
            let first = row * (width / run);
            for (place, out) in out.chunks_exact_mut(run).enumerate() {
                let step = steps[(first + place) % period];
                out.iter_mut().for_each(|out| *out = level(*out / step, ends).0 * step);
            }
        }
        out.iter_mut().zip(after).for_each(|(out, after)| *out += *after);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn backward(quantizer: Quantizer<'_>, x: &[f32], slopes: &mut [f32], by: Slopes<'_>, scratch: &mut [f32]) {
    let ends = quantizer.ends();
    let Quantizer { steps, shifts: [before, _], width, run, period, .. } = quantizer;
    let Slopes { steps: by_steps, shifts: [by_before, by_after] } = by;
    let scratch = &mut scratch[..width];
    for (row, (x, slopes)) in x.chunks_exact(width).zip(slopes.chunks_exact_mut(width)).enumerate() {
        by_after.iter_mut().zip(&*slopes).for_each(|(sum, slope)| *sum += *slope);
        if before.is_empty() {
            scratch.copy_from_slice(x);
        } else {
            scratch.iter_mut().zip(x).zip(before).for_each(|((out, x), before)| *out = *x + *before);
        }
        // What stands in the scratch becomes the slope by the step of the same place.
        let one = |value: &mut f32, slope: &mut f32, step: f32| {
            let position = *value / step;
            let (level, clipped) = level(position, ends);
            let pass = if clipped == position { 1.0 } else { 0.0 };
            *value = *slope * (level - pass * clipped);
            *slope *= pass;
        };
        if run == 1 {
            let places = scratch.iter_mut().zip(slopes.iter_mut()).zip(steps);
            places.for_each(|((value, slope), step)| one(value, slope, *step));
            by_steps.iter_mut().zip(&*scratch).for_each(|(sum, slope)| *sum += *slope);
        } else {
            let first = row * (width / run);
            let runs = scratch.chunks_exact_mut(run).zip(slopes.chunks_exact_mut(run));
            for (place, (values, slopes)) in runs.enumerate() {
                let group = (first + place) % period;
                let step = steps[group];
                values.iter_mut().zip(slopes).for_each(|(value, slope)| one(value, slope, step));
                by_steps[group] += sum(values);
            }
        }
        by_before.iter_mut().zip(&*slopes).for_each(|(sum, slope)| *sum += *slope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::quantize::bits::{Bits, Sign};
    use weightscope_math::quantize::groups::Groups;
    use weightscope_math::quantize::lsq::{gradient_scale, quantize};
    use weightscope_math::stream;

    /// Values and slopes against the plain functions, whatever the groups.
    #[test]
    fn agrees_with_the_plain_quantizer() {
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        // Rows of 6: a step for each of 4 rows, for each entry, for each half of 4 rows.
        for (run, period, groups) in [
            (6, 4, Groups { outer: 3, count: 4, inner: 6 }),
            (1, 6, Groups { outer: 12, count: 6, inner: 1 }),
            (3, 8, Groups { outer: 3, count: 8, inner: 3 }),
            (6, 1, Groups { outer: 1, count: 1, inner: 72 }),
        ] {
            let mut random = stream(3, "quantizer");
            let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
            let (x, slopes, before, after) = (draw(72), draw(72), draw(6), draw(6));
            let steps: Vec<f32> = draw(groups.count).iter().map(|step| step.abs() * 0.5 + 0.2).collect();
            let shifted: Vec<f32> = x.iter().enumerate().map(|(place, x)| x + before[place % 6]).collect();
            let plain = quantize(&shifted, &steps, groups, range);
            let quantizer =
                Quantizer { range, steps: &steps, shifts: [&before, &after], width: 6, run, period };
            let mut out = vec![0.0; 72];
            quantizer.forward(&x, &mut out);
            for (place, (out, plain)) in out.iter().zip(&plain.value).enumerate() {
                assert_eq!(*out, plain + after[place % 6]);
            }
            let (by_x, by_step) = plain.gradients(&slopes, groups);
            let mut found = slopes.clone();
            let (mut steps_found, mut before_found, mut after_found) =
                (vec![0.0; groups.count], vec![0.0; 6], vec![0.0; 6]);
            let by = Slopes { steps: &mut steps_found, shifts: [&mut before_found, &mut after_found] };
            quantizer.backward(&x, &mut found, by, &mut [0.0; 6]);
            assert_eq!(found, by_x);
            let scale = gradient_scale(range, groups) as f32;
            for (found, plain) in steps_found.iter().zip(&by_step) {
                assert!((found * scale - plain).abs() < 1e-5, "{found} {plain}");
            }
            for place in 0..6 {
                let column = |values: &[f32]| values.iter().skip(place).step_by(6).sum::<f32>();
                assert!((before_found[place] - column(&by_x)).abs() < 1e-5);
                assert!((after_found[place] - column(&slopes)).abs() < 1e-5);
            }
        }
    }
}
