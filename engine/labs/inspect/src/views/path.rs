//! Norms, distances and exponents over the checkpoints.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{AxisScale, AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, by_training_step, stop, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("value", "").scale(AxisScale::Log),
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        actions: vec![stop()],
        empty:
            "Norms of the tensors, their distances to the first checkpoint and their exponents appear here."
                .to_owned(),
        help: include_str!("../help/path.md").to_owned(),
        ..ViewSpec::of(
            "path",
            "Path",
            ViewKind::Lines,
            &[&ch::FROM_FIRST, &ch::NORM, &ch::EXPONENT_PATH, &ch::FLIP_SHARE],
        )
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let ids = [ch::FROM_FIRST.id(), ch::NORM.id(), ch::EXPONENT_PATH.id(), ch::FLIP_SHARE.id()];
    let channels = ids.into_iter().filter_map(|id| job.record.get(id));
    Ok(channels.filter_map(|channel| by_training_step(job.record, channel)).collect())
}
