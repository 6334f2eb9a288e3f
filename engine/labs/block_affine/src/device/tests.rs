//! Models as tensors against the passes by hand in double precision: on burn's CPU backend, and on a graphics adapter where there is one.

use std::sync::Arc;

use weightscope_frame::device::{self, DeviceChoice};
use weightscope_math::stream;

use super::*;
use crate::compute::mlp::Mlp;
use crate::compute::model::tests::{models, weights};
use crate::compute::ops::gates::Gate;
use crate::compute::rwkv::Rwkv;
use crate::method::rwkv;

/// Distance over length that single precision is given.
const TOLERANCE: f64 = 1e-5;
/// The same over the length of the whole gradient, for tensors whose slopes cancel out (a bias of keys has none at all).
const OF_WHOLE: f64 = 1e-6;

const TIMES: usize = 6;
const ROWS: usize = 5;

fn drawn(count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut random = stream(5, "tokens");
    let mut draw = || (0..count).map(|_| random.below(11) as u32).collect::<Vec<_>>();
    (draw(), draw())
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

fn close(what: &str, found: impl IntoIterator<Item = f64>, expected: &[f64], whole: f64) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let missing = length(found.iter().zip(expected).map(|(found, expected)| found - expected));
    let limit = TOLERANCE * length(expected.iter().copied()) + OF_WHOLE * whole;
    assert!(missing < limit, "{what}: {missing:e} away, {limit:e} allowed");
}

/// A pass of a batch: by hand in double precision, and as tensors.
struct Comparison<'a> {
    what: String,
    exact: &'a Model<f64>,
    at: &'a [f64],
    passes: &'a Passes,
    tokens: &'a [u32],
    targets: &'a [u32],
    times: usize,
}

impl Comparison<'_> {
    fn batch<T>(&self) -> Batch<'_, T> {
        Batch::Tokens { tokens: self.tokens, targets: self.targets, times: self.times }
    }

    /// Loss and gradient by the wanted tensors; what is not wanted stays as it was. With a rate some inputs of updates are dropped.
    fn gradients(&self, wanted: &[bool], updates: Option<(&[f64], f32)>) {
        let dropping = updates.map(|(delta, rate)| Dropping { delta, adapted: wanted, rate, seed: 9 });
        let mut exact = vec![0.0; self.at.len()];
        let (mut memory, batch) = (Memory::default(), self.batch());
        let expected = self.exact.gradient(self.at, batch, wanted, dropping, &mut exact, &mut memory);
        let delta = updates.map(|(delta, _)| single(delta)).unwrap_or_default();
        let dropping = updates.map(|(_, rate)| Dropping { delta: &delta, adapted: wanted, rate, seed: 9 });
        let mut found = vec![7.0; self.at.len()];
        let at = single(self.at);
        let (mut memory, batch) = (Memory::default(), self.batch());
        let loss = self.passes.gradient(&at, batch, wanted, dropping, &mut found, &mut memory);
        close(&format!("{}: loss", self.what), [loss], &[expected], 0.0);
        let whole = length(exact.iter().copied());
        assert!(whole > 0.01, "{}: there are slopes", self.what);
        for (place, wanted) in self.passes.layout().0.iter().zip(wanted) {
            let what = format!("{}, {}", self.what, place.name);
            let found = &found[place.range.clone()];
            if *wanted {
                close(&what, found.iter().map(|slope| f64::from(*slope)), &exact[place.range.clone()], whole);
            } else {
                assert!(found.iter().all(|slope| *slope == 7.0), "{what} is not wanted");
            }
        }
    }

    /// What judges: the loss, those of rows, outputs with updates beside the weights and without.
    fn judgements(&self, delta: &[f64], adapted: &[bool]) {
        let (at, own) = (single(self.at), single(delta));
        let (mut memory, mut other) = (Memory::default(), Memory::default());
        let expected = self.exact.loss(self.at, self.batch(), &mut memory);
        close(&self.what, [self.passes.loss(&at, self.batch(), &mut other)], &[expected], 0.0);
        let expected = self.exact.row_losses(self.at, self.tokens, self.targets, self.times, &mut memory);
        let found = self.passes.row_losses(&at, self.tokens, self.targets, self.times, &mut other);
        close(&format!("{}: rows", self.what), found, &expected, 0.0);
        for beside in [false, true] {
            let exact = beside.then_some(Dropping { delta, adapted, rate: 0.0, seed: 0 });
            let expected = self.exact.outputs_of(self.at, self.batch(), exact, &mut memory);
            let updates = beside.then_some(Dropping { delta: &own, adapted, rate: 0.0, seed: 0 });
            let found = self.passes.outputs_of(&at, self.batch(), updates, &mut other);
            let what = format!("{}: outputs, {beside}", self.what);
            close(&what, found.into_iter().map(f64::from), &expected, 0.0);
        }
    }
}

