//! Training curves of nets and aggregators, over their own steps: three views that differ in the loss alone.

use crate::channels as ch;
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Family, kinds::OfCurves};
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

/// Validation losses, training losses, crossing penalties.
pub(super) fn views() -> [View<Config>; 3] {
    [
        view("validation_loss", "Validation losses", &ch::CURVE_VALIDATION, "pinball loss"),
        view("training_loss", "Training losses", &ch::CURVE_TRAIN, "loss"),
        view("crossing_loss", "Crossing penalties", &ch::CURVE_CROSSING, "penalty"),
    ]
}

fn view(id: &str, title: &str, curves: &Family<OfCurves>, loss: &str) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new(loss, ""),
        empty: format!("{title} of nets and aggregators appear here while they train. Press Run."),
        help: include_str!("../help/training.md").to_owned(),
        ..ViewSpec::of(id, title, ViewKind::Curve, &[curves])
    })
}
