//! The inner loops that every layer shares: sums of products in eight running parts, so that compilers vectorise them.
//!
//! Contract: slices of one call have one length; of unequal ones the shorter counts. The order of every sum is fixed.

use weightscope_math::real::Real;

/// Running parts of a sum.
const LANES: usize = 8;

/// Σ a·b.
#[inline]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
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
fn joined<T: Real>(lanes: [T; LANES]) -> T {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// y += factor · x.
#[inline]
pub fn add_scaled<T: Real>(y: &mut [T], factor: T, x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * *x;
    }
}

/// y += x.
#[inline]
pub fn add<T: Real>(y: &mut [T], x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += *x;
    }
}

/// `y += Σ_j factors[j] · rows[j]`, four rows at a time, in which those whose four factors are all 0 are left out.
#[inline]
pub fn add_combination<T: Real>(y: &mut [T], factors: &[T], rows: &[T]) {
    let width = y.len().max(1);
    let (fours, rest) = factors.as_chunks::<4>();
    let mut blocks = rows.chunks_exact(4 * width);
    for (factors, block) in fours.iter().zip(blocks.by_ref()) {
        if *factors == [T::ZERO; 4] {
            continue;
        }
        let [a, b, c, d] = *factors;
        let (first, second) = block.split_at(2 * width);
        let ((p, q), (r, s)) = (first.split_at(width), second.split_at(width));
        for ((((y, p), q), r), s) in y.iter_mut().zip(p).zip(q).zip(r).zip(s) {
            *y += (a * *p + b * *q) + (c * *r + d * *s);
        }
    }
    for (factor, row) in rest.iter().zip(blocks.remainder().chunks_exact(width)) {
        add_scaled(y, *factor, row);
    }
}

/// `out[j] = x · w[j]` for the rows of `w`, four at a time.
#[inline]
pub fn products<T: Real>(x: &[T], w: &[T], out: &mut [T]) {
    let width = x.len().max(1);
    let mut rows = w.chunks_exact(4 * width);
    let mut places = out.chunks_exact_mut(4);
    for (rows, places) in rows.by_ref().zip(places.by_ref()) {
        let (first, second) = rows.split_at(2 * width);
        let ((a, b), (c, d)) = (first.split_at(width), second.split_at(width));
        places.copy_from_slice(&four_dots(x, [a, b, c, d]));
    }
    for (row, place) in rows.remainder().chunks_exact(width).zip(places.into_remainder()) {
        *place = dot(x, row);
    }
}

/// Four sums of products with one `x`.
#[inline]
fn four_dots<T: Real>(x: &[T], rows: [&[T]; 4]) -> [T; 4] {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(|row| row.as_chunks::<LANES>());
    let mut lanes = [[T::ZERO; LANES]; 4];
    let [la, lb, lc, ld] = &mut lanes;
    for ((((x, a), b), c), d) in chunks.iter().zip(a).zip(b).zip(c).zip(d) {
        add_products(la, x, a);
        add_products(lb, x, b);
        add_products(lc, x, c);
        add_products(ld, x, d);
    }
    let tails = [a_rest, b_rest, c_rest, d_rest];
    let mut sums = lanes.map(joined);
    for (sum, tail) in sums.iter_mut().zip(tails) {
        *sum += rest.iter().zip(tail).map(|(x, w)| *x * *w).sum();
    }
    sums
}

#[inline]
fn add_products<T: Real>(lanes: &mut [T; LANES], x: &[T; LANES], w: &[T; LANES]) {
    for (sum, (x, w)) in lanes.iter_mut().zip(x.iter().zip(w)) {
        *sum += *x * *w;
    }
}

/// Softmax of a row, in place.
pub fn softmax<T: Real>(row: &mut [T]) {
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
        for (width, rows) in [(1, 1), (5, 3), (8, 4), (25, 9), (200, 16)] {
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| random.unit_f64() - 0.5).collect() };
            let (x, w) = (draw(width), draw(width * rows));
            let mut out = vec![0.0; rows];
            products(&x, &w, &mut out);
            for (row, found) in w.chunks(width).zip(out) {
                let plain: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
                assert!((found - plain).abs() < 1e-13 && (dot(&x, row) - plain).abs() < 1e-13);
            }
            let factors = draw(rows);
            let mut sum = vec![0.0; width];
            add_combination(&mut sum, &factors, &w);
            for (place, found) in sum.iter().enumerate() {
                let plain: f64 = w.iter().skip(place).step_by(width).zip(&factors).map(|(a, b)| a * b).sum();
                assert!((found - plain).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn the_first_of_equals_is_the_largest() {
        assert_eq!(arg_max(&[0.5, 0.5, 0.1]), 0);
        assert_eq!(arg_max(&[f64::NAN, -1.0, 2.0]), 2);
        assert_eq!(arg_max::<f64>(&[]), 0);
    }
}
