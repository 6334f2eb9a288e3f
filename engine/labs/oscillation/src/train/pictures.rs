//! Pictures at a step: histograms, the boundary strip, the table of layers.

use super::monitor::{Monitor, short};
use crate::channels as ch;
use crate::method::boundary;
use crate::network::plan::Plan;
use crate::network::weight::WeightPlan;
use weightscope_frame::record::declared::{Family, kinds::OfHistograms};
use weightscope_frame::record::{Cell, Dot, Table};
use weightscope_frame::run::Context;
use weightscope_nn::parameters::Parameters;

/// Bins of a latent histogram between two neighbouring levels.
const BINS_PER_STEP: usize = 16;
/// Room beyond the outermost levels, steps.
const MARGIN: f64 = 1.5;
/// Most bins of a latent histogram: above 4 bits they get wider.
const MOST_BINS: f64 = 160.0;
/// Bins of a distance histogram from 0 to half a step.
const DISTANCE_BINS: usize = 50;

/// Takes all pictures.
pub(super) fn take(context: &mut Context<'_>, plan: &Plan, parameters: &Parameters, monitor: &Monitor) {
    let mut rows = Vec::new();
    let mut base = 0_u64;
    for (index, weight) in plan.weights().iter().enumerate() {
        let positions = weight.positions(&weight.latent(parameters), monitor.scales(index));
        let latent = positions.iter().map(|position| f64::from(*position));
        histogram(context, &ch::LATENT, weight, &latent_edges(weight), latent);
        let distances =
            positions.iter().map(|position| f64::from(boundary::distance(*position, weight.range())));
        let edges: Vec<f64> =
            (0..=DISTANCE_BINS).map(|bin| bin as f64 * 0.5 / DISTANCE_BINS as f64).collect();
        histogram(context, &ch::DISTANCE, weight, &edges, distances);
        strip(context, weight, index, base, &positions, monitor);
        let [oscillating, near, frozen, scale] = monitor.layer_figures(index, weight, parameters);
        rows.push(vec![
            Cell::Text(short(&weight.name)),
            Cell::Number(weight.groups.len() as f64),
            Cell::Number(oscillating),
            Cell::Number(near),
            Cell::Number(frozen),
            Cell::Number(scale),
        ]);
        base += weight.groups.len() as u64;
    }
    if rows.is_empty() {
        return;
    }
    let columns = ["layer", "weights", "oscillating share", "near a boundary", "frozen share", "mean scale"]
        .map(str::to_owned)
        .to_vec();
    context.show(&ch::LAYERS, Table { columns, rows });
}

fn latent_edges(weight: &WeightPlan) -> Vec<f64> {
    let (low, high) = (f64::from(weight.range().lowest) - MARGIN, f64::from(weight.range().highest) + MARGIN);
    let bins = ((high - low) * BINS_PER_STEP as f64).min(MOST_BINS).round();
    (0..=bins as usize).map(|bin| low + bin as f64 * (high - low) / bins).collect()
}

fn histogram(
    context: &mut Context<'_>,
    family: &Family<OfHistograms>,
    weight: &WeightPlan,
    edges: &[f64],
    values: impl Iterator<Item = f64>,
) {
    let (Some(low), Some(high)) = (edges.first(), edges.last()) else { return };
    let bins = edges.len() - 1;
    let mut counts = vec![0_u32; bins];
    for value in values {
        let bin = ((value - low) / (high - low) * bins as f64).floor();
        if bin >= 0.0
            && let Some(count) = counts.get_mut(bin as usize)
        {
            *count += 1;
        }
    }
    let member = family.labelled(&weight.name, &short(&weight.name));
    context.histogram(&member, counts, || (edges.to_vec(), Vec::new()));
}

/// The first row of a matrix on the level axis.
fn strip(
    context: &mut Context<'_>,
    weight: &WeightPlan,
    layer: usize,
    base: u64,
    positions: &[f32],
    monitor: &Monitor,
) {
    let dots = positions
        .iter()
        .take(weight.groups.inner)
        .enumerate()
        .map(|(column, position)| {
            let frequency = f64::from(monitor.frequency(layer, column));
            Dot::new(f64::from(*position), column as f64, frequency, base + column as u64)
        })
        .collect();
    context.show(&ch::STRIP.labelled(&weight.name, &short(&weight.name)), dots);
}
