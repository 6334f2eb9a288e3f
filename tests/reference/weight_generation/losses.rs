//! Losses of the autoencoder and of the alignment.

use weightscope_engine::labs::weight_generation::method::alignment as aligning;
use weightscope_engine::labs::weight_generation::method::autoencoder::{self as coder, LayerMean};
use weightscope_engine::labs::weight_generation::method::normalise::layer_deviations;
use weightscope_engine::labs::weight_generation::method::vectors::Layout;
use weightscope_engine::math::real::Real;

use super::{matrix, refused, rows, words};
use crate::vector::Case;

/// The published loss and its parts.
pub(super) fn autoencoder(case: &mut Case) -> Result<(), String> {
    autoencoder_in::<f32>(case, "single")?;
    autoencoder_in::<f64>(case, "double")
}

fn autoencoder_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (x, reconstruction) = (matrix::<R>(case, "x")?, matrix::<R>(case, "reconstruction")?);
    let divergences = coder::divergences(&rows::<R>(case, "mu")?, &rows::<R>(case, "logvar")?);
    let divergences = divergences.map_err(refused)?;
    let (scale, weight) = (case.number("rec_logvar")?, case.number("kl_weight")?);
    let found = coder::published(&x, &reconstruction, &divergences, scale, weight).map_err(refused)?;
    case.check("kl_per_sample", path, &divergences);
    case.check_number("kl_mean", path, found.divergence);
    case.check_number("nll", path, found.likelihood);
    case.check_number("mse", path, found.square);
    case.check_number("loss", path, found.loss);
    case.check_number("total_train", path, found.total);
    Ok(())
}

/// Draws from latents whose variances are clipped.
pub(super) fn draws(case: &mut Case) -> Result<(), String> {
    draws_in::<f32>(case, "single")?;
    draws_in::<f64>(case, "double")
}

fn draws_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (mean, variance) = (rows::<R>(case, "mu")?, rows::<R>(case, "logvar")?);
    let z = coder::draw(&mean, &variance, &rows::<R>(case, "eps")?).map_err(refused)?;
    case.check("kl_per_sample", path, &coder::divergences(&mean, &variance).map_err(refused)?);
    case.check("z", path, z.values());
    Ok(())
}

/// The loss in which every layer counts by its own deviation.
pub(super) fn layerwise(case: &mut Case) -> Result<(), String> {
    layerwise_in::<f32>(case, "single")?;
    layerwise_in::<f64>(case, "double")
}

fn layerwise_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let ends = case.numbers("layers")?;
    let layer = |range: &[f64]| (String::new(), vec![(range[1] - range[0]) as usize]);
    let layout = Layout::new(ends.chunks_exact(2).map(layer));
    let reference = matrix::<R>(case, "reference_weights")?;
    let networks: Vec<Vec<R>> = reference.each_row().map(<[R]>::to_vec).collect();
    let deviations = layer_deviations(&layout, &networks).map_err(refused)?;
    let (x, reconstruction) = (matrix::<R>(case, "x")?, matrix::<R>(case, "reconstruction")?);
    let loss = |mean| coder::layerwise(&layout, &deviations, &x, &reconstruction, mean).map_err(refused);
    let (global, layer) = (loss(LayerMean::Global)?, loss(LayerMean::Layer)?);
    case.check("layer_std", path, &deviations);
    case.check("per_layer_global_mean", path, &global);
    case.check_number("loss_global_mean", path, global.iter().sum());
    case.check("per_layer_layer_mean", path, &layer);
    case.check_number("loss_layer_mean", path, layer.iter().sum());
    Ok(())
}

/// The published alignment and the usual contrastive one.
pub(super) fn alignment(case: &mut Case) -> Result<(), String> {
    alignment_in::<f32>(case, "single")?;
    alignment_in::<f64>(case, "double")
}

fn alignment_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let weights = matrix::<R>(case, "weight_embeddings")?;
    let data = matrix::<R>(case, "dataset_embeddings")?;
    let found = aligning::published(&weights, &data, case.number("temperature")?).map_err(words)?;
    let usual = aligning::info_nce(&weights, &data, case.number("infonce_tau")?).map_err(words)?;
    case.check_number("loss", path, found.loss);
    case.check("weight_loss", path, &found.by_weights);
    case.check("dataset_loss", path, &found.by_data);
    case.check("targets", path, found.targets.values());
    case.check("grad_weight_embeddings", path, found.weights_gradient.values());
    case.check("grad_dataset_embeddings", path, found.data_gradient.values());
    case.check_number("symmetric_infonce", path, usual.loss);
    Ok(())
}
