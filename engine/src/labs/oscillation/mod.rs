//! Oscillation-free quantization (OFQ), arXiv 2302.02210: which weights hop across their decision boundaries, and why.
//!
//! The claim: a learned step size feeds back on the levels and aggravates oscillation; a scale taken from the statistics of the
//! row, annealing of only the boundary weights, and quantizing the query-key product once remove it.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `network/`: the quantized networks
//! - `train/`: the experiment as stages; `views`: what is shown; `reference`: published figures; `help/`: texts

mod channels;
mod config;
pub mod method;
pub mod network;
mod reference;
mod train;
mod views;

pub use config::{Aggregate, CgaQueryKey, Config, Measure, Network, Pin, Quantizer, Remedy, Schedule};

use std::path::Path;

use super::{About, Lab, Picked, Product, ReferenceRow};
use crate::experiment::{Cost, Problem, Visitor, changed_in_fork};
use crate::record::{Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

/// What may change at a fork: the course of quantized training from there on. Network, data and quantizer are in the
/// checkpoint's shapes; the monitor's window and tracker are in its tensors; the float stage lies behind.
const FORKABLE: &[&str] = &[
    "step_learning_rate_factor",
    "distillation",
    "remedy",
    "dampening_strength",
    "dampening_aggregate",
    "freezing_start_threshold",
    "freezing_threshold",
    "cga_epochs",
    "cga_boundary_range",
    "cga_learning_rate",
    "cga_query_key",
    "epochs",
    "learning_rate",
    "schedule",
    "warmup_epochs",
    "weight_decay",
    "record_every",
];

/// What decides whether the data can be used.
const DATA: &[&str] = &["dataset", "label_column", "test_share", "network", "patch", "embedding", "heads"];

impl Lab for Config {
    fn about() -> About {
        About {
            title: "Weight oscillation",
            claim: "Low-bit weights hop across their decision boundaries while they train. A learned step size drives many of the hops; a statistical one few.",
            paper: "Liu, Liu, Cheng: Oscillation-free Quantization for Low-bit Vision Transformers, 2023 (arXiv 2302.02210)",
            link: "https://arxiv.org/abs/2302.02210",
            headlines: &["test_accuracy", "oscillating_share", "scale_driven_share"],
        }
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        self.visit_settings(visitor);
    }

    fn check(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn data_problems(&self) -> Vec<Problem> {
        train::data_problems(self)
    }

    fn data_settings() -> &'static [&'static str] {
        DATA
    }

    fn cost(&self) -> Cost {
        train::cost(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        train::run(self, context)
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

    fn levels(&self, run: &Path) -> Result<Artifact, RunError> {
        train::product::levels(self, run)
    }

    fn products(&self) -> Vec<Product> {
        train::product::products(self)
    }

    fn produce(&self, _id: &str, run: &Path, out: &Path, _control: &Control) -> Result<(), RunError> {
        train::product::produce(self, run, out)
    }

    fn forkable(&self, parent: &Self) -> Vec<Problem> {
        changed_in_fork(|v| self.clone().visit(v), |v| parent.clone().visit(v), FORKABLE)
    }

    fn action(&self, record: &Record, action: &str) -> Picked {
        views::action(record, action)
    }
}
