//! Loss and accuracy of networks on rows, without gradients: of a mixture, of an inherited network, of all architectures.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::kernel::arg_max;
use super::space::{Mixing, Space, extract, logits};
use super::step::Batch;
use super::tape::surprise;

/// Figures on labelled rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Share of rows whose largest logit is their class.
    pub accuracy: f64,
}

/// Rows that run together: bounds the memory, whatever the number of rows.
const BLOCK: usize = 100;

/// Figures of one network: with `weights` a mixture, with `picks` one option. Refuses tensors and rows that do not fit.
pub fn score<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    weights: &[Vec<f64>],
    picks: &[usize],
    batch: Batch<'_, T>,
) -> Result<Score, MathError> {
    let size: usize = space.input().iter().product();
    let (mut loss, mut hits) = (0.0, 0_usize);
    for (rows, labels) in batch.rows.chunks(BLOCK * size.max(1)).zip(batch.labels.chunks(BLOCK)) {
        let logits = logits(space, mixing, tensors, weights, picks, rows)?;
        let classes = logits.len() / labels.len().max(1);
        for (row, label) in logits.chunks_exact(classes.max(1)).zip(labels) {
            loss += surprise(row, *label);
            hits += usize::from(arg_max(row) == *label);
        }
    }
    let count = batch.labels.len() as f64;
    Ok(Score { loss: loss / count, accuracy: hits as f64 / count })
}

/// Figures of the network of these picks with the weights of a supernet of this mixing.
pub fn inherited<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    picks: &[usize],
    batch: Batch<'_, T>,
) -> Result<Score, MathError> {
    let alone = extract(space, mixing, tensors, picks)?;
    score(space, Mixing::Alone, &alone, &[], picks, batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::space::conv_macro::{ConvMacro, Options};
    use crate::method::space::{initial, largest};
    use weightscope_math::stream;

    #[test]
    fn figures_do_not_depend_on_the_blocks() {
        let space = ConvMacro::new(Options { image: [1, 4, 4], classes: 3, ..Options::small() }).unwrap();
        let space: &dyn Space<f64> = &space;
        let mut random = stream(2, "score");
        let tensors = initial(&space.tensors(Mixing::Superposed, &[]), &mut random);
        let rows: Vec<f64> = (0..250 * 16).map(|_| f64::from(random.normal())).collect();
        let labels: Vec<usize> = (0..250).map(|row| row % 3).collect();
        let all = inherited(
            space,
            Mixing::Superposed,
            &tensors,
            &largest(space),
            Batch { rows: &rows, labels: &labels },
        );
        let all = all.unwrap();
        let mut mean = Score::default();
        for (rows, labels) in rows.chunks(50 * 16).zip(labels.chunks(50)) {
            let part =
                inherited(space, Mixing::Superposed, &tensors, &largest(space), Batch { rows, labels })
                    .unwrap();
            mean.loss += part.loss / 5.0;
            mean.accuracy += part.accuracy / 5.0;
        }
        assert!((all.loss - mean.loss).abs() < 1e-12 && (all.accuracy - mean.accuracy).abs() < 1e-12);
    }
}
