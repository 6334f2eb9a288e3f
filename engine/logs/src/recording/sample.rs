//! Which weights of a tensor are recorded, and the figures of a whole tensor, by the recorder's rules.

use std::collections::BTreeSet;

use super::frames::Statistics;
use super::tensors::Tensor;

/// Draws which weights and rows of a tensor are recorded, by the rule of `weightscope_recorder.py` with any source of random numbers:
/// `draw(n)` gives one of `0 .. n`, each as likely.
///
/// Up to `sample` places, half of them in as many rows of the tensor as a matrix `[first dimension, all others]` as it takes, at least
/// `rows` where the tensor has them; the other half anywhere. Both lists are sorted. With `rows` of 0, and for tensors of fewer than
/// two dimensions, no rows are drawn.
pub fn sampled(
    shape: &[usize],
    sample: usize,
    rows: usize,
    draw: &mut dyn FnMut(usize) -> usize,
) -> (Vec<usize>, Vec<usize>) {
    let count = shape.iter().fold(1_usize, |all, length| all.saturating_mul(*length));
    let height = shape.first().copied().filter(|_| shape.len() > 1).unwrap_or(1);
    let width = count.checked_div(height).unwrap_or(0);
    if count == 0 || width == 0 {
        return (Vec::new(), Vec::new());
    }
    let chosen =
        if height > 1 && rows > 0 { height.min(rows.max(sample.div_ceil(2).div_ceil(width))) } else { 0 };
    let take = count.min(sample);
    let rows: Vec<usize> = distinct(height, chosen, draw).into_iter().collect();
    let inside = distinct(chosen * width, (chosen * width).min(take / 2), draw);
    let in_tensor = |place: usize| rows.get(place / width).map(|row| row * width + place % width);
    let mut places: BTreeSet<usize> = inside.into_iter().filter_map(in_tensor).collect();
    // A source that draws the same number for ever must not hang its caller: after many draws the first free places are taken.
    for _ in 0..take.saturating_mul(64) {
        if places.len() < take {
            places.insert(draw(count) % count);
        }
    }
    for place in 0..count {
        if places.len() < take {
            places.insert(place);
        } else {
            break;
        }
    }
    (places.into_iter().collect(), rows)
}

/// `count` different numbers below `limit`, each set as likely (Floyd's algorithm: J. Bentley, Programming Pearls, CACM 30(9), 1987).
fn distinct(limit: usize, count: usize, draw: &mut dyn FnMut(usize) -> usize) -> BTreeSet<usize> {
    let mut chosen = BTreeSet::new();
    for last in limit.saturating_sub(count)..limit {
        let drawn = draw(last + 1) % (last + 1);
        if !chosen.insert(drawn) {
            chosen.insert(last);
        }
    }
    chosen
}

/// What a frame holds of one tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The sampled weights, as many as the tensor's `places`.
    pub values: Vec<f32>,
    /// Figures of the whole tensor.
    pub statistics: Statistics,
    /// The largest and the mean magnitude of each of the tensor's `rows`.
    pub rows: Vec<(f32, f32)>,
}

impl Measured {
    /// What the recorder takes of a tensor whose `weights` are all at hand, in C order. Sums are made in 64 bits, so that mean and
    /// norm differ from the recorder's, which sums in 32, by rounding. NaN where there is no weight, and wherever a weight is NaN.
    pub fn of(tensor: &Tensor, weights: &[f32]) -> Self {
        let height = tensor.shape.first().copied().filter(|_| tensor.shape.len() > 1).unwrap_or(1);
        let width = weights.len().checked_div(height).unwrap_or(0);
        let value = |place: &usize| weights.get(*place).copied().unwrap_or(f32::NAN);
        let row = |row: &usize| {
            let found = row.checked_mul(width).and_then(|first| weights.get(first..first + width));
            let statistics = Statistics::of(found.unwrap_or_default());
            (statistics.max, statistics.mean)
        };
        Self {
            values: tensor.places.iter().map(value).collect(),
            statistics: Statistics::of(weights),
            rows: tensor.rows.iter().map(row).collect(),
        }
    }
}

impl Statistics {
    /// Figures of all these weights, summed in 64 bits; NaN for none, and where one is NaN.
    pub fn of(weights: &[f32]) -> Self {
        let (mut max, mut sum, mut squares) = (0.0_f32, 0.0_f64, 0.0_f64);
        for weight in weights {
            let size = weight.abs();
            if size > max || size.is_nan() {
                max = size;
            }
            sum += f64::from(size);
            squares += f64::from(size) * f64::from(size);
        }
        if weights.is_empty() || sum.is_nan() {
            return Self { max: f32::NAN, mean: f32::NAN, norm: f32::NAN };
        }
        Self { max, mean: (sum / weights.len() as f64) as f32, norm: squares.sqrt() as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of numbers.
    fn source(mut state: u64) -> impl FnMut(usize) -> usize {
        move |limit| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) as usize) % limit
        }
    }

    #[test]
    fn places_and_rows_are_as_many_as_the_rule_says() {
        // Shape, sample, rows; then how many places and rows the recorder draws for them.
        for (shape, sample, rows, places, lines) in [
            (&[128, 64][..], 64, 1, 64, 1),
            (&[128, 8], 64, 1, 64, 4),
            (&[128, 7], 64, 1, 64, 5),
            (&[2, 3, 3], 64, 1, 18, 2),
            (&[128, 64], 64, 5, 64, 5),
            (&[128, 64], 64, 0, 64, 0),
            (&[128, 64], 63, 1, 63, 1),
            (&[100], 64, 1, 64, 0),
            (&[1, 100], 64, 1, 64, 0),
            (&[], 64, 1, 1, 0),
            (&[0, 5], 64, 1, 0, 0),
            (&[5, 0], 64, 1, 0, 0),
            (&[128, 64], 0, 1, 0, 1),
        ] {
            for seed in 0..20 {
                let (found, in_rows) = sampled(shape, sample, rows, &mut source(seed));
                assert_eq!((found.len(), in_rows.len()), (places, lines), "{shape:?} {sample} {rows}");
                let elements: usize = shape.iter().product();
                assert!(found.is_sorted_by(|a, b| a < b) && found.iter().all(|place| *place < elements));
                assert!(in_rows.is_sorted_by(|a, b| a < b) && in_rows.iter().all(|row| *row < shape[0]));
                let width = elements / shape.first().copied().unwrap_or(1).max(1);
                let inside = found.iter().filter(|place| in_rows.contains(&(**place / width.max(1)))).count();
                assert!(lines == 0 || inside >= (lines * width).min(places / 2), "{inside} in the rows");
            }
        }
    }

    #[test]
    fn a_source_that_repeats_itself_hangs_nobody() {
        let (places, rows) = sampled(&[50, 4], 64, 1, &mut |_| 0);
        assert_eq!((places.len(), rows.len()), (64, 8));
        let (places, _) = sampled(&[200], 64, 1, &mut |_| usize::MAX);
        assert_eq!(places.len(), 64);
    }

    #[test]
    fn every_place_is_drawn_about_as_often() {
        let mut draw = source(7);
        let mut counts = [0_usize; 40];
        for _ in 0..20_000 {
            sampled(&[8, 5], 10, 1, &mut draw).0.iter().for_each(|place| counts[*place] += 1);
        }
        // 20,000 draws of 10 of 40: 5,000 each, with a deviation of about 70.
        assert!(counts.iter().all(|count| count.abs_diff(5000) < 400), "{counts:?}");
    }
}
