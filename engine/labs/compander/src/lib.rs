//! Weight Compander, arXiv 2306.16993: each weight a bounded, nonlinear function of a latent one, beside the same network without it.
//!
//! The claim: the function bounds the weights and pushes them away from zero, for a more even use of all of them, and adds to other
//! regularisers. The paper's own function could not be read; the arctan form stands unconfirmed.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `data`: rows of each repeat; `network/`: what learns
//! - `train/`: the experiment as stages; `views/`: what is shown; `reference`: the claims beside our figures; `help/`: texts

mod channels;
mod config;
mod data;
pub mod method;
mod metrics;
mod network;
mod reference;
mod train;
mod views;

pub use config::{
    Compander, Config, DecayTarget, Floor, Layers, Network, Optimizer, Parameters, Share, Start, Twin,
};

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem};
use weightscope_frame::lab::{
    About, Catalogue, Entry, Lab, Makes, Powers, Preset, Product, ReferenceRow, Running, Stage, View,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Metric, declared::Declaration};
use weightscope_frame::run::{Context, Control, RunError};
use weightscope_frame::store::State;

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

impl Lab for Config {
    const NAME: &'static str = "compander";
    const ABOUT: About = About {
        title: "Weight compander",
        claim: "A bounded function of each weight pushes weights away from zero and lets a network use them more evenly; beside it a twin without the function shows what that gains.",
        paper: "Cakaj, Mehnert, Yang: Weight Compander: A Simple Weight Reparameterization for Regularization, 2023 (arXiv 2306.16993); arctan form, not confirmed against the paper",
        link: "https://arxiv.org/abs/2306.16993",
        headlines: &[
            metrics::TEST_ACCURACY.name,
            metrics::ACCURACY_GAIN.name,
            metrics::NEAR_ZERO.name,
            metrics::PARTICIPATION.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("compander":
        "quick", "clean", "direct", "learned", "noisy-labels", "noisy-labels-arms", "regularisers", "bound", "vit");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "dataset",
        "label_column",
        "columns",
        "missing_words",
        "decimal",
        "thousands",
        "train_rows",
        "network",
        "patch",
        "embedding",
        "heads",
    ];
    const POWERS: Powers<Self> = Powers::NONE.makes();

    type Shared = train::Shared;
    type State = train::Training;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        train::read_data(self)
    }

    fn uses_graphics_card(&self) -> bool {
        self.network == config::Network::Vit
    }

    fn cost(&self) -> Cost {
        config::cost(self)
    }

    fn views(&self) -> Vec<View<Self>> {
        views::views(self)
    }

    fn reference() -> Vec<ReferenceRow> {
        reference::rows()
    }

    fn begin(&self, context: &mut Context<'_>) -> Result<(Self::Shared, Self::State), RunError> {
        train::begin(self, context)
    }

    fn stages(&self, _shared: &Self::Shared) -> Vec<Stage<Self>> {
        train::stages(self)
    }

    fn fork_state(&self, saved: &State) -> Result<Vec<Problem>, RunError> {
        train::fork_state(self, saved)
    }

    fn restore(run: &mut Running<'_, '_, Self>, saved: &State) -> Result<(), RunError> {
        train::restore(run, saved)
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        train::finish(run)
    }
}

impl Makes for Config {
    fn products(&self) -> Vec<Product> {
        train::product::products(self)
    }

    fn produce(&self, _id: &str, run: &Path, out: &Path, _control: &Control) -> Result<(), RunError> {
        train::product::produce(self, run, out)
    }
}

#[cfg(test)]
mod tests;
