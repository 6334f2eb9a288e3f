//! The linear programs of the lab: quantile regression, and the best weights on the simplex (test bounds of the global families).

use super::interior::{CheckProgram, Solution};

/// Unpenalised linear quantile regression at one level (Koenker and Bassett 1978): coefficients with the intercept first.
/// `x` is `[rows, columns]`.
pub fn quantile_regression(x: &[f64], columns: usize, y: &[f64], tau: f64) -> Solution {
    let mut program = CheckProgram { columns: columns + 1, ..CheckProgram::default() };
    let mut row = vec![1.0; columns + 1];
    for (index, y) in y.iter().enumerate() {
        row[1..].copy_from_slice(&x[index * columns..(index + 1) * columns]);
        program.push(&row, *y, tau, 1.0 - tau);
    }
    program.solve()
}

/// Rows of a problem over weights that are positive and add up to one.
#[derive(Clone, Debug, Default)]
pub struct SimplexProgram {
    models: usize,
    program: CheckProgram,
    /// No multiplier of a constraint can exceed the sum of all slopes.
    slope: f64,
}

impl SimplexProgram {
    /// An empty problem over this many weights.
    pub fn new(models: usize) -> Self {
        let program = CheckProgram { columns: models.saturating_sub(1), ..CheckProgram::default() };
        Self { models, program, slope: 0.0 }
    }

    /// Adds `ψ_τ(y − Σ_j w_j z_j)`. The last weight is one minus the others.
    pub fn push(&mut self, z: &[f64], y: f64, tau: f64) {
        let Some((last, others)) = z.split_last() else { return };
        let row: Vec<f64> = others.iter().map(|z| z - last).collect();
        self.slope += row.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        self.program.push(&row, y - last, tau, 1.0 - tau);
    }

    /// The best weights and their summed pinball loss. The constraints are rows with a cost beyond any multiplier, so they hold exactly.
    pub fn solve(mut self) -> (Vec<f64>, f64) {
        let others = self.models.saturating_sub(1);
        if others == 0 {
            let objective = self.program.y.iter().zip(&self.program.above).zip(&self.program.below);
            let sum =
                objective.map(|((y, above), below)| if *y > 0.0 { above * y } else { -below * y }).sum();
            return (vec![1.0; self.models], sum);
        }
        let observations = self.program.y.len();
        let cost = 2.0 * self.slope.max(1.0);
        for index in 0..others {
            let mut row = vec![0.0; others];
            row[index] = 1.0;
            self.program.push(&row, 0.0, cost, 0.0);
        }
        self.program.push(&vec![1.0; others], 1.0, 0.0, cost);
        let solution = self.program.solve();
        let mut weights: Vec<f64> = solution.w.iter().map(|w| w.max(0.0)).collect();
        weights.push((1.0 - weights.iter().sum::<f64>()).max(0.0));
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        self.program.x.truncate(observations * others);
        self.program.y.truncate(observations);
        let objective = self.program.objective(&weights[..others]);
        (weights, objective)
    }
}
