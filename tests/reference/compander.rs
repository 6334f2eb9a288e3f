//! Vectors of the compander lab: the function, its slope and gradients, and its inverse, on the host in double and in single precision.
//!
//! The vectors are of the arctan form, which is not confirmed against the paper.

use weightscope_engine::labs::compander::method::form::{Compander, Pair};
use weightscope_engine::labs::compander::method::start;

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "compander", runner };

fn runner(kind: &str) -> Option<Runner> {
    match kind {
        "weight_compander_expanding" | "weight_compander_sharp" => Some(arctan),
        _ => None,
    }
}

fn arctan(case: &mut Case) -> Result<(), String> {
    let form = Compander::Arctan.form().ok_or("there is no arctan form")?;
    let pair = Pair { amplitude: case.number("a")?, width: case.number("b")? };
    let (latent, upstream) = (case.numbers("v")?, case.numbers("upstream")?);
    let targets = case.numbers("w_target")?;

    let values: Vec<f64> = latent.iter().map(|v| pair.value(form, *v)).collect();
    let slopes: Vec<f64> = latent.iter().map(|v| pair.slope(form, *v)).collect();
    let sum = |of: &dyn Fn(f64) -> f64| latent.iter().zip(&upstream).map(|(v, g)| g * of(*v)).sum::<f64>();
    let gradient: Vec<f64> = slopes.iter().zip(&upstream).map(|(slope, g)| slope * g).collect();
    let inverse: Vec<f64> = targets.iter().map(|w| pair.inverse(form, *w)).collect();
    case.check("w", "double", &values);
    case.check("slope", "double", &slopes);
    case.check("grad_v", "double", &gradient);
    case.check_number("grad_a", "double", sum(&|v| pair.by_amplitude(form, v)));
    case.check_number("grad_b", "double", sum(&|v| pair.by_width(form, v)));
    case.check("inverse_v", "double", &inverse);
    case.check_number("bound", "double", pair.bound(form));
    case.check_number("slope_at_zero", "double", pair.slope_at_zero());

    // As the kernel computes it: values and gradients over slices, gradients of (log a, log b) as inner products.
    let (latent, upstream) = (case.singles("v")?, case.singles("upstream")?);
    let mut weights = vec![0.0_f32; latent.len()];
    form.values(pair, &latent, &mut weights);
    let mut slopes = vec![1.0_f32; latent.len()];
    form.slopes(pair, &latent, &weights, &mut slopes);
    let mut gradient = upstream.clone();
    form.slopes(pair, &latent, &weights, &mut gradient);
    case.check("w", "single", &weights);
    case.check("slope", "single", &slopes);
    case.check("grad_v", "single", &gradient);
    let inner = weightscope_engine::population::learner::inner;
    case.check_number("grad_a", "single", inner(&upstream, &weights) / pair.amplitude);
    case.check_number("grad_b", "single", -inner(&gradient, &latent) / pair.width);
    let (inverse, clipped) = start::inverse(form, pair, &case.singles("w_target")?, 1.0);
    case.check("inverse_v", "single", &inverse);
    if clipped > 0 {
        return Err(format!("{clipped} targets lie beyond the bound"));
    }
    Ok(())
}
