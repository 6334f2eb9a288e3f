//! How a lab's state becomes a checkpoint and comes back, each part named once for both ways.
//!
//! Contract: what is written is read back to the bit, NaN included; a part that is missing or does not fit is an error, never a
//! default.

use std::collections::BTreeMap;
use std::io;

use safetensors::tensor::Dtype;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state::{Blob, State};

/// A checkpoint does not fit this program or this experiment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint does not fit this program ({0}); start a new run")]
pub struct CodecError(pub String);

/// What can be saved in a checkpoint.
pub trait Saved {
    /// Hands each part to the codec under its name: written when a checkpoint is saved, replaced when one is read.
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError>;
}

/// One way through a state: to a checkpoint or back from it.
pub struct Codec<'a> {
    way: Way<'a>,
    prefix: String,
}

enum Way<'a> {
    Write(&'a mut State),
    /// Tensors are copied; of values only the lengths are found.
    Plan(&'a mut State, &'a mut Vec<(String, u64)>),
    /// Values are written, and nothing else; with what kept one from being written.
    Stream(&'a mut dyn io::Write, &'a mut Option<io::Error>),
    Read(&'a State),
}

/// A state on its way into a checkpoint. Its tensors are copied; values are made when they are written, one after the other, so that a
/// state of hundreds of megabytes does not stand in memory twice.
pub struct Packed<'a> {
    pub(super) tensors: BTreeMap<String, Blob>,
    pub(super) numbers: serde_json::Value,
    /// Names and lengths of the values, in the order in which they are written.
    pub(super) values: Vec<(String, u64)>,
    state: Option<&'a mut dyn Saved>,
}

/// Prepares a state for a checkpoint.
pub fn pack(state: &mut dyn Saved) -> Result<Packed<'_>, CodecError> {
    let (mut copied, mut values) = (State::default(), Vec::new());
    state.codec(&mut Codec { way: Way::Plan(&mut copied, &mut values), prefix: String::new() })?;
    Ok(Packed { tensors: copied.tensors, numbers: copied.numbers, values, state: Some(state) })
}

/// A state that is wholly in memory.
impl From<&State> for Packed<'_> {
    fn from(state: &State) -> Self {
        let State { tensors, numbers } = state.clone();
        Self { tensors, numbers, values: Vec::new(), state: None }
    }
}

impl Packed<'_> {
    /// Writes the values behind each other.
    pub(super) fn write_values(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let Some(state) = &mut self.state else { return Ok(()) };
        let mut failed = None;
        let done = state.codec(&mut Codec { way: Way::Stream(out, &mut failed), prefix: String::new() });
        match failed {
            Some(error) => Err(error),
            None => done.map_err(io::Error::other),
        }
    }
}

