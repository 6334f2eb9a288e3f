//! Whole networks: depth, extraction, the two-level loop, the second-order gradient.

use serde_json::Value;

use weightscope_engine::compute::number::Number;
use weightscope_engine::labs::entangled_search::method::anchor::Anchor;
use weightscope_engine::labs::entangled_search::method::optimizer::SgdSettings;
use weightscope_engine::labs::entangled_search::method::sampler::{Sampler, one_hot, simplex};
use weightscope_engine::labs::entangled_search::method::search::{Search, Settings, WeightRule};
use weightscope_engine::labs::entangled_search::method::second_order::{Part, Slopes, unrolled};
use weightscope_engine::labs::entangled_search::method::size_penalty::SizePenalty;
use weightscope_engine::labs::entangled_search::method::space::mlp::{Mlp, Options, depth_mix};
use weightscope_engine::labs::entangled_search::method::space::{Mixing, Pass, Rule, Space, extract, logits};
use weightscope_engine::labs::entangled_search::method::step::Batch;
use weightscope_engine::labs::entangled_search::method::tape::{Parts, Region, Tape};
use weightscope_engine::math::stream;

use super::{both, check_gradients, check_values, counts, load, text, variable, wide};
use crate::vector::Case;

both!(depth, depth_in);

fn depth_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let [blocks, rows, width] = case.dims("block_outputs")?;
    let mut tape = Tape::<T>::new();
    let weights = [variable(&mut tape, case, "weights")?];
    let values: Vec<T> = load(case, "block_outputs")?;
    let mut outputs = Vec::with_capacity(blocks);
    for block in values.chunks(rows * width) {
        outputs.push(tape.variable(&[rows, width], block.to_vec()).map_err(text)?);
    }
    let (mixing, depths) = (Mixing::Superposed, counts(case, "depth_choices")?);
    let mut pass = Pass::new(&mut tape, mixing, &weights, &[], &[]);
    let y = depth_mix(&mut pass, 0, &depths, &outputs).map_err(text)?;
    check_values(case, "y", &tape, y);
    check_gradients(case, &tape, y, &[("grad_weights", weights[0])])?;
    let gradients = tape.backward(y, &load::<T>(case, "upstream")?).map_err(text)?;
    let found: Vec<f64> = outputs.iter().flat_map(|output| wide(&gradients.of(&tape, *output))).collect();
    case.check("grad_block_outputs", std::any::type_name::<T>(), &found);
    Ok(())
}

/// All numbers of a member of an input, row-major.
fn member(case: &Case, key: &str, name: &str) -> Result<Vec<f64>, String> {
    fn flatten(value: &Value, into: &mut Vec<f64>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| flatten(item, into)),
            Value::Number(number) => into.extend(number.as_f64()),
            _ => {}
        }
    }
    let mut numbers = Vec::new();
    flatten(case.input(key)?.get(name).ok_or_else(|| format!("{key} lacks {name}"))?, &mut numbers);
    Ok(numbers)
}

fn space(case: &Case, rule: Rule) -> Result<Mlp, String> {
    let (embed, depth) = (counts(case, "embed_choices")?, counts(case, "depth_choices")?);
    let ratio = case.numbers("ratio_choices")?;
    Mlp::new(Options { inputs: 5, classes: 3, embed, ratio, depth, rule }).map_err(text)
}

/// Tensors of the supernet, in its order.
fn tensors<T: Number>(case: &Case, blocks: usize) -> Result<Vec<Vec<T>>, String> {
    let whole = |name: &str| member(case, "params", name);
    let part = |name: &str, block: usize| -> Result<Vec<f64>, String> {
        let all = whole(name)?;
        Ok(all.chunks(all.len() / blocks).nth(block).unwrap_or_default().to_vec())
    };
    let mut all = vec![whole("We")?, whole("be")?];
    for block in 0..blocks {
        for name in ["g1", "c1", "W1", "b1", "W2", "b2"] {
            all.push(part(name, block)?);
        }
    }
    for name in ["gf", "bf", "Wo", "bo"] {
        all.push(whole(name)?);
    }
    Ok(all.into_iter().map(|values| values.into_iter().map(T::from_f64).collect()).collect())
}

both!(extraction, extraction_in);

