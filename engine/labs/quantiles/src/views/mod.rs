//! What the lab shows: nine linked panels. Everything but the training curves follows from the record and the shared controls,
//! so that turning one redraws without training anything again.

mod across;
mod across_tables;
mod calibrated;
mod controls;
mod crossing;
mod fan;
mod inspector;
mod leaderboard;
mod look;
mod reliability;
mod slices;
mod specs;
mod weights;

use super::channels as ch;
use super::config::Config;
use weightscope_frame::lab::{Derive, Picked};
use weightscope_frame::record::{Channel, ControlValue, Controls, Data, Pick, Record};
use weightscope_frame::run::{Control, RunError};

use look::{Look, ids};
pub(super) use specs::views;

/// The derived channels of a view.
pub(super) fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    if matches!(job.view, across::RANKS | across::PAIRED | across::RUNS) {
        return Ok(across::derive(config, job));
    }
    let Some(look) = Look::new(config, job) else { return Ok(Vec::new()) };
    job.control.check()?;
    Ok(match job.view {
        "fan" => fan::derive(&look),
        "reliability" => reliability::curve(&look),
        "pit" => reliability::pit(&look),
        "crossing" => crossing::maps(&look),
        "operators" => crossing::operators(&look),
        "slice_coverage" | "slice_width" | "slice_table" => slices::derive(&look),
        "weights" | "weights_optimum" | "weights_entropy" => weights::map(&look),
        "weights_fine" => weights::fine(&look),
        "weights_along" => weights::along(&look),
        "leaderboard" | "score_parts" => match kept_boards(&look) {
            Some(kept) => kept,
            None => leaderboard::derive(&look, &|| Ok(job.control.check()?))?,
        },
        "conformal_scores" => calibrated::scores(&look),
        "conformal_pairs" => calibrated::pairs(&look),
        "inspector" => inspector::quantiles(&look),
        "inspector_facts" => inspector::facts(&look),
        _ => Vec::new(),
    })
}

/// Leaderboards at every stage, to be kept in the record: all methods on all rows are too much work for each turn of a control.
pub(super) fn boards(config: &Config, record: &Record) -> Result<Vec<Channel>, RunError> {
    let control = Control::default();
    let mut kept = Vec::new();
    for stage in controls::STAGES {
        let mut controls = Controls::default();
        controls.set(ids::STAGE, ControlValue::Word(stage.0.to_owned()));
        let job = Derive::new("leaderboard", record, &controls, &control);
        for mut channel in derive(config, &job)? {
            let family = if channel.id == leaderboard::BOARD { ch::BOARD_AT } else { ch::PARTS_AT };
            channel.id = format!("{family}{}", stage.0);
            kept.push(channel);
        }
    }
    Ok(kept)
}

/// The kept boards of a stage under the ids that the views draw.
fn kept_boards(look: &Look<'_>) -> Option<Vec<Channel>> {
    let stage = look.controls.word(ids::STAGE)?;
    let one = |family: &str, id: &str| {
        let mut channel = look.record.get(&format!("{family}{stage}"))?.clone();
        id.clone_into(&mut channel.id);
        Some(channel)
    };
    Some(vec![one(ch::BOARD_AT, leaderboard::BOARD)?, one(ch::PARTS_AT, leaderboard::PARTS)?])
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
            picked.shown_in = Some("inspector".to_owned());
        }
    }
    picked
}
