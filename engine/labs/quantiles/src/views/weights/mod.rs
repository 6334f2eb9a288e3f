//! Weights of the models in an aggregator: at a place of the table, along a feature, their entropy, and the linear program's optimum.

mod along;
mod entropy;
mod fine;
mod map;
mod optimum;

use burn::tensor::Device;

use super::controls::{self, ids};
use super::draw::{axis, short};
use super::look::{Look, grid, newest};
use crate::base::Matrix;
use crate::channels as ch;
use crate::config::Config;
use crate::ensemble::{Aggregator, Combined};
use crate::method::aggregate::{Resolution, Shape};
use crate::names::Method;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfGrids, kinds::OfText};
use weightscope_frame::record::{AxisSpec, Cell, ControlSpec, Grid, Record, ViewKind, ViewSpec};
use weightscope_math::stats::order;

/// Whose weights these are, and where.
const AXIS: Declared<OfText> = axis("weights_axis/x");
/// What stands in the tiles before there are weights.
const EMPTY: &str = "Weights of the models appear here when aggregators are trained. Press Run.";
/// What the views plot and how to read them.
const HELP: &str = include_str!("../../help/weights.md");

/// The views of the weights; none for a run whose aggregators have no table of weights.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    if config.aggregators.iter().all(|one| one.resolution().is_none()) {
        return Vec::new();
    }
    vec![map::view(), fine::view(config), optimum::view(), along::view(), entropy::view()]
}

/// The controls of the maps.
fn controls() -> [ControlSpec; 3] {
    [controls::weighted(), controls::slice(), controls::place()]
}

/// The specification of a map of weights.
fn map_spec(id: &str, title: &str, channel: &Declared<OfGrids>, empty: &str) -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("output level", "").named_by(AXIS.id()),
        y: AxisSpec::default(),
        color: Some(AxisSpec::new("weight", "")),
        empty: empty.to_owned(),
        help: HELP.to_owned(),
        ..super::derived(id, title, ViewKind::Grid, &[channel], &controls())
    }
}

/// The aggregator that is looked at, with what it needs to give its weights.
struct Weighted {
    aggregator: Aggregator,
    shape: Shape,
    combined: Combined,
}

impl Weighted {
    /// `None` while the aggregator that is looked at has no weights.
    fn new(look: &Look<'_>) -> Option<Self> {
        let aggregator: Aggregator = controls::chosen(look.controls.word(ids::WEIGHTED)?)?;
        let resolution = aggregator.resolution()?;
        let shape = Shape { models: look.facts.base_models.len(), levels: look.levels().len(), resolution };
        let combined = if aggregator.is_local() {
            let values = grid(look.record, &ch::NETWORK.id(aggregator.key()))?.values.clone();
            Combined::Local { resolution, widths: widths(look.record, aggregator)?, values }
        } else {
            let weights = grid(look.record, &ch::TABLE.id(aggregator.key()))?.values.clone();
            Combined::Table { resolution, weights }
        };
        Some(Self { aggregator, shape, combined })
    }

    /// Weights at the place that is looked at, model × output level.
    fn here(&self, look: &Look<'_>) -> Option<Vec<f32>> {
        let values = place(look, chosen_place(look));
        self.at(&Matrix { columns: look.facts.features.len(), values }).into_iter().next()
    }

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

/// Widths of the network that gives an aggregator's weights.
fn widths(record: &Record, aggregator: Aggregator) -> Option<Vec<usize>> {
    if let Some(table) = newest(record, &ch::WIDTHS.member(aggregator.key())) {
        let width = |row: &Vec<Cell>| match row.as_slice() {
            [Cell::Number(width)] => Some(*width as usize),
            _ => None,
        };
        return table.rows.iter().map(width).collect();
    }
    // Runs of older programs keep them as names of the columns.
    let network = grid(record, &ch::NETWORK.id(aggregator.key()))?;
    network.columns.iter().map(|width| width.parse().ok()).collect()
}

/// Quantile of the feature that is looked at.
fn chosen_place(look: &Look<'_>) -> f64 {
    look.controls.number(ids::PLACE).unwrap_or(controls::FIRST_PLACE)
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
    (0..look.facts.features.len()).map(value).collect()
}

/// What stands below a map: whose weights, and at which place if they depend on it.
fn whose(look: &Look<'_>, weighted: &Weighted) -> String {
    let label = weighted.aggregator.label();
    if !weighted.aggregator.is_local() {
        return format!("output level · {label}");
    }
    let column = look.slice();
    let value = look.in_units(column, place(look, chosen_place(look))[column]);
    format!("output level · {label} at {} = {}", look.facts.features[column].name, short(value))
}

/// Weights model × output level as a map.
fn named(look: &Look<'_>, values: Vec<f32>) -> Grid {
    let columns = look.levels().values().iter().map(|tau| format!("{tau:.2}")).collect();
    let rows = look.facts.base_models.iter().map(|kind| Method::Base(*kind).name().to_owned()).collect();
    Grid { rows, columns, values, limits: Some((0.0, 1.0)), ..Grid::default() }
}
