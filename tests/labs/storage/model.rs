//! A disk that lies: what stands on it now, what would be left after a power cut, and what is on its way between the two.
//!
//! Contract: names are durable once their folder was synced, bytes once their file was; nothing else is promised, in any order. All paths
//! are relative to the folder that is watched.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::kit::store::disk::{Operation, Watch};

/// A change, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    MakeFolder(PathBuf),
    Create(PathBuf),
    Open(PathBuf),
    Write(PathBuf, u64, Vec<u8>),
    Length(PathBuf, u64),
    Sync(PathBuf),
    SyncFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// Keeps all changes beneath a folder, in their order.
pub(super) struct Recorder {
    root: PathBuf,
    changes: Mutex<Vec<Change>>,
}

impl Recorder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), changes: Mutex::default() }
    }

    /// What was changed so far.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watch for Recorder {
    fn before(&self, operation: &Operation<'_>) -> io::Result<()> {
        let own = |path: &Path| path.strip_prefix(&self.root).unwrap_or(path).to_owned();
        let change = match *operation {
            Operation::MakeFolder(path) => Change::MakeFolder(own(path)),
            Operation::Create(path) => Change::Create(own(path)),
            Operation::Open(path) => Change::Open(own(path)),
            Operation::Write { path, at, bytes } => Change::Write(own(path), at, bytes.to_vec()),
            Operation::Length { path, length } => Change::Length(own(path), length),
            Operation::Sync(path) => Change::Sync(own(path)),
            Operation::SyncFolder(path) => Change::SyncFolder(own(path)),
            Operation::Rename { from, to } => Change::Rename(own(from), own(to)),
            Operation::Remove(path) => Change::Remove(own(path)),
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        Ok(())
    }
}

/// A folder with all beneath it: the bytes of files, nothing for folders.
pub(super) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

/// A change of a file that is on its way.
#[derive(Clone, Debug)]
enum Content {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Content {
    /// Carried out, a write to `share` of its bytes only.
    fn on(&self, bytes: &mut Vec<u8>, share: f64) {
        match self {
            Self::Write(at, written) => {
                let written = &written[..(written.len() as f64 * share).round() as usize];
                let (from, to) = (*at as usize, *at as usize + written.len());
                bytes.resize(bytes.len().max(to), 0);
                bytes[from..to].copy_from_slice(written);
            }
            Self::Length(length) => bytes.resize(*length as usize, 0),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
    on_its_way: Vec<Content>,
}

/// A change of names that is on its way.
#[derive(Clone, Debug)]
enum Name {
    Add(PathBuf, Entry),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, Entry),
}

impl Name {
    fn folder(&self) -> &Path {
        let (Self::Add(path, _) | Self::Remove(path) | Self::Rename(_, path, _)) = self;
        path.parent().unwrap_or(Path::new(""))
    }

    fn on(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        match self {
            Self::Add(path, entry) => {
                names.insert(path.clone(), *entry);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename(from, to, entry) => {
                names.remove(from);
                names.insert(to.clone(), *entry);
            }
        }
    }
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    files: Vec<File>,
    now: BTreeMap<PathBuf, Entry>,
    durable: BTreeMap<PathBuf, Entry>,
    on_their_way: Vec<Name>,
}

/// Which of the changes on their way came through.
pub(super) enum Through<'a> {
    /// All.
    All,
    /// None.
    None,
    /// Those that this says, with the share of a write's bytes.
    Some(&'a mut dyn FnMut() -> Option<f64>),
}

impl Disk {
    /// A disk on which all of this is durable.
    pub(super) fn holding(tree: &Tree) -> Self {
        let mut disk = Self::default();
        for (path, bytes) in tree {
            let entry = match bytes {
                None => Entry::Folder,
                Some(bytes) => {
                    let (now, durable) = (bytes.clone(), bytes.clone());
                    disk.files.push(File { now, durable, on_its_way: Vec::new() });
                    Entry::File(disk.files.len() - 1)
                }
            };
            disk.now.insert(path.clone(), entry);
            disk.durable.insert(path.clone(), entry);
        }
        disk
    }

    fn name(&mut self, change: Name) {
        change.on(&mut self.now);
        self.on_their_way.push(change);
    }

