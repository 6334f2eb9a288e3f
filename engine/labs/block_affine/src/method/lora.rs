//! LoRA (Hu et al., arXiv 2106.09685): `ΔW = s·B·A` with `A [r, in]`, `B [out, r]`; rank-stabilised LoRA (arXiv 2312.03732) and LoRA+
//! (arXiv 2402.12354), which differ by the scale s and by the learning rate of B.

use weightscope_math::Stream;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{Result, check_rank};

/// How the scale follows from alpha and the rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// `s = alpha/r`.
    Plain,
    /// `s = alpha/√r`.
    RankStabilised,
}

impl Scaling {
    /// The scale s.
    pub fn scale(self, alpha: f64, rank: usize) -> f64 {
        match self {
            Self::Plain => alpha / rank as f64,
            Self::RankStabilised => alpha / (rank as f64).sqrt(),
        }
    }
}

/// Ratio of the learning rate of B to that of A which LoRA+ recommends (established).
pub const LORA_PLUS_RATIO: f64 = 16.0;

/// The adapter of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lora {
    rank: usize,
    scale: f64,
    outputs: usize,
    inputs: usize,
}

/// The two factors of an update, or their gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors<R> {
    /// `A [rank, in]`.
    pub a: Dense<R>,
    /// `B [out, rank]`.
    pub b: Dense<R>,
}

impl Lora {
    /// An adapter of this rank and scale for weights `[outputs, inputs]`; refused unless `1 ≤ rank ≤ min(outputs, inputs)`.
    pub fn new(rank: usize, scale: f64, outputs: usize, inputs: usize) -> Result<Self> {
        check_rank("LoRA", rank, outputs.min(inputs), (outputs, inputs))?;
        Ok(Self { rank, scale, outputs, inputs })
    }

    /// Columns of B and rows of A.
    pub fn rank(self) -> usize {
        self.rank
    }

    /// The factor s before `B·A`.
    pub fn scale(self) -> f64 {
        self.scale
    }

    /// Trainable parameters: `r·(in + out)`.
    pub fn parameters(self) -> usize {
        self.rank * (self.inputs + self.outputs)
    }

    /// Bound of the uniform start of A: `1/√in` (Kaiming's with slope √5, established).
    pub fn bound(self) -> f64 {
        1.0 / (self.inputs as f64).sqrt()
    }

    /// The start: A uniform between ∓[`Self::bound`], row by row from the stream, B zero. The layer is the frozen one.
    pub fn start<R: Real>(self, random: &mut Stream) -> Result<Factors<R>> {
        let bound = self.bound() as f32;
        let mut draw = || R::from_f64(f64::from(random.uniform(-bound, bound)));
        let a = (0..self.rank * self.inputs).map(|_| draw()).collect();
        Ok(Factors { a: Dense::new(self.rank, self.inputs, a)?, b: Dense::zeros(self.outputs, self.rank) })
    }

    /// `ΔW = s·B·A`, `[out, in]`.
    pub fn delta<R: Real>(self, factors: &Factors<R>) -> Result<Dense<R>> {
        Ok(factors.b.times(&factors.a)?.scaled(R::from_f64(self.scale)))
    }

    /// `W + ΔW [out, in]`.
    pub fn merged<R: Real>(self, weight: &Dense<R>, factors: &Factors<R>) -> Result<Dense<R>> {
        Ok(weight.plus_scaled(R::from_f64(self.scale), &factors.b.times(&factors.a)?)?)
    }

    /// What the adapter adds to the output, `s·(x·Aᵀ)·Bᵀ`, `[n, out]`, without forming ΔW.
    pub fn addition<R: Real>(self, factors: &Factors<R>, x: &Dense<R>) -> Result<Dense<R>> {
        let inner = x.times_transposed(&factors.a)?;
        Ok(inner.times_transposed(&factors.b)?.scaled(R::from_f64(self.scale)))
    }

    /// Gradients by A and B from `∂L/∂(W + ΔW) [out, in]`: `s·Bᵀ·G` and `s·G·Aᵀ`. While B is zero, A gets none.
    pub fn gradient<R: Real>(self, factors: &Factors<R>, upstream: &Dense<R>) -> Result<Factors<R>> {
        let scale = R::from_f64(self.scale);
        Ok(Factors {
            a: factors.b.transposed_times(upstream)?.scaled(scale),
            b: upstream.times_transposed(&factors.a)?.scaled(scale),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{differences, random, weighted_sum};
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn gradients_agree_with_differences() {
        let (weight, upstream) = (random("weight", 5, 6), random("upstream", 5, 6));
        let adapter = Lora::new(2, 1.5, 5, 6).unwrap();
        let factors = Factors { a: random("a", 2, 6), b: random("b", 5, 2) };
        let gradient = adapter.gradient(&factors, &upstream).unwrap();
        let loss =
            |factors: &Factors<f64>| weighted_sum(&adapter.merged(&weight, factors).unwrap(), &upstream);
        differences(&factors.a, gradient.a.values(), |a| {
            loss(&Factors { a: a.clone(), b: factors.b.clone() })
        });
        differences(&factors.b, gradient.b.values(), |b| {
            loss(&Factors { a: factors.a.clone(), b: b.clone() })
        });
    }

    #[test]
    fn at_the_start_only_b_learns() {
        let adapter = Lora::new(3, 2.0, 5, 6).unwrap();
        let start = adapter.start::<f64>(&mut stream(1, "init")).unwrap();
        assert!(start.a.values().iter().all(|value| value.abs() <= adapter.bound()));
        assert_eq!(adapter.delta(&start).unwrap(), Dense::zeros(5, 6));
        let gradient = adapter.gradient(&start, &random("upstream", 5, 6)).unwrap();
        assert!(gradient.a.norm() == 0.0 && gradient.b.norm() > 0.0);
        assert!(Lora::new(6, 1.0, 5, 6).is_err());
        assert_eq!(adapter.parameters(), 33);
    }
}
