//! A forward pass that remembers what the way back needs.

use super::attention::Groups;
use super::elementwise::{
    affine, draw, draw_back, leaky, leaky_back, norm_back, normalised, silu, silu_back,
};
use super::images::{GroupNorm, Window};
use super::panels::Panels;
use super::plan::{Dense, Layer, Norm, Part, Plan, Rows};
use super::slopes::Slopes;
use crate::kernel::{Start, product, transpose, turn, turn_back};
use crate::lane::{LANES, Lane, panels};

/// A value on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(usize);

/// How a value was made.
pub(super) enum Op<'p> {
    Input,
    Dense(Dense, Vec<Id>),
    Silu(Id),
    Leaky(Id, f32),
    Norm { norm: Norm, x: Id, unit: Panels, inverses: Vec<f32> },
    GroupNorm(Box<GroupNorm>),
    Patches(Id, &'p Window),
    Sum(Id, Id),
    Attention { groups: Groups, q: Id, k: Id, v: Id, shares: Vec<f32> },
    Repeat(Rows),
    Reshape(Id),
    Masked(Id, Vec<f32>),
    Draw { mean: Id, log_variance: Id, noise: Panels, limits: (f32, f32) },
}

struct Node<'p> {
    value: Panels,
    op: Op<'p>,
    /// Whether a gradient is wanted: something below it is learned.
    learns: bool,
}

/// The values of a pass through a network with these weights, in the order in which they were made.
pub struct Tape<'p> {
    plan: &'p Plan,
    weights: &'p [Lane],
    nodes: Vec<Node<'p>>,
}

impl<'p> Tape<'p> {
    /// Nothing yet; `weights` is the plan's packed vector.
    pub fn new(plan: &'p Plan, weights: &'p [Lane]) -> Self {
        Self { plan, weights, nodes: Vec::new() }
    }

    /// A value.
    pub fn value(&self, id: Id) -> &Panels {
        &self.nodes[id.0].value
    }

    /// A value, taken off the tape.
    pub fn take(mut self, id: Id) -> Panels {
        std::mem::take(&mut self.nodes[id.0].value)
    }

    pub(super) fn push(&mut self, value: Panels, op: Op<'p>, learns: bool) -> Id {
        self.nodes.push(Node { value, op, learns });
        Id(self.nodes.len() - 1)
    }

    /// Whether a gradient by a value is wanted.
    pub(super) fn learns(&self, id: Id) -> bool {
        self.nodes[id.0].learns
    }

