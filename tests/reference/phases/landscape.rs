//! Directions, surfaces, trajectories, spectra of weights.

use std::ops::Range;

use serde_json::Value;
use weightscope_engine::labs::phases::method::directions::{Scaling, cosine, normalize};
use weightscope_engine::labs::phases::method::spectral::{balanced_rates, eigenvalues};
use weightscope_engine::labs::phases::method::trajectory;
use weightscope_engine::math::stats::power_law::exponent_of_upper_half;
use weightscope_engine::population::Machine;
use weightscope_engine::population::lane::combine;
use weightscope_engine::population::shape::Tensor;

use super::Setting;
use crate::vector::Case;

fn shape_of(value: &Value) -> Vec<usize> {
    let mut shape = Vec::new();
    let mut value = Some(value);
    while let Some(Value::Array(items)) = value {
        shape.push(items.len());
        value = items.first();
    }
    shape
}

/// All scalings of a direction, for matrices, biases and convolutions.
pub(super) fn scaling(case: &mut Case) -> Result<(), String> {
    let weights = case.singles("weights")?;
    let direction = case.singles("direction")?;
    let list = case.input("weights")?.as_array().cloned().unwrap_or_default();
    let mut start = 0;
    let tensors: Vec<Tensor> = list
        .iter()
        .map(|value| {
            let shape = shape_of(value);
            let range: Range<usize> = start..start + shape.iter().product::<usize>();
            start = range.end;
            Tensor { name: String::new(), shape, range }
        })
        .collect();
    for (field, scaling, without) in [
        ("filter_biasbn", Scaling::Filter, true),
        ("filter_keep", Scaling::Filter, false),
        ("layer_biasbn", Scaling::Layer, true),
        ("weight_biasbn", Scaling::Weight, true),
        ("dfilter_biasbn", Scaling::UnitFilter, true),
        ("dlayer_biasbn", Scaling::UnitLayer, true),
    ] {
        let mut scaled = direction.clone();
        normalize(&mut scaled, &weights, &tensors, scaling, without);
        case.check(field, "host", &scaled);
    }
    Ok(())
}

/// A surface and a line of the loss.
pub(super) fn surface(case: &mut Case) -> Result<(), String> {
    let setting = Setting::read(case)?;
    let weights = setting.packed(case, "params")?;
    let flat = case.singles("params")?;
    let direction = |key: &str| {
        let mut raw = case.singles(key)?;
        normalize(&mut raw, &flat, &setting.shape.tensors(), Scaling::Filter, true);
        setting.shape.pack(&raw).map_err(|error| error.to_string())
    };
    let (first, second) = (direction("raw_d1")?, direction("raw_d2")?);
    let (alphas, betas) = (case.singles("alphas")?, case.singles("betas")?);
    let mut machine = Machine::new(&setting.shape, setting.samples.rows());
    let mut point = setting.shape.zeros();
    let mut judge = |alpha: f32, beta: f32| {
        combine(&mut point, &[(1.0, &weights), (alpha, &first), (beta, &second)]);
        machine.judge(&point, &setting.samples)
    };
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    for alpha in &alphas {
        for beta in &betas {
            let judged = judge(*alpha, *beta);
            losses.push(judged.loss);
            accuracies.push(judged.accuracy);
        }
    }
    let line: Vec<f64> = alphas.iter().map(|alpha| judge(*alpha, 0.0).loss).collect();
    case.check("loss", "kernel", &losses);
    case.check("accuracy", "kernel", &accuracies);
    case.check("line1d", "kernel", &line);
    case.check_number("cosine", "packed", cosine(&first, &second).unwrap_or(f64::NAN));
    Ok(())
}

/// Principal components of a path.
pub(super) fn trajectory(case: &mut Case) -> Result<(), String> {
    let [_, size] = case.dims("checkpoints")?;
    let values = case.singles("checkpoints")?;
    let rows: Vec<Vec<f32>> = values.chunks_exact(size).map(<[f32]>::to_vec).collect();
    let found = trajectory::trajectory(&rows, 2).ok_or("the path does not move")?;
    case.check("components", "host", &found.components.concat());
    case.check("explained_ratio", "host", &found.explained);
    case.check("coords", "host", &found.coordinates.concat());
    Ok(())
}

/// Eigenvalues, exponents and balanced rates of layers.
pub(super) fn spectral(case: &mut Case) -> Result<(), String> {
    let matrices = case.input("matrices")?.as_array().cloned().unwrap_or_default();
    let (mut all, mut exponents) = (Vec::new(), Vec::new());
    for matrix in &matrices {
        let rows = matrix.as_array().cloned().unwrap_or_default();
        let values: Vec<f32> = rows
            .iter()
            .flat_map(|row| row.as_array().cloned().unwrap_or_default())
            .filter_map(|value| value.as_f64())
            .map(|value| value as f32)
            .collect();
        let found = eigenvalues(&values, rows.len());
        exponents.push(exponent_of_upper_half(&found).unwrap_or(f64::NAN));
        all.extend(found);
    }
    case.check("eigenvalues", "host", &all);
    case.check("alpha", "host", &exponents);
    let rates = balanced_rates(&exponents, case.number("lr")?);
    case.check("lr_linear", "host", &rates);
    Ok(())
}
