//! Weight matching of the networks of this lab, whose vectors are flat in the order of [`weightscope_population::Shape`]: the shared
//! solver ([`weightscope_math::matching`]) on the sizes of their shape.

use weightscope_math::matching;
use weightscope_population::Shape;

pub use weightscope_math::matching::Permutations;

/// Similarity of the units of hidden layer `layer` of two networks, `[units, units]`: products of their incoming weights (the inputs of
/// the second already permuted), of their biases, and of their outgoing weights (with the outputs permuted).
pub fn similarity(
    shape: &Shape,
    a: &[f32],
    b: &[f32],
    layer: usize,
    permutations: &Permutations,
) -> Vec<f64> {
    matching::similarity(shape.sizes(), a, b, layer, permutations)
}

/// Matches the second network to the first. `order` gives the order of the hidden layers in a round, newly drawn each time.
pub fn match_weights(
    shape: &Shape,
    a: &[f32],
    b: &[f32],
    order: impl FnMut(usize) -> Vec<usize>,
) -> Permutations {
    matching::match_weights(shape.sizes(), a, b, order).permutations
}

/// The second network with its hidden units in the order of the first.
pub fn permute(shape: &Shape, b: &[f32], permutations: &Permutations) -> Vec<f32> {
    matching::permute(shape.sizes(), b, permutations)
}

/// Mean of several networks of the same shape, all parameters.
pub fn average(members: &[Vec<f32>]) -> Vec<f32> {
    let Some(first) = members.first() else { return Vec::new() };
    let factor = 1.0 / members.len() as f64;
    let sum = |index: usize| members.iter().map(|member| f64::from(member[index])).sum::<f64>();
    (0..first.len()).map(|index| (factor * sum(index)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;
    use weightscope_population::{Activation, Objective, train};

    #[test]
    fn a_shuffled_network_is_put_back_in_order() {
        let shape = Shape::new(&[9, 12, 7, 4], Activation::Relu, Objective::CrossEntropy).unwrap();
        let a = train::initial(&shape, &mut stream(1, "init"));
        let mut random = stream(2, "order");
        let shuffle = vec![random.permutation(12), random.permutation(7)];
        let b = permute(&shape, &a, &shuffle);
        let found = match_weights(&shape, &a, &b, |layers| random.permutation(layers));
        assert_eq!(permute(&shape, &b, &found), a);
    }
}
