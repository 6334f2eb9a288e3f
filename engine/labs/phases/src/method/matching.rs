//! Weight matching (Git Re-Basin, arXiv 2209.04836): the permutation of hidden units that brings one network nearest to another, so
//! that averaging the two means something.
//!
//! One hidden layer is one assignment problem, solved exactly; several are solved one at a time, in a given order of layers, until
//! none changes. Vectors are flat in the order of [`weightscope_population::Shape`].

use weightscope_math::linalg::assignment::assign;
use weightscope_population::Shape;

/// Rounds over the layers after which matching ends anyway; each round that changes something brings the networks nearer.
const MOST_ROUNDS: usize = 100;

/// Permutation of each hidden layer: unit `p[i]` of the second network stands where unit `i` of the first does.
pub type Permutations = Vec<Vec<usize>>;

/// Similarity of the units of hidden layer `layer` of two networks, `[units, units]`: products of their incoming weights (the inputs of
/// the second already permuted), of their biases, and of their outgoing weights (with the outputs permuted).
pub fn similarity(
    shape: &Shape,
    a: &[f32],
    b: &[f32],
    layer: usize,
    permutations: &Permutations,
) -> Vec<f64> {
    let sizes = shape.sizes();
    let tensors = shape.tensors();
    let units = sizes[layer + 1];
    let part = |vector: &'_ [f32], index: usize| -> Vec<f64> {
        vector[tensors[index].range.clone()].iter().map(|value| f64::from(*value)).collect()
    };
    let (inputs, outputs) = (sizes[layer], sizes[layer + 2]);
    let (in_a, in_b) = (part(a, 2 * layer), part(b, 2 * layer));
    let (bias_a, bias_b) = (part(a, 2 * layer + 1), part(b, 2 * layer + 1));
    let (out_a, out_b) = (part(a, 2 * layer + 2), part(b, 2 * layer + 2));
    let before = |input: usize| if layer == 0 { input } else { permutations[layer - 1][input] };
    let after = |output: usize| permutations.get(layer + 1).map_or(output, |next| next[output]);
    let mut gains = vec![0.0; units * units];
    for i in 0..units {
        for j in 0..units {
            let incoming: f64 =
                (0..inputs).map(|k| in_a[i * inputs + k] * in_b[j * inputs + before(k)]).sum();
            let outgoing: f64 =
                (0..outputs).map(|k| out_a[k * units + i] * out_b[after(k) * units + j]).sum();
            gains[i * units + j] = incoming + bias_a[i] * bias_b[j] + outgoing;
        }
    }
    gains
}

/// Matches the second network to the first. `order` gives the order of the hidden layers in a round, newly drawn each time.
pub fn match_weights(
    shape: &Shape,
    a: &[f32],
    b: &[f32],
    mut order: impl FnMut(usize) -> Vec<usize>,
) -> Permutations {
    let hidden = &shape.sizes()[1..shape.sizes().len() - 1];
    let mut permutations: Permutations = hidden.iter().map(|units| (0..*units).collect()).collect();
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        for layer in order(hidden.len()) {
            let gains = similarity(shape, a, b, layer, &permutations);
            let units = hidden[layer];
            let total =
                |p: &[usize]| -> f64 { p.iter().enumerate().map(|(i, j)| gains[i * units + j]).sum() };
            let better = assign(&gains, units);
            let gain = total(&better) - total(&permutations[layer]);
            if gain > 1e-9 * total(&better).abs().max(1e-12) {
                permutations[layer] = better;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    permutations
}

/// The second network with its hidden units in the order of the first.
pub fn permute(shape: &Shape, b: &[f32], permutations: &Permutations) -> Vec<f32> {
    let sizes = shape.sizes();
    let tensors = shape.tensors();
    let mut aligned = vec![0.0; b.len()];
    for layer in 0..sizes.len() - 1 {
        let (inputs, outputs) = (sizes[layer], sizes[layer + 1]);
        let row = |output: usize| permutations.get(layer).map_or(output, |p| p[output]);
        let column = |input: usize| if layer == 0 { input } else { permutations[layer - 1][input] };
        let (weights, biases) = (tensors[2 * layer].range.start, tensors[2 * layer + 1].range.start);
        for output in 0..outputs {
            for input in 0..inputs {
                aligned[weights + output * inputs + input] =
                    b[weights + row(output) * inputs + column(input)];
            }
            aligned[biases + output] = b[biases + row(output)];
        }
    }
    aligned
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
