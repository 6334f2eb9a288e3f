//! Coverage and width in slices of the rows (a feature, the predicted width, clusters), with Wilson intervals: for whom 80 % is not 80 %.

use super::look::{Look, axis, groups, ids, short};
use crate::channels::{channel, only};
use crate::method::clusters::k_means;
use crate::method::levels::Pair;
use crate::names::name;
use weightscope_frame::record::{Cell, Channel, Curve, Data, Table};
use weightscope_math::rng::stream;
use weightscope_math::special::normal;
use weightscope_math::stats::interval;

/// Coverage by slice.
pub(super) const COVERAGE: &str = "slice_coverage";
/// The nominal coverage.
pub(super) const NOMINAL: &str = "slice_nominal";
/// Mean width by slice.
pub(super) const WIDTH: &str = "slice_width";
/// Mean absolute error of the median by slice.
pub(super) const ERROR: &str = "slice_error";
/// All of it in words.
pub(super) const TABLE: &str = "slice_table";

/// What the slices are cut along, and what their widths are in.
pub(super) const AXES: [&str; 2] = ["slice_axis/x", "slice_axis/y"];
/// Grouped by clusters.
pub(super) const CLUSTER: &str = "cluster";
/// What rows are grouped by: key and words.
pub(super) const BY: [(&str, &str); 3] =
    [("feature", "feature"), ("width", "predicted width"), (CLUSTER, "clusters")];

/// Slices of about equal size.
const PARTS: usize = 10;
/// Features that describe a cluster.
const TELLING: usize = 3;

/// Rows that are looked at together.
struct Slice {
    name: String,
    /// Position on the axis: the mean of what they are grouped by; the number of a cluster.
    x: f64,
    rows: Vec<usize>,
}

/// What is measured in a slice.
struct Measured {
    share: f64,
    low: f64,
    high: f64,
    width: f64,
    error: f64,
}

/// The channels of the panels.
pub(super) fn derive(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let (Some(q), Some(pair)) = (look.predictions(&method, look.stage()), look.pair()) else {
        return Vec::new();
    };
    let by = look.controls.word(ids::SLICE_BY).unwrap_or("feature");
    let (slices, words) = match by {
        CLUSTER => (clusters(look), "cluster"),
        "width" => (along(look, &widths(look, &q, pair)), "predicted width"),
        _ => {
            let column = look.slice();
            let values: Vec<f64> = (0..look.count()).map(|row| look.feature(row, column)).collect();
            (along(look, &values), look.meta.features[column].as_str())
        }
    };
    let measured = measure(look, &q, pair, &slices);
    let mut channels = curves(name(&method), pair, &slices, &measured, by == CLUSTER);
    channels.push(table(name(&method), pair, words, &slices, &measured));
    channels.push(axis(AXES[0], words.to_owned()));
    channels.push(axis(AXES[1], format!("width, error in {}", look.target())));
    channels
}

/// Widths of the interval that is looked at, as the person wants to see them.
fn widths(look: &Look<'_>, q: &[f32], pair: Pair) -> Vec<f64> {
    let scale = if look.wants_units() { look.meta.target.deviation } else { 1.0 };
    q.chunks_exact(look.levels.len()).map(|q| scale * f64::from(q[pair.upper] - q[pair.lower])).collect()
}

/// Groups of about equal size by a value.
fn along(look: &Look<'_>, values: &[f64]) -> Vec<Slice> {
    let slice = |rows: Vec<usize>| {
        let of = |row: &usize| values[*row];
        let (first, last) = (rows.first().map_or(0.0, of), rows.last().map_or(0.0, of));
        Slice {
            name: format!("{} to {}", short(first), short(last)),
            x: rows.iter().map(of).sum::<f64>() / rows.len() as f64,
            rows,
        }
    };
    debug_assert_eq!(values.len(), look.count(), "a value for each row");
    groups(values, PARTS).into_iter().filter(|rows| !rows.is_empty()).map(slice).collect()
}

/// Groups of rows that are alike in all features, by k-means.
fn clusters(look: &Look<'_>) -> Vec<Slice> {
    let k = look.controls.number(ids::CLUSTERS).unwrap_or(5.0).clamp(1.0, 50.0) as usize;
    let rows: Vec<&[f32]> = (0..look.count()).map(|row| look.features(row)).collect();
    // The same clusters for every method and stage, so that their slices can be compared.
    let found = k_means(&rows, k, &mut stream(0, "slices/k-means"));
    let slice = |(number, (rows, centre)): (usize, (Vec<usize>, Vec<f32>))| {
        let mut order: Vec<usize> = (0..centre.len()).collect();
        order.sort_by(|a, b| centre[*b].abs().total_cmp(&centre[*a].abs()));
        let telling: Vec<String> = order
            .into_iter()
            .take(TELLING)
            .map(|column| {
                format!("{} {:+.1} sd", look.meta.features[column], centre[column]).replace('-', "−")
            })
            .collect();
        let name = format!("{}: {}", number + 1, telling.join(", "));
        Slice { name, x: (number + 1) as f64, rows }
    };
    found.members.into_iter().zip(found.centres).enumerate().map(slice).collect()
}

