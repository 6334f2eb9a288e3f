//! Block-affine fine-tuning: Bone (Kang, arXiv 2409.15371) and its family against LoRA, PiSSA, OLoRA, LoRA-GA and LoRA+.
//!
//! The claim: an update that is made of square blocks, each guided by the frozen weights under it, learns faster than low-rank updates
//! with the same number of trainable parameters. "Bone" is a name that moved: versions 1 to 3 of the paper mean the weight-guided
//! forms (here `bone_col` and `bone_row`), versions 4 and later the affine part alone (here `miss`). So the word never stands alone.
//!
//! - [`method`]: the mathematics, pure: adapters, their initialisations, gradients, merging, conversions, diagnostics, base models
//! - `compute`: passes of the base models, by hand; `device`: the same as tensors, for a graphics adapter
//! - `adapt`: adapters on flat vectors; `base`: where bases come from; `data`: texts, tables
//! - `config`: the settings; `train`: the experiment as stages; `views`: what is shown; `reference`: the claims beside our figures

mod adapt;
mod base;
mod channels;
mod compute;
mod config;
mod data;
mod device;
pub mod method;
mod metrics;
mod reference;
mod train;
mod views;

#[cfg(test)]
mod tests;

pub use config::{Config, Match, Method, Model, Schedule, Task, Vocabulary};

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem, Spread};
use weightscope_frame::lab::{
    About, Lab, Makes, Powers, Preset, Product, ReferenceRow, Running, Stage, View,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Metric, declared::Declaration};
use weightscope_frame::run::{Context, Control, RunError};
use weightscope_frame::store::State;

impl Lab for Config {
    const NAME: &'static str = "block_affine";
    const ABOUT: About = About {
        title: "Block-affine fine-tuning",
        claim: "Updates made of blocks that the frozen weights guide learn faster than low-rank ones with as many parameters, at one small learning rate; with its own best rate each, plain LoRA is level or ahead.",
        paper: "Kang: Bone: Block Affine Transformation as Parameter Efficient Fine-tuning Methods for Large Language Models, 2024 (arXiv 2409.15371, versions 1 to 3; MiSS since)",
        link: "https://arxiv.org/abs/2409.15371",
        headlines: &[
            metrics::VALIDATION_LOSS.name,
            metrics::TRAINABLE_PARAMETERS.name,
            metrics::INITIAL_GRADIENT_NORM.name,
            metrics::EFFECTIVE_RANK.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("block_affine":
        "quick", "llama", "rwkv", "gpt", "rates", "blocks", "rotated-digits", "odd-even", "sine",
        "pretrain-llama", "pretrain-rwkv", "pretrain-gpt");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &[
        "model",
        "base",
        "base_text",
        "context",
        "vocabulary",
        "tokens",
        "task",
        "text",
        "method",
        "targets",
        "block",
        "match",
        "rank",
        "mini_width",
    ];
    const POWERS: Powers<Self> = Powers::NONE.makes();

    type Shared = train::Shared;
    type State = train::Training;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        data::read_data(self)
    }

    fn uses_graphics_card(&self) -> bool {
        self.is_language()
    }

    fn cost(&self) -> Cost {
        config::cost(self)
    }

    fn spread(&self) -> Spread {
        config::SPREAD
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

    fn produce(&self, id: &str, run: &Path, out: &Path, _control: &Control) -> Result<(), RunError> {
        train::product::produce(self, id, run, out)
    }
}
