//! What is wrong with an experiment, in words that say how to mend it.

use std::fmt;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The experiment runs, but probably not as meant.
    Warning,
    /// The experiment cannot run.
    Error,
}

/// One finding about one setting (or about two that contradict each other: then one problem for each).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Key of the setting; empty when the whole file is meant.
    pub key: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and why.
    pub message: String,
    /// What would be right, when that can be said.
    pub allowed: Option<String>,
}

impl Problem {
    /// An error without a list of allowed values.
    pub fn error(key: &str, message: impl Into<String>) -> Self {
        Self { key: key.to_owned(), severity: Severity::Error, message: message.into(), allowed: None }
    }

    /// A warning.
    pub fn warning(key: &str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(key, message) }
    }

    /// With the allowed values in words.
    #[must_use]
    pub fn allowing(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// True if the experiment cannot run because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if let Some(allowed) = &self.allowed {
            write!(f, " (allowed: {allowed})")?;
        }
        Ok(())
    }
}
