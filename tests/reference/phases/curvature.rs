//! Hessian products, eigenvalues, trace and spectral density on the vectors' networks.

use std::convert::Infallible;

use weightscope_engine::labs::phases::method::density::{Drawing, density};
use weightscope_engine::labs::phases::method::hessian::{self, PowerLimits};
use weightscope_engine::math::linalg::lanczos::{Lanczos, lanczos};
use weightscope_engine::math::linalg::symmetric;
use weightscope_engine::population::lane::{add_scaled, dot, norm, scale};
use weightscope_engine::population::{Curvature, Lane, Machine};

use super::Setting;
use crate::vector::Case;

/// Work that cannot fail.
fn sure<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

fn exactly(curvature: &mut Curvature) -> impl FnMut(&[Lane], &mut [Lane]) -> Result<(), Infallible> + '_ {
    |direction, image| {
        curvature.product(direction, image);
        Ok(())
    }
}

/// Gradient, products, eigenvalues by power iteration, trace, and the whole matrix.
pub(super) fn hessian(case: &mut Case) -> Result<(), String> {
    let setting = Setting::read(case)?;
    let (shape, samples) = (&setting.shape, &setting.samples);
    let weights = setting.packed(case, "params")?;
    let rows: Vec<u32> = (0..samples.rows() as u32).collect();
    let mut machine = Machine::new(shape, rows.len());
    let mut gradient = shape.zeros();
    let loss = machine.gradient(&weights, samples, &rows, &mut gradient) / rows.len() as f64;
    case.check_number("loss", "gradient pass", loss);
    case.check_number("loss", "judging", machine.judge(&weights, samples).loss);
    case.check("grad", "kernel", &shape.unpack(&gradient));

    let mut curvature = Curvature::new(shape, &weights, samples);
    let mut product = exactly(&mut curvature);
    let direction = setting.packed(case, "v")?;
    let mut image = shape.zeros();
    sure(product(&direction, &mut image));
    case.check("hvp", "R-operator", &shape.unpack(&image));
    differences(case, &setting, &weights, &direction)?;
    powers(case, &setting, &mut product)?;

    let signs = setting.all_packed(case, "signs")?;
    let samples_of_trace: Vec<f64> =
        signs.iter().map(|signs| sure(hessian::trace_sample(&mut product, signs, &mut image))).collect();
    case.check("vHv", "R-operator", &samples_of_trace);
    whole(case, &setting, &mut product);
    Ok(())
}

/// The finite-step product, which is no substitute at kinks but has its own reference.
fn differences(
    case: &mut Case,
    setting: &Setting,
    weights: &[Lane],
    direction: &[Lane],
) -> Result<(), String> {
    let step = case.number("eps")? as f32;
    let rows: Vec<u32> = (0..setting.samples.rows() as u32).collect();
    let mut machine = Machine::new(&setting.shape, rows.len());
    let mut slope = |step: f32| {
        let mut point = weights.to_vec();
        add_scaled(&mut point, step, direction);
        let mut gradient = setting.shape.zeros();
        machine.gradient(&point, &setting.samples, &rows, &mut gradient);
        gradient
    };
    let (mut above, below) = (slope(step), slope(-step));
    add_scaled(&mut above, -1.0, &below);
    scale(&mut above, 0.5 / step);
    // The note of the vector allows 1e-3 here: the difference of two gradients in single precision over a step of 1e-3.
    let found = setting.shape.unpack(&above);
    case.check_within("fd_hvp", "central difference", &found, 1e-3);
    Ok(())
}

