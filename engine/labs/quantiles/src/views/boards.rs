//! The scores of all methods at a stage, best first, in parts and with a paired bootstrap: behind the leaderboard and the parts of
//! the score. All methods on all rows are too much work for each turn of a control, so a finished run keeps them at every stage.

use rayon::prelude::*;

use super::controls::ids;
use super::look::Look;
use super::{leaderboard, score_parts};
use crate::channels as ch;
use crate::config::Config;
use crate::method::compare::{Difference, paired_bootstrap};
use crate::method::pinball;
use crate::method::score::{self, Parts};
use crate::names::Method;
use crate::scores::{self, Stage};
use weightscope_frame::record::{ControlValue, Controls};
use weightscope_frame::run::{Context, Control, RunError};
use weightscope_math::rng::stream;

/// Draws of the bootstrap.
const DRAWS: usize = 400;
/// Beyond this many rows the normal approximation gives the same interval.
const MOST_BOOTSTRAPPED: usize = 5000;

/// One method at the stage.
pub(super) struct Line {
    pub(super) method: Method,
    pub(super) row: scores::Row,
    pub(super) parts: Parts,
    /// Score of each row.
    own: Vec<f64>,
    /// To the method that scores are relative to.
    pub(super) difference: Option<Difference>,
}

/// All methods by ascending score.
pub(super) struct Board {
    pub(super) lines: Vec<Line>,
    /// Score of the method that scores are relative to; not-a-number if the run has none.
    pub(super) reference: f64,
}

impl Board {
    /// At the stage that is looked at.
    pub(super) fn new(look: &Look<'_>, control: &Control) -> Result<Self, RunError> {
        let y = look.observations();
        let line = |method: Method| -> Result<Option<Line>, RunError> {
            control.check()?;
            let Some(q) = look.predictions(method, look.stage()) else { return Ok(None) };
            let row = scores::row(method, look.stage(), &q, &y, look.levels());
            let (parts, own) = (parts_of(look, &q, &y), rows_of(look, &q, &y));
            Ok(Some(Line { method, row, parts, own, difference: None }))
        };
        let lines: Result<Vec<Option<Line>>, RunError> = look.methods().into_par_iter().map(line).collect();
        let mut lines: Vec<Line> = lines?.into_iter().flatten().collect();
        lines.sort_by(|a, b| a.row.wis.total_cmp(&b.row.wis));
        let reference = lines.iter().find(|line| line.method == look.config.relative_to);
        let reference = reference.map(|line| (line.row.wis, line.own.clone()));
        if let Some((_, reference)) = &reference {
            lines.par_iter_mut().for_each(|line| line.difference = Some(difference(&line.own, reference)));
        }
        Ok(Self { lines, reference: reference.map_or(f64::NAN, |(wis, _)| wis) })
    }
}

/// Keeps leaderboard and parts at every stage in the record.
pub(crate) fn keep_boards(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    let control = context.control();
    for stage in Stage::ALL {
        let mut controls = Controls::default();
        controls.set(ids::STAGE, ControlValue::Word(stage.key().to_owned()));
        let Some(look) = Look::new(config, context.record(), &controls) else { continue };
        let board = Board::new(&look, control)?;
        let (table, bars) = (leaderboard::table(config, &board), score_parts::bars(&board));
        context.show_only(&ch::BOARD_AT.labelled(stage.key(), leaderboard::LABEL), table);
        context.show_only(&ch::PARTS_AT.labelled(stage.key(), score_parts::LABEL), bars);
    }
    Ok(())
}

/// Score of each row.
fn rows_of(look: &Look<'_>, q: &[f32], y: &[f32]) -> Vec<f64> {
    let taus = look.levels().singles();
    let scale = 2.0 / taus.len().max(1) as f64;
    q.chunks_exact(taus.len()).zip(y).map(|(row, y)| scale * pinball::row_sum(row, *y, &taus)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn parts_of(look: &Look<'_>, q: &[f32], y: &[f32]) -> Parts {
    if !look.levels().is_symmetric() {
        return Parts { dispersion: f64::NAN, underprediction: f64::NAN, overprediction: f64::NAN };
    }
    let mut sum = Parts::default();
    let (pairs, middle) = (look.levels().pairs(), look.levels().middle());
    for (row, y) in q.chunks_exact(look.levels().len()).zip(y) {
        let parts = score::parts(row, *y, &pairs, middle);
        sum.dispersion += parts.dispersion;
        sum.underprediction += parts.underprediction;
        sum.overprediction += parts.overprediction;
    }
    let count = y.len().max(1) as f64;
    Parts {
        dispersion: sum.dispersion / count,
        underprediction: sum.underprediction / count,
        overprediction: sum.overprediction / count,
    }
}

fn difference(own: &[f64], reference: &[f64]) -> Difference {
    let differences: Vec<f64> = own.iter().zip(reference).map(|(a, b)| a - b).collect();
    if differences.len() <= MOST_BOOTSTRAPPED {
        return paired_bootstrap(&differences, DRAWS, 0.95, &mut stream(0, "leaderboard/bootstrap"));
    }
    let mean = mean(&differences);
    let variance =
        differences.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / differences.len() as f64;
    let half = 1.96 * (variance / differences.len() as f64).sqrt();
    Difference { mean, lower: mean - half, upper: mean + half }
}
