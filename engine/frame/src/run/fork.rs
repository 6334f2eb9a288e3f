//! Forking: a run that goes on from a checkpoint of another, with some settings changed.
//!
//! Contract: the child is a run like any other. Its folder holds the checkpoint it began with and the metric stream up to it,
//! so it needs its parent neither to go on nor to be repeated; its manifest names parent and step. The parent is only read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use weightscope_data::Read;

use super::check::{refuse_data, refuse_others};
use super::control::Control;
use super::error::RunError;
use super::event::Observer;
use super::worker::{Outcome, new_manifest, resume};
use crate::experiment::{Comments, Experiment, Problem, check, fork_problems, to_toml};
use crate::lab::Catalogue;
use crate::store::{self, Checkpoint, Manifest, Parent, RunFolder, Status, StoreError};

/// A fork to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkRequest {
    /// Folder of the parent, which may be in work.
    pub parent: PathBuf,
    /// Step of the checkpoint; `None` takes the newest.
    pub step: Option<u64>,
    /// What the child goes on with.
    pub experiment: Experiment,
    /// Where the child came from in words.
    pub origin: String,
    /// The child's folder; new or empty.
    pub place: PathBuf,
}

/// Makes the child and carries it out on this thread.
pub fn fork(
    catalogue: Catalogue,
    request: &ForkRequest,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    prepare(catalogue, request)?;
    resume(catalogue, &request.place, observer, control)
}

/// Makes the child and carries it out on a thread of its own.
pub fn spawn_fork(
    catalogue: Catalogue,
    request: ForkRequest,
    mut observer: Box<dyn Observer>,
    control: Arc<Control>,
) -> std::io::Result<JoinHandle<Result<Outcome, RunError>>> {
    std::thread::Builder::new()
        .name("run".to_owned())
        .spawn(move || fork(catalogue, &request, observer.as_mut(), &control))
}

/// Steps of the checkpoints of a run, increasing.
pub fn fork_steps(path: &Path) -> Vec<u64> {
    let mut steps: Vec<u64> =
        store::checkpoints(path).iter().filter_map(|file| store::checkpoint_step(file)).collect();
    if steps.is_empty() {
        steps.extend(store::read_manifest(path).ok().and_then(|manifest| manifest.parent).map(|at| at.step));
    }
    steps
}

/// Why the checkpoint of a run at a step cannot go on with these settings; empty where it can. Reads the checkpoint.
pub fn fork_refusals(experiment: &Experiment, parent: &Path, step: u64) -> Result<Vec<Problem>, RunError> {
    let (_, checkpoint) = find(parent, Some(step))?;
    experiment.method.fork_state(&checkpoint.state)
}

fn prepare(catalogue: Catalogue, request: &ForkRequest) -> Result<(), RunError> {
    let parent = store::read_manifest(&request.parent)?;
    let before = store::read_experiment(catalogue, &request.parent)?;
    let mut problems: Vec<Problem> = check(&request.experiment);
    problems.extend(fork_problems(&request.experiment, &before));
    problems.retain(Problem::is_error);
    if !problems.is_empty() {
        return Err(RunError::Problems(problems));
    }
    let mut kept = request.experiment.clone();
    kept.method.kept(&request.parent);
    let (data, expected) = still_read(&request.experiment, &before, &parent);
    refuse_others(&refuse_data(&kept)?, &expected, &data)?;
    let (file, checkpoint) = find(&request.parent, request.step)?;
    let problems = request.experiment.method.fork_state(&checkpoint.state)?;
    if !problems.is_empty() {
        return Err(RunError::Problems(problems));
    }
    let at = Parent { id: parent.id.clone(), step: checkpoint.marks.step };
    let metrics = store::metrics_file(&request.parent);
    let seeds = Seeds { file, metrics, checkpoint, files_of: Some(request.parent.clone()) };
    plant(&request.experiment, &request.origin, at, &seeds, &request.place)?;
    // The child goes on with the data of its parent.
    store::update_manifest(&request.place, |child| {
        (child.data, child.dataset_hash) = (data, parent.dataset_hash);
    })?;
    Ok(())
}

