//! Operators that make one row of quantiles ascend, and their gradients (sheet §5; paper §4, eq. 23).
//!
//! Sort and the pool-adjacent-violators fit never raise the summed pinball loss of a row (paper, proposition 2); the sweep may.
//! Gradients: sort routes by its permutation; a pooled block shares the mean of its upstream gradients; the sweep and the
//! running extremes route to the element that set the extreme (the first one among equals).

use rayon::prelude::*;

use weightscope_math::real::Real;

weightscope_frame::choices! {
    /// What is done to a row of quantiles that cross.
    pub enum Isotonization {
        /// Nothing.
        None = "none", "None";
        /// Ascending order.
        Sort = "sort", "Sort";
        /// Least-squares isotonic fit.
        Pava = "pava", "Pool adjacent violators";
        /// Running maximum above the median, running minimum below.
        Sweep = "sweep", "Min–max (running extremes)";
    }
}

impl Isotonization {
    /// Makes a row ascend in place.
    pub fn apply<T: Real>(self, row: &mut [T]) {
        match self {
            Self::None => {}
            Self::Sort => sort(row),
            Self::Pava => pava(row),
            Self::Sweep => sweep(row),
        }
    }

    /// Makes each row of `[rows, levels]` ascend in place; many rows on all cores.
    pub fn apply_rows<T: Real>(self, rows: &mut [T], levels: usize) {
        const CHUNK: usize = 8192;
        if self == Self::None || levels < 2 {
            return;
        }
        let each = |part: &mut [T]| part.chunks_exact_mut(levels).for_each(|row| self.apply(row));
        if rows.len() > 2 * CHUNK * levels {
            rows.par_chunks_mut(CHUNK * levels).for_each(each);
        } else {
            each(rows);
        }
    }

    /// The gradient in `row`, the operator's input, from the gradient `upstream` in its output.
    pub fn gradient<T: Real>(self, row: &[T], upstream: &[T], gradient: &mut [T]) {
        match self {
            Self::None => gradient.copy_from_slice(upstream),
            Self::Sort => sort_gradient(row, upstream, gradient),
            Self::Pava => pava_gradient(row, upstream, gradient),
            Self::Sweep => route(&sweep_sources(row), upstream, gradient),
        }
    }
}

/// Sorts in place. Rows are short and nearly sorted: insertion is the fastest way.
pub fn sort<T: Real>(row: &mut [T]) {
    for index in 1..row.len() {
        let value = row[index];
        let mut place = index;
        while place > 0 && row[place - 1] > value {
            row[place] = row[place - 1];
            place -= 1;
        }
        row[place] = value;
    }
}

fn sort_gradient<T: Real>(row: &[T], upstream: &[T], gradient: &mut [T]) {
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|a, b| row[*a].to_f64().total_cmp(&row[*b].to_f64()));
    for (place, source) in order.into_iter().enumerate() {
        gradient[source] = upstream[place];
    }
}

/// Blocks of the isotonic fit: length of each, in order.
pub fn pava_blocks<T: Real>(row: &[T]) -> Vec<usize> {
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(row.len());
    for value in row {
        let (mut sum, mut count) = (value.to_f64(), 1);
        while let Some((before, length)) = blocks.last().copied()
            && before / length as f64 > sum / count as f64
        {
            sum += before;
            count += length;
            blocks.pop();
        }
        blocks.push((sum, count));
    }
    blocks.into_iter().map(|(_, count)| count).collect()
}

/// Rows up to this long are fitted without an allocation.
const SHORT: usize = 128;

/// Least-squares isotonic fit in place, equal weights.
pub fn pava<T: Real>(row: &mut [T]) {
    if row.windows(2).all(|pair| pair[0] <= pair[1]) {
        return;
    }
    if row.len() > SHORT {
        pool(&pava_blocks(row), row);
        return;
    }
    let (mut sums, mut counts, mut blocks) = ([0.0_f64; SHORT], [0_usize; SHORT], 0);
    for value in row.iter() {
        let (mut sum, mut count) = (value.to_f64(), 1);
        while blocks > 0 && sums[blocks - 1] * count as f64 > sum * counts[blocks - 1] as f64 {
            blocks -= 1;
            sum += sums[blocks];
            count += counts[blocks];
        }
        (sums[blocks], counts[blocks]) = (sum, count);
        blocks += 1;
    }
    pool(&counts[..blocks], row);
}

fn pava_gradient<T: Real>(row: &[T], upstream: &[T], gradient: &mut [T]) {
    gradient.copy_from_slice(upstream);
    pool(&pava_blocks(row), gradient);
}

/// Puts the mean of each block in the place of its elements.
fn pool<T: Real>(blocks: &[usize], row: &mut [T]) {
    let mut rest = row;
    for length in blocks {
        let (block, tail) = rest.split_at_mut(*length);
        if *length > 1 {
            let mean = block.iter().map(|value| value.to_f64()).sum::<f64>() / *length as f64;
            block.fill(T::from_f64(mean));
        }
        rest = tail;
    }
}

