//! Named parameters in one flat host vector, and the leaf tensors that stand for them during a step.
//!
//! Contract: entries lie one after the other without gaps, in the order in which they were added; names are unique.
//! The host vector is the truth: tensors are made from it for one step and thrown away, so that checkpoints,
//! perturbations and per-weight masks never meet a device.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use thiserror::Error;

/// What a parameter is for; optimizers choose weight decay and learning-rate factors by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A weight matrix or convolution kernel.
    Weight,
    /// A learned embedding that no input multiplies: class token, position table.
    Embedding,
    /// An additive bias.
    Bias,
    /// Gain or offset of a normalisation layer.
    Normalisation,
    /// The step size of a quantizer.
    Step,
    /// A learned shift before or after a quantizer.
    Shift,
    /// Anything else that is learned, for example the parameters of a reparameterisation.
    Other,
}

impl Role {
    /// Whether weight decay customarily applies: to weight matrices and kernels only.
    pub fn decays(self) -> bool {
        self == Self::Weight
    }
}

/// One named parameter: where its values lie and how they are shaped (row-major).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique dotted name, for example `blocks.0.mlp.fc1.weight`.
    pub name: String,
    /// Shape; matrices are `[out, in]`.
    pub shape: Vec<usize>,
    /// Place in the flat vector.
    pub range: Range<usize>,
    /// What the parameter is for.
    pub role: Role,
}

/// A typed reference to an entry of rank `RANK`, valid for the [`Parameters`] that issued it and for its leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle<const RANK: usize> {
    entry: usize,
    slot: usize,
}

impl<const RANK: usize> Handle<RANK> {
    /// Index of the entry in [`Parameters::entries`].
    pub fn entry(self) -> usize {
        self.entry
    }
}

/// Shape and values of one parameter, as a checkpoint stores them.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Row-major shape.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// What can be wrong with a set of parameters.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParameterError {
    /// Two parameters of the same name.
    #[error("the parameter `{name}` is defined twice; give each parameter its own name")]
    Duplicate {
        /// The repeated name.
        name: String,
    },
    /// A rank without a leaf type.
    #[error("the parameter `{name}` has {rank} dimensions; 1, 2 and 4 are supported")]
    Rank {
        /// Its name.
        name: String,
        /// Its number of dimensions.
        rank: usize,
    },
    /// Number of values against shape.
    #[error("the parameter `{name}` of shape {shape:?} needs {expected} values and got {got}")]
    Length {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Product of the shape.
        expected: usize,
        /// Number of values offered.
        got: usize,
    },
    /// A stored parameter of another shape.
    #[error(
        "the stored parameter `{name}` has the shape {got:?} where the network has {expected:?}; it belongs to another network"
    )]
    Shape {
        /// Its name.
        name: String,
        /// Shape in the network.
        expected: Vec<usize>,
        /// Shape in the store.
        got: Vec<usize>,
    },
    /// A parameter that the store lacks.
    #[error("the stored parameters lack `{name}`; they belong to another network")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A stored parameter that the network lacks.
    #[error("the stored parameter `{name}` is not part of this network")]
    Unknown {
        /// Its name.
        name: String,
    },
}

/// All parameters of a network: names, shapes, roles, and their values in one flat vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    entries: Vec<Entry>,
    values: Vec<f32>,
    slots: [usize; 3],
}

impl Parameters {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter of rank 1, 2 or 4 and returns the handle to its leaf.
    ///
    /// # Errors
    /// A repeated name, another rank, or a number of values that is not the product of `shape`.
    pub fn add<const RANK: usize>(
        &mut self,
        name: impl Into<String>,
        shape: [usize; RANK],
        role: Role,
        values: &[f32],
    ) -> Result<Handle<RANK>, ParameterError> {
        let name = name.into();
        let Some(kind) = kind_of(RANK) else {
            return Err(ParameterError::Rank { name, rank: RANK });
        };
        if self.find(&name).is_some() {
            return Err(ParameterError::Duplicate { name });
        }
        let expected = shape.iter().product();
        if values.len() != expected {
            return Err(ParameterError::Length { name, shape: shape.to_vec(), expected, got: values.len() });
        }
        let start = self.values.len();
        self.values.extend_from_slice(values);
        let slot = self.slots[kind];
        self.slots[kind] += 1;
        self.entries.push(Entry { name, shape: shape.to_vec(), range: start..start + expected, role });
        Ok(Handle { entry: self.entries.len() - 1, slot })
    }

    /// The entries in the order of the flat vector.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All values, flat.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Name of the first parameter with a value that is no finite number.
    ///
    /// A quantizer clips even an infinite weight to a level, so that a loss can stay finite where training diverged.
    pub fn not_finite(&self) -> Option<&str> {
        // Without an early end, so that the compiler takes whole registers.
        let is_whole = |values: &[f32]| values.iter().fold(true, |all, value| all & value.is_finite());
        if is_whole(&self.values) {
            return None;
        }
        let broken =
            |entry: &&Entry| self.values.get(entry.range.clone()).is_some_and(|values| !is_whole(values));
        self.entries.iter().find(broken).map(|entry| entry.name.as_str())
    }