/// All that passes are asked for, of all models.
fn check(device: &Device) {
    let (tokens, targets) = drawn(ROWS * TIMES);
    for ((name, exact), (_, model)) in models::<f64>(TIMES).into_iter().zip(models::<f32>(TIMES)) {
        let at = weights(&exact.layout);
        let passes = Passes { model, device: Some(device.clone()) };
        assert!(passes.is_on_device(), "{name}");
        let comparison = Comparison {
            what: name.to_owned(),
            exact: &exact,
            at: &at,
            passes: &passes,
            tokens: &tokens,
            targets: &targets,
            times: TIMES,
        };
        let count = exact.layout.0.len();
        comparison.gradients(&vec![true; count], None);
        comparison.gradients(&(0..count).map(|tensor| tensor % 3 == 1).collect::<Vec<_>>(), None);
        let is_adapted =
            |name: &str| name.contains("q_proj") || name.contains("att.key") || name.ends_with(".up.weight");
        let adapted: Vec<bool> = exact.layout.0.iter().map(|place| is_adapted(&place.name)).collect();
        let delta: Vec<f64> = at.iter().map(|value| 0.1 * value.sin()).collect();
        for rate in [0.0, 0.4] {
            comparison.gradients(&adapted, Some((&delta, rate)));
        }
        comparison.judgements(&delta, &adapted);
    }
}

#[test]
fn tensors_and_passes_by_hand_are_one_function() {
    check(&Device::flex());
}

#[test]
#[expect(clippy::print_stderr, reason = "says that there is nothing to test on")]
fn a_graphics_adapter_computes_the_same_function() {
    match device::open(DeviceChoice::Gpu) {
        Ok(open) => check(&open.device),
        Err(error) => eprintln!("skipped: {error}"),
    }
}

/// The state goes on from chunk to chunk, and the fastest decay leaves single precision its digits: both against the recurrence in double
/// precision.
#[test]
fn chunks_of_a_time_mix_are_the_recurrence() {
    let times = 2 * rwkv::CHUNK + 22;
    let config = rwkv::Config { vocabulary: 11, width: 8, layers: 2, heads: 2 };
    let layout = Arc::new(Layout::new(config.tensors()));
    let net = Rwkv::new(&config, &layout).unwrap();
    let (tokens, targets) = drawn(2 * times);
    // Decays of all speeds, then all of them near the fastest.
    for fastest in [false, true] {
        let mut at = weights(&layout);
        for place in layout.0.iter().filter(|_| fastest) {
            let values = &mut at[place.range.clone()];
            if place.name.ends_with("att.decay") {
                values.fill(-0.75);
            } else if place.name.ends_with("att.decay_b") {
                values.iter_mut().for_each(|value| *value *= 0.02);
            }
        }
        let exact = Model { layout: Arc::clone(&layout), net: Net::Rwkv(net.clone()) };
        let model = Model { layout: Arc::clone(&layout), net: Net::Rwkv(net.clone()) };
        let passes = Passes { model, device: Some(Device::flex()) };
        let comparison = Comparison {
            what: format!("fastest: {fastest}"),
            exact: &exact,
            at: &at,
            passes: &passes,
            tokens: &tokens,
            targets: &targets,
            times,
        };
        comparison.gradients(&vec![true; layout.0.len()], None);
    }
}

#[test]
fn perceptrons_and_the_host_keep_passes_by_hand() {
    for (name, model) in models::<f32>(TIMES) {
        assert!(!Passes::new(model, &Device::flex()).is_on_device(), "{name}");
    }
    let layout = Layout::new(Mlp::tensors(&[3, 5, 4]));
    let net = Mlp::new(2, Gate::Tanh, &layout).unwrap();
    assert!(language(&Net::Mlp(net)).is_none());
}
