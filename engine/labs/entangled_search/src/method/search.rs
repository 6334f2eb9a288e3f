//! The two-level loop (`TangleNAS`, algorithm 1): a step of the architecture on its part of the data, then a step of the weights on theirs.
//!
//! Each forward pass draws every decision once; the draw is used in all layers that depend on it. α is never in the optimizer of the weights,
//! and each half-step takes only its own gradients.

use weightscope_compute::number::Number;
use weightscope_math::{MathError, Stream};

use super::anchor::Anchor;
use super::optimizer::{Adam, AdamSettings, Sgd, SgdSettings, clip_norm, cosine};
use super::sampler::{Sample, Sampler, gumbel};
use super::second_order::{Part, Slopes, unrolled};
use super::size_penalty::SizePenalty;
use super::space::{Mixing, Space, initial};
use super::step::{Batch, Outcome, Wanted, Way, pass};

/// The optimizer of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightRule {
    /// AdamW with this decay.
    AdamW(f64),
    /// Stochastic gradient descent.
    Sgd(SgdSettings),
}

/// Settings of a search.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How options meet.
    pub mixing: Mixing,
    /// How weights follow from α.
    pub sampler: Sampler,
    /// The optimizer of the weights.
    pub weight_rule: WeightRule,
    /// Learning rate of the weights at the start.
    pub learning_rate: f64,
    /// Share of it that is left at the end of the cosine.
    pub floor: f64,
    /// Norm to which the gradient of the weights is cut.
    pub clip: f64,
    /// Learning rate of α, constant.
    pub architecture_rate: f64,
    /// What pulls α to its start.
    pub anchor: Anchor,
    /// First step at which α moves.
    pub architecture_start: usize,
    /// Steps of the whole search, over which cosine and temperature run.
    pub steps: usize,
    /// Whether the architecture gradient goes through a step of the weights.
    pub second_order: bool,
    /// Price on size.
    pub penalty: SizePenalty,
}

impl Settings {
    /// Whether slices carry gates.
    fn gated(&self) -> bool {
        self.sampler == Sampler::Gumbel && self.mixing == Mixing::Slice
    }

    /// Whether α moves at this step.
    pub fn moves_architecture(&self, step: usize) -> bool {
        self.sampler != Sampler::Uniform && step >= self.architecture_start
    }

    /// Temperature of the Gumbel sampler at a step.
    pub fn temperature(&self, step: usize) -> f64 {
        gumbel::temperature(gumbel::TAU_MOST, gumbel::TAU_LEAST, step, self.steps)
    }
}

/// The state of an optimizer of weights.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum WeightState<T> {
    Adam(Adam<T>),
    Sgd(Sgd<T>),
}

/// All that a search changes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Search<T> {
    /// Tensors of the supernet.
    pub tensors: Vec<Vec<T>>,
    /// α, one row for each decision.
    pub alphas: Vec<Vec<f64>>,
    /// Steps done.
    pub step: usize,
    /// For each option, the steps since it was last picked; only samplers that pick one option count.
    pub unpicked: Vec<Vec<usize>>,
    weights: WeightState<T>,
    architecture: Adam<f64>,
}

/// What a step gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Loss of the step of the architecture; none if α did not move.
    pub valid_loss: Option<f64>,
    /// Loss of the step of the weights.
    pub train_loss: f64,
    /// Norm of the gradient of the weights before it was cut.
    pub gradient_norm: f64,
    /// Bytes that the forward pass of the weights' step made and that lived until backward.
    pub kept_bytes: usize,
}

impl<T: Number> Search<T> {
    /// A search at its start: tensors drawn from `weights`, α from `architecture` with standard deviation 0.001 (established).
    pub fn new(
        space: &dyn Space<T>,
        settings: &Settings,
        weights: &mut Stream,
        architecture: &mut Stream,
    ) -> Self {
        let tensors = initial(&space.tensors(settings.mixing, &[]), weights);
        let draw = |count: usize, random: &mut Stream| -> Vec<f64> {
            (0..count).map(|_| 1e-3 * f64::from(random.normal())).collect()
        };
        let decisions = space.decisions().iter();
        let alphas = decisions.map(|decision| draw(decision.options.len(), architecture)).collect();
        Self::with(settings, tensors, alphas)
    }

    /// A search that starts from these tensors and α.
    pub fn with(settings: &Settings, tensors: Vec<Vec<T>>, alphas: Vec<Vec<f64>>) -> Self {
        let count = tensors.iter().map(Vec::len).sum();
        let weights = match settings.weight_rule {
            WeightRule::AdamW(_) => WeightState::Adam(Adam::new(count)),
            WeightRule::Sgd(_) => WeightState::Sgd(Sgd::new(count)),
        };
        Self {
            architecture: Adam::new(alphas.iter().map(Vec::len).sum()),
            unpicked: alphas.iter().map(|row| vec![0; row.len()]).collect(),
            weights,
            tensors,
            alphas,
            step: 0,
        }
    }

    /// One step: the architecture on `valid`, then the weights on `train`. Refuses batches and tensors that do not fit the space.
    pub fn step(
        &mut self,
        space: &dyn Space<T>,
        settings: &Settings,
        valid: Batch<'_, T>,
        train: Batch<'_, T>,
        random: &mut Stream,
    ) -> Result<Report, MathError> {
        let valid_loss = if settings.moves_architecture(self.step) {
            Some(self.architecture_step(space, settings, valid, train, random)?)
        } else {
            None
        };
        let samples = self.draw(settings, random);
        let mut outcome = run(space, settings, &samples, &self.tensors, train, Wanted::TENSORS)?;
        let gradient_norm = clip_norm(&mut outcome.tensors, settings.clip);
        tracing::trace_span!("optimizer").in_scope(|| self.weight_step(settings, &outcome.tensors));
        self.count(&samples);
        self.step += 1;
        Ok(Report { valid_loss, train_loss: outcome.loss, gradient_norm, kept_bytes: outcome.kept_bytes })
    }

