//! Adapters at work: what is trained as one flat vector, the weights that follow from it, and its slopes from those by the weights.
//!
//! The mathematics is that of [`method`](crate::method), here on flat vectors with fast products; the two are compared. W is a constant:
//! nothing is differentiated by it.

mod products;
mod start;

use std::ops::Range;

use weightscope_nn::optimizer::{Decay, Group};

use crate::base::{Architecture, Target};
use crate::compute::layout::Layout;
use crate::config::{Config, Match, Method};
use crate::method::bone::Bone;
use crate::method::budget::{self, Side};
use crate::method::error::AdapterError;
use crate::method::lora::Lora;
use crate::method::miss::Miss;
pub(crate) use products::Scratch;

/// What a layer does not allow.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The layer.
    pub(crate) layer: String,
    /// Why.
    pub(crate) error: AdapterError,
}

/// The adapter of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Weight-guided blocks.
    Bone(Bone, Shape),
    /// A tiled slab.
    Miss(Miss),
    /// Two thin matrices, A before B.
    Lora(Lora),
    /// The same, and a length for each output.
    Dora(Lora),
    /// The weights themselves.
    Full,
}

/// Which blocks of a layer share their matrix, for fast products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Those of an output block.
    Column,
    /// Those of an input block.
    Row,
    /// All.
    Free,
}

/// One adapted layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// Its name.
    pub(crate) name: String,
    /// Number of its tensor.
    pub(crate) tensor: usize,
    /// Outputs.
    pub(crate) outputs: usize,
    /// Inputs.
    pub(crate) inputs: usize,
    /// Its weights in the model's vector.
    pub(crate) place: Range<usize>,
    /// Its parameters in the vector that is trained.
    pub(crate) own: Range<usize>,
    /// What is trained.
    pub(crate) kind: Kind,
}

/// All adapters of a model.
#[derive(Clone, Debug)]
pub(crate) struct Adapters {
    /// The method.
    pub(crate) method: Method,
    /// The adapted layers; of full fine-tuning and of none those that others would adapt, for pictures.
    pub(crate) layers: Vec<Layer>,
    /// Numbers that are trained.
    pub(crate) length: usize,
    /// Rank of low-rank methods.
    pub(crate) rank: Option<usize>,
    /// For each tensor whether its gradient is needed.
    pub(crate) wanted: Vec<bool>,
    /// For each tensor whether it has an update.
    pub(crate) adapted: Vec<bool>,
    /// Parts of the trained vector with their learning rates.
    pub(crate) groups: Vec<Group>,
}

impl Adapters {
    /// The adapters of the settings for a model; refused by the first layer that does not allow them.
    pub(crate) fn new(
        config: &Config,
        architecture: &Architecture,
        layout: &Layout,
    ) -> Result<Self, Refused> {
        Self::with(config, config.method, config.block as usize, config.rank as usize, architecture, layout)
    }

    /// Full fine-tuning beside it.
    pub(crate) fn full(
        config: &Config,
        architecture: &Architecture,
        layout: &Layout,
    ) -> Result<Self, Refused> {
        Self::with(config, Method::Full, 1, 1, architecture, layout)
    }

