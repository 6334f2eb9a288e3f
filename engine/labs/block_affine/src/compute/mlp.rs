//! A perceptron as passes: for the digit and sine tasks.

use super::layout::Layout;
use super::number::Number;
use super::ops::gates::Gate;
use super::pass::Pass;
use crate::method::error::Result;

/// The model: which tensor is what.
#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    layers: Vec<(usize, usize)>,
    activation: Gate,
}

impl Mlp {
    /// Name and shape of every tensor of a perceptron with these widths, input and output included.
    pub(crate) fn tensors(widths: &[usize]) -> Vec<(String, (usize, usize))> {
        let layer = |(number, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let weight = (format!("layers.{number}.weight"), (outputs, inputs));
            [weight, (format!("layers.{number}.bias"), (1, outputs))]
        };
        widths.windows(2).enumerate().flat_map(layer).collect()
    }

    /// The model with this function between its layers.
    pub(crate) fn new(layers: usize, activation: Gate, layout: &Layout) -> Result<Self> {
        let layer = |number: usize| -> Result<(usize, usize)> {
            let weight = layout.find(&format!("layers.{number}.weight"))?;
            Ok((weight, layout.find(&format!("layers.{number}.bias"))?))
        };
        Ok(Self { layers: (0..layers).map(layer).collect::<Result<_>>()?, activation })
    }

    /// Outputs of rows; with `slopes` those by the outputs are asked for, and the gradient is taken.
    pub(crate) fn run<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        x: &[T],
        rows: usize,
        slopes: &mut dyn FnMut(&mut [T]) -> bool,
    ) {
        let mut input = pass.pool.take(x.len());
        input.copy_from_slice(x);
        let last = self.layers.len().saturating_sub(1);
        let mut tapes: Vec<(Vec<T>, Vec<T>)> = Vec::with_capacity(self.layers.len());
        for (number, (weight, bias)) in self.layers.iter().enumerate() {
            let sums = pass.linear(&input, rows, *weight, Some(*bias));
            if number == last {
                tapes.push((std::mem::take(&mut input), sums));
            } else {
                let mut output = pass.pool.take(sums.len());
                T::apply(self.activation, &sums, &mut output);
                tapes.push((std::mem::replace(&mut input, output), sums));
            }
        }
        let mut by_sums: Option<Vec<T>> = None;
        for (number, ((weight, bias), (input, mut sums))) in self.layers.iter().zip(tapes).enumerate().rev() {
            let slopes_here = if number == last {
                slopes(&mut sums).then(|| std::mem::take(&mut sums))
            } else {
                by_sums.take().map(|mut by| {
                    T::apply_back(self.activation, &sums, &mut by);
                    by
                })
            };
            if let Some(here) = slopes_here {
                let mut by_input = pass.pool.take(input.len());
                let target = (number > 0).then_some((&mut by_input[..], false));
                pass.linear_back(&input, &here, rows, (*weight, Some(*bias)), target);
                pass.pool.give(here);
                by_sums = Some(by_input);
            }
            pass.give([input, sums]);
        }
        if let Some(rest) = by_sums {
            pass.pool.give(rest);
        }
    }
}
