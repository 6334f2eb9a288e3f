//! Coverage by slice.

use super::super::draw::{picture, saying};
use super::super::look::{self, Look};
use super::{Sliced, spec};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfCurves};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};

/// Coverage by slice.
const COVERAGE: Declared<OfCurves> = Declared::new(
    "slice_coverage",
    "coverage",
    "",
    "Share of test rows inside the interval, with 95 % Wilson intervals.",
);
/// The nominal coverage.
const NOMINAL: Declared<OfCurves> =
    Declared::new("slice_nominal", "nominal coverage", "", "Nominal coverage.");

/// Coverage by slice.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("coverage", "").limits(0.0, 1.0),
        overlays: vec![NOMINAL.id().to_owned()],
        ..spec("slice_coverage", "Coverage by slice", ViewKind::Curve, &[&COVERAGE])
    })
    .derived(|config, job| look::at(config, job, channels))
}

fn channels(look: &Look<'_>) -> Vec<Channel> {
    let Some(sliced) = Sliced::new(look) else { return Vec::new() };
    let percent = 100.0 * sliced.nominal();
    let band = Some((sliced.y(|one| one.low), sliced.y(|one| one.high)));
    let coverage = Curve { band, ..sliced.curve(|one| one.share) };
    let x = &coverage.x;
    let ends = vec![x.first().copied().unwrap_or(0.0), x.last().copied().unwrap_or(1.0)];
    let flat = Curve { x: ends, y: vec![sliced.nominal(); 2], band: None };
    let about = format!("Share of test rows inside the {percent:.0} % interval, with 95 % Wilson intervals.");
    let mut channels = vec![
        saying(picture(&COVERAGE, sliced.method.name(), coverage), about),
        picture(&NOMINAL, &format!("nominal, {percent:.0} %"), flat),
    ];
    channels.extend(sliced.axes(look));
    channels
}
