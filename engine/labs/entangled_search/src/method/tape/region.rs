//! Boxes in a tensor, and what is done with them: crop, zero padding, and the superposition of nested slices.
//!
//! Superposition (`TangleNAS`, arXiv 2312.10440, §3): `W_mix = Σ_i a_i PAD(W_i)`. For slices of one tensor this is a mask on it, whose value at
//! an entry is the sum of the weights of all options whose slice holds the entry (inferred, exact).

use std::ops::Range;
use std::sync::Arc;

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add, dot};

/// A box: start and length on each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    axes: Vec<(usize, usize)>,
}

impl Region {
    /// From start and length on each axis.
    pub fn new(axes: Vec<(usize, usize)>) -> Self {
        Self { axes }
    }

    /// The leading entries on each axis.
    pub fn leading(lengths: &[usize]) -> Self {
        Self { axes: lengths.iter().map(|length| (0, *length)).collect() }
    }

    /// Lengths on the axes.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(_, length)| *length).collect()
    }

    /// Stretches of neighbours in a tensor of this shape, in order. Refuses a box that does not lie inside.
    fn runs(&self, shape: &[usize]) -> Result<Vec<Range<usize>>, MathError> {
        let inside = self.axes.iter().zip(shape).all(|((start, length), size)| start + length <= *size);
        if self.axes.len() != shape.len() || !inside {
            return Err(unfit("a slice", format!("a box inside {shape:?}"), format!("{:?}", self.axes)));
        }
        let mut runs: Vec<Range<usize>> = std::iter::once(0..1).collect();
        for ((start, length), size) in self.axes.iter().zip(shape) {
            runs = if length == size {
                runs.into_iter().map(|run| run.start * size..run.end * size).collect()
            } else {
                let places = runs.into_iter().flatten();
                places.map(|place| place * size + start..place * size + start + length).collect()
            };
        }
        Ok(runs)
    }
}

/// The slices of the options of one tensor, in the order of the options; an option may leave the tensor alone.
#[derive(Clone, Debug)]
pub struct Parts {
    shape: Vec<usize>,
    options: usize,
    /// For each cell the options whose slices hold it, in order. A cell is what lies in the same slices.
    members: Arc<[Vec<usize>]>,
    /// The tensor from its first entry to its last.
    stretches: Arc<[Stretch]>,
}

/// Neighbours of one cell.
#[derive(Clone, Debug, PartialEq)]
struct Stretch {
    range: Range<usize>,
    cell: usize,
}

impl Parts {
    /// Refuses a box that does not lie inside the shape.
    pub fn new<'a>(
        shape: &[usize],
        regions: impl IntoIterator<Item = Option<&'a Region>>,
    ) -> Result<Self, MathError> {
        let mut cells = vec![0; shape.iter().product()];
        let mut members: Vec<Vec<usize>> = vec![Vec::new()];
        let mut options = 0;
        for region in regions {
            let runs = region.map_or_else(|| Ok(Vec::new()), |box_| box_.runs(shape))?;
            // Each cell that the slice meets is parted into what lies in it and what does not.
            let mut inside: Vec<Option<usize>> = vec![None; members.len()];
            for place in runs.into_iter().flatten() {
                let Some(own) = cells.get_mut(place) else { continue };
                let Some(part) = inside.get_mut(*own) else { continue };
                *own = *part.get_or_insert_with(|| {
                    let longer = members.get(*own).into_iter().flatten().copied().chain([options]).collect();
                    members.push(longer);
                    members.len() - 1
                });
            }
            options += 1;
        }
        let mut stretches: Vec<Stretch> = Vec::new();
        for (place, cell) in cells.into_iter().enumerate() {
            match stretches.last_mut().filter(|last| last.cell == cell) {
                Some(last) => last.range.end = place + 1,
                None => stretches.push(Stretch { range: place..place + 1, cell }),
            }
        }
        Ok(Self { shape: shape.to_vec(), options, members: members.into(), stretches: stretches.into() })
    }

    /// The sum of the weights of the options of each cell.
    fn sums<T: Number>(&self, weights: &[T]) -> Vec<T> {
        let of =
            |members: &Vec<usize>| members.iter().filter_map(|option| weights.get(*option)).copied().sum();
        self.members.iter().map(of).collect()
    }

    /// Calls with each stretch and the sum of the weights of its cell, in order.
    fn each<T: Number>(&self, weights: &[T], mut call: impl FnMut(Range<usize>, T)) {
        let sums = self.sums(weights);
        for Stretch { range, cell } in self.stretches.iter() {
            call(range.clone(), sums.get(*cell).copied().unwrap_or_default());
        }
    }

    /// The effective mask: at each entry the sum of the weights of all options whose slice holds it.
    pub fn mask<T: Number>(&self, weights: &[T]) -> Vec<T> {
        let mut mask = Vec::with_capacity(self.shape.iter().product());
        self.each(weights, |range, sum| mask.resize(range.end, sum));
        mask
    }
}

/// Copies the box out of a row-major tensor. Refuses a box that does not lie inside.
pub(crate) fn cropped<T: Number>(
    values: &[T],
    shape: &[usize],
    region: &Region,
) -> Result<Vec<T>, MathError> {
    let runs = region.runs(shape)?;
    Ok(runs.into_iter().filter_map(|run| values.get(run)).flatten().copied().collect())
}

struct Crop {
    input: Node,
    runs: Vec<Range<usize>>,
}

