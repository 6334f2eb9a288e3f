//! Scores and the normal distribution.

use weightscope_engine::labs::quantiles::method::{gaussian, pinball as loss, score};
use weightscope_engine::math::special::normal;

use super::levels;
use crate::vector::Case;

pub(super) fn pinball(case: &mut Case) -> Result<(), String> {
    let (q, y, taus) = (case.numbers("q")?, case.numbers("y")?, case.numbers("taus")?);
    let mut gradient = vec![0.0; q.len()];
    let mean = loss::mean_with_gradient(&q, &y, &taus, 0.0, &mut gradient);
    case.check("loss", "loss", &table(&q, &y, &taus, loss::loss));
    case.check_number("mean", "mean", loss::mean(&q, &y, &taus));
    case.check_number("mean", "with gradient", mean);
    case.check("per_level", "per level", &loss::per_level(&q, &y, &taus));
    case.check("grad_q_of_mean", "gradient", &gradient);
    Ok(())
}

pub(super) fn pinball_ties(case: &mut Case) -> Result<(), String> {
    let (q, y, taus) = (case.numbers("q")?, case.numbers("y")?, case.numbers("taus")?);
    case.check("loss", "loss", &table(&q, &y, &taus, loss::loss));
    Ok(())
}

pub(super) fn huber(case: &mut Case) -> Result<(), String> {
    let (q, y, taus) = (case.numbers("q")?, case.numbers("y")?, case.numbers("taus")?);
    let width = case.number("alpha")?;
    let found = table(&q, &y, &taus, |y, q, tau| loss::smoothed_loss(y, q, tau, width));
    let mut gradient = vec![0.0; q.len()];
    case.check("loss", "loss", &found);
    case.check_number("mean", "with gradient", loss::mean_with_gradient(&q, &y, &taus, width, &mut gradient));
    let plain = table(&q, &y, &taus, |y, q, tau| loss::smoothed_loss(y, q, tau, 0.0));
    if plain != table(&q, &y, &taus, loss::loss) {
        return Err("a width of 0 is not the plain loss".to_owned());
    }
    Ok(())
}

pub(super) fn interval_score(case: &mut Case) -> Result<(), String> {
    let (lower, upper) = (case.numbers("lower")?, case.numbers("upper")?);
    let (y, alphas) = (case.numbers("y")?, case.numbers("alphas")?);
    let mut found = Vec::new();
    for (index, (low, high)) in lower.iter().zip(&upper).enumerate() {
        found.push(score::interval_score(y[index / alphas.len()], *low, *high, alphas[index % alphas.len()]));
    }
    let means: Vec<f64> = (0..alphas.len())
        .map(|k| found.iter().skip(k).step_by(alphas.len()).sum::<f64>() / y.len() as f64)
        .collect();
    case.check("interval_score", "rows", &found);
    case.check("mean_over_samples", "means", &means);
    Ok(())
}

pub(super) fn wis(case: &mut Case) -> Result<(), String> {
    let (q, y) = (case.numbers("q")?, case.numbers("y")?);
    let levels = levels(case)?;
    let m = levels.len();
    let rows: Vec<f64> =
        q.chunks_exact(m).zip(&y).map(|(q, y)| score::wis_row(q, *y, levels.values())).collect();
    let parts: Vec<score::Parts> =
        q.chunks_exact(m).zip(&y).map(|(q, y)| score::wis_parts(q, *y, &levels)).collect();
    case.check("wis", "pinball", &rows);
    case.check("wis", "parts", &parts.iter().map(|parts| parts.total()).collect::<Vec<_>>());
    case.check_number("mean", "mean", rows.iter().sum::<f64>() / rows.len() as f64);
    case.check("paper_sum", "sum", &rows.iter().map(|row| row * m as f64).collect::<Vec<_>>());
    case.check("dispersion", "parts", &parts.iter().map(|parts| parts.dispersion).collect::<Vec<_>>());
    case.check(
        "underprediction",
        "parts",
        &parts.iter().map(|parts| parts.underprediction).collect::<Vec<_>>(),
    );
    case.check(
        "overprediction",
        "parts",
        &parts.iter().map(|parts| parts.overprediction).collect::<Vec<_>>(),
    );
    Ok(())
}

pub(super) fn crps(case: &mut Case) -> Result<(), String> {
    let (mu, sigma, y) = (case.numbers("mu")?, case.numbers("sigma")?, case.numbers("y")?);
    let (q, taus) = (case.numbers("q")?, case.numbers("taus")?);
    let rows = || mu.iter().zip(&sigma).zip(&y);
    let exact: Vec<f64> = rows().map(|((mu, sigma), y)| score::crps_normal(*y, *mu, *sigma)).collect();
    let approximate: Vec<f64> =
        q.chunks_exact(taus.len()).zip(&y).map(|(q, y)| score::wis_row(q, *y, &taus)).collect();
    let fine: Vec<f64> = (1..100).map(|k| f64::from(k) / 100.0).collect();
    let from_quantiles: Vec<f64> = rows()
        .map(|((mu, sigma), y)| {
            let q: Vec<f64> = fine.iter().map(|tau| mu + sigma * normal::quantile(*tau)).collect();
            score::wis_row(&q, *y, &fine)
        })
        .collect();
    case.check("crps_gaussian", "closed form", &exact);
    case.check("crps_quantile_approx", "pinball", &approximate);
    case.check("crps_gaussian_from_99_quantiles", "pinball", &from_quantiles);
    Ok(())
}

pub(super) fn normal(case: &mut Case) -> Result<(), String> {
    let found: Vec<f64> = case.numbers("taus")?.into_iter().map(normal::quantile).collect();
    case.check("z", "quantile", &found);
    Ok(())
}

pub(super) fn cgn(case: &mut Case) -> Result<(), String> {
    let (raw, y, taus) = (case.numbers("raw_output")?, case.numbers("y")?, case.numbers("taus")?);
    let z: Vec<f64> = taus.iter().map(|tau| normal::quantile(*tau)).collect();
    let rows = || raw.chunks_exact(2).map(|row| [row[0], row[1]]);
    let (mean, variance): (Vec<f64>, Vec<f64>) = rows().map(gaussian::moments).unzip();
    let q: Vec<f64> = rows().flat_map(|row| z.iter().map(move |z| gaussian::quantile(row, *z))).collect();
    let mut gradient = vec![0.0; raw.len()];
    case.check_number("nll_mean", "loss", gaussian::loss_with_gradient(&raw, &y, &mut gradient));
    case.check("grad_raw", "gradient", &gradient);
    case.check("mean", "moments", &mean);
    case.check("var", "moments", &variance);
    case.check("q", "quantile", &q);
    case.check("z", "normal", &z);
    Ok(())
}

fn table(q: &[f64], y: &[f64], taus: &[f64], cell: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    q.iter().enumerate().map(|(index, q)| cell(y[index / taus.len()], *q, taus[index % taus.len()])).collect()
}
