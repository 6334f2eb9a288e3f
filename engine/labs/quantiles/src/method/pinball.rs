//! Pinball loss `ψ_τ(y − q) = max(τ(y − q), (τ − 1)(y − q))`, its smoothed form, and their slopes in `q` (sheet §2; paper eq. 3).
//!
//! At `y = q` the slope is the middle of its legal range, `½ − τ`.

use weightscope_math::real::Real;

/// The loss of one quantile.
#[inline]
pub fn loss<T: Real>(y: T, q: T, tau: T) -> T {
    let error = y - q;
    (tau * error).larger((tau - T::ONE) * error)
}

/// Its slope in `q`.
#[inline]
pub fn slope<T: Real>(y: T, q: T, tau: T) -> T {
    if y < q {
        T::ONE - tau
    } else if y > q {
        -tau
    } else {
        T::from_f64(0.5) - tau
    }
}

/// Loss with a parabola of half width `width` in place of the kink (published code, `huber`); plain for a width of 0.
#[inline]
pub fn smoothed_loss<T: Real>(y: T, q: T, tau: T, width: T) -> T {
    if width <= T::ZERO {
        return loss(y, q, tau);
    }
    let error = y - q;
    let side = if error >= T::ZERO { tau } else { T::ONE - tau };
    let size = error.abs();
    let half = T::from_f64(0.5);
    side * if size < width { half * size * size / width } else { size - half * width }
}

/// Its slope in `q`.
#[inline]
pub fn smoothed_slope<T: Real>(y: T, q: T, tau: T, width: T) -> T {
    let error = y - q;
    if width <= T::ZERO || error.abs() >= width {
        return slope(y, q, tau);
    }
    let side = if error >= T::ZERO { tau } else { T::ONE - tau };
    -side * error / width
}

/// Mean over rows and levels; `q` is `[rows, levels]`.
pub fn mean<T: Real>(q: &[T], y: &[T], taus: &[T]) -> f64 {
    let mut sum = 0.0;
    for (row, y) in q.chunks_exact(taus.len()).zip(y) {
        sum += row_sum(row, *y, taus);
    }
    sum / q.len().max(1) as f64
}

/// Sum over the levels of one row.
pub fn row_sum<T: Real>(q: &[T], y: T, taus: &[T]) -> f64 {
    q.iter().zip(taus).map(|(q, tau)| loss(y, *q, *tau).to_f64()).sum()
}

/// Mean over the rows for each level.
pub fn per_level<T: Real>(q: &[T], y: &[T], taus: &[T]) -> Vec<f64> {
    let mut sums = vec![0.0; taus.len()];
    for (row, y) in q.chunks_exact(taus.len()).zip(y) {
        for ((sum, q), tau) in sums.iter_mut().zip(row).zip(taus) {
            *sum += loss(*y, *q, *tau).to_f64();
        }
    }
    sums.iter().map(|sum| sum / y.len().max(1) as f64).collect()
}

/// Mean smoothed loss; adds its gradient in `q` to `gradient`, both `[rows, levels]`.
pub fn mean_with_gradient<T: Real>(q: &[T], y: &[T], taus: &[T], width: T, gradient: &mut [T]) -> f64 {
    let share = T::ONE / T::from_f64(q.len().max(1) as f64);
    let mut sum = 0.0;
    let rows = q.chunks_exact(taus.len()).zip(gradient.chunks_exact_mut(taus.len()));
    for ((row, slopes), y) in rows.zip(y) {
        let mut part = T::ZERO;
        for ((q, slope), tau) in row.iter().zip(slopes).zip(taus) {
            part += smoothed_loss(*y, *q, *tau, width);
            *slope += share * smoothed_slope(*y, *q, *tau, width);
        }
        sum += part.to_f64();
    }
    sum / q.len().max(1) as f64
}
