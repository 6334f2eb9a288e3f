//! Exact products of a network's Hessian with a direction, by the R-operator (B. A. Pearlmutter, "Fast exact
//! multiplication by the Hessian", Neural Computation 6(1), 1994).
//!
//! Along the direction (V, c) the forward pass moves by Rz = Ra·W + a·V + c, Ra = s'(z)·Rz; the gradient of the outputs
//! moves as the objective says; and backward Hv = Raᵀδ + aᵀRδ for the weights, `ΣRδ` for the biases, and
//! Rδ below = (Rδ·Wᵀ + δ·Vᵀ)·s'(z) + (δ·Wᵀ)·s''(z)·Rz. A `ReLU` has s'' = 0; finite differences are no substitute there, since
//! they add the curvature of the kinks.
//! Contract: what does not depend on the direction is computed once; a product allocates nothing.

use super::activation::{activate, add_product, curvatures, damp, multiply};
use super::kernel::{Add, Start, outer_add, product};
use super::lane::{Lane, panels};
use super::machine::{room_for_transposed, transpose_all};
use super::objective::{self, Rows};
use super::samples::Samples;
use super::shape::Shape;

/// Rows of a piece, so that its values stay in the near caches.
const PIECE: usize = 128;

/// Hessian of the mean loss over all rows of some samples, at one point.
#[derive(Clone, Debug)]
pub struct Curvature {
    shape: Shape,
    weights: Vec<Lane>,
    transposed: Vec<Vec<Lane>>,
    /// The direction's weights, transposed.
    turned: Vec<Vec<Lane>>,
    pieces: Vec<Piece>,
    total: usize,
    /// Motions of the sums and of the values of each hidden layer; the last is that of the outputs.
    motions: Vec<Vec<Lane>>,
    moved: Vec<Vec<Lane>>,
    deltas: [Vec<Lane>; 2],
}

/// Rows with everything that does not depend on the direction.
#[derive(Clone, Debug)]
struct Piece {
    rows: usize,
    /// Input, then the values of each hidden layer.
    values: Vec<Vec<Lane>>,
    slopes: Vec<Vec<Lane>>,
    /// (δ·Wᵀ)·s''(z) of each hidden layer; empty for `ReLU`.
    bends: Vec<Vec<Lane>>,
    /// δ of each layer.
    deltas: Vec<Vec<Lane>>,
    probabilities: Vec<Lane>,
}

impl Curvature {
    /// Prepares the products at `weights`.
    pub fn new(shape: &Shape, weights: &[Lane], samples: &Samples) -> Self {
        let mut transposed = room_for_transposed(shape);
        transpose_all(shape, weights, &mut transposed);
        let total = samples.rows();
        let order: Vec<u32> = (0..total as u32).collect();
        let pieces: Vec<Piece> = order
            .chunks(PIECE)
            .map(|rows| Piece::new(shape, weights, &transposed, samples, rows, total))
            .collect();
        let most = pieces.first().map_or(0, |piece| piece.rows);
        let room = |columns: &usize| vec![Lane::ZERO; panels(*columns) * most];
        let widest = shape.sizes().iter().max().map_or_else(Vec::new, room);
        Self {
            turned: transposed.clone(),
            transposed,
            pieces,
            total,
            motions: shape.sizes()[1..].iter().map(room).collect(),
            moved: shape.sizes()[1..].iter().map(room).collect(),
            deltas: [widest.clone(), widest],
            weights: weights.to_vec(),
            shape: shape.clone(),
        }
    }

    /// The shape of the network.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// `out` = Hessian · `direction`.
    pub fn product(&mut self, direction: &[Lane], out: &mut [Lane]) {
        out.fill(Lane::ZERO);
        transpose_all(&self.shape, direction, &mut self.turned);
        for index in 0..self.pieces.len() {
            self.forward(index, direction);
            self.backward(index, out);
        }
    }

    fn forward(&mut self, piece: usize, direction: &[Lane]) {
        let piece = &self.pieces[piece];
        let count = piece.rows;
        let last = self.shape.layers.len() - 1;
        for (index, layer) in self.shape.layers.iter().enumerate() {
            let motion = &mut self.motions[index][..panels(layer.outputs) * count];
            let inner = layer.padded_inputs();
            let biases = Start::Row(&direction[layer.biases.clone()]);
            product(&piece.values[index], count, &direction[layer.weights.clone()], inner, motion, biases);
            if index > 0 {
                let moved = &self.moved[index - 1][..panels(layer.inputs) * count];
                product(moved, count, &self.weights[layer.weights.clone()], inner, motion, Start::Output);
            }
            if index < last {
                let moved = &mut self.moved[index][..motion.len()];
                moved.copy_from_slice(motion);
                damp(self.shape.activation(), moved, &piece.values[index + 1], &piece.slopes[index]);
            } else {
                let outputs = layer.outputs;
                let objective = self.shape.objective();
                objective::move_gradient(objective, motion, &piece.probabilities, count, outputs, self.total);
            }
        }
    }

