//! Bone, MiSS and LoRA: what they add, their outputs, gradients and merged weights.

use weightscope_engine::labs::block_affine::method::bone::{Bone, Variant};
use weightscope_engine::labs::block_affine::method::linear;
use weightscope_engine::labs::block_affine::method::lora::{Factors, Lora, Scaling};
use weightscope_engine::labs::block_affine::method::miss::Miss;
use weightscope_engine::math::layers;
use weightscope_engine::math::linalg::{rank::numerical_rank, singular_values};
use weightscope_engine::math::real::Real;

use super::{list, matrix, refused, words};
use crate::vector::Case;

/// All three forms of Bone.
pub(super) fn bone(case: &mut Case) -> Result<(), String> {
    bone_in::<f32>(case, "single")?;
    bone_in::<f64>(case, "double")
}

fn bone_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, bone, x) =
        (matrix::<R>(case, "weight")?, matrix::<R>(case, "bone")?, matrix::<R>(case, "x")?);
    let (bias, upstream) = (list::<R>(case, "bias")?, matrix::<R>(case, "upstream_grad")?);
    let variant = match case.input("variant")?.as_str() {
        Some("col") => Variant::Column,
        Some("row") => Variant::Row,
        Some("free") => Variant::Free,
        other => return Err(format!("no variant {other:?}")),
    };
    let adapter =
        Bone::new(variant, case.count("block")?, weight.rows(), weight.columns()).map_err(refused)?;
    let merged = adapter.merged(&weight, &bone).map_err(refused)?;
    let gradient = linear::weight_gradient(&upstream, &x).map_err(words)?;
    let found = adapter.gradient(&weight, &gradient).map_err(refused)?;
    case.check("delta_w", path, adapter.delta(&weight, &bone).map_err(refused)?.values());
    case.check("merged_weight", path, merged.values());
    case.check("y", path, layers::linear(&merged, Some(&bias), &x).map_err(words)?.values());
    case.check("grad_bone", path, found.values());
    // The gradient by B does not read B.
    case.check("grad_bone_at_zero_bone", path, found.values());
    case.check("grad_x", path, linear::input_gradient(&merged, &upstream).map_err(words)?.values());
    case.check("unmerged_weight", path, adapter.unmerged(&merged, &bone).map_err(refused)?.values());
    case.check_number("trainable_params", path, adapter.parameters() as f64);
    Ok(())
}

/// MiSS whose rank divides the inputs, and one whose does not.
pub(super) fn miss(case: &mut Case) -> Result<(), String> {
    miss_in::<f32>(case, "single")?;
    miss_in::<f64>(case, "double")
}

fn miss_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, slab, x) = (matrix::<R>(case, "weight")?, matrix::<R>(case, "D")?, matrix::<R>(case, "x")?);
    let upstream = matrix::<R>(case, "upstream_grad")?;
    let adapter = Miss::new(case.count("r")?, weight.rows(), weight.columns()).map_err(refused)?;
    let delta = adapter.delta(&slab).map_err(refused)?;
    let merged = adapter.merged(&weight, &slab).map_err(refused)?;
    let frozen = layers::linear(&weight, None, &x).map_err(words)?;
    let y = frozen.plus_scaled(R::ONE, &adapter.addition(&slab, &x).map_err(refused)?).map_err(words)?;
    case.check("block_sum", path, adapter.block_sums(&x).map_err(refused)?.values());
    case.check("y", path, y.values());
    case.check("y", &format!("{path}, merged"), layers::linear(&merged, None, &x).map_err(words)?.values());
    case.check("delta_w", path, delta.values());
    case.check("merged_weight", path, merged.values());
    case.check("grad_D", path, adapter.gradient(&upstream, &x).map_err(refused)?.values());
    let whole = linear::weight_gradient(&upstream, &x).map_err(words)?;
    let by_weights = adapter.gradient_of_weights(&whole).map_err(refused)?;
    case.check("grad_D", &format!("{path}, by weights"), by_weights.values());
    case.check("grad_x", path, linear::input_gradient(&merged, &upstream).map_err(words)?.values());
    let values = singular_values(&delta.to_matrix()).map_err(words)?;
    case.check_number("delta_rank", path, numerical_rank(&values, 1e-6).map_or(f64::NAN, |rank| rank as f64));
    case.check_number("trainable_params", path, adapter.parameters() as f64);
    Ok(())
}

/// The narrow slab.
pub(super) fn miss_mini(case: &mut Case) -> Result<(), String> {
    mini_in::<f32>(case, "single")?;
    mini_in::<f64>(case, "double")
}

fn mini_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, slab, x) = (matrix::<R>(case, "weight")?, matrix::<R>(case, "D")?, matrix::<R>(case, "x")?);
    let (rank, width) = (case.count("r")?, case.count("mini_r")?);
    let adapter = Miss::mini(rank, width, weight.rows(), weight.columns()).map_err(refused)?;
    let merged = adapter.merged(&weight, &slab).map_err(refused)?;
    case.check("expanded_D", path, adapter.expanded(&slab).map_err(refused)?.values());
    case.check("merged_weight", path, merged.values());
    case.check("y", path, layers::linear(&merged, None, &x).map_err(words)?.values());
    case.check_number("trainable_params", path, adapter.parameters() as f64);
    Ok(())
}

/// LoRA with both scalings.
pub(super) fn lora(case: &mut Case) -> Result<(), String> {
    lora_in::<f32>(case, "single")?;
    lora_in::<f64>(case, "double")
}

fn lora_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (weight, x) = (matrix::<R>(case, "weight")?, matrix::<R>(case, "x")?);
    let upstream = matrix::<R>(case, "upstream_grad")?;
    let factors = Factors { a: matrix::<R>(case, "A")?, b: matrix::<R>(case, "B")? };
    let (rank, alpha) = (case.count("r")?, case.number("alpha")?);
    let scale = Scaling::Plain.scale(alpha, rank);
    let adapter = Lora::new(rank, scale, weight.rows(), weight.columns()).map_err(refused)?;
    let frozen = layers::linear(&weight, None, &x).map_err(words)?;
    let y = frozen.plus_scaled(R::ONE, &adapter.addition(&factors, &x).map_err(refused)?).map_err(words)?;
    let merged = adapter.merged(&weight, &factors).map_err(refused)?;
    let gradient = linear::weight_gradient(&upstream, &x).map_err(words)?;
    let gradient = adapter.gradient(&factors, &gradient).map_err(refused)?;
    case.check_number("scaling", path, scale);
    case.check_number("rslora_scaling", path, Scaling::RankStabilised.scale(alpha, rank));
    case.check_number("init_bound_A", path, adapter.bound());
    case.check("y", path, y.values());
    case.check("merged_weight", path, merged.values());
    case.check("grad_A", path, gradient.a.values());
    case.check("grad_B", path, gradient.b.values());
    case.check_number("trainable_params", path, adapter.parameters() as f64);
    Ok(())
}
