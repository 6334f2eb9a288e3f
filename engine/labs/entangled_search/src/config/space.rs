//! The search space that the settings name, for images of a shape.

use weightscope_math::MathError;

use super::{Config, Rule, Size, SpaceKind};
use crate::method::space::{self, Space, cell, conv_macro, mlp, vit};

/// A space with its supernet.
pub(crate) type SpaceBox = Box<dyn Space<f32>>;

/// What a space takes from the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Shape {
    /// Channels, height and width of an image.
    pub(crate) image: [usize; 3],
    /// Classes.
    pub(crate) classes: usize,
}

impl Shape {
    /// Images of the digits.
    pub(crate) const DIGITS: Self = Self { image: [1, 8, 8], classes: 10 };
}

fn list(values: &[u64]) -> Vec<usize> {
    values.iter().map(|value| *value as usize).collect()
}

impl Config {
    /// The space of networks; that of the perceptron for a table, which needs none. Refuses lists that make no space.
    pub(crate) fn space_of(&self, shape: Shape) -> Result<SpaceBox, MathError> {
        let Shape { image, classes } = shape;
        let rule = match self.rule {
            Rule::Exact => space::Rule::Exact,
            Rule::Published => space::Rule::Published,
        };
        Ok(match self.space {
            SpaceKind::ConvMacro => Box::new(conv_macro::ConvMacro::new(self.convolutions(shape))?),
            SpaceKind::Mlp => Box::new(mlp::Mlp::new(mlp::Options {
                inputs: image.iter().product(),
                classes,
                embed: list(&self.embedding),
                ratio: self.ratios.clone(),
                depth: list(&self.depths),
                rule,
            })?),
            SpaceKind::Cell => Box::new(cell::Cell::new(image, self.cell_channels as usize, classes)?),
            SpaceKind::Vit => {
                let most = |values: &[u64]| values.last().copied().unwrap_or(1).max(1) as usize;
                Box::new(vit::Vit::new(vit::Options {
                    side: image.last().copied().unwrap_or(0),
                    patch: self.patch as usize,
                    classes,
                    head: most(&self.vit_embedding) / most(&self.heads),
                    embed: list(&self.vit_embedding),
                    heads: list(&self.heads),
                    ratio: self.vit_ratios.clone(),
                    depth: list(&self.vit_depths),
                    rule,
                })?)
            }
            SpaceKind::Table => Box::new(mlp::Mlp::new(mlp::Options::desk())?),
        })
    }

    /// The decisions of the space of networks; none if the lists make no space.
    pub(crate) fn decisions(&self) -> Vec<space::Decision> {
        let side = if self.space == SpaceKind::Vit { 2 * self.patch as usize } else { 8 };
        let own = self.space_of(Shape { image: [1, side, side], ..Shape::DIGITS });
        own.map(|space| space.decisions().to_vec()).unwrap_or_default()
    }

    fn convolutions(&self, Shape { image, classes }: Shape) -> conv_macro::Options {
        match self.size {
            Size::Full => conv_macro::Options { image, classes, ..conv_macro::Options::full() },
            Size::Small => conv_macro::Options {
                image,
                classes,
                channels1: list(&self.channels1),
                kernels1: list(&self.kernels1),
                channels2: list(&self.channels2),
                kernels2: list(&self.kernels2),
                hidden: list(&self.hidden),
            },
        }
    }

    /// True if data and options are those that the shipped tables were made with.
    pub(crate) fn is_of_shipped_table(&self) -> bool {
        let own = |config: &Self| {
            (
                (config.dataset.clone(), config.pixel_noise, config.train_rows, config.architecture_rows),
                (config.data_seed, config.embedding.clone(), config.ratios.clone(), config.depths.clone()),
                config.cell_channels,
            )
        };
        let first = Self::default();
        let lists = |config: &Self| {
            let lists =
                [&config.channels1, &config.kernels1, &config.channels2, &config.kernels2, &config.hidden];
            lists.map(Clone::clone)
        };
        let options =
            self.space != SpaceKind::ConvMacro || self.size == Size::Full || lists(self) == lists(&first);
        let same = match self.space {
            SpaceKind::Table => true,
            SpaceKind::Vit => false,
            // Lists of other spaces mean nothing here.
            SpaceKind::ConvMacro | SpaceKind::Cell => {
                let mut bare = self.clone();
                (bare.embedding, bare.ratios, bare.depths) =
                    (first.embedding.clone(), first.ratios.clone(), first.depths.clone());
                if self.space == SpaceKind::ConvMacro {
                    bare.cell_channels = first.cell_channels;
                }
                own(&bare) == own(&first)
            }
            SpaceKind::Mlp => {
                let mut bare = self.clone();
                bare.cell_channels = first.cell_channels;
                own(&bare) == own(&first)
            }
        };
        same && options
    }
}
