//! The recurrence of an RWKV-6-like time mix with its way back, one head of one row of tokens at a time.
//!
//! `y_t = r_tᵀ(S + diag(u)·k_t·v_tᵀ)`, then `S ← diag(d_t)·S + k_t·v_tᵀ`. With heads narrower than the context it costs less than the
//! parallel form, and has no exponentials that could overflow; both give the same numbers (`method::rwkv` compares them).
//!
//! A state has a row for each entry of k and a column for each entry of v. Sums over rows and over columns both run along registers: what is
//! summed over columns is kept turned around, with a row for each entry of v.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use super::rows::dot;
use crate::number::Number;

/// One head: entry c of time t lies at `t·stride + c` of each list.
#[derive(Clone, Copy)]
pub struct Scan<'a, T> {
    /// Times.
    pub times: usize,
    /// Entries of the head.
    pub width: usize,
    /// Distance of times in memory.
    pub stride: usize,
    /// Receptance r.
    pub receptance: &'a [T],
    /// Key k.
    pub key: &'a [T],
    /// Value v.
    pub value: &'a [T],
    /// Decay d, from 0 to 1.
    pub decay: &'a [T],
    /// Weight u of the present time, as long as the head.
    pub bonus: &'a [T],
}

/// Where slopes go, in the layout of [`Scan`]; what is there is replaced, but those by the bonus are added.
pub struct ScanGradient<'a, T> {
    /// By r.
    pub receptance: &'a mut [T],
    /// By k.
    pub key: &'a mut [T],
    /// By v.
    pub value: &'a mut [T],
    /// By d.
    pub decay: &'a mut [T],
    /// By u.
    pub bonus: &'a mut [T],
}

