//! What can be taken away: the adapter in the layout of the usual library, a LoRA, merged weights, the base, sampled text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use weightscope_frame::lab::Product;
use weightscope_frame::record::Data;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{self, Artifact, Blob, StoreError};

use super::merging::{Converted, converted};
use super::{Trainee, optimizer};
use crate::adapt::{Adapters, Kind};
use crate::base::{self, Architecture};
use crate::channels as ch;
use crate::config::{Config, Method};
use crate::train::arm::Arm;

const ADAPTER: &str = "adapter";
const LORA: &str = "lora";
const MERGED: &str = "merged";
const BASE: &str = "base";
const SAMPLES: &str = "samples";
const README: &str = "README.md";
/// What peft writes before the name of a module.
const PREFIX: &str = "base_model.model.";

/// What can be made of a run with these settings.
pub(in super::super) fn products(config: &Config) -> Vec<Product> {
    let product = |id, label, about| Product { id, label, about };
    let mut all = Vec::new();
    if config.adapts() && config.method.has_targets() {
        all.push(product(
            ADAPTER,
            "Adapter (peft's layout)",
            "adapter_config.json and adapter_model.safetensors under the usual library's names; Bone-row and Bone-free, which it has not, in a file that says so.",
        ));
        all.push(product(
            LORA,
            "Adapter as LoRA",
            "The update as an ordinary LoRA beside the base's own weights: exact, or by a share of the energy with the error named.",
        ));
    }
    if config.adapts() {
        all.push(product(
            MERGED,
            "Merged weights",
            "All weights with the update in them, as safetensors in PyTorch's orientation, with a list of names and shapes.",
        ));
    }
    all.push(product(
        BASE,
        "Base weights",
        "The weights without any update, as safetensors in PyTorch's orientation; of a language model the setting base reads the file.",
    ));
    if config.is_language() {
        all.push(product(SAMPLES, "Samples", "The sampled text of base, adapted model and merged weights."));
    }
    all
}

/// What a checkpoint holds of weights.
struct Taken {
    config: Config,
    architecture: Architecture,
    base: Vec<f32>,
    arm: Option<Arm>,
}

impl store::Saved for Taken {
    fn codec(&mut self, codec: &mut store::Codec<'_>) -> Result<(), store::CodecError> {
        let moments = if self.config.trains_base() { self.base.len() } else { 0 };
        let mut base = Trainee::new(&self.config, std::mem::take(&mut self.base), 0);
        base.optimizer = optimizer(moments);
        codec.part("base.", &mut base)?;
        self.base = base.weights;
        if let Some(arm) = &mut self.arm {
            codec.part("adapter.", arm)?;
        }
        Ok(())
    }
}

/// Base and adapter of the newest checkpoint.
fn taken(config: &Config, run: &Path) -> Result<Taken, RunError> {
    let lacking =
        |why, advice| StoreError::Lacking { what: "the weights", why, advice, path: run.to_owned() };
    let newest = store::checkpoints(run)
        .pop()
        .ok_or_else(|| lacking("the run has no checkpoint yet", "resume it for some seconds"))?;
    let state = store::read_checkpoint(&newest)?.state;
    let opened = base::open(config).map_err(RunError::Problems)?;
    let architecture = opened.map_or_else(|| Architecture::of(config), |opened| opened.architecture);
    let layout = architecture.layout();
    let weights = vec![0.0; layout.len()];
    let arm = if config.adapts() {
        let adapters = Adapters::new(config, &architecture, &layout)
            .map_err(|refused| RunError::setting("block", format!("{}: {}", refused.layer, refused.error)))?;
        Some(Arm::new(adapters, &weights))
    } else {
        None
    };
    let mut taken = Taken { config: config.clone(), architecture, base: weights, arm };
    store::restore(&mut taken, &state)?;
    if let Some(arm) = &mut taken.arm {
        arm.follow(&taken.base);
    }
    Ok(taken)
}

