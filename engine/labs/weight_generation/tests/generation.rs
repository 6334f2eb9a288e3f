//! The lab from end to end: copies are told, a produced zoo is read again, damaged models are named, one's own task is a fork away.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Catalogue, Entry, Lab as _};
use weightscope_frame::run::{
    self, Comparison, Control, Event, ForkRequest, Nobody, Observer, Place, RunError, RunRequest, Snapshot,
};
use weightscope_frame::store::{self, Status};
use weightscope_weight_generation::Config;

const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

fn experiment(changes: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::from_toml(OWN, Config::SMALLEST).unwrap();
    for (key, typed) in changes {
        experiment.set_typed(key, typed).unwrap_or_else(|problem| panic!("{problem}"));
    }
    experiment
}

fn run(changes: &[(&str, &str)], folder: &Path) -> Result<BTreeMap<String, f64>, RunError> {
    let request = RunRequest {
        experiment: experiment(changes),
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(folder.to_owned()),
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default())?;
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    Ok(outcome.results)
}

fn produced(run: &Path, id: &str, out: &Path) {
    let experiment = store::read_experiment(OWN, run).unwrap();
    experiment.method.produce(id, run, out, &Control::default()).unwrap();
}

/// Keys and sentences of what refuses an experiment.
fn refused(changes: &[(&str, &str)]) -> String {
    let problems = experiment(changes).method.read_data().err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_replica_is_called_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let results = run(&[("generator", "replica"), ("models_per_task", "3")], &path).unwrap();
    assert_eq!(results["novelty_wrong_iou"], 1.0);
    assert_eq!(results["novelty_distance_ratio"], 0.0);
    assert!(!results.contains_key("generator_parameters"), "there is no generator");
    let log = std::fs::read_to_string(path.join("log.txt")).unwrap();
    assert!(log.contains("ridge regression"), "the sentence compares with ridge regression: {log}");
}

#[test]
fn a_produced_zoo_is_read_again_with_its_accuracy_and_its_unseen_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = run(&[], &at("first")).unwrap();
    produced(&at("first"), "zoo", &at("zoo"));
    let zoo = at("zoo");
    let again = run(&[("zoo", zoo.to_str().unwrap())], &at("again")).unwrap();
    for name in [
        "zoo_accuracy",
        "reconstruction_unseen_accuracy",
        "ridge_unseen_accuracy",
        "generated_unseen_accuracy",
    ] {
        assert_eq!(first[name], again[name], "{name}: the same networks, start and tasks");
    }
    // Its models without their index are a zoo of the lab phases: one task of all classes, whose models have ten outputs.
    std::fs::remove_file(zoo.join("index.csv")).unwrap();
    let found = refused(&[("zoo", zoo.to_str().unwrap())]);
    assert!(found.contains("zoo:") && found.contains("usable networks"), "{found}");
}

fn models(zoo: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(zoo.join("index.csv")).unwrap();
    text.lines().skip(1).map(|line| zoo.join(line.split(',').next().unwrap())).collect()
}

#[test]
fn damaged_models_are_named_and_left_out_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(&[], &at("first")).unwrap();
    produced(&at("first"), "zoo", &at("zoo"));
    let (zoo, files) = (at("zoo"), models(&at("zoo")));
    let whole = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
    let mut index = std::fs::read_to_string(zoo.join("index.csv")).unwrap();
    index.push_str("../elsewhere.safetensors,0-1-2,true,0.5\nmissing.safetensors,0-1-2,true,0.5\nzoo_00001,not-a-task,true,0.5\n");
    std::fs::write(zoo.join("index.csv"), index).unwrap();
    let path = zoo.to_str().unwrap();
    let found = refused(&[("zoo", path)]);
    for part in ["zoo:", "zoo_00000", "elsewhere", "missing.safetensors", "not-a-task", "leave_out_damaged"] {
        assert!(found.contains(part), "{part}: {found}");
    }
    assert_eq!(refused(&[("zoo", path), ("leave_out_damaged", "true")]), "");
    run(&[("zoo", path), ("leave_out_damaged", "true")], &at("rest")).unwrap();
    let log = std::fs::read_to_string(at("rest").join("log.txt")).unwrap();
    assert!(log.contains("left out"), "{log}");
    let other = refused(&[("zoo", path), ("leave_out_damaged", "true"), ("hidden_widths", "9")]);
    assert!(other.contains("usable networks"), "{other}");
}

