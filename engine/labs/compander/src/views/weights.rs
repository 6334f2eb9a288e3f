//! Histograms of latent and effective weights of each layer over time.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view; a plain network has no function that would tell w from v.
pub(super) fn view(config: &Config) -> View<Config> {
    let channels: Vec<&dyn weightscope_frame::record::declared::Declaration> = if config.has_twin() {
        vec![&ch::WEIGHTS, &ch::LATENT, &ch::TWIN_WEIGHTS]
    } else {
        vec![&ch::WEIGHTS, &ch::LATENT]
    };
    View::new(ViewSpec {
        one_channel: true,
        with_start: true,
        x: AxisSpec::new("weight", "std of the initial weights"),
        y: AxisSpec::steps(),
        empty: "Histograms of the weights over time appear here. Press Run.".to_owned(),
        help: include_str!("../help/weights.md").to_owned(),
        ..ViewSpec::of("weights", "Weights", ViewKind::Ridge, &channels)
    })
}
