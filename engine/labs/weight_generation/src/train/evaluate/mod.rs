//! The evaluation: draws, every way to get networks without a generator, fine-tuning, novelty, pictures, search, one's own task.
//!
//! One step for each part. What a part found is kept, so that a run that goes on begins with the next one; what it needs of the generator
//! is made again.

mod baselines;
mod draws;
mod fine;
mod methods;
mod novelty;
mod pictures;
mod refine;
mod reverse;
mod target;
mod work;

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};

use super::zoo;
use crate::config::Config;
pub(crate) use fine::PROBES;
pub(crate) use fine::after as fine_after;
pub(crate) use methods::figures as figures_of;
#[cfg(test)]
pub(crate) use novelty::verdict;
pub(crate) use work::Work;

/// One part.
type Part = fn(&mut Running<'_, '_, Config>) -> Result<(), RunError>;

/// The parts in order; that of one's own task is the last.
const PARTS: [Part; 8] = [
    draws::draw,
    reverse::watch,
    methods::compare,
    fine::tune,
    novelty::measure,
    pictures::take,
    refine::search,
    target::judge,
];

/// Steps of the stage.
pub(crate) const STEPS: u64 = PARTS.len() as u64;

/// Accuracies of one way to get networks.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Method {
    pub(crate) id: String,
    pub(crate) label: String,
    /// Of each evaluated task, for each draw.
    pub(crate) accuracies: Vec<Vec<f64>>,
}

/// Accuracies of fine-tuning from one kind of start.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fine {
    pub(crate) id: String,
    pub(crate) label: String,
    /// Of each evaluated task, at each probe; empty for a task that was not tuned.
    pub(crate) accuracies: Vec<Vec<f64>>,
}

/// What is known of a generated network beside its accuracy.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Kin {
    /// Place of the nearest network of the zoo.
    pub(crate) nearest: usize,
    pub(crate) distance: f64,
    pub(crate) cosine: f64,
    /// Largest overlap of wrong rows with a zoo network of its task; not-a-number for unseen tasks.
    pub(crate) wrong_iou: f64,
}

/// What novelty found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Novel {
    pub(crate) wrong_iou: f64,
    pub(crate) distance_ratio: f64,
    pub(crate) verdict: String,
}

/// What the search found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Searched {
    pub(crate) accuracy: f64,
    pub(crate) noise_accuracy: f64,
    pub(crate) kept: f64,
}

/// What the parts found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Evaluation {
    /// Parts that are done.
    done: u64,
    /// Evaluated tasks by their places on the bench: seen ones, then unseen ones.
    pub(crate) tasks: Vec<usize>,
    /// Of each draw, for each evaluated task.
    pub(crate) accuracies: Vec<Vec<f64>>,
    pub(crate) exploded: u64,
    pub(crate) seconds_draw: f64,
    pub(crate) methods: Vec<Method>,
    pub(crate) fine: Vec<Fine>,
    /// Of each generated network, draw after draw.
    pub(crate) kin: Vec<Kin>,
    pub(crate) novel: Option<Novel>,
    pub(crate) searched: Option<Searched>,
    /// Figures of one's own task under the names of the results.
    pub(crate) target: Vec<(String, f64)>,
    /// Values of a network, and how many there are: for the tensor of generated networks.
    length: usize,
    count: usize,
    /// Generated networks, draw after draw, each in the order of the tasks.
    #[serde(skip)]
    pub(crate) generated: Vec<Vec<f32>>,
}

impl Saved for Evaluation {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        self.count = self.generated.len();
        self.length = self.generated.first().map_or(0, Vec::len);
        let mut generated = std::mem::take(&mut self.generated);
        codec.value("figures.cbor", self)?;
        let read = zoo::all(codec, "generated", &mut generated, (self.count, self.length));
        self.generated = generated;
        read
    }
}

impl Evaluation {
    /// Makes the part of one's own task be done again.
    pub(crate) fn forget_target(&mut self) {
        self.done = self.done.min(STEPS - 1);
        self.target.clear();
    }

    /// Networks of a draw.
    pub(crate) fn networks(&self, draw: usize) -> &[Vec<f32>] {
        let each = self.tasks.len();
        self.generated.get(draw * each..(draw + 1) * each).unwrap_or_default()
    }
}

/// Does the parts that are left.
pub(crate) fn all(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    while let Some(part) = PARTS.get(run.state.evaluation.done as usize) {
        run.begin_step(1.0)?;
        part(run)?;
        run.state.evaluation.done += 1;
        run.end_step()?;
    }
    Ok(())
}
