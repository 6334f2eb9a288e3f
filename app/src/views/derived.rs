//! Channels that follow from the record and the controls: the lab makes them, the views draw them like any other.

use std::path::Path;

use weightscope_engine::labs::{Derive, Method};
use weightscope_engine::record::{Channel, Controls, Record, ViewSpec};
use weightscope_engine::run::{Control, RunError};

/// The controls whose values a view shows or depends on.
pub fn control_ids(spec: &ViewSpec) -> Vec<String> {
    let own = spec.controls.iter().map(|control| control.id.clone());
    let lines = spec.references.iter().filter_map(|reference| reference.control.clone());
    own.chain(lines).chain(spec.derives.iter().cloned()).collect()
}

/// The derived channels of a view; none for a view without.
pub fn derived(
    method: &Method,
    spec: &ViewSpec,
    record: &Record,
    controls: &Controls,
    folder: Option<&Path>,
    control: &Control,
) -> Result<Vec<Channel>, RunError> {
    if spec.derives.is_empty() {
        return Ok(Vec::new());
    }
    method.derive(&Derive { view: &spec.id, record, controls, folder, control })
}

/// The record with the derived channels in place of those with their ids.
pub fn lay_over(record: &Record, derived: &[Channel]) -> Record {
    let mut record = record.clone();
    derived.iter().cloned().for_each(|channel| record.insert(channel));
    record
}
