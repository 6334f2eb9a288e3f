//! Pictures of the end: the map of latents, first layers, who does what on whose data, and the matching of hidden units.

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Curve, Dot, Graph, Grid};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::Matrix;
use weightscope_math::linalg::pca::Pca;
use weightscope_math::matching;

use super::Work;
use super::baselines::{Baseline, Baselines};
use crate::channels as ch;
use crate::config::Config;
use crate::train::defect;
use crate::train::prepared::{mean, permutations};

/// Units of a first layer that are shown.
const UNITS: usize = 64;
/// Tasks whose first layers are kept in any case, of seen and of unseen ones each.
const TILED: usize = 24;
/// Numbers of first layers up to which those of more tasks are kept: 16 MiB of them.
const TILED_NUMBERS: usize = 4 << 20;
/// Networks of the zoo from which the directions of the map are found: more cost their square.
const SPREAD: usize = 160;
/// Points on the straight way of the barrier.
const BARRIER: usize = 21;

/// Takes all pictures.
pub(super) fn take(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    latent_map(run, &work)?;
    run.context.check()?;
    conditions(run, &work)?;
    run.context.check()?;
    tiles(run, &work)?;
    alignment(run, &work)
}

/// The two directions in which the latents of the zoo vary most, from a few networks spread evenly over it; `None` if there are none.
pub(super) fn directions(work: &Work<'_>) -> Option<Pca> {
    let length = work.generator.latent_length();
    let stride = work.prepared.networks.len().div_ceil(SPREAD).max(1);
    let latents = work.learned.latents.chunks_exact(length.max(1)).step_by(stride);
    let own: Vec<f64> = latents.flatten().map(|value| f64::from(*value)).collect();
    Pca::fit(&Matrix::new(own.len() / length.max(1), length, own).ok()?, 2).ok()
}

/// Latents along these directions.
pub(super) fn projected(directions: &Pca, latents: &[&[f32]]) -> Vec<(f64, f64)> {
    let wide: Vec<f64> = latents.iter().flat_map(|row| row.iter().map(|value| f64::from(*value))).collect();
    let Ok(rows) = Matrix::new(latents.len(), directions.mean.len(), wide) else { return Vec::new() };
    let Ok(scores) = directions.scores(&rows) else { return Vec::new() };
    let at = |row: &[f64], place: usize| row.get(place).copied().unwrap_or(0.0);
    scores.each_row().map(|row| (at(row, 0), at(row, 1))).collect()
}

/// Points of the zoo by task and by accuracy, and the generated networks of the first draw.
fn latent_map(run: &mut Running<'_, '_, Config>, work: &Work<'_>) -> Result<(), RunError> {
    let length = work.generator.latent_length();
    let own: Vec<&[f32]> = work.learned.latents.chunks_exact(length.max(1)).collect();
    let Some(directions) = directions(work) else { return Ok(()) };
    let places = projected(&directions, &own);
    let zoo = &run.state.zoo;
    let dots = |value: &dyn Fn(usize) -> f64| -> Vec<Dot> {
        places.iter().enumerate().map(|(id, (x, y))| Dot::new(*x, *y, value(id), id as u64)).collect()
    };
    let by_task = dots(&|id| zoo.task_of.get(id).map_or(f64::NAN, |task| *task as f64));
    let by_accuracy = dots(&|id| zoo.accuracies.get(id).copied().unwrap_or(f64::NAN));
    let networks = run.state.evaluation.networks(0).to_vec();
    let rows = work.prepared.rows_of(&networks).map_err(defect)?;
    let latents = work.generator.encode(&rows);
    let made: Vec<&[f32]> = latents.chunks_exact(length.max(1)).collect();
    let made = projected(&directions, &made);
    let accuracies = run.state.evaluation.accuracies.first().cloned().unwrap_or_default();
    let generated = |value: &dyn Fn(usize) -> f64| -> Vec<Dot> {
        let finite = made.iter().enumerate().filter(|(_, (x, y))| x.is_finite() && y.is_finite());
        finite.map(|(id, (x, y))| Dot::new(*x, *y, value(id), id as u64)).collect()
    };
    let tasks = work.tasks.clone();
    let made_task = generated(&|id| tasks.get(id).map_or(f64::NAN, |task| *task as f64));
    let made_accuracy = generated(&|id| accuracies.get(id).copied().unwrap_or(f64::NAN));
    for (id, label, dots) in [
        ("zoo_task", "zoo", by_task),
        ("zoo_accuracy", "zoo", by_accuracy),
        ("generated_task", "generated", made_task),
        ("generated_accuracy", "generated", made_accuracy),
    ] {
        run.context.show_only(&ch::LATENTS.labelled(id, label), dots);
    }
    Ok(())
}

/// Accuracy of each judged task's network on each judged task's rows.
fn conditions(run: &mut Running<'_, '_, Config>, work: &Work<'_>) -> Result<(), RunError> {
    let judged = work.judged();
    let networks = run.state.evaluation.networks(0);
    let mut values = Vec::new();
    for own in judged.clone() {
        let network = networks.get(own).map_or(&[][..], Vec::as_slice);
        let pairs: Vec<(usize, &[f32])> =
            judged.clone().filter_map(|other| work.tasks.get(other).map(|task| (*task, network))).collect();
        values.extend(work.shared.bench.accuracies(&pairs)?.into_iter().map(|accuracy| accuracy as f32));
    }
    let names: Vec<String> = judged.map(|place| work.name(place)).collect();
    let grid =
        Grid { rows: names.clone(), columns: names, values, limits: Some((0.0, 1.0)), ..Grid::default() };
    run.context.show_only(&ch::CONDITIONS, grid);
    Ok(())
}

