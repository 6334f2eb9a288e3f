//! What a view asks of its lab: channels that follow from a record, and what a click selects.

use std::path::{Path, PathBuf};

use crate::experiment::{Experiment, Next};
use crate::record::{Channel, ControlValue, Controls, Record};
use crate::run::Control;

/// What a click or a button selects, as its view reads it from the record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picked {
    /// Identities of components of a vector channel, most telling first.
    pub ids: Vec<u64>,
    /// Name of the group (a layer) of which a running lab should follow more components.
    pub group: Option<String>,
    /// Controls that the click turns: the cell or the row that is looked at.
    pub controls: Vec<(String, ControlValue)>,
    /// The view that shows what was picked; it comes to the front of its tabs.
    pub shown_in: Option<String>,
    /// Settings with typed values that a fork of the run is to go on with: the form takes them, and the fork is offered.
    pub fork: Vec<(&'static str, String)>,
    /// What is to be run next: the runs join the queue, and are laid over the run as they end.
    pub next: Option<Next>,
}

/// A run beside the one that is shown, for views across runs.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What was run.
    pub experiment: Experiment,
}

/// What a view asks of its lab when it needs channels that follow from the record and the controls.
#[derive(Clone, Copy)]
pub struct Derive<'a> {
    /// The view.
    pub view: &'a str,
    /// What was measured.
    pub record: &'a Record,
    /// The controls, all of them set.
    pub controls: &'a Controls,
    /// What people call the run; empty where nobody has named it.
    pub name: &'a str,
    /// The run folder, if the run has one.
    pub folder: Option<&'a Path>,
    /// Ends the work when its result is no longer wanted.
    pub control: &'a Control,
    /// The other runs, for a view across runs; empty for every other view.
    pub peers: &'a [Peer],
    /// Takes channels of a coarser result, to be shown until the work is done; `None` if nobody looks meanwhile.
    pub partial: Option<&'a dyn Fn(Vec<Channel>)>,
}

impl<'a> Derive<'a> {
    /// A job without folder, other runs and onlookers.
    pub fn new(view: &'a str, record: &'a Record, controls: &'a Controls, control: &'a Control) -> Self {
        Self { view, record, controls, name: "", folder: None, control, peers: &[], partial: None }
    }
}
