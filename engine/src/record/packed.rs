//! Number lists as little-endian bytes, for the binary record file: exact (also NaN and infinities) and small.

use serde::{Deserialize, Serialize};

use super::series::Series;

/// A list of f64 as bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PackedFloats(#[serde(with = "serde_bytes")] Vec<u8>);

impl PackedFloats {
    /// Packs values.
    pub(super) fn pack(values: impl Iterator<Item = f64>) -> Self {
        Self(values.flat_map(f64::to_le_bytes).collect())
    }

    /// Unpacks values; a torn last value is dropped.
    pub(super) fn unpack(&self) -> impl Iterator<Item = f64> {
        self.0.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(f64::from_le_bytes))
    }
}

/// A series as two packed lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PackedSeries {
    x: PackedFloats,
    y: PackedFloats,
}

impl From<Series> for PackedSeries {
    fn from(series: Series) -> Self {
        Self {
            x: PackedFloats::pack(series.iter().map(|point| point.x)),
            y: PackedFloats::pack(series.iter().map(|point| point.y)),
        }
    }
}

impl From<PackedSeries> for Series {
    fn from(packed: PackedSeries) -> Self {
        packed.x.unpack().zip(packed.y.unpack()).collect()
    }
}
