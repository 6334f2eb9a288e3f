//! Passes against differences, and against the models' definitions on the host.

use std::collections::BTreeMap;

use super::*;
use crate::compute::ops::gates::Gate;
use crate::method::network::{Pairs, cross_entropy};
use crate::method::{gpt, llama, rwkv};
use weightscope_math::linalg::Dense;
use weightscope_math::stream;

/// Kinds of small models, with layouts.
pub(crate) fn models<T: Number>(times: usize) -> Vec<(&'static str, Model<T>)> {
    let shared = |tensors| Arc::new(Layout::new(tensors));
    let mut grouped = llama::Config::plain(11, 12, 10, 2, 2);
    grouped.num_key_value_heads = Some(1);
    grouped.head_dim = Some(4);
    grouped.tie_word_embeddings = true;
    let mut all = Vec::new();
    for (name, config, pairs) in [
        ("llama", llama::Config::plain(11, 8, 12, 2, 2), Pairs::Adjacent),
        ("llama with shared keys", grouped, Pairs::Halves),
    ] {
        let layout = shared(config.tensors());
        let net = Net::Llama(Llama::new(&config, pairs, times, &layout).unwrap());
        all.push((name, Model { layout, net }));
    }
    let config = rwkv::Config { vocabulary: 11, width: 8, layers: 2, heads: 2 };
    let layout = shared(config.tensors());
    all.push(("rwkv", Model { net: Net::Rwkv(Rwkv::new(&config, &layout).unwrap()), layout }));
    let config = gpt::Config { vocabulary: 11, context: 6, width: 8, layers: 2, heads: 2 };
    let layout = shared(config.tensors());
    all.push(("gpt", Model { net: Net::Gpt(Gpt::new(&config, &layout).unwrap()), layout }));
    all
}

/// Weights at which everything has a slope.
pub(crate) fn weights(layout: &Layout) -> Vec<f64> {
    let mut random = stream(4, "weights");
    let mut all = Vec::new();
    for place in &layout.0 {
        let spread = 0.6 / (place.columns as f64).sqrt();
        for _ in place.range.clone() {
            let value = f64::from(random.normal());
            let is_norm = place.name.contains("norm") || place.name.contains("ln");
            all.push(match place.name.as_str() {
                name if name.ends_with("att.decay") => -2.5 + value.abs().min(1.5),
                name if name.contains("mix_") => 0.5 + 0.1 * value,
                name if is_norm && !name.ends_with("bias") => 1.0 + 0.2 * value,
                _ => spread * value,
            });
        }
    }
    all
}

const TIMES: usize = 6;

fn tokens() -> (Vec<u32>, Vec<u32>) {
    let mut random = stream(5, "tokens");
    let mut draw = || (0..5 * TIMES).map(|_| random.below(11) as u32).collect::<Vec<_>>();
    (draw(), draw())
}

fn check<T: Fn(&[f64]) -> f64>(name: &str, layout: &Layout, at: &[f64], gradient: &[f64], loss: T) {
    for place in &layout.0 {
        // A few entries of each tensor.
        for index in place.range.clone().step_by(place.range.len().div_ceil(5)) {
            let moved = |step: f64| {
                let mut moved = at.to_vec();
                moved[index] += step;
                loss(&moved)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let found = gradient[index];
            assert!(
                (slope - found).abs() < 1e-8 + 1e-5 * slope.abs(),
                "{name}, {} at {}: {found} instead of {slope}",
                place.name,
                index - place.range.start
            );
        }
    }
}

#[test]
fn gradients_of_language_models_agree_with_differences() {
    let (tokens, targets) = tokens();
    for (name, model) in models::<f64>(TIMES) {
        let at = weights(&model.layout);
        let batch = Batch::Tokens { tokens: &tokens, targets: &targets, times: TIMES };
        let (mut gradient, mut memory) = (vec![0.0; at.len()], Memory::default());
        let wanted = vec![true; model.layout.0.len()];
        let loss = model.gradient(&at, batch, &wanted, None, &mut gradient, &mut memory);
        assert!((loss - model.loss(&at, batch, &mut memory)).abs() < 1e-12 && loss > 1.0, "{name}: {loss}");
        check(name, &model.layout, &at, &gradient, |at| model.loss(at, batch, &mut Memory::default()));
        let rows = model.row_losses(&at, &tokens, &targets, TIMES, &mut memory);
        assert!((rows.iter().sum::<f64>() / 5.0 - loss).abs() < 1e-12);
    }
}

#[test]
fn gradients_of_perceptrons_agree_with_differences() {
    let tensors = Mlp::tensors(&[3, 5, 4]);
    let layout = Arc::new(Layout::new(tensors));
    let at = weights(&layout);
    let mut random = stream(6, "rows");
    let x: Vec<f64> = (0..21).map(|_| f64::from(random.normal())).collect();
    let values: Vec<f64> = (0..28).map(|_| f64::from(random.normal())).collect();
    let classes: Vec<u32> = (0..7).map(|_| random.below(4) as u32).collect();
    let wanted = vec![true; layout.0.len()];
    for activation in [Gate::Tanh, Gate::Relu] {
        let net = Net::Mlp(Mlp::new(2, activation, &layout).unwrap());
        let model = Model { layout: Arc::clone(&layout), net };
        for batch in
            [Batch::Classes { x: &x, classes: &classes }, Batch::Values { x: &x, values: &values, rows: 7 }]
        {
            let mut gradient = vec![0.0; at.len()];
            model.gradient(&at, batch, &wanted, None, &mut gradient, &mut Memory::default());
            check("perceptron", &layout, &at, &gradient, |at| model.loss(at, batch, &mut Memory::default()));
        }
    }
}

/// With drops fixed by the seed, the gradient by an update is the slope along it.
#[test]
fn gradients_by_dropped_updates_agree_with_differences() {
    let (tokens, targets) = tokens();
    let batch = Batch::Tokens { tokens: &tokens, targets: &targets, times: TIMES };
    for (name, model) in models::<f64>(TIMES) {
        let at = weights(&model.layout);
        let delta: Vec<f64> = weights(&model.layout).iter().map(|value| 0.1 * value.sin()).collect();
        let is_adapted =
            |name: &str| name.contains("q_proj") || name.contains("att.key") || name.ends_with(".up.weight");
        let adapted: Vec<bool> = model.layout.0.iter().map(|place| is_adapted(&place.name)).collect();
        assert!(adapted.iter().any(|adapted| *adapted), "{name}");
        let loss = |delta: &[f64], gradient: &mut [f64]| {
            let dropping = Dropping { delta, adapted: &adapted, rate: 0.4, seed: 9 };
            model.gradient(&at, batch, &adapted, Some(dropping), gradient, &mut Memory::default())
        };
        let mut gradient = vec![0.0; at.len()];
        loss(&delta, &mut gradient);
        let mut scratch = vec![0.0; at.len()];
        for place in
            model.layout.0.iter().zip(&adapted).filter(|(_, adapted)| **adapted).map(|(place, _)| place)
        {
            for index in place.range.clone().step_by(17) {
                let mut moved = |step: f64| {
                    let mut moved = delta.clone();
                    moved[index] += step;
                    loss(&moved, &mut scratch)
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - gradient[index]).abs() < 1e-8 + 1e-5 * slope.abs(), "{name}: {index}");
            }
        }
    }
}

