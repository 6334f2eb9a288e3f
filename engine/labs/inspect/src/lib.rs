//! Weight files of one's own on the scope: what is in them, how the weights of each tensor lie, what a second file changed, how weights
//! move over the checkpoints of a folder.
//!
//! No method of one paper: figures that several use, each with its source in the help of its view.
//!
//! - `config`: the settings; `files`: opening and reading; `levels`: the axis of a quantizer; `follow`: single weights over checkpoints
//! - `recorded/`: sampled weights of a recording, quantized afterwards; `logged`: numbers that a training wrote
//! - `run/`: the stages; `views/`: what is shown; `reference`: figures of others beside ours; `help/`: texts

mod channels;
mod config;
mod demo;
mod files;
mod follow;
mod levels;
mod logged;
mod metrics;
mod product;
mod recorded;
mod run;
mod values;
mod views;

pub use config::{Config, Grouping, Holds, Order, Scale, Spectra, Traced};

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::{Cost, Problem};
use weightscope_frame::lab::{
    About, Guide, Keeps, Lab, Makes, Opened, Opens, Powers, Preset, Product, Running, Stage, View,
};
use weightscope_frame::presets;
use weightscope_frame::record::{Metric, declared::Declaration};
use weightscope_frame::run::{Context, Control, Request, RunError};

impl Lab for Config {
    const NAME: &'static str = "inspect";
    const ABOUT: About = About {
        title: "Inspect weights",
        claim: "A weight file of one's own, tensor by tensor: statistics, spectra, quantization, what a second file changed, how weights move over checkpoints. Nothing in a file is executed.",
        paper: "No single paper: figures of several, each with its source in the help of its view (power-law exponents as in Martin, Peng and Mahoney 2021, Nature Communications 12)",
        link: "https://doi.org/10.1038/s41467-021-24025-8",
        headlines: &[
            metrics::TENSORS.name,
            metrics::PARAMETERS.name,
            metrics::NON_FINITE.name,
            metrics::MEDIAN_ALPHA.name,
        ],
    };
    const PRESETS: &'static [Preset] = presets!("inspect": "quick", "pair", "folder", "recording");
    const SMALLEST: &'static str = include_str!("smallest.toml");
    const GLOSSARY: &'static str = include_str!("glossary.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] =
        &["model", "against", "folder", "first", "order", "select"];
    const GUIDES: &'static [Guide] = &[OWN_TRAINING];
    const POWERS: Powers<Self> = Powers::NONE.makes().keeps().opens();

    type Shared = run::Shared;
    type State = run::State;

    fn resolve(&mut self) {
        if self.follows() {
            self.holds = self.holds();
        }
        // A run is repeated from wherever the program is started.
        for place in [&mut self.model, &mut self.against, &mut self.folder, &mut self.first] {
            let path = Path::new(place.trim());
            if files::is_shipped(place) {
                continue;
            }
            if path.is_relative()
                && path.exists()
                && let Ok(whole) = std::path::absolute(path)
            {
                *place = whole.display().to_string();
            }
        }
    }

    fn kept(&mut self, run_folder: &Path) {
        if let Some(first) = run::kept(run_folder).filter(|_| self.follows()) {
            self.first = first.display().to_string();
        }
    }

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

    fn begin(&self, context: &mut Context<'_>) -> Result<(Self::Shared, Self::State), RunError> {
        run::begin(self, context)
    }

    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>> {
        run::stages(self, shared)
    }

    fn asked(run: &mut Running<'_, '_, Self>, request: Request) -> Result<(), RunError> {
        run::asked(run, &request);
        Ok(())
    }

    fn finish(run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        run::finish(run)
    }
}

/// How a training of one's own gets onto the scope.
const OWN_TRAINING: Guide = Guide {
    title: "Your own training",
    about: "Copy one file into your PyTorch project, add two lines, and see your weights move across quantization levels that you choose afterwards, while the training runs.",
    text: include_str!("help/own_training.md"),
    copies: &[
        ("Copy the recorder", weightscope_logs::recording::RECORDER),
        (
            "Copy the lines",
            "from weightscope_recorder import Recorder\n\nrecorder = Recorder(model, \"recording\")\nrecorder.step(loss=loss)\n",
        ),
    ],
    demo: Some("inspect/recording"),
};

impl Opens for Config {
    const TABLE: &'static str = channels::LAYERS.id();

    fn opened(shown: Option<&Self>, path: &Path) -> Option<Opened> {
        files::opened(shown, path)
    }
}

impl Keeps for Config {
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        run::carry_over(parent, child)
    }
}

impl Makes for Config {
    fn products(&self) -> Vec<Product> {
        product::products(self)
    }

    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        product::produce(self, id, run, out, control)
    }
}

#[cfg(test)]
mod tests;
