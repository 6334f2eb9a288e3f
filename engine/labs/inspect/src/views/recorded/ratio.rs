//! How far weights went on the levels over how far they went beneath them.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::super::shown::curve;
use super::shown::{controls, derives, shown};
use crate::channels as ch;
use crate::config::Config;
use crate::recorded::figures::OSCILLATING_RATIO;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("share of the sampled weights", ""),
        y: AxisSpec::new("path ratio R", "").scale(AxisScale::Symlog),
        channels: vec![ch::SHOWN.id("ratio")],
        references: vec![
            Reference::new(ReferenceAxis::Y, OSCILLATING_RATIO, ReferenceStyle::Boundary)
                .label("oscillating"),
        ],
        controls: controls(config),
        derives: derives(),
        empty: "Path ratios of the sampled weights appear here.".to_owned(),
        help: include_str!("../../help/recorded_ratio.md").to_owned(),
        ..ViewSpec::of("recorded_ratio", "Path ratio", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let figures = shown.figures();
    let moved = figures.weights.iter().filter(|found| found.is_known && found.path_ratio.is_finite());
    let mut ratios: Vec<f64> = moved.map(|found| found.path_ratio).collect();
    ratios.sort_by(|a, b| b.total_cmp(a));
    let count = ratios.len().max(1) as f64;
    let above = ratios.iter().filter(|ratio| **ratio >= OSCILLATING_RATIO).count();
    let x = (0..ratios.len()).map(|rank| (rank as f64 + 0.5) / count).collect();
    let still = figures.known() - ratios.len();
    let words =
        format!("{}: {above} of {} oscillate, {still} never moved", shown.of.track.name, ratios.len());
    Ok(vec![curve("ratio", &words, x, ratios)])
}