/// First layers of generated networks, of their nearest networks, of ridge regression, and of the zoo mean.
fn tiles(run: &mut Running<'_, '_, Config>, work: &Work<'_>) -> Result<(), RunError> {
    let Some(first) = work.prepared.layout.tensors().first().cloned() else { return Ok(()) };
    let (units, inputs) =
        (first.shape.first().copied().unwrap_or(0), first.shape.get(1).copied().unwrap_or(0));
    let shown = units.min(UNITS);
    // Of each task four networks; half of the room is for seen tasks.
    let tiled = TILED.max(TILED_NUMBERS / (8 * shown * inputs).max(1));
    let places: Vec<usize> =
        (0..work.seen.min(tiled)).chain(work.seen..work.tasks.len().min(work.seen + tiled)).collect();
    let conditions = work.conditions(0);
    let ridge = Baselines::new(work)?.networks(Baseline::Ridge, 0, &conditions)?;
    let average = mean(&work.prepared.networks);
    let evaluation = &run.state.evaluation;
    let generated = evaluation.networks(0);
    let nearest = |place: usize| {
        let kin = evaluation.kin.get(place)?;
        work.prepared.networks.get(kin.nearest)
    };
    let mut grids = Vec::new();
    for place in places {
        let name = work.name(place);
        let found = [
            ("generated", generated.get(place)),
            ("nearest", nearest(place)),
            ("ridge", ridge.get(place)),
            ("mean", Some(&average)),
        ];
        for (id, network) in found {
            let Some(network) = network else { continue };
            let values = network.get(first.range.clone()).unwrap_or_default();
            let values = values.get(..shown * inputs).unwrap_or_default().to_vec();
            let rows = (0..shown).map(|unit| unit.to_string()).collect();
            let columns = (0..inputs).map(|input| input.to_string()).collect();
            grids.push((
                format!("{name}/{id}"),
                Grid { rows, columns, values, diverging: true, ..Grid::default() },
            ));
        }
    }
    for (id, grid) in grids {
        run.context.show_only(&ch::FIRST_LAYER.member(&id), grid);
    }
    Ok(())
}

/// How a network's first hidden layer matches the mean of the zoo, and the accuracy on the straight way there.
fn alignment(run: &mut Running<'_, '_, Config>, work: &Work<'_>) -> Result<(), RunError> {
    let sizes = &work.prepared.sizes;
    let hidden = sizes.len().saturating_sub(2);
    // The second network of the zoo as it was trained: the first one is the first reference.
    let zoo = &run.state.zoo.networks;
    let place = zoo.len() / 2;
    let Some(network) = zoo.get(place).cloned() else { return Ok(()) };
    let task = run.state.zoo.task_of.get(place).copied().unwrap_or(0);
    let average = mean(&work.prepared.networks);
    let own: Vec<Vec<f32>> = work
        .groups
        .get(task)
        .into_iter()
        .flatten()
        .filter_map(|member| work.prepared.networks.get(*member))
        .cloned()
        .collect();
    let task_mean = mean(&own);
    if hidden > 0 {
        let units = sizes.get(1).copied().unwrap_or(0);
        let found = permutations(sizes, &average, &network);
        let identity: Vec<Vec<usize>> =
            (1..=hidden).map(|layer| (0..sizes.get(layer).copied().unwrap_or(0)).collect()).collect();
        let gains = |permutations: &Vec<Vec<usize>>| {
            let gains = matching::similarity(sizes, &average, &network, 0, permutations);
            matching::total(&gains, permutations.first().map_or(&[][..], Vec::as_slice))
        };
        let (before, after) = (gains(&identity), gains(&found));
        let shown = units.min(UNITS);
        let node = |side: f64, unit: usize| (unit.to_string(), side, -(unit as f64));
        let nodes = (0..shown).map(|unit| node(0.0, unit)).chain((0..shown).map(|unit| node(1.0, unit)));
        let permutation = found.first().cloned().unwrap_or_default();
        let edges: Vec<(usize, usize, f64)> = permutation
            .iter()
            .take(shown)
            .enumerate()
            .filter(|(_, from)| **from < shown)
            .map(|(to, from)| (*from, shown + to, 1.0))
            .collect();
        let moved = permutation.iter().enumerate().filter(|(to, from)| to != *from).count();
        run.context.show_only(&ch::ALIGNMENT, Graph { nodes: nodes.collect(), edges, ..Graph::default() });
        run.context.text(
            &ch::ALIGNMENT_WORDS,
            format!(
                "way; similarity to the zoo mean {before:.1} before and {after:.1} after matching, {moved} of {units} units move"
            ),
        );
    }
    let aligned = work.prepared.networks.get(place).cloned().unwrap_or_default();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (leg, (from, to)) in [(&aligned, &task_mean), (&task_mean, &average)].into_iter().enumerate() {
        for point in 0..BARRIER {
            let share = point as f32 / (BARRIER - 1) as f32;
            let between: Vec<f32> =
                from.iter().zip(to).map(|(from, to)| (1.0 - share) * from + share * to).collect();
            x.push(leg as f64 + f64::from(share));
            y.push(work.shared.bench.accuracy(task, &between)?);
        }
    }
    run.context.show_only(&ch::ALIGNMENT_BARRIER, Curve { x, y, band: None });
    Ok(())
}
