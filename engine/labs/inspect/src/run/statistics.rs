//! The first stage: statistics, histogram, quantization errors and outstanding rows and columns of each tensor, as jobs on all cores.

use std::time::Instant;

use weightscope_frame::lab::Running;
use weightscope_frame::run::{Job, Jobs, News, RunError};
use weightscope_weights::Tensor;
use weightscope_weights::measure::{
    FirstPass, Grouping, Maxima, Quantization, QuantizationPass, Scale, Settings, WholeNumbers, matrix_of,
};

use super::counts::Counts;
use super::kernel::Positions;
use super::layer::{Measured, Whole};
use super::{Shared, pictures, ties};
use crate::channels as ch;
use crate::config::{self, Config};
use crate::files::pieces;

/// Parts of rows and of columns whose peaks are kept.
pub(crate) const PARTS: usize = 64;

/// Measures the tensors that are not measured yet.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let begun = Instant::now();
    let missing: Vec<usize> = run
        .state
        .layers
        .iter()
        .enumerate()
        .filter(|(_, layer)| layer.measured.is_none())
        .map(|(row, _)| row)
        .collect();
    pictures::show(run);
    let (shared, settings) = (run.shared, run.settings);
    let jobs = Jobs::new("tensor", missing.len());
    let mut rhythm = pictures::Rhythm::default();
    run.jobs(
        &jobs,
        |number, job: &Job<'_, ()>| {
            let row = missing.get(number).copied().unwrap_or_default();
            measure(shared, settings, row, job)
        },
        |run, news| {
            let News::Next(number, measured) = news else { return Ok(()) };
            run.begin_step(0.0)?;
            run.scalar(&ch::STD, measured.std);
            run.scalar(&ch::KURTOSIS, measured.kurtosis);
            run.scalar(&ch::FROBENIUS, measured.frobenius_norm);
            if let Some(layer) = missing.get(number).and_then(|row| run.state.layers.get_mut(*row)) {
                layer.measured = Some(measured);
            }
            rhythm.show(run);
            run.end_step()
        },
    )?;
    whole_numbers(run)?;
    ties::find(run)?;
    run.state.seconds.statistics += begun.elapsed().as_secs_f64();
    pictures::show(run);
    Ok(())
}

/// Measures the tensors of whole numbers that are not measured yet.
fn whole_numbers(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let found = run.state.whole.iter().enumerate();
    let missing: Vec<usize> = found.filter(|(_, whole)| whole.is_none()).map(|(row, _)| row).collect();
    let shared = run.shared;
    run.jobs(
        &Jobs::new("tensor", missing.len()),
        |number, job: &Job<'_, ()>| {
            let place =
                missing.get(number).and_then(|row| shared.whole.get(*row)).copied().unwrap_or_default();
            let found = WholeNumbers::of(shared.source.as_ref(), place, &|| job.check().is_err());
            job.check()?;
            found.map_err(|error| RunError::setting("model", error.to_string()))
        },
        |run, news| {
            let News::Next(number, found) = news else { return Ok(()) };
            run.begin_step(0.0)?;
            let WholeNumbers { mean, std, min, max, zeros } = found;
            if let Some(whole) = missing.get(number).and_then(|row| run.state.whole.get_mut(*row)) {
                *whole = Some(Whole { mean, std, min, max, zeros });
            }
            run.end_step()
        },
    )
}

/// The figures of one tensor, in two passes over its values.
fn measure(shared: &Shared, config: &Config, row: usize, job: &Job<'_, ()>) -> Result<Measured, RunError> {
    let Some((place, tensor)) = shared.tensors.get(row).copied().zip(shared.tensor(row)) else {
        return Ok(Measured::default());
    };
    let source = shared.source.as_ref();
    let (rows, columns) = matrix_of(&tensor.shape);
    let settings = Settings { near_zero: config.near_zero, outlier_sigma: config.outlier_sigma };
    let mut first = FirstPass::default();
    pieces(
        source,
        place,
        columns,
        || job.check(),
        |values| {
            first.push(values);
            Ok(())
        },
    )?;
    let mut second = first.finish(settings);
    let (largest, mean) = (second.so_far().largest_magnitude(), second.so_far().mean_magnitude);
    let scale = scale_of(config.scale);
    let mut quantized = QuantizationPass::of_matrix((rows, columns), largest, mean, scale);
    let mut by_maximum = (scale != Scale::Max)
        .then(|| QuantizationPass::of_matrix((rows, columns), largest, mean, Scale::Max));
    let mut maxima = Maxima::new(rows, columns);
    let mut positions = Positions::new(&tensor.shape);
    pieces(
        source,
        place,
        columns,
        || job.check(),
        |values| {
            second.push(values);
            quantized.push(values);
            if let Some(pass) = &mut by_maximum {
                pass.push(values);
            }
            maxima.push(values);
            if let Some(positions) = &mut positions {
                positions.push(values);
            }
            Ok(())
        },
    )?;
    let quantized = quantized.finish();
    let by_maximum = by_maximum.map(QuantizationPass::finish);
    let mut measured =
        gathered(&second.finish(), &quantized, by_maximum.as_ref().unwrap_or(&quantized), tensor);
    if pictures::has_details(shared) {
        add_details(&mut measured, &quantized, &maxima);
    }
    if let Some(positions) = positions {
        measured.kernel = positions.finish().into();
    }
    Ok(measured)
}

fn gathered(
    statistics: &weightscope_weights::measure::Statistics,
    quantized: &Quantization,
    by_maximum: &Quantization,
    tensor: &Tensor,
) -> Measured {
    let cells = || quantized.cells.iter().flatten();
    let error = |bits| by_maximum.at(bits, Grouping::Tensor).map_or(f64::NAN, |cell| cell.relative_error);
    Measured {
        parameters: tensor.parameters() as u64,
        mean: statistics.mean,
        std: statistics.std,
        min: statistics.min,
        max: statistics.max,
        kurtosis: statistics.kurtosis,
        zeros: statistics.zeros,
        near_zero: statistics.near_zero,
        non_finite: statistics.non_finite,
        outliers: statistics.outliers,
        frobenius_norm: statistics.frobenius_norm,
        rms: statistics.rms(),
        histogram: Counts::of(&statistics.histogram),
        errors: cells().map(|cell| cell.relative_error as f32).collect(),
        table_errors: [error(2), error(3), error(4), error(8)],
        ..Measured::default()
    }
}

/// What is drawn of up to some thousands of tensors.
fn add_details(measured: &mut Measured, quantized: &Quantization, maxima: &Maxima) {
    let cells = || quantized.cells.iter().flatten();
    let (rows, columns) = maxima.over_median();
    measured.zero_level = cells().map(|cell| cell.zero_share() as f32).collect();
    measured.boundary = cells().map(|cell| cell.boundary_share() as f32).collect();
    measured.row_peaks = peaks(&rows);
    measured.column_peaks = peaks(&columns);
}

/// Where the step of the settings' scale comes from.
pub(crate) fn scale_of(scale: config::Scale) -> Scale {
    match scale {
        config::Scale::Max => Scale::Max,
        config::Scale::StatsQ => Scale::StatsQ,
        config::Scale::Lsq => Scale::LsqStart,
    }
}

/// The largest value of each of up to [`PARTS`] equal parts.
fn peaks(values: &[f64]) -> Box<[f32]> {
    let size = values.len().div_ceil(PARTS).max(1);
    values.chunks(size).map(|part| part.iter().fold(0.0_f64, |most, value| most.max(*value)) as f32).collect()
}
