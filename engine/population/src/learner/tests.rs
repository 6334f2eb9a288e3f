//! Gradients of a learning network against differences of its loss, for each thing that regularises, and its steps.

use super::*;
use crate::lane::{dot, norm};
use crate::samples::Targets;
use crate::shape::{Activation, Objective};
use weightscope_math::stream;

/// Step along a direction of length 1; the loss is in single precision but for its sum.
const STEP: f32 = 1e-2;

/// w = 2·v/(1 + |v|) in the first two layers, the identity above.
struct Squash;

impl Elementwise for Squash {
    fn values(&self, layer: usize, latent: &[f32], effective: &mut [f32]) {
        for (value, latent) in effective.iter_mut().zip(latent) {
            *value = if layer < 2 { 2.0 * latent / (1.0 + latent.abs()) } else { *latent };
        }
    }

    fn slopes(&self, layer: usize, latent: &[f32], _effective: &[f32], gradient: &mut [f32]) {
        if layer < 2 {
            for (slope, latent) in gradient.iter_mut().zip(latent) {
                *slope *= 2.0 / (1.0 + latent.abs()).powi(2);
            }
        }
    }
}

fn shape() -> Shape {
    Shape::new(&[12, 20, 9, 5], Activation::Tanh, Objective::CrossEntropy).unwrap()
}

fn samples(rows: usize) -> Samples {
    let mut random = stream(2, "rows");
    let mut features = vec![0.0; rows * 12];
    random.fill_normal(&mut features);
    let labels = (0..rows).map(|_| random.below(5) as u32).collect();
    Samples::new(&features, 12, Targets::Classes(labels)).unwrap()
}

fn latent(shape: &Shape, purpose: &str) -> Vec<Lane> {
    let mut flat = vec![0.0; shape.parameters()];
    stream(3, purpose).fill_normal(&mut flat);
    flat.iter_mut().for_each(|value| *value *= 0.3);
    shape.pack(&flat).unwrap()
}

/// Loss and gradient at a point; the same stream gives the same units that are dropped.
fn at(point: &[Lane], with: Regularizers, function: &impl Elementwise) -> (f64, Vec<Lane>, Vec<Lane>) {
    let samples = samples(40);
    let rows: Vec<u32> = (0..40).collect();
    let mut learner = Learner::new(&shape(), point.to_vec(), 40, with);
    learner.express(function);
    let loss = learner.measure(&samples, &rows, &mut stream(7, "dropout"));
    learner.through(function);
    let own = learner.normalization.as_ref().map_or_else(Vec::new, |own| own.gradient().to_vec());
    (loss, learner.gradient.clone(), own)
}

fn check(name: &str, with: Regularizers, function: &impl Elementwise) {
    let shape = shape();
    let point = latent(&shape, "point");
    let (_, gradient, _) = at(&point, with, function);
    assert!(norm(&gradient) > 0.05, "{name}: the gradient is not small");
    for number in 0..6 {
        let mut direction = latent(&shape, &format!("direction {number}"));
        let length = norm(&direction) as f32;
        scale(&mut direction, 1.0 / length);
        let moved = |by: f32| {
            let mut point = point.clone();
            add_scaled(&mut point, by, &direction);
            at(&point, with, function).0
        };
        // Fourth order, so that the step can be long enough for single precision.
        let near = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
        let far = (moved(2.0 * STEP) - moved(-2.0 * STEP)) / (4.0 * f64::from(STEP));
        let expected = (4.0 * near - far) / 3.0;
        let found = dot(&gradient, &direction);
        assert!((found - expected).abs() < 2e-4, "{name}, direction {number}: {found} instead of {expected}");
    }
}

#[test]
fn gradients_agree_with_differences_of_the_loss() {
    let plain = Regularizers::default();
    check("plain", plain, &Plain);
    check("label smoothing", Regularizers { label_smoothing: 0.3, ..plain }, &Plain);
    check("dropout", Regularizers { dropout: 0.4, ..plain }, &Plain);
    check("batch norm", Regularizers { batch_norm: true, ..plain }, &Plain);
    check("an elementwise function", plain, &Squash);
    check("all of it", Regularizers { label_smoothing: 0.1, dropout: 0.2, batch_norm: true }, &Squash);
}

