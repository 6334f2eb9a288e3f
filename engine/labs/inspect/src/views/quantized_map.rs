//! Quantization of all tensors at one look: one line a tensor, one column for each grouping and number of bits.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::shown::pick_row;
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("grouping, bits", ""),
        y: AxisSpec::new("tensor", ""),
        color: Some(AxisSpec::new("value", "")),
        tab_of: Some("bits".to_owned()),
        empty: "What 2 to 8 bits do to every tensor appears here. Press Run.".to_owned(),
        help: include_str!("../help/quantized_map.md").to_owned(),
        ..ViewSpec::of(
            "quantized_map",
            "Bits of all tensors",
            ViewKind::Grid,
            &[&ch::ERRORS, &ch::ZERO_LEVEL, &ch::BOUNDARY],
        )
    })
    .clicked(|_, _, pick| pick_row(pick.y))
}
