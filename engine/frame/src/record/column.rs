//! Numbers in as little memory as holds them exactly: evenly spaced, 32-bit or 64-bit.
//!
//! Contract: every number comes back with the bits it was given, NaN and −0 included; a column turns to a wider form by itself
//! when a number asks for it, and never back.

use std::ops::Range;

/// The coordinates of a series, each in the smallest form that gives the same bits back.
#[derive(Debug)]
pub(super) enum Column {
    /// `first + stride · index`: steps, and values that stand still.
    Even { first: f64, stride: f64, len: usize },
    /// Values that f32 holds.
    Single(Vec<f32>),
    /// All others.
    Double(Vec<f64>),
}

impl Default for Column {
    fn default() -> Self {
        Self::Even { first: 0.0, stride: 0.0, len: 0 }
    }
}

impl Column {
    /// How many numbers it holds.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Even { len, .. } => *len,
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// The number at `index`.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<f64> {
        match self {
            Self::Even { first, stride, len } => (index < *len).then(|| even(*first, *stride, index)),
            Self::Single(values) => values.get(index).map(|value| f64::from(*value)),
            Self::Double(values) => values.get(index).copied(),
        }
    }

    /// Appends a number.
    #[inline]
    pub(super) fn push(&mut self, value: f64) {
        match self {
            Self::Even { first, stride, len } => {
                match *len {
                    0 => *first = value,
                    1 => *stride = value - *first,
                    _ => {}
                }
                if same(even(*first, *stride, *len), value) {
                    *len += 1;
                } else {
                    self.list();
                    self.push(value);
                }
            }
            Self::Single(values) if is_single(value) => values.push(value as f32),
            Self::Single(values) => {
                let mut wide: Vec<f64> = Vec::with_capacity(values.capacity().max(values.len() + 1));
                wide.extend(values.iter().map(|value| f64::from(*value)));
                wide.push(value);
                *self = Self::Double(wide);
            }
            Self::Double(values) => values.push(value),
        }
    }

    /// An empty column for numbers of the same kind; a list of singles keeps its form and its room.
    pub(super) fn renewed(&self) -> Self {
        match self {
            Self::Single(values) => Self::Single(Vec::with_capacity(values.capacity())),
            Self::Even { .. } | Self::Double(_) => Self::default(),
        }
    }

    /// Passes the numbers of a range on, in order; what the range has too many is left out.
    pub(super) fn each(&self, range: Range<usize>, mut pass: impl FnMut(f64)) {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match self {
            Self::Even { first, stride, .. } => range.for_each(|index| pass(even(*first, *stride, index))),
            Self::Single(values) => {
                values.get(range).unwrap_or_default().iter().for_each(|value| pass(f64::from(*value)));
            }
            Self::Double(values) => {
                values.get(range).unwrap_or_default().iter().for_each(|value| pass(*value));
            }
        }
    }

    /// From the even form to a list.
    #[cold]
    fn list(&mut self) {
        let Self::Even { first, stride, len } = *self else { return };
        let values = (0..len).map(|index| even(first, stride, index));
        *self = if values.clone().all(is_single) {
            Self::Single(values.map(|value| value as f32).collect())
        } else {
            Self::Double(values.collect())
        };
    }
}

/// A copy has as much room as the original: one that grows on does not have to be moved at its first number.
impl Clone for Column {
    fn clone(&self) -> Self {
        match self {
            Self::Even { first, stride, len } => Self::Even { first: *first, stride: *stride, len: *len },
            Self::Single(values) => Self::Single(roomy(values)),
            Self::Double(values) => Self::Double(roomy(values)),
        }
    }
}

impl FromIterator<f64> for Column {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut column = Self::default();
        values.into_iter().for_each(|value| column.push(value));
        column
    }
}

/// The number at `index` of an even column. The first stands for itself: NaN and −0 would not survive the sum.
#[inline]
pub(super) fn even(first: f64, stride: f64, index: usize) -> f64 {
    if index == 0 { first } else { first + stride * index as f64 }
}

#[inline]
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// True if f32 holds the number, to the bit.
#[inline]
pub(super) fn is_single(value: f64) -> bool {
    same(f64::from(value as f32), value)
}

fn roomy<T: Copy>(values: &Vec<T>) -> Vec<T> {
    let mut copy = Vec::with_capacity(values.capacity());
    copy.extend_from_slice(values);
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    fn all(column: &Column) -> Vec<f64> {
        (0..column.len()).filter_map(|index| column.get(index)).collect()
    }

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            (0_u32..50).prop_map(f64::from),
            any::<f32>().prop_map(f64::from),
            any::<u64>().prop_map(f64::from_bits),
            Just(-0.0),
            Just(f64::NAN),
        ]
    }

    proptest! {
        #[test]
        fn numbers_keep_their_bits(values in prop::collection::vec(any_number(), 0..40)) {
            let column: Column = values.iter().copied().collect();
            prop_assert_eq!(bits(&all(&column)), bits(&values));
            prop_assert_eq!(column.get(values.len()), None);
            let mut passed = Vec::new();
            column.each(3..35, |value| passed.push(value));
            let expected = values.get(3..35.min(values.len())).unwrap_or_default();
            prop_assert_eq!(bits(&passed), bits(expected));
        }

        #[test]
        fn even_steps_take_no_room(first in 0_u32..1_000_000, stride in 1_u32..500, count in 0_usize..300) {
            let steps: Vec<f64> = (0..count).map(|i| f64::from(first) + f64::from(stride) * i as f64).collect();
            let column: Column = steps.iter().copied().collect();
            prop_assert!(matches!(column, Column::Even { .. }), "whole steps stay even: {:?}", column);
            prop_assert_eq!(all(&column), steps);
        }
    }

    #[test]
    fn the_form_follows_the_widest_number() {
        let mut column: Column = [0.5, 0.25, 7.0].into_iter().collect();
        assert!(matches!(column, Column::Single(_)), "halves are singles: {column:?}");
        column.push(0.1);
        assert!(matches!(column, Column::Double(_)), "a tenth is not: {column:?}");
        assert_eq!(all(&column), [0.5, 0.25, 7.0, 0.1], "and the others stay");
    }
}