/// Counts what is written, and keeps none of it.
#[derive(Default)]
pub(super) struct Count(pub(super) u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The checkpoint of a state.
pub fn save(state: &mut impl Saved) -> Result<State, CodecError> {
    let mut saved = State::default();
    state.codec(&mut Codec { way: Way::Write(&mut saved), prefix: String::new() })?;
    Ok(saved)
}

/// Puts a checkpoint back into a state of the same experiment.
pub fn restore(state: &mut impl Saved, saved: &State) -> Result<(), CodecError> {
    state.codec(&mut Codec { way: Way::Read(saved), prefix: String::new() })
}

impl Codec<'_> {
    /// True while a checkpoint is read: parts that stages made may have to be made before they are restored.
    pub fn is_reading(&self) -> bool {
        matches!(self.way, Way::Read(_))
    }

    /// True if the checkpoint that is read has tensors under this name or prefix; always while one is written.
    pub fn has(&self, name: &str) -> bool {
        let name = format!("{}{name}", self.prefix);
        match &self.way {
            Way::Write(_) | Way::Plan(..) | Way::Stream(..) => true,
            Way::Read(state) => {
                state.tensors.range(name.clone()..).next().is_some_and(|(key, _)| key.starts_with(&name))
            }
        }
    }

    /// A part with parts of its own, whose names begin with `prefix`.
    pub fn part(&mut self, prefix: &str, part: &mut (impl Saved + ?Sized)) -> Result<(), CodecError> {
        let length = self.prefix.len();
        self.prefix.push_str(prefix);
        let done = part.codec(self);
        self.prefix.truncate(length);
        done
    }

    /// Values with a shape, as a tensor of 32-bit floats. Those that are read must be as many as those that are there.
    pub fn tensor(&mut self, name: &str, shape: &[usize], values: &mut [f32]) -> Result<(), CodecError> {
        let name = format!("{}{name}", self.prefix);
        match &mut self.way {
            Way::Stream(..) => {}
            Way::Write(state) | Way::Plan(state, _) => {
                state.tensors.insert(name, Blob::from_f32(shape.to_vec(), values));
            }
            Way::Read(state) => {
                let read = blob(state, &name)?.to_f32();
                let read = read.filter(|read| read.len() == values.len());
                let read = read.ok_or_else(|| {
                    CodecError(format!("{name} does not hold {} numbers of 32 bits", values.len()))
                })?;
                values.copy_from_slice(&read);
            }
        }
        Ok(())
    }

    /// A count.
    pub fn count(&mut self, name: &str, value: &mut u64) -> Result<(), CodecError> {
        let name = format!("{}{name}", self.prefix);
        match &mut self.way {
            Way::Stream(..) => {}
            Way::Write(state) | Way::Plan(state, _) => {
                state.tensors.insert(name, Blob::from_u64(vec![1], &[*value]));
            }
            Way::Read(state) => {
                let read = blob(state, &name)?.to_u64().and_then(|read| read.first().copied());
                *value = read.ok_or_else(|| CodecError(format!("{name} is no count")))?;
            }
        }
        Ok(())
    }

    /// Anything that serde knows, as CBOR.
    pub fn value<T: Serialize + DeserializeOwned>(
        &mut self,
        name: &str,
        value: &mut T,
    ) -> Result<(), CodecError> {
        let name = format!("{}{name}", self.prefix);
        let failed = |why: String| CodecError(format!("{name}: {why}"));
        match &mut self.way {
            Way::Write(state) => {
                let mut bytes = Vec::new();
                ciborium::into_writer(value, &mut bytes).map_err(|error| failed(error.to_string()))?;
                state.tensors.insert(name, Blob { dtype: Dtype::U8, shape: vec![bytes.len()], bytes });
            }
            Way::Plan(_, values) => {
                let mut count = Count::default();
                ciborium::into_writer(value, &mut count).map_err(|error| failed(error.to_string()))?;
                values.push((name, count.0));
            }
            Way::Stream(out, lost) => {
                ciborium::into_writer(value, &mut **out).map_err(|error| match error {
                    // A full disk is told as one.
                    ciborium::ser::Error::Io(error) => {
                        let told = failed(error.to_string());
                        **lost = Some(error);
                        told
                    }
                    ciborium::ser::Error::Value(text) => failed(text),
                })?;
            }
            Way::Read(state) => {
                let bytes = &blob(state, &name)?.bytes;
                *value = ciborium::from_reader(&bytes[..]).map_err(|error| failed(error.to_string()))?;
            }
        }
        Ok(())
    }
}

fn blob<'a>(state: &'a State, name: &str) -> Result<&'a Blob, CodecError> {
    state.tensors.get(name).ok_or_else(|| CodecError(format!("{name} is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Toy {
        weights: Vec<f32>,
        steps: u64,
        notes: Vec<String>,
    }

    impl Saved for Toy {
        fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
            codec.tensor("weights", &[self.weights.len()], &mut self.weights)?;
            codec.count("steps", &mut self.steps)?;
            codec.value("notes.cbor", &mut self.notes)
        }
    }

    struct Two(Toy, Toy);

    impl Saved for Two {
        fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
            codec.part("a.", &mut self.0)?;
            codec.part("b.", &mut self.1)
        }
    }

    #[test]
    fn parts_come_back_to_the_bit_and_apart() {
        let toy =
            |value: f32| Toy { weights: vec![value, f32::INFINITY], steps: 7, notes: vec!["x".to_owned()] };
        let mut two = Two(toy(-0.0), toy(1e-40));
        let saved = save(&mut two).unwrap();
        assert!(saved.tensors.contains_key("a.weights") && saved.tensors.contains_key("b.weights"));
        let empty = || Toy { weights: vec![0.0; 2], ..Toy::default() };
        let mut back = Two(empty(), empty());
        restore(&mut back, &saved).unwrap();
        assert_eq!(back.0.weights[0].to_bits(), (-0.0_f32).to_bits(), "the sign of zero");
        assert_eq!((back.0, back.1), (two.0, two.1), "each its own");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut toy = Toy { weights: vec![1.0], ..Toy::default() };
        let mut saved = save(&mut toy).unwrap();
        let mut larger = Toy { weights: vec![0.0; 2], ..Toy::default() };
        let error = restore(&mut larger, &saved).unwrap_err().to_string();
        assert!(error.contains("weights") && error.contains("2 numbers"), "{error}");
        saved.tensors.remove("steps");
        assert!(restore(&mut toy, &saved).unwrap_err().to_string().contains("steps is missing"));
    }
}
