//! What can be made of a run: its quantized weights as integers, with the words that another program needs to read them.

use std::fmt::Write as _;
use std::path::Path;

use super::levels;
use crate::experiment::{Comments, to_toml};
use crate::labs::Product;
use crate::labs::oscillation::config::Config;
use crate::run::RunError;
use crate::store::{self, Artifact, StoreError};

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

/// Writes the levels of the newest checkpoint into a new or empty folder.
pub(in super::super) fn produce(config: &Config, run: &Path, out: &Path) -> Result<(), RunError> {
    let lacking = |why: &str, advice| {
        let what = "the integer levels";
        RunError::Store(StoreError::Damaged { what, why: why.to_owned(), advice, path: run.to_owned() })
    };
    let newest = store::checkpoints(run)
        .pop()
        .ok_or_else(|| lacking("the run has no checkpoint yet", "let it train for some seconds"))?;
    let checkpoint = store::read_checkpoint(&newest)?;
    let artifact = levels::artifact(config, &checkpoint.state).ok_or_else(|| {
        lacking("its checkpoint has no quantized weights", "resume the run to its quantized stage")
    })?;
    let manifest = store::read_manifest(run)?;
    let experiment = to_toml(&store::read_experiment(run)?, Comments::Each);
    store::new_folder(out)?;
    store::write_artifact(&out.join(TENSORS), &artifact)?;
    write(out, EXPERIMENT, &experiment)?;
    // The words come last: a folder without them is not whole.
    write(out, README, &words(&artifact, &manifest.id, checkpoint.marks.step))?;
    Ok(())
}

/// What the tensors are, and how they become weights again.
fn words(artifact: &Artifact, run: &str, step: u64) -> String {
    let mut text = format!(
        "# Integer levels of {run}\n\n`{TENSORS}` holds the quantized weights at step {step}; `{EXPERIMENT}` is what was run.\n\n\
         Each matrix `NAME` stands there as `NAME.level` (8-bit integers, `[rows, columns]`) and `NAME.scale` (32-bit floats, \
         `[rows]`). Activations, biases and the matrices that stay in floating point are not in the file.\n\n| | |\n|---|---|\n"
    );
    for (key, value) in &artifact.metadata {
        let _ = writeln!(text, "| {key} | {value} |");
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the levels", |out| out.write_all(text.as_bytes()))
}
