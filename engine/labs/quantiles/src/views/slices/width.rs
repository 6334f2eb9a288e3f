//! Width of the intervals and error of the median by slice.

use super::super::draw::picture;
use super::super::look::{self, Look};
use super::{Sliced, UNITS, spec};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfCurves};
use weightscope_frame::record::{AxisSpec, Channel, ViewKind, ViewSpec};

/// Mean width by slice.
const WIDTH: Declared<OfCurves> =
    Declared::new("slice_width", "mean width", "", "Mean width of the interval in the slice.");
/// Mean absolute error of the median by slice.
const ERROR: Declared<OfCurves> =
    Declared::new("slice_error", "mean |error|", "", "Mean absolute error of the median in the slice.");

/// Width of the intervals and error of the median by slice.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("width, error", "").named_by(UNITS.id()),
        ..spec("slice_width", "Width by slice", ViewKind::Curve, &[&WIDTH, &ERROR])
    })
    .derived(|config, job| look::at(config, job, channels))
}

fn channels(look: &Look<'_>) -> Vec<Channel> {
    let Some(sliced) = Sliced::new(look) else { return Vec::new() };
    let mut channels = vec![
        picture(&WIDTH, "mean width", sliced.curve(|one| one.width)),
        picture(&ERROR, "mean |error|", sliced.curve(|one| one.error)),
    ];
    channels.extend(sliced.axes(look));
    channels
}
