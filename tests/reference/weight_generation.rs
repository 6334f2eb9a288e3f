//! Vectors of the weight-generation lab: vectors of weights, losses, set encoders, diffusion, baselines, novelty. What works on numbers
//! runs in single and in double precision; schedules and densities are in double precision alone.

mod encoders;
mod losses;
mod networks;
mod similarity;
mod steps;

use weightscope_engine::labs::weight_generation::method::GenerationError;
use weightscope_engine::math::MathError;
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::real::Real;

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "weight_generation", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "weight_vectorise_roundtrip" => networks::roundtrip,
        "running_var_transform" => networks::running_variance,
        "weight_noise_baseline" => networks::noise,
        "weight_matching_one_hidden" => networks::one_hidden,
        "weight_matching_two_hidden" => networks::two_hidden,
        "vae_loss" => losses::autoencoder,
        "vae_kl_clamp_and_reparam" => losses::draws,
        "layerwise_normalised_recon_loss" => losses::layerwise,
        "dataset_weight_alignment_loss" => losses::alignment,
        "set_sab" | "set_sab_ln" => encoders::on_itself,
        "set_isab" => encoders::induced,
        "set_pma" => encoders::pooling,
        "dataset_encoder_two_level" => encoders::two_level,
        "dataset_encoder_mlp" => encoders::flat,
        "ddpm_schedule_linear" | "ddpm_schedule_cosine" | "ddpm_schedule_sqrt_interp" => steps::schedule,
        "ddpm_q_sample_and_reverse_step" => steps::ancestral,
        "ddim_step" => steps::implicit,
        "classifier_free_guidance_combine" => steps::guidance,
        "timestep_embedding" => steps::embedding,
        "ema_decay_warmup" => steps::average,
        "kde_latent_log_density" => similarity::density,
        "weight_distance_to_zoo" => similarity::distance,
        "novelty_wrong_iou" => similarity::novelty,
        _ => return None,
    })
}

/// An input as a matrix whose columns are its last dimension.
fn matrix<R: Real>(case: &Case, key: &str) -> Result<Dense<R>, String> {
    let columns = case.shape(key)?.last().copied().unwrap_or_default();
    let values = list::<R>(case, key)?;
    Dense::new(values.len() / columns.max(1), columns, values).map_err(words)
}

/// An input as rows, one for each entry of its first dimension.
fn rows<R: Real>(case: &Case, key: &str) -> Result<Dense<R>, String> {
    let count = case.shape(key)?.first().copied().unwrap_or_default();
    let values = list::<R>(case, key)?;
    Dense::new(count, values.len() / count.max(1), values).map_err(words)
}

/// An input of three dimensions as one matrix for each entry of its first.
fn sets<R: Real>(case: &Case, key: &str) -> Result<Vec<Dense<R>>, String> {
    let [_, elements, width] = case.dims(key)?;
    let values = list::<R>(case, key)?;
    let set = |part: &[R]| Dense::new(elements, width, part.to_vec()).map_err(words);
    values.chunks_exact(elements * width).map(set).collect()
}

/// An input as a list.
fn list<R: Real>(case: &Case, key: &str) -> Result<Vec<R>, String> {
    Ok(case.numbers(key)?.into_iter().map(R::from_f64).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn words(error: MathError) -> String {
    error.to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn refused(error: GenerationError) -> String {
    error.to_string()
}
