//! The final figures: means over the repeats that are done; what does not apply is absent.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Metric;

use super::curves::paired;
use super::figures::{Figures, Finished};
use crate::config::{Config, Floor, Start};
use crate::method::gain::Gain;
use crate::metrics;

/// A figure of one network.
type Of = fn(&Figures) -> f64;

/// Each figure with its name for the network and for its twin.
const FIGURES: [(&Metric, &Metric, Of); 12] = [
    (&metrics::TEST_ACCURACY, &metrics::TWIN_TEST_ACCURACY, |one| one.test_accuracy),
    (&metrics::TRAIN_ACCURACY, &metrics::TWIN_TRAIN_ACCURACY, |one| one.train_accuracy),
    (&metrics::NEAR_ZERO, &metrics::TWIN_NEAR_ZERO, |one| one.end.near_zero),
    (&metrics::NEAR_ZERO_START, &metrics::TWIN_NEAR_ZERO_START, |one| one.start.near_zero),
    (&metrics::KURTOSIS, &metrics::TWIN_KURTOSIS, |one| one.end.kurtosis),
    (&metrics::KURTOSIS_START, &metrics::TWIN_KURTOSIS_START, |one| one.start.kurtosis),
    (&metrics::LARGEST, &metrics::TWIN_LARGEST, |one| one.end.largest),
    (&metrics::PARTICIPATION, &metrics::TWIN_PARTICIPATION, |one| one.end.participation),
    (&metrics::TOP_TENTH, &metrics::TWIN_TOP_TENTH, |one| one.top_tenth),
    (&metrics::PRUNED, &metrics::TWIN_PRUNED, Figures::pruned_70),
    (&metrics::DELETED, &metrics::TWIN_DELETED, Figures::deleted_40),
    (&metrics::NOISY, &metrics::TWIN_NOISY, Figures::noisy_30),
];

/// Mean of a figure; `None` where one of them is no finite number.
fn mean<'a>(all: impl Iterator<Item = &'a Figures>, of: impl Fn(&Figures) -> f64) -> Option<f64> {
    let values: Vec<f64> = all.map(of).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    mean.is_finite().then_some(mean)
}

/// Reports them.
pub(super) fn report(run: &mut Running<'_, '_, Config>) {
    let finished = std::mem::take(&mut run.state.finished);
    let own = || finished.iter().map(|one| &one.own);
    let twin = || finished.iter().filter_map(|one| one.twin.as_ref());
    for (metric, of_twin, of) in FIGURES {
        for (metric, value) in [(metric, mean(own(), of)), (of_twin, mean(twin(), of))] {
            if let Some(value) = value {
                run.result(metric, value);
            }
        }
    }
    gains(run, &finished);
    let pair = |place: usize| {
        mean(own(), |one| one.pair.and_then(|pair| pair.get(place).copied()).unwrap_or(f64::NAN))
    };
    for (metric, place) in [(&metrics::AMPLITUDE_END, 0), (&metrics::WIDTH_END, 1), (&metrics::SLOPE_END, 2)]
    {
        if let Some(value) = pair(place) {
            run.result(metric, value);
        }
    }
    let config = run.settings;
    if config.compands()
        && config.start == Start::Inverse
        && config.floor == Floor::Clip
        && let Some(share) = mean(own(), |one| one.clipped_share)
    {
        run.result(&metrics::CLIPPED_SHARE, share);
    }
    let networks = own().count() + twin().count();
    let seconds = run.seconds();
    if seconds > 0.0 {
        let steps = networks as f64 * run.state.phases.steps() as f64;
        run.result(&metrics::STEPS_PER_SECOND, steps / seconds);
    }
    run.state.finished = finished;
}

fn gains(run: &mut Running<'_, '_, Config>, finished: &[Finished]) {
    let Some(gain) = paired(finished).and_then(|(own, twin)| Gain::of(&own, &twin)) else { return };
    run.result(&metrics::ACCURACY_GAIN, gain.mean);
    run.result(&metrics::ACCURACY_GAIN_WINS, gain.wins as f64);
    if let Some((low, high)) = gain.interval {
        run.result(&metrics::ACCURACY_GAIN_LOW, low);
        run.result(&metrics::ACCURACY_GAIN_HIGH, high);
    }
}
