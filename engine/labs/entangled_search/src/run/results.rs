//! The final figures; what does not apply is absent.

use weightscope_frame::run::RunError;
use weightscope_math::stats::correlation::kendall;

use super::afterwards::Kind;
use super::{Run, black_box};
use crate::config::Config;
use crate::method::alarm::Alarm;
use crate::method::monitor::standing;
use crate::method::table::Row;
use crate::metrics;
use crate::truth::{Known, Truth};

/// Options of the pick; of a search on a table those of the first search's first repeat.
pub(super) fn pick(run: &Run<'_, '_>) -> Option<Vec<Option<usize>>> {
    if let Some(answer) = &run.state.answer {
        return Some(Known::of(&*run.shared.space, &answer.picks).options());
    }
    let row = run.state.searches.done.first()?.row;
    Some(run.state.truth.as_ref()?.table.rows.get(row)?.picks.clone())
}

/// Reports what is known so far.
pub(super) fn report(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    of_table(run);
    of_pick(run);
    of_search(run);
    of_searches(run);
    of_afterwards(run);
    Ok(())
}

fn of_table(run: &mut Run<'_, '_>) {
    let Some(truth) = run.state.truth.clone() else { return };
    let accuracies = truth.table.accuracies();
    if accuracies.is_empty() {
        return;
    }
    let best = accuracies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    run.result(&metrics::BEST_ACCURACY, best);
    run.result(&metrics::MEAN_ACCURACY, accuracies.iter().sum::<f64>() / accuracies.len() as f64);
    run.result(&metrics::ROWS, accuracies.len() as f64);
    run.result(&metrics::MISSING, truth.missing as f64);
    if let Some(standing) = truth.largest().and_then(|place| standing(&accuracies, place)) {
        run.result(&metrics::LARGEST_REGRET, standing.regret);
        run.result(&metrics::LARGEST_RANK, standing.rank as f64);
    }
    if let Some(ceiling) = truth.table.ceiling() {
        run.result(&metrics::NOISE_CEILING, ceiling);
    }
    for (place, decision) in truth.decisions.iter().enumerate() {
        let effect = truth.table.effect(place, decision.options.len());
        run.result_of(&metrics::EFFECT, &decision.name, effect.share);
    }
    if run.settings.computes_table() {
        if let Some(tau) = with_shipped(run.settings, &truth) {
            run.result(&metrics::SHIPPED_TAU, tau);
        }
        let seconds = run.state.table_seconds;
        run.result(&metrics::TABLE_SECONDS, seconds);
    }
}

/// Agreement of a table that was computed with the shipped one.
fn with_shipped(config: &Config, truth: &Truth) -> Option<f64> {
    let shipped = Truth::shipped(config)?;
    let pairs = truth.table.rows.iter().filter_map(|row| {
        let other = shipped.table.rows.get(shipped.place(&row.picks)?)?;
        Some((row.accuracy(), other.accuracy()))
    });
    let (own, other): (Vec<f64>, Vec<f64>) = pairs.unzip();
    kendall(&own, &other).ok().flatten()
}

fn of_pick(run: &mut Run<'_, '_>) {
    let Some(options) = pick(run) else { return };
    let decisions = match run.state.truth.as_ref() {
        Some(truth) => truth.decisions.clone(),
        None => run.shared.space.decisions().to_vec(),
    };
    for (decision, option) in decisions.iter().zip(&options) {
        if let Some(option) = option {
            run.result_of(&metrics::PICK, &decision.name, *option as f64);
        }
    }
    if let Some(answer) = &run.state.answer {
        let size = run.shared.space.size(&answer.picks);
        run.result(&metrics::PICK_PARAMETERS, size.parameters as f64);
    }
    let Some(truth) = run.state.truth.as_ref() else { return };
    let accuracies = truth.table.accuracies();
    let Some(place) = truth.place(&options) else { return };
    let parameters = truth.table.rows.get(place).map(|row| row.parameters).filter(|value| value.is_finite());
    let accuracy = truth.table.rows.get(place).map(Row::accuracy);
    if let (Some(standing), Some(accuracy)) = (standing(&accuracies, place), accuracy) {
        run.result(&metrics::REGRET, standing.regret);
        run.result(&metrics::PICK_RANK, standing.rank as f64);
        run.result(&metrics::PICK_ACCURACY, accuracy);
    }
    if let Some(parameters) = parameters {
        run.result(&metrics::PICK_PARAMETERS, parameters);
    }
}

