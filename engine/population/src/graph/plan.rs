//! Which tensors a network has, and where they lie in its packed vector.

use weightscope_math::Stream;

use crate::lane::{LANES, Lane, panels};

/// What a tensor is, for its initial values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Weights of a layer: uniform on ±1/√inputs, all inputs of the layer counted, as PyTorch's `Linear` begins.
    Weight,
    /// A bias, likewise.
    Bias,
    /// Factors of a layer norm: ones.
    Factor,
    /// Shifts of a layer norm: zeros.
    Shift,
    /// Rows that are learned: normal with deviation 0.1.
    Rows,
}

/// A tensor of the plan by its name, `[rows, columns]`; a vector has one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Rows: outputs of a layer.
    pub rows: usize,
    /// Columns: inputs of a layer.
    pub columns: usize,
    /// Inputs of the whole layer, for initial values.
    inputs: usize,
    /// First lane.
    start: usize,
}

/// A layer `y = Σ xᵢ·Wᵢᵀ + b` over one input or several: its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense(pub(super) usize);

/// A layer norm: its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Norm {
    pub(super) factor: usize,
    pub(super) shift: usize,
}

/// Rows that are learned: their place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows(pub(super) usize);

/// One input's part of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) inputs: usize,
    /// First lane of the weights.
    pub(super) weights: usize,
}

/// A layer with its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) parts: Vec<Part>,
    pub(super) outputs: usize,
    /// First lane of the biases.
    pub(super) biases: usize,
}

impl Layer {
    pub(super) fn weight_lanes(&self, part: &Part) -> std::ops::Range<usize> {
        part.weights..part.weights + panels(self.outputs) * panels(part.inputs) * LANES
    }

    pub(super) fn bias_lanes(&self) -> std::ops::Range<usize> {
        self.biases..self.biases + panels(self.outputs)
    }
}

/// A stretch of the packed vector, and what its gradient is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) lanes: std::ops::Range<usize>,
    pub(super) source: Source,
}

/// What the gradient of a piece is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Sixteen outputs of one input's part of a layer.
    Weights { layer: usize, part: usize, panel: usize },
    /// The biases of a layer.
    Biases(usize),
    /// A tensor that belongs to no layer.
    Own(usize),
}

/// The tensors of a network in the order of its packed vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub(super) tensors: Vec<Named>,
    pub(super) layers: Vec<Layer>,
    lanes: usize,
}

impl Plan {
    fn add(&mut self, name: String, kind: Kind, (rows, columns): (usize, usize), inputs: usize) -> usize {
        let start = self.lanes;
        self.lanes += match kind {
            Kind::Weight => panels(rows) * panels(columns) * LANES,
            _ => panels(columns) * rows,
        };
        self.tensors.push(Named { name, kind, rows, columns, inputs, start });
        start
    }

    /// A layer over inputs of these widths; tensors `name.weight` (for several inputs `name.0.weight`, …) and `name.bias`.
    pub fn dense(&mut self, name: &str, inputs: &[usize], outputs: usize) -> Dense {
        let all: usize = inputs.iter().sum();
        let mut parts = Vec::new();
        for (index, width) in inputs.iter().enumerate() {
            let own =
                if inputs.len() == 1 { format!("{name}.weight") } else { format!("{name}.{index}.weight") };
            let weights = self.add(own, Kind::Weight, (outputs, *width), all);
            parts.push(Part { inputs: *width, weights });
        }
        let biases = self.add(format!("{name}.bias"), Kind::Bias, (1, outputs), all);
        self.layers.push(Layer { parts, outputs, biases });
        Dense(self.layers.len() - 1)
    }

    /// A layer norm over rows of this width; tensors `name.weight` and `name.bias`.
    pub fn norm(&mut self, name: &str, width: usize) -> Norm {
        let factor = self.tensors.len();
        self.add(format!("{name}.weight"), Kind::Factor, (1, width), width);
        self.add(format!("{name}.bias"), Kind::Shift, (1, width), width);
        Norm { factor, shift: factor + 1 }
    }

