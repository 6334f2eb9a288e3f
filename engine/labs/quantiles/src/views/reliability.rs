//! Reliability: observed share below each quantile with Wilson bands, and PIT cells.

use super::look::Look;
use crate::channels::{channel, only};
use crate::method::calibration;
use crate::names::name;
use weightscope_frame::record::{Bars, Channel, Curve, Data};
use weightscope_math::special::normal;
use weightscope_math::stats::interval;

/// Observed over nominal level.
pub(super) const RELIABILITY: &str = "reliability";
/// The line of perfect calibration.
pub(super) const DIAGONAL: &str = "reliability_ideal";
/// PIT cells.
pub(super) const PIT: &str = "pit";

/// Central coverage of the bands.
const BAND: f64 = 0.95;

/// The curve, its band, the diagonal.
pub(super) fn curve(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(&method, look.stage()) else { return Vec::new() };
    let (y, taus) = (look.observations(), look.levels.values());
    let observed = calibration::observed(&q, &y, taus.len());
    let z = normal::quantile(0.5 + 0.5 * BAND);
    let count = y.len();
    let hits = |share: &f64| (share * count as f64).round() as usize;
    let band = observed.iter().map(|share| interval::wilson(hits(share), count, z)).unzip();
    let curve = Curve { x: taus.to_vec(), y: observed, band: Some(band) };
    let ideal = Curve { x: vec![0.0, 1.0], y: vec![0.0, 1.0], band: None };
    let about = "Share of test observations at or below the predicted quantile, with 95 % Wilson intervals.";
    vec![
        channel(RELIABILITY, name(&method), "", about, Data::Curve(only(0, curve))),
        channel(DIAGONAL, "ideal", "", "Observed equals nominal.", Data::Curve(only(0, ideal))),
    ]
}

/// Share of observations in each cell between levels over its nominal mass.
pub(super) fn pit(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(&method, look.stage()) else { return Vec::new() };
    let counts = calibration::pit_counts(&q, &look.observations(), look.levels.len());
    let density = calibration::pit_density(&counts, &look.levels);
    let edges = std::iter::once(0.0).chain(look.levels.values().iter().copied()).chain([1.0]).collect();
    let bars = Bars { edges, labels: Vec::new(), series: vec![(name(&method).to_owned(), density)] };
    let about = "Share of observations between neighbouring quantiles over the mass that belongs there; 1 is calibrated.";
    vec![channel(PIT, name(&method), "", about, Data::Bars(only(0, bars)))]
}
