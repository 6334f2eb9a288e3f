//! One arm: a network with the function of its weights, or its twin without.
//!
//! Contract: an arm is a function of settings, rows and seed; both arms of a repeat see the same rows in the same order, and drop the
//! same units.

use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_population::{Advance, DecayOn, Rule};

use crate::config::{Config, DecayTarget, Floor, Layers, Optimizer, Parameters, Share, Start};
use crate::method::distribution::deviation;
use crate::method::form::Pair;
use crate::method::start::{CLIP_AT, KEEP_BELOW, inverse, least_amplitude};
use crate::network::{Function, Network, PairGradients, StepRule};

/// Decay rates and ε of the Adam that moves log a and log b.
const BETAS: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

/// One arm in training.
#[derive(Clone)]
pub(crate) struct Arm {
    pub(crate) network: Network,
    pub(crate) function: Function,
    /// Standard deviation of each layer's initial weights, the unit of its parameters.
    pub(crate) deviations: Vec<f64>,
    /// Effective weights before the first step.
    pub(crate) start: Vec<f32>,
    /// Share of the weights that the start clipped.
    pub(crate) clipped_share: f64,
    /// Layers whose amplitude was raised, with what it became in standard deviations.
    pub(crate) raised: Vec<(String, f64)>,
    moments: PairMoments,
}

/// Adam's state of (log a, log b), one entry for each layer.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct PairMoments {
    first: Vec<[f64; 2]>,
    second: Vec<[f64; 2]>,
    steps: i32,
}

impl Arm {
    /// The plain network, its initial weights scaled layer by layer where factors are given.
    pub(crate) fn plain(mut network: Network, factors: Option<&[f64]>) -> Result<Self, RunError> {
        let layers = network.layers().to_vec();
        if let Some(factors) = factors {
            let mut latent = network.latent();
            for (matrix, factor) in layers.iter().zip(factors) {
                let values = latent.get_mut(matrix.range.clone()).unwrap_or_default();
                values.iter_mut().for_each(|value| *value *= *factor as f32);
            }
            network.set_latent(&latent)?;
        }
        let start = network.latent();
        let deviations =
            layers.iter().map(|matrix| deviation(start.get(matrix.range.clone()).unwrap_or_default()));
        Ok(Self {
            deviations: deviations.collect(),
            function: Function::plain(layers.len()),
            clipped_share: 0.0,
            raised: Vec::new(),
            moments: PairMoments::default(),
            start,
            network,
        })
    }

    /// The network whose initial weights become latent ones as the settings say.
    pub(crate) fn companding(config: &Config, mut network: Network) -> Result<Self, RunError> {
        let layers = network.layers().to_vec();
        let Some(form) = config.compander.form() else { return Self::plain(network, None) };
        let mut latent = network.latent();
        let weights = |latent: &[f32], layer: usize| {
            layers.get(layer).and_then(|matrix| latent.get(matrix.range.clone())).unwrap_or_default().to_vec()
        };
        let deviations: Vec<f64> =
            (0..layers.len()).map(|layer| deviation(&weights(&latent, layer))).collect();
        let acts =
            |layer: usize| config.layers == Layers::All || layers.get(layer).is_some_and(|own| own.hidden);
        let is_raised = config.start == Start::Inverse && config.floor == Floor::Raise;
        // What each layer needs, in its own standard deviations.
        let needed = |layer: usize| match deviations.get(layer) {
            Some(deviation) if is_raised && *deviation > 0.0 => {
                least_amplitude(form, &weights(&latent, layer)) / deviation
            }
            _ => 0.0,
        };
        let mut needs: Vec<f64> =
            (0..layers.len()).map(|layer| if acts(layer) { needed(layer) } else { 0.0 }).collect();
        if config.share == Share::Network {
            let most = needs.iter().copied().fold(0.0, f64::max);
            needs.fill(most);
        }
        let (mut pairs, mut raised) = (Vec::new(), Vec::new());
        let (mut clipped, mut counted) = (0_usize, 0_usize);
        for (layer, matrix) in layers.iter().enumerate() {
            let own = deviations.get(layer).copied().unwrap_or_default();
            if !acts(layer) || own <= 0.0 {
                pairs.push(None);
                continue;
            }
            let need = needs.get(layer).copied().unwrap_or_default();
            if need > config.amplitude {
                raised.push((matrix.label.clone(), need));
            }
            let pair = Pair { amplitude: config.amplitude.max(need) * own, width: config.width * own };
            counted += matrix.range.len();
            if config.start == Start::Inverse {
                let values = latent.get_mut(matrix.range.clone()).unwrap_or_default();
                let (found, cut) = inverse(form, pair, values, if is_raised { KEEP_BELOW } else { CLIP_AT });
                values.copy_from_slice(&found);
                clipped += cut;
            }
            pairs.push(Some(pair));
        }
        network.set_latent(&latent)?;
        let function = Function { form: Some(form), pairs };
        let start = network.effective(&function);
        let fresh = vec![[0.0; 2]; layers.len()];
        let moments = PairMoments { first: fresh.clone(), second: fresh, steps: 0 };
        let clipped_share = clipped as f64 / counted.max(1) as f64;
        Ok(Self { network, function, deviations, start, clipped_share, raised, moments })
    }

