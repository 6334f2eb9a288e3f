//! Training steps of the labs' models, by the labs' own code: the table of speeds.
//!
//! `cargo bench --workspace --bench models` prints for each model and for one and two threads the milliseconds of a step (the best of six
//! rounds, as the peer script takes them), and beneath them the processor time of its parts, over all threads. `-- --peer FILE.csv` adds
//! the ratio to the best of the peer's variants and thread counts, `-- --only NAME,…` measures some. State the machine with every figure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and fails by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event as Traced, Metadata, Subscriber};
use weightscope_compander::method::form::Pair;
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Event, Observer, Place, RunRequest, Snapshot};
use weightscope_math::stream;
use weightscope_population::{
    Activation, Advance, DecayOn, Elementwise, Learner, Objective, Plain, Regularizers, Rule, Samples, Shape,
    Targets,
};

/// Rounds of which the best counts.
const ROUNDS: usize = 6;
/// Steps at the beginning that warm caches and allocators.
const WARM: usize = 5;

/// A model of the table that a lab trains in a stage.
struct Model {
    /// Its name, as in the peer script.
    name: &'static str,
    preset: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// The stage whose steps are measured.
    stage: &'static str,
    /// Where it differs from the peer's.
    note: &'static str,
}

/// The models, in the order of the peer script.
const MODELS: [Model; 9] = [
    Model {
        name: "vit-64-4",
        preset: "oscillation/vit-w2a2-statsq",
        settings: &[("embedding", "64"), ("blocks", "4"), ("float_epochs", "6")],
        stage: "float training",
        note: "a class token stands before the patches; the head reads it, the peer's reads their mean",
    },
    Model {
        name: "vit-32-2",
        preset: "oscillation/vit-w2a2-statsq",
        settings: &[("float_epochs", "12")],
        stage: "float training",
        note: "with a class token",
    },
    Model {
        name: "vit-32-2-w2a2",
        preset: "oscillation/vit-w2a2-statsq",
        settings: &[
            ("float_epochs", "1"),
            ("epochs", "10"),
            ("distillation", "false"),
            ("record_every", "10000"),
            ("traced_weights", "1"),
        ],
        stage: "quantized training",
        note: "with a class token; levels are counted at every step, hardly anything is recorded",
    },
    Model {
        name: "vit-32-2-w2a2 monitored",
        preset: "oscillation/vit-w2a2-statsq",
        settings: &[
            ("float_epochs", "1"),
            ("epochs", "10"),
            ("distillation", "false"),
            ("record_every", "1"),
        ],
        stage: "quantized training",
        note: "everything recorded at every step",
    },
    Model {
        name: "llama",
        preset: "block_affine/pretrain-llama",
        settings: &[("steps", "150")],
        stage: "base",
        note: "gradients are cut at length 1",
    },
    Model {
        name: "rwkv",
        preset: "block_affine/pretrain-rwkv",
        settings: &[("steps", "100")],
        stage: "base",
        note: "gradients are cut at length 1",
    },
    Model {
        name: "conv-macro-superposed",
        preset: "entangled_search/quick",
        settings: &[
            ("space", "conv_macro"),
            ("method", "tanglenas"),
            ("steps", "120"),
            ("monitor_every", "10000"),
            ("rank_every", "10000"),
        ],
        stage: "search",
        note: "two passes, one for the architecture and one for the weights; the peer's is one",
    },
    Model {
        name: "denoiser",
        preset: "weight_generation/quick",
        settings: &[
            ("seen_tasks", "6"),
            ("models_per_task", "2"),
            ("autoencoder_steps", "20"),
            ("diffusion_steps", "600"),
        ],
        stage: "diffusion",
        note: "with the moving average of the weights",
    },
    Model {
        name: "autoencoder",
        preset: "weight_generation/quick",
        settings: &[
            ("seen_tasks", "6"),
            ("models_per_task", "2"),
            ("autoencoder_steps", "300"),
            ("diffusion_steps", "20"),
        ],
        stage: "autoencoder",
        note: "",
    },
];

/// Times of spans by their names.
#[derive(Default)]
struct Times {
    /// Wall time of each step.
    steps: Vec<Duration>,
    /// Processor time of parts, over all threads.
    parts: BTreeMap<&'static str, Duration>,
}

static TIMES: Mutex<Option<Times>> = Mutex::new(None);
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

thread_local! {
    static OPEN: RefCell<Vec<Instant>> = const { RefCell::new(Vec::new()) };
}

/// Adds up the spans of the engine while a stage is measured.
struct Clock;

impl Subscriber for Clock {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("weightscope")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut names = NAMES.lock().unwrap();
        let name = span.metadata().name();
        let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        Id::from_u64(place as u64 + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Traced<'_>) {}

    fn enter(&self, _: &Id) {
        OPEN.with_borrow_mut(|open| open.push(Instant::now()));
    }

    fn exit(&self, span: &Id) {
        let took = OPEN.with_borrow_mut(|open| open.pop().unwrap().elapsed());
        let name = NAMES.lock().unwrap()[span.into_u64() as usize - 1];
        if let Some(times) = TIMES.lock().unwrap().as_mut() {
            if name == "step" {
                times.steps.push(took);
            } else {
                *times.parts.entry(name).or_default() += took;
            }
        }
    }
}

/// Listens while the wanted stage lasts, and ends the run behind it.
struct Watch {
    stage: &'static str,
    control: Arc<Control>,
    found: Option<Times>,
}

impl Observer for Watch {
    fn on(&mut self, event: Event) {
        let Event::Stage { name, .. } = event else { return };
        let mut times = TIMES.lock().unwrap();
        if name == self.stage {
            *times = Some(Times::default());
        } else if let Some(found) = times.take() {
            self.found = Some(found);
            self.control.cancel();
        }
    }

