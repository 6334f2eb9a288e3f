//! Tiny vision transformer on images `[1, 8, 8]`: patches, class token, blocks of attention and MLP, head on the class token.
//!
//! Decisions: embedding and depth (global), heads and ratio of each block. The head size is fixed, queries, keys and values are separate layers,
//! each superposed over embedding and heads: a head beyond the count has zero queries, keys and values and no columns in the projection
//! (aligned rule, inferred, exact). By the published rule the activations are mixed once more over the numbers of heads, and layer
//! normalisations take mean and variance over all channels (established); its interleaved rows are not copied.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::layer::{Bias, Factor, Layer, Mixing, Pass, Slice, Start, TensorShape};
use super::mlp::{depth_mix, feed_forward};
use super::norm::{Norm, Rule};
use super::{Decision, Size, Space, check_ascending};
use crate::method::tape::{Attention, Node, Region, unfit};

/// Options of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Side of the square image of one channel.
    pub side: usize,
    /// Side of a patch, which divides it.
    pub patch: usize,
    /// Classes.
    pub classes: usize,
    /// Numbers of one head.
    pub head: usize,
    /// Embedding widths, ascending.
    pub embed: Vec<usize>,
    /// Numbers of heads, ascending.
    pub heads: Vec<usize>,
    /// Ratios of hidden width to embedding, ascending.
    pub ratio: Vec<f64>,
    /// Numbers of blocks, ascending.
    pub depth: Vec<usize>,
    /// How normalisations and heads are mixed.
    pub rule: Rule,
}

impl Options {
    /// The desk space of 252 architectures.
    pub fn desk() -> Self {
        Self {
            side: 8,
            patch: 2,
            classes: 10,
            head: 8,
            embed: vec![16, 24, 32],
            heads: vec![2, 4],
            ratio: vec![1.0, 2.0],
            depth: vec![1, 2, 3],
            rule: Rule::Exact,
        }
    }

    fn tokens(&self) -> usize {
        (self.side / self.patch).pow(2) + 1
    }
}

const EMBED: usize = 0;
const DEPTH: usize = 1;

struct Block {
    norm1: Norm,
    /// Queries, keys, values, projection.
    attention: [Layer; 4],
    norm2: Norm,
    up: Layer,
    down: Layer,
    /// Number of the decision of the heads.
    heads: usize,
}

/// The space and its supernet.
pub struct Vit {
    options: Options,
    input: [usize; 3],
    decisions: Vec<Decision>,
    patches: Layer,
    /// Position of each token, the class token first; the class token is its row.
    positions: Layer,
    blocks: Vec<Block>,
    norm: Norm,
    head: Layer,
}

impl Vit {
    /// Refuses options that do not ascend, a patch that does not divide the image, and hidden widths of 0.
    pub fn new(options: Options) -> Result<Self, MathError> {
        for (name, list) in
            [("embedding widths", &options.embed), ("heads", &options.heads), ("depths", &options.depth)]
        {
            check_ascending(name, list)?;
        }
        let least =
            options.embed.first().zip(options.ratio.first()).map_or(0, |(e, r)| super::mlp::hidden(*e, *r));
        if least == 0 || !options.ratio.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return Err(unfit(
                "ratios",
                "ascending, ratio × embedding at least 1",
                format!("{:?}", options.ratio),
            ));
        }
        if options.patch == 0 || !options.side.is_multiple_of(options.patch) || options.head == 0 {
            return Err(unfit("a patch", format!("a divisor of {}", options.side), options.patch));
        }
        let most = options.embed.last().copied().unwrap_or(0);
        let wide = Factor { decision: EMBED, options: options.embed.len() };
        let width = |picks: &[usize]| picks.first().and_then(|pick| options.embed.get(*pick)).copied();
        let area = options.patch * options.patch;
        let patches = Layer::new("patches", &[most, area], None, Bias::Mixed, &[wide], |picks| {
            width(picks).map(|outputs| Slice { outputs, inputs: area, kernel: 1 })
        })?;
        let tokens = options.tokens();
        // A linear layer of one-hot tokens is a table of positions, its columns being the tokens.
        let positions = Layer::new("positions", &[most, tokens], None, Bias::None, &[wide], |picks| {
            width(picks).map(|outputs| Slice { outputs, inputs: tokens, kernel: 1 })
        })?;
        let head = Layer::new("head", &[options.classes, most], None, Bias::Whole, &[wide], |picks| {
            width(picks).map(|inputs| Slice { outputs: options.classes, inputs, kernel: 1 })
        })?;
        let depth = options.depth.last().copied().unwrap_or(0);
        let blocks = (0..depth).map(|place| Block::new(&options, place)).collect::<Result<_, _>>()?;
        let mut decisions =
            vec![Decision::of("embed", &options.embed), Decision::of("depth", &options.depth)];
        for block in 1..=depth {
            decisions.push(Decision::of(&format!("heads{block}"), &options.heads));
            decisions.push(Decision::of(&format!("ratio{block}"), &options.ratio));
        }
        let norm =
            Norm { name: "norm".into(), decision: EMBED, widths: options.embed.clone(), rule: options.rule };
        Ok(Self {
            input: [1, options.side, options.side],
            decisions,
            patches,
            positions,
            blocks,
            norm,
            head,
            options,
        })
    }

    fn depth(&self, picks: &[usize]) -> usize {
        let pick = picks.get(DEPTH).copied().unwrap_or(0);
        self.options.depth.get(pick).copied().unwrap_or(0)
    }

    /// Images `[rows, 1, side, side]` as patches behind an empty token, and the one-hot tokens.
    fn tokens<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<(Node, Node), MathError> {
        let (side, patch, tokens) = (self.options.side, self.options.patch, self.options.tokens());
        let rows = pass.tape.values(x).len() / (side * side).max(1);
        let flat = pass.tape.reshape(x, &[rows, side * side])?;
        let across = side / patch;
        let mut sources = vec![None; patch * patch];
        for (top, left) in (0..across).flat_map(|top| (0..across).map(move |left| (top, left))) {
            let places = (0..patch).flat_map(|y| (0..patch).map(move |x| (y, x)));
            sources.extend(places.map(|(y, x)| Some((top * patch + y) * side + left * patch + x)));
        }
        let images = pass.tape.columns(flat, sources)?;
        let images = pass.tape.reshape(images, &[rows, tokens, patch * patch])?;
        let one = |at: usize| if at % tokens == at / tokens % tokens { T::ONE } else { T::ZERO };
        let hot = (0..rows * tokens * tokens).map(one).collect();
        Ok((images, pass.tape.constant(&[rows, tokens, tokens], hot)?))
    }
}

