//! Numbers of eight bits with the scales that stand beside them: read as they count, stored number times scale.
//!
//! Contract: a scale belongs to a tensor by its name (`X.weight` with `X.weight_scale`, `X.weight_scale_inv` or `X.scale_weight`; all of
//! them multiply, the last but one in spite of its name) and is applied only where its shape fits: one number, one a row, or one a block.
//! The sides of blocks are those of `weight_block_size` in the model's `config.json`, and told by the shapes only where it says none.
//! What is applied and what is not is said. Scales are read when a tensor is, not when the file is opened.

mod described;
mod grid;

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use self::described::Described;
use self::grid::Grid;

use crate::element::Element;
use crate::error::WeightsError;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::text::{count, shown};

/// Tensors that are named in a sentence.
const MOST_NAMED: usize = 3;

/// A source some of whose tensors are multiplied by others.
struct Scaled {
    source: Box<dyn Source>,
    said: Vec<String>,
    /// The files behind it, with the description that tells the blocks.
    stamps: Vec<Stamp>,
    /// For each tensor its scale.
    scales: Vec<Option<Scale>>,
}

/// The scales of one tensor.
struct Scale {
    /// The tensor that holds them.
    place: usize,
    grid: Grid,
    /// Once they are read.
    values: OnceLock<Vec<f32>>,
}

/// The same source, opened from `path`, with the scales of its eight-bit numbers applied where they stand beside them and fit.
pub(crate) fn scaled(source: Box<dyn Source>, path: &Path) -> Box<dyn Source> {
    let tensors = source.tensors();
    let is_eight = |tensor: &Tensor| matches!(tensor.element, Element::F8E4M3 | Element::F8E5M2);
    if !tensors.iter().any(is_eight) {
        return source;
    }
    let places: HashMap<&str, usize> =
        tensors.iter().enumerate().map(|(place, tensor)| (tensor.name.as_str(), place)).collect();
    let described = Described::beside(path);
    let (mut applied, mut unfit) = (Vec::new(), Vec::new());
    let mut scales = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let found = Some(tensor).filter(|tensor| is_eight(tensor));
        let found = found
            .and_then(|tensor| names_of(&tensor.name).into_iter().find_map(|name| places.get(name.as_str())));
        let Some((place, scale)) = found.and_then(|place| Some((*place, tensors.get(*place)?))) else {
            scales.push(None);
            continue;
        };
        let are_readable = tensor.readable == Readable::Yes && scale.readable == Readable::Yes;
        let grid = if scale.element.is_floating() && are_readable {
            Grid::of(&tensor.shape, &scale.shape, described.blocks())
        } else {
            None
        };
        let (name, by) = (shown(&tensor.name), shown(&scale.name));
        match grid {
            Some(grid) => applied.push(format!("{name} by {by}, {}", grid.words())),
            None => unfit.push(format!(
                "{name} of shape {} beside {by} of shape {}",
                sides(&tensor.shape),
                sides(&scale.shape)
            )),
        }
        scales.push(grid.map(|grid| Scale { place, grid, values: OnceLock::new() }));
    }
    let mut said = source.said().to_vec();
    said.extend(sentence("scaled by the scales that stand beside them", &applied));
    said.extend(sentence(
        "shown as stored, because their scales do not fit their shapes or cannot be read",
        &unfit,
    ));
    if applied.is_empty() && unfit.is_empty() {
        return source;
    }
    said.extend(described.sentence());
    let mut stamps = source.stamps().to_vec();
    stamps.extend(described.into_stamp());
    Box::new(Scaled { source, said, stamps, scales })
}

/// A sentence on some tensors, the first of them named.
fn sentence(what: &str, all: &[String]) -> Option<String> {
    let named: Vec<&str> = all.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = if all.len() > MOST_NAMED { "; …" } else { "" };
    (!all.is_empty()).then(|| {
        let are = if all.len() == 1 { "is" } else { "are" };
        format!(
            "{} of eight-bit numbers {are} {what}: {}{more}.",
            count(all.len(), "tensor"),
            named.join("; ")
        )
    })
}

/// Names under which the scales of a tensor may stand.
fn names_of(name: &str) -> Vec<String> {
    let mut names = vec![format!("{name}_scale_inv"), format!("{name}_scale")];
    if let Some(stem) = name.strip_suffix("weight") {
        names.push(format!("{stem}scale_weight"));
    }
    names
}

fn sides(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if sides.is_empty() { "1".to_owned() } else { sides.join("x") }
}

impl Scaled {
    /// The scales of a tensor, read once.
    fn values<'s>(&self, scale: &'s Scale) -> Result<&'s [f32], WeightsError> {
        if let Some(values) = scale.values.get() {
            return Ok(values);
        }
        let mut values = Vec::new();
        let count = self.tensors().get(scale.place).map_or(0, Tensor::parameters);
        self.source.read(scale.place, 0, count, &mut values)?;
        Ok(scale.values.get_or_init(|| values))
    }
}

impl Source for Scaled {
    fn format(&self) -> &'static str {
        self.source.format()
    }

    fn tensors(&self) -> &[Tensor] {
        self.source.tensors()
    }

    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        self.source.read(tensor, first, count, values)?;
        let Some(scale) = self.scales.get(tensor).and_then(Option::as_ref) else { return Ok(()) };
        let scales = self.values(scale)?;
        let (mut element, mut rest) = (first, values.as_mut_slice());
        while !rest.is_empty() {
            let (part, after) = rest.split_at_mut(scale.grid.run(element).min(rest.len()));
            let factor = scales.get(scale.grid.place(element)).copied().unwrap_or(f32::NAN);
            part.iter_mut().for_each(|value| *value *= factor);
            element += part.len();
            rest = after;
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
        if self.scales.get(tensor).is_some_and(Option::is_some) {
            // The bytes alone are not what counts.
            bytes.clear();
            return Ok(false);
        }
        self.source.read_bytes(tensor, first, count, bytes)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        self.source.bytes_to_read(tensor)
    }
}

#[cfg(test)]
mod tests;
