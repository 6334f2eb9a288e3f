//! Histograms of the latent weights over time.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, Pick, Record, ReferenceAxis, ViewKind, ViewSpec};

use super::levels::level_lines;
use super::select;
use crate::channels as ch;
use crate::config::Config;

/// Histograms of the latent weights over time.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("latent weight", "steps"),
        y: AxisSpec::steps(),
        references: level_lines(config, ReferenceAxis::X),
        picks_into: Some("trace".to_owned()),
        empty: "Histograms of the latent weights over time appear here. Press Run.".to_owned(),
        help: include_str!("../help/latent_histogram.md").to_owned(),
        ..ViewSpec::of("latent_histogram", "Latent weights", ViewKind::Ridge, &[&ch::LATENT])
    })
    .clicked(click)
}

/// The traced weights of the layer inside the brushed range, or nearest to the click.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let layer = ch::LATENT.name(&pick.channel);
    select::by_value(record, layer, pick, |value| value)
}
