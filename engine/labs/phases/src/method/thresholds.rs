//! Automatic thresholds: N. Otsu's two-class threshold ("A threshold selection method from gray-level histograms", 1979),
//! on the values themselves instead of a histogram.

/// Fewest cells from which a threshold on loss or curvature is taken.
pub const LEAST_CELLS: usize = 6;
/// Fewest cells from which a threshold on similarity is taken.
pub const LEAST_SIMILAR: usize = 4;
/// Similarity threshold where there are fewer.
pub const DEFAULT_CKA: f64 = 0.75;
/// Threshold on mode connectivity, percentage points.
pub const DEFAULT_CONNECTIVITY: f64 = 2.0;

/// The middle of the gap that best parts the values into two classes (largest variance between them); `None` if all are equal
/// or fewer than two. Values that are no finite numbers are left out.
pub fn otsu(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let total: f64 = sorted.iter().sum();
    let mut below = 0.0;
    let mut best: Option<(f64, f64)> = None;
    for (index, pair) in sorted.windows(2).enumerate() {
        below += pair[0];
        if pair[0] == pair[1] {
            continue;
        }
        let (low, high) = ((index + 1) as f64, (count - index - 1) as f64);
        let between = low * high * (below / low - (total - below) / high).powi(2);
        if best.is_none_or(|(most, _)| between > most) {
            best = Some((between, f64::midpoint(pair[0], pair[1])));
        }
    }
    best.map(|(_, threshold)| threshold)
}

/// Otsu's threshold on a logarithmic scale, for positive values.
pub fn otsu_log(values: &[f64]) -> Option<f64> {
    let logs: Vec<f64> = values.iter().filter(|value| **value > 0.0).map(|value| value.log10()).collect();
    if logs.len() < LEAST_CELLS { None } else { otsu(&logs).map(|log| 10.0_f64.powf(log)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_heaps_are_parted_in_the_gap() {
        let threshold = otsu(&[1.0, 1.1, 0.9, 5.0, 5.2, f64::NAN, 4.9]).unwrap();
        assert!((1.1..4.9).contains(&threshold), "{threshold}");
        assert_eq!(otsu(&[2.0, 2.0]), None);
        assert_eq!(otsu(&[]), None);
        let losses = otsu_log(&[2.0, 1.8, 0.5, 0.7, 0.006, 0.005, 0.009]).unwrap();
        assert!((0.009..0.5).contains(&losses), "{losses}");
        assert_eq!(otsu_log(&[1.0, 2.0]), None, "too few");
    }
}
