//! Singular values of the change of one matrix.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{AxisScale, AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, curve, row, row_of, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("number", "").scale(AxisScale::Log),
        y: AxisSpec::new("singular value", "").scale(AxisScale::Log),
        channels: ["change", "before"].map(|name| ch::SHOWN.id(name)).to_vec(),
        dashed: vec![ch::SHOWN.id("before")],
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        empty:
            "Singular values of the change of the chosen matrix appear here; an unchanged tensor has none."
                .to_owned(),
        help: include_str!("../help/delta_spectrum.md").to_owned(),
        ..ViewSpec::of("delta_spectrum", "ΔW spectrum", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let row = row(job);
    let drawn = [("change", ch::DELTA_SPECTRA.id(), "ΔW"), ("before", ch::SPECTRA.id(), "W")];
    let curves = drawn.into_iter().map(|(member, id, words)| {
        let values = row_of(job.record, id, row).unwrap_or_default();
        let known = values.iter().filter(|value| value.is_finite() && **value > 0.0);
        let y: Vec<f64> = known.map(|value| f64::from(*value)).collect();
        let x: Vec<f64> = (1..=y.len()).map(|number| number as f64).collect();
        let none = if y.is_empty() { ": none" } else { "" };
        curve(member, &format!("{words}{none}"), x, y)
    });
    Ok(curves.collect())
}
