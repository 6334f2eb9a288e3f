//! The Lanczos process with full re-orthogonalisation (twice is enough), from a given start.

use super::symmetric::eigen_tridiagonal;
use weightscope_population::Lane;
use weightscope_population::lane::{add_scaled, dot, norm, scale};

/// The tridiagonal matrix of a run and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanczos {
    /// Diagonal.
    pub alpha: Vec<f64>,
    /// Elements beside it.
    pub beta: Vec<f64>,
    /// Eigenvalues of the tridiagonal matrix, ascending: Ritz values.
    pub ritz: Vec<f64>,
    /// Squared first component of each eigenvector; they sum to 1.
    pub weights: Vec<f64>,
}

/// Relative length below which a new vector counts as nothing.
const BREAKDOWN: f64 = 1e-6;

/// `steps` steps from `start` (any length). When the space is exhausted the process goes on from `restart`, at right angles to all
/// vectors so far, or ends when even that gives nothing new.
pub fn lanczos<E>(
    product: &mut impl FnMut(&[Lane], &mut [Lane]) -> Result<(), E>,
    start: &[Lane],
    steps: usize,
    mut restart: impl FnMut() -> Vec<Lane>,
) -> Result<Lanczos, E> {
    let (mut alpha, mut beta) = (Vec::new(), Vec::new());
    let mut basis: Vec<Vec<Lane>> = Vec::new();
    let mut next = start.to_vec();
    let length = norm(&next);
    if length > 0.0 {
        scale(&mut next, (1.0 / length) as f32);
    }
    let mut image = vec![Lane::ZERO; next.len()];
    let mut largest = 0.0_f64;
    while alpha.len() < steps {
        basis.push(next);
        let Some(present) = basis.last() else { break };
        product(present, &mut image)?;
        let quotient = dot(present, &image);
        alpha.push(quotient);
        if alpha.len() == steps {
            break;
        }
        orthogonalize(&mut image, &basis);
        let mut length = norm(&image);
        largest = largest.max(quotient.abs()).max(length);
        next = image[..].to_vec();
        let mut coupling = length;
        if length <= BREAKDOWN * largest || length == 0.0 {
            next = restart();
            orthogonalize(&mut next, &basis);
            length = norm(&next);
            coupling = 0.0;
            if length <= f64::from(f32::MIN_POSITIVE) {
                break;
            }
        }
        beta.push(coupling);
        scale(&mut next, (1.0 / length) as f32);
    }
    let (ritz, weights) = match eigen_tridiagonal(&alpha, &beta) {
        Some(eigen) => {
            (eigen.values, eigen.vectors.iter().filter_map(|vector| Some(vector.first()?.powi(2))).collect())
        }
        None => (Vec::new(), Vec::new()),
    };
    Ok(Lanczos { alpha, beta, ritz, weights })
}

fn orthogonalize(vector: &mut [Lane], basis: &[Vec<Lane>]) {
    for _ in 0..2 {
        for other in basis {
            let part = dot(vector, other);
            add_scaled(vector, -part as f32, other);
        }
    }
}
