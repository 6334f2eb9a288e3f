//! Mini-batches: a new order of the training rows in every epoch, and gathering rows into one block.

use super::dataset::Dataset;
use super::error::DataError;
use weightscope_math::rng::stream;

/// What to do with the last batch of an epoch where it is not full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastBatch {
    /// Train on it as it is.
    Keep,
    /// Leave it out; its rows come again in another epoch.
    Drop,
}

/// The batches of one epoch.
#[derive(Clone, Debug)]
pub struct EpochBatches {
    /// The rows that are in a batch, shuffled.
    order: Vec<usize>,
    batch_size: usize,
}

impl EpochBatches {
    /// Shuffles `rows` by the stream "batches/epoch/{epoch}" of the seed, and cuts them into batches.
    ///
    /// An epoch depends on nothing that happened in another one, so that a run can go on from any of them.
    ///
    /// # Errors
    /// [`DataError::Request`] if there would be no batch: no rows, a batch size of 0, or one larger than the
    /// number of rows where the last batch is dropped.
    pub fn new(
        rows: &[usize],
        batch_size: usize,
        last_batch: LastBatch,
        seed: u64,
        epoch: u64,
    ) -> Result<Self, DataError> {
        let mut order = rows.to_vec();
        stream(seed, &format!("batches/epoch/{epoch}")).shuffle(&mut order);
        if last_batch == LastBatch::Drop {
            order.truncate(rows.len() - rows.len().checked_rem(batch_size).unwrap_or_default());
        }
        if order.is_empty() || batch_size == 0 {
            return Err(DataError::Request {
                problem: format!("{} training rows give no batch of {batch_size}", rows.len()),
                remedy: "choose a batch size from 1 up to the number of training rows",
            });
        }
        Ok(Self { order, batch_size })
    }

    /// The batches in order; each is a list of row numbers, and all but a kept last one have the batch size.
    pub fn iter(&self) -> std::slice::Chunks<'_, usize> {
        self.order.chunks(self.batch_size)
    }

    /// The number of batches, at least 1.
    pub fn count(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// One batch by its place in the epoch, to go on in the middle of it.
    pub fn batch(&self, index: usize) -> Option<&[usize]> {
        self.iter().nth(index)
    }
}

impl<'a> IntoIterator for &'a EpochBatches {
    type Item = &'a [usize];
    type IntoIter = std::slice::Chunks<'a, usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Puts the features of the given rows one after the other, `[rows, columns]`, in place of what `features` held.
///
/// # Errors
/// [`DataError::Request`] if one of the rows does not exist.
pub fn gather(dataset: &Dataset, rows: &[usize], features: &mut Vec<f32>) -> Result<(), DataError> {
    features.clear();
    features.reserve(rows.len() * dataset.columns());
    for row in rows {
        features.extend_from_slice(dataset.row(*row).ok_or_else(|| no_row(*row, dataset))?);
    }
    Ok(())
}

/// Puts the labels of the given rows, `[rows]`, in place of what `labels` held.
///
/// # Errors
/// [`DataError::Request`] if one of the rows does not exist, [`DataError::Unusable`] if the target is a value.
pub fn gather_labels(dataset: &Dataset, rows: &[usize], labels: &mut Vec<u32>) -> Result<(), DataError> {
    gather_from(dataset.labels()?, dataset, rows, labels)
}

/// Puts the target values of the given rows, `[rows]`, in place of what `values` held.
///
/// # Errors
/// [`DataError::Request`] if one of the rows does not exist, [`DataError::Unusable`] if the target is a class.
pub fn gather_values(dataset: &Dataset, rows: &[usize], values: &mut Vec<f32>) -> Result<(), DataError> {
    gather_from(dataset.values()?, dataset, rows, values)
}

/// The features of the given rows, each `[columns]`.
pub(super) fn existing_rows<'a>(dataset: &'a Dataset, rows: &[usize]) -> Result<Vec<&'a [f32]>, DataError> {
    rows.iter().map(|row| dataset.row(*row).ok_or_else(|| no_row(*row, dataset))).collect()
}

