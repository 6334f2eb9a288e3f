//! Noise schedules, steps of the process, guidance, embedding, moving average.

use weightscope_engine::labs::weight_generation::method::diffusion::{self, Visits, implicit_places};
use weightscope_engine::labs::weight_generation::method::schedule::{Betas, Schedule, Step};
use weightscope_engine::math::real::Real;

use super::{list, matrix, refused};
use crate::vector::Case;

fn schedule_of(case: &Case) -> Result<Schedule, String> {
    let (start, end) = (case.number("beta_start")?, case.number("beta_end")?);
    let betas = match case.input("kind")?.as_str() {
        Some("sqrt_interp") => Betas::RootLinear { start, end },
        Some("linear") => Betas::Linear { start, end },
        Some("cosine") => Betas::Cosine { offset: case.number("cosine_s")? },
        other => return Err(format!("no schedule {other:?}")),
    };
    Schedule::new(betas, case.count("T")?).map_err(refused)
}

/// A schedule with all that follows from it.
pub(super) fn schedule(case: &mut Case) -> Result<(), String> {
    let schedule = schedule_of(case)?;
    let indices: Vec<usize> = case.numbers("indices")?.into_iter().map(|index| index as usize).collect();
    let steps = indices.iter().map(|t| schedule.step(*t).map_err(refused)).collect::<Result<Vec<_>, _>>()?;
    let mut check = |field: &str, value: fn(&Step) -> f64| {
        let values: Vec<f64> = steps.iter().map(value).collect();
        case.check(field, "double", &values);
    };
    check("betas", |step| step.beta);
    check("alphas_cumprod", |step| step.kept);
    check("sqrt_alphas_cumprod", |step| step.signal());
    check("sqrt_one_minus_alphas_cumprod", |step| step.noise());
    check("posterior_variance", |step| step.posterior_variance());
    check("posterior_mean_coef1", |step| step.estimate_factor());
    check("posterior_mean_coef2", |step| step.present_factor());
    Ok(())
}

/// Noise forward, one ancestral step back.
pub(super) fn ancestral(case: &mut Case) -> Result<(), String> {
    ancestral_in::<f32>(case, "single")?;
    ancestral_in::<f64>(case, "double")
}

fn ancestral_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let schedule = schedule_of(case)?;
    let (clean, noise) = (matrix::<R>(case, "x0")?, matrix::<R>(case, "eps")?);
    let (predicted, fresh) = (matrix::<R>(case, "eps_hat")?, matrix::<R>(case, "z")?);
    let mut found: [Vec<R>; 5] = Default::default();
    let mut variances = Vec::new();
    for (row, t) in case.numbers("t")?.into_iter().enumerate() {
        let step = schedule.step(t as usize).map_err(refused)?;
        let x = diffusion::noised(step, clean.row(row), noise.row(row));
        let estimate = diffusion::estimate(step, &x, predicted.row(row));
        let clipped: Vec<R> = estimate.iter().map(|value| value.clip(-R::ONE, R::ONE)).collect();
        variances.push(step.posterior_variance());
        found[2].extend(diffusion::reverse_mean(step, &x, &estimate));
        found[3].extend(diffusion::reverse_mean(step, &x, &clipped));
        found[4].extend(diffusion::ancestral(step, &x, predicted.row(row), fresh.row(row)));
        found[0].extend(x);
        found[1].extend(estimate);
    }
    let fields = ["x_t", "x0_hat", "posterior_mean", "posterior_mean_clipped_x0", "x_prev"];
    for (field, values) in fields.into_iter().zip(&found) {
        case.check(field, path, values);
    }
    case.check("posterior_variance", path, &variances);
    let square = |(a, b): (&R, &R)| (a.to_f64() - b.to_f64()).powi(2);
    let sum: f64 = predicted.values().iter().zip(noise.values()).map(square).sum();
    case.check_number("eps_mse", path, sum / noise.values().len() as f64);
    Ok(())
}

/// The implicit process, without and with fresh noise.
pub(super) fn implicit(case: &mut Case) -> Result<(), String> {
    implicit_in::<f32>(case, "single")?;
    implicit_in::<f64>(case, "double")
}

fn implicit_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let schedule = schedule_of(case)?;
    let places = implicit_places(&schedule, case.count("S")?, Visits::Published).map_err(refused)?;
    let visited: Vec<f64> = places.iter().map(|place| place.t as f64).collect();
    let kept: Vec<f64> = places.iter().map(|place| place.kept).collect();
    let before: Vec<f64> = places.iter().map(|place| place.kept_before).collect();
    case.check("timesteps", path, &visited);
    case.check("alphas", path, &kept);
    case.check("alphas_prev", path, &before);
    let place = places.get(case.count("index")?).ok_or("there is no such place")?;
    let (x, predicted) = (list::<R>(case, "x")?, list::<R>(case, "eps_hat")?);
    let fresh = list::<R>(case, "z")?;
    // The members of a step in the order of their names: eta, pred_x0, sigma, x_prev.
    let mut steps: Vec<f64> = Vec::new();
    for eta in [0.0, 0.5] {
        steps.push(eta);
        steps.extend(place.estimate(&x, &predicted).into_iter().map(Real::to_f64));
        steps.push(place.deviation(eta));
        steps.extend(place.back(&x, &predicted, &fresh, eta).into_iter().map(Real::to_f64));
    }
    case.check("steps", path, &steps);
    Ok(())
}

/// With and without the condition.
pub(super) fn guidance(case: &mut Case) -> Result<(), String> {
    let weight = case.number("w")?;
    let single = diffusion::guided(&list::<f32>(case, "eps_uncond")?, &list(case, "eps_cond")?, weight);
    case.check("eps", "single", &single);
    let double = diffusion::guided(&list::<f64>(case, "eps_uncond")?, &list(case, "eps_cond")?, weight);
    case.check("eps", "double", &double);
    Ok(())
}

/// Cosines, then sines.
pub(super) fn embedding(case: &mut Case) -> Result<(), String> {
    let (width, period) = (case.count("dim")?, case.number("max_period")?);
    let steps = case.numbers("t")?;
    let single: Vec<f32> =
        steps.iter().flat_map(|t| diffusion::step_embedding::<f32>(*t, width, period)).collect();
    case.check("embedding", "single", &single);
    let double: Vec<f64> =
        steps.iter().flat_map(|t| diffusion::step_embedding::<f64>(*t, width, period)).collect();
    case.check("embedding", "double", &double);
    Ok(())
}

/// The moving average with its slow start.
pub(super) fn average(case: &mut Case) -> Result<(), String> {
    average_in::<f32>(case, "single")?;
    average_in::<f64>(case, "double")
}

fn average_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let most = case.number("max_decay")?;
    let decays: Vec<f64> =
        case.numbers("updates")?.into_iter().map(|n| diffusion::average_decay(most, n as u64)).collect();
    case.check("decays", path, &decays);
    let (mut shadow, parameter) = (list::<R>(case, "shadow0")?, list::<R>(case, "param")?);
    let mut after = Vec::new();
    for n in 1..=case.count("n_steps")? {
        diffusion::average_towards(&mut shadow, &parameter, diffusion::average_decay(most, n as u64));
        after.extend(shadow.iter().copied());
    }
    case.check("shadow_after_steps", path, &after);
    Ok(())
}
