//! Oscillation-aware bin regularisation of Quantization Variation (arXiv 2307.00331; `util_loss.py`).
//!
//! `mean((sg(w_q) - w_c)²) + Σ over levels Var(w_c in that level)` with the clipped latent weights `w_c = clip(w, s·Qn, s·Qp)`,
//! the unbiased variance, and levels of fewer than two weights skipped.
//! Contract: a level gathers its weights over the whole tensor; slices are row-major, one step per group.
//! The published code leaves the bins constant, hence the gradient: `-2·(w_q - w)/N + 2·(w - mean)/(n - 1)` in range, 0 outside.

use burn::tensor::Tensor;

use weightscope_nn::gradient::scalar_with_gradient;
use weightscope_nn::parameters::read;

use super::bits::LevelRange;
use super::groups::Groups;
use super::lsq;
use weightscope_math::real::Real;

/// Running count, sum and sum of squares around the mean of one level.
#[derive(Clone, Copy, Default)]
struct Bin {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Bin {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// Unbiased variance, 0 for fewer than two weights.
    fn variance(self) -> f64 {
        if self.count < 2.0 { 0.0 } else { self.squares / (self.count - 1.0) }
    }

    /// Derivative of the variance by one of its weights.
    fn slope(self, value: f64) -> f64 {
        if self.count < 2.0 { 0.0 } else { 2.0 * (value - self.mean) / (self.count - 1.0) }
    }
}

/// The loss and its gradient by the weights.
pub fn loss<R: Real>(weights: &[R], steps: &[R], groups: Groups, range: LevelRange) -> (f64, Vec<R>) {
    let levels = lsq::levels(weights, steps, groups, range);
    let bin_of = |level: R| (level.to_f64() - f64::from(range.lowest)) as usize;
    let mut bins = vec![Bin::default(); (range.highest - range.lowest + 1).unsigned_abs() as usize];
    let mut clipped = vec![R::ZERO; weights.len()];
    let mut distance = 0.0;
    for (group, run) in groups.runs() {
        let step = lsq::floored(steps[group]);
        let low = step * R::from_f64(f64::from(range.lowest));
        let high = step * R::from_f64(f64::from(range.highest));
        for index in run {
            clipped[index] = weights[index].clip(low, high);
            let gap = (levels[index] * step - clipped[index]).to_f64();
            distance += gap * gap;
            bins[bin_of(levels[index])].add(clipped[index].to_f64());
        }
    }
    let count = weights.len().max(1) as f64;
    let mut gradient = vec![R::ZERO; weights.len()];
    for (group, run) in groups.runs() {
        let step = lsq::floored(steps[group]);
        for index in run.filter(|index| clipped[*index] == weights[*index]) {
            let weight = weights[index].to_f64();
            let gap = (levels[index] * step).to_f64() - weight;
            gradient[index] = R::from_f64(-2.0 * gap / count + bins[bin_of(levels[index])].slope(weight));
        }
    }
    (distance / count + bins.iter().map(|bin| bin.variance()).sum::<f64>(), gradient)
}

/// The loss as a tensor of one element, differentiable by the weights `[rows, columns]`.
pub fn tensor_loss(weight: Tensor<2>, steps: Tensor<1>, range: LevelRange) -> Tensor<1> {
    let [rows, columns] = weight.dims();
    let (value, gradient) = loss(&read(weight.clone()), &read(steps), Groups::rows(rows, columns), range);
    scalar_with_gradient(weight, value as f32, gradient)
}

#[cfg(test)]
mod tests {
    use super::super::bits::{Bits, Sign};
    use super::*;

    #[test]
    fn gradient_agrees_with_finite_differences_of_the_loss_with_frozen_levels() {
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        let groups = Groups::rows(2, 5);
        let steps = [0.4, 0.6];
        let mut weights = vec![0.1, 0.13, -0.3, 0.35, -2.0, 0.2, 0.5, -0.7, -0.55, 3.0];
        let (_, gradient) = loss(&weights, &steps, groups, range);
        for index in 0..10 {
            let start: f64 = weights[index];
            let mut at = |value| {
                weights[index] = value;
                loss(&weights, &steps, groups, range).0
            };
            let slope = (at(start + 1e-6) - at(start - 1e-6)) / 2e-6;
            at(start);
            assert!((slope - gradient[index]).abs() < 1e-8, "{index}: {slope} {}", gradient[index]);
        }
    }
}
