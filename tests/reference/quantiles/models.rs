//! Base models and linear programs.

use weightscope_engine::labs::quantiles::base::forest::meinshausen_weights;
use weightscope_engine::labs::quantiles::base::program::{SimplexProgram, quantile_regression};
use weightscope_engine::math::stats::order;

use crate::vector::Case;

pub(super) fn forest(case: &mut Case) -> Result<(), String> {
    let (y, taus) = (case.numbers("y_train")?, case.numbers("taus")?);
    let whole = |values: Vec<f64>| values.into_iter().map(|value| value as usize).collect::<Vec<_>>();
    let (train, query) = (whole(case.numbers("leaf_train")?), whole(case.numbers("leaf_query")?));
    let [_, trees] = case.dims::<2>("leaf_query")?;
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by(|a, b| y[*a].total_cmp(&y[*b]));
    let sorted: Vec<f64> = order.iter().map(|row| y[*row]).collect();
    let (mut weights, mut q) = (Vec::new(), Vec::new());
    for query in query.chunks_exact(trees) {
        let own = meinshausen_weights(&train, query);
        let in_order: Vec<f64> = order.iter().map(|row| own[*row]).collect();
        order::weighted_quantiles(&sorted, &in_order, &taus, &mut q);
        weights.extend(own);
    }
    case.check("weights", "weights", &weights);
    case.check("q", "quantiles", &q);
    Ok(())
}

pub(super) fn neighbours(case: &mut Case) -> Result<(), String> {
    let (y, taus) = (case.numbers("neighbour_y")?, case.numbers("taus")?);
    let [_, k] = case.dims::<2>("neighbour_y")?;
    let found: Vec<f64> = y.chunks_exact(k).flat_map(|row| order::quantiles(row, &taus)).collect();
    case.check("q", "quantiles", &found);
    Ok(())
}

pub(super) fn linear(case: &mut Case) -> Result<(), String> {
    let (x, y) = (case.numbers("X")?, case.numbers("y")?);
    let [_, columns] = case.dims::<2>("X")?;
    for field in case.expected_fields() {
        let tau: f64 = field.parse().map_err(|_| format!("`{field}` is no level"))?;
        let found = quantile_regression(&x, columns, &y, tau);
        let mut values = found.w;
        values.push(found.objective);
        case.check_object(&field, &["coef", "objective_sum"], "interior point", &values);
    }
    Ok(())
}

pub(super) fn simplex(case: &mut Case) -> Result<(), String> {
    let (z, y, taus) = (case.numbers("z")?, case.numbers("y")?, case.numbers("taus")?);
    let [_, models, m] = case.dims::<3>("z")?;
    for field in case.expected_fields() {
        let level: usize =
            field.trim_start_matches("level").parse().map_err(|_| format!("`{field}` names no level"))?;
        let mut program = SimplexProgram::new(models);
        for (row, y) in z.chunks_exact(models * m).zip(&y) {
            let at: Vec<f64> = row.iter().skip(level).step_by(m).copied().collect();
            program.push(&at, *y, taus[level]);
        }
        let (weights, objective) = program.solve();
        let mut found = vec![objective];
        found.extend(weights);
        case.check_object(&field, &["objective_sum", "w"], "interior point", &found);
    }
    Ok(())
}
