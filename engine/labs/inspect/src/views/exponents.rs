//! Exponents of the spectra over depth.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use super::shown::pick_row;
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let line = |value: f64, words: &str| {
        Reference::new(ReferenceAxis::Y, value, ReferenceStyle::Boundary).label(words)
    };
    View::new(ViewSpec {
        x: AxisSpec::new("place in the file", ""),
        y: AxisSpec::new("alpha", ""),
        color: Some(AxisSpec::new("distance D of the fit", "")),
        references: vec![line(2.0, "2"), line(6.0, "6")],
        empty: "The exponent of each matrix appears here with its singular values.".to_owned(),
        help: include_str!("../help/exponents.md").to_owned(),
        ..ViewSpec::of("exponents", "Exponents", ViewKind::Scatter, &[&ch::EXPONENTS, &ch::FEW])
    })
    .clicked(|_, _, pick| pick_row((pick.x + 0.5).floor()))
}
