//! Networks as vectors: tensors in the order of the model, each row after row, and vectors cut into chunks (D2NWG, section on weight
//! encoding; established: the released `helpers.py`).
//!
//! The tail of the last chunk is filled with zeros. Cutting and joining give the same bits back.

use std::ops::Range;

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{GenerationError, Result, check_length};

/// One tensor of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name, such as `layers.0.weight`.
    pub name: String,
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// Place in the vector.
    pub range: Range<usize>,
}

/// The tensors of a network in the order of its vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    tensors: Vec<Tensor>,
}

impl Layout {
    /// Tensors of these names and shapes, in this order.
    pub fn new(tensors: impl IntoIterator<Item = (String, Vec<usize>)>) -> Self {
        let mut next = 0;
        let place = |(name, shape): (String, Vec<usize>)| {
            let range = next..next + shape.iter().product::<usize>();
            next = range.end;
            Tensor { name, shape, range }
        };
        Self { tensors: tensors.into_iter().map(place).collect() }
    }

    /// A fully connected network of these sizes (inputs, hidden widths, outputs): `layers.0.weight [out, in]`, `layers.0.bias`, …
    pub fn of_sizes(sizes: &[usize]) -> Self {
        let mut tensors = Vec::new();
        for (layer, (inputs, outputs)) in sizes.iter().zip(sizes.iter().skip(1)).enumerate() {
            tensors.push((format!("layers.{layer}.weight"), vec![*outputs, *inputs]));
            tensors.push((format!("layers.{layer}.bias"), vec![*outputs]));
        }
        Self::new(tensors)
    }

    /// The tensors in order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Values of the vector.
    pub fn length(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.range.end)
    }

    /// One vector of the values of every tensor, in the layout's order; refused unless the lengths agree.
    pub fn join<R: Real>(&self, parts: &[Vec<R>]) -> Result<Vec<R>> {
        check_length("the list of tensors", self.tensors.len(), parts.len())?;
        for (tensor, part) in self.tensors.iter().zip(parts) {
            check_length("a tensor", tensor.range.len(), part.len())?;
        }
        Ok(parts.concat())
    }

    /// The values of every tensor, in the layout's order; refused unless the vector has the layout's length.
    pub fn split<'a, R: Real>(&self, vector: &'a [R]) -> Result<Vec<&'a [R]>> {
        check_length("the network", self.length(), vector.len())?;
        let mut rest = vector;
        let mut parts = Vec::with_capacity(self.tensors.len());
        for tensor in &self.tensors {
            let (part, after) = rest.split_at(tensor.range.len());
            parts.push(part);
            rest = after;
        }
        Ok(parts)
    }
}

/// How a vector is cut into rows of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    length: usize,
    chunk: usize,
}

impl Chunks {
    /// Rows of `chunk` values from vectors of `length`; 0 keeps the vector whole. Refused unless the length is positive.
    pub fn new(length: usize, chunk: usize) -> Result<Self> {
        if length == 0 {
            let (needed, found) = ("it must be positive".to_owned(), "0".to_owned());
            return Err(GenerationError::Range { what: "the length of a network", needed, found });
        }
        Ok(Self { length, chunk: if chunk == 0 { length } else { chunk } })
    }

    /// Number of rows.
    pub fn rows(self) -> usize {
        self.length.div_ceil(self.chunk)
    }

    /// Values of a row.
    pub fn width(self) -> usize {
        self.chunk
    }

    /// Zeros at the tail of the last row.
    pub fn padding(self) -> usize {
        self.rows() * self.chunk - self.length
    }

    /// The vector as rows, `[rows, width]`.
    pub fn cut<R: Real>(self, vector: &[R]) -> Result<Dense<R>> {
        check_length("the network", self.length, vector.len())?;
        let mut values = vector.to_vec();
        values.resize(self.rows() * self.chunk, R::ZERO);
        Ok(Dense::new(self.rows(), self.chunk, values)?)
    }

    /// The vector of rows; what was filled in is dropped.
    pub fn join<R: Real>(self, rows: &Dense<R>) -> Result<Vec<R>> {
        check_length("the chunks of a network", self.rows() * self.chunk, rows.values().len())?;
        Ok(rows.values().iter().take(self.length).copied().collect())
    }

    /// The rows, each followed by its index as a one-hot, `[rows, width + rows]`, so that one model tells them apart.
    pub fn numbered<R: Real>(self, rows: &Dense<R>) -> Result<Dense<R>> {
        let mut numbered = Dense::zeros(rows.rows(), rows.columns() + rows.rows());
        numbered.set_part(0, 0, rows)?;
        numbered.set_part(0, rows.columns(), &Dense::identity(rows.rows()))?;
        Ok(numbered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_from_its_chunks() {
        let layout = Layout::of_sizes(&[3, 4, 2]);
        let vector: Vec<f32> = (0..layout.length()).map(|value| value as f32 + 0.5).collect();
        assert_eq!(vector.len(), 26);
        for chunk in [0, 1, 8, 13, 26, 100] {
            let chunks = Chunks::new(vector.len(), chunk).unwrap();
            let rows = chunks.cut(&vector).unwrap();
            assert_eq!(chunks.join(&rows).unwrap(), vector);
            assert_eq!(rows.values().len(), vector.len() + chunks.padding());
            let numbered = chunks.numbered(&rows).unwrap();
            assert_eq!(numbered.columns(), chunks.width() + chunks.rows());
        }
        assert!(Chunks::new(0, 8).is_err() && Chunks::new(5, 2).unwrap().cut(&vector).is_err());
    }

    #[test]
    fn tensors_lie_one_after_another() {
        let layout = Layout::of_sizes(&[2, 3, 1]);
        let names: Vec<&str> = layout.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]);
        let vector: Vec<f64> = (0..13).map(f64::from).collect();
        let parts: Vec<Vec<f64>> = layout.split(&vector).unwrap().into_iter().map(<[f64]>::to_vec).collect();
        assert_eq!(parts.last().unwrap(), &[12.0]);
        assert_eq!(layout.join(&parts).unwrap(), vector);
        assert!(layout.split(&vector[1..]).is_err() && layout.join(&parts[1..]).is_err());
    }
}
