//! The progress of annealing or freezing.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::{Config, Remedy};

/// Free weights of annealing, or the frozen share.
pub(super) fn view(config: &Config) -> View<Config> {
    let (title, channel, label) = if config.remedy == Remedy::Cga {
        ("Annealing: free weights", &ch::FREE, "weights within the boundary range")
    } else {
        ("Freezing: frozen share", &ch::FROZEN, "frozen share")
    };
    View::new(ViewSpec {
        y: AxisSpec::new(label, ""),
        empty: "The progress of annealing or freezing appears here. Press Run.".to_owned(),
        help: include_str!("../help/annealing.md").to_owned(),
        ..ViewSpec::of("annealing", title, ViewKind::Lines, &[channel])
    })
}
