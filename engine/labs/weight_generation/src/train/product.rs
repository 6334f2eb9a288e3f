//! What can be made of a run: the generated networks, the zoo in the layout of the phases lab, and the generator.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use weightscope_frame::experiment::{Comments, to_toml};
use weightscope_frame::lab::Product;
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store::{self, Artifact, Blob, State, StoreError};
use weightscope_population::graph::{ENTRIES, Kind as Tensor, Plan};

use super::evaluate::Evaluation;
use super::files::{generated_id, zoo_id};
use super::import::{INDEX, START, WEIGHTS};
use super::zoo::Zoo;
use super::{Known, defect, generator_sizes, prepared::Prepared};
use crate::config::{Autoencoder, Config, Generator as Kind};
use crate::data::Material;
use crate::method::tasks::{Tasks, name};
use crate::method::vectors::Layout;
use crate::network::generator::Scaling;
use crate::network::trainer::Trainer;
use crate::network::{autoencoder, denoiser};

const README: &str = "README.md";
const EXPERIMENT: &str = "experiment.toml";
/// How the convolutional autoencoder is put together, in the generator's card.
const CONVOLUTIONAL: &str = "The autoencoder is the convolutional one of the released code: `encoder.linear` makes an image of a row (behind it x, or 0.01·x below 0), \
     `conv_in`, `down`, `mid`, `norm_out` and `conv_out` its moments, `quant_conv.mean` and `quant_conv.log_variance` are layers at each place; \
     `post_quant_conv` to `decoder.linear` lead back. Norms take two groups of channels of all places and add 1e-6 to the variance; attention has one head; \
     the side is halved with one row and column of zeros behind the image, and doubled by repeating places. Kernels are `[out, in, 3, 3]`. \
     A latent is an image, place after place, its channels beside each other; the index of a row is beside the row, and, as constant channels, beside what `decoder.conv_in` sees. \
     Denoiser and encoder learned draws from the posterior.\n\n";

/// Every run makes the zoo; what was generated and the generator come with the evaluation.
pub(in super::super) fn products(config: &Config) -> Vec<Product> {
    // A part of a zoo is joined, not used by itself.
    if !config.part().is_whole() {
        return Vec::new();
    }
    vec![
        Product {
            id: "generated",
            label: "Generated networks",
            about: "One safetensors file for each generated network, an index with task, draw, accuracy and nearest network of the zoo, and a card with the recipe.",
        },
        Product {
            id: "zoo",
            label: "Model zoo",
            about: "A folder for each network of the zoo in the layout of the phases lab's zoo, with an index of file and task: the setting zoo reads it.",
        },
        Product {
            id: "generator",
            label: "Generator",
            about: "The weights of encoder, autoencoder and denoiser with their shapes and scales: enough to generate elsewhere.",
        },
    ]
}

/// The part of a checkpoint that products are made of.
struct Parts {
    zoo: Zoo,
    autoencoder: Trainer,
    denoiser: Trainer,
    known: Known,
    evaluation: Evaluation,
}

impl store::Saved for Parts {
    fn codec(&mut self, codec: &mut store::Codec<'_>) -> Result<(), store::CodecError> {
        codec.part("zoo.", &mut self.zoo)?;
        codec.part("autoencoder.", &mut self.autoencoder)?;
        codec.part("denoiser.", &mut self.denoiser)?;
        codec.value("known.cbor", &mut self.known)?;
        codec.part("evaluation.", &mut self.evaluation)
    }
}

/// A run as read back.
struct Stored {
    parts: Parts,
    tasks: Vec<Vec<usize>>,
    seen: usize,
    sizes: Vec<usize>,
    columns: usize,
    experiment: String,
    seed: u64,
    run: String,
}

fn lacking(run: &Path, why: &'static str) -> RunError {
    let advice = "resume the run";
    StoreError::Lacking { what: "the product", why, advice, path: run.to_owned() }.into()
}

