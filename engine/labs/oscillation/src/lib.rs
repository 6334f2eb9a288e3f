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
mod metrics;
pub mod network;
mod reference;
mod train;
mod views;

pub use config::{Aggregate, CgaQueryKey, Config, Measure, Network, PinLevel, Quantizer, Remedy, Schedule};

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem};
use weightscope_frame::lab::{
    About, Catalogue, Entry, Lab, Makes, Powers, Preset, Product, Quantizes, ReferenceRow, Running, Stage,
    View,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Metric, declared::Declaration};
use weightscope_frame::run::{Context, Control, Request, RunError};
use weightscope_frame::store::{Artifact, State};

/// The catalogue of this lab alone: its own run folders hold no other.
pub(crate) const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

impl Lab for Config {
    const NAME: &'static str = "oscillation";
    const ABOUT: About = About {
        title: "Weight oscillation",
        claim: "Low-bit weights hop across their decision boundaries while they train. A learned step size drives many of the hops; a statistical one few.",
        paper: "Liu, Liu, Cheng: Oscillation-free Quantization for Low-bit Vision Transformers, 2023 (arXiv 2302.02210)",
        link: "https://arxiv.org/abs/2302.02210",
        headlines: &[
            metrics::TEST_ACCURACY.name,
            metrics::OSCILLATING_SHARE.name,
            metrics::SCALE_DRIVEN_SHARE.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("oscillation":
        "quick", "mlp-lsq", "mlp-lsq-fast-step", "mlp-lsq-fixed", "mlp-statsq", "vit-w2a2-lsq", "vit-w2a2-statsq",
        "vit-w2a2-statsq-qkr", "vit-w2a2-cga", "vit-w2a2-freezing", "vit-arms");
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
        "test_share",
        "network",
        "patch",
        "embedding",
        "heads",
    ];
    const POWERS: Powers<Self> = Powers::NONE.makes().quantizes();

    type Shared = train::Material;
    type State = train::Training;

    fn rules(&self) -> Vec<Problem> {
        self.check_settings()
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        train::read_data(self)
    }

    fn uses_graphics_card(&self) -> bool {
        true
    }

    fn cost(&self) -> Cost {
        train::cost(self)
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

    fn asked(run: &mut Running<'_, '_, Self>, request: Request) -> Result<(), RunError> {
        train::asked(run, &request);
        Ok(())
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        train::finish(run);
        Ok(())
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

impl Quantizes for Config {
    fn levels(&self, run: &Path) -> Result<Artifact, RunError> {
        train::product::levels(self, run)
    }
}

#[cfg(test)]
mod tests {
    use weightscope_frame::experiment::{Experiment, fork_problems};

    #[test]
    fn shapes_and_seed_stay_and_the_learning_rate_may_change() {
        let parent =
            Experiment::from_toml(crate::OWN, crate::OWN.preset("oscillation/mlp-lsq").unwrap().text)
                .unwrap();
        let with = |key: &str, typed: &str| {
            let mut child = parent.clone();
            child.set_typed(key, typed).unwrap();
            fork_problems(&child, &parent).into_iter().map(|problem| problem.key).collect::<Vec<_>>()
        };
        for (key, typed) in
            [("learning_rate", "1e-5"), ("epochs", "900"), ("threads", "1"), ("remedy", "freezing")]
        {
            assert!(with(key, typed).is_empty(), "{key} may change: {:?}", with(key, typed));
        }
        for (key, typed) in [("seed", "9"), ("hidden_widths", "8,8"), ("weight_bits", "4"), ("window", "77")]
        {
            assert_eq!(with(key, typed), [key], "{key} may not");
        }
        assert!(with("patch", "1").is_empty(), "a setting of the other network means nothing here");
    }
}
