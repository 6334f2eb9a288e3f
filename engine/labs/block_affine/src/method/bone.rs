//! Bone with a weight guide (arXiv 2409.15371, versions 1 to 3; since version 4 the column form is called Bat).
//!
//! W is cut into blocks `W[a, c]` of `b × b`: output block a, input block c. The update of a block is `W[a, c]·B + B`, and the variants
//! differ in which blocks share their B: one for each output block (column, established: `boneLinear.py` and the usual library), one
//! for each input block (row, established: the RWKV code of September 2024), one for all (free, inferred: a figure without code).
//!
//! All B start at zero, so the first step starts from the frozen layer; the first gradient is not zero, unlike LoRA's by A.
//! W is a constant: nothing is differentiated by it.

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{AdapterError, Result, check_shape};

/// Which blocks share their matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// One matrix for each output block: `ΔW[a, c] = W[a, c]·B[a] + B[a]` (Bone of versions 1 to 3, Bat since).
    Column,
    /// One matrix for each input block: `ΔW[a, c] = W[a, c]·B[c] + B[c]`.
    Row,
    /// One matrix for all blocks: `ΔW[a, c] = W[a, c]·B + B` (inferred).
    Free,
}

/// The adapter of one layer. Its parameters are a matrix `[matrices · block, block]`: the B under each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bone {
    variant: Variant,
    block: usize,
    outputs: usize,
    inputs: usize,
}

impl Bone {
    /// An adapter with blocks of `block × block` for weights `[outputs, inputs]`; refused unless the block divides both.
    pub fn new(variant: Variant, block: usize, outputs: usize, inputs: usize) -> Result<Self> {
        let divides = block > 0 && outputs > 0 && inputs > 0;
        if divides && outputs.is_multiple_of(block) && inputs.is_multiple_of(block) {
            return Ok(Self { variant, block, outputs, inputs });
        }
        Err(AdapterError::Divides { block, outputs, inputs })
    }

    /// Side of a block.
    pub fn block(self) -> usize {
        self.block
    }

    /// Number of different matrices B: `out/b`, `in/b`, or 1.
    pub fn matrices(self) -> usize {
        match self.variant {
            Variant::Column => self.outputs / self.block,
            Variant::Row => self.inputs / self.block,
            Variant::Free => 1,
        }
    }

    /// Trainable parameters: `out·b` (column), `in·b` (row), `b²` (free).
    pub fn parameters(self) -> usize {
        self.matrices() * self.block * self.block
    }

    /// The start, all zero, `[matrices · block, block]`: the layer is the frozen one.
    pub fn start<R: Real>(self) -> Dense<R> {
        Dense::zeros(self.matrices() * self.block, self.block)
    }

    /// `ΔW [out, in]`: `W·B + B` in every block.
    pub fn delta<R: Real>(self, weight: &Dense<R>, bone: &Dense<R>) -> Result<Dense<R>> {
        let guided = self.guided(weight, bone)?;
        Ok(guided.plus_scaled(R::ONE, &self.plain(bone)?)?)
    }

    /// The part of ΔW that goes through the old weights, `W·B` in every block, `[out, in]`.
    pub fn guided<R: Real>(self, weight: &Dense<R>, bone: &Dense<R>) -> Result<Dense<R>> {
        check_shape("frozen weights", (self.outputs, self.inputs), weight.shape())?;
        self.each_block(bone, |row, column, matrix| {
            Ok(weight.part(row, column, self.block, self.block)?.times(matrix)?)
        })
    }

    /// The part of ΔW without the old weights, `B` in every block, `[out, in]`.
    pub fn plain<R: Real>(self, bone: &Dense<R>) -> Result<Dense<R>> {
        self.each_block(bone, |_, _, matrix| Ok(matrix.clone()))
    }

    /// `W + ΔW [out, in]`, that is `W·(I + B) + B` in every block.
    pub fn merged<R: Real>(self, weight: &Dense<R>, bone: &Dense<R>) -> Result<Dense<R>> {
        Ok(weight.plus_scaled(R::ONE, &self.delta(weight, bone)?)?)
    }

