//! Reverse accumulation on a list of operations: what runs forward is written down, and backward walks the list once.
//!
//! Contract: a [`Node`] belongs to the tape that gave it; shapes are checked when an operation is written, values are row-major.
//! Operations whose inputs need no gradient are computed and not kept for backward. Every sum has a fixed order, so that the same
//! inputs give the same bits.

mod attention;
mod convolution;
mod linear;
mod loss;
mod norm;
mod plain;
mod pool;
mod region;
#[cfg(test)]
mod tests;

pub use attention::Attention;
pub use convolution::Convolution;
pub(crate) use loss::surprise;
pub(crate) use region::cropped;
pub use region::{Parts, Region};

use weightscope_compute::number::Number;
use weightscope_math::MathError;

/// A value on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(usize);

/// What an operation does backward.
trait Operation<T: Number> {
    /// Adds to the gradients of its inputs.
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>);

    /// Numbers that it keeps for backward beside its output.
    fn kept(&self) -> usize {
        0
    }
}

struct Entry<T> {
    shape: Vec<usize>,
    values: Vec<T>,
    operation: Option<Box<dyn Operation<T>>>,
    traced: bool,
}

/// What was computed, in order.
#[derive(Default)]
pub struct Tape<T> {
    entries: Vec<Entry<T>>,
}

/// Gradients of everything that needs one.
pub struct Gradients<T> {
    slots: Vec<Vec<T>>,
}

impl<T: Number> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// A tensor without gradient, such as inputs. Refuses a shape that does not fit the values.
    pub fn constant(&mut self, shape: &[usize], values: Vec<T>) -> Result<Node, MathError> {
        self.leaf(shape, values, false)
    }

    /// A tensor with gradient: weights, or the architecture weights of a decision. Refuses a shape that does not fit the values.
    pub fn variable(&mut self, shape: &[usize], values: Vec<T>) -> Result<Node, MathError> {
        self.leaf(shape, values, true)
    }

    fn leaf(&mut self, shape: &[usize], values: Vec<T>, traced: bool) -> Result<Node, MathError> {
        let count: usize = shape.iter().product();
        if count != values.len() {
            return Err(unfit("a tensor on the tape", count, values.len()));
        }
        self.entries.push(Entry { shape: shape.to_vec(), values, operation: None, traced });
        Ok(Node(self.entries.len() - 1))
    }

    /// Row-major values; empty for a node of another tape.
    pub fn values(&self, node: Node) -> &[T] {
        self.entries.get(node.0).map_or(&[], |entry| &entry.values)
    }

    /// Shape; empty for a node of another tape.
    pub fn shape(&self, node: Node) -> &[usize] {
        self.entries.get(node.0).map_or(&[], |entry| &entry.shape)
    }

    /// The shape of a node of known rank; `what` is named in the error.
    fn dims<const RANK: usize>(&self, what: &'static str, node: Node) -> Result<[usize; RANK], MathError> {
        let shape = self.shape(node);
        shape.try_into().map_err(|_| unfit(what, format!("{RANK} dimensions"), format!("{shape:?}")))
    }

    fn traced(&self, node: Node) -> bool {
        self.entries.get(node.0).is_some_and(|entry| entry.traced)
    }

    /// Writes down an operation's output; the operation is kept only if one of its inputs needs a gradient.
    fn push(
        &mut self,
        shape: Vec<usize>,
        values: Vec<T>,
        inputs: &[Node],
        operation: impl Operation<T> + 'static,
    ) -> Node {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "an output has its shape");
        let traced = inputs.iter().any(|input| self.traced(*input));
        let operation: Option<Box<dyn Operation<T>>> = if traced { Some(Box::new(operation)) } else { None };
        self.entries.push(Entry { shape, values, operation, traced });
        Node(self.entries.len() - 1)
    }

    /// Bytes that the forward pass made and that live until backward: outputs of operations and what they keep; weights and inputs
    /// are not counted.
    pub fn kept_bytes(&self) -> usize {
        let made = self.entries.iter().filter_map(|entry| Some((entry, entry.operation.as_ref()?)));
        made.map(|(entry, operation)| (entry.values.len() + operation.kept()) * size_of::<T>()).sum()
    }

    /// Gradients of Σ `upstream`·`output`. Refuses an upstream of another size.
    pub fn backward(&self, output: Node, upstream: &[T]) -> Result<Gradients<T>, MathError> {
        if self.values(output).len() != upstream.len() {
            return Err(unfit("gradients", self.values(output).len(), upstream.len()));
        }
        let mut gradients = Gradients { slots: self.entries.iter().map(|_| Vec::new()).collect() };
        if let Some(slot) = gradients.slots.get_mut(output.0) {
            *slot = upstream.to_vec();
        }
        for (place, entry) in self.entries.iter().enumerate().take(output.0 + 1).rev() {
            let Some(operation) = &entry.operation else { continue };
            let upstream = gradients.slots.get_mut(place).map(std::mem::take).unwrap_or_default();
            if !upstream.is_empty() {
                operation.backward(self, &upstream, &mut gradients);
            }
        }
        Ok(gradients)
    }
}

impl<T: Number> Gradients<T> {
    /// The gradient of a variable; zeros if nothing depended on it.
    pub fn of(&self, tape: &Tape<T>, variable: Node) -> Vec<T> {
        match self.slots.get(variable.0) {
            Some(slot) if !slot.is_empty() => slot.clone(),
            _ => vec![T::ZERO; tape.values(variable).len()],
        }
    }

    /// Where to add the gradient of an input; none if it needs none.
    fn slot(&mut self, tape: &Tape<T>, input: Node) -> Option<&mut [T]> {
        if !tape.traced(input) {
            return None;
        }
        let slot = self.slots.get_mut(input.0)?;
        if slot.is_empty() {
            slot.resize(tape.values(input).len(), T::ZERO);
        }
        Some(slot)
    }
}

/// Sizes that do not fit, as an error.
#[expect(clippy::needless_pass_by_value, reason = "numbers and sentences are given alike")]
pub(crate) fn unfit(what: &'static str, needed: impl ToString, found: impl ToString) -> MathError {
    MathError::Shape { what, needed: needed.to_string(), found: found.to_string() }
}
