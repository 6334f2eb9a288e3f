//! Fan chart: nested intervals of one method over the rows, in a chosen order, with the observations; beside another method, or the
//! difference of the two.

use super::controls::{self, ids};
use super::draw::{axis, picture, words};
use super::look::{self, Look, grid};
use super::order::Order;
use super::{derived, inspector};
use crate::channels as ch;
use crate::config::Config;
use crate::method::levels::Pair;
use crate::names::Method;
use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::declared::{Declared, kinds::OfBands, kinds::OfCurves, kinds::OfText};
use weightscope_frame::record::{
    AxisSpec, BandLine, Bands, Channel, ControlValue, Curve, Data, Pick, Record, ViewKind, ViewSpec,
};

/// Rows that are drawn; more are thinned evenly in their order.
const MOST_DRAWN: usize = 2000;

/// The chart.
const FAN: Declared<OfBands> =
    Declared::new("fan", "intervals", "", "Predicted intervals of the test rows at the chosen stage.");
/// Row number at each position of the chart, for clicks.
const ROWS: Declared<OfCurves> = Declared::new("fan_rows", "row numbers", "", "Row number at each position.");
/// The lower end of the true interval.
const TRUE_LOW: Declared<OfCurves> = truth_of("fan_truth/low");
/// The true median.
const TRUE_MEDIAN: Declared<OfCurves> = truth_of("fan_truth/median");
/// The upper end of the true interval.
const TRUE_HIGH: Declared<OfCurves> = truth_of("fan_truth/high");
/// What the rows are ordered by.
const AXIS: Declared<OfText> = axis("fan_axis/x");

const fn truth_of(id: &'static str) -> Declared<OfCurves> {
    Declared::new(id, "true quantile", "", "Quantile of the distribution that made the data.")
}

weightscope_frame::choices! {
    /// What is shown of two methods.
    pub(crate) enum Compare {
        /// One over the other.
        Both = "both", "both";
        /// The first minus the second.
        Difference = "difference", "difference";
    }
}

/// The fan chart.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("test rows", "").named_by(AXIS.id()),
        y: AxisSpec::new("target", ""),
        overlays: [TRUE_LOW, TRUE_MEDIAN, TRUE_HIGH].map(|truth| truth.id().to_owned()).to_vec(),
        empty:
            "Predicted intervals over the test rows appear here when the first model is fitted. Press Run."
                .to_owned(),
        help: include_str!("../help/fan.md").to_owned(),
        ..derived(
            "fan",
            "Prediction intervals",
            ViewKind::Bands,
            &[&FAN],
            &[
                controls::method(),
                controls::second(),
                controls::compare(),
                controls::stage(),
                controls::order(),
                controls::coverage(),
                controls::units(),
            ],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
    .clicked(click)
}

/// The nearest row, which comes to the front.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let Some(Data::Curve(timeline)) = record.get(ROWS.id()).map(|channel| &channel.data) else {
        return Picked::default();
    };
    let Some((_, places)) = timeline.last() else { return Picked::default() };
    let distance = |x: f64| (x - pick.x).abs();
    let nearest = places.x.iter().zip(&places.y).min_by(|a, b| distance(*a.0).total_cmp(&distance(*b.0)));
    let Some((_, row)) = nearest else { return Picked::default() };
    Picked {
        controls: vec![(ids::ROW.to_owned(), ControlValue::Number(*row))],
        shown_in: Some(inspector::ID.to_owned()),
        ..Picked::default()
    }
}

/// The channels of the chart.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let Some(q) = look.predictions(method, look.stage()) else { return Vec::new() };
    let (rows, x) = in_order(look, &q);
    let second = look.second().filter(|second| *second != method);
    let second = second.and_then(|second| Some((look.predictions(second, look.stage())?, second)));
    let wants_difference =
        look.controls.word(ids::COMPARE).and_then(controls::chosen) == Some(Compare::Difference);
    let (bands, label) = match &second {
        Some((other, second)) if wants_difference => {
            (difference(look, &rows, &x, &q, other), format!("{} − {}", method.name(), second.name()))
        }
        Some((other, second)) => {
            let mut bands = fan(look, &rows, &x, &q);
            put_beside(look, &rows, other, *second, &mut bands);
            (bands, format!("{} and {}", method.name(), second.name()))
        }
        None => (fan(look, &rows, &x, &q), method.name().to_owned()),
    };
    let places = Curve { x: x.clone(), y: rows.iter().map(|row| *row as f64).collect(), band: None };
    let mut channels = vec![
        picture(&FAN, &label, bands),
        picture(&ROWS, "row numbers", places),
        words(&AXIS, order_words(look)),
    ];
    if second.is_none() || !wants_difference {
        channels.extend(truth(look, &rows, &x));
    }
    channels
}

