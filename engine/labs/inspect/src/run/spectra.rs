//! The second stage: singular values of matrices, cheapest first, and what follows from them.
//!
//! The budget is a predicted cost, so that it is the same matrices on every machine.

use std::time::Instant;

use weightscope_frame::lab::Running;
use weightscope_frame::run::{Job, Jobs, News, RunError};
use weightscope_math::linalg::spectrum::{
    Leading, MarchenkoPastur, Spectrum, SpectrumError, leave, predicted_seconds, rank_limit, rounding_noise,
};
use weightscope_math::stats::power_law::spectral::PowerLawTail;
use weightscope_weights::{Source, Tensor};

use super::layer::Spectral;
use super::{Shared, pictures};
use crate::channels as ch;
use crate::config::{Config, Spectra};
use crate::files;

/// Smaller sides above it get the leading values only, unless all are asked for.
const LARGEST_SIDE: usize = 4096;

/// Matrices by row, cheapest first, and whether all their singular values are computed.
pub(super) fn plan(config: &Config, source: &dyn Source, tensors: &[usize]) -> Vec<(usize, bool)> {
    let matrices = tensors.iter().enumerate().filter_map(|(row, place)| {
        let (rows, columns) = source.tensors().get(*place)?.matrix()?;
        (rows > 0 && columns > 0).then(|| (row, rows.min(columns), predicted_seconds(rows, columns)))
    });
    let mut matrices: Vec<(usize, usize, f64)> = matrices.collect();
    matrices.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
    let mut spent = 0.0;
    let planned = matrices.into_iter().map(|(row, side, seconds)| {
        spent += seconds;
        let fits = side <= LARGEST_SIDE && spent <= config.budget_seconds;
        (row, config.spectra == Spectra::All || fits)
    });
    planned.collect()
}

/// Share of the budget that each checkpoint of a folder may cost.
const OF_EACH: f64 = 0.1;

/// Rows of the matrices whose exponent is followed over checkpoints: all that get all their singular values, cheapest first, as far as a
/// tenth of the budget goes.
pub(super) fn followed(config: &Config, shared: &Shared) -> Vec<usize> {
    if config.spectra == Spectra::None {
        return Vec::new();
    }
    let mut spent = 0.0;
    let matrices = shared.spectra.iter().filter(|(_, whole)| *whole);
    let fits = matrices.take_while(|(row, _)| {
        let (rows, columns) = shared.tensor(*row).and_then(Tensor::matrix).unwrap_or_default();
        spent += predicted_seconds(rows, columns);
        config.spectra == Spectra::All || spent <= OF_EACH * config.budget_seconds
    });
    fits.map(|(row, _)| *row).collect()
}

/// Exponent and distance of the fit of a matrix; none for fewer than 20 eigenvalues and for numbers that are not finite.
pub(super) fn exponent(
    values: &[f32],
    (rows, columns): (usize, usize),
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Option<(f64, f64)>, RunError> {
    let spectrum = match Spectrum::of(values, rows, columns, &mut || check().is_ok()) {
        Ok(spectrum) => spectrum,
        Err(SpectrumError::Stopped) => return check().map(|()| None),
        Err(SpectrumError::Math(_)) => return Ok(None),
    };
    let tail = PowerLawTail::of(&spectrum.eigenvalues());
    let fit = tail.fit.filter(|_| !tail.few_values);
    Ok(fit.map(|fit| (fit.exponent, fit.distance)))
}

/// Computes the spectra that are missing.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let begun = Instant::now();
    let has = |row: usize| run.state.layers.get(row).is_some_and(|layer| layer.spectrum.is_some());
    let missing: Vec<(usize, bool)> =
        run.shared.spectra.iter().copied().filter(|(row, _)| !has(*row)).collect();
    let rms: Vec<(f64, f64)> = run
        .state
        .layers
        .iter()
        .map(|layer| layer.measured.as_ref().map_or((0.0, 0.0), |measured| (measured.rms, measured.std)))
        .collect();
    let (shared, seed) = (run.shared, run.context.seed);
    let jobs = Jobs::new("matrix", missing.len());
    let mut rhythm = pictures::Rhythm::default();
    run.jobs(
        &jobs,
        |number, job: &Job<'_, ()>| {
            let (row, whole) = missing.get(number).copied().unwrap_or_default();
            spectrum(shared, row, whole, seed, rms.get(row).copied().unwrap_or_default(), job)
        },
        |run, news| {
            let News::Next(number, spectrum) = news else { return Ok(()) };
            run.begin_step(0.0)?;
            if let Some(spectrum) = &spectrum {
                run.scalar(&ch::SPECTRAL, spectrum.norm);
                if let Some(alpha) = spectrum.alpha {
                    run.scalar(&ch::ALPHA, alpha);
                }
            }
            if let Some(layer) = missing.get(number).and_then(|(row, _)| run.state.layers.get_mut(*row)) {
                layer.spectrum = spectrum.map(Box::new);
            }
            rhythm.show(run);
            run.end_step()
        },
    )?;
    run.state.seconds.spectra += begun.elapsed().as_secs_f64();
    pictures::show(run);
    Ok(())
}

