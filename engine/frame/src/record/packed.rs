//! Series as bytes, for the binary record file: exact (also NaN and infinities) and small.
//!
//! Even steps are two numbers, values that f32 holds take 4 bytes, all others 8, little-endian. Files in which both
//! columns are lists of f64 are read too.

use serde::{Deserialize, Serialize};

use super::column::{Column, even, is_single};
use super::series::{Point, Series};

/// A list of numbers as bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Bytes(#[serde(with = "serde_bytes")] Vec<u8>);

impl Bytes {
    /// Packs a number of each point.
    fn pack<const SIZE: usize>(series: &Series, number: impl Fn(&Point) -> [u8; SIZE]) -> Self {
        let mut bytes = Vec::with_capacity(series.len() * SIZE);
        series.each(|points| points.iter().for_each(|point| bytes.extend_from_slice(&number(point))));
        Self(bytes)
    }

    /// Unpacks values; a torn last value is dropped.
    fn unpack<const SIZE: usize>(&self) -> impl Iterator<Item = [u8; SIZE]> {
        self.0.chunks_exact(SIZE).filter_map(|bytes| bytes.try_into().ok())
    }
}

/// The x of a series.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Steps {
    Listed(Bytes),
    /// As many as there are values.
    Even {
        first: f64,
        stride: f64,
    },
}

/// The y of a series.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Values {
    Double(Bytes),
    Single { f32: Bytes },
}

/// A series as two packed columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PackedSeries {
    x: Steps,
    y: Values,
}

impl From<Series> for PackedSeries {
    fn from(series: Series) -> Self {
        let (mut steps, mut single) = (Column::default(), true);
        series.each(|points| {
            for point in points {
                steps.push(point.x);
                single &= is_single(point.y);
            }
        });
        Self {
            x: match steps {
                Column::Even { first, stride, .. } => Steps::Even { first, stride },
                _ => Steps::Listed(Bytes::pack(&series, |point| point.x.to_le_bytes())),
            },
            y: if single {
                Values::Single { f32: Bytes::pack(&series, |point| (point.y as f32).to_le_bytes()) }
            } else {
                Values::Double(Bytes::pack(&series, |point| point.y.to_le_bytes()))
            },
        }
    }
}

impl From<PackedSeries> for Series {
    fn from(packed: PackedSeries) -> Self {
        let values: Box<dyn Iterator<Item = f64>> = match &packed.y {
            Values::Double(bytes) => Box::new(bytes.unpack().map(f64::from_le_bytes)),
            Values::Single { f32: bytes } => Box::new(bytes.unpack().map(f32::from_le_bytes).map(f64::from)),
        };
        match &packed.x {
            Steps::Listed(bytes) => bytes.unpack().map(f64::from_le_bytes).zip(values).collect(),
            Steps::Even { first, stride } => {
                values.enumerate().map(|(index, y)| (even(*first, *stride, index), y)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through_a_file<T: Serialize>(value: &T) -> (Series, usize) {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).unwrap();
        (ciborium::from_reader(&bytes[..]).unwrap(), bytes.len())
    }

    fn bits(series: &Series) -> Vec<(u64, u64)> {
        series.iter().map(|point| (point.x.to_bits(), point.y.to_bits())).collect()
    }

    #[test]
    fn every_form_comes_back_to_the_bit() {
        let even =
            |value: &dyn Fn(f64) -> f64| (0..3000).map(|i| (f64::from(i), value(f64::from(i)))).collect();
        let uneven = (0..3000).map(|i| (f64::from(i * i), f64::from(i).sqrt())).collect();
        let cases: [(&str, Series, usize); 5] = [
            ("single", even(&|x| x * 0.5), 3000 * 4 + 60),
            ("double", even(&|x| x * 0.1), 3000 * 8 + 60),
            ("gaps", even(&|x| if x > 5.0 { f64::NAN } else { f64::NEG_INFINITY }), 3000 * 4 + 60),
            ("uneven", uneven, 3000 * 16 + 60),
            ("empty", Series::default(), 60),
        ];
        for (name, series, most) in cases {
            let (back, bytes) = through_a_file(&series);
            assert_eq!(bits(&back), bits(&series), "{name}");
            assert!(bytes <= most, "{name}: {bytes} bytes, at most {most} were expected");
        }
    }

    #[test]
    fn a_file_with_two_lists_of_doubles_is_read() {
        #[derive(Serialize)]
        struct Old {
            x: Bytes,
            y: Bytes,
        }
        let list = |values: [f64; 3]| Bytes(values.into_iter().flat_map(f64::to_le_bytes).collect());
        let (back, _) = through_a_file(&Old { x: list([0.0, 1.0, 5.0]), y: list([0.1, f64::NAN, 2.0]) });
        let expected: Series = [(0.0, 0.1), (1.0, f64::NAN), (5.0, 2.0)].into_iter().collect();
        assert_eq!(bits(&back), bits(&expected), "the old form");
    }
}
