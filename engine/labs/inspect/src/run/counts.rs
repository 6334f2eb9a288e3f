//! The counts of a histogram in little room: a file may hold 100,000 tensors, and most counts are small.

use serde::{Deserialize, Serialize};

use crate::values;

/// Counts of the map's columns, in order: seven bits a byte, so that 82 of them take 100 to 200 bytes instead of 656.
///
/// Saved as a list of numbers. Checkpoints of older programs hold all bins of the histogram, which are pooled when they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<u64>", into = "Vec<u64>")]
pub(crate) struct Counts(Box<[u8]>);

/// Bits of a number in one byte; the bit above says that more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

impl Counts {
    /// The counts of a histogram, pooled to the map's columns.
    pub(crate) fn of(histogram: &[u64]) -> Self {
        let mut bytes = Vec::new();
        for count in values::pooled(histogram) {
            let mut rest = count;
            while rest >= u64::from(MORE) {
                bytes.push((rest as u8) | MORE);
                rest >>= BITS;
            }
            bytes.push(rest as u8);
        }
        Self(bytes.into_boxed_slice())
    }

    /// The counts.
    pub(crate) fn list(&self) -> Vec<u64> {
        let (mut counts, mut count, mut shift) = (Vec::new(), 0, 0);
        for byte in &self.0 {
            count |= u64::from(byte & !MORE) << shift;
            shift += BITS;
            if byte & MORE == 0 {
                counts.push(count);
                (count, shift) = (0, 0);
            }
        }
        counts
    }
}

impl From<Vec<u64>> for Counts {
    fn from(counts: Vec<u64>) -> Self {
        Self::of(&counts)
    }
}

impl From<Counts> for Vec<u64> {
    fn from(counts: Counts) -> Self {
        counts.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::SeqDeserializer;
    use weightscope_weights::measure::statistics::BINS;

    #[test]
    fn counts_come_back_whatever_their_size() {
        let mut histogram = vec![0_u64; BINS + 2];
        (histogram[0], histogram[1], histogram[2], histogram[9]) = (127, 100, 28, 16_384);
        histogram[BINS + 1] = u64::MAX;
        let counts = Counts::of(&histogram);
        let list = counts.list();
        assert_eq!(list, values::pooled(&histogram), "all of them, to the last bit");
        assert_eq!((list[0], list[1], list.last()), (127, 128, Some(&u64::MAX)));
        assert_eq!(Counts::from(list), counts, "pooled counts are not pooled again");
        assert_eq!(Counts::from(histogram), counts, "those of an older program are");
        assert!(Counts::of(&[]).list().is_empty(), "no deviation, no histogram");
    }

    #[test]
    fn the_bins_of_an_older_program_are_read() {
        let histogram = vec![3_u64; BINS + 2];
        let saved = SeqDeserializer::<_, serde::de::value::Error>::new(histogram.clone().into_iter());
        assert_eq!(Counts::deserialize(saved), Ok(Counts::of(&histogram)));
    }
}
