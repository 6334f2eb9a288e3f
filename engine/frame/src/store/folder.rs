//! A run folder: its layout, its lock, its checkpoints.
//!
//! Contract: one program writes a folder at a time (a lock that dies with the program says so, and a heartbeat to other machines); every whole file is
//! replaced atomically; a program killed at any moment leaves a folder that opens and resumes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::atomic;
use super::codec::Packed;
use super::disk;
use super::drive;
use super::error::StoreError;
use super::hashes;
use super::ladder;
use super::manifest::{Manifest, Status};
use super::metrics::{self, MetricsWriter};
use super::owner::{self, Held, Refusal, Seen};
use super::state::{self, Checkpoint, Marks};
use crate::experiment::{Comments, Experiment, Problem, to_toml};
use crate::lab::Catalogue;
use crate::record::Record;

/// Names of the files in a run folder.
mod names {
    pub(super) const MANIFEST: &str = "manifest.json";
    pub(super) const EXPERIMENT: &str = "experiment.toml";
    pub(super) const RESOLVED: &str = "resolved.toml";
    pub(super) const METRICS: &str = "metrics.csv";
    pub(super) const LOG: &str = "log.txt";
    pub(super) const SNAPSHOTS: &str = "snapshots";
    pub(super) const ORIGIN: &str = "origin.safetensors";
    pub(super) const VIEWS: &str = "views";
    pub(super) const PICTURES: &str = "pictures.cbor";
    pub(super) const LOCK: &str = ".lock";
    pub(super) const OWNER: &str = ".owner";
}

/// A run folder in use by this program.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    log: File,
    /// Held as long as the folder is in use; the system frees it however the program ends.
    _lock: Option<File>,
    /// Says so to other machines.
    owner: Held,
    /// True once another owner was found in this one's place.
    is_lost: Arc<AtomicBool>,
}