    fn file(&mut self, path: &Path) -> &mut File {
        let index = match self.now.get(path) {
            Some(Entry::File(index)) => *index,
            Some(Entry::Folder) => panic!("a folder is written: {}", path.display()),
            None => {
                self.files.push(File::default());
                let index = self.files.len() - 1;
                self.name(Name::Add(path.to_owned(), Entry::File(index)));
                index
            }
        };
        &mut self.files[index]
    }

    fn content(&mut self, path: &Path, change: Content) {
        let file = self.file(path);
        change.on(&mut file.now, 1.0);
        file.on_its_way.push(change);
    }

    /// Carries a change out.
    pub(super) fn take(&mut self, change: &Change) {
        match change {
            Change::MakeFolder(path) => self.name(Name::Add(path.clone(), Entry::Folder)),
            Change::Create(path) => {
                let is_new = !self.now.contains_key(path);
                self.file(path);
                if !is_new {
                    self.content(path, Content::Length(0));
                }
            }
            Change::Open(path) => {
                self.file(path);
            }
            Change::Write(path, at, bytes) => self.content(path, Content::Write(*at, bytes.clone())),
            Change::Length(path, length) => self.content(path, Content::Length(*length)),
            Change::Sync(path) => {
                let file = self.file(path);
                file.durable.clone_from(&file.now);
                file.on_its_way.clear();
            }
            Change::SyncFolder(folder) => {
                let (synced, rest): (Vec<Name>, Vec<Name>) = std::mem::take(&mut self.on_their_way)
                    .into_iter()
                    .partition(|name| name.folder() == folder);
                synced.iter().for_each(|name| name.on(&mut self.durable));
                self.on_their_way = rest;
            }
            Change::Rename(from, to) => {
                let entry = *self
                    .now
                    .get(from)
                    .unwrap_or_else(|| panic!("renamed and not there: {}", from.display()));
                self.name(Name::Rename(from.clone(), to.clone(), entry));
            }
            // What was never made is removed after a failed write.
            Change::Remove(path) => {
                if self.now.contains_key(path) {
                    self.name(Name::Remove(path.clone()));
                }
            }
        }
    }

    /// True if bytes or names are on their way.
    pub(super) fn is_unsettled(&self) -> (bool, bool) {
        (self.files.iter().any(|file| !file.on_its_way.is_empty()), !self.on_their_way.is_empty())
    }

    /// What is found after the lights went out.
    pub(super) fn tree(&self, mut names: Through<'_>, mut bytes: Through<'_>) -> Tree {
        let found = match &mut names {
            Through::All => self.now.clone(),
            Through::None => self.durable.clone(),
            Through::Some(lucky) => {
                let mut found = self.durable.clone();
                self.on_their_way.iter().filter(|_| lucky().is_some()).for_each(|name| name.on(&mut found));
                found
            }
        };
        let mut tree = Tree::new();
        for (path, entry) in &found {
            // What stands in a folder that was lost is lost with it. Parents come before their children.
            let above = path.parent().unwrap_or(Path::new(""));
            if !above.as_os_str().is_empty() && !tree.contains_key(above) {
                continue;
            }
            let content = match entry {
                Entry::Folder => None,
                Entry::File(index) => Some(Self::content_of(&self.files[*index], &mut bytes)),
            };
            tree.insert(path.clone(), content);
        }
        tree
    }

    fn content_of(file: &File, bytes: &mut Through<'_>) -> Vec<u8> {
        match bytes {
            Through::All => file.now.clone(),
            Through::None => file.durable.clone(),
            Through::Some(lucky) => {
                let mut found = file.durable.clone();
                for change in &file.on_its_way {
                    if let Some(share) = lucky() {
                        change.on(&mut found, share);
                    }
                }
                found
            }
        }
    }
}

/// Puts a tree into an empty folder.
pub(super) fn lay_out(tree: &Tree, root: &Path) {
    for (path, bytes) in tree {
        match bytes {
            None => std::fs::create_dir_all(root.join(path)).unwrap(),
            Some(bytes) => std::fs::write(root.join(path), bytes).unwrap(),
        }
    }
}
