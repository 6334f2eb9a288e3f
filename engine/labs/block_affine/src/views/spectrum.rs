//! Singular values of the chosen matrix: of its update and of its weights.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisScale, AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::delta::{MATRIX, matrix};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("number", ""),
        y: AxisSpec::new("singular value", "").scale(AxisScale::Log),
        dashed: vec![ch::SPECTRUM.id("weights")],
        controls: vec![matrix()],
        derives: vec![MATRIX.to_owned()],
        empty: "Singular values of the chosen matrix appear here with the adaptation.".to_owned(),
        help: include_str!("../help/spectrum.md").to_owned(),
        ..ViewSpec::of("spectrum", "Spectrum", ViewKind::Curve, &[&ch::SPECTRUM])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(name) = job.controls.word(MATRIX) else { return Ok(Vec::new()) };
    let parts = [
        ("update", format!("ΔW, {name}"), ch::SPECTRA.id(name)),
        ("weights", format!("W, {name}"), ch::BASE_SPECTRA.id(name)),
    ];
    let shown = parts.into_iter().filter_map(|(member, label, id)| {
        let data = job.record.get(&id)?.data.clone();
        Some(Channel { data, ..ch::SPECTRUM.labelled(member, &label).channel() })
    });
    Ok(shown.collect())
}
