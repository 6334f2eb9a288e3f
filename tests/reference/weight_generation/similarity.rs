//! Densities of latents, distances of weights, overlaps of errors.

use weightscope_engine::labs::weight_generation::method::distance as distances;
use weightscope_engine::labs::weight_generation::method::kde;
use weightscope_engine::labs::weight_generation::method::novelty as errors;
use weightscope_engine::math::real::Real;

use super::{list, matrix, refused, words};
use crate::vector::Case;

/// A kernel density of one dimension.
pub(super) fn density(case: &mut Case) -> Result<(), String> {
    let bandwidth = case.number("bandwidth")?;
    let single = kde::log_density(&list::<f32>(case, "train")?, &list::<f32>(case, "query")?, bandwidth);
    case.check("log_density", "single", &single);
    let double = kde::log_density(&list::<f64>(case, "train")?, &list::<f64>(case, "query")?, bandwidth);
    case.check("log_density", "double", &double);
    Ok(())
}

/// Cosines and distances of generated networks to a zoo.
pub(super) fn distance(case: &mut Case) -> Result<(), String> {
    distance_in::<f32>(case, "single")?;
    distance_in::<f64>(case, "double")
}

fn distance_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (zoo, generated) = (matrix::<R>(case, "zoo")?, matrix::<R>(case, "generated")?);
    let cosines = distances::cosines(&generated, &zoo).map_err(words)?;
    let far = distances::distances(&generated, &zoo).map_err(words)?;
    let best = distances::largest_of_rows(&cosines);
    let known = |found: &Option<(usize, f64)>| found.unwrap_or((usize::MAX, f64::NAN));
    let largest: Vec<f64> = best.iter().map(|found| known(found).1).collect();
    let at: Vec<f64> = best.iter().map(|found| known(found).0 as f64).collect();
    let nearest: Vec<f64> = distances::smallest_of_rows(&far).iter().map(|found| known(found).1).collect();
    case.check("cosine_similarity", path, cosines.values());
    case.check("max_cosine", path, &largest);
    case.check("nearest_cosine_index", path, &at);
    case.check("l2", path, far.values());
    case.check("nearest_l2", path, &nearest);
    case.check("zoo_mean", path, &distances::mean(&zoo));
    Ok(())
}

/// Overlap of wrong rows.
pub(super) fn novelty(case: &mut Case) -> Result<(), String> {
    let whole = |key: &str| -> Result<Vec<u32>, String> {
        Ok(case.numbers(key)?.into_iter().map(|label| label as u32).collect())
    };
    let targets = whole("targets")?;
    let read = |key: &str| -> Result<Vec<Vec<bool>>, String> {
        let predictions = whole(key)?;
        let rows = predictions.chunks_exact(targets.len());
        rows.map(|row| errors::wrong(row, &targets).map_err(refused)).collect()
    };
    let (zoo, generated) = (read("origin_predictions")?, read("generated_predictions")?);
    let all: Vec<Vec<bool>> = zoo.iter().chain(&generated).cloned().collect();
    let found = errors::novelty(&zoo, &generated).map_err(refused)?;
    let accuracies =
        |networks: &[Vec<bool>]| networks.iter().map(|wrong| errors::accuracy(wrong)).collect::<Vec<f64>>();
    let mean = found.largest.iter().sum::<f64>() / found.largest.len() as f64;
    case.check("iou", "host", errors::overlaps(&all, &all).map_err(refused)?.values());
    case.check_number("origin_origin", "host", found.within_zoo);
    case.check_number("generated_generated", "host", found.within_generated);
    case.check_number("origin_generated", "host", found.between);
    case.check("origin_generated_max", "host", &found.largest);
    case.check_number("origin_generated_max_mean", "host", mean);
    case.check("origin_max_similarity", "host", &found.largest_within_zoo);
    case.check("origin_acc", "host", &accuracies(&zoo));
    case.check("generated_acc", "host", &accuracies(&generated));
    Ok(())
}
