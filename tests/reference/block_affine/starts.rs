//! Starts that read the weights or their gradient, by what does not depend on signs.

use weightscope_engine::labs::block_affine::method::initial;
use weightscope_engine::labs::block_affine::method::lora::{Lora, Scaling};
use weightscope_engine::math::layers;
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::real::Real;

use super::{matrix, refused, words};
use crate::vector::Case;

fn scale(case: &Case) -> Result<(usize, f64), String> {
    let rank = case.count("r")?;
    Ok((rank, Scaling::Plain.scale(case.number("alpha")?, rank)))
}

fn row_norms<R: Real>(matrix: &Dense<R>) -> Vec<f64> {
    matrix.each_row().map(|row| row.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt()).collect()
}

/// PiSSA.
pub(super) fn pissa(case: &mut Case) -> Result<(), String> {
    pissa_in::<f32>(case, "single")?;
    pissa_in::<f64>(case, "double")
}

fn pissa_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, x) = (matrix::<R>(case, "weight")?, matrix::<R>(case, "x")?);
    let (rank, scale) = scale(case)?;
    let start = initial::pissa(&weight, rank, scale).map_err(refused)?;
    let adapter = Lora::new(rank, scale, weight.rows(), weight.columns()).map_err(refused)?;
    let (a, b) = (&start.factors.a, &start.factors.b);
    let frozen = layers::linear(&start.base, None, &x).map_err(words)?;
    let added = adapter.addition(&start.factors, &x).map_err(refused)?;
    case.check("singular_values", path, &start.singular_values);
    case.check("BA", path, b.times(a).map_err(words)?.values());
    case.check("residual", path, start.base.values());
    case.check("row_norms_A", path, &row_norms(a));
    case.check("col_norms_B", path, &row_norms(&b.transposed()));
    case.check("A_At", path, a.times_transposed(a).map_err(words)?.values());
    case.check("y_at_init", path, frozen.plus_scaled(R::ONE, &added).map_err(words)?.values());
    case.check_number("residual_fro_norm", path, start.base.norm());
    case.check_number("scaling", path, scale);
    Ok(())
}

/// OLoRA.
pub(super) fn olora(case: &mut Case) -> Result<(), String> {
    olora_in::<f32>(case, "single")?;
    olora_in::<f64>(case, "double")
}

fn olora_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let weight = matrix::<R>(case, "weight")?;
    let (rank, scale) = scale(case)?;
    let start = initial::olora(&weight, rank, scale).map_err(refused)?;
    let (a, b) = (&start.factors.a, &start.factors.b);
    case.check("BA", path, b.times(a).map_err(words)?.values());
    case.check("residual", path, start.base.values());
    case.check("Bt_B", path, b.transposed_times(b).map_err(words)?.values());
    Ok(())
}

/// LoRA-GA.
pub(super) fn lora_ga(case: &mut Case) -> Result<(), String> {
    lora_ga_in::<f32>(case, "single")?;
    lora_ga_in::<f64>(case, "double")
}

fn lora_ga_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, gradient) = (matrix::<R>(case, "weight")?, matrix::<R>(case, "grad")?);
    let (rank, scale) = scale(case)?;
    let gamma = case.number("gamma")?;
    let start = initial::lora_ga(&weight, &gradient, rank, scale, gamma).map_err(refused)?;
    let (a, b) = (&start.factors.a, &start.factors.b);
    case.check_number("zeta", path, initial::stable_length(weight.rows(), gamma));
    case.check("At_A", path, a.transposed_times(a).map_err(words)?.values());
    case.check("B_Bt", path, b.times_transposed(b).map_err(words)?.values());
    let first: Vec<f64> = start.singular_values.iter().take(2 * rank).copied().collect();
    case.check("singular_values_first_2r", path, &first);
    Ok(())
}
