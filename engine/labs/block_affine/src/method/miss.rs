//! MiSS: matrix shard sharing (arXiv 2409.15371, versions 10 to 12; called Bone in versions 4 to 8), and its mini form.
//!
//! `ΔW[o, j] = D[j mod r, o]` for a slab `D [r, out]` that starts at zero. The same as adding `Dᵀ·S` to the output, where S sums the
//! input over blocks of r entries, the last one filled up with zeros; so r need not divide the inputs. No scale. Established: the usual
//! library's code, which tiles the inputs; the paper's prose indexes in another way, and the code is followed.
//! Mini (established, library only): a narrower slab `[r, m]` is repeated along the outputs.

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{AdapterError, Result, check_rank, check_shape};

/// The adapter of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    rank: usize,
    width: usize,
    outputs: usize,
    inputs: usize,
}

impl Miss {
    /// An adapter of rank `rank` for weights `[outputs, inputs]`; refused unless `1 ≤ rank ≤ inputs`.
    pub fn new(rank: usize, outputs: usize, inputs: usize) -> Result<Self> {
        Self::mini(rank, outputs, outputs, inputs)
    }

    /// MiSS-mini: a slab of `width` columns, repeated along the outputs. Refused unless `width` divides them.
    pub fn mini(rank: usize, width: usize, outputs: usize, inputs: usize) -> Result<Self> {
        check_rank("MiSS", rank, inputs, (outputs, inputs))?;
        if width == 0 || !outputs.is_multiple_of(width) {
            return Err(AdapterError::Slab { width, outputs });
        }
        Ok(Self { rank, width, outputs, inputs })
    }

    /// Rows of the slab; no update has a higher rank.
    pub fn rank(self) -> usize {
        self.rank
    }

    /// Trainable parameters: `r·out`, for the mini form `r·m`.
    pub fn parameters(self) -> usize {
        self.rank * self.width
    }

    /// The start, all zero, `[rank, width]`: the layer is the frozen one.
    pub fn start<R: Real>(self) -> Dense<R> {
        Dense::zeros(self.rank, self.width)
    }

    /// The slab repeated along the outputs, `[rank, out]`; itself unless this is the mini form.
    pub fn expanded<R: Real>(self, slab: &Dense<R>) -> Result<Dense<R>> {
        check_shape("slab of MiSS", (self.rank, self.width), slab.shape())?;
        let mut expanded = Dense::zeros(self.rank, self.outputs);
        for start in (0..self.outputs).step_by(self.width) {
            expanded.set_part(0, start, &slab.part(0, 0, self.rank, self.width)?)?;
        }
        Ok(expanded)
    }

