//! Passes by hand against their tensor form: logits and gradients, whatever is quantized, in one part and in several.

use super::Prepared;
use crate::method::bits::Bits;
use crate::method::lsq::Pins;
use crate::network::build::plan_mlp;
use crate::network::pass::QuantizedPass;
use crate::network::plan::{OuterLayers, QueryKey, Scheme, WeightMethod};
use crate::network::tests::{Example, test_source};
use crate::network::weight::WeightState;
use weightscope_nn::gradient::constant;
use weightscope_nn::host::mlp::HostMlp;
use weightscope_nn::host::parts::Parts;
use weightscope_nn::host::vit::HostVit;
use weightscope_nn::init::normal;
use weightscope_nn::loss::{cross_entropy, one_hot};
use weightscope_nn::mlp::Mlp;
use weightscope_nn::parameters::{Parameters, read};

use burn::tensor::Device;

/// Logits and gradient of an example by hand.
fn by_hand(example: &Example, states: &[WeightState], threads: usize) -> (Vec<f32>, Vec<f32>) {
    let prepared = Prepared::new(&example.plan, states, &example.parameters, 4);
    let network = HostVit { network: &example.network, transform: &prepared };
    let features = read(example.patches.clone());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        // Four parts of one image each.
        let mut memory = Parts::worth(1);
        let mut last = (Vec::new(), Vec::new());
        // The second time in memory that was used before.
        for _ in 0..2 {
            let forward = memory.forward(&network, prepared.weights(), &features);
            let device = Device::flex().autodiff();
            let leaf = constant(forward.logits.clone(), [4, 3], &device).require_grad();
            let targets = constant(one_hot(&[0, 1, 2, 1], 3), [4, 3], &device);
            let slopes = read(leaf.grad(&cross_entropy(leaf.clone(), targets).backward()).unwrap());
            let logits = forward.logits.clone();
            let gradient = memory.backward(&network, prepared.weights(), forward, &slopes);
            assert_eq!(memory.logits(&network, prepared.weights(), &features), logits);
            last = (logits, prepared.gradient(gradient));
        }
        last
    })
}

fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    let largest = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let limit = 1e-5 * (1.0 + largest);
        assert!((found - expected).abs() <= limit, "{name}: {found} {expected}");
    }
    assert_eq!(found.len(), expected.len());
}

fn compare(what: &str, example: &Example, states: &[WeightState]) {
    let (logits, gradient) = by_hand(example, states, 1);
    assert_close(&format!("{what}: logits"), &logits, &example.logits(states));
    let expected = example.gradient(states);
    for entry in example.parameters.entries() {
        let range = entry.range.clone();
        assert_close(&format!("{what}: {}", entry.name), &gradient[range.clone()], &expected[range]);
    }
    assert_eq!((logits, gradient), by_hand(example, states, 3), "{what}: threads change bits");
}

#[test]
fn passes_by_hand_are_the_tensor_form_whatever_is_quantized() {
    let bits = |bits: u8| Bits::new(bits).unwrap();
    for weights in [
        None,
        Some(WeightMethod::Lsq(bits(2))),
        Some(WeightMethod::Lsq(bits(4))),
        Some(WeightMethod::StatsQ(bits(2))),
        Some(WeightMethod::StatsQ(bits(3))),
    ] {
        for activations in [None, Some(bits(2)), Some(bits(4))] {
            for query_key in [QueryKey::Separate, QueryKey::Reparameterized] {
                for outer_layers in [OuterLayers::Float, OuterLayers::EightBit] {
                    let scheme = Scheme { weights, activations, query_key, outer_layers };
                    let mut example = Example::new(scheme);
                    let states = example.plan.quantize(&example.parameters);
                    compare(&format!("{scheme:?}"), &example, &states);
                    example.plan = example.plan.clone().without_shifts();
                    compare(&format!("{scheme:?} without shifts"), &example, &states);
                }
            }
        }
    }
}

#[test]
fn pins_and_masks_stop_the_same_gradients() {
    for (weights, query_key) in [
        (WeightMethod::Lsq(Bits::TWO), QueryKey::Separate),
        (WeightMethod::StatsQ(Bits::TWO), QueryKey::Reparameterized),
    ] {
        let scheme = Scheme {
            weights: Some(weights),
            activations: Some(Bits::TWO),
            query_key,
            outer_layers: OuterLayers::Float,
        };
        let example = Example::new(scheme);
        let mut states = example.plan.quantize(&example.parameters);
        for (plan, state) in example.plan.weights().iter().zip(&mut states) {
            let frozen: Vec<bool> = (0..state.levels.len()).map(|index| index % 3 == 0).collect();
            let levels: Vec<i8> = state.levels.iter().map(|level| if *level < 0 { 1 } else { -2 }).collect();
            plan.pin(state, Pins { frozen: &frozen, levels: &levels });
        }
        compare(&format!("{weights:?}, pinned"), &example, &states);
    }
}

#[test]
fn a_perceptron_by_hand_is_its_tensor_form() {
    for (weights, activations) in
        [(None, None), (Some(WeightMethod::Lsq(Bits::TWO)), Some(Bits::TWO)), (None, Some(Bits::EIGHT))]
    {
        let mut random = test_source(7);
        let mut parameters = Parameters::new();
        let network = Mlp::new(&[5, 12, 9, 3], &mut parameters, &mut random).unwrap();
        let scheme = Scheme { weights, activations, ..Scheme::default() };
        let mut plan = plan_mlp(&network, scheme, &mut parameters).unwrap();
        for round in 0..2 {
            let features = normal(&mut random, 1.0, 5 * 11);
            let labels: Vec<usize> = (0..11).map(|row| row % 3).collect();
            let states = plan.quantize(&parameters);
            let device = Device::flex().autodiff();
            let targets = constant(one_hot(&labels, 3), [11, 3], &device);
            let leaves = parameters.bind(&device);
            let input = constant(features.clone(), [11, 5], &device);
            let pass = QuantizedPass { plan: &plan, leaves: &leaves, weights: &states };
            let logits = network.forward(&leaves, input, &pass);
            let gradients = cross_entropy(logits.clone(), targets.clone()).backward();
            let expected = parameters.gradients(&leaves, &gradients);

            let prepared = Prepared::new(&plan, &states, &parameters, 11);
            let by_hand = HostMlp { network: &network, transform: &prepared };
            let mut memory = Parts::worth(1);
            let forward = memory.forward(&by_hand, prepared.weights(), &features);
            assert_close("logits", &forward.logits, &read(logits));
            let leaf = constant(forward.logits.clone(), [11, 3], &device).require_grad();
            let slopes = read(leaf.grad(&cross_entropy(leaf.clone(), targets).backward()).unwrap());
            let found = prepared.gradient(memory.backward(&by_hand, prepared.weights(), forward, &slopes));
            for entry in parameters.entries() {
                let range = entry.range.clone();
                let what = format!("{scheme:?}, round {round}: {}", entry.name);
                assert_close(&what, &found[range.clone()], &expected[range]);
            }
            plan = plan.without_shifts();
        }
    }
}
