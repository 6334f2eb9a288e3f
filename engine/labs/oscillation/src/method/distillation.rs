//! Hard and soft distillation as in OFQ's recipe (nbasyl/OFQ `src/quantization/utils.py` `KDLossSoftandHard`).
//!
//! `loss = CE(student, label) + CE(student, softmax(teacher))`, temperature 1, equal weights, means over the batch.

use burn::tensor::{Tensor, activation};

use weightscope_nn::loss::cross_entropy;

/// The two parts of the loss, each a tensor of one element; the loss is their sum.
#[derive(Clone, Debug)]
pub struct Distillation {
    /// Cross-entropy against the labels.
    pub hard: Tensor<1>,
    /// Cross-entropy against the teacher's distribution.
    pub soft: Tensor<1>,
}

impl Distillation {
    /// The loss.
    pub fn total(&self) -> Tensor<1> {
        self.hard.clone() + self.soft.clone()
    }
}

/// Distils the teacher's logits into the student's; all arguments are `[batch, classes]`, `labels` one-hot.
/// No gradient reaches the teacher.
pub fn distil(student: Tensor<2>, teacher: Tensor<2>, labels: Tensor<2>) -> Distillation {
    let target = activation::softmax(teacher.detach(), 1);
    Distillation { hard: cross_entropy(student.clone(), labels), soft: cross_entropy(student, target) }
}
