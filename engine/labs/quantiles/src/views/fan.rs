//! Fan chart: nested intervals of one method over the rows, in a chosen order, with the observations; beside another method, or the
//! difference of the two.

use super::look::{Look, axis, ids};
use crate::channels::{self as ch, channel, only};
use crate::method::levels::Pair;
use crate::names::name;
use weightscope_frame::record::{BandLine, Bands, Channel, Curve, Data};

/// Rows that are drawn; more are thinned evenly in their order.
const MOST_DRAWN: usize = 2000;
/// The chart.
pub(super) const FAN: &str = "fan";
/// Row number at each position of the chart, for clicks.
pub(super) const FAN_ROWS: &str = "fan_rows";
/// True median and the ends of the highlighted interval.
pub(super) const TRUTH: [&str; 3] = ["fan_truth/low", "fan_truth/median", "fan_truth/high"];
/// What the rows are ordered by.
pub(super) const AXIS: &str = "fan_axis/x";
/// The difference of two methods instead of both.
pub(super) const DIFFERENCE: &str = "difference";

/// The channels of the chart.
pub(super) fn derive(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(&method, look.stage()) else { return Vec::new() };
    let (rows, x) = in_order(look, &q);
    let second = look.second().filter(|second| *second != method);
    let second = second.and_then(|word| Some((look.predictions(&word, look.stage())?, word)));
    let wants_difference = look.controls.word(ids::COMPARE) == Some(DIFFERENCE);
    let (bands, label) = match &second {
        Some((other, word)) if wants_difference => {
            (difference(look, &rows, &x, &q, other), format!("{} − {}", name(&method), name(word)))
        }
        Some((other, word)) => {
            let mut bands = fan(look, &rows, &x, &q);
            put_beside(look, &rows, other, name(word), &mut bands);
            (bands, format!("{} and {}", name(&method), name(word)))
        }
        None => (fan(look, &rows, &x, &q), name(&method).to_owned()),
    };
    let about = "Predicted intervals of the test rows at the chosen stage.";
    let places = Curve { x: x.clone(), y: rows.iter().map(|row| *row as f64).collect(), band: None };
    let mut channels = vec![
        channel(FAN, &label, "", about, Data::Bands(only(0, bands))),
        channel(FAN_ROWS, "row numbers", "", "Row number at each position.", Data::Curve(only(0, places))),
        axis(AXIS, order_words(look)),
    ];
    if second.is_none() || !wants_difference {
        channels.extend(truth(look, &rows, &x));
    }
    channels
}

/// What stands below the chart.
fn order_words(look: &Look<'_>) -> String {
    match look.controls.word(ids::ORDER).unwrap_or("prediction") {
        "prediction" => "test rows, by predicted median".to_owned(),
        "width" => "test rows, by predicted width".to_owned(),
        "observation" => "test rows, by observation".to_owned(),
        "case" => "test rows, as in the table".to_owned(),
        feature => feature.to_owned(),
    }
}

/// The rows that are drawn in the chosen order, and their positions.
fn in_order(look: &Look<'_>, q: &[f32]) -> (Vec<usize>, Vec<f64>) {
    let m = look.levels.len();
    let y = look.observations();
    let order = look.controls.word(ids::ORDER).unwrap_or("prediction");
    let (middle, pair) = (look.levels.middle(), look.pair());
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
    let x = match feature {
        Some(_) => rows.iter().map(|row| keys[*row]).collect(),
        None => (0..rows.len()).map(|place| (place * stride) as f64).collect(),
    };
    (rows, x)
}

/// One level at the rows, as the person wants to see it.
fn at_level(look: &Look<'_>, rows: &[usize], q: &[f32], level: usize) -> Vec<f64> {
    rows.iter().map(|row| look.shown(q[row * look.levels.len() + level])).collect()
}

