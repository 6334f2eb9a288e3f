//! The seam of passes on the host: what a lab does to activations on their way into a product, and the way back.
//!
//! Contract: as [`crate::transform`]; weights are changed before a pass, in the flat vector that it takes.

use weightscope_compute::pass::Pass;

use crate::transform::{Place, Site};

/// Rows of activations at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Which tensor.
    pub site: Site,
    /// Images, or rows of a perceptron, of this part of the batch.
    pub images: usize,
    /// Entries of a row.
    pub width: usize,
    /// Rows that follow each other before the tokens begin again; 1 where there are no tokens, and where only the class token is there.
    pub period: usize,
}

/// What happens to activations before they are multiplied. Every method defaults to nothing.
pub trait HostTransform: Sync {
    /// The activation that takes the place of this one, if it is changed.
    fn activation(&self, pass: &mut Pass<'_, f32>, rows: Rows, values: &[f32]) -> Option<Vec<f32>> {
        let _ = (pass, rows, values);
        None
    }

    /// From the slopes by what took the place of `values` those by `values`, in place; its own gradients are added to the pass.
    fn activation_back(&self, pass: &mut Pass<'_, f32>, rows: Rows, values: &[f32], slopes: &mut [f32]) {
        let _ = (pass, rows, values, slopes);
    }

    /// The tensor of the pass that is the stacked query-key product `[heads·width, width]` of a block, where it stands for both projections.
    fn query_key(&self, layer: usize) -> Option<usize> {
        let _ = layer;
        None
    }
}

impl HostTransform for crate::transform::Identity {}

/// An activation as it came, and what was put in its place.
#[derive(Debug)]
pub(super) struct Seen {
    raw: Vec<f32>,
    changed: Option<Vec<f32>>,
}

impl Seen {
    /// Shows values to the transform.
    pub(super) fn new<H: HostTransform>(
        pass: &mut Pass<'_, f32>,
        transform: &H,
        rows: Rows,
        raw: Vec<f32>,
    ) -> Self {
        let changed = transform.activation(pass, rows, &raw);
        Self { raw, changed }
    }

    /// What a product takes.
    pub(super) fn values(&self) -> &[f32] {
        self.changed.as_ref().unwrap_or(&self.raw)
    }

    /// Whether something was put in its place.
    pub(super) fn is_changed(&self) -> bool {
        self.changed.is_some()
    }

    /// What came.
    pub(super) fn raw(&self) -> &[f32] {
        &self.raw
    }

    /// Slopes by what came, in place of those by what a product took.
    pub(super) fn back<H: HostTransform>(
        &self,
        pass: &mut Pass<'_, f32>,
        transform: &H,
        rows: Rows,
        slopes: &mut [f32],
    ) {
        if self.changed.is_some() {
            transform.activation_back(pass, rows, &self.raw, slopes);
        }
    }

    /// Gives the memory back.
    pub(super) fn give(self, pass: &mut Pass<'_, f32>) {
        pass.pool.give(self.raw);
        if let Some(changed) = self.changed {
            pass.pool.give(changed);
        }
    }
}

/// A site of a block.
pub(super) fn at(layer: usize, place: Place) -> Site {
    Site { layer, place }
}
