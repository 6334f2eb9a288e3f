//! Flexible aggregation of quantile regression models: Fakoor, Kim, Mueller, Smola, Tibshirani, JMLR 24 (2023), arXiv 2103.00083.
//!
//! The claim: several quantile models, cross-fitted and joined with weights that depend on model, level and row, made monotone and
//! calibrated, give sharper intervals than each of them, than their average, and than regressions on their predictions.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `base/`: the base models; `ensemble/`: what joins them
//! - `data/`: table, split, encoding; `pipeline/`: the experiment as stages; `predict`: new rows from a finished run
//! - `views/`: what is shown and what follows from the record; `reference`: published figures; `help/`: texts

pub mod base;
mod channels;
mod config;
mod cost;
pub mod data;
pub mod ensemble;
pub mod method;
mod names;
mod pipeline;
mod predict;
mod reference;
pub mod scores;
mod size;
#[cfg(test)]
mod tests;
mod views;

pub use predict::{predict, predict_with};

pub use config::{Config, Conformal, Margins, Missing, NonFinite, Placement, Search};

use std::path::Path;

use weightscope_frame::experiment::{Cost, Problem, Visitor};
use weightscope_frame::lab::{
    About, Catalogue, Derive, Entry, Picked, Prediction, Preset, RawLab, ReferenceRow,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Channel, Pick, Record, ViewSpec};
use weightscope_frame::run::{Context, Control, RunError};

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

/// What decides whether the table can be used.
const DATA: &[&str] = &["dataset", "target", "missing", "split", "folds"];

impl RawLab for Config {
    const NAME: &'static str = "quantiles";
    const PRESETS: &'static [Preset] =
        presets!("quantiles": "quick", "engel", "diabetes", "synth1", "synth5", "paper-grid");

    fn about() -> About {
        About {
            title: "Quantile aggregation",
            claim: "Many quantile models, joined with weights that may depend on model, level and row, uncrossed and calibrated, give sharper intervals than each of them. How much is gained depends on the data; here it is measured.",
            paper: "Fakoor, Kim, Mueller, Smola, Tibshirani: Flexible Model Aggregation for Quantile Regression, JMLR 24, 2023 (arXiv 2103.00083)",
            link: "https://arxiv.org/abs/2103.00083",
            headlines: &["wis", "coverage_80", "width_80"],
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
        pipeline::data_problems(self)
    }

    fn data_settings() -> &'static [&'static str] {
        DATA
    }

    fn cost(&self) -> Cost {
        cost::cost(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        pipeline::run(self, context)
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

    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        views::derive(self, job)
    }

    fn prediction(&self) -> Option<Prediction> {
        let methods = self.base_models.iter().chain(&self.aggregators).cloned().collect();
        let about = "A CSV file with every level's quantile and the calibrated ends of every interval for each row of a table.";
        Some(Prediction { about, methods })
    }

    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        predict_with(run_folder, table, method, control)
    }
}
