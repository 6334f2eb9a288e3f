//! Fast products against the mathematics of `method`.

use super::*;
use crate::config::Model;
use crate::method::dora::Dora;
use crate::method::lora::Factors;
use weightscope_math::linalg::Dense;
use weightscope_math::stream;

const METHODS: [Method; 12] = [
    Method::BoneCol,
    Method::BoneRow,
    Method::BoneFree,
    Method::Miss,
    Method::MissMini,
    Method::Lora,
    Method::Rslora,
    Method::LoraPlus,
    Method::Pissa,
    Method::Olora,
    Method::LoraGa,
    Method::Dora,
];

fn random(count: usize, name: &str) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream(8, name).fill_normal(&mut values);
    values.iter_mut().for_each(|value| *value *= 0.3);
    values
}

fn part(values: &[f32], rows: usize, columns: usize) -> Dense<f64> {
    Dense::new(rows, columns, values.iter().map(|value| f64::from(*value)).collect()).unwrap()
}

/// Weights and slopes of a layer by the definitions.
fn defined(layer: &Layer, weight: &Dense<f64>, own: &[f32], gradient: &Dense<f64>) -> (Dense<f64>, Vec<f64>) {
    let (outputs, inputs) = (layer.outputs, layer.inputs);
    let factors = |rank: usize| Factors {
        a: part(&own[..rank * inputs], rank, inputs),
        b: part(&own[rank * inputs..rank * (inputs + outputs)], outputs, rank),
    };
    let joined = |factors: Factors<f64>| [factors.a.into_values(), factors.b.into_values()].concat();
    match layer.kind {
        Kind::Bone(bone, _) => {
            let matrices = part(own, bone.matrices() * bone.block(), bone.block());
            let slopes = bone.gradient(weight, gradient).unwrap().into_values();
            (bone.merged(weight, &matrices).unwrap(), slopes)
        }
        Kind::Miss(miss) => {
            let slab = part(own, miss.rank(), own.len() / miss.rank());
            let slopes = miss.gradient_of_weights(gradient).unwrap().into_values();
            (miss.merged(weight, &slab).unwrap(), slopes)
        }
        Kind::Lora(lora) => {
            let factors = factors(lora.rank());
            let slopes = joined(lora.gradient(&factors, gradient).unwrap());
            (lora.merged(weight, &factors).unwrap(), slopes)
        }
        Kind::Dora(lora) => {
            let factors = factors(lora.rank());
            let lengths: Vec<f64> = own[lora.parameters()..].iter().map(|value| f64::from(*value)).collect();
            let dora = Dora::new(lora);
            let found = dora.gradient(weight, &factors, &lengths, gradient).unwrap();
            let merged = dora.merged(weight, &factors, &lengths).unwrap();
            (merged, [joined(found.factors), found.lengths].concat())
        }
        Kind::Full => unreachable!(),
    }
}

#[test]
fn weights_and_slopes_are_those_of_the_definitions() {
    let config = Config {
        width: 16,
        layers: 1,
        heads: 2,
        base: "train".into(),
        block: 4,
        mini_width: 4,
        ..Config::default()
    };
    let architecture = Architecture::of(&config);
    let layout = architecture.layout();
    let base = random(layout.len(), "base");
    let gradient = random(layout.len(), "gradient");
    for method in METHODS {
        let config = Config { method, ..config.clone() };
        let adapters = Adapters::new(&config, &architecture, &layout).unwrap();
        assert_eq!(adapters.layers.len(), 7);
        let own: Vec<f32> = random(adapters.length, "own").iter().map(|value| value + 0.5).collect();
        let (mut weights, mut scratch) = (base.clone(), Scratch::default());
        adapters.weights((&base, &base), &own, &mut weights, &mut scratch);
        let mut slopes = vec![f32::NAN; adapters.length];
        adapters.slopes((&base, &base), &own, &gradient, &mut slopes, &mut scratch);
        for layer in &adapters.layers {
            let (rows, columns) = (layer.outputs, layer.inputs);
            let weight = part(&base[layer.place.clone()], rows, columns);
            let upstream = part(&gradient[layer.place.clone()], rows, columns);
            let (merged, expected) = defined(layer, &weight, &own[layer.own.clone()], &upstream);
            let found = part(&weights[layer.place.clone()], rows, columns);
            let missing = found.plus_scaled(-1.0, &merged).unwrap().norm();
            assert!(missing < 1e-5 * merged.norm(), "{method:?}, {}: {missing}", layer.name);
            let scale = expected.iter().map(|value| value * value).sum::<f64>().sqrt();
            let own = slopes[layer.own.clone()].iter().zip(&expected);
            let missing = own.map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
            assert!(missing < 1e-5 * scale, "{method:?}, {}: {missing} of {scale}", layer.name);
        }
    }
}

#[test]
fn every_start_is_the_base() {
    let config = Config {
        width: 16,
        layers: 1,
        heads: 2,
        base: "train".into(),
        block: 4,
        mini_width: 4,
        ..Config::default()
    };
    let architecture = Architecture::of(&config);
    let layout = architecture.layout();
    let (base, gradient) = (random(layout.len(), "base"), random(layout.len(), "gradient"));
    for method in METHODS {
        let config = Config { method, ..config.clone() };
        let adapters = Adapters::new(&config, &architecture, &layout).unwrap();
        let start = adapters.start(&base, Some(&gradient), &mut stream(1, "adapter")).unwrap();
        let mut scratch = Scratch::default();
        let frozen = adapters.frozen(&base, &start, &mut scratch);
        let mut weights = frozen.clone();
        adapters.weights((&base, &frozen), &start, &mut weights, &mut scratch);
        let worst = weights.iter().zip(&base).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-6, "{method:?}: {worst}");
        assert_eq!(method.cuts_weights(), frozen != base, "{method:?}");
    }
}

#[test]
fn numbers_of_parameters_are_those_of_the_sheet() {
    let count = |model, method| {
        let config = Config { model, method, ..Config::default() };
        let architecture = Architecture::of(&config);
        Adapters::new(&config, &architecture, &architecture.layout()).unwrap().length
    };
    assert_eq!(count(Model::Llama, Method::Lora), 22_176);
    assert_eq!(count(Model::Llama, Method::BoneCol), 21_504);
    assert_eq!(count(Model::Rwkv, Method::Miss), 22_528);
    assert_eq!(count(Model::Rwkv, Method::Pissa), 22_528);
    assert_eq!(count(Model::Gpt, Method::BoneCol), 18_432);
    assert_eq!(count(Model::Gpt, Method::Lora), 18_432);
    assert_eq!((count(Model::Gpt, Method::Full), count(Model::Llama, Method::Frozen)), (116_576, 0));
}
