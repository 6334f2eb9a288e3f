//! The start of the adaptation: the base is judged, the adapter gets its start, and gradient norms are taken without training.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::run::RunError;
use weightscope_math::linalg::{Dense, svd};
use weightscope_math::stream;

use super::book::early;
use super::live::{defect, dense};
use super::{Shared, arm::Arm, hessian, live, pictures};
use crate::adapt::{Adapters, Layer, Refused};
use crate::channels as ch;
use crate::compute::model::Memory;
use crate::config::{Config, Match, Method};
use crate::device::Passes;
use crate::method::bone::{Bone, Variant};
use crate::method::budget;
use crate::method::error::Result as Found;
use crate::method::miss::Miss;
use crate::metrics;

/// Ranks at which gradient norms are taken.
const RANKS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Blocks at which they are taken.
const BLOCKS: [usize; 8] = [2, 4, 8, 16, 32, 64, 128, 256];

/// A start that a layer does not allow.
fn refused(refused: Refused) -> RunError {
    let Refused { layer, error } = refused;
    RunError::Defect(format!("{layer}: {error}"))
}

/// The start of an adapter; LoRA-GA's reads the mean gradient of some batches.
pub(super) fn begin_arm(
    config: &Config,
    shared: (&Passes, &super::Lessons),
    arm: &mut Arm,
    base: &[f32],
    seed: u64,
) -> Result<(), RunError> {
    let (model, lessons) = shared;
    let gradients = if arm.adapters.method == Method::LoraGa {
        let mut random = stream(seed, "gradient batches");
        let mut mean = vec![0.0; base.len()];
        let mut one = vec![0.0; base.len()];
        for _ in 0..config.gradient_batches {
            let batch = lessons.batch(config, &mut random);
            model.gradient(base, batch.as_batch(), &arm.adapters.wanted, None, &mut one, &mut arm.memory);
            let share = 1.0 / config.gradient_batches as f32;
            mean.iter_mut().zip(&one).for_each(|(sum, slope)| *sum += share * *slope);
        }
        Some(mean)
    } else {
        None
    };
    let start = arm.adapters.start(base, gradients.as_deref(), &mut stream(seed, "adapter"));
    arm.begin(start.map_err(refused)?, base);
    Ok(())
}

/// Judges the base, gives the adapter its start, and takes what is taken before the first step.
pub(super) fn enter(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    let begun = run.seconds();
    let state = &mut *run.state;
    let base = std::mem::take(&mut state.base.weights);
    let Some(arm) = &mut state.arm else { return Ok(()) };
    begin_arm(config, (&shared.model, &shared.lessons), arm, &base, shared.seed)?;
    let took = run.seconds() - begun;
    early(run, &metrics::INIT_SECONDS, took);
    let state = &mut *run.state;
    if let Some(full) = &mut state.beside {
        begin_arm(config, (&shared.model, &shared.lessons), full, &base, shared.seed)?;
    }
    let Some(arm) = &mut state.arm else { return Ok(()) };
    let memory = &mut state.live.memory;
    let before = shared.lessons.judge(&shared.model, &base, memory);
    let with = shared.lessons.judge(&shared.model, &arm.weights, memory);
    let book = &mut state.book;
    (book.before, book.accuracy_before) = (before.loss, before.accuracy);
    book.base_accuracy = shared.lessons.base_accuracy(&shared.model, &base, memory);
    book.old_text_before = shared.lessons.old_text(&shared.model, &base, memory);
    let (trained, rank) = (arm.adapters.length, arm.adapters.rank);
    let counted: usize =
        arm.adapters.sides().iter().map(|(outputs, _)| outputs * config.block as usize).sum();
    // The batch that the first step will see.
    let batch = shared.lessons.batch(config, &mut state.windows.0.clone());
    arm.slope(&shared.model, &base, batch.as_batch(), None);
    let norm = norm_of(&arm.slopes);
    let judged = (before, with);
    if config.method.has_targets() {
        norms_over_sizes(run, &base, &batch)?;
    }
    if config.hessian && trained > 0 {
        let top = hessian::top(run, &base, &batch)?;
        early(run, &metrics::HESSIAN_TOP, top);
    }
    run.state.base.weights = base;
    let (before, with) = judged;
    early(run, &metrics::VALIDATION_LOSS_BEFORE, before.loss);
    early(run, &metrics::INITIAL_LOSS_DIFFERENCE, (with.loss - before.loss).abs());
    early(run, &metrics::TRAINABLE_PARAMETERS, trained as f64);
    early(run, &metrics::INITIAL_GRADIENT_NORM, norm);
    if config.method.has_targets() {
        early(run, &metrics::BLOCK_PARAMETERS, counted as f64);
    }
    if let Some(rank) = rank {
        early(run, &metrics::RANK, rank as f64);
    }
    announce(run);
    live::record(run)?;
    pictures::weights(run)?;
    pictures::take(run)
}

/// Says what is adapted, in the log.
fn announce(run: &mut Running<'_, '_, Config>) {
    let Some(arm) = &run.state.arm else { return };
    let config = run.settings;
    let mut text = format!(
        "{} on {} layers: {} trained numbers",
        config.method.short(),
        arm.adapters.layers.len(),
        arm.adapters.length
    );
    if let Some(rank) = arm.adapters.rank.filter(|_| config.r#match == Match::Parameters) {
        let counted: usize =
            arm.adapters.sides().iter().map(|(outputs, _)| outputs * config.block as usize).sum();
        text = format!("{text}, rank {rank} next to the {counted} of a block of {}", config.block);
    }
    if !run.shared.model.is_on_device() {
        text = format!("{text}; passes run on the CPU");
    }
    run.context.message(&text);
}

