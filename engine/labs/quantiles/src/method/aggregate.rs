//! The six aggregation families: coarse, medium, fine weights, the same for all rows (global) or a function of the row (local); sheet §4.
//!
//! | resolution | table | softmax over | output |
//! |---|---|---|---|
//! | coarse | `[p, 1]` | models | `q_τ = Σ_j w_j z_jτ` |
//! | medium | `[p, m]` | models, each level | `q_τ = Σ_j w_jτ z_jτ` |
//! | fine | `[p·m, m]`, row `j·m + ν` | models and input levels, each output level | `q_τ = Σ_jν w_jντ z_jν` |
//!
//! All gradients follow from one fact: for a softmax table, `∂L/∂logit_rτ = w_rτ · ∂L/∂q_τ · (z_r − q_τ)`,
//! summed over the levels that share a weight and the rows that share a table.

use weightscope_math::real::Real;

weightscope_frame::choices! {
    /// What a weight may depend on.
    pub enum Resolution {
        /// The model.
        Coarse = "coarse", "Coarse";
        /// Model and level.
        Medium = "medium", "Medium";
        /// Model, input level and output level.
        Fine = "fine", "Fine";
    }
}

/// Sizes of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Base models p.
    pub models: usize,
    /// Levels m.
    pub levels: usize,
    /// What a weight depends on.
    pub resolution: Resolution,
}

impl Shape {
    /// Rows of the table: weights that add up to one.
    pub fn rows(self) -> usize {
        if self.resolution == Resolution::Fine { self.models * self.levels } else { self.models }
    }

    /// Columns of the table.
    pub fn columns(self) -> usize {
        if self.resolution == Resolution::Coarse { 1 } else { self.levels }
    }

    /// Entries of the table.
    pub fn len(self) -> usize {
        self.rows() * self.columns()
    }

    /// True without models or levels.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Values of one row of stacked predictions.
    pub fn stack(self) -> usize {
        self.models * self.levels
    }
}

/// Softmax down each column of `table`, in place.
pub fn softmax_columns<T: Real>(table: &mut [T], columns: usize, scratch: &mut Vec<T>) {
    let Some(first) = table.get(..columns) else { return };
    scratch.clear();
    scratch.extend_from_slice(first);
    let (largest, sums) = {
        scratch.resize(2 * columns, T::ZERO);
        scratch.split_at_mut(columns)
    };
    for row in table.chunks_exact(columns) {
        for (most, value) in largest.iter_mut().zip(row) {
            *most = most.larger(*value);
        }
    }
    sums.fill(T::ZERO);
    for row in table.chunks_exact_mut(columns) {
        for ((value, most), sum) in row.iter_mut().zip(largest.iter()).zip(sums.iter_mut()) {
            *value = (*value - *most).exp_nonpositive();
            *sum += *value;
        }
    }
    sums.iter_mut().for_each(|sum| *sum = T::ONE / *sum);
    for row in table.chunks_exact_mut(columns) {
        for (value, factor) in row.iter_mut().zip(sums.iter()) {
            *value = *value * *factor;
        }
    }
}

/// The aggregate of one row: `z` is `[models, levels]`, `q` is `[levels]`.
pub fn mix<T: Real>(shape: Shape, weights: &[T], z: &[T], q: &mut [T]) {
    let m = shape.levels;
    q.fill(T::ZERO);
    match shape.resolution {
        Resolution::Coarse => {
            for (weight, model) in weights.iter().zip(z.chunks_exact(m)) {
                for (q, z) in q.iter_mut().zip(model) {
                    *q += *weight * *z;
                }
            }
        }
        Resolution::Medium => {
            for (weights, model) in weights.chunks_exact(m).zip(z.chunks_exact(m)) {
                for ((q, weight), z) in q.iter_mut().zip(weights).zip(model) {
                    *q += *weight * *z;
                }
            }
        }
        Resolution::Fine => {
            for (weights, z) in weights.chunks_exact(m).zip(z) {
                for (q, weight) in q.iter_mut().zip(weights) {
                    *q += *weight * *z;
                }
            }
        }
    }
}

/// The gradient in the logits of one row's table from the gradient `slopes` in its aggregate `q`; written to `gradient`.
pub fn logit_gradient<T: Real>(
    shape: Shape,
    weights: &[T],
    z: &[T],
    q: &[T],
    slopes: &[T],
    gradient: &mut [T],
) {
    let m = shape.levels;
    match shape.resolution {
        Resolution::Coarse => {
            let own: T = q.iter().zip(slopes).map(|(q, slope)| *q * *slope).sum();
            for ((out, weight), model) in gradient.iter_mut().zip(weights).zip(z.chunks_exact(m)) {
                let with: T = model.iter().zip(slopes).map(|(z, slope)| *z * *slope).sum();
                *out = *weight * (with - own);
            }
        }
        Resolution::Medium => {
            let rows = gradient.chunks_exact_mut(m).zip(weights.chunks_exact(m)).zip(z.chunks_exact(m));
            for ((out, weights), model) in rows {
                for (level, out) in out.iter_mut().enumerate() {
                    *out = weights[level] * slopes[level] * (model[level] - q[level]);
                }
            }
        }
        Resolution::Fine => {
            for ((out, weights), z) in gradient.chunks_exact_mut(m).zip(weights.chunks_exact(m)).zip(z) {
                let row = out.iter_mut().zip(weights).zip(q).zip(slopes);
                for (((out, weight), q), slope) in row {
                    *out = *weight * *slope * (*z - *q);
                }
            }
        }
    }
}

/// Collects `Σ_rows ∂q · z` for a global table: adds one row to `products`, which has the shape of the table.
pub fn collect<T: Real>(shape: Shape, z: &[T], slopes: &[T], products: &mut [T]) {
    let m = shape.levels;
    match shape.resolution {
        Resolution::Coarse => {
            for (out, model) in products.iter_mut().zip(z.chunks_exact(m)) {
                *out += model.iter().zip(slopes).map(|(z, slope)| *z * *slope).sum::<T>();
            }
        }
        Resolution::Medium => {
            for (out, model) in products.chunks_exact_mut(m).zip(z.chunks_exact(m)) {
                for ((out, z), slope) in out.iter_mut().zip(model).zip(slopes) {
                    *out += *z * *slope;
                }
            }
        }
        Resolution::Fine => {
            for (out, z) in products.chunks_exact_mut(m).zip(z) {
                for (out, slope) in out.iter_mut().zip(slopes) {
                    *out += *z * *slope;
                }
            }
        }
    }
}

/// The gradient in the logits of a global table from [`collect`]ed products, in place.
pub fn finish_collected<T: Real>(shape: Shape, weights: &[T], products: &mut [T]) {
    let columns = shape.columns();
    let mut means = vec![T::ZERO; columns];
    for (products, weights) in products.chunks_exact(columns).zip(weights.chunks_exact(columns)) {
        for ((mean, product), weight) in means.iter_mut().zip(products).zip(weights) {
            *mean += *weight * *product;
        }
    }
    for (products, weights) in products.chunks_exact_mut(columns).zip(weights.chunks_exact(columns)) {
        for ((product, weight), mean) in products.iter_mut().zip(weights).zip(&means) {
            *product = *weight * (*product - *mean);
        }
    }
}