    fn backward(&mut self, piece: usize, out: &mut [Lane]) {
        let piece = &self.pieces[piece];
        let count = piece.rows;
        let layers = &self.shape.layers;
        let [present, below] = &mut self.deltas;
        let (mut present, mut below) = (present, below);
        let top = &self.motions[layers.len() - 1][..panels(self.shape.outputs()) * count];
        present[..top.len()].copy_from_slice(top);
        for (index, layer) in layers.iter().enumerate().rev() {
            let delta = &present[..panels(layer.outputs) * count];
            outer_add(&piece.values[index], delta, count, layer.place(true), &mut Add(out));
            if index == 0 {
                break;
            }
            let moved = &self.moved[index - 1][..panels(layer.inputs) * count];
            outer_add(moved, &piece.deltas[index], count, layer.place(false), &mut Add(out));
            let target = &mut below[..moved.len()];
            let inner = layer.padded_outputs();
            product(delta, count, &self.transposed[index - 1], inner, target, Start::Zero);
            product(&piece.deltas[index], count, &self.turned[index - 1], inner, target, Start::Output);
            damp(self.shape.activation(), target, &piece.values[index], &piece.slopes[index - 1]);
            if let Some(bend) = piece.bends.get(index - 1) {
                let motion = &self.motions[index - 1][..target.len()];
                add_product(target, bend, motion);
            }
            std::mem::swap(&mut present, &mut below);
        }
    }
}

impl Piece {
    fn new(
        shape: &Shape,
        weights: &[Lane],
        transposed: &[Vec<Lane>],
        samples: &Samples,
        rows: &[u32],
        total: usize,
    ) -> Self {
        let count = rows.len();
        let last = shape.layers.len() - 1;
        let mut input = vec![Lane::ZERO; panels(shape.inputs()) * count];
        samples.gather(rows, &mut input);
        let mut piece = Self {
            rows: count,
            values: vec![input],
            slopes: Vec::new(),
            bends: Vec::new(),
            deltas: vec![Vec::new(); shape.layers.len()],
            probabilities: Vec::new(),
        };
        for (index, layer) in shape.layers.iter().enumerate() {
            let mut sums = vec![Lane::ZERO; panels(layer.outputs) * count];
            let biases = Start::Row(&weights[layer.biases.clone()]);
            let inner = layer.padded_inputs();
            product(&piece.values[index], count, &weights[layer.weights.clone()], inner, &mut sums, biases);
            if index == last {
                piece.probabilities.clone_from(&sums);
                objective::softmax(&mut piece.probabilities, count, layer.outputs);
                let at = Rows { places: rows, total, outputs: layer.outputs };
                objective::descend(shape.objective(), &mut sums, at, &samples.targets);
                piece.deltas[index] = sums;
            } else {
                let mut slopes = vec![Lane::ZERO; sums.len()];
                if shape.activation().curves() {
                    let mut bend = slopes.clone();
                    curvatures(shape.activation(), &sums, &mut bend);
                    piece.bends.push(bend);
                }
                activate(shape.activation(), &mut sums, &mut slopes);
                piece.values.push(sums);
                piece.slopes.push(slopes);
            }
        }
        piece.pull_back(shape, transposed);
        piece
    }

    /// δ of each layer from that of the outputs, and δ·Wᵀ into the bends.
    fn pull_back(&mut self, shape: &Shape, transposed: &[Vec<Lane>]) {
        for (index, layer) in shape.layers.iter().enumerate().skip(1).rev() {
            let mut below = vec![Lane::ZERO; panels(layer.inputs) * self.rows];
            let inner = layer.padded_outputs();
            product(&self.deltas[index], self.rows, &transposed[index - 1], inner, &mut below, Start::Zero);
            if let Some(bend) = self.bends.get_mut(index - 1) {
                multiply(bend, &below);
            }
            damp(shape.activation(), &mut below, &self.values[index], &self.slopes[index - 1]);
            self.deltas[index - 1] = below;
        }
    }
}