impl<T: Number> Operation<T> for Crop {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let Some(slot) = gradients.slot(tape, self.input) else { return };
        let mut rest = upstream;
        for run in &self.runs {
            let Some((part, tail)) = rest.split_at_checked(run.len()) else { return };
            if let Some(place) = slot.get_mut(run.clone()) {
                add(place, part);
            }
            rest = tail;
        }
    }
}

struct Mix {
    weights: Node,
    parts: Vec<(usize, Node, Vec<Range<usize>>)>,
}

impl<T: Number> Operation<T> for Mix {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        for (option, input, runs) in &self.parts {
            let weight = tape.values(self.weights).get(*option).copied().unwrap_or_default();
            let mut slope = T::ZERO;
            let mut rest = tape.values(*input);
            for run in runs {
                let (Some(above), Some((part, tail))) =
                    (upstream.get(run.clone()), rest.split_at_checked(run.len()))
                else {
                    return;
                };
                slope += dot(above, part);
                rest = tail;
            }
            if let Some(place) = gradients.slot(tape, self.weights).and_then(|slot| slot.get_mut(*option)) {
                *place += slope;
            }
            let Some(mut slot) = gradients.slot(tape, *input) else { continue };
            for above in runs.iter().filter_map(|run| upstream.get(run.clone())) {
                let Some((part, tail)) = slot.split_at_mut_checked(above.len()) else { return };
                part.iter_mut().zip(above).for_each(|(place, above)| *place += weight * *above);
                slot = tail;
            }
        }
    }
}

struct Superposition {
    tensor: Node,
    weights: Node,
    parts: Parts,
}

impl<T: Number> Operation<T> for Superposition {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let (tensor, weights) = (tape.values(self.tensor), tape.values(self.weights));
        if let Some(slot) = gradients.slot(tape, self.tensor) {
            self.parts.each(weights, |range, sum| {
                let Some((slot, above)) = slot.get_mut(range.clone()).zip(upstream.get(range)) else {
                    return;
                };
                slot.iter_mut().zip(above).for_each(|(place, above)| *place += sum * *above);
            });
        }
        if let Some(slot) = gradients.slot(tape, self.weights) {
            let mut slopes = vec![T::ZERO; self.parts.members.len()];
            for Stretch { range, cell } in self.parts.stretches.iter() {
                let values = tensor.get(range.clone()).zip(upstream.get(range.clone()));
                if let (Some((values, above)), Some(slope)) = (values, slopes.get_mut(*cell)) {
                    *slope += dot(values, above);
                }
            }
            for (members, slope) in self.parts.members.iter().zip(slopes) {
                for option in members {
                    slot.get_mut(*option).into_iter().for_each(|place| *place += slope);
                }
            }
        }
    }
}

impl<T: Number> Tape<T> {
    /// The box of a tensor. Refuses a box that does not lie inside.
    pub fn crop(&mut self, input: Node, region: &Region) -> Result<Node, MathError> {
        let runs = region.runs(self.shape(input))?;
        let values = cropped(self.values(input), self.shape(input), region)?;
        Ok(self.push(region.shape(), values, &[input], Crop { input, runs }))
    }

    /// `Σ_i a_i PAD(x_i)`: an output mixture of tensors that fill a box of the whole each. `parts` names the option, the tensor, and its
    /// box (none: all of it). Refuses tensors that do not fill their box, and options without a weight.
    pub fn mix(
        &mut self,
        shape: &[usize],
        weights: Node,
        parts: &[(usize, Node, Option<Region>)],
    ) -> Result<Node, MathError> {
        let mut values = vec![T::ZERO; shape.iter().product()];
        let mut kept = Vec::with_capacity(parts.len());
        let mut inputs = vec![weights];
        for (option, input, region) in parts {
            let whole = Region::leading(shape);
            let region = region.as_ref().unwrap_or(&whole);
            let (runs, part) = (region.runs(shape)?, self.values(*input));
            let Some(weight) = self.values(weights).get(*option).copied() else {
                return Err(unfit("a mixture", self.values(weights).len(), format!("option {option}")));
            };
            if region.shape() != self.shape(*input) {
                return Err(unfit("a mixture", format!("{region:?}"), format!("{:?}", self.shape(*input))));
            }
            let mut rest = part;
            for run in &runs {
                let Some((part, tail)) = rest.split_at_checked(run.len()) else { break };
                let places = values.get_mut(run.clone()).into_iter().flatten();
                places.zip(part).for_each(|(place, part)| *place += weight * *part);
                rest = tail;
            }
            kept.push((*option, *input, runs));
            inputs.push(*input);
        }
        Ok(self.push(shape.to_vec(), values, &inputs, Mix { weights, parts: kept }))
    }

    /// `W_mix = Σ_i a_i PAD(W_i)`, one weight for each part. Refuses another shape or another number of weights.
    pub fn superpose(&mut self, tensor: Node, weights: Node, parts: &Parts) -> Result<Node, MathError> {
        if self.shape(tensor) != parts.shape {
            return Err(unfit(
                "a superposition",
                format!("{:?}", parts.shape),
                format!("{:?}", self.shape(tensor)),
            ));
        }
        if self.values(weights).len() != parts.options {
            return Err(unfit("weights of a superposition", parts.options, self.values(weights).len()));
        }
        let mut values = self.values(tensor).to_vec();
        parts.each(self.values(weights), |range, sum| {
            values.get_mut(range).into_iter().flatten().for_each(|value| *value = *value * sum);
        });
        let operation = Superposition { tensor, weights, parts: parts.clone() };
        Ok(self.push(parts.shape.clone(), values, &[tensor, weights], operation))
    }
}
