//! Weights in training: the optimizer's state, the moving average, and the step over two halves of a batch.

use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_nn::optimizer::AdamWSettings;
use weightscope_population::Lane;
use weightscope_population::graph::{Plan, Transposed, adam};
use weightscope_population::lane::flat_mut;

/// How a step moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) learning_rate: f64,
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
    transposed: Transposed,
    gradients: [Vec<Lane>; 2],
}

impl Trainer {
    /// Initial weights of a plan.
    pub(crate) fn new(plan: &Plan, random: &mut Stream, with_average: bool) -> Self {
        let values = plan.initial(random);
        let average = if with_average { values.clone() } else { Vec::new() };
        let gradients = [vec![Lane::ZERO; plan.lanes()], vec![Lane::ZERO; plan.lanes()]];
        let state = adam::State::new(plan.lanes());
        Self { values, average, state, transposed: Transposed::default(), gradients }
    }

    /// One step: `work` learns one half of the batch (0 or 1) and puts the gradient of its part of the loss down; what both say is returned.
    pub(crate) fn step<L: Send>(
        &mut self,
        plan: &Plan,
        by: Move,
        work: impl Fn(usize, &[Lane], &Transposed, &mut [Lane]) -> L + Sync,
    ) -> (L, L) {
        plan.transposed(&self.values, &mut self.transposed);
        let (values, transposed) = (&self.values, &self.transposed);
        let [one, other] = &mut self.gradients;
        let half = |which, gradient| {
            tracing::trace_span!("forward and backward")
                .in_scope(|| work(which, values, transposed, gradient))
        };
        let said = rayon::join(|| half(0, one), || half(1, other));
        let settings = AdamWSettings { weight_decay: by.weight_decay, ..AdamWSettings::default() };
        let [one, other] = &self.gradients;
        let average = &mut self.average;
        let _optimizer = tracing::trace_span!("optimizer").entered();
        self.state.step(&mut self.values, [one, other], &settings, by.learning_rate, average, by.towards);
        said
    }

    /// Begins another training from the values as they stand: fresh moments, and the average at the values.
    pub(crate) fn begin_anew(&mut self) {
        self.state = adam::State::new(self.values.len());
        self.average.clone_from(&self.values);
    }

    /// Lets go of what only training needs.
    pub(crate) fn rest(&mut self) {
        self.state = adam::State::default();
        self.gradients = [Vec::new(), Vec::new()];
        self.transposed = Transposed::default();
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
        // Where the state is at rest there is nothing to move it, and no room for gradients.
        let room = if lengths[2] == 0 { 0 } else { lengths[0] };
        self.gradients.iter_mut().for_each(|gradient| gradient.resize(room, Lane::ZERO));
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
