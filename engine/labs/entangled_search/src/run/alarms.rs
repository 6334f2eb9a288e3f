//! Alarms of a search as events: raised once for each kind, with step, rule, what was seen and what to do.

use super::Run;
use crate::channels as ch;
use crate::method::alarm::{Alarm, Moment, Thresholds};
use crate::method::monitor::spread;
use weightscope_frame::record::{Cell, Table};

/// An alarm that was raised.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Raised {
    pub(crate) step: usize,
    pub(crate) alarm: Alarm,
    /// What was seen.
    pub(crate) seen: String,
}

/// The rule of an alarm in words, with its thresholds.
pub(crate) fn rule(alarm: Alarm, limits: &Thresholds) -> String {
    match alarm {
        Alarm::Shrink => format!(
            "expected parameters below {} of their largest value while the train loss is below {} of the validation loss",
            limits.shrink_size, limits.shrink_loss
        ),
        Alarm::Largest => "the arg-max is the largest option of every decision".to_owned(),
        Alarm::Skip => format!("skip is the arg-max on more than {} of the edges", limits.skip_share),
        Alarm::Frozen => {
            format!("no α has moved by {} after {} of the steps", limits.frozen_change, limits.frozen_after)
        }
        Alarm::EarlyCertainty => format!(
            "the normalised entropy of every decision is below {} before {} of the steps",
            limits.certain_entropy, limits.certain_before
        ),
        Alarm::Starved => format!("an option was not sampled for {} steps", limits.starved_steps),
        Alarm::Gap => format!("mixture and inherited arg-max differ by more than {} in accuracy", limits.gap),
        Alarm::RankNegative => "the rank correlation with the table is below 0".to_owned(),
    }
}

/// What was seen, in numbers.
fn seen(alarm: Alarm, moment: &Moment<'_>) -> String {
    let pair = |pair: Option<(f64, f64)>| pair.unwrap_or((f64::NAN, f64::NAN));
    let (now, most) = pair(moment.parameters);
    let (train, valid) = pair(moment.losses);
    let (mixture, own) = pair(moment.accuracies);
    let least = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    match alarm {
        Alarm::Shrink => format!("{now:.0} of {most:.0} parameters, losses {train:.3} and {valid:.3}"),
        Alarm::Largest | Alarm::Skip => {
            let picks: Vec<String> = moment.picks.iter().map(|(pick, _)| pick.to_string()).collect();
            format!("picks {}", picks.join(""))
        }
        Alarm::Frozen => format!("largest change {:.2e}", moment.change.unwrap_or(f64::NAN)),
        Alarm::EarlyCertainty => format!("largest entropy {:.3}", least(moment.entropies)),
        Alarm::Starved => format!("{} steps", moment.unpicked),
        Alarm::Gap => format!("{mixture:.3} and {own:.3}"),
        Alarm::RankNegative => format!("τ {:.3}", moment.rank_tau.unwrap_or(f64::NAN)),
    }
}

/// Looks at the moment and raises what is new.
pub(super) fn look(run: &mut Run<'_, '_>, weights: &[Vec<f64>], ranked: bool) {
    let (shared, limits) = (run.shared, run.settings.thresholds());
    let total = run.settings.steps as usize;
    let Some(progress) = run.state.progress.as_mut() else { return };
    let expected = shared.sizes.value(weights) * shared.most_parameters;
    progress.most = progress.most.max(expected);
    let decisions = shared.space.decisions();
    let picks: Vec<(usize, usize)> = progress
        .picks
        .iter()
        .zip(decisions)
        .map(|(pick, decision)| (*pick, decision.options.len()))
        .collect();
    let entropies: Vec<f64> =
        weights.iter().filter(|row| row.len() > 1).map(|row| spread(row).normalised).collect();
    let change = progress.start.as_ref().map(|start| {
        let pairs = start.iter().flatten().zip(progress.search.alphas.iter().flatten());
        pairs.map(|(before, now)| (now - before).abs()).fold(0.0, f64::max)
    });
    let count = progress.losses.len().max(1) as f64;
    let train = progress.losses.iter().sum::<f64>() / count;
    let ranking = progress.ranking.as_ref().filter(|_| ranked);
    let moment = Moment {
        steps: (progress.search.step, total),
        sampler: shared.settings.sampler,
        picks: &picks,
        skips: &shared.space.skips(),
        parameters: Some((expected, progress.most)),
        losses: progress
            .judged
            .map(|(mixture, _)| (train, mixture.loss))
            .filter(|_| !progress.losses.is_empty()),
        change,
        entropies: &entropies,
        unpicked: progress.search.unpicked.iter().flatten().copied().max().unwrap_or(0),
        accuracies: progress.judged.map(|(mixture, own)| (mixture.accuracy, own.accuracy)),
        rank_tau: ranking.and_then(|ranking| ranking.tau),
    };
    let mut fresh = Vec::new();
    for alarm in moment.alarms(&limits) {
        if progress.alarms.iter().all(|raised| raised.alarm != alarm) {
            let raised = Raised { step: progress.search.step, alarm, seen: seen(alarm, &moment) };
            fresh.push(raised.clone());
            progress.alarms.push(raised);
        }
    }
    for raised in &fresh {
        let text = format!(
            "alarm {} at step {}: {} ({}). {}",
            raised.alarm.key(),
            raised.step,
            rule(raised.alarm, &limits),
            raised.seen,
            raised.alarm.advice()
        );
        run.warn(&text);
    }
    if !fresh.is_empty() {
        show(run);
    }
}

/// The table of alarms: those that were raised first, the others behind as not seen.
pub(super) fn show(run: &mut Run<'_, '_>) {
    let limits = run.settings.thresholds();
    let raised = run.state.progress.as_ref().map(|progress| progress.alarms.clone()).unwrap_or_default();
    let text = |words: &str| Cell::Text(words.to_owned());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for own in &raised {
        rows.push(vec![
            text(own.alarm.key()),
            Cell::Number(own.step as f64),
            text(&rule(own.alarm, &limits)),
            text(&own.seen),
            text(own.alarm.advice()),
        ]);
    }
    for alarm in Alarm::ALL.into_iter().filter(|alarm| raised.iter().all(|own| own.alarm != *alarm)) {
        rows.push(vec![
            text(alarm.key()),
            Cell::Number(f64::NAN),
            text(&rule(alarm, &limits)),
            text("not seen"),
            text(""),
        ]);
    }
    let columns = ["alarm", "step", "rule", "seen", "what to do"].map(str::to_owned).to_vec();
    run.show(&ch::ALARMS, Table { columns, rows });
}