/// The state of the newest checkpoint.
pub(crate) fn newest(run: &Path) -> Result<State, RunError> {
    let newest = store::checkpoints(run).pop();
    let newest = newest.ok_or_else(|| lacking(run, "the run has no checkpoint yet"))?;
    Ok(store::read_checkpoint(&newest)?.state)
}

/// The zoo in a checkpoint.
#[derive(Default)]
struct OfZoo(Zoo);

impl store::Saved for OfZoo {
    fn codec(&mut self, codec: &mut store::Codec<'_>) -> Result<(), store::CodecError> {
        codec.part("zoo.", &mut self.0)
    }
}

/// The zoo of a run as it stands in its newest checkpoint.
pub(crate) fn stored_zoo(run: &Path) -> Result<Zoo, RunError> {
    let mut found = OfZoo::default();
    store::restore(&mut found, &newest(run)?)?;
    Ok(found.0)
}

impl Stored {
    fn open(config: &Config, run: &Path) -> Result<Self, RunError> {
        let mut parts = Parts {
            zoo: Zoo::default(),
            autoencoder: Trainer::default(),
            denoiser: Trainer::default(),
            known: Known::default(),
            evaluation: Evaluation::default(),
        };
        store::restore(&mut parts, &newest(run)?)?;
        let material = Material::open(config)?;
        let (Tasks { seen, unseen }, _) = super::tasks(config, &material)?;
        let sizes = super::sizes(config, &material, &Tasks { seen: seen.clone(), unseen: Vec::new() });
        let experiment = store::read_experiment(crate::OWN, run)?;
        let manifest = store::read_manifest(run)?;
        Ok(Self {
            parts,
            seen: seen.len(),
            tasks: seen.into_iter().chain(unseen).collect(),
            sizes,
            columns: material.columns,
            seed: experiment.seed,
            experiment: to_toml(&experiment, Comments::Each),
            run: manifest.id,
        })
    }

    fn task(&self, task: usize) -> String {
        self.tasks.get(task).map(|task| name(task)).unwrap_or_default()
    }
}

/// Makes a product in a new or empty folder.
pub(in super::super) fn produce(
    config: &Config,
    id: &str,
    run: &Path,
    out: &Path,
    control: &Control,
) -> Result<(), RunError> {
    let stored = Stored::open(config, run)?;
    match id {
        "generated" => generated(config, &stored, run, out, control),
        "zoo" => zoo(config, &stored, run, out, control),
        _ => generator(config, &stored, run, out),
    }
}

fn artifact(layout: &Layout, network: &[f32], words: &[(&str, String)]) -> Artifact {
    let tensors = layout.tensors().iter().map(|tensor| {
        let values = network.get(tensor.range.clone()).unwrap_or_default();
        (tensor.name.clone(), Blob::from_f32(tensor.shape.clone(), values))
    });
    let metadata = words.iter().map(|(key, word)| ((*key).to_owned(), word.clone())).collect();
    Artifact { tensors: tensors.collect(), metadata }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the product", |out| out.write_all(text.as_bytes()))
}

