//! Residual MLP: `z = W_e x`; in each block `z += W₂ gelu(W₁ LN(z))`; depth; LN; head (sheet §11, space B).
//!
//! Decisions: embedding (global), depth (global), ratio of each block. Hidden width is `int(e·r)`.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::layer::{Bias, Factor, Layer, Slice};
use super::norm::{Norm, Rule};
use super::{Decision, Mixing, Pass, Size, Space, TensorShape, check_ascending};
use crate::method::tape::{Node, unfit};

/// Options of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Inputs.
    pub inputs: usize,
    /// Classes.
    pub classes: usize,
    /// Embedding widths, ascending.
    pub embed: Vec<usize>,
    /// Ratios of hidden width to embedding, ascending.
    pub ratio: Vec<f64>,
    /// Numbers of blocks, ascending.
    pub depth: Vec<usize>,
    /// How layer normalisations are mixed.
    pub rule: Rule,
}

impl Options {
    /// Space B of the desk protocol: 117 architectures.
    pub fn desk() -> Self {
        let ratio = vec![0.5, 1.0, 2.0];
        Self {
            inputs: 64,
            classes: 10,
            embed: vec![4, 8, 16],
            ratio,
            depth: vec![1, 2, 3],
            rule: Rule::Exact,
        }
    }
}

struct Block {
    norm: Norm,
    up: Layer,
    down: Layer,
}

/// The space and its supernet.
pub struct Mlp {
    options: Options,
    input: [usize; 1],
    decisions: Vec<Decision>,
    embed: Layer,
    blocks: Vec<Block>,
    norm: Norm,
    head: Layer,
}

/// Number of the embedding decision.
const EMBED: usize = 0;
/// Number of the depth decision.
const DEPTH: usize = 1;

/// Hidden width `int(e·r)`.
pub(crate) fn hidden(embed: usize, ratio: f64) -> usize {
    (embed as f64 * ratio) as usize
}

/// The two layers of a block's MLP: up and down, over embedding (slow) and ratio.
pub(crate) fn feed_forward(
    name: &str,
    embed: &[usize],
    ratio: &[f64],
    factors: [Factor; 2],
) -> Result<(Layer, Layer), MathError> {
    let at = |picks: &[usize]| match picks {
        [e, r] => Some((embed.get(*e).copied()?, hidden(*embed.get(*e)?, *ratio.get(*r)?))),
        _ => None,
    };
    let most = embed.last().copied().unwrap_or(0);
    let widest = hidden(most, ratio.last().copied().unwrap_or(0.0));
    let up = Layer::new(&format!("{name}.up"), &[widest, most], None, Bias::Mixed, &factors, |picks| {
        at(picks).map(|(embed, hidden)| Slice { outputs: hidden, inputs: embed, kernel: 1 })
    })?;
    let down = Layer::new(&format!("{name}.down"), &[most, widest], None, Bias::Mixed, &factors, |picks| {
        at(picks).map(|(embed, hidden)| Slice { outputs: embed, inputs: hidden, kernel: 1 })
    })?;
    Ok((up, down))
}

impl Mlp {
    /// Refuses options that do not ascend, and hidden widths of 0.
    pub fn new(options: Options) -> Result<Self, MathError> {
        check_ascending("embedding widths", &options.embed)?;
        check_ascending("depths", &options.depth)?;
        let ascending = options.ratio.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let least = options.embed.first().zip(options.ratio.first()).map_or(0, |(e, r)| hidden(*e, *r));
        if !ascending || least == 0 {
            let needed = "ascending, ratio × embedding at least 1";
            return Err(unfit("ratios", needed, format!("{:?}", options.ratio)));
        }
        let (most, blocks) =
            (options.embed.last().copied().unwrap_or(0), options.depth.last().copied().unwrap_or(0));
        let wide = Factor { decision: EMBED, options: options.embed.len() };
        let width = |picks: &[usize]| picks.first().and_then(|pick| options.embed.get(*pick)).copied();
        let embed = Layer::new("embed", &[most, options.inputs], None, Bias::Mixed, &[wide], |picks| {
            width(picks).map(|outputs| Slice { outputs, inputs: options.inputs, kernel: 1 })
        })?;
        let head = Layer::new("head", &[options.classes, most], None, Bias::Whole, &[wide], |picks| {
            width(picks).map(|inputs| Slice { outputs: options.classes, inputs, kernel: 1 })
        })?;
        let norm =
            |name: String| Norm { name, decision: EMBED, widths: options.embed.clone(), rule: options.rule };
        let block = |place: usize| {
            let ratio = Factor { decision: DEPTH + 1 + place, options: options.ratio.len() };
            let name = format!("block{}", place + 1);
            let (up, down) = feed_forward(&name, &options.embed, &options.ratio, [wide, ratio])?;
            Ok(Block { norm: norm(format!("{name}.norm")), up, down })
        };
        let blocks: Vec<Block> = (0..blocks).map(block).collect::<Result<_, MathError>>()?;
        let mut decisions =
            vec![Decision::of("embed", &options.embed), Decision::of("depth", &options.depth)];
        decisions
            .extend((1..=blocks.len()).map(|place| Decision::of(&format!("ratio{place}"), &options.ratio)));
        Ok(Self {
            input: [options.inputs],
            embed,
            blocks,
            norm: norm("norm".into()),
            head,
            decisions,
            options,
        })
    }

