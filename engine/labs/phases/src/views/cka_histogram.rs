//! Similarities of the seeds of the cells beneath their threshold.

use weightscope_frame::lab::View;
use weightscope_frame::record::AxisSpec;

use super::histogram::{Threshold, spec};
use crate::config::Config;
use crate::control;
use crate::derive::channels as dc;
use crate::derive::histograms::{self, Counted};

const COUNTED: Counted = Counted { channel: dc::CKA_HISTOGRAM, value: |cell| cell.cka, logarithmic: false };

/// Similarities of the seeds of the cells beneath their threshold.
pub(super) fn view(config: &Config) -> View<Config> {
    let x = AxisSpec::new("CKA", "");
    let threshold = Threshold { control: control::CKA, value: config.threshold_cka };
    View::new(spec(config, ("cka_histogram", "Similarity of the cells"), &COUNTED, x, &threshold))
        .derived(|config, job| Ok(histograms::channels(config, job, &COUNTED)))
}
