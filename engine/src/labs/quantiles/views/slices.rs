//! Coverage and width in slices of a feature, with Wilson intervals: for whom 80 % is not 80 %.

use super::look::{Look, groups};
use crate::labs::quantiles::channels::{channel, only};
use crate::labs::quantiles::method::{calibration, normal};
use crate::record::{Channel, Curve, Data};

/// Coverage by slice.
pub(super) const COVERAGE: &str = "slice_coverage";
/// The nominal coverage.
pub(super) const NOMINAL: &str = "slice_nominal";
/// Mean width by slice.
pub(super) const WIDTH: &str = "slice_width";
/// Mean absolute error of the median by slice.
pub(super) const ERROR: &str = "slice_error";

/// Slices of about equal size.
const PARTS: usize = 10;

/// The curves of both panels.
pub(super) fn derive(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let (Some(q), Some(pair)) = (look.predictions(&method, look.stage()), look.pair()) else {
        return Vec::new();
    };
    let (m, y, column) = (look.levels.len(), look.observations(), look.slice());
    let values: Vec<f64> = (0..look.count()).map(|row| look.feature(row, column)).collect();
    let z = normal::quantile(0.975);
    let (mut x, mut shares, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut widths, mut errors) = (Vec::new(), Vec::new());
    let scale = if look.wants_units() { look.meta.target.deviation } else { 1.0 };
    for part in groups(&values, PARTS).iter().filter(|part| !part.is_empty()) {
        let count = part.len() as f64;
        let inside = part
            .iter()
            .filter(|row| q[*row * m + pair.lower] <= y[**row] && y[**row] <= q[*row * m + pair.upper])
            .count();
        let (lower, upper) = calibration::wilson(inside, part.len(), z);
        x.push(part.iter().map(|row| values[*row]).sum::<f64>() / count);
        shares.push(inside as f64 / count);
        low.push(lower);
        high.push(upper);
        let width = |row: &usize| f64::from(q[row * m + pair.upper] - q[row * m + pair.lower]);
        widths.push(scale * part.iter().map(width).sum::<f64>() / count);
        let error = |row: &usize| f64::from((y[*row] - q[row * m + look.levels.middle()]).abs());
        errors.push(scale * part.iter().map(error).sum::<f64>() / count);
    }
    let nominal = 1.0 - pair.alpha;
    let ends = (x.first().copied().unwrap_or(0.0), x.last().copied().unwrap_or(1.0));
    let about = format!(
        "Share of test rows inside the {:.0} % interval, with 95 % Wilson intervals.",
        100.0 * nominal
    );
    let curve = |y: Vec<f64>, band| Data::Curve(only(0, Curve { x: x.clone(), y, band }));
    vec![
        channel(COVERAGE, &method, "", &about, curve(shares, Some((low, high)))),
        channel(
            NOMINAL,
            "nominal",
            "",
            "Nominal coverage.",
            Data::Curve(only(0, Curve { x: vec![ends.0, ends.1], y: vec![nominal; 2], band: None })),
        ),
        channel(WIDTH, "mean width", "", "Mean width of the interval in the slice.", curve(widths, None)),
        channel(
            ERROR,
            "mean |error|",
            "",
            "Mean absolute error of the median in the slice.",
            curve(errors, None),
        ),
    ]
}
