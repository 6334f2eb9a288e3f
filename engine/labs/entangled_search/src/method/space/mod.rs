//! Search spaces: decisions, the supernet that holds all their options, and the architectures.
//!
//! An architecture is one option for each decision. A decision that means nothing in it (a layer beyond its depth) has option 0 and does
//! not stand in its name.

pub mod cell;
pub mod conv_macro;
pub mod layer;
pub mod mlp;
pub mod norm;
#[cfg(test)]
mod tests;
pub mod vit;

pub use layer::{Layer, Mixing, Pass, Start, TensorShape};
pub use norm::Rule;

use weightscope_compute::number::Number;
use weightscope_math::{MathError, Stream};

use super::tape::{Node, Region, Tape, cropped, unfit};
use layer::joint_options;

/// Something that the search decides.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// Name, unique in the space.
    pub name: String,
    /// Names of the options; widths and kernels ascend.
    pub options: Vec<String>,
}

impl Decision {
    /// A decision among numbers.
    pub fn of<N: ToString>(name: &str, options: &[N]) -> Self {
        Self { name: name.to_owned(), options: options.iter().map(ToString::to_string).collect() }
    }
}

/// Size of an architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Trained numbers.
    pub parameters: usize,
    /// Multiplications of weights and values for one row, without normalisations.
    pub multiply_adds: usize,
}

/// A search space with its supernet.
pub trait Space<T: Number>: Send + Sync {
    /// What is decided.
    fn decisions(&self) -> &[Decision];

    /// Which decisions mean something in this architecture.
    fn active(&self, picks: &[usize]) -> Vec<bool> {
        vec![true; picks.len()]
    }

    /// Which decisions choose an operation of an edge, and which of its options is the skip: (decision, option).
    fn skips(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// What is trained, in the order in which the forward pass takes it; `picks` matter for a stand-alone network only.
    fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape>;

    /// Logits `[rows, classes]` of inputs `[rows, …]`.
    fn forward(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError>;

    /// Size of an architecture.
    fn size(&self, picks: &[usize]) -> Size;

    /// Names of the layers of an architecture whose outputs are compared between networks, in the order of the forward pass.
    fn hidden(&self, picks: &[usize]) -> Vec<String>;

    /// Shape of one input.
    fn input(&self) -> &[usize];

    /// Layers whose weights options share, in the order of the forward pass; those without a decision among them.
    fn layers(&self) -> Vec<&Layer>;
}

/// All architectures, the last decision fastest, each once.
pub fn architectures<T: Number>(space: &dyn Space<T>) -> Vec<Vec<usize>> {
    let counts: Vec<usize> = space.decisions().iter().map(|decision| decision.options.len()).collect();
    let canonical =
        |picks: &Vec<usize>| picks.iter().zip(space.active(picks)).all(|(pick, active)| active || *pick == 0);
    let mut all = joint_options(&counts);
    all.retain(canonical);
    all
}

/// The name of an architecture: the options of its active decisions, one digit or letter each.
pub fn name_of<T: Number>(space: &dyn Space<T>, picks: &[usize]) -> String {
    let active = picks.iter().zip(space.active(picks)).filter(|(_, active)| *active);
    active.filter_map(|(pick, _)| char::from_digit(*pick as u32, 36)).collect()
}

/// The architecture in which decisions that mean nothing have option 0.
pub fn canonical<T: Number>(space: &dyn Space<T>, picks: &[usize]) -> Vec<usize> {
    picks.iter().zip(space.active(picks)).map(|(pick, active)| if active { *pick } else { 0 }).collect()
}

/// The last option of every decision.
pub fn largest<T: Number>(space: &dyn Space<T>) -> Vec<usize> {
    space.decisions().iter().map(|decision| decision.options.len().saturating_sub(1)).collect()
}

/// Tensors at their start, drawn in order.
pub fn initial<T: Number>(shapes: &[TensorShape], random: &mut Stream) -> Vec<Vec<T>> {
    let draw = |tensor: &TensorShape, random: &mut Stream| {
        let count: usize = tensor.shape.iter().product();
        match tensor.start {
            Start::Constant(value) => vec![T::from_f64(value); count],
            Start::Uniform(fan) => {
                let bound = 1.0 / (fan.max(1) as f64).sqrt();
                (0..count).map(|_| T::from_f64(bound * (2.0 * random.unit_f64() - 1.0))).collect()
            }
        }
    };
    shapes.iter().map(|tensor| draw(tensor, random)).collect()
}

/// The tensors of a stand-alone network out of those of a supernet of this mixing, by name: leading rows and columns and the centre of kernels
/// of entangled tensors; the own ones of the options where they are separate.
pub fn extract<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    picks: &[usize],
) -> Result<Vec<Vec<T>>, MathError> {
    let full = space.tensors(mixing, picks);
    let own = |alone: &TensorShape| {
        let same = |whole: &TensorShape| {
            whole.name == alone.name && (whole.joint.is_none() || whole.joint == alone.joint)
        };
        let found = full.iter().zip(tensors).find(|(whole, _)| same(whole));
        let (whole, values) = found.ok_or_else(|| unfit("a tensor of the supernet", &alone.name, "none"))?;
        let axes = whole.shape.iter().zip(&alone.shape).enumerate();
        let centred = axes.map(|(axis, (most, length))| {
            (if axis < 2 { 0 } else { most.saturating_sub(*length) / 2 }, *length)
        });
        cropped(values, &whole.shape, &Region::new(centred.collect()))
    };
    space.tensors(Mixing::Alone, picks).iter().map(own).collect()
}

/// What a network gives for rows, without gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs<T> {
    /// Logits `[rows, classes]`.
    pub logits: Vec<T>,
    /// Outputs of the layers named by [`Space::hidden`], each `[rows, features]`.
    pub hidden: Vec<Vec<T>>,
}

