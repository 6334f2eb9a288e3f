//! Weights that follow from adapters, and slopes that follow back.

use crate::compute::number::Number as _;
use crate::compute::ops::tile::{LANES, Left, Right, pack};

use super::{Adapters, Kind, Layer, Shape};

/// Memory for products.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    panels: Vec<[f32; LANES]>,
    list: Vec<f32>,
}

/// A matrix in memory: numbers, distance of rows, whether it is turned.
type Matrix<'a> = (&'a [f32], usize, bool);

impl Scratch {
    fn product(
        &mut self,
        left: Left<'_, f32>,
        rows: usize,
        (right, stride, turned): Matrix<'_>,
        sizes: (usize, usize),
        out: (&mut [f32], usize),
        adds: bool,
    ) {
        let right = Right::packed(pack(right, stride, sizes, turned, &mut self.panels));
        f32::product(left, rows, right, sizes, out, adds);
    }
}

fn left(values: &[f32], stride: usize, turned: bool) -> Left<'_, f32> {
    Left { values, stride, turned }
}

impl Adapters {
    /// The model's weights: `frozen` with the update in every adapted layer. `base` holds the weights that guide; `out` must hold `frozen`
    /// wherever nothing is adapted.
    pub(crate) fn weights(
        &self,
        (base, frozen): (&[f32], &[f32]),
        own: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match self.method {
            crate::config::Method::Full => out.copy_from_slice(own),
            crate::config::Method::Frozen => {}
            _ => {
                for layer in &self.layers {
                    let place = layer.place.clone();
                    out[place.clone()].copy_from_slice(&frozen[place.clone()]);
                    layer.add_update(&base[place.clone()], &own[layer.own.clone()], &mut out[place], scratch);
                }
            }
        }
    }

    /// The updates alone, beside `frozen`, with zeros elsewhere; not for lengths of DoRA.
    pub(crate) fn updates(&self, base: &[f32], own: &[f32], out: &mut [f32], scratch: &mut Scratch) {
        for layer in &self.layers {
            let place = layer.place.clone();
            out[place.clone()].fill(0.0);
            layer.add_update(&base[place.clone()], &own[layer.own.clone()], &mut out[place], scratch);
        }
    }

    /// Slopes by what is trained from those by the model's weights.
    pub(crate) fn slopes(
        &self,
        (base, frozen): (&[f32], &[f32]),
        own: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match self.method {
            crate::config::Method::Full => out.copy_from_slice(gradient),
            crate::config::Method::Frozen => {}
            _ => {
                for layer in &self.layers {
                    let place = layer.place.clone();
                    let weights = (&base[place.clone()], &frozen[place.clone()]);
                    let out = &mut out[layer.own.clone()];
                    layer.slopes(weights, &own[layer.own.clone()], &gradient[place], out, scratch);
                }
            }
        }
    }
}

impl Layer {
    /// Length of A of a low-rank update.
    fn split(&self, rank: usize) -> usize {
        rank * self.inputs
    }

    /// `out += ΔW`; of DoRA `out` becomes the whole weights.
    pub(crate) fn add_update(&self, weight: &[f32], own: &[f32], out: &mut [f32], scratch: &mut Scratch) {
        match self.kind {
            Kind::Bone(bone, shape) => {
                for (matrix, places) in self.blocks(bone.block(), shape) {
                    let size = bone.block() * bone.block();
                    let matrix = &own[matrix * size..][..size];
                    self.add_bone(weight, matrix, places, out, scratch, bone.block());
                }
            }
            Kind::Miss(miss) => {
                let (rank, width) = (miss.rank(), miss.parameters() / miss.rank());
                for (output, row) in out.chunks_exact_mut(self.inputs).enumerate() {
                    let column = output % width;
                    for block in row.chunks_mut(rank) {
                        let slab = own.iter().skip(column).step_by(width);
                        block.iter_mut().zip(slab).for_each(|(value, entry)| *value += *entry);
                    }
                }
            }
            Kind::Lora(lora) => self.add_low_rank(lora.rank(), lora.scale() as f32, own, out, scratch),
            Kind::Dora(lora) => {
                self.add_low_rank(lora.rank(), lora.scale() as f32, own, out, scratch);
                let lengths = &own[lora.parameters()..];
                for (row, length) in out.chunks_exact_mut(self.inputs).zip(lengths) {
                    let factor = length / norm(row);
                    row.iter_mut().for_each(|value| *value *= factor);
                }
            }
            Kind::Full => {}
        }
    }

    fn add_low_rank(&self, rank: usize, scale: f32, own: &[f32], out: &mut [f32], scratch: &mut Scratch) {
        let (a, b) = own.split_at(self.split(rank));
        let mut scaled = std::mem::take(&mut scratch.list);
        scaled.clear();
        scaled.extend(b.iter().take(rank * self.outputs).map(|value| scale * value));
        let right = (a, self.inputs, false);
        scratch.product(
            left(&scaled, rank, false),
            self.outputs,
            right,
            (rank, self.inputs),
            (out, self.inputs),
            true,
        );
        scratch.list = scaled;
    }