/// What stands below the chart.
fn order_words(look: &Look<'_>) -> String {
    let words = match look.order() {
        Order::Prediction => "test rows, by predicted median",
        Order::Width => "test rows, by predicted width",
        Order::Observation => "test rows, by observation",
        Order::Case => "test rows, as in the table",
        Order::Feature(column) => look.facts.features[column].name.as_str(),
    };
    words.to_owned()
}

/// The rows that are drawn in the chosen order, and their positions.
fn in_order(look: &Look<'_>, q: &[f32]) -> (Vec<usize>, Vec<f64>) {
    let m = look.levels().len();
    let y = look.observations();
    let order = look.order();
    let (middle, pair) = (look.levels().middle(), look.pair());
    let key = |row: usize| -> f64 {
        let q = &q[row * m..(row + 1) * m];
        match order {
            Order::Prediction => f64::from(q[middle]),
            Order::Width => pair.map_or(0.0, |pair| f64::from(q[pair.upper] - q[pair.lower])),
            Order::Observation => f64::from(y[row]),
            Order::Case => row as f64,
            Order::Feature(column) => look.feature(row, column),
        }
    };
    let keys: Vec<f64> = (0..look.count()).map(key).collect();
    let mut rows: Vec<usize> = (0..keys.len()).collect();
    rows.sort_unstable_by(|a, b| keys[*a].total_cmp(&keys[*b]).then(a.cmp(b)));
    let stride = rows.len().div_ceil(MOST_DRAWN).max(1);
    let rows: Vec<usize> = rows.into_iter().step_by(stride).collect();
    let x = match order {
        Order::Feature(_) => rows.iter().map(|row| keys[*row]).collect(),
        _ => (0..rows.len()).map(|place| (place * stride) as f64).collect(),
    };
    (rows, x)
}

/// One level at the rows, as the person wants to see it.
fn at_level(look: &Look<'_>, rows: &[usize], q: &[f32], level: usize) -> Vec<f64> {
    rows.iter().map(|row| look.shown(q[row * look.levels().len() + level])).collect()
}

/// All intervals, the median, the observations.
fn fan(look: &Look<'_>, rows: &[usize], x: &[f64], q: &[f32]) -> Bands {
    let m = look.levels().len();
    let y = look.observations();
    let pairs = look.levels().pairs();
    let ends = |pair: &Pair| {
        let level = |level: usize| at_level(look, rows, q, level);
        (1.0 - pair.alpha, level(pair.lower), level(pair.upper))
    };
    let highlighted = look.pair();
    let is_inside = |pair: Pair| {
        let inside = |row: &usize| q[row * m + pair.lower] <= y[*row] && y[*row] <= q[row * m + pair.upper];
        rows.iter().map(inside).collect()
    };
    let median = at_level(look, rows, q, look.levels().middle());
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
fn put_beside(look: &Look<'_>, rows: &[usize], q: &[f32], method: Method, bands: &mut Bands) {
    let name = method.name();
    let level = |level: usize| at_level(look, rows, q, level);
    if let Some(pair) = look.pair() {
        let label = format!("{name}, {} %", pair.coverage_percent());
        bands.beside.push((label, level(pair.lower), level(pair.upper)));
    }
    let median = level(look.levels().middle());
    bands.lines.push(BandLine { label: format!("{name}, median"), y: median, series: Some(1) });
}

/// Ends, median and width of the highlighted interval of the first method minus those of the second.
fn difference(look: &Look<'_>, rows: &[usize], x: &[f64], q: &[f32], other: &[f32]) -> Bands {
    let m = look.levels().len();
    let scale = if look.wants_units() { look.facts.target.deviation } else { 1.0 };
    let at = |row: usize, level: usize| f64::from(q[row * m + level]) - f64::from(other[row * m + level]);
    let line = |label: &str, series: usize, of: &dyn Fn(usize) -> f64| BandLine {
        label: label.to_owned(),
        y: rows.iter().map(|row| scale * of(*row)).collect(),
        series: Some(series),
    };
    let mut lines =
        vec![BandLine { label: "no difference".to_owned(), y: vec![0.0; rows.len()], series: None }];
    let middle = look.levels().middle();
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
    let Some(truth) = grid(look.record, ch::TRUTH.id()) else { return Vec::new() };
    let curve = |channel: &Declared<OfCurves>, label: &str, level: usize| {
        let y = at_level(look, rows, &truth.values, level);
        picture(channel, label, Curve { x: x.to_vec(), y, band: None })
    };
    let median = curve(&TRUE_MEDIAN, "true median", look.levels().middle());
    let Some(pair) = look.pair() else { return vec![median] };
    let interval = format!("true {} %", pair.coverage_percent());
    vec![curve(&TRUE_LOW, &interval, pair.lower), median, curve(&TRUE_HIGH, &interval, pair.upper)]
}
