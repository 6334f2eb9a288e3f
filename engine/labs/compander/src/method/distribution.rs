//! How the weights of a layer are spread, in its own standard deviation, and how evenly its units use them.

use weightscope_math::stats::moments::Moments;

/// Below this share of the standard deviation a weight counts as near zero.
pub const NEAR_ZERO: f64 = 0.1;

/// Figures of one layer, or of the whole network.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Distribution {
    /// Share of weights with |w| < 0.1 std.
    pub near_zero: f64,
    /// Largest |w| over the standard deviation.
    pub largest: f64,
    /// Fourth standardised moment; 3 for a Gaussian.
    pub kurtosis: f64,
    /// Mean over the units of (Σ|w|)²/(n Σw²); 1 if all weights of a unit have one magnitude, 1/n if one weight does all.
    pub participation: f64,
}

/// Population standard deviation about the mean; 0 without weights.
pub fn deviation(weights: &[f32]) -> f64 {
    let values: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
    Moments::of(&values).population_variance().map_or(0.0, f64::sqrt)
}

/// Figures of a matrix `[units, inputs]` row-major; not-a-number where all weights are equal.
pub fn of_layer(weights: &[f32], inputs: usize) -> Distribution {
    let count = weights.len().max(1) as f64;
    let mean = sum(weights, |weight| weight) / count;
    let squares = sum(weights, |weight| (weight - mean).powi(2));
    let deviation = (squares / count).sqrt();
    // Equal weights have no spread to measure by, and deviations that are rounding errors of the mean are none.
    if weights.is_empty() || deviation.is_nan() || deviation <= f64::EPSILON * mean.abs() {
        let none = f64::NAN;
        return Distribution {
            near_zero: none,
            largest: none,
            kurtosis: none,
            participation: participation(weights, inputs),
        };
    }
    let near = NEAR_ZERO * deviation;
    let largest = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
    Distribution {
        near_zero: weights.iter().filter(|weight| f64::from(weight.abs()) < near).count() as f64 / count,
        largest: f64::from(largest) / deviation,
        kurtosis: sum(weights, |weight| (weight - mean).powi(4)) / count / deviation.powi(4),
        participation: participation(weights, inputs),
    }
}

/// Sum of a figure of each weight, in eight parts so that the processor adds them side by side.
pub(crate) fn sum(weights: &[f32], figure: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = weights.as_chunks::<8>();
    let mut parts = [0.0; 8];
    for chunk in chunks {
        parts.iter_mut().zip(chunk).for_each(|(part, weight)| *part += figure(f64::from(*weight)));
    }
    parts.iter().sum::<f64>() + rest.iter().map(|weight| figure(f64::from(*weight))).sum::<f64>()
}

/// Mean over the units with any weight that is not 0.
fn participation(weights: &[f32], inputs: usize) -> f64 {
    let (mut total, mut units) = (0.0, 0_usize);
    for unit in weights.chunks(inputs.max(1)) {
        let (sizes, squares) = (sum(unit, f64::abs), sum(unit, |weight| weight * weight));
        let ratio = sizes * sizes / (unit.len() as f64 * squares);
        if ratio.is_finite() {
            total += ratio;
            units += 1;
        }
    }
    if units == 0 { f64::NAN } else { total / units as f64 }
}

/// The whole network from its layers and their numbers of weights: each layer in its own standard deviation, then pooled; the
/// participation is the plain mean over layers.
pub fn whole(layers: &[(usize, Distribution)]) -> Distribution {
    let total: usize = layers.iter().map(|(count, _)| count).sum();
    // Standardised layers have variance 1 each, so that pooled moments are means weighted by their numbers.
    let pooled = |figure: fn(&Distribution) -> f64| {
        let sum: f64 = layers.iter().map(|(count, layer)| *count as f64 * figure(layer)).sum();
        sum / total.max(1) as f64
    };
    let sum: f64 = layers.iter().map(|(_, layer)| layer.participation).sum();
    Distribution {
        near_zero: pooled(|layer| layer.near_zero),
        kurtosis: pooled(|layer| layer.kurtosis),
        largest: layers.iter().map(|(_, layer)| layer.largest).fold(f64::NAN, f64::max),
        participation: sum / layers.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn gaussian_weights_have_the_figures_of_the_normal_distribution() {
        let mut weights = vec![0.0; 400_000];
        stream(1, "weights").fill_normal(&mut weights);
        let found = of_layer(&weights, 4000);
        // P(|z| < 0.1) = 0.07966; E|z|² / E z² = 2/π.
        assert!((found.near_zero - 0.07966).abs() < 0.002, "{found:?}");
        assert!((found.kurtosis - 3.0).abs() < 0.05, "{found:?}");
        assert!((found.participation - 2.0 / std::f64::consts::PI).abs() < 0.003, "{found:?}");
        let scaled: Vec<f32> = weights.iter().map(|weight| 0.01 * weight).collect();
        let again = of_layer(&scaled, 4000);
        assert!(
            (again.kurtosis - found.kurtosis).abs() < 1e-5 && (again.largest - found.largest).abs() < 1e-5
        );
    }

    #[test]
    fn known_weights_have_known_figures() {
        let found = of_layer(&[1.0, -1.0, 1.0, -1.0, 2.0, 0.0, 0.0, -2.0], 4);
        // One unit uses all four alike, the other two of four.
        assert!((found.participation - 0.75).abs() < 1e-12);
        let deviation = 1.5_f64.sqrt();
        assert!((found.largest - 2.0 / deviation).abs() < 1e-12 && found.near_zero == 0.25);
        assert!((found.kurtosis - (4.0 + 2.0 * 16.0) / 8.0 / 2.25).abs() < 1e-12);
        let equal = of_layer(&[0.0; 4], 2);
        assert!(equal.kurtosis.is_nan() && equal.participation.is_nan());
    }

    #[test]
    fn the_whole_is_pooled_in_own_deviations() {
        let mut random = stream(2, "weights");
        let mut small = vec![0.0; 600];
        let mut large = vec![0.0; 200];
        random.fill_normal(&mut small);
        random.fill_normal(&mut large);
        large.iter_mut().for_each(|weight| *weight *= 50.0);
        let layers = [(600, of_layer(&small, 30)), (200, of_layer(&large, 20))];
        let found = whole(&layers);
        let standardised = |weights: &[f32]| -> Vec<f64> {
            let values: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
            let moments = Moments::of(&values);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let deviation = moments.population_variance().map_or(0.0, f64::sqrt);
            values.iter().map(|value| (value - mean) / deviation).collect()
        };
        let pooled = [standardised(&small), standardised(&large)].concat();
        let expected = weightscope_math::stats::moments::kurtosis(&pooled).unwrap_or(f64::NAN) + 3.0;
        assert!((found.kurtosis - expected).abs() < 1e-9, "{} {expected}", found.kurtosis);
        assert_eq!(found.participation, 0.5 * (layers[0].1.participation + layers[1].1.participation));
    }
}
