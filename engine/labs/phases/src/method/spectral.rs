//! Spectral exponent of a layer (`TempBalance`, `NeurIPS` 2023, `tempbalance.py`): how heavy the tail of the eigenvalues of W·Wᵀ is, by
//! [`weightscope_math::stats::power_law::exponent_of_upper_half`].

use weightscope_math::linalg::symmetric::eigen;

/// Eigenvalues at or below this are left out: their logarithm would rule the sum.
pub const LEAST_EIGENVALUE: f64 = 1e-5;

/// Eigenvalues of W·Wᵀ above the limit, ascending; W is row-major `[rows, columns]`.
pub fn eigenvalues(weights: &[f32], rows: usize) -> Vec<f64> {
    let columns = weights.len() / rows.max(1);
    if columns == 0 || rows == 0 {
        return Vec::new();
    }
    // The smaller of the two Gram matrices has the same eigenvalues besides zero.
    let size = rows.min(columns);
    let at = |i: usize, k: usize| {
        if rows <= columns { weights[i * columns + k] } else { weights[k * columns + i] }
    };
    let inner = rows.max(columns);
    let mut gram = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let sum: f64 = (0..inner).map(|k| f64::from(at(i, k)) * f64::from(at(j, k))).sum();
            gram[i * size + j] = sum;
            gram[j * size + i] = sum;
        }
    }
    let values = eigen(&gram, size).map(|eigen| eigen.values).unwrap_or_default();
    values.into_iter().filter(|value| *value > LEAST_EIGENVALUE).collect()
}

/// Learning rates by exponent: linear from the smallest to the largest exponent onto 0.5 to 1.5 times the rate.
pub fn balanced_rates(exponents: &[f64], rate: f64) -> Vec<f64> {
    let low = exponents.iter().copied().fold(f64::INFINITY, f64::min);
    let high = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    exponents
        .iter()
        .map(|value| if high > low { rate * (0.5 + (value - low) / (high - low)) } else { rate })
        .collect()
}
