//! Coverage and width in slices of the rows (a feature, the predicted width, clusters), with Wilson intervals: for whom 80 % is not
//! 80 %.

mod coverage;
mod table;
mod width;

use super::controls::{self, ids};
use super::draw::{axis, short};
use super::look::{Look, groups};
use crate::config::Config;
use crate::method::clusters::k_means;
use crate::method::levels::Pair;
use crate::names::Method;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declaration, Declared, kinds::OfText};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};
use weightscope_math::rng::stream;
use weightscope_math::special::normal;
use weightscope_math::stats::interval;

/// What the slices are cut along.
const AXIS: Declared<OfText> = axis("slice_axis/x");
/// What their widths are in.
const UNITS: Declared<OfText> = axis("slice_axis/y");

/// Slices of about equal size.
const PARTS: usize = 10;
/// Features that describe a cluster.
const TELLING: usize = 3;

weightscope_frame::choices! {
    /// What rows are grouped by.
    pub(crate) enum By {
        /// A feature.
        Feature = "feature", "feature";
        /// The predicted width of the interval that is looked at.
        Width = "width", "predicted width";
        /// All features.
        Clusters = "cluster", "clusters";
    }
}

/// Coverage, width and error by slice, and a table of them.
pub(super) fn views() -> [View<Config>; 3] {
    [coverage::view(), width::view(), table::view()]
}

/// The specification of a view of the slices.
fn spec(id: &str, title: &str, kind: ViewKind, channels: &[&dyn Declaration]) -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("slice", "").named_by(AXIS.id()),
        agree: [AXIS, UNITS].map(|axis| axis.id().to_owned()).to_vec(),
        empty: format!("{title} appears here when the first model is fitted. Press Run."),
        help: include_str!("../../help/slices.md").to_owned(),
        ..super::derived(
            id,
            title,
            kind,
            channels,
            &[
                controls::method(),
                controls::stage(),
                controls::slice_by(),
                controls::slice(),
                controls::clusters(),
                controls::coverage(),
                controls::units(),
            ],
        )
    }
}

/// Rows that are looked at together.
pub(super) struct Slice {
    pub(super) name: String,
    /// Position on the axis: the mean of what they are grouped by; the number of a cluster.
    pub(super) x: f64,
    pub(super) rows: Vec<usize>,
}

/// What is measured in a slice.
pub(super) struct Measured {
    pub(super) share: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) width: f64,
    pub(super) error: f64,
}

/// The slices that the controls ask for, with what is measured in each.
struct Sliced {
    method: Method,
    /// The interval that is looked at.
    pair: Pair,
    by: By,
    /// What the slices are cut along, in words.
    words: String,
    slices: Vec<Slice>,
    measured: Vec<Measured>,
}

impl Sliced {
    /// `None` while the method has no predictions at the stage, or the levels have no interval.
    fn new(look: &Look<'_>) -> Option<Self> {
        let method = look.method();
        let (q, pair) = (look.predictions(method, look.stage())?, look.pair()?);
        let by = look.controls.word(ids::SLICE_BY).and_then(controls::chosen).unwrap_or(By::Feature);
        let (slices, words) = match by {
            By::Clusters => (clusters(look), "cluster"),
            By::Width => (along(look, &widths(look, &q, pair)), "predicted width"),
            By::Feature => {
                let column = look.slice();
                let values: Vec<f64> = (0..look.count()).map(|row| look.feature(row, column)).collect();
                (along(look, &values), look.facts.features[column].name.as_str())
            }
        };
        let measured = measure(look, &q, pair, &slices);
        Some(Self { method, pair, by, words: words.to_owned(), slices, measured })
    }

    /// Nominal coverage of the interval.
    fn nominal(&self) -> f64 {
        1.0 - self.pair.alpha
    }

    /// The words of both axes.
    fn axes(&self, look: &Look<'_>) -> [Channel; 2] {
        let units = format!("width, error in {}", look.target());
        [super::draw::words(&AXIS, self.words.clone()), super::draw::words(&UNITS, units)]
    }

    /// Places on the axis. Clusters have no order between them, so their curves are stairs with one step each.
    fn x(&self) -> Vec<f64> {
        if self.by == By::Clusters {
            self.slices.iter().flat_map(|slice| [slice.x - 0.5, slice.x + 0.5]).collect()
        } else {
            self.slices.iter().map(|slice| slice.x).collect()
        }
    }

    /// A measure at these places.
    fn y(&self, of: fn(&Measured) -> f64) -> Vec<f64> {
        let times = if self.by == By::Clusters { 2 } else { 1 };
        self.measured.iter().flat_map(|one| std::iter::repeat_n(of(one), times)).collect()
    }

    /// The curve of a measure.
    fn curve(&self, of: fn(&Measured) -> f64) -> Curve {
        Curve { x: self.x(), y: self.y(of), band: None }
    }
}

/// Widths of the interval that is looked at, as the person wants to see them.
fn widths(look: &Look<'_>, q: &[f32], pair: Pair) -> Vec<f64> {
    let scale = if look.wants_units() { look.facts.target.deviation } else { 1.0 };
    q.chunks_exact(look.levels().len()).map(|q| scale * f64::from(q[pair.upper] - q[pair.lower])).collect()
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
    let k = look.controls.number(ids::CLUSTERS).unwrap_or(controls::FIRST_CLUSTERS).clamp(1.0, 50.0) as usize;
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
                format!("{} {:+.1} sd", look.facts.features[column].name, centre[column]).replace('-', "−")
            })
            .collect();
        let name = format!("{}: {}", number + 1, telling.join(", "));
        Slice { name, x: (number + 1) as f64, rows }
    };
    found.members.into_iter().zip(found.centres).enumerate().map(slice).collect()
}

fn measure(look: &Look<'_>, q: &[f32], pair: Pair, slices: &[Slice]) -> Vec<Measured> {
    let (m, y) = (look.levels().len(), look.observations());
    let z = normal::quantile(0.975);
    let scale = if look.wants_units() { look.facts.target.deviation } else { 1.0 };
    let one = |slice: &Slice| {
        let count = slice.rows.len().max(1) as f64;
        let is_inside =
            |row: &&usize| q[**row * m + pair.lower] <= y[**row] && y[**row] <= q[**row * m + pair.upper];
        let inside = slice.rows.iter().filter(is_inside).count();
        let (low, high) = interval::wilson(inside, slice.rows.len(), z);
        let width = |row: &usize| f64::from(q[row * m + pair.upper] - q[row * m + pair.lower]);
        let error = |row: &usize| f64::from((y[*row] - q[row * m + look.levels().middle()]).abs());
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
