//! The parts of the score of every method at the chosen stage.

use super::boards::Board;
use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{Look, newest};
use crate::channels as ch;
use crate::config::Config;
use crate::method::score::Parts;
use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::{Declared, kinds::OfBars};
use weightscope_frame::record::{AxisSpec, Bars, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

/// Words for legends.
pub(super) const LABEL: &str = "weighted interval score";
/// One bar a method.
const PARTS: Declared<OfBars> =
    Declared::new("score_parts", LABEL, "", "The score in parts that add up to it.");

/// The parts of the scores.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("weighted interval score", ""),
        y: AxisSpec::default(),
        empty: "The parts of the scores appear here. Press Run.".to_owned(),
        help: include_str!("../help/leaderboard.md").to_owned(),
        ..derived("score_parts", "Parts of the score", ViewKind::Bars, &[&PARTS], &[controls::stage()])
    })
    .derived(derive)
}

/// From what the run has kept, before its end from the predictions.
fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    job.control.check()?;
    let Some(look) = Look::new(config, job.record, job.controls) else { return Ok(Vec::new()) };
    let bars = match newest(job.record, &ch::PARTS_AT.member(look.stage().key())) {
        Some(kept) => kept,
        None => bars(&Board::new(&look, job.control)?),
    };
    Ok(vec![picture(&PARTS, LABEL, bars)])
}

/// The bars of a board.
pub(super) fn bars(board: &Board) -> Bars {
    let lines = &board.lines;
    let part = |label: &str, of: fn(&Parts) -> f64| {
        (label.to_owned(), lines.iter().map(|line| of(&line.parts)).collect())
    };
    Bars {
        edges: Vec::new(),
        labels: lines.iter().map(|line| line.method.name().to_owned()).collect(),
        series: vec![
            part("dispersion", |parts| parts.dispersion),
            part("underprediction", |parts| parts.underprediction),
            part("overprediction", |parts| parts.overprediction),
        ],
    }
}
