//! The weights of a decision with three or more options as a trail over their simplex.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let decisions = config.decisions();
    let channels = decisions.iter().filter(|decision| decision.options.len() > 2);
    View::new(ViewSpec {
        channels: channels.map(|decision| ch::WEIGHTS.id(&decision.name)).collect(),
        one_channel: true,
        empty: "The trail of the weights of a decision appears here. Press Run.".to_owned(),
        help: include_str!("../help/simplex.md").to_owned(),
        ..ViewSpec::of("simplex", "Simplex", ViewKind::Simplex, &[&ch::WEIGHTS])
    })
}
