//! The matrix products of the population: small, dense, in single precision, on panels of sixteen columns.
//!
//! Two kernels carry everything: [`product`] (rows times weights, forward and backward) and the outer products
//! (activations times deltas, the gradient), whose result goes straight into a [`Sink`], so that a step of gradient
//! descent never writes its gradient to memory. Each function is compiled for several instruction sets and the one the
//! machine has is chosen at run time.
//! Contract: nothing is allocated; each number is summed in an order that depends on the sizes only.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]
#![expect(clippy::needless_range_loop, reason = "loops of constant length over several arrays at once")]

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::lane::{LANES, Lane};

/// Rows of a tile.
const ROWS: usize = 4;
/// Rows of a tile of one panel: as many as registers hold, and more than wait for each other.
const TALL: usize = 6;
/// Inputs of an outer product at once where a lane is more than one register.
const HALF: usize = 2;

/// What a product is added to.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// Nothing.
    Zero,
    /// One row for all, a lane for each panel: the biases.
    Row(&'a [Lane]),
    /// What stands in the output already.
    Output,
}

/// `output = start + input · weights`.
///
/// `input` has panels of `rows` lanes and holds as many columns as `weights` has lanes in a panel (`inner`, padded);
/// `output` has one panel for each of the weights.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn product(
    input: &[Lane],
    rows: usize,
    weights: &[Lane],
    inner: usize,
    output: &mut [Lane],
    start: Start<'_>,
) {
    let sizes = Product { input, rows, weights, inner };
    if target_cfg_f!(target_feature = "avx512f") {
        sizes.run::<true, true>(output, start);
    } else if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        sizes.run::<true, false>(output, start);
    } else {
        sizes.run::<false, false>(output, start);
    }
}

#[derive(Clone, Copy)]
struct Product<'a> {
    input: &'a [Lane],
    rows: usize,
    weights: &'a [Lane],
    inner: usize,
}

impl Product<'_> {
    /// `WIDE`: one lane is one register and there are 32 of them, so a tile may span four panels.
    #[inline(always)]
    fn run<const FUSED: bool, const WIDE: bool>(&self, output: &mut [Lane], start: Start<'_>) {
        let panels = self.weights.len() / self.inner.max(1);
        let mut panel = 0;
        if WIDE {
            while panel + 4 <= panels {
                self.panel_rows::<FUSED, 4>(panel, output, start);
                panel += 4;
            }
            while panel + 2 <= panels {
                self.panel_rows::<FUSED, 2>(panel, output, start);
                panel += 2;
            }
        }
        while panel < panels {
            self.panel_rows::<FUSED, 1>(panel, output, start);
            panel += 1;
        }
    }

    #[inline(always)]
    fn panel_rows<const FUSED: bool, const PANELS: usize>(
        &self,
        panel: usize,
        output: &mut [Lane],
        start: Start<'_>,
    ) {
        let mut row = 0;
        // Two tiles of four are better than a tall one and two rows.
        while PANELS == 1 && row + TALL <= self.rows && row + 2 * ROWS != self.rows {
            self.tile::<FUSED, TALL, PANELS>(row, panel, output, start);
            row += TALL;
        }
        while row + ROWS <= self.rows {
            self.tile::<FUSED, ROWS, PANELS>(row, panel, output, start);
            row += ROWS;
        }
        while row < self.rows {
            self.tile::<FUSED, 1, PANELS>(row, panel, output, start);
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<const FUSED: bool, const R: usize, const P: usize>(
        &self,
        row: usize,
        panel: usize,
        output: &mut [Lane],
        start: Start<'_>,
    ) {
        let Self { input, rows, weights, inner } = *self;
        let mut sums = [[Lane::ZERO; R]; P];
        match start {
            Start::Zero => {}
            Start::Row(biases) => {
                for (sums, bias) in sums.iter_mut().zip(&biases[panel..panel + P]) {
                    *sums = [*bias; R];
                }
            }
            Start::Output => {
                for (p, sums) in sums.iter_mut().enumerate() {
                    sums.copy_from_slice(&output[(panel + p) * rows + row..][..R]);
                }
            }
        }
        let columns: [&[[Lane; LANES]]; P] =
            std::array::from_fn(|p| weights[(panel + p) * inner..][..inner].as_chunks().0);
        for block in 0..inner / LANES {
            let inputs = &input[block * rows + row..][..R];
            let weights: [&[Lane; LANES]; P] = std::array::from_fn(|p| &columns[p][block]);
            for k in 0..LANES {
                for p in 0..P {
                    let weight = weights[p][k];
                    for r in 0..R {
                        sums[p][r].add_scaled::<FUSED>(inputs[r].0[k], &weight);
                    }
                }
            }
        }
        for (p, sums) in sums.iter().enumerate() {
            output[(panel + p) * rows + row..][..R].copy_from_slice(sums);
        }
    }
}

/// Where an outer product goes. `at` is the first lane of the tile in the packed vector.
pub(super) trait Sink {
    /// Takes the next lanes of the gradient.
    fn take<const FUSED: bool, const N: usize>(&mut self, at: usize, tile: &[Lane; N]);
}

/// Puts the gradient down.
pub(super) struct Store<'a>(pub(super) &'a mut [Lane]);

