//! Set transformer (Lee et al., arXiv 1810.00825, section 3), as D2NWG uses it (established: `stage2/set_transformer/modules.py`).
//!
//! A set is rows `[elements, width]`. Attention of queries Q on keys K: `A = softmax(q·kᵀ/√width)` per head, with the **whole** width under
//! the root and not the head's; `O = q + A·v` with the projected q; layer norm where there is one; `O + relu(O·Wᵀ + b)`; layer norm.

use weightscope_math::layers::{group_norm, linear, relu, softmax_rows};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{GenerationError, Result, check_length};

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
        let seen = match &self.norms {
            Some((norm, _)) => normed(&seen, norm)?,
            None => seen,
        };
        let added = seen.plus_scaled(R::ONE, &self.output.forward(&seen)?.map(relu))?;
        match &self.norms {
            Some((_, norm)) => normed(&added, norm),
            None => Ok(added),
        }
    }

    /// `SAB(X) = MAB(X, X)`: the elements of a set look at each other.
    pub fn on_itself(&self, x: &Dense<R>) -> Result<Dense<R>> {
        self.forward(x, x)
    }
}

fn normed<R: Real>(x: &Dense<R>, norm: &Norm<R>) -> Result<Dense<R>> {
    check_length("the factors of a norm", x.columns(), norm.weight.len())?;
    check_length("the shifts of a norm", x.columns(), norm.bias.len())?;
    Ok(group_norm(x, x.columns(), &norm.weight, &norm.bias, NORM_EPSILON))
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

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    fn layer(name: &str, inputs: usize, outputs: usize) -> Linear<f64> {
        let mut random = stream(8, name);
        let weight = (0..inputs * outputs).map(|_| f64::from(random.normal())).collect();
        Linear { weight: Dense::new(outputs, inputs, weight).unwrap(), bias: vec![0.1; outputs] }
    }

    fn attention(heads: usize, norm: usize) -> Attention<f64> {
        let norm = || Norm { weight: vec![1.0; norm], bias: vec![0.0; norm] };
        Attention {
            query: layer("q", 3, 4),
            key: layer("k", 3, 4),
            value: layer("v", 3, 4),
            output: layer("o", 4, 4),
            norms: Some((norm(), norm())),
            heads,
        }
    }

    #[test]
    fn heads_and_norms_must_fit_the_width() {
        let x = layer("x", 3, 5).weight;
        assert!(attention(2, 4).on_itself(&x).is_ok());
        assert!(attention(3, 4).on_itself(&x).is_err() && attention(0, 4).on_itself(&x).is_err());
        assert!(attention(2, 3).on_itself(&x).is_err());
    }

    #[test]
    fn the_order_of_the_elements_moves_the_rows_alone() {
        let x = layer("x", 3, 5).weight;
        let order = [3, 1, 4, 0, 2];
        let moved = |x: &Dense<f64>| {
            let rows: Vec<f64> = order.iter().flat_map(|row| x.row(*row).to_vec()).collect();
            Dense::new(5, x.columns(), rows).unwrap()
        };
        let attention = attention(2, 4);
        let (one, other) =
            (attention.on_itself(&moved(&x)).unwrap(), moved(&attention.on_itself(&x).unwrap()));
        assert!(one.plus_scaled(-1.0, &other).unwrap().norm() < 1e-12);
    }
}