impl RunFolder {
    /// Makes the folder of a new run. `asked` is the experiment as the person wrote it.
    pub fn create(path: &Path, asked: &str, experiment: &Experiment) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("the run folder", path, error);
        disk::make_folders(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(StoreError::NotEmpty(path.to_owned()));
        }
        for sub in [names::SNAPSHOTS, names::VIEWS] {
            disk::make_folders(&path.join(sub)).map_err(failed)?;
        }
        let folder = Self::lock(path)?;
        folder.write_text(names::EXPERIMENT, "experiment.toml", asked)?;
        folder.write_text(names::RESOLVED, "resolved.toml", &to_toml(experiment, Comments::Each))?;
        Ok(folder)
    }

    /// Takes an existing run folder into use.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.join(names::MANIFEST).is_file() {
            return Err(StoreError::NoRun(path.to_owned()));
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, StoreError> {
        let lock = if drive::is_remote(path) { None } else { Some(locked(path)?) };
        let is_lost = Arc::new(AtomicBool::new(false));
        let lost = Arc::clone(&is_lost);
        let owner_path = path.join(names::OWNER);
        let owner =
            owner::take(&owner_path, None, Duration::ZERO, move || lost.store(true, Ordering::Release))
                .map_err(|refusal| match refusal {
                    Refusal::Busy(owner) => {
                        StoreError::RunningThere { owner: owner.words(), path: path.to_owned() }
                    }
                    Refusal::Storage(error) => StoreError::io("the owner of the run", &owner_path, error),
                })?;
        let log_path = path.join(names::LOG);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|error| StoreError::io("log.txt", &log_path, error))?;
        Ok(Self { path: path.to_owned(), log, _lock: lock, owner, is_lost })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses to write into a run that another program has taken over, while this one stood still.
    pub(crate) fn is_own(&self) -> Result<(), StoreError> {
        self.owner.mine().check_if_late();
        if self.is_lost.load(Ordering::Acquire) {
            return Err(StoreError::TakenOver(self.path.clone()));
        }
        Ok(())
    }

    /// Replaces the manifest.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.is_own()?;
        write_manifest(&self.path, manifest)
    }

    /// Adds a line to the log. A log that cannot be written must not end the run, so failure is not reported.
    pub fn log(&self, line: &str) {
        let _ = writeln!(&self.log, "{line}");
    }

    /// Opens the metric stream, cut to a checkpoint's mark or new.
    pub fn metrics(&self, keep: Option<u64>) -> Result<MetricsWriter, StoreError> {
        MetricsWriter::open(&self.path.join(names::METRICS), keep)
    }

    /// Saves a checkpoint and removes those that are no longer needed.
    pub fn write_checkpoint<'a>(
        &self,
        state: impl Into<Packed<'a>>,
        marks: &Marks,
        record: &Record,
    ) -> Result<(), StoreError> {
        self.is_own()?;
        let folder = self.path.join(names::SNAPSHOTS);
        let path = folder.join(format!("step-{:09}.safetensors", marks.step));
        state::write(&path, state.into(), marks, record)?;
        let all = checkpoints(&self.path);
        let sized = |path: &PathBuf| {
            let bytes = fs::metadata(path).map_or(0, |data| data.len());
            (checkpoint_step(path).unwrap_or(0), bytes)
        };
        let sizes: Vec<(u64, u64)> = all.iter().map(sized).collect();
        for old in ladder::superfluous(&sizes).into_iter().filter_map(|index| all.get(index)) {
            // An old checkpoint that cannot be removed costs space only.
            let _ = disk::remove(old);
        }
        Ok(())
    }

    /// The newest checkpoint that can be read; damaged ones are named and passed over.
    pub fn newest_checkpoint(&self) -> (Option<Checkpoint>, Vec<StoreError>) {
        let mut errors = Vec::new();
        let metrics = fs::metadata(metrics_file(&self.path)).map_or(0, |file| file.len());
        for path in checkpoints(&self.path).into_iter().rev() {
            match state::read(&path) {
                // Its rows must be there; what is longer is cut.
                Ok(checkpoint) if checkpoint.marks.metrics_bytes > metrics => {
                    errors.push(StoreError::Damaged {
                        what: "the metric stream",
                        why: format!(
                            "{metrics} bytes; the checkpoint of step {} counts on {}",
                            checkpoint.marks.step, checkpoint.marks.metrics_bytes
                        ),
                        advice: "the run goes on from an earlier checkpoint",
                        path: metrics_file(&self.path),
                    });
                }
                Ok(checkpoint) => return (Some(checkpoint), errors),
                Err(error) => errors.push(error),
            }
        }
        // A fork that has no checkpoint of its own yet goes on from the one it was forked at.
        let origin = origin_checkpoint(&self.path);
        if origin.is_file() {
            match state::read(&origin) {
                Ok(checkpoint) => return (Some(checkpoint), errors),
                Err(error) => errors.push(error),
            }
        }
        (None, errors)
    }

    /// Puts what a fork begins with into a new folder: the checkpoint, and the metric stream up to it.
    pub fn plant(&self, checkpoint: &Path, metrics: &Path, bytes: u64) -> Result<(), StoreError> {
        let read = fs::read(checkpoint)
            .map_err(|error| StoreError::io("the checkpoint of the parent", checkpoint, error))?;
        atomic::write(&origin_checkpoint(&self.path), "the checkpoint", |out| out.write_all(&read))?;
        let mut opened =
            File::open(metrics).map_err(|error| StoreError::io("metrics.csv", metrics, error))?.take(bytes);
        atomic::write(&self.path.join(names::METRICS), "metrics.csv", |out| {
            let copied = io::copy(&mut opened, out)?;
            if copied == bytes { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) }
        })
    }

    /// Saves the record's pictures as they stand.
    pub fn write_pictures(&self, record: &Record) -> Result<(), StoreError> {
        self.is_own()?;
        let path = self.path.join(names::VIEWS).join(names::PICTURES);
        atomic::write(&path, "the record", |out| record.write_pictures(out))
    }

    /// Writes a file of a lab's own, whole or not at all; folders on the way are made.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write_file_by(name, |out| out.write_all(bytes))
    }

    /// The same for a file that is too long to stand in memory: `content` writes it, piece by piece.
    pub fn write_file_by(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        self.is_own()?;
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            disk::make_folders(parent)
                .map_err(|error| StoreError::io("a folder of the run", parent, error))?;
        }
        atomic::write(&path, "a file of the run", content)
    }

    /// Keeps a hash of each file of the run as it stands; the hash of the list.
    pub(crate) fn write_hashes(&self) -> Result<String, StoreError> {
        hashes::write(&self.path)
    }

    fn write_text(&self, name: &str, what: &'static str, text: &str) -> Result<(), StoreError> {
        atomic::write(&self.path.join(name), what, |out| out.write_all(text.as_bytes()))
    }
}

/// A run as it stands on disk, for looking at it; needs no lock.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Where it is.
    pub path: PathBuf,
    /// Its manifest, with the status [`Status::Interrupted`] if its program is gone.
    pub manifest: Manifest,
    /// Its experiment.
    pub experiment: Experiment,
    /// Its record.
    pub record: Record,
}

