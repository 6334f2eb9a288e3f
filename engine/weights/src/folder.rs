//! The checkpoints of a folder in their order: by the numbers in their names, or by time.
//!
//! Contract: a folder is listed, never followed: links out of it are left out, and of folders in it only the model's own file is looked
//! at. A file that is still being written is told apart from one that is broken. What is left out is listed with the reason.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::kind::{self, Kind};
use crate::names::natural;
use crate::shards::refuse_link_out;
use crate::source::Stamp;
use crate::{archive, numpy, safe, shards, torch};

/// More checkpoints than this are not read.
pub const MOST_CHECKPOINTS: usize = 1000;
/// More entries than this are not looked at.
const MOST_ENTRIES: usize = 20_000;
/// Names that programs give to files they are still writing.
const PASSING: [&str; 7] = [".tmp", ".temp", ".part", ".partial", ".incomplete", ".crdownload", ".download"];
/// What a folder of one checkpoint holds, the first that is there counts.
const INNER: [&str; 5] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "adapter_model.safetensors",
];

/// By what checkpoints are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// By the numbers in their names: the last number that differs among names of the same form; those without a number come last.
    #[default]
    Numbers,
    /// By the time they were last written.
    Time,
}

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file to open.
    pub path: PathBuf,
    /// The number in its name that tells its place; `None` if there is none.
    pub step: Option<u64>,
    /// The file as it stood.
    pub stamp: Stamp,
}

/// One thing in the folder that is no checkpoint, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it lies.
    pub path: PathBuf,
    /// Why, as a clause.
    pub reason: String,
    /// True if it is still being written, so that it is worth looking again.
    pub is_unfinished: bool,
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Its checkpoints in order.
    pub checkpoints: Vec<Checkpoint>,
    /// What is left out, by name.
    pub left_out: Vec<LeftOut>,
    /// All files as they stood, for the next look.
    seen: Vec<Stamp>,
}

impl Listing {
    /// True for a folder in which a training may have written nothing yet: nothing lies in it but what is still being written.
    pub fn may_fill(&self) -> bool {
        self.checkpoints.is_empty() && self.left_out.iter().all(|left| left.is_unfinished)
    }
}

/// The plain files of a folder by their natural order; links out of it are not among them.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<PathBuf>, WeightsError> {
    Ok(entries_of(folder)?
        .into_iter()
        .filter(|path| path.is_file() && refuse_link_out(folder, path).is_ok())
        .collect())
}

/// Number of links in a folder that lead out of it or to nothing.
pub(crate) fn links_out_of(folder: &Path) -> Result<usize, WeightsError> {
    Ok(entries_of(folder)?.iter().filter(|path| refuse_link_out(folder, path).is_err()).count())
}

fn entries_of(folder: &Path) -> Result<Vec<PathBuf>, WeightsError> {
    let mut paths = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| WeightsError::io("listing", error, folder))?;
    for entry in entries {
        let entry = entry.map_err(|error| WeightsError::io("listing", error, folder))?;
        if paths.len() == MOST_ENTRIES {
            let problem = format!(
                "the folder has more than {MOST_ENTRIES} entries, which are not looked through; move the checkpoints to one of their own"
            );
            return Err(WeightsError::unusable(problem, folder));
        }
        paths.push(entry.path());
    }
    paths.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(paths)
}

/// Lists a folder's checkpoints.
///
/// # Errors
/// If the folder cannot be listed, or has more than [`MOST_CHECKPOINTS`].
pub fn list(folder: &Path, order: Order) -> Result<Listing, WeightsError> {
    list_again(folder, order, None, None)
}

