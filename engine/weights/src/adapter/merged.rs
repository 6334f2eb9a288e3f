//! A base with an adapter merged in: a source whose changed tensors are added up while they are read.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Adapter, Update};
use crate::element::Element;
use crate::error::WeightsError;
use crate::names::unwrapped;
use crate::source::{Source, Stamp, Tensor};
use crate::table::{Said, checked};
use crate::text::shown;

impl Adapter {
    /// The base with the adapter merged in: its tensors under its names, those that the adapter changes in single precision.
    ///
    /// # Errors
    /// If nothing of the adapter belongs to this base.
    pub fn merged(self, base: Arc<dyn Source>) -> Result<Merged, WeightsError> {
        let mut said = Said::default();
        let mut changes: Vec<Option<Change>> = vec![None; base.tensors().len()];
        let mut strange = Vec::new();
        for (number, update) in self.updates.iter().enumerate() {
            let found = find(&base, &update.base).filter(|(_, tensor)| tensor.matrix() == Some(update.shape));
            match found.and_then(|(at, _)| changes.get_mut(at)) {
                Some(change) => *change = Some(Change::Update(number)),
                None => strange.push(shown(&update.base)),
            }
        }
        for (name, number) in &self.replaced {
            let shape = self.source.tensors().get(*number).map(|tensor| &tensor.shape);
            let found = find(&base, name).filter(|(_, tensor)| Some(&tensor.shape) == shape);
            match found.and_then(|(at, _)| changes.get_mut(at)) {
                Some(change) => *change = Some(Change::Whole(*number)),
                None => strange.push(shown(name)),
            }
        }
        if changes.iter().all(Option::is_none) {
            let problem = format!(
                "nothing of the adapter belongs to the base it is compared with (its first weight is {}); choose its own base",
                strange.first().map_or("none", String::as_str)
            );
            return Err(WeightsError::unusable(problem, &self.folder));
        }
        said.left_out(
            "weight of the adapter has no counterpart of its shape in the base",
            "weights of the adapter have no counterparts of their shape in the base",
            &strange,
        );
        let tensors = base.tensors().iter().zip(&changes).map(|(tensor, change)| {
            // What is added up is no longer rounded as the base is.
            let element = if change.is_some() { Element::F32 } else { tensor.element };
            Tensor { element, tied_to: tensor.tied_to.filter(|_| change.is_none()), ..tensor.clone() }
        });
        let tensors = tensors.collect();
        let mut stamps = base.stamps().to_vec();
        stamps.push(self.stamp.clone());
        stamps.extend_from_slice(self.source.stamps());
        let mut sentences = self.said.clone();
        sentences.extend(said.into_sentences());
        sentences.extend_from_slice(base.said());
        Ok(Merged { adapter: self, base, changes, tensors, stamps, said: sentences, kept: Mutex::new(None) })
    }
}

