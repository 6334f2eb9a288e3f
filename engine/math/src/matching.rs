//! Weight matching (Git Re-Basin, arXiv 2209.04836): the permutation of hidden units that brings one fully connected network nearest to
//! another, so that averaging the two means something.
//!
//! One hidden layer is one assignment problem, solved exactly; several are solved one at a time, in a given order of layers, until
//! none changes. A network of `sizes` (inputs, hidden widths, outputs) is a flat vector: the weights `[outputs, inputs]` of a layer,
//! row after row, then its biases, layer after layer. Contract: vectors are as long as their sizes say, and there is a hidden layer.

use crate::linalg::assignment::assign;
use crate::real::Real;

/// Rounds over the layers after which matching ends anyway; each round that changes something brings the networks nearer.
const MOST_ROUNDS: usize = 100;

/// Gain, as a share of the sum of similarities, below which a permutation counts as no better.
const LEAST_GAIN: f64 = 1e-9;

/// Permutation of each hidden layer: unit `p[i]` of the second network stands where unit `i` of the first does.
pub type Permutations = Vec<Vec<usize>>;

/// What matching found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Permutation of each hidden layer.
    pub permutations: Permutations,
    /// Rounds over all layers, the last one without a change included.
    pub rounds: usize,
}

/// Parameters of a network of these sizes: weights and biases of every layer.
pub fn parameters(sizes: &[usize]) -> usize {
    sizes.windows(2).map(|pair| pair[1] * (pair[0] + 1)).sum()
}

/// Where the weights of each layer begin in the flat vector; its biases follow them.
fn starts(sizes: &[usize]) -> Vec<usize> {
    let mut next = 0;
    let mut starts = Vec::with_capacity(sizes.len());
    for pair in sizes.windows(2) {
        starts.push(next);
        next += pair[1] * (pair[0] + 1);
    }
    starts
}

/// Similarity of the units of hidden layer `layer` of two networks, `[units, units]`: products of their incoming weights (the inputs of
/// the second already permuted), of their biases, and of their outgoing weights (with the outputs permuted).
pub fn similarity<R: Real>(
    sizes: &[usize],
    a: &[R],
    b: &[R],
    layer: usize,
    permutations: &Permutations,
) -> Vec<f64> {
    let (inputs, units, outputs) = (sizes[layer], sizes[layer + 1], sizes[layer + 2]);
    let first = starts(sizes)[layer];
    let (biases, after_layer) = (first + units * inputs, first + units * (inputs + 1));
    let part = |vector: &[R], from: usize, count: usize| -> Vec<f64> {
        vector[from..from + count].iter().map(|value| value.to_f64()).collect()
    };
    let (in_a, in_b) = (part(a, first, units * inputs), part(b, first, units * inputs));
    let (bias_a, bias_b) = (part(a, biases, units), part(b, biases, units));
    let (out_a, out_b) = (part(a, after_layer, outputs * units), part(b, after_layer, outputs * units));
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

/// Sum of the similarities `[units, units]` of the pairs that a permutation makes.
pub fn total(gains: &[f64], permutation: &[usize]) -> f64 {
    let units = permutation.len();
    permutation.iter().enumerate().map(|(i, j)| gains[i * units + j]).sum()
}

/// Matches the second network to the first. `order` gives the order of the hidden layers in a round, newly asked for each time.
pub fn match_weights<R: Real>(
    sizes: &[usize],
    a: &[R],
    b: &[R],
    mut order: impl FnMut(usize) -> Vec<usize>,
) -> Matched {
    let hidden = &sizes[1..sizes.len() - 1];
    let mut permutations: Permutations = hidden.iter().map(|units| (0..*units).collect()).collect();
    let mut rounds = 0;
    while rounds < MOST_ROUNDS {
        rounds += 1;
        let mut changed = false;
        for layer in order(hidden.len()) {
            let gains = similarity(sizes, a, b, layer, &permutations);
            let better = assign(&gains, hidden[layer]);
            let best = total(&gains, &better);
            if best - total(&gains, &permutations[layer]) > LEAST_GAIN * best.abs().max(1e-12) {
                permutations[layer] = better;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    Matched { permutations, rounds }
}

/// The second network with its hidden units in the order of the first.
pub fn permute<R: Real>(sizes: &[usize], b: &[R], permutations: &Permutations) -> Vec<R> {
    let mut aligned = vec![R::ZERO; b.len()];
    for (layer, weights) in starts(sizes).into_iter().enumerate() {
        let (inputs, outputs) = (sizes[layer], sizes[layer + 1]);
        let row = |output: usize| permutations.get(layer).map_or(output, |p| p[output]);
        let column = |input: usize| if layer == 0 { input } else { permutations[layer - 1][input] };
        let biases = weights + outputs * inputs;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    #[test]
    fn a_shuffled_network_is_put_back_in_order() {
        let sizes = [9, 12, 7, 4];
        let mut a = vec![0.0_f32; parameters(&sizes)];
        stream(1, "init").fill_normal(&mut a);
        let mut random = stream(2, "order");
        let shuffle = vec![random.permutation(12), random.permutation(7)];
        let b = permute(&sizes, &a, &shuffle);
        assert_ne!(a, b);
        let found = match_weights(&sizes, &a, &b, |layers| random.permutation(layers));
        assert_eq!(permute(&sizes, &b, &found.permutations), a);
        assert!(found.rounds >= 2, "the last round changes nothing");
    }

    #[test]
    fn a_network_matches_itself_unmoved() {
        let sizes = [3, 5, 2];
        let mut a = vec![0.0_f32; parameters(&sizes)];
        stream(3, "init").fill_normal(&mut a);
        let found = match_weights(&sizes, &a, &a, |layers| (0..layers).collect());
        assert_eq!(found, Matched { permutations: vec![(0..5).collect()], rounds: 1 });
    }
}
