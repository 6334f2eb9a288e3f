//! What a checkpoint of the lab holds: parameters by name, optimizer moments, the monitor, and where training stands.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use weightscope_frame::run::RunError;
use weightscope_frame::store::{Blob, State};
use weightscope_nn::optimizer::AdamW;
use weightscope_nn::parameters::{Named, Parameters};

/// A fresh state at a step of a stage.
pub(super) fn new(stage: usize, done: u64) -> State {
    State { tensors: BTreeMap::new(), numbers: json!({ "stage": stage, "done": done }) }
}

/// Stage in which the state was saved.
pub(super) fn stage(state: &State) -> usize {
    number(state, "stage") as usize
}

/// Steps done in that stage.
pub(super) fn done(state: &State) -> u64 {
    number(state, "done")
}

fn number(state: &State, key: &str) -> u64 {
    state.numbers.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0)
}

/// Adds parameters under a prefix.
pub(super) fn put_parameters(state: &mut State, prefix: &str, parameters: &Parameters) {
    for (name, Named { shape, values }) in parameters.to_named() {
        state.tensors.insert(format!("{prefix}{name}"), Blob::from_f32(shape, &values));
    }
}

/// Takes parameters from under a prefix.
pub(super) fn take_parameters(
    state: &State,
    prefix: &str,
    parameters: &mut Parameters,
) -> Result<(), RunError> {
    let mut named = BTreeMap::new();
    for (name, blob) in &state.tensors {
        if let (Some(name), Some(values)) = (name.strip_prefix(prefix), blob.to_f32()) {
            named.insert(name.to_owned(), Named { shape: blob.shape.clone(), values });
        }
    }
    parameters.load_named(&named).map_err(|error| damaged(&error.to_string()))
}

/// Adds an optimizer's moments.
pub(super) fn put_optimizer(state: &mut State, optimizer: &AdamW) {
    let count = vec![optimizer.first_moment.len()];
    state
        .tensors
        .insert("optimizer.first_moment".to_owned(), Blob::from_f32(count.clone(), &optimizer.first_moment));
    state
        .tensors
        .insert("optimizer.second_moment".to_owned(), Blob::from_f32(count, &optimizer.second_moment));
    state.tensors.insert("optimizer.steps".to_owned(), Blob::from_u64(vec![1], &[optimizer.steps]));
}

/// Takes an optimizer's moments.
pub(super) fn take_optimizer(state: &State, optimizer: &mut AdamW) -> Result<(), RunError> {
    let floats = |name: &str| {
        state
            .tensors
            .get(name)
            .and_then(Blob::to_f32)
            .filter(|values| values.len() == optimizer.first_moment.len())
    };
    let (Some(first), Some(second)) = (floats("optimizer.first_moment"), floats("optimizer.second_moment"))
    else {
        return Err(damaged("the optimizer's moments do not fit the network"));
    };
    optimizer.first_moment = first;
    optimizer.second_moment = second;
    optimizer.steps = state
        .tensors
        .get("optimizer.steps")
        .and_then(Blob::to_u64)
        .and_then(|steps| steps.first().copied())
        .unwrap_or(0);
    Ok(())
}

/// Adds anything serialisable.
pub(super) fn put(state: &mut State, name: &str, value: &impl Serialize) {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail; were it to, the checkpoint would lack the entry and be refused on reading.
    if ciborium::into_writer(value, &mut bytes).is_ok() {
        state.tensors.insert(name.to_owned(), Blob::from_u8(vec![bytes.len()], &bytes));
    }
}

/// Takes it back.
pub(super) fn take<T: DeserializeOwned>(state: &State, name: &str) -> Result<T, RunError> {
    let blob = state.tensors.get(name).ok_or_else(|| damaged(&format!("{name} is missing")))?;
    ciborium::from_reader(&blob.bytes[..]).map_err(|error| damaged(&error.to_string()))
}

pub(super) fn damaged(why: &str) -> RunError {
    RunError::Defect(format!("the checkpoint does not fit this program ({why})"))
}
