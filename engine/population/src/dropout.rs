//! Dropout of hidden units (N. Srivastava et al., JMLR 15, 2014), inverted: what stays is divided by the share that stays.
//!
//! Contract: a draw depends on the stream and on the sizes alone; nothing is allocated after [`Dropout::new`].

use super::lane::{LANES, Lane, panels};
use super::shape::Shape;
use weightscope_math::Stream;

/// The factors of hidden units for one batch: 0 or 1/(1 − rate).
#[derive(Clone, Debug)]
pub struct Dropout {
    rate: f32,
    /// Units of each hidden layer.
    widths: Vec<usize>,
    /// Factors of each hidden layer, laid as its values.
    pub(super) factors: Vec<Vec<Lane>>,
}

impl Dropout {
    /// Room for batches of up to `batch` rows; `rate` is the share of units that is dropped, at least 0 and below 1.
    pub fn new(shape: &Shape, batch: usize, rate: f32) -> Self {
        let hidden = &shape.sizes()[1..shape.sizes().len() - 1];
        let room = |width: &usize| vec![Lane([1.0; LANES]); panels(*width) * batch.max(1)];
        Self { rate, widths: hidden.to_vec(), factors: hidden.iter().map(room).collect() }
    }

    /// Share of the hidden units that is dropped.
    pub fn rate(&self) -> f32 {
        self.rate
    }

    /// Draws the factors of a batch of `rows` rows: layer by layer, row by row, unit by unit.
    pub fn draw(&mut self, rows: usize, random: &mut Stream) {
        let kept = 1.0 / (1.0 - self.rate);
        for (width, factors) in self.widths.iter().zip(&mut self.factors) {
            for row in 0..rows {
                for unit in 0..*width {
                    let factor = if random.unit() < self.rate { 0.0 } else { kept };
                    factors[unit / LANES * rows + row].0[unit % LANES] = factor;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Activation, Objective};
    use weightscope_math::stream;

    #[test]
    fn the_mean_factor_is_one_and_the_share_of_zeros_is_the_rate() {
        let shape = Shape::new(&[3, 40, 24, 2], Activation::Relu, Objective::CrossEntropy).unwrap();
        let mut dropout = Dropout::new(&shape, 100, 0.25);
        dropout.draw(100, &mut stream(3, "dropout"));
        let mut found = Vec::new();
        for (width, factors) in [40, 24].iter().zip(&dropout.factors) {
            for unit in 0..*width {
                found.extend((0..100).map(|row| factors[unit / LANES * 100 + row].0[unit % LANES]));
            }
        }
        let zeros = found.iter().filter(|factor| **factor == 0.0).count() as f64 / found.len() as f64;
        let mean = found.iter().map(|factor| f64::from(*factor)).sum::<f64>() / found.len() as f64;
        // Three standard errors of 6400 draws.
        assert!((zeros - 0.25).abs() < 0.0163 && (mean - 1.0).abs() < 0.0217, "{zeros} {mean}");
        let first = dropout.factors.clone();
        dropout.draw(100, &mut stream(3, "dropout"));
        assert_eq!(first, dropout.factors, "the same stream, the same draw");
    }
}
