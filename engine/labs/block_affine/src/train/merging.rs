//! What merging, taking apart, a second adapter and a conversion to LoRA cost; and the conversion itself.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::{Cell, Table};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::Dense;

use super::arm::Arm;
use super::lessons::OwnedBatch;
use super::live::{defect, dense};
use crate::adapt::{Kind, Layer};
use crate::channels as ch;
use crate::compute::model::{Dropping, Memory};
use crate::config::{Config, Method};
use crate::method::bone::Bone;
use crate::method::convert::{Nearest, difference_as_lora, miss_as_lora, nearest_lora};
use crate::method::error::Result as Found;
use crate::method::lora::Factors;
use crate::metrics;

/// An update of a layer as a LoRA of scale 1 beside the base's weights, and what is lost.
pub(crate) struct Converted {
    /// Number of the layer.
    pub(crate) layer: usize,
    /// A and B.
    pub(crate) factors: Factors<f32>,
    /// Squared norm of what is lost, and of the update.
    pub(crate) lost: (f64, f64),
}

/// B of a layer of Bone.
fn matrices(bone: Bone, own: &[f32]) -> Found<Dense<f32>> {
    Ok(Dense::new(bone.matrices() * bone.block(), bone.block(), own.to_vec())?)
}

fn factors(layer: &Layer, rank: usize, own: &[f32]) -> Found<Factors<f32>> {
    let (a, rest) = own.split_at(rank * layer.inputs);
    Ok(Factors {
        a: Dense::new(rank, layer.inputs, a.to_vec())?,
        b: Dense::new(layer.outputs, rank, rest.iter().copied().take(layer.outputs * rank).collect())?,
    })
}

/// All updates as LoRA: exact where there is such a form, else by a share of the energy.
pub(crate) fn converted(arm: &Arm, base: &[f32], share: f64) -> Found<Vec<Converted>> {
    let one = |(number, layer): (usize, &Layer)| -> Found<Converted> {
        let own = arm.own.get(layer.own.clone()).unwrap_or_default();
        let delta = dense(layer.outputs, layer.inputs, &arm.delta_of(base, number))?;
        let factors = match layer.kind {
            Kind::Miss(miss) => {
                let slab = Dense::new(miss.rank(), own.len() / miss.rank(), own.to_vec())?;
                miss_as_lora(miss, &slab)?
            }
            Kind::Lora(lora) if arm.adapters.method.cuts_weights() => {
                let start = arm.start.get(layer.own.clone()).unwrap_or_default();
                let (start, now) = (factors(layer, lora.rank(), start)?, factors(layer, lora.rank(), own)?);
                difference_as_lora(&start, &now, lora.scale())?
            }
            Kind::Lora(lora) => {
                let mut now = factors(layer, lora.rank(), own)?;
                now.b = now.b.scaled(lora.scale() as f32);
                now
            }
            Kind::Bone(..) | Kind::Dora(_) | Kind::Full => {
                let Nearest { factors, .. } = nearest_lora(&delta, share)?;
                factors
            }
        };
        let missing = factors.b.times(&factors.a)?.plus_scaled(-1.0, &delta)?.norm().powi(2);
        Ok(Converted { layer: number, factors, lost: (missing, delta.norm().powi(2)) })
    };
    arm.adapters.layers.par_iter().enumerate().map(one).collect()
}

/// The base's weights out of the merged ones: largest difference from the true ones.
fn unmerge_error(arm: &mut Arm, base: &[f32]) -> Found<f64> {
    let mut worst = 0.0_f64;
    let mut update = vec![0.0; base.len()];
    let layers = arm.adapters.layers.clone();
    for layer in &layers {
        let own = arm.own.get(layer.own.clone()).unwrap_or_default().to_vec();
        let merged = arm.weights.get(layer.place.clone()).unwrap_or_default();
        let weight = base.get(layer.place.clone()).unwrap_or_default();
        let back: Vec<f32> = match layer.kind {
            Kind::Bone(bone, _) => {
                let merged = dense(layer.outputs, layer.inputs, merged)?;
                bone.unmerged(&merged, &matrices(bone, &own)?)?.into_values()
            }
            // The directions of DoRA's rows are gone; what was added is taken away again.
            Kind::Dora(_) | Kind::Full => {
                merged.iter().zip(weight).map(|(merged, weight)| merged - (merged - weight)).collect()
            }
            Kind::Miss(_) | Kind::Lora(_) => {
                let part = &mut update[layer.place.clone()];
                part.fill(0.0);
                layer.add_update(weight, &own, part, &mut arm.scratch);
                let frozen = &arm.frozen[layer.place.clone()];
                let taken = merged.iter().zip(part.iter()).map(|(merged, update)| merged - update);
                // Beside what was cut out, which is put back.
                taken
                    .zip(weight.iter().zip(frozen))
                    .map(|(left, (weight, frozen))| left + (weight - frozen))
                    .collect()
            }
        };
        worst = back
            .iter()
            .zip(weight)
            .map(|(back, weight)| f64::from((back - weight).abs()))
            .fold(worst, f64::max);
    }
    Ok(worst)
}

