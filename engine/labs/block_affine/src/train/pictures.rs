//! Pictures of the adapted matrices: their weights once, their updates and spectra as training goes.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::{Curve, Grid};
use weightscope_frame::run::RunError;

use super::live::{defect, dense};
use crate::adapt::{Kind, Layer};
use crate::channels as ch;
use crate::config::Config;
use crate::method::diagnose::spectrum;

/// Most rows or columns of a picture; larger matrices are shown as means of neighbours.
const MOST: usize = 192;
/// Largest side of a matrix whose singular values are taken while training goes.
const DECOMPOSED: usize = 512;

/// A matrix as a picture, with the lines of its blocks where neighbours are not joined.
fn picture(layer: &Layer, values: &[f32]) -> Grid {
    let (rows, columns) = (layer.outputs, layer.inputs);
    let (high, wide) = (rows.div_ceil(MOST), columns.div_ceil(MOST));
    let (shown_rows, shown_columns) = (rows.div_ceil(high), columns.div_ceil(wide));
    let mut means = Vec::with_capacity(shown_rows * shown_columns);
    for row in 0..shown_rows {
        for column in 0..shown_columns {
            let (mut sum, mut count) = (0.0, 0.0);
            for values in values.chunks_exact(columns).skip(row * high).take(high) {
                for value in values.iter().skip(column * wide).take(wide) {
                    (sum, count) = (sum + value, count + 1.0);
                }
            }
            means.push(sum / count);
        }
    }
    let block = match layer.kind {
        Kind::Bone(bone, _) => Some((bone.block(), bone.block())),
        Kind::Miss(miss) => Some((rows, miss.rank())),
        _ => None,
    };
    let names = |count: usize, step: usize| (0..count).map(|place| (place * step).to_string()).collect();
    Grid {
        rows: names(shown_rows, high),
        columns: names(shown_columns, wide),
        values: means,
        diverging: true,
        block: block.filter(|_| high == 1 && wide == 1),
        ..Grid::default()
    }
}

/// Name, picture and singular values of a matrix.
type Look = (String, Grid, Option<Curve>);

/// What the matrices of all layers look like, in the order of the layers; each is a piece of work of its own.
fn looks(layers: &[Layer], matrix: impl Fn(usize, &Layer) -> Vec<f32> + Sync) -> Result<Vec<Look>, RunError> {
    let one = |(number, layer): (usize, &Layer)| {
        let values = matrix(number, layer);
        Ok((layer.name.clone(), picture(layer, &values), singular(layer, &values)?))
    };
    layers.par_iter().enumerate().map(one).collect()
}

/// Shows the weights of the base, and names the matrices.
pub(super) fn weights(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let Some(arm) = &run.state.arm else { return Ok(()) };
    let base = &run.state.base.weights;
    let shown =
        looks(&arm.adapters.layers, |_, layer| base.get(layer.place.clone()).unwrap_or_default().to_vec())?;
    let names = shown.iter().map(|(name, ..)| (name.clone(), name.clone())).collect();
    run.choices(&ch::MATRICES, names);
    for (name, grid, values) in shown {
        run.show_only(&ch::WEIGHT.labelled(&name, &format!("W, {name}")), grid);
        if let Some(curve) = values {
            run.show_only(&ch::BASE_SPECTRA.labelled(&name, &format!("W, {name}")), curve);
        }
    }
    Ok(())
}

/// Singular values of a matrix over their number; `None` of a large one.
fn singular(layer: &Layer, values: &[f32]) -> Result<Option<Curve>, RunError> {
    if layer.outputs.max(layer.inputs) > DECOMPOSED {
        return Ok(None);
    }
    let matrix = dense(layer.outputs, layer.inputs, values).map_err(defect)?;
    let y = spectrum(&matrix).map_err(defect)?.singular_values;
    Ok(Some(Curve { x: (1..=y.len()).map(|place| place as f64).collect(), y, band: None }))
}

/// Shows all updates and their spectra.
pub(super) fn take(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let Some(arm) = &run.state.arm else { return Ok(()) };
    let base = &run.state.base.weights;
    let shown = looks(&arm.adapters.layers, |number, _| arm.delta_of(base, number))?;
    for (name, grid, values) in shown {
        run.show(&ch::DELTA.labelled(&name, &format!("ΔW, {name}")), grid);
        if let Some(curve) = values {
            run.show(&ch::SPECTRA.labelled(&name, &format!("ΔW, {name}")), curve);
        }
    }
    Ok(())
}
