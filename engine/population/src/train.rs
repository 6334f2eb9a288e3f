//! Training one network: initial weights, shuffled epochs, label noise.
//!
//! Contract: a training is a function of its arguments and of the streams it is given; nothing else enters.

use super::kernel::Rates;
use super::lane::Lane;
use super::machine::Machine;
use super::samples::Samples;
use super::schedule::Schedule;
use super::shape::Shape;
use weightscope_math::Stream;

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protocol {
    /// Rows in a step; more than there are means all of them.
    pub batch: usize,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rates before the schedule.
    pub rates: Rates,
    /// Their course.
    pub schedule: Schedule,
}

/// One pass over the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Passes done, from 1.
    pub done: usize,
    /// Mean loss of the batches while they were learned from.
    pub running_loss: f64,
}

impl Protocol {
    /// Rows in a step for a training set of `rows`.
    pub fn batch_for(&self, rows: usize) -> usize {
        self.batch.clamp(1, rows.max(1))
    }

    /// Steps in an epoch; an incomplete last batch is left out.
    pub fn steps_per_epoch(&self, rows: usize) -> usize {
        rows / self.batch_for(rows)
    }
}

/// Initial weights: uniform on ±√(6/inputs) (K. He et al., arXiv 1502.01852), in the last layer on ±1/√inputs; biases 0.
pub fn initial(shape: &Shape, random: &mut Stream) -> Vec<f32> {
    let mut flat = vec![0.0; shape.parameters()];
    let tensors = shape.tensors();
    let last = tensors.len().saturating_sub(2);
    for (index, tensor) in tensors.iter().enumerate() {
        if let [_, inputs] = tensor.shape[..] {
            let square = if index == last { 1.0 } else { 6.0 };
            let limit = (square / inputs as f32).sqrt();
            random.fill_uniform(&mut flat[tensor.range.clone()], -limit, limit);
        }
    }
    flat
}

/// Trains `weights` in place. `each_epoch` sees the weights after each pass and may end the training by an error.
pub fn train<E>(
    machine: &mut Machine,
    weights: &mut [Lane],
    samples: &Samples,
    protocol: &Protocol,
    shuffles: &mut Stream,
    mut each_epoch: impl FnMut(Epoch, &[Lane]) -> Result<(), E>,
) -> Result<(), E> {
    let rows = samples.rows();
    let batch = protocol.batch_for(rows);
    let per_epoch = protocol.steps_per_epoch(rows);
    let total = per_epoch * protocol.epochs;
    let mut velocity = vec![Lane::ZERO; weights.len()];
    let mut order: Vec<u32> = (0..rows as u32).collect();
    for epoch in 0..protocol.epochs {
        shuffles.shuffle(&mut order);
        let mut loss = 0.0;
        for (step, rows) in order.chunks_exact(batch).enumerate() {
            let rates = protocol.schedule.rates(protocol.rates, epoch * per_epoch + step, total);
            loss += machine.descend(weights, &mut velocity, samples, rows, rates);
        }
        let running_loss = loss / (per_epoch * batch).max(1) as f64;
        each_epoch(Epoch { done: epoch + 1, running_loss }, weights)?;
    }
    Ok(())
}

/// Moves a share of the labels to another class, each other class equally likely; which rows and where to is random.
pub fn with_label_noise(labels: &[u32], classes: usize, share: f64, random: &mut Stream) -> Vec<u32> {
    let mut noisy = labels.to_vec();
    if classes < 2 {
        return noisy;
    }
    let count = (share.clamp(0.0, 1.0) * labels.len() as f64).round() as usize;
    for row in random.permutation(labels.len()).into_iter().take(count) {
        let shift = 1 + random.below(classes - 1) as u32;
        noisy[row] = (noisy[row] + shift) % classes as u32;
    }
    noisy
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn noise_moves_exactly_its_share_and_never_onto_itself() {
        let labels: Vec<u32> = (0..500).map(|i| i % 10).collect();
        let noisy = with_label_noise(&labels, 10, 0.1, &mut stream(1, "noise"));
        let moved = labels.iter().zip(&noisy).filter(|(a, b)| a != b).count();
        assert_eq!(moved, 50);
        assert!(noisy.iter().all(|label| *label < 10));
        assert_eq!(
            with_label_noise(&labels, 1, 0.5, &mut stream(1, "noise")),
            labels,
            "one class has no other"
        );
    }

    #[test]
    fn a_batch_larger_than_the_data_is_the_whole_of_it() {
        let rates = Rates { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.0 };
        let protocol = Protocol { batch: 4096, epochs: 1, rates, schedule: Schedule::Constant };
        assert_eq!((protocol.batch_for(512), protocol.steps_per_epoch(512)), (512, 1));
        assert_eq!(Protocol { batch: 100, ..protocol }.steps_per_epoch(512), 5, "the rest is left out");
    }
}
