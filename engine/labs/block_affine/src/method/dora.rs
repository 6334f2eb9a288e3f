//! DoRA (Liu et al., arXiv 2402.09353, section 4): a low-rank update of the direction of every row of the weights, and a trained length.
//!
//! `W' = m·V/‖V‖` row by row with `V = W + s·B·A`; the lengths m start as those of W, so the layer is the frozen one at step 0. The norm is
//! taken per output, as the usual library does, and counts as a constant in the gradient (the paper's section 4.3; established).

use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{AdapterError, Result};
use super::lora::{Factors, Lora};

/// The adapter of one layer: a LoRA and one length per output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dora {
    lora: Lora,
}

/// Gradients of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<R> {
    /// By A and B.
    pub factors: Factors<R>,
    /// By the lengths, `[out]`.
    pub lengths: Vec<R>,
}

impl Dora {
    /// DoRA around a LoRA of the same layer.
    pub fn new(lora: Lora) -> Self {
        Self { lora }
    }

    /// Trainable parameters: those of the LoRA and one per output.
    pub fn parameters(self, outputs: usize) -> usize {
        self.lora.parameters() + outputs
    }

    /// Euclidean length of every row, `[out]`: the start of m. Refused where a row is zero, as it has no direction.
    pub fn lengths<R: Real>(weight: &Dense<R>) -> Result<Vec<R>> {
        let length = |(row, values): (usize, &[R])| {
            let length = values.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt();
            if length > 0.0 { Ok(R::from_f64(length)) } else { Err(AdapterError::NoDirection { row }) }
        };
        weight.each_row().enumerate().map(length).collect()
    }

    /// `m·V/‖V‖ [out, in]`: the weights of the layer.
    pub fn merged<R: Real>(self, weight: &Dense<R>, factors: &Factors<R>, lengths: &[R]) -> Result<Dense<R>> {
        let directed = self.lora.merged(weight, factors)?;
        let norms = Self::lengths(&directed)?;
        Ok(rows_scaled(&directed, lengths, &norms))
    }

    /// Gradients from `∂L/∂W' [out, in]`, with the norm of V as a constant.
    pub fn gradient<R: Real>(
        self,
        weight: &Dense<R>,
        factors: &Factors<R>,
        lengths: &[R],
        upstream: &Dense<R>,
    ) -> Result<Gradient<R>> {
        let directed = self.lora.merged(weight, factors)?;
        let norms = Self::lengths(&directed)?;
        let along = |((gradient, row), norm): ((&[R], &[R]), &R)| {
            gradient.iter().zip(row).map(|(gradient, value)| *gradient * *value).sum::<R>() / *norm
        };
        let by_lengths = upstream.each_row().zip(directed.each_row()).zip(&norms).map(along).collect();
        let by_direction = rows_scaled(upstream, lengths, &norms);
        Ok(Gradient { factors: self.lora.gradient(factors, &by_direction)?, lengths: by_lengths })
    }
}

/// Every row times its length, divided by its norm.
fn rows_scaled<R: Real>(matrix: &Dense<R>, lengths: &[R], norms: &[R]) -> Dense<R> {
    let mut scaled = matrix.clone();
    let rows = scaled.values_mut().chunks_exact_mut(matrix.columns().max(1));
    for ((row, length), norm) in rows.zip(lengths).zip(norms) {
        row.iter_mut().for_each(|value| *value = *value * (*length / *norm));
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::super::checks::{differences, random, weighted_sum};
    use super::*;

    #[test]
    fn the_start_is_the_frozen_layer() {
        let weight = random("weight", 5, 4);
        let lora = Lora::new(2, 2.0, 5, 4).unwrap();
        let factors = lora.start(&mut weightscope_math::stream(1, "init")).unwrap();
        let lengths = Dora::lengths(&weight).unwrap();
        let merged = Dora::new(lora).merged(&weight, &factors, &lengths).unwrap();
        assert!(merged.plus_scaled(-1.0, &weight).unwrap().norm() < 1e-14);
        assert!(Dora::lengths(&Dense::<f32>::zeros(2, 2)).is_err());
    }

    #[test]
    fn gradients_by_lengths_and_by_b_agree_with_differences() {
        let (weight, upstream) = (random("weight", 5, 4), random("upstream", 5, 4));
        let lora = Lora::new(2, 1.5, 5, 4).unwrap();
        let factors = Factors { a: random("a", 2, 4), b: random("b", 5, 2) };
        let lengths = Dora::lengths(&weight).unwrap();
        let dora = Dora::new(lora);
        let found = dora.gradient(&weight, &factors, &lengths, &upstream).unwrap();
        let by_lengths = Dense::new(1, 5, lengths.clone()).unwrap();
        differences(&by_lengths, &found.lengths, |lengths| {
            weighted_sum(&dora.merged(&weight, &factors, lengths.values()).unwrap(), &upstream)
        });
        // The norm stays what it was.
        let norms = Dora::lengths(&lora.merged(&weight, &factors).unwrap()).unwrap();
        differences(&factors.b, found.factors.b.values(), |b| {
            let moved = Factors { a: factors.a.clone(), b: b.clone() };
            let directed = lora.merged(&weight, &moved).unwrap();
            weighted_sum(&rows_scaled(&directed, &lengths, &norms), &upstream)
        });
    }
}
