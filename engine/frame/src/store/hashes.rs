//! `files.b3`: what each file of a finished run holds, as one BLAKE3 a line, so that a bit that flips later is told.
//!
//! The form is that of the tool `b3sum`, which checks it too (`b3sum --check files.b3`). The manifest holds the hash of this list. Left
//! out are the manifest itself, which a person's notes change, the log, locks, and what is passing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::atomic;
use super::error::StoreError;

const WHAT: &str = "the hashes of the run's files";
/// The list.
pub(super) const LIST: &str = "files.b3";
/// Files that may change when a run is over, and folders of other commands.
const NO_PART: [&str; 4] = ["manifest.json", "log.txt", LIST, "verify"];

/// What was found of the files of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesCheck {
    /// Files that are as they were.
    pub sound: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not, with what is wrong.
    pub differing: Vec<(String, String)>,
}

/// Writes the list; its hash.
pub(crate) fn write(run: &Path) -> Result<String, StoreError> {
    let mut text = String::new();
    for name in files(run)? {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{}  {}", hash(&run.join(&name))?.0, listed(&name));
    }
    atomic::write(&run.join(LIST), WHAT, |out| out.write_all(text.as_bytes()))?;
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// Takes a file that was changed on purpose (the place of moved data in the settings) into the list anew, and no other: what was
/// damaged before stays told. The hash of the list; nothing for a run without one, or whose list is not its own.
pub(crate) fn renew(
    run: &Path,
    name: &str,
    hash_of_list: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let path = run.join(LIST);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    if hash_of_list != Some(blake3::hash(text.as_bytes()).to_hex().as_str()) {
        return Ok(None);
    }
    let now = hash(&run.join(name))?.0;
    let line = |line: &str| match line.split_once("  ") {
        Some((_, own)) if own == name => format!("{now}  {name}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(line).collect::<Vec<_>>().concat();
    atomic::write(&path, WHAT, |out| out.write_all(text.as_bytes()))?;
    Ok(Some(blake3::hash(text.as_bytes()).to_hex().to_string()))
}

/// Compares the files of a finished run with the hashes that were kept of them. `hash_of_list` is the manifest's.
///
/// # Errors
/// A run without such hashes (it is not done, or an older version made it); a list that is damaged itself.
pub fn check_files(run: &Path, hash_of_list: Option<&str>) -> Result<FilesCheck, StoreError> {
    let path = run.join(LIST);
    let Some(expected) = hash_of_list else {
        return Err(StoreError::Lacking {
            what: "a check of the files",
            why: "the run keeps no hashes of them: it is not done, or an older version made it",
            advice: "verify it without --files, which repeats it",
            path: run.to_owned(),
        });
    };
    let text = fs::read(&path).map_err(|error| StoreError::io(WHAT, &path, error))?;
    let damaged = |why: &str| StoreError::Damaged {
        what: WHAT,
        why: why.to_owned(),
        advice: "the run's own files may be sound; verify it without --files, which repeats it",
        path: path.clone(),
    };
    if blake3::hash(&text).to_hex().as_str() != expected {
        return Err(damaged("its own hash is not that of the manifest"));
    }
    let text = String::from_utf8(text).map_err(|_| damaged("it is no text"))?;
    let listed: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(hash, name)| (name, hash)).collect();
    let mut check = FilesCheck::default();
    for (name, before) in listed {
        match hash(&run.join(name)) {
            Ok((now, bytes)) if now == before => {
                check.sound += 1;
                check.bytes += bytes;
            }
            Ok(_) => check.differing.push((name.to_owned(), "another content".to_owned())),
            Err(_) if !run.join(name).exists() => {
                check.differing.push((name.to_owned(), "missing".to_owned()));
            }
            Err(error) => check.differing.push((name.to_owned(), error.to_string())),
        }
    }
    Ok(check)
}

/// Its hash and its length.
fn hash(path: &Path) -> Result<(String, u64), StoreError> {
    let failed = |error| StoreError::io("a file of the run", path, error);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    Ok((hasher.finalize().to_hex().to_string(), hasher.count()))
}

/// All files beneath the run folder that belong to the list, sorted.
fn files(run: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let here = run.join(&folder);
        let failed = |error| StoreError::io("a folder of the run", &here, error);
        for entry in fs::read_dir(&here).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = folder.join(entry.file_name());
            let is_no_part = NO_PART.iter().any(|part| name == Path::new(part)) || is_of_owners(&name);
            let is_passing = name.extension().is_some_and(|end| end == "tmp");
            match entry.file_type().map_err(failed)? {
                _ if is_no_part || is_passing => {}
                kind if kind.is_dir() => folders.push(name),
                kind if kind.is_file() => found.push(name),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// True for a name by which programs tell each other who has the run in work: such files come and go while others look.
pub(super) fn is_of_owners(name: &Path) -> bool {
    name.to_str().is_some_and(|name| name.starts_with('.'))
}

/// A name as it stands in the list, alike on all systems.
fn listed(name: &Path) -> String {
    let parts: Vec<String> = name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_come_and_go_while_others_look_are_no_part_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        fs::create_dir(run.join("zoo")).unwrap();
        let passing = [".lock", ".owner", ".owner.owner-vm-1-2-3", ".clock-vm-1-2-3", "metrics.csv.tmp"];
        for name in ["metrics.csv", "zoo/.kept", "manifest.json"].iter().chain(&passing) {
            fs::write(run.join(name), name).unwrap();
        }
        let list = write(run).unwrap();
        let text = fs::read_to_string(run.join(LIST)).unwrap();
        let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
        assert_eq!(names, ["metrics.csv", "zoo/.kept"]);
        passing.iter().for_each(|name| fs::remove_file(run.join(name)).unwrap());
        let check = check_files(run, Some(&list)).unwrap();
        assert_eq!((check.sound, check.differing), (2, Vec::new()));
    }
}