pub(super) fn norm_of(slopes: &[f32]) -> f64 {
    slopes.iter().map(|slope| f64::from(*slope).powi(2)).sum::<f64>().sqrt()
}

/// Gradient norms at the start over all blocks that divide and over ranks, from one gradient by the weights.
fn norms_over_sizes(
    run: &mut Running<'_, '_, Config>,
    base: &[f32],
    batch: &super::lessons::OwnedBatch,
) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    let full = Adapters::full(config, &shared.architecture, &shared.layout).map_err(refused)?;
    let mut gradient = vec![0.0; base.len()];
    let mut memory = Memory::default();
    shared.model.gradient(base, batch.as_batch(), &full.wanted, None, &mut gradient, &mut memory);
    let whole = norm_of(&gradient);
    let Some(arm) = &run.state.arm else { return Ok(()) };
    let layers = arm.adapters.layers.clone();
    let found = curves(&layers, base, &gradient, shared).map_err(defect)?;
    let mut last = 1.0_f64;
    for (name, label, curve) in found {
        last = curve.x.iter().copied().fold(last, f64::max);
        run.show_only(&ch::GRADIENT_NORMS.labelled(name, label), curve);
    }
    let line = Curve { x: vec![1.0, last], y: vec![whole, whole], band: None };
    run.show_only(&ch::GRADIENT_NORMS.labelled(ch::FULL, "full"), line);
    Ok(())
}

/// Root of the sum of squares over layers, by size.
type Norms = Vec<(&'static str, &'static str, Curve)>;

/// The same as points, while they are gathered.
type Points = (&'static str, &'static str, Vec<(f64, f64)>);

fn curves(layers: &[Layer], base: &[f32], gradient: &[f32], shared: &Shared) -> Found<Norms> {
    let sides: Vec<(usize, usize)> = layers.iter().map(|layer| (layer.outputs, layer.inputs)).collect();
    let mut lists: Vec<Points> = vec![
        ("bone_col", "Bone-col, by block", Vec::new()),
        ("bone_row", "Bone-row, by block", Vec::new()),
        ("miss", "MiSS, by rank", Vec::new()),
        ("lora", "LoRA, by rank", Vec::new()),
        ("pissa", "PiSSA, by rank", Vec::new()),
    ];
    let matrices = |values: &[f32]| -> Found<Vec<Dense<f32>>> {
        layers.iter().map(|layer| dense(layer.outputs, layer.inputs, &values[layer.place.clone()])).collect()
    };
    let (weights, slopes) = (matrices(base)?, matrices(gradient)?);
    let pairs = || weights.iter().zip(&slopes).zip(&sides);
    for block in BLOCKS {
        for (place, variant) in [(0, Variant::Column), (1, Variant::Row)] {
            if budget::bone(&sides, variant, block).is_err() {
                continue;
            }
            let mut square = 0.0;
            for ((weight, slope), (outputs, inputs)) in pairs() {
                let bone = Bone::new(variant, block, *outputs, *inputs)?;
                square += bone.gradient(weight, slope)?.norm().powi(2);
            }
            lists[place].2.push((block as f64, square.sqrt()));
        }
        if budget::miss(&sides, block).is_ok() {
            let mut square = 0.0;
            for ((_, slope), (outputs, inputs)) in pairs() {
                square += Miss::new(block, *outputs, *inputs)?.gradient_of_weights(slope)?.norm().powi(2);
            }
            lists[2].2.push((block as f64, square.sqrt()));
        }
    }
    low_ranks(&mut lists, &sides, &weights, &slopes, shared)?;
    let curve = |points: Vec<(f64, f64)>| {
        let (x, y) = points.into_iter().unzip();
        Curve { x, y, band: None }
    };
    Ok(lists.into_iter().map(|(name, label, points)| (name, label, curve(points))).collect())
}

/// LoRA with B at zero: only B has a slope, `s·G·Aᵀ`. PiSSA: both have one.
fn low_ranks(
    lists: &mut [Points],
    sides: &[(usize, usize)],
    weights: &[Dense<f32>],
    slopes: &[Dense<f32>],
    shared: &Shared,
) -> Found<()> {
    let parts: Vec<_> =
        weights.par_iter().map(|weight| svd(&weight.to_matrix())).collect::<Result<_, _>>()?;
    for rank in RANKS {
        if budget::lora(sides, rank).is_err() {
            continue;
        }
        let mut random = stream(shared.seed, "adapter");
        let (mut lora_square, mut pissa_square) = (0.0, 0.0);
        for ((slope, (outputs, inputs)), parts) in slopes.iter().zip(sides).zip(&parts) {
            let lora = crate::method::lora::Lora::new(rank, 2.0, *outputs, *inputs)?;
            let start = lora.start::<f32>(&mut random)?;
            lora_square += slope.times_transposed(&start.a)?.norm().powi(2) * 4.0;
            let right = Dense::<f32>::from_matrix(&parts.right).part(0, 0, rank, *inputs)?;
            let left = Dense::<f32>::from_matrix(&parts.left).part(0, 0, *outputs, rank)?;
            let (by_b, by_a) = (slope.times_transposed(&right)?, left.transposed_times(slope)?);
            for (place, value) in parts.values.iter().take(rank).enumerate() {
                let column: f64 = by_b.each_row().map(|row| f64::from(row[place]).powi(2)).sum();
                let row: f64 = by_a.row(place).iter().map(|slope| f64::from(*slope).powi(2)).sum();
                pissa_square += value * (column + row);
            }
        }
        lists[3].2.push((rank as f64, lora_square.sqrt()));
        lists[4].2.push((rank as f64, pissa_square.sqrt()));
    }
    Ok(())
}
