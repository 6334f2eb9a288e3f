//! Which weights are removed: the smallest of each layer, or random ones of each layer.

use std::ops::Range;

use weightscope_math::Stream;

/// Shares that are removed, in steps of a tenth.
pub const SHARES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The order in which the weights of each layer are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thinning {
    /// Places in the flat vector, one list for each layer.
    orders: Vec<Vec<usize>>,
}

impl Thinning {
    /// The smallest magnitudes first; equal ones in the order of their places.
    pub fn smallest(values: &[f32], layers: &[Range<usize>]) -> Self {
        let order = |layer: &Range<usize>| {
            let mut order: Vec<usize> = layer.clone().collect();
            let size = |place: &usize| values.get(*place).map_or(0.0, |value| value.abs());
            order.sort_by(|a, b| size(a).total_cmp(&size(b)));
            order
        };
        Self { orders: layers.iter().map(order).collect() }
    }

    /// A random order; nested, so that what is removed at a share is removed at every larger one.
    pub fn random(layers: &[Range<usize>], random: &mut Stream) -> Self {
        let order = |layer: &Range<usize>| {
            random.permutation(layer.len()).into_iter().map(|place| layer.start + place).collect()
        };
        Self { orders: layers.iter().map(order).collect() }
    }

    /// The values with this share of each layer (rounded) set to 0.
    pub fn removed(&self, values: &[f32], share: f64) -> Vec<f32> {
        let mut thinned = values.to_vec();
        for order in &self.orders {
            let count = (share * order.len() as f64).round() as usize;
            for place in order.iter().take(count) {
                if let Some(value) = thinned.get_mut(*place) {
                    *value = 0.0;
                }
            }
        }
        thinned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn the_smallest_of_each_layer_go_first_and_biases_stay() {
        let values = [5.0, -1.0, 3.0, -4.0, 100.0, 0.1, 0.4, -0.2, 0.3];
        let layers = [0..4, 5..9];
        let thinning = Thinning::smallest(&values, &layers);
        assert_eq!(thinning.removed(&values, 0.5), [5.0, 0.0, 0.0, -4.0, 100.0, 0.0, 0.4, 0.0, 0.3]);
        assert_eq!(thinning.removed(&values, 0.0), values);
    }

    #[test]
    fn random_removals_are_nested_and_exact_in_number() {
        let values = vec![1.0_f32; 110];
        let layers = [0..60, 70..110];
        let thinning = Thinning::random(&layers, &mut stream(1, "deletion"));
        let mut before = vec![false; 110];
        for share in SHARES {
            let gone: Vec<bool> =
                thinning.removed(&values, share).iter().map(|value| *value == 0.0).collect();
            let count = |layer: &Range<usize>| layer.clone().filter(|place| gone[*place]).count();
            assert_eq!(
                (count(&layers[0]), count(&layers[1])),
                ((60.0 * share).round() as usize, (40.0 * share).round() as usize)
            );
            assert!(before.iter().zip(&gone).all(|(before, gone)| !before || *gone), "nested");
            assert!((60..70).all(|place| !gone[place]), "biases stay");
            before = gone;
        }
    }
}
