//! The zoo of a run as a folder for others: the models in the published layout, an index, the experiment, and a data card.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{FOLDER, RESULT, card, noted, own};
use crate::config::{Config, Origin};
use crate::metric::Metric;
use crate::plan::Plan;
use crate::run::book::Book;
use crate::run::training::Network;
use weightscope_frame::experiment::{Comments, number, to_toml};
use weightscope_frame::lab::Product;
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store::{self, StoreError};

/// One line for each model.
const INDEX: &str = "index.csv";
/// The data card.
const README: &str = "README.md";
/// The settings, to make the zoo again.
const EXPERIMENT: &str = "experiment.toml";

/// Metrics of a cell in the index, behind those of the model.
const OF_CELL: [Metric; 6] = [
    Metric::Connectivity,
    Metric::Linear,
    Metric::Cka,
    Metric::Distance,
    Metric::Ensemble,
    Metric::MatchedAverage,
];

/// A zoo can be made of runs that train.
pub(crate) fn products(config: &Config) -> Vec<Product> {
    if config.origin == Origin::Zoo {
        return Vec::new();
    }
    vec![Product {
        id: "zoo",
        label: "Model zoo with data card",
        about: "A folder for each model with settings, learning curve, metrics and weights, in the published layout, with an index and a data card.",
    }]
}

/// A model that is exported.
pub(super) struct Exported {
    /// Name of its folder.
    pub(super) name: String,
    /// Its cell in the plan.
    pub(super) cell: usize,
    /// Its number in the cell.
    pub(super) seed: usize,
}

/// What the card tells.
pub(super) struct Zoo<'a> {
    pub(super) config: &'a Config,
    pub(super) plan: Plan,
    pub(super) book: Book,
    pub(super) models: Vec<Exported>,
    /// Networks of the plan that the run has not finished.
    pub(super) missing: usize,
}

/// Writes the zoo of a run into a new or empty folder.
pub(crate) fn zoo(config: &Config, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
    let manifest = store::read_manifest(run)?;
    let experiment = store::read_experiment(crate::OWN, run)?;
    let mut book = newest_book(run)?;
    let plan = Plan::new(config, &book.wanted);
    book.fit(&plan);
    let mut models = Vec::new();
    for cell in plan.table_order() {
        let Some(knobs) = plan.cells.get(cell).map(|cell| cell.knobs) else { continue };
        for seed in 0..plan.seeds {
            if own::folder(run, &knobs, seed).join(RESULT).is_file() {
                models.push(Exported { name: knobs.name(seed), cell, seed });
            }
        }
    }
    if models.is_empty() {
        return Err(RunError::Store(StoreError::Lacking {
            what: "the zoo",
            why: "the run has finished no network yet",
            advice: "resume the run and export when some networks are trained",
            path: run.join(FOLDER),
        }));
    }
    store::new_folder(out)?;
    let missing = plan.networks().saturating_sub(models.len());
    let zoo = Zoo { config, plan, book, models, missing };
    for model in &zoo.models {
        control.check()?;
        copy(&zoo, model, &run.join(FOLDER).join(&model.name), &out.join(&model.name))?;
    }
    write(out, INDEX, &index(&zoo))?;
    write(out, EXPERIMENT, &to_toml(&experiment, Comments::Each))?;
    // The card comes last: a folder without one is no whole zoo.
    write(out, README, &card::text(&zoo, &manifest))?;
    Ok(())
}

/// What the newest checkpoint knows; nothing for a run without one.
fn newest_book(run: &Path) -> Result<Book, RunError> {
    let origin = store::origin_checkpoint(run);
    for file in store::checkpoints(run).into_iter().rev().chain(origin.is_file().then_some(origin)) {
        if let Ok(found) = store::read_checkpoint(&file) {
            let mut book = Book::default();
            store::restore(&mut book, &found.state)?;
            return Ok(book);
        }
    }
    Ok(Book::default())
}

/// Copies a model, with what the run knows of it in its `result.json`.
fn copy(zoo: &Zoo<'_>, model: &Exported, from: &Path, to: &Path) -> Result<(), RunError> {
    own::each_file_but_result(from, to, |from, to| {
        let copied = fs::copy(from, to);
        copied.map(|_| ()).map_err(|error| StoreError::io("a file of the zoo", to, error))
    })?;
    let text = noted::text(from, RESULT)?;
    let known = zoo.book.networks_of(model.cell).any(|(seed, _)| seed == model.seed);
    let entries = known.then(|| noted::entries(zoo.config, &zoo.book, model.cell, model.seed));
    let text = entries.and_then(|entries| noted::noted(&text, entries)).unwrap_or(text);
    write(to, RESULT, &text)?;
    Ok(())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    store::write_atomically(&folder.join(name), "a file of the zoo", |out| out.write_all(text.as_bytes()))
}

/// One row for each model: its settings, its own metrics, then those of its cell and the cell's phase; empty where unknown.
fn index(zoo: &Zoo<'_>) -> String {
    let mut text = String::from(
        "folder,width,batch_size,learning_rate,weight_decay,data_share,label_noise,seed,epochs,steps,\
         train_loss,train_accuracy,test_loss,test_accuracy,weight_norm,lambda_max,trace,trace_error",
    );
    for metric in OF_CELL {
        let _ = write!(text, ",cell_{}", metric.words().id);
    }
    text.push_str(",cell_phase\n");
    let thresholds = zoo.config.thresholds();
    let field = |value: Option<f64>| value.filter(|value| value.is_finite()).map(number).unwrap_or_default();
    for model in &zoo.models {
        let Some(knobs) = zoo.plan.cells.get(model.cell).map(|cell| cell.knobs) else { continue };
        let network = zoo.book.networks_of(model.cell).find(|(seed, _)| *seed == model.seed);
        let network = network.map(|(_, network)| network);
        let of = |read: fn(&Network) -> f64| field(network.map(read));
        let bend = zoo.book.bends_of(model.cell, model.seed).and_then(|bends| bends.train.as_ref());
        let mut row = vec![model.name.clone(), knobs.width.to_string(), knobs.batch.to_string()];
        row.extend(
            [knobs.learning_rate, knobs.weight_decay, knobs.data_share, knobs.label_noise].map(number),
        );
        row.push(model.seed.to_string());
        row.extend([
            of(|network| network.epochs as f64),
            of(|network| network.steps as f64),
            of(|network| network.train.loss),
            of(|network| network.train.accuracy),
            of(|network| network.test.loss),
            of(|network| network.test.accuracy),
            of(|network| network.norm),
            field(bend.map(|bend| bend.lambda)),
            field(bend.map(|bend| bend.trace)),
            field(bend.map(|bend| bend.trace_error)),
        ]);
        let values = zoo.book.values(zoo.config, model.cell);
        row.extend(OF_CELL.iter().map(|metric| field(values.get(*metric))));
        row.push(zoo.book.phase(zoo.config, &thresholds, model.cell).word().to_owned());
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}
