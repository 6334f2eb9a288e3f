//! How much of what full fine-tuning says each method could say: the nearest update in closed form, residual against parameters.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::run::RunError;
use weightscope_math::linalg::Dense;

use super::live::defect;
use crate::adapt::Layer;
use crate::channels as ch;
use crate::config::{Config, Method};
use crate::method::bone::Variant;
use crate::method::error::Result as Found;
use crate::method::fit::{self, Fit};

/// Blocks and ranks that are tried.
const SIZES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// The best fit of a layer at a size.
type Fitting = fn(&Dense<f64>, &Dense<f64>, usize) -> Found<Fit>;

/// Methods with a closed form.
const FITTED: [(&str, &str, Fitting); 4] = [
    ("lora", "LoRA", |_, delta, size| fit::lora(delta, size)),
    ("miss", "MiSS", |_, delta, size| fit::miss(delta, size)),
    ("bone_col", "Bone-col", |weight, delta, size| fit::bone(weight, delta, Variant::Column, size)),
    ("bone_row", "Bone-row", |weight, delta, size| fit::bone(weight, delta, Variant::Row, size)),
];

/// Residuals of all methods over the sizes that all layers allow.
fn residuals(
    pairs: &[(Dense<f64>, Dense<f64>)],
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Vec<Curve>, RunError> {
    let whole: f64 = pairs.iter().map(|(_, delta)| delta.norm().powi(2)).sum();
    let mut curves = Vec::new();
    for (_, _, fitting) in FITTED {
        let mut curve = Curve::default();
        for size in SIZES {
            check()?;
            let fits: Found<Vec<Fit>> =
                pairs.par_iter().map(|(weight, delta)| fitting(weight, delta, size)).collect();
            // A size that a layer does not allow is left out.
            let Ok(fits) = fits else { continue };
            let pairs = fits.iter().zip(pairs);
            let missing: f64 = pairs.map(|(fit, (_, delta))| (fit.residual * delta.norm()).powi(2)).sum();
            curve.x.push(fits.iter().map(|fit| fit.parameters as f64).sum());
            curve.y.push((missing / whole).sqrt());
        }
        curves.push(curve);
    }
    Ok(curves)
}

/// Shows what could be said of the update of the full fine-tuning, the run's own or that beside it.
pub(super) fn show(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let state = &*run.state;
    let full = match (&state.beside, &state.arm) {
        (Some(full), _) => full,
        (None, Some(arm)) if run.settings.method == Method::Full => arm,
        _ => return Ok(()),
    };
    let matrix = |layer: &Layer, values: &[f32]| -> Result<Dense<f64>, RunError> {
        let values = values.iter().map(|value| f64::from(*value)).collect();
        Dense::new(layer.outputs, layer.inputs, values).map_err(defect)
    };
    let mut pairs = Vec::new();
    // The layers of the adapter, of which the full update has a part each.
    let layers = state.arm.as_ref().map_or(&[][..], |arm| &arm.adapters.layers);
    for layer in layers {
        let weight = state.base.weights.get(layer.place.clone()).unwrap_or_default();
        let now = full.weights.get(layer.place.clone()).unwrap_or_default();
        let delta: Vec<f32> = now.iter().zip(weight).map(|(now, weight)| now - weight).collect();
        pairs.push((matrix(layer, weight)?, matrix(layer, &delta)?));
    }
    let control = run.context.control();
    let curves = residuals(&pairs, &|| Ok(control.check()?))?;
    for ((name, label, _), curve) in FITTED.into_iter().zip(curves) {
        run.show_only(&ch::EXPRESSIVENESS.labelled(name, label), curve);
    }
    Ok(())
}
