//! Judgements while a search runs: the mixture beside its inherited arg-max on the architecture rows, the best mixture, and alarms.

use std::time::Instant;

use weightscope_frame::run::RunError;

use super::search::Best;
use super::{Run, Shared, alarms, defect};
use crate::channels as ch;
use crate::method::score::{Score, inherited, score};
use crate::method::space::Mixing;

/// The mixing by which a mixture of these tensors is judged: slices of entangled weights are mixed by superposition.
pub(crate) fn of_mixture(mixing: Mixing) -> Mixing {
    if mixing == Mixing::Slice { Mixing::Superposed } else { mixing }
}

/// Figures of the mixture and of the inherited network of these picks.
pub(super) fn both(
    shared: &Shared,
    tensors: &[Vec<f32>],
    weights: &[Vec<f64>],
    picks: &[usize],
) -> Result<(Score, Score), RunError> {
    let (space, mixing) = (&*shared.space, shared.settings.mixing);
    let batch = shared.material.architecture.batch();
    let mixture = score(space, of_mixture(mixing), tensors, weights, &[], batch).map_err(defect)?;
    Ok((mixture, inherited(space, mixing, tensors, picks, batch).map_err(defect)?))
}

/// Judges, keeps the best mixture, raises alarms. `ranked` says whether a ranking belongs to this step.
pub(super) fn judge(run: &mut Run<'_, '_>, ranked: bool) -> Result<(), RunError> {
    let (began, shared) = (Instant::now(), run.shared);
    let Some(progress) = run.state.progress.as_mut() else { return Ok(()) };
    let weights = progress.weights(shared);
    let (mixture, own) = both(shared, &progress.search.tensors, &weights, &progress.picks)?;
    progress.judged = Some((mixture, own));
    if progress.best.as_ref().is_none_or(|best| mixture.loss < best.score.loss) {
        progress.best = Some(Best {
            step: progress.search.step,
            score: mixture,
            tensors: progress.search.tensors.clone(),
            alphas: progress.search.alphas.clone(),
            picks: progress.picks.clone(),
        });
    }
    alarms::look(run, &weights, ranked);
    let Some(progress) = run.state.progress.as_mut() else { return Ok(()) };
    progress.losses.clear();
    progress.watch_seconds += began.elapsed().as_secs_f64();
    run.scalar(&ch::MIXTURE, mixture.accuracy);
    run.scalar(&ch::INHERITED, own.accuracy);
    run.scalar(&ch::MIXTURE_LOSS, mixture.loss);
    run.finite("the loss of the mixture", mixture.loss)
}
