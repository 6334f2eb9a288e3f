//! The run's own recording, in the form that the recorder for other trainings writes: `recording/` in the run folder.
//!
//! One frame a step, taken when the levels of the step are looked at. A run that goes on from a checkpoint begins another session, which
//! supersedes what was recorded beyond the checkpoint. Where a step follows from the mean magnitude, the mean is written as half the
//! scale that acted, so that a reader's levels are those of the run bit for bit.

use std::path::Path;

use weightscope_frame::run::{Context, RunError};
use weightscope_logs::recording::{Measured, Start, Tensor, Writer, is_recording, sampled};
use weightscope_math::stream;
use weightscope_nn::parameters::Parameters;

use crate::network::plan::Plan;
use crate::network::weight::{Rule, WeightState};

/// The folder inside the run folder.
const FOLDER: &str = "recording";
/// Rows of a matrix whose magnitudes are recorded, where not all of its weights are.
const ROWS: usize = 1;

/// Writes the recording of a run that asks for one.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    writer: Option<(Writer, Vec<Tensor>)>,
}

impl Recorder {
    /// Appends the frame of this step: so many weights of each quantized matrix, none for 0 or a run without a folder.
    pub(super) fn record(
        &mut self,
        context: &Context<'_>,
        sample: usize,
        plan: &Plan,
        parameters: &Parameters,
        states: &[WeightState],
    ) -> Result<(), RunError> {
        let Some(folder) = context.folder().filter(|_| sample > 0) else { return Ok(()) };
        if self.writer.is_none() {
            let tensors = tensors(plan, sample, context.seed);
            self.writer = Some((begin(&folder.join(FOLDER), &tensors, context.seed)?, tensors));
        }
        let Some((writer, tensors)) = &mut self.writer else { return Ok(()) };
        let weights = plan.weights().iter().zip(states).zip(tensors.iter());
        let measured: Vec<Measured> = weights
            .map(|((weight, state), tensor)| {
                let mut measured = Measured::of(tensor, &weight.latent(parameters));
                if matches!(weight.rule, Rule::StatsQ { .. }) {
                    for ((_, mean), row) in measured.rows.iter_mut().zip(&tensor.rows) {
                        *mean = state.scales.get(*row).map_or(*mean, |scale| 0.5 * scale);
                    }
                }
                measured
            })
            .collect();
        writer.append(context.step(), &measured).map_err(|error| failed(&error))
    }
}

/// Begins the recording, or another session of it.
fn begin(folder: &Path, tensors: &[Tensor], seed: u64) -> Result<Writer, RunError> {
    let start = Start { host: "weightscope".to_owned(), ..Start::default() };
    let begun = if is_recording(folder) {
        Writer::resume(folder, tensors, &start)
    } else {
        let id = stream(seed, "recording/id").below(u32::MAX as usize);
        Writer::create(folder, u32::try_from(id).unwrap_or_default(), tensors, &start)
    };
    begun.map_err(|error| failed(&error))
}

/// The quantized matrices with the weights that are drawn of each.
fn tensors(plan: &Plan, sample: usize, seed: u64) -> Vec<Tensor> {
    let of = plan.weights().iter().map(|weight| {
        let columns = weight.groups.inner.max(1);
        let shape = vec![weight.groups.len() / columns, columns];
        let rows = if sample >= weight.groups.len() { usize::MAX } else { ROWS };
        let mut draws = stream(seed, &format!("recording/{}", weight.name));
        let mut draw = |count: usize| draws.below(count);
        let (places, rows) = sampled(&shape, sample, rows, &mut draw);
        Tensor { name: weight.name.clone(), shape, dtype: "F32".to_owned(), places, rows }
    });
    of.collect()
}

fn failed(error: &impl std::fmt::Display) -> RunError {
    RunError::setting("recorded_weights", error.to_string())
}