#[test]
fn ones_own_task_is_a_fork_that_trains_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = run(&[], &at("first")).unwrap();
    assert!(!first.contains_key("target_accuracy"));
    let target = [("target_data", "digits"), ("target_classes", "2,5,9")];
    let request = ForkRequest {
        parent: at("first"),
        step: None,
        experiment: experiment(&target),
        origin: "test".to_owned(),
        place: at("fork"),
    };
    let outcome = run::fork(OWN, &request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    for name in
        ["target_accuracy", "target_ridge_accuracy", "target_nearest_accuracy", "target_random_accuracy"]
    {
        assert!((0.0..=1.0).contains(&outcome.results[name]), "{name}: {:?}", outcome.results);
    }
    assert_eq!(outcome.results["generated_unseen_accuracy"], first["generated_unseen_accuracy"]);
    let whole = run(&target, &at("whole")).unwrap();
    assert_eq!(outcome.results["target_accuracy"], whole["target_accuracy"], "as if asked from the start");
}

/// A table of digits of one's own: three classes, each with a pixel that is bright.
fn table(path: &Path, rows: usize) {
    let header = (0..64).map(|column| format!("p{column}")).chain(["label".to_owned()]);
    let mut lines = vec![header.collect::<Vec<String>>().join(",")];
    for row in 0..rows {
        let class = row % 3;
        let pixel = |column: usize| (row * 7 + column * 5) % 11 + if column == class { 9 } else { 0 };
        let values = (0..64).map(pixel).chain([class]);
        lines.push(values.map(|value| value.to_string()).collect::<Vec<String>>().join(","));
    }
    std::fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn data_of_ones_own_task_that_change_are_noticed_and_a_fork_may_bring_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mine = at("mine.csv");
    table(&mine, 60);
    run(&[("target_data", mine.to_str().unwrap())], &at("first")).unwrap();
    table(&mine, 63);
    let found = run::verify(OWN, &at("first"), &mut Nobody, &Control::default()).unwrap();
    let Comparison::DataChanged(why) = found else { panic!("{found:?}") };
    assert!(why.contains("mine.csv"), "{why}");
    let fork = |changes: &[(&str, &str)], name: &str| {
        let request = ForkRequest {
            parent: at("first"),
            step: None,
            experiment: experiment(changes),
            origin: "test".to_owned(),
            place: at(name),
        };
        run::fork(OWN, &request, &mut Nobody, &Control::default())
    };
    let other = at("other.csv");
    table(&other, 90);
    for (changes, name) in
        [(vec![("target_data", other.to_str().unwrap())], "other"), (vec![("target_data", "none")], "none")]
    {
        let outcome = fork(&changes, name).unwrap();
        assert_eq!(outcome.status, Status::Done, "{name}: {:?}", outcome.reason);
        assert_eq!(outcome.results.contains_key("target_accuracy"), name == "other");
    }
    let same = [("target_data", mine.to_str().unwrap()), ("draws", "3")];
    assert!(matches!(fork(&same, "same"), Err(RunError::DataChanged { .. })), "its own have changed");
}

#[test]
fn a_fork_with_other_draws_evaluates_again_and_one_with_other_training_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(&[], &at("first")).unwrap();
    let fork = |changes: &[(&str, &str)], name: &str| {
        let request = ForkRequest {
            parent: at("first"),
            step: None,
            experiment: experiment(changes),
            origin: "test".to_owned(),
            place: at(name),
        };
        run::fork(OWN, &request, &mut Nobody, &Control::default())
    };
    let draws = [("draws", "3"), ("sampler", "ancestral")];
    let forked = fork(&draws, "draws").unwrap();
    let whole = run(&draws, &at("whole")).unwrap();
    for name in ["generated_unseen_accuracy", "best_of_draws_unseen_accuracy", "novelty_wrong_iou"] {
        assert_eq!(forked.results[name], whole[name], "{name}");
    }
    let Err(RunError::Problems(problems)) = fork(&[("diffusion_steps", "70")], "longer") else {
        panic!("the denoiser is trained already")
    };
    assert_eq!(problems[0].key, "diffusion_steps");
}

#[test]
fn the_generator_and_its_networks_lie_in_files_that_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let results = run(&[("chunk", "100")], &at("run")).unwrap();
    produced(&at("run"), "generator", &at("generator"));
    let bytes = std::fs::read(at("generator").join("generator.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let count = |prefix: &str, without: &str| -> usize {
        let own = file.iter().filter(|(name, _)| name.starts_with(prefix) && !name.contains(without));
        own.map(|(_, view)| view.shape().iter().product::<usize>()).sum()
    };
    let generator = count("autoencoder.", "-") + count("denoiser.", "denoiser.condition.");
    assert_eq!(generator as f64, results["generator_parameters"]);
    produced(&at("run"), "generated", &at("generated"));
    let files = models(&at("generated"));
    assert_eq!(files.len(), 2 * 7, "two draws for seven tasks");
    let bytes = std::fs::read(&files[0]).unwrap();
    let network = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(network.tensor("layers.0.weight").unwrap().shape(), [8, 64]);
    assert_eq!(network.tensor("layers.1.bias").unwrap().shape(), [3]);
}

