//! What a person asks of a running lab.
//!
//! Contract: it changes no number in `metrics.csv`; it decides only which pictures are made and which weights are traced, or queues
//! further work.

use crate::lab::Picked;
use crate::record::Controls;

/// Something asked of the running lab, carried out between two steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A click on a view, as the view has read it.
    Picked {
        /// The view.
        view: String,
        /// What it selects.
        picked: Picked,
    },
    /// A button of a view.
    Action {
        /// The button.
        id: String,
        /// The controls as they stand.
        controls: Controls,
    },
}
