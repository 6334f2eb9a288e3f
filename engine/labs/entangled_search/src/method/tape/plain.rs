//! Operations entry by entry, joint weights, and rearrangements.

use weightscope_compute::number::Number;
use weightscope_math::MathError;
use weightscope_math::special::normal;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add, add_scaled, dot};

struct Add(Node, Node);

impl<T: Number> Operation<T> for Add {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        for input in [self.0, self.1] {
            if let Some(slot) = gradients.slot(tape, input) {
                add(slot, upstream);
            }
        }
    }
}

struct Scale {
    input: Node,
    weights: Node,
    option: usize,
}

impl<T: Number> Operation<T> for Scale {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let weight = tape.values(self.weights).get(self.option).copied().unwrap_or_default();
        if let Some(slot) = gradients.slot(tape, self.input) {
            add_scaled(slot, weight, upstream);
        }
        let slope = dot(tape.values(self.input), upstream);
        if let Some(place) = gradients.slot(tape, self.weights).and_then(|slot| slot.get_mut(self.option)) {
            *place += slope;
        }
    }
}

struct Gelu(Node);

impl<T: Number> Operation<T> for Gelu {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.0) else { return };
        for ((place, above), value) in slot.iter_mut().zip(upstream).zip(tape.values(self.0)) {
            *place += *above * gelu_slope(*value);
        }
    }
}

struct Relu(Node);

impl<T: Number> Operation<T> for Relu {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.0) else { return };
        for ((place, above), value) in slot.iter_mut().zip(upstream).zip(tape.values(self.0)) {
            // A choice of factors, not of ways: half of the values are negative, in no order.
            let open = if *value > T::ZERO { T::ONE } else { T::ZERO };
            *place += open * *above;
        }
    }
}

struct Reshape(Node);

impl<T: Number> Operation<T> for Reshape {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        if let Some(slot) = gradients.slot(tape, self.0) {
            add(slot, upstream);
        }
    }
}

struct Joint(Vec<Node>);

impl<T: Number> Operation<T> for Joint {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        for (place, factor) in self.0.iter().enumerate() {
            let others = |range: &[Node]| joint(range.iter().map(|node| tape.values(*node)));
            let (before, after) = self.0.split_at(place);
            let (before, after) = (others(before), others(after.get(1..).unwrap_or_default()));
            let Some(slot) = gradients.slot(tape, *factor) else { continue };
            let block = slot.len() * after.len();
            for (weight, above) in before.iter().zip(upstream.chunks_exact(block.max(1))) {
                for (place, above) in slot.iter_mut().zip(above.chunks_exact(after.len().max(1))) {
                    *place += *weight * dot(&after, above);
                }
            }
        }
    }
}

/// Products of one entry of each list, the last list fastest; one 1 without lists.
fn joint<'a, T: Number>(factors: impl Iterator<Item = &'a [T]>) -> Vec<T> {
    factors.fold(vec![T::ONE], |products, factor| {
        products.iter().flat_map(|product| factor.iter().map(|weight| *product * *weight)).collect()
    })
}

struct Columns {
    input: Node,
    sources: Vec<Option<usize>>,
    width: usize,
}

impl<T: Number> Operation<T> for Columns {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.input) else { return };
        let rows = slot.chunks_exact_mut(self.width.max(1));
        for (row, above) in rows.zip(upstream.chunks_exact(self.sources.len().max(1))) {
            for (source, above) in self.sources.iter().zip(above) {
                if let Some(place) = source.and_then(|source| row.get_mut(source)) {
                    *place += *above;
                }
            }
        }
    }
}

struct Rows {
    table: Node,
    ids: Vec<usize>,
    width: usize,
}

impl<T: Number> Operation<T> for Rows {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.table) else { return };
        for (id, above) in self.ids.iter().zip(upstream.chunks_exact(self.width.max(1))) {
            if let Some(row) = slot.get_mut(id * self.width..(id + 1) * self.width) {
                add(row, above);
            }
        }
    }
}

fn gelu<T: Number>(x: T) -> T {
    x * T::from_f64(normal::cdf(x.to_f64()))
}

fn gelu_slope<T: Number>(x: T) -> T {
    let x = x.to_f64();
    T::from_f64(normal::cdf(x) + x * normal::density(x))
}

