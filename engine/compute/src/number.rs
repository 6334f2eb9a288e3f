//! The two precisions of a pass, and the operations that are compiled for several instruction sets, one of which is chosen at run time.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use weightscope_math::real::Real;
use weightscope_math::special::gelu::value_and_slope;
use weightscope_math::special::normal;

use crate::ops::correlate::{self, Patches};
use crate::ops::decay::{self, Scan, ScanGradient};
use crate::ops::gates;
use crate::ops::norms::{self, Norm};
use crate::ops::rows;
use crate::ops::tile::{self, LANES, Left, Right, TALL, TALLEST};

/// f32 or f64, with the vectorised operations of a pass.
pub trait Number: Real {
    /// `self·a + b`, rounded once.
    #[must_use]
    fn fused(self, a: Self, b: Self) -> Self;

    /// `x·Φ(x)` and its derivative, with the normal distribution function Φ.
    fn gelu_and_slope(self) -> (Self, Self);

    /// `out = left·right`, or added to what is there; see [`tile::product`].
    fn product(
        left: Left<'_, Self>,
        rows: usize,
        right: Right<'_, Self>,
        sizes: (usize, usize),
        out: (&mut [Self], usize),
        adds: bool,
    );

    /// The same with rows and columns of the result exchanged; see [`tile::product_across`].
    fn product_across(
        left: Left<'_, Self>,
        rows: usize,
        right: &[[Self; LANES]],
        sizes: (usize, usize),
        out: (&mut [Self], usize),
        adds: bool,
    );

