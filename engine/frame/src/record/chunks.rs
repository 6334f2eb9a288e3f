//! An append-only list that is cheap to copy: full chunks are shared, only the open tail is copied.
//!
//! Contract: a clone never changes when the original grows, and costs the tail plus one pointer per list, not one per element.

use std::sync::Arc;

/// A list that grows at its end and whose copies share what they have; `CHUNK` is the number of elements of one chunk.
#[derive(Clone, Debug)]
pub struct Chunks<T, const CHUNK: usize = 1024> {
    full: Arc<Vec<Arc<[T]>>>,
    tail: Vec<T>,
}

impl<T, const CHUNK: usize> Default for Chunks<T, CHUNK> {
    fn default() -> Self {
        Self { full: Arc::default(), tail: Vec::new() }
    }
}

impl<T: Clone, const CHUNK: usize> Chunks<T, CHUNK> {
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

    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.tail)
    }
}

impl<T: Clone, const CHUNK: usize> Extend<T> for Chunks<T, CHUNK> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_elements_while_the_list_grows() {
        let mut list = Chunks::<u32>::default();
        list.extend(0..3000_u32);
        let copy = list.clone();
        list.extend(3000..9000);
        assert_eq!(copy.len(), 3000, "the copy must not grow");
        assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..3000).collect::<Vec<_>>(), "nor change");
        assert_eq!(list.get(8999), Some(&8999), "while the list does");
    }
}
