//! Accuracy on training batches and test rows.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// Accuracy on training batches and test rows.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("accuracy", ""),
        empty: "Accuracy on training batches and test set, and that of the float teacher, appear here. Press Run.".to_owned(),
        help: include_str!("../help/accuracy.md").to_owned(),
        ..ViewSpec::of("accuracy", "Accuracy", ViewKind::Lines, &[&ch::ACCURACY_TRAIN, &ch::ACCURACY_TEST, &ch::ACCURACY_TEACHER])
    })
}
