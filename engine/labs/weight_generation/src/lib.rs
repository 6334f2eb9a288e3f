//! Weight generation: diffusion over the weights of networks, conditioned on a data set (D2NWG, arXiv 2402.18153), beside everything
//! that is simpler.
//!
//! The claim: the distribution of trained weights given a data set can be learned, so that networks for new data sets come out of noise
//! without training. Whether that is more than retrieval, an average or a linear map from data to weights is measured here.
//!
//! - [`method`]: the mathematics, pure: vectors of weights, losses, encoders, diffusion, baselines, novelty
//! - `config`: the settings; `data`: rows, tasks, conditions; `network/`: what learns the zoo
//! - `train/`: the experiment as stages; `views/`: what is shown; `reference`: the claims beside our figures; `help/`: texts

mod channels;
mod config;
mod data;
pub mod method;
mod metrics;
mod network;
mod reference;
#[cfg(test)]
mod tests;
mod train;
mod views;

pub use config::{
    Align, Alignment, Autoencoder, ClassOrder, Config, Encoder, Generator, Initialisation, Normalise,
    Reconstruction, Refine, Sampler, Schedule, Visited,
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
    const NAME: &'static str = "weight_generation";
    const ABOUT: About = About {
        title: "Weight generation",
        claim: "A diffusion model learns the weights of many small networks and makes networks for unseen data sets out of noise, without training; retrieval, averages and a linear map from data to weights stand beside it.",
        paper: "Soro, Andreis, Lee, Jeong, Chong, Hutter, Hwang: Diffusion-based Neural Network Weights Generation, 2024 (arXiv 2402.18153)",
        link: "https://arxiv.org/abs/2402.18153",
        headlines: &[
            metrics::ZOO_ACCURACY.name,
            metrics::GENERATED_UNSEEN.name,
            metrics::RIDGE.name,
            metrics::NEAREST_MEAN.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("weight_generation":
        "quick", "common", "aligned", "independent", "starts", "encoders", "no-latent", "scale", "own-zoo", "checkpoints");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "dataset",
        "label_column",
        "downsample",
        "rows_per_class",
        "classes_per_task",
        "seen_tasks",
        "unseen_tasks",
        "zoo",
        "parts",
        "leave_out_damaged",
        "hidden_widths",
        "latent",
        "autoencoder",
        "image_side",
        "channel_factors",
        "latent_channels",
        "images_per_class",
        "target_data",
        "target_label_column",
        "target_classes",
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

    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>> {
        train::stages(self, shared)
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

    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        train::product::produce(self, id, run, out, control)
    }
}
