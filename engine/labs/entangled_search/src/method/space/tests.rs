//! Properties of all spaces and their supernets.

use super::cell::Cell;
use super::conv_macro::{self, ConvMacro};
use super::mlp::{self, Mlp};
use super::vit::{self, Vit};
use super::*;
use crate::method::sampler::{Sampler, one_hot};
use crate::method::step::{Batch, Outcome, Wanted, Way, pass};
use weightscope_math::stream;

fn mlp(rule: Rule) -> Mlp {
    let options = mlp::Options { inputs: 6, classes: 3, rule, ..mlp::Options::desk() };
    Mlp::new(options).unwrap()
}

fn spaces() -> Vec<Box<dyn Space<f64>>> {
    let conv = conv_macro::Options { image: [1, 4, 4], classes: 3, ..conv_macro::Options::small() };
    vec![
        Box::new(ConvMacro::new(conv).unwrap()),
        Box::new(mlp(Rule::Exact)),
        Box::new(Cell::new([1, 4, 4], 3, 3).unwrap()),
        Box::new(vit(Rule::Exact)),
    ]
}

fn vit(rule: Rule) -> Vit {
    let options = vit::Options {
        side: 4,
        classes: 3,
        head: 2,
        embed: vec![3, 4],
        depth: vec![1, 2],
        rule,
        ..vit::Options::desk()
    };
    Vit::new(options).unwrap()
}

fn near(a: &[f64], b: &[f64], most: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < most)
}

struct Setting {
    tensors: Vec<Vec<f64>>,
    alphas: Vec<Vec<f64>>,
    rows: Vec<f64>,
    labels: Vec<usize>,
}

impl Setting {
    fn new(space: &dyn Space<f64>, mixing: Mixing) -> Self {
        let mut random = stream(8, "setting");
        let tensors = initial(&space.tensors(mixing, &[]), &mut random);
        let draw = |count: usize, random: &mut Stream| {
            (0..count).map(|_| f64::from(random.normal())).collect::<Vec<_>>()
        };
        let alphas =
            space.decisions().iter().map(|decision| draw(decision.options.len(), &mut random)).collect();
        let rows = draw(4 * space.input().iter().product::<usize>(), &mut random);
        Self { tensors, alphas, rows, labels: vec![0, 2, 1, 2] }
    }

    fn weights(&self) -> Vec<Vec<f64>> {
        self.alphas.iter().map(|alpha| Sampler::Softmax.mean(alpha)).collect()
    }

    fn run(&self, space: &dyn Space<f64>, mixing: Mixing) -> Outcome<f64> {
        let way = Way { mixing, weights: &self.weights(), picks: &[], gated: false };
        pass(space, way, &self.tensors, Batch { rows: &self.rows, labels: &self.labels }, Wanted::BOTH)
            .unwrap()
    }

    fn alpha_gradients(&self, outcome: &Outcome<f64>) -> Vec<f64> {
        let rows = self.alphas.iter().zip(self.weights()).zip(&outcome.weights);
        rows.flat_map(|((_, weights), above)| {
            crate::method::sampler::simplex::softmax_gradient(&weights, above)
        })
        .collect()
    }
}

#[test]
fn the_spaces_have_their_numbers_of_architectures() {
    let full = ConvMacro::new(conv_macro::Options::full()).unwrap();
    assert_eq!(architectures::<f64>(&full).len(), 243);
    let counts: Vec<usize> = spaces().iter().map(|space| architectures(space.as_ref()).len()).collect();
    assert_eq!(counts, [72, 117, 64, 2 * (4 + 16)]);
    let desk = Vit::new(vit::Options::desk()).unwrap();
    assert_eq!(architectures::<f64>(&desk).len(), 252);
    for space in spaces() {
        let all = architectures(space.as_ref());
        let names: std::collections::BTreeSet<String> =
            all.iter().map(|picks| name_of(space.as_ref(), picks)).collect();
        assert_eq!(names.len(), all.len(), "each has a name of its own");
    }
}

