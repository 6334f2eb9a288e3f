//! Principal components of a few columns, as many as explain a share of the variance, by Jacobi rotations of their covariance.
//!
//! The factor regression of quantiles stands on the bits of this way; for anything else take [`super::Pca`].

/// Mean and directions of most variance.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Components {
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Unit directions, most variance first.
    pub directions: Vec<Vec<f64>>,
}

/// Sweeps over all pairs at most; a dozen suffice for any matrix of this size.
const SWEEPS: usize = 40;

/// The leading components of `[rows, columns]` that explain at least `share` of the variance; at least one if there are columns.
pub fn components(x: &[f64], columns: usize, share: f64) -> Components {
    if columns == 0 {
        return Components::default();
    }
    let rows = (x.len() / columns.max(1)).max(1) as f64;
    let mut mean = vec![0.0; columns];
    for row in x.chunks_exact(columns) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / rows);
    }
    let mut matrix = vec![0.0; columns * columns];
    for row in x.chunks_exact(columns) {
        for i in 0..columns {
            for j in 0..columns {
                matrix[i * columns + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / rows;
            }
        }
    }
    let vectors = diagonalise(&mut matrix, columns);
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|a, b| matrix[b * columns + b].total_cmp(&matrix[a * columns + a]));
    let total: f64 = (0..columns).map(|i| matrix[i * columns + i]).sum();
    let mut explained = 0.0;
    let mut directions = Vec::new();
    for index in order {
        directions.push((0..columns).map(|row| vectors[row * columns + index]).collect());
        explained += matrix[index * columns + index];
        if explained >= share * total {
            break;
        }
    }
    Components { mean, directions }
}

impl Components {
    /// Coordinates of one row.
    pub fn project(&self, row: &[f64]) -> Vec<f64> {
        let along = |direction: &Vec<f64>| {
            row.iter().zip(&self.mean).zip(direction).map(|((value, mean), d)| (value - mean) * d).sum()
        };
        self.directions.iter().map(along).collect()
    }
}

/// Turns a symmetric matrix diagonal in place; the rotations, one eigenvector a column.
fn diagonalise(matrix: &mut [f64], n: usize) -> Vec<f64> {
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    for _ in 0..SWEEPS {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix[i * n + j].powi(2)).sum();
        if off < 1e-24 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(matrix, &mut vectors, n, p, q);
            }
        }
    }
    vectors
}

fn rotate(matrix: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) {
    let off = matrix[p * n + q];
    if off.abs() < 1e-300 {
        return;
    }
    let theta = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (a, b) = (matrix[k * n + p], matrix[k * n + q]);
        matrix[k * n + p] = c * a - s * b;
        matrix[k * n + q] = s * a + c * b;
    }
    for k in 0..n {
        let (a, b) = (matrix[p * n + k], matrix[q * n + k]);
        matrix[p * n + k] = c * a - s * b;
        matrix[q * n + k] = s * a + c * b;
    }
    for k in 0..n {
        let (a, b) = (vectors[k * n + p], vectors[k * n + q]);
        vectors[k * n + p] = c * a - s * b;
        vectors[k * n + q] = s * a + c * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_component_follows_the_spread() {
        let x: Vec<f64> =
            (0..100).flat_map(|i| [f64::from(i), 2.0 * f64::from(i), f64::from(i % 3)]).collect();
        let found = components(&x, 3, 0.95);
        assert_eq!(found.directions.len(), 1);
        let d = &found.directions[0];
        assert!((d[1] / d[0] - 2.0).abs() < 0.01 && d[2].abs() < 0.01, "{d:?}");
        assert_eq!(components(&x, 3, 1.0 + 1e-9).directions.len(), 3);
    }
}
