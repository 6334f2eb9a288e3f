//! TangleNAS, arXiv 2312.10440: gradient-based architecture search on entangled weights by superposing weights instead of mixing outputs.
//!
//! The claim: a supernet whose smaller choices are slices of its largest tensors can be searched by gradient at the cost of one forward
//! pass, and its rankings are steadier than those of separate weights.
//!
//! - `config`: the settings; `method/`: the mathematics, pure; `data`: the three parts; `truth`: tables of trained architectures
//! - `run/`: the experiment as stages; `views/`: what is shown; `reference`: the claims beside our figures; `help/`: texts

mod channels;
mod config;
mod data;
pub mod method;
mod metrics;
mod reference;
mod run;
mod truth;
mod views;

pub use config::{
    Anchor, Config, Finish, Method, Mixing, Order, Rule, Sampler, Searcher, Size, SpaceKind, Stop, Task,
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

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

impl Lab for Config {
    const NAME: &'static str = "entangled_search";
    const ABOUT: About = About {
        title: "Entangled search",
        claim: "A supernet whose options share their weights is searched by gradient at the cost of one network, and a table in which every architecture is trained says how good its answer is.",
        paper: "Sukthanker, Krishnakumar, Safari, Hutter: Weight-Entanglement Meets Gradient-Based Neural Architecture Search, AutoML 2024 (arXiv 2312.10440)",
        link: "https://arxiv.org/abs/2312.10440",
        headlines: &[
            metrics::REGRET.name,
            metrics::RANK_TAU.name,
            metrics::NOISE_CEILING.name,
            metrics::LARGEST_REGRET.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("entangled_search":
        "quick", "conv", "conv-table", "costs", "mlp", "mlp-long", "cell", "cell-arms", "cell-table", "vit", "evolution-on-table");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "dataset",
        "pixel_noise",
        "train_rows",
        "architecture_rows",
        "data_seed",
        "space",
        "size",
        "channels1",
        "kernels1",
        "channels2",
        "kernels2",
        "hidden",
        "embedding",
        "ratios",
        "depths",
        "cell_channels",
        "vit_embedding",
        "heads",
        "vit_ratios",
        "vit_depths",
        "patch",
        "rule",
        "table",
        "parts",
        "cost_column",
    ];
    const POWERS: Powers<Self> = Powers::NONE.makes();

    type Shared = run::Shared;
    type State = run::State;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        run::read_data(self)
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
        run::begin(self, context)
    }

    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>> {
        run::stages(self, shared)
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        run::finish(run)
    }
}

impl Makes for Config {
    fn products(&self) -> Vec<Product> {
        run::product::products(self)
    }

    fn produce(&self, id: &str, run: &Path, out: &Path, _control: &Control) -> Result<(), RunError> {
        run::product::produce(self, id, run, out)
    }
}

#[cfg(test)]
mod tests;
