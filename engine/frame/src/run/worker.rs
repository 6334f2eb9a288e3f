//! How an experiment is carried out: folder, device, thread, the one place where a panic is caught, and the orderly end.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::check::{refuse_data, refuse_others};
use super::context::{Context, Expected, Parts};
use super::control::Control;
use super::error::RunError;
use super::event::{Event, Observer};
use crate::device::{self, OpenDevice};
use crate::experiment::{Comments, Experiment, Problem, check, to_toml};
use crate::lab::{Catalogue, Method};
use crate::record::Record;
use crate::store::{self, Manifest, Marks, RunFolder, State, Status};

/// Where a run keeps what it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory only: nothing is written.
    Memory,
    /// This new or empty folder.
    New(PathBuf),
}

/// A run to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    /// What to run; a sweep must have been expanded.
    pub experiment: Experiment,
    /// The experiment as the person wrote it; `None` writes the experiment's settings.
    pub asked: Option<String>,
    /// Where it came from in words: a preset's name, a file's name.
    pub origin: String,
    /// Where it goes.
    pub place: Place,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it stands.
    pub status: Status,
    /// Why it failed.
    pub reason: Option<String>,
    /// Its folder.
    pub folder: Option<PathBuf>,
    /// Its final figures.
    pub results: BTreeMap<String, f64>,
    /// What some of them are of.
    pub results_of: BTreeMap<String, String>,
    /// Its record.
    pub record: Record,
}

/// Carries an experiment out on this thread. Errors before the first step are returned; later ones are the outcome.
pub fn run(
    request: &RunRequest,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    run_on(request, Expected::default(), observer, control)
}

/// The same with these data only.
pub(super) fn run_on(
    request: &RunRequest,
    expected_data: Expected,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    let experiment = request.experiment.resolved();
    let errors: Vec<Problem> = check(&experiment).into_iter().filter(Problem::is_error).collect();
    if !errors.is_empty() {
        return Err(RunError::Problems(errors));
    }
    refuse_data(&experiment)?;
    let device = device::open(experiment.device)?;
    let folder = match &request.place {
        Place::Memory => None,
        Place::New(path) => {
            let plain = to_toml(&experiment, Comments::None);
            let asked = request.asked.as_deref().unwrap_or(&plain);
            Some(RunFolder::create(path, asked, &experiment)?)
        }
    };
    let mut manifest = new_manifest(&experiment, &device.name, folder.as_ref().map(RunFolder::path));
    manifest.origin.clone_from(&request.origin);
    let start = Start {
        experiment: &experiment,
        device,
        manifest,
        record: Record::default(),
        resumed: None,
        expected_data,
    };
    carry_out(start, folder.as_ref(), observer, control)
}

/// How a stored run goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resuming {
    /// Where the data are now, if they were moved; their content must be that of the run.
    pub data: Option<String>,
    /// Go on although the data have changed; it is recorded.
    pub accept_changed_data: bool,
}

/// Goes on with a run from its newest checkpoint (or from the start, if it has none). Of a finished run nothing is left to do, and nothing
/// is touched.
pub fn resume(
    catalogue: Catalogue,
    path: &Path,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    resume_with(catalogue, path, &Resuming::default(), observer, control)
}