/// Makes a product in a new or empty folder.
pub(in super::super) fn produce(config: &Config, id: &str, run: &Path, out: &Path) -> Result<(), RunError> {
    let manifest = store::read_manifest(run)?;
    if id == SAMPLES {
        let (record, _) = store::read_record(run)?;
        let Some(Data::Text(text)) = record.get(ch::SAMPLES.id()).map(|channel| &channel.data) else {
            let (why, advice) = ("no text is sampled yet", "resume the run to its end");
            return Err(StoreError::Lacking { what: "the samples", why, advice, path: run.to_owned() }.into());
        };
        store::new_folder(out)?;
        return Ok(write(out, "samples.txt", text)?);
    }
    let taken = taken(config, run)?;
    let made_by = format!(
        "run {} ({} on {}, {} steps, seed {}; block_affine, version {})",
        manifest.id,
        config.task.key(),
        config.model.key(),
        config.steps,
        manifest.seed,
        weightscope_frame::VERSION
    );
    store::new_folder(out)?;
    match (id, &taken.arm) {
        (ADAPTER, Some(arm)) => adapter(&taken, arm, out, &made_by),
        (LORA, Some(arm)) => lora(&taken, arm, out, &made_by),
        (MERGED, Some(arm)) => model(&taken, &arm.weights, "merged", out, &made_by),
        _ => model(&taken, &taken.base, "base", out, &made_by),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of a product", |out| out.write_all(text.as_bytes()))
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// All weights with a list of names and shapes.
fn model(taken: &Taken, weights: &[f32], name: &str, out: &Path, made_by: &str) -> Result<(), RunError> {
    let artifact = base::saved(&taken.architecture, weights, made_by);
    store::write_artifact(&out.join(format!("{name}.safetensors")), &artifact)?;
    let mut text = format!("# {name} weights of {made_by}\n\n");
    let _ = writeln!(
        text,
        "Weights `[outputs, inputs]`, single precision. Architecture: `{}`.\n",
        taken.architecture.words()
    );
    let _ = writeln!(text, "| tensor | shape |\n|---|---|");
    for (name, blob) in &artifact.tensors {
        let _ = writeln!(text, "| `{name}` | {:?} |", blob.shape);
    }
    Ok(write(out, README, &text)?)
}

/// Modules that peft finds by the ends of their names.
fn target_modules(arm: &Arm, taken: &Taken) -> Vec<String> {
    let layout = taken.architecture.layout();
    let mut modules: Vec<String> = arm
        .adapters
        .layers
        .iter()
        .map(|layer| layout.place(layer.tensor).name.trim_end_matches(".weight").to_owned())
        .collect();
    if matches!(taken.architecture, Architecture::Llama(..)) {
        modules.iter_mut().for_each(|module| {
            *module = module.rsplit('.').next().unwrap_or_default().to_owned();
        });
        modules.sort_unstable();
        modules.dedup();
    }
    modules
}

/// The full name of a layer's module.
fn module(taken: &Taken, tensor: usize) -> String {
    let layout = taken.architecture.layout();
    format!("{PREFIX}{}", layout.place(tensor).name.trim_end_matches(".weight"))
}

/// The adapter as it was trained.
fn adapter(taken: &Taken, arm: &Arm, out: &Path, made_by: &str) -> Result<(), RunError> {
    let config = &taken.config;
    let mut tensors = BTreeMap::new();
    let mut rank = 0;
    let mut scale = 1.0;
    for layer in &arm.adapters.layers {
        let own = arm.own.get(layer.own.clone()).unwrap_or_default();
        let name = module(taken, layer.tensor);
        match layer.kind {
            Kind::Bone(bone, _) => {
                rank = bone.block();
                let (key, count) = (format!("{name}.miss_block"), bone.matrices());
                tensors.insert(key, Blob::from_f32(vec![count, rank, rank], own));
            }
            Kind::Miss(miss) => {
                rank = miss.rank();
                tensors
                    .insert(format!("{name}.miss_block"), Blob::from_f32(vec![rank, own.len() / rank], own));
            }
            Kind::Lora(lora) | Kind::Dora(lora) => {
                (rank, scale) = (lora.rank(), lora.scale());
                let (a, rest) = own.split_at(rank * layer.inputs);
                let (b, lengths) = rest.split_at(rank * layer.outputs);
                tensors.insert(format!("{name}.lora_A.weight"), Blob::from_f32(vec![rank, layer.inputs], a));
                tensors.insert(format!("{name}.lora_B.weight"), Blob::from_f32(vec![layer.outputs, rank], b));
                if !lengths.is_empty() {
                    let key = format!("{name}.lora_magnitude_vector");
                    tensors.insert(key, Blob::from_f32(vec![layer.outputs], lengths));
                }
            }
            Kind::Full => {}
        }
    }
    let modules = target_modules(arm, taken);
    let method = config.method;
    let alpha = match method {
        Method::Rslora => scale * (rank as f64).sqrt(),
        _ => scale * rank as f64,
    };
    let settings = match method {
        Method::BoneRow | Method::BoneFree => json!({
            "format": "weightscope block_affine", "variant": method.key(), "block": rank, "target_modules": modules,
            "note": "the usual library (peft) has no such variant; matrices under miss_block, one for each block of inputs (row) or one for all (free)",
        }),
        Method::BoneCol | Method::Miss | Method::MissMini => json!({
            "peft_type": "MISS", "r": rank, "target_modules": modules, "bias": "none", "miss_dropout": config.dropout,
            "mini_r": if method == Method::MissMini { config.mini_width } else { 1 },
            "init_weights": match method { Method::BoneCol => json!("bat"), Method::MissMini => json!("mini"), _ => json!(true) },
            "inference_mode": true,
        }),
        _ => json!({
            "peft_type": "LORA", "r": rank, "lora_alpha": alpha, "target_modules": modules, "bias": "none",
            "lora_dropout": config.dropout, "use_rslora": method == Method::Rslora, "use_dora": method == Method::Dora,
            "init_lora_weights": true, "fan_in_fan_out": false, "inference_mode": true,
        }),
    };
    let is_own = matches!(method, Method::BoneRow | Method::BoneFree);
    let (file, words) = if is_own {
        ("bone.safetensors", "bone.json")
    } else {
        ("adapter_model.safetensors", "adapter_config.json")
    };
    let metadata =
        [("made_by".to_owned(), made_by.to_owned()), ("variant".to_owned(), method.key().to_owned())].into();
    store::write_artifact(&out.join(file), &Artifact { tensors, metadata })?;
    write(out, words, &pretty(&settings))?;
    if method.cuts_weights() {
        // The weights beside which these factors stand are not those of the base.
        model(taken, &arm.frozen, "frozen", out, made_by)?;
    }
    let mut text = format!(
        "# Adapter of {made_by}\n\nMethod: {}, {} trained numbers.\n\n`{file}` holds what was trained, `{words}` says how it is put on.\n",
        method.short(),
        arm.adapters.length
    );
    if method.cuts_weights() {
        text.push_str(
            "\nThe factors stand beside `frozen.safetensors`, the weights without what the start was cut out of, not beside the base. The product `lora` has a form beside the base itself.\n",
        );
    }
    Ok(write(out, README, &text)?)
}

/// The update as an ordinary LoRA of scale 1 beside the base.
fn lora(taken: &Taken, arm: &Arm, out: &Path, made_by: &str) -> Result<(), RunError> {
    let share = taken.config.energy_share;
    let all = converted(arm, &taken.base, share).map_err(|error| RunError::Defect(error.to_string()))?;
    let most = all.iter().map(|one| one.factors.a.rows()).max().unwrap_or(1);
    let mut tensors = BTreeMap::new();
    let (mut ranks, mut lost, mut whole) = (serde_json::Map::new(), 0.0, 0.0);
    for Converted { layer, factors, lost: (missing, all) } in &all {
        let Some(layer) = arm.adapters.layers.get(*layer) else { continue };
        (lost, whole) = (lost + missing, whole + all);
        let name = module(taken, layer.tensor);
        let rank = factors.a.rows();
        tensors.insert(
            format!("{name}.lora_A.weight"),
            Blob::from_f32(vec![rank, layer.inputs], factors.a.values()),
        );
        tensors.insert(
            format!("{name}.lora_B.weight"),
            Blob::from_f32(vec![layer.outputs, rank], factors.b.values()),
        );
        ranks.insert(name.trim_start_matches(PREFIX).to_owned(), json!(rank));
    }
    let error = if lost > 0.0 { (lost / whole).sqrt() } else { 0.0 };
    let settings = json!({
        "peft_type": "LORA", "r": most, "lora_alpha": most, "target_modules": target_modules(arm, taken),
        "rank_pattern": ranks, "alpha_pattern": ranks, "bias": "none", "lora_dropout": 0.0,
        "use_rslora": false, "use_dora": false, "init_lora_weights": true, "fan_in_fan_out": false,
        "inference_mode": true,
    });
    let metadata =
        [("made_by".to_owned(), made_by.to_owned()), ("conversion_error".to_owned(), error.to_string())];
    store::write_artifact(
        &out.join("adapter_model.safetensors"),
        &Artifact { tensors, metadata: metadata.into() },
    )?;
    write(out, "adapter_config.json", &pretty(&settings))?;
    let how = match taken.config.method {
        Method::BoneCol | Method::BoneRow | Method::BoneFree | Method::Dora => {
            format!("by singular values, keeping {share} of the energy of each matrix")
        }
        _ => "exactly, to rounding".to_owned(),
    };
    let text = format!(
        "# LoRA of {made_by}\n\nMade of {} {how}. Scale 1, largest rank {most}.\n\nLost of the update, in Frobenius norm over all matrices: {error:.6}.\n",
        taken.config.method.short()
    );
    Ok(write(out, README, &text)?)
}
