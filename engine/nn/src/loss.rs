//! Classification losses as means over the batch.

use burn::tensor::{Tensor, activation};

/// Mean cross-entropy of `logits` `[batch, classes]` against target distributions `[batch, classes]` (one-hot rows for plain labels).
/// No gradient reaches the targets.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let batch = logits.dims()[0].max(1);
    let log_shares = activation::log_softmax(logits, 1);
    (log_shares * targets.detach()).sum() / -(batch as f32)
}

/// One-hot rows for `labels`, row-major `[labels, classes]`; a label that is not below `classes` gives a row of zeros.
pub fn one_hot(labels: &[usize], classes: usize) -> Vec<f32> {
    let row = |label: &usize| {
        let label = *label;
        (0..classes).map(move |class| if class == label { 1.0 } else { 0.0 })
    };
    labels.iter().flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::constant;
    use crate::parameters::read;
    use burn::tensor::Device;

    #[test]
    fn uniform_logits_cost_the_logarithm_of_the_number_of_classes() {
        let device = Device::flex();
        let logits = constant(vec![2.0; 8], [2, 4], &device);
        let targets = constant(one_hot(&[1, 3], 4), [2, 4], &device);
        assert!((read(cross_entropy(logits, targets))[0] - 4.0_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn one_hot_rows_mark_their_label() {
        assert_eq!(one_hot(&[1, 0], 3), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
