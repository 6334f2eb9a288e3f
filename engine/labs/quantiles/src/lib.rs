//! Flexible aggregation of quantile regression models: Fakoor, Kim, Mueller, Smola, Tibshirani, JMLR 24 (2023), arXiv 2103.00083.
//!
//! The claim: several quantile models, cross-fitted and joined with weights that depend on model, level and row, made monotone and
//! calibrated, give sharper intervals than each of them, than their average, and than regressions on their predictions.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `base/`: the base models; `ensemble/`: what joins them
//! - `data/`: table, split, encoding; `pipeline/`: the experiment as stages; `predict`: new rows from a finished run; `reopen`: its
//!   files, looked at again
//! - `views/`: what is shown and what follows from the record; `reference`: published figures; `help/`: texts

pub mod base;
mod channels;
mod config;
mod cost;
pub mod data;
pub mod ensemble;
pub mod method;
mod metrics;
mod names;
mod pipeline;
mod predict;
mod reference;
mod reopen;
pub mod scores;
mod size;
#[cfg(test)]
mod tests;
mod views;

pub use config::{Config, Conformal, Margins, Missing, NonFinite, Placement, Search};
pub use names::Method;

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem, Spread};
use weightscope_frame::lab::{
    About, Catalogue, Entry, Lab, Powers, Predicted, Prediction, Predicts, Preset, ReferenceRow, Reopened,
    Running, Stage, View,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Metric, declared::Declaration};
use weightscope_frame::run::{Context, Control, RunError};
use weightscope_frame::store::State;

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

impl Lab for Config {
    const NAME: &'static str = "quantiles";
    const ABOUT: About = About {
        title: "Quantile aggregation",
        claim: "Many quantile models, joined with weights that may depend on model, level and row, uncrossed and calibrated, give sharper intervals than each of them. How much is gained depends on the data; here it is measured.",
        paper: "Fakoor, Kim, Mueller, Smola, Tibshirani: Flexible Model Aggregation for Quantile Regression, JMLR 24, 2023 (arXiv 2103.00083)",
        link: "https://arxiv.org/abs/2103.00083",
        headlines: &[metrics::WIS.name, metrics::COVERAGE_80.name, metrics::WIDTH_80.name],
    };
    const PRESETS: &'static [Preset] =
        presets!("quantiles": "quick", "engel", "diabetes", "synth1", "synth5", "paper-grid");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "dataset",
        "target",
        "columns",
        "missing_words",
        "decimal",
        "thousands",
        "missing",
        "split",
        "folds",
    ];
    const POWERS: Powers<Self> = Powers::NONE.predicts();

    type Shared = pipeline::Shared;
    type State = pipeline::Store;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        pipeline::read_data(self)
    }

    fn uses_graphics_card(&self) -> bool {
        true
    }

    fn cost(&self) -> Cost {
        cost::cost(self)
    }

    fn spread(&self) -> Spread {
        cost::SPREAD
    }

    fn views(&self) -> Vec<View<Self>> {
        views::views(self)
    }

    fn reference() -> Vec<ReferenceRow> {
        reference::rows()
    }

    fn begin(&self, context: &mut Context<'_>) -> Result<(Self::Shared, Self::State), RunError> {
        pipeline::begin(self, context)
    }

    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>> {
        pipeline::stages(self, shared)
    }

    fn restore(run: &mut Running<'_, '_, Self>, saved: &State) -> Result<(), RunError> {
        pipeline::restore(run, saved)
    }
}

impl Predicts for Config {
    fn prediction(&self) -> Prediction {
        let methods = self.methods().into_iter().map(|method| method.key().to_owned()).collect();
        let about = "A CSV file with every level's quantile and the calibrated ends of every interval for each row of a table.";
        Prediction { about, methods }
    }

    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Predicted, RunError> {
        predict::predict(run_folder, table, method, control)
    }

    fn reopened(file: &Path) -> Option<Result<Reopened, RunError>> {
        reopen::reopened(file)
    }
}
