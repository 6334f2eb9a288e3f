//! Conv-macro: conv → relu → maxpool 2 → conv → relu → flatten → linear → relu → head, on images `[1, 8, 8]` (sheet §11, space A).
//!
//! Decisions in this order: channels and kernel of the first convolution, of the second one, width of the hidden layer.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::layer::{Bias, Factor, Layer, Slice};
use super::{Decision, Mixing, Pass, Size, Space, TensorShape, check_ascending};
use crate::method::tape::{Convolution, Node};

/// Options of the space, each ascending; kernels odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Channels, height and width of an image; height and width even.
    pub image: [usize; 3],
    /// Classes.
    pub classes: usize,
    /// Channels of the first convolution.
    pub channels1: Vec<usize>,
    /// Kernels of the first convolution.
    pub kernels1: Vec<usize>,
    /// Channels of the second convolution.
    pub channels2: Vec<usize>,
    /// Kernels of the second convolution.
    pub kernels2: Vec<usize>,
    /// Widths of the hidden layer.
    pub hidden: Vec<usize>,
}

impl Options {
    /// The desk space of 72 architectures.
    pub fn small() -> Self {
        let kernels = vec![1, 3, 5];
        Self {
            image: [1, 8, 8],
            classes: 10,
            channels1: vec![2, 8],
            kernels1: kernels.clone(),
            channels2: vec![4, 16],
            kernels2: kernels,
            hidden: vec![8, 32],
        }
    }

    /// The desk space of 243 architectures.
    pub fn full() -> Self {
        Self { channels1: vec![2, 4, 8], channels2: vec![4, 8, 16], hidden: vec![8, 16, 32], ..Self::small() }
    }
}

/// The space and its supernet.
pub struct ConvMacro {
    options: Options,
    decisions: Vec<Decision>,
    conv1: Layer,
    conv2: Layer,
    hidden: Layer,
    head: Layer,
}

const C1: usize = 0;
const K1: usize = 1;
const C2: usize = 2;
const K2: usize = 3;
const H: usize = 4;

fn at(options: &[usize], pick: usize) -> Option<usize> {
    options.get(pick).copied()
}

fn most(options: &[usize]) -> usize {
    options.last().copied().unwrap_or(0)
}

impl ConvMacro {
    /// Refuses options that do not ascend, and kernels that differ by an odd number.
    pub fn new(options: Options) -> Result<Self, MathError> {
        let lists =
            [&options.channels1, &options.kernels1, &options.channels2, &options.kernels2, &options.hidden];
        for (list, what) in lists.iter().zip(["channels", "kernels", "channels", "kernels", "hidden widths"])
        {
            check_ascending(what, list)?;
        }
        let factor =
            |decision: usize| Factor { decision, options: lists.get(decision).map_or(0, |list| list.len()) };
        let [depth, height, width] = options.image;
        let (wide1, side1) = (most(&options.channels1), most(&options.kernels1));
        let (wide2, side2) = (most(&options.channels2), most(&options.kernels2));
        let way = |side: usize| Some(Convolution::plain(side / 2));
        let (shape1, shape2) = ([wide1, depth, side1, side1], [wide2, wide1, side2, side2]);
        let factors1 = [factor(C1), factor(K1)];
        let conv1 = Layer::new("conv1", &shape1, way(side1), Bias::Mixed, &factors1, |picks| match picks {
            [c, k] => Some(Slice {
                outputs: at(&options.channels1, *c)?,
                inputs: depth,
                kernel: at(&options.kernels1, *k)?,
            }),
            _ => None,
        })?;
        let factors2 = [factor(C1), factor(C2), factor(K2)];
        let conv2 = Layer::new("conv2", &shape2, way(side2), Bias::Mixed, &factors2, |picks| match picks {
            [i, o, k] => Some(Slice {
                outputs: at(&options.channels2, *o)?,
                inputs: at(&options.channels1, *i)?,
                kernel: at(&options.kernels2, *k)?,
            }),
            _ => None,
        })?;
        let places = (height / 2) * (width / 2);
        let (flat, widest) = (wide2 * places, most(&options.hidden));
        let hidden =
            Layer::new("hidden", &[widest, flat], None, Bias::Mixed, &[factor(C2), factor(H)], |picks| {
                match picks {
                    [c, h] => {
                        let inputs = places * at(&options.channels2, *c)?;
                        Some(Slice { outputs: at(&options.hidden, *h)?, inputs, kernel: 1 })
                    }
                    _ => None,
                }
            })?;
        let classes = options.classes;
        let head = Layer::new("head", &[classes, widest], None, Bias::Whole, &[factor(H)], |picks| {
            let inputs = at(&options.hidden, picks.first().copied()?)?;
            Some(Slice { outputs: classes, inputs, kernel: 1 })
        })?;
        let names = ["channels1", "kernel1", "channels2", "kernel2", "hidden"];
        let decisions = names.iter().zip(lists).map(|(name, list)| Decision::of(name, list)).collect();
        Ok(Self { options, decisions, conv1, conv2, hidden, head })
    }

    fn all(&self) -> [&Layer; 4] {
        [&self.conv1, &self.conv2, &self.hidden, &self.head]
    }
}

impl<T: Number> Space<T> for ConvMacro {
    fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        self.all().iter().flat_map(|layer| layer.tensors(mixing, picks)).collect()
    }

    fn forward(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let first = self.conv1.apply(pass, x)?;
        let first = pass.tape.relu(first);
        let first = pass.tape.max_pool2(first)?;
        let second = self.conv2.apply(pass, first)?;
        let second = pass.tape.relu(second);
        pass.hidden.extend([first, second]);
        let rows = pass.tape.shape(second).first().copied().unwrap_or(0);
        let columns = pass.tape.values(second).len() / rows.max(1);
        let flat = pass.tape.reshape(second, &[rows, columns])?;
        let hidden = self.hidden.apply(pass, flat)?;
        let hidden = pass.tape.relu(hidden);
        pass.hidden.push(hidden);
        self.head.apply(pass, hidden)
    }

    fn size(&self, picks: &[usize]) -> Size {
        let [_, height, width] = self.options.image;
        let places = [height * width, (height / 2) * (width / 2), 1, 1];
        let mut size = Size::default();
        for (layer, places) in self.all().iter().zip(places) {
            let (weight, bias) = layer.parameters(picks);
            size.parameters += weight + bias;
            size.multiply_adds += weight * places;
        }
        size
    }

    fn hidden(&self, _: &[usize]) -> Vec<String> {
        self.all().iter().take(3).map(|layer| layer.name().to_owned()).collect()
    }

    fn input(&self) -> &[usize] {
        &self.options.image
    }

    fn layers(&self) -> Vec<&Layer> {
        self.all().to_vec()
    }
}
