//! What can be made of a run: its networks with the function folded in, as plain weights that any program reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use weightscope_frame::experiment::{Comments, to_toml};
use weightscope_frame::lab::Product;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{self, Artifact, Blob, StoreError};

use super::Layout;
use super::figures::Finished;
use crate::config::Config;
use crate::data::Material;
use crate::network::Tensor;

/// The product's word.
const FOLDED: &str = "folded";
const README: &str = "README.md";
const EXPERIMENT: &str = "experiment.toml";
const COMPANDER: &str = "compander.json";
const INPUTS: &str = "inputs.json";
/// What is said of the form wherever it is named.
const STATUS: &str = "not confirmed";

/// Plain networks can be taken from every run.
pub(in super::super) fn products(config: &Config) -> Vec<Product> {
    let _ = config;
    vec![Product {
        id: FOLDED,
        label: "Plain networks (function folded in)",
        about: "One safetensors file for each repeat with the effective weights under the usual names, the latent weights beside them, and the function with its parameters.",
    }]
}

/// The part of a checkpoint that is folded.
#[derive(Default)]
struct Repeats {
    layout: Layout,
    finished: Vec<Finished>,
}

impl store::Saved for Repeats {
    fn codec(&mut self, codec: &mut store::Codec<'_>) -> Result<(), store::CodecError> {
        codec.value(super::LAYOUT, &mut self.layout)?;
        let length = self.layout.tensors.last().map_or(0, |tensor| tensor.range.end);
        super::save_finished(codec, &mut self.finished, length)
    }
}

/// The repeats of the newest checkpoint.
fn repeats(run: &Path) -> Result<Repeats, RunError> {
    let lacking =
        |why, advice| StoreError::Lacking { what: "the folded networks", why, advice, path: run.to_owned() };
    let newest = store::checkpoints(run)
        .pop()
        .ok_or_else(|| lacking("the run has no checkpoint yet", "resume it for some seconds"))?;
    let state = store::read_checkpoint(&newest)?.state;
    let mut repeats = Repeats::default();
    store::restore(&mut repeats, &state)?;
    if repeats.finished.is_empty() {
        return Err(lacking("no repeat is trained to its end", "resume the run").into());
    }
    Ok(repeats)
}

/// Writes the networks of the newest checkpoint into a new or empty folder.
pub(in super::super) fn produce(config: &Config, run: &Path, out: &Path) -> Result<(), RunError> {
    let manifest = store::read_manifest(run)?;
    let Repeats { layout, finished } = repeats(run)?;
    let experiment = to_toml(&store::read_experiment(crate::OWN, run)?, Comments::Each);
    store::new_folder(out)?;
    for one in &finished {
        let file = |kind: &str| out.join(format!("{kind}_seed_{}.safetensors", one.seed));
        let metadata = words(config, one.seed);
        store::write_artifact(&file("network"), &artifact(&layout.tensors, &one.plain, metadata.clone()))?;
        if config.compands() {
            store::write_artifact(&file("latent"), &artifact(&layout.tensors, &one.latent, metadata))?;
        }
    }
    let inputs = inputs(config, &finished);
    if let Ok(inputs) = &inputs {
        write(out, INPUTS, &serde_json::to_string_pretty(inputs).unwrap_or_default())?;
    }
    let compander =
        serde_json::to_string_pretty(&description(config, &layout, &finished)).unwrap_or_default();
    write(out, COMPANDER, &compander)?;
    write(out, EXPERIMENT, &experiment)?;
    // The words come last: a folder without them is not whole.
    write(out, README, &readme(config, &manifest.id, &finished, inputs.err()))?;
    Ok(())
}

/// How features became inputs in each repeat.
fn inputs(config: &Config, finished: &[Finished]) -> Result<serde_json::Value, RunError> {
    let material = Material::open(config)?;
    let repeats = finished.iter().map(|one| {
        let seed = config.data_seed.first().copied().unwrap_or(one.seed);
        Ok(json!({ "seed": one.seed, "columns": material.inputs(config, seed)? }))
    });
    let repeats = repeats.collect::<Result<Vec<_>, RunError>>()?;
    Ok(json!({ "formula": "input = (value - offset)*factor - mean, column by column", "repeats": repeats }))
}

fn artifact(tensors: &[Tensor], values: &[f32], metadata: BTreeMap<String, String>) -> Artifact {
    let blob = |tensor: &Tensor| {
        let own = values.get(tensor.range.clone()).unwrap_or_default();
        (tensor.name.clone(), Blob::from_f32(tensor.shape.clone(), own))
    };
    Artifact { tensors: tensors.iter().map(blob).collect(), metadata }
}

fn words(config: &Config, seed: u64) -> BTreeMap<String, String> {
    [
        ("seed".to_owned(), seed.to_string()),
        ("function".to_owned(), config.compander.label().to_owned()),
        ("status".to_owned(), STATUS.to_owned()),
    ]
    .into()
}

/// Form, parameters of each layer and repeat, and that the form is not confirmed.
fn description(config: &Config, layout: &Layout, finished: &[Finished]) -> serde_json::Value {
    let repeats: Vec<serde_json::Value> = finished
        .iter()
        .map(|one| {
            let pairs: serde_json::Map<String, serde_json::Value> = layout
                .matrices
                .iter()
                .zip(&one.pairs)
                .filter_map(|(layer, pair)| {
                    let pair = (*pair)?;
                    Some((layer.clone(), json!({ "a": pair.amplitude, "b": pair.width })))
                })
                .collect();
            json!({ "seed": one.seed, "layers": pairs })
        })
        .collect();
    json!({
        "form": config.compander.key(),
        "label": config.compander.label(),
        "status": STATUS,
        "formula": "w = a*f(v/b)",
        "repeats": repeats,
    })
}

fn readme(config: &Config, run: &str, finished: &[Finished], lacking: Option<RunError>) -> String {
    let mut text = format!(
        "# Networks of {run}\n\n\
         `network_seed_N.safetensors` holds a plain network: weights `[out, in]` and biases under the usual names, ready for any program. \
         Batch normalisation, if there was any, is folded in.\n\n"
    );
    if config.compands() {
        let _ = writeln!(
            text,
            "`latent_seed_N.safetensors` holds the latent weights v under the same names; `{COMPANDER}` says how they became weights: \
             w = a·f(v/b) with a and b of each layer. Form: {}.\n",
            config.compander.label()
        );
    }
    let _ = match lacking {
        None => writeln!(
            text,
            "Inputs are values less an offset, times a factor, less the mean of the training rows of the seed, column by column: `{INPUTS}`.\n"
        ),
        Some(error) => writeln!(
            text,
            "Features are scaled and centred by the training rows of the seed; the values could not be written, since the data could not be opened again: {error}\n"
        ),
    };
    let _ = writeln!(text, "| seed | test accuracy |\n|---|---|");
    for one in finished {
        let _ = writeln!(text, "| {} | {} |", one.seed, one.own.test_accuracy);
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the networks", |out| {
        out.write_all(text.as_bytes())
    })
}
