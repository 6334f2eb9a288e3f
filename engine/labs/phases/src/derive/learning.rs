//! Learning curves of a cell's networks.

use super::cell::OpenCell;
use super::{channels as dc, picture};
use crate::control::{self, Quantity};
use crate::run::training::{Score, Scores};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve};

/// Which rows a curve is of.
type Part = (&'static str, fn(&Scores) -> Score);

/// The curves of each seed.
const PARTS: [Part; 2] = [("train", |scores| scores.train), ("test", |scores| scores.test)];

/// Loss or accuracy over the epochs, one curve for each seed and part of the rows.
pub(crate) fn channels(cell: &OpenCell, job: &Derive<'_>) -> Vec<Channel> {
    let (value, unit): (fn(Score) -> f64, _) = match control::chosen(job, control::QUANTITY) {
        Some(Quantity::Accuracy) => (|score| score.accuracy, ""),
        _ => (|score| score.loss, "nat"),
    };
    let mut channels = Vec::new();
    for seed in &cell.seeds {
        for (part, of) in PARTS {
            let judged = seed.curve.iter().filter_map(|point| Some((point.epoch, point.judged?)));
            let (x, y) = judged.map(|(epoch, scores)| (epoch as f64, value(of(&scores)))).unzip();
            let label = format!("{part}, seed {}", seed.seed);
            let member = dc::LEARNING.labelled(&format!("{part}/{}", seed.seed), &label);
            let curve = Curve { x, y, band: None };
            channels.push(Channel { unit: unit.to_owned(), ..picture(&member, curve) });
        }
    }
    channels
}
