//! Honest smoothing: a debiased exponential mean, drawn over the raw curve.

use crate::figure::model::{Band, Ink};

/// Largest weight on offer.
pub(super) const MOST: f64 = 0.999;

/// Debiased exponential mean with weight `weight`: s ← w·s + (1 − w)·y, shown s / (1 − wⁿ), starting at 0 (the definition
/// that TensorBoard uses). Non-finite values pass through and change nothing; a constant series stays as it is.
pub(super) fn smooth(points: &[[f64; 2]], weight: f64) -> Vec<[f64; 2]> {
    let weight = weight.clamp(0.0, MOST);
    let first = points.iter().map(|point| point[1]).find(|value| value.is_finite());
    let constant = points.iter().all(|point| !point[1].is_finite() || Some(point[1]) == first);
    if constant || weight == 0.0 {
        return points.to_vec();
    }
    let (mut mean, mut left) = (0.0, 1.0);
    points
        .iter()
        .map(|&[x, y]| {
            if !y.is_finite() {
                return [x, y];
            }
            mean = weight * mean + (1.0 - weight) * y;
            left *= weight;
            [x, mean / (1.0 - left)]
        })
        .collect()
}

/// Slices of a curve that the envelope takes the extremes of.
const SLICES: usize = 120;

/// The band from the smallest to the largest raw value, slice by slice along x; gaps in the data are gaps in the band.
pub(super) fn envelope(points: &[[f64; 2]], ink: Ink) -> Band {
    let slice = points.len().div_ceil(SLICES).max(1);
    let mut band =
        Band { name: String::new(), x: Vec::new(), lower: Vec::new(), upper: Vec::new(), ink, opacity: 0.18 };
    for part in points.chunks(slice) {
        let values = || part.iter().map(|point| point[1]).filter(|value| value.is_finite());
        let Some(middle) = part.get(part.len() / 2) else { continue };
        band.x.push(middle[0]);
        band.lower.push(values().reduce(f64::min).unwrap_or(f64::NAN));
        band.upper.push(values().reduce(f64::max).unwrap_or(f64::NAN));
    }
    band
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_is_itself_and_gaps_pass_through() {
        let points = [[0.0, 2.0], [1.0, f64::NAN], [2.0, 4.0]];
        let smoothed = smooth(&points, 0.5);
        assert_eq!(smoothed[0][1], 2.0, "debiased from the start");
        assert!(smoothed[1][1].is_nan(), "a gap stays a gap");
        // s = 0.5·(0.5·2) + 0.5·4 = 2.5 after two values; 2.5 / (1 − 0.25) = 10/3.
        assert!((smoothed[2][1] - 10.0 / 3.0).abs() < 1e-12, "{smoothed:?}");
    }

    #[test]
    fn an_envelope_keeps_the_extremes_that_smoothing_hides() {
        let points: Vec<[f64; 2]> =
            (0..1200).map(|i| [f64::from(i), if i == 600 { 9.0 } else { f64::from(i % 2) }]).collect();
        let band = envelope(&points, Ink::Muted);
        assert_eq!(band.upper.iter().copied().fold(0.0, f64::max), 9.0, "the spike is there");
        assert!(band.lower.iter().all(|low| *low == 0.0), "and the floor");
    }

    #[test]
    fn a_constant_is_not_smoothed() {
        let points = [[0.0, 0.1], [1.0, 0.1], [2.0, 0.1]];
        assert_eq!(smooth(&points, 0.9), points, "bit for bit");
    }
}