#[test]
fn one_hot_weights_a_slice_and_a_stand_alone_network_agree() {
    for space in spaces() {
        let space = space.as_ref();
        let setting = Setting::new(space, Mixing::Superposed);
        for picks in architectures(space) {
            let weights: Vec<Vec<f64>> = picks
                .iter()
                .zip(space.decisions())
                .map(|(pick, decision)| one_hot(*pick, decision.options.len()))
                .collect();
            let run = |mixing: Mixing, tensors: &[Vec<f64>]| {
                logits(space, mixing, tensors, &weights, &picks, &setting.rows).unwrap()
            };
            let soft = run(Mixing::Superposed, &setting.tensors);
            let alone = extract(space, Mixing::Superposed, &setting.tensors, &picks).unwrap();
            assert!(near(&soft, &run(Mixing::Slice, &setting.tensors), 1e-12), "{picks:?}");
            assert!(near(&soft, &run(Mixing::Alone, &alone), 1e-12), "{picks:?}");
            assert_eq!(space.size(&picks).parameters, alone.concat().len());
        }
    }
}

#[test]
fn one_hot_weights_on_separate_tensors_give_the_network_of_these_tensors() {
    for space in spaces() {
        let space = space.as_ref();
        let setting = Setting::new(space, Mixing::Separate);
        for picks in architectures(space).into_iter().step_by(5) {
            let weights: Vec<Vec<f64>> = picks
                .iter()
                .zip(space.decisions())
                .map(|(pick, decision)| one_hot(*pick, decision.options.len()))
                .collect();
            let soft =
                logits(space, Mixing::Separate, &setting.tensors, &weights, &[], &setting.rows).unwrap();
            let alone = extract(space, Mixing::Separate, &setting.tensors, &picks).unwrap();
            let own = logits(space, Mixing::Alone, &alone, &[], &picks, &setting.rows).unwrap();
            assert!(near(&soft, &own, 1e-12), "{picks:?}");
        }
    }
}

#[test]
fn superposition_and_output_mixing_are_one_function_where_the_rule_is_exact() {
    for space in spaces() {
        let space = space.as_ref();
        let setting = Setting::new(space, Mixing::Superposed);
        let (one, other) = (setting.run(space, Mixing::Superposed), setting.run(space, Mixing::Output));
        assert!((one.loss - other.loss).abs() < 1e-12);
        assert!(near(&one.tensors.concat(), &other.tensors.concat(), 1e-12));
        assert!(near(&setting.alpha_gradients(&one), &setting.alpha_gradients(&other), 1e-12));
        assert!(other.kept_bytes > one.kept_bytes);
    }
    let published = mlp(Rule::Published);
    let setting = Setting::new(&published, Mixing::Superposed);
    let (one, other) = (setting.run(&published, Mixing::Superposed), setting.run(&published, Mixing::Output));
    assert!((one.loss - other.loss).abs() > 1e-4, "mean and variance are taken over other channels");
}

#[test]
fn gradients_of_whole_networks_agree_with_differences() {
    for space in spaces() {
        let space = space.as_ref();
        for mixing in [Mixing::Superposed, Mixing::Separate] {
            let setting = Setting::new(space, mixing);
            let outcome = setting.run(space, mixing);
            let loss = |tensors: &[Vec<f64>], weights: &[Vec<f64>]| {
                let way = Way { mixing, weights, picks: &[], gated: false };
                let batch = Batch { rows: &setting.rows, labels: &setting.labels };
                pass(space, way, tensors, batch, Wanted::TENSORS).unwrap().loss
            };
            let weights = setting.weights();
            for (decision, slopes) in outcome.weights.iter().enumerate() {
                for (option, slope) in slopes.iter().enumerate() {
                    let at = |shift: f64| {
                        let mut moved = weights.clone();
                        moved[decision][option] += shift;
                        loss(&setting.tensors, &moved)
                    };
                    let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!(
                        (difference - slope).abs() < 1e-6,
                        "{mixing:?} {decision} {option}: {slope} {difference}"
                    );
                }
            }
            for (tensor, slopes) in outcome.tensors.iter().enumerate() {
                let place = slopes.len() / 2;
                let at = |shift: f64| {
                    let mut moved = setting.tensors.clone();
                    moved[tensor][place] += shift;
                    loss(&moved, &weights)
                };
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((difference - slopes[place]).abs() < 1e-6, "{mixing:?} tensor {tensor}");
            }
        }
    }
}