    fn publish(&mut self, _: Arc<Snapshot>) {}
}

/// A line of the table.
struct Line {
    milliseconds: f64,
    /// Milliseconds of its parts.
    parts: Vec<(&'static str, f64)>,
}

/// The best of the rounds, of the steps behind the first ones.
fn best(steps: &[Duration]) -> f64 {
    let steps = &steps[WARM.min(steps.len() / 2)..];
    let rounds = steps.chunks(steps.len().div_ceil(ROUNDS).max(1));
    rounds
        .map(|round| round.iter().sum::<Duration>().as_secs_f64() * 1e3 / round.len() as f64)
        .fold(f64::INFINITY, f64::min)
}

fn measured(model: &Model, threads: u64) -> Line {
    let mut experiment =
        Experiment::from_toml(CATALOGUE, CATALOGUE.preset(model.preset).unwrap().text).unwrap();
    for (key, value) in model.settings {
        experiment.set_typed(key, value).unwrap_or_else(|problem| panic!("{}: {problem}", model.name));
    }
    experiment.threads = threads;
    let control = Arc::new(Control::default());
    let mut watch = Watch { stage: model.stage, control: control.clone(), found: None };
    let request = RunRequest { experiment, asked: None, origin: "bench".to_owned(), place: Place::Memory };
    run::run(&request, &mut watch, &control).unwrap();
    let times = watch.found.or_else(|| TIMES.lock().unwrap().take()).unwrap();
    let count = times.steps.len().max(1) as f64;
    let parts = times.parts.iter().map(|(name, time)| (*name, time.as_secs_f64() * 1e3 / count)).collect();
    Line { milliseconds: best(&times.steps), parts }
}

/// Weights as a function of latent ones.
struct Arctan;

impl Elementwise for Arctan {
    fn values(&self, _layer: usize, latent: &[f32], effective: &mut [f32]) {
        let form = weightscope_compander::Compander::FORMS[0].form().unwrap();
        form.values(Pair { amplitude: 0.4, width: 0.25 }, latent, effective);
    }

    fn slopes(&self, _layer: usize, latent: &[f32], effective: &[f32], gradient: &mut [f32]) {
        let form = weightscope_compander::Compander::FORMS[0].form().unwrap();
        form.slopes(Pair { amplitude: 0.4, width: 0.25 }, latent, effective, gradient);
    }
}

/// The learner of perceptrons, under a function or plain.
fn perceptron(widths: &[usize], batch: usize, function: &impl Elementwise) -> Line {
    let mut random = stream(1, "bench");
    let mut features = vec![0.0; 4 * batch * widths[0]];
    random.fill_normal(&mut features);
    let labels = (0..4 * batch).map(|_| random.below(10) as u32).collect();
    let samples = Samples::new(&features, widths[0], Targets::Classes(labels)).unwrap();
    let shape = Shape::new(widths, Activation::Relu, Objective::CrossEntropy).unwrap();
    let mut start = vec![0.0; shape.parameters()];
    random.fill_normal(&mut start);
    start.iter_mut().for_each(|value| *value *= 0.15);
    let rows: Vec<u32> = (0..batch as u32).collect();
    let by = Advance { learning_rate: 1e-3, weight_decay: 0.0, decay_on: DecayOn::Latent, rule: Rule::AdamW };
    let mut learner = Learner::new(&shape, shape.pack(&start).unwrap(), batch, Regularizers::default());
    let mut one = || {
        let begun = Instant::now();
        learner.step(&samples, &rows, &mut random, &by, function);
        begun.elapsed()
    };
    let steps: Vec<Duration> = (0..3_000).map(|_| one()).collect();
    Line { milliseconds: best(&steps), parts: Vec::new() }
}

/// Best milliseconds of each model of the peer script's CSV.
fn peers(path: &str) -> BTreeMap<String, f64> {
    let mut best = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let cells: Vec<&str> = line.split(',').collect();
        if let [name, _, _, milliseconds] = cells[..]
            && let Ok(milliseconds) = milliseconds.parse::<f64>()
        {
            let known = best.entry(name.to_owned()).or_insert(f64::INFINITY);
            *known = milliseconds.min(*known);
        }
    }
    best
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let place = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(place + 1).cloned()
    };
    let peers = after("--peer").map_or_else(BTreeMap::new, |path| peers(&path));
    let only = after("--only");
    let is_wanted =
        |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|wanted| wanted == name));
    tracing::subscriber::set_global_default(Clock).unwrap();
    println!("model,threads,milliseconds,ratio");
    let print = |name: &str, threads: u64, line: &Line, note: &str| {
        let peer = peers.get(name.split(' ').next().unwrap_or_default());
        let ratio = peer.map_or_else(String::new, |peer| format!("{:.2}", line.milliseconds / peer));
        println!("{name},{threads},{:.3},{ratio}", line.milliseconds);
        for (part, milliseconds) in &line.parts {
            println!("#   {part}: {milliseconds:.3} ms of processor time a step");
        }
        if threads == 1 && !note.is_empty() {
            println!("#   {note}");
        }
    };
    if is_wanted("mlp") {
        print(
            "mlp",
            1,
            &perceptron(&[64, 128, 128, 10], 64, &Plain),
            "the learner of the compander lab without its function",
        );
    }
    for model in MODELS.iter().filter(|model| is_wanted(model.name)) {
        for threads in [1, 2] {
            print(model.name, threads, &measured(model, threads), model.note);
        }
    }
    if is_wanted("compander") {
        print("compander", 1, &perceptron(&[64, 64, 64, 10], 50, &Arctan), "");
    }
}
