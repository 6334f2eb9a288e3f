//! Magnitudes of the tensor over the training, from all its weights.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{AxisScale, AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::super::shown::curve;
use super::shown::{controls, derives, shown};
use crate::channels as ch;
use crate::config::Config;

/// Names and words of the curves, in the order in which they are recorded.
const CURVES: [(&str, &str); 3] =
    [("largest", "largest magnitude"), ("mean", "mean magnitude"), ("norm", "norm")];

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("magnitude", "").scale(AxisScale::Log),
        channels: CURVES.map(|(name, _)| ch::SHOWN.id(name)).to_vec(),
        controls: controls(config),
        derives: derives(),
        empty: "Norm and magnitudes of the tensor over the training appear here.".to_owned(),
        help: include_str!("../../help/recorded_statistics.md").to_owned(),
        ..ViewSpec::of("recorded_statistics", "Norms", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let curves = CURVES.iter().zip(&shown.of.track.tensor).map(|((name, words), series)| {
        let y = series.iter().map(|value| f64::from(*value)).collect();
        curve(name, words, shown.of.steps.clone(), y)
    });
    Ok(curves.collect())
}