/// All intervals, the median, the observations.
fn fan(look: &Look<'_>, rows: &[usize], x: &[f64], q: &[f32]) -> Bands {
    let m = look.levels.len();
    let y = look.observations();
    let pairs = look.levels.pairs();
    let ends = |pair: &Pair| {
        let level = |level: usize| at_level(look, rows, q, level);
        (1.0 - pair.alpha, level(pair.lower), level(pair.upper))
    };
    let highlighted = look.pair();
    let is_inside = |pair: Pair| {
        let inside = |row: &usize| q[row * m + pair.lower] <= y[*row] && y[*row] <= q[row * m + pair.upper];
        rows.iter().map(inside).collect()
    };
    let median = at_level(look, rows, q, look.levels.middle());
    Bands {
        x: x.to_vec(),
        intervals: pairs.iter().map(ends).collect(),
        observed: rows.iter().map(|row| look.shown(y[*row])).collect(),
        highlighted: highlighted.and_then(|wanted| pairs.iter().position(|pair| pair.lower == wanted.lower)),
        inside: highlighted.map(is_inside).unwrap_or_default(),
        lines: vec![BandLine { label: "median".to_owned(), y: median, series: Some(0) }],
        quantity: look.target(),
        ..Bands::default()
    }
}

/// Adds the highlighted interval and the median of a second method.
fn put_beside(look: &Look<'_>, rows: &[usize], q: &[f32], name: &str, bands: &mut Bands) {
    let level = |level: usize| at_level(look, rows, q, level);
    if let Some(pair) = look.pair() {
        let label = format!("{name}, {:.0} %", 100.0 * (1.0 - pair.alpha));
        bands.beside.push((label, level(pair.lower), level(pair.upper)));
    }
    let median = level(look.levels.middle());
    bands.lines.push(BandLine { label: format!("{name}, median"), y: median, series: Some(1) });
}

/// Ends, median and width of the highlighted interval of the first method minus those of the second.
fn difference(look: &Look<'_>, rows: &[usize], x: &[f64], q: &[f32], other: &[f32]) -> Bands {
    let m = look.levels.len();
    let scale = if look.wants_units() { look.meta.target.deviation } else { 1.0 };
    let at = |row: usize, level: usize| f64::from(q[row * m + level]) - f64::from(other[row * m + level]);
    let line = |label: &str, series: usize, of: &dyn Fn(usize) -> f64| BandLine {
        label: label.to_owned(),
        y: rows.iter().map(|row| scale * of(*row)).collect(),
        series: Some(series),
    };
    let mut lines =
        vec![BandLine { label: "no difference".to_owned(), y: vec![0.0; rows.len()], series: None }];
    let middle = look.levels.middle();
    if let Some(Pair { lower, upper, .. }) = look.pair() {
        lines.push(line("lower end", 1, &|row| at(row, lower)));
        lines.push(line("median", 0, &|row| at(row, middle)));
        lines.push(line("upper end", 2, &|row| at(row, upper)));
        lines.push(line("width", 3, &|row| at(row, upper) - at(row, lower)));
    } else {
        lines.push(line("middle level", 0, &|row| at(row, middle)));
    }
    let quantity = format!("difference in {}", look.target());
    Bands { x: x.to_vec(), lines, quantity, ..Bands::default() }
}

/// True quantiles at the same rows, where they are known.
fn truth(look: &Look<'_>, rows: &[usize], x: &[f64]) -> Vec<Channel> {
    let Some(truth) = super::look::grid(look.record, ch::TRUTH) else { return Vec::new() };
    let pair = look.pair();
    let ends = [pair.map(|pair| pair.lower), Some(look.levels.middle()), pair.map(|pair| pair.upper)];
    let interval = pair.map_or_else(String::new, |pair| format!("true {:.0} %", 100.0 * (1.0 - pair.alpha)));
    let labels = [interval.as_str(), "true median", interval.as_str()];
    let one = |((id, level), label): ((&&str, Option<usize>), &str)| {
        let y = at_level(look, rows, &truth.values, level?);
        let curve = Curve { x: x.to_vec(), y, band: None };
        let about = "Quantile of the distribution that made the data.";
        Some(channel(id, label, "", about, Data::Curve(only(0, curve))))
    };
    TRUTH.iter().zip(ends).zip(labels).filter_map(one).collect()
}
