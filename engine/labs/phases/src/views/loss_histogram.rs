//! Training losses of the cells beneath their threshold.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec};

use super::histogram::{Threshold, spec};
use crate::config::Config;
use crate::control;
use crate::derive::channels as dc;
use crate::derive::histograms::{self, Counted};

const COUNTED: Counted =
    Counted { channel: dc::LOSS_HISTOGRAM, value: |cell| cell.train_loss, logarithmic: true };

/// Training losses of the cells beneath their threshold.
pub(super) fn view(config: &Config) -> View<Config> {
    let x = AxisSpec::new("train loss", "nat").scale(AxisScale::Log);
    let threshold = Threshold { control: control::TRAIN_LOSS, value: config.threshold_train_loss };
    View::new(spec(config, ("loss_histogram", "Train loss of the cells"), &COUNTED, x, &threshold))
        .derived(|config, job| Ok(histograms::channels(config, job, &COUNTED)))
}
