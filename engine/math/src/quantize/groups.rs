//! Which elements of a tensor share one step or scale.
//!
//! Contract: the tensor is read row-major as `[outer, count, inner]`; element `(o, g, i)` belongs to group `g`.
//! Every sharing rule of the methods is of this form.

/// The three sizes of a grouped tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Groups {
    /// Size before the group axis.
    pub outer: usize,
    /// Number of groups, that is of steps or scales.
    pub count: usize,
    /// Size after the group axis.
    pub inner: usize,
}

impl Groups {
    /// One group per row of a matrix `[rows, columns]`: weights.
    pub fn rows(rows: usize, columns: usize) -> Self {
        Self { outer: 1, count: rows, inner: columns }
    }

    /// One group in all.
    pub fn whole(len: usize) -> Self {
        Self { outer: 1, count: 1, inner: len }
    }

    /// One group per index of `axis` of a tensor of the given shape: token axis, channel axis.
    pub fn along(shape: &[usize], axis: usize) -> Self {
        let (before, rest) = shape.split_at(axis.min(shape.len()));
        let count = rest.first().copied().unwrap_or(1);
        Self { outer: before.iter().product(), count, inner: rest.iter().skip(1).product() }
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        self.outer * self.count * self.inner
    }

    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Number of elements of one group.
    pub fn members(self) -> usize {
        self.outer * self.inner
    }

    /// The shape `[outer, count, inner]`.
    pub fn shape(self) -> [usize; 3] {
        [self.outer, self.count, self.inner]
    }

    /// Runs of elements of one group each, in storage order: `(group, range in the slice)`.
    pub fn runs(self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        let Self { count, inner, .. } = self;
        (0..self.outer * count).map(move |run| (run % count.max(1), run * inner..(run + 1) * inner))
    }

    /// Sum of a value over each group, in double precision and in storage order.
    pub fn sums(self, mut value: impl FnMut(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (group, range) in self.runs() {
            sums[group] += range.map(&mut value).sum::<f64>();
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharing_rules_of_the_methods() {
        assert_eq!(Groups::along(&[2, 4, 3], 1), Groups { outer: 2, count: 4, inner: 3 });
        assert_eq!(Groups::along(&[2, 4, 3], 2), Groups { outer: 8, count: 3, inner: 1 });
        assert_eq!(Groups::along(&[2, 5, 4, 4], 2), Groups { outer: 10, count: 4, inner: 4 });
        assert_eq!(Groups::rows(3, 2).members(), 2);
    }

    #[test]
    fn sums_visit_every_element_of_its_group() {
        let groups = Groups { outer: 2, count: 2, inner: 2 };
        assert_eq!(groups.sums(|index| index as f64), [10.0, 18.0]);
    }
}
