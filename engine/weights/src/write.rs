//! Writes low-rank adapters in the form of the library PEFT: the one thing that this crate writes, and only where it is asked to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::error::WeightsError;
use crate::text::shown;

/// One change of a weight as a product of two factors, `B · A`.
#[derive(Clone, Debug)]
pub struct LowRank<'a> {
    /// The name of the base's weight; it must end with `.weight`.
    pub base: &'a str,
    /// Its shape: two dimensions or more; more are as first × rest.
    pub shape: &'a [usize],
    /// The number of columns of `B` and of rows of `A`.
    pub rank: usize,
    /// `B`, row by row: first dimension × rank.
    pub b: &'a [f32],
    /// `A`, row by row: rank × rest.
    pub a: &'a [f32],
}

/// Writes an adapter of these changes into `folder`, which is made: `adapter_model.safetensors` with PEFT's names, and
/// `adapter_config.json` that gives each a scale of one.
///
/// # Errors
/// If there is no change, if one has a name, a shape or a number of values that does not fit, if an adapter lies there already, or the
/// folder cannot be written.
pub fn adapter(folder: &Path, base_model: Option<&str>, changes: &[LowRank<'_>]) -> Result<(), WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, folder);
    let weights = folder.join("adapter_model.safetensors");
    let description = folder.join("adapter_config.json");
    for path in [&weights, &description] {
        if path.exists() {
            return Err(WeightsError::unusable("an adapter lies there already; choose another folder", path));
        }
    }
    let rank = changes.iter().map(|change| change.rank).max().unwrap_or(0);
    if rank == 0 {
        return Err(refused("there is no change of a rank of one or more to write".to_owned()));
    }
    let mut factors = Vec::new();
    let (mut modules, mut ranks) = (BTreeSet::new(), BTreeMap::new());
    for change in changes {
        let module = checked(change).map_err(refused)?;
        modules.insert(module);
        if change.rank != rank {
            ranks.insert(module, change.rank);
        }
        factors.extend(named_factors(change, module));
    }
    let views: Result<Vec<(String, TensorView<'_>)>, _> = factors
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.clone(), view))
        })
        .collect();
    let views = views.map_err(|error| refused(format!("the adapter cannot be written ({error})")))?;
    let bytes = safetensors::serialize(views, None)
        .map_err(|error| refused(format!("the adapter cannot be written ({error})")))?;
    let text = serde_json::to_vec_pretty(&description_of(base_model, rank, &modules, &ranks))
        .map_err(|error| refused(format!("the adapter's description cannot be written ({error})")))?;
    std::fs::create_dir_all(folder).map_err(|error| WeightsError::io("making the folder", error, folder))?;
    write_whole(&weights, &bytes)?;
    write_whole(&description, &text)
}

/// What `adapter_config.json` says: a scale of one for each change, whose ranks differ where `ranks` says so.
fn description_of(
    base_model: Option<&str>,
    rank: usize,
    modules: &BTreeSet<&str>,
    ranks: &BTreeMap<&str, usize>,
) -> serde_json::Value {
    serde_json::json!({
        "peft_type": "LORA",
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": rank,
        "target_modules": modules,
        "rank_pattern": ranks,
        "alpha_pattern": ranks,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": false,
        "use_rslora": false,
        "use_dora": false,
        "task_type": null,
        "inference_mode": true,
    })
}

/// The module of a change that fits together.
fn checked<'a>(change: &LowRank<'a>) -> Result<&'a str, String> {
    let name = shown(change.base);
    let module = change.base.strip_suffix(".weight").filter(|module| !module.is_empty());
    let module = module.ok_or_else(|| {
        format!(
            "an adapter can only change weights of modules, whose names end with .weight, and {name} is none"
        )
    })?;
    let [first, rest @ ..] = change.shape else { return Err(format!("{name} is no matrix")) };
    let columns: usize = rest.iter().product();
    if rest.is_empty() || change.b.len() != first * change.rank || change.a.len() != change.rank * columns {
        return Err(format!("the factors of {name} do not give its shape"));
    }
    Ok(module)
}

/// Name, shape and bytes of the two factors.
fn named_factors(change: &LowRank<'_>, module: &str) -> [(String, Vec<usize>, Vec<u8>); 2] {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut shape_a = change.shape.to_vec();
    let first = std::mem::replace(shape_a.first_mut().unwrap_or(&mut 0), change.rank);
    // Of a convolution the second factor has kernels of one position.
    let mut shape_b = vec![1; change.shape.len()];
    for (place, length) in shape_b.iter_mut().zip([first, change.rank]) {
        *place = length;
    }
    [
        (format!("base_model.model.{module}.lora_A.weight"), shape_a, bytes(change.a)),
        (format!("base_model.model.{module}.lora_B.weight"), shape_b, bytes(change.b)),
    ]
}

/// Writes a file under a passing name first, so that a half of it is never found.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WeightsError> {
    let passing = path.with_extension("part");
    std::fs::write(&passing, bytes).map_err(|error| WeightsError::io("writing", error, &passing))?;
    std::fs::rename(&passing, path).map_err(|error| WeightsError::io("writing", error, path))
}
