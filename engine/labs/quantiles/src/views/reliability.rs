//! Reliability: observed share below each quantile, with Wilson bands.

use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{self, Look};
use crate::config::Config;
use crate::method::calibration;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfCurves};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};
use weightscope_math::special::normal;
use weightscope_math::stats::interval;

/// Observed over nominal level.
const RELIABILITY: Declared<OfCurves> = Declared::new(
    "reliability",
    "reliability",
    "",
    "Share of test observations at or below the predicted quantile, with 95 % Wilson intervals.",
);
/// The line of perfect calibration.
const IDEAL: Declared<OfCurves> = Declared::new("reliability_ideal", "ideal", "", "Observed equals nominal.");

/// Central coverage of the bands.
const BAND: f64 = 0.95;

/// Observed against nominal levels.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("nominal level", "").limits(0.0, 1.0),
        y: AxisSpec::new("observed share", "").limits(0.0, 1.0),
        overlays: vec![IDEAL.id().to_owned()],
        empty: "Observed against nominal levels appear here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/reliability.md").to_owned(),
        ..derived(
            "reliability",
            "Reliability",
            ViewKind::Curve,
            &[&RELIABILITY],
            &[controls::method(), controls::stage()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// The curve, its band, the diagonal.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(method, look.stage()) else { return Vec::new() };
    let (y, taus) = (look.observations(), look.levels().values());
    let observed = calibration::observed(&q, &y, taus.len());
    let z = normal::quantile(0.5 + 0.5 * BAND);
    let count = y.len();
    let hits = |share: &f64| (share * count as f64).round() as usize;
    let band = observed.iter().map(|share| interval::wilson(hits(share), count, z)).unzip();
    let curve = Curve { x: taus.to_vec(), y: observed, band: Some(band) };
    let ideal = Curve { x: vec![0.0, 1.0], y: vec![0.0, 1.0], band: None };
    vec![picture(&RELIABILITY, method.name(), curve), picture(&IDEAL, "ideal", ideal)]
}