/// Runs rows through a network without gradients: `weights` for a mixture, `picks` for one option.
pub fn outputs<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    weights: &[Vec<f64>],
    picks: &[usize],
    rows: &[T],
) -> Result<Outputs<T>, MathError> {
    let mut tape = Tape::new();
    let shapes = space.tensors(mixing, picks);
    let mut leaves = Vec::with_capacity(shapes.len());
    for (shape, values) in shapes.iter().zip(tensors) {
        leaves.push(tape.constant(&shape.shape, values.clone())?);
    }
    let mut decisions = Vec::with_capacity(weights.len());
    for row in weights {
        decisions.push(tape.constant(&[row.len()], row.iter().map(|weight| T::from_f64(*weight)).collect())?);
    }
    let size: usize = space.input().iter().product();
    let shape: Vec<usize> =
        std::iter::once(rows.len() / size.max(1)).chain(space.input().iter().copied()).collect();
    let x = tape.constant(&shape, rows.to_vec())?;
    let mut pass = Pass::new(&mut tape, mixing, &decisions, picks, &leaves);
    let logits = space.forward(&mut pass, x)?;
    let hidden = std::mem::take(&mut pass.hidden);
    let values = |node: &Node| tape.values(*node).to_vec();
    Ok(Outputs { logits: values(&logits), hidden: hidden.iter().map(values).collect() })
}

/// The logits of [`outputs`].
pub fn logits<T: Number>(
    space: &dyn Space<T>,
    mixing: Mixing,
    tensors: &[Vec<T>],
    weights: &[Vec<f64>],
    picks: &[usize],
    rows: &[T],
) -> Result<Vec<T>, MathError> {
    Ok(outputs(space, mixing, tensors, weights, picks, rows)?.logits)
}

/// Refuses options that are not ascending whole numbers above 0.
pub(crate) fn check_ascending(name: &'static str, options: &[usize]) -> Result<(), MathError> {
    let ascending = options.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if options.is_empty() || options.contains(&0) || !ascending {
        return Err(unfit(name, "ascending whole numbers above 0", format!("{options:?}")));
    }
    Ok(())
}
