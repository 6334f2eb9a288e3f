//! Learning curves of a cell's networks.

use super::cell::OpenCell;
use super::control as id;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve, Data, Timeline};

/// Family of the channels.
pub(crate) const FAMILY: &str = "learning/";

/// Loss, accuracy or running loss over the epochs, one curve for each seed and part.
pub(super) fn channels(cell: &OpenCell, job: &Derive<'_>) -> Vec<Channel> {
    let accuracy = job.controls.word(id::QUANTITY) == Some("accuracy");
    let (first, unit) = if accuracy { (1, "") } else { (0, "nat") };
    let mut channels = Vec::new();
    for seed in &cell.seeds {
        for (part, offset) in [("train", 0), ("test", 2)] {
            let mut curve = Curve::default();
            for point in &seed.curve {
                if let Some(judged) = point.judged
                    && let Some(value) = judged.get(first + offset)
                {
                    curve.x.push(point.epoch as f64);
                    curve.y.push(*value);
                }
            }
            let about = "At the epochs that were judged: dense at first, then ever rarer.";
            channels.push(Channel::new(
                format!("{FAMILY}{part}/{}", seed.seed),
                format!("{part}, seed {}", seed.seed),
                unit,
                about,
                Data::Curve(Timeline::one(curve)),
            ));
        }
    }
    channels
}