fn cell(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// One file for each generated network, with an index and a card.
fn generated(
    config: &Config,
    stored: &Stored,
    run: &Path,
    out: &Path,
    control: &Control,
) -> Result<(), RunError> {
    let evaluation = &stored.parts.evaluation;
    if evaluation.generated.is_empty() {
        return Err(lacking(run, "no network is generated yet"));
    }
    store::new_folder(out)?;
    let layout = Layout::of_sizes(&stored.sizes);
    let mut index = "file,task,seen,draw,accuracy,nearest\n".to_owned();
    let each = evaluation.tasks.len();
    for (number, network) in evaluation.generated.iter().enumerate() {
        control.check()?;
        let (draw, place) = (number / each.max(1), number % each.max(1));
        let task = evaluation.tasks.get(place).copied().unwrap_or(0);
        let word = stored.task(task);
        let file = format!("{}.safetensors", generated_id(&word, draw));
        let accuracy = evaluation.accuracies.get(draw).and_then(|row| row.get(place)).copied();
        let words = [("task", word.clone()), ("draw", draw.to_string()), ("run", stored.run.clone())];
        store::write_artifact(&out.join(&file), &artifact(&layout, network, &words))?;
        let nearest = evaluation.kin.get(number).map(|kin| zoo_id(kin.nearest)).unwrap_or_default();
        let _ = writeln!(
            index,
            "{file},{word},{},{draw},{},{nearest}",
            task < stored.seen,
            cell(accuracy.unwrap_or(f64::NAN))
        );
    }
    write(out, INDEX, &index)?;
    write(out, EXPERIMENT, &stored.experiment)?;
    let text = format!(
        "# Generated networks of {}\n\n\
         {} networks, {} draws for each of {} tasks; `{INDEX}` names task, draw, test accuracy and the nearest network of the zoo.\n\n\
         Each file holds `layers.0.weight` `[out, in]`, `layers.0.bias`, … in the order of the layers, with max(x, 0) between them; sizes {:?}. \
         The input is {} values of a row, divided by the largest value of the data set and not centred; outputs stand for the classes of the task in its order.\n\n\
         Condition: {} images of each class, drawn from the training rows with the seed {} of the run; the recipe is `{EXPERIMENT}`. \
         The accuracies are on test rows that took no part in generation.\n",
        stored.run,
        evaluation.generated.len(),
        config.draws,
        each,
        stored.sizes,
        stored.columns,
        config.images_per_class,
        stored.seed,
    );
    // The card comes last: a folder without one is not whole.
    write(out, README, &text)?;
    Ok(())
}

/// The zoo in the layout of the phases lab, with an index of file and task.
fn zoo(config: &Config, stored: &Stored, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
    let zoo = &stored.parts.zoo;
    if zoo.accuracies.is_empty() {
        return Err(lacking(run, "the run has trained no network yet"));
    }
    store::new_folder(out)?;
    let layout = Layout::of_sizes(&stored.sizes);
    let steps = config.zoo_steps;
    let mut index = "file,task,seen,accuracy\n".to_owned();
    for (place, network) in zoo.networks.iter().enumerate() {
        control.check()?;
        let (task, accuracy) = (
            zoo.task_of.get(place).copied().unwrap_or(0),
            zoo.accuracies.get(place).copied().unwrap_or(f64::NAN),
        );
        let folder = zoo_id(place);
        let weights = format!("checkpoint_{steps:06}");
        let inside = out.join(&folder).join(&weights);
        std::fs::create_dir_all(&inside)
            .map_err(|error| StoreError::io("a folder of the zoo", &inside, error))?;
        let word = stored.task(task);
        let words = [("task", word.clone()), ("run", stored.run.clone())];
        store::write_artifact(&inside.join(WEIGHTS), &artifact(&layout, network, &words))?;
        let params = json!({
            "model::type": "mlp",
            "model::width": config.hidden_widths.first().copied().unwrap_or(0),
            "model::sizes": stored.sizes,
            "model::nlin": "relu",
            "model::use_bias": true,
            "optim::optimizer": "adam",
            "optim::lr": config.zoo_rate,
            "optim::wd": 0.0,
            "training::batchsize": config.zoo_batch,
            "training::loss": "cross_entropy",
            "training::steps": steps,
            "seed": place,
            "run::seed": stored.seed,
            "dataset::dump": config.dataset,
            "dataset::task": word,
        });
        let folder_path = out.join(&folder);
        write(&folder_path, "params.json", &serde_json::to_string_pretty(&params).unwrap_or_default())?;
        let result = json!({ "training_iteration": steps, "test_acc": accuracy });
        write(&folder_path, "result.json", &format!("{result}\n"))?;
        let _ = writeln!(index, "{folder}/{weights}/{WEIGHTS},{word},true,{}", cell(accuracy));
    }
    if !zoo.start.is_empty() {
        store::write_artifact(&out.join(START), &artifact(&layout, &zoo.start, &[]))?;
    }
    write(out, INDEX, &index)?;
    write(out, EXPERIMENT, &stored.experiment)?;
    let text = format!(
        "# Zoo of {}\n\n\
         {} networks of the sizes {:?}, trained on {}; one folder each in the layout of the published zoo of arXiv 2504.18072, weights as safetensors. \
         `{INDEX}` names file, task and test accuracy; `{START}` is the common start where there is one. \
         The input is divided by the largest value of the data set and not centred.\n\n\
         `--set zoo=FOLDER` reads it again.\n",
        stored.run,
        zoo.networks.len(),
        stored.sizes,
        config.dataset,
    );
    write(out, README, &text)?;
    Ok(())
}

/// Named tensors of a packed vector; those that are kernels of 3 × 3 as `[out, in, 3, 3]`.
fn tensors(
    plan: &Plan,
    packed: &[weightscope_population::Lane],
    prefix: &str,
    kernels: &[String],
) -> BTreeMap<String, Blob> {
    let named = plan.tensors().iter().zip(plan.unpack(packed));
    named
        .map(|(tensor, values)| {
            let blob = if kernels.contains(&tensor.name) {
                let inputs = tensor.columns / ENTRIES;
                let of_output = |row: &[f32]| {
                    let places = (0..inputs).flat_map(|input| (0..ENTRIES).map(move |entry| (entry, input)));
                    let at = |(entry, input): (usize, usize)| row.get(entry * inputs + input).copied();
                    places.map(|place| at(place).unwrap_or(f32::NAN)).collect::<Vec<f32>>()
                };
                let turned: Vec<f32> =
                    values.chunks_exact(tensor.columns.max(1)).flat_map(of_output).collect();
                Blob::from_f32(vec![tensor.rows, inputs, 3, 3], &turned)
            } else if tensor.rows == 1 && tensor.kind != Tensor::Weight {
                Blob::from_f32(vec![tensor.columns], &values)
            } else {
                Blob::from_f32(vec![tensor.rows, tensor.columns], &values)
            };
            (format!("{prefix}{}", tensor.name), blob)
        })
        .collect()
}

/// What the autoencoder is, for those who build it elsewhere.
fn autoencoder_words(config: &Config) -> serde_json::Value {
    match config.images() {
        None => json!({ "kind": config.autoencoder.key() }),
        Some(images) => json!({
            "kind": config.autoencoder.key(),
            "side": images.side,
            "channels": images.channels,
            "channel_factors": images.factors,
            "residual_blocks": images.blocks,
            "latent_channels": images.latent_channels,
            "latent_side": images.latent_side(),
        }),
    }
}

/// The weights of the generator, with scales and a description.
fn generator(config: &Config, stored: &Stored, run: &Path, out: &Path) -> Result<(), RunError> {
    let parts = &stored.parts;
    let needs_denoiser = config.generator != Kind::Replica;
    if parts.zoo.networks.is_empty() || (needs_denoiser && parts.denoiser.average.is_empty()) {
        return Err(lacking(run, "the generator is not trained yet"));
    }
    let prepared =
        Prepared::new(config, &stored.sizes, &parts.zoo.networks, &parts.zoo.scratch).map_err(defect)?;
    let sizes = generator_sizes(config, &prepared);
    let mut artifact = Artifact::default();
    let mut scaling = Scaling::none(sizes.latent);
    if config.autoencoder != Autoencoder::None {
        let net = autoencoder::Net::new(sizes, config.images().as_ref());
        let places: Vec<u32> = (0..prepared.networks.len()).flat_map(|_| 0..sizes.rows as u32).collect();
        let latents = net.encode(&parts.autoencoder.values, &prepared.rows, &places);
        scaling = Scaling::of(&latents, sizes.latent);
        artifact.tensors.extend(tensors(&net.plan, &parts.autoencoder.values, "autoencoder.", net.kernels()));
    }
    if needs_denoiser {
        let outputs = stored.sizes.last().copied().unwrap_or(0);
        let net = denoiser::Net::new(config, sizes, stored.columns, outputs);
        artifact.tensors.extend(tensors(&net.plan, &parts.denoiser.average, "denoiser.", &[]));
    }
    let means = Blob::from_f32(vec![scaling.means.len()], &scaling.means);
    artifact.tensors.insert("latent.mean".to_owned(), means);
    artifact.tensors.insert("latent.deviation".to_owned(), Blob::from_f32(vec![1], &[scaling.deviation]));
    artifact.tensors.insert(
        "scale.mean".to_owned(),
        Blob::from_f64(vec![prepared.scales.means.len()], &prepared.scales.means),
    );
    artifact.tensors.insert(
        "scale.deviation".to_owned(),
        Blob::from_f64(vec![prepared.scales.deviations.len()], &prepared.scales.deviations),
    );
    store::new_folder(out)?;
    store::write_artifact(&out.join("generator.safetensors"), &artifact)?;
    let layout: Vec<serde_json::Value> = prepared
        .layout
        .tensors()
        .iter()
        .map(|tensor| json!({ "name": tensor.name, "shape": tensor.shape }))
        .collect();
    let description = json!({
        "network": { "sizes": stored.sizes, "tensors": layout, "activation": "relu" },
        "rows": { "count": sizes.rows, "width": sizes.row },
        "autoencoder": autoencoder_words(config),
        "latent": sizes.latent,
        "width": sizes.width,
        "generator": config.generator.key(),
        "schedule": config.schedule.key(),
        "noise_steps": config.noise_steps,
        "sampler": config.sampler.key(),
        "sampling_steps": config.sampling_steps,
        "encoder": config.encoder.key(),
        "images_per_class": config.images_per_class,
    });
    write(out, "generator.json", &serde_json::to_string_pretty(&description).unwrap_or_default())?;
    write(out, EXPERIMENT, &stored.experiment)?;
    let text = format!(
        "# Generator of {}\n\n\
         `generator.safetensors` holds the autoencoder (`autoencoder.…`), the averaged weights of denoiser and encoder of conditions (`denoiser.…`), \
         the scaling of latents (`latent.…`: z = (latent − mean)/deviation) and of each tensor (`scale.…`, in the order of the layers). \
         `generator.json` holds shapes, schedule and sampler; `{EXPERIMENT}` is the recipe.\n\n\
         A layer with several inputs has a weight for each (`name.0.weight`, `name.1.weight`, …), whose products are added. Gates are x·sigmoid(x). \
         A network is cut into {} rows of {} values; with more than one row its index is a one-hot input. \
         The denoiser's input is the latent, the embedding of the condition, and that index; a block is h + layers(norm(h + step)).\n\n\
         {}Accuracy of the zoo {}, of its reconstruction {}.\n",
        stored.run,
        sizes.rows,
        sizes.row,
        if config.images().is_some() { CONVOLUTIONAL } else { "" },
        cell(parts.known.zoo.unwrap_or(f64::NAN)),
        cell(parts.known.reconstruction.unwrap_or(f64::NAN)),
    );
    write(out, README, &text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_written_output_by_output_and_input_by_input() {
        let mut plan = Plan::default();
        plan.dense("conv", &[ENTRIES * 2], 2);
        let weight: Vec<f32> = (0..2 * ENTRIES * 2).map(|value| value as f32).collect();
        let packed = plan.pack(&[weight, vec![0.5, 1.5]]).unwrap();
        let found = tensors(&plan, &packed, "a.", &["conv.weight".to_owned()]);
        // Entries of the kernel are outermost in a row of the layer: its second number is that of the second input.
        let expected: Vec<f32> = (0..2)
            .flat_map(|output| (0..2).flat_map(move |input| (0..9).map(move |entry| (output, input, entry))))
            .map(|(output, input, entry)| (output * 18 + entry * 2 + input) as f32)
            .collect();
        assert_eq!(found["a.conv.weight"], Blob::from_f32(vec![2, 2, 3, 3], &expected));
        assert_eq!(found["a.conv.bias"], Blob::from_f32(vec![2], &[0.5, 1.5]));
    }
}
