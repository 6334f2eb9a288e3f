//! Spectrum of the Hessian of a cell's first network, by Lanczos runs on its training and on its test rows.

use super::cell::OpenCell;
use super::{channels as dc, picture};
use crate::control::{self, Rows};
use crate::method::density::{Drawing, density};
use crate::run::curvature::{normal, signs};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Bars, Channel, Curve};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::lanczos::{Lanczos, lanczos};
use weightscope_math::stream;
use weightscope_population::{Curvature, Lane, Samples};

/// Steps of a Lanczos run, and runs of a density.
const STEPS: usize = 40;
const RUNS: usize = 4;
/// Variance of the Gaussians over the range of the eigenvalues.
const SMOOTHING: f64 = 1e-3;
/// Added to the density, so that its logarithm is drawn (`PyHessian`).
const FLOOR: f64 = 1e-7;
/// Bars of the largest eigenvalues.
const BARS: usize = 10;

fn runs(
    cell: &OpenCell,
    job: &Derive<'_>,
    samples: &Samples,
    count: usize,
) -> Result<Vec<Lanczos>, RunError> {
    let Some(first) = cell.seeds.first() else { return Ok(Vec::new()) };
    let mut curvature = Curvature::new(&cell.shape, &cell.packed(first)?, samples);
    let mut product = |direction: &[Lane], image: &mut [Lane]| -> Result<(), RunError> {
        job.control.check()?;
        curvature.product(direction, image);
        Ok(())
    };
    let steps = STEPS.min(cell.shape.parameters());
    let mut random = stream(0, "phases/spectrum");
    let mut restarts = stream(0, "phases/spectrum/restart");
    (0..count)
        .map(|_| {
            let start = signs(&cell.shape, &mut random);
            lanczos(&mut product, &start, steps, || normal(&cell.shape, &mut restarts))
        })
        .collect()
}

/// Densities by stochastic Lanczos quadrature: on the training rows, shown as soon as it is there, and on the test rows.
pub(crate) fn spectrum(cell: &OpenCell, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let mut channels = Vec::new();
    for (part, samples) in [("train", cell.training()?), ("test", &cell.material.test)] {
        channels.extend(one_density(part, &runs(cell, job, samples, RUNS)?));
        if let Some(publish) = job.partial.filter(|_| part == "train") {
            publish(channels.clone());
        }
    }
    Ok(channels)
}

fn one_density(part: &str, runs: &[Lanczos]) -> Option<Channel> {
    let ends = runs.iter().flat_map(|run| [run.ritz.first(), run.ritz.last()]).flatten();
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    // The published width is made for a range of at least 1; small networks have less.
    let range = (high - low).max(1e-12);
    let variance = SMOOTHING * range.min(1.0);
    let drawing = Drawing { bins: 1024, variance, overhead: 0.01 * range.min(1.0) };
    let found = density(runs, drawing)?;
    let y = found.values.iter().map(|value| value + FLOOR).collect();
    let curve = Curve { x: found.positions, y, band: None };
    let about = format!(
        "Density of the Hessian's eigenvalues on the {part} rows, by stochastic Lanczos quadrature, plus 1e-7."
    );
    let channel = picture(&dc::DENSITY.labelled(part, &format!("{part} rows")), curve);
    Some(Channel { about, ..channel })
}

/// The largest Ritz values by magnitude, on the rows that the controls choose.
pub(crate) fn eigenvalues(cell: &OpenCell, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let samples = match control::chosen(job, control::ROWS) {
        Some(Rows::Test) => &cell.material.test,
        _ => cell.training()?,
    };
    let mut values = runs(cell, job, samples, 1)?.into_iter().next().map(|run| run.ritz).unwrap_or_default();
    values.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    values.truncate(BARS);
    let labels = (1..=values.len()).map(|index| index.to_string()).collect();
    let bars = Bars { edges: Vec::new(), labels, series: vec![("eigenvalue".to_owned(), values)] };
    Ok(vec![picture(&dc::EIGENVALUES, bars)])
}
