//! Weights: model × level at a place of the table, along a feature, their entropy, and the linear program's optimum beside them.

use burn::tensor::Device;

use super::look::{Look, axis, grid, ids, short};
use crate::base::Matrix;
use crate::channels::{self as ch, channel, only};
use crate::ensemble::{Aggregator, Combined};
use crate::method::aggregate::{Resolution, Shape};
use crate::names::name;
use weightscope_frame::record::{Channel, Curve, Data, GROUP_SEPARATOR, Grid};
use weightscope_math::stats::order;

/// Weights model × output level.
pub(super) const MAP: &str = "weights";
/// Weights model and input level × output level, for fine families.
pub(super) const FINE: &str = "weights_fine";
/// Weights of the linear program's optimum.
pub(super) const OPTIMUM: &str = "weights_optimum";
/// Family: mean weight of a model along the feature.
pub(super) const ALONG: &str = "weights_along/";
/// Entropy of the weights, by output level.
pub(super) const ENTROPY: &str = "weights_entropy";

/// Whose weights these are, and where.
pub(super) const AXIS: &str = "weights_axis/x";
/// The feature.
pub(super) const AXIS_ALONG: &str = "weights_along_axis/x";

/// Places along the feature.
const PLACES: usize = 41;

/// The aggregator that is looked at, with what it needs to give its weights.
struct Weighted {
    aggregator: Aggregator,
    shape: Shape,
    combined: Combined,
}

fn weighted(look: &Look<'_>) -> Option<Weighted> {
    let name = look.controls.word(ids::WEIGHTED)?;
    let aggregator = Aggregator::by_key(name)?;
    let resolution = aggregator.resolution()?;
    let shape = Shape { models: look.meta.base_models.len(), levels: look.levels.len(), resolution };
    let word = resolution.key().to_owned();
    let combined = if aggregator.is_local() {
        let network = grid(look.record, &format!("{}{name}", ch::NETWORK))?;
        let widths = network.columns.iter().filter_map(|width| width.parse().ok()).collect();
        Combined::Local { resolution: word, widths, values: network.values.clone() }
    } else {
        let weights = grid(look.record, &format!("{}{name}", ch::TABLE))?.values.clone();
        Combined::Table { resolution: word, weights }
    };
    Some(Weighted { aggregator, shape, combined })
}

impl Weighted {
    /// Weights at rows of features: for each, model × output level, input levels summed.
    fn at(&self, x: &Matrix) -> Vec<Vec<f32>> {
        let (models, levels) = (self.shape.models, self.shape.levels);
        let mut found: Vec<Vec<f32>> = Vec::new();
        self.combined
            .tables(x, models, levels, &Device::flex(), |_, shape, table| found.push(by_model(shape, table)));
        // A global table comes once for all rows.
        while !found.is_empty() && found.len() < x.rows() {
            found.push(found[0].clone());
        }
        found
    }
}

/// A table as model × output level.
fn by_model(shape: Shape, table: &[f32]) -> Vec<f32> {
    let m = shape.levels;
    match shape.resolution {
        Resolution::Coarse => table.iter().flat_map(|weight| std::iter::repeat_n(*weight, m)).collect(),
        Resolution::Medium => table.to_vec(),
        Resolution::Fine => {
            let mut out = vec![0.0; shape.models * m];
            for (row, weights) in table.chunks_exact(m).enumerate() {
                let model = row / m;
                out[model * m..(model + 1) * m]
                    .iter_mut()
                    .zip(weights)
                    .for_each(|(sum, weight)| *sum += weight);
            }
            out
        }
    }
}

/// The row of features that is looked at: medians, with the chosen feature at its quantile `place`.
fn place(look: &Look<'_>, share: f64) -> Vec<f32> {
    let column_values = |column: usize| -> Vec<f64> {
        (0..look.count()).map(|row| f64::from(look.features(row)[column])).collect()
    };
    let slice = look.slice();
    let value = |column: usize| {
        let tau = if column == slice { share } else { 0.5 };
        order::quantiles(&column_values(column), &[tau])[0] as f32
    };
    (0..look.meta.features.len()).map(value).collect()
}

/// The map at the chosen place, the optimum, the entropy.
pub(super) fn map(look: &Look<'_>) -> Vec<Channel> {
    let Some(weighted) = weighted(look) else { return Vec::new() };
    let share = look.controls.number(ids::PLACE).unwrap_or(0.5);
    let x = Matrix { columns: look.meta.features.len(), values: place(look, share) };
    let Some(values) = weighted.at(&x).into_iter().next() else { return Vec::new() };
    let m = look.levels.len();
    let entropy: Vec<f64> = (0..m)
        .map(|level| {
            let terms = values.iter().skip(level).step_by(m).map(|weight| f64::from(*weight));
            terms.filter(|weight| *weight > 0.0).map(|weight| -weight * weight.ln()).sum()
        })
        .collect();
    let label = weighted.aggregator.label();
    let mut channels = vec![
        channel(
            MAP,
            label,
            "",
            "Weight of each model at each output level; a column adds up to one.",
            Data::Grid(only(0, named(look, values))),
        ),
        channel(
            ENTROPY,
            label,
            "nat",
            "Entropy of the models' weights at each level; 0 trusts one model, ln p trusts all alike.",
            Data::Curve(only(0, Curve { x: look.levels.values().to_vec(), y: entropy, band: None })),
        ),
    ];
    channels.extend(optimum(look, weighted.shape.resolution));
    channels.push(axis(AXIS, whose(look, &weighted, share)));
    channels
}

