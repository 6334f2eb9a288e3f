//! Opening a pack: a run that somebody else has made becomes a run folder here.
//!
//! Contract: a pack is not trusted. Names that lead out of the folder, links, members that the list does not hold and lengths without
//! measure are refused before anything is written; length and BLAKE3 of each member are compared with the list while it is written
//! into a hidden folder, and only a whole run takes its place among the others. Nothing that is here is overwritten.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::disk;
use super::error::StoreError;
use super::folder::read_manifest;
use super::index::scan;
use super::manifest::Manifest;
use super::pack::{DATA, FORMAT, LAYOUT, LIST, List, Member, RUN};

/// Longest list, bytes.
const MOST_LIST: u64 = 16 << 20;
/// Most members.
const MOST_MEMBERS: usize = 100_000;
/// Most bytes of all members together.
const MOST_BYTES: u64 = 64 << 30;
/// So many times its length a pack may grow: more than ZIP can shrink anything is made up.
const MOST_GROWTH: u64 = 1_100;
/// Longest name of a file or a folder.
const MOST_NAME: usize = 200;
/// Where the packed files that a run read lie in its folder.
const DATA_FOLDER: &str = "data";
/// Bits of a mode that say what a file is, and those of a plain one.
const KIND: u32 = 0o170_000;
const PLAIN: u32 = 0o100_000;
/// Bytes that are copied at once.
const BLOCK: usize = 64 << 10;

/// What a pack became.
#[derive(Clone, Debug, PartialEq)]
pub enum Unpacked {
    /// A run that was not here before.
    New {
        /// Its folder.
        path: PathBuf,
        /// Files that the run read and that came with it: the path that the manifest names, and where it is now.
        data: Vec<(String, PathBuf)>,
    },
    /// The run is here already.
    Here(PathBuf),
}

/// True for the folder in which the files lie that came with a run.
pub(super) fn is_data_folder(above: &str, name: &str) -> bool {
    above.is_empty() && name == DATA_FOLDER
}

/// Opens a pack into a folder of runs.
pub fn unpack(file: &Path, root: &Path) -> Result<Unpacked, StoreError> {
    let refuse = |why: String| refusal(why, file);
    let opened = File::open(file).map_err(|error| StoreError::io("the pack", file, error))?;
    let length = opened.metadata().map_or(0, |metadata| metadata.len());
    let mut archive = zip::ZipArchive::new(BufReader::new(opened))
        .map_err(|error| refuse(format!("it is no pack, or a part of one ({error})")))?;
    let list = read_list(&mut archive, file)?;
    check_list(&list, length, archive.len()).map_err(refuse)?;
    let same = |manifest: &Manifest| {
        manifest.id == list.id && manifest.config_hash == list.config_hash && manifest.started == list.started
    };
    if let Some(here) = scan(root).runs.into_iter().find(|entry| same(&entry.manifest)) {
        return Ok(Unpacked::Here(here.path));
    }
    let incoming = new_folder(root, &format!(".opening-{}", std::process::id()))?;
    let written = write_all(&mut archive, &list, &incoming, file).and_then(|data| {
        let manifest = read_manifest(&incoming)?;
        if !same(&manifest) {
            return Err(refusal("its list names another run than it holds".to_owned(), file));
        }
        let path = take_place(root, &list.folder, &incoming)?;
        let moved = |(place, data): (String, PathBuf)| {
            let inside = data.strip_prefix(&incoming).map_or_else(|_| data.clone(), |rest| path.join(rest));
            (place, inside)
        };
        Ok(Unpacked::New { data: data.into_iter().map(moved).collect(), path: path.clone() })
    });
    if written.is_err() {
        // What is left of it is hidden and holds no run.
        let _ = fs::remove_dir_all(&incoming);
    }
    written
}

type Archive = zip::ZipArchive<BufReader<File>>;

fn refusal(why: String, file: &Path) -> StoreError {
    StoreError::Pack { why, advice: "ask for the file again", path: file.to_owned() }
}

fn read_list(archive: &mut Archive, file: &Path) -> Result<List, StoreError> {
    let refuse = |why: String| refusal(why, file);
    let mut text = Vec::new();
    let member = archive.by_name(LIST).map_err(|error| refuse(format!("it has no list ({error})")))?;
    let read = member.take(MOST_LIST + 1).read_to_end(&mut text);
    read.map_err(|error| refuse(format!("its list cannot be read ({error})")))?;
    if text.len() as u64 > MOST_LIST {
        return Err(refuse("its list is too long".to_owned()));
    }
    serde_json::from_slice(&text).map_err(|error| refuse(format!("its list cannot be read ({error})")))
}