fn measure(look: &Look<'_>, q: &[f32], pair: Pair, slices: &[Slice]) -> Vec<Measured> {
    let (m, y) = (look.levels.len(), look.observations());
    let z = normal::quantile(0.975);
    let scale = if look.wants_units() { look.meta.target.deviation } else { 1.0 };
    let one = |slice: &Slice| {
        let count = slice.rows.len().max(1) as f64;
        let is_inside =
            |row: &&usize| q[**row * m + pair.lower] <= y[**row] && y[**row] <= q[**row * m + pair.upper];
        let inside = slice.rows.iter().filter(is_inside).count();
        let (low, high) = interval::wilson(inside, slice.rows.len(), z);
        let width = |row: &usize| f64::from(q[row * m + pair.upper] - q[row * m + pair.lower]);
        let error = |row: &usize| f64::from((y[*row] - q[row * m + look.levels.middle()]).abs());
        Measured {
            share: inside as f64 / count,
            low,
            high,
            width: scale * slice.rows.iter().map(width).sum::<f64>() / count,
            error: scale * slice.rows.iter().map(error).sum::<f64>() / count,
        }
    };
    slices.iter().map(one).collect()
}

/// The curves over the slices; clusters have no order between them, so theirs are stairs with one step each.
fn curves(
    method: &str,
    pair: Pair,
    slices: &[Slice],
    measured: &[Measured],
    is_stairs: bool,
) -> Vec<Channel> {
    let x: Vec<f64> = if is_stairs {
        slices.iter().flat_map(|slice| [slice.x - 0.5, slice.x + 0.5]).collect()
    } else {
        slices.iter().map(|slice| slice.x).collect()
    };
    let times = if is_stairs { 2 } else { 1 };
    let of = |value: fn(&Measured) -> f64| -> Vec<f64> {
        measured.iter().flat_map(|one| std::iter::repeat_n(value(one), times)).collect()
    };
    let curve = |y: Vec<f64>, band| Data::Curve(only(0, Curve { x: x.clone(), y, band }));
    let nominal = 1.0 - pair.alpha;
    let ends = [x.first().copied().unwrap_or(0.0), x.last().copied().unwrap_or(1.0)];
    let about = format!(
        "Share of test rows inside the {:.0} % interval, with 95 % Wilson intervals.",
        100.0 * nominal
    );
    let band = Some((of(|one| one.low), of(|one| one.high)));
    let flat = Data::Curve(only(0, Curve { x: ends.to_vec(), y: vec![nominal; 2], band: None }));
    vec![
        channel(COVERAGE, method, "", &about, curve(of(|one| one.share), band)),
        channel(NOMINAL, &format!("nominal, {:.0} %", 100.0 * nominal), "", "Nominal coverage.", flat),
        channel(
            WIDTH,
            "mean width",
            "",
            "Mean width of the interval in the slice.",
            curve(of(|one| one.width), None),
        ),
        channel(
            ERROR,
            "mean |error|",
            "",
            "Mean absolute error of the median in the slice.",
            curve(of(|one| one.error), None),
        ),
    ]
}

fn table(method: &str, pair: Pair, by: &str, slices: &[Slice], measured: &[Measured]) -> Channel {
    let nominal = 1.0 - pair.alpha;
    let line = |(slice, one): (&Slice, &Measured)| {
        let note = if one.high < nominal {
            "too little"
        } else if one.low > nominal {
            "too much"
        } else {
            ""
        };
        let mut cells = vec![Cell::Text(slice.name.clone()), Cell::Number(slice.rows.len() as f64)];
        cells.extend([one.share, one.low, one.high, one.width, one.error].map(Cell::Number));
        cells.push(Cell::Text(note.to_owned()));
        cells
    };
    let columns =
        [by, "rows", "coverage", "low (95 %)", "high (95 %)", "mean width", "mean |error|", "verdict"];
    let rows = slices.iter().zip(measured).map(line).collect();
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    let about = format!("Slices of the test rows at the {:.0} % interval.", 100.0 * nominal);
    channel(TABLE, method, "", &about, Data::Table(only(0, table)))
}