/// Lists a folder's checkpoints; a file that has grown or changed since the listing `before` is taken to be still being written. What
/// lies in the folder `kept` stands for what has the same name in the folder, whether that is still there or not.
///
/// # Errors
/// As [`list`].
pub fn list_again(
    folder: &Path,
    order: Order,
    before: Option<&Listing>,
    kept: Option<&Path>,
) -> Result<Listing, WeightsError> {
    let mut listing = Listing::default();
    let known: HashMap<&Path, &Stamp> = before.map_or_else(HashMap::new, |before| {
        before.seen.iter().map(|stamp| (stamp.path.as_path(), stamp)).collect()
    });
    let mut entries = match entries_of(folder) {
        // Of a folder that is gone the copies are left.
        Err(WeightsError::NotFound { .. }) if kept.is_some() => Vec::new(),
        entries => entries?,
    };
    if let Some(kept) = kept {
        stand_in(&mut entries, entries_of(kept)?);
    }
    let parts = parts_of(&entries);
    for path in entries {
        if path.file_name().is_some_and(|name| parts.contains(name.to_string_lossy().as_ref())) {
            let reason = "it is a part of a sharded model".to_owned();
            listing.left_out.push(LeftOut { path, reason, is_unfinished: false });
            continue;
        }
        let looked = look(path.parent().unwrap_or(folder), &path, &known, &mut listing.seen);
        match looked {
            Ok(stamp) => {
                let path = stamp.path.clone();
                listing.checkpoints.push(Checkpoint { path, step: None, stamp });
            }
            Err(Left { reason, is_unfinished }) => {
                listing.left_out.push(LeftOut { path, reason, is_unfinished });
            }
        }
        if listing.checkpoints.len() > MOST_CHECKPOINTS {
            let problem = format!(
                "the folder has more than {MOST_CHECKPOINTS} checkpoints, which are not read; move some of them away"
            );
            return Err(WeightsError::unusable(problem, folder));
        }
    }
    number((folder, kept), &mut listing.checkpoints);
    listing.checkpoints.sort_by(|a, b| {
        let name = |path| inside((folder, kept), path).to_string_lossy();
        let by_name = || natural(&name(&a.path), &name(&b.path));
        match order {
            Order::Numbers => compare_steps(a.step, b.step).then_with(by_name),
            Order::Time => a.stamp.modified.cmp(&b.stamp.modified).then_with(by_name),
        }
    });
    Ok(listing)
}

/// A checkpoint's path inside the folder, or inside that of copies.
fn inside<'p>((folder, kept): (&Path, Option<&Path>), path: &'p Path) -> &'p Path {
    let roots = [kept, Some(folder)];
    roots.into_iter().flatten().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path)
}

fn compare_steps(a: Option<u64>, b: Option<u64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => Ordering::Equal,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

/// Puts copies in the place of entries of the same name.
fn stand_in(entries: &mut Vec<PathBuf>, copies: Vec<PathBuf>) {
    entries.retain(|path| !copies.iter().any(|copy| copy.file_name() == path.file_name()));
    entries.extend(copies);
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    entries.sort_by(|a, b| natural(&name(a), &name(b)));
}

/// The files that indices of sharded models name.
fn parts_of(entries: &[PathBuf]) -> HashSet<String> {
    let indices = entries.iter().filter(|path| path.to_string_lossy().ends_with(".index.json"));
    indices.filter_map(|path| shards::files_of(path).ok()).flatten().collect()
}

/// Why something is left out.
struct Left {
    reason: String,
    is_unfinished: bool,
}

fn left(reason: impl Into<String>) -> Left {
    Left { reason: reason.into(), is_unfinished: false }
}

/// The stamp of a checkpoint, or why the entry is none.
fn look(
    folder: &Path,
    path: &Path,
    known: &HashMap<&Path, &Stamp>,
    seen: &mut Vec<Stamp>,
) -> Result<Stamp, Left> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    refuse_link_out(folder, path).map_err(|_| left("it is a link out of the folder, or one to nothing"))?;
    if PASSING.iter().any(|ending| name.ends_with(ending)) {
        return Err(Left {
            reason: "its name is that of a file that is still being written".to_owned(),
            is_unfinished: true,
        });
    }
    if name.starts_with('.') || name.starts_with('~') || name.ends_with('~') {
        return Err(left("it is a hidden file"));
    }
    let mut path = path.to_owned();
    if path.is_dir() {
        let inner = INNER.iter().map(|inner| path.join(inner)).find(|inner| inner.is_file());
        let inner = inner.ok_or_else(|| left("it is a folder without a model's file"))?;
        refuse_link_out(&path, &inner).map_err(|_| left("its model is a link out of it"))?;
        path = inner;
    }
    let file = WeightFile::open(&path).map_err(|error| left(reason_of(&error)))?;
    seen.push(file.stamp().clone());
    let is_growing = known.get(path.as_path()).is_some_and(|stamp| *stamp != file.stamp());
    if is_growing {
        return Err(Left { reason: "it has changed since the last look".to_owned(), is_unfinished: true });
    }
    let is_index = name.ends_with(".index.json") || path.to_string_lossy().ends_with(".index.json");
    let kind = kind::of_file(&file).map_err(|error| left(reason_of(&error)))?;
    if kind == Kind::Json && is_index {
        return Ok(file.stamp().clone());
    }
    if kind == Kind::Empty {
        return Err(Left { reason: "it is empty so far".to_owned(), is_unfinished: true });
    }
    if let Some(reason) = kind.refusal() {
        return Err(left(reason));
    }
    match unfinished_kind(&file, &kind) {
        Some(reason) => Err(Left { reason, is_unfinished: true }),
        None => Ok(file.stamp().clone()),
    }
}

