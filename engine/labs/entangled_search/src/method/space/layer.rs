//! A layer whose weights are shared by the options of one or several decisions, and the four ways of running it.
//!
//! | mixing | what runs | cost |
//! |---|---|---|
//! | superposed | one layer with `Σ_j c_j PAD(W_j)` (`TangleNAS`, established) | one pass |
//! | output | every slice, outputs mixed by `c` ("WE-v1" of the released code) | one pass an option |
//! | separate | every option with weights of its own, outputs mixed (DARTS, `DrNAS`) | one pass an option, more weights |
//! | slice | the picked slice alone, narrow (SPOS; GDAS with a gate; inherited networks) | less than one pass |
//!
//! `c` is the outer product of the weights of the decisions, the first one slowest. Widths are leading slices, kernels centred crops.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use crate::method::tape::{Convolution, Node, Parts, Region, Tape, unfit};

/// How the options of a decision meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Mixing {
    /// Weights are summed, one forward pass.
    Superposed,
    /// Entangled weights, outputs are summed.
    Output,
    /// Weights of its own for each option, outputs are summed.
    Separate,
    /// One option, sliced out of the entangled weights.
    Slice,
    /// One option whose tensors have its own size: a stand-alone network.
    Alone,
}

/// What becomes of the bias of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// There is none.
    None,
    /// Sliced and mixed like the rows of the weight: layers with a searchable output.
    Mixed,
    /// Whole and unscaled: layers with a fixed output, such as heads.
    Whole,
}

/// The slice of one joint option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Leading rows: output channels.
    pub outputs: usize,
    /// Leading columns: input channels of a group.
    pub inputs: usize,
    /// Side of the kernel; 1 for linear layers.
    pub kernel: usize,
}

/// A factor of the joint options: a decision and its number of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Number of the decision.
    pub decision: usize,
    /// Number of its options.
    pub options: usize,
}

/// A tensor that is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorShape {
    /// Name of layer and part.
    pub name: String,
    /// The joint option that it belongs to, if each option has tensors of its own.
    pub joint: Option<usize>,
    /// Shape.
    pub shape: Vec<usize>,
    /// Where it starts.
    pub start: Start,
}

/// Where a tensor starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// Uniform within ±1/√fan, fan being the inputs of one output.
    Uniform(usize),
    /// One value throughout.
    Constant(f64),
}

/// What one forward pass runs with.
pub struct Pass<'a, T> {
    /// Where operations are written.
    pub tape: &'a mut Tape<T>,
    /// How options meet.
    pub mixing: Mixing,
    /// Weights of each decision; not used for a slice without gates.
    pub weights: &'a [Node],
    /// The option of each decision, for slices.
    pub picks: &'a [usize],
    /// Whether a slice is multiplied by its weight, so that the weight has a gradient (GDAS).
    pub gated: bool,
    /// Tensors, in the order in which the network takes them.
    pub tensors: &'a [Node],
    /// How many of them were taken.
    pub taken: usize,
    /// Outputs of the layers that are compared between networks, in order.
    pub hidden: Vec<Node>,
}

impl TensorShape {
    /// The name, with the joint option where each has tensors of its own.
    pub fn label(&self) -> String {
        self.joint.map_or_else(|| self.name.clone(), |joint| format!("{}[{joint}]", self.name))
    }
}

impl<'a, T: Number> Pass<'a, T> {
    /// A pass that begins; without gates.
    pub fn new(
        tape: &'a mut Tape<T>,
        mixing: Mixing,
        weights: &'a [Node],
        picks: &'a [usize],
        tensors: &'a [Node],
    ) -> Self {
        Self { tape, mixing, weights, picks, gated: false, tensors, taken: 0, hidden: Vec::new() }
    }

    /// The next tensor. Refuses to go beyond the last.
    pub fn take(&mut self) -> Result<Node, MathError> {
        let node = self.tensors.get(self.taken).copied();
        self.taken += 1;
        node.ok_or_else(|| {
            unfit("tensors of a network", format!("at least {}", self.taken), self.tensors.len())
        })
    }

