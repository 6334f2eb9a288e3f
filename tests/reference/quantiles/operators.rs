//! Operators that make rows ascend, the crossing penalty and its margins.

use weightscope_engine::labs::quantiles::method::crossing::{
    Centre, Margin, penalty_with_gradient, residuals,
};
use weightscope_engine::labs::quantiles::method::isotonize::{self, Isotonization};
use weightscope_engine::labs::quantiles::method::pinball;
use weightscope_engine::math::stats::order;

use crate::vector::Case;

const OPERATORS: [(&str, Isotonization); 3] =
    [("sort", Isotonization::Sort), ("pava", Isotonization::Pava), ("minmax", Isotonization::Sweep)];

pub(super) fn isotonize(case: &mut Case) -> Result<(), String> {
    let (q, y, taus) = (case.numbers("q")?, case.numbers("y")?, case.numbers("taus")?);
    let upstream = case.numbers("upstream_grad")?;
    let m = taus.len();
    let sums = |q: &[f64]| -> Vec<f64> {
        q.chunks_exact(m).zip(&y).map(|(row, y)| pinball::row_sum(row, *y, &taus)).collect()
    };
    case.check("pinball_sum_raw", "rows", &sums(&q));
    for (name, operator) in OPERATORS {
        let mut after = q.clone();
        operator.apply_rows(&mut after, m);
        let mut gradient = vec![0.0; q.len()];
        for ((row, upstream), gradient) in
            q.chunks_exact(m).zip(upstream.chunks_exact(m)).zip(gradient.chunks_exact_mut(m))
        {
            operator.gradient(row, upstream, gradient);
        }
        case.check(name, "value", &after);
        case.check(&format!("grad_{name}"), "gradient", &gradient);
        case.check(&format!("pinball_sum_{name}"), "rows", &sums(&after));
    }
    let blocks: Vec<f64> =
        q.chunks_exact(m).flat_map(isotonize::pava_blocks).map(|length| length as f64).collect();
    case.check("pava_blocks", "blocks", &blocks);
    let maximum: Vec<f64> = q.chunks_exact(m).flat_map(isotonize::running_maximum).collect();
    case.check("cummax", "running maximum", &maximum);
    let two_way: Vec<f64> = q.chunks_exact(m).flat_map(isotonize::two_way).collect();
    case.check("two_way", "both", &two_way);
    Ok(())
}

pub(super) fn isotonize_edge(case: &mut Case) -> Result<(), String> {
    let q = case.numbers("q")?;
    let [_, m] = case.dims::<2>("q")?;
    for (name, operator) in OPERATORS {
        let mut after = q.clone();
        operator.apply_rows(&mut after, m);
        case.check(name, "value", &after);
    }
    Ok(())
}

pub(super) fn crossing_penalty(case: &mut Case) -> Result<(), String> {
    let q = case.numbers("q")?;
    let [_, m] = case.dims::<2>("q")?;
    // The input holds the scaled margins: a tenth of each level, `0.01 · 10 · τ`.
    let taus: Vec<f64> = case.numbers("vec_margin")?.iter().map(|value| value * 10.0).collect();
    let margins = [
        ("scalar_0", Margin::Single(0.0)),
        ("scalar_0.05", Margin::Single(0.05)),
        ("vec_tau_x0.1", Margin::by_level(&taus, 10.0)),
        ("adapt_x0.1", Margin::adaptive(&case.numbers("adapt_margin")?, 1.0)),
    ];
    for (name, margin) in margins {
        let mut gradient = vec![0.0; q.len()];
        let value = penalty_with_gradient(&q, m, &margin, 1.0, &mut gradient);
        // The field is an object with the two parts in this order: gradient, value.
        let mut found = gradient;
        found.push(value);
        case.check_object(name, &["grad", "value"], "penalty", &found);
    }
    Ok(())
}

pub(super) fn adaptive_margin(case: &mut Case) -> Result<(), String> {
    let (z, y, taus) = (case.numbers("z")?, case.numbers("y")?, case.numbers("taus")?);
    let [_, models, m] = case.dims::<3>("z")?;
    for (name, centre) in [("residual_median", Centre::Median), ("residual_mean", Centre::Mean)] {
        let found = residuals(&z, &y, models, m, m / 2, centre);
        case.check(name, "residuals", &found);
        if centre == Centre::Median {
            case.check("margin_list", "quantiles", &order::quantiles(&found, &taus));
        }
    }
    Ok(())
}