impl<T: Number> Tape<T> {
    /// `a + b`. Refuses different shapes.
    pub fn add(&mut self, a: Node, b: Node) -> Result<Node, MathError> {
        if self.shape(a) != self.shape(b) {
            return Err(unfit("a sum", format!("{:?}", self.shape(a)), format!("{:?}", self.shape(b))));
        }
        let values = self.values(a).iter().zip(self.values(b)).map(|(a, b)| *a + *b).collect();
        Ok(self.push(self.shape(a).to_vec(), values, &[a, b], Add(a, b)))
    }

    /// A tensor times one architecture weight, the gate of a sampled path. Refuses an option without a weight.
    pub fn scale(&mut self, input: Node, weights: Node, option: usize) -> Result<Node, MathError> {
        let Some(weight) = self.values(weights).get(option).copied() else {
            return Err(unfit("a gate", self.values(weights).len(), format!("option {option}")));
        };
        let values = self.values(input).iter().map(|value| *value * weight).collect();
        let shape = self.shape(input).to_vec();
        Ok(self.push(shape, values, &[input, weights], Scale { input, weights, option }))
    }

    /// `max(x, 0)`, slope 0 at 0.
    pub fn relu(&mut self, input: Node) -> Node {
        let values = self.values(input).iter().map(|x| x.larger(T::ZERO)).collect();
        self.push(self.shape(input).to_vec(), values, &[input], Relu(input))
    }

    /// `x Φ(x)`, the form with the error function.
    pub fn gelu(&mut self, input: Node) -> Node {
        let values = self.values(input).iter().map(|x| gelu(*x)).collect();
        self.push(self.shape(input).to_vec(), values, &[input], Gelu(input))
    }

    /// The same values in another shape. Refuses another number of entries.
    pub fn reshape(&mut self, input: Node, shape: &[usize]) -> Result<Node, MathError> {
        if shape.iter().product::<usize>() != self.values(input).len() {
            return Err(unfit("a shape", format!("{shape:?}"), format!("{:?}", self.shape(input))));
        }
        let values = self.values(input).to_vec();
        Ok(self.push(shape.to_vec(), values, &[input], Reshape(input)))
    }

    /// Weights of joint options: the flattened outer product, the first factor slowest (`TangleNAS`, algorithm 2); one 1 without factors.
    pub fn joint(&mut self, factors: &[Node]) -> Node {
        let values = joint(factors.iter().map(|node| self.values(*node)));
        self.push(vec![values.len()], values, factors, Joint(factors.to_vec()))
    }

    /// The last axis anew: column j is the column `sources[j]` of the input, or zeros. Refuses a source beyond the input.
    pub fn columns(&mut self, input: Node, sources: Vec<Option<usize>>) -> Result<Node, MathError> {
        let width = self.shape(input).last().copied().unwrap_or(0);
        if let Some(beyond) = sources.iter().flatten().find(|source| **source >= width) {
            return Err(unfit("columns", format!("below {width}"), beyond));
        }
        let rows = self.values(input).chunks_exact(width.max(1));
        let pick = |row: &[T], source: &Option<usize>| {
            source.and_then(|at| row.get(at).copied()).unwrap_or_default()
        };
        let values = rows.flat_map(|row| sources.iter().map(move |source| pick(row, source))).collect();
        let mut shape = self.shape(input).to_vec();
        if let Some(last) = shape.last_mut() {
            *last = sources.len();
        }
        Ok(self.push(shape, values, &[input], Columns { input, sources, width }))
    }

    /// Rows of a table `[entries, width]` by number: an embedding. Refuses a number beyond the table.
    pub fn rows(&mut self, table: Node, ids: &[usize]) -> Result<Node, MathError> {
        let [entries, width] = self.dims("an embedding", table)?;
        if let Some(beyond) = ids.iter().find(|id| **id >= entries) {
            return Err(unfit("an embedding", format!("entries below {entries}"), beyond));
        }
        let all = self.values(table);
        let values =
            ids.iter().filter_map(|id| all.get(id * width..(id + 1) * width)).flatten().copied().collect();
        Ok(self.push(vec![ids.len(), width], values, &[table], Rows { table, ids: ids.to_vec(), width }))
    }
}
