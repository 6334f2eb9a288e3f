//! Sixteen neighbouring numbers as the unit of storage and arithmetic, and sums over lists of them.
//!
//! A matrix of `rows × columns` is kept as panels of sixteen columns: panel `p` holds `rows` lanes, one for each row.
//! Columns beyond the last are zero and stay zero. So the inner loops have a fixed length and no remainder, and one
//! lane is a register of the widest instruction set.
//! Contract: sums are taken in a fixed order, so that the same machine gives the same bits whatever the thread count.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use bytemuck::{Pod, Zeroable};
use multiversion::multiversion;

use weightscope_math::linalg::lanczos::Element;

/// Numbers in a lane.
pub const LANES: usize = 16;

/// A fixed number of 32-bit floats that are computed at once.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Lane(pub [f32; LANES]);

impl Lane {
    /// All zero.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// `self += scalar · other`, fused where the machine fuses.
    #[inline(always)]
    pub(super) fn add_scaled<const FUSED: bool>(&mut self, scalar: f32, other: &Self) {
        for (sum, value) in self.0.iter_mut().zip(&other.0) {
            *sum = if FUSED { scalar.mul_add(*value, *sum) } else { scalar * *value + *sum };
        }
    }

    /// `self += other`.
    #[inline(always)]
    pub(super) fn add(&mut self, other: &Self) {
        for i in 0..LANES {
            self.0[i] += other.0[i];
        }
    }

    /// Sum of the numbers, as a tree.
    #[inline(always)]
    pub(super) fn sum(&self) -> f32 {
        self.tree(|a, b| a + b)
    }

    /// Largest of the numbers; a NaN is passed over.
    #[inline(always)]
    pub(super) fn max(&self) -> f32 {
        self.tree(|a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn tree(&self, join: impl Fn(f32, f32) -> f32) -> f32 {
        let x = &self.0;
        let eight: [f32; 8] = std::array::from_fn(|i| join(x[i], x[i + 8]));
        let four: [f32; 4] = std::array::from_fn(|i| join(eight[i], eight[i + 4]));
        join(join(four[0], four[2]), join(four[1], four[3]))
    }
}

/// The numbers of lanes in a row. Passes over elements use it: over lanes, compilers turn the loops inside out.
#[inline(always)]
pub fn flat(lanes: &[Lane]) -> &[f32] {
    bytemuck::cast_slice(lanes)
}

/// The same for writing.
#[inline(always)]
pub fn flat_mut(lanes: &mut [Lane]) -> &mut [f32] {
    bytemuck::cast_slice_mut(lanes)
}

/// Panels that hold `columns` columns.
pub const fn panels(columns: usize) -> usize {
    columns.div_ceil(LANES)
}

/// Inner product in double precision.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub fn dot(a: &[Lane], b: &[Lane]) -> f64 {
    let mut sums = [0.0_f64; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.0.iter().zip(&b.0)) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums.iter().sum()
}

/// Euclidean norm.
pub fn norm(values: &[Lane]) -> f64 {
    dot(values, values).sqrt()
}

/// `values *= factor`.
pub fn scale(values: &mut [Lane], factor: f32) {
    for value in flat_mut(values) {
        *value *= factor;
    }
}

/// `target += factor · values`.
pub fn add_scaled(target: &mut [Lane], factor: f32, values: &[Lane]) {
    for (target, value) in flat_mut(target).iter_mut().zip(flat(values)) {
        *target += factor * value;
    }
}

/// `target = Σ factor · values` over the pairs given.
pub fn combine(target: &mut [Lane], parts: &[(f32, &[Lane])]) {
    target.fill(Lane::ZERO);
    for (factor, values) in parts {
        add_scaled(target, *factor, values);
    }
}

impl Element for Lane {
    const ZERO: Self = Self::ZERO;
    const BREAKDOWN: f64 = 1e-6;
    const LEAST: f64 = f32::MIN_POSITIVE as f64;

    fn dot(a: &[Self], b: &[Self]) -> f64 {
        dot(a, b)
    }

    fn add_scaled(target: &mut [Self], factor: f64, values: &[Self]) {
        add_scaled(target, factor as f32, values);
    }

    fn scale(values: &mut [Self], factor: f64) {
        scale(values, factor as f32);
    }
}
