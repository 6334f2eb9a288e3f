//! What the lab shows.

use super::config::Config;
use super::metric::Metric;
use crate::record::{ViewKind, ViewSpec};

/// The views in the order of the tiles.
pub(super) fn views(_config: &Config) -> Vec<ViewSpec> {
    let channels: Vec<String> = Metric::ALL.iter().map(|metric| metric.channel()).collect();
    let ids: Vec<&str> = channels.iter().map(String::as_str).collect();
    vec![ViewSpec { one_channel: true, ..ViewSpec::new("diagram", "Phase diagram", ViewKind::Grid, &ids) }]
}
