//! The convolutional autoencoder of the released code (D2NWG, stage 1, established: `modules.py`, `autoencoder.py`): a layer makes an image
//! of a row of weights, a convolutional encoder the moments of its latent; a decoder mirrors it. Tensors are called as in the code that the
//! released one is built on.
//!
//! Ours: the index of a row as a one-hot, beside the row in the first layer and, as constant channels, beside the latent in the decoder's
//! first convolution; `quant_conv` as its two halves.

mod builder;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use weightscope_population::graph::{Dense, Grouped, Groups, Id, Norm, Plan, Tape, Window};

use super::one_hot;
use crate::method::images::Images;
use builder::Builder;
pub(crate) use builder::{GROUPS, Work};

/// Slope of the gate behind the first layer for negative values (established).
const SLOPE: f32 = 0.01;

/// The encoder's and the decoder's part of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    images: Images,
    rows: usize,
    encoder: Encoder,
    decoder: Decoder,
    /// Tensors that are kernels of 3 × 3, the entries of the kernel outermost in their columns.
    pub(crate) kernels: Vec<String>,
    /// What a row costs.
    pub(crate) work: Work,
}

#[derive(Clone, Debug)]
struct Encoder {
    linear: Dense,
    input: Kernel,
    levels: Vec<Level>,
    middle: Middle,
    norm: Group,
    output: Kernel,
    /// Halves of `quant_conv`.
    mean: Dense,
    log_variance: Dense,
}

#[derive(Clone, Debug)]
struct Decoder {
    latent: Dense,
    input: Kernel,
    middle: Middle,
    /// From the level of the latent on.
    levels: Vec<Level>,
    norm: Group,
    output: Kernel,
    linear: Dense,
}

/// Blocks, and what halves or doubles the side behind them.
#[derive(Clone, Debug)]
struct Level {
    blocks: Vec<Block>,
    change: Option<Kernel>,
}

/// A convolution.
#[derive(Clone, Debug)]
struct Kernel {
    layer: Dense,
    window: Arc<Window>,
}

/// A norm over groups of channels.
#[derive(Clone, Copy, Debug)]
struct Group {
    norm: Norm,
    by: Grouped,
}

/// `x + convolution(swish(norm(convolution(swish(norm(x))))))`; x through a layer where the number of channels changes.
#[derive(Clone, Debug)]
struct Block {
    norms: [Group; 2],
    layers: [Kernel; 2],
    shortcut: Option<Dense>,
}

/// A block, attention among all places, a block.
#[derive(Clone, Debug)]
struct Middle {
    blocks: [Block; 2],
    norm: Group,
    seen: [Dense; 3],
    output: Dense,
}

impl Kernel {
    fn forward<'p>(&'p self, tape: &mut Tape<'p>, x: Id) -> Id {
        let patches = tape.patches(x, &self.window);
        tape.dense(self.layer, &[patches])
    }
}

impl Group {
    /// The norm, and the gate x·sigmoid(x) that follows it everywhere but before attention.
    fn gated(self, tape: &mut Tape<'_>, x: Id) -> Id {
        let normed = tape.group_norm(self.norm, x, self.by);
        tape.silu(normed)
    }
}

impl Block {
    fn forward<'p>(&'p self, tape: &mut Tape<'p>, x: Id) -> Id {
        let mut more = x;
        for (norm, layer) in self.norms.iter().zip(&self.layers) {
            more = norm.gated(tape, more);
            more = layer.forward(tape, more);
        }
        let own = self.shortcut.map_or(x, |layer| tape.dense(layer, &[x]));
        tape.sum(own, more)
    }
}

impl Middle {
    fn forward<'p>(&'p self, tape: &mut Tape<'p>, x: Id) -> Id {
        let [first, last] = &self.blocks;
        let x = first.forward(tape, x);
        let normed = tape.group_norm(self.norm.norm, x, self.norm.by);
        let [q, k, v] = self.seen.map(|layer| tape.dense(layer, &[normed]));
        let places = self.norm.by.places;
        let groups = Groups { queries: places, keys: places, heads: 1, adds_query: false };
        let seen = tape.attention(groups, q, k, v);
        let seen = tape.dense(self.output, &[seen]);
        let x = tape.sum(x, seen);
        last.forward(tape, x)
    }
}

impl Level {
    fn forward<'p>(&'p self, tape: &mut Tape<'p>, x: Id) -> Id {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(tape, x));
        self.change.as_ref().map_or(x, |change| change.forward(tape, x))
    }
}

impl Net {
    /// Adds the networks for images of these sizes to a plan; a row holds `row` weights and a network so many rows.
    pub(crate) fn new(plan: &mut Plan, images: &Images, row: usize, rows: usize) -> Self {
        let index = if rows > 1 { rows } else { 0 };
        let mut builder = Builder::new(plan);
        let encoder = builder.encoder(images, row, index);
        let decoder = builder.decoder(images, row, index);
        let Builder { kernels, work, .. } = builder;
        Self { images: images.clone(), rows, encoder, decoder, kernels, work }
    }

    /// What the moments of the latents are read of; `inputs` are the rows, and their indices if a network has several.
    pub(crate) fn hidden<'p>(&'p self, tape: &mut Tape<'p>, inputs: &[Id]) -> Id {
        let net = &self.encoder;
        let flat = tape.dense(net.linear, inputs);
        let flat = tape.leaky(flat, SLOPE);
        let image = tape.reshape(flat, 1);
        let x = net.input.forward(tape, image);
        let x = net.levels.iter().fold(x, |x, level| level.forward(tape, x));
        let x = net.middle.forward(tape, x);
        let x = net.norm.gated(tape, x);
        net.output.forward(tape, x)
    }

    /// Means of the latents, a row for each: place after place, the channels of a place beside each other.
    pub(crate) fn mean(&self, tape: &mut Tape<'_>, hidden: Id) -> Id {
        let mean = tape.dense(self.encoder.mean, &[hidden]);
        tape.reshape(mean, self.images.latent())
    }

    /// Log variances of the latents, likewise.
    pub(crate) fn log_variance(&self, tape: &mut Tape<'_>, hidden: Id) -> Id {
        let variance = tape.dense(self.encoder.log_variance, &[hidden]);
        tape.reshape(variance, self.images.latent())
    }

    /// Rows of weights from latents; `places` are the indices of the rows in their networks.
    pub(crate) fn decoded<'p>(&'p self, tape: &mut Tape<'p>, latent: Id, places: &[u32]) -> Id {
        let net = &self.decoder;
        let image = tape.reshape(latent, self.images.latent_channels);
        let image = tape.dense(net.latent, &[image]);
        let mut inputs = vec![tape.patches(image, &net.input.window)];
        if self.rows > 1 {
            let area = self.images.latent_side().pow(2);
            let everywhere: Vec<u32> =
                places.iter().flat_map(|place| std::iter::repeat_n(*place, area)).collect();
            inputs.push(tape.input(one_hot(&everywhere, self.rows)));
        }
        let x = tape.dense(net.input.layer, &inputs);
        let x = net.middle.forward(tape, x);
        let x = net.levels.iter().fold(x, |x, level| level.forward(tape, x));
        let x = net.norm.gated(tape, x);
        let image = net.output.forward(tape, x);
        let flat = tape.reshape(image, self.images.side.pow(2));
        tape.dense(net.linear, &[flat])
    }
}