    /// The weights of a decision. Refuses a decision without.
    pub fn weights_of(&self, decision: usize) -> Result<Node, MathError> {
        let node = self.weights.get(decision).copied();
        node.ok_or_else(|| {
            unfit("weights of a decision", format!("more than {decision}"), self.weights.len())
        })
    }

    /// The option of a decision; the first if there is none.
    pub fn pick(&self, decision: usize) -> usize {
        self.picks.get(decision).copied().unwrap_or(0)
    }
}

/// A layer with its slices.
#[derive(Clone, Debug)]
pub struct Layer {
    name: String,
    /// Full shape of the weight: `[out, in]` or `[out, in, k, k]`.
    shape: Vec<usize>,
    convolution: Option<Convolution>,
    bias: Bias,
    factors: Vec<Factor>,
    slices: Vec<Option<Slice>>,
    weight_parts: Parts,
    bias_parts: Parts,
}

/// The options of each factor for every joint option, the first factor slowest.
pub fn joint_options(options: &[usize]) -> Vec<Vec<usize>> {
    options.iter().fold(vec![Vec::new()], |all, count| {
        let longer =
            |start: &Vec<usize>, option| start.iter().copied().chain(std::iter::once(option)).collect();
        all.iter().flat_map(|start| (0..*count).map(move |option| longer(start, option))).collect()
    })
}

/// The number of a joint option: `(i·n_o + j)·n_k + k` for three factors.
pub fn flat(options: &[usize], picks: &[usize]) -> usize {
    options.iter().zip(picks).fold(0, |flat, (count, pick)| flat * count + pick)
}

impl Layer {
    /// A layer of full shape `[out, in]` (linear) or `[out, in/groups, k, k]` (convolution; its padding is that of the largest kernel).
    /// `slice` gives the slice of the options of the factors, or none where they leave the layer alone. Refuses slices that do not lie inside,
    /// and kernels whose difference to the largest is odd.
    pub fn new(
        name: &str,
        shape: &[usize],
        convolution: Option<Convolution>,
        bias: Bias,
        factors: &[Factor],
        slice: impl Fn(&[usize]) -> Option<Slice>,
    ) -> Result<Self, MathError> {
        let counts: Vec<usize> = factors.iter().map(|factor| factor.options).collect();
        let slices: Vec<Option<Slice>> =
            joint_options(&counts).iter().map(|options| slice(options)).collect();
        let mut regions = Vec::with_capacity(slices.len());
        for slice in &slices {
            regions.push(slice.map(|slice| region(shape, slice)).transpose()?);
        }
        let rows: Vec<Option<Region>> =
            slices.iter().map(|slice| slice.map(|s| Region::leading(&[s.outputs]))).collect();
        let outputs = shape.first().copied().unwrap_or(0);
        Ok(Self {
            name: name.to_owned(),
            shape: shape.to_vec(),
            convolution,
            bias,
            factors: factors.to_vec(),
            weight_parts: Parts::new(shape, regions.iter().map(Option::as_ref))?,
            bias_parts: Parts::new(&[outputs], rows.iter().map(Option::as_ref))?,
            slices,
        })
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Full shape of the weight.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Decisions that the layer depends on, the slowest first.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// What is trained, in order: weight and bias, or one such pair for each joint option; for a stand-alone network those of the picks.
    pub fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let pair = |joint: Option<usize>, shape: Vec<usize>| {
            let start = Start::Uniform(shape.iter().skip(1).product());
            let outputs = shape.first().copied().unwrap_or(0);
            let weight = TensorShape { name: format!("{}.weight", self.name), joint, shape, start };
            let bias =
                TensorShape { name: format!("{}.bias", self.name), joint, shape: vec![outputs], start };
            if self.bias == Bias::None { vec![weight] } else { vec![weight, bias] }
        };
        if self.factors.is_empty() {
            return pair(None, self.shape.clone());
        }
        match mixing {
            Mixing::Separate => {
                let all =
                    self.slices.iter().enumerate().filter_map(|(joint, slice)| Some((joint, (*slice)?)));
                all.flat_map(|(joint, slice)| pair(Some(joint), self.slice_shape(slice))).collect()
            }
            Mixing::Alone => {
                let joint = Some(self.joint(picks));
                self.slice(picks).map(|slice| pair(joint, self.slice_shape(slice))).unwrap_or_default()
            }
            Mixing::Superposed | Mixing::Output | Mixing::Slice => pair(None, self.shape.clone()),
        }
    }

