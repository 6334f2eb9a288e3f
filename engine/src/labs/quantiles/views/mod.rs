//! What the lab shows: nine linked panels. Everything but the training curves follows from the record and the shared controls,
//! so that turning one redraws without training anything again.

mod calibrated;
mod crossing;
mod fan;
mod inspector;
mod leaderboard;
mod look;
mod reliability;
mod slices;
mod specs;
mod weights;

use super::config::Config;
use crate::labs::{Derive, Picked};
use crate::record::{Channel, ControlValue, Data, Pick, Record};
use crate::run::RunError;

use look::{Look, ids};
pub(super) use specs::views;

/// The derived channels of a view.
pub(super) fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(look) = Look::new(config, job) else { return Ok(Vec::new()) };
    job.control.check()?;
    Ok(match job.view {
        "fan" => fan::derive(&look),
        "reliability" => reliability::curve(&look),
        "pit" => reliability::pit(&look),
        "crossing" => crossing::maps(&look),
        "operators" => crossing::operators(&look),
        "slice_coverage" | "slice_width" => slices::derive(&look),
        "weights" | "weights_optimum" | "weights_entropy" => weights::map(&look),
        "weights_fine" => weights::fine(&look),
        "weights_along" => weights::along(&look),
        "leaderboard" | "score_parts" => leaderboard::derive(&look, &|| Ok(job.control.check()?))?,
        "conformal_scores" => calibrated::scores(&look),
        "conformal_pairs" => calibrated::pairs(&look),
        "inspector" => inspector::quantiles(&look),
        "inspector_facts" => inspector::facts(&look),
        _ => Vec::new(),
    })
}

/// A click on the fan chart looks at that row; one on a map of weights at that place.
pub(super) fn pick(record: &Record, pick: &Pick) -> Picked {
    let mut picked = Picked::default();
    if pick.view == "fan"
        && let Some(Data::Curve(timeline)) = record.get(fan::FAN_ROWS).map(|channel| &channel.data)
        && let Some((_, places)) = timeline.last()
    {
        let distance = |index: &usize| (places.x[*index] - pick.x).abs();
        if let Some(nearest) = (0..places.x.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            picked.controls.push((ids::ROW.to_owned(), ControlValue::Number(places.y[nearest])));
        }
    }
    picked
}
