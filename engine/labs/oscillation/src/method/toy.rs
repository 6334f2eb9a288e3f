//! One oscillating weight: least squares on a quantized weight with the straight-through gradient
//! (the one-weight example of Nagel et al., arXiv 2203.11086).
//!
//! Minimise `(w_q - w*)²/2` by `w <- w - lr·(s·clip(rint(w/s)) - w*)`. With `w*` between two levels the latent weight climbs to the
//! decision boundary and hops around it for ever: its share of time on the upper level is `(w* - lower)/s`,
//! and its oscillations per iteration tend to `2·distance(w*, nearest level)/s`, whatever the learning rate.
//! Contract: double precision; single precision drifts by a rounding step.

use super::bits::LevelRange;

/// The example's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toy {
    /// Latent weight at the start.
    pub start: f64,
    /// The weight that would be best, `w*`.
    pub target: f64,
    /// Step size of the quantizer, `s`.
    pub step: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Levels of the quantizer.
    pub range: LevelRange,
}

/// The latent weight and its level at each iteration, before the update of that iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Latent weight.
    pub latent: Vec<f64>,
    /// Its level.
    pub level: Vec<i32>,
}

impl Toy {
    /// The level of a latent weight: rounded half to even, then clipped.
    pub fn level(&self, latent: f64) -> i32 {
        let level = (latent / self.step).round_ties_even();
        level.clamp(f64::from(self.range.lowest), f64::from(self.range.highest)) as i32
    }

    /// Runs the example.
    pub fn run(&self, iterations: usize) -> Path {
        let mut path = Path::default();
        let mut latent = self.start;
        for _ in 0..iterations {
            let level = self.level(latent);
            path.latent.push(latent);
            path.level.push(level);
            latent -= self.learning_rate * (self.step * f64::from(level) - self.target);
        }
        path
    }

    /// The frequency of oscillation that the theory predicts, events per iteration.
    pub fn predicted_frequency(&self) -> f64 {
        let position = self.target / self.step;
        2.0 * (position - position.round_ties_even()).abs()
    }
}

/// Number of reversals in a sequence of levels: switches opposite to the last switch before them.
pub fn reversals(levels: &[i32]) -> usize {
    let mut direction = 0;
    let mut count = 0;
    for pair in levels.windows(2) {
        let turn = (pair[0] - pair[1]).signum();
        if turn != 0 {
            count += usize::from(turn == -direction);
            direction = turn;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequency_follows_the_distance_and_not_the_learning_rate() {
        for learning_rate in [0.003, 0.017] {
            let range = LevelRange { lowest: -2, highest: 3 };
            let toy = Toy { start: 0.0, target: 0.27, step: 0.2, learning_rate, range };
            // The slower weight needs some 1,100 iterations to reach its boundary.
            let path = toy.run(5000);
            let found = reversals(&path.level[2000..]) as f64 / 3000.0;
            assert!((found - toy.predicted_frequency()).abs() < 0.01, "{found}");
            let mean = path.level[2000..].iter().sum::<i32>() as f64 / 3000.0;
            assert!((mean - 1.35).abs() < 0.01, "{mean}");
        }
    }
}