impl<'a, T> Scan<'a, T> {
    #[inline(always)]
    fn row(&self, of: &'a [T], time: usize) -> &'a [T] {
        &of[time * self.stride..][..self.width]
    }

    /// `Σ r·u·k`: how much of its own value a time sees.
    #[inline(always)]
    fn own(&self, time: usize) -> T
    where
        T: Number,
    {
        let (r, k) = (self.row(self.receptance, time), self.row(self.key, time));
        r.iter().zip(self.bonus).zip(k).map(|((r, u), k)| *r * *u * *k).sum()
    }
}

/// `a·b + c`, rounded once where a machine does.
#[inline(always)]
fn multiply_add<T: Number, const FUSED: bool>(a: T, b: T, c: T) -> T {
    if FUSED { a.fused(b, c) } else { a * b + c }
}

/// Calls a block function for all entries of a head: sixteen at a time, then eight, then one.
macro_rules! in_blocks {
    ($width:expr, $first:ident, $size:ident => $call:expr) => {
        let mut $first = 0;
        while $first + 16 <= $width {
            const $size: usize = 16;
            $call;
            $first += 16;
        }
        while $first + 8 <= $width {
            const $size: usize = 8;
            $call;
            $first += 8;
        }
        while $first < $width {
            const $size: usize = 1;
            $call;
            $first += 1;
        }
    };
}

/// `y` of all times, from a state of zeros.
#[inline(always)]
pub fn forward<T: Number, const FUSED: bool>(scan: Scan<'_, T>, out: &mut [T]) {
    let mut state = vec![T::ZERO; scan.width * scan.width];
    for time in 0..scan.times {
        let own = scan.own(time);
        let y = &mut out[time * scan.stride..][..scan.width];
        in_blocks!(scan.width, first, N => advance::<T, FUSED, N>(scan, time, first, own, &mut state, y));
    }
}

/// Some columns of the state at a time give their part of y, and go on.
#[inline(always)]
fn advance<T: Number, const FUSED: bool, const N: usize>(
    scan: Scan<'_, T>,
    time: usize,
    first: usize,
    own: T,
    state: &mut [T],
    y: &mut [T],
) {
    let (r, k, d) = (scan.row(scan.receptance, time), scan.row(scan.key, time), scan.row(scan.decay, time));
    let v = &scan.row(scan.value, time)[first..][..N];
    let mut sums = [T::ZERO; N];
    for (c, row) in state.chunks_exact_mut(scan.width).enumerate() {
        let row = &mut row[first..][..N];
        for i in 0..N {
            sums[i] = multiply_add::<T, FUSED>(r[c], row[i], sums[i]);
            row[i] = multiply_add::<T, FUSED>(d[c], row[i], k[c] * v[i]);
        }
    }
    for i in 0..N {
        y[first + i] = multiply_add::<T, FUSED>(own, v[i], sums[i]);
    }
}

/// Slopes from those by y. `states` is memory for `times + 1` states.
#[expect(clippy::needless_pass_by_value, reason = "a set of borrowed slices that is made for one call")]
#[inline(always)]
pub fn backward<T: Number, const FUSED: bool>(
    scan: Scan<'_, T>,
    slopes: &[T],
    states: &mut [T],
    by: ScanGradient<'_, T>,
) {
    let (width, size) = (scan.width, scan.width * scan.width);
    states[..size].fill(T::ZERO);
    for time in 0..scan.times.saturating_sub(1) {
        let (before, after) = states[time * size..(time + 2) * size].split_at_mut(size);
        in_blocks!(width, first, N => follow::<T, FUSED, N>(scan, time, first, before, after));
    }
    // Slopes by the state after the present time, and the same turned around.
    let (mut ahead, mut turned) = (vec![T::ZERO; size], vec![T::ZERO; size]);
    for time in (0..scan.times).rev() {
        let slope = scan.row(slopes, time);
        let place = time * scan.stride..time * scan.stride + width;
        let present = dot(slope, scan.row(scan.value, time));
        let state = &states[time * size..][..size];
        let mut lists = [
            &mut by.receptance[place.clone()],
            &mut by.key[place.clone()],
            &mut by.decay[place.clone()],
            &mut *by.bonus,
        ];
        in_blocks!(width, first, N => {
            by_keys::<T, FUSED, N>(scan, time, first, (slope, present), (state, &mut turned), &mut lists);
        });
        let own = scan.own(time);
        let by_value = &mut by.value[place];
        in_blocks!(width, first, N => {
            by_values::<T, FUSED, N>(scan, time, first, (slope, own), &mut ahead, by_value);
        });
    }
}

/// Some columns of the turned state of the next time.
#[inline(always)]
fn follow<T: Number, const FUSED: bool, const N: usize>(
    scan: Scan<'_, T>,
    time: usize,
    first: usize,
    before: &[T],
    after: &mut [T],
) {
    let v = scan.row(scan.value, time);
    let (k, d) = (&scan.row(scan.key, time)[first..][..N], &scan.row(scan.decay, time)[first..][..N]);
    let rows = before.chunks_exact(scan.width).zip(after.chunks_exact_mut(scan.width));
    for ((before, after), v) in rows.zip(v) {
        let (before, after) = (&before[first..][..N], &mut after[first..][..N]);
        for i in 0..N {
            after[i] = multiply_add::<T, FUSED>(d[i], before[i], k[i] * *v);
        }
    }
}

/// Slopes by r, k, d and u of some entries, whose columns of the turned slopes by the state go back by one time.
#[inline(always)]
fn by_keys<T: Number, const FUSED: bool, const N: usize>(
    scan: Scan<'_, T>,
    time: usize,
    first: usize,
    (slope, present): (&[T], T),
    (state, turned): (&[T], &mut [T]),
    [by_receptance, by_key, by_decay, by_bonus]: &mut [&mut [T]; 4],
) {
    let part = |of| &scan.row(of, time)[first..][..N];
    let (r, k, d) = (part(scan.receptance), part(scan.key), part(scan.decay));
    let u = &scan.bonus[first..][..N];
    let (mut receptance, mut key, mut decay) = ([T::ZERO; N], [T::ZERO; N], [T::ZERO; N]);
    let rows = state.chunks_exact(scan.width).zip(turned.chunks_exact_mut(scan.width));
    for ((state, turned), (slope, v)) in rows.zip(slope.iter().zip(scan.row(scan.value, time))) {
        let (state, turned) = (&state[first..][..N], &mut turned[first..][..N]);
        for i in 0..N {
            receptance[i] = multiply_add::<T, FUSED>(state[i], *slope, receptance[i]);
            key[i] = multiply_add::<T, FUSED>(turned[i], *v, key[i]);
            decay[i] = multiply_add::<T, FUSED>(turned[i], state[i], decay[i]);
            turned[i] = multiply_add::<T, FUSED>(d[i], turned[i], r[i] * *slope);
        }
    }
    for i in 0..N {
        by_receptance[first + i] = receptance[i] + u[i] * k[i] * present;
        by_key[first + i] = key[i] + r[i] * u[i] * present;
        by_decay[first + i] = decay[i];
        by_bonus[first + i] += r[i] * k[i] * present;
    }
}

/// Slopes by v of some entries, whose columns of the slopes by the state go back by one time.
#[inline(always)]
fn by_values<T: Number, const FUSED: bool, const N: usize>(
    scan: Scan<'_, T>,
    time: usize,
    first: usize,
    (slope, own): (&[T], T),
    ahead: &mut [T],
    by_value: &mut [T],
) {
    let (r, k, d) = (scan.row(scan.receptance, time), scan.row(scan.key, time), scan.row(scan.decay, time));
    let slope = &slope[first..][..N];
    let mut sums = [T::ZERO; N];
    for (c, row) in ahead.chunks_exact_mut(scan.width).enumerate() {
        let row = &mut row[first..][..N];
        for i in 0..N {
            sums[i] = multiply_add::<T, FUSED>(k[c], row[i], sums[i]);
            row[i] = multiply_add::<T, FUSED>(d[c], row[i], r[c] * slope[i]);
        }
    }
    for i in 0..N {
        by_value[first + i] = multiply_add::<T, FUSED>(own, slope[i], sums[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    const TIMES: usize = 5;

    /// r, k, v, d and u of one head between others, from −1 to 1, decays from 0 to 1.
    fn inputs(width: usize, stride: usize) -> [Vec<f64>; 5] {
        let mut random = stream(4, "decay");
        let mut draw =
            |count: usize| -> Vec<f64> { (0..count).map(|_| 2.0 * random.unit_f64() - 1.0).collect() };
        let [r, k, v] = [0; 3].map(|_| draw(TIMES * stride));
        let d = draw(TIMES * stride).iter().map(|value| 0.5 + 0.5 * value).collect();
        [r, k, v, d, draw(width)]
    }

    fn scan(of: &[Vec<f64>; 5], width: usize, stride: usize) -> Scan<'_, f64> {
        let [receptance, key, value, decay, bonus] = of;
        Scan { times: TIMES, width, stride, receptance, key, value, decay, bonus }
    }

    /// y by the formula, entry by entry.
    fn plain(of: &[Vec<f64>; 5], width: usize, stride: usize) -> Vec<f64> {
        let [r, k, v, d, u] = of;
        let mut state = vec![0.0; width * width];
        let mut y = vec![0.0; TIMES * stride];
        for at in (0..TIMES).map(|time| time * stride) {
            for (c, j) in (0..width).flat_map(|c| (0..width).map(move |j| (c, j))) {
                let now = k[at + c] * v[at + j];
                y[at + j] += r[at + c] * (state[c * width + j] + u[c] * now);
                state[c * width + j] = d[at + c] * state[c * width + j] + now;
            }
        }
        y
    }

    #[test]
    fn heads_of_all_widths_follow_the_formula_both_ways() {
        for width in [1, 5, 8, 16, 27] {
            let stride = width + 3;
            let of = inputs(width, stride);
            let mut y = vec![0.0; TIMES * stride];
            f64::scan(scan(&of, width, stride), &mut y);
            for (found, expected) in y.iter().zip(plain(&of, width, stride)) {
                assert!((found - expected).abs() < 1e-12, "{width}: {found}, {expected}");
            }
            let mut by = [0; 4].map(|_| vec![0.0; TIMES * stride]);
            let mut bonus = vec![0.0; width];
            let mut slopes = vec![0.0; TIMES * stride];
            let mut random = stream(5, "slopes");
            for row in slopes.chunks_exact_mut(stride) {
                row[..width].iter_mut().for_each(|slope| *slope = random.unit_f64() - 0.5);
            }
            let mut states = vec![f64::NAN; (TIMES + 1) * width * width];
            let [receptance, key, value, decay] = by.each_mut().map(|list| &mut list[..]);
            let gradient = ScanGradient { receptance, key, value, decay, bonus: &mut bonus };
            f64::scan_back(scan(&of, width, stride), &slopes, &mut states, gradient);
            let [r, k, v, d] = by;
            for (list, found) in [r, k, v, d, bonus].into_iter().enumerate() {
                for entry in (0..found.len()).filter(|entry| entry % stride < width).step_by(3) {
                    let at = |shift: f64| {
                        let mut moved = of.clone();
                        moved[list][entry] += shift;
                        let y = plain(&moved, width, stride);
                        y.iter().zip(&slopes).map(|(y, slope)| y * slope).sum::<f64>()
                    };
                    let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let error = (difference - found[entry]).abs();
                    assert!(error < 1e-8, "{width}, list {list}, {entry}: {difference}, {}", found[entry]);
                }
            }
        }
    }
}
