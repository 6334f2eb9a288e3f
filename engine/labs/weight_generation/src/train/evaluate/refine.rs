//! Search chunk by chunk from a generated network: candidates of the generator beside noise of equal size.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::{Searched, Work};
use crate::channels as ch;
use crate::config::{Config, Refine};
use crate::data::Condition;
use crate::method::GenerationError;
use crate::method::refine::{Refined, sequential};
use crate::train::defect;

/// Draws that make candidates begin here, away from those that are evaluated.
const FIRST_DRAW: usize = 100_000;

/// Searches for each judged task, if the settings ask for it.
pub(super) fn search(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    if run.settings.refine == Refine::None {
        return Ok(());
    }
    let work = Work::new(run)?;
    let judged = work.judged();
    let (mut own, mut noise) = (Vec::new(), Vec::new());
    for place in judged.clone() {
        run.context.check()?;
        let task = work.tasks.get(place).copied().unwrap_or(0);
        let condition = work.condition(0, task);
        let network = run.state.evaluation.networks(0).get(place).cloned().unwrap_or_default();
        let candidates = candidates(&work, &condition)?;
        own.push((task, walk(&work, &condition, &network, &candidates)?));
        let noisy = noise_like(&work, task, &network, &candidates)?;
        noise.push((task, walk(&work, &condition, &network, &noisy)?));
    }
    for (id, label, found) in
        [("generator", "candidates of the generator", &own), ("noise", "noise of equal size", &noise)]
    {
        let length = found.first().map_or(0, |(_, one)| one.losses.len());
        let y = (0..length)
            .map(|step| {
                let at: Vec<f64> =
                    found.iter().filter_map(|(_, one)| one.losses.get(step).copied()).collect();
                at.iter().sum::<f64>() / at.len().max(1) as f64
            })
            .collect();
        let x = (0..length).map(|step| step as f64).collect();
        run.context.show_only(&ch::REFINEMENT.labelled(id, label), Curve { x, y, band: None });
    }
    let accuracy = |found: &[(usize, Refined)]| -> Result<f64, RunError> {
        let mut sum = 0.0;
        for (task, one) in found {
            let network: Vec<f32> = one.network.iter().map(|value| *value as f32).collect();
            let network = work.prepared.scales.undo(&work.prepared.layout, &network).map_err(defect)?;
            sum += work.shared.bench.accuracy(*task, &network)?;
        }
        Ok(sum / found.len().max(1) as f64)
    };
    let kept = own.iter().map(|(_, one)| one.kept_share()).sum::<f64>() / own.len().max(1) as f64;
    run.state.evaluation.searched =
        Some(Searched { accuracy: accuracy(&own)?, noise_accuracy: accuracy(&noise)?, kept });
    Ok(())
}

/// Networks for one condition from other noise, scaled.
fn candidates(work: &Work<'_>, condition: &Condition) -> Result<Vec<Vec<f32>>, RunError> {
    let mut networks = Vec::new();
    for number in 0..work.config.candidates as usize {
        let (made, _) = work.generate(FIRST_DRAW + number, std::slice::from_ref(condition))?;
        networks.extend(made);
    }
    work.prepared.scaled(&networks).map_err(defect)
}

/// As many networks with noise whose size in each chunk is that of the generator's candidates against the network.
fn noise_like(
    work: &Work<'_>,
    task: usize,
    network: &[f32],
    candidates: &[Vec<f32>],
) -> Result<Vec<Vec<f32>>, RunError> {
    let own = work.prepared.scales.apply(&work.prepared.layout, network).map_err(defect)?;
    let width = work.prepared.chunks.width();
    let mut random = stream(work.seed, &format!("refine noise {task}"));
    let noisy = |candidate: &Vec<f32>| {
        let mut made = Vec::with_capacity(own.len());
        for (own, other) in own.chunks(width.max(1)).zip(candidate.chunks(width.max(1))) {
            let mut noise = vec![0.0_f32; own.len()];
            random.fill_normal(&mut noise);
            let norm = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
            };
            let wanted = norm(&mut own.iter().zip(other).map(|(own, other)| other - own));
            let found = norm(&mut noise.iter().copied());
            let factor = if found > 0.0 { (wanted / found) as f32 } else { 0.0 };
            made.extend(own.iter().zip(&noise).map(|(own, noise)| own + factor * noise));
        }
        made
    };
    Ok(candidates.iter().map(noisy).collect())
}

/// The walk over the chunks of the scaled network; losses are those on the condition images.
fn walk(
    work: &Work<'_>,
    condition: &Condition,
    network: &[f32],
    candidates: &[Vec<f32>],
) -> Result<Refined, RunError> {
    let prepared = &work.prepared;
    let samples = condition.samples()?;
    let double = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
    let own = prepared.scales.apply(&prepared.layout, network).map_err(defect)?;
    let cut: Vec<_> = candidates
        .iter()
        .map(|candidate| prepared.chunks.cut(&double(candidate)))
        .collect::<Result<_, GenerationError>>()
        .map_err(defect)?;
    sequential(
        prepared.chunks,
        &double(&own),
        |chunk, _| Ok(cut.iter().map(|rows| rows.row(chunk).to_vec()).collect()),
        |scaled| {
            let single: Vec<f32> = scaled.iter().map(|value| *value as f32).collect();
            let network = prepared.scales.undo(&prepared.layout, &single)?;
            Ok(work.shared.bench.loss_on(&samples, &network).unwrap_or(f64::NAN))
        },
    )
    .map_err(defect)
}
