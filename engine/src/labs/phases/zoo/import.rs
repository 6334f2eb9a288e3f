//! A zoo from disk as a grid.

use crate::labs::phases::config::Config;
use crate::run::{Context, RunError};

/// Reads the folder of the settings.
pub(in crate::labs::phases) fn run(_config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    context.check()
}
