//! Rules without training: average, median, and the probability average (sheet §7; paper propositions 4 and 5).

use weightscope_math::stats::order;

/// Mean over the models at each level; `z` is `[models, levels]`.
pub fn average(z: &[f64], levels: usize, out: &mut Vec<f64>) {
    let models = (z.len() / levels.max(1)).max(1) as f64;
    out.extend((0..levels).map(|level| z.iter().skip(level).step_by(levels).sum::<f64>() / models));
}

/// Median over the models at each level.
pub fn median(z: &[f64], levels: usize, out: &mut Vec<f64>) {
    let mut values = Vec::new();
    for level in 0..levels {
        values.clear();
        values.extend(z.iter().skip(level).step_by(levels));
        values.sort_unstable_by(f64::total_cmp);
        out.push(order::quantile_of_sorted(&values, 0.5));
    }
}

/// Quantiles of the equal mixture of the models' distributions: each is piecewise linear through its (sorted) quantiles, with all
/// mass beyond the outer levels at the end values; the mixture is inverted by bisection.
pub fn probability_average(z: &[f64], taus: &[f64], out: &mut Vec<f64>) {
    /// Halvings of the range: to about a trillionth of it.
    const HALVINGS: usize = 40;
    let m = taus.len();
    let mut sorted = z.to_vec();
    sorted.chunks_exact_mut(m).for_each(super::isotonize::sort);
    let low = sorted.iter().copied().fold(f64::INFINITY, f64::min);
    let high = sorted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let models = (sorted.len() / m).max(1) as f64;
    let mixture = |x: f64| sorted.chunks_exact(m).map(|q| piecewise(q, taus, x)).sum::<f64>() / models;
    let mut start = low;
    for tau in taus {
        let (mut a, mut b) = (start, high);
        for _ in 0..HALVINGS {
            let centre = 0.5 * (a + b);
            if mixture(centre) >= *tau { b = centre } else { a = centre }
        }
        start = a;
        out.push(if mixture(low) >= *tau { low } else { b });
    }
}

/// Distribution function of one model at `x`.
fn piecewise(q: &[f64], taus: &[f64], x: f64) -> f64 {
    let above = q.partition_point(|value| *value <= x);
    match above {
        0 => 0.0,
        _ if above == q.len() => 1.0,
        _ => {
            let (left, right) = (q[above - 1], q[above]);
            let share = (x - left) / (right - left);
            taus[above - 1] + share * (taus[above] - taus[above - 1])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_of_equals_is_itself_and_of_two_is_wider() {
        let taus = [0.1, 0.5, 0.9];
        let mut same = Vec::new();
        probability_average(&[1.0, 2.0, 4.0, 1.0, 2.0, 4.0], &taus, &mut same);
        for (found, expected) in same.iter().zip([1.0, 2.0, 4.0]) {
            assert!((found - expected).abs() < 1e-9, "{same:?}");
        }
        let (mut mixed, mut mean) = (Vec::new(), Vec::new());
        let apart = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        probability_average(&apart, &taus, &mut mixed);
        average(&apart, 3, &mut mean);
        assert!(mixed[2] - mixed[0] > mean[2] - mean[0], "{mixed:?} is wider than {mean:?}");
        assert!(mixed.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let mut out = Vec::new();
        median(&[1.0, 10.0, 3.0, 30.0], 2, &mut out);
        assert_eq!(out, [2.0, 20.0]);
    }
}
