//! Fan chart: nested intervals of one method over the rows, in a chosen order, with the observations.

use super::look::{Look, ids};
use crate::labs::quantiles::channels::{self as ch, channel, only};
use crate::record::{Bands, Channel, Curve, Data};

/// Rows that are drawn; more are thinned evenly in their order.
const MOST_DRAWN: usize = 2000;
/// The chart.
pub(super) const FAN: &str = "fan";
/// Row number at each position of the chart, for clicks.
pub(super) const FAN_ROWS: &str = "fan_rows";
/// True median and the ends of the 80 % interval.
pub(super) const TRUTH: [&str; 3] = ["fan_truth/low", "fan_truth/median", "fan_truth/high"];

/// The channels of the chart.
pub(super) fn derive(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(&method, look.stage()) else { return Vec::new() };
    let m = look.levels.len();
    let y = look.observations();
    let order = look.controls.word(ids::ORDER).unwrap_or("prediction");
    let middle = look.levels.middle();
    let pair = look.pair();
    let feature = look.meta.features.iter().position(|name| name == order);
    let key = |row: usize| -> f64 {
        let q = &q[row * m..(row + 1) * m];
        match (order, feature) {
            (_, Some(column)) => look.feature(row, column),
            ("width", _) => pair.map_or(0.0, |pair| f64::from(q[pair.upper] - q[pair.lower])),
            ("observation", _) => f64::from(y[row]),
            ("case", _) => row as f64,
            _ => f64::from(q[middle]),
        }
    };
    let keys: Vec<f64> = (0..look.count()).map(key).collect();
    let mut rows: Vec<usize> = (0..keys.len()).collect();
    rows.sort_unstable_by(|a, b| keys[*a].total_cmp(&keys[*b]).then(a.cmp(b)));
    let stride = rows.len().div_ceil(MOST_DRAWN).max(1);
    let rows: Vec<usize> = rows.into_iter().step_by(stride).collect();
    let x: Vec<f64> = match feature {
        Some(_) => rows.iter().map(|row| keys[*row]).collect(),
        None => (0..rows.len()).map(|place| (place * stride) as f64).collect(),
    };
    let level = |level: usize| rows.iter().map(|row| look.shown(q[row * m + level])).collect::<Vec<_>>();
    let mut intervals: Vec<(f64, Vec<f64>, Vec<f64>)> = look
        .levels
        .pairs()
        .into_iter()
        .map(|pair| (1.0 - pair.alpha, level(pair.lower), level(pair.upper)))
        .collect();
    intervals.push((0.0, level(middle), level(middle)));
    let observed = rows.iter().map(|row| look.shown(y[*row])).collect();
    let bands = Bands { x: x.clone(), intervals, observed };
    let about = "Predicted intervals of the test rows at the chosen stage.";
    let places = Curve { x: x.clone(), y: rows.iter().map(|row| *row as f64).collect(), band: None };
    let mut channels = vec![
        channel(FAN, &method, "", about, Data::Bands(only(0, bands))),
        channel(FAN_ROWS, "row numbers", "", "Row number at each position.", Data::Curve(only(0, places))),
    ];
    channels.extend(truth(look, &rows, &x));
    channels
}

/// True quantiles at the same rows, where they are known.
fn truth(look: &Look<'_>, rows: &[usize], x: &[f64]) -> Vec<Channel> {
    let Some(truth) = super::look::grid(look.record, ch::TRUTH) else { return Vec::new() };
    let m = look.levels.len();
    let pair = look.pair();
    let ends = [pair.map(|pair| pair.lower), Some(look.levels.middle()), pair.map(|pair| pair.upper)];
    let curve = |level: usize| Curve {
        x: x.to_vec(),
        y: rows.iter().map(|row| look.shown(truth.values[row * m + level])).collect(),
        band: None,
    };
    TRUTH
        .iter()
        .zip(ends)
        .zip(["true lower end", "true median", "true upper end"])
        .filter_map(|((id, level), label)| {
            let curve = curve(level?);
            Some(channel(
                id,
                label,
                "",
                "Quantile of the distribution that made the data.",
                Data::Curve(only(0, curve)),
            ))
        })
        .collect()
}
