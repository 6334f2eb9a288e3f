//! Checks against published files, run by hand: `cargo test --test measured -- --ignored --nocapture`.
//!
//! `WEIGHTSCOPE_MODELS` names a folder with `NAME/TENSOR.npy` (single precision, C order) and `reference-NAME.json`, for NAME `silero`
//! (silero-vad 6.2.3, `silero_vad_16k.safetensors`) and `rxnmapper` (rxnmapper 0.4.3, `pytorch_model.bin`).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "run by hand, its output is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use weightscope_math::linalg::spectrum::Spectrum;
use weightscope_weights::Element;
use weightscope_weights::measure::{
    Grouping, Quantization, Scale, Settings, Statistics, TensorSpectrum, matrix_of,
};

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
