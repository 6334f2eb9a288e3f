//! NumPy's NPZ archives: a ZIP file with one NPY file per array.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::ZipArchive;

use super::dataset::Dataset;
use super::error::{DataError, Problem};
use super::npy::{self, Array};
use super::open::{Part, TargetKind};
use super::source::{io_error, name_of};

/// Names of features and of labels, the first that is there wins.
const FEATURES: [&str; 6] = ["x", "X", "features", "images", "data", "inputs"];
const LABELS: [&str; 5] = ["y", "Y", "labels", "targets", "target"];

/// What an archive with published parts adds to the names of its arrays.
const PARTS: [(Part, &str); 2] = [(Part::Train, "_train"), (Part::Test, "_test")];

type Archive = ZipArchive<BufReader<File>>;

/// Opens an archive with a pair of arrays, or with one pair for each part.
pub(super) fn open_file(path: &Path, part: Part, kind: TargetKind) -> Result<Dataset, DataError> {
    let file = File::open(path).map_err(io_error("read", path))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| archive_error(&error, path))?;
    let names = choose(&archive, part).map_err(|problem| DataError::unusable(problem, path))?;
    let pairs = names
        .iter()
        .map(|(features, labels)| {
            Ok((read_array(&mut archive, features, path)?, read_array(&mut archive, labels, path)?))
        })
        .collect::<Result<Vec<_>, DataError>>()?;
    npy::dataset(&pairs, name_of(path), kind, path)
}

/// The names of the arrays to read: features and labels, part after part.
fn choose(archive: &Archive, part: Part) -> Result<Vec<(String, String)>, Problem> {
    let pair_with = |end: &str| {
        let exists = |name: &&String| archive.index_for_name(name).is_some();
        let first =
            |names: &[&str]| names.iter().map(|name| format!("{name}{end}.npy")).find(|name| exists(&name));
        first(&FEATURES).zip(first(&LABELS))
    };
    let parts: Vec<(Part, (String, String))> =
        PARTS.iter().filter_map(|(own, end)| Some((*own, pair_with(end)?))).collect();
    if parts.is_empty() {
        return match (pair_with(""), part) {
            (Some(pair), Part::All) => Ok(vec![pair]),
            (Some(_), _) => Err(Problem::NoParts { part: part.name() }),
            (None, _) => Err(Problem::NpzKeys { keys: keys(archive) }),
        };
    }
    let wanted: Vec<_> = parts
        .into_iter()
        .filter(|(own, _)| part == Part::All || part == *own)
        .map(|(_, pair)| pair)
        .collect();
    if wanted.is_empty() { Err(Problem::MissingPart { part: part.name() }) } else { Ok(wanted) }
}

/// What the archive holds, in words.
fn keys(archive: &Archive) -> String {
    let names: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_owned())
        .collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn read_array(archive: &mut Archive, name: &str, path: &Path) -> Result<Array, DataError> {
    let mut file = archive.by_name(name).map_err(|error| archive_error(&error, path))?;
    let name = name.strip_suffix(".npy").unwrap_or(name).to_owned();
    match npy::read(&mut file, path) {
        Ok(mut array) => {
            array.name = name;
            Ok(array)
        }
        Err(DataError::Unusable { problem, place }) => Err(DataError::Unusable {
            problem: Problem::InArray { array: name, problem: Box::new(problem) },
            place,
        }),
        Err(other) => Err(other),
    }
}

fn archive_error(error: &zip::result::ZipError, path: &Path) -> DataError {
    DataError::unusable(Problem::Archive { detail: error.to_string() }, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::tests::npy;
    use std::io::{Cursor, Write as _};
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn archive(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in arrays {
            writer.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn open(bytes: &[u8], part: Part) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.npz");
        std::fs::write(&path, bytes).unwrap();
        open_file(&path, part, TargetKind::Classes).map_err(|error| error.to_string())
    }

    fn table(values: &[u8]) -> Vec<u8> {
        npy("|u1", &format!("({}, 1)", values.len()), values)
    }

    fn list(values: &[u8]) -> Vec<u8> {
        npy("|u1", &format!("({},)", values.len()), values)
    }

    #[test]
    fn reads_a_pair_under_any_of_its_names() {
        for (x, y) in
            [("x", "y"), ("X", "y"), ("features", "labels"), ("images", "targets"), ("data", "target")]
        {
            let dataset = open(&archive(&[(y, list(&[1, 0])), (x, table(&[5, 6]))]), Part::All).unwrap();
            assert_eq!((dataset.features(), dataset.labels().unwrap()), (&[5.0, 6.0][..], &[1, 0][..]));
        }
    }

    #[test]
    fn joins_or_chooses_the_parts() {
        let bytes = archive(&[
            ("x_test", table(&[9])),
            ("y_test", list(&[1])),
            ("x_train", table(&[5, 6])),
            ("y_train", list(&[0, 1])),
        ]);
        assert_eq!(open(&bytes, Part::All).unwrap().features(), [5.0, 6.0, 9.0]);
        assert_eq!(open(&bytes, Part::Train).unwrap().features(), [5.0, 6.0]);
        assert_eq!(open(&bytes, Part::Test).unwrap().features(), [9.0]);
        let half = archive(&[("x_train", table(&[5])), ("y_train", list(&[0]))]);
        assert!(open(&half, Part::Test).unwrap_err().starts_with("the test part is not there;"));
    }

    #[test]
    fn an_archive_without_a_pair_lists_what_it_holds() {
        let text = open(&archive(&[("weights", table(&[5])), ("y", list(&[0]))]), Part::All).unwrap_err();
        assert!(
            text.starts_with("the archive holds weights, y, but no pair of features and labels;"),
            "{text}"
        );
        let text = open(&archive(&[]), Part::All).unwrap_err();
        assert!(text.starts_with("the archive holds nothing, but"), "{text}");
    }

    #[test]
    fn a_pair_has_no_parts() {
        let text = open(&archive(&[("x", table(&[5])), ("y", list(&[0]))]), Part::Test).unwrap_err();
        assert!(text.starts_with("this data set has no test part of its own; use all of it"), "{text}");
    }

    #[test]
    fn damaged_archives_are_refused() {
        let text = open(b"no archive", Part::All).unwrap_err();
        assert!(text.starts_with("the archive cannot be read: "), "{text}");
        assert!(text.contains("; fetch it again: "), "{text}");
        let mixed = archive(&[
            ("x_train", table(&[5])),
            ("y_train", list(&[0])),
            ("x_test", npy("|u1", "(1, 2)", &[1, 2])),
            ("y_test", list(&[0])),
        ]);
        assert!(
            open(&mixed, Part::All)
                .unwrap_err()
                .starts_with("the parts differ in the length of a row, 1 and 2 values;")
        );
    }
}
