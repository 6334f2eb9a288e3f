//! Networks as vectors, their scales, noised copies, weight matching.

use serde_json::{Map, Value};
use weightscope_engine::labs::weight_generation::method::noise as noised_copies;
use weightscope_engine::labs::weight_generation::method::normalise::{
    Scales, VarianceTransform, layer_deviations,
};
use weightscope_engine::labs::weight_generation::method::vectors::{Chunks, Layout};
use weightscope_engine::math::layers;
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::matching;
use weightscope_engine::math::real::Real;

use super::{list, matrix, refused, words};
use crate::vector::Case;

/// All numbers of a value, row after row.
fn flat<R: Real>(value: &Value) -> Vec<R> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        Value::Number(number) => vec![R::from_f64(number.as_f64().unwrap_or(f64::NAN))],
        _ => Vec::new(),
    }
}

fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a Value, String> {
    object.get(key).ok_or_else(|| format!("`{key}` is missing"))
}

/// Joining, cutting, and the scales of three conventions.
pub(super) fn roundtrip(case: &mut Case) -> Result<(), String> {
    roundtrip_in::<f32>(case, "single")?;
    roundtrip_in::<f64>(case, "double")
}

fn roundtrip_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let names: Vec<String> =
        serde_json::from_value(case.input("layer_names")?.clone()).map_err(|error| error.to_string())?;
    let shapes: Vec<Vec<usize>> =
        serde_json::from_value(case.input("layer_shapes")?.clone()).map_err(|error| error.to_string())?;
    let layout = Layout::new(names.iter().cloned().zip(shapes));
    let mut networks: Vec<Vec<R>> = Vec::new();
    for checkpoint in case.objects("checkpoints")? {
        let parts: Vec<Vec<R>> =
            names.iter().map(|name| member(&checkpoint, name).map(flat)).collect::<Result<_, _>>()?;
        networks.push(layout.join(&parts).map_err(refused)?);
    }
    let chunks = Chunks::new(layout.length(), case.count("chunk")?).map_err(refused)?;
    case.check("flat", path, &networks.concat());
    case.check_number("pad", path, chunks.padding() as f64);
    let constant = Scales::constant(&layout, case.number("d2nwg_scale")?).map_err(refused)?;
    let averaged = Scales::averaged(&layout, &networks).map_err(refused)?;
    let (mut cut, mut scaled, mut normalised) = (Vec::new(), Vec::new(), Vec::new());
    for network in &networks {
        let rows = chunks.cut(network).map_err(refused)?;
        if chunks.join(&rows).map_err(refused)? != *network {
            return Err("joining the chunks does not give the network back".into());
        }
        cut.extend(rows.into_values());
        let divided = constant.apply(&layout, network).map_err(refused)?;
        scaled.extend(chunks.cut(&divided).map_err(refused)?.into_values());
        normalised.extend(averaged.apply(&layout, network).map_err(refused)?);
    }
    case.check("chunks", path, &cut);
    case.check("d2nwg_scaled", path, &scaled);
    case.check("pdiff_normalised", path, &normalised);
    let fields: Vec<&str> = names.iter().map(String::as_str).collect();
    case.check_object("pdiff_mean", &fields, path, &averaged.means);
    case.check_object("pdiff_std", &fields, path, &averaged.deviations);
    let deviations = layer_deviations(&layout, &networks).map_err(refused)?;
    case.check_object("layerwise_std", &fields, path, &deviations);
    Ok(())
}

/// The logarithm of running variances and back.
pub(super) fn running_variance(case: &mut Case) -> Result<(), String> {
    running_variance_in::<f32>(case, "single")?;
    running_variance_in::<f64>(case, "double")
}

fn running_variance_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let variances = list::<R>(case, "running_var")?;
    let transform = VarianceTransform::fit(&variances).map_err(refused)?;
    let normalised = transform.apply(&variances);
    case.check_number("pre_mean", path, transform.divisor);
    case.check("log_value", path, &transform.logarithms(&variances));
    case.check_number("mean", path, transform.mean);
    case.check_number("std", path, transform.deviation);
    case.check("normalised", path, &normalised);
    case.check("inverse", path, &transform.undo(&normalised));
    Ok(())
}

/// A noised copy of one tensor.
pub(super) fn noise(case: &mut Case) -> Result<(), String> {
    noise_in::<f32>(case, "single")?;
    noise_in::<f64>(case, "double")
}

fn noise_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (tensor, noise) = (list::<R>(case, "tensor")?, list::<R>(case, "noise")?);
    let layout = Layout::new([("tensor".to_owned(), vec![tensor.len()])]);
    let found = noised_copies::noised(&layout, &tensor, &noise, case.number("intensity")?);
    case.check("noised", path, &found.map_err(refused)?);
    Ok(())
}

fn distance<R: Real>(a: &[R], b: &[R]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>().sqrt()
}

/// A network with one hidden layer: its flat vector and its parts.
struct OneHidden<R> {
    vector: Vec<R>,
    inputs: usize,
    hidden: usize,
    outputs: usize,
}

