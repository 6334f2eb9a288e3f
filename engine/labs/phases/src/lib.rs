//! Phases of neural-network training over load and temperature: a grid of small networks, what their losses look like, and which
//! phase each cell is in (model zoo on phase transitions, arXiv 2504.18072; Yang et al., arXiv 2107.11228).
//!
//! The claim: metrics of the loss landscape fall into regions with sharp borders. Hot and undersized networks are underfitted, cold and
//! undersized ones disconnected; only wide networks at the right temperature generalise.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `plan`, `material`, `metric`: cells, rows, names
//! - `run/`: the experiment as stages; `zoo/`: models on disk; `views`, `derive`: what is shown; `reference`, `help/`: texts

mod channels;
mod config;
mod derive;
mod material;
pub mod method;
mod metric;
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

use weightscope_frame::experiment::{Cost, Problem, Visitor};
use weightscope_frame::lab::{
    About, Catalogue, Derive, Entry, Picked, Preset, Product, RawLab, ReferenceRow,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Channel, Pick, Record, ViewSpec};
use weightscope_frame::run::{Context, Control, RunError};

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

/// What decides whether the data can be used.
const DATA: &[&str] = &[
    "origin",
    "zoo_folder",
    "dataset",
    "label_column",
    "train_rows",
    "downstream",
    "tuning_task",
    "tuning_dataset",
];

impl RawLab for Config {
    const NAME: &'static str = "phases";
    const PRESETS: &'static [Preset] = presets!("phases": "quick", "desk", "desk-learning-rate");

    fn about() -> About {
        About {
            title: "Phases of training",
            claim: "Over model size and training noise, networks fall into phases with sharp borders. One of them generalises.",
            paper: "Schürholt, Meynent, Zhou, Yang, Borth: A Model Zoo on Phase Transitions in Neural Networks, 2025 (arXiv 2504.18072)",
            link: "https://arxiv.org/abs/2504.18072",
            headlines: &["best_test_accuracy", "cells_iv_b", "models_trained"],
        }
    }

    fn smallest() -> &'static str {
        include_str!("smallest.toml")
    }

    fn fork_keys() -> &'static [&'static str] {
        config::FREE
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        self.visit_settings(visitor);
    }

    fn check(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn data_problems(&self) -> Vec<Problem> {
        run::data_problems(self)
    }

    fn data_settings() -> &'static [&'static str] {
        DATA
    }

    fn cost(&self) -> Cost {
        plan::cost(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        run::run(self, context)
    }

    fn views(&self) -> Vec<ViewSpec> {
        views::views(self)
    }

    fn reference(&self) -> Vec<ReferenceRow> {
        reference::rows()
    }

    fn pick(&self, record: &Record, pick: &Pick) -> Picked {
        views::pick(record, pick)
    }

    fn forkable(&self, parent: &Self) -> Vec<Problem> {
        self.fork_problems(parent)
    }

    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        Ok(zoo::own::carry_over(parent, child)?)
    }

    fn products(&self) -> Vec<Product> {
        zoo::export::products(self)
    }

    fn produce(&self, _id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        zoo::export::zoo(self, run, out, control)
    }

    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        derive::derive(self, job)
    }
}