    fn draw(&self, settings: &Settings, random: &mut Stream) -> Vec<Sample> {
        let tau = settings.temperature(self.step);
        self.alphas.iter().map(|alpha| settings.sampler.sample(alpha, tau, random)).collect()
    }

    fn count(&mut self, samples: &[Sample]) {
        for (row, sample) in self.unpicked.iter_mut().zip(samples) {
            let Some(picked) = sample.picked else { continue };
            row.iter_mut()
                .enumerate()
                .for_each(|(option, age)| *age = if option == picked { 0 } else { *age + 1 });
        }
    }

    fn rate(&self, settings: &Settings) -> f64 {
        cosine(settings.learning_rate, settings.floor, self.step, settings.steps)
    }

    fn architecture_step(
        &mut self,
        space: &dyn Space<T>,
        settings: &Settings,
        valid: Batch<'_, T>,
        train: Batch<'_, T>,
        random: &mut Stream,
    ) -> Result<f64, MathError> {
        let samples = self.draw(settings, random);
        let tau = settings.temperature(self.step);
        let to_alpha = |upstream: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let rows = self.alphas.iter().zip(&samples).zip(upstream);
            rows.map(|((alpha, sample), above)| settings.sampler.gradient(alpha, sample, tau, above))
                .collect()
        };
        let mut loss = f64::NAN;
        let mut slopes = if settings.second_order {
            let mut first = true;
            let found = unrolled(&self.tensors, self.rate(settings), None, |part, tensors| {
                let batch = if part == Part::Valid { valid } else { train };
                let outcome = run(space, settings, &samples, tensors, batch, Wanted::BOTH)?;
                if part == Part::Valid && first {
                    (loss, first) = (outcome.loss, false);
                }
                Ok::<_, MathError>(Slopes { tensors: outcome.tensors, alphas: to_alpha(&outcome.weights) })
            })?;
            found.gradient
        } else {
            let outcome = run(space, settings, &samples, &self.tensors, valid, Wanted::WEIGHTS)?;
            loss = outcome.loss;
            to_alpha(&outcome.weights)
        };
        let weights: Vec<Vec<f64>> = samples.iter().map(|sample| sample.weights.clone()).collect();
        if settings.penalty.is_active() {
            let price = to_alpha(&settings.penalty.gradient(&weights));
            slopes.iter_mut().zip(&price).for_each(|(own, price)| super::kernel::add(own, price));
        }
        settings.anchor.add_gradient(&self.alphas, &mut slopes);
        let rule = AdamSettings::architecture(settings.anchor.decay());
        let pairs = self.alphas.iter_mut().zip(&slopes);
        let pairs = pairs.map(|(alpha, slopes)| (alpha.as_mut_slice(), slopes.as_slice()));
        self.architecture.step(rule, settings.architecture_rate, pairs);
        Ok(loss)
    }

    fn weight_step(&mut self, settings: &Settings, gradients: &[Vec<T>]) {
        let rate = self.rate(settings);
        let pairs = self.tensors.iter_mut().zip(gradients);
        let pairs = pairs.map(|(values, slopes)| (values.as_mut_slice(), slopes.as_slice()));
        match (&mut self.weights, settings.weight_rule) {
            (WeightState::Adam(state), WeightRule::AdamW(decay)) => {
                state.step(AdamSettings::weights(decay), rate, pairs);
            }
            (WeightState::Sgd(state), WeightRule::Sgd(rule)) => state.step(rule, rate, pairs),
            // A state of the other rule, which only a changed checkpoint could hold: start its rule anew.
            (state, WeightRule::AdamW(decay)) => {
                let mut fresh = Adam::new(gradients.iter().map(Vec::len).sum());
                fresh.step(AdamSettings::weights(decay), rate, pairs);
                *state = WeightState::Adam(fresh);
            }
            (state, WeightRule::Sgd(rule)) => {
                let mut fresh = Sgd::new(gradients.iter().map(Vec::len).sum());
                fresh.step(rule, rate, pairs);
                *state = WeightState::Sgd(fresh);
            }
        }
    }

    /// Weights of the decisions without chance.
    pub fn mean_weights(&self, sampler: Sampler) -> Vec<Vec<f64>> {
        self.alphas.iter().map(|alpha| sampler.mean(alpha)).collect()
    }

    /// The arg-max of each decision.
    pub fn picks(&self) -> Vec<usize> {
        super::discretise::picks(&self.alphas)
    }
}

/// A pass with these samples.
fn run<T: Number>(
    space: &dyn Space<T>,
    settings: &Settings,
    samples: &[Sample],
    tensors: &[Vec<T>],
    batch: Batch<'_, T>,
    wanted: Wanted,
) -> Result<Outcome<T>, MathError> {
    let weights: Vec<Vec<f64>> = samples.iter().map(|sample| sample.weights.clone()).collect();
    let picks: Vec<usize> = samples.iter().map(|sample| sample.picked.unwrap_or(0)).collect();
    let way = Way { mixing: settings.mixing, weights: &weights, picks: &picks, gated: settings.gated() };
    pass(space, way, tensors, batch, wanted)
}

#[cfg(test)]
mod tests;
