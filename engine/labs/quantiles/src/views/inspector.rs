//! One row: the quantile function of every model and of the chosen method, with the observation.

use super::controls;
use super::derived;
use super::draw::{axis, picture, saying, words};
use super::look::{self, Look};
use crate::channels as ch;
use crate::config::Config;
use crate::names::Method;
use crate::scores::Stage;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, Family, kinds::OfCurves, kinds::OfText};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};

/// Id of the view, to which clicks on the fan chart lead.
pub(super) const ID: &str = "inspector";

/// Quantile functions of the row, by method, and the observation.
const QUANTILES: Family<OfCurves> =
    Family::new("inspected", "quantile function", "", "Level over predicted quantile.");
/// The target, and which row.
const AXIS: Declared<OfText> = axis("inspected_axis/x");

/// The quantile functions of one row.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("target", "").named_by(AXIS.id()),
        agree: vec![ch::TEST_ROWS.id().to_owned()],
        y: AxisSpec::new("level", "").limits(0.0, 1.0),
        empty: "The quantile functions of one row appear here. Click a row in the fan chart.".to_owned(),
        help: include_str!("../help/inspector.md").to_owned(),
        ..derived(
            ID,
            "One row",
            ViewKind::Curve,
            &[&QUANTILES],
            &[controls::method(), controls::stage(), controls::row(), controls::units()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Quantile functions: value over level, the chosen method first, the observation as a level line.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let (row, chosen) = (look.row(), look.method());
    let taus = look.levels().values();
    let one = |method: Method, stage: Stage| {
        let q = look.predictions_of_row(method, row, stage)?;
        let curve = Curve { x: q.iter().map(|q| look.shown(*q)).collect(), y: taus.to_vec(), band: None };
        Some(picture(&QUANTILES.member(method.key()), method.name(), curve))
    };
    let mut channels: Vec<Channel> = one(chosen, look.stage()).into_iter().collect();
    let others = look.facts.base_models.iter().copied().map(Method::Base).filter(|method| *method != chosen);
    channels.extend(others.filter_map(|method| one(method, Stage::Sorted)));
    if let Some(y) = look.observations().get(row).map(|y| look.shown(*y)) {
        let curve = Curve { x: vec![y, y], y: vec![0.0, 1.0], band: None };
        let observed = picture(&QUANTILES.member("observed"), "observed", curve);
        channels.push(saying(observed, "The observation.".to_owned()));
    }
    channels.push(words(&AXIS, format!("{} of row {row}", look.target())));
    channels
}
