//! Models of a run: written as they finish, found again when the run goes on or is looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{FOLDER, PARAMS, RESULT, WEIGHTS, checkpoint};
use crate::config::{Config, Unit};
use crate::plan::Knobs;
use crate::run::training::{Network, Point, Score, Scores};
use weightscope_frame::store::{self, Artifact, Blob, StoreError};
use weightscope_population::Shape;

/// Where a model of a run lies.
pub(crate) fn folder(run: &Path, knobs: &Knobs, seed: usize) -> PathBuf {
    run.join(FOLDER).join(knobs.name(seed))
}

/// Settings of a model under the published keys, and under our own what those lack.
pub(crate) fn params(config: &Config, shape: &Shape, knobs: &Knobs, run_seed: u64, seed: usize) -> Value {
    let unit = match config.activation {
        Unit::Relu => "relu",
        Unit::Tanh => "tanh",
        Unit::Gelu => "gelu",
    };
    json!({
        "model::type": "mlp",
        "model::width": knobs.width,
        "model::channels_in": shape.inputs(),
        "model::o_dim": shape.outputs(),
        "model::nlin": unit,
        "model::dropout": 0.0,
        "model::init_type": "kaiming_uniform",
        "model::use_bias": true,
        "model::sizes": shape.sizes(),
        "optim::optimizer": "sgd",
        "optim::lr": knobs.learning_rate,
        "optim::wd": knobs.weight_decay,
        "optim::momentum": config.momentum,
        "optim::scheduler": config.course.key(),
        "training::batchsize": knobs.batch,
        "training::epochs_min": config.epochs_min,
        "training::steps_min": config.steps_min,
        "training::loss": "cross_entropy",
        "seed": seed,
        "run::seed": run_seed,
        "dataset::dump": config.dataset,
        "dataset::label_column": config.label_column,
        "dataset::train_rows": config.train_rows,
        "dataset::seed": config.data_seed,
        "dataset::share": knobs.data_share,
        "dataset::label_noise": knobs.label_noise,
    })
}

/// Writes a finished model.
pub(crate) fn write(
    folder: &Path,
    params: &Value,
    shape: &Shape,
    network: &Network,
) -> Result<(), StoreError> {
    let weights = folder.join(checkpoint(network.epochs));
    store::disk::make_folders(&weights)
        .map_err(|error| StoreError::io("a folder of the zoo", &weights, error))?;
    let mut artifact = Artifact::default();
    for tensor in shape.tensors() {
        let values = network.weights.get(tensor.range).unwrap_or_default();
        artifact.tensors.insert(tensor.name, Blob::from_f32(tensor.shape, values));
    }
    store::write_artifact(&weights.join(WEIGHTS), &artifact)?;
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    write_text(&folder.join(PARAMS), &text(params))?;
    write_text(&folder.join(RESULT), &result(network))
}

fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    store::write_atomically(path, "a file of the zoo", |out| out.write_all(text.as_bytes()))
}

/// One line for each epoch, the first before training; the last also holds what is known of the finished network.
fn result(network: &Network) -> String {
    let mut text = String::new();
    for (index, point) in network.curve.iter().enumerate() {
        let mut line = Map::new();
        line.insert("training_iteration".to_owned(), json!(point.epoch));
        if point.running_loss.is_finite() {
            line.insert("running_loss".to_owned(), json!(point.running_loss));
        }
        if let Some(Scores { train, test }) = point.judged {
            for (key, value) in [
                ("train_loss", train.loss),
                ("train_acc", train.accuracy),
                ("test_loss", test.loss),
                ("test_acc", test.accuracy),
            ] {
                line.insert(key.to_owned(), json!(value));
            }
        }
        if index + 1 == network.curve.len() {
            let summary = Network { curve: Vec::new(), ..network.clone() };
            line.insert("weightscope".to_owned(), serde_json::to_value(summary).unwrap_or_default());
        }
        text.push_str(&Value::Object(line).to_string());
        text.push('\n');
    }
    text
}