/// Singular values of one matrix; none if it holds numbers that are not finite.
fn spectrum(
    shared: &Shared,
    row: usize,
    whole: bool,
    seed: u64,
    (rms, std): (f64, f64),
    job: &Job<'_, ()>,
) -> Result<Option<Spectral>, RunError> {
    let Some((place, tensor)) = shared.tensors.get(row).copied().zip(shared.tensor(row)) else {
        return Ok(None);
    };
    let Some((rows, columns)) = tensor.matrix() else { return Ok(None) };
    let values = files::whole(shared.source.as_ref(), place, || job.check())?;
    let found = spectrum_of(&values, (rows, columns), whole, seed, &mut || job.check().is_ok());
    match found {
        Ok(spectrum) => Ok(Some(figures(&spectrum, tensor.element.unit_roundoff(), rms, std))),
        Err(SpectrumError::Stopped) => {
            leave(values);
            job.check().map(|()| None)
        }
        // Numbers that are not finite have no singular values; the table counts them.
        Err(SpectrumError::Math(_)) => Ok(None),
    }
}

/// The singular values of a matrix, all or the leading ones.
pub(super) fn spectrum_of(
    values: &[f32],
    (rows, columns): (usize, usize),
    whole: bool,
    seed: u64,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Spectrum, SpectrumError> {
    if whole {
        Spectrum::of(values, rows, columns, go_on)
    } else {
        Spectrum::leading(values, (rows, columns), Leading::new(seed), go_on)
    }
}

/// What follows from singular values.
fn figures(spectrum: &Spectrum, unit_roundoff: f64, rms: f64, std: f64) -> Spectral {
    let noise = rounding_noise(unit_roundoff, rms, spectrum.rows, spectrum.columns);
    let limit = rank_limit(noise, spectrum.spectral_norm());
    let random = MarchenkoPastur::new(spectrum.rows, spectrum.columns, std);
    // The rule fits all eigenvalues: of the leading ones alone it would see another tail.
    let tail = spectrum.whole.then(|| PowerLawTail::of(&spectrum.eigenvalues()));
    let fit = tail.as_ref().filter(|tail| !tail.few_values).and_then(|tail| tail.fit);
    Spectral {
        norm: spectrum.spectral_norm(),
        stable_rank: spectrum.stable_rank(),
        effective_rank: spectrum.effective_rank(),
        rank: spectrum.whole.then(|| spectrum.count_above(limit)),
        noise: 2.0 * noise,
        above_random: random.map_or(0, |random| random.count_above(&spectrum.singular_values)),
        alpha: fit.map(|fit| fit.exponent),
        alpha_distance: fit.map(|fit| fit.distance),
        alpha_xmin: fit.map(|fit| fit.smallest),
        few_values: tail.is_some_and(|tail| tail.few_values),
        whole: spectrum.whole,
        singular_values: spectrum.singular_values.iter().map(|value| *value as f32).collect(),
    }
}
