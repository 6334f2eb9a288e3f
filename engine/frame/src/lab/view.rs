//! A view as one object: what it shows, what follows from the record, what a click and a button select.

use super::{Derive, Lab, Picked};
use crate::record::{Channel, Controls, Pick, Record, ViewSpec};
use crate::run::RunError;

/// Derives the channels of a view from the record and the controls, without running anything again. It runs off the UI thread and calls
/// `job.control.check()` in loops that last longer than 50 ms.
pub type DeriveFn<L> = fn(&L, &Derive<'_>) -> Result<Vec<Channel>, RunError>;
/// Reads a click or a brushed rectangle, from the record alone, so that it works on stored runs too.
pub type ClickFn<L> = fn(&L, &Record, &Pick) -> Picked;
/// Reads a button by its id, from the record and the controls as they stand.
pub type ButtonFn<L> = fn(&L, &Record, &Controls, &str) -> Picked;
/// Why a button, by its id, cannot act now; asked with each frame, so it reads little.
pub type BlockedFn<L> = fn(&L, &Record, &Controls, &str) -> Option<String>;

/// One view of a lab with all that belongs to it.
pub struct View<L: Lab> {
    /// What is drawn and how, with help and controls.
    pub spec: ViewSpec,
    /// Its derived channels, if it has any.
    pub derive: Option<DeriveFn<L>>,
    /// What a click selects.
    pub click: Option<ClickFn<L>>,
    /// What a button selects.
    pub button: Option<ButtonFn<L>>,
    /// Why a button cannot act; without it every button can.
    pub blocked: Option<BlockedFn<L>>,
}

impl<L: Lab> View<L> {
    /// A view that shows recorded channels and takes no clicks.
    pub fn new(spec: ViewSpec) -> Self {
        Self { spec, derive: None, click: None, button: None, blocked: None }
    }

    /// With derived channels.
    #[must_use]
    pub fn derived(self, derive: DeriveFn<L>) -> Self {
        Self { derive: Some(derive), ..self }
    }

    /// With clicks.
    #[must_use]
    pub fn clicked(self, click: ClickFn<L>) -> Self {
        Self { click: Some(click), ..self }
    }

    /// With buttons.
    #[must_use]
    pub fn buttons(self, button: ButtonFn<L>) -> Self {
        Self { button: Some(button), ..self }
    }

    /// With reasons why buttons cannot act.
    #[must_use]
    pub fn blocked_by(self, blocked: BlockedFn<L>) -> Self {
        Self { blocked: Some(blocked), ..self }
    }
}
