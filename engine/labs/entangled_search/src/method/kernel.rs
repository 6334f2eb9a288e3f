//! The inner loops that every layer shares: sums of products in eight running parts, so that compilers vectorise them.
//!
//! Contract: slices of one call have one length; of unequal ones the shorter counts. The order of every sum is fixed.

use weightscope_compute::number::Number;

/// Running parts of a sum.
const LANES: usize = 8;

/// Σ a·b.
#[inline]
pub fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [T::ZERO; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *sum += *a * *b;
        }
    }
    let rest: T = a_rest.iter().zip(b_rest).map(|(a, b)| *a * *b).sum();
    joined(lanes) + rest
}

#[inline]
fn joined<T: Number>(lanes: [T; LANES]) -> T {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// y += factor · x.
#[inline]
pub fn add_scaled<T: Number>(y: &mut [T], factor: T, x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * *x;
    }
}

/// y += x.
#[inline]
pub fn add<T: Number>(y: &mut [T], x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += *x;
    }
}

/// Softmax of a row, in place.
pub fn softmax<T: Number>(row: &mut [T]) {
    let Some(first) = row.first().copied() else { return };
    let most = row.iter().fold(first, |most, value| most.larger(*value));
    row.iter_mut().for_each(|value| *value = (*value - most).exp_nonpositive());
    let total: T = row.iter().copied().sum();
    row.iter_mut().for_each(|value| *value = *value / total);
}

/// Position of the largest value, the first one among equals; 0 for an empty row. What is not a number never wins.
pub fn arg_max<T: PartialOrd + Copy>(row: &[T]) -> usize {
    let mut best: Option<(usize, T)> = None;
    for (place, value) in row.iter().enumerate() {
        let wins = match best {
            None => value.partial_cmp(value).is_some(),
            Some((_, most)) => *value > most,
        };
        if wins {
            best = Some((place, *value));
        }
    }
    best.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn blocked_products_are_plain_sums() {
        let mut random = stream(1, "kernel");
        for width in [1, 5, 8, 25, 200] {
            let mut draw = || -> Vec<f64> { (0..width).map(|_| random.unit_f64() - 0.5).collect() };
            let (a, b) = (draw(), draw());
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-13);
        }
    }

    #[test]
    fn the_first_of_equals_is_the_largest() {
        assert_eq!(arg_max(&[0.5, 0.5, 0.1]), 0);
        assert_eq!(arg_max(&[f64::NAN, -1.0, 2.0]), 2);
        assert_eq!(arg_max::<f64>(&[]), 0);
    }
}