/// Reads the manifest of a run folder.
pub fn read_manifest(path: &Path) -> Result<Manifest, StoreError> {
    let file = path.join(names::MANIFEST);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::NoRun(path.to_owned()));
        }
        Err(error) => return Err(StoreError::io("manifest.json", &file, error)),
    };
    let mut manifest: Manifest = serde_json::from_str(&text).map_err(|error| StoreError::Damaged {
        what: "manifest.json",
        why: error.to_string(),
        advice: "the metrics and checkpoints beside it are untouched",
        path: file,
    })?;
    if manifest.status == Status::Running && !is_in_use(path) {
        manifest.status = Status::Interrupted;
    }
    Ok(manifest)
}

/// Changes the manifest of a run folder: read, change, write, with no other change of this program between.
pub fn update_manifest(path: &Path, change: impl FnOnce(&mut Manifest)) -> Result<Manifest, StoreError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    // The lock guards no value, so one left by a panic is as good as any.
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut manifest = read_manifest(path)?;
    change(&mut manifest);
    write_manifest(path, &manifest)?;
    Ok(manifest)
}

/// The metric stream of a run folder.
pub fn metrics_file(path: &Path) -> PathBuf {
    path.join(names::METRICS)
}

/// Makes a folder for what is made of a run, or takes an empty one; nothing is ever mixed with what is there.
pub fn new_folder(out: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("the new folder", out, error);
    disk::make_folders(out).map_err(failed)?;
    if fs::read_dir(out).map_err(failed)?.next().is_some() {
        return Err(StoreError::NotEmpty(out.to_owned()));
    }
    Ok(())
}

/// Where a fork keeps the checkpoint that it began with.
pub fn origin_checkpoint(path: &Path) -> PathBuf {
    path.join(names::ORIGIN)
}

/// The step of a checkpoint file, from its name.
pub fn checkpoint_step(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.strip_prefix("step-")?.parse().ok()
}

/// The settings of a run as a flat table, as they stand in its folder; cheaper than [`read_experiment`] and never refused
/// because of a lab or a key that this program does not know.
pub fn read_settings(path: &Path) -> Result<toml::Table, StoreError> {
    let file = experiment_file(path);
    let text = fs::read_to_string(&file).map_err(|error| StoreError::io("the experiment", &file, error))?;
    text.parse().map_err(|error: toml::de::Error| StoreError::Damaged {
        what: "the experiment",
        why: error.message().to_owned(),
        advice: "mend the file by hand",
        path: file,
    })
}

fn experiment_file(path: &Path) -> PathBuf {
    let resolved = path.join(names::RESOLVED);
    if resolved.is_file() { resolved } else { path.join(names::EXPERIMENT) }
}

/// Replaces the manifest of a run folder.
pub fn write_manifest(path: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    atomic::write(&path.join(names::MANIFEST), "manifest.json", |out| {
        serde_json::to_writer_pretty(&mut *out, manifest).map_err(io::Error::from)?;
        out.write_all(b"\n")
    })
}

/// Reads the resolved experiment of a run folder.
pub fn read_experiment(catalogue: Catalogue, path: &Path) -> Result<Experiment, StoreError> {
    let file = experiment_file(path);
    let text = fs::read_to_string(&file).map_err(|error| StoreError::io("the experiment", &file, error))?;
    Experiment::from_toml(catalogue, &text).map_err(|problems| StoreError::Damaged {
        what: "the experiment",
        why: problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; "),
        advice: "mend the file by hand",
        path: file,
    })
}

/// Replaces the resolved experiment of a run folder, such as after its data were moved.
pub fn write_settings(path: &Path, experiment: &Experiment) -> Result<(), StoreError> {
    let text = to_toml(experiment, Comments::Each);
    atomic::write(&path.join(names::RESOLVED), "resolved.toml", |out| out.write_all(text.as_bytes()))?;
    let listed = hashes::renew(path, names::RESOLVED, read_manifest(path)?.files_hash.as_deref())?;
    if listed.is_some() {
        update_manifest(path, |manifest| manifest.files_hash = listed)?;
    }
    Ok(())
}

/// Reads the scalar rows of a run folder.
pub fn read_metrics(path: &Path) -> Result<Vec<metrics::Row>, StoreError> {
    metrics::read(&path.join(names::METRICS))
}

/// Hash of the metric stream of a run folder, without the channels that `is_clock` names.
pub fn stream_hash(path: &Path, is_clock: impl Fn(&str) -> bool) -> Result<String, StoreError> {
    metrics::stream_hash(&path.join(names::METRICS), is_clock)
}

