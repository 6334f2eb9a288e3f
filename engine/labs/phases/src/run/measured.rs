//! Which settings the measurements on finished networks were made with.
//!
//! Contract: two equal texts mean that a measurement would come out the same; a run that goes on with another text makes the
//! measurement again, so that no cell of a diagram was measured otherwise than its neighbour.

use serde::{Deserialize, Serialize};
use weightscope_frame::experiment::settings_of;

use super::{AFTERWARDS, CURVATURE, CURVES};
use crate::config::Config;

/// The settings that each measuring stage reads first, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Of the comparison of seeds.
    pub(crate) curves: String,
    /// Of the curvatures.
    pub(crate) curvature: String,
    /// Of the use of networks.
    pub(crate) afterwards: String,
}

impl Measured {
    /// What the settings say.
    pub(crate) fn of(config: &Config) -> Self {
        let text = |stage| {
            let settings = settings_of(config, &[stage]).into_iter();
            settings.map(|(key, value)| (key.to_owned(), value)).collect::<toml::Table>().to_string()
        };
        Self { curves: text(CURVES), curvature: text(CURVATURE), afterwards: text(AFTERWARDS) }
    }
}
