//! Similarity of representations: linear centred kernel alignment (Kornblith et al., arXiv 1905.00414), its debiased forms
//! (L. Song et al. 2012; Nguyen et al., arXiv 2010.15327) and the zoo's mean over batches.
//!
//! Representations are `[examples, features]`, row-major. `None` where a denominator is 0 or not finite: constant outputs have no
//! similarity to anything.

/// One representation.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Row-major values.
    pub values: &'a [f32],
    /// Features of a row.
    pub features: usize,
}

impl Rows<'_> {
    fn count(&self) -> usize {
        self.values.len() / self.features.max(1)
    }

    fn part(&self, from: usize, to: usize) -> Self {
        Self { values: &self.values[from * self.features..to * self.features], ..*self }
    }

    /// Column-centred values in double precision.
    fn centred(&self) -> Vec<f64> {
        let count = self.count().max(1) as f64;
        let mut means = vec![0.0; self.features];
        for row in self.values.chunks_exact(self.features.max(1)) {
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / count);
        }
        self.values
            .chunks_exact(self.features.max(1))
            .flat_map(|row| row.iter().zip(&means).map(|(value, mean)| f64::from(*value) - mean))
            .collect()
    }
}

/// ‖`XᵀY‖²_F` for row-major matrices of the same number of rows.
fn cross_square(x: &[f64], columns: usize, y: &[f64], other: usize) -> f64 {
    let mut product = vec![0.0; columns * other];
    for (x, y) in x.chunks_exact(columns.max(1)).zip(y.chunks_exact(other.max(1))) {
        for (x, line) in x.iter().zip(product.chunks_exact_mut(other.max(1))) {
            line.iter_mut().zip(y).for_each(|(sum, y)| *sum += x * y);
        }
    }
    product.iter().map(|value| value * value).sum()
}

fn quotient(numerator: f64, first: f64, second: f64) -> Option<f64> {
    let denominator = (first * second).sqrt();
    let value = numerator / denominator;
    (denominator > 0.0 && value.is_finite()).then_some(value)
}

/// Largest squares sum that counts as nothing: outputs that differ by rounding only.
const NOTHING: f64 = 1e-20;

/// Linear CKA: ‖`XᵀY‖²_F` / (‖`XᵀX`‖_F ‖`YᵀY`‖_F) of the centred columns.
pub fn linear(x: Rows<'_>, y: Rows<'_>) -> Option<f64> {
    if x.count() != y.count() {
        return None;
    }
    let (a, b) = (x.centred(), y.centred());
    let own = cross_square(&a, x.features, &a, x.features);
    let other = cross_square(&b, y.features, &b, y.features);
    if own < NOTHING || other < NOTHING {
        return None;
    }
    quotient(cross_square(&a, x.features, &b, y.features), own, other)
}

/// The debiased form in feature space, as in the published code: columns centred first, then the correction of each squared norm.
pub fn debiased(x: Rows<'_>, y: Rows<'_>) -> Option<f64> {
    let count = x.count();
    if count != y.count() || count < 4 {
        return None;
    }
    let n = count as f64;
    let (a, b) = (x.centred(), y.centred());
    let row_squares = |values: &[f64], columns: usize| -> Vec<f64> {
        values.chunks_exact(columns.max(1)).map(|row| row.iter().map(|value| value * value).sum()).collect()
    };
    let (p, q) = (row_squares(&a, x.features), row_squares(&b, y.features));
    let corrected = |square: f64, first: &[f64], second: &[f64]| {
        let along: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum();
        let total = first.iter().sum::<f64>() * second.iter().sum::<f64>();
        square - n / (n - 2.0) * along + total / ((n - 1.0) * (n - 2.0))
    };
    let cross = corrected(cross_square(&a, x.features, &b, y.features), &p, &q);
    let own = corrected(cross_square(&a, x.features, &a, x.features), &p, &p);
    let other = corrected(cross_square(&b, y.features, &b, y.features), &q, &q);
    quotient(cross, own, other)
}

