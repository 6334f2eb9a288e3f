//! The levels of the weight quantizer and their decision boundaries, as lines.

use weightscope_frame::record::{Reference, ReferenceAxis, ReferenceStyle};

use crate::config::{Config, Quantizer};

/// Smallest and largest level of the weight quantizer.
pub(super) fn level_range(config: &Config) -> Option<(i64, i64)> {
    if !config.quantizes_weights() {
        return None;
    }
    let half = 1_i64 << (config.weight_bits - 1);
    Some((-half, half - 1))
}

/// Levels and decision boundaries; above 4 bits the lines would hide the data.
pub(super) fn level_lines(config: &Config, axis: ReferenceAxis) -> Vec<Reference> {
    let Some((low, high)) = level_range(config).filter(|(low, high)| high - low <= 16) else {
        return Vec::new();
    };
    let line = |value: f64, style| Reference::new(axis, value, style);
    let levels = (low..=high).map(|level| line(level as f64, ReferenceStyle::Level));
    let boundaries = (low..high).map(|level| line(level as f64 + 0.5, ReferenceStyle::Boundary));
    levels.chain(boundaries).collect()
}

/// Edges of the free band around each decision boundary.
pub(super) fn band_edges(config: &Config) -> Vec<Reference> {
    let Some((low, high)) = level_range(config).filter(|_| config.quantizer == Quantizer::Statsq) else {
        return Vec::new();
    };
    let edges = (low..high).flat_map(|level| {
        let boundary = level as f64 + 0.5;
        [boundary - config.cga_boundary_range, boundary + config.cga_boundary_range]
    });
    edges.map(|value| Reference::new(ReferenceAxis::X, value, ReferenceStyle::Boundary)).collect()
}
