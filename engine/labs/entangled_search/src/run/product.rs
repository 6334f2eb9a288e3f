//! What can be made of a run: the network that was found, the table, the supernet, each as files that other programs read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use weightscope_frame::experiment::{Comments, to_toml};
use weightscope_frame::lab::Product;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{self, Artifact, Blob, StoreError};

use super::afterwards::Kind;
use super::{Answer, State, defect};
use crate::config::{Config, SpaceBox, Task};
use crate::method::space::{Layer, Mixing, TensorShape};
use crate::truth::Known;

const NETWORK: &str = "network";
const TABLE: &str = "table";
const SUPERNET: &str = "supernet";
const README: &str = "README.md";
const EXPERIMENT: &str = "experiment.toml";

/// The products that a run with these settings has.
pub(in super::super) fn products(config: &Config) -> Vec<Product> {
    let network = Product {
        id: NETWORK,
        label: "Chosen network",
        about: "The architecture that was found: weights as safetensors, decisions and layers as JSON in the words of PyTorch.",
    };
    let table = Product {
        id: TABLE,
        label: "Table of architectures",
        about: "All architectures with their accuracies as CSV, with a card of data, recipe and seeds; it opens again as a table.",
    };
    let supernet = Product {
        id: SUPERNET,
        label: "Supernet",
        about: "The tensors of the supernet at the answer as safetensors, with the weights of the options as JSON.",
    };
    let mut all = Vec::new();
    if config.searches() {
        all.push(network);
    }
    if config.searches() && config.trains_supernet() {
        all.push(supernet);
    }
    let has_table = config.table != "shipped" || config.computes_table() || config.is_of_shipped_table();
    if config.task != Task::Costs && has_table {
        all.push(table);
    }
    all
}

fn lacking(run: &Path, what: &'static str, why: &'static str, advice: &'static str) -> RunError {
    StoreError::Lacking { what, why, advice, path: run.to_owned() }.into()
}

/// The state of the newest checkpoint.
pub(crate) fn state(run: &Path) -> Result<State, RunError> {
    let newest = store::checkpoints(run).pop();
    let newest = newest.ok_or_else(|| {
        lacking(run, "this product", "the run has no checkpoint yet", "resume it for some seconds")
    })?;
    let mut state = State::default();
    store::restore(&mut state, &store::read_checkpoint(&newest)?.state)?;
    Ok(state)
}

/// Makes a product in a new or empty folder.
pub(in super::super) fn produce(config: &Config, id: &str, run: &Path, out: &Path) -> Result<(), RunError> {
    let (manifest, state) = (store::read_manifest(run)?, state(run)?);
    let experiment = to_toml(&store::read_experiment(crate::OWN, run)?, Comments::Each);
    let shape =
        state.shape.ok_or_else(|| lacking(run, "this product", "the run has not begun", "resume it"))?;
    let space = config.space_of(shape).map_err(defect)?;
    let readme = match id {
        TABLE => {
            let truth = state
                .truth
                .ok_or_else(|| lacking(run, "the table", "no table stands yet", "resume the run"))?;
            store::new_folder(out)?;
            write(out, "table.csv", &truth.to_csv())?;
            card(config, &manifest.id, &truth)
        }
        SUPERNET => {
            let answer = answer(run, &state)?;
            store::new_folder(out)?;
            supernet(config, &space, &state, answer, out)?;
            format!(
                "# Supernet of {}\n\n`supernet.safetensors` holds the tensors of the largest network, of which smaller ones are slices: leading rows and columns, the centre of kernels.\n\n`weights.json` holds α and the weights of the options of each decision.\n\nMixing: {:?}, sampler: {:?}.\n",
                manifest.id,
                config.mixing(),
                config.sampler()
            )
        }
        _ => {
            let answer = answer(run, &state)?;
            store::new_folder(out)?;
            network(config, &space, &state, answer, out)?;
            format!(
                "# Network of {}\n\n`architecture.json` holds decisions and layers; the names of the layers are those of the tensors.\n\n`inherited.safetensors` holds weights out of the supernet, or of the training that found the architecture; `trained_on.safetensors` and `trained_anew.safetensors` are there if the run made them.\n\nInputs are pixels that are standardised as the settings in `{EXPERIMENT}` say.\n",
                manifest.id
            )
        }
    };
    write(out, EXPERIMENT, &experiment)?;
    // The words come last: a folder without them is not whole.
    write(out, README, &readme)?;
    Ok(())
}

fn answer<'a>(run: &Path, state: &'a State) -> Result<&'a Answer, RunError> {
    state
        .answer
        .as_ref()
        .ok_or_else(|| lacking(run, "this product", "the search has no answer yet", "resume the run"))
}

fn artifact(shapes: &[TensorShape], values: &[Vec<f32>]) -> Artifact {
    let blob = |(shape, values): (&TensorShape, &Vec<f32>)| {
        (shape.label(), Blob::from_f32(shape.shape.clone(), values))
    };
    Artifact { tensors: shapes.iter().zip(values).map(blob).collect(), metadata: BTreeMap::new() }
}

