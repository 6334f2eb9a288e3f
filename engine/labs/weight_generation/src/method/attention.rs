//! Set transformer (Lee et al., arXiv 1810.00825, section 3), as D2NWG uses it (established: `stage2/set_transformer/modules.py`).
//!
//! A set is rows `[elements, width]`. Attention of queries Q on keys K: `A = softmax(q·kᵀ/√width)` per head, with the **whole** width under
//! the root and not the head's; `O = q + A·v` with the projected q; layer norm where there is one; `O + relu(O·Wᵀ + b)`; layer norm.

use weightscope_math::layers::{group_norm, linear, relu, softmax_rows};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{GenerationError, Result};

/// Added to the variance in layer norms (established).
const NORM_EPSILON: f64 = 1e-5;

/// Weights `[out, in]` and bias `[out]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear<R> {
    /// Weights `[out, in]`.
    pub weight: Dense<R>,
    /// Bias `[out]`.
    pub bias: Vec<R>,
}

impl<R: Real> Linear<R> {
    /// Rows through the layer.
    pub fn forward(&self, x: &Dense<R>) -> Result<Dense<R>> {
        Ok(linear(&self.weight, Some(&self.bias), x)?)
    }
}

/// Factor and shift of a layer norm, each `[width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm<R> {
    /// Factor of each entry.
    pub weight: Vec<R>,
    /// What is added to each entry.
    pub bias: Vec<R>,
}

/// A multi-head attention block (MAB).
#[derive(Clone, Debug, PartialEq)]
pub struct Attention<R> {
    /// Projection of the queries.
    pub query: Linear<R>,
    /// Projection of the keys.
    pub key: Linear<R>,
    /// Projection of the values.
    pub value: Linear<R>,
    /// The layer after attention.
    pub output: Linear<R>,
    /// Norms after attention and at the end, where there are some.
    pub norms: Option<(Norm<R>, Norm<R>)>,
    /// Number of heads; divides the width.
    pub heads: usize,
}

impl<R: Real> Attention<R> {
    /// `MAB(Q, K)`: rows of `q` look at the rows of `k`. Refused unless the heads divide the width and the shapes fit.
    pub fn forward(&self, q: &Dense<R>, k: &Dense<R>) -> Result<Dense<R>> {
        let (q, k, v) = (self.query.forward(q)?, self.key.forward(k)?, self.value.forward(k)?);
        let width = q.columns();
        if self.heads == 0 || !width.is_multiple_of(self.heads) {
            let needed = format!("it must divide the width {width}");
            return Err(GenerationError::Range {
                what: "the number of heads",
                needed,
                found: self.heads.to_string(),
            });
        }
        let head = width / self.heads;
        let factor = R::from_f64(1.0 / (width as f64).sqrt());
        let mut seen = q.clone();
        for start in (0..width).step_by(head.max(1)) {
            let part = |all: &Dense<R>| all.part(0, start, all.rows(), head);
            let weights = softmax_rows(&part(&q)?.times_transposed(&part(&k)?)?.scaled(factor));
            seen.set_part(0, start, &part(&q)?.plus_scaled(R::ONE, &weights.times(&part(&v)?)?)?)?;
        }
        let seen = self.norms.as_ref().map_or(seen.clone(), |(norm, _)| normed(&seen, norm));
        let added = seen.plus_scaled(R::ONE, &self.output.forward(&seen)?.map(relu))?;
        Ok(self.norms.as_ref().map_or(added.clone(), |(_, norm)| normed(&added, norm)))
    }

    /// `SAB(X) = MAB(X, X)`: the elements of a set look at each other.
    pub fn on_itself(&self, x: &Dense<R>) -> Result<Dense<R>> {
        self.forward(x, x)
    }
}

fn normed<R: Real>(x: &Dense<R>, norm: &Norm<R>) -> Dense<R> {
    group_norm(x, x.columns(), &norm.weight, &norm.bias, NORM_EPSILON)
}

/// Attention through a few induced points (ISAB): `H = MAB(I, X)`, `MAB(X, H)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Induced<R> {
    /// The induced points I, `[points, width]`.
    pub points: Dense<R>,
    /// Points look at the set.
    pub gather: Attention<R>,
    /// The set looks at the points.
    pub spread: Attention<R>,
}

impl<R: Real> Induced<R> {
    /// H, `[points, width]`.
    pub fn gathered(&self, x: &Dense<R>) -> Result<Dense<R>> {
        self.gather.forward(&self.points, x)
    }

    /// The set after attention, `[elements, width]`.
    pub fn forward(&self, x: &Dense<R>) -> Result<Dense<R>> {
        self.spread.forward(x, &self.gathered(x)?)
    }
}

/// Pooling by attention (PMA): seeds look at the set. The order of the elements does not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooling<R> {
    /// The seeds S, `[seeds, width]`.
    pub seeds: Dense<R>,
    /// Seeds look at the set.
    pub attention: Attention<R>,
}

impl<R: Real> Pooling<R> {
    /// One row for each seed.
    pub fn forward(&self, x: &Dense<R>) -> Result<Dense<R>> {
        self.attention.forward(&self.seeds, x)
    }
}

/// A set as one row: attention among the elements, pooling, attention among the pooled rows, a linear layer.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPool<R> {
    /// Blocks before pooling.
    pub before: Vec<Attention<R>>,
    /// Pooling to as many rows as there are seeds.
    pub pooling: Pooling<R>,
    /// Blocks after pooling.
    pub after: Vec<Attention<R>>,
    /// The last layer.
    pub output: Linear<R>,
}

impl<R: Real> SetPool<R> {
    /// Elements `[elements, width]` to `[seeds, out]`.
    pub fn forward(&self, x: &Dense<R>) -> Result<Dense<R>> {
        let mut rows = x.clone();
        for block in &self.before {
            rows = block.on_itself(&rows)?;
        }
        rows = self.pooling.forward(&rows)?;
        for block in &self.after {
            rows = block.on_itself(&rows)?;
        }
        self.output.forward(&rows)
    }
}
