//! Aggregation families, their gradients, their training.

use weightscope_engine::labs::quantiles::method::aggregate::{self, Resolution, Shape};
use weightscope_engine::labs::quantiles::method::batch;
use weightscope_engine::labs::quantiles::method::crossing::Margin;
use weightscope_engine::labs::quantiles::method::isotonize::Isotonization;
use weightscope_engine::labs::quantiles::method::pinball;
use weightscope_engine::labs::quantiles::method::training::{GlobalTable, Objective};

use crate::vector::Case;

fn plain(taus: &[f64]) -> Objective<f64> {
    Objective {
        taus: taus.to_vec(),
        smoothing: 0.0,
        inside: Isotonization::None,
        penalty: 0.0,
        margin: Margin::Single(0.0),
    }
}

pub(super) fn aggregate(case: &mut Case) -> Result<(), String> {
    let (z, y, taus) = (case.numbers("z")?, case.numbers("y")?, case.numbers("taus")?);
    let [_, models, levels] = case.dims::<3>("z")?;
    for resolution in Resolution::ALL {
        let shape = Shape { models, levels, resolution: *resolution };
        let name = format!("global_{}", resolution.key());
        let mut table = GlobalTable::<f64>::new(shape, 0.1, 0.0);
        table.logits = case.numbers(&format!("logits_{name}"))?;
        let (loss, gradient) = table.logit_gradient(&z, &y, &plain(&taus));
        let weights = table.weights();
        let mut q = vec![0.0; y.len() * levels];
        for (z, q) in z.chunks_exact(shape.stack()).zip(q.chunks_exact_mut(levels)) {
            aggregate::mix(shape, &weights, z, q);
        }
        let mut found = gradient;
        found.push(loss.pinball);
        found.extend(&q);
        found.extend(&weights);
        case.check_object(&name, &["grad_logits", "pinball_mean", "q", "weights"], "table", &found);
        row_gradients_agree(shape, &table.logits, (&z, &y, &taus))?;
        let name = format!("local_{}", resolution.key());
        let found = local(shape, &case.numbers(&format!("logits_{name}"))?, &z).0;
        case.check_object(&name, &["q"], "rows", &found);
    }
    Ok(())
}

/// Aggregates and weights of rows with tables of their own.
fn local(shape: Shape, logits: &[f64], z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut weights = logits.to_vec();
    let mut q = vec![0.0; logits.len() / shape.len() * shape.levels];
    for ((table, z), q) in weights
        .chunks_exact_mut(shape.len())
        .zip(z.chunks_exact(shape.stack()))
        .zip(q.chunks_exact_mut(shape.levels))
    {
        aggregate::softmax_columns(table, shape.columns(), &mut Vec::new());
        aggregate::mix(shape, table, z, q);
    }
    (q, weights)
}

/// The gradient of a table that each row has for itself, summed over rows, is that of the shared table.
fn row_gradients_agree(
    shape: Shape,
    logits: &[f64],
    (z, y, taus): (&[f64], &[f64], &[f64]),
) -> Result<(), String> {
    let repeated: Vec<f64> = y.iter().flat_map(|_| logits.iter().copied()).collect();
    let (q, weights) = local(shape, &repeated, z);
    let mut slopes = vec![0.0; q.len()];
    pinball::mean_with_gradient(&q, y, taus, 0.0, &mut slopes);
    let mut sum = vec![0.0; shape.len()];
    let mut own = vec![0.0; shape.len()];
    let m = shape.levels;
    for row in 0..y.len() {
        let stack = &z[row * shape.stack()..(row + 1) * shape.stack()];
        let table = &weights[row * shape.len()..(row + 1) * shape.len()];
        aggregate::logit_gradient(
            shape,
            table,
            stack,
            &q[row * m..(row + 1) * m],
            &slopes[row * m..(row + 1) * m],
            &mut own,
        );
        sum.iter_mut().zip(&own).for_each(|(sum, own)| *sum += own);
    }
    let mut shared = GlobalTable::<f64>::new(shape, 0.1, 0.0);
    shared.logits = logits.to_vec();
    let (_, expected) = shared.logit_gradient(z, y, &plain(taus));
    let worst = sum.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if worst < 1e-14 {
        Ok(())
    } else {
        Err(format!("gradients of rows and of the shared table differ by {worst}"))
    }
}

pub(super) fn local_medium(case: &mut Case) -> Result<(), String> {
    let (x, z) = (case.numbers("x")?, case.numbers("z")?);
    let [_, models, levels] = case.dims::<3>("z")?;
    let shape = Shape { models, levels, resolution: Resolution::Medium };
    let mut hidden = x;
    for layer in 1..=3 {
        let [outputs, inputs] = case.dims::<2>(&format!("W{layer}"))?;
        let (w, b) = (case.numbers(&format!("W{layer}"))?, case.numbers(&format!("b{layer}"))?);
        let linear = |row: &[f64]| -> Vec<f64> {
            (0..outputs)
                .map(|o| {
                    b[o] + row.iter().zip(&w[o * inputs..(o + 1) * inputs]).map(|(x, w)| x * w).sum::<f64>()
                })
                .collect()
        };
        hidden = hidden.chunks_exact(inputs).flat_map(linear).collect();
        if layer < 3 {
            hidden.iter_mut().for_each(|value| *value = if *value > 0.0 { *value } else { value.exp_m1() });
        }
    }
    case.check("logits", "layers", &hidden);
    let (q, weights) = local(shape, &hidden, &z);
    case.check("weights", "softmax", &weights);
    case.check("q", "mixture", &q);
    Ok(())
}

pub(super) fn training(case: &mut Case) -> Result<(), String> {
    let (z, y, taus) = (case.numbers("z")?, case.numbers("y")?, case.numbers("taus")?);
    let [_, models, levels] = case.dims::<3>("z")?;
    let shape = Shape { models, levels, resolution: Resolution::Medium };
    let objective = Objective {
        penalty: case.number("margin_weight")?,
        margin: Margin::Single(case.number("margin_delta")?),
        ..plain(&taus)
    };
    if case.numbers("betas")? != [0.9, 0.999] || case.number("eps")? != 1e-8 {
        return Err("the vector's Adam has other constants".to_owned());
    }
    let mut table = GlobalTable::<f64>::new(shape, case.number("lr")?, case.number("weight_decay")?);
    let losses: Vec<f64> =
        (0..case.count("steps")?).map(|_| objective.total(table.step(&z, &y, &objective))).collect();
    case.check("loss", "steps", &losses);
    case.check("logits", "last", &table.logits);
    Ok(())
}

pub(super) fn batch_size(case: &mut Case) -> Result<(), String> {
    let found: Vec<f64> = case.numbers("n")?.iter().map(|n| batch::batch_size(*n as usize) as f64).collect();
    case.check("batch", "rule", &found);
    Ok(())
}