fn network(
    config: &Config,
    space: &SpaceBox,
    state: &State,
    answer: &Answer,
    out: &Path,
) -> Result<(), RunError> {
    let known = Known::of(&**space, &answer.picks);
    // A stand-alone network has one pair of tensors a layer, whatever option it is of.
    let shapes: Vec<TensorShape> = space
        .tensors(Mixing::Alone, &answer.picks)
        .into_iter()
        .map(|shape| TensorShape { joint: None, ..shape })
        .collect();
    let mut files = vec![("inherited", &answer.tensors)];
    for network in &state.afterwards.pick {
        match network.kind {
            Kind::Inherited => {}
            Kind::FineTuned => files.push(("trained_on", &network.tensors)),
            Kind::Retrained => files.push(("trained_anew", &network.tensors)),
        }
    }
    for (name, values) in files {
        store::write_artifact(&out.join(format!("{name}.safetensors")), &artifact(&shapes, values))?;
    }
    let decisions: serde_json::Map<String, Value> = space
        .decisions()
        .iter()
        .zip(known.options())
        .map(|(decision, option)| {
            let words = option.and_then(|option| decision.options.get(option).cloned());
            (decision.name.clone(), words.map_or(Value::Null, Value::String))
        })
        .collect();
    let text = json!({
        "space": config.space.key(),
        "name": known.name,
        "decisions": decisions,
        "parameters": known.size.parameters,
        "multiply_adds": known.size.multiply_adds,
        "layers": layers(space, &known),
    });
    write(out, "architecture.json", &serde_json::to_string_pretty(&text).unwrap_or_default())?;
    Ok(())
}

/// The layers with weights in the words of PyTorch, in the order of the forward pass.
fn layers(space: &SpaceBox, known: &Known) -> Vec<Value> {
    let is_used = |layer: &&Layer| {
        layer.factors().iter().all(|factor| known.active.get(factor.decision) == Some(&true))
    };
    let all = space.layers().into_iter().filter(is_used);
    all.filter_map(|layer| {
        let slice = layer.slice(&known.picks)?;
        let (bias, name) = (layer.parameters(&known.picks).1 > 0, layer.name());
        let text = if layer.shape().len() > 2 {
            format!(
                "torch.nn.Conv2d({}, {}, {}, padding={}, bias={})",
                slice.inputs,
                slice.outputs,
                slice.kernel,
                slice.kernel / 2,
                python(bias)
            )
        } else {
            format!("torch.nn.Linear({}, {}, bias={})", slice.inputs, slice.outputs, python(bias))
        };
        Some(json!({ "name": name, "module": text }))
    })
    .collect()
}

fn python(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn supernet(
    config: &Config,
    space: &SpaceBox,
    state: &State,
    answer: &Answer,
    out: &Path,
) -> Result<(), RunError> {
    let shapes = space.tensors(config.mixing(), &[]);
    store::write_artifact(&out.join("supernet.safetensors"), &artifact(&shapes, &answer.supernet))?;
    let alphas = state.progress.as_ref().map(|progress| progress.search.alphas.clone()).unwrap_or_default();
    let decisions: Vec<Value> = space
        .decisions()
        .iter()
        .zip(&alphas)
        .map(|(decision, alpha)| {
            json!({
                "decision": decision.name,
                "options": decision.options,
                "alpha": alpha,
                "weights": config.sampler().mean(alpha),
            })
        })
        .collect();
    write(out, "weights.json", &serde_json::to_string_pretty(&decisions).unwrap_or_default())?;
    Ok(())
}

/// The card of a table: data, recipe, seeds.
fn card(config: &Config, run: &str, truth: &crate::truth::Truth) -> String {
    let mut text =
        format!("# Table of {run}\n\n`table.csv` holds {} architectures.\n\n", truth.table.rows.len());
    let recipe = config.table_recipe();
    if config.has_networks() {
        let _ = writeln!(
            text,
            "Data: {}, pixel noise {}, {} training and {} architecture rows, data seed {}; accuracy is that of the other rows.\n",
            config.dataset, config.pixel_noise, config.train_rows, config.architecture_rows, config.data_seed
        );
    }
    let origin = match config.table.as_str() {
        "shipped" if !config.computes_table() => "It is the one that comes with the program; how it was made stands beside it in the program's folder of assets.".to_owned(),
        "compute" | "shipped" => format!(
            "Recipe: AdamW, learning rate {} along a cosine to 0, decay {}, batches of {}, {} epochs, {} seeds.",
            recipe.learning_rate, recipe.weight_decay, recipe.batch, recipe.epochs, config.table_seeds
        ),
        path => format!("It was read from {path}."),
    };
    let _ = writeln!(text, "{origin}\n");
    if let Some(ceiling) = truth.table.ceiling() {
        let _ = writeln!(
            text,
            "Noise ceiling, the mean of Kendall's τ between the tables of two seeds: {ceiling:.3}.\n"
        );
    }
    if truth.missing > 0 {
        let _ = writeln!(text, "{} combinations of options have no row.\n", truth.missing);
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the product", |out| out.write_all(text.as_bytes()))
}
