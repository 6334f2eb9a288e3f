//! Loss and accuracy on rows without training on them.

use burn::tensor::Device;

use super::learn;
use super::material::{Material, Rows};
use super::model::Model;
use crate::network::plan::Plan;
use crate::network::weight::WeightState;
use weightscope_nn::host::parts::Parts;

/// Rows in one forward pass.
const CHUNK: usize = 256;

/// Loss and accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score {
    /// Mean cross-entropy to the labels, nat.
    pub(super) loss: f64,
    /// Share of right answers.
    pub(super) accuracy: f64,
}

/// How the network is evaluated: with its quantizers, or float.
pub(super) type Quantizers<'a> = Option<(&'a Plan, &'a [WeightState])>;

/// Score on the test rows.
pub(super) fn test(model: &Model, material: &Material, device: &Device, quantizers: Quantizers<'_>) -> Score {
    let logits = logits(model, &material.test, material.columns, device, quantizers);
    score(&logits, &material.test.labels, material.classes)
}

/// Logits of all rows, row-major `[rows, classes]`.
pub(super) fn logits(
    model: &Model,
    rows: &Rows,
    columns: usize,
    device: &Device,
    quantizers: Quantizers<'_>,
) -> Vec<f32> {
    let mut memory = Parts::default();
    let mut all = Vec::with_capacity(rows.labels.len());
    for features in rows.features.chunks(CHUNK * columns.max(1)) {
        all.extend(learn::logits(model, &mut memory, features, (device, quantizers)));
    }
    all
}

/// Score of logits against labels, summed in double precision.
pub(super) fn score(logits: &[f32], labels: &[u32], classes: usize) -> Score {
    let (mut loss, mut right) = (0.0, 0_usize);
    for (row, label) in logits.chunks_exact(classes.max(1)).zip(labels) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        let own = row.get(*label as usize).copied().unwrap_or(f32::NAN);
        loss += sum.ln() - f64::from(own - largest);
        right += usize::from(argmax(row) == Some(*label as usize));
    }
    let count = labels.len().max(1) as f64;
    Score { loss: loss / count, accuracy: right as f64 / count }
}

/// Number of right answers.
pub(super) fn right(logits: &[f32], labels: &[u32], classes: usize) -> usize {
    logits
        .chunks_exact(classes.max(1))
        .zip(labels)
        .filter(|(row, label)| argmax(row) == Some(**label as usize))
        .count()
}

/// The first of the largest.
fn argmax(row: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (index, value) in row.iter().enumerate() {
        if best.is_none_or(|(_, largest)| *value > largest) {
            best = Some((index, *value));
        }
    }
    best.map(|(index, _)| index)
}