impl Block {
    fn new(options: &Options, place: usize) -> Result<Self, MathError> {
        let (heads, name) = (DEPTH + 1 + 2 * place, format!("block{}", place + 1));
        let wide = Factor { decision: EMBED, options: options.embed.len() };
        let many = Factor { decision: heads, options: options.heads.len() };
        let (most, all) =
            (options.embed.last().copied().unwrap_or(0), options.heads.last().copied().unwrap_or(0));
        let sides = |picks: &[usize]| match picks {
            [e, h] => Some((options.embed.get(*e).copied()?, options.head * options.heads.get(*h)?)),
            _ => None,
        };
        let into = |part: &str| {
            let shape = [all * options.head, most];
            Layer::new(&format!("{name}.{part}"), &shape, None, Bias::Mixed, &[wide, many], |picks| {
                sides(picks).map(|(embed, heads)| Slice { outputs: heads, inputs: embed, kernel: 1 })
            })
        };
        let shape = [most, all * options.head];
        let out = Layer::new(&format!("{name}.out"), &shape, None, Bias::Mixed, &[wide, many], |picks| {
            sides(picks).map(|(embed, heads)| Slice { outputs: embed, inputs: heads, kernel: 1 })
        })?;
        let ratio = Factor { decision: heads + 1, options: options.ratio.len() };
        let (up, down) = feed_forward(&name, &options.embed, &options.ratio, [wide, ratio])?;
        let norm = |part: &str| {
            let widths = options.embed.clone();
            Norm { name: format!("{name}.{part}"), decision: EMBED, widths, rule: options.rule }
        };
        let attention = [into("query")?, into("key")?, into("value")?, out];
        Ok(Self { norm1: norm("norm1"), attention, norm2: norm("norm2"), up, down, heads })
    }

    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let mut all = self.norm1.tensors(mixing, picks);
        all.extend(self.attention.iter().flat_map(|layer| layer.tensors(mixing, picks)));
        all.extend(self.norm2.tensors(mixing, picks));
        all.extend(self.up.tensors(mixing, picks));
        all.extend(self.down.tensors(mixing, picks));
        all
    }

    fn forward<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        options: &Options,
        x: Node,
    ) -> Result<Node, MathError> {
        let normal = self.norm1.apply(pass, x)?;
        let [query, key, value, out] = &self.attention;
        let mut parts = Vec::with_capacity(3);
        for layer in [query, key, value] {
            let y = layer.apply(pass, normal)?;
            parts.push(if options.rule == Rule::Published { self.mixed_again(pass, options, y)? } else { y });
        }
        let [q, k, v] = parts.as_slice() else { return Err(unfit("attention", 3, parts.len())) };
        let heads = pass.tape.shape(*q).last().copied().unwrap_or(0) / options.head;
        let way = Attention { heads, scale: 1.0 / (options.head as f64).sqrt(), causal: false };
        let seen = pass.tape.attend(*q, *k, *v, way)?;
        let seen = out.apply(pass, seen)?;
        let x = pass.tape.add(x, seen)?;
        let normal = self.norm2.apply(pass, x)?;
        let up = self.up.apply(pass, normal)?;
        let up = pass.tape.gelu(up);
        let down = self.down.apply(pass, up)?;
        pass.tape.add(x, down)
    }

    /// The published rule mixes queries, keys and values over the numbers of heads once more.
    fn mixed_again<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        options: &Options,
        x: Node,
    ) -> Result<Node, MathError> {
        if pass.mixing != Mixing::Superposed {
            return Ok(x);
        }
        let (weights, shape) = (pass.weights_of(self.heads)?, pass.tape.shape(x).to_vec());
        let mut parts = Vec::with_capacity(options.heads.len());
        for (option, heads) in options.heads.iter().enumerate() {
            let mut lengths = shape.clone();
            lengths.last_mut().into_iter().for_each(|last| *last = heads * options.head);
            let region = Region::leading(&lengths);
            parts.push((option, pass.tape.crop(x, &region)?, Some(region)));
        }
        pass.tape.mix(&shape, weights, &parts)
    }
}

