//! The lab as a whole: what is taken away gives the run's loss again, folders of published models, and what is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use weightscope_frame::device::{self, DeviceChoice};
use weightscope_frame::experiment::{Experiment, Problem, check};
use weightscope_frame::lab::{Catalogue, Entry};
use weightscope_frame::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_frame::store::{self, Status};
use weightscope_math::linalg::Dense;

use crate::base;
use crate::compute::model::{Input, Memory};
use crate::config::{Config, Method};
use crate::method::bone::{Bone, Variant};
use crate::method::miss::Miss;

const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

fn smallest(changes: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::from_toml(OWN, include_str!("smallest.toml")).unwrap();
    for (key, typed) in changes {
        experiment.set_typed(key, typed).unwrap();
    }
    experiment
}

fn run_in(experiment: &Experiment, folder: &Path) -> Outcome {
    let request = RunRequest {
        experiment: experiment.clone(),
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(folder.to_owned()),
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

fn produce(experiment: &Experiment, id: &str, run: &Path) -> PathBuf {
    let out = run.join(format!("made {id}"));
    experiment.method.produce(id, run, &out, &Control::default()).unwrap();
    out
}

/// Validation loss of a base file on the text, before any step.
fn loss_of(base: &Path, folder: &Path) -> f64 {
    let mut experiment = smallest(&[("method", "frozen"), ("steps", "1"), ("full_beside", "false")]);
    experiment.set_typed("base", base.to_str().unwrap()).unwrap();
    run_in(&experiment, folder).results["validation_loss_before"]
}

fn tensors(file: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = std::fs::read(file).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let numbers =
        |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    all.iter().map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), numbers(view.data())))).collect()
}

fn matrix((shape, values): &(Vec<usize>, Vec<f32>)) -> Dense<f32> {
    let columns = *shape.last().unwrap();
    Dense::new(values.len() / columns, columns, values.clone()).unwrap()
}

/// The base with an update for each module, as a file of this lab.
fn with_updates(
    base_file: &Path,
    out: &Path,
    update: impl Fn(&str, &Dense<f32>) -> Option<Dense<f32>>,
) -> PathBuf {
    let config = Config { base: base_file.to_str().unwrap().to_owned(), ..Config::default() };
    let opened = base::open(&config).unwrap().unwrap();
    let mut weights = opened.weights.clone();
    let mut changed = 0;
    for place in opened.layout.0.iter().filter(|place| place.rows > 1) {
        let own = Dense::new(place.rows, place.columns, weights[place.range.clone()].to_vec()).unwrap();
        if let Some(merged) = update(place.name.trim_end_matches(".weight"), &own) {
            weights[place.range.clone()].copy_from_slice(merged.values());
            changed += 1;
        }
    }
    assert_eq!(changed, 7, "matrices with an update");
    let file = out.join("with updates.safetensors");
    store::write_artifact(&file, &base::saved(&opened.architecture, &weights, "test")).unwrap();
    file
}

/// A run on a graphics adapter names it in its record and its log, and ends where the run on the CPU ends.
#[test]
#[expect(clippy::print_stderr, reason = "says that there is nothing to test on")]
fn a_run_on_a_graphics_adapter_ends_where_that_on_the_cpu_does() {
    if let Err(error) = device::open(DeviceChoice::Gpu) {
        eprintln!("skipped: {error}");
        return;
    }
    let run = |device: &str, folder: &Path| {
        let changes = [
            ("device", device),
            ("base_steps", "6"),
            ("steps", "6"),
            ("learning_rate", "1e-2"),
            ("full_beside", "false"),
            ("hessian", "false"),
        ];
        run_in(&smallest(&changes), folder).results
    };
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("cpu"), folder.path().join("gpu"));
    let (expected, found) = (run("cpu", &here), run("gpu", &there));
    for name in ["validation_loss_before", "validation_loss", "forgetting", "initial_gradient_norm"] {
        let (found, expected) = (found[name], expected[name]);
        assert!((found - expected).abs() < 1e-4, "{name}: {found} instead of {expected}");
    }
    assert!(expected["validation_loss"] < expected["validation_loss_before"] - 1e-2, "something was learned");
    let manifest = store::read_manifest(&there).unwrap();
    assert!(manifest.device.starts_with("gpu ("), "{}", manifest.device);
    let said = |run: &Path| {
        let log = std::fs::read_to_string(run.join("log.txt")).unwrap();
        (log.contains("passes of the model run on gpu ("), log.contains("passes run on the CPU"))
    };
    assert_eq!((said(&here), said(&there)), ((false, true), (true, false)), "the log says where passes ran");
}