fn reason_of(error: &WeightsError) -> String {
    match error {
        WeightsError::Unusable { problem, .. } => problem.clone(),
        other => other.to_string(),
    }
}

/// Why a file is not complete (yet), as a clause: shorter than its header says, an archive without its directory; `None` if it is
/// complete, or is broken in a way that more bytes would not mend.
///
/// # Errors
/// If it cannot be opened.
pub fn unfinished(path: &Path) -> Result<Option<String>, WeightsError> {
    let file = WeightFile::open(path)?;
    let kind = kind::of_file(&file)?;
    Ok(unfinished_kind(&file, &kind))
}

fn unfinished_kind(file: &WeightFile, kind: &Kind) -> Option<String> {
    match kind {
        Kind::Safetensors => safe::unfinished(file),
        Kind::Npy => numpy::unfinished(file),
        Kind::Zip => (!archive::has_end(file))
            .then(|| "the directory that a zip archive closes with is not there".to_owned()),
        Kind::LegacyPytorch => torch::unfinished_legacy(file),
        Kind::Empty => Some("it is empty so far".to_owned()),
        _ => None,
    }
}

/// Gives each checkpoint the number of its name that tells its place.
fn number((folder, kept): (&Path, Option<&Path>), checkpoints: &mut [Checkpoint]) {
    // What stands for the checkpoint in the folder: the file's name without its ending, or the name of the folder that it lies in.
    let forms: Vec<(String, Vec<Option<u64>>)> = checkpoints
        .iter()
        .map(|checkpoint| {
            let entry = inside((folder, kept), &checkpoint.path);
            let is_file = entry.components().count() == 1;
            let first = entry
                .components()
                .next()
                .map_or_else(String::new, |part| part.as_os_str().to_string_lossy().into_owned());
            let stem = if is_file {
                first.rsplit_once('.').map_or(first.as_str(), |(stem, _)| stem)
            } else {
                &first
            };
            let is_all_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            // `step.100` has its number where an ending would be.
            let name = if is_file && first.rsplit_once('.').is_some_and(|(_, ending)| is_all_digits(ending)) {
                &first
            } else {
                stem
            };
            form(name)
        })
        .collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (text, _)) in forms.iter().enumerate() {
        groups.entry(text).or_default().push(at);
    }
    let mut steps = vec![None; checkpoints.len()];
    for members in groups.into_values() {
        let of = |at: &usize| forms.get(*at).map_or(&[] as &[Option<u64>], |form| form.1.as_slice());
        let length = members.first().map_or(0, |first| of(first).len());
        let varies = |place: &usize| {
            let mut values = members.iter().map(|at| of(at).get(*place));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let Some(place) = (0..length).rev().find(varies).or(length.checked_sub(1)) else { continue };
        for at in &members {
            if let Some(step) = steps.get_mut(*at) {
                *step = of(at).get(place).copied().flatten();
            }
        }
    }
    for (checkpoint, step) in checkpoints.iter_mut().zip(steps) {
        checkpoint.step = step;
    }
}

/// A name with its numbers taken out, and the numbers; those of more than 64 bits are none.
fn form(name: &str) -> (String, Vec<Option<u64>>) {
    let (mut text, mut numbers) = (String::new(), Vec::new());
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let length = from.len() - from.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, after) = from.split_at(length);
        text.push_str(before);
        text.push('#');
        numbers.push(digits.parse().ok());
        rest = after;
    }
    text.push_str(rest);
    (text, numbers)
}
