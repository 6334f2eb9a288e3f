//! Whole quantized networks: agreement with the float network, gradients, calibration, pins, a short training.

use burn::tensor::{Device, Gradients, Tensor};

use super::build::{plan_mlp, plan_vit};
use super::pass::{Calibration, QuantizedPass};
use super::plan::{OuterLayers, Plan, QueryKey, Scheme, WeightMethod};
use super::weight::{Part, WeightState};
use crate::method::bits::Bits;
use crate::method::lsq::Pins;
use weightscope_nn::gradient::constant;
use weightscope_nn::init::normal;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::{cross_entropy, one_hot};
use weightscope_nn::mlp::Mlp;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, groups_by_role};
use weightscope_nn::parameters::{Parameters, Role, read};
use weightscope_nn::transform::Identity;
use weightscope_nn::vit::{Vit, VitShape};

/// A small multiplicative generator of numbers from 0 to 1, enough to fill tensors.
pub(crate) fn test_source(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / ((1u64 << 24) as f32)
    }
}

const SHAPE: VitShape = VitShape {
    height: 4,
    width: 4,
    channels: 1,
    patch: 2,
    embedding: 8,
    heads: 2,
    blocks: 2,
    ratio: 2,
    classes: 3,
};

fn statsq(bits: u8) -> WeightMethod {
    WeightMethod::StatsQ(Bits::new(bits).unwrap())
}

fn lsq(bits: u8) -> WeightMethod {
    WeightMethod::Lsq(Bits::new(bits).unwrap())
}

/// A small transformer with its plan and four images.
pub(crate) struct Example {
    pub(crate) network: Vit,
    pub(crate) parameters: Parameters,
    pub(crate) plan: Plan,
    pub(crate) patches: Tensor<3>,
}

impl Example {
    /// A small transformer with the given scheme, calibrated on its four images.
    pub(crate) fn new(scheme: Scheme) -> Self {
        let mut random = test_source(11);
        let mut parameters = Parameters::new();
        let bias = if scheme.query_key == QueryKey::Reparameterized { Bias::Absent } else { Bias::Learned };
        let network = Vit::new(SHAPE, bias, &mut parameters, &mut random).unwrap();
        let plan = plan_vit(&network, scheme, &mut parameters).unwrap();
        let patches = SHAPE.patches(&normal(&mut test_source(12), 1.0, 64)).unwrap();
        let patches = constant(patches, [4, 4, 4], &Device::flex().autodiff());
        let mut example = Self { network, parameters, plan, patches };
        let leaves = example.parameters.bind(&Device::flex().autodiff());
        let weights = example.plan.quantize(&example.parameters);
        let calibration =
            Calibration::new(QuantizedPass { plan: &example.plan, leaves: &leaves, weights: &weights });
        example.network.forward(&leaves, example.patches.clone(), &calibration);
        calibration.finish().write(&mut example.parameters);
        example
    }

    pub(crate) fn logits(&self, weights: &[WeightState]) -> Vec<f32> {
        let leaves = self.parameters.bind(&Device::flex().autodiff());
        let pass = QuantizedPass { plan: &self.plan, leaves: &leaves, weights };
        read(self.network.forward(&leaves, self.patches.clone(), &pass))
    }

    fn float_logits(&self) -> Vec<f32> {
        let leaves = self.parameters.bind(&Device::flex().autodiff());
        read(self.network.forward(&leaves, self.patches.clone(), &Identity))
    }

    pub(crate) fn gradient(&self, weights: &[WeightState]) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let leaves = self.parameters.bind(&device);
        let pass = QuantizedPass { plan: &self.plan, leaves: &leaves, weights };
        let logits = self.network.forward(&leaves, self.patches.clone(), &pass);
        let targets = constant(one_hot(&[0, 1, 2, 1], 3), [4, 3], &device);
        let gradients: Gradients = cross_entropy(logits, targets).backward();
        self.parameters.gradients(&leaves, &gradients)
    }
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

#[test]
fn an_empty_scheme_is_the_float_network() {
    let example = Example::new(Scheme::default());
    assert!(example.plan.weights().is_empty());
    assert_eq!(example.logits(&[]), example.float_logits());
}

#[test]
fn eight_bits_come_closer_to_the_float_network_than_two() {
    for weights in [lsq, statsq] {
        for query_key in [QueryKey::Separate, QueryKey::Reparameterized] {
            let at = |bits: u8| {
                let activations = Some(Bits::new(bits).unwrap());
                let outer_layers = OuterLayers::EightBit;
                let example = Example::new(Scheme {
                    weights: Some(weights(bits)),
                    activations,
                    query_key,
                    outer_layers,
                });
                distance(
                    &example.logits(&example.plan.quantize(&example.parameters)),
                    &example.float_logits(),
                )
            };
            let (coarse, fine) = (at(2), at(8));
            assert!(fine < coarse, "{query_key:?}: {fine} at 8 bits, {coarse} at 2");
            // StatsQ clips the long tails of a product at any bit width.
            assert!(fine < 0.25 * coarse || query_key == QueryKey::Reparameterized, "{fine} {coarse}");
        }
    }
}

