//! Checks against published files and limits of time, run by hand: `cargo test --test measured -- --ignored --nocapture`.
//!
//! `WEIGHTSCOPE_MODELS` names a folder with `NAME/TENSOR.npy` (single precision, C order) and `reference-NAME.json`, for NAME `silero`
//! (silero-vad 6.2.3, `silero_vad_16k.safetensors`) and `rxnmapper` (rxnmapper 0.4.3, `pytorch_model.bin`).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "run by hand, its output is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use weightscope_math::linalg::spectrum::{Leading, Spectrum, predicted_seconds};
use weightscope_math::stats::power_law::spectral::PowerLawTail;
use weightscope_math::stream;
use weightscope_weights::Element;
use weightscope_weights::measure::{
    Change, FirstPass, Grouping, Maxima, Quantization, QuantizationPass, Scale, Settings, Statistics,
    TensorSpectrum, difference, guided, matrix_of,
};

fn random(name: &str, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(1, name).fill_normal(&mut values);
    values.iter_mut().for_each(|value| *value *= 0.02);
    values
}

fn npy(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[10 + header..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

/// The largest relative differences by kind.
#[derive(Debug, Default)]
struct Worst {
    moments: f64,
    exponent: f64,
    norms: f64,
    singular: f64,
    error: f64,
    counts: u64,
    tensors: usize,
}

fn relative(found: f64, expected: &Value) -> f64 {
    let expected = expected.as_f64().unwrap();
    (found - expected).abs() / expected.abs().max(1e-12)
}

#[test]
#[ignore = "reads files that are fetched by hand"]
fn two_published_files_have_their_reference_figures() {
    let folder = PathBuf::from(std::env::var_os("WEIGHTSCOPE_MODELS").unwrap());
    for name in ["silero", "rxnmapper"] {
        let reference = fs::read(folder.join(format!("reference-{name}.json"))).unwrap();
        let reference: Value = serde_json::from_slice(&reference).unwrap();
        let mut worst = Worst::default();
        for (tensor, expected) in reference["tensors"].as_object().unwrap() {
            let values = npy(&folder.join(name).join(format!("{tensor}.npy")));
            let shape: Vec<usize> = expected["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|side| side.as_u64().unwrap() as usize)
                .collect();
            worst.tensors += 1;
            check(&values, &shape, expected, &mut worst, tensor);
        }
        eprintln!("{name}: {worst:?}");
        assert!(worst.moments < 1e-6 && worst.exponent < 1e-6 && worst.norms < 1e-9);
        assert!(worst.singular < 1e-7 && worst.error < 1e-4 && worst.counts == 0);
    }
}

fn check(values: &[f32], shape: &[usize], expected: &Value, worst: &mut Worst, name: &str) {
    let (rows, columns) = matrix_of(shape);
    let found = Statistics::of(values, Settings::default());
    for (field, value) in
        [("std", found.std), ("min", found.min), ("max", found.max), ("kurtosis", found.kurtosis)]
    {
        if expected[field].is_number() && value.is_finite() {
            worst.moments = worst.moments.max(relative(value, &expected[field]));
        }
    }
    if let Some(mean) = expected["mean"].as_f64() {
        worst.moments = worst.moments.max((found.mean - mean).abs() / found.std);
    }
    let counts = [
        ("exact_zeros", found.zeros),
        ("below_1e-3_of_std", found.near_zero),
        ("above_6_std", found.outliers),
    ];
    for (field, value) in counts {
        worst.counts += expected[field].as_u64().map_or(0, |expected| expected.abs_diff(value));
    }
    let flat = &expected["flat"];
    if flat.is_object() {
        let spectrum = Spectrum::of(values, rows, columns, &mut || true).unwrap();
        let all = TensorSpectrum::of(spectrum, &found, Element::F32.unit_roundoff());
        worst.norms = worst.norms.max(relative(all.spectrum.squared_norm, &flat["norm"]));
        worst.norms = worst.norms.max(relative(all.spectrum.spectral_norm().powi(2), &flat["spectral"]));
        worst.norms = worst.norms.max(relative(all.spectrum.stable_rank().unwrap(), &flat["stable_rank"]));
        worst.counts += flat["rank"].as_u64().unwrap().abs_diff(all.rank as u64);
        let leading = flat["largest_singular_values"].as_array().unwrap();
        for (value, expected) in all.spectrum.singular_values.iter().zip(leading) {
            worst.singular = worst.singular.max(relative(*value, expected));
        }
        if let Some(fit) = all.tail.as_ref().unwrap().figure() {
            let reference = &flat["fit"];
            for (field, value) in [
                ("alpha", fit.exponent),
                ("D", fit.distance),
                ("xmin", fit.smallest),
                ("sigma", fit.standard_error),
            ] {
                worst.exponent = worst.exponent.max(relative(value, &reference[field]));
            }
        } else {
            eprintln!("  {name}: few values, hint {:?}, reference {}", all.tail.unwrap().fit, flat["fit"]);
        }
    }
    let quantized =
        Quantization::of(values, columns, found.largest_magnitude(), found.mean_magnitude, Scale::Max);
    for (key, expected) in expected["quantized"].as_object().into_iter().flatten() {
        let (bits, grouping) = key.split_once('/').unwrap();
        let grouping = Grouping::ALL.into_iter().find(|known| known.name() == grouping).unwrap();
        let cell = quantized.at(bits.parse().unwrap(), grouping).unwrap();
        worst.error = worst.error.max(relative(cell.relative_error, &expected["relative_error"]));
        worst.error = worst.error.max(relative(cell.largest_error, &expected["largest_error"]));
        worst.counts += expected["zero_level"].as_u64().unwrap().abs_diff(cell.at_zero);
        worst.counts += expected["within_0.05_step_of_boundary"].as_u64().unwrap().abs_diff(cell.at_boundary);
    }
}

#[test]
#[ignore = "takes a second or two, and its time is what it shows"]
fn spectra_of_a_small_transformer() {
    let mut shapes = vec![(30522, 384), (512, 384)];
    for _ in 0..6 {
        shapes.extend([(384, 384), (384, 384), (384, 384), (384, 384), (1536, 384), (384, 1536)]);
    }
    shapes.push((384, 384));
    let matrices: Vec<(Vec<f32>, usize, usize)> =
        shapes.iter().map(|(rows, columns)| (random("matrix", rows * columns), *rows, *columns)).collect();
    let predicted: f64 = shapes.iter().map(|(rows, columns)| predicted_seconds(*rows, *columns)).sum();
    let start = Instant::now();
    for (values, rows, columns) in &matrices {
        let spectrum = Spectrum::of(values, *rows, *columns, &mut || true).unwrap();
        let tail = PowerLawTail::of(&spectrum.eigenvalues());
        assert!(tail.fit.is_some());
    }
    let parameters: usize = matrices.iter().map(|(values, ..)| values.len()).sum();
    eprintln!(
        "{} matrices, {parameters} parameters: {:?} on one thread, {predicted:.2} s predicted",
        matrices.len(),
        start.elapsed()
    );
}

#[test]
#[ignore = "takes seconds, and its time is what it shows"]
fn one_large_spectrum_and_its_exponent() {
    for size in [1024, 2048, 4096] {
        let values = random("large", size * size);
        let start = Instant::now();
        let spectrum = Spectrum::of(&values, size, size, &mut || true).unwrap();
        let whole = start.elapsed();
        let start = Instant::now();
        let tail = PowerLawTail::of(&spectrum.eigenvalues());
        let fitted = start.elapsed();
        let start = Instant::now();
        let method = Leading::new(1);
        let leading = Spectrum::leading(&values, (size, size), method, &mut || true).unwrap();
        let ratio = |place: usize| leading.singular_values[place] / spectrum.singular_values[place];
        eprintln!(
            "{size}²: whole {whole:?} ({:.2} s predicted), exponent of {} values {fitted:?}, leading {:?}, their share of the exact ones: \
             {:.5} first, {:.5} 64th, {:.5} 256th",
            predicted_seconds(size, size),
            tail.values.len(),
            start.elapsed(),
            ratio(0),
            ratio(63),
            ratio(255)
        );
    }
}

#[test]
#[ignore = "takes seconds, and its time is what it shows"]
fn statistics_of_an_eighth_of_a_gigabyte() {
    let (rows, columns) = (8192, 4096);
    let values = random("statistics", rows * columns);
    let piece = 1 << 20;
    let start = Instant::now();
    let mut first = FirstPass::default();
    values.chunks(piece).for_each(|piece| first.push(piece));
    let mut second = first.finish(Settings::default());
    let moments = start.elapsed();
    values.chunks(piece).for_each(|piece| second.push(piece));
    let statistics = second.finish();
    let both = start.elapsed();
    let mut maxima = Maxima::new(rows, columns);
    values.chunks(piece).for_each(|piece| maxima.push(piece));
    let all = start.elapsed();
    eprintln!(
        "{} values: moments {moments:?}, counts {:?}, maxima {:?}",
        values.len(),
        both.saturating_sub(moments),
        all.saturating_sub(both)
    );
    for scale in [Scale::Max, Scale::StatsQ, Scale::LsqStart] {
        let start = Instant::now();
        let (largest, mean) = (statistics.largest_magnitude(), statistics.mean_magnitude);
        let mut pass = QuantizationPass::new(columns, largest, mean, scale);
        values.chunks(piece).for_each(|piece| pass.push(piece));
        let found = pass.finish();
        let took = start.elapsed();
        let error = found.at(4, Grouping::Row).unwrap().relative_error;
        eprintln!(
            "{scale:?}: {took:?}, {:.1} ns a value for 35 cells; 4 bits by row {error:.4}",
            took.as_secs_f64() * 1e9 / values.len() as f64
        );
    }
}

#[test]
#[ignore = "takes seconds, and its time is what it shows"]
fn a_large_spectrum_stops_within_a_fifth_of_a_second() {
    let size = 4096;
    let values = random("stop", size * size);
    let mut slowest = Duration::ZERO;
    for (whole, after) in [(true, 50), (true, 1500), (true, 6000), (true, 9000), (false, 300), (false, 1500)]
    {
        let start = Instant::now();
        let mut stopped = None;
        let mut go_on = || {
            let late = start.elapsed() > Duration::from_millis(after);
            if late {
                stopped.get_or_insert(start.elapsed());
            }
            !late
        };
        let found = if whole {
            Spectrum::of(&values, size, size, &mut go_on)
        } else {
            Spectrum::leading(&values, (size, size), Leading::new(1), &mut go_on)
        };
        let took = start.elapsed().saturating_sub(Duration::from_millis(after));
        assert!(found.is_err(), "it was over before it was stopped");
        eprintln!("stopped after {after} ms (whole: {whole}): {took:?} from the wish to the end");
        slowest = slowest.max(took);
    }
    assert!(slowest < Duration::from_millis(200), "{slowest:?}");
}

#[test]
#[ignore = "takes a second, and its time is what it shows"]
fn a_pair_of_an_eighth_of_a_gigabyte() {
    let (rows, columns) = (8192, 4096);
    let (before, after) = (random("before", rows * columns), random("after", rows * columns));
    let start = Instant::now();
    let found = Change::of(&before, &after, (rows, columns), (Element::F32, Element::F32));
    eprintln!("{} pairs: {:?}, relative change {:.3}", found.count, start.elapsed(), found.relative_change);
    let start = Instant::now();
    let none = guided(&before, &difference(&before, &after), (rows, columns), 0.99);
    eprintln!("old blocks tried: {:?}, {none:?}", start.elapsed());
}