/// What is wrong with a list, before anything is written.
fn check_list(list: &List, length: u64, members: usize) -> Result<(), String> {
    if list.format != FORMAT {
        return Err("it is an archive of another kind".to_owned());
    }
    if list.layout > LAYOUT {
        return Err(format!("it was made by a newer version ({}); update this program", list.version));
    }
    if list.members.len() > MOST_MEMBERS || members != list.members.len() + 1 {
        return Err("it holds other members than its list names".to_owned());
    }
    if !is_name(&list.folder) || list.folder.starts_with('.') {
        return Err(format!("its run has an unfit name ({:?})", list.folder));
    }
    let mut seen = BTreeSet::new();
    let mut total: u64 = 0;
    for member in &list.members {
        let known = member.name.starts_with(RUN) || member.name.starts_with(DATA);
        if !known || !member.name.split('/').all(is_name) || member.name.split('/').count() < 2 {
            return Err(format!("a member has a name that leads elsewhere ({:?})", member.name));
        }
        // Two names that some systems take for one would overwrite each other.
        if !seen.insert(member.name.to_lowercase()) {
            return Err(format!("two members have one name ({:?})", member.name));
        }
        total = total.saturating_add(member.bytes);
    }
    if total > MOST_BYTES || total > length.saturating_mul(MOST_GROWTH) {
        return Err(format!("it claims to hold {total} bytes, more than it can"));
    }
    let is_member = |name: &str| list.members.iter().any(|member| member.name == name);
    match list.data.iter().find(|data| !is_member(&data.member) || !data.member.starts_with(DATA)) {
        Some(data) => Err(format!("its list names data that it does not hold ({:?})", data.member)),
        None => Ok(()),
    }
}

/// True for the name of a file or folder that means the same on every system and leads nowhere else.
fn is_name(name: &str) -> bool {
    let strange = |letter: char| {
        letter.is_control() || matches!(letter, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    !name.is_empty() && name.len() <= MOST_NAME && !matches!(name, "." | "..") && !name.contains(strange)
}

/// Writes all members; where the files lie that came with the run.
fn write_all(
    archive: &mut Archive,
    list: &List,
    folder: &Path,
    file: &Path,
) -> Result<Vec<(String, PathBuf)>, StoreError> {
    for member in &list.members {
        let path = place(folder, &member.name);
        write_member(archive, member, &path).map_err(|error| match error {
            Ill::Member(why) => refusal(format!("{why} ({:?})", member.name), file),
            Ill::Disk(error) => StoreError::io("a file of the run", &path, error),
        })?;
    }
    Ok(list.data.iter().map(|data| (data.place.clone(), place(folder, &data.member))).collect())
}

/// Where a member goes; its name has been looked at.
fn place(folder: &Path, member: &str) -> PathBuf {
    match member.strip_prefix(RUN) {
        Some(rest) => folder.join(rest),
        None => folder.join(DATA_FOLDER).join(member.strip_prefix(DATA).unwrap_or(member)),
    }
}

/// Why a member was not written.
enum Ill {
    Member(String),
    Disk(std::io::Error),
}

fn write_member(archive: &mut Archive, member: &Member, path: &Path) -> Result<(), Ill> {
    let ill = |why: String| Ill::Member(why);
    let mut packed = archive
        .by_name(&member.name)
        .map_err(|error| ill(format!("a member is missing or damaged: {error}")))?;
    if packed.unix_mode().is_some_and(|mode| mode & KIND != PLAIN && mode & KIND != 0) {
        return Err(ill("a member is a link or a folder".to_owned()));
    }
    if let Some(above) = path.parent() {
        disk::make_folders(above).map_err(Ill::Disk)?;
    }
    // A file that is there already comes of two members that some system takes for one.
    let mut out = BufWriter::new(File::create_new(path).map_err(Ill::Disk)?);
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK];
    let mut left = member.bytes;
    loop {
        let count = packed.read(&mut block).map_err(|error| ill(format!("a member is damaged: {error}")))?;
        let part = block.get(..count).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        left = left
            .checked_sub(count as u64)
            .ok_or_else(|| ill("a member is longer than it says".to_owned()))?;
        hasher.update(part);
        out.write_all(part).map_err(Ill::Disk)?;
    }
    if left > 0 || hasher.finalize().to_hex().as_str() != member.blake3 {
        return Err(ill("a member is not what was packed".to_owned()));
    }
    out.flush().map_err(Ill::Disk)?;
    out.get_ref().sync_all().map_err(Ill::Disk)
}

/// Renames the folder of a whole run to its name, or the first like it that is free.
fn take_place(root: &Path, name: &str, incoming: &Path) -> Result<PathBuf, StoreError> {
    const MOST: usize = 10_000;
    let numbered = (2..MOST).map(|number| root.join(format!("{name}-{number}")));
    let path = std::iter::once(root.join(name))
        .chain(numbered)
        .find(|path| path.symlink_metadata().is_err())
        .ok_or_else(|| StoreError::NotEmpty(root.join(name)))?;
    disk::rename(incoming, &path).map_err(|error| StoreError::io("the run folder", &path, error))?;
    Ok(path)
}

fn new_folder(root: &Path, name: &str) -> Result<PathBuf, StoreError> {
    const MOST: usize = 10_000;
    let failed = |error| StoreError::io("the folder of runs", root, error);
    fs::create_dir_all(root).map_err(failed)?;
    for number in 0..MOST {
        let path = root.join(format!("{name}-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(StoreError::NotEmpty(root.to_owned()))
}

#[cfg(test)]
mod tests;
