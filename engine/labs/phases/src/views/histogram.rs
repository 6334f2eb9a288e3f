//! What the histograms of metrics over the cells have in common.

use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use super::thresholds;
use crate::config::Config;
use crate::derive::histograms::Counted;

/// A threshold as a line that can be dragged.
pub(super) struct Threshold {
    /// Its control.
    pub(super) control: &'static str,
    /// Where it stands before it is turned.
    pub(super) value: f64,
}

/// A histogram of a metric, stacked by phase, beneath its threshold.
pub(super) fn spec(
    config: &Config,
    (id, title): (&str, &str),
    counted: &Counted,
    x: AxisSpec,
    threshold: &Threshold,
) -> ViewSpec {
    let line = Reference::new(ReferenceAxis::X, threshold.value, ReferenceStyle::Boundary);
    ViewSpec {
        x,
        y: AxisSpec::new("cells", ""),
        references: vec![line.label("threshold").control(threshold.control)],
        derives: thresholds::ids(config),
        empty: "The distribution of the metric over the cells appears here; drag the threshold and the diagram follows.".to_owned(),
        help: include_str!("../help/histogram.md").to_owned(),
        ..ViewSpec::of(id, title, ViewKind::Bars, &[&counted.channel])
    }
}