    /// Products of patches with kernels; see [`correlate::forward`].
    fn correlate(patches: Patches<'_, Self>, right: &[[Self; LANES]], columns: usize, out: &mut [Self]);

    /// Their way back to the kernels; see [`correlate::by_kernel`].
    fn correlate_by_kernel(
        patches: Patches<'_, Self>,
        slopes: &[[Self; LANES]],
        columns: usize,
        out: &mut [Self],
    );

    /// Softmax of causal scores; see [`rows::causal_softmax`].
    fn causal_softmax(scores: &mut [Self], times: usize, factor: Self);

    /// Softmax of rows; see [`rows::softmax`].
    fn softmax(scores: &mut [Self], length: usize, factor: Self);

    /// The way back of both; see [`rows::softmax_back`].
    fn softmax_back(weights: &[Self], slopes: &mut [Self], times: usize, factor: Self);

    /// Loss of rows of logits, which become its slopes; see [`rows::cross_entropy`].
    fn cross_entropy(logits: &mut [Self], targets: &[u32], share: Self) -> f64;

    /// A norm of rows; see [`norms::forward`].
    fn norm(norm: Norm<'_, Self>, x: &[Self], out: &mut [Self], scales: &mut [Self]);

    /// Its way back; see [`norms::backward`].
    fn norm_back(
        norm: Norm<'_, Self>,
        x: &[Self],
        scales: &[Self],
        slopes: &[Self],
        x_slopes: &mut [Self],
        own: (&mut [Self], &mut [Self]),
    );

    /// `silu(gate)·up`; see [`gates::swiglu`].
    fn swiglu(gate: &[Self], up: &[Self], out: &mut [Self]);

    /// Its way back; see [`gates::swiglu_back`].
    fn swiglu_back(gate: &mut [Self], up: &mut [Self], slopes: &[Self]);

    /// An elementwise function; see [`gates::apply`].
    fn apply(gate: gates::Gate, x: &[Self], out: &mut [Self]);

    /// Its way back; see [`gates::apply_back`].
    fn apply_back(gate: gates::Gate, x: &[Self], slopes: &mut [Self]);

    /// The recurrence of a time mix; see [`decay::forward`].
    fn scan(scan: Scan<'_, Self>, out: &mut [Self]);

    /// Its way back; see [`decay::backward`].
    fn scan_back(scan: Scan<'_, Self>, slopes: &[Self], states: &mut [Self], by: ScanGradient<'_, Self>);
}

macro_rules! numbers {
    ($($number:ident in $module:ident: $gelu:expr;)+) => {
        $(
            mod $module {
                use super::*;

                numbers! { @ $number
                    fn correlate(patches: Patches<'_, $number>, right: &[[$number; LANES]], columns: usize, out: &mut [$number]) = correlate::forward;
                    fn correlate_by_kernel(patches: Patches<'_, $number>, slopes: &[[$number; LANES]], columns: usize, out: &mut [$number]) = correlate::by_kernel;
                    fn causal_softmax(scores: &mut [$number], times: usize, factor: $number) = rows::causal_softmax;
                    fn softmax(scores: &mut [$number], length: usize, factor: $number) = rows::softmax;
                    fn softmax_back(weights: &[$number], slopes: &mut [$number], times: usize, factor: $number) = rows::softmax_back;
                    fn norm(norm: Norm<'_, $number>, x: &[$number], out: &mut [$number], scales: &mut [$number]) = norms::forward;
                    fn norm_back(norm: Norm<'_, $number>, x: &[$number], scales: &[$number], slopes: &[$number], x_slopes: &mut [$number], own: (&mut [$number], &mut [$number])) = norms::backward;
                    fn swiglu(gate: &[$number], up: &[$number], out: &mut [$number]) = gates::swiglu;
                    fn swiglu_back(gate: &mut [$number], up: &mut [$number], slopes: &[$number]) = gates::swiglu_back;
                    fn apply(gate: gates::Gate, x: &[$number], out: &mut [$number]) = gates::apply;
                    fn apply_back(gate: gates::Gate, x: &[$number], slopes: &mut [$number]) = gates::apply_back;
                    fn scan(scan: Scan<'_, $number>, out: &mut [$number]) = decay::forward;
                    fn scan_back(scan: Scan<'_, $number>, slopes: &[$number], states: &mut [$number], by: ScanGradient<'_, $number>) = decay::backward;
                }

                numbers! { @ tall $number
                    fn product(left: Left<'_, $number>, rows: usize, right: Right<'_, $number>, sizes: (usize, usize), out: (&mut [$number], usize), adds: bool);
                    fn product_across(left: Left<'_, $number>, rows: usize, right: &[[$number; LANES]], sizes: (usize, usize), out: (&mut [$number], usize), adds: bool);
                }

                #[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
                pub(super) fn cross_entropy(logits: &mut [$number], targets: &[u32], share: $number) -> f64 {
                    rows::cross_entropy(logits, targets, share)
                }
            }

            impl Number for $number {
                #[inline]
                fn fused(self, a: Self, b: Self) -> Self {
                    self.mul_add(a, b)
                }

                #[inline]
                fn gelu_and_slope(self) -> (Self, Self) {
                    $gelu(self)
                }

                fn product(left: Left<'_, Self>, rows: usize, right: Right<'_, Self>, sizes: (usize, usize), out: (&mut [Self], usize), adds: bool) {
                    $module::product(left, rows, right, sizes, out, adds);
                }

                fn product_across(left: Left<'_, Self>, rows: usize, right: &[[Self; LANES]], sizes: (usize, usize), out: (&mut [Self], usize), adds: bool) {
                    $module::product_across(left, rows, right, sizes, out, adds);
                }

                fn correlate(patches: Patches<'_, Self>, right: &[[Self; LANES]], columns: usize, out: &mut [Self]) {
                    $module::correlate(patches, right, columns, out);
                }

                fn correlate_by_kernel(patches: Patches<'_, Self>, slopes: &[[Self; LANES]], columns: usize, out: &mut [Self]) {
                    $module::correlate_by_kernel(patches, slopes, columns, out);
                }

                fn causal_softmax(scores: &mut [Self], times: usize, factor: Self) {
                    $module::causal_softmax(scores, times, factor);
                }

                fn softmax(scores: &mut [Self], length: usize, factor: Self) {
                    $module::softmax(scores, length, factor);
                }

                fn softmax_back(weights: &[Self], slopes: &mut [Self], times: usize, factor: Self) {
                    $module::softmax_back(weights, slopes, times, factor);
                }

                fn cross_entropy(logits: &mut [Self], targets: &[u32], share: Self) -> f64 {
                    $module::cross_entropy(logits, targets, share)
                }

                fn norm(norm: Norm<'_, Self>, x: &[Self], out: &mut [Self], scales: &mut [Self]) {
                    $module::norm(norm, x, out, scales);
                }

                fn norm_back(norm: Norm<'_, Self>, x: &[Self], scales: &[Self], slopes: &[Self], x_slopes: &mut [Self], own: (&mut [Self], &mut [Self])) {
                    $module::norm_back(norm, x, scales, slopes, x_slopes, own);
                }

                fn swiglu(gate: &[Self], up: &[Self], out: &mut [Self]) {
                    $module::swiglu(gate, up, out);
                }

                fn swiglu_back(gate: &mut [Self], up: &mut [Self], slopes: &[Self]) {
                    $module::swiglu_back(gate, up, slopes);
                }

                fn apply(gate: gates::Gate, x: &[Self], out: &mut [Self]) {
                    $module::apply(gate, x, out);
                }

                fn apply_back(gate: gates::Gate, x: &[Self], slopes: &mut [Self]) {
                    $module::apply_back(gate, x, slopes);
                }

                fn scan(scan: Scan<'_, Self>, out: &mut [Self]) {
                    $module::scan(scan, out);
                }

                fn scan_back(scan: Scan<'_, Self>, slopes: &[Self], states: &mut [Self], by: ScanGradient<'_, Self>) {
                    $module::scan_back(scan, slopes, states, by);
                }
            }
        )+
    };
    // Products, in tiles as high as registers allow.
    (@ tall $number:ident $(fn $name:ident($($argument:ident: $kind:ty),+);)+) => {
        $(
            #[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
            pub(super) fn $name($($argument: $kind),+) {
                if cfg!(target_arch = "aarch64") {
                    tile::$name::<$number, true, TALL>($($argument),+);
                } else if target_cfg_f!(target_feature = "avx512f") {
                    tile::$name::<$number, true, TALLEST>($($argument),+);
                } else if target_cfg_f!(target_feature = "fma") {
                    tile::$name::<$number, true, TALL>($($argument),+);
                } else {
                    tile::$name::<$number, false, TALL>($($argument),+);
                }
            }
        )+
    };
    (@ $number:ident $(fn $name:ident($($argument:ident: $kind:ty),+) = $outer:ident::$inner:ident;)+) => {
        $(
            #[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
            pub(super) fn $name($($argument: $kind),+) {
                if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
                    $outer::$inner::<$number, true>($($argument),+);
                } else {
                    $outer::$inner::<$number, false>($($argument),+);
                }
            }
        )+
    };
}

numbers! {
    f32 in single: value_and_slope;
    f64 in double: gelu_in_double;
}

/// `x·Φ(x)` and its derivative in double precision.
fn gelu_in_double(x: f64) -> (f64, f64) {
    let below = normal::cdf(x);
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (x * below, below + x * density)
}
