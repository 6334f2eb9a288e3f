//! What a file or folder is that a person opens: read off the UI thread, and no further than it takes to tell.
//!
//! Contract: what is neither a plain file nor a folder is refused before it is opened, since reading a device or a pipe may never end;
//! nothing is read without a bound.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use weightscope_frame::experiment::{Experiment, opened};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::store;

use super::shown::Shown;
use super::whose::{self, Found, Whose};
use crate::figure::provenance::{self, Fit, Provenance};

/// Longest figure that is read, bytes.
const MOST_FIGURE: u64 = 64 << 20;
/// Longest experiment file that is read, bytes.
const MOST_EXPERIMENT: u64 = 4 << 20;
/// First bytes by which a file is told.
const HEAD: u64 = 64 << 10;

/// What a dropped file turned out to be.
pub(super) enum Dropped {
    Run(Box<Shown>, Vec<String>),
    Figure(Box<Shown>, Box<Provenance>, Beside),
    /// A figure whose run has to be asked for.
    Asked(Box<Whose>),
    Experiment(Box<Experiment>, PathBuf),
    Data(PathBuf),
    /// Experiments that look at the file, each with what will happen.
    Opened(Vec<(Experiment, String)>, PathBuf),
}

/// The other runs of a figure: where they lie, and the ids of those that are not here.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) found: Vec<PathBuf>,
    pub(super) missing: Vec<String>,
    /// What is to be said of the first run.
    pub(super) remark: Option<String>,
}

/// Tells what a path is; `shown` is the experiment of the run on the screen, beside which a file may stand.
pub(super) fn read(
    catalogue: Catalogue,
    path: &Path,
    root: &Path,
    shown: Option<&Experiment>,
) -> Result<Dropped, String> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error, path))?;
    if metadata.is_dir() {
        let found = if store::read_manifest(path).is_err() {
            opened(catalogue, shown, path, true)
        } else {
            Vec::new()
        };
        if !found.is_empty() {
            return Ok(Dropped::Opened(found, path.to_owned()));
        }
        let (shown, warnings) = Shown::read(catalogue, path)?;
        return Ok(Dropped::Run(Box::new(shown), warnings));
    }
    if !metadata.is_file() {
        return Err(format!(
            "it is a device, a pipe or a socket, no plain file; save what it gives as a file and open that: {}",
            path.display()
        ));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "toml" => experiment(catalogue, path),
        "csv" | "tsv" | "txt" => Ok(Dropped::Data(path.to_owned())),
        "svg" | "png" | "pdf" => figure(catalogue, path, root),
        // Arrays are a data set, but for a lab that looks at weights.
        "npz" | "npy" if shown.is_none_or(|shown| shown.method.table().is_none()) => {
            Ok(Dropped::Data(path.to_owned()))
        }
        _ => {
            let found = opened(catalogue, shown, path, true);
            if found.is_empty() {
                unnamed(catalogue, path, root)
            } else {
                Ok(Dropped::Opened(found, path.to_owned()))
            }
        }
    }
}

fn experiment(catalogue: Catalogue, path: &Path) -> Result<Dropped, String> {
    let bytes = bounded(path, MOST_EXPERIMENT, "an experiment")?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("it is no text in UTF-8, as experiments are: {}", path.display()))?;
    let experiment = Experiment::from_toml(catalogue, &text).map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("{}: {}", words.join("; "), path.display())
    })?;
    Ok(Dropped::Experiment(Box::new(experiment), path.to_owned()))
}

/// A file whose name says nothing: a figure by its first bytes, or what it is instead.
fn unnamed(catalogue: Catalogue, path: &Path, root: &Path) -> Result<Dropped, String> {
    let head = head(path)?;
    if provenance::may_be_figure(&head) {
        return figure(catalogue, path, root);
    }
    Err(format!("{}: {}", refusal(&head), path.display()))
}

/// Why a file that begins so is not opened, and what to do.
fn refusal(head: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_lowercase();
    if head.is_empty() {
        "it is empty; save or download it again"
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "it is a web page, saved in place of the file it leads to; download the file itself"
    } else if start.starts_with(['{', '[']) && !head.contains(&0) {
        "it is JSON, and not the index of a sharded model; open the weight file beside it, or the folder"
    } else if is_text(head) {
        "it is a text that nothing here reads; tables end in .csv, .tsv or .txt, experiments in .toml"
    } else {
        "nothing here reads a file that begins so; weight files, arrays (.npz, .npy), tables (.csv, .tsv, .txt), \
         figures (.svg, .png, .pdf), experiments (.toml) and run folders can be opened"
    }
}

