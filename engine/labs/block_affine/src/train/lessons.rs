//! Batches and judgements, whatever the task.

use weightscope_frame::run::RunError;
use weightscope_math::Stream;

use crate::compute::model::{Batch, Input, Memory};
use crate::config::{Config, Task};
use crate::data::Material;
use crate::data::tables::{Rows, Trial};
use crate::data::text::Corpus;
use crate::device::Passes;

/// A batch with its numbers.
pub(crate) enum OwnedBatch {
    /// Rows of tokens.
    Tokens(Vec<u32>, Vec<u32>, usize),
    /// Rows of a table.
    Rows(Rows),
}

impl OwnedBatch {
    /// As a model takes it.
    pub(crate) fn as_batch(&self) -> Batch<'_, f32> {
        match self {
            Self::Tokens(tokens, targets, times) => Batch::Tokens { tokens, targets, times: *times },
            Self::Rows(rows) => batch_of(rows),
        }
    }
}

fn batch_of(rows: &Rows) -> Batch<'_, f32> {
    if rows.classes.is_empty() {
        Batch::Values { x: &rows.x, values: &rows.values, rows: rows.len() }
    } else {
        Batch::Classes { x: &rows.x, classes: &rows.classes }
    }
}

/// Windows that judge, with the tokens that come next.
pub(crate) type Windows = (Vec<u32>, Vec<u32>);

/// How good a model is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// Mean loss.
    pub(crate) loss: f64,
    /// Over the first half of the windows.
    pub(crate) selection: f64,
    /// Over the second half.
    pub(crate) report: f64,
    /// Share of rows that are classified right; not-a-number where there are no classes.
    pub(crate) accuracy: f64,
}

/// What a network learns and is judged by.
pub(crate) enum Lessons {
    /// Text.
    Text {
        /// What is learned.
        corpus: Box<Corpus>,
        /// What the base has learned.
        before: Option<Box<Corpus>>,
        /// Windows that judge.
        windows: Windows,
        /// Windows of the base's text.
        old: Option<Windows>,
    },
    /// Rows of tables.
    Table(Box<Trial>),
}

impl Lessons {
    /// The lessons of a run, or of another network of the small tasks by its seed.
    pub(crate) fn new(material: &Material, seed: u64) -> Result<Self, RunError> {
        Ok(match material {
            Material::Text { corpus, before } => Self::Text {
                windows: corpus.windows(),
                old: before.as_ref().map(Corpus::windows),
                corpus: Box::new(corpus.clone()),
                before: before.clone().map(Box::new),
            },
            Material::Tables(tables) => Self::Table(Box::new(tables.trial(seed)?)),
        })
    }

    /// The next batch of the base.
    pub(crate) fn base_batch(&self, config: &Config, random: &mut Stream) -> OwnedBatch {
        match self {
            Self::Text { corpus, before, .. } => {
                let corpus =
                    if config.task == Task::Pretrain { corpus } else { before.as_ref().unwrap_or(corpus) };
                drawn(corpus, config.batch_size as usize, random)
            }
            Self::Table(trial) => rows(&trial.base, config.batch_size as usize, random),
        }
    }

    /// The next batch of the adaptation.
    pub(crate) fn batch(&self, config: &Config, random: &mut Stream) -> OwnedBatch {
        match self {
            Self::Text { corpus, .. } => drawn(corpus, config.batch_size as usize, random),
            Self::Table(trial) => rows(&trial.train, config.batch_size as usize, random),
        }
    }

    /// Judges weights by what validates.
    pub(crate) fn judge(&self, model: &Passes, weights: &[f32], memory: &mut Memory<f32>) -> Judged {
        match self {
            Self::Text { corpus, windows, .. } => {
                let losses = model.row_losses(weights, &windows.0, &windows.1, corpus.context, memory);
                let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
                let (first, second) = losses.split_at(losses.len().div_ceil(2));
                let report = if second.is_empty() { first } else { second };
                Judged {
                    loss: mean(&losses),
                    selection: mean(first),
                    report: mean(report),
                    accuracy: f64::NAN,
                }
            }
            Self::Table(trial) => judged(model, weights, &trial.test, memory),
        }
    }

    /// Mean loss on held-out windows of the base's text; not-a-number without one.
    pub(crate) fn old_text(&self, model: &Passes, weights: &[f32], memory: &mut Memory<f32>) -> f64 {
        let Self::Text { corpus, old: Some(windows), .. } = self else { return f64::NAN };
        let losses = model.row_losses(weights, &windows.0, &windows.1, corpus.context, memory);
        losses.iter().sum::<f64>() / losses.len().max(1) as f64
    }

    /// Share of the base's own test rows that it classifies right; not-a-number without.
    pub(crate) fn base_accuracy(&self, model: &Passes, weights: &[f32], memory: &mut Memory<f32>) -> f64 {
        match self {
            Self::Table(trial) => judged(model, weights, &trial.base_test, memory).accuracy,
            Self::Text { .. } => f64::NAN,
        }
    }
}

fn drawn(corpus: &Corpus, count: usize, random: &mut Stream) -> OwnedBatch {
    let (tokens, targets) = corpus.draw(count, random);
    OwnedBatch::Tokens(tokens, targets, corpus.context)
}

/// Rows at random; all of them where a batch holds as many.
fn rows(all: &Rows, count: usize, random: &mut Stream) -> OwnedBatch {
    if count >= all.len() {
        return OwnedBatch::Rows(all.clone());
    }
    let places: Vec<usize> = (0..count).map(|_| random.below(all.len())).collect();
    OwnedBatch::Rows(all.some(&places))
}

fn judged(model: &Passes, weights: &[f32], rows: &Rows, memory: &mut Memory<f32>) -> Judged {
    let batch = batch_of(rows);
    let loss = model.loss(weights, batch, memory);
    let mut accuracy = f64::NAN;
    if let Batch::Classes { x, classes } = batch {
        let outputs = model.outputs(weights, Input::Rows(x, classes.len()), memory);
        let width = outputs.len() / classes.len().max(1);
        let right = outputs.chunks_exact(width.max(1)).zip(classes).filter(|(row, class)| {
            let own = row.get(**class as usize).copied().unwrap_or(f32::NAN);
            // The largest, and not one of several equal ones.
            row.iter().enumerate().all(|(place, value)| place == **class as usize || *value < own)
        });
        accuracy = right.count() as f64 / classes.len().max(1) as f64;
    }
    Judged { loss, selection: loss, report: loss, accuracy }
}
