//! The reverse process of the first draw, watched: what its estimates would be as networks.

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Cell, Curve, Grid, Table};
use weightscope_frame::run::RunError;
use weightscope_math::stats::distance::wasserstein;
use weightscope_math::stream;

use super::Work;
use crate::channels as ch;
use crate::config::{Config, Generator as Kind};
use crate::data::Condition;
use crate::train::defect;

/// Steps of the process that are kept, at most.
const KEPT: usize = 60;
/// Bins of a histogram, and half its range in deviations of the layer.
const BINS: usize = 60;
const REACH: f64 = 4.0;

/// Networks of the zoo, spread evenly over it, from whose weights the distance is taken.
const COMPARED: usize = 20;

/// One kept step: its number in the schedule, and the estimates of all rows.
struct Seen {
    t: usize,
    estimates: Vec<f32>,
}

/// Watches; for the replica there is no process.
pub(super) fn watch(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    if work.config.generator == Kind::Replica {
        return Ok(());
    }
    let judged = work.judged();
    let tasks: Vec<usize> = work.tasks.get(judged.clone()).unwrap_or_default().to_vec();
    let conditions: Vec<Condition> = tasks.iter().map(|task| work.condition(0, *task)).collect();
    let embeddings = work.generator.embed(&conditions.iter().collect::<Vec<_>>());
    let mut all = Vec::new();
    let mut random = stream(work.seed, "draw 0");
    let drawn = work.generator.draw(work.config, &embeddings, &mut random, |progress| {
        all.push(Seen { t: progress.t, estimates: progress.estimates.values().to_vec() });
    });
    drawn.map_err(defect)?;
    let stride = all.len().div_ceil(KEPT).max(1);
    let last = all.len().saturating_sub(1);
    let kept: Vec<Seen> = all
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index.is_multiple_of(stride) || *index == last)
        .map(|(_, seen)| seen)
        .collect();
    let mut accuracies: Vec<Vec<f64>> = vec![Vec::new(); tasks.len()];
    let mut first = Vec::new();
    for seen in &kept {
        run.context.check()?;
        let networks = work.generator.decode(&seen.estimates).map_err(defect)?;
        let pairs: Vec<(usize, &[f32])> =
            tasks.iter().copied().zip(networks.iter().map(Vec::as_slice)).collect();
        for (line, accuracy) in accuracies.iter_mut().zip(work.shared.bench.accuracies(&pairs)?) {
            line.push(accuracy);
        }
        first.push(networks.into_iter().next().unwrap_or_default());
    }
    let x: Vec<f64> = (0..kept.len()).map(|step| (step * stride) as f64).collect();
    for (place, line) in judged.clone().zip(&accuracies) {
        let name = work.name(place);
        run.context.show_only(
            &ch::REVERSE_ACCURACY.member(&name),
            Curve { x: x.clone(), y: line.clone(), band: None },
        );
    }
    trajectory(run, &work, &kept);
    let steps: Vec<usize> = kept.iter().map(|seen| seen.t).collect();
    denoised(run, &work, &first, &steps, accuracies.first().map_or(&[][..], Vec::as_slice))
}

/// The first task's estimates along the two directions of the zoo's latents.
fn trajectory(run: &mut Running<'_, '_, Config>, work: &Work<'_>, kept: &[Seen]) {
    let length = work.generator.latent_length();
    let paths: Vec<&[f32]> = kept.iter().filter_map(|seen| seen.estimates.get(..length)).collect();
    if let Some(directions) = super::pictures::directions(work) {
        let (x, y) = super::pictures::projected(&directions, &paths).into_iter().unzip();
        let name = work.name(work.judged().start);
        run.context.show_only(&ch::TRAJECTORY.labelled("first", &name), Curve { x, y, band: None });
    }
}

/// Histograms of each layer over the process, beside those of the zoo.
fn denoised(
    run: &mut Running<'_, '_, Config>,
    work: &Work<'_>,
    networks: &[Vec<f32>],
    steps: &[usize],
    accuracies: &[f64],
) -> Result<(), RunError> {
    let scaled = work.prepared.scaled(networks).map_err(defect)?;
    let zoo = work.prepared.scaled(&work.prepared.networks).map_err(defect)?;
    let edges: Vec<f64> = (0..=BINS).map(|bin| REACH * (2.0 * bin as f64 / BINS as f64 - 1.0)).collect();
    let middles: Vec<f64> = edges
        .windows(2)
        .map(|ends| 0.5 * (ends.first().unwrap_or(&0.0) + ends.last().unwrap_or(&0.0)))
        .collect();
    let stride = zoo.len().div_ceil(COMPARED).max(1);
    let mut rows = Vec::new();
    for tensor in work.prepared.layout.tensors() {
        let part = |network: &Vec<f32>| -> Vec<f64> {
            let values = network.get(tensor.range.clone()).unwrap_or_default();
            values.iter().map(|value| f64::from(*value)).collect()
        };
        let of_zoo: Vec<f64> = zoo.iter().flat_map(part).collect();
        let some_of_zoo: Vec<f64> = zoo.iter().step_by(stride).flat_map(part).collect();
        let spread = deviation(&of_zoo);
        let mut values = Vec::new();
        for ((network, t), step) in scaled.iter().zip(steps).zip(0..) {
            let own = part(network);
            values.extend(shares(&own).into_iter().map(|share| share as f32));
            rows.push(vec![
                Cell::Text(tensor.name.clone()),
                Cell::Number(f64::from(step)),
                Cell::Number(*t as f64),
                Cell::Number(wasserstein(&own, &some_of_zoo).unwrap_or(f64::NAN)),
                Cell::Number(deviation(&own) / spread),
                Cell::Number(accuracies.get(step as usize).copied().unwrap_or(f64::NAN)),
            ]);
        }
        let grid = Grid {
            rows: steps.iter().map(|t| format!("t = {t}")).collect(),
            columns: middles.iter().map(|middle| format!("{middle:.2}")).collect(),
            values,
            ..Grid::default()
        };
        run.context.show_only(&ch::DENOISED.member(&tensor.name), grid);
        let curve = Curve { x: middles.clone(), y: shares(&of_zoo), band: None };
        run.context.show_only(&ch::DENOISED_ZOO.member(&tensor.name), curve);
    }
    let columns = ["layer", "step", "t", "Wasserstein-1", "spread ratio", "accuracy"];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    run.context.show_only(&ch::DENOISED_FIGURES, table);
    Ok(())
}

fn deviation(values: &[f64]) -> f64 {
    weightscope_math::stats::moments::Moments::of(values).population_variance().map_or(f64::NAN, f64::sqrt)
}

/// Share of the values in each bin; those outside are left out.
fn shares(values: &[f64]) -> Vec<f64> {
    let mut counts = vec![0.0; BINS];
    for value in values {
        let place = 0.5 * (value / REACH + 1.0) * BINS as f64;
        if place >= 0.0
            && let Some(count) = counts.get_mut(place as usize)
        {
            *count += 1.0;
        }
    }
    counts.into_iter().map(|count| count / values.len().max(1) as f64).collect()
}