/// Two adapters of the variant on one layer, one after the other and the other way round: largest difference of the weights. The second
/// one is the first with its matrices turned, half as large.
fn order_error(arm: &Arm, base: &[f32]) -> Found<f64> {
    let mut worst = 0.0_f64;
    for layer in &arm.adapters.layers {
        let Kind::Bone(bone, _) = layer.kind else { continue };
        let own = arm.own.get(layer.own.clone()).unwrap_or_default();
        let first = matrices(bone, own)?;
        let mut second = bone.start::<f32>();
        for index in 0..bone.matrices() {
            let turned = bone.matrix(&first, index)?.transposed().scaled(0.5);
            second.set_part(index * bone.block(), 0, &turned)?;
        }
        let weight = dense(layer.outputs, layer.inputs, base.get(layer.place.clone()).unwrap_or_default())?;
        let one = bone.merged(&bone.merged(&weight, &first)?, &second)?;
        let other = bone.merged(&bone.merged(&weight, &second)?, &first)?;
        worst = worst.max(crate::method::diagnose::largest_difference(&one, &other)?);
    }
    Ok(worst)
}

/// Largest difference of mean losses by row between merged weights and weights with the update beside them.
fn merge_error(run: &mut Running<'_, '_, Config>, batch: &OwnedBatch) -> f64 {
    let shared = run.shared;
    let state = &mut *run.state;
    let Some(arm) = &mut state.arm else { return f64::NAN };
    let base = &state.base.weights;
    let mut delta = vec![0.0; base.len()];
    for (number, layer) in arm.adapters.layers.iter().enumerate() {
        let update = arm.delta_of(base, number);
        if let Some(part) = delta.get_mut(layer.place.clone()) {
            part.copy_from_slice(&update);
        }
    }
    // A rate of nothing drops nothing: y = x·Wᵀ + x·ΔWᵀ.
    let beside = Dropping { delta: &delta, adapted: &arm.adapters.adapted, rate: 0.0, seed: 0 };
    let mut memory = Memory::default();
    let apart = shared.model.outputs_of(base, batch.as_batch(), Some(beside), &mut memory);
    let merged = shared.model.outputs_of(&arm.weights, batch.as_batch(), None, &mut memory);
    apart.iter().zip(&merged).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

/// Measures all of it.
pub(super) fn measure(run: &mut Running<'_, '_, Config>, batch: &OwnedBatch) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    if !config.method.has_targets() {
        return Ok(());
    }
    let merged = merge_error(run, batch);
    let state = &mut *run.state;
    let base = std::mem::take(&mut state.base.weights);
    let Some(arm) = &mut state.arm else { return Ok(()) };
    let apart = unmerge_error(arm, &base);
    let order = order_error(arm, &base).map_err(defect)?;
    let all = converted(arm, &base, config.energy_share).map_err(defect)?;
    let mut weights = arm.weights.clone();
    for one in &all {
        let layer = &arm.adapters.layers[one.layer];
        let product = one.factors.b.times(&one.factors.a).map_err(defect)?;
        let place = layer.place.clone();
        let own = weights[place.clone()].iter_mut().zip(&base[place]).zip(product.values());
        own.for_each(|((value, weight), update)| *value = weight + update);
    }
    let loss = shared.lessons.judge(&shared.model, &weights, &mut state.live.memory).loss;
    state.base.weights = base;
    let (lost, whole) = all.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.lost.0, sum.1 + one.lost.1));
    let error = if lost > 0.0 { (lost / whole).sqrt() } else { 0.0 };
    let rank = all.iter().map(|one| one.factors.a.rows() as f64).sum::<f64>() / all.len().max(1) as f64;
    run.result(&metrics::MERGE_ERROR, merged);
    let singular = match apart {
        Ok(apart) if config.method != Method::Dora => {
            run.result(&metrics::UNMERGE_ERROR, apart);
            Cell::Number(apart)
        }
        Ok(_) => Cell::Text("directions are gone".to_owned()),
        Err(error) => {
            let text = error.to_string();
            run.context.warn(&text);
            Cell::Text(text)
        }
    };
    run.result(&metrics::ORDER_ERROR, order);
    run.result(&metrics::LORA_CONVERSION_ERROR, error);
    run.result(&metrics::LORA_VALIDATION_LOSS, loss);
    run.result(&metrics::LORA_RANK, rank);
    let row = |words: &str, cell: Cell| vec![Cell::Text(words.to_owned()), cell];
    let rows = vec![
        row("merged against update beside the weights: largest difference of outputs", Cell::Number(merged)),
        row("weights taken out of the merged ones: largest difference", singular),
        row("two adapters in both orders: largest difference of weights", Cell::Number(order)),
        row("as LoRA: share of the update that is lost", Cell::Number(error)),
        row("as LoRA: mean rank", Cell::Number(rank)),
        row("as LoRA: validation loss (nat)", Cell::Number(loss)),
    ];
    run.show_only(&ch::MERGING, Table { columns: vec!["what".to_owned(), "value".to_owned()], rows });
    Ok(())
}
