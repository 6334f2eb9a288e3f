//! From α to weights and back.

use weightscope_engine::labs::entangled_search::method::discretise as rule;
use weightscope_engine::labs::entangled_search::method::kernel::arg_max;
use weightscope_engine::labs::entangled_search::method::sampler::{
    dirichlet as dir, gumbel as gum, one_hot, simplex,
};

use super::{counts, text};
use crate::vector::Case;

/// Rows of an input.
fn rows(case: &Case, key: &str) -> Result<Vec<Vec<f64>>, String> {
    let [_, width] = case.dims(key)?;
    Ok(case.numbers(key)?.chunks(width).map(<[f64]>::to_vec).collect())
}

fn over(alpha: &[Vec<f64>], upstream: &[Vec<f64>], work: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
    alpha.iter().zip(upstream).flat_map(|(alpha, upstream)| work(alpha, upstream)).collect()
}

pub(super) fn softmax(case: &mut Case) -> Result<(), String> {
    let (alpha, upstream) = (rows(case, "alpha")?, rows(case, "upstream")?);
    case.check("weights", "softmax", &over(&alpha, &upstream, |a, _| simplex::softmax(a)));
    let slopes = over(&alpha, &upstream, |a, u| simplex::softmax_gradient(&simplex::softmax(a), u));
    case.check("grad_alpha", "softmax", &slopes);
    Ok(())
}

pub(super) fn sparsemax(case: &mut Case) -> Result<(), String> {
    let (alpha, upstream) = (rows(case, "alpha")?, rows(case, "upstream")?);
    case.check("weights", "sparsemax", &over(&alpha, &upstream, |a, _| simplex::sparsemax(a)));
    let slopes = over(&alpha, &upstream, |a, u| simplex::sparsemax_gradient(&simplex::sparsemax(a), u));
    case.check("grad_alpha", "sparsemax", &slopes);
    Ok(())
}

pub(super) fn dirichlet(case: &mut Case) -> Result<(), String> {
    let (alpha, draws, upstream) =
        (rows(case, "alpha")?, rows(case, "gamma_draws")?, rows(case, "upstream")?);
    let each: Vec<[Vec<f64>; 6]> = alpha
        .iter()
        .zip(draws)
        .zip(upstream)
        .map(|((alpha, draws), upstream)| {
            let concentration = dir::concentrations(alpha);
            let weights = dir::normalised(&draws);
            let coefficients = dir::beta_coefficients(&concentration, &weights);
            let slopes = dir::beta_gradient(&concentration, &weights, &upstream);
            let alphas = dir::to_alpha(alpha, &slopes);
            [concentration.clone(), weights, dir::mean(&concentration), coefficients, slopes, alphas]
        })
        .collect();
    let fields = ["concentration", "weights", "mean", "D", "grad_concentration", "grad_alpha"];
    for (place, field) in fields.into_iter().enumerate() {
        let found: Vec<f64> = each.iter().flat_map(|row| row[place].clone()).collect();
        case.check(field, "dirichlet", &found);
    }
    Ok(())
}

pub(super) fn gumbel(case: &mut Case) -> Result<(), String> {
    let (alpha, noise, upstream) = (rows(case, "alpha")?, rows(case, "gumbel")?, rows(case, "upstream")?);
    let tau = case.number("tau")?;
    let soft = |alpha: &[f64], noise: &[f64]| gum::soft(alpha, noise, tau);
    case.check("soft", "gumbel", &over(&alpha, &noise, soft));
    case.check("index", "gumbel", &over(&alpha, &noise, |a, n| vec![arg_max(&soft(a, n)) as f64]));
    case.check("weights", "gumbel", &over(&alpha, &noise, |a, n| one_hot(arg_max(&soft(a, n)), a.len())));
    let parts = alpha.iter().zip(&noise).zip(&upstream);
    let slopes: Vec<f64> = parts.flat_map(|((a, n), u)| gum::gradient(a, &soft(a, n), tau, u)).collect();
    case.check("grad_alpha", "gumbel", &slopes);
    Ok(())
}

pub(super) fn temperature(case: &mut Case) -> Result<(), String> {
    let (most, least, total) =
        (case.number("tau_max")?, case.number("tau_min")?, case.count("total_epochs")?);
    let found: Vec<f64> = counts(case, "epochs")?
        .into_iter()
        .map(|epoch| gum::temperature(most, least, epoch, total))
        .collect();
    case.check("tau", "schedule", &found);
    Ok(())
}

pub(super) fn discretise(case: &mut Case) -> Result<(), String> {
    let row = |key: &str| case.numbers(key).map(|row| vec![row]);
    let option = |choices: &str, pick: Option<&usize>| -> Result<f64, String> {
        let all = case.numbers(choices)?;
        pick.and_then(|pick| all.get(*pick)).copied().ok_or_else(|| text("a pick beyond the options"))
    };
    let embed = option("embed_choices", rule::picks(&row("embed")?).first())?;
    let depth = option("layer_choices", rule::picks(&row("layers")?).first())?;
    let layers = |key: &str, choices: &str| -> Result<Vec<f64>, String> {
        rule::picks_of_layers(&rows(case, key)?, depth as usize)
            .iter()
            .map(|pick| option(choices, Some(pick)))
            .collect()
    };
    let (heads, ratio) = (layers("heads", "head_choices")?, layers("ratio", "ratio_choices")?);
    let tie = rule::picks(&row("tie_row")?).first().copied().unwrap_or(usize::MAX) as f64;
    case.check("embed", "arg-max", &[embed]);
    case.check("layers", "arg-max", &[depth]);
    case.check("heads", "arg-max", &heads);
    case.check("ratio", "arg-max", &ratio);
    case.check("tie_index", "arg-max", &[tie]);
    Ok(())
}