impl Sink for Store<'_> {
    #[inline(always)]
    fn take<const FUSED: bool, const N: usize>(&mut self, at: usize, tile: &[Lane; N]) {
        self.0[at..at + N].copy_from_slice(tile);
    }
}

/// Adds it to what is there.
pub(super) struct Add<'a>(pub(super) &'a mut [Lane]);

impl Sink for Add<'_> {
    #[inline(always)]
    fn take<const FUSED: bool, const N: usize>(&mut self, at: usize, tile: &[Lane; N]) {
        for (sum, lane) in self.0[at..at + N].iter_mut().zip(tile) {
            sum.add(lane);
        }
    }
}

/// Learning rate, momentum and coupled weight decay of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate.
    pub learning_rate: f32,
    /// Decay of the velocity.
    pub momentum: f32,
    /// Weight decay, on all parameters.
    pub weight_decay: f32,
}

/// Makes the step: v ← m·v + (g + d·w), w ← w − r·v.
pub(super) struct Descend<'a> {
    pub(super) weights: &'a mut [Lane],
    pub(super) velocity: &'a mut [Lane],
    pub(super) rates: Rates,
}

impl Sink for Descend<'_> {
    #[inline(always)]
    fn take<const FUSED: bool, const N: usize>(&mut self, at: usize, tile: &[Lane; N]) {
        let Rates { learning_rate, momentum, weight_decay } = self.rates;
        let weights = &mut self.weights[at..at + N];
        let velocity = &mut self.velocity[at..at + N];
        for ((weight, velocity), slope) in weights.iter_mut().zip(velocity).zip(tile) {
            let mut force = *slope;
            force.add_scaled::<FUSED>(weight_decay, weight);
            force.add_scaled::<FUSED>(momentum, velocity);
            *velocity = force;
            weight.add_scaled::<FUSED>(-learning_rate, &force);
        }
    }
}

/// A layer's part of the gradient: which lanes of the packed vector it fills, and from how many inputs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// First lane of the weights.
    pub(super) weights: usize,
    /// First lane of the biases.
    pub(super) biases: usize,
    /// Inputs of the layer.
    pub(super) inputs: usize,
    /// Inputs with padding.
    pub(super) padded_inputs: usize,
    /// Whether the column sums of the deltas go to the biases.
    pub(super) with_biases: bool,
}

macro_rules! outer {
    ($($(#[$meta:meta])* $name:ident, $sink:ty;)+) => {
        $(
            $(#[$meta])*
            #[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
            pub(super) fn $name(input: &[Lane], delta: &[Lane], rows: usize, place: Place, sink: &mut $sink) {
                if target_cfg_f!(target_feature = "avx512f") {
                    outer::<true, ROWS>(input, delta, rows, place, sink);
                } else if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
                    outer::<true, HALF>(input, delta, rows, place, sink);
                } else {
                    outer::<false, HALF>(input, delta, rows, place, sink);
                }
            }
        )+
    };
}

outer! {
    /// Puts `inputᵀ · delta` and the column sums of `delta` down.
    outer_store, Store<'_>;
    /// Adds them.
    outer_add, Add<'_>;
    /// Descends along them.
    outer_descend, Descend<'_>;
}

/// `N` inputs at a time: two sums of each are kept in registers.
#[inline(always)]
fn outer<const FUSED: bool, const N: usize>(
    input: &[Lane],
    delta: &[Lane],
    rows: usize,
    place: Place,
    sink: &mut impl Sink,
) {
    if rows == 0 {
        return;
    }
    for (panel, delta) in delta.chunks_exact(rows).enumerate() {
        for (block, input) in input.chunks_exact(rows).enumerate() {
            let used = (place.inputs - block * LANES).min(LANES);
            for part in 0..used.div_ceil(N) {
                // Two sums in turn: one alone would wait for itself.
                let mut even = [Lane::ZERO; N];
                let mut odd = [Lane::ZERO; N];
                let (inputs, last_input) = input.as_chunks::<2>();
                let (deltas, last_delta) = delta.as_chunks::<2>();
                for (inputs, deltas) in inputs.iter().zip(deltas) {
                    let first: [f32; N] = std::array::from_fn(|r| inputs[0].0[part * N + r]);
                    let second: [f32; N] = std::array::from_fn(|r| inputs[1].0[part * N + r]);
                    for r in 0..N {
                        even[r].add_scaled::<FUSED>(first[r], &deltas[0]);
                    }
                    for r in 0..N {
                        odd[r].add_scaled::<FUSED>(second[r], &deltas[1]);
                    }
                }
                for (input, delta) in last_input.iter().zip(last_delta) {
                    for r in 0..N {
                        even[r].add_scaled::<FUSED>(input.0[part * N + r], delta);
                    }
                }
                for r in 0..N {
                    even[r].add(&odd[r]);
                }
                let sums = even;
                let at = place.weights + panel * place.padded_inputs + block * LANES + part * N;
                sink.take::<FUSED, N>(at, &sums);
            }
        }
        if place.with_biases {
            let mut sum = Lane::ZERO;
            for delta in delta {
                sum.add_scaled::<FUSED>(1.0, delta);
            }
            sink.take::<FUSED, 1>(place.biases + panel, &[sum]);
        }
    }
}

/// Weights with inputs and outputs exchanged, for the way back: panel by panel of the inputs, one lane for each (padded) output.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn transpose(weights: &[Lane], padded_inputs: usize, transposed: &mut [Lane]) {
    let panels = weights.len() / padded_inputs.max(1);
    let padded_outputs = panels * LANES;
    for panel in 0..panels {
        let (blocks, _) = weights[panel * padded_inputs..][..padded_inputs].as_chunks::<LANES>();
        for (block, tile) in blocks.iter().enumerate() {
            let target = &mut transposed[block * padded_outputs + panel * LANES..][..LANES];
            for (output, lane) in target.iter_mut().enumerate() {
                for input in 0..LANES {
                    lane.0[input] = tile[input].0[output];
                }
            }
        }
    }
}

/// Panels of rows with rows and columns exchanged: sixteen rows to a panel, one lane for each (padded) column; rows beyond the last are
/// left as they are.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn turn(lanes: &[Lane], rows: usize, turned: &mut [Lane]) {
    let columns = lanes.len() / rows.max(1) * LANES;
    for (panel, lanes) in lanes.chunks_exact(rows.max(1)).enumerate() {
        for (block, lanes) in lanes.chunks(LANES).enumerate() {
            let target = &mut turned[block * columns + panel * LANES..][..LANES];
            for (row, lane) in lanes.iter().enumerate() {
                for column in 0..LANES {
                    target[column].0[row] = lane.0[column];
                }
            }
        }
    }
}

