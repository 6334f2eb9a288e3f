//! Normalisations.

use weightscope_engine::compute::number::Number;
use weightscope_engine::labs::entangled_search::method::batch_norm::BatchNorm;
use weightscope_engine::labs::entangled_search::method::tape::{Parts, Region, Tape};

use super::{both, check_gradients, check_values, counts, load, text, variable, wide};
use crate::vector::Case;

both!(published, published_in);

fn published_in<T: Number>(case: &mut Case) -> Result<(), String> {
    layer::<T>(case, true)
}

both!(exact, exact_in);

fn exact_in<T: Number>(case: &mut Case) -> Result<(), String> {
    layer::<T>(case, false)
}

fn layer<T: Number>(case: &mut Case, published: bool) -> Result<(), String> {
    let mut tape = Tape::<T>::new();
    let x = variable(&mut tape, case, "x")?;
    let (gamma, beta) = (variable(&mut tape, case, "gamma")?, variable(&mut tape, case, "beta")?);
    let weights = variable(&mut tape, case, "weights")?;
    let (widths, epsilon) = (counts(case, "embed_choices")?, case.number("eps")?);
    let rule = if published { Tape::layer_norm_published } else { Tape::layer_norm_exact };
    let y = rule(&mut tape, x, gamma, beta, &widths, weights, epsilon).map_err(text)?;
    check_values(case, "y", &tape, y);
    let fields = [("grad_x", x), ("grad_gamma", gamma), ("grad_beta", beta), ("grad_weights", weights)];
    check_gradients(case, &tape, y, &fields)
}

both!(batch, batch_in);

fn batch_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let [_, channels, height, width] = case.dims("x")?;
    let regions: Vec<Region> =
        counts(case, "channel_choices")?.iter().map(|most| Region::leading(&[*most])).collect();
    let parts = Parts::new(&[channels], regions.iter().map(Some)).map_err(text)?;
    let mut tape = Tape::<T>::new();
    let weights = variable(&mut tape, case, "weights")?;
    let mut mixed = |key: &str| -> Result<Vec<T>, String> {
        let own = variable(&mut tape, case, key)?;
        let node = tape.superpose(own, weights, &parts).map_err(text)?;
        Ok(tape.values(node).to_vec())
    };
    let mut norm = BatchNorm {
        gamma: mixed("gamma")?,
        beta: mixed("beta")?,
        mean: load::<T>(case, "running_mean")?,
        variance: load(case, "running_var")?,
        epsilon: case.number("eps")?,
        momentum: case.number("momentum")?,
    };
    let x: Vec<T> = load(case, "x")?;
    let path = std::any::type_name::<T>();
    case.check("y_eval", path, &wide(&norm.evaluate(&x, height * width)));
    case.check("y_train", path, &wide(&norm.train(&x, height * width)));
    case.check("new_running_mean", path, &wide(&norm.mean));
    case.check("new_running_var", path, &wide(&norm.variance));
    Ok(())
}