    fn slice_shape(&self, slice: Slice) -> Vec<usize> {
        let mut shape = vec![slice.outputs, slice.inputs];
        shape.resize(self.shape.len(), slice.kernel);
        shape
    }

    fn counts(&self) -> Vec<usize> {
        self.factors.iter().map(|factor| factor.options).collect()
    }

    /// The number of the joint option of these picks.
    pub fn joint(&self, picks: &[usize]) -> usize {
        let own: Vec<usize> =
            self.factors.iter().map(|factor| picks.get(factor.decision).copied().unwrap_or(0)).collect();
        flat(&self.counts(), &own)
    }

    /// The slice of these picks; none where they leave the layer alone.
    pub fn slice(&self, picks: &[usize]) -> Option<Slice> {
        self.slices.get(self.joint(picks)).copied().flatten()
    }

    /// Numbers of weight and bias of the network of these picks.
    pub fn parameters(&self, picks: &[usize]) -> (usize, usize) {
        let Some(slice) = self.slice(picks) else { return (0, 0) };
        let bias = if self.bias == Bias::None { 0 } else { slice.outputs };
        (self.slice_shape(slice).iter().product(), bias)
    }

    /// The effective mask on the full weight for weights of all decisions (see [`Parts::mask`]).
    pub fn mask(&self, weights: &[Vec<f64>]) -> Vec<f64> {
        let empty = Vec::new();
        let factors = self.factors.iter().map(|factor| weights.get(factor.decision).unwrap_or(&empty));
        let joint = factors.fold(vec![1.0], |all: Vec<f64>, own| {
            all.iter().flat_map(|product| own.iter().map(move |weight| product * weight)).collect()
        });
        self.weight_parts.mask(&joint)
    }

