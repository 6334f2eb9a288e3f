//! Latent weights over their levels, step by step.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{
    ActionSpec, Acts, AxisSpec, Controls, Record, ReferenceAxis, ViewKind, ViewSpec,
};

use super::levels::{level_lines, level_range};
use super::select;
use crate::channels as ch;
use crate::config::Config;

/// The button that shows the weights with the most level changes.
const WORST: &str = "worst_twelve";

/// Latent weights over their levels, step by step.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: trace_axis(config),
        marks: Some(ch::FLIPS.id().to_owned()),
        shifts: Some(ch::FLIP_SHIFTS.id().to_owned()),
        references: level_lines(config, ReferenceAxis::Y),
        actions: vec![ActionSpec {
            id: WORST.to_owned(),
            label: "Worst twelve".to_owned(),
            about: "Shows the twelve traced weights with the most level changes.".to_owned(),
            acts: Acts::Always,
        }],
        picks_into: Some("trace".to_owned()),
        empty: "Latent weights over their levels appear here when quantized training begins. Press Run."
            .to_owned(),
        help: include_str!("../help/trace.md").to_owned(),
        ..ViewSpec::of("trace", "Oscillation trace", ViewKind::Trace, &[&ch::TRACE])
    })
    .buttons(button)
}

fn button(_: &Config, record: &Record, _: &Controls, button: &str) -> Picked {
    if button == WORST { select::most_flips(record, None, f64::INFINITY) } else { Picked::default() }
}

/// The levels with room on both sides: a step that nearly vanishes would otherwise stretch the axis to hundreds of steps.
fn trace_axis(config: &Config) -> AxisSpec {
    let axis = AxisSpec::new("latent weight", "steps");
    match level_range(config) {
        Some((low, high)) => axis.limits(low as f64 - 1.5, high as f64 + 1.5),
        None => axis,
    }
}
