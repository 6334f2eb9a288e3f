//! What joins the base models: rules, regressions on their predictions, trained weights. Sheet §4 and §7.

mod fit;
mod global;
mod local;
mod regression;
mod search;

pub use fit::{AggregateSettings, Combined, Given, Validation, fit};
pub use global::{bound_coarse, bound_medium};
pub use regression::Regression;
pub use search::{Found, Trial, search};

use super::method::aggregate::Resolution;

weightscope_frame::choices! {
    /// A way to join the base models.
    pub enum Aggregator {
        /// Mean over the models, each level.
        Average = "average", "Average";
        /// Median over the models, each level.
        Median = "median", "Median";
        /// The base model with the best validation score.
        Best = "best", "Best single model";
        /// Linear quantile regression on the predictions.
        Qra = "qra", "Quantile regression averaging";
        /// The same on their principal components.
        Fqra = "fqra", "Factor QRA";
        /// Mixture of the distributions.
        ProbabilityAverage = "probability_average", "Probability average";
        /// One weight a model.
        GlobalCoarse = "global_coarse", "Global coarse";
        /// One weight a model and level.
        GlobalMedium = "global_medium", "Global medium";
        /// One weight a model, input level and output level.
        GlobalFine = "global_fine", "Global fine";
        /// Weights of a model as a function of the row.
        LocalCoarse = "local_coarse", "Local coarse";
        /// Weights of model and level as a function of the row.
        LocalMedium = "local_medium", "Local medium";
        /// Weights of model, input and output level as a function of the row.
        LocalFine = "local_fine", "Local fine";
    }
}

impl Aggregator {
    /// What its weights depend on, if it has a table of weights.
    pub fn resolution(self) -> Option<Resolution> {
        match self {
            Self::GlobalCoarse | Self::LocalCoarse => Some(Resolution::Coarse),
            Self::GlobalMedium | Self::LocalMedium => Some(Resolution::Medium),
            Self::GlobalFine | Self::LocalFine => Some(Resolution::Fine),
            _ => None,
        }
    }

    /// True if its weights depend on the row.
    pub fn is_local(self) -> bool {
        matches!(self, Self::LocalCoarse | Self::LocalMedium | Self::LocalFine)
    }

    /// True if it learns from out-of-fold predictions; the others are rules, or choose by the validation rows.
    pub fn learns(self) -> bool {
        !matches!(self, Self::Average | Self::Median | Self::Best | Self::ProbabilityAverage)
    }
}