    fn depth(&self, picks: &[usize]) -> usize {
        let pick = picks.get(DEPTH).copied().unwrap_or(0);
        self.options.depth.get(pick).copied().unwrap_or(0)
    }

    /// The layers of an architecture.
    fn layers(&self, picks: &[usize]) -> impl Iterator<Item = &Layer> {
        let blocks = self.blocks.iter().take(self.depth(picks)).flat_map(|block| [&block.up, &block.down]);
        std::iter::once(&self.embed).chain(blocks).chain(std::iter::once(&self.head))
    }
}

impl<T: Number> Space<T> for Mlp {
    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn active(&self, picks: &[usize]) -> Vec<bool> {
        let depth = self.depth(picks);
        (0..picks.len()).map(|decision| decision < DEPTH + 1 + depth).collect()
    }

    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let depth = if mixing == Mixing::Alone { self.depth(picks) } else { self.blocks.len() };
        let mut all = self.embed.tensors(mixing, picks);
        for block in self.blocks.iter().take(depth) {
            all.extend(block.norm.tensors(mixing, picks));
            all.extend(block.up.tensors(mixing, picks));
            all.extend(block.down.tensors(mixing, picks));
        }
        all.extend(self.norm.tensors(mixing, picks));
        all.extend(self.head.tensors(mixing, picks));
        all
    }

    fn forward(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let mut z = self.embed.apply(pass, x)?;
        pass.hidden.push(z);
        let mut outputs = Vec::with_capacity(self.blocks.len());
        let used = self.used(pass);
        for block in self.blocks.iter().take(used) {
            let normal = block.norm.apply(pass, z)?;
            let up = block.up.apply(pass, normal)?;
            let up = pass.tape.gelu(up);
            let down = block.down.apply(pass, up)?;
            z = pass.tape.add(z, down)?;
            outputs.push(z);
            pass.hidden.push(z);
        }
        let z = depth_mix(pass, DEPTH, &self.options.depth, &outputs)?;
        self.skip_unused(pass, used);
        let normal = self.norm.apply(pass, z)?;
        self.head.apply(pass, normal)
    }

    fn size(&self, picks: &[usize]) -> Size {
        let mut size = Size::default();
        for layer in self.layers(picks) {
            let (weight, bias) = layer.parameters(picks);
            size.parameters += weight + bias;
            size.multiply_adds += weight;
        }
        size.parameters += 2 * self.norm.width(picks) * (self.depth(picks) + 1);
        size
    }

    fn hidden(&self, picks: &[usize]) -> Vec<String> {
        let blocks = (1..=self.depth(picks)).map(|block| format!("block{block}"));
        std::iter::once("embed".to_owned()).chain(blocks).collect()
    }

    fn input(&self) -> &[usize] {
        &self.input
    }

    fn layers(&self) -> Vec<&Layer> {
        let blocks = self.blocks.iter().flat_map(|block| [&block.up, &block.down]);
        std::iter::once(&self.embed).chain(blocks).chain(std::iter::once(&self.head)).collect()
    }
}

impl Mlp {
    /// Blocks that run: all of a mixture, the first ones of one option.
    fn used<T: Number>(&self, pass: &Pass<'_, T>) -> usize {
        if matches!(pass.mixing, Mixing::Slice | Mixing::Alone) {
            self.depth(pass.picks)
        } else {
            self.blocks.len()
        }
    }

    /// Goes past the tensors of blocks that a slice does not run.
    fn skip_unused<T: Number>(&self, pass: &mut Pass<'_, T>, used: usize) {
        if pass.mixing == Mixing::Slice {
            const EACH: usize = 6;
            pass.taken += EACH * (self.blocks.len() - used);
        }
    }
}

/// `Σ_d a_d x_d` over the outputs after the allowed depths; the last output for one option, times its weight if gated (sheet §3.4). It is a
/// mixture of outputs, without further passes.
pub fn depth_mix<T: Number>(
    pass: &mut Pass<'_, T>,
    decision: usize,
    depths: &[usize],
    outputs: &[Node],
) -> Result<Node, MathError> {
    let after = |depth: usize| {
        let node = depth.checked_sub(1).and_then(|place| outputs.get(place)).copied();
        node.ok_or_else(|| unfit("outputs of blocks", format!("at least {depth}"), outputs.len()))
    };
    if matches!(pass.mixing, Mixing::Slice | Mixing::Alone) {
        let last = after(outputs.len())?;
        if !pass.gated || pass.mixing == Mixing::Alone {
            return Ok(last);
        }
        let (weights, pick) = (pass.weights_of(decision)?, pass.pick(decision));
        return pass.tape.scale(last, weights, pick);
    }
    let weights = pass.weights_of(decision)?;
    let mut parts = Vec::with_capacity(depths.len());
    for (option, depth) in depths.iter().enumerate() {
        parts.push((option, after(*depth)?, None));
    }
    let shape = pass.tape.shape(after(outputs.len())?).to_vec();
    pass.tape.mix(&shape, weights, &parts)
}
