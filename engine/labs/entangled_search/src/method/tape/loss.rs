//! Cross-entropy.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::softmax;

struct CrossEntropy<T> {
    logits: Node,
    labels: Vec<usize>,
    classes: usize,
    shares: Vec<T>,
}

impl<T: Number> Operation<T> for CrossEntropy<T> {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.logits) else { return };
        let factor = upstream.first().copied().unwrap_or_default() / T::from_f64(self.labels.len() as f64);
        let rows = self.shares.chunks_exact(self.classes).zip(slot.chunks_exact_mut(self.classes));
        for ((shares, slot), label) in rows.zip(&self.labels) {
            for (class, (place, share)) in slot.iter_mut().zip(shares).enumerate() {
                let target = if class == *label { T::ONE } else { T::ZERO };
                *place += factor * (*share - target);
            }
        }
    }

    fn kept(&self) -> usize {
        self.shares.len()
    }
}

impl<T: Number> Tape<T> {
    /// Mean cross-entropy (nats) of logits `[rows, classes]`, a tensor of one number. Refuses another number of labels, none, and labels
    /// beyond the classes.
    pub fn cross_entropy(&mut self, logits: Node, labels: &[usize]) -> Result<Node, MathError> {
        let [rows, classes] = self.dims("logits", logits)?;
        if rows != labels.len() || rows == 0 || labels.iter().any(|label| *label >= classes) {
            let needed = format!("{rows} labels below {classes}");
            return Err(unfit("labels", needed, format!("{} labels", labels.len())));
        }
        let mut shares = self.values(logits).to_vec();
        shares.chunks_exact_mut(classes).for_each(softmax);
        // From the logits, not from the shares: a share can round to 0.
        let loss: f64 = self
            .values(logits)
            .chunks_exact(classes)
            .zip(labels)
            .map(|(row, label)| surprise(row, *label))
            .sum();
        let value = T::from_f64(loss / rows as f64);
        let operation = CrossEntropy { logits, labels: labels.to_vec(), classes, shares };
        Ok(self.push(vec![1], vec![value], &[logits], operation))
    }
}

/// `−ln softmax(row)[label]` in double precision; infinite for a label beyond the row.
pub(crate) fn surprise<T: Number>(row: &[T], label: usize) -> f64 {
    let most = row.iter().map(|value| value.to_f64()).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = row.iter().map(|value| (value.to_f64() - most).exp()).sum();
    row.get(label).map_or(f64::INFINITY, |own| most - own.to_f64() + total.ln())
}
