//! Small multiples of the metrics, in the papers' arrangement.

use weightscope_frame::lab::View;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{ViewKind, ViewSpec};

use super::{axes, select, thresholds};
use crate::config::Config;
use crate::derive::{channels as dc, diagram};
use crate::metric::Metric;

/// The metrics side by side, in the papers' order.
const PANELS: [Metric; 8] = [
    Metric::TestAccuracy,
    Metric::TrainLoss,
    Metric::Gap,
    Metric::Distance,
    Metric::Connectivity,
    Metric::Cka,
    Metric::LogLambda,
    Metric::LogTrace,
];

/// Eight metrics over load and temperature; a click chooses a cell.
pub(super) fn view(config: &Config) -> View<Config> {
    let (x, y) = axes(config);
    View::new(ViewSpec {
        channels: PANELS.iter().map(|metric| metric.id().into_owned()).collect(),
        x,
        y,
        overlays: vec![dc::BORDERS.id().to_owned()],
        derives: thresholds::ids_with_borders(config),
        // Eight maps need the room of the largest tile.
        tab_of: Some("diagram".to_owned()),
        empty: "Eight metrics side by side, as in the papers, appear here. Press Run.".to_owned(),
        help: include_str!("../help/panels.md").to_owned(),
        ..ViewSpec::of("panels", "Metrics side by side", ViewKind::Panels, &[])
    })
    .derived(|config, job| Ok(diagram::channels(config, job)))
    .clicked(select::cell)
}