impl<T: Number> Space<T> for Vit {
    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn active(&self, picks: &[usize]) -> Vec<bool> {
        let depth = self.depth(picks);
        (0..picks.len()).map(|decision| decision < DEPTH + 1 + 2 * depth).collect()
    }

    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let depth = if mixing == Mixing::Alone { self.depth(picks) } else { self.blocks.len() };
        let mut all = self.patches.tensors(mixing, picks);
        let positions = self.positions.tensors(mixing, picks).into_iter();
        // Positions start as small as rows of an embedding, whatever the number of tokens.
        all.extend(positions.map(|tensor| TensorShape { start: Start::Uniform(2500), ..tensor }));
        all.extend(self.blocks.iter().take(depth).flat_map(|block| block.tensors(mixing, picks)));
        all.extend(self.norm.tensors(mixing, picks));
        all.extend(self.head.tensors(mixing, picks));
        all
    }

    fn forward(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let (images, hot) = self.tokens(pass, x)?;
        let patches = self.patches.apply(pass, images)?;
        let positions = self.positions.apply(pass, hot)?;
        let mut z = pass.tape.add(patches, positions)?;
        let one = matches!(pass.mixing, Mixing::Slice | Mixing::Alone);
        let used = if one { self.depth(pass.picks) } else { self.blocks.len() };
        let mut outputs = Vec::with_capacity(used);
        for block in self.blocks.iter().take(used) {
            z = block.forward(pass, &self.options, z)?;
            outputs.push(z);
            pass.hidden.push(z);
        }
        let z = depth_mix(pass, DEPTH, &self.options.depth, &outputs)?;
        if pass.mixing == Mixing::Slice {
            let unused = self.blocks.iter().skip(used);
            pass.taken += unused.map(|block| block.tensors(Mixing::Slice, &[]).len()).sum::<usize>();
        }
        let [rows, tokens, width] = pass.tape.shape(z) else {
            return Err(unfit("tokens", "three dimensions", format!("{:?}", pass.tape.shape(z))));
        };
        let (rows, tokens, width) = (*rows, *tokens, *width);
        let first = pass.tape.crop(z, &Region::leading(&[rows, tokens.min(1), width]))?;
        let first = pass.tape.reshape(first, &[rows, width])?;
        let normal = self.norm.apply(pass, first)?;
        self.head.apply(pass, normal)
    }

    fn size(&self, picks: &[usize]) -> Size {
        let (tokens, depth) = (self.options.tokens(), self.depth(picks));
        let mut size = Size::default();
        let mut add = |layer: &Layer, places: usize| {
            let (weight, bias) = layer.parameters(picks);
            size.parameters += weight + bias;
            size.multiply_adds += weight * places;
        };
        add(&self.patches, tokens - 1);
        // A table of positions is added, not multiplied.
        add(&self.positions, 0);
        add(&self.head, 1);
        for block in self.blocks.iter().take(depth) {
            block.attention.iter().chain([&block.up, &block.down]).for_each(|layer| add(layer, tokens));
        }
        for block in self.blocks.iter().take(depth) {
            let heads =
                picks.get(block.heads).and_then(|pick| self.options.heads.get(*pick)).copied().unwrap_or(0);
            size.multiply_adds += 2 * tokens * tokens * heads * self.options.head;
        }
        size.parameters += 2 * self.norm.width(picks) * (2 * depth + 1);
        size
    }

    fn hidden(&self, picks: &[usize]) -> Vec<String> {
        (1..=self.depth(picks)).map(|block| format!("block{block}")).collect()
    }

    fn input(&self) -> &[usize] {
        &self.input
    }

    fn layers(&self) -> Vec<&Layer> {
        let blocks =
            self.blocks.iter().flat_map(|block| block.attention.iter().chain([&block.up, &block.down]));
        [&self.patches, &self.positions]
            .into_iter()
            .chain(blocks)
            .chain(std::iter::once(&self.head))
            .collect()
    }
}