/// Merged weights, the conversion to LoRA, and the adapter itself, each put on the base by the definitions of `method`.
#[test]
fn what_is_taken_away_gives_the_loss_of_the_run() {
    for method in ["miss", "bone_col", "pissa"] {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let experiment = smallest(&[
            ("method", method),
            ("full_beside", "false"),
            ("hessian", "false"),
            ("learning_rate", "1e-2"),
        ]);
        let outcome = run_in(&experiment, &run);
        let wanted = outcome.results["validation_loss"];
        assert!(
            (wanted - outcome.results["validation_loss_before"]).abs() > 1e-2,
            "{method}: it has learned"
        );
        let base_file = produce(&experiment, "base", &run).join("base.safetensors");
        let merged = produce(&experiment, "merged", &run).join("merged.safetensors");
        let found = loss_of(&merged, &folder.path().join("merged"));
        assert!((found - wanted).abs() < 1e-4, "{method}, merged: {found} instead of {wanted}");

        let lora = tensors(&produce(&experiment, "lora", &run).join("adapter_model.safetensors"));
        let file = with_updates(&base_file, folder.path(), |name, weight| {
            let part =
                |which: &str| lora.get(&format!("base_model.model.{name}.lora_{which}.weight")).map(matrix);
            Some(weight.plus_scaled(1.0, &part("B")?.times(&part("A")?).unwrap()).unwrap())
        });
        let found = loss_of(&file, &folder.path().join("lora"));
        let named = outcome.results["lora_validation_loss"];
        assert!((found - named).abs() < 1e-4, "{method}, lora: {found} instead of {named}");
        if method != "bone_col" {
            assert!((found - wanted).abs() < 1e-4, "{method}, lora: {found} instead of {wanted}");
        }

        let out = produce(&experiment, "adapter", &run);
        let own = tensors(&out.join("adapter_model.safetensors"));
        let frozen = if method == "pissa" { out.join("frozen.safetensors") } else { base_file.clone() };
        let file = with_updates(&frozen, folder.path(), |name, weight| {
            let part = |which: &str| own.get(&format!("base_model.model.{name}.{which}"));
            Some(match method {
                "miss" => {
                    let slab = matrix(part("miss_block")?);
                    let miss = Miss::new(slab.rows(), weight.rows(), weight.columns()).unwrap();
                    miss.merged(weight, &slab).unwrap()
                }
                "bone_col" => {
                    let bone = Bone::new(Variant::Column, 4, weight.rows(), weight.columns()).unwrap();
                    bone.merged(weight, &matrix(part("miss_block")?)).unwrap()
                }
                _ => {
                    let (a, b) = (matrix(part("lora_A.weight")?), matrix(part("lora_B.weight")?));
                    weight.plus_scaled(1.0, &b.times(&a).unwrap()).unwrap()
                }
            })
        });
        let found = loss_of(&file, &folder.path().join("adapter"));
        assert!((found - wanted).abs() < 1e-4, "{method}, adapter: {found} instead of {wanted}");
    }
}

/// Errors by key of the smallest experiment with some settings changed, its data included.
fn errors(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut experiment = Experiment::from_toml(OWN, include_str!("smallest.toml")).unwrap();
    for (key, typed) in changes {
        if let Err(problem) = experiment.set_typed(key, typed) {
            return vec![(problem.key.clone(), problem.to_string())];
        }
    }
    let mut problems = check(&experiment);
    if problems.iter().all(|problem| !problem.is_error()) {
        problems.extend(experiment.method.read_data().err().unwrap_or_default());
    }
    problems
        .into_iter()
        .filter(Problem::is_error)
        .map(|problem| (problem.key.clone(), problem.to_string()))
        .collect()
}