impl<R: Real> OneHidden<R> {
    fn read(case: &Case, key: &str) -> Result<Self, String> {
        let network = case.input(key)?.as_object().ok_or("a network is no object")?;
        let part = |name: &str| member(network, name).map(flat::<R>);
        let (hidden, outputs) = (part("b1")?.len(), part("b2")?.len());
        let inputs = part("W1")?.len() / hidden;
        let vector = [part("W1")?, part("b1")?, part("W2")?, part("b2")?].concat();
        Ok(Self { vector, inputs, hidden, outputs })
    }

    fn sizes(&self) -> [usize; 3] {
        [self.inputs, self.hidden, self.outputs]
    }

    fn forward(&self, vector: &[R], x: &Dense<R>) -> Result<Vec<R>, String> {
        let layout = Layout::of_sizes(&self.sizes());
        let parts = layout.split(vector).map_err(refused)?;
        let first = Dense::new(self.hidden, self.inputs, parts[0].to_vec()).map_err(words)?;
        let second = Dense::new(self.outputs, self.hidden, parts[2].to_vec()).map_err(words)?;
        let hidden = layers::linear(&first, Some(parts[1]), x).map_err(words)?.map(layers::relu);
        Ok(layers::linear(&second, Some(parts[3]), &hidden).map_err(words)?.into_values())
    }
}

/// One hidden layer, solved exactly; the network computes the same afterwards.
pub(super) fn one_hidden(case: &mut Case) -> Result<(), String> {
    one_hidden_in::<f32>(case, "single")?;
    one_hidden_in::<f64>(case, "double")
}

fn one_hidden_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let (a, b) = (OneHidden::<R>::read(case, "A")?, OneHidden::<R>::read(case, "B")?);
    let (sizes, x) = (a.sizes(), matrix::<R>(case, "x")?);
    let unmoved = vec![(0..a.hidden).collect()];
    let similarity = matching::similarity(&sizes, &a.vector, &b.vector, 0, &unmoved);
    let found = matching::match_weights(&sizes, &a.vector, &b.vector, |hidden| (0..hidden).collect());
    let permutation: Vec<f64> = found.permutations[0].iter().map(|unit| *unit as f64).collect();
    let aligned = matching::permute(&sizes, &b.vector, &found.permutations);
    case.check("similarity", path, &similarity);
    case.check("perm", path, &permutation);
    case.check_number("objective", path, matching::total(&similarity, &found.permutations[0]));
    case.check("y_before", path, &b.forward(&b.vector, &x)?);
    case.check("y_after", path, &b.forward(&aligned, &x)?);
    case.check_number("l2_before", path, distance(&a.vector, &b.vector));
    case.check_number("l2_after", path, distance(&a.vector, &aligned));
    case.check_object("aligned", &["W1", "b1", "W2", "b2"], path, &aligned);
    Ok(())
}

/// Two hidden layers, one after the other until nothing changes.
pub(super) fn two_hidden(case: &mut Case) -> Result<(), String> {
    two_hidden_in::<f32>(case, "single")?;
    two_hidden_in::<f64>(case, "double")
}

fn two_hidden_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let read = |key: &str| -> Result<(Vec<usize>, Vec<R>), String> {
        let network = case.input(key)?.as_object().ok_or("a network is no object")?;
        let (weights, biases) = (member(network, "W")?, member(network, "b")?);
        let pairs = weights.as_array().zip(biases.as_array()).ok_or("a network has no layers")?;
        let (mut sizes, mut vector) = (Vec::new(), Vec::new());
        for (weights, biases) in pairs.0.iter().zip(pairs.1) {
            let (weights, biases) = (flat::<R>(weights), flat::<R>(biases));
            if sizes.is_empty() {
                sizes.push(weights.len() / biases.len());
            }
            sizes.push(biases.len());
            vector.extend(weights.into_iter().chain(biases));
        }
        Ok((sizes, vector))
    };
    let ((sizes, a), (_, b)) = (read("A")?, read("B")?);
    let found = matching::match_weights(&sizes, &a, &b, |hidden| (0..hidden).collect());
    let permutations: Vec<f64> = found.permutations.concat().into_iter().map(|unit| unit as f64).collect();
    let aligned = matching::permute(&sizes, &b, &found.permutations);
    let layout = Layout::of_sizes(&sizes);
    let parts = |vector: &[R], first: usize| -> Result<Vec<R>, String> {
        let parts = layout.split(vector).map_err(refused)?;
        Ok(parts.into_iter().skip(first).step_by(2).flatten().copied().collect())
    };
    case.check("perms", path, &permutations);
    case.check_number("sweeps", path, found.rounds as f64);
    case.check("aligned_W", path, &parts(&aligned, 0)?);
    // The second network is the first one shuffled, with noise on its weights alone: its biases tell the shuffle.
    case.check_flags("planted_inverse_recovered", path, &[parts(&aligned, 1)? == parts(&a, 1)?]);
    Ok(())
}
