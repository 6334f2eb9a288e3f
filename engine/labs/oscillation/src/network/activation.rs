//! One activation quantizer: LSQ with its sharing rule and learned shifts.
//!
//! Sharing follows nbasyl/OFQ `quantizer/lsq.py`: a step per token, per channel for values, per query row for attention maps,
//! per (token, head) for the projected query-key product, and one in all for the head.

use burn::tensor::Tensor;

use crate::method::bits::{LevelRange, Sign};
use crate::method::groups::Groups;
use crate::method::{lsq, lsq_tensor};
use weightscope_nn::parameters::{Handle, Leaves, read};

/// Which elements of an activation share a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All of them.
    Whole,
    /// Those with the same index on this axis.
    Axis(usize),
    /// `[batch, tokens, heads·width]` seen as rows ordered by token, then head.
    TokenAndHead {
        /// Number of heads.
        heads: usize,
    },
}

impl Sharing {
    /// The groups of an activation of the given shape.
    pub fn groups(self, shape: &[usize]) -> Groups {
        match self {
            Self::Whole => Groups::whole(shape.iter().product()),
            Self::Axis(axis) => Groups::along(shape, axis),
            Self::TokenAndHead { heads } => {
                let rows = shape.get(1).copied().unwrap_or(1) * heads;
                let outer = shape.first().copied().unwrap_or(1);
                Groups { outer, count: rows, inner: shape.get(2).copied().unwrap_or(1) / heads.max(1) }
            }
        }
    }
}

/// Learned shifts before and after a quantizer, one value per channel each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shifts {
    /// Added before.
    pub before: Handle<1>,
    /// Added after.
    pub after: Handle<1>,
}

/// The plan of one activation quantizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivationPlan {
    /// Its integer range.
    pub range: LevelRange,
    /// Whether the range is all-positive, which decides about the initial step.
    pub sign: Sign,
    /// Which elements share a step.
    pub sharing: Sharing,
    /// The steps.
    pub step: Handle<1>,
    /// Shifts, absent for attention maps.
    pub shifts: Option<Shifts>,
}

impl ActivationPlan {
    /// The quantized activation.
    pub fn quantize<const D: usize>(&self, leaves: &Leaves, input: Tensor<D>) -> Tensor<D> {
        self.quantize_with(leaves, input, leaves.vector(self.step))
    }

    /// Initial steps for this input, and the activation quantized with them.
    pub fn calibrate<const D: usize>(&self, leaves: &Leaves, input: Tensor<D>) -> (Vec<f32>, Tensor<D>) {
        let shifted = match self.shifts {
            Some(shifts) => input.clone() + leaves.vector(shifts.before).unsqueeze(),
            None => input.clone(),
        };
        let groups = self.sharing.groups(&input.dims());
        let steps = lsq::initial_step(&read(shifted), groups, self.range, self.sign);
        let device = input.device();
        let step = Tensor::from_floats(steps.as_slice(), &device);
        (steps, self.quantize_with(leaves, input, step))
    }

    fn quantize_with<const D: usize>(&self, leaves: &Leaves, input: Tensor<D>, step: Tensor<1>) -> Tensor<D> {
        let groups = self.sharing.groups(&input.dims());
        match self.shifts {
            None => lsq_tensor::quantize(input, step, groups, self.range),
            Some(shifts) => {
                let (before, after) = (leaves.vector(shifts.before), leaves.vector(shifts.after));
                lsq_tensor::quantize_shifted(input, step, before, after, groups, self.range)
            }
        }
    }
}
