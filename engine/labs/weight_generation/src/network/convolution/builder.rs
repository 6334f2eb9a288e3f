//! Adds the layers of the convolutional autoencoder to a plan, and counts what they cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use weightscope_population::graph::{Dense, ENTRIES, Grouped, Plan, Window};
use weightscope_population::lane::{LANES, panels};

use super::{Block, Decoder, Encoder, Group, Kernel, Level, Middle};
use crate::method::images::Images;

/// Groups of channels in a norm, and what is added to their variance (established).
pub(crate) const GROUPS: usize = 2;
const EPSILON: f32 = 1e-6;

/// What one row costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Products of a pass forward.
    pub(crate) products: usize,
    /// Numbers that a pass forward remembers.
    pub(crate) numbers: usize,
}

/// What a convolution does to the side of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Does {
    Keep,
    Halve,
    Double,
}

/// A plan in the making.
pub(super) struct Builder<'a> {
    plan: &'a mut Plan,
    /// Windows by what they do and the side that they read.
    windows: BTreeMap<(Does, usize), Arc<Window>>,
    pub(super) kernels: Vec<String>,
    pub(super) work: Work,
}

impl<'a> Builder<'a> {
    pub(super) fn new(plan: &'a mut Plan) -> Self {
        Self { plan, windows: BTreeMap::new(), kernels: Vec::new(), work: Work::default() }
    }

    fn count(&mut self, places: usize, inputs: usize, outputs: usize) {
        self.work.products += places * inputs * outputs;
        self.work.numbers += places * panels(outputs) * LANES;
    }

    /// A layer at each place of an image of this side.
    fn point(&mut self, name: &str, inputs: usize, outputs: usize, side: usize) -> Dense {
        self.count(side * side, inputs, outputs);
        self.plan.dense(name, &[inputs], outputs)
    }

    /// A convolution over an image of this side; it sees `beside` more channels at each place alone.
    fn kernel(
        &mut self,
        name: &str,
        (inputs, beside): (usize, usize),
        outputs: usize,
        (does, side): (Does, usize),
    ) -> Kernel {
        let (made, window): (usize, fn(usize) -> Window) = match does {
            Does::Keep => (side, Window::same),
            Does::Halve => (side / 2, Window::halving),
            Does::Double => (2 * side, Window::doubling),
        };
        let window = self.windows.entry((does, side)).or_insert_with(|| Arc::new(window(side))).clone();
        self.count(made * made, ENTRIES * inputs + beside, outputs);
        self.work.numbers += made * made * panels(ENTRIES * inputs) * LANES;
        let layer = if beside == 0 {
            self.kernels.push(format!("{name}.weight"));
            self.plan.dense(name, &[ENTRIES * inputs], outputs)
        } else {
            self.kernels.push(format!("{name}.0.weight"));
            self.plan.dense(name, &[ENTRIES * inputs, beside], outputs)
        };
        Kernel { layer, window }
    }

    fn norm(&mut self, name: &str, channels: usize, side: usize) -> Group {
        // Normalised, with factor and shift, behind the gate.
        self.work.numbers += 3 * side * side * panels(channels) * LANES;
        let by = Grouped { places: side * side, groups: GROUPS, epsilon: EPSILON };
        Group { norm: self.plan.norm(name, channels), by }
    }

    fn block(&mut self, name: &str, (inputs, outputs): (usize, usize), side: usize) -> Block {
        let keep = (Does::Keep, side);
        let first = self.norm(&format!("{name}.norm1"), inputs, side);
        let one = self.kernel(&format!("{name}.conv1"), (inputs, 0), outputs, keep);
        let second = self.norm(&format!("{name}.norm2"), outputs, side);
        let two = self.kernel(&format!("{name}.conv2"), (outputs, 0), outputs, keep);
        let shortcut =
            (inputs != outputs).then(|| self.point(&format!("{name}.nin_shortcut"), inputs, outputs, side));
        // The sum.
        self.work.numbers += side * side * panels(outputs) * LANES;
        Block { norms: [first, second], layers: [one, two], shortcut }
    }

