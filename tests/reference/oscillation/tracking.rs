//! Tracker, freezing, schedules, the one-weight example, confidence-guided annealing.

use weightscope_engine::labs::oscillation::method::bits::LevelRange;
use weightscope_engine::labs::oscillation::method::freezing::{Freezing, PinLevel};
use weightscope_engine::labs::oscillation::method::groups::Groups;
use weightscope_engine::labs::oscillation::method::schedules::Annealing;
use weightscope_engine::labs::oscillation::method::toy::{Toy, reversals};
use weightscope_engine::labs::oscillation::method::tracker::{Totals, Tracker};
use weightscope_engine::labs::oscillation::method::{cga, statsq};
use weightscope_engine::math::real::Real;
use weightscope_engine::nn::optimizer::{Decay, Group, Sgd, SgdSettings};

use super::bits;
use crate::vector::Case;

/// The levels of each step.
fn levels(case: &Case) -> Result<Vec<Vec<i8>>, String> {
    let [_, weights] = case.dims::<2>("levels")?;
    let levels: Vec<i8> = case.numbers("levels")?.into_iter().map(|level| level as i8).collect();
    Ok(levels.chunks(weights).map(<[i8]>::to_vec).collect())
}

/// Smoothed frequencies and events without freezing.
pub(super) fn tracker(case: &mut Case) -> Result<(), String> {
    let history = levels(case)?;
    let weights = history.first().map_or(0, Vec::len);
    let mut tracker = Tracker::new(weights, case.number("momentum")? as f32, Totals::Kept);
    let (mut frequency, mut oscillated) = (Vec::new(), Vec::new());
    for levels in &history {
        let seen = tracker.observe(levels);
        frequency.extend_from_slice(tracker.frequency());
        oscillated.extend((0..weights as u32).map(|index| seen.oscillated.contains(&index)));
    }
    case.check("ema_frequency_per_step", "host f32", &frequency);
    case.check_flags("oscillated_per_step", "host f32", &oscillated);
    case.check("total_oscillations", "host f32", tracker.totals().unwrap_or_default());
    case.check("final_ema", "host f32", tracker.frequency());
    for field in case.expected_fields() {
        if let Some(threshold) = field.strip_prefix("fraction_above_") {
            let threshold: f32 =
                threshold.replace('_', ".").parse().map_err(|_| format!("`{field}` names no threshold"))?;
            case.check_number(&field, "host f32", tracker.share_above(threshold));
        }
    }
    Ok(())
}

/// Iterative freezing.
pub(super) fn freezing(case: &mut Case) -> Result<(), String> {
    let history = levels(case)?;
    let weights = history.first().map_or(0, Vec::len);
    let pin_level = if case.number("use_ema")? == 0.0 { PinLevel::Current } else { PinLevel::Average };
    let (momentum, threshold) = (case.number("momentum")? as f32, case.number("threshold")? as f32);
    let mut freezing = Freezing::new(weights, momentum, pin_level, Totals::Kept);
    let (mut output, mut frozen, mut frequency) = (Vec::new(), Vec::new(), Vec::new());
    for levels in &history {
        let mut levels = levels.clone();
        freezing.observe(&mut levels, threshold);
        output.extend_from_slice(&levels);
        frozen.extend_from_slice(freezing.frozen());
        frequency.extend_from_slice(freezing.tracker().frequency());
    }
    case.check("output_per_step", "host f32", &output);
    case.check_flags("frozen_per_step", "host f32", &frozen);
    case.check("ema_frequency_per_step", "host f32", &frequency);
    case.check_flags("frozen", "host f32", freezing.frozen());
    case.check("frozen_level", "host f32", freezing.pins());
    case.check("total_oscillations", "host f32", freezing.tracker().totals().unwrap_or_default());
    if case.expects("final_level_ema") {
        case.check("final_level_ema", "host f32", freezing.average_level().unwrap_or_default());
    }
    Ok(())
}

/// Freezing threshold and dampening weight over a run.
pub(super) fn schedules(case: &mut Case) -> Result<(), String> {
    let annealing = |case: &Case, kind: &str| -> Result<Annealing, String> {
        Ok(Annealing {
            start: case.number(&format!("{kind}_start"))?,
            end: case.number(&format!("{kind}_end"))?,
            delay: case.number("anneal_start")?,
            total: case.count("total")? as u64,
        })
    };
    let (freezing, dampening) = (annealing(case, "freeze")?, annealing(case, "damp")?);
    let iterations: Vec<u64> =
        case.numbers("iterations")?.into_iter().map(|iteration| iteration as u64).collect();
    let thresholds: Vec<f64> =
        iterations.iter().map(|iteration| freezing.freezing_threshold(*iteration)).collect();
    let weights: Vec<f64> =
        iterations.iter().map(|iteration| dampening.dampening_weight(*iteration)).collect();
    case.check("freeze_threshold", "host f64", &thresholds);
    case.check("damp_weight", "host f64", &weights);
    Ok(())
}