/// The unbiased estimate of the Hilbert–Schmidt independence criterion from linear Gram matrices (at least four examples).
pub fn hsic(x: Rows<'_>, y: Rows<'_>) -> Option<f64> {
    let count = x.count();
    if count != y.count() || count < 4 {
        return None;
    }
    let gram = |rows: Rows<'_>| -> Vec<f64> {
        let mut gram = vec![0.0; count * count];
        for i in 0..count {
            for j in (0..count).filter(|j| *j != i) {
                let (a, b) = (rows.part(i, i + 1).values, rows.part(j, j + 1).values);
                gram[i * count + j] = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            }
        }
        gram
    };
    let (k, l) = (gram(x), gram(y));
    let sums = |gram: &[f64]| -> Vec<f64> { gram.chunks_exact(count).map(|row| row.iter().sum()).collect() };
    let (rows_k, rows_l) = (sums(&k), sums(&l));
    let n = count as f64;
    let trace: f64 = k.iter().zip(&l).map(|(a, b)| a * b).sum();
    let totals = rows_k.iter().sum::<f64>() * rows_l.iter().sum::<f64>();
    let along: f64 = rows_k.iter().zip(&rows_l).map(|(a, b)| a * b).sum();
    Some((trace + totals / ((n - 1.0) * (n - 2.0)) - 2.0 / (n - 2.0) * along) / (n * (n - 3.0)))
}

/// The debiased form from [`hsic`]; may be negative.
pub fn unbiased(x: Rows<'_>, y: Rows<'_>) -> Option<f64> {
    quotient(hsic(x, y)?, hsic(x, x)?, hsic(y, y)?)
}

/// Parts of `batches` equal batches of consecutive rows; what remains is left out.
fn batches<'a>(x: Rows<'a>, y: Rows<'a>, batches: usize) -> impl Iterator<Item = (Rows<'a>, Rows<'a>)> {
    let size = x.count() / batches.max(1);
    (0..batches).map(move |batch| {
        (x.part(batch * size, (batch + 1) * size), y.part(batch * size, (batch + 1) * size))
    })
}

/// The zoo's way: linear CKA of each batch, then the mean.
pub fn mean_over_batches(x: Rows<'_>, y: Rows<'_>, count: usize) -> Option<f64> {
    if x.count() != y.count() || count == 0 {
        return None;
    }
    let sum: Option<f64> = batches(x, y, count).map(|(x, y)| linear(x, y)).sum();
    Some(sum? / count as f64)
}

/// Minibatch CKA: means of [`hsic`] over the batches, then the quotient.
pub fn minibatch(x: Rows<'_>, y: Rows<'_>, count: usize) -> Option<f64> {
    if x.count() != y.count() || count == 0 {
        return None;
    }
    let (mut cross, mut own, mut other) = (0.0, 0.0, 0.0);
    for (x, y) in batches(x, y, count) {
        cross += hsic(x, y)?;
        own += hsic(x, x)?;
        other += hsic(y, y)?;
    }
    quotient(cross, own, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_rows_or_does_not_fit_is_similar_to_nothing() {
        let empty = Rows { values: &[], features: 0 };
        let (short, long) = ([1.0_f32; 8], [1.0_f32; 10]);
        let (short, long) = (Rows { values: &short, features: 2 }, Rows { values: &long, features: 2 });
        for (x, y) in [(empty, empty), (short, long)] {
            for way in [linear, debiased, unbiased, hsic] {
                assert_eq!(way(x, y), None);
            }
            assert_eq!((mean_over_batches(x, y, 2), minibatch(x, y, 2)), (None, None));
        }
        assert_eq!(
            linear(Rows { values: &[f32::NAN; 6], features: 2 }, Rows { values: &[1.0; 6], features: 2 }),
            None
        );
    }

    #[test]
    fn constant_outputs_are_similar_to_nothing() {
        let constant = [0.3_f32; 20];
        let varied: Vec<f32> = (0..20).map(|i| (i * i) as f32).collect();
        let rows = |values| Rows { values, features: 2 };
        assert_eq!(linear(rows(&constant), rows(&varied)), None);
        assert_eq!(linear(rows(&varied), rows(&varied)).map(|cka| (cka * 1e6).round()), Some(1e6));
    }
}
