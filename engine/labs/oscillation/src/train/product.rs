//! What can be made of a run: its quantized weights as integers, with the words that another program needs to read them.

use std::fmt::Write as _;
use std::path::Path;

use super::levels;
use crate::config::Config;
use weightscope_frame::experiment::{Comments, to_toml};
use weightscope_frame::lab::Product;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{self, Artifact, StoreError};

/// The tensors.
const TENSORS: &str = "levels.safetensors";
/// What they are.
const README: &str = "README.md";
/// The settings, to make them again.
const EXPERIMENT: &str = "experiment.toml";

/// Levels can be taken from runs that quantize weights.
pub(in super::super) fn products(config: &Config) -> Vec<Product> {
    let levels = Product {
        id: "levels",
        label: "Integer levels and scales",
        about: "The quantized weights as 8-bit integers with one scale per row, in safetensors, with the formula that gives the weights back.",
    };
    if config.quantizes_weights() { vec![levels] } else { Vec::new() }
}

/// Levels and scales of the newest checkpoint of a run, with its step among the words.
pub(in super::super) fn levels(config: &Config, run: &Path) -> Result<Artifact, RunError> {
    let lacking = |why, advice| StoreError::Lacking {
        what: "the file of integer levels",
        why,
        advice,
        path: run.to_owned(),
    };
    if !config.quantizes_weights() {
        return Err(lacking("the run does not quantize its weights", "take one that does").into());
    }
    let newest = store::checkpoints(run)
        .pop()
        .ok_or_else(|| lacking("the run has no checkpoint yet", "resume it for some seconds"))?;
    let checkpoint = store::read_checkpoint(&newest)?;
    let mut artifact = levels::artifact(config, &checkpoint.state).ok_or_else(|| {
        lacking("its newest checkpoint has no quantized weights", "resume it to the quantized stage")
    })?;
    artifact.metadata.insert("step".to_owned(), checkpoint.marks.step.to_string());
    Ok(artifact)
}

/// Writes the levels of the newest checkpoint into a new or empty folder.
pub(in super::super) fn produce(config: &Config, run: &Path, out: &Path) -> Result<(), RunError> {
    let artifact = levels(config, run)?;
    let manifest = store::read_manifest(run)?;
    let experiment = to_toml(&store::read_experiment(crate::OWN, run)?, Comments::Each);
    store::new_folder(out)?;
    store::write_artifact(&out.join(TENSORS), &artifact)?;
    write(out, EXPERIMENT, &experiment)?;
    // The words come last: a folder without them is not whole.
    write(out, README, &words(&artifact, &manifest.id))?;
    Ok(())
}

/// What the tensors are, and how they become weights again.
fn words(artifact: &Artifact, run: &str) -> String {
    let mut text = format!(
        "# Integer levels of {run}\n\n`{TENSORS}` holds the quantized weights; `{EXPERIMENT}` is what was run.\n\n\
         Each matrix `NAME` stands there as `NAME.level` (8-bit integers, `[rows, columns]`) and `NAME.scale` (32-bit floats, \
         `[rows]`). Activations, biases, the matrices that stay in floating point, and the query-key products of a \
         reparameterized network are not in the file.\n\n| | |\n|---|---|\n"
    );
    for (key, value) in &artifact.metadata {
        let _ = writeln!(text, "| {key} | {value} |");
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the levels", |out| out.write_all(text.as_bytes()))
}
