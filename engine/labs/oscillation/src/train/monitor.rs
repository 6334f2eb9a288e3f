//! What is watched while a quantized network trains: levels, oscillations, flips and their cause, traces.
//!
//! Contract: watching changes nothing in training, except that iterative freezing reads its own tracker. Requests of the person
//! change only which weights are traced, never a number of `metrics.csv`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::trace::{Look, Traced};
use crate::channels as ch;
use crate::config::{Config, Measure, Remedy};
use crate::method::attribution::{Flips, attribute};
use crate::method::freezing::Freezing;
use crate::method::lsq::STEP_FLOOR;
use crate::method::tracker::Totals;
use crate::method::window::Window;
use crate::metrics;
use crate::network::plan::Plan;
use crate::network::weight::{WeightPlan, WeightState};
use weightscope_frame::run::Context;
use weightscope_nn::parameters::Parameters;

/// Most weights that are traced, those added by clicks included.
const MOST_TRACED: usize = 600;
/// Weights that one click adds.
const ADDED: usize = 6;

/// One watched layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Layer {
    freezing: Freezing,
    window: Window,
    /// The scales that acted in the last step.
    scales: Vec<f32>,
    /// The learned steps of the last step as they were, where one of them acted at the floor instead; else empty.
    #[serde(default)]
    learned: Vec<f32>,
    traced: Traced,
}

/// Events of one step over all layers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct StepFlips {
    by_weight: u64,
    by_scale: u64,
}

/// Levels, oscillations, flips and traces of all quantized weights while they train.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Monitor {
    layers: Vec<Layer>,
    /// Flips of each of the last steps, at most a window.
    recent: VecDeque<StepFlips>,
    /// Flips since the last recorded point.
    since: StepFlips,
    since_steps: u64,
    free: Option<u64>,
    window: usize,
    threshold: f32,
    measure: Measure,
    record_freezing: bool,
    /// Most learned steps below zero at a recorded point.
    #[serde(default)]
    most_negative: u64,
}

impl Layer {
    /// The learned steps where there are any, else the scales that acted.
    fn shown_scales(&self) -> &[f32] {
        if self.learned.is_empty() { &self.scales } else { &self.learned }
    }

    fn mean_scale(&self) -> f64 {
        let scales = self.shown_scales();
        scales.iter().map(|scale| f64::from(*scale)).sum::<f64>() / scales.len().max(1) as f64
    }
}

impl Monitor {
    /// Watches all quantized weights of a plan.
    pub(super) fn new(config: &Config, plan: &Plan, seed: u64) -> Self {
        let length = u16::try_from(config.window).unwrap_or(u16::MAX);
        let total: usize = plan.weights().iter().map(|weight| weight.groups.len()).sum();
        let layers = plan
            .weights()
            .iter()
            .map(|weight| {
                let count = weight.groups.len();
                let share = config.traced_weights as usize * count / total.max(1);
                Layer {
                    freezing: Freezing::new(
                        count,
                        config.tracker_momentum as f32,
                        config.freezing_pin,
                        Totals::Dropped,
                    ),
                    window: Window::new(length, count),
                    scales: Vec::new(),
                    learned: Vec::new(),
                    traced: Traced::sample(
                        seed,
                        &weight.name,
                        count,
                        share.max(usize::from(config.traced_weights > 0)),
                    ),
                }
            })
            .collect();
        Self {
            layers,
            recent: VecDeque::new(),
            since: StepFlips::default(),
            since_steps: 0,
            free: None,
            window: config.window as usize,
            threshold: config.oscillation_threshold as f32,
            measure: config.measure,
            record_freezing: config.remedy == Remedy::Freezing,
            most_negative: 0,
        }
    }

    /// Takes what a fork may have changed since the checkpoint.
    pub(super) fn follow(&mut self, config: &Config) {
        self.record_freezing = config.remedy == Remedy::Freezing;
    }

    /// Frozen weights of a layer and their pins.
    pub(super) fn pins(&self, layer: usize) -> Option<(&[bool], &[i8])> {
        self.layers.get(layer).map(|layer| (layer.freezing.frozen(), layer.freezing.pins()))
    }

    /// Number of weights that annealing leaves free in this step.
    pub(super) fn set_free(&mut self, free: usize) {
        self.free = Some(free as u64);
    }

    /// Frequency of one weight, by the chosen measure.
    pub(super) fn frequency(&self, layer: usize, index: usize) -> f32 {
        self.layers.get(layer).map_or(0.0, |layer| match self.measure {
            Measure::Window => layer.window.frequency(index),
            Measure::Ema => layer.freezing.tracker().frequency().get(index).copied().unwrap_or(0.0),
        })
    }

