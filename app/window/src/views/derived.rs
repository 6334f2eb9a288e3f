//! Channels that follow from the record and the controls: the lab makes them, the views draw them like any other.

use std::path::PathBuf;

use weightscope_frame::lab::{Catalogue, Derive, Method, Peer};
use weightscope_frame::record::{Channel, Controls, Record, ViewSpec};
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store;

use crate::naming::{self, Namer};

/// The controls whose values a view shows or depends on.
pub fn control_ids(spec: &ViewSpec) -> Vec<String> {
    let own = spec.controls.iter().map(|control| control.id.clone());
    let lines = spec.references.iter().filter_map(|reference| reference.control.clone());
    let handles = spec.handles.iter().flat_map(|handle| [&handle.x, &handle.y]);
    let handles = handles.filter_map(|coordinate| coordinate.control_id().map(str::to_owned));
    own.chain(lines).chain(handles).chain(spec.derives.iter().cloned()).collect()
}

/// The derived channels of a view; none for a view without.
pub fn derived(method: &Method, spec: &ViewSpec, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    if spec.is_derived() { method.derive(job) } else { Ok(Vec::new()) }
}

/// Runs whose channels are derived beside those of the run that is shown; the work of more would not be bounded.
const MOST_BESIDE: usize = 8;

/// How many of the runs beside the first are drawn, where those are not all.
pub(super) fn left_out(spec: &ViewSpec, runs: usize) -> Option<String> {
    let beside = runs.saturating_sub(1);
    let is_cut = spec.is_derived() && super::draws_several(spec) && beside > MOST_BESIDE;
    is_cut.then(|| format!("{MOST_BESIDE} of {beside} ticked runs are drawn: no more are computed"))
}

/// The derived channels of runs beside the one that is shown, by folder, for a view that draws several runs. A run of another
/// lab, or one of which nothing can be derived, is left out. Reads files.
pub fn derived_beside(
    method: &Method,
    spec: &ViewSpec,
    runs: &[(PathBuf, Record)],
    controls: &Controls,
    control: &Control,
) -> Vec<(PathBuf, Vec<Channel>)> {
    if !spec.is_derived() || !super::draws_several(spec) {
        return Vec::new();
    }
    let derive = |(folder, record): &(PathBuf, Record)| {
        let own = store::read_experiment(method.catalogue(), folder)
            .ok()
            .filter(|own| own.lab() == method.name())?;
        let job =
            Derive { folder: Some(folder.as_path()), ..Derive::new(&spec.id, record, controls, control) };
        Some((folder.clone(), own.method.derive(&job).ok()?))
    };
    runs.iter().take(MOST_BESIDE).filter_map(derive).collect()
}

/// Runs beside the one that is shown, for a view across runs; what cannot be read is left out. Reads files.
pub fn peers(catalogue: Catalogue, spec: &ViewSpec, folders: &[PathBuf]) -> Vec<Peer> {
    let wanted = folders.iter().filter(|_| spec.across);
    let mut namer = Namer::new(catalogue);
    let peers = wanted.filter_map(|folder| {
        let manifest = store::read_manifest(folder).ok()?;
        let experiment = store::read_experiment(catalogue, folder).ok()?;
        let name = namer.name(&manifest, &naming::table(&experiment));
        Some(Peer { id: manifest.id, name, folder: folder.clone(), experiment })
    });
    peers.collect()
}

/// Channels that say of which peer they are, with the place of its folder among those that were asked for: what could not be read is no peer.
pub fn place(channels: &mut [Channel], peers: &[Peer], folders: &[PathBuf]) {
    for channel in channels {
        let peer = channel.run.filter(|run| *run > 0).map(|run| peers.get(run - 1));
        if let Some(peer) = peer {
            let found = peer.and_then(|peer| folders.iter().position(|folder| *folder == peer.folder));
            channel.run = found.map(|place| place + 1);
        }
    }
}

/// The record with the derived channels in place of those with their ids.
pub fn lay_over(record: &Record, derived: &[Channel]) -> Record {
    let mut record = record.clone();
    derived.iter().cloned().for_each(|channel| record.insert(channel));
    record
}

#[cfg(test)]
mod tests {
    use weightscope_engine::CATALOGUE;
    use weightscope_frame::experiment::Experiment;
    use weightscope_frame::record::Data;

    use super::*;

    #[test]
    fn peers_are_found_among_all_runs_although_some_could_not_be_read() {
        let folders = ["a", "b", "c"].map(PathBuf::from);
        // The first could not be read.
        let peer = |folder: &PathBuf| Peer {
            id: String::new(),
            name: String::new(),
            folder: folder.clone(),
            experiment: Experiment::new(CATALOGUE.first()),
        };
        let peers: Vec<Peer> = folders.iter().skip(1).map(peer).collect();
        let channel = |run| Channel { run, ..Channel::new("x", "x", "", "", Data::Text(String::new())) };
        let mut channels = [Some(0), Some(1), Some(2), Some(3), None].map(channel);
        place(&mut channels, &peers, &folders);
        assert_eq!(channels.map(|channel| channel.run), [Some(0), Some(2), Some(3), None, None]);
    }
}
