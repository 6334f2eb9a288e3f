//! Reference vectors of the figures of tensors, in `$WEIGHTSCOPE_VECTORS/weights`, else in `tests/vectors/weights` of the workspace.
//!
//! Contract: every file is compared in full to its own tolerances; a file or a field that no test knows is a failure.
#![expect(clippy::unwrap_used, reason = "a broken vector file must end the test")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use weightscope_math::linalg::spectrum::Spectrum;
use weightscope_weights::Element;
use weightscope_weights::measure::{
    Grouping, Quantization, Scale, Settings, Statistics, TensorSpectrum, matrix_of,
};

#[test]
fn every_vector_of_the_weights_is_met() {
    let (folder, given) = match std::env::var_os("WEIGHTSCOPE_VECTORS") {
        Some(folder) => (PathBuf::from(folder), true),
        None => (Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors"), false),
    };
    let folder = folder.join("weights");
    if given && !folder.is_dir() {
        return;
    }
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty(), "{} holds no vectors", folder.display());
    for path in files {
        match path.file_stem().unwrap().to_str().unwrap() {
            name if name.starts_with("tensor_figures") => tensor_figures(&path),
            name => panic!("no test knows {name}"),
        }
    }
}

fn tensor_figures(path: &Path) {
    let vector: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let tolerance = (vector["rtol"].as_f64().unwrap(), vector["atol"].as_f64().unwrap());
    let expected = vector["expected"].as_object().unwrap();
    assert_eq!(expected.len(), vector["inputs"].as_object().unwrap().len());
    let mut failures = Vec::new();
    for (name, expected) in expected {
        let (mut shape, mut values) = (Vec::new(), Vec::new());
        flatten(&vector["inputs"][name], 0, &mut shape, &mut values);
        compare(name, &figures(&shape, &values), expected.as_object().unwrap(), tolerance, &mut failures);
    }
    assert!(failures.is_empty(), "{} comparisons failed:\n{}", failures.len(), failures.join("\n"));
}

fn flatten(value: &Value, depth: usize, shape: &mut Vec<usize>, values: &mut Vec<f32>) {
    let Some(list) = value.as_array() else {
        values.push(value.as_f64().unwrap() as f32);
        return;
    };
    if shape.len() == depth {
        shape.push(list.len());
    }
    assert_eq!(shape[depth], list.len());
    list.iter().for_each(|value| flatten(value, depth + 1, shape, values));
}

/// All figures by their names in tables.
fn figures(shape: &[usize], values: &[f32]) -> Map<String, Value> {
    let (rows, columns) = matrix_of(shape);
    let statistics = Statistics::of(values, Settings::default());
    let spectrum = Spectrum::of(values, rows, columns, &mut || true).unwrap();
    let found = TensorSpectrum::of(spectrum, &statistics, Element::F32.unit_roundoff());
    let (largest, mean) = (statistics.largest_magnitude(), statistics.mean_magnitude);
    let quantized = Quantization::of(values, columns, largest, mean, Scale::Max);
    let tail = found.tail.as_ref().unwrap();
    let mut figures = Map::new();
    let mut put = |name: &str, value: Value| assert!(figures.insert(name.to_owned(), value).is_none());
    put("parameters", statistics.parameters.into());
    put("mean", statistics.mean.into());
    put("std", statistics.std.into());
    put("min", statistics.min.into());
    put("max", statistics.max.into());
    put("kurtosis", statistics.kurtosis.into());
    put("zeros", statistics.zeros.into());
    put("frobenius_norm", statistics.frobenius_norm.into());
    put("spectral_norm", found.spectrum.spectral_norm().into());
    put("stable_rank", found.spectrum.stable_rank().unwrap().into());
    put("rank", found.rank.into());
    put("few_values", tail.few_values.into());
    if let Some(fit) = tail.figure() {
        put("alpha", fit.exponent.into());
        put("alpha_distance", fit.distance.into());
        put("alpha_xmin", fit.smallest.into());
    }
    for bits in [2, 3, 4, 8] {
        let cell = quantized.at(bits, Grouping::Tensor).unwrap();
        put(&format!("error_{bits}"), cell.relative_error.into());
    }
    figures
}

fn compare(
    name: &str,
    found: &Map<String, Value>,
    expected: &Map<String, Value>,
    (rtol, atol): (f64, f64),
    failures: &mut Vec<String>,
) {
    for field in found.keys().filter(|field| field.starts_with("alpha") && !expected.contains_key(*field)) {
        failures.push(format!("{name}.{field}: found where none is expected"));
    }
    for (field, expected) in expected {
        let Some(found) = found.get(field) else {
            failures.push(format!("{name}.{field}: expected, but not computed"));
            continue;
        };
        let near = match (found.as_f64(), expected.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= atol + rtol * b.abs(),
            _ => found == expected,
        };
        if !near {
            failures.push(format!("{name}.{field}: {found} instead of {expected}"));
        }
    }
}