    /// Rows that are learned.
    pub fn rows(&mut self, name: &str, rows: usize, width: usize) -> Rows {
        self.add(name.to_owned(), Kind::Rows, (rows, width), width);
        Rows(self.tensors.len() - 1)
    }

    /// The packed vector in pieces, one behind the other, all of it.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            for (place, part) in layer.parts.iter().enumerate() {
                let size = panels(part.inputs) * LANES;
                pieces.extend((0..panels(layer.outputs)).map(|panel| Piece {
                    lanes: part.weights + panel * size..part.weights + (panel + 1) * size,
                    source: Source::Weights { layer: number, part: place, panel },
                }));
            }
            pieces.push(Piece { lanes: layer.bias_lanes(), source: Source::Biases(number) });
        }
        for (number, tensor) in self.tensors.iter().enumerate() {
            if !matches!(tensor.kind, Kind::Weight | Kind::Bias) {
                pieces.push(Piece { lanes: self.lanes_of(number), source: Source::Own(number) });
            }
        }
        pieces.sort_by_key(|piece| piece.lanes.start);
        pieces
    }

    /// Lanes of the packed vector.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.rows * tensor.columns).sum()
    }

    /// The tensors in order.
    pub fn tensors(&self) -> &[Named] {
        &self.tensors
    }

    /// Initial values, packed.
    pub fn initial(&self, random: &mut Stream) -> Vec<Lane> {
        let mut packed = vec![Lane::ZERO; self.lanes];
        for tensor in &self.tensors {
            let mut values = vec![0.0; tensor.rows * tensor.columns];
            let bound = 1.0 / (tensor.inputs.max(1) as f32).sqrt();
            match tensor.kind {
                Kind::Weight | Kind::Bias => random.fill_uniform(&mut values, -bound, bound),
                Kind::Factor => values.fill(1.0),
                Kind::Shift => {}
                Kind::Rows => {
                    random.fill_normal(&mut values);
                    values.iter_mut().for_each(|value| *value *= 0.1);
                }
            }
            tensor.put(&values, &mut packed);
        }
        packed
    }

    /// The values of each tensor in order, row-major, from the packed vector.
    pub fn unpack(&self, packed: &[Lane]) -> Vec<Vec<f32>> {
        self.tensors.iter().map(|tensor| tensor.take(packed)).collect()
    }

    /// The packed vector of the values of each tensor in order; `None` if a tensor is missing or has another length.
    pub fn pack(&self, values: &[Vec<f32>]) -> Option<Vec<Lane>> {
        if values.len() != self.tensors.len() {
            return None;
        }
        let mut packed = vec![Lane::ZERO; self.lanes];
        for (tensor, values) in self.tensors.iter().zip(values) {
            if values.len() != tensor.rows * tensor.columns {
                return None;
            }
            tensor.put(values, &mut packed);
        }
        Some(packed)
    }

    pub(super) fn lanes_of(&self, tensor: usize) -> std::ops::Range<usize> {
        let tensor = &self.tensors[tensor];
        tensor.start..tensor.start + panels(tensor.columns) * tensor.rows
    }
}

impl Named {
    /// Calls with (index in the row-major values, lane, place in the lane) of each value.
    fn places(&self, mut each: impl FnMut(usize, usize, usize)) {
        if self.kind == Kind::Weight {
            let padded = panels(self.columns) * LANES;
            for row in 0..self.rows {
                for column in 0..self.columns {
                    each(
                        row * self.columns + column,
                        self.start + row / LANES * padded + column,
                        row % LANES,
                    );
                }
            }
            return;
        }
        for row in 0..self.rows {
            for column in 0..self.columns {
                let lane = self.start + column / LANES * self.rows + row;
                each(row * self.columns + column, lane, column % LANES);
            }
        }
    }

    fn put(&self, values: &[f32], packed: &mut [Lane]) {
        self.places(|index, lane, slot| packed[lane].0[slot] = values[index]);
    }

    fn take(&self, packed: &[Lane]) -> Vec<f32> {
        let mut values = vec![0.0; self.rows * self.columns];
        self.places(|index, lane, slot| values[index] = packed[lane].0[slot]);
        values
    }
}