    /// Runs the layer on `[images, in, h, w]` or `[…, in]` and takes its tensors. The output is of full width, but narrow for one option.
    pub fn apply<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        match pass.mixing {
            _ if self.factors.is_empty() => {
                let own = self.take(pass)?;
                self.run(pass.tape, x, own, self.shape.get(2).copied().unwrap_or(1))
            }
            Mixing::Superposed => self.superposed(pass, x),
            Mixing::Output | Mixing::Separate => self.mixed(pass, x),
            Mixing::Slice => {
                let joint = self.joint(pass.picks);
                let own = self.take(pass)?;
                let gate = if pass.gated { Some(self.joint_weights(pass)?) } else { None };
                self.one(pass, joint, x, own, gate)
            }
            Mixing::Alone => {
                let kernel = self.slice(pass.picks).map_or(1, |slice| slice.kernel);
                let own = self.take(pass)?;
                self.run(pass.tape, x, own, kernel)
            }
        }
    }

    /// Weight and bias.
    fn take<T: Number>(&self, pass: &mut Pass<'_, T>) -> Result<(Node, Option<Node>), MathError> {
        Ok((pass.take()?, if self.bias == Bias::None { None } else { Some(pass.take()?) }))
    }

    fn joint_weights<T: Number>(&self, pass: &mut Pass<'_, T>) -> Result<Node, MathError> {
        let factors: Vec<Node> =
            self.factors.iter().map(|factor| pass.weights_of(factor.decision)).collect::<Result<_, _>>()?;
        match factors.as_slice() {
            [one] => Ok(*one),
            factors => Ok(pass.tape.joint(factors)),
        }
    }

    fn superposed<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let (mut weight, mut bias) = self.take(pass)?;
        let joint = self.joint_weights(pass)?;
        weight = pass.tape.superpose(weight, joint, &self.weight_parts)?;
        if let (Some(whole), Bias::Mixed) = (bias, self.bias) {
            bias = Some(pass.tape.superpose(whole, joint, &self.bias_parts)?);
        }
        self.run(pass.tape, x, (weight, bias), self.shape.get(2).copied().unwrap_or(1))
    }

    /// All slices, or all tensors of their own, and the mixture of their outputs.
    fn mixed<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let joint = self.joint_weights(pass)?;
        let shared = if pass.mixing == Mixing::Output { Some(self.take(pass)?) } else { None };
        let (mut parts, mut shape) = (Vec::new(), Vec::new());
        for (option, slice) in self.slices.iter().enumerate() {
            let Some(slice) = slice else { continue };
            let y = if let Some(shared) = shared {
                self.one(pass, option, x, shared, None)?
            } else {
                let own = self.take(pass)?;
                let x = self.narrow(pass.tape, x, slice.inputs)?;
                self.run(pass.tape, x, own, slice.kernel)?
            };
            shape = pass.tape.shape(y).to_vec();
            parts.push((option, y, Some(Region::leading(&shape))));
        }
        let axis = self.channel_axis(shape.len());
        if let Some(channels) = shape.get_mut(axis) {
            *channels = self.shape.first().copied().unwrap_or(0);
        }
        pass.tape.mix(&shape, joint, &parts)
    }

    /// One slice of entangled tensors, times its gate if there is one.
    fn one<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        joint: usize,
        x: Node,
        (weight, bias): (Node, Option<Node>),
        gate: Option<Node>,
    ) -> Result<Node, MathError> {
        let slice = self.slices.get(joint).copied().flatten();
        let slice = slice.ok_or_else(|| unfit("a slice", "options that use the layer", &self.name))?;
        let x = self.narrow(pass.tape, x, slice.inputs)?;
        let mut weight = pass.tape.crop(weight, &region(&self.shape, slice)?)?;
        let mut bias = match bias {
            Some(bias) => Some(pass.tape.crop(bias, &Region::leading(&[slice.outputs]))?),
            None => None,
        };
        if let Some(gate) = gate {
            weight = pass.tape.scale(weight, gate, joint)?;
            if let (Some(own), Bias::Mixed) = (bias, self.bias) {
                bias = Some(pass.tape.scale(own, gate, joint)?);
            }
        }
        self.run(pass.tape, x, (weight, bias), slice.kernel)
    }

    fn channel_axis(&self, rank: usize) -> usize {
        if self.convolution.is_some() { 1 } else { rank.saturating_sub(1) }
    }

    /// The leading input channels, all groups together.
    fn narrow<T: Number>(&self, tape: &mut Tape<T>, x: Node, inputs: usize) -> Result<Node, MathError> {
        let groups = self.convolution.map_or(1, |way| way.groups);
        let mut lengths = tape.shape(x).to_vec();
        let axis = self.channel_axis(lengths.len());
        match lengths.get_mut(axis) {
            Some(channels) if *channels != inputs * groups => *channels = inputs * groups,
            _ => return Ok(x),
        }
        tape.crop(x, &Region::leading(&lengths))
    }

    fn run<T: Number>(
        &self,
        tape: &mut Tape<T>,
        x: Node,
        (weight, bias): (Node, Option<Node>),
        kernel: usize,
    ) -> Result<Node, MathError> {
        let Some(way) = self.convolution else { return tape.linear(x, weight, bias) };
        let most = self.shape.get(2).copied().unwrap_or(1);
        let less = way.dilation * (most.saturating_sub(kernel) / 2);
        let padding = way.padding.checked_sub(less);
        let padding = padding.ok_or_else(|| unfit("padding of a smaller kernel", less, way.padding))?;
        tape.convolve(x, weight, bias, Convolution { padding, ..way })
    }
}

/// The box of a slice: leading rows and columns, the centre of the kernel.
fn region(shape: &[usize], slice: Slice) -> Result<Region, MathError> {
    let mut axes = vec![(0, slice.outputs), (0, slice.inputs)];
    for side in shape.iter().skip(2) {
        let margin = side.checked_sub(slice.kernel).filter(|margin| margin % 2 == 0 && slice.kernel > 0);
        let margin = margin.ok_or_else(|| {
            unfit("a kernel", format!("smaller than {side} by an even number"), slice.kernel)
        })?;
        axes.push((margin / 2, slice.kernel));
    }
    let empty = axes.iter().any(|(_, length)| *length == 0);
    if empty {
        Err(unfit("a slice", "at least one row and one column", format!("{slice:?}")))
    } else {
        Ok(Region::new(axes))
    }
}