#[test]
fn a_gate_has_the_value_one_and_a_gradient() {
    for space in spaces() {
        let space = space.as_ref();
        let setting = Setting::new(space, Mixing::Superposed);
        let picks = largest(space);
        let weights: Vec<Vec<f64>> = picks
            .iter()
            .zip(space.decisions())
            .map(|(pick, decision)| one_hot(*pick, decision.options.len()))
            .collect();
        let batch = Batch { rows: &setting.rows, labels: &setting.labels };
        let run = |gated: bool, weights: &[Vec<f64>]| {
            let way = Way { mixing: Mixing::Slice, weights, picks: &picks, gated };
            pass(space, way, &setting.tensors, batch, Wanted::BOTH).unwrap()
        };
        let (gated, free) = (run(true, &weights), run(false, &weights));
        assert!((gated.loss - free.loss).abs() < 1e-12);
        assert!(free.weights.concat().iter().all(|slope| *slope == 0.0));
        for (decision, pick) in picks.iter().enumerate() {
            let at = |shift: f64| {
                let mut moved = weights.clone();
                moved[decision][*pick] += shift;
                run(true, &moved).loss
            };
            let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!(
                (difference - gated.weights[decision][*pick]).abs() < 1e-6 && difference != 0.0,
                "{decision}"
            );
        }
    }
}

#[test]
fn the_published_rule_is_the_stand_alone_network_at_the_largest_width_only() {
    let space = vit(Rule::Published);
    let setting = Setting::new(&space, Mixing::Superposed);
    for (picks, same) in [([1, 1, 1, 1, 0, 1], true), ([0, 1, 1, 1, 0, 1], false)] {
        let weights: Vec<Vec<f64>> = picks.iter().map(|pick| one_hot(*pick, 2)).collect();
        let run = |mixing: Mixing| {
            logits(&space, mixing, &setting.tensors, &weights, &picks, &setting.rows).unwrap()
        };
        let (soft, slice) = (run(Mixing::Superposed), run(Mixing::Slice));
        assert_eq!(near(&soft, &slice, 1e-12), same, "{picks:?}");
        assert!(same || !near(&soft, &slice, 1e-4));
    }
}

#[test]
fn hidden_outputs_have_their_names() {
    for space in spaces() {
        let space = space.as_ref();
        let mut random = stream(9, "hidden");
        for picks in architectures(space).into_iter().step_by(7) {
            let tensors = initial(&space.tensors(Mixing::Alone, &picks), &mut random);
            let rows = vec![0.5; 2 * space.input().iter().product::<usize>()];
            let found = outputs(space, Mixing::Alone, &tensors, &[], &picks, &rows).unwrap();
            assert_eq!(found.hidden.len(), space.hidden(&picks).len());
        }
    }
}

#[test]
fn options_that_cannot_be_are_refused() {
    let conv = |change: fn(&mut conv_macro::Options)| {
        let mut options = conv_macro::Options::small();
        change(&mut options);
        ConvMacro::new(options).is_err()
    };
    assert!(conv(|options| options.channels1 = vec![8, 2]));
    assert!(conv(|options| options.channels2 = vec![0, 4]));
    assert!(conv(|options| options.kernels1 = vec![2, 5]));
    assert!(conv(|options| options.hidden = vec![]) && !conv(|options| options.hidden = vec![8]));
    let mlp = |change: fn(&mut mlp::Options)| {
        let mut options = mlp::Options::desk();
        change(&mut options);
        Mlp::new(options).is_err()
    };
    assert!(mlp(|options| options.ratio = vec![0.1, 1.0]) && mlp(|options| options.ratio = vec![1.0, 1.0]));
    assert!(mlp(|options| options.embed = vec![4, 4]) && !mlp(|options| options.depth = vec![2]));
}

#[test]
fn parameters_of_the_desk_spaces_are_the_published_ones() {
    let conv = ConvMacro::new(conv_macro::Options::small()).unwrap();
    let count = |space: &dyn Space<f64>, mixing: Mixing| -> usize {
        space.tensors(mixing, &[]).iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    };
    assert_eq!((count(&conv, Mixing::Superposed), count(&conv, Mixing::Separate)), (11_978, 20_800));
    let desk = Mlp::new(mlp::Options::desk()).unwrap();
    assert_eq!((count(&desk, Mixing::Superposed), count(&desk, Mixing::Separate)), (4_554, 9_956));
}
