//! The gradient of a pass as what it is made of: for each layer its inputs and the slopes by its outputs, not multiplied yet.
//!
//! Multiplied out it is as large as the network, and writing it to memory and reading it back costs as much as a product. So the optimizer
//! multiplies a piece at a time, and moves the weights of the piece at once.

use std::ops::Range;

use super::panels::Panels;
use super::plan::{Piece, Plan, Source};
use crate::kernel::{Place, Store, outer_store};
use crate::lane::{LANES, Lane, panels};

/// What a way back leaves.
#[derive(Clone, Debug, Default)]
pub struct Slopes {
    /// The values of the pass.
    pub(super) values: Vec<Panels>,
    /// For each layer of the plan the places of its inputs among the values, and the slopes by its outputs; empty if the pass did not use it.
    pub(super) layers: Vec<Option<(Vec<usize>, Panels)>>,
    /// For each tensor of the plan that belongs to no layer its gradient; empty if the pass did not use it.
    pub(super) own: Vec<Option<Vec<Lane>>>,
}

impl Slopes {
    /// No slopes yet, for a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            values: Vec::new(),
            layers: plan.layers.iter().map(|_| None).collect(),
            own: plan.tensors.iter().map(|_| None).collect(),
        }
    }

    /// Puts the gradient of a piece into `target`, which has the length of the piece.
    pub(super) fn put_piece(&self, plan: &Plan, source: Source, target: &mut [Lane]) {
        let found = match source {
            Source::Weights { layer, part, panel } => self.put_weights(plan, (layer, part, panel), target),
            Source::Biases(layer) => self.put_biases(layer, target),
            Source::Own(tensor) => {
                let own = self.own.get(tensor).and_then(Option::as_ref);
                own.map(|own| target.copy_from_slice(own))
            }
        };
        if found.is_none() {
            target.fill(Lane::ZERO);
        }
    }

    fn put_weights(
        &self,
        plan: &Plan,
        (layer, part, panel): (usize, usize, usize),
        target: &mut [Lane],
    ) -> Option<()> {
        let (inputs, slopes) = self.layers.get(layer)?.as_ref()?;
        let value = self.values.get(*inputs.get(part)?)?;
        let rows = slopes.rows();
        let inputs = plan.layers[layer].parts[part].inputs;
        let place = Place {
            weights: 0,
            biases: 0,
            inputs,
            padded_inputs: panels(inputs) * LANES,
            with_biases: false,
        };
        let slopes = &slopes.lanes()[panel * rows..][..rows];
        target[inputs..].fill(Lane::ZERO);
        outer_store(value.lanes(), slopes, rows, place, &mut Store(target));
        Some(())
    }

    fn put_biases(&self, layer: usize, target: &mut [Lane]) -> Option<()> {
        let (_, slopes) = self.layers.get(layer)?.as_ref()?;
        for (sum, slopes) in target.iter_mut().zip(slopes.lanes().chunks_exact(slopes.rows().max(1))) {
            *sum = Lane::ZERO;
            slopes.iter().for_each(|slope| sum.add(slope));
        }
        Some(())
    }

    /// The gradient by all parameters, packed as the plan has it.
    pub fn gradient(&self, plan: &Plan) -> Vec<Lane> {
        let mut gradient = vec![Lane::ZERO; plan.lanes()];
        for Piece { lanes, source } in plan.pieces() {
            self.put_piece(plan, source, &mut gradient[lanes]);
        }
        gradient
    }
}

/// Cuts a vector into the pieces of a plan.
pub(super) fn cut<'a>(mut lanes: &'a mut [Lane], pieces: &[Range<usize>]) -> Vec<&'a mut [Lane]> {
    let mut cut = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (own, rest) = lanes.split_at_mut(piece.len().min(lanes.len()));
        cut.push(own);
        lanes = rest;
    }
    cut
}
