//! The data card of an exported zoo: what it is, how it was made, what its fields mean, and what it is not.

use std::fmt::Write as _;

use super::export::Zoo;
use crate::config::{Config, HessianRows};
use crate::method::phase::Phase;
use weightscope_data::catalogue;
use weightscope_frame::experiment::number;
use weightscope_frame::store::{Manifest, Status};

/// The card as Markdown.
pub(super) fn text(zoo: &Zoo<'_>, manifest: &Manifest) -> String {
    let mut text = String::from("# A model zoo over load and temperature\n\n");
    summary(&mut text, zoo);
    data(&mut text, zoo.config, manifest);
    protocol(&mut text, zoo.config);
    making(&mut text, manifest);
    text.push_str(FILES);
    measures(&mut text, zoo.config);
    limits(&mut text, zoo, manifest);
    text
}

fn summary(text: &mut String, zoo: &Zoo<'_>) {
    let list = |values: &[f64]| values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ");
    let config = zoo.config;
    let _ = writeln!(
        text,
        "{} small perceptrons, trained for the same task over a grid of load ({}: {}) and temperature ({}: {}), \
         {} seeds in each of {} cells. Each comes with its learning curve, metrics of its loss landscape, and its weights. \
         The layout is that of the model zoo on phase transitions (arXiv 2504.18072), with safetensors weights.\n",
        zoo.models.len(),
        config.load.label().to_lowercase(),
        list(&zoo.plan.load),
        config.temperature.label().to_lowercase(),
        list(&zoo.plan.temperature),
        zoo.plan.seeds,
        zoo.plan.cells.len(),
    );
    let thresholds = config.thresholds();
    let cells = 0..zoo.plan.cells.len();
    let phases: Vec<Phase> = cells.map(|cell| zoo.book.phase(config, &thresholds, cell)).collect();
    text.push_str("| phase | cells |\n|---|---|\n");
    for phase in Phase::ALL {
        let count = phases.iter().filter(|other| **other == phase).count();
        if count > 0 {
            let _ = writeln!(text, "| {} | {count} |", phase.word());
        }
    }
    text.push_str(
        "\nThe phases follow from the metrics and the thresholds in `experiment.toml`; they are a reading, not a measurement.\n\n",
    );
}

fn data(text: &mut String, config: &Config, manifest: &Manifest) {
    text.push_str("## Data\n\n");
    let _ = writeln!(text, "- Data set: `{}`", config.dataset);
    if let Some(hash) = &manifest.dataset_hash {
        let _ = writeln!(text, "- Content hash (BLAKE3): `{hash}`");
    }
    match catalogue::entry(&config.dataset) {
        Some(entry) => {
            let _ = writeln!(text, "- What it is: {}, {} rows", entry.title, entry.rows);
            let _ = writeln!(text, "- Source and licence of the data: {}", entry.citation);
        }
        None => text.push_str(
            "- Source and licence of the data: not known to the program that wrote this card; state them here before you pass the zoo on.\n",
        ),
    }
    let _ = writeln!(
        text,
        "- Split: all rows permuted once (seed {}); the first {} train, all others test; standardised by mean and deviation of the training rows over all features",
        config.data_seed, config.train_rows
    );
    let _ = writeln!(
        text,
        "- Label noise: see `dataset::label_noise` of each model; the same moved labels in all cells of one noise, test labels untouched\n"
    );
}

fn protocol(text: &mut String, config: &Config) {
    text.push_str("## Protocol\n\n");
    let lines = [
        format!(
            "Perceptrons of {} hidden layers of one width, {} units, softmax cross-entropy; no normalisation, no augmentation",
            config.hidden_layers,
            config.activation.label()
        ),
        "Initial weights uniform on ±√(6/inputs), in the last layer on ±1/√inputs; biases 0".to_owned(),
        format!(
            "Gradient descent with momentum {}, learning rate {} ({}), weight decay {} on all parameters, batch size {}, unless it runs along an axis; an incomplete last batch is left out",
            number(config.momentum),
            number(config.learning_rate),
            config.course.label().to_lowercase(),
            number(config.weight_decay),
            config.batch_size
        ),
        format!(
            "At least {} epochs and at least {} steps; a share of the data gets as many times more epochs",
            config.epochs_min, config.steps_min
        ),
        "Seeds: initial weights and order of the rows; the seed of the run, the settings and the number in the cell determine both".to_owned(),
    ];
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
    text.push('\n');
}

