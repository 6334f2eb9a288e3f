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
pub mod data;
pub mod ensemble;
pub mod method;
mod pipeline;
pub mod scores;

pub use config::{Config, Conformal, Margins, Missing, Placement, Search};

use super::{About, Lab, Picked, ReferenceRow};
use crate::experiment::{Cost, Problem, Visitor};
use crate::record::{Pick, Record, ViewSpec};
use crate::run::{Context, RunError};

impl Lab for Config {
    fn about() -> About {
        About {
            title: "Quantile aggregation",
            claim: "Many quantile models, joined with weights that may depend on model, level and row, uncrossed and calibrated, give sharper intervals than each of them. How much is gained depends on the data; here it is measured.",
            paper: "Fakoor, Kim, Mueller, Smola, Tibshirani: Flexible Model Aggregation for Quantile Regression, JMLR 24, 2023 (arXiv 2103.00083)",
            link: "https://arxiv.org/abs/2103.00083",
        }
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        self.visit_settings(visitor);
    }

    fn check(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn cost(&self) -> Cost {
        Cost::default()
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        pipeline::run(self, context)
    }

    fn views(&self) -> Vec<ViewSpec> {
        Vec::new()
    }

    fn reference(&self) -> Vec<ReferenceRow> {
        Vec::new()
    }

    fn pick(&self, _record: &Record, _pick: &Pick) -> Picked {
        Picked::default()
    }

    fn action(&self, _record: &Record, _action: &str) -> Picked {
        Picked::default()
    }
}