/// The base's tensor of a name, exactly, then without wrappers' prefixes, then if one of the two names ends with the other.
fn find<'a>(base: &'a Arc<dyn Source>, name: &str) -> Option<(usize, &'a Tensor)> {
    let tensors = || base.tensors().iter().enumerate();
    if let Some(found) = tensors().find(|(_, tensor)| tensor.name == name) {
        return Some(found);
    }
    let plain = unwrapped(name);
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let mut found = tensors().filter(|(_, tensor)| {
        let other = unwrapped(&tensor.name);
        ends(other, plain) || ends(plain, other)
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What becomes of one of the base's tensors.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The change of this number is added.
    Update(usize),
    /// The adapter's tensor of this number stands instead.
    Whole(usize),
}

/// The two factors of one change.
struct Factors {
    update: usize,
    a: Vec<f32>,
    b: Vec<f32>,
}

/// A base with an adapter merged in.
pub struct Merged {
    adapter: Adapter,
    base: Arc<dyn Source>,
    changes: Vec<Option<Change>>,
    tensors: Vec<Tensor>,
    stamps: Vec<Stamp>,
    said: Vec<String>,
    kept: Mutex<Option<Arc<Factors>>>,
}

impl Merged {
    /// The change `scale · B · A` of the elements `first .. first + count` of a tensor in double precision, into `values`, which is
    /// cleared before; false if the adapter adds nothing to it.
    ///
    /// # Errors
    /// If the range lies outside the tensor or the adapter's file cannot be read.
    pub fn change(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f64>,
    ) -> Result<bool, WeightsError> {
        values.clear();
        checked(&self.tensors, tensor, first, count, &self.adapter.folder)?;
        let Some(Change::Update(number)) = self.changes.get(tensor).copied().flatten() else {
            return Ok(false);
        };
        let Some(update) = self.adapter.updates.get(number) else { return Ok(false) };
        let factors = self.factors(number, update)?;
        let (_, columns) = update.shape;
        let mut at = first;
        while at < first + count {
            let (row, column) = (at / columns, at % columns);
            let length = (columns - column).min(first + count - at);
            append_row(update, &factors, row, column, length, values);
            at += length;
        }
        Ok(true)
    }

    fn factors(&self, number: usize, update: &Update) -> Result<Arc<Factors>, WeightsError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(factors) = kept.as_ref().filter(|factors| factors.update == number) {
            return Ok(Arc::clone(factors));
        }
        let source = &self.adapter.source;
        let whole = |at: usize| {
            let mut values = Vec::new();
            let count = source.tensors().get(at).map_or(0, Tensor::parameters);
            source.read(at, 0, count, &mut values).map(|()| values)
        };
        let factors = Arc::new(Factors { update: number, a: whole(update.a)?, b: whole(update.b)? });
        *kept = Some(Arc::clone(&factors));
        Ok(factors)
    }
}

/// Appends a part of one row of a change.
fn append_row(
    update: &Update,
    factors: &Factors,
    row: usize,
    column: usize,
    length: usize,
    values: &mut Vec<f64>,
) {
    let begin = values.len();
    values.resize(begin + length, 0.0);
    let Some(sums) = values.get_mut(begin..) else { return };
    let rank = update.rank;
    if update.is_transposed {
        // The change is Aᵀ · Bᵀ: row of A's columns, column of B's rows. A has `rank` rows of as many numbers as the change has rows.
        let width = update.shape.0;
        for (sum, line) in sums.iter_mut().zip(factors.b.chunks_exact(rank).skip(column)) {
            let column_of_a = factors.a.get(row..).unwrap_or_default().iter().step_by(width);
            *sum = line.iter().zip(column_of_a).map(|(b, a)| f64::from(*b) * f64::from(*a)).sum();
        }
    } else {
        let width = update.shape.1;
        let line = factors.b.get(row * rank..(row + 1) * rank).unwrap_or_default();
        for (b, a) in line.iter().zip(factors.a.chunks_exact(width)) {
            let part = a.get(column..column + length).unwrap_or_default();
            sums.iter_mut().zip(part).for_each(|(sum, a)| *sum += f64::from(*b) * f64::from(*a));
        }
    }
    sums.iter_mut().for_each(|sum| *sum *= update.scale);
}

impl Source for Merged {
    fn format(&self) -> &'static str {
        "base with an adapter merged in"
    }

    fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        values.clear();
        checked(&self.tensors, tensor, first, count, &self.adapter.folder)?;
        if let Some(Change::Whole(number)) = self.changes.get(tensor).copied().flatten() {
            return self.adapter.source.read(number, first, count, values);
        }
        self.base.read(tensor, first, count, values)?;
        let mut change = Vec::new();
        if self.change(tensor, first, count, &mut change)? {
            for (value, change) in values.iter_mut().zip(change) {
                *value = (f64::from(*value) + change) as f32;
            }
        }
        Ok(())
    }

    fn read_bytes(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        bytes.clear();
        if self.changes.get(tensor).is_none_or(Option::is_some) {
            return Ok(false);
        }
        self.base.read_bytes(tensor, first, count, bytes)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        let factors = match self.changes.get(tensor).copied().flatten() {
            Some(Change::Update(number)) => self
                .adapter
                .updates
                .get(number)
                .map_or(0, |update| (update.rank * (update.shape.0 + update.shape.1) * 4) as u64),
            _ => 0,
        };
        self.base.bytes_to_read(tensor) + factors
    }
}