    /// All values, flat, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Index of the entry called `name`.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.name == name)
    }

    /// Values of the entry called `name`.
    pub fn named(&self, name: &str) -> Option<&[f32]> {
        let entry = &self.entries[self.find(name)?];
        Some(&self.values[entry.range.clone()])
    }

    /// Values behind a handle.
    pub fn get<const RANK: usize>(&self, handle: Handle<RANK>) -> &[f32] {
        &self.values[self.entries[handle.entry].range.clone()]
    }

    /// Values behind a handle, to be changed in place.
    pub fn get_mut<const RANK: usize>(&mut self, handle: Handle<RANK>) -> &mut [f32] {
        &mut self.values[self.entries[handle.entry].range.clone()]
    }

    /// Copies every value to `device` as one leaf tensor per entry.
    /// The leaves require gradients exactly when the device has autodiff.
    pub fn bind(&self, device: &Device) -> Leaves {
        let mut leaves = Leaves::default();
        let tracked = device.is_autodiff();
        for entry in &self.entries {
            let values = self.values[entry.range.clone()].to_vec();
            let data = TensorData::new(values, entry.shape.clone());
            match entry.shape.len() {
                1 => leaves.vectors.push(leaf(data, device, tracked)),
                2 => leaves.matrices.push(leaf(data, device, tracked)),
                _ => leaves.kernels.push(leaf(data, device, tracked)),
            }
        }
        leaves
    }

    /// The gradient of every value, flat; zero where the loss does not depend on a parameter.
    pub fn gradients(&self, leaves: &Leaves, gradients: &Gradients) -> Vec<f32> {
        let mut flat = vec![0.0; self.values.len()];
        let mut slots = [0; 3];
        for entry in &self.entries {
            let target = &mut flat[entry.range.clone()];
            match entry.shape.len() {
                1 => copy_gradient(&leaves.vectors[slots[0]], gradients, target),
                2 => copy_gradient(&leaves.matrices[slots[1]], gradients, target),
                _ => copy_gradient(&leaves.kernels[slots[2]], gradients, target),
            }
            if let Some(kind) = kind_of(entry.shape.len()) {
                slots[kind] += 1;
            }
        }
        flat
    }

    /// Every parameter by name, for a checkpoint.
    pub fn to_named(&self) -> BTreeMap<String, Named> {
        let pair = |entry: &Entry| {
            let values = self.values[entry.range.clone()].to_vec();
            (entry.name.clone(), Named { shape: entry.shape.clone(), values })
        };
        self.entries.iter().map(pair).collect()
    }

    /// Overwrites every value from a checkpoint with exactly the same names and shapes; on an error nothing changes.
    ///
    /// # Errors
    /// A missing, unknown or differently shaped parameter.
    pub fn load_named(&mut self, named: &BTreeMap<String, Named>) -> Result<(), ParameterError> {
        if let Some(name) = named.keys().find(|name| self.find(name).is_none()) {
            return Err(ParameterError::Unknown { name: name.clone() });
        }
        let mut values = vec![0.0; self.values.len()];
        for entry in &self.entries {
            let Some(stored) = named.get(&entry.name) else {
                return Err(ParameterError::Missing { name: entry.name.clone() });
            };
            check_shape(entry, &stored.shape)?;
            if stored.values.len() != entry.range.len() {
                return Err(ParameterError::Length {
                    name: entry.name.clone(),
                    shape: entry.shape.clone(),
                    expected: entry.range.len(),
                    got: stored.values.len(),
                });
            }
            values[entry.range.clone()].copy_from_slice(&stored.values);
        }
        self.values = values;
        Ok(())
    }

    /// Copies the values of every parameter that `source` also has, and returns how many parameters were copied.
    ///
    /// # Errors
    /// A shared name with two different shapes; the parameters before it are copied by then.
    pub fn copy_shared(&mut self, source: &Self) -> Result<usize, ParameterError> {
        let mut copied = 0;
        for entry in &self.entries {
            let Some(found) = source.find(&entry.name) else {
                continue;
            };
            let other = &source.entries[found];
            check_shape(entry, &other.shape)?;
            self.values[entry.range.clone()].copy_from_slice(&source.values[other.range.clone()]);
            copied += 1;
        }
        Ok(copied)
    }
}

/// One leaf tensor per parameter, for one forward and backward pass.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    vectors: Vec<Tensor<1>>,
    matrices: Vec<Tensor<2>>,
    kernels: Vec<Tensor<4>>,
}

impl Leaves {
    /// The leaf of a vector.
    pub fn vector(&self, handle: Handle<1>) -> Tensor<1> {
        self.vectors[handle.slot].clone()
    }