    /// Takes in the levels of a step.
    pub(super) fn observe(
        &mut self,
        context: &mut Context<'_>,
        plan: &Plan,
        parameters: &Parameters,
        states: &mut [WeightState],
        threshold: f32,
    ) {
        let mut flips = Flips::default();
        let mut base = 0_u64;
        for ((weight, state), layer) in plan.weights().iter().zip(states).zip(&mut self.layers) {
            let latent = weight.latent(parameters);
            let before = layer.freezing.tracker().level().to_vec();
            let first = layer.scales.is_empty();
            let seen = layer.freezing.observe(&mut state.levels, threshold);
            layer.window.push(&seen.oscillated);
            if !first {
                flips += attribute(
                    &seen.switched,
                    &before,
                    &layer.scales,
                    &latent,
                    weight.groups,
                    |value, scale| weight.level_of(value, scale),
                );
            }
            let scales = &layer.scales;
            let look = Look { weight, state, latent: &latent, before: &before, scales, base };
            layer.traced.follow(context, &look);
            layer.scales.clone_from(&state.scales);
            layer.learned.clear();
            if let Some(steps) = weight.learned_steps(parameters).filter(|steps| *steps != state.scales) {
                layer.learned.extend_from_slice(steps);
            }
            base += weight.groups.len() as u64;
        }
        let flips = StepFlips { by_weight: flips.by_weight, by_scale: flips.by_scale };
        self.recent.push_back(flips);
        if self.recent.len() > self.window {
            self.recent.pop_front();
        }
        self.since.by_weight += flips.by_weight;
        self.since.by_scale += flips.by_scale;
        self.since_steps += 1;
    }

    /// Records a point of every curve.
    pub(super) fn record(&mut self, context: &mut Context<'_>, plan: &Plan, parameters: &Parameters) {
        let count = self.weights() as f64;
        if count == 0.0 {
            return;
        }
        let shares: Vec<f64> = self.layers.iter().map(|layer| self.layer_share(layer)).collect();
        context.scalar(&ch::OSCILLATING_ALL, self.share_of_all(&shares));
        for ((weight, layer), share) in plan.weights().iter().zip(&self.layers).zip(shares) {
            let (name, label) = (&weight.name, short(&weight.name));
            context.scalar(&ch::OSCILLATING_LAYER.labelled(name, &label), share);
            context.scalar(&ch::SCALE.labelled(name, &label), layer.mean_scale());
            context.scalar(
                &ch::ROW_SCALE.labelled(name, &label),
                layer.shown_scales().first().map_or(f64::NAN, |scale| f64::from(*scale)),
            );
        }
        self.say_negative_steps(context);
        let StepFlips { by_weight, by_scale } = std::mem::take(&mut self.since);
        let per = count * std::mem::take(&mut self.since_steps).max(1) as f64;
        context.scalar(&ch::SWITCHES, (by_weight + by_scale) as f64 / per);
        context.scalar(&ch::SWITCHES_WEIGHT, by_weight as f64 / per);
        context.scalar(&ch::SWITCHES_SCALE, by_scale as f64 / per);
        if by_weight + by_scale > 0 {
            context.scalar(&ch::SCALE_DRIVEN, by_scale as f64 / (by_weight + by_scale) as f64);
        }
        context.scalar(&ch::NEAR_BOUNDARY, self.near_share(plan, parameters));
        if self.record_freezing {
            context.scalar(&ch::FROZEN, self.frozen_share());
        }
        if let Some(free) = self.free {
            context.scalar(&ch::FREE, free as f64);
        }
    }

    /// The final figures, over the last window.
    pub(super) fn results(&self, context: &mut Context<'_>, plan: &Plan, parameters: &Parameters) {
        let (by_weight, by_scale) =
            self.recent.iter().fold((0, 0), |(w, s), flips| (w + flips.by_weight, s + flips.by_scale));
        let per = (self.weights() * self.recent.len()).max(1) as f64;
        context.result(&metrics::OSCILLATING_SHARE, self.oscillating_share());
        context.result(&metrics::SWITCHES_PER_WEIGHT_STEP, (by_weight + by_scale) as f64 / per);
        context.result(&metrics::SCALE_DRIVEN_SHARE, by_scale as f64 / (by_weight + by_scale).max(1) as f64);
        context.result(&metrics::NEAR_BOUNDARY_SHARE, self.near_share(plan, parameters));
        let frozen = self
            .free
            .map_or_else(|| self.frozen_share(), |free| 1.0 - free as f64 / self.weights().max(1) as f64);
        context.result(&metrics::FROZEN_SHARE, frozen);
        if self.most_negative > 0 {
            context.result(&metrics::NEGATIVE_STEPS, self.most_negative as f64);
        }
    }

