//! Where the tensors of a model lie in its flat vector.

use std::ops::Range;

use crate::method::error::AdapterError;

/// A named matrix; a vector is a matrix of one row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// Name in files, `blocks.0.q.weight`.
    pub(crate) name: String,
    /// Outputs of a linear layer.
    pub(crate) rows: usize,
    /// Inputs of a linear layer.
    pub(crate) columns: usize,
    /// Place in the flat vector, row by row.
    pub(crate) range: Range<usize>,
}

/// All tensors of a model, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Layout(pub(crate) Vec<Place>);

impl Layout {
    /// Tensors by name and shape.
    pub(crate) fn new(tensors: impl IntoIterator<Item = (String, (usize, usize))>) -> Self {
        let mut start = 0;
        let place = |(name, (rows, columns)): (String, (usize, usize))| {
            let range = start..start + rows * columns;
            start = range.end;
            Place { name, rows, columns, range }
        };
        Self(tensors.into_iter().map(place).collect())
    }

    /// Length of the flat vector.
    pub(crate) fn len(&self) -> usize {
        self.0.last().map_or(0, |place| place.range.end)
    }

    /// Number of a tensor by its name.
    pub(crate) fn find(&self, name: &str) -> Result<usize, AdapterError> {
        let found = self.0.iter().position(|place| place.name == name);
        found.ok_or_else(|| AdapterError::Model(format!("the tensor {name} is missing")))
    }

    /// A tensor by its number.
    pub(crate) fn place(&self, tensor: usize) -> &Place {
        &self.0[tensor]
    }
}
