//! Training of one stand-alone network: a cell of the table, fine-tuning and retraining of a pick (sheet §11).

use weightscope_compute::number::Number;
use weightscope_math::{MathError, Stream};

use super::optimizer::{Adam, AdamSettings, cosine};
use super::space::{Mixing, Space, Start, TensorShape, initial};
use super::step::{Batch, Wanted, Way, pass};

/// The recipe.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recipe {
    /// Learning rate of AdamW at the start.
    pub learning_rate: f64,
    /// Share of it that is left at the end of the cosine.
    pub floor: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Rows of a batch; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Passes over the rows.
    pub epochs: usize,
}

impl Recipe {
    /// The table of the conv-macro space: 14 epochs, batch 50, learning rate 4e-3 along a cosine to 0, decay 1e-2.
    pub fn desk(epochs: usize) -> Self {
        Self { learning_rate: 4e-3, floor: 0.0, weight_decay: 1e-2, batch: 50, epochs }
    }

    /// Steps in all, of so many rows.
    pub fn steps(&self, rows: usize) -> usize {
        self.epochs * rows.div_ceil(self.batch.max(1))
    }
}

/// Batches of one order of the rows, for epochs one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Order {
    order: Vec<usize>,
    place: usize,
}

impl Order {
    /// No epoch was begun yet.
    pub fn new(rows: usize) -> Self {
        Self { order: (0..rows).collect(), place: rows }
    }

    /// Rows of the next batch; a new order is drawn when the last one is used up.
    pub fn next(&mut self, count: usize, random: &mut Stream) -> &[usize] {
        if self.place >= self.order.len() {
            random.shuffle(&mut self.order);
            self.place = 0;
        }
        let start = self.place;
        self.place = (start + count.max(1)).min(self.order.len());
        self.order.get(start..self.place).unwrap_or_default()
    }
}

/// Copies rows by number.
pub fn gather<T: Number>(batch: Batch<'_, T>, rows: &[usize]) -> (Vec<T>, Vec<usize>) {
    let size = batch.rows.len() / batch.labels.len().max(1);
    let values = rows
        .iter()
        .filter_map(|row| batch.rows.get(row * size..(row + 1) * size))
        .flatten()
        .copied()
        .collect();
    (values, rows.iter().filter_map(|row| batch.labels.get(*row).copied()).collect())
}

/// A stand-alone network at its start: weights with their own fan-in, biases at 0, as the recipe of the table has them.
fn fresh<T: Number>(space: &dyn Space<T>, picks: &[usize], weights: &mut Stream) -> Vec<Vec<T>> {
    let shapes = space.tensors(Mixing::Alone, picks).into_iter().map(|tensor| {
        let is_bias = tensor.name.rsplit('.').next() == Some("bias");
        TensorShape { start: if is_bias { Start::Constant(0.0) } else { tensor.start }, ..tensor }
    });
    initial(&shapes.collect::<Vec<_>>(), weights)
}

/// Trains the network of these picks and returns its tensors. It starts from `start`, or freshly from the stream `weights`; the order of the
/// rows comes from `order`. `go_on` is asked after each epoch; where it says no, the tensors of that moment are returned.
pub fn train<T: Number>(
    space: &dyn Space<T>,
    picks: &[usize],
    recipe: Recipe,
    start: Option<Vec<Vec<T>>>,
    batch: Batch<'_, T>,
    streams: (&mut Stream, &mut Stream),
    mut go_on: impl FnMut(usize) -> bool,
) -> Result<Vec<Vec<T>>, MathError> {
    let (weights, random) = streams;
    let mut tensors = start.unwrap_or_else(|| fresh(space, picks, weights));
    let mut state = Adam::new(tensors.iter().map(Vec::len).sum());
    let rows = batch.labels.len();
    let (each, total) = (rows.div_ceil(recipe.batch.max(1)), recipe.steps(rows));
    let mut order = Order::new(rows);
    let way = Way { mixing: Mixing::Alone, weights: &[], picks, gated: false };
    for step in 0..total {
        let (values, labels) = gather(batch, order.next(recipe.batch, random));
        let outcome = pass(space, way, &tensors, Batch { rows: &values, labels: &labels }, Wanted::TENSORS)?;
        let rate = cosine(recipe.learning_rate, recipe.floor, step, total);
        let pairs = tensors.iter_mut().zip(&outcome.tensors);
        let pairs = pairs.map(|(values, slopes)| (values.as_mut_slice(), slopes.as_slice()));
        state.step(AdamSettings::weights(recipe.weight_decay), rate, pairs);
        if (step + 1) % each.max(1) == 0 && !go_on((step + 1) / each.max(1)) {
            break;
        }
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::score::score;
    use crate::method::space::mlp::{Mlp, Options};
    use weightscope_math::stream;

    #[test]
    fn every_row_comes_once_an_epoch() {
        let (mut order, mut random) = (Order::new(7), stream(1, "order"));
        for _ in 0..3 {
            let mut seen: Vec<usize> = Vec::new();
            let sizes: Vec<usize> = (0..3)
                .map(|_| {
                    let rows = order.next(3, &mut random);
                    seen.extend(rows);
                    rows.len()
                })
                .collect();
            seen.sort_unstable();
            assert_eq!((sizes, seen), (vec![3, 3, 1], (0..7).collect()));
        }
    }

    #[test]
    fn a_network_learns_what_can_be_learned() {
        let options = Options { inputs: 2, classes: 3, ..Options::desk() };
        let space = Mlp::new(options).unwrap();
        let space: &dyn Space<f32> = &space;
        let mut random = stream(3, "rows");
        let rows: Vec<f32> = (0..400).map(|_| random.normal()).collect();
        let labels: Vec<usize> = rows
            .chunks(2)
            .map(|row| if row[0] + row[1] > 0.6 { 2 } else { usize::from(row[0] > row[1]) })
            .collect();
        let (batch, picks) = (Batch { rows: &rows, labels: &labels }, [1, 1, 1, 1, 0]);
        let train_once = || {
            let streams = (&mut stream(1, "weights"), &mut stream(1, "order"));
            train(space, &picks, Recipe::desk(40), None, batch, streams, |_| true).unwrap()
        };
        let tensors = train_once();
        let found = score(space, Mixing::Alone, &tensors, &[], &picks, batch).unwrap();
        assert!(found.accuracy > 0.95, "{found:?}");
        assert_eq!(tensors, train_once(), "the same streams give the same bits");
        let streams = (&mut stream(1, "weights"), &mut stream(1, "order"));
        let mut epochs = 0;
        let early = train(space, &picks, Recipe::desk(40), None, batch, streams, |epoch| {
            epochs = epoch;
            epoch < 2
        });
        assert!(epochs == 2 && early.unwrap() != tensors);
    }
}
