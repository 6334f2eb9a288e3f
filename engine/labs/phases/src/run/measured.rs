//! Which settings the measurements on finished networks depend on.
//!
//! Contract: two equal texts mean that a measurement would come out the same; a run that goes on with another text makes the
//! measurement again, so that no cell of a diagram was measured otherwise than its neighbour.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::config::Config;

/// The settings as text, by kind of measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Of the comparison of seeds.
    pub(crate) together: String,
    /// Of the curvatures.
    pub(crate) bends: String,
    /// Of the use of networks.
    pub(crate) afterwards: String,
}

impl Measured {
    /// What the settings say.
    pub(crate) fn of(config: &Config) -> Self {
        let together = json!([
            config.curve_epochs,
            config.curve_batch,
            config.curve_learning_rate,
            config.curve_weight_decay,
            config.curve_compounded,
            config.curve_points,
            config.line_points,
        ]);
        let bends = json!([
            config.hessian.key(),
            config.power_iterations,
            config.power_tolerance,
            config.trace_samples,
            config.eigenvalues,
        ]);
        let afterwards = json!([
            config.downstream,
            config.pruned_share,
            config.tuning_task.key(),
            config.tuning_dataset,
            config.tuning_epochs,
            config.tuning_learning_rate,
        ]);
        Self { together: together.to_string(), bends: bends.to_string(), afterwards: afterwards.to_string() }
    }
}