fn powers(
    case: &mut Case,
    setting: &Setting,
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), Infallible>,
) -> Result<(), String> {
    let starts = setting.all_packed(case, "starts")?;
    let long = PowerLimits { iterations: 300, tolerance: 1e-9 };
    let top = sure(hessian::largest(product, &starts, long));
    let values: Vec<f64> = top.iter().map(|result| result.value).collect();
    case.check("power_top3", "R-operator", &values);
    let first: Vec<f64> = top.iter().flat_map(|result| result.quotients.iter().take(6).copied()).collect();
    case.check("power_first6", "R-operator", &first);
    let published = PowerLimits { iterations: 100, tolerance: 1e-3 };
    let start = starts.first().ok_or("there is no start")?;
    let stopped = sure(hessian::power(product, start, &[], published));
    case.check_number("pyhessian_stop", "R-operator", stopped.value);
    case.check_number("pyhessian_steps", "R-operator", stopped.quotients.len() as f64);
    Ok(())
}

fn whole(
    case: &mut Case,
    setting: &Setting,
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), Infallible>,
) {
    let size = setting.shape.parameters();
    let matrix = sure(hessian::dense(product, &setting.shape));
    let diagonal: Vec<f64> = (0..size).map(|index| matrix[index * size + index]).collect();
    case.check_number("trace", "whole matrix", diagonal.iter().sum());
    let parts: Vec<f64> =
        setting.shape.tensors().iter().map(|tensor| diagonal[tensor.range.clone()].iter().sum()).collect();
    case.check("trace_per_tensor", "whole matrix", &parts);
    case.check_number("frob", "whole matrix", matrix.iter().map(|value| value * value).sum::<f64>().sqrt());
    let mut values = symmetric::eigen(&matrix, size).map(|eigen| eigen.values).unwrap_or_default();
    values.reverse();
    case.check("eig_desc", "whole matrix", &values);
}

/// Lanczos runs, their moments, and the density.
pub(super) fn quadrature(case: &mut Case) -> Result<(), String> {
    let setting = Setting::read(case)?;
    let weights = setting.packed(case, "params")?;
    let mut curvature = Curvature::new(&setting.shape, &weights, &setting.samples);
    let mut product = exactly(&mut curvature);
    let steps = case.count("steps")?;
    let starts = setting.all_packed(case, "signs")?;
    let runs: Vec<_> =
        starts.iter().map(|start| sure(lanczos(&mut product, start, steps, || start.clone()))).collect();
    let joined =
        |part: fn(&Lanczos) -> &Vec<f64>| runs.iter().flat_map(|run| part(run).clone()).collect::<Vec<f64>>();
    case.check("alpha", "Lanczos", &joined(|run| &run.alpha));
    case.check("beta", "Lanczos", &joined(|run| &run.beta));
    case.check("ritz", "Lanczos", &joined(|run| &run.ritz));
    case.check("weights", "Lanczos", &joined(|run| &run.weights));
    let (mut direct, mut by_ritz) = (Vec::new(), Vec::new());
    for (start, run) in starts.iter().zip(&runs) {
        let mut unit = start.clone();
        scale(&mut unit, (1.0 / norm(start)) as f32);
        let (mut power, mut next) = (unit.clone(), setting.shape.zeros());
        for order in 0..6 {
            direct.push(dot(&unit, &power));
            let quadrature = run.ritz.iter().zip(&run.weights);
            by_ritz.push(quadrature.map(|(ritz, weight)| weight * ritz.powi(order)).sum::<f64>());
            sure(product(&power, &mut next));
            std::mem::swap(&mut power, &mut next);
        }
    }
    case.check("moments", "products", &direct);
    case.check("moments", "quadrature", &by_ritz);
    let drawing = Drawing {
        bins: case.count("bins")?,
        variance: case.number("sigma_squared")?,
        overhead: case.number("overhead")?,
    };
    let drawn = density(&runs, drawing).ok_or("there is no density")?;
    case.check_number("grid_lo", "density", drawn.positions.first().copied().unwrap_or(f64::NAN));
    case.check_number("grid_hi", "density", drawn.positions.last().copied().unwrap_or(f64::NAN));
    case.check_number("kernel_variance", "density", drawn.variance);
    case.check("density", "density", &drawn.values);
    case.check_number("n_params", "shape", setting.shape.parameters() as f64);
    Ok(())
}