/// The same, with what a person says about the data.
pub fn resume_with(
    catalogue: Catalogue,
    path: &Path,
    how: &Resuming,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    let mut manifest = store::read_manifest(path)?;
    if manifest.status == Status::Done {
        let (stored, _) = store::read_run(catalogue, path)?;
        return Ok(Outcome {
            status: Status::Done,
            reason: None,
            folder: Some(path.to_owned()),
            results: stored.manifest.results,
            results_of: stored.manifest.results_of,
            record: stored.record,
        });
    }
    let mut experiment = store::read_experiment(catalogue, path)?;
    if let Some(place) = &how.data {
        experiment.name_data(place).map_err(|problem| RunError::Problems(vec![problem]))?;
    }
    experiment.method.kept(path);
    // Whatever is wrong with the data is said before anything of the run is touched.
    let read = refuse_data(&experiment)?;
    let expected_data =
        if how.accept_changed_data { Expected::default() } else { Expected::of(&manifest, &read) };
    refuse_others(&read, &expected_data.hashes, &manifest.data)?;
    manifest.data_changed |= how.accept_changed_data;
    let folder = RunFolder::open(path)?;
    let device = device::open(experiment.device)?;
    let (checkpoint, damaged) = folder.newest_checkpoint();
    for error in damaged {
        observer.on(Event::Warning(error.to_string()));
    }
    manifest.status = Status::Running;
    manifest.reason = None;
    manifest.device.clone_from(&device.name);
    if checkpoint.is_none() && manifest.parent.is_some() {
        return Err(RunError::OriginGone(path.to_owned()));
    }
    let start = match checkpoint {
        Some(mut checkpoint) => {
            // A fork at the checkpoint that it was made from: the figures are those of its parent.
            if manifest.parent.as_ref().is_some_and(|parent| parent.step == checkpoint.marks.step) {
                checkpoint.marks.results.clear();
                checkpoint.marks.results_of.clear();
            }
            Start {
                experiment: &experiment,
                device,
                manifest,
                record: checkpoint.record,
                resumed: Some((checkpoint.state, checkpoint.marks)),
                expected_data,
            }
        }
        None => Start {
            experiment: &experiment,
            device,
            manifest,
            record: Record::default(),
            resumed: None,
            expected_data,
        },
    };
    carry_out(start, Some(&folder), observer, control)
}

/// Carries an experiment out on a thread of its own.
pub fn spawn(
    request: RunRequest,
    mut observer: Box<dyn Observer>,
    control: Arc<Control>,
) -> std::io::Result<JoinHandle<Result<Outcome, RunError>>> {
    std::thread::Builder::new()
        .name("run".to_owned())
        .spawn(move || run(&request, observer.as_mut(), &control))
}

/// Goes on with a stored run on a thread of its own.
pub fn spawn_resume(
    catalogue: Catalogue,
    path: PathBuf,
    mut observer: Box<dyn Observer>,
    control: Arc<Control>,
) -> std::io::Result<JoinHandle<Result<Outcome, RunError>>> {
    std::thread::Builder::new()
        .name("run".to_owned())
        .spawn(move || resume(catalogue, &path, observer.as_mut(), &control))
}

/// Everything a run starts from.
struct Start<'a> {
    experiment: &'a Experiment,
    device: OpenDevice,
    manifest: Manifest,
    record: Record,
    resumed: Option<(State, Marks)>,
    /// Hashes of the data that the run began with; empty where any will do.
    expected_data: Expected,
}

fn carry_out(
    start: Start<'_>,
    folder: Option<&RunFolder>,
    observer: &mut dyn Observer,
    control: &Control,
) -> Result<Outcome, RunError> {
    let Start { experiment, device, mut manifest, mut record, resumed, expected_data } = start;
    let keep = resumed.as_ref().map(|(_, marks)| marks.metrics_bytes);
    let metrics = folder.map(|folder| folder.metrics(keep)).transpose()?;
    if let Some(folder) = folder {
        folder.write_manifest(&manifest)?;
        if resumed.is_some() {
            store::fill(&mut record, &store::read_metrics(folder.path())?);
        }
        folder.log(&format!("weightscope {} on {}: {}", crate::VERSION, device.name, experiment.lab()));
    }
    observer.on(Event::Started {
        folder: folder.map(|folder| folder.path().to_owned()),
        device: device.name.clone(),
    });
    let (declared, metrics_declared) = (experiment.method.channels(), experiment.method.metrics());
    let seed = experiment.seed;
    let parts = Parts {
        device,
        seed,
        control,
        observer,
        folder,
        metrics,
        record,
        resumed,
        declared,
        metrics_declared,
        expected_data,
    };
    let mut context = Context::new(parts);
    let result = in_pool(experiment.threads, || {
        catch_unwind(AssertUnwindSafe(|| experiment.method.run(&mut context)))
            .unwrap_or_else(|panic| Err(RunError::Defect(panic_text(panic.as_ref()))))
    });
    // A run that is called done has its last rows on the disk, not on their way to it.
    let result = result.and_then(|()| context.sync());
    let (status, reason) = match result {
        Ok(()) => (Status::Done, None),
        Err(RunError::Cancelled(_)) => (Status::Cancelled, Some(context.progress.reached())),
        Err(error) => (Status::Failed, Some(error.to_string())),
    };
    let reason = finish(&mut context, &experiment.method, folder, &mut manifest, status, reason);
    let status = manifest.status;
    context.publish(false);
    context.tell(Event::Ended { status, reason: reason.clone() });
    Ok(Outcome {
        status,
        reason,
        folder: folder.map(|folder| folder.path().to_owned()),
        results: manifest.results,
        results_of: manifest.results_of,
        record: context.record().clone(),
    })
}