fn making(text: &mut String, manifest: &Manifest) {
    text.push_str("## How it was made\n\n");
    let _ = writeln!(text, "- Program: weightscope {}", manifest.version);
    let _ = writeln!(text, "- Configuration hash (BLAKE3): `{}`", manifest.config_hash);
    let _ = writeln!(text, "- Seed of the run: {}", manifest.seed);
    let _ = writeln!(text, "- Device: {}", manifest.device);
    let _ = writeln!(text, "- Run: `{}`, begun {}", manifest.id, manifest.started);
    if let Some(parent) = &manifest.parent {
        let _ = writeln!(text, "- It went on from run `{}` at step {}", parent.id, parent.step);
    }
    if let Some(hash) = &manifest.stream_hash {
        let _ = writeln!(text, "- Hash of the metric stream: `{hash}`");
    }
    text.push_str(
        "- Again: `weightscope run experiment.toml --out RUN`, then `weightscope produce RUN zoo --out ZOO`\n\n",
    );
}

const FILES: &str = "\
## Files

- `index.csv`: one row for each model
- `experiment.toml`: all settings, with their meaning
- One folder for each model, named by its settings:
  - `params.json`: its settings under the published keys; `model::sizes`, `run::seed` and `dataset::…` are our own
  - `result.json`: one JSON object per line and epoch, the first before training; the last also holds the landscape metrics
  - `checkpoint_NNNNNN/checkpoints.safetensors`: its weights after that epoch, `layers.K.weight` `[out, in]` and `layers.K.bias` `[out]`, 32-bit floats

| field of `result.json` | unit | meaning |
|---|---|---|
| `training_iteration` | epochs | passes over the training rows |
| `running_loss` | nat | mean loss of the batches of the epoch, as they came |
| `train_loss`, `test_loss` | nat | mean cross-entropy, without weight decay; at epochs that were judged |
| `train_acc`, `test_acc` | share | right answers; moved labels count as right in training |
| `log_hessian_top_ev`, `log_hessian_top_ev_val` | ln | largest Hessian eigenvalue by magnitude, training and test rows |
| `log_hessian_trace_train` | ln | magnitude of Hutchinson's estimate of the Hessian trace, training rows |
| `curve_mc_train_error`, `curve_mc_test_error` | percentage points | mode connectivity on Bézier curves, mean over the pairs of the cell; negative is a barrier |
| `representation_similarity` | | CKA of the seeds, mean over the pairs of the cell |
| `wiseft_acc_test`, `wiseft_acc_test_delta` | share | test accuracy of the mean of the last five epochs' parameters, and its gain |
| `gitrebasin_acc_test`, `gitrebasin_acc_test_delta` | share | test accuracy of the mean of the cell's networks after weight matching, and its gain |
| `weightscope`, `weightscope_metrics` | | what the program reads again: the finished network, and all metrics of its cell |

In `index.csv` the columns `cell_…` are means over the cell's seeds or pairs, `distance` is Euclidean; `trace_error` is the standard error of `trace`. Empty is unknown.

";

fn measures(text: &mut String, config: &Config) {
    text.push_str("## Measurements\n\n");
    let _ = writeln!(
        text,
        "- Curves between seeds: {} epochs, batch {}, learning rate {}, decay {}, {} points; lines: {} points",
        config.curve_epochs,
        config.curve_batch,
        number(config.curve_learning_rate),
        number(config.curve_weight_decay),
        config.curve_points,
        config.line_points
    );
    let _ = writeln!(text, "- Similarity: {}", config.similarity.label());
    if config.hessian == HessianRows::None {
        text.push_str("- Curvature: not measured\n\n");
    } else {
        let _ = writeln!(
            text,
            "- Curvature: exact Hessian products on all rows ({}); power iteration up to {} products or a change of {}; trace from up to {} samples\n",
            config.hessian.label().to_lowercase(),
            config.power_iterations,
            number(config.power_tolerance),
            config.trace_samples
        );
    }
}

fn limits(text: &mut String, zoo: &Zoo<'_>, manifest: &Manifest) {
    text.push_str("## Known limits\n\n");
    if zoo.missing > 0 {
        let _ = writeln!(
            text,
            "- The run is {}: {} networks of its grid are not in this zoo, and metrics of whole cells may be missing.",
            if manifest.status == Status::Done { "done" } else { "not finished" },
            zoo.missing
        );
    }
    if !zoo.book.wanted.is_empty() {
        let _ = writeln!(
            text,
            "- {} cells were asked for while the run went on; `experiment.toml` does not name them, so a run of it makes the others only.",
            zoo.book.wanted.len()
        );
    }
    let cells = 0..zoo.plan.cells.len();
    let diverged = cells.filter(|cell| zoo.book.diverged(*cell)).count();
    if diverged > 0 {
        let _ = writeln!(text, "- {diverged} cells hold a network that diverged; its loss is `null`.");
    }
    text.push_str(
        "- Only the last epoch of each network is kept.\n\
         - The networks have no normalisation layers: where training is hottest they are flat rather than sharp, so the Hessian does not tell hot from cold here as it does for ResNets.\n\
         - Small networks on a small data set: the phases are those of the papers, their numbers are not.\n\
         - One split of the rows; another one moves accuracies by a percent and cells at the borders of the phases.\n",
    );
}