#[test]
fn every_parameter_of_a_quantized_transformer_learns() {
    for (weights, query_key) in [(lsq(2), QueryKey::Separate), (statsq(2), QueryKey::Reparameterized)] {
        let scheme = Scheme {
            weights: Some(weights),
            activations: Some(Bits::TWO),
            query_key,
            outer_layers: OuterLayers::EightBit,
        };
        let example = Example::new(scheme);
        let gradient = example.gradient(&example.plan.quantize(&example.parameters));
        assert!(gradient.iter().all(|slope| slope.is_finite()));
        for entry in example.parameters.entries() {
            let learns = gradient[entry.range.clone()].iter().any(|slope| *slope != 0.0);
            assert!(learns, "{} never learns", entry.name);
        }
    }
}

#[test]
fn the_product_is_tracked_in_place_of_query_and_key() {
    let example = Example::new(Scheme {
        weights: Some(statsq(2)),
        query_key: QueryKey::Reparameterized,
        ..Scheme::default()
    });
    let parts: Vec<Part> = example.plan.weights().iter().map(|weight| weight.part).collect();
    assert!(!parts.contains(&Part::Query) && !parts.contains(&Part::Key));
    let index = example.plan.product_of(1).unwrap();
    let plan = &example.plan.weights()[index];
    assert_eq!(plan.groups.len(), 2 * 8 * 8);
    assert_eq!(plan.quantize(&example.parameters).levels.len(), 128);
}

#[test]
fn pinned_weights_take_their_level_and_stop_learning() {
    for weights in [lsq(2), statsq(2)] {
        let example = Example::new(Scheme { weights: Some(weights), ..Scheme::default() });
        let mut states = example.plan.quantize(&example.parameters);
        let plan = &example.plan.weights()[2];
        let mut frozen = vec![false; 64];
        frozen[5] = true;
        let levels: Vec<i8> =
            states[2].levels.iter().map(|level| if *level == -2 { 1 } else { -2 }).collect();
        let before = states[2].clone();
        plan.pin(&mut states[2], Pins { frozen: &frozen, levels: &levels });
        assert_eq!(states[2].levels[5], levels[5]);
        assert!((states[2].values[5] - before.values[5]).abs() > 0.1 * states[2].scales[0]);
        assert_eq!(states[2].values[6], before.values[6]);
        let gradient = example.gradient(&states);
        let entry = &example.parameters.entries()
            [example.parameters.find("blocks.0.attention.value.weight").unwrap()];
        assert_eq!(gradient[entry.range.start + 5], 0.0);
        assert!(gradient[entry.range.start + 6] != 0.0);
    }
}

#[test]
fn a_masked_product_gradient_reaches_neither_factor() {
    let scheme =
        Scheme { weights: Some(statsq(2)), query_key: QueryKey::Reparameterized, ..Scheme::default() };
    let example = Example::new(scheme);
    let mut states = example.plan.quantize(&example.parameters);
    let index = example.plan.product_of(0).unwrap();
    let size = states[index].levels.len();
    states[index].mask_gradient(&vec![false; size]);
    let gradient = example.gradient(&states);
    let slopes = |name: &str| {
        let entry = &example.parameters.entries()[example.parameters.find(name).unwrap()];
        gradient[entry.range.clone()].to_vec()
    };
    assert!(slopes("blocks.0.attention.query.weight").iter().all(|slope| *slope == 0.0));
    assert!(slopes("blocks.1.attention.query.weight").iter().any(|slope| *slope != 0.0));
}

/// Trains a small 2-bit perceptron for some steps and returns its losses and final values.
fn train(weights: WeightMethod) -> (Vec<f32>, Vec<f32>) {
    let mut random = test_source(21);
    let mut parameters = Parameters::new();
    let network = Mlp::new(&[6, 16, 3], &mut parameters, &mut random).unwrap();
    let plan =
        plan_mlp(&network, Scheme { weights: Some(weights), ..Scheme::default() }, &mut parameters).unwrap();
    let device = Device::flex().autodiff();
    let values = normal(&mut random, 1.0, 6 * 48);
    let labels: Vec<usize> =
        values.chunks(6).map(|row| usize::from(row[0] > 0.0) + usize::from(row[1] > 0.5)).collect();
    let input = constant(values, [48, 6], &device);
    let targets = constant(one_hot(&labels, 3), [48, 3], &device);
    let groups = groups_by_role(&parameters, |entry| if entry.role == Role::Step { 0.1 } else { 1.0 });
    let mut optimizer = AdamW::new(AdamWSettings::default(), parameters.len());
    let mut losses = Vec::new();
    for _ in 0..120 {
        let states = plan.quantize(&parameters);
        let leaves = parameters.bind(&device);
        let pass = QuantizedPass { plan: &plan, leaves: &leaves, weights: &states };
        let loss = cross_entropy(network.forward(&leaves, input.clone(), &pass), targets.clone());
        losses.push(read(loss.clone())[0]);
        let gradient = parameters.gradients(&leaves, &loss.backward());
        optimizer.step(parameters.values_mut(), &gradient, &groups, 1e-2);
    }
    (losses, parameters.values().to_vec())
}

#[test]
fn two_bit_training_learns_and_repeats_bit_for_bit() {
    for weights in [lsq(2), statsq(2)] {
        let (losses, values) = train(weights);
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(last < 0.6 * first, "{first} to {last}");
        assert_eq!(train(weights).1, values);
    }
}