/// Writes what the run leaves behind. If that fails, the run has failed, with the first reason kept.
fn finish(
    context: &mut Context<'_>,
    method: &Method,
    folder: Option<&RunFolder>,
    manifest: &mut Manifest,
    status: Status,
    reason: Option<String>,
) -> Option<String> {
    manifest.status = status;
    manifest.reason.clone_from(&reason);
    manifest.seconds = context.seconds();
    manifest.step = context.progress.step;
    manifest.steps = context.progress.steps;
    manifest.results.clone_from(&context.results);
    manifest.results_of.clone_from(&context.results_of);
    if !context.sources.read.is_empty() {
        (manifest.data, manifest.dataset_hash) = (context.sources.read.clone(), context.sources.hash());
    }
    manifest.ended = Some(now_text());
    let Some(folder) = folder else { return reason };
    let _ = context.flush();
    let written = folder
        .write_pictures(context.record())
        .and_then(|()| store::stream_hash(folder.path(), |channel| method.is_clock(channel)))
        .map(|hash| manifest.stream_hash = Some(hash));
    let written = written.and_then(|()| {
        manifest.files_hash = if status == Status::Done { Some(folder.write_hashes()?) } else { None };
        Ok(())
    });
    let failure = written.err().map(|error| error.to_string());
    if failure.is_some() && status == Status::Done {
        manifest.status = Status::Failed;
    }
    manifest.reason = reason.or(failure);
    if let Some(reason) = &manifest.reason {
        folder.log(&format!("{}: {reason}", manifest.status.word()));
    } else {
        folder.log(manifest.status.word());
    }
    let ended = manifest.clone();
    let written = store::update_manifest(folder.path(), |file| {
        let personal = std::mem::replace(file, ended);
        file.keep_personal(&personal);
    });
    // A manifest that cannot be read any more is replaced: the run knows better.
    match written.map(|_| ()).or_else(|_| folder.write_manifest(manifest)) {
        Ok(()) => manifest.reason.clone(),
        Err(error) => {
            if manifest.status == Status::Done {
                manifest.status = Status::Failed;
            }
            Some(manifest.reason.clone().unwrap_or_else(|| error.to_string()))
        }
    }
}

/// Threads of a run whose experiment leaves them open; 0 takes all cores.
static OPEN_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Says how many worker threads a run of this process takes whose experiment leaves them open (`threads = 0`): what a scheduler has
/// granted, or a share of the machine. It is no part of an experiment, and no number depends on it; 0 takes all cores.
pub fn set_open_threads(threads: usize) {
    OPEN_THREADS.store(threads, Ordering::Relaxed);
}

/// Runs the work with its own thread pool, so that runs side by side do not share one.
pub(super) fn in_pool<T: Send>(
    threads: u64,
    work: impl FnOnce() -> Result<T, RunError> + Send,
) -> Result<T, RunError> {
    let threads = match usize::try_from(threads).unwrap_or(0) {
        0 => OPEN_THREADS.load(Ordering::Relaxed),
        threads => threads,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("run pool {index}"))
        .build()
        .map_err(|error| RunError::Defect(format!("no thread pool: {error}")))?;
    pool.install(work)
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it left no message".to_owned())
}

pub(super) fn new_manifest(experiment: &Experiment, device: &str, folder: Option<&Path>) -> Manifest {
    let name = folder.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Manifest {
        id: name.unwrap_or_default(),
        status: Status::Running,
        lab: experiment.lab().to_owned(),
        seed: experiment.seed,
        version: crate::VERSION.to_owned(),
        device: device.to_owned(),
        started: now_text(),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        config_hash: config_hash(experiment),
        ..Manifest::default()
    }
}

/// blake3 of an experiment's settings; equal settings have equal hashes.
pub fn config_hash(experiment: &Experiment) -> String {
    blake3::hash(to_toml(experiment, Comments::None).as_bytes()).to_hex().to_string()
}

/// The clock, for the manifest only.
pub(crate) fn now_text() -> String {
    time::OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .ok()
        .and_then(|now| now.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}
