//! Cell: stem conv 3×3 → nodes 1 and 2 with edges 0→1, 0→2, 1→2 → maxpool 2 → relu → linear (sheet §11, space C).
//!
//! Each edge is one of skip, 3×3 mean pooling, relu and conv 1×1, relu and conv 3×3; the 1×1 kernel is the centre of the 3×3 one, with one bias
//! for both. Operations that are not entangled keep their output mixture; their weights are not normalised again.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::layer::{Bias, Factor, Layer, Slice};
use super::{Decision, Mixing, Pass, Size, Space, TensorShape};
use crate::method::tape::{Convolution, Node, unfit};

/// Operations of an edge, in the order of its options.
pub const OPERATIONS: [&str; 4] = ["skip", "mean pool 3", "conv 1", "conv 3"];
/// Number of the skip.
const SKIP: usize = 0;
/// Number of the pooling.
const POOL: usize = 1;

/// The space and its supernet.
pub struct Cell {
    image: [usize; 3],
    decisions: Vec<Decision>,
    stem: Layer,
    edges: Vec<Layer>,
    head: Layer,
}

impl Cell {
    /// A cell of so many channels on images `[channels, h, w]`. Refuses sizes of 0.
    pub fn new(image: [usize; 3], channels: usize, classes: usize) -> Result<Self, MathError> {
        let [depth, height, width] = image;
        let way = Some(Convolution::plain(1));
        let stem = Layer::new("stem", &[channels, depth, 3, 3], way, Bias::Mixed, &[], |_| {
            Some(Slice { outputs: channels, inputs: depth, kernel: 3 })
        })?;
        let names = ["0-1", "0-2", "1-2"];
        let edge = |(decision, name): (usize, &&str)| {
            let factor = Factor { decision, options: OPERATIONS.len() };
            Layer::new(
                &format!("edge{name}"),
                &[channels, channels, 3, 3],
                way,
                Bias::Mixed,
                &[factor],
                |picks| {
                    let kernel = match picks {
                        [2] => 1,
                        [3] => 3,
                        _ => return None,
                    };
                    Some(Slice { outputs: channels, inputs: channels, kernel })
                },
            )
        };
        let edges = names.iter().enumerate().map(edge).collect::<Result<_, _>>()?;
        let inputs = channels * (height / 2) * (width / 2);
        let head = Layer::new("head", &[classes, inputs], None, Bias::Whole, &[], |_| {
            Some(Slice { outputs: classes, inputs, kernel: 1 })
        })?;
        let decisions = names.iter().map(|name| Decision::of(name, &OPERATIONS)).collect();
        Ok(Self { image, decisions, stem, edges, head })
    }

    fn edge<T: Number>(&self, pass: &mut Pass<'_, T>, number: usize, x: Node) -> Result<Node, MathError> {
        let layer = self.edges.get(number);
        let layer = layer.ok_or_else(|| unfit("an edge", "one of three", number))?;
        if matches!(pass.mixing, Mixing::Slice | Mixing::Alone) {
            return Self::one(pass, layer, number, x);
        }
        // The entangled kernels bring their weights themselves; the other operations are mixed by theirs.
        let active = pass.tape.relu(x);
        let convolved = layer.apply(pass, active)?;
        let pooled = pass.tape.mean_pool3(x)?;
        let (weights, shape) = (pass.weights_of(number)?, pass.tape.shape(x).to_vec());
        let mixed = pass.tape.mix(&shape, weights, &[(SKIP, x, None), (POOL, pooled, None)])?;
        pass.tape.add(mixed, convolved)
    }

    /// The picked operation; a slice without convolution goes past its tensors.
    fn one<T: Number>(
        pass: &mut Pass<'_, T>,
        layer: &Layer,
        number: usize,
        x: Node,
    ) -> Result<Node, MathError> {
        let pick = pass.pick(number);
        if pick > POOL {
            let active = pass.tape.relu(x);
            return layer.apply(pass, active);
        }
        if pass.mixing == Mixing::Slice {
            pass.taken += 2;
        }
        let y = if pick == SKIP { x } else { pass.tape.mean_pool3(x)? };
        if pass.gated && pass.mixing == Mixing::Slice {
            let weights = pass.weights_of(number)?;
            return pass.tape.scale(y, weights, pick);
        }
        Ok(y)
    }
}

impl<T: Number> Space<T> for Cell {
    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn skips(&self) -> Vec<(usize, usize)> {
        (0..self.edges.len()).map(|edge| (edge, SKIP)).collect()
    }

    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let edges = self.edges.iter().flat_map(|edge| edge.tensors(mixing, picks));
        self.stem
            .tensors(mixing, picks)
            .into_iter()
            .chain(edges)
            .chain(self.head.tensors(mixing, picks))
            .collect()
    }

    fn forward(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let start = self.stem.apply(pass, x)?;
        let first = self.edge(pass, 0, start)?;
        let direct = self.edge(pass, 1, start)?;
        let through = self.edge(pass, 2, first)?;
        let second = pass.tape.add(direct, through)?;
        pass.hidden.extend([start, first, second]);
        let pooled = pass.tape.max_pool2(second)?;
        let active = pass.tape.relu(pooled);
        let rows = pass.tape.shape(active).first().copied().unwrap_or(0);
        let columns = pass.tape.values(active).len() / rows.max(1);
        let flat = pass.tape.reshape(active, &[rows, columns])?;
        self.head.apply(pass, flat)
    }

    fn size(&self, picks: &[usize]) -> Size {
        let [_, height, width] = self.image;
        let mut size = Size::default();
        let layers = std::iter::once(&self.stem).chain(&self.edges).map(|layer| (layer, height * width));
        for (layer, places) in layers.chain(std::iter::once((&self.head, 1))) {
            let (weight, bias) = layer.parameters(picks);
            size.parameters += weight + bias;
            size.multiply_adds += weight * places;
        }
        size
    }

    fn hidden(&self, _: &[usize]) -> Vec<String> {
        ["stem", "node 1", "node 2"].map(str::to_owned).to_vec()
    }

    fn input(&self) -> &[usize] {
        &self.image
    }

    fn layers(&self) -> Vec<&Layer> {
        std::iter::once(&self.stem).chain(&self.edges).chain(std::iter::once(&self.head)).collect()
    }
}