    /// W from the merged weights: `(W' − B)·(I + B)⁻¹` in every block, solved in double precision. Refused where `I + B` of a block is
    /// singular to rounding; the block is named.
    pub fn unmerged<R: Real>(self, merged: &Dense<R>, bone: &Dense<R>) -> Result<Dense<R>> {
        check_shape("merged weights", (self.outputs, self.inputs), merged.shape())?;
        let inverses = self.inverses(bone)?;
        self.each_block_with(&inverses, bone, |row, column, inverse, matrix| {
            let rest = merged.part(row, column, self.block, self.block)?.plus_scaled(-R::ONE, matrix)?;
            let rest = Dense::<f64>::from_matrix(&rest.to_matrix());
            Ok(Dense::from_matrix(&rest.times(inverse)?.to_matrix()))
        })
    }

    /// `∂L/∂B [matrices · block, block]` from `∂L/∂(W + ΔW) [out, in]`: the sum of `(W[a, c] + I)ᵀ·G[a, c]` over the blocks that share a
    /// matrix. It does not depend on B.
    pub fn gradient<R: Real>(self, weight: &Dense<R>, upstream: &Dense<R>) -> Result<Dense<R>> {
        check_shape("frozen weights", (self.outputs, self.inputs), weight.shape())?;
        check_shape("gradient of the weights", (self.outputs, self.inputs), upstream.shape())?;
        let size = self.block;
        let identity = Dense::identity(size);
        let mut gradient = self.start();
        for (row, column, index) in self.places() {
            let block = weight.part(row, column, size, size)?.plus_scaled(R::ONE, &identity)?;
            let part = block.transposed_times(&upstream.part(row, column, size, size)?)?;
            let sum = gradient.part(index * size, 0, size, size)?.plus_scaled(R::ONE, &part)?;
            gradient.set_part(index * size, 0, &sum)?;
        }
        Ok(gradient)
    }

    /// `Σ (W[a, c] + I)ᵀ(W[a, c] + I)` over the blocks that share a matrix, `[matrices · block, block]`: the normal equations of the B
    /// nearest to a given update.
    pub fn normal<R: Real>(self, weight: &Dense<R>) -> Result<Dense<R>> {
        check_shape("frozen weights", (self.outputs, self.inputs), weight.shape())?;
        let shifted = self.each_block(&self.start(), |row, column, _| {
            let block = weight.part(row, column, self.block, self.block)?;
            Ok(block.plus_scaled(R::ONE, &Dense::identity(self.block))?)
        })?;
        self.gradient(weight, &shifted)
    }

    /// The matrix B number `index`, `[block, block]`.
    pub fn matrix<R: Real>(self, bone: &Dense<R>, index: usize) -> Result<Dense<R>> {
        check_shape("matrices of Bone", (self.matrices() * self.block, self.block), bone.shape())?;
        Ok(bone.part(index * self.block, 0, self.block, self.block)?)
    }

    /// `(I + B)⁻¹` of every matrix.
    fn inverses<R: Real>(self, bone: &Dense<R>) -> Result<Vec<Dense<f64>>> {
        let inverse = |index| {
            let matrix = Dense::<f64>::from_matrix(&self.matrix(bone, index)?.to_matrix());
            let shifted = matrix.plus_scaled(1.0, &Dense::identity(self.block))?;
            super::linear::inverse(&shifted)?.ok_or(AdapterError::Singular { block: index })
        };
        (0..self.matrices()).map(inverse).collect()
    }

    /// Row and column of the first entry of every block, and the number of its matrix.
    fn places(self) -> impl Iterator<Item = (usize, usize, usize)> {
        let columns = self.inputs / self.block;
        (0..self.outputs / self.block * columns).map(move |place| {
            let (output, input) = (place / columns, place % columns);
            let index = match self.variant {
                Variant::Column => output,
                Variant::Row => input,
                Variant::Free => 0,
            };
            (output * self.block, input * self.block, index)
        })
    }

    /// A matrix `[out, in]` made block by block from the place and B of each.
    fn each_block<R: Real>(
        self,
        bone: &Dense<R>,
        make: impl Fn(usize, usize, &Dense<R>) -> Result<Dense<R>>,
    ) -> Result<Dense<R>> {
        let nothing = vec![(); self.matrices()];
        self.each_block_with(&nothing, bone, |row, column, (), matrix| make(row, column, matrix))
    }

