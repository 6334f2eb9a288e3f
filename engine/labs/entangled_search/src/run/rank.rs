//! Rankings: every known architecture with inherited weights, against the table.

use std::time::Instant;

use rayon::prelude::*;
use weightscope_frame::record::Dot;
use weightscope_frame::run::RunError;
use weightscope_math::stats::correlation::kendall;

use super::search::Ranking;
use super::{Run, Shared, defect};
use crate::channels as ch;
use crate::method::monitor::{log_weight, top_precision};
use crate::method::score::{Score, inherited};
use crate::truth::Truth;

/// How many of the best are compared.
const TOP: usize = 5;

/// Ranks the architectures by inherited loss, one job for each on all workers; memory is that of the architectures in work.
pub(super) fn of(
    shared: &Shared,
    truth: Option<&Truth>,
    tensors: &[Vec<f32>],
    weights: &[Vec<f64>],
) -> Result<Ranking, RunError> {
    let began = Instant::now();
    let batch = shared.material.architecture.batch();
    let score = |known: &crate::truth::Known| {
        inherited(&*shared.space, shared.settings.mixing, tensors, &known.picks, batch)
    };
    let scores: Vec<Score> = shared.known.par_iter().map(score).collect::<Result<_, _>>().map_err(defect)?;
    let seconds = began.elapsed().as_secs_f64();
    let logs: Vec<f64> =
        shared.known.iter().map(|known| log_weight(weights, &known.picks, &known.active)).collect();
    let (mut accuracies, mut losses, mut own_logs) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(truth) = truth {
        for ((known, score), log) in shared.known.iter().zip(&scores).zip(&logs) {
            let row = truth.place(&known.options()).and_then(|place| truth.table.rows.get(place));
            if let Some(row) = row {
                accuracies.push(row.accuracy());
                losses.push(-score.loss);
                own_logs.push(*log);
            }
        }
    }
    let tau = |values: &[f64]| kendall(&accuracies, values).ok().flatten();
    Ok(Ranking {
        tau: tau(&losses),
        log_tau: if own_logs.iter().all(|log| log.is_finite()) { tau(&own_logs) } else { None },
        top: top_precision(&accuracies, &losses, TOP),
        scores,
        logs,
        seconds,
    })
}

/// Ranks now, and records it.
pub(super) fn rank(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    run.check()?;
    let shared = run.shared;
    let Some(progress) = run.state.progress.as_ref() else { return Ok(()) };
    let ranking = of(shared, run.state.truth.as_ref(), &progress.search.tensors, &progress.weights(shared))?;
    let (tau, top, log) = (ranking.tau, ranking.top, ranking.log_tau);
    show(run, &ranking);
    if let Some(progress) = run.state.progress.as_mut() {
        progress.watch_seconds += ranking.seconds;
        progress.ranking = Some(ranking);
    }
    let ceiling = run.state.truth.as_ref().and_then(|truth| truth.table.ceiling());
    for (channel, value) in [(&ch::TAU, tau), (&ch::TOP, top), (&ch::SCORE_TAU, log), (&ch::CEILING, ceiling)]
    {
        if let Some(value) = value {
            run.scalar(channel, value);
        }
    }
    Ok(())
}

/// The scatter of inherited loss and true accuracy.
pub(super) fn show(run: &mut Run<'_, '_>, ranking: &Ranking) {
    let Some(truth) = run.state.truth.as_ref() else { return };
    let mut dots = Vec::with_capacity(ranking.scores.len());
    for (place, (known, score)) in run.shared.known.iter().zip(&ranking.scores).enumerate() {
        let row = truth.place(&known.options()).and_then(|place| truth.table.rows.get(place));
        if let Some(row) = row {
            dots.push(Dot::new(score.loss, row.accuracy(), known.size.parameters as f64, place as u64));
        }
    }
    let words = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.3}"));
    let text = format!(
        "inherited loss (rank τ {}, noise ceiling {})",
        words(ranking.tau),
        words(truth.table.ceiling())
    );
    run.show(&ch::RANKING, dots);
    run.text(&ch::RANKING_WORDS, text);
}
