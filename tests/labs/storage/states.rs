//! The states that a disk may be found in after each change, and what was promised by then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::RUN;
use super::model::{Change, Disk, Through, Tree};
use crate::kit::{self, Status, store};

/// Random subsets of what was on its way, for each change.
const TORN: u64 = 6;

/// What may no more be lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Promised {
    /// The run is there.
    pub(super) run: bool,
    /// It goes on from this step at the latest.
    pub(super) checkpoint: Option<u64>,
    /// It is over.
    pub(super) done: bool,
}

/// A disk on the way of a run.
pub(super) struct States {
    disk: Disk,
    promised: Promised,
    /// What the next sync of a folder will promise.
    next: BTreeMap<PathBuf, Promised>,
    lab: String,
    changes: u64,
}

impl States {
    pub(super) fn new(lab: &str, disk: Disk) -> Self {
        let (promised, next) = (Promised::default(), BTreeMap::new());
        Self { disk, promised, next, lab: lab.to_owned(), changes: 0 }
    }

    /// Carries a change out.
    pub(super) fn take(&mut self, change: &Change) {
        self.changes += 1;
        self.disk.take(change);
        match change {
            Change::Rename(_, to) => {
                let mut promise = self.promised;
                if *to == Path::new(RUN).join("manifest.json") {
                    promise.run = true;
                    promise.done |= self.says_done();
                } else if let Some(step) = store::checkpoint_step(to) {
                    promise.checkpoint = promise.checkpoint.max(Some(step));
                }
                self.next.insert(to.parent().unwrap_or(Path::new("")).to_owned(), promise);
            }
            Change::SyncFolder(folder) => {
                if let Some(promise) = self.next.remove(folder) {
                    self.promised.run |= promise.run;
                    self.promised.done |= promise.done;
                    self.promised.checkpoint = self.promised.checkpoint.max(promise.checkpoint);
                }
            }
            _ => {}
        }
    }

    fn says_done(&self) -> bool {
        let tree = self.disk.tree(Through::All, Through::All);
        let manifest = tree.get(&Path::new(RUN).join("manifest.json")).and_then(Option::as_ref);
        manifest.is_some_and(|bytes| String::from_utf8_lossy(bytes).contains("\"status\": \"done\""))
    }

    /// What may no more be lost.
    pub(super) fn promised(&self) -> Promised {
        self.promised
    }

    /// The states in which the disk may be found now, with their names.
    pub(super) fn found(&self) -> Vec<(String, Tree)> {
        let named = |name: &str, tree| (name.to_owned(), tree);
        let disk = &self.disk;
        let (bytes, names) = disk.is_unsettled();
        let mut all = vec![named("a crash", disk.tree(Through::All, Through::All))];
        if bytes || names {
            all.push(named("a power cut", disk.tree(Through::None, Through::None)));
        }
        if bytes {
            all.push(named("names without their data", disk.tree(Through::All, Through::None)));
        }
        if names {
            all.push(named("data without their names", disk.tree(Through::None, Through::All)));
        }
        let torn = if bytes || names { TORN } else { 0 };
        for round in 0..torn {
            let mut draws = 0;
            let mut draw = |below: u64| {
                draws += 1;
                kit::random(round, &format!("{} {} {draws}", self.lab, self.changes), below)
            };
            let mut kept = Vec::new();
            for _ in 0..64 {
                kept.push((draw(2) == 0).then(|| draw(101) as f64 / 100.0));
            }
            let mut at = 0;
            let mut lucky = || {
                at += 1;
                kept[at % kept.len()]
            };
            let tree = match round % 3 {
                0 => disk.tree(Through::All, Through::Some(&mut lucky)),
                1 => disk.tree(Through::Some(&mut lucky), Through::All),
                _ => {
                    let mut other = || lucky_of(&mut draws, round);
                    disk.tree(Through::Some(&mut lucky), Through::Some(&mut other))
                }
            };
            all.push((format!("a torn write ({round})"), tree));
        }
        all
    }
}

/// A second stream of luck, so that names and bytes do not share one.
fn lucky_of(draws: &mut u64, round: u64) -> Option<f64> {
    *draws += 1;
    let drawn = kit::random(round, &format!("bytes {draws}"), 202);
    (drawn > 100).then(|| (drawn - 101) as f64 / 100.0)
}

/// A run as it was found.
pub(super) struct Found {
    pub(super) status: Status,
    pub(super) damage: Vec<store::StoreError>,
    pub(super) results: BTreeMap<String, f64>,
    /// Step of the newest checkpoint that can be read and goes with the metric stream.
    pub(super) checkpoint: Option<u64>,
}

impl Found {
    /// Reads a run folder as the window does; nothing where no run is, and why one cannot be read.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let words = |error: store::StoreError| error.to_string();
        let manifest = match store::read_manifest(path) {
            Err(store::StoreError::NoRun(_)) => return Ok(None),
            read => read.map_err(words)?,
        };
        let (stored, damage) = store::read_run(kit::SUITE, path).map_err(words)?;
        let checkpoint = if manifest.status == Status::Done {
            Some(u64::MAX)
        } else {
            let folder = store::RunFolder::open(path).map_err(words)?;
            folder.newest_checkpoint().0.map(|checkpoint| checkpoint.marks.step)
        };
        Ok(Some(Self { status: manifest.status, damage, results: stored.manifest.results, checkpoint }))
    }
}

/// A tree as a number, of the files that are asked for.
pub(super) fn fingerprint(tree: &Tree, of: impl Fn(&Path) -> bool) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (path, bytes) in tree.iter().filter(|(path, _)| of(path)) {
        for part in [path.to_string_lossy().as_bytes(), bytes.as_deref().unwrap_or(b"folder")] {
            hasher.update(&part.len().to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().into()
}

/// What a run goes on from: all files but those that a resume neither reads nor keeps, with its checkpoint.
pub(super) fn base(tree: &Tree, checkpoint: Option<u64>) -> [u8; 32] {
    let metrics = Path::new(RUN).join("metrics.csv");
    let is_read = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_passing = name.ends_with(".tmp") || name == "log.txt" || name == ".lock";
        // Rows behind the checkpoint's mark are cut; those before it are durable, or the checkpoint would not count.
        let is_older = store::checkpoint_step(path).is_some_and(|step| Some(step) != checkpoint);
        !is_passing && !is_older && path != metrics
    };
    fingerprint(tree, is_read)
}