    /// The leaf of a matrix, `[out, in]`.
    pub fn matrix(&self, handle: Handle<2>) -> Tensor<2> {
        self.matrices[handle.slot].clone()
    }

    /// The leaf of a convolution kernel, `[out, in, height, width]`.
    pub fn kernel(&self, handle: Handle<4>) -> Tensor<4> {
        self.kernels[handle.slot].clone()
    }
}

/// The values of a tensor on the host, whatever its float type and device.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    match data.as_slice::<f32>() {
        Ok(values) => values.to_vec(),
        Err(_) => data.iter::<f32>().collect(),
    }
}

fn kind_of(rank: usize) -> Option<usize> {
    match rank {
        1 => Some(0),
        2 => Some(1),
        4 => Some(2),
        _ => None,
    }
}

fn leaf<const D: usize>(data: TensorData, device: &Device, tracked: bool) -> Tensor<D> {
    Tensor::from_data(data, device).set_require_grad(tracked)
}

fn copy_gradient<const D: usize>(leaf: &Tensor<D>, gradients: &Gradients, target: &mut [f32]) {
    if let Some(gradient) = leaf.grad(gradients) {
        let data = gradient.into_data();
        match data.as_slice::<f32>() {
            Ok(values) => target.copy_from_slice(values),
            Err(_) => target.iter_mut().zip(data.iter::<f32>()).for_each(|(slot, value)| *slot = value),
        }
    }
}

fn check_shape(entry: &Entry, got: &[usize]) -> Result<(), ParameterError> {
    if entry.shape == got {
        return Ok(());
    }
    Err(ParameterError::Shape { name: entry.name.clone(), expected: entry.shape.clone(), got: got.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (Parameters, Handle<2>, Handle<1>) {
        let mut parameters = Parameters::new();
        let weight = parameters.add("weight", [2, 3], Role::Weight, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let bias = parameters.add("bias", [2], Role::Bias, &[0.5, -0.5]).unwrap();
        (parameters, weight, bias)
    }

    #[test]
    fn a_value_that_is_no_finite_number_is_found_and_named() {
        let (mut parameters, _, bias) = example();
        assert_eq!(parameters.not_finite(), None);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            parameters.get_mut(bias)[1] = value;
            assert_eq!(parameters.not_finite(), Some("bias"));
        }
    }

    #[test]
    fn gradients_come_back_flat_with_zeros_for_unused_parameters() {
        let (parameters, weight, _) = example();
        let leaves = parameters.bind(&Device::flex().autodiff());
        let loss = leaves.matrix(weight).square().sum();
        let gradient = parameters.gradients(&leaves, &loss.backward());
        assert_eq!(gradient, [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 0.0, 0.0]);
    }

    #[test]
    fn named_parameters_round_trip_and_refuse_strangers() {
        let (mut parameters, weight, bias) = example();
        let stored = parameters.to_named();
        parameters.values_mut().fill(0.0);
        parameters.load_named(&stored).unwrap();
        assert_eq!(parameters.get(weight)[5], 6.0);
        assert_eq!(parameters.get(bias), [0.5, -0.5]);

        let mut more = stored.clone();
        more.insert("other".to_owned(), Named { shape: vec![1], values: vec![0.0] });
        assert_eq!(parameters.load_named(&more), Err(ParameterError::Unknown { name: "other".to_owned() }));
        let mut fewer = stored.clone();
        fewer.remove("bias");
        assert_eq!(parameters.load_named(&fewer), Err(ParameterError::Missing { name: "bias".to_owned() }));
        let mut bent = stored;
        bent.insert("bias".to_owned(), Named { shape: vec![2, 1], values: vec![0.0, 0.0] });
        assert!(matches!(parameters.load_named(&bent), Err(ParameterError::Shape { .. })));
    }

    #[test]
    fn wrong_lengths_ranks_and_repeated_names_are_refused() {
        let (mut parameters, ..) = example();
        assert!(matches!(
            parameters.add("bias", [1], Role::Bias, &[0.0]),
            Err(ParameterError::Duplicate { .. })
        ));
        assert!(matches!(parameters.add("a", [3], Role::Bias, &[0.0]), Err(ParameterError::Length { .. })));
        assert!(matches!(
            parameters.add("b", [1, 1, 1], Role::Weight, &[0.0]),
            Err(ParameterError::Rank { .. })
        ));
    }

    #[test]
    fn shared_parameters_are_copied_by_name() {
        let (source, ..) = example();
        let mut target = Parameters::new();
        let bias = target.add("bias", [2], Role::Bias, &[0.0, 0.0]).unwrap();
        target.add("step", [1], Role::Step, &[1.0]).unwrap();
        assert_eq!(target.copy_shared(&source), Ok(1));
        assert_eq!(target.get(bias), [0.5, -0.5]);
    }
}
