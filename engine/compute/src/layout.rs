//! Where the tensors of a model lie in its flat vector.

use std::ops::Range;

use thiserror::Error;

/// A tensor that a model lacks.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the tensor {0} is missing")]
pub struct MissingTensor(pub String);

/// A named matrix; a vector is a matrix of one row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Name in files, `blocks.0.q.weight`.
    pub name: String,
    /// Outputs of a linear layer.
    pub rows: usize,
    /// Inputs of a linear layer.
    pub columns: usize,
    /// Place in the flat vector, row by row.
    pub range: Range<usize>,
}

/// All tensors of a model, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layout(pub Vec<Place>);

impl Layout {
    /// Tensors by name and shape.
    pub fn new(tensors: impl IntoIterator<Item = (String, (usize, usize))>) -> Self {
        let mut start = 0;
        let place = |(name, (rows, columns)): (String, (usize, usize))| {
            let range = start..start + rows * columns;
            start = range.end;
            Place { name, rows, columns, range }
        };
        Self(tensors.into_iter().map(place).collect())
    }

    /// Length of the flat vector.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |place| place.range.end)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of a tensor by its name.
    ///
    /// # Errors
    /// A name that no tensor has.
    pub fn find(&self, name: &str) -> Result<usize, MissingTensor> {
        let found = self.0.iter().position(|place| place.name == name);
        found.ok_or_else(|| MissingTensor(name.to_owned()))
    }

    /// A tensor by its number.
    pub fn place(&self, tensor: usize) -> &Place {
        &self.0[tensor]
    }
}
