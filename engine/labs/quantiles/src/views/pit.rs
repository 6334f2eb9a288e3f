//! PIT histogram: where observations fall between the predicted quantiles.

use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{self, Look};
use crate::config::Config;
use crate::method::calibration;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfBars};
use weightscope_frame::record::{
    AxisSpec, Bars, Channel, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec,
};

/// Density of the observations over the levels.
const PIT: Declared<OfBars> = Declared::new(
    "pit",
    "probability integral transform",
    "",
    "Share of observations between neighbouring quantiles over the mass that belongs there; 1 is calibrated.",
);

/// Density of the observations over the levels.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("probability integral transform", "").limits(0.0, 1.0),
        y: AxisSpec::new("density", ""),
        references: vec![Reference::new(ReferenceAxis::Y, 1.0, ReferenceStyle::Boundary).label("calibrated")],
        empty: "PIT cells appear here when the first model is fitted. Press Run.".to_owned(),
        help: include_str!("../help/reliability.md").to_owned(),
        ..derived("pit", "PIT histogram", ViewKind::Bars, &[&PIT], &[controls::method(), controls::stage()])
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Share of observations in each cell between levels over its nominal mass.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(method, look.stage()) else { return Vec::new() };
    let counts = calibration::pit_counts(&q, &look.observations(), look.levels().len());
    let density = calibration::pit_density(&counts, look.levels());
    let edges = std::iter::once(0.0).chain(look.levels().values().iter().copied()).chain([1.0]).collect();
    let bars = Bars { edges, labels: Vec::new(), series: vec![(method.name().to_owned(), density)] };
    vec![picture(&PIT, method.name(), bars)]
}