/// Reads a whole run. Pictures that are missing or damaged leave their views empty and are named in the second value.
pub fn read_run(catalogue: Catalogue, path: &Path) -> Result<(StoredRun, Vec<StoreError>), StoreError> {
    let manifest = read_manifest(path)?;
    let experiment = read_experiment(catalogue, path)?;
    let (record, errors) = read_record(path)?;
    Ok((StoredRun { path: path.to_owned(), manifest, experiment, record }, errors))
}

/// Reads the record of a run folder. Pictures and curves that are missing or damaged leave their views empty and are named in the
/// second value; a folder that holds no run is an error.
pub fn read_record(path: &Path) -> Result<(Record, Vec<StoreError>), StoreError> {
    read_manifest(path)?;
    let mut errors = Vec::new();
    let mut record = read_pictures(path).unwrap_or_else(|error| {
        errors.push(error);
        Record::default()
    });
    let (rows, damage) = metrics::read_sound(&metrics_file(path));
    fill(&mut record, &rows);
    errors.extend(damage);
    Ok((record, errors))
}

/// Puts scalar rows into their channels; rows of unknown channels declare a bare one.
pub fn fill(record: &mut Record, rows: &[metrics::Row]) {
    use crate::record::{Channel, Data, Series};
    for row in rows {
        let channel = record.declare(&row.channel, || Channel {
            id: row.channel.clone(),
            // Without a checkpoint nobody knows its words; its place in the family says enough.
            label: row.channel.rsplit('/').next().unwrap_or_default().to_owned(),
            unit: String::new(),
            about: String::new(),
            clock: false,
            run: None,
            data: Data::Scalar(Series::default()),
        });
        if let Data::Scalar(series) = &mut channel.data {
            series.push(row.step as f64, row.value);
        }
    }
}

/// The final pictures, else (an interrupted run) those of the newest checkpoint.
fn read_pictures(path: &Path) -> Result<Record, StoreError> {
    let file = path.join(names::VIEWS).join(names::PICTURES);
    if file.is_file() {
        let opened = File::open(&file).map_err(|error| StoreError::io("the record", &file, error))?;
        return Record::read_pictures(io::BufReader::new(opened)).map_err(|error| StoreError::Damaged {
            what: "the record",
            why: error.to_string(),
            advice: "curves are read from metrics.csv; the other views stay empty",
            path: file,
        });
    }
    match checkpoints(path).last() {
        Some(newest) => state::read(newest).map(|checkpoint| checkpoint.record),
        None => Ok(Record::default()),
    }
}

/// Files of all checkpoints, oldest first (their names sort by step).
pub fn checkpoints(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(path.join(names::SNAPSHOTS))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    all.sort();
    all
}

/// Step of the newest checkpoint, from its name.
pub(super) fn newest_step(path: &Path) -> Option<u64> {
    let newest = checkpoints(path).pop()?;
    newest.file_stem()?.to_str()?.strip_prefix("step-")?.parse().ok()
}

/// A scan of the run list holds the lock for an instant to see whether it is free, so one refusal is not yet an answer.
fn take_lock(lock: &File, path: &Path, lock_path: &Path) -> Result<(), StoreError> {
    const TRIES: usize = 5;
    for attempt in 1..=TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if attempt < TRIES => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(StoreError::io("the lock", lock_path, error)),
        }
    }
    Err(StoreError::Busy(path.to_owned()))
}

/// Takes the lock of a run folder on a drive of this machine.
fn locked(path: &Path) -> Result<File, StoreError> {
    let lock_path = path.join(names::LOCK);
    let lock = File::create(&lock_path).map_err(|error| StoreError::io("the lock", &lock_path, error))?;
    take_lock(&lock, path, &lock_path)?;
    Ok(lock)
}

/// True while a program works in the folder: on this machine by its lock, on another by its heartbeat.
pub fn is_in_use(path: &Path) -> bool {
    let is_locked = || {
        File::open(path.join(names::LOCK))
            .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    };
    let owner = path.join(names::OWNER);
    let is_owned = || {
        // Here the lock knows better, where there are locks; and who only looks writes nothing to read the drive's clock.
        if owner::named(&owner).is_none_or(|owner| owner.host == owner::host()) && !drive::is_remote(path) {
            return false;
        }
        let seen = owner::look(&owner, owner::DriveClock::read(path));
        matches!(seen, Seen::Alive(_) | Seen::Stopped(_) | Seen::Ahead(_))
    };
    is_locked() || owner.is_file() && is_owned()
}
