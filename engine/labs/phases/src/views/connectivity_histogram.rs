//! Barriers of the cells beneath their threshold.

use weightscope_frame::lab::View;
use weightscope_frame::record::AxisSpec;

use super::histogram::{Threshold, spec};
use crate::config::Config;
use crate::control;
use crate::derive::channels as dc;
use crate::derive::histograms::{self, Counted};

const COUNTED: Counted = Counted {
    channel: dc::CONNECTIVITY_HISTOGRAM,
    value: |cell| cell.connectivity.map(|value| -value),
    logarithmic: false,
};

/// Barriers of the cells beneath their threshold.
pub(super) fn view(config: &Config) -> View<Config> {
    let x = AxisSpec::new("minus mode connectivity", "pp");
    let threshold = Threshold { control: control::CONNECTIVITY, value: config.threshold_connectivity };
    View::new(spec(config, ("connectivity_histogram", "Barriers of the cells"), &COUNTED, x, &threshold))
        .derived(|config, job| Ok(histograms::channels(config, job, &COUNTED)))
}