fn gather_from<T: Copy>(
    all: &[T],
    dataset: &Dataset,
    rows: &[usize],
    gathered: &mut Vec<T>,
) -> Result<(), DataError> {
    gathered.clear();
    for row in rows {
        gathered.push(*all.get(*row).ok_or_else(|| no_row(*row, dataset))?);
    }
    Ok(())
}

fn no_row(row: usize, dataset: &Dataset) -> DataError {
    DataError::Request {
        problem: format!("there is no row {row} among the {} rows of {}", dataset.rows(), dataset.name()),
        remedy: "rows are counted from 0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Contents, Target};

    fn epoch(rows: usize, batch_size: usize, last_batch: LastBatch, epoch: u64) -> EpochBatches {
        let rows: Vec<usize> = (100..100 + rows).collect();
        EpochBatches::new(&rows, batch_size, last_batch, 5, epoch).unwrap()
    }

    #[test]
    fn an_epoch_takes_every_row_once() {
        let batches = epoch(10, 4, LastBatch::Keep, 0);
        assert_eq!(batches.iter().map(<[usize]>::len).collect::<Vec<_>>(), [4, 4, 2]);
        assert_eq!(batches.count(), 3);
        let mut all = batches.iter().flatten().copied().collect::<Vec<_>>();
        all.sort_unstable();
        assert!(all.into_iter().eq(100..110));
        assert_eq!(batches.batch(1), batches.iter().nth(1));
        assert_eq!(batches.batch(3), None);
    }

    #[test]
    fn a_partial_batch_can_be_dropped() {
        let batches = epoch(10, 4, LastBatch::Drop, 0);
        assert_eq!((&batches).into_iter().map(<[usize]>::len).collect::<Vec<_>>(), [4, 4]);
        assert_eq!(batches.count(), 2);
        assert_eq!(epoch(8, 4, LastBatch::Drop, 0).count(), 2);
        // What is left has the same batches as if the last were kept.
        assert_eq!(batches.batch(1), epoch(10, 4, LastBatch::Keep, 0).batch(1));
    }

    #[test]
    fn epochs_differ_and_repeat() {
        assert_ne!(epoch(50, 10, LastBatch::Keep, 1).order, epoch(50, 10, LastBatch::Keep, 2).order);
        assert_eq!(epoch(50, 10, LastBatch::Keep, 1).order, epoch(50, 10, LastBatch::Keep, 1).order);
    }

    #[test]
    fn an_epoch_without_batches_is_refused() {
        let text =
            |rows: &[usize], size, last| EpochBatches::new(rows, size, last, 0, 0).unwrap_err().to_string();
        assert_eq!(
            text(&[1, 2], 3, LastBatch::Drop),
            "2 training rows give no batch of 3; choose a batch size from 1 up to the number of training rows"
        );
        assert!(text(&[1, 2], 0, LastBatch::Keep).starts_with("2 training rows give no batch of 0;"));
        assert!(text(&[1, 2], 0, LastBatch::Drop).starts_with("2 training rows give no batch of 0;"));
        assert!(text(&[], 1, LastBatch::Keep).starts_with("0 training rows give no batch of 1;"));
    }

    #[test]
    fn gathers_rows_in_the_given_order() {
        let dataset = Dataset::new(Contents {
            name: "mine".into(),
            features: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            columns: 2,
            target: Target::Classes { labels: vec![0, 1, 2], names: vec![String::new(); 3] },
            ..Contents::default()
        })
        .unwrap();
        let (mut features, mut labels) = (vec![9.0], vec![9]);
        gather(&dataset, &[2, 0, 2], &mut features).unwrap();
        gather_labels(&dataset, &[2, 0, 2], &mut labels).unwrap();
        assert_eq!(features, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        assert_eq!(labels, [2, 0, 2]);
        assert_eq!(
            gather(&dataset, &[3], &mut features).unwrap_err().to_string(),
            "there is no row 3 among the 3 rows of mine; rows are counted from 0"
        );
        assert!(gather_labels(&dataset, &[3], &mut labels).is_err());
        assert!(gather_values(&dataset, &[0], &mut features).is_err());
    }
}