/// The data of the parent that the child reads too, and the hashes that it must find: all but those that a setting named which the fork
/// changes.
fn still_read(child: &Experiment, before: &Experiment, parent: &Manifest) -> (Vec<Read>, Vec<String>) {
    let named = |experiment: &Experiment| -> BTreeSet<String> {
        let values = experiment.settings().into_iter();
        values.filter_map(|(_, value)| value.as_str().map(|text| text.trim().to_owned())).collect()
    };
    let (now, then) = (named(child), named(before));
    let is_given_up = |read: &&Read| then.contains(&read.place) && !now.contains(&read.place);
    let given_up: Vec<&Read> = parent.data.iter().filter(is_given_up).collect();
    let data: Vec<Read> = parent.data.iter().filter(|read| !is_given_up(read)).cloned().collect();
    let is_expected = |hash: &String| {
        !given_up.iter().any(|read| read.hash == *hash) || data.iter().any(|read| read.hash == *hash)
    };
    let expected = parent.data_hashes().into_iter().filter(is_expected).collect();
    (data, expected)
}

/// What a fork grows from.
struct Seeds {
    file: PathBuf,
    metrics: PathBuf,
    checkpoint: Checkpoint,
    /// Whose files of the lab's own the child takes over; `None` makes it do their work again.
    files_of: Option<PathBuf>,
}

/// Makes the folder of a fork, ready to be resumed; a program that dies in between leaves an interrupted run.
fn plant(
    experiment: &Experiment,
    origin: &str,
    at: Parent,
    seeds: &Seeds,
    place: &Path,
) -> Result<(), RunError> {
    let folder = RunFolder::create(place, &to_toml(experiment, Comments::None), experiment)?;
    folder.plant(&seeds.file, &seeds.metrics, seeds.checkpoint.marks.metrics_bytes)?;
    if let Some(parent) = &seeds.files_of {
        experiment.method.carry_over(parent, place)?;
    }
    folder.log(&format!("forked from {} at step {}", at.id, at.step));
    let mut manifest = new_manifest(experiment, "", Some(place));
    manifest.status = Status::Interrupted;
    origin.clone_into(&mut manifest.origin);
    manifest.step = at.step;
    manifest.seconds = seeds.checkpoint.marks.seconds;
    manifest.parent = Some(at);
    folder.write_manifest(&manifest)?;
    Ok(())
}

/// Makes the same fork again inside its own folder, for [`verify`](super::verify()).
pub(super) fn plant_again(
    path: &Path,
    at: &Parent,
    experiment: &Experiment,
    place: &Path,
) -> Result<(), RunError> {
    let siblings = path.parent().map(|root| root.join(&at.id));
    let of_parent = siblings.iter().flat_map(|parent| store::checkpoints(parent));
    let candidates = std::iter::once(store::origin_checkpoint(path))
        .chain(of_parent.filter(|file| store::checkpoint_step(file) == Some(at.step)));
    for file in candidates.filter(|file| file.is_file()) {
        let Ok(checkpoint) = store::read_checkpoint(&file) else { continue };
        let seeds = Seeds { file, metrics: store::metrics_file(path), checkpoint, files_of: None };
        return plant(experiment, "verify", at.clone(), &seeds, place);
    }
    Err(RunError::OriginGone(path.to_owned()))
}

/// The checkpoint at a step, or the newest that can be read. One that vanishes while the parent goes on is passed over.
fn find(parent: &Path, step: Option<u64>) -> Result<(PathBuf, Checkpoint), RunError> {
    let files = store::checkpoints(parent);
    let kept: Vec<u64> = files.iter().filter_map(|file| store::checkpoint_step(file)).collect();
    let mut damage: Option<StoreError> = None;
    for file in files.into_iter().rev().chain([store::origin_checkpoint(parent)]) {
        let named = store::checkpoint_step(&file);
        if step.is_some() && named.is_some() && named != step || !file.is_file() {
            continue;
        }
        match store::read_checkpoint(&file) {
            Ok(checkpoint) if step.is_none_or(|step| checkpoint.marks.step == step) => {
                return Ok((file, checkpoint));
            }
            Ok(_) => {}
            Err(error) => damage = Some(error),
        }
    }
    match damage {
        Some(error) => Err(error.into()),
        None => Err(RunError::NoCheckpoint { step, kept, path: parent.to_owned() }),
    }
}