    /// `S [n, rank]` of rows `x [n, in]`: entry k sums the inputs `k, k + r, k + 2r, …`.
    pub fn block_sums<R: Real>(self, x: &Dense<R>) -> Result<Dense<R>> {
        check_shape("rows for MiSS", (x.rows(), self.inputs), x.shape())?;
        let mut sums = Dense::zeros(x.rows(), self.rank);
        for (sums, row) in sums.values_mut().chunks_exact_mut(self.rank).zip(x.each_row()) {
            for block in row.chunks(self.rank) {
                sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += *value);
            }
        }
        Ok(sums)
    }

    /// `ΔW [out, in]`.
    pub fn delta<R: Real>(self, slab: &Dense<R>) -> Result<Dense<R>> {
        let by_output = self.expanded(slab)?.transposed();
        let mut delta = Dense::zeros(self.outputs, self.inputs);
        for (row, tile) in delta.values_mut().chunks_exact_mut(self.inputs).zip(by_output.each_row()) {
            row.iter_mut().zip(tile.iter().cycle()).for_each(|(value, entry)| *value = *entry);
        }
        Ok(delta)
    }

    /// `W + ΔW [out, in]`.
    pub fn merged<R: Real>(self, weight: &Dense<R>, slab: &Dense<R>) -> Result<Dense<R>> {
        Ok(weight.plus_scaled(R::ONE, &self.delta(slab)?)?)
    }

    /// What the adapter adds to the output, `S·D`, `[n, out]`, without forming ΔW.
    pub fn addition<R: Real>(self, slab: &Dense<R>, x: &Dense<R>) -> Result<Dense<R>> {
        Ok(self.block_sums(x)?.times(&self.expanded(slab)?)?)
    }

    /// `∂L/∂D [rank, width]` from `upstream = ∂L/∂y [n, out]` and the rows `x [n, in]`.
    pub fn gradient<R: Real>(self, upstream: &Dense<R>, x: &Dense<R>) -> Result<Dense<R>> {
        self.folded(&self.block_sums(x)?.transposed_times(upstream)?)
    }

    /// `∂L/∂D [rank, width]` from `∂L/∂(W + ΔW) [out, in]`: the sum over the inputs that share an entry.
    pub fn gradient_of_weights<R: Real>(self, upstream: &Dense<R>) -> Result<Dense<R>> {
        self.folded(&self.block_sums(upstream)?.transposed())
    }

    /// Sums `[rank, out]` over the outputs that share an entry.
    fn folded<R: Real>(self, wide: &Dense<R>) -> Result<Dense<R>> {
        check_shape("gradient of a slab", (self.rank, self.outputs), wide.shape())?;
        let mut folded = self.start();
        for start in (0..self.outputs).step_by(self.width) {
            folded.add_scaled(R::ONE, &wide.part(0, start, self.rank, self.width)?)?;
        }
        Ok(folded)
    }

    /// The fixed factor `A [rank, in]` with which MiSS is a LoRA (exact, established: the library's conversion): `A[k, j] = 1` where
    /// `j mod r = k`, else 0; then `B = Dᵀ` and the scale is 1.
    pub fn fixed_factor<R: Real>(self) -> Dense<R> {
        let mut factor = Dense::zeros(self.rank, self.inputs);
        for (k, row) in factor.values_mut().chunks_exact_mut(self.inputs).enumerate() {
            row.iter_mut().skip(k).step_by(self.rank).for_each(|value| *value = R::ONE);
        }
        factor
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{differences, random, weighted_sum};
    use super::*;
    use weightscope_math::linalg::{rank::numerical_rank, singular_values};

    #[test]
    fn gradients_agree_with_differences() {
        let (weight, x, upstream) = (random("weight", 6, 7), random("x", 3, 7), random("upstream", 3, 6));
        for adapter in [Miss::new(3, 6, 7).unwrap(), Miss::mini(3, 2, 6, 7).unwrap()] {
            let slab = random("slab", 3, adapter.parameters() / 3);
            let gradient = adapter.gradient(&upstream, &x).unwrap();
            differences(&slab, gradient.values(), |slab| {
                weighted_sum(&adapter.addition(slab, &x).unwrap(), &upstream)
            });
            let whole = upstream.transposed_times(&x).unwrap();
            differences(&slab, adapter.gradient_of_weights(&whole).unwrap().values(), |slab| {
                weighted_sum(&adapter.merged(&weight, slab).unwrap(), &whole)
            });
        }
    }

    #[test]
    fn no_update_has_a_higher_rank() {
        let delta = Miss::new(2, 6, 7).unwrap().delta(&random("slab", 2, 6)).unwrap();
        let values = singular_values(&delta.to_matrix()).unwrap();
        assert_eq!(numerical_rank(&values, 1e-10), Some(2));
    }

    #[test]
    fn impossible_slabs_are_refused() {
        assert!(Miss::new(0, 6, 7).is_err() && Miss::new(8, 6, 7).is_err());
        let miss = Miss::new(3, 6, 7).unwrap();
        assert!(miss.block_sums(&random("x", 2, 8)).is_err(), "a wider row is no row of this layer");
        assert!(
            miss.delta(&random("slab", 3, 7)).is_err()
                && miss.gradient_of_weights(&random("g", 5, 7)).is_err()
        );
        assert!(Miss::mini(3, 4, 6, 7).is_err() && Miss::mini(3, 0, 6, 7).is_err());
    }
}
