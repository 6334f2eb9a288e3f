//! The histogram of Ψ(v) that follows from a recorded histogram of v, for parameters that were never trained.

use super::form::{Form, Pair};

/// Mass in each bin of `edges` when the mass of each bin of v (spread evenly inside its bin) goes through Ψ; what lands outside the edges
/// is left out. `edges` are increasing, one more than `counts`; the result has the same bins.
pub fn histogram(form: &dyn Form, pair: Pair, edges: &[f64], counts: &[u32]) -> Vec<f64> {
    let mut mapped = vec![0.0; counts.len()];
    let images: Vec<f64> = edges.iter().map(|edge| pair.value(form, *edge)).collect();
    for ((ends, image), count) in edges.windows(2).zip(images.windows(2)).zip(counts) {
        let ([low, high], [image_low, image_high]) = (ends, image) else { continue };
        if *count == 0 {
            continue;
        }
        let first = edges.partition_point(|edge| edge <= image_low).saturating_sub(1);
        for bin in first..mapped.len() {
            let (Some(start), Some(end)) = (edges.get(bin), edges.get(bin + 1)) else { break };
            if start >= image_high {
                break;
            }
            // The part of the bin of v whose image lies in this bin of w; the inverse is exact at the ends.
            let from = if start <= image_low { *low } else { pair.inverse(form, *start) };
            let to = if end >= image_high { *high } else { pair.inverse(form, *end) };
            let share = ((to - from) / (high - low)).clamp(0.0, 1.0);
            if share.is_finite()
                && let Some(mass) = mapped.get_mut(bin)
            {
                *mass += f64::from(*count) * share;
            }
        }
    }
    mapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::form::Compander;
    use weightscope_math::stats::histogram::Histogram;
    use weightscope_math::stream;

    #[test]
    fn the_mapped_histogram_is_that_of_the_mapped_values() {
        let mut latent = vec![0.0; 200_000];
        stream(5, "latent").fill_normal(&mut latent);
        let edges: Vec<f64> = (0..=160).map(|edge| f64::from(edge) * 0.075 - 6.0).collect();
        let count = |values: &mut dyn Iterator<Item = f64>| {
            let mut histogram = Histogram::new(edges.clone()).unwrap();
            histogram.add(values);
            histogram.counts().iter().map(|count| *count as u32).collect::<Vec<_>>()
        };
        let counts = count(&mut latent.iter().map(|v| f64::from(*v)));
        for (word, pair) in [
            (Compander::Arctan, Pair { amplitude: 2.2, width: 1.4 }),
            (Compander::Arctan, Pair { amplitude: 1.2, width: 0.76 }),
            (Compander::Softsign, Pair { amplitude: 2.2, width: 1.4 }),
            (Compander::Tanh, Pair { amplitude: 2.2, width: 1.4 }),
        ] {
            let form = word.form().unwrap();
            let found = histogram(form, pair, &edges, &counts);
            let exact = count(&mut latent.iter().map(|v| pair.value(form, f64::from(*v))));
            assert!((found.iter().sum::<f64>() - 200_000.0).abs() < 1e-6 * 200_000.0, "no weight is lost");
            let distance: f64 = found.iter().zip(&exact).map(|(a, b)| (a - f64::from(*b)).abs()).sum();
            assert!(distance < 0.03 * 200_000.0, "{word:?}: {distance} of 200000 stand elsewhere");
        }
    }
}
