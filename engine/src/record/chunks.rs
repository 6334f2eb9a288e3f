//! An append-only list that is cheap to copy: full chunks are shared, only the open tail is copied.
//!
//! Contract: a clone never changes when the original grows, and costs the tail plus one pointer per list, not one per element.

use std::sync::Arc;

/// Elements of one chunk.
const CHUNK: usize = 1024;

/// See the module.
#[derive(Clone, Debug)]
pub struct Chunks<T> {
    full: Arc<Vec<Arc<[T]>>>,
    tail: Vec<T>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { full: Arc::default(), tail: Vec::new() }
    }
}

impl<T: Clone> Chunks<T> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.tail.len()
    }

    /// True without elements.
    pub fn is_empty(&self) -> bool {
        self.full.is_empty() && self.tail.is_empty()
    }

    /// Appends an element.
    pub fn push(&mut self, value: T) {
        self.tail.push(value);
        if self.tail.len() == CHUNK {
            let chunk: Arc<[T]> = std::mem::take(&mut self.tail).into();
            Arc::make_mut(&mut self.full).push(chunk);
        }
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<&T> {
        match self.full.get(index / CHUNK) {
            Some(chunk) => chunk.get(index % CHUNK),
            None => self.tail.get(index.checked_sub(self.full.len() * CHUNK)?),
        }
    }

    /// The last element.
    pub fn last(&self) -> Option<&T> {
        self.tail.last().or_else(|| self.full.last()?.last())
    }

    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.tail)
    }

    /// The elements from `from` up to and without `to`.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = &T> {
        let first = from / CHUNK;
        let shared =
            self.full.iter().enumerate().skip(first).map(|(index, chunk)| (index * CHUNK, &chunk[..]));
        let tail_start = self.full.len() * CHUNK;
        shared
            .chain(std::iter::once((tail_start, &self.tail[..])))
            .take_while(move |(start, _)| *start < to)
            .flat_map(move |(start, chunk)| {
                let low = from.saturating_sub(start).min(chunk.len());
                let high = to.saturating_sub(start).min(chunk.len());
                chunk.get(low..high).unwrap_or_default()
            })
    }

    /// Index of the first element for which `before` is false; the list must be partitioned by it.
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let chunk = self.full.partition_point(|chunk| chunk.last().is_some_and(&before));
        match self.full.get(chunk) {
            Some(inside) => chunk * CHUNK + inside.partition_point(before),
            None => chunk * CHUNK + self.tail.partition_point(before),
        }
    }
}

impl<T: Clone> Extend<T> for Chunks<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_elements_while_the_list_grows() {
        let mut list = Chunks::default();
        list.extend(0..3000_u32);
        let copy = list.clone();
        list.extend(3000..9000);
        assert_eq!(copy.len(), 3000, "the copy must not grow");
        assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..3000).collect::<Vec<_>>(), "nor change");
        assert_eq!(list.get(8999), Some(&8999), "while the list does");
    }

    #[test]
    fn ranges_and_searches_cross_chunks() {
        let mut list = Chunks::default();
        list.extend(0..5000_u32);
        for (from, to) in [(0, 1), (1000, 1030), (1024, 2048), (2047, 4999), (4990, 6000), (7, 7)] {
            let expected: Vec<u32> = (from..to.min(5000)).map(|value| value as u32).collect();
            assert_eq!(list.range(from, to).copied().collect::<Vec<_>>(), expected, "range {from}..{to}");
        }
        for wanted in [0, 1, 1023, 1024, 1025, 4095, 4999, 5000] {
            assert_eq!(
                list.partition_point(|value| (*value as usize) < wanted),
                wanted,
                "search for {wanted}"
            );
        }
    }
}