    /// Which parts of the weights a matrix B stands behind: first entry, rows and distance of rows, each row as long as the block.
    fn blocks(&self, block: usize, shape: Shape) -> Vec<(usize, Part)> {
        match shape {
            // Neighbouring blocks of an output block lie one after the other: one tall matrix of rows as long as a block.
            Shape::Column => (0..self.outputs / block)
                .map(|a| (a, Part { start: a * block * self.inputs, rows: self.inputs, stride: block }))
                .collect(),
            Shape::Row => (0..self.inputs / block)
                .map(|c| (c, Part { start: c * block, rows: self.outputs, stride: self.inputs }))
                .collect(),
            Shape::Free => {
                let rows = self.outputs * self.inputs / block;
                vec![(0, Part { start: 0, rows, stride: block })]
            }
        }
    }

    /// Row of a block that a row of a part is: every part goes through the rows of its blocks in turn, block by block or row by row.
    fn row_in_block(&self, part: Part, row: usize, block: usize) -> usize {
        let place = part.start + row * part.stride;
        place / self.inputs % block
    }

    fn add_bone(
        &self,
        weight: &[f32],
        matrix: &[f32],
        part: Part,
        out: &mut [f32],
        scratch: &mut Scratch,
        block: usize,
    ) {
        let out = &mut out[part.start..];
        let right = (matrix, block, false);
        let rows = left(&weight[part.start..], part.stride, false);
        scratch.product(rows, part.rows, right, (block, block), (out, part.stride), true);
        for row in 0..part.rows {
            let entries = &matrix[self.row_in_block(part, row, block) * block..][..block];
            let values = &mut out[row * part.stride..][..block];
            values.iter_mut().zip(entries).for_each(|(value, entry)| *value += *entry);
        }
    }

    /// Slopes by the layer's own parameters from those by its weights.
    pub(crate) fn slopes(
        &self,
        (weight, frozen): (&[f32], &[f32]),
        own: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        match self.kind {
            Kind::Bone(bone, shape) => {
                let block = bone.block();
                for (matrix, part) in self.blocks(block, shape) {
                    let out = &mut out[matrix * block * block..][..block * block];
                    let right = (&gradient[part.start..], part.stride, false);
                    let turned = left(&weight[part.start..], part.stride, true);
                    scratch.product(turned, block, right, (part.rows, block), (out, block), false);
                    for row in 0..part.rows {
                        let sums = &mut out[self.row_in_block(part, row, block) * block..][..block];
                        let slopes = &gradient[part.start + row * part.stride..][..block];
                        sums.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += *slope);
                    }
                }
            }
            Kind::Miss(miss) => {
                let (rank, width) = (miss.rank(), miss.parameters() / miss.rank());
                out.fill(0.0);
                for (output, row) in gradient.chunks_exact(self.inputs).enumerate() {
                    for block in row.chunks(rank) {
                        let sums = out.iter_mut().skip(output % width).step_by(width);
                        sums.zip(block).for_each(|(sum, slope)| *sum += *slope);
                    }
                }
            }
            Kind::Lora(lora) => {
                self.low_rank_slopes(lora.rank(), lora.scale() as f32, own, gradient, out, scratch);
            }
            Kind::Dora(lora) => self.dora_slopes(lora, frozen, own, gradient, out, scratch),
            Kind::Full => {}
        }
    }

    fn low_rank_slopes(
        &self,
        rank: usize,
        scale: f32,
        own: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (a, b) = own.split_at(self.split(rank));
        let (by_a, by_b) = out.split_at_mut(self.split(rank));
        let right = (gradient, self.inputs, false);
        let (outputs, inputs) = (self.outputs, self.inputs);
        scratch.product(left(b, rank, true), rank, right, (outputs, inputs), (by_a, inputs), false);
        let right = (a, inputs, true);
        scratch.product(left(gradient, inputs, false), outputs, right, (inputs, rank), (by_b, rank), false);
        by_a.iter_mut().for_each(|slope| *slope *= scale);
        by_b.iter_mut().take(outputs * rank).for_each(|slope| *slope *= scale);
    }

    /// With the norm of the directed rows as a constant, as in the paper.
    fn dora_slopes(
        &self,
        lora: crate::method::lora::Lora,
        frozen: &[f32],
        own: &[f32],
        gradient: &[f32],
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let mut directed = frozen.to_vec();
        self.add_low_rank(lora.rank(), lora.scale() as f32, own, &mut directed, scratch);
        let mut along = gradient.to_vec();
        let (lengths, factors) = (&own[lora.parameters()..], lora.parameters());
        let rows = along.chunks_exact_mut(self.inputs).zip(directed.chunks_exact(self.inputs));
        for ((output, (slopes, row)), length) in rows.enumerate().zip(lengths) {
            let norm = norm(row);
            out[factors + output] =
                slopes.iter().zip(row).map(|(slope, value)| slope * value).sum::<f32>() / norm;
            slopes.iter_mut().for_each(|slope| *slope *= length / norm);
        }
        let out = &mut out[..factors];
        self.low_rank_slopes(lora.rank(), lora.scale() as f32, &own[..factors], &along, out, scratch);
    }
}

/// Rows as long as a block, of a part of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    start: usize,
    rows: usize,
    stride: usize,
}

pub(super) fn norm(row: &[f32]) -> f32 {
    row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32
}