    /// A tensor that belongs to no layer.
    pub(super) fn own(&self, tensor: usize) -> &'p [Lane] {
        &self.weights[self.plan.lanes_of(tensor)]
    }

    /// Rows from outside.
    pub fn input(&mut self, value: Panels) -> Id {
        self.push(value, Op::Input, false)
    }

    /// A layer over one input or several, as the plan has it; inputs have the same number of rows.
    pub fn dense(&mut self, layer: Dense, inputs: &[Id]) -> Id {
        let own = &self.plan.layers[layer.0];
        let rows = inputs.first().map_or(0, |id| self.value(*id).rows());
        let mut output = Panels::zeros(rows, own.outputs);
        for (index, (part, input)) in own.parts.iter().zip(inputs).enumerate() {
            let start = if index == 0 { Start::Row(&self.weights[own.bias_lanes()]) } else { Start::Output };
            let weights = &self.weights[own.weight_lanes(part)];
            let inner = panels(part.inputs) * LANES;
            product(self.value(*input).lanes(), rows, weights, inner, output.lanes_mut(), start);
        }
        self.push(output, Op::Dense(layer, inputs.to_vec()), true)
    }

    /// x·sigmoid(x).
    pub fn silu(&mut self, x: Id) -> Id {
        let mut output = self.value(x).clone();
        silu(self.value(x).lanes(), output.lanes_mut());
        let learns = self.learns(x);
        self.push(output, Op::Silu(x), learns)
    }

    /// x for x ≥ 0, else slope·x.
    pub fn leaky(&mut self, x: Id, slope: f32) -> Id {
        let mut output = self.value(x).clone();
        leaky(self.value(x).lanes(), output.lanes_mut(), slope);
        let learns = self.learns(x);
        self.push(output, Op::Leaky(x, slope), learns)
    }

    /// max(x, 0).
    pub fn relu(&mut self, x: Id) -> Id {
        self.leaky(x, 0.0)
    }

    /// Layer norm over the columns.
    pub fn norm(&mut self, norm: Norm, x: Id) -> Id {
        let (unit, inverses) = normalised(self.value(x));
        let output = affine(&unit, self.own(norm.factor), self.own(norm.shift));
        self.push(output, Op::Norm { norm, x, unit, inverses }, true)
    }

    /// `a + b`.
    pub fn sum(&mut self, a: Id, b: Id) -> Id {
        let mut output = self.value(a).clone();
        output.add_scaled(1.0, self.value(b));
        let learns = self.learns(a) || self.learns(b);
        self.push(output, Op::Sum(a, b), learns)
    }

    /// Attention inside groups of rows.
    pub fn attention(&mut self, groups: Groups, q: Id, k: Id, v: Id) -> Id {
        let (output, shares) = groups.forward(self.value(q), self.value(k), self.value(v));
        self.push(output, Op::Attention { groups, q, k, v, shares }, true)
    }

    /// Learned rows, so many times one after the other.
    pub fn repeat(&mut self, rows: Rows, times: usize) -> Id {
        let own = &self.plan.tensors[rows.0];
        let lanes = self.own(rows.0);
        let mut output = Panels::zeros(own.rows * times, own.columns);
        let all = own.rows * times;
        for (panel, lanes) in lanes.chunks_exact(own.rows.max(1)).enumerate() {
            for (row, target) in output.lanes_mut()[panel * all..][..all].iter_mut().enumerate() {
                *target = lanes[row % own.rows];
            }
        }
        self.push(output, Op::Repeat(rows), true)
    }

    /// The same numbers, row after row, in rows of another length.
    pub fn reshape(&mut self, x: Id, columns: usize) -> Id {
        let output = Panels::from_rows(&self.value(x).to_rows(), columns);
        let learns = self.learns(x);
        self.push(output, Op::Reshape(x), learns)
    }

    /// Each row times its factor; rows without one stay.
    pub fn masked(&mut self, x: Id, factors: Vec<f32>) -> Id {
        let mut output = self.value(x).clone();
        mask(&mut output, &factors);
        let learns = self.learns(x);
        self.push(output, Op::Masked(x, factors), learns)
    }

    /// `mean + e^(v/2)·noise` for log variances v, clipped to `limits`.
    pub fn draw(&mut self, mean: Id, log_variance: Id, noise: Panels, limits: (f32, f32)) -> Id {
        let drawn = draw(self.value(mean), self.value(log_variance), &noise, limits);
        self.push(drawn, Op::Draw { mean, log_variance, noise, limits }, true)
    }

    /// The way back from gradients by some values.
    pub fn backward(self, from: impl IntoIterator<Item = (Id, Panels)>) -> Slopes {
        let mut found = Slopes::new(self.plan);
        let mut slopes: Vec<Option<Panels>> = self.nodes.iter().map(|_| None).collect();
        let learns: Vec<bool> = self.nodes.iter().map(|node| node.learns).collect();
        from.into_iter().for_each(|(id, slope)| gather(&mut slopes, &learns, id, slope));
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let Some(slope) = slopes[index].take() else { continue };
            let mut give = |id: Id, slope: Panels| gather(&mut slopes, &learns, id, slope);
            match &node.op {
                Op::Input => {}
                Op::Dense(layer, inputs) => {
                    let own = &self.plan.layers[layer.0];
                    for (part, input) in own.parts.iter().zip(inputs) {
                        if self.learns(*input) {
                            give(*input, self.below(own, part, &slope));
                        }
                    }
                    found.layers[layer.0] = Some((inputs.iter().map(|input| input.0).collect(), slope));
                }
                Op::Silu(x) => {
                    let mut slope = slope;
                    silu_back(self.value(*x).lanes(), slope.lanes_mut());
                    give(*x, slope);
                }
                Op::Leaky(x, factor) => {
                    let mut slope = slope;
                    leaky_back(self.value(*x).lanes(), slope.lanes_mut(), *factor);
                    give(*x, slope);
                }
                Op::Norm { norm, x, unit, inverses } => {
                    let factor = self.own(norm.factor);
                    let (mut factors, mut shifts) =
                        (vec![Lane::ZERO; factor.len()], vec![Lane::ZERO; factor.len()]);
                    let below = norm_back((unit, inverses), &slope, factor, &mut factors, &mut shifts);
                    found.own[norm.factor] = Some(factors);
                    found.own[norm.shift] = Some(shifts);
                    give(*x, below);
                }
                Op::GroupNorm(norm) => {
                    let (below, own) = norm.back(self.own(norm.factor()), &slope);
                    own.into_iter().for_each(|(tensor, slope)| found.own[tensor] = Some(slope));
                    give(norm.x, below);
                }
                Op::Patches(x, window) => {
                    let x_value = self.value(*x);
                    give(*x, window.back((x_value.rows(), x_value.columns()), &slope));
                }
                Op::Sum(a, b) => {
                    give(*a, slope.clone());
                    give(*b, slope);
                }
                Op::Attention { groups, q, k, v, shares } => {
                    let values = (self.value(*q), self.value(*k), self.value(*v));
                    let (dq, dk, dv) = groups.backward(values, shares, &slope);
                    give(*q, dq);
                    give(*k, dk);
                    give(*v, dv);
                }
                Op::Repeat(rows) => found.own[rows.0] = Some(self.repeat_back(*rows, &slope)),
                Op::Reshape(x) => give(*x, Panels::from_rows(&slope.to_rows(), self.value(*x).columns())),
                Op::Masked(x, factors) => {
                    let mut slope = slope;
                    mask(&mut slope, factors);
                    give(*x, slope);
                }
                Op::Draw { mean, log_variance, noise, limits } => {
                    give(*log_variance, draw_back(&slope, self.value(*log_variance), noise, *limits));
                    give(*mean, slope);
                }
            }
        }
        found.values = self.nodes.into_iter().map(|node| node.value).collect();
        found
    }

    /// Gradient by one input of a layer: slopes times weights. Either side may be turned for it: the smaller one is.
    fn below(&self, own: &Layer, part: &Part, slope: &Panels) -> Panels {
        let rows = slope.rows();
        let weights = &self.weights[own.weight_lanes(part)];
        let (inputs, outputs) = (panels(part.inputs) * LANES, panels(own.outputs) * LANES);
        let mut below = Panels::zeros(rows, part.inputs);
        if rows * (inputs + outputs) < inputs * outputs {
            let mut turned = vec![Lane::ZERO; panels(rows) * outputs];
            turn(slope.lanes(), rows, &mut turned);
            let mut found = vec![Lane::ZERO; panels(rows) * inputs];
            product(weights, inputs, &turned, outputs, &mut found, Start::Zero);
            turn_back(&found, rows, below.lanes_mut());
        } else {
            let mut turned = vec![Lane::ZERO; weights.len()];
            transpose(weights, inputs, &mut turned);
            product(slope.lanes(), rows, &turned, outputs, below.lanes_mut(), Start::Zero);
        }
        below
    }

    fn repeat_back(&self, rows: Rows, slope: &Panels) -> Vec<Lane> {
        let own = &self.plan.tensors[rows.0];
        let mut target = vec![Lane::ZERO; self.plan.lanes_of(rows.0).len()];
        let all = slope.rows();
        for (panel, lanes) in target.chunks_exact_mut(own.rows.max(1)).enumerate() {
            for (row, slope) in slope.lanes()[panel * all..][..all].iter().enumerate() {
                lanes[row % own.rows].add(slope);
            }
        }
        target
    }
}

fn mask(panels: &mut Panels, factors: &[f32]) {
    let rows = panels.rows().max(1);
    for lanes in panels.lanes_mut().chunks_exact_mut(rows) {
        for (lane, factor) in lanes.iter_mut().zip(factors) {
            lane.0.iter_mut().for_each(|value| *value *= factor);
        }
    }
}

/// Adds a gradient to what a value has already; values below which nothing is learned want none.
fn gather(slopes: &mut [Option<Panels>], learns: &[bool], id: Id, slope: Panels) {
    if !learns[id.0] {
        return;
    }
    match &mut slopes[id.0] {
        Some(sum) => sum.add_scaled(1.0, &slope),
        empty => *empty = Some(slope),
    }
}