/// The way back of [`turn`].
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn turn_back(turned: &[Lane], rows: usize, lanes: &mut [Lane]) {
    let columns = lanes.len() / rows.max(1) * LANES;
    for (panel, lanes) in lanes.chunks_exact_mut(rows.max(1)).enumerate() {
        for (block, lanes) in lanes.chunks_mut(LANES).enumerate() {
            let source = &turned[block * columns + panel * LANES..][..LANES];
            for (row, lane) in lanes.iter_mut().enumerate() {
                for column in 0..LANES {
                    lane.0[column] = source[column].0[row];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::panels;
    use weightscope_math::rng::stream;

    fn random(count: usize, purpose: &str) -> Vec<f32> {
        let mut values = vec![0.0; count];
        stream(3, purpose).fill_normal(&mut values);
        values
    }

    /// Row-major values as panels.
    fn to_panels(values: &[f32], rows: usize, columns: usize) -> Vec<Lane> {
        let mut lanes = vec![Lane::ZERO; panels(columns) * rows];
        for row in 0..rows {
            for column in 0..columns {
                lanes[column / LANES * rows + row].0[column % LANES] = values[row * columns + column];
            }
        }
        lanes
    }

    #[test]
    fn products_agree_with_a_plain_loop_at_all_sizes() {
        for (rows, inner, outer) in
            [(1, 1, 1), (3, 5, 17), (4, 16, 16), (7, 64, 10), (9, 33, 70), (16, 128, 128)]
        {
            let (a, b) = (random(rows * inner, "a"), random(inner * outer, "b"));
            let input = to_panels(&a, rows, inner);
            // Weights have one lane for each padded input.
            let padded = panels(inner) * LANES;
            let mut filled = b.clone();
            filled.resize(padded * outer, 0.0);
            let weights = to_panels(&filled, padded, outer);
            let mut output = vec![Lane([1.0; LANES]); panels(outer) * rows];
            for round in 1..=2 {
                product(
                    &input,
                    rows,
                    &weights,
                    padded,
                    &mut output,
                    if round == 1 { Start::Zero } else { Start::Output },
                );
                for row in 0..rows {
                    for column in 0..outer {
                        let exact: f64 = (0..inner)
                            .map(|k| f64::from(a[row * inner + k]) * f64::from(b[k * outer + column]))
                            .sum();
                        let found = output[column / LANES * rows + row].0[column % LANES];
                        let error = (f64::from(found) - f64::from(round) * exact).abs();
                        assert!(error < 2e-4, "{rows}×{inner}×{outer} at {row}, {column}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let weights = to_panels(&random(32 * 48, "w"), 32, 48);
        let mut there = vec![Lane::ZERO; weights.len()];
        let mut back = there.clone();
        transpose(&weights, 32, &mut there);
        transpose(&there, 48, &mut back);
        assert_eq!(back, weights);
        for rows in [1, 16, 21] {
            let lanes = to_panels(&random(rows * 35, "t"), rows, 35);
            let mut turned = vec![Lane::ZERO; panels(rows) * panels(35) * LANES];
            turn(&lanes, rows, &mut turned);
            let mut back = vec![Lane::ZERO; lanes.len()];
            turn_back(&turned, rows, &mut back);
            assert_eq!(back, lanes);
        }
    }
}