/// A finished model with the same settings; `None` if it is not there, not whole, or made differently.
pub(crate) fn read(folder: &Path, params: &Value, shape: &Shape) -> Option<Network> {
    let found: Value = serde_json::from_str(&fs::read_to_string(folder.join(PARAMS)).ok()?).ok()?;
    let (curve, summary) = read_result(folder)?;
    let mut network: Network = serde_json::from_value(summary).ok()?;
    if found != *params {
        return None;
    }
    network.weights = Arc::new(read_weights(folder, network.epochs, shape)?);
    network.curve = curve;
    Some(network)
}

/// Learning curve and summary of one of our own models.
pub(crate) fn read_result(folder: &Path) -> Option<(Vec<Point>, Value)> {
    let text = fs::read_to_string(folder.join(RESULT)).ok()?;
    let (mut curve, mut summary) = (Vec::new(), Value::Null);
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| value.get(key).map(|value| value.as_f64().unwrap_or(f64::NAN));
        let score =
            |loss: &str, accuracy: &str| Some(Score { loss: number(loss)?, accuracy: number(accuracy)? });
        let scores = score("train_loss", "train_acc").zip(score("test_loss", "test_acc"));
        let judged = scores.map(|(train, test)| Scores { train, test });
        let epoch = value.get("training_iteration")?.as_u64()? as usize;
        curve.push(Point { epoch, running_loss: number("running_loss").unwrap_or(f64::NAN), judged });
        if let Some(found) = value.get("weightscope") {
            summary = found.clone();
        }
    }
    Some((curve, summary))
}

/// The weights of a checkpoint as one flat vector.
pub(crate) fn read_weights(folder: &Path, epoch: usize, shape: &Shape) -> Option<Vec<f32>> {
    let bytes = fs::read(folder.join(checkpoint(epoch)).join(WEIGHTS)).ok()?;
    let file = safetensors::SafeTensors::deserialize(&bytes).ok()?;
    let mut flat = vec![0.0; shape.parameters()];
    for tensor in shape.tensors() {
        let view = file.tensor(&tensor.name).ok()?;
        let blob = Blob { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: view.data().to_vec() };
        let values = blob.to_f32().filter(|_| blob.shape == tensor.shape)?;
        flat.get_mut(tensor.range)?.copy_from_slice(&values);
    }
    Some(flat)
}

/// Gives a run folder the finished models of another that it has not; the other's are only read.
pub(crate) fn carry_over(parent: &Path, child: &Path) -> Result<(), StoreError> {
    let Ok(models) = fs::read_dir(parent.join(FOLDER)) else { return Ok(()) };
    for model in models.flatten().filter(|model| model.path().join(RESULT).is_file()) {
        copy_model(&model.path(), &child.join(FOLDER).join(model.file_name()))?;
    }
    Ok(())
}

/// Copies a model's files; the one that makes it count as there comes last. Files are never changed in place, so a second name for
/// one is as good as a copy, and takes no room.
fn copy_model(from: &Path, to: &Path) -> Result<(), StoreError> {
    each_file_but_result(from, to, link)?;
    link(&from.join(RESULT), &to.join(RESULT))
}

/// Hands each file of a model but its `result.json`, with its place in another folder, to `copy`; makes the folders on the way.
pub(super) fn each_file_but_result(
    from: &Path,
    to: &Path,
    copy: impl Fn(&Path, &Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |path: &Path, error| StoreError::io("a folder of the zoo", path, error);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let (here, there) = (from.join(&folder), to.join(&folder));
        fs::create_dir_all(&there).map_err(|error| failed(&there, error))?;
        for entry in fs::read_dir(&here).map_err(|error| failed(&here, error))?.flatten() {
            let name = entry.file_name();
            if entry.path().is_dir() {
                folders.push(folder.join(&name));
            } else if name != RESULT {
                copy(&entry.path(), &there.join(&name))?;
            }
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> Result<(), StoreError> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let bytes = fs::read(from).map_err(|error| StoreError::io("a file of the zoo", from, error))?;
    store::write_atomically(to, "a file of the zoo", |out| out.write_all(&bytes))
}
