//! Which stage loses accuracy.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("accuracy", "").limits(0.0, 1.0),
        y: AxisSpec::new("", ""),
        note: Some(ch::FUNNEL_WORDS.id().to_owned()),
        empty: "Accuracy from the zoo over its reconstruction to generated networks appears here with the evaluation."
            .to_owned(),
        help: include_str!("../help/funnel.md").to_owned(),
        ..ViewSpec::of("funnel", "Funnel", ViewKind::Bars, &[&ch::FUNNEL])
    })
}
