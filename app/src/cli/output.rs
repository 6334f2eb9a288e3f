//! Standard output and standard error. The only place that writes to either.

use std::io::{self, Write as _};

use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// One line on standard output. A reader that went away (a closed pipe) is no error of ours.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// One JSON object on standard output.
pub(super) fn json(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(value) {
        line(&text);
    }
}

/// One line on standard error.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error on standard error, with its causes.
pub(super) fn error(error: &anyhow::Error) {
    note(&format!("error: {error:#}"));
}

/// Sends log lines to standard error; graphics libraries are too chatty below warnings.
pub(super) fn start_log(quiet: bool) {
    let default = if quiet { "error" } else { "warn,weightscope=info" };
    let filter = EnvFilter::try_from_env("WEIGHTSCOPE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .try_init();
}
