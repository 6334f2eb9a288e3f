//! Which tensors a recording holds over all its parts, and where each one's numbers stand in the frames of a part.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::document::{Part, Placed};
use super::frame::HEADER_NUMBERS;

/// A tensor that is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name in the training's program. Where a tensor of this name had another shape in an earlier part, the shape is added:
    /// `head.weight [20, 64]`, because its numbers are not those of the earlier one.
    pub name: String,
    /// Lengths of its axes; empty for a single number.
    pub shape: Vec<usize>,
    /// How its numbers are stored in the training, in the words of safetensors: `F32`, `BF16`.
    pub dtype: String,
    /// The sampled weights as places in C order. Those that later parts sample in addition stand behind those of earlier parts, so
    /// that the order stays while the recording grows.
    pub places: Vec<usize>,
    /// Rows of the tensor as a matrix `[first dimension, all others]` whose statistics are recorded, in the same order of parts.
    pub rows: Vec<usize>,
}

/// Where the numbers of all tensors stand in the frames of one part.
#[derive(Debug)]
pub(super) struct Layout {
    /// Numbers of a frame behind its header.
    pub(super) numbers: usize,
    /// One for each tensor of the recording; `None` where this part does not have it.
    slots: Vec<Option<Slots>>,
}

/// Where the numbers of one tensor stand, counted from behind the header.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) values: Spread,
    /// Largest and mean magnitude and norm; `None` where they follow from the values, which are all weights.
    pub(super) figures: Option<[usize; 3]>,
    pub(super) row_max: Spread,
    pub(super) row_mean: Spread,
}

/// A list of numbers in a frame, in the order of the recording's tensor.
#[derive(Debug)]
pub(super) struct Spread {
    at: usize,
    count: usize,
    /// Where each number of the recording's tensor stands in the list; `None` where the part does not have it. Without an order the
    /// list stands as the tensor has it.
    order: Option<Arc<[Option<u32>]>>,
}

impl Layout {
    pub(super) fn slots(&self, tensor: usize) -> Option<&Slots> {
        self.slots.get(tensor)?.as_ref()
    }
}

impl Spread {
    /// The whole list out of a frame's numbers; NaN where the part does not have one.
    pub(super) fn of<'a>(&self, numbers: &'a [f32]) -> Cow<'a, [f32]> {
        let list = numbers.get(self.at..self.at + self.count).unwrap_or_default();
        match &self.order {
            None => Cow::Borrowed(list),
            Some(order) => {
                let number = |at: &Option<u32>| at.and_then(|at| list.get(at as usize)).copied();
                Cow::Owned(order.iter().map(|at| number(at).unwrap_or(f32::NAN)).collect())
            }
        }
    }

    /// One number of the list; `None` where the part does not have it.
    pub(super) fn one(&self, numbers: &[f32], index: usize) -> Option<f32> {
        let at = match &self.order {
            None => index,
            Some(order) => order.get(index).copied().flatten()? as usize,
        };
        (at < self.count).then(|| numbers.get(self.at + at).copied()).flatten()
    }
}

/// All tensors of the parts, in order of first appearance, and the layout of each part.
pub(super) fn of_parts(parts: &[Part]) -> (Vec<Tensor>, Vec<Arc<Layout>>) {
    let mut tensors: Vec<Tensor> = Vec::new();
    let mut known: HashMap<(&str, &[usize]), usize> = HashMap::new();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for placed in parts.iter().flat_map(|part| &part.tensors) {
        let at = *known.entry((&placed.name, &placed.shape)).or_insert_with(|| {
            let earlier = named.entry(&placed.name).or_insert(0);
            let name = if *earlier == 0 {
                placed.name.clone()
            } else {
                format!("{} {:?}", placed.name, placed.shape)
            };
            *earlier += 1;
            tensors.push(Tensor {
                name,
                shape: placed.shape.clone(),
                dtype: placed.dtype.clone(),
                places: Vec::new(),
                rows: Vec::new(),
            });
            tensors.len() - 1
        });
        if let Some(tensor) = tensors.get_mut(at) {
            add_new(&mut tensor.places, &placed.places);
            add_new(&mut tensor.rows, &placed.rows);
        }
    }
    let layouts = parts.iter().map(|part| {
        let mut slots: Vec<Option<Slots>> = tensors.iter().map(|_| None).collect();
        for placed in &part.tensors {
            let at = known.get(&(placed.name.as_str(), placed.shape.as_slice())).copied();
            let found = at.and_then(|at| tensors.get(at).zip(slots.get_mut(at)));
            if let Some((tensor, slot)) = found {
                *slot = Some(slots_of(placed, tensor));
            }
        }
        Arc::new(Layout { numbers: part.frame_bytes / 4 - HEADER_NUMBERS, slots })
    });
    let layouts = layouts.collect();
    (tensors, layouts)
}

/// Adds those of `more` that are not among `all` yet.
fn add_new(all: &mut Vec<usize>, more: &[usize]) {
    if all.is_empty() {
        all.extend_from_slice(more);
    } else if all != more {
        let known: std::collections::HashSet<usize> = all.iter().copied().collect();
        all.extend(more.iter().filter(|number| !known.contains(number)));
    }
}

fn slots_of(placed: &Placed, tensor: &Tensor) -> Slots {
    let behind = |at: usize| at.saturating_sub(HEADER_NUMBERS);
    let rows = order_of(&tensor.rows, &placed.rows);
    Slots {
        values: Spread {
            at: behind(placed.values),
            count: placed.places.len(),
            order: order_of(&tensor.places, &placed.places),
        },
        figures: placed.figures().map(|figures| figures.map(behind)),
        row_max: Spread { at: behind(placed.row_max), count: placed.rows.len(), order: rows.clone() },
        row_mean: Spread { at: behind(placed.row_mean), count: placed.rows.len(), order: rows },
    }
}

/// Where each of `all` stands in `part`; `None` if they are the same.
fn order_of(all: &[usize], part: &[usize]) -> Option<Arc<[Option<u32>]>> {
    if all == part {
        return None;
    }
    let places: HashMap<usize, u32> = part.iter().copied().zip(0_u32..).collect();
    Some(all.iter().map(|number| places.get(number).copied()).collect())
}
