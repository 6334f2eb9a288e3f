//! The binary version of CIFAR-10: records of one label byte and 3 × 32 × 32 pixel bytes.
//!
//! The 1024 red values come first, then green, then blue, each plane row by row. Source: A. Krizhevsky, "The
//! CIFAR-10 dataset", section "Binary version".

use std::path::{Path, PathBuf};

use super::dataset::{Contents, Dataset, ImageShape, Target};
use super::error::{DataError, Problem};
use super::open::Part;
use super::source::{io_error, name_of};

/// The names of the classes, in the order of `batches.meta.txt`.
pub(super) const CLASS_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The published files with the part that each belongs to.
pub(super) const FILES: [(Part, &str); 6] = [
    (Part::Train, "data_batch_1.bin"),
    (Part::Train, "data_batch_2.bin"),
    (Part::Train, "data_batch_3.bin"),
    (Part::Train, "data_batch_4.bin"),
    (Part::Train, "data_batch_5.bin"),
    (Part::Test, "test_batch.bin"),
];

/// Length of each published file: 10,000 records.
pub(super) const FILE_BYTES: u64 = 10_000 * RECORD_BYTES as u64;

const IMAGE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const PIXELS: usize = 3 * 32 * 32;
const RECORD_BYTES: usize = 1 + PIXELS;

/// Opens one file of records.
pub(super) fn open_file(path: &Path) -> Result<Dataset, DataError> {
    open(&[path.to_path_buf()], name_of(path), path)
}

/// The published files in a folder, or in the folder `cifar-10-batches-bin` in it; empty if there are none.
pub(super) fn files_in(folder: &Path) -> Vec<(Part, PathBuf)> {
    let files_of = |folder: &Path| -> Vec<(Part, PathBuf)> {
        let files = FILES.iter().map(|(part, name)| (*part, folder.join(name)));
        files.filter(|(_, path)| path.is_file()).collect()
    };
    let files = files_of(folder);
    if files.is_empty() { files_of(&folder.join("cifar-10-batches-bin")) } else { files }
}

/// Opens files of [`files_in`] and joins the wanted ones, the training part first.
pub(super) fn open_folder(
    folder: &Path,
    files: &[(Part, PathBuf)],
    part: Part,
) -> Result<Dataset, DataError> {
    let wanted: Vec<PathBuf> = files
        .iter()
        .filter(|(own, _)| part == Part::All || part == *own)
        .map(|(_, path)| path.clone())
        .collect();
    if wanted.is_empty() {
        return Err(DataError::unusable(Problem::MissingPart { part: part.name() }, folder));
    }
    open(&wanted, name_of(folder), folder)
}

fn open(paths: &[PathBuf], name: String, place: &Path) -> Result<Dataset, DataError> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for path in paths {
        let bytes = std::fs::read(path).map_err(io_error("read", path))?;
        decode(&bytes, &mut features, &mut labels).map_err(|problem| DataError::unusable(problem, path))?;
    }
    let names = CLASS_NAMES.iter().map(ToString::to_string).collect();
    let contents = Contents {
        name,
        features,
        columns: PIXELS,
        image: Some(IMAGE),
        target: Target::Classes { labels, names },
        ..Contents::default()
    };
    Dataset::new(contents).map_err(|error| error.at(place))
}

fn decode(bytes: &[u8], features: &mut Vec<f32>, labels: &mut Vec<u32>) -> Result<(), Problem> {
    let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
    if !rest.is_empty() {
        return Err(Problem::PartialRecord { bytes: bytes.len(), record_bytes: RECORD_BYTES });
    }
    if records.is_empty() {
        return Err(Problem::Empty);
    }
    for (row, [label, pixels @ ..]) in records.iter().enumerate() {
        let (label, classes) = (u32::from(*label), CLASS_NAMES.len());
        if label as usize >= classes {
            return Err(Problem::LabelOutOfRange { row: row + 1, label, classes });
        }
        labels.push(label);
        features.extend(pixels.iter().map(|pixel| f32::from(*pixel)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(label: u8, value: u8) -> Vec<u8> {
        let mut record = vec![value; RECORD_BYTES];
        record[0] = label;
        // The first green pixel.
        record[1 + 1024] = 77;
        record
    }

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn refusal(bytes: &[u8]) -> String {
        let folder = folder_with(&[("a.bin", bytes)]);
        open_file(&folder.path().join("a.bin")).unwrap_err().to_string()
    }

    #[test]
    fn reads_records_plane_by_plane() {
        let folder = folder_with(&[("a.bin", &[record(3, 1), record(9, 255)].concat())]);
        let dataset = open_file(&folder.path().join("a.bin")).unwrap();
        assert_eq!(dataset.labels().unwrap(), [3, 9]);
        assert_eq!(dataset.class_names().unwrap()[3], "cat");
        assert_eq!((dataset.rows(), dataset.image()), (2, Some(IMAGE)));
        assert_eq!(dataset.row(0).unwrap()[1023..1026], [1.0, 77.0, 1.0]);
        assert_eq!(dataset.row(1).unwrap()[0], 255.0);
    }

    #[test]
    fn joins_the_parts_of_a_folder() {
        let folder = folder_with(&[
            ("test_batch.bin", &record(1, 0)),
            ("data_batch_1.bin", &record(2, 0)),
            ("data_batch_5.bin", &record(3, 0)),
        ]);
        let labels = |part| {
            open_folder(folder.path(), &files_in(folder.path()), part).unwrap().labels().unwrap().to_vec()
        };
        assert_eq!(labels(Part::All), [2, 3, 1]);
        assert_eq!(labels(Part::Train), [2, 3]);
        assert_eq!(labels(Part::Test), [1]);
    }

    #[test]
    fn a_part_that_is_not_there_is_named() {
        let folder = folder_with(&[("test_batch.bin", &record(1, 0))]);
        let error = open_folder(folder.path(), &files_in(folder.path()), Part::Train).unwrap_err();
        assert!(error.to_string().starts_with("the train part is not there;"), "{error}");
    }

    #[test]
    fn damaged_files_are_refused() {
        let text = refusal(&record(1, 0)[..3000]);
        assert!(
            text.starts_with("3000 bytes are not a whole number of CIFAR-10 records of 3073 bytes;"),
            "{text}"
        );
        assert!(text.ends_with("a.bin"), "{text}");
        assert!(refusal(&[]).starts_with("there are no rows; choose a file with data in it: "));
        let text = refusal(&[record(0, 0), record(10, 0)].concat());
        assert!(text.starts_with("row 2 has label 10, but the classes are 0 to 9;"), "{text}");
    }
}