fn matrices(layout: &Layout, values: &[f64]) -> BTreeMap<String, Dense<f64>> {
    let tensor = |place: &crate::compute::layout::Place| {
        let values = values[place.range.clone()].to_vec();
        (place.name.clone(), Dense::new(place.rows, place.columns, values).unwrap())
    };
    layout.0.iter().map(tensor).collect()
}

#[test]
fn logits_are_those_of_the_definitions() {
    let (tokens, targets) = tokens();
    let row = &tokens[..TIMES];
    for (place, (name, model)) in models::<f64>(TIMES).into_iter().enumerate() {
        let at = weights(&model.layout);
        let tensors = matrices(&model.layout, &at);
        let expected = match place {
            0 => llama::Llama::new(llama::Config::plain(11, 8, 12, 2, 2), Pairs::Adjacent, tensors)
                .unwrap()
                .logits(row)
                .unwrap(),
            1 => {
                let mut config = llama::Config::plain(11, 12, 10, 2, 2);
                config.num_key_value_heads = Some(1);
                config.head_dim = Some(4);
                config.tie_word_embeddings = true;
                llama::Llama::new(config, Pairs::Halves, tensors).unwrap().logits(row).unwrap()
            }
            2 => {
                let config = rwkv::Config { vocabulary: 11, width: 8, layers: 2, heads: 2 };
                rwkv::Rwkv::new(config, tensors).unwrap().logits(row, rwkv::Form::Parallel).unwrap()
            }
            _ => {
                let config = gpt::Config { vocabulary: 11, context: 6, width: 8, layers: 2, heads: 2 };
                gpt::Gpt::new(config, tensors).unwrap().logits(row).unwrap()
            }
        };
        let found = model.outputs(&at, Input::Tokens(row), &mut Memory::default());
        assert_eq!(found.len(), expected.values().len());
        for (found, expected) in found.iter().zip(expected.values()) {
            assert!((found - expected).abs() < 1e-9, "{name}: {found} instead of {expected}");
        }
        let batch = Batch::Tokens { tokens: row, targets: &targets[..TIMES], times: TIMES };
        let loss = model.loss(&at, batch, &mut Memory::default());
        assert!((loss - cross_entropy(&expected, &targets[..TIMES])).abs() < 1e-9);
    }
}

/// Single precision follows double precision, and a part more or less does not change a bit.
#[test]
fn single_precision_follows_and_threads_change_nothing() {
    let (tokens, targets) = tokens();
    let singles = models::<f32>(TIMES);
    for ((name, model), (_, single)) in models::<f64>(TIMES).into_iter().zip(singles) {
        let at = weights(&model.layout);
        let wanted = vec![true; model.layout.0.len()];
        let batch = Batch::Tokens { tokens: &tokens, targets: &targets, times: TIMES };
        let mut expected = vec![0.0; at.len()];
        model.gradient(&at, batch, &wanted, None, &mut expected, &mut Memory::default());
        let at: Vec<f32> = at.iter().map(|value| *value as f32).collect();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let batch = Batch::Tokens { tokens: &tokens, targets: &targets, times: TIMES };
            let (mut gradient, mut memory) = (vec![0.0_f32; at.len()], Memory::default());
            let mut loss = 0.0;
            for _ in 0..2 {
                loss =
                    pool.install(|| single.gradient(&at, batch, &wanted, None, &mut gradient, &mut memory));
            }
            (loss.to_bits(), gradient.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), gradient)
        };
        let (one, two) = (run(1), run(3));
        assert_eq!((one.0, &one.1), (two.0, &two.1), "{name}");
        let norm = expected.iter().map(|value| value * value).sum::<f64>().sqrt();
        let missing =
            one.2.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
        assert!(missing < 2e-6 * norm, "{name}: {}", missing / norm);
    }
}