#[test]
fn bad_settings_are_refused_by_their_key_with_both_numbers() {
    assert_eq!(errors(&[]), Vec::new());
    for (changes, key, words) in [
        (&[("block", "3")][..], "block", &["block of 3", "16 outputs", "16 inputs"][..]),
        (&[("method", "lora"), ("match", "rank"), ("rank", "0")], "rank", &["not 0"]),
        (&[("method", "lora"), ("match", "rank"), ("rank", "17")], "rank", &["1 to 16", "not 17"]),
        (&[("method", "lora_ga"), ("match", "rank"), ("rank", "9")], "rank", &["1 to 8", "not 9"]),
        (&[("method", "lore")], "method", &["lore"]),
        (&[("targets", "q, x_proj")], "targets", &["x_proj", "down"]),
        (&[("method", "pissa"), ("dropout", "0.1")], "dropout", &["PiSSA", "0"]),
        (&[("method", "miss_mini"), ("mini_width", "5")], "mini_width", &["5 columns", "16 outputs"]),
        (&[("alpha", "much")], "alpha", &["much", "auto"]),
        (&[("heads", "3")], "heads", &["3 heads", "width of 16"]),
        (&[("text", "/nowhere/text")], "text", &["/nowhere/text"]),
        (&[("base", "/nowhere/base")], "base", &["/nowhere/base"]),
        (&[("model", "mlp")], "model", &["text", "mlp"]),
        (&[("context", "1024"), ("text", "genesis")], "", &[]),
    ] {
        let found = errors(changes);
        if key.is_empty() {
            assert_eq!(found, Vec::new());
            continue;
        }
        let own = found.iter().find(|(own, _)| own == key);
        let (_, text) = own.unwrap_or_else(|| panic!("{changes:?}: {found:?}"));
        assert!(words.iter().all(|word| text.contains(word)), "{changes:?}: {text}");
    }
}

#[test]
fn a_base_that_is_cut_off_or_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = crate::base::Architecture::of(smallest(&[]).method.settings::<Config>().unwrap());
    let layout = whole.layout();
    let weights = vec![0.1; layout.len()];
    let write = |name: &str, weights: &[f32]| {
        let file = folder.path().join(name);
        store::write_artifact(&file, &base::saved(&whole, weights, "test")).unwrap();
        file
    };
    let good = write("good.safetensors", &weights);
    assert_eq!(errors(&[("base", good.to_str().unwrap())]), Vec::new());
    let mut odd = weights.clone();
    odd[40] = f32::NAN;
    let bytes = std::fs::read(&good).unwrap();
    let cut = folder.path().join("cut.safetensors");
    std::fs::write(&cut, &bytes[..bytes.len() - 9]).unwrap();
    for (file, words) in [(write("odd.safetensors", &odd), "not finite"), (cut, "no base of this lab")] {
        let found = errors(&[("base", file.to_str().unwrap())]);
        assert!(found.iter().any(|(key, text)| key == "base" && text.contains(words)), "{found:?}");
    }
    let found = errors(&[("base", good.to_str().unwrap()), ("model", "rwkv")]);
    assert!(found.iter().any(|(key, text)| key == "base" && text.contains("kind llama")), "{found:?}");
}

