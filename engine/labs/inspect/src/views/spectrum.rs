//! Singular values of one matrix: their tail with the power law from a dragged end, a random matrix beneath, the noise of the file.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, ControlKind, ControlSpec, Reference, ReferenceAxis, ReferenceStyle,
    ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::spectrum::MarchenkoPastur;
use weightscope_math::stats::power_law::spectral::PowerLawTail;
use weightscope_weights::Element;

use super::shown::{TENSOR, curve, figure, row, row_of, shape, table, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The control of the tail's end, over the automatic one.
const END: &str = "xmin";
/// Types whose rounding can be told.
const FLOATING: [Element; 6] =
    [Element::F64, Element::F32, Element::F16, Element::Bf16, Element::F8E4M3, Element::F8E5M2];
/// Range of that control.
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e3;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let kind = ControlKind::Number { low: LEAST, high: MOST, initial: 1.0, logarithmic: true };
    let end = ControlSpec::new(
        END,
        "Tail from",
        "From where on the power law is fitted, as a multiple of the automatic xmin; drag the line, and 1 is the automatic one.",
        kind,
    );
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("eigenvalue σ² over xmin", "").scale(AxisScale::Log),
        y: AxisSpec::new("share of eigenvalues that are larger", "").scale(AxisScale::Log),
        channels: ["values", "fit", "random", "noise"].map(|name| ch::SHOWN.id(name)).to_vec(),
        dashed: vec![ch::SHOWN.id("random")],
        references: vec![
            Reference::new(ReferenceAxis::X, 1.0, ReferenceStyle::Boundary).label("xmin").control(END),
        ],
        controls: vec![tensor(), end],
        derives: vec![TENSOR.to_owned(), END.to_owned()],
        empty: "Singular values of the chosen matrix appear here; vectors and single numbers have none."
            .to_owned(),
        help: include_str!("../help/spectrum.md").to_owned(),
        ..ViewSpec::of("spectrum", "Spectrum", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let row = row(job);
    let Some(values) = row_of(job.record, ch::SPECTRA.id(), row) else { return Ok(Vec::new()) };
    let mut eigenvalues: Vec<f64> =
        values.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value).powi(2)).collect();
    eigenvalues.reverse();
    let Some(largest) = eigenvalues.last().copied().filter(|largest| *largest > 0.0) else {
        return Ok(Vec::new());
    };
    let tail = PowerLawTail::of(&eigenvalues);
    let automatic = tail.fit.map_or(largest, |fit| fit.smallest);
    let end = automatic * job.controls.number(END).unwrap_or(1.0);
    let count = eigenvalues.len() as f64;
    let survival = |values: &[f64]| -> (Vec<f64>, Vec<f64>) {
        let shares =
            values.iter().enumerate().map(|(below, value)| (value / automatic, 1.0 - below as f64 / count));
        shares.filter(|(value, _)| *value > 0.0).unzip()
    };
    let (x, y) = survival(&eigenvalues);
    let words = if figure(job.record, row, "rank").is_some() { "values" } else { "leading values" };
    let mut curves = vec![curve("values", &format!("{count} {words}"), x, y)];
    // Of the leading values alone the tail is not known.
    let whole = figure(job.record, row, "rank").is_some();
    let fit = fitted(&tail, end, automatic, count).filter(|_| whole);
    let none = || {
        curve(
            "fit",
            if whole { "no exponent" } else { "no exponent of leading values" },
            Vec::new(),
            Vec::new(),
        )
    };
    curves.push(fit.unwrap_or_else(none));
    curves.extend(random(job, row, automatic, eigenvalues.len()));
    curves.extend(noise(job, row, automatic, count));
    Ok(curves)
}

/// The power law from the end on, with its exponent and distance in the legend.
fn fitted(tail: &PowerLawTail, end: f64, automatic: f64, count: f64) -> Option<Channel> {
    let fit = tail.from(end)?;
    let last = *tail.values.last()?;
    let share = fit.count as f64 / count;
    let points = 60;
    let at = |place: usize| fit.smallest * (last / fit.smallest).powf(place as f64 / f64::from(points));
    let (x, y) = (0..=points as usize)
        .map(|place| (at(place) / automatic, share * (at(place) / fit.smallest).powf(1.0 - fit.exponent)))
        .unzip();
    let few = if tail.few_values { ", too few values" } else { "" };
    let words = format!("alpha {:.3}, D {:.3}, {} in the tail{few}", fit.exponent, fit.distance, fit.count);
    Some(curve("fit", &words, x, y))
}

/// A random matrix of the same shape and deviation.
fn random(job: &Derive<'_>, row: usize, automatic: f64, count: usize) -> Option<Channel> {
    let (rows, columns) = sides(job, row)?;
    let random = MarchenkoPastur::new(rows, columns, figure(job.record, row, "std")?)?;
    let mut expected: Vec<f64> =
        random.expected(rows.min(columns)).iter().map(|value| value * value).collect();
    expected.reverse();
    let total = expected.len().max(1) as f64;
    let (x, y) = expected
        .iter()
        .enumerate()
        .filter(|(_, value)| **value > 1e-9 * automatic)
        .map(|(below, value)| (value / automatic, 1.0 - below as f64 / total))
        .unzip();
    let above = row_of(job.record, ch::SPECTRA.id(), row)?;
    let above = above.iter().filter(|value| f64::from(**value) > random.upper_edge).count();
    let _ = count;
    Some(curve("random", &format!("random matrix, {above} values above its edge"), x, y))
}

/// Below it singular values are rounding of the file's type.
fn noise(job: &Derive<'_>, row: usize, automatic: f64, count: f64) -> Option<Channel> {
    let table = table(job.record)?;
    let place = table.columns.iter().position(|name| name == "type")?;
    let weightscope_frame::record::Cell::Text(element) = table.rows.get(row)?.get(place)? else {
        return None;
    };
    let element = FLOATING.into_iter().find(|known| known.name() == element)?;
    let (rows, columns) = sides(job, row)?;
    let rms = figure(job.record, row, "frobenius_norm")? / ((rows * columns) as f64).sqrt();
    let noise =
        2.0 * weightscope_math::linalg::spectrum::rounding_noise(element.unit_roundoff(), rms, rows, columns);
    let smallest = row_of(job.record, ch::SPECTRA.id(), row)?;
    let smallest = smallest.iter().filter(|value| value.is_finite()).fold(f32::INFINITY, |a, b| a.min(*b));
    let place = noise * noise / automatic;
    // Far below the values a line would only stretch the axis: words say where it lies.
    let is_near = noise > 0.0 && place > 1e-4 * f64::from(smallest).powi(2) / automatic;
    let (x, y, words) = if is_near {
        (vec![place, place], vec![1.0 / count, 1.0], "rounding of the file".to_owned())
    } else {
        (Vec::new(), Vec::new(), format!("rounding of the file, far left at {place:.0e}"))
    };
    Some(curve("noise", &words, x, y))
}

/// Rows and columns of the matrix of a tensor, from the table.
pub(super) fn sides(job: &Derive<'_>, row: usize) -> Option<(usize, usize)> {
    let sides = shape(job.record, row)?;
    (!sides.is_empty()).then(|| weightscope_weights::measure::matrix_of(&sides))
}