    /// The same with another method, block and rank.
    pub(crate) fn with(
        config: &Config,
        method: Method,
        block: usize,
        rank: usize,
        architecture: &Architecture,
        layout: &Layout,
    ) -> Result<Self, Refused> {
        let targets = architecture.targets(layout);
        let chosen: Vec<&Target> = if method.has_targets() {
            targets.iter().filter(|target| config.targets.iter().any(|word| target.answers(word))).collect()
        } else {
            targets.iter().filter(|target| target.usual).collect()
        };
        let sides: Vec<Side> = chosen
            .iter()
            .map(|target| (layout.place(target.tensor).rows, layout.place(target.tensor).columns))
            .collect();
        let rank = match config.r#match {
            Match::Parameters => matched_rank(&sides, block),
            Match::Rank => rank,
        };
        let (mut layers, mut start) = (Vec::new(), 0);
        for target in &chosen {
            let place = layout.place(target.tensor);
            let (outputs, inputs) = (place.rows, place.columns);
            let kind = kind_of(config, method, block, rank, (outputs, inputs));
            let kind = kind.map_err(|error| Refused { layer: target.name.clone(), error })?;
            let length = length(&kind, (outputs, inputs));
            let name = target.name.clone();
            let (tensor, range) = (target.tensor, place.range.clone());
            layers.push(Layer {
                name,
                tensor,
                outputs,
                inputs,
                place: range,
                own: start..start + length,
                kind,
            });
            start += length;
        }
        let count = layout.0.len();
        let mut adapted = vec![false; count];
        layers.iter().for_each(|layer| adapted[layer.tensor] = true);
        let is_full = method == Method::Full;
        let length = if is_full { layout.len() } else { start };
        if is_full {
            layers.iter_mut().for_each(|layer| layer.own = layer.place.clone());
        }
        let wanted = match method {
            Method::Full => vec![true; count],
            Method::Frozen => vec![false; count],
            _ => adapted.clone(),
        };
        let groups = groups(config, method, &layers, length);
        let rank = method.is_low_rank().then_some(rank);
        Ok(Self { method, layers, length, rank, wanted, adapted, groups })
    }

    /// Outputs and inputs of the adapted layers.
    pub(crate) fn sides(&self) -> Vec<Side> {
        self.layers.iter().map(|layer| (layer.outputs, layer.inputs)).collect()
    }
}

/// The rank of LoRA nearest to the parameters of Bone-col or MiSS with this block.
fn matched_rank(sides: &[Side], block: usize) -> usize {
    let wanted: usize = sides.iter().map(|(outputs, _)| outputs * block).sum();
    budget::nearest_rank(sides, wanted).unwrap_or(1)
}

fn kind_of(
    config: &Config,
    method: Method,
    block: usize,
    rank: usize,
    (outputs, inputs): Side,
) -> Result<Kind, AdapterError> {
    if let Some(variant) = method.bone() {
        let shape = match method {
            Method::BoneRow => Shape::Row,
            Method::BoneFree => Shape::Free,
            _ => Shape::Column,
        };
        return Ok(Kind::Bone(Bone::new(variant, block, outputs, inputs)?, shape));
    }
    Ok(match method {
        Method::Miss => Kind::Miss(Miss::new(block, outputs, inputs)?),
        Method::MissMini => Kind::Miss(Miss::mini(block, config.mini_width as usize, outputs, inputs)?),
        Method::Full | Method::Frozen => Kind::Full,
        _ => {
            let method_config = Config { method, ..config.clone() };
            let lora = Lora::new(rank, method_config.scale(rank.max(1)), outputs, inputs)?;
            if method == Method::LoraGa {
                crate::method::error::check_rank(
                    "LoRA-GA",
                    rank,
                    outputs.min(inputs) / 2,
                    (outputs, inputs),
                )?;
            }
            if method == Method::Dora { Kind::Dora(lora) } else { Kind::Lora(lora) }
        }
    })
}

fn length(kind: &Kind, (outputs, _): Side) -> usize {
    match kind {
        Kind::Bone(bone, _) => bone.parameters(),
        Kind::Miss(miss) => miss.parameters(),
        Kind::Lora(lora) => lora.parameters(),
        Kind::Dora(lora) => lora.parameters() + outputs,
        Kind::Full => 0,
    }
}

/// One group for all, or for each A and each B where B learns faster.
fn groups(config: &Config, method: Method, layers: &[Layer], length: usize) -> Vec<Group> {
    let group = |range: Range<usize>, factor: f64| Group {
        range,
        learning_rate_factor: factor as f32,
        decay: Decay::Spared,
    };
    if method != Method::LoraPlus {
        return vec![group(0..length, 1.0)];
    }
    let pair = |layer: &Layer| {
        let Kind::Lora(lora) = layer.kind else { return Vec::new() };
        let middle = layer.own.start + lora.rank() * layer.inputs;
        vec![group(layer.own.start..middle, 1.0), group(middle..layer.own.end, config.rate_ratio)]
    };
    layers.iter().flat_map(pair).collect()
}

#[cfg(test)]
mod tests;