/// A folder in the published layout: its logits are those of the usual library, and a step of Bone-col runs on it.
#[test]
fn a_published_folder_gives_the_usual_librarys_logits_and_is_adapted() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vectors/block_affine/llama_folder.json");
    let vector: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let inputs = &vector["inputs"];
    let folder = tempfile::tempdir().unwrap();
    let (model, run) = (folder.path().join("model"), folder.path().join("run"));
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("config.json"), inputs["config"].to_string()).unwrap();
    let mut artifact = weightscope_frame::store::Artifact::default();
    for (name, values) in inputs["weights"].as_object().unwrap() {
        let (shape, numbers) = numbers(values);
        artifact.tensors.insert(name.clone(), weightscope_frame::store::Blob::from_f32(shape, &numbers));
    }
    store::write_artifact(&model.join("model.safetensors"), &artifact).unwrap();

    let config = Config { base: model.to_str().unwrap().to_owned(), ..Config::default() };
    let opened = base::open(&config).unwrap().unwrap();
    let net = opened.architecture.model::<f32>(&opened.layout, 24).unwrap();
    let expected = vector["expected"]["logits"].as_array().unwrap();
    for (row, expected) in inputs["tokens"].as_array().unwrap().iter().zip(expected) {
        let tokens: Vec<u32> =
            row.as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32).collect();
        let found = net.outputs(&opened.weights, Input::Tokens(&tokens), &mut Memory::default());
        let (_, expected) = numbers(expected);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-4 * expected.abs().max(1.0),
                "{found} instead of {expected}"
            );
        }
    }

    let ids: Vec<u16> = (0..400_u16).map(|place| place * 7 % 32).collect();
    let header = format!("{{'descr': '<u2', 'fortran_order': False, 'shape': ({},), }}\n", ids.len());
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
    let tokens = folder.path().join("tokens.npy");
    std::fs::write(&tokens, &npy).unwrap();
    let own = [
        ("base", model.to_str().unwrap()),
        ("vocabulary", "ids"),
        ("tokens", tokens.to_str().unwrap()),
        ("block", "8"),
        ("steps", "2"),
        ("hessian", "false"),
    ];
    let outcome = run_in(&smallest(&own), &run);
    assert!(outcome.results["validation_loss"] < outcome.results["validation_loss_before"]);
    assert_eq!(outcome.results["initial_loss_difference"], 0.0);

    let mut large = npy.clone();
    let last = large.len() - 2;
    large[last..].copy_from_slice(&32_u16.to_le_bytes());
    std::fs::write(&tokens, &large).unwrap();
    let found = errors(&own);
    assert!(found.iter().any(|(key, text)| key == "tokens" && text.contains("32")), "{found:?}");
    std::fs::write(model.join("config.json"), inputs["config"].to_string().replace("llama", "mistral"))
        .unwrap();
    let found = errors(&own);
    assert!(found.iter().any(|(key, text)| key == "base" && text.contains("mistral")), "{found:?}");
}

/// Numbers of nested lists, with their shape.
fn numbers(value: &serde_json::Value) -> (Vec<usize>, Vec<f32>) {
    match value.as_array() {
        None => (Vec::new(), vec![value.as_f64().unwrap() as f32]),
        Some(list) => {
            let parts: Vec<(Vec<usize>, Vec<f32>)> = list.iter().map(numbers).collect();
            let mut shape = vec![list.len()];
            shape.extend(parts.first().map(|(shape, _)| shape.clone()).unwrap_or_default());
            (shape, parts.into_iter().flat_map(|(_, numbers)| numbers).collect())
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_with_its_step() {
    let folder = tempfile::tempdir().unwrap();
    // Finite weights whose sums are not.
    let whole = crate::base::Architecture::of(smallest(&[]).method.settings::<Config>().unwrap());
    let weights = vec![1e38; whole.layout().len()];
    let file = folder.path().join("large.safetensors");
    store::write_artifact(&file, &base::saved(&whole, &weights, "test")).unwrap();
    let experiment = smallest(&[("base", file.to_str().unwrap()), ("hessian", "false")]);
    let request = RunRequest {
        experiment,
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(folder.path().join("run")),
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    let reason = outcome.reason.unwrap_or_default();
    assert_eq!(outcome.status, Status::Failed, "{reason}");
    assert!(reason.contains("no finite number at step") && reason.contains("adaptation"), "{reason}");
}

#[test]
fn words_of_methods_never_say_bone_alone() {
    let config = Config::default();
    let choices = weightscope_frame::experiment::ChoiceValue::choices(&config.method);
    for (index, choice) in choices.iter().enumerate() {
        let mut method = Method::Lora;
        weightscope_frame::experiment::ChoiceValue::set_index(&mut method, index);
        for words in [choice.label, method.short()] {
            let alone = words
                .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
                .any(|word| word == "Bone");
            assert!(!alone || words.contains("paper"), "{words}");
        }
    }
}