/// True for bytes that are words: UTF-8 without zero bytes, cut off perhaps inside the last letter.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    whole && !head.contains(&0)
}

/// The first bytes of a file.
fn head(path: &Path) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error, path))?;
    file.take(HEAD).read_to_end(&mut head).map_err(|error| unreadable(&error, path))?;
    Ok(head)
}

/// All bytes of a file that has so many at most.
fn bounded(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error, path))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length <= most {
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error, path))?;
    }
    if length > most || bytes.len() as u64 > most {
        return Err(format!(
            "it is too long to be {what} (more than {} MB); open another file: {}",
            most >> 20,
            path.display()
        ));
    }
    Ok(bytes)
}

fn unreadable(error: &std::io::Error, path: &Path) -> String {
    format!("it cannot be read ({error}); check its name and permissions: {}", path.display())
}

fn figure(catalogue: Catalogue, path: &Path, root: &Path) -> Result<Dropped, String> {
    let bytes = bounded(path, MOST_FIGURE, "a figure")?;
    let provenance = provenance::read(&bytes).map_err(|error| format!("{error}: {}", path.display()))?;
    let origins = provenance.origins();
    let first = origins.first().ok_or("the figure names no run")?;
    // A figure written into its own run folder is found even when the run was moved.
    let own = path.ancestors().find(|folder| {
        store::read_manifest(folder)
            .is_ok_and(|manifest| matches!(first.fit(&manifest), Fit::Same | Fit::Again))
    });
    let folder = match own {
        Some(folder) => folder.to_owned(),
        None => match whose::find(first, &store::scan(root).runs, root) {
            Found::One(folder) => folder,
            Found::Ask(reason, near) => {
                return Ok(Dropped::Asked(Box::new(Whose::new(provenance, reason, near))));
            }
        },
    };
    of_run(catalogue, &folder, provenance, root)
}

/// A figure whose first run is known.
pub(super) fn of_run(
    catalogue: Catalogue,
    folder: &Path,
    provenance: Provenance,
    root: &Path,
) -> Result<Dropped, String> {
    let origins = provenance.origins();
    let (shown, _) = Shown::read(catalogue, folder)?;
    let remark = origins.first().and_then(|first| whose::remark(first, folder));
    let mut beside = Beside { remark, ..Beside::default() };
    if origins.len() > 1 {
        let here = store::scan(root).runs;
        for origin in origins.iter().skip(1) {
            match whose::find(origin, &here, root) {
                Found::One(path) => beside.found.push(path),
                Found::Ask(reason, _) => beside.missing.push(reason.trim_end_matches(':').to_owned()),
            }
        }
    }
    Ok(Dropped::Figure(Box::new(shown), Box::new(provenance), beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_named_by_its_first_bytes() {
        for (head, words) in [
            (&b""[..], "empty"),
            (b"<!DOCTYPE html><html>", "web page"),
            (b"\n {\"weights\": 1}", "JSON"),
            (b"Dear reader", "a text"),
            (b"\x7fELF\0\0", "begins so"),
        ] {
            assert!(refusal(head).contains(words), "{words}: {}", refusal(head));
        }
        assert!(
            is_text("weights \u{3b1}".as_bytes()) && is_text(&"\u{3b1}".as_bytes()[..1]),
            "cut in a letter"
        );
        assert!(!is_text(b"\xff\xfe"), "no letters");
    }

    #[test]
    fn no_more_is_read_than_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        std::fs::write(&path, vec![b'x'; (2 << 20) + 1]).unwrap();
        let error = bounded(&path, 2 << 20, "a figure").unwrap_err();
        assert!(error.contains("too long to be a figure (more than 2 MB)"), "{error}");
        assert_eq!(bounded(&path, 3 << 20, "a figure").unwrap().len(), (2 << 20) + 1, "whole");
        assert_eq!(head(&path).unwrap().len() as u64, HEAD, "the beginning");
    }
}