/// The convolutional autoencoder at sizes that take no time, over networks in chunks.
const CONVOLUTIONAL: [(&str, &str); 8] = [
    ("autoencoder", "published"),
    ("image_side", "8"),
    ("image_channels", "4"),
    ("channel_factors", "1,2"),
    ("image_blocks", "1"),
    ("latent_channels", "1"),
    ("chunk", "150"),
    ("reconstruction", "published"),
];

/// Cancels the run when a stage begins.
struct Until<'a> {
    control: &'a Control,
    stage: &'static str,
}

impl Observer for Until<'_> {
    fn on(&mut self, event: Event) {
        if matches!(event, Event::Stage { name, .. } if name == self.stage) {
            self.control.cancel();
        }
    }

    fn publish(&mut self, _: Arc<Snapshot>) {}
}

#[test]
fn the_convolutional_autoencoder_goes_on_where_it_was_cancelled_to_the_same_stream() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let whole = run(&CONVOLUTIONAL, &at("whole")).unwrap();
    for name in ["reconstruction_accuracy", "generated_unseen_accuracy", "latent_spread"] {
        assert!(whole[name].is_finite(), "{name}");
    }
    let stream = |run: &Path| store::read_manifest(run).unwrap().stream_hash.unwrap();
    for stage in ["autoencoder", "diffusion", "evaluation"] {
        let place = at(stage);
        let request = RunRequest {
            experiment: experiment(&CONVOLUTIONAL),
            asked: None,
            origin: "test".to_owned(),
            place: Place::New(place.clone()),
        };
        let control = Control::default();
        let outcome = run::run(&request, &mut Until { control: &control, stage }, &control).unwrap();
        assert_eq!(outcome.status, Status::Cancelled, "{stage}: {:?}", outcome.reason);
        let outcome = run::resume(OWN, &place, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(outcome.status, Status::Done, "{stage}: {:?}", outcome.reason);
        assert_eq!(stream(&place), stream(&at("whole")), "{stage}");
        assert_eq!(
            outcome.results["generated_unseen_accuracy"].to_bits(),
            whole["generated_unseen_accuracy"].to_bits(),
            "{stage}"
        );
    }
}

#[test]
fn the_generator_with_convolutions_lies_in_files_with_its_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let results = run(&CONVOLUTIONAL, &at("run")).unwrap();
    produced(&at("run"), "generator", &at("generator"));
    let bytes = std::fs::read(at("generator").join("generator.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    // 547 weights are four chunks of 150.
    for (name, shape) in [
        ("encoder.linear.0.weight", &[64, 150][..]),
        ("encoder.linear.1.weight", &[64, 4]),
        ("encoder.conv_in.weight", &[4, 1, 3, 3]),
        ("encoder.down.1.block.0.conv1.weight", &[8, 4, 3, 3]),
        ("encoder.down.1.block.0.norm2.bias", &[8]),
        ("quant_conv.mean.weight", &[1, 2]),
        ("decoder.conv_in.0.weight", &[8, 1, 3, 3]),
        ("decoder.conv_in.1.weight", &[8, 4]),
        ("decoder.conv_out.weight", &[1, 4, 3, 3]),
        ("decoder.linear.weight", &[150, 64]),
    ] {
        assert_eq!(file.tensor(&format!("autoencoder.{name}")).unwrap().shape(), shape, "{name}");
    }
    let count = |keep: fn(&str) -> bool| -> usize {
        let own = file.iter().filter(|(name, _)| keep(name));
        own.map(|(_, view)| view.shape().iter().product::<usize>()).sum()
    };
    let all = count(|name| name.starts_with("autoencoder.") || name.starts_with("denoiser."));
    let encoder = count(|name| name.starts_with("denoiser.condition."));
    assert_eq!((all - encoder) as f64, results["generator_parameters"]);
    let text = std::fs::read_to_string(at("generator").join("generator.json")).unwrap();
    let said: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&said["autoencoder"]["side"], &said["autoencoder"]["latent_side"]), (&8.into(), &4.into()));
    assert_eq!(said["latent"], 16);
}