/// Sweep from the centre `⌊m/2⌋`: running maximum upwards, running minimum downwards, in place.
pub fn sweep<T: Real>(row: &mut [T]) {
    let centre = row.len() / 2;
    for index in centre + 1..row.len() {
        row[index] = row[index].larger(row[index - 1]);
    }
    for index in (0..centre).rev() {
        if row[index] > row[index + 1] {
            row[index] = row[index + 1];
        }
    }
}

fn sweep_sources<T: Real>(row: &[T]) -> Vec<usize> {
    let centre = row.len() / 2;
    let mut sources: Vec<usize> = (0..row.len()).collect();
    for index in centre + 1..row.len() {
        let before = sources[index - 1];
        if row[index] <= row[before] {
            sources[index] = before;
        }
    }
    for index in (0..centre).rev() {
        let after = sources[index + 1];
        if row[index] >= row[after] {
            sources[index] = after;
        }
    }
    sources
}

fn route<T: Real>(sources: &[usize], upstream: &[T], gradient: &mut [T]) {
    gradient.fill(T::ZERO);
    for (source, slope) in sources.iter().zip(upstream) {
        gradient[*source] += *slope;
    }
}

/// Running maximum from the lowest level.
pub fn running_maximum<T: Real>(row: &[T]) -> Vec<T> {
    let mut out = row.to_vec();
    for index in 1..out.len() {
        out[index] = out[index].larger(out[index - 1]);
    }
    out
}

/// Mean of the running maximum from below and the running minimum from above.
pub fn two_way<T: Real>(row: &[T]) -> Vec<T> {
    let up = running_maximum(row);
    let mut down = row.to_vec();
    for index in (0..down.len().saturating_sub(1)).rev() {
        if down[index] > down[index + 1] {
            down[index] = down[index + 1];
        }
    }
    let half = T::from_f64(0.5);
    up.into_iter().zip(down).map(|(high, low)| half * (high + low)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::method::levels::Levels;
    use crate::method::pinball::row_sum;

    proptest! {
        /// Proposition 2 of the paper, row by row.
        #[test]
        fn sort_and_pava_never_raise_the_summed_pinball_loss(
            row in prop::collection::vec(-5.0_f64..5.0, 1..40),
            y in -6.0_f64..6.0,
        ) {
            let taus = Levels::even(row.len());
            let before = row_sum(&row, y, taus.values());
            for operator in [Isotonization::Sort, Isotonization::Pava] {
                let mut after = row.clone();
                operator.apply(&mut after);
                prop_assert!(after.windows(2).all(|pair| pair[0] <= pair[1]), "{operator:?} ascends");
                let now = row_sum(&after, y, taus.values());
                prop_assert!(now <= before + 1e-9, "{operator:?}: {before} became {now}");
            }
        }

        #[test]
        fn every_operator_ascends_and_leaves_ascending_rows(row in prop::collection::vec(-5.0_f32..5.0, 1..30)) {
            for operator in [Isotonization::Sort, Isotonization::Pava, Isotonization::Sweep] {
                let mut once = row.clone();
                operator.apply(&mut once);
                prop_assert!(once.windows(2).all(|pair| pair[0] <= pair[1]));
                let mut twice = once.clone();
                operator.apply(&mut twice);
                prop_assert_eq!(&once, &twice);
            }
        }

        #[test]
        fn gradients_agree_with_differences(
            row in prop::collection::vec(-5.0_f64..5.0, 2..12),
            upstream in prop::collection::vec(-1.0_f64..1.0, 12),
        ) {
            // Differences are meaningless where the operator has a kink.
            let apart = row.iter().enumerate().all(|(i, a)| row[..i].iter().all(|b| (a - b).abs() > 1e-3));
            prop_assume!(apart);
            let upstream = &upstream[..row.len()];
            let value = |operator: Isotonization, row: &[f64]| {
                let mut out = row.to_vec();
                operator.apply(&mut out);
                out.iter().zip(upstream).map(|(a, b)| a * b).sum::<f64>()
            };
            for operator in Isotonization::ALL {
                let mut gradient = vec![0.0; row.len()];
                operator.gradient(&row, upstream, &mut gradient);
                for index in 0..row.len() {
                    let mut moved = row.clone();
                    moved[index] += 1e-7;
                    let high = value(*operator, &moved);
                    moved[index] -= 2e-7;
                    let difference = (high - value(*operator, &moved)) / 2e-7;
                    // A block boundary of the isotonic fit is a kink too; the one-sided slopes then differ.
                    if *operator != Isotonization::Pava {
                        prop_assert!((difference - gradient[index]).abs() < 1e-5, "{operator:?} at {index}");
                    }
                }
            }
        }
    }
}
