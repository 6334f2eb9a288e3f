//! Phases of neural-network training over load and temperature: a grid of small networks, what their losses look like, and which
//! phase each cell is in (model zoo on phase transitions, arXiv 2504.18072; Yang et al., arXiv 2107.11228).
//!
//! The claim: metrics of the loss landscape fall into regions with sharp borders. Hot and undersized networks are underfitted, cold and
//! undersized ones disconnected; only wide networks at the right temperature generalise.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `plan`, `material`, `metric`: cells, rows, metrics of a cell
//! - `run/`: the experiment as stages; `zoo/`: models on disk; `channels`, `metrics`: what is recorded and reported
//! - `views/`, `derive/`, `control`: what is shown and turned; `reference`, `help/`: texts

mod channels;
mod config;
mod control;
mod cost;
mod derive;
mod material;
pub mod method;
mod metric;
mod metrics;
mod pace;
mod plan;
mod reference;
mod run;
mod views;
mod zoo;

pub use config::{
    Config, Course, HessianRows, Load, Origin, Similarity, Temperature, TuningTask, Unit, Values,
};
pub use metric::Metric;
pub use plan::Knobs;

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem, Spread};
use weightscope_frame::lab::{
    About, Catalogue, Entry, Keeps, Lab, Makes, Powers, Preset, Product, ReferenceRow, Running, Stage, View,
};
use weightscope_frame::presets;
use weightscope_frame::record::declared::Declaration;
use weightscope_frame::run::{Context, Control, Request, RunError};
use weightscope_frame::{record, store};

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

impl Lab for Config {
    const NAME: &'static str = "phases";
    const ABOUT: About = About {
        title: "Phases of training",
        claim: "Over model size and training noise, networks fall into phases with sharp borders. One of them generalises.",
        paper: "Schürholt, Meynent, Zhou, Yang, Borth: A Model Zoo on Phase Transitions in Neural Networks, 2025 (arXiv 2504.18072)",
        link: "https://arxiv.org/abs/2504.18072",
        headlines: &[
            metrics::BEST_TEST_ACCURACY.name,
            metrics::CELLS_IV_B.name,
            metrics::MODELS_TRAINED.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("phases": "quick", "desk", "desk-learning-rate");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [record::Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "origin",
        "zoo_folder",
        "dataset",
        "label_column",
        "columns",
        "missing_words",
        "decimal",
        "thousands",
        "train_rows",
        "parts",
        "downstream",
        "tuning_task",
        "tuning_dataset",
    ];
    const POWERS: Powers<Self> = Powers::NONE.makes().keeps();

    type Shared = run::Shared;
    type State = run::State;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        run::read_data(self)
    }

    fn cost(&self) -> Cost {
        cost::cost(self)
    }

    fn spread(&self) -> Spread {
        cost::spread(self)
    }

    fn views(&self) -> Vec<View<Self>> {
        views::views(self)
    }

    fn reference() -> Vec<ReferenceRow> {
        reference::rows()
    }

    fn begin(&self, context: &mut Context<'_>) -> Result<(Self::Shared, Self::State), RunError> {
        run::begin(self, context)
    }

    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>> {
        run::stages(self, shared)
    }

    fn restore(run: &mut Running<'_, '_, Self>, saved: &store::State) -> Result<(), RunError> {
        run::restore(run, saved)
    }

    fn asked(run: &mut Running<'_, '_, Self>, request: Request) -> Result<(), RunError> {
        run::asked(run, &request);
        Ok(())
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        run::finish(run)
    }

    fn fork_rules(&self, parent: &Self) -> Vec<Problem> {
        self.fork_problems(parent)
    }
}

impl Makes for Config {
    fn products(&self) -> Vec<Product> {
        zoo::export::products(self)
    }

    fn produce(&self, _id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        zoo::export::zoo(self, run, out, control)
    }
}

impl Keeps for Config {
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        Ok(zoo::own::carry_over(parent, child)?)
    }
}
