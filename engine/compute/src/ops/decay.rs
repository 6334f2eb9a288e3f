//! The recurrence of an RWKV-6-like time mix with its way back, one head of one row of tokens at a time.
//!
//! `y_t = r_tᵀ(S + diag(u)·k_t·v_tᵀ)`, then `S ← diag(d_t)·S + k_t·v_tᵀ`. With heads narrower than the context it costs less than the
//! parallel form, and has no exponentials that could overflow; both give the same numbers (`method::rwkv` compares them).

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
}

#[inline(always)]
fn add_scaled<T: Number, const FUSED: bool>(target: &mut [T], factor: T, values: &[T]) {
    for (target, value) in target.iter_mut().zip(values) {
        *target = if FUSED { factor.fused(*value, *target) } else { *target + factor * *value };
    }
}

/// `y` of all times, from a state of zeros.
#[inline(always)]
pub fn forward<T: Number, const FUSED: bool>(scan: Scan<'_, T>, out: &mut [T]) {
    let mut state = vec![T::ZERO; scan.width * scan.width];
    for time in 0..scan.times {
        let (r, k, v, d) = (
            scan.row(scan.receptance, time),
            scan.row(scan.key, time),
            scan.row(scan.value, time),
            scan.row(scan.decay, time),
        );
        let y = &mut out[time * scan.stride..][..scan.width];
        y.fill(T::ZERO);
        let mut own = T::ZERO;
        for (c, row) in state.chunks_exact_mut(scan.width).enumerate() {
            add_scaled::<T, FUSED>(y, r[c], row);
            own += r[c] * scan.bonus[c] * k[c];
            for (entry, v) in row.iter_mut().zip(v) {
                *entry = d[c] * *entry + k[c] * *v;
            }
        }
        add_scaled::<T, FUSED>(y, own, v);
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
        let (k, v, d) = (scan.row(scan.key, time), scan.row(scan.value, time), scan.row(scan.decay, time));
        for (c, (before, after)) in before.chunks_exact(width).zip(after.chunks_exact_mut(width)).enumerate()
        {
            for ((after, before), v) in after.iter_mut().zip(before).zip(v) {
                *after = d[c] * *before + k[c] * *v;
            }
        }
    }
    // Slopes by the state after the present time.
    let mut ahead = vec![T::ZERO; size];
    for time in (0..scan.times).rev() {
        let (r, k, v, d) = (
            scan.row(scan.receptance, time),
            scan.row(scan.key, time),
            scan.row(scan.value, time),
            scan.row(scan.decay, time),
        );
        let slope = scan.row(slopes, time);
        let present = dot(slope, v);
        let place = time * scan.stride..time * scan.stride + width;
        let by_value = &mut by.value[place.clone()];
        by_value.fill(T::ZERO);
        let mut own = T::ZERO;
        let state = &states[time * size..][..size];
        for (c, (row, ahead)) in state.chunks_exact(width).zip(ahead.chunks_exact_mut(width)).enumerate() {
            let u = scan.bonus[c];
            by.receptance[place.start + c] = dot(row, slope) + u * k[c] * present;
            by.key[place.start + c] = r[c] * u * present + dot(ahead, v);
            by.decay[place.start + c] = dot(ahead, row);
            by.bonus[c] += r[c] * k[c] * present;
            own += r[c] * u * k[c];
            add_scaled::<T, FUSED>(by_value, k[c], ahead);
            for (ahead, slope) in ahead.iter_mut().zip(slope) {
                *ahead = d[c] * *ahead + r[c] * *slope;
            }
        }
        add_scaled::<T, FUSED>(by_value, own, slope);
    }
}
