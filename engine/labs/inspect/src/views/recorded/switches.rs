//! Level changes of the sampled weights over the training, told apart by their cause.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::super::shown::curve;
use super::shown::{controls, derives, shown};
use crate::channels as ch;
use crate::config::Config;

/// Points of a curve.
const POINTS: usize = 200;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("flips per frame", ""),
        channels: ["by_weight", "by_scale"].map(|name| ch::SHOWN.id(name)).to_vec(),
        controls: controls(config),
        derives: derives(),
        empty: "Level changes of the sampled weights by their cause appear here.".to_owned(),
        help: include_str!("../../help/recorded_switches.md").to_owned(),
        ..ViewSpec::of("recorded_switches", "Flips by cause", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let figures = shown.figures();
    let width = shown.of.steps.len().div_ceil(POINTS).max(1);
    let bins = shown.of.steps.len().div_ceil(width);
    let (mut by_weight, mut by_scale) = (vec![0.0_f64; bins], vec![0.0_f64; bins]);
    for flip in &figures.flips {
        let counts = if flip.is_by_scale { &mut by_scale } else { &mut by_weight };
        if let Some(count) = counts.get_mut(flip.frame / width) {
            *count += 1.0;
        }
    }
    let known = figures.known().max(1) as f64;
    let middle =
        |bin: usize| shown.step((bin * width + width / 2).min(shown.of.steps.len().saturating_sub(1)));
    let in_bin = |bin: usize| (shown.of.steps.len() - bin * width).min(width) as f64;
    let of = |name: &str, words: &str, counts: &[f64]| {
        let points = counts.iter().enumerate();
        let (x, y) = points.map(|(bin, count)| (middle(bin), count / (in_bin(bin) * known))).unzip();
        curve(name, words, x, y)
    };
    Ok(vec![of("by_weight", "weight-driven", &by_weight), of("by_scale", "scale-driven", &by_scale)])
}
