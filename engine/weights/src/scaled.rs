//! Numbers of eight bits with the scales that stand beside them: read as they count, stored number times scale.
//!
//! Contract: a scale belongs to a tensor by its name (`X.weight` with `X.weight_scale`, `X.weight_scale_inv` or `X.scale_weight`; all of
//! them multiply, the last but one in spite of its name) and is applied only where its shape fits: one number, one a row, or one a block.
//! What is applied and what is not is said. Scales are read when a tensor is, not when the file is opened.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::element::Element;
use crate::error::WeightsError;
use crate::measure::matrix_of;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::text::{count, shown};

/// Sides of the blocks that are published with scales (arXiv 2412.19437); others are taken where they divide the tensor.
const BLOCK: usize = 128;
/// Tensors that are named in a sentence.
const MOST_NAMED: usize = 3;

/// A source some of whose tensors are multiplied by others.
struct Scaled {
    source: Box<dyn Source>,
    said: Vec<String>,
    /// For each tensor its scale.
    scales: Vec<Option<Scale>>,
}

/// The scales of one tensor.
#[derive(Debug)]
struct Scale {
    /// The tensor that holds them.
    place: usize,
    grid: Grid,
    /// Once they are read.
    values: OnceLock<Vec<f32>>,
}

/// How scales lie over a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    columns: usize,
    /// Rows and columns that share a scale.
    block: (usize, usize),
    /// Scales beside each other.
    across: usize,
}

