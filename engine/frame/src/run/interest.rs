//! What the person looks at and asks for.
//!
//! Contract: neither changes a number in `metrics.csv`; they decide only which pictures are made and which weights are traced.

use std::collections::BTreeSet;

use crate::record::{Controls, Pick};

/// The views that somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Ids of visible views; `None` means all (no window decides).
    pub views: Option<BTreeSet<String>>,
}

impl Default for Interest {
    /// All views: a run without a window makes each picture.
    fn default() -> Self {
        Self { views: None }
    }
}

impl Interest {
    /// True if the view is looked at.
    pub fn includes(&self, view: &str) -> bool {
        self.views.as_ref().is_none_or(|views| views.contains(view))
    }
}

/// Something asked of the running lab, carried out between two steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A click on a view.
    Pick(Pick),
    /// A button of a view.
    Action {
        /// The button.
        id: String,
        /// The controls as they stand.
        controls: Controls,
    },
}
