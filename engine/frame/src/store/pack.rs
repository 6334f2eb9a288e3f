//! A run as one file, to be handed to somebody: a ZIP archive of its folder with a list of all members.
//!
//! | Member | What |
//! |---|---|
//! | `run/…` | the files of the run folder as they stand; the lock and half-written files stay behind |
//! | `data/…` | files that the run read, where they are wanted |
//! | `pack.json` | the last member: whose run it is, and length and BLAKE3 of each other member |
//!
//! Contract: nothing of the run is changed, no link is followed, and an existing file is not replaced. How a pack is opened stands in
//! `unpack`.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use weightscope_data::Read;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::error::StoreError;
use super::folder::{is_in_use, read_manifest};
use super::hashes::is_of_owners;
use super::manifest::Manifest;

/// Ending of the file's name.
pub const ENDING: &str = "weightscope";
/// Data of more bytes are packed only when that is said twice.
pub const MUCH_DATA: u64 = 50_000_000;
/// What the list says that the file is.
pub(super) const FORMAT: &str = "weightscope pack";
/// Version of the layout.
pub(super) const LAYOUT: u32 = 1;
/// Name of the list.
pub(super) const LIST: &str = "pack.json";
/// What precedes the names of the run's files, and of those that it read.
pub(super) const RUN: &str = "run/";
pub(super) const DATA: &str = "data/";
/// What stays behind of a run folder, beside the files of its owners.
const LEFT: &str = "verify";
/// Endings of files that do not shrink.
const DENSE: [&str; 5] = ["safetensors", "png", "zip", "npz", "gz"];
/// Bytes that are copied at once.
const BLOCK: usize = 64 << 10;

/// The list of a pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct List {
    /// Always [`FORMAT`].
    pub(super) format: String,
    pub(super) layout: u32,
    /// Version of the program that packed it.
    pub(super) version: String,
    /// Name of the run folder.
    pub(super) folder: String,
    /// Whose run it is.
    pub(super) id: String,
    pub(super) config_hash: String,
    pub(super) started: String,
    pub(super) members: Vec<Member>,
    pub(super) data: Vec<DataMember>,
}

/// A member besides the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) blake3: String,
}

/// A file that the run read, and under which name it is packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DataMember {
    /// Its path, as the manifest of the run has it.
    pub(super) place: String,
    pub(super) member: String,
}

/// A file that a run read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedData {
    /// Its path, as the manifest of the run has it.
    pub place: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
}

/// The files that a run read, as far as they are there; what is part of the program, and whole folders, are none.
pub fn data_files(manifest: &Manifest) -> Vec<PackedData> {
    let file = |read: &Read| {
        // The name of a data set that is part of the program, or was downloaded, is no path.
        let is_path = Path::new(&read.place).is_absolute() || read.bytes.is_some();
        let path = std::path::absolute(&read.place).ok().filter(|_| is_path)?;
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some(PackedData { place: read.place.clone(), path, bytes: metadata.len() })
    };
    let mut files: Vec<PackedData> = Vec::new();
    for found in manifest.data.iter().filter_map(file) {
        if !files.iter().any(|known| known.path == found.path) {
            files.push(found);
        }
    }
    files
}

/// True for the name of a pack.
pub fn is_pack(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
}

/// Writes a run, with the files that it read and that are wanted, as one new file; its length.
pub fn pack(run: &Path, out: &Path, data: &[PackedData]) -> Result<u64, StoreError> {
    let manifest = read_manifest(run)?;
    if is_in_use(run) {
        return Err(StoreError::Busy(run.to_owned()));
    }
    if out.symlink_metadata().is_ok() {
        let why = "the file is there already".to_owned();
        return Err(StoreError::Kept { why, advice: "name another file", path: out.to_owned() });
    }
    let mut temporary = out.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let written = write(run, &temporary, &manifest, data)
        .and_then(|()| fs::rename(&temporary, out).map_err(|error| StoreError::io("the pack", out, error)));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(fs::metadata(out).map_or(0, |metadata| metadata.len()))
}

type Archive = zip::ZipWriter<BufWriter<File>>;

fn write(run: &Path, out: &Path, manifest: &Manifest, data: &[PackedData]) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("the pack", out, error);
    let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(out).map_err(failed)?));
    let mut list = List {
        format: FORMAT.to_owned(),
        layout: LAYOUT,
        version: crate::VERSION.to_owned(),
        folder: run.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        id: manifest.id.clone(),
        config_hash: manifest.config_hash.clone(),
        started: manifest.started.clone(),
        ..List::default()
    };
    for (name, path) in files(run, data)? {
        list.members.push(add(&mut archive, &format!("{RUN}{name}"), &path, out)?);
    }
    for (number, file) in data.iter().enumerate() {
        let name = file.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // Two files of one name lie in two folders.
        let member = format!("{DATA}{number}/{name}");
        list.members.push(add(&mut archive, &member, &file.path, out)?);
        list.data.push(DataMember { place: file.place.clone(), member });
    }
    let text = serde_json::to_vec_pretty(&list).map_err(|error| failed(error.into()))?;
    archive.start_file(LIST, options(LIST)).map_err(|error| failed(error.into()))?;
    archive.write_all(&text).map_err(failed)?;
    let mut file = archive.finish().map_err(|error| failed(error.into()))?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)
}

fn options(name: &str) -> SimpleFileOptions {
    let dense = DENSE.iter().any(|ending| name.ends_with(&format!(".{ending}")));
    let method = if dense { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    // No clock in the file, and room for checkpoints of any length.
    SimpleFileOptions::default()
        .last_modified_time(zip::DateTime::default())
        .compression_method(method)
        .large_file(true)
}

fn add(archive: &mut Archive, name: &str, path: &Path, out: &Path) -> Result<Member, StoreError> {
    let failed = |error| StoreError::io("the pack", out, error);
    let unread = |error| StoreError::io("a file of the run", path, error);
    archive.start_file(name, options(name)).map_err(|error| failed(error.into()))?;
    let mut file = BufReader::new(File::open(path).map_err(unread)?);
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut block).map_err(unread)?;
        let part = block.get(..count).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        hasher.update(part);
        archive.write_all(part).map_err(failed)?;
        bytes += count as u64;
    }
    Ok(Member { name: name.to_owned(), bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// The files of a run folder with their names in the pack, in a fixed order; the files that it read are no part of it.
fn files(run: &Path, data: &[PackedData]) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![(String::new(), run.to_owned())];
    while let Some((above, folder)) = folders.pop() {
        let failed = |error| StoreError::io("the run folder", &folder, error);
        let mut entries =
            fs::read_dir(&folder).map_err(failed)?.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(refused("the name of a file is no text", &path));
            };
            let is_left = above.is_empty() && (name == LEFT || is_of_owners(Path::new(&name)));
            let is_half = path.extension().is_some_and(|ending| ending == "tmp");
            let is_data =
                super::unpack::is_data_folder(&above, &name) || data.iter().any(|file| file.path == path);
            if is_left || is_half || is_data {
                continue;
            }
            let name = format!("{above}{name}");
            if kind.is_dir() {
                folders.push((format!("{name}/"), path));
            } else if kind.is_file() {
                found.push((name, path));
            } else {
                return Err(refused("it holds a link or a device, which is not packed", &path));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn refused(why: &str, path: &Path) -> StoreError {
    let why = format!("the run cannot be packed: {why}");
    StoreError::Kept { why, advice: "take it out of the run folder", path: path.to_owned() }
}
