//! Quantized networks as passes by hand on the host: the same function as [`super::pass::QuantizedPass`], both ways.
//!
//! A [`Prepared`] holds what a step's passes take: the flat vector in which quantized weights stand in place of latent ones, and behind
//! them the quantized query-key products, which are no parameters.
//! Contract: the levels and scales in the states are exactly those of the passes. A pass gives slopes by what stands in the vector;
//! [`Prepared::gradient`] turns them into slopes by the parameters. The gradient scale of learned steps follows from the whole batch.

use std::collections::BTreeMap;

use weightscope_compute::layout::{Layout, Place as Tensor};
use weightscope_compute::pass::Pass;
use weightscope_compute::quantize::{Quantizer, Slopes};
use weightscope_nn::host;
use weightscope_nn::host::transform::{HostTransform, Rows};
use weightscope_nn::parameters::{Handle, Parameters};
use weightscope_nn::transform::{Place, Site};

use super::activation::{ActivationPlan, Sharing};
use super::plan::Plan;
use super::weight::{Source, WeightState};
use crate::method::lsq;
use crate::method::qkr;

/// What the passes of a step take.
#[derive(Debug)]
pub struct Prepared<'a> {
    plan: &'a Plan,
    states: &'a [WeightState],
    parameters: &'a Parameters,
    /// Images, or rows, of the whole batch.
    images: usize,
    layout: Layout,
    weights: Vec<f32>,
    /// Tensors of the query-key products by block.
    products: BTreeMap<usize, usize>,
    /// The steps of activations as they act, by site.
    steps: BTreeMap<Site, Vec<f32>>,
}

impl<'a> Prepared<'a> {
    /// Weights of this step in the places of the latent ones, for a batch of so many images or rows.
    pub fn new(plan: &'a Plan, states: &'a [WeightState], parameters: &'a Parameters, images: usize) -> Self {
        let mut layout = host::layout(parameters);
        let mut weights = parameters.values().to_vec();
        let mut products = BTreeMap::new();
        for (weight, state) in plan.weights().iter().zip(states) {
            match weight.source {
                Source::Matrix(handle) => {
                    let range = layout.place(handle.entry()).range.clone();
                    if let Some(place) = weights.get_mut(range) {
                        place.copy_from_slice(&state.values);
                    }
                }
                Source::Product { shape, .. } => {
                    let range = weights.len()..weights.len() + state.values.len();
                    weights.extend_from_slice(&state.values);
                    products.insert(weight.layer, layout.0.len());
                    let (rows, columns) = (shape.heads * shape.width, shape.width);
                    layout.0.push(Tensor { name: weight.name.clone(), rows, columns, range });
                }
            }
        }
        let acting = |plan: &ActivationPlan| -> Vec<f32> {
            parameters.get(plan.step).iter().map(|step| lsq::floored(*step)).collect()
        };
        let steps = plan.activations().iter().map(|(site, plan)| (*site, acting(plan))).collect();
        Self { plan, states, parameters, images, layout, weights, products, steps }
    }

    /// Where tensors lie, and the vector that passes take.
    pub fn weights(&self) -> (&Layout, &[f32]) {
        (&self.layout, &self.weights)
    }

    /// Slopes by the parameters, from those by what stood in the vector.
    pub fn gradient(&self, mut slopes: Vec<f32>) -> Vec<f32> {
        let (own, products) = slopes.split_at_mut(self.parameters.len());
        let range = |handle: Handle<2>| self.layout.place(handle.entry()).range.clone();
        for (weight, state) in self.plan.weights().iter().zip(self.states) {
            match weight.source {
                Source::Matrix(handle) => {
                    let Some(gradient) = own.get_mut(range(handle)) else { continue };
                    if let Some((step, by_step)) = weight.backward(state, gradient) {
                        let place = self.layout.place(step.entry()).range.clone();
                        if let Some(target) = own.get_mut(place) {
                            target.copy_from_slice(&by_step);
                        }
                    }
                }
                Source::Product { query, key, shape } => {
                    let Some(tensor) = self.products.get(&weight.layer) else { continue };
                    let place = &self.layout.place(*tensor).range;
                    let place = place.start - self.parameters.len()..place.end - self.parameters.len();
                    let Some(upstream) = products.get_mut(place) else { continue };
                    weight.backward(state, upstream);
                    let (queries, keys) = (self.parameters.get(query), self.parameters.get(key));
                    let (by_query, by_key) = qkr::product_gradients(queries, keys, upstream, shape);
                    for (handle, slopes) in [(query, by_query), (key, by_key)] {
                        if let Some(target) = own.get_mut(range(handle)) {
                            target.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
                        }
                    }
                }
            }
        }
        slopes.truncate(self.parameters.len());
        slopes
    }

    fn quantizer(&self, plan: &ActivationPlan, rows: Rows) -> Option<Quantizer<'_>> {
        let steps = self.steps.get(&rows.site)?;
        let shift = |handle: Handle<1>| self.parameters.get(handle);
        let shifts =
            plan.shifts.map_or([&[][..], &[][..]], |shifts| [shift(shifts.before), shift(shifts.after)]);
        let width = rows.width;
        let (run, period) = match plan.sharing {
            Sharing::Whole => (width, 1),
            Sharing::TokenAndHead { heads } => (width / heads.max(1), rows.period * heads),
            // Values: a step for each channel. Attention maps share their axis of queries, which are the rows here.
            Sharing::Axis(2) if rows.site.place != Place::AttentionMap => (1, width),
            Sharing::Axis(_) => (width, rows.period),
        };
        Some(Quantizer { range: plan.range, steps, shifts, width, run, period })
    }
}

impl HostTransform for Prepared<'_> {
    fn activation(&self, pass: &mut Pass<'_, f32>, rows: Rows, values: &[f32]) -> Option<Vec<f32>> {
        let plan = self.plan.activations().get(&rows.site)?;
        let mut out = pass.pool.take(values.len());
        self.quantizer(plan, rows)?.forward(values, &mut out);
        Some(out)
    }

    fn activation_back(&self, pass: &mut Pass<'_, f32>, rows: Rows, values: &[f32], slopes: &mut [f32]) {
        let Some(plan) = self.plan.activations().get(&rows.site) else { return };
        let Some(quantizer) = self.quantizer(plan, rows) else { return };
        let mut scratch = pass.pool.take(rows.width);
        let mut by_steps = pass.pool.zeros(quantizer.steps.len());
        let channels = quantizer.shifts.map(<[f32]>::len);
        let [mut before, mut after] = channels.map(|count| pass.pool.zeros(count));
        let by = Slopes { steps: &mut by_steps, shifts: [&mut before, &mut after] };
        quantizer.backward(values, slopes, by, &mut scratch);
        // Elements that share a step, in this part of the batch and in all of it (see `lsq::gradient_scale`).
        let here = values.len() / quantizer.period.max(1);
        let members = here as f64 * self.images as f64 / rows.images.max(1) as f64;
        let scale = 1.0 / (f64::from(plan.range.highest) * members).sqrt();
        by_steps.iter_mut().for_each(|slope| *slope *= scale as f32);
        pass.add_gradient(plan.step.entry(), &by_steps);
        if let Some(shifts) = plan.shifts {
            pass.add_gradient(shifts.before.entry(), &before);
            pass.add_gradient(shifts.after.entry(), &after);
        }
        pass.give([scratch, by_steps, before, after]);
    }

    fn query_key(&self, layer: usize) -> Option<usize> {
        self.products.get(&layer).copied()
    }
}

#[cfg(test)]
mod tests;
