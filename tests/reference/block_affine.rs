//! Vectors of the block-affine lab: adapters, their starts, and a language model in the published layout. All in single and in double
//! precision.

mod adapters;
mod models;
mod starts;

use weightscope_engine::labs::block_affine::method::AdapterError;
use weightscope_engine::math::MathError;
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::real::Real;

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "block_affine", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "bone_col_forward_merge_grad" | "bone_row_forward_merge_grad" | "bone_free_forward_merge_grad" => {
            adapters::bone
        }
        "miss_divisible" | "miss_padded" => adapters::miss,
        "miss_mini" => adapters::miss_mini,
        "lora_forward_grad" => adapters::lora,
        "pissa_init" => starts::pissa,
        "olora_init" => starts::olora,
        "lora_ga_init" => starts::lora_ga,
        "llama_folder" => models::llama,
        _ => return None,
    })
}

/// An input as a matrix whose columns are its last dimension.
fn matrix<R: Real>(case: &Case, key: &str) -> Result<Dense<R>, String> {
    let columns = case.shape(key)?.last().copied().unwrap_or_default();
    let values: Vec<R> = case.numbers(key)?.into_iter().map(R::from_f64).collect();
    Dense::new(values.len() / columns.max(1), columns, values).map_err(words)
}

/// An input as a list.
fn list<R: Real>(case: &Case, key: &str) -> Result<Vec<R>, String> {
    Ok(case.numbers(key)?.into_iter().map(R::from_f64).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn words(error: MathError) -> String {
    error.to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn refused(error: AdapterError) -> String {
    error.to_string()
}