#[test]
fn gains_and_offsets_of_the_normalisation_have_their_gradient() {
    let with = Regularizers { batch_norm: true, label_smoothing: 0.1, dropout: 0.0 };
    let (shape, samples) = (shape(), samples(40));
    let rows: Vec<u32> = (0..40).collect();
    let point = latent(&shape, "point");
    let (_, _, gradient) = at(&point, with, &Plain);
    for (place, slopes) in gradient.iter().enumerate() {
        for slot in [0, 3] {
            let moved = |by: f32| {
                let mut learner = Learner::new(&shape, point.clone(), 40, with);
                learner.normalization.as_mut().unwrap().parameters[place].0[slot] += by;
                learner.express(&Plain);
                learner.measure(&samples, &rows, &mut stream(7, "dropout"))
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
            let found = f64::from(slopes.0[slot]);
            assert!((found - expected).abs() < 2e-4, "{place}, {slot}: {found} instead of {expected}");
        }
    }
}

#[test]
fn without_anything_beside_a_step_is_that_of_the_plain_machine() {
    let (shape, samples) = (shape(), samples(40));
    let rows: Vec<u32> = (0..40).collect();
    let start = latent(&shape, "point");
    let mut learner = Learner::new(&shape, start.clone(), 40, Regularizers::default());
    learner.express(&Plain);
    let loss = learner.measure(&samples, &rows, &mut stream(7, "dropout"));
    let mut gradient = shape.zeros();
    let sum = Machine::new(&shape, 40).gradient(&start, &samples, &rows, &mut gradient);
    assert_eq!(gradient, learner.gradient, "to the bit");
    assert_eq!(sum / 40.0, loss);
    let mut whole = shape.zeros();
    let mean = Machine::new(&shape, 16).whole_gradient(&start, &samples, 0.0, &mut whole);
    assert!((mean - loss).abs() < 1e-6);
    add_scaled(&mut whole, -1.0, &gradient);
    assert!(norm(&whole) < 1e-6 * norm(&gradient), "in pieces of another size");
}

#[test]
fn a_folded_network_judges_as_the_normalised_one() {
    let shape = shape();
    let samples = samples(40);
    let rows: Vec<u32> = (0..40).collect();
    let with = Regularizers { batch_norm: true, ..Regularizers::default() };
    let mut learner = Learner::new(&shape, latent(&shape, "point"), 40, with);
    let by = Advance { learning_rate: 0.0, weight_decay: 0.0, decay_on: DecayOn::Latent, rule: Rule::AdamW };
    // The running statistics of one batch that comes again and again are those of the batch, but for the unbiased variance.
    let mut loss = 0.0;
    for _ in 0..400 {
        loss = learner.step(&samples, &rows, &mut stream(7, "dropout"), &by, &Plain);
    }
    let folded = learner.normalization.as_ref().unwrap().fold(&shape, learner.effective());
    let judged = learner.machine().judge(&folded, &samples).loss;
    assert!((judged - loss).abs() < 0.02 * loss, "{judged} and {loss}");
    let back = shape.pack(&shape.unpack(&folded)).unwrap();
    assert_eq!(back, folded, "padding stays zero");
}

#[test]
fn decay_acts_on_weights_as_it_is_told_and_never_on_biases() {
    let shape = shape();
    let start = latent(&shape, "point");
    let decayed = |decay_on, rule| {
        let mut learner = Learner::new(&shape, start.clone(), 1, Regularizers::default());
        learner.express(&Squash);
        learner.advance(&Advance { learning_rate: 0.1, weight_decay: 0.5, decay_on, rule }, &Squash);
        shape.unpack(&learner.latent)
    };
    let before = shape.unpack(&start);
    for rule in [Rule::AdamW, Rule::Momentum(0.9)] {
        let (latent, effective) = (decayed(DecayOn::Latent, rule), decayed(DecayOn::Effective, rule));
        for (layer, tensors) in shape.tensors().chunks(2).enumerate() {
            for index in tensors[0].range.clone() {
                let v = before[index];
                assert!((latent[index] - 0.95 * v).abs() < 1e-6, "{rule:?}");
                // v − rate·decay·Ψ(v)·Ψ'(v), Ψ the identity in the last layer.
                let pull = if layer < 2 { 4.0 * v / (1.0 + v.abs()).powi(3) } else { v };
                assert!((effective[index] - (v - 0.05 * pull)).abs() < 1e-6, "{rule:?}, layer {layer}");
            }
            for index in tensors[1].range.clone() {
                assert_eq!((latent[index], effective[index]), (before[index], before[index]), "a bias");
            }
        }
    }
}

#[test]
fn padding_stays_zero_and_learning_lowers_the_loss() {
    let shape = shape();
    let samples = samples(40);
    let rows: Vec<u32> = (0..40).collect();
    for rule in [Rule::AdamW, Rule::Momentum(0.9)] {
        let with = Regularizers { batch_norm: true, dropout: 0.1, label_smoothing: 0.05 };
        let mut learner = Learner::new(&shape, latent(&shape, "point"), 40, with);
        let by = Advance { learning_rate: 0.01, weight_decay: 0.01, decay_on: DecayOn::Latent, rule };
        let mut random = stream(1, "dropout");
        let losses: Vec<f64> =
            (0..60).map(|_| learner.step(&samples, &rows, &mut random, &by, &Squash)).collect();
        assert!(losses[59] < 0.7 * losses[0], "{rule:?}: {losses:?}");
        let back = shape.pack(&shape.unpack(&learner.latent)).unwrap();
        assert_eq!(back, learner.latent, "{rule:?}");
        let parameters = &learner.normalization.as_ref().unwrap().parameters;
        assert!(parameters.iter().flat_map(|lane| lane.0).all(f32::is_finite));
    }
}
