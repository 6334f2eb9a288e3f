//! Weights in training: the optimizer's state, the moving average, and the step over two halves of a batch.

use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_nn::optimizer::AdamWSettings;
use weightscope_population::Lane;
use weightscope_population::graph::{Plan, Slopes, adam};
use weightscope_population::lane::flat_mut;

/// How a step moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) learning_rate: f64,
    /// Decays of the moments of the gradient.
    pub(crate) betas: (f64, f64),
    pub(crate) weight_decay: f64,
    /// Share of its way that the average moves.
    pub(crate) towards: f64,
}

/// Weights with what moves them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trainer {
    pub(crate) values: Vec<Lane>,
    /// Moving average of the values; empty if none is kept.
    pub(crate) average: Vec<Lane>,
    state: adam::State,
}

impl Trainer {
    /// Initial weights of a plan.
    pub(crate) fn new(plan: &Plan, random: &mut Stream, with_average: bool) -> Self {
        let values = plan.initial(random);
        let average = if with_average { values.clone() } else { Vec::new() };
        let state = adam::State::new(plan.lanes());
        Self { values, average, state }
    }

    /// One step: `work` learns one half of the batch (0 or 1) and gives the slopes of its part of the loss; what both say is returned.
    pub(crate) fn step<L: Send>(
        &mut self,
        plan: &Plan,
        by: Move,
        work: impl Fn(usize, &[Lane]) -> (L, Slopes) + Sync,
    ) -> (L, L) {
        let values = &self.values;
        let half = |which| tracing::trace_span!("forward and backward").in_scope(|| work(which, values));
        let ((one, first), (other, second)) = rayon::join(|| half(0), || half(1));
        let (beta1, beta2) = by.betas;
        let settings =
            AdamWSettings { beta1, beta2, weight_decay: by.weight_decay, ..AdamWSettings::default() };
        let average = &mut self.average;
        let _optimizer = tracing::trace_span!("gradient and optimizer").entered();
        let slopes = (plan, [&first, &second]);
        self.state.step(&mut self.values, slopes, &settings, by.learning_rate, average, by.towards);
        (one, other)
    }

    /// Begins another training from the values as they stand: fresh moments, and the average at the values.
    pub(crate) fn begin_anew(&mut self) {
        self.state = adam::State::new(self.values.len());
        self.average.clone_from(&self.values);
    }

    /// Lets go of what only training needs.
    pub(crate) fn rest(&mut self) {
        self.state = adam::State::default();
    }
}

impl Saved for Trainer {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let mut lengths = [self.values.len(), self.average.len(), self.state.first.len()];
        codec.value("lengths.cbor", &mut lengths)?;
        self.values.resize(lengths[0], Lane::ZERO);
        self.average.resize(lengths[1], Lane::ZERO);
        for moments in [&mut self.state.first, &mut self.state.second] {
            moments.resize(lengths[2], Lane::ZERO);
        }
        for (name, lanes) in [
            ("values", &mut self.values),
            ("average", &mut self.average),
            ("first_moment", &mut self.state.first),
            ("second_moment", &mut self.state.second),
        ] {
            let numbers = flat_mut(lanes);
            codec.tensor(name, &[numbers.len()], numbers)?;
        }
        codec.count("steps", &mut self.state.steps)
    }
}
