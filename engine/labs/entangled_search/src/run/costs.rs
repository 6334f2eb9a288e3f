//! Costs of the ways in which options meet, on one batch: bytes counted by the tape, seconds by the clock, numbers of the supernet.

use std::time::Instant;

use weightscope_frame::record::Bars;
use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::{Run, defect};
use crate::channels as ch;
use crate::method::space::{self, Mixing, initial};
use crate::method::step::{Wanted, Way, pass};
use crate::metrics;

/// Rounds: in each, every way runs once, so that a busy machine is busy for all.
pub(super) const ROUNDS: u64 = 40;
/// The ways, with their words.
pub(crate) const WAYS: [(Mixing, &str); 4] = [
    (Mixing::Slice, "slice"),
    (Mixing::Superposed, "superposed"),
    (Mixing::Output, "output"),
    (Mixing::Separate, "separate"),
];

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Costs {
    /// Seconds of each round, by way.
    pub(crate) seconds: Vec<Vec<f64>>,
    pub(crate) bytes: Vec<usize>,
    pub(crate) parameters: Vec<usize>,
}

/// Measures round by round.
pub(super) fn measure(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let (shared, config) = (run.shared, run.settings);
    let space = &*shared.space;
    let picks = space::largest(space);
    let weights: Vec<Vec<f64>> = space
        .decisions()
        .iter()
        .map(|decision| vec![1.0 / decision.options.len() as f64; decision.options.len()])
        .collect();
    let batch = shared.material.train.first(config.batch_size as usize);
    let mut tensors = Vec::with_capacity(WAYS.len());
    for (mixing, _) in WAYS {
        tensors.push(initial::<f32>(&space.tensors(mixing, &[]), &mut stream(shared.seed, "weights")));
    }
    while (run.state.costs.seconds.len() as u64) < ROUNDS {
        let (mut round, mut bytes) = (Vec::with_capacity(WAYS.len()), Vec::with_capacity(WAYS.len()));
        for ((mixing, _), tensors) in WAYS.iter().zip(&tensors) {
            let way = Way { mixing: *mixing, weights: &weights, picks: &picks, gated: false };
            let began = Instant::now();
            let outcome = pass(space, way, tensors, batch, Wanted::TENSORS).map_err(defect)?;
            round.push(began.elapsed().as_secs_f64());
            bytes.push(outcome.kept_bytes);
        }
        run.begin_step(0.0)?;
        run.state.costs.seconds.push(round);
        run.state.costs.bytes = bytes;
        run.state.costs.parameters = tensors.iter().map(|all| all.iter().map(Vec::len).sum()).collect();
        if run.stage_step() == ROUNDS {
            report(run);
        }
        run.end_step()?;
    }
    Ok(())
}

/// Median seconds of each way.
fn medians(costs: &Costs) -> Vec<f64> {
    let of = |way: usize| {
        let mut own: Vec<f64> = costs.seconds.iter().filter_map(|round| round.get(way).copied()).collect();
        own.sort_by(f64::total_cmp);
        own.get(own.len() / 2).copied().unwrap_or(f64::NAN)
    };
    (0..WAYS.len()).map(of).collect()
}

fn report(run: &mut Run<'_, '_>) {
    let costs = run.state.costs.clone();
    let seconds = medians(&costs);
    let bytes: Vec<f64> = costs.bytes.iter().map(|bytes| *bytes as f64).collect();
    let parameters: Vec<f64> = costs.parameters.iter().map(|count| *count as f64).collect();
    show(run, &WAYS.map(|(_, words)| words.to_owned()), &bytes, &seconds, &parameters);
    let superposed = |values: &[f64]| values.get(1).copied().unwrap_or(f64::NAN);
    for (((_, words), own), kept) in WAYS.iter().zip(&seconds).zip(&bytes) {
        run.result_of(&metrics::STEP_SECONDS_OF, words, *own);
        run.result_of(&metrics::SAVED_BYTES_OF, words, *kept);
        if *words != "superposed" {
            run.result_of(&metrics::SECONDS_RATIO, words, own / superposed(&seconds));
            run.result_of(&metrics::BYTES_RATIO, words, kept / superposed(&bytes));
        }
    }
    let slice = bytes.first().copied().unwrap_or(f64::NAN);
    run.result(&metrics::SUPERPOSED_OVER_SLICE, superposed(&bytes) / slice);
    run.result(&metrics::STEP_SECONDS, superposed(&seconds));
    run.result(&metrics::SAVED_BYTES, superposed(&bytes));
    run.result(&metrics::SUPERNET_PARAMETERS, superposed(&parameters));
}

/// The bars.
pub(super) fn show(
    run: &mut Run<'_, '_>,
    names: &[String],
    bytes: &[f64],
    seconds: &[f64],
    parameters: &[f64],
) {
    let bars = |name: &str, values: &[f64]| Bars {
        labels: names.to_vec(),
        series: vec![(name.to_owned(), values.to_vec())],
        ..Bars::default()
    };
    run.show_only(&ch::BYTES, bars("bytes kept", bytes));
    run.show_only(&ch::SECONDS, bars("seconds a step", seconds));
    run.show_only(&ch::PARAMETERS, bars("parameters", parameters));
}