/// What stands below a map: whose weights, and at which place if they depend on it.
fn whose(look: &Look<'_>, weighted: &Weighted, share: f64) -> String {
    let label = weighted.aggregator.label();
    if !weighted.aggregator.is_local() {
        return format!("output level · {label}");
    }
    let column = look.slice();
    let value = look.in_units(column, place(look, share)[column]);
    format!("output level · {label} at {} = {}", look.meta.features[column], short(value))
}

fn named(look: &Look<'_>, values: Vec<f32>) -> Grid {
    let columns = look.levels.values().iter().map(|tau| format!("{tau:.2}")).collect();
    let rows = look.meta.base_models.iter().map(|word| name(word).to_owned()).collect();
    Grid { rows, columns, values, limits: Some((0.0, 1.0)), ..Grid::default() }
}

fn optimum(look: &Look<'_>, resolution: Resolution) -> Option<Channel> {
    let id = match resolution {
        Resolution::Coarse => ch::BOUND_COARSE,
        Resolution::Medium => ch::BOUND_MEDIUM,
        Resolution::Fine => return None,
    };
    let shape = Shape { models: look.meta.base_models.len(), levels: look.levels.len(), resolution };
    let values = by_model(shape, &grid(look.record, id)?.values);
    let about = "Weights of the exact optimum on the out-of-fold rows, by linear programming.";
    Some(channel(OPTIMUM, "linear-program optimum", "", about, Data::Grid(only(0, named(look, values)))))
}

/// The whole table of a fine family at the chosen place: model and input level × output level.
pub(super) fn fine(look: &Look<'_>) -> Vec<Channel> {
    let Some(weighted) = weighted(look).filter(|weighted| weighted.shape.resolution == Resolution::Fine)
    else {
        return Vec::new();
    };
    let share = look.controls.number(ids::PLACE).unwrap_or(0.5);
    let x = Matrix { columns: look.meta.features.len(), values: place(look, share) };
    let mut table = Vec::new();
    let (models, levels) = (weighted.shape.models, weighted.shape.levels);
    weighted.combined.tables(&x, models, levels, &Device::flex(), |_, _, values| table = values.to_vec());
    let columns: Vec<String> = look.levels.values().iter().map(|tau| format!("{tau:.2}")).collect();
    let rows =
        look.meta.base_models.iter().flat_map(|model| {
            columns.iter().map(move |tau| format!("{}{GROUP_SEPARATOR}{tau}", name(model)))
        });
    let most = table.iter().fold(0.0_f32, |most, weight| most.max(*weight));
    let limits = Some((0.0, f64::from(most)));
    let grid =
        Grid { rows: rows.collect(), columns: columns.clone(), values: table, limits, ..Grid::default() };
    let about = "Weight of each model's input level in each output level; a column adds up to one.";
    let words = whose(look, &weighted, share);
    vec![channel(FINE, weighted.aggregator.label(), "", about, Data::Grid(only(0, grid))), axis(AXIS, words)]
}

/// Mean weight of each model along the chosen feature, the others at their medians.
pub(super) fn along(look: &Look<'_>) -> Vec<Channel> {
    let Some(weighted) = weighted(look) else { return Vec::new() };
    let columns = look.meta.features.len();
    let middle = place(look, 0.5);
    let slice = look.slice();
    let of_slice: Vec<f64> = (0..look.count()).map(|row| f64::from(look.features(row)[slice])).collect();
    let shares: Vec<f64> = (0..PLACES).map(|place| place as f64 / (PLACES - 1) as f64).collect();
    let along = order::quantiles(&of_slice, &shares);
    let mut values = Vec::with_capacity(PLACES * columns);
    for value in &along {
        let mut row = middle.clone();
        row[slice] = *value as f32;
        values.extend(row);
    }
    let tables = weighted.at(&Matrix { columns, values });
    let x: Vec<f64> = along.iter().map(|value| look.in_units(slice, *value as f32)).collect();
    let m = look.levels.len();
    let one = |(model, word): (usize, &String)| {
        let mean = |table: &Vec<f32>| {
            table[model * m..(model + 1) * m].iter().map(|weight| f64::from(*weight)).sum::<f64>() / m as f64
        };
        let curve = Curve { x: x.clone(), y: tables.iter().map(mean).collect(), band: None };
        channel(
            &format!("{ALONG}{word}"),
            name(word),
            "",
            "Mean weight over the levels along the feature, the other features at their medians.",
            Data::Curve(only(0, curve)),
        )
    };
    let mut channels: Vec<Channel> = look.meta.base_models.iter().enumerate().map(one).collect();
    let words = format!("{} · {}", look.meta.features[slice], weighted.aggregator.label());
    channels.push(axis(AXIS_ALONG, words));
    channels
}
