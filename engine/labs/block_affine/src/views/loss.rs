//! Training and validation loss, and the first hundred steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let dashed = if config.has_full_beside() { vec![ch::LOSS.id("full_train")] } else { Vec::new() };
    View::new(ViewSpec {
        // The loss of full fine-tuning is dashed in the colour of the first, that of the same batches.
        channels: [ch::TRAIN, ch::VALIDATION]
            .map(|name| ch::LOSS.id(name))
            .into_iter()
            .chain(dashed.clone())
            .collect(),
        y: AxisSpec::new("loss", "nat"),
        dashed,
        empty: "Training and validation loss appear here with the first steps. Press Run.".to_owned(),
        help: include_str!("../help/loss.md").to_owned(),
        ..ViewSpec::of("loss", "Loss", ViewKind::Lines, &[&ch::LOSS])
    })
}

/// The first hundred steps.
pub(super) fn first_steps(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("step of the training", "").limits(0.0, 100.0),
        y: AxisSpec::new("loss", "nat"),
        tab_of: Some("loss".to_owned()),
        empty: "The training loss of the first hundred steps appears here after ten of them.".to_owned(),
        help: include_str!("../help/loss.md").to_owned(),
        ..ViewSpec::of("loss_first_steps", "First 100 steps", ViewKind::Curve, &[&ch::FIRST_STEPS])
    })
}
