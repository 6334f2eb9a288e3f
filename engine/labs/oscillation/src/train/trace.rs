//! The traced weights of a layer: their positions at each step, and two marks at each level change: where, and how far the scale moved it.
//!
//! Contract: a weight that is traced from some step on has points from that step on, one a step.

use serde::{Deserialize, Serialize};

use super::monitor::short;
use crate::channels as ch;
use crate::method::attribution::attribute;
use crate::network::weight::{WeightPlan, WeightState};
use weightscope_frame::record::{Component, Mark, Series};
use weightscope_frame::run::Context;
use weightscope_math::rng::stream;

/// The traced weights of one layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Traced {
    /// By their index in the layer, in the order in which they joined.
    weights: Vec<u32>,
    /// Where each stands among the components of the trace; shorter than `weights` until the others have joined.
    #[serde(skip)]
    places: Vec<u32>,
}

/// What a layer's trace looks at in a step.
pub(super) struct Look<'a> {
    pub(super) weight: &'a WeightPlan,
    pub(super) state: &'a WeightState,
    pub(super) latent: &'a [f32],
    /// Levels of the step before, and its scales; no scales at the first step.
    pub(super) before: &'a [i8],
    pub(super) scales: &'a [f32],
    /// Identity of the layer's first weight.
    pub(super) base: u64,
}

impl Traced {
    /// `count` weights of a layer of `weights`, drawn once from the seed's own stream.
    pub(super) fn sample(seed: u64, layer: &str, weights: usize, count: usize) -> Self {
        let mut all = stream(seed, &format!("traced/{layer}")).permutation(weights);
        all.truncate(count.min(weights));
        all.sort_unstable();
        Self { weights: all.into_iter().map(|index| index as u32).collect(), places: Vec::new() }
    }

    /// How many weights are traced.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// True for a traced weight.
    pub(super) fn contains(&self, index: u32) -> bool {
        self.weights.contains(&index)
    }

    /// Traces more weights from the next step on.
    pub(super) fn extend(&mut self, weights: impl IntoIterator<Item = u32>) {
        self.weights.extend(weights);
    }

    /// Records a step.
    pub(super) fn follow(&mut self, context: &mut Context<'_>, look: &Look<'_>) {
        if self.places.len() < self.weights.len() {
            self.join(context, look);
        }
        let columns = look.weight.groups.inner.max(1);
        let (mut marks, mut shifts) = (Vec::new(), Vec::new());
        for (index, place) in self.weights.iter().zip(&self.places) {
            let at = *index as usize;
            let (Some(value), Some(scale)) = (look.latent.get(at), look.state.scales.get(at / columns))
            else {
                continue;
            };
            let position = look.weight.position_of(*value, *scale);
            context.component(&ch::TRACE, *place, position);
            if !look.scales.is_empty() && look.before.get(at) != look.state.levels.get(at) {
                let flips = attribute(
                    &[*index],
                    look.before,
                    look.scales,
                    look.latent,
                    look.weight.groups,
                    |value, scale| look.weight.level_of(value, scale),
                );
                let mark = Mark {
                    step: context.step() as f64,
                    value: position,
                    id: look.base + u64::from(*index),
                    category: u8::from(flips.by_scale > 0),
                };
                let then = look.scales.get(at / columns).copied().unwrap_or(*scale);
                shifts.push(Mark { value: position - look.weight.position_of(*value, then), ..mark });
                marks.push(mark);
            }
        }
        if !marks.is_empty() {
            context.marks(&ch::FLIPS, &marks);
            context.marks(&ch::FLIP_SHIFTS, &shifts);
        }
    }

    /// Finds the components of all weights; new ones join, those of a resumed run are there already.
    fn join(&mut self, context: &mut Context<'_>, look: &Look<'_>) {
        let columns = look.weight.groups.inner.max(1);
        for index in self.weights.iter().skip(self.places.len()) {
            let (row, column) = (*index as usize / columns, *index as usize % columns);
            let component = Component {
                label: format!("{}[{row}, {column}]", short(&look.weight.name)),
                group: look.weight.name.clone(),
                id: look.base + u64::from(*index),
                series: Series::default(),
            };
            let Some(place) = context.join(&ch::TRACE, component) else { return };
            self.places.push(place);
        }
    }
}
