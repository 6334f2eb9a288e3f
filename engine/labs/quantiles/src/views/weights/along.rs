//! Mean weight of each model along a feature.

use super::super::draw::{axis, picture, words};
use super::super::look::{self, Look};
use super::{EMPTY, HELP, Weighted, place};
use crate::base::{Kind, Matrix};
use crate::config::Config;
use crate::names::Method;
use crate::views::controls;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, Family, kinds::OfCurves, kinds::OfText};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};
use weightscope_math::stats::order;

/// Mean weight along the feature, by model.
const ALONG: Family<OfCurves> = Family::new(
    "weights_along",
    "mean weight",
    "",
    "Mean weight over the levels along the feature, the other features at their medians.",
);
/// The feature.
const AXIS_ALONG: Declared<OfText> = axis("weights_along_axis/x");

/// Places along the feature.
const PLACES: usize = 41;

/// Mean weight of each model along a feature.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("feature", "").named_by(AXIS_ALONG.id()),
        y: AxisSpec::new("mean weight", "").limits(0.0, 1.0),
        empty: EMPTY.to_owned(),
        help: HELP.to_owned(),
        ..super::super::derived(
            "weights_along",
            "Weights along a feature",
            ViewKind::Curve,
            &[&ALONG],
            &[controls::weighted(), controls::slice()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Mean weight of each model along the chosen feature, the others at their medians.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let Some(weighted) = Weighted::new(look) else { return Vec::new() };
    let columns = look.facts.features.len();
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
    let m = look.levels().len();
    let one = |(model, kind): (usize, &Kind)| {
        let mean = |table: &Vec<f32>| {
            table[model * m..(model + 1) * m].iter().map(|weight| f64::from(*weight)).sum::<f64>() / m as f64
        };
        let curve = Curve { x: x.clone(), y: tables.iter().map(mean).collect(), band: None };
        picture(&ALONG.member(kind.key()), Method::Base(*kind).name(), curve)
    };
    let mut channels: Vec<Channel> = look.facts.base_models.iter().enumerate().map(one).collect();
    let feature = &look.facts.features[slice].name;
    channels.push(words(&AXIS_ALONG, format!("{feature} · {}", weighted.aggregator.label())));
    channels
}
