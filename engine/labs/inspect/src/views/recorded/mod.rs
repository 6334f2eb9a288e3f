//! Views of a recording and of event files. The tensor, the quantizer and the stretch that is looked at are controls of all of them:
//! nothing is read again to turn the quantizer.

mod distance;
mod histograms;
mod metrics;
mod ratio;
mod sessions;
mod shown;
mod statistics;
mod stretch;
mod switches;
mod trace;
mod weights;

use weightscope_frame::lab::View;

use crate::config::Config;

/// The control of the tensor that is looked at.
pub(super) const SUBJECT: &str = shown::TENSOR;

/// The views of a recording, in the order of the tiles.
pub(super) const RECORDING: [fn(&Config) -> View<Config>; 8] = [
    trace::view,
    weights::view,
    switches::view,
    metrics::view,
    ratio::view,
    distance::view,
    statistics::view,
    sessions::view,
];

/// The views of event files.
pub(super) const EVENTS: [fn(&Config) -> View<Config>; 2] = [metrics::view, histograms::view];