/// The one-weight example; the numbers in the field names say which part of the run is meant.
pub(super) fn toy(case: &mut Case) -> Result<(), String> {
    let bound = |case: &Case, key: &str| case.number(key).map(|number| number as i32);
    let toy = Toy {
        start: case.number("w0")?,
        target: case.number("w_star")?,
        step: case.number("step")?,
        learning_rate: case.number("lr")?,
        range: LevelRange { lowest: bound(case, "level_min")?, highest: bound(case, "level_max")? },
    };
    let path = toy.run(case.count("iterations")?);
    for field in case.expected_fields() {
        let Some((head, Ok(part))) = field.rsplit_once('_').map(|(head, part)| (head, part.parse::<usize>()))
        else {
            continue;
        };
        let part = part.min(path.level.len());
        let last = &path.level[path.level.len() - part..];
        match head {
            "w_first" => case.check(&field, "host f64", &path.latent[..part]),
            "level_first" => case.check(&field, "host f64", &path.level[..part]),
            "level_mean_last" => {
                let mean = last.iter().sum::<i32>() as f64 / part as f64;
                case.check_number(&field, "host f64", mean);
            }
            "reversals_last" => case.check_number(&field, "host f64", reversals(last) as f64),
            "distinct_levels_last" => {
                let distinct: std::collections::BTreeSet<i32> = last.iter().copied().collect();
                case.check(&field, "host f64", &distinct.into_iter().collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    Ok(())
}

/// One annealing step: mask, masked gradient, optimizer, restoration.
pub(super) fn cga_step(case: &mut Case) -> Result<(), String> {
    let (double, double_range) = (case.numbers("w")?, case.number("boundary_range")?);
    cga_mask(case, "host f64", &double, double_range)?;
    let single = case.singles("w")?;
    let free = cga_mask(case, "host f32", &single, double_range as f32)?;

    let mut slopes = case.singles("grad")?;
    cga::mask_gradient(&mut slopes, &free);
    case.check("grad_masked", "host f32", &slopes);
    // Without momentum, decoupled and coupled decay are the same step.
    let mut optimizer =
        Sgd::new(SgdSettings { momentum: 0.0, weight_decay: case.number("weight_decay")? }, single.len());
    let groups = [Group { range: 0..single.len(), learning_rate_factor: 1.0, decay: Decay::Applied }];
    let mut weights = single.clone();
    optimizer.step(&mut weights, &slopes, &groups, case.number("lr")?);
    cga::restore(&mut weights, &single, &free);
    case.check("w_after_step", "host f32", &weights);
    Ok(())
}

fn cga_mask<R: Real + Into<f64>>(
    case: &mut Case,
    path: &str,
    weights: &[R],
    range: R,
) -> Result<Vec<bool>, String> {
    let [rows, columns] = case.dims::<2>("w")?;
    let output = statsq::quantize(weights, Groups::rows(rows, columns), bits(case)?);
    let free = cga::free_mask(&output.position, &output.level, range);
    case.check("pre_round", path, &output.position);
    case.check_flags("free", path, &free);
    let frozen = free.len() - cga::free_count(&free);
    case.check_number("frozen_fraction", path, frozen as f64 / free.len().max(1) as f64);
    Ok(free)
}

/// Number of free weights for several boundary ranges.
pub(super) fn cga_counts(case: &mut Case) -> Result<(), String> {
    let [rows, columns] = case.dims::<2>("w")?;
    let groups = Groups::rows(rows, columns);
    let double = statsq::quantize(&case.numbers("w")?, groups, bits(case)?);
    let single = statsq::quantize(&case.singles("w")?, groups, bits(case)?);
    let ranges = case.numbers("boundary_ranges")?;
    let count = |free: Vec<bool>| cga::free_count(&free) as f64;
    let found: Vec<f64> =
        ranges.iter().map(|range| count(cga::free_mask(&double.position, &double.level, *range))).collect();
    case.check("free_count", "host f64", &found);
    let found: Vec<f64> = ranges
        .iter()
        .map(|range| count(cga::free_mask(&single.position, &single.level, *range as f32)))
        .collect();
    case.check("free_count", "host f32", &found);
    Ok(())
}
