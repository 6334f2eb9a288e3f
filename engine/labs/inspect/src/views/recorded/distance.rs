//! Distances of the sampled weights to the nearest decision boundary over the training.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, Data, Histograms, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{controls, derives, shown};
use crate::channels as ch;
use crate::config::Config;

/// Bins from a boundary to a level.
const BINS: usize = 25;
/// Moments that are drawn.
const MOMENTS: usize = 60;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("distance to the nearest boundary", "steps").limits(0.0, 0.5),
        y: AxisSpec::new("training step", ""),
        controls: controls(config),
        derives: derives(),
        empty: "Distances of the sampled weights to the decision boundaries appear here.".to_owned(),
        help: include_str!("../../help/recorded_distance.md").to_owned(),
        ..ViewSpec::of(
            "recorded_distance",
            "Distance to the boundary",
            ViewKind::Ridge,
            &[&ch::RECORDED_DISTANCE],
        )
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let frames = shown.of.steps.len();
    let width = frames.div_ceil(MOMENTS).max(1);
    let mut counts = Timeline::default();
    for first in (0..frames).step_by(width) {
        let mut bins = vec![0_u32; BINS];
        for positions in &shown.placed().positions {
            let until = (first + width).min(frames);
            for position in positions.get(first..until).into_iter().flatten().filter(|at| at.is_finite()) {
                let distance = shown.chosen.to_boundary(*position).min(0.5);
                let bin = ((distance * 2.0 * BINS as f32) as usize).min(BINS - 1);
                if let Some(count) = bins.get_mut(bin) {
                    *count += 1;
                }
            }
        }
        counts.push(shown.step(first) as u64, bins);
    }
    let edges = (0..=BINS).map(|edge| 0.5 * edge as f64 / BINS as f64).collect();
    let data = Data::Histogram(Histograms { edges, counts, markers: Vec::new() });
    let label = shown.of.track.name.clone();
    Ok(vec![Channel { label, data, ..ch::RECORDED_DISTANCE.channel() }])
}