    /// Learned steps below zero are nothing that a person expects: they are counted, and the first is told.
    fn say_negative_steps(&mut self, context: &mut Context<'_>) {
        let negative: usize =
            self.layers.iter().map(|layer| layer.learned.iter().filter(|step| **step < 0.0).count()).sum();
        if negative > 0 && self.most_negative == 0 {
            let (verb, act) = if negative == 1 { ("step is", "it acts") } else { ("steps are", "they act") };
            context.warn(&format!(
                "{negative} learned LSQ {verb} below zero; {act} as {STEP_FLOOR} and {} recorded as learned. A smaller learning_rate or a gradient scale of steps keeps them positive",
                if negative == 1 { "is" } else { "are" },
            ));
        }
        if negative > 0 || self.most_negative > 0 {
            context.scalar(&ch::NEGATIVE_STEPS, negative as f64);
        }
        self.most_negative = self.most_negative.max(negative as u64);
    }

    /// Traces more weights from now on: those of a layer, by its name, or of the most restless one.
    pub(super) fn trace_more(&mut self, plan: &Plan, layer: Option<&str>) {
        let traced: usize = self.layers.iter().map(|layer| layer.traced.len()).sum();
        if traced + ADDED > MOST_TRACED {
            return;
        }
        let layer = match layer {
            Some(name) => plan.weights().iter().position(|weight| weight.name == name),
            None => (0..self.layers.len())
                .max_by(|a, b| self.most_restless(*a).total_cmp(&self.most_restless(*b))),
        };
        if let Some(layer) = layer {
            self.add_restless(layer);
        }
    }

    fn most_restless(&self, layer: usize) -> f32 {
        let count = self.layers.get(layer).map_or(0, |layer| layer.window.counts().len());
        (0..count).map(|index| self.frequency(layer, index)).fold(0.0, f32::max)
    }

    /// Traces the most restless weights of a layer that are not traced yet.
    fn add_restless(&mut self, layer: usize) {
        let count = self.layers.get(layer).map_or(0, |layer| layer.window.counts().len());
        let mut ranked: Vec<(f32, u32)> =
            (0..count).map(|index| (self.frequency(layer, index), index as u32)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let Some(layer) = self.layers.get_mut(layer) else { return };
        let new: Vec<u32> = ranked
            .into_iter()
            .map(|(_, index)| index)
            .filter(|index| !layer.traced.contains(*index))
            .take(ADDED)
            .collect();
        layer.traced.extend(new);
    }

    fn weights(&self) -> usize {
        self.layers.iter().map(|layer| layer.window.counts().len()).sum()
    }

    fn layer_share(&self, layer: &Layer) -> f64 {
        match self.measure {
            Measure::Window => layer.window.share_above(self.threshold),
            Measure::Ema => layer.freezing.tracker().share_above(self.threshold),
        }
    }

    fn oscillating_share(&self) -> f64 {
        let shares: Vec<f64> = self.layers.iter().map(|layer| self.layer_share(layer)).collect();
        self.share_of_all(&shares)
    }

    /// The share of all weights from that of each layer.
    fn share_of_all(&self, shares: &[f64]) -> f64 {
        let layers = self.layers.iter().zip(shares);
        let sum: f64 = layers.map(|(layer, share)| share * layer.window.counts().len() as f64).sum();
        sum / self.weights().max(1) as f64
    }

    fn frozen_share(&self) -> f64 {
        let frozen: usize = self
            .layers
            .iter()
            .map(|layer| layer.freezing.frozen().iter().filter(|frozen| **frozen).count())
            .sum();
        frozen as f64 / self.weights().max(1) as f64
    }

    fn near_share(&self, plan: &Plan, parameters: &Parameters) -> f64 {
        let near: usize = plan
            .weights()
            .iter()
            .zip(&self.layers)
            .map(|(weight, layer)| near_count(weight, &layer.scales, parameters))
            .sum();
        near as f64 / self.weights().max(1) as f64
    }

    /// Figures of a layer for the table: oscillating, near a boundary, frozen share, mean scale.
    pub(super) fn layer_figures(
        &self,
        index: usize,
        weight: &WeightPlan,
        parameters: &Parameters,
    ) -> [f64; 4] {
        let Some(layer) = self.layers.get(index) else { return [f64::NAN; 4] };
        let count = weight.groups.len().max(1) as f64;
        let frozen = layer.freezing.frozen().iter().filter(|frozen| **frozen).count() as f64 / count;
        let near = near_count(weight, &layer.scales, parameters) as f64 / count;
        [self.layer_share(layer), near, frozen, layer.mean_scale()]
    }

    /// The scales that the last step used.
    pub(super) fn scales(&self, layer: usize) -> &[f32] {
        self.layers.get(layer).map_or(&[], |layer| &layer.scales)
    }
}

/// Weights of a layer near an interior boundary.
fn near_count(weight: &WeightPlan, scales: &[f32], parameters: &Parameters) -> usize {
    weight.near_boundary(&weight.latent(parameters), scales, ch::NEAR)
}

/// A layer's name without the words that all names share.
pub(super) fn short(name: &str) -> String {
    name.trim_end_matches(".weight")
        .replace("layers.", "fc")
        .replace("blocks.", "b")
        .replace("attention.", "")
        .replace("mlp.", "")
}
