//! The gain over the twin of each seed, with mean and interval.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("seed", ""),
        y: AxisSpec::new("gain in test accuracy", ""),
        note: Some(ch::GAIN_WORDS.id().to_owned()),
        references: vec![Reference::new(ReferenceAxis::Y, 0.0, ReferenceStyle::Level).label("no gain")],
        overlays: vec![
            ch::GAIN_MEAN.id().to_owned(),
            ch::GAIN_LOW.id().to_owned(),
            ch::GAIN_HIGH.id().to_owned(),
        ],
        empty: "The gain of each seed over its twin appears here as repeats are done.".to_owned(),
        help: include_str!("../help/gain.md").to_owned(),
        ..ViewSpec::of("gain", "Gain over the twin", ViewKind::Scatter, &[&ch::GAIN])
    })
}