fn extraction_in<T: Number>(case: &mut Case) -> Result<(), String> {
    const CASES: [[usize; 4]; 4] = [[0, 0, 0, 1], [0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1]];
    let (exact, published) = (space(case, Rule::Exact)?, space(case, Rule::Published)?);
    let tensors: Vec<Vec<T>> = tensors(case, 2)?;
    let x: Vec<T> = load(case, "x")?;
    let ratios = case.numbers("w_ratio")?;
    let soft =
        [case.numbers("w_embed")?, case.numbers("w_depth")?, ratios[..2].to_vec(), ratios[2..].to_vec()];
    let path = std::any::type_name::<T>();
    let superposed = |space: &dyn Space<T>, weights: &[Vec<f64>]| -> Result<Vec<f64>, String> {
        Ok(wide(&logits(space, Mixing::Superposed, &tensors, weights, &[], &x).map_err(text)?))
    };
    case.check("soft_logits_exact", path, &superposed(&exact, &soft)?);
    case.check("soft_logits_code", path, &superposed(&published, &soft)?);
    for (place, picks) in CASES.iter().enumerate() {
        let hard: Vec<Vec<f64>> = picks.iter().map(|pick| one_hot(*pick, 2)).collect();
        let alone = extract(&exact as &dyn Space<T>, Mixing::Superposed, &tensors, picks).map_err(text)?;
        let own =
            wide(&logits(&exact as &dyn Space<T>, Mixing::Alone, &alone, &[], picks, &x).map_err(text)?);
        let code = superposed(&published, &hard)?;
        let size = <Mlp as Space<T>>::size(&exact, picks).parameters as f64;
        let [embed, depth, first, second] = picks.map(|pick| pick as f64);
        let fields =
            ["embed_index", "depth_index", "ratio_index", "logits", "logits_code_layernorm_onehot", "params"];
        for logits in [own, superposed(&exact, &hard)?] {
            let found = [vec![embed, depth, first, second], logits, code.clone(), vec![size]].concat();
            case.check_object(&format!("cases.{place}"), &fields, path, &found);
        }
    }
    Ok(())
}

both!(two_steps, two_steps_in);

fn two_steps_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let space = space(case, Rule::Exact)?;
    let settings = Settings {
        mixing: Mixing::Superposed,
        sampler: Sampler::Softmax,
        weight_rule: WeightRule::Sgd(SgdSettings { momentum: 0.9, nesterov: true, weight_decay: 5e-4 }),
        learning_rate: 0.025,
        floor: 1.0,
        clip: 5.0,
        architecture_rate: 1e-2,
        anchor: Anchor::Decay(1e-3),
        architecture_start: 0,
        steps: 2,
        second_order: false,
        penalty: SizePenalty::default(),
    };
    let ratios = member(case, "alpha", "r")?;
    let alphas = vec![
        member(case, "alpha", "e")?,
        member(case, "alpha", "d")?,
        ratios[..2].to_vec(),
        ratios[2..].to_vec(),
    ];
    let mut search = Search::with(&settings, tensors::<T>(case, 2)?, alphas);
    let (valid, train): (Vec<T>, Vec<T>) = (load(case, "x_val")?, load(case, "x_train")?);
    let (valid_labels, train_labels) = (counts(case, "y_val")?, counts(case, "y_train")?);
    let valid = Batch { rows: &valid, labels: &valid_labels };
    let train = Batch { rows: &train, labels: &train_labels };
    let mut found = Vec::new();
    for _ in 0..2 {
        let report = search.step(&space, &settings, valid, train, &mut stream(0, "unused")).map_err(text)?;
        found.extend([report.valid_loss.unwrap_or(f64::NAN), report.train_loss, report.gradient_norm]);
    }
    let path = std::any::type_name::<T>();
    case.check("losses_val_train_gradnorm", path, &found);
    case.check_object("alpha", &["e", "d", "r"], path, &search.alphas.concat());
    let tensor = |place: usize| search.tensors.get(place).map(|values| wide(values)).unwrap_or_default();
    case.check("embed_weight", path, &tensor(0));
    case.check("head_weight", path, &tensor(search.tensors.len() - 2));
    Ok(())
}

both!(second_order, second_order_in);

fn second_order_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let (shape, alpha): ([usize; 2], _) = (case.dims("W")?, case.numbers("alpha")?);
    let regions: Vec<Region> =
        counts(case, "in_choices")?.iter().map(|width| Region::leading(&[shape[0], *width])).collect();
    let parts = Parts::new(&shape, regions.iter().map(Some)).map_err(text)?;
    let weights = simplex::softmax(&alpha);
    let slopes = |part: Part, tensors: &[Vec<T>]| -> Result<Slopes<T>, String> {
        let (x, y) = if part == Part::Train { ("x_train", "y_train") } else { ("x_val", "y_val") };
        let mut tape = Tape::<T>::new();
        let own = tape.variable(&shape, tensors.first().cloned().unwrap_or_default()).map_err(text)?;
        let values = weights.iter().map(|weight| T::from_f64(*weight)).collect();
        let decision = tape.variable(&[weights.len()], values).map_err(text)?;
        let rows = variable(&mut tape, case, x)?;
        let mixed = tape.superpose(own, decision, &parts).map_err(text)?;
        let logits = tape.linear(rows, mixed, None).map_err(text)?;
        let loss = tape.cross_entropy(logits, &counts(case, y)?).map_err(text)?;
        let gradients = tape.backward(loss, &[T::ONE]).map_err(text)?;
        let alphas = vec![simplex::softmax_gradient(&weights, &wide(&gradients.of(&tape, decision)))];
        Ok(Slopes { tensors: vec![gradients.of(&tape, own)], alphas })
    };
    let start = vec![load::<T>(case, "W")?];
    let first = slopes(Part::Valid, &start)?.alphas.concat();
    let found = unrolled(&start, case.number("eta")?, None, slopes)?;
    let path = std::any::type_name::<T>();
    case.check("first_order", path, &first);
    case.check("second_order", path, &found.gradient.concat());
    case.check("hessian_vector", path, &found.product.concat());
    Ok(())
}