    /// The same with one more thing for each matrix.
    fn each_block_with<R: Real, T>(
        self,
        with: &[T],
        bone: &Dense<R>,
        make: impl Fn(usize, usize, &T, &Dense<R>) -> Result<Dense<R>>,
    ) -> Result<Dense<R>> {
        let matrices: Vec<Dense<R>> =
            (0..self.matrices()).map(|index| self.matrix(bone, index)).collect::<Result<_>>()?;
        let mut all = Dense::zeros(self.outputs, self.inputs);
        for (row, column, index) in self.places() {
            let pair = with.get(index).zip(matrices.get(index));
            let (with, matrix) = pair.ok_or(AdapterError::Singular { block: index })?;
            all.set_part(row, column, &make(row, column, with, matrix)?)?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{differences, random, weighted_sum};
    use super::super::miss::Miss;
    use super::*;
    use weightscope_math::linalg::{rank::numerical_rank, singular_values};

    const VARIANTS: [Variant; 3] = [Variant::Column, Variant::Row, Variant::Free];

    #[test]
    fn gradients_agree_with_differences() {
        let (weight, upstream) = (random("weight", 6, 4), random("upstream", 6, 4));
        for variant in VARIANTS {
            let adapter = Bone::new(variant, 2, 6, 4).unwrap();
            let bone = random("bone", 2 * adapter.matrices(), 2);
            assert_eq!(bone.values().len(), adapter.parameters());
            let gradient = adapter.gradient(&weight, &upstream).unwrap();
            differences(&bone, gradient.values(), |bone| {
                weighted_sum(&adapter.merged(&weight, bone).unwrap(), &upstream)
            });
        }
    }

    #[test]
    fn what_was_merged_is_taken_apart() {
        let weight = random("weight", 6, 4);
        for variant in VARIANTS {
            let adapter = Bone::new(variant, 2, 6, 4).unwrap();
            let bone = random("bone", 2 * adapter.matrices(), 2).scaled(0.3);
            let merged = adapter.merged(&weight, &bone).unwrap();
            let back = adapter.unmerged(&merged, &bone).unwrap();
            assert!(back.plus_scaled(-1.0, &weight).unwrap().norm() < 1e-12);
            let frozen = adapter.merged(&weight, &adapter.start()).unwrap();
            assert_eq!(frozen, weight);
        }
    }

    #[test]
    fn a_singular_block_is_named() {
        let adapter = Bone::new(Variant::Column, 2, 6, 4).unwrap();
        let mut bone = adapter.start::<f64>();
        bone.set_part(2, 0, &Dense::identity(2).scaled(-1.0)).unwrap();
        let refused = adapter.unmerged(&random("weight", 6, 4), &bone).unwrap_err();
        assert_eq!(refused, AdapterError::Singular { block: 1 });
    }

    #[test]
    fn matrices_of_another_shape_are_refused() {
        let adapter = Bone::new(Variant::Column, 2, 6, 4).unwrap();
        let (wide, bone) = (random("wide", 6, 6), random("bone", 6, 2));
        assert!(adapter.delta(&wide, &bone).is_err() && adapter.gradient(&wide, &wide).is_err());
        assert!(adapter.unmerged(&wide, &bone).is_err() && adapter.normal(&wide).is_err());
        assert!(adapter.plain(&random("long", 8, 2)).is_err());
    }

    #[test]
    fn blocks_divide_both_sides() {
        let refused = Bone::new(Variant::Row, 3, 6, 4).unwrap_err();
        assert!(refused.to_string().contains("block of 3") && refused.to_string().contains("4 inputs"));
        assert!(Bone::new(Variant::Column, 0, 6, 4).is_err());
        let counts = VARIANTS.map(|variant| Bone::new(variant, 2, 6, 4).unwrap().parameters());
        assert_eq!(counts, [12, 8, 4]);
    }

    #[test]
    fn without_the_guide_the_column_form_is_a_tiled_slab() {
        let adapter = Bone::new(Variant::Column, 2, 6, 4).unwrap();
        let bone = random("bone", 6, 2);
        // B[a][i, j] = D[j, a·b + i].
        let slab = bone.transposed();
        let tiled = Miss::new(2, 6, 4).unwrap().delta(&slab).unwrap();
        assert_eq!(adapter.plain(&bone).unwrap(), tiled);
    }

    #[test]
    fn the_guide_raises_the_rank_above_the_block() {
        let (weight, bone) = (random("weight", 8, 8), random("bone", 8, 2));
        let adapter = Bone::new(Variant::Column, 2, 8, 8).unwrap();
        let rank = |delta: &Dense<f64>| {
            numerical_rank(&singular_values(&delta.to_matrix()).unwrap(), 1e-10).unwrap()
        };
        assert_eq!(rank(&adapter.delta(&weight, &bone).unwrap()), 8);
        assert_eq!(rank(&adapter.plain(&bone).unwrap()), 2);
    }
}