fn of_search(run: &mut Run<'_, '_>) {
    if let Some(answer) = run.state.answer.clone() {
        run.result(&metrics::SEARCH_SECONDS, answer.seconds);
        if answer.evaluations > 0 {
            run.result(&metrics::EVALUATIONS, answer.evaluations as f64);
        }
        if let Some(own) = answer.inherited {
            run.result(&metrics::INHERITED_ACCURACY, own.accuracy);
            if let Some(mixture) = answer.mixture {
                run.result(&metrics::MIXTURE_ACCURACY, mixture.accuracy);
                run.result(&metrics::DISCRETISATION_GAP, mixture.accuracy - own.accuracy);
            }
        }
        if let Some(ranking) = answer.ranking {
            run.result(&metrics::RANKING_SECONDS, ranking.seconds);
            for (metric, value) in [
                (&metrics::RANK_TAU, ranking.tau),
                (&metrics::SCORE_TAU, ranking.log_tau),
                (&metrics::TOP_PRECISION, ranking.top),
            ] {
                if let Some(value) = value {
                    run.result(metric, value);
                }
            }
        }
    }
    let Some(progress) = run.state.progress.as_ref() else { return };
    let count = progress.search.step;
    if count == 0 {
        return;
    }
    let (seconds, watched, kept) = (progress.seconds, progress.watch_seconds, progress.kept_bytes);
    let numbers: usize = progress.search.tensors.iter().map(Vec::len).sum();
    let learns = run.settings.sampler() != crate::method::sampler::Sampler::Uniform;
    let raised: Vec<Alarm> = progress.alarms.iter().map(|raised| raised.alarm).collect();
    let (flips, best) =
        (progress.flips.len(), progress.best.as_ref().map(|best| (best.step, best.picks.clone())));
    run.result(&metrics::STEP_SECONDS, seconds / count as f64);
    run.result(&metrics::WATCH_SECONDS, watched);
    run.result(&metrics::SAVED_BYTES, kept as f64);
    run.result(&metrics::SUPERNET_PARAMETERS, numbers as f64);
    if learns {
        run.result(&metrics::FLIPS, flips as f64);
    }
    run.result(&metrics::ALARMS, raised.len() as f64);
    for alarm in Alarm::ALL {
        run.result_of(&metrics::ALARM, alarm.key(), f64::from(u8::from(raised.contains(&alarm))));
    }
    let Some((step, picks)) = best else { return };
    run.result(&metrics::BEST_MIXTURE_STEP, step as f64);
    let options = Known::of(&*run.shared.space, &picks).options();
    let regret = run
        .state
        .truth
        .as_ref()
        .and_then(|truth| standing(&truth.table.accuracies(), truth.place(&options)?));
    if let Some(standing) = regret {
        run.result(&metrics::BEST_MIXTURE_REGRET, standing.regret);
    }
    let (name, bytes) = (words(run), kept as f64);
    super::costs::show(run, &[name], &[bytes], &[seconds / count as f64], &[numbers as f64]);
}

/// The way in which options meet, in a word.
fn words(run: &Run<'_, '_>) -> String {
    let mixing = run.settings.mixing();
    let own = super::costs::WAYS.iter().find(|(way, _)| *way == mixing);
    own.map_or("alone", |(_, words)| words).to_owned()
}

fn of_searches(run: &mut Run<'_, '_>) {
    let (config, searches) = (run.settings, run.state.searches.clone());
    for (place, (kind, repeats)) in black_box::by_searcher(config, &searches).into_iter().enumerate() {
        for (metric, evaluations) in [(&metrics::MEDIAN_REGRET_OF, 200), (&metrics::EARLY_REGRET_OF, 100)] {
            if config.table_evaluations < evaluations {
                continue;
            }
            let regrets = repeats.iter().filter_map(|repeat| repeat.regret(evaluations as usize));
            let Some(median) = black_box::median(regrets.collect()) else { continue };
            run.result_of(metric, kind.key(), median);
            if place == 0 && evaluations == 200 {
                run.result(&metrics::MEDIAN_REGRET, median);
            }
        }
    }
}

fn of_afterwards(run: &mut Run<'_, '_>) {
    let afterwards = run.state.afterwards.clone();
    let metric = |kind: Kind| match kind {
        Kind::Inherited => &metrics::INHERITED_TEST,
        Kind::FineTuned => &metrics::FINE_TUNED,
        Kind::Retrained => &metrics::RETRAINED,
    };
    for network in &afterwards.pick {
        run.result(metric(network.kind), network.accuracy);
    }
    for network in &afterwards.mixture {
        run.result_of(&metrics::MIXTURE_PICK, metric(network.kind).name, network.accuracy);
    }
}
