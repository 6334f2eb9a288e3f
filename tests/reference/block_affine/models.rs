//! A language model in the layout of a published folder.

use std::collections::BTreeMap;

use weightscope_engine::labs::block_affine::method::llama::{Config, Llama};
use weightscope_engine::labs::block_affine::method::network::Pairs;
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::real::Real;

use super::{refused, words};
use crate::vector::Case;

/// Logits of a small model with shared key heads.
pub(super) fn llama(case: &mut Case) -> Result<(), String> {
    llama_in::<f32>(case, "single")?;
    llama_in::<f64>(case, "double")
}

fn llama_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let config = case.input("config")?.clone();
    let config: Config = serde_json::from_value(config).map_err(|error| error.to_string())?;
    let weights = case.input("weights")?.as_object().ok_or("the weights are no object")?;
    let mut tensors = BTreeMap::new();
    for (name, value) in weights {
        let rows: Vec<Vec<f64>> = match serde_json::from_value(value.clone()) {
            Ok(rows) => rows,
            Err(_) => vec![serde_json::from_value(value.clone()).map_err(|error| error.to_string())?],
        };
        let columns = rows.first().map_or(0, Vec::len);
        let values = rows.concat().into_iter().map(R::from_f64).collect();
        tensors.insert(name.clone(), Dense::new(rows.len(), columns, values).map_err(words)?);
    }
    let [_, times] = case.dims("tokens")?;
    let tokens: Vec<u32> = case.numbers("tokens")?.into_iter().map(|token| token as u32).collect();
    let model = Llama::<R>::new(config, Pairs::Halves, tensors).map_err(refused)?;
    let mut logits = Vec::new();
    for tokens in tokens.chunks(times) {
        logits.extend(model.logits(tokens).map_err(refused)?.into_values());
    }
    case.check("logits", path, &logits);
    Ok(())
}