    /// A level that leads from so many channels to others.
    fn level(
        &mut self,
        name: &str,
        blocks: usize,
        (inputs, outputs): (usize, usize),
        (side, change): (usize, Option<(&str, Does)>),
    ) -> Level {
        let from = |place: usize| if place == 0 { inputs } else { outputs };
        let blocks = (0..blocks)
            .map(|place| self.block(&format!("{name}.block.{place}"), (from(place), outputs), side))
            .collect();
        let change = change.map(|(word, does)| {
            self.kernel(&format!("{name}.{word}.conv"), (outputs, 0), outputs, (does, side))
        });
        Level { blocks, change }
    }

    fn middle(&mut self, name: &str, channels: usize, side: usize) -> Middle {
        let first = self.block(&format!("{name}.block_1"), (channels, channels), side);
        let norm = self.norm(&format!("{name}.attn_1.norm"), channels, side);
        let mut layer = |part: &str| self.point(&format!("{name}.attn_1.{part}"), channels, channels, side);
        let (seen, output) = (["q", "k", "v"].map(&mut layer), layer("proj_out"));
        self.work.products += 2 * side.pow(4) * channels;
        let last = self.block(&format!("{name}.block_2"), (channels, channels), side);
        Middle { blocks: [first, last], norm, seen, output }
    }

    /// From rows of weights, with the entries of their index, to the moments of latents.
    pub(super) fn encoder(&mut self, images: &Images, row: usize, index: usize) -> Encoder {
        let (side, last) = (images.side, images.halvings());
        self.count(1, row + index, side * side);
        let inputs = if index > 0 { vec![row, index] } else { vec![row] };
        let linear = self.plan.dense("encoder.linear", &inputs, side * side);
        let input = self.kernel("encoder.conv_in", (1, 0), images.channels, (Does::Keep, side));
        let mut channels = images.channels;
        let mut levels = Vec::new();
        for level in 0..=last {
            let (name, own) = (format!("encoder.down.{level}"), images.channels_at(level));
            let change = (level < last).then_some(("downsample", Does::Halve));
            let place = (images.side_at(level), change);
            levels.push(self.level(&name, images.blocks, (channels, own), place));
            channels = own;
        }
        let (side, latents) = (images.latent_side(), images.latent_channels);
        let middle = self.middle("encoder.mid", channels, side);
        let norm = self.norm("encoder.norm_out", channels, side);
        let output = self.kernel("encoder.conv_out", (channels, 0), 2 * latents, (Does::Keep, side));
        let mean = self.point("quant_conv.mean", 2 * latents, latents, side);
        let log_variance = self.point("quant_conv.log_variance", 2 * latents, latents, side);
        Encoder { linear, input, levels, middle, norm, output, mean, log_variance }
    }

    /// From latents, with the entries of the index, to rows of weights.
    pub(super) fn decoder(&mut self, images: &Images, row: usize, index: usize) -> Decoder {
        let (last, side, latents) = (images.halvings(), images.latent_side(), images.latent_channels);
        let latent = self.point("post_quant_conv", latents, latents, side);
        let mut channels = images.channels_at(last);
        let input = self.kernel("decoder.conv_in", (latents, index), channels, (Does::Keep, side));
        let middle = self.middle("decoder.mid", channels, side);
        let mut levels = Vec::new();
        for level in (0..=last).rev() {
            let (name, own) = (format!("decoder.up.{level}"), images.channels_at(level));
            let change = (level > 0).then_some(("upsample", Does::Double));
            let place = (images.side_at(level), change);
            levels.push(self.level(&name, images.blocks + 1, (channels, own), place));
            channels = own;
        }
        let side = images.side;
        let norm = self.norm("decoder.norm_out", channels, side);
        let output = self.kernel("decoder.conv_out", (channels, 0), 1, (Does::Keep, side));
        self.count(1, side * side, row);
        let linear = self.plan.dense("decoder.linear", &[side * side], row);
        Decoder { latent, input, middle, levels, norm, output, linear }
    }
}
