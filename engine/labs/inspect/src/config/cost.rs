//! What a run will cost, from its settings alone: files are not opened for an estimate.

use weightscope_frame::experiment::Cost;

use super::{Config, Spectra};
use crate::files::Shipped;

/// The estimate. Of one's own file nothing is known before it is opened: its estimate is a model of 20 million parameters, the budget
/// at most.
pub(crate) fn cost(config: &Config) -> Cost {
    if !config.has_tensors() {
        // Numbers of a recording are held thinned, whatever its length.
        return Cost { parameters: None, steps: 1, memory_bytes: 120_000_000, seconds: 1.0 };
    }
    let small = Shipped::find(&config.model).is_some() && !config.follows();
    let (parameters, steps, seconds) = if small { (110_000, 60, 0.2) } else { (20_000_000, 200, 3.0) };
    let spectra = match config.spectra {
        Spectra::None => 0.0,
        _ if small => 0.05,
        Spectra::Auto => config.budget_seconds.min(5.0),
        Spectra::All => 5.0,
    };
    // Of one's own file it is a guess, for time and memory only.
    Cost {
        parameters: small.then_some(parameters),
        steps,
        memory_bytes: 40_000_000 + parameters * 4,
        seconds: seconds + spectra,
    }
}
