//! Similarity of the layers of inherited, trained-on and trained-anew networks.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("layer of the second", ""),
        y: AxisSpec::new("layer of the first", ""),
        color: Some(AxisSpec::new("CKA", "").limits(0.0, 1.0)),
        empty: "The similarity of inherited, trained-on and trained-anew layers appears here at the end."
            .to_owned(),
        help: include_str!("../help/cka.md").to_owned(),
        ..ViewSpec::of("cka", "Similarity of layers", ViewKind::Panels, &[&ch::CKA])
    })
}