/// The same source with the scales of its eight-bit numbers applied where they stand beside them and fit.
pub(crate) fn scaled(source: Box<dyn Source>) -> Box<dyn Source> {
    let tensors = source.tensors();
    let is_eight = |tensor: &Tensor| matches!(tensor.element, Element::F8E4M3 | Element::F8E5M2);
    if !tensors.iter().any(is_eight) {
        return source;
    }
    let places: HashMap<&str, usize> =
        tensors.iter().enumerate().map(|(place, tensor)| (tensor.name.as_str(), place)).collect();
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
            Grid::of(&tensor.shape, &scale.shape)
        } else {
            None
        };
        let (name, by) = (shown(&tensor.name), shown(&scale.name));
        match grid {
            Some(grid) => applied.push(format!("{name} by {by}, {}", grid.words(&tensor.shape))),
            None => unfit.push(format!("{name} beside {by} of shape {}", sides(&scale.shape))),
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
    Box::new(Scaled { source, said, scales })
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

impl Grid {
    /// How scales of one shape lie over a tensor of another; none if they do not fit.
    fn of(tensor: &[usize], scale: &[usize]) -> Option<Self> {
        let (rows, columns) = matrix_of(tensor);
        if rows == 0 || columns == 0 {
            return None;
        }
        // One a row may be written with axes of length one behind it.
        let (down, across) = match scale {
            [] => (1, 1),
            [all] if *all == rows || *all == 1 => (*all, 1),
            [_] => return None,
            [down, rest @ ..] => (*down, rest.iter().product()),
        };
        let block = (side(rows, down)?, side(columns, across)?);
        // A number of its own for each weight is no scale.
        (block != (1, 1) || rows * columns == 1).then_some(Self { columns, block, across })
    }

    /// The place of the scale of an element in C order.
    fn place(self, element: usize) -> usize {
        let (row, column) = (element / self.columns, element % self.columns);
        row / self.block.0 * self.across + column / self.block.1
    }

    /// Elements from this one on that share its scale and its row.
    fn run(self, element: usize) -> usize {
        let column = element % self.columns;
        (column / self.block.1 * self.block.1 + self.block.1).min(self.columns) - column
    }

    fn words(self, tensor: &[usize]) -> String {
        let (rows, columns) = matrix_of(tensor);
        match self.block {
            block if block == (rows, columns) => "one scale".to_owned(),
            block if block == (1, columns) => "one scale a row".to_owned(),
            (down, across) => format!("blocks of {down} × {across}"),
        }
    }
}

/// How many of `length` share a scale if there are `parts`.
fn side(length: usize, parts: usize) -> Option<usize> {
    match parts {
        0 => None,
        1 => Some(length),
        parts if parts == length => Some(1),
        parts if length.div_ceil(BLOCK) == parts => Some(BLOCK),
        parts if length.is_multiple_of(parts) => Some(length / parts),
        _ => None,
    }
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
        self.source.stamps()
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        self.source.bytes_to_read(tensor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    /// A safetensors file: name, type, shape, bytes.
    fn write(path: &std::path::Path, tensors: &[(&str, &str, &[usize], Vec<u8>)]) {
        let (mut header, mut end) = (Vec::new(), 0);
        for (name, dtype, shape, bytes) in tensors {
            let begin = end;
            end += bytes.len();
            header.push(format!(
                "{name:?}:{{\"dtype\":{dtype:?},\"shape\":{shape:?},\"data_offsets\":[{begin},{end}]}}"
            ));
        }
        let header = format!("{{{}}}", header.join(","));
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        tensors.iter().for_each(|(.., bytes)| file.extend(bytes));
        std::fs::write(path, file).unwrap();
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn values_of(source: &dyn Source, name: &str) -> Vec<f32> {
        let place = source.tensors().iter().position(|tensor| tensor.name == name).unwrap();
        let mut all = Vec::new();
        source.read(place, 0, source.tensors()[place].parameters(), &mut all).unwrap();
        all
    }

    /// 1 as eight bits with four of exponent.
    const ONE: u8 = 0x38;

    #[test]
    fn scales_of_tensors_rows_and_blocks_are_applied_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fp8.safetensors");
        let ones = |count: usize| vec![ONE; count];
        write(
            &path,
            &[
                ("a.weight", "F8_E4M3", &[2, 3], ones(6)),
                ("a.weight_scale", "F32", &[], floats(&[0.5])),
                ("b.weight", "F8_E4M3", &[2, 3], ones(6)),
                ("b.weight_scale", "F32", &[2, 1], floats(&[2.0, 4.0])),
                ("c.weight", "F8_E4M3", &[200, 130], ones(200 * 130)),
                ("c.weight_scale_inv", "F32", &[2, 2], floats(&[1.0, 2.0, 3.0, 4.0])),
                ("d.scale_weight", "F32", &[1], floats(&[8.0])),
                ("d.weight", "F8_E4M3", &[4], ones(4)),
                ("e.weight", "F8_E4M3", &[6, 4], ones(24)),
                ("e.weight_scale_inv", "F32", &[3, 2], floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
            ],
        );
        let source = open(&path).unwrap();
        assert_eq!(values_of(&*source, "a.weight"), [0.5; 6]);
        assert_eq!(values_of(&*source, "b.weight"), [2.0, 2.0, 2.0, 4.0, 4.0, 4.0]);
        assert_eq!(values_of(&*source, "d.weight"), [8.0; 4]);
        assert_eq!(values_of(&*source, "e.weight")[..8], [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
        let blocks = values_of(&*source, "c.weight");
        for (row, column, value) in
            [(0, 0, 1.0), (127, 127, 1.0), (127, 128, 2.0), (128, 0, 3.0), (199, 129, 4.0)]
        {
            assert_eq!(blocks[row * 130 + column], value, "blocks of 128 with a rest: {row}, {column}");
        }
        let mut part = Vec::new();
        source.read(4, 128 * 130 - 1, 3, &mut part).unwrap();
        assert_eq!(part, [2.0, 3.0, 3.0], "from any place on");
        let mut bytes = Vec::new();
        assert!(!source.read_bytes(0, 0, 6, &mut bytes).unwrap(), "its bytes are not its numbers");
        let said = source.said().join(" ");
        assert!(
            said.contains("5 tensors of eight-bit numbers are scaled by the scales that stand beside them"),
            "{said}"
        );
        assert!(
            said.contains("a.weight by a.weight_scale, one scale") && said.contains("blocks of 128 × 128"),
            "{said}"
        );
    }

    #[test]
    fn scales_that_do_not_fit_are_said_and_not_applied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fp8.safetensors");
        write(
            &path,
            &[
                ("a.weight", "F8_E4M3", &[5, 4], vec![ONE; 20]),
                ("a.weight_scale_inv", "F32", &[3, 4], floats(&[2.0; 12])),
                ("b.weight", "F8_E5M2", &[2, 2], vec![0x3C; 4]),
                ("b.weight_scale", "I32", &[], vec![2, 0, 0, 0]),
                ("c.weight", "F32", &[2], floats(&[1.0, 1.0])),
                ("c.weight_scale", "F32", &[], floats(&[3.0])),
            ],
        );
        let source = open(&path).unwrap();
        for name in ["a.weight", "b.weight", "c.weight"] {
            assert!(values_of(&*source, name).iter().all(|value| *value == 1.0), "{name} as stored");
        }
        let said = source.said().join(" ");
        assert!(said.contains("2 tensors of eight-bit numbers are shown as stored"), "{said}");
        assert!(said.contains("a.weight beside a.weight_scale_inv of shape 3x4"), "{said}");
    }
}