    /// For each layer the standard deviation at this arm's start over that of its initial weights.
    pub(crate) fn spread(&self) -> Vec<f64> {
        let layers = self.network.layers().iter().zip(&self.deviations);
        layers
            .map(|(matrix, own)| deviation(self.start.get(matrix.range.clone()).unwrap_or_default()) / own)
            .collect()
    }

    /// The effective weights as they stand.
    pub(crate) fn effective(&self) -> Vec<f32> {
        self.network.effective(&self.function)
    }

    /// One step; the loss before it. `index` counts steps from 0.
    pub(crate) fn step(
        &mut self,
        config: &Config,
        rows: &[usize],
        index: u64,
        rate: f64,
        random: &mut Stream,
    ) -> f64 {
        let acts = self.function.form.is_some();
        let learns = acts && config.parameters == Parameters::Learned;
        let rule = StepRule {
            advance: Advance {
                learning_rate: rate,
                weight_decay: config.weight_decay,
                decay_on: match config.decay_on {
                    DecayTarget::Latent => DecayOn::Latent,
                    DecayTarget::Effective => DecayOn::Effective,
                },
                rule: match config.optimizer {
                    Optimizer::AdamW => Rule::AdamW,
                    Optimizer::Sgd => Rule::Momentum(config.momentum as f32),
                },
            },
            label_smoothing: config.label_smoothing as f32,
            dropout: config.dropout as f32,
            pairs: learns,
        };
        let stepped = self.network.step(rows, &rule, &self.function, random);
        let parameter_rate = rate * config.parameter_rate_factor;
        if let Some(gradients) = stepped.pairs {
            self.move_pairs(config, &gradients, parameter_rate);
        } else if acts && config.holds_out() && (index + 1).is_multiple_of(config.parameter_every.max(1)) {
            let gradients = self.network.held_out_pairs(&self.function);
            self.move_pairs(config, &gradients, parameter_rate);
        }
        stepped.loss
    }

    /// One step of Adam on log a and log b.
    fn move_pairs(&mut self, config: &Config, gradients: &PairGradients, rate: f64) {
        let mut gradients = gradients.clone();
        if config.share == Share::Network {
            // One pair moves by the sum over the layers, each layer by the same factor.
            let sum = gradients.iter().fold([0.0; 2], |sum, own| [sum[0] + own[0], sum[1] + own[1]]);
            gradients.fill(sum);
        }
        self.moments.steps += 1;
        let corrections = (1.0 - BETAS.0.powi(self.moments.steps), 1.0 - BETAS.1.powi(self.moments.steps));
        let moments = self.moments.first.iter_mut().zip(&mut self.moments.second);
        for ((pair, gradient), (first, second)) in self.function.pairs.iter_mut().zip(&gradients).zip(moments)
        {
            let Some(pair) = pair else { continue };
            let mut moved = [0.0; 2];
            for ((moved, slope), (first, second)) in
                moved.iter_mut().zip(gradient).zip(first.iter_mut().zip(second.iter_mut()))
            {
                *first = BETAS.0 * *first + (1.0 - BETAS.0) * slope;
                *second = BETAS.1 * *second + (1.0 - BETAS.1) * slope * slope;
                *moved = rate * (*first / corrections.0) / ((*second / corrections.1).sqrt() + EPSILON);
            }
            pair.amplitude *= (-moved[0]).exp();
            pair.width *= (-moved[1]).exp();
        }
    }

    /// Takes those of amplitude and width from the settings that differ from the ones before: what a fork does that changes them.
    /// A layer keeps what stays, be it raised at the start or learned.
    pub(crate) fn turn(&mut self, before: &Config, now: &Config) {
        for (pair, deviation) in self.function.pairs.iter_mut().zip(&self.deviations) {
            let Some(pair) = pair else { continue };
            if before.amplitude != now.amplitude {
                pair.amplitude = now.amplitude * deviation;
            }
            if before.width != now.width {
                pair.width = now.width * deviation;
            }
        }
    }
}

impl Saved for Arm {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        self.network.codec(codec)?;
        codec.value("pairs.cbor", &mut self.function.pairs)?;
        codec.value("pair_moments.cbor", &mut self.moments)
    }
}
