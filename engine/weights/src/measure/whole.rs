//! Figures of tensors of whole numbers and of truth values: those that mean something for numbers that are no weights.

use std::path::PathBuf;

use crate::element::Element;
use crate::error::WeightsError;
use crate::source::{Source, Tensor};

/// Elements that are read at once.
const PIECE: usize = 1 << 18;

/// Figures of a tensor of whole numbers; truth values count as 0 and 1. Exact up to 2⁵³, as `f64` is. Not-a-number for a tensor without
/// elements, and for long numbers of a source that does not give their bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WholeNumbers {
    /// Mean; of truth values the share of the true ones.
    pub mean: f64,
    /// Standard deviation over n.
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// How many are zero; `None` where nothing is known.
    pub zeros: Option<u64>,
}

impl WholeNumbers {
    /// Measures a tensor; `is_cancelled` is asked after each piece.
    ///
    /// # Errors
    /// If the tensor cannot be read, the file changed, or the caller stops.
    pub fn of(
        source: &dyn Source,
        place: usize,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, WeightsError> {
        let unknown = Self { mean: f64::NAN, std: f64::NAN, min: f64::NAN, max: f64::NAN, zeros: None };
        let Some(tensor) = source.tensors().get(place) else { return Ok(unknown) };
        let count = tensor.parameters();
        let (mut sums, mut first) = (Sums::default(), 0);
        let (mut values, mut bytes) = (Vec::new(), Vec::new());
        while first < count {
            if is_cancelled() {
                let path = source.stamps().first().map_or_else(PathBuf::new, |stamp| stamp.path.clone());
                return Err(WeightsError::Cancelled { path });
            }
            let length = PIECE.min(count - first);
            if tensor.element.is_wider_than_f32() {
                if !source.read_bytes(place, first, length, &mut bytes)? {
                    return Ok(unknown);
                }
                each(tensor, &bytes, |value| sums.push(value));
            } else {
                source.read(place, first, length, &mut values)?;
                values.iter().for_each(|value| sums.push(f64::from(*value)));
            }
            first += length;
        }
        Ok(sums.finish().unwrap_or(unknown))
    }
}

/// Hands on the long numbers in some little-endian bytes.
fn each(tensor: &Tensor, bytes: &[u8], mut push: impl FnMut(f64)) {
    let (four, eight) = (bytes.as_chunks::<4>().0, bytes.as_chunks::<8>().0);
    match tensor.element {
        Element::I32 => four.iter().for_each(|number| push(f64::from(i32::from_le_bytes(*number)))),
        Element::U32 => four.iter().for_each(|number| push(f64::from(u32::from_le_bytes(*number)))),
        Element::I64 => eight.iter().for_each(|number| push(i64::from_le_bytes(*number) as f64)),
        Element::U64 => eight.iter().for_each(|number| push(u64::from_le_bytes(*number) as f64)),
        // No other type of whole numbers is longer than single precision holds.
        _ => {}
    }
}

/// Running moments (Welford, Technometrics 4, 1962).
#[derive(Default)]
struct Sums {
    count: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
    zeros: u64,
}

impl Sums {
    fn push(&mut self, value: f64) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.count += 1;
        let away = value - self.mean;
        self.mean += away / self.count as f64;
        self.squares += away * (value - self.mean);
        self.zeros += u64::from(value == 0.0);
    }

    fn finish(self) -> Option<WholeNumbers> {
        (self.count > 0).then(|| WholeNumbers {
            mean: self.mean,
            std: (self.squares / self.count as f64).sqrt(),
            min: self.min,
            max: self.max,
            zeros: Some(self.zeros),
        })
    }
}
