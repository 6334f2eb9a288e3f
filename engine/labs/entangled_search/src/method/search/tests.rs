//! The loop learns, is reproducible, and does what its settings say.

use super::*;
use crate::method::methods::Method;
use crate::method::space::conv_macro::{ConvMacro, Options};
use weightscope_math::stream;

fn space() -> ConvMacro {
    let options = Options { image: [1, 4, 4], classes: 2, ..Options::small() };
    ConvMacro::new(options).unwrap()
}

/// Images whose class is the brighter half.
fn rows(count: usize, seed: u64) -> (Vec<f32>, Vec<usize>) {
    let mut random = stream(seed, "rows");
    let rows: Vec<f32> = (0..count * 16).map(|_| random.normal()).collect();
    let brighter = |image: &[f32]| image[..8].iter().sum::<f32>() > image[8..].iter().sum::<f32>();
    let labels = rows.chunks(16).map(|image| usize::from(brighter(image))).collect();
    (rows, labels)
}

fn settings(method: Method) -> Settings {
    Settings {
        mixing: method.mixing().unwrap(),
        sampler: method.sampler().unwrap(),
        weight_rule: WeightRule::AdamW(1e-3),
        learning_rate: 1e-2,
        floor: 0.02,
        clip: 5.0,
        architecture_rate: 5e-2,
        anchor: Anchor::Decay(1e-3),
        architecture_start: 0,
        steps: 60,
        second_order: method.second_order(),
        penalty: SizePenalty::default(),
    }
}

fn run(settings: &Settings) -> (Search<f32>, Vec<Report>) {
    let space = space();
    let (valid, train) = (rows(60, 1), rows(60, 2));
    let valid = Batch { rows: &valid.0, labels: &valid.1 };
    let train = Batch { rows: &train.0, labels: &train.1 };
    let mut search = Search::new(&space, settings, &mut stream(1, "weights"), &mut stream(1, "architecture"));
    let mut random = stream(1, "sampler");
    let reports = (0..settings.steps)
        .map(|_| search.step(&space, settings, valid, train, &mut random).unwrap())
        .collect();
    (search, reports)
}

fn supernets() -> impl Iterator<Item = Method> {
    Method::ALL.into_iter().filter(|method| method.mixing().is_some())
}

#[test]
fn every_method_learns_and_gives_the_same_bits_again() {
    for method in supernets() {
        let settings = settings(method);
        let (search, reports) = run(&settings);
        let mean =
            |part: &[Report]| part.iter().map(|report| report.train_loss).sum::<f64>() / part.len() as f64;
        assert!(mean(&reports[50..]) < 0.8 * mean(&reports[..5]), "{method:?}: {}", mean(&reports[50..]));
        assert_eq!((search, reports), run(&settings), "{method:?}");
    }
}

#[test]
fn superposition_and_output_mixing_find_the_same() {
    let (one, _) = run(&settings(Method::TangleNas));
    let (other, _) = run(&settings(Method::DrnasOutput));
    assert_eq!(one.picks(), other.picks());
    for (a, b) in one.alphas.concat().iter().zip(other.alphas.concat()) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn the_architecture_rests_until_its_start_and_always_under_uniform_sampling() {
    let (search, reports) = run(&Settings { architecture_start: 60, ..settings(Method::TangleNas) });
    assert!(reports.iter().all(|report| report.valid_loss.is_none()));
    let most = search.alphas.concat().iter().fold(0.0_f64, |most, alpha| most.max(alpha.abs()));
    assert!(most > 0.0 && most < 6e-3, "α stays as it was drawn");
    let (_, reports) = run(&Settings { architecture_start: 20, ..settings(Method::TangleNas) });
    assert_eq!(reports.iter().filter(|report| report.valid_loss.is_some()).count(), 40);
    assert!(run(&settings(Method::SposRandom)).1.iter().all(|report| report.valid_loss.is_none()));
}

#[test]
fn a_high_price_on_size_picks_the_smallest_network() {
    let space = space();
    for method in [Method::TangleNas, Method::Darts, Method::DrnasSeparate] {
        let penalty = SizePenalty::new::<f32>(&space, 100.0);
        let (search, _) = run(&Settings { penalty, ..settings(method) });
        assert_eq!(search.picks(), [0; 5], "{method:?}");
    }
}

#[test]
fn both_anchors_pull_alpha_to_its_start() {
    let size = |anchor: Anchor| {
        let (search, _) = run(&Settings { anchor, ..settings(Method::TangleNas) });
        search.alphas.concat().iter().map(|alpha| alpha * alpha).sum::<f64>()
    };
    let free = size(Anchor::Decay(0.0));
    assert!(size(Anchor::Decay(1.0)) < 0.5 * free && size(Anchor::Divergence(1.0)) < 0.5 * free);
}

#[test]
fn samples_of_one_option_are_counted() {
    let (search, _) = run(&settings(Method::SposRandom));
    for row in &search.unpicked {
        assert_eq!(row.iter().filter(|age| **age == 0).count(), 1, "the option of the last step");
        assert!(row.iter().all(|age| *age < 40), "each was picked by chance");
    }
    let (search, _) = run(&settings(Method::TangleNas));
    assert!(search.unpicked.concat().iter().all(|age| *age == 0));
}

#[test]
fn the_second_order_gradient_goes_another_way() {
    let (first, _) = run(&settings(Method::Darts));
    let (second, _) = run(&settings(Method::DartsSecond));
    assert_ne!(first.alphas, second.alphas);
}
