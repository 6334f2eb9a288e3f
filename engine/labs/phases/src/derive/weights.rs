//! Weights of a cell's first network by layer, and the similarity of its seeds.

use super::cell::OpenCell;
use super::{channels as dc, picture};
use crate::method::pairs;
use crate::run::training::JUDGED;
use weightscope_frame::record::{Bars, Channel, Grid};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::cka::{Rows, linear};
use weightscope_population::Machine;

/// Bars of the histogram.
const BINS: usize = 60;

/// Weights stacked by layer.
pub(crate) fn histogram(cell: &OpenCell) -> Vec<Channel> {
    let Some(first) = cell.seeds.first() else { return Vec::new() };
    let largest = first.flat.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return Vec::new();
    }
    let largest = f64::from(largest);
    let width = 2.0 * largest / BINS as f64;
    let edges = (0..=BINS).map(|bin| -largest + width * bin as f64).collect();
    let matrices = cell.shape.tensors().into_iter().filter(|tensor| tensor.shape.len() == 2);
    let series = matrices
        .map(|tensor| {
            let mut counts = vec![0.0; BINS];
            for value in &first.flat[tensor.range] {
                let bin = ((f64::from(*value) + largest) / width) as usize;
                counts[bin.min(BINS - 1)] += 1.0;
            }
            (tensor.name.trim_end_matches(".weight").to_owned(), counts)
        })
        .collect();
    let bars = Bars { edges, labels: Vec::new(), series };
    vec![picture(&dc::WEIGHTS, bars)]
}

/// CKA of softmax outputs on mixed-up training rows, each seed with each.
pub(crate) fn similarity(cell: &OpenCell) -> Result<Vec<Channel>, RunError> {
    let mixed = &cell.material.training(&cell.knobs)?.mixed;
    let classes = cell.shape.outputs();
    let mut machine = Machine::new(&cell.shape, JUDGED);
    let mut outputs: Vec<Vec<f32>> = Vec::new();
    for seed in &cell.seeds {
        let logits = machine.outputs(&cell.packed(seed)?, mixed);
        outputs.push(pairs::softmax(&logits, classes).into_iter().map(|p| p as f32).collect());
    }
    let rows = |values| Rows { values, features: classes };
    let values = outputs
        .iter()
        .flat_map(|a| outputs.iter().map(|b| linear(rows(a), rows(b)).map_or(f32::NAN, |cka| cka as f32)))
        .collect();
    let names: Vec<String> = cell.seeds.iter().map(|seed| seed.seed.to_string()).collect();
    let grid =
        Grid { rows: names.clone(), columns: names, values, limits: Some((0.0, 1.0)), ..Grid::default() };
    Ok(vec![picture(&dc::SIMILARITY, grid)])
}
