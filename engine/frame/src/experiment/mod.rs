//! What the user asks for: an [`Experiment`] of one lab, read from TOML, the command line or a form, checked, and expanded into runs.
//!
//! Contract: no file is read here and nothing is computed but the settings themselves; the same text always gives the same experiment.

mod check;
mod config;
mod cost;
mod document;
mod field;
mod fork;
mod next;
mod opened;
mod problem;
pub mod reading;
mod settings;
mod sweep;
mod unread;
mod value;
mod visit;

pub use check::check;
pub use config::{Experiment, SCHEMA, frame_mark};
pub use cost::{Cost, Spread};
pub use document::{Comments, to_toml};
pub use field::{Allowed, Choice, Field, Mark, Published, Range, Spacing, number};
pub(crate) use fork::changed_in_fork;
pub use fork::{differing, fork_problems, settings_of, unlike};
pub use next::Next;
pub use opened::opened;
pub use problem::{Problem, Severity};
pub use settings::Setting;
pub use sweep::{MOST_RUNS, Sweep, SweepRun, expand};
pub use unread::unread;
pub use value::{get, parse_typed, set};
pub use visit::{ChoiceValue, ChoicesValue, Choosable, Described, Section, Slot, Visitor};
