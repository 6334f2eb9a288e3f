//! Similarity of representations, pairs of networks, weight matching.

use weightscope_engine::labs::phases::method::{matching, pairs};
use weightscope_engine::math::linalg::cka::{self, Rows};
use weightscope_engine::population::{Activation, Objective, Shape};

use crate::vector::Case;

fn known(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// All forms of CKA.
pub(super) fn cka(case: &mut Case) -> Result<(), String> {
    let (x, y) = (case.singles("X")?, case.singles("Y")?);
    let [rows, features] = case.dims("X")?;
    let [_, others] = case.dims("Y")?;
    let batches = case.count("n_batches")?;
    let (a, b) = (Rows { values: &x, features }, Rows { values: &y, features: others });
    case.check_number("linear", "features", known(cka::linear(a, b)));
    case.check_number("self", "features", known(cka::linear(a, a)));
    let rotation = case.numbers("Q")?;
    let scale = case.number("scale")?;
    let rotated: Vec<f32> = (0..rows * features)
        .map(|index| {
            let (row, column) = (index / features, index % features);
            let turned: f64 = (0..features)
                .map(|k| f64::from(x[row * features + k]) * rotation[k * features + column])
                .sum();
            (scale * turned) as f32
        })
        .collect();
    case.check_number("rotated", "features", known(cka::linear(Rows { values: &rotated, features }, b)));
    case.check_number("debiased_feature", "features", known(cka::debiased(a, b)));
    case.check_number("unbiased_gram", "Gram", known(cka::unbiased(a, b)));
    case.check_number("hsic1_xy", "Gram", known(cka::hsic(a, b)));
    case.check_number("minibatch_mean", "batches", known(cka::mean_over_batches(a, b, batches)));
    case.check_number("minibatch_hsic", "batches", known(cka::minibatch(a, b, batches)));
    Ok(())
}

/// Agreement, divergence, cosine, ensemble.
pub(super) fn pairs(case: &mut Case) -> Result<(), String> {
    let (a, b) = (case.singles("logits1")?, case.singles("logits2")?);
    let [_, classes] = case.dims("logits1")?;
    let labels: Vec<u32> = case.numbers("y")?.into_iter().map(|label| label as u32).collect();
    case.check_number("acc1", "host", pairs::accuracy(&a, classes, &labels));
    case.check_number("acc2", "host", pairs::accuracy(&b, classes, &labels));
    case.check_number("agreement", "host", pairs::agreement(&a, &b, classes));
    case.check_number("js", "host", pairs::divergence(&a, &b, classes));
    case.check_number("cosine", "host", known(pairs::cosine(&a, &b)));
    let members = [a.clone(), b.clone()];
    case.check_number("ensemble", "host", pairs::ensemble_accuracy(&members, classes, &labels));
    let logits = |values| Rows { values, features: classes };
    case.check_number("cka_logits", "host", known(cka::linear(logits(&a), logits(&b))));
    let single = |values: &[f32]| -> Vec<f32> {
        pairs::softmax(values, classes).into_iter().map(|p| p as f32).collect()
    };
    let (p, q) = (single(&a), single(&b));
    case.check_number("cka_softmax", "host", known(cka::linear(logits(&p), logits(&q))));
    Ok(())
}

/// One hidden layer: similarity, assignment, alignment, average.
pub(super) fn matching(case: &mut Case) -> Result<(), String> {
    let (a, b) = (case.singles("a")?, case.singles("b")?);
    let list = case.input("a")?.as_array().ok_or("`a` is no list")?;
    let length = |index: usize| list.get(index).and_then(|item| item.as_array()).map_or(0, Vec::len);
    let (units, outputs) = (length(1), length(3));
    let inputs = list.first().and_then(|weights| weights.get(0)?.as_array()).map_or(0, Vec::len);
    let shape = Shape::new(&[inputs, units, outputs], Activation::Relu, Objective::CrossEntropy)
        .map_err(|error| error.to_string())?;
    let identity = vec![(0..units).collect::<Vec<usize>>()];
    case.check("similarity", "host", &matching::similarity(&shape, &a, &b, 0, &identity));
    let found = matching::match_weights(&shape, &a, &b, |layers| (0..layers).collect());
    let permutation: Vec<f64> = found.iter().flatten().map(|unit| *unit as f64).collect();
    case.check("permutation", "host", &permutation);
    let aligned = matching::permute(&shape, &b, &found);
    case.check("aligned", "host", &aligned);
    case.check_number("distance_before", "host", pairs::distance(&a, &b));
    case.check_number("distance_after", "host", pairs::distance(&a, &aligned));
    case.check("average", "host", &matching::average(&[a, aligned]));
    Ok(())
}
