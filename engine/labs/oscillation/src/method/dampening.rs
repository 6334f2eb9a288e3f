//! Oscillation dampening (Nagel et al., arXiv 2203.11086; oscillations-qat `utils/qat_utils.py`).
//!
//! `aggregate((sg(w_q) - clip(w, s·Qn, s·Qp))²)`; the target is detached, so the gradient is `-2·(w_q - w)` in range, 0 outside,
//! and nothing flows to the step. The run adds it to the task loss with a weight that grows over training.
//! Contract: one step per row; slices are row-major `[rows, columns]`.

use burn::tensor::Tensor;

use weightscope_nn::gradient::scalar_with_gradient;
use weightscope_nn::parameters::read;

use super::bits::LevelRange;
use super::groups::Groups;
use weightscope_frame::choices;

use super::lsq;
use weightscope_math::real::Real;

choices! {
    /// How the squared distances become one number.
    #[derive(Default)]
    pub enum Aggregate {
        /// Sum over output rows, then mean over the rest: the published default.
        #[default]
        KernelMean = "kernel_mean", "Kernel mean";
        /// Mean over all weights.
        Mean = "mean", "Mean";
        /// Sum over all weights.
        Sum = "sum", "Sum";
    }
}

impl Aggregate {
    /// Factor on the sum of squares.
    fn factor(self, groups: Groups) -> f64 {
        match self {
            Self::Sum => 1.0,
            Self::Mean => 1.0 / groups.len().max(1) as f64,
            Self::KernelMean => 1.0 / groups.inner.max(1) as f64,
        }
    }
}

/// The loss and its gradient by the weights.
pub fn loss<R: Real>(
    weights: &[R],
    steps: &[R],
    groups: Groups,
    range: LevelRange,
    aggregate: Aggregate,
) -> (f64, Vec<R>) {
    let factor = aggregate.factor(groups);
    let mut sum = 0.0;
    let mut gradient = vec![R::ZERO; weights.len()];
    for (group, run) in groups.runs() {
        let step = lsq::floored(steps[group]);
        let low = step * R::from_f64(f64::from(range.lowest));
        let high = step * R::from_f64(f64::from(range.highest));
        for index in run {
            let weight = weights[index];
            let distance = lsq::level_of(weight, step, range) * step - weight.clip(low, high);
            sum += distance.to_f64() * distance.to_f64();
            if weight >= low && weight <= high {
                gradient[index] = distance * R::from_f64(-2.0 * factor);
            }
        }
    }
    (sum * factor, gradient)
}

/// The loss as a tensor of one element, differentiable by the weights `[rows, columns]`.
pub fn tensor_loss(
    weight: Tensor<2>,
    steps: Tensor<1>,
    range: LevelRange,
    aggregate: Aggregate,
) -> Tensor<1> {
    let [rows, columns] = weight.dims();
    let (value, gradient) =
        loss(&read(weight.clone()), &read(steps), Groups::rows(rows, columns), range, aggregate);
    scalar_with_gradient(weight, value as f32, gradient)
}
