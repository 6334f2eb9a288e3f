//! A metric along a row, a column, or a drawn line.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use super::axes;
use crate::config::Config;
use crate::control::{self as id, Direction, words};
use crate::derive::{channels as dc, transect};
use crate::metric::Metric;
use crate::run::REGION;

/// A metric along a row, a column, or a drawn line, with the spread of the seeds.
pub(super) fn view(config: &Config) -> View<Config> {
    let metrics: Vec<(&str, &str)> =
        Metric::ALL.iter().map(|metric| (metric.words().id, metric.words().label)).collect();
    let (x, _) = axes(config);
    let along = |direction: &Direction| {
        let words = match direction {
            Direction::Row => config.load.axis(),
            Direction::Column => config.temperature.axis(),
            Direction::Line => direction.label(),
        };
        (direction.key(), words)
    };
    let directions: Vec<(&str, &str)> = Direction::ALL.iter().map(along).collect();
    View::new(ViewSpec {
        x: x.scale(AxisScale::Log).named_by(dc::TRANSECT_PLACE.id()),
        y: AxisSpec::new("metric", "").named_by(dc::TRANSECT_METRIC.id()),
        controls: vec![
            id::cell(),
            words(id::METRIC, "metric", "What is drawn along the line.", &metrics),
            words(
                id::DIRECTION,
                "along",
                "Through the chosen cell along its row or its column, or along the diagonal of the rectangle brushed on the diagram.",
                &directions,
            ),
        ],
        derives: [id::CELL, id::METRIC, id::DIRECTION, REGION].map(str::to_owned).to_vec(),
        empty: "A metric along a row, a column or a drawn line, with the spread of the seeds, appears here."
            .to_owned(),
        help: include_str!("../help/transect.md").to_owned(),
        ..ViewSpec::of("transect", "Transect", ViewKind::Curve, &[&dc::TRANSECT])
    })
    .derived(|config, job| Ok(transect::channels(config, job)))
}
