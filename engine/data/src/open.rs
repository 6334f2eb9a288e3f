//! Opening a data set by its name in the catalogue or by its path.
//!
//! Nothing is guessed: what a file is follows from its name and its first bytes, and what cannot be told is asked
//! for in an error.

use std::path::{Path, PathBuf};

use super::catalogue;
use super::cifar;
use super::csv;
use super::dataset::{Dataset, Target};
use super::error::{DataError, Problem};
use super::idx;
use super::npy;
use super::npz;
use super::split;
use super::table::TableOptions;

/// Which of the published parts to open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Every part that is there, the training part first.
    #[default]
    All,
    /// The training part.
    Train,
    /// The test part.
    Test,
}

impl Part {
    /// The name used in files and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// How to read the target of a table or an array. Formats that hold labels only do not need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetKind {
    /// As classes: words or whole numbers.
    #[default]
    Classes,
    /// As numbers, for a regression.
    Values,
}

/// What to open, and how.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The column of a CSV file that holds the target; `label` by default.
    pub label_column: Option<String>,
    /// How to read the target.
    pub target: TargetKind,
    /// Which published part to open.
    pub part: Part,
    /// At most so many rows: the first of each class in proportion to the classes' shares, or, where the target is
    /// a value, the first of all. They keep the order of the file.
    pub limit_rows: Option<usize>,
    /// Where downloaded data sets lie, as given to [`catalogue::get`].
    pub cache_dir: PathBuf,
    /// What a person says about a table.
    pub table: TableOptions,
}

/// Opens a data set by a name of the [catalogue], or a file or folder by its path.
///
/// Paths may lead to a folder of IDX or of CIFAR-10 files, an IDX images file, a CIFAR-10 `.bin` file, a `.csv`
/// table, or a `.npy` or `.npz` file; IDX, CSV and NPY files may be gzip-compressed.
///
/// # Errors
/// A [`DataError`] that names the path and what is wrong there.
pub fn open(name_or_path: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let path = Path::new(name_or_path);
    let dataset = match catalogue::entry(name_or_path) {
        Some(entry) => catalogue::open_entry(entry, options)?,
        None if path.is_dir() => open_folder(path, options.part)?,
        None if path.exists() => open_file(path, options)?,
        None => return Err(catalogue::unknown(name_or_path)),
    };
    match options.limit_rows {
        Some(limit) if limit < dataset.rows() => limited(&dataset, limit),
        _ => Ok(dataset),
    }
}

fn open_folder(folder: &Path, part: Part) -> Result<Dataset, DataError> {
    let (images, batches) = (idx::images_in(folder), cifar::files_in(folder));
    match (images.is_empty(), batches.is_empty()) {
        (false, true) => idx::open_folder(folder, &images, part, None),
        (true, false) => cifar::open_folder(folder, &batches, part),
        (false, false) => Err(DataError::unusable(Problem::MixedFolder, folder)),
        (true, true) => Err(DataError::unusable(Problem::NothingInFolder, folder)),
    }
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let extension = Path::new(plain).extension().and_then(|extension| extension.to_str());
    if extension == Some("npz") {
        return npz::open_file(path, options.part, options.target);
    }
    if options.part != Part::All {
        return Err(DataError::unusable(Problem::NoParts { part: options.part.name() }, path));
    }
    match extension {
        Some("csv" | "tsv") => {
            let label_column = options.label_column.as_deref().unwrap_or(csv::DEFAULT_LABEL_COLUMN);
            csv::open_file(path, label_column, options.target, &options.table)
        }
        Some("npy") => npy::open_file(path, options.target),
        Some("bin") => cifar::open_file(path),
        _ if plain.contains("idx") || idx::is_idx(path) => idx::open_file(path),
        _ => Err(DataError::unusable(Problem::UnknownKind, path)),
    }
}

/// The rows that [`OpenOptions::limit_rows`] describes.
fn limited(dataset: &Dataset, limit: usize) -> Result<Dataset, DataError> {
    match dataset.target() {
        Target::Classes { labels, .. } => dataset.select(&split::head(labels, limit)),
        Target::Values(_) => dataset.select(&(0..limit).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn open_in(folder: &tempfile::TempDir, name: &str, options: &OpenOptions) -> Result<Dataset, String> {
        let path = folder.path().join(name);
        open(path.to_str().unwrap(), options).map_err(|error| error.to_string())
    }

    fn refusal(folder: &tempfile::TempDir, name: &str, options: &OpenOptions) -> String {
        open_in(folder, name, options).unwrap_err()
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert_eq!(
            open("mnits", &OpenOptions::default()).unwrap_err().to_string(),
            "there is no data set and no file of this name; known data sets are digits, mnist, fashion-mnist, \
             cifar10, anything else must be a path: mnits"
        );
    }

    #[test]
    fn folders_say_what_is_wrong_with_them() {
        let all = OpenOptions::default();
        let text = refusal(&folder_with(&[("readme.txt", b"")]), "", &all);
        assert!(text.starts_with("the folder holds no data set; it should have IDX files"), "{text}");
        let mixed = folder_with(&[("train-images-idx3-ubyte", b""), ("test_batch.bin", b"")]);
        let text = refusal(&mixed, "", &all);
        assert!(
            text.starts_with("the folder holds both IDX and CIFAR-10 files; keep one data set in a folder: ")
        );
    }

    #[test]
    fn files_are_told_apart_by_name_and_first_bytes() {
        let folder = folder_with(&[
            ("a.CSV", b"x,kind\n1,a\n2,b\n"),
            ("b.bin", &[0; 3073]),
            ("c.dat", &[0, 0, 8, 1, 0, 0, 0, 0]),
            ("d.txt", b"hello"),
        ]);
        let options = OpenOptions { label_column: Some("kind".into()), ..OpenOptions::default() };
        assert_eq!(open_in(&folder, "a.CSV", &options).unwrap().classes().unwrap(), 2);
        assert_eq!(open_in(&folder, "b.bin", &options).unwrap().columns(), 3072);
        assert!(refusal(&folder, "c.dat", &options).starts_with("this file holds labels only;"));
        assert!(
            refusal(&folder, "d.txt", &options).starts_with("files of this kind are not read; choose IDX,")
        );
        let text = refusal(&folder, "a.CSV", &OpenOptions::default());
        assert!(
            text.starts_with("there is no column \"label\"; name the label column, one of x, kind: "),
            "{text}"
        );
    }

    #[test]
    fn a_single_file_has_no_parts() {
        let folder = folder_with(&[("a.csv", b"x,label\n1,2\n")]);
        let options = OpenOptions { part: Part::Train, ..OpenOptions::default() };
        assert!(
            refusal(&folder, "a.csv", &options).starts_with("this data set has no train part of its own;")
        );
    }

    #[test]
    fn a_limit_keeps_the_shares_of_the_classes() {
        let folder = folder_with(&[("a.csv", b"x,label\n0,0\n1,0\n2,0\n3,0\n4,1\n5,1\n")]);
        let options = OpenOptions { limit_rows: Some(3), ..OpenOptions::default() };
        let limited = open_in(&folder, "a.csv", &options).unwrap();
        assert_eq!(limited.features(), [0.0, 1.0, 4.0]);
        let values = OpenOptions { target: TargetKind::Values, ..options.clone() };
        assert_eq!(open_in(&folder, "a.csv", &values).unwrap().features(), [0.0, 1.0, 2.0]);
        let zero = OpenOptions { limit_rows: Some(0), ..options };
        assert!(refusal(&folder, "a.csv", &zero).starts_with("there are no rows;"));
    }

    /// The MNIST test set, if `WEIGHTSCOPE_SHARED_DATA` names a folder that holds it in `mnist`.
    #[test]
    fn reads_the_mnist_test_set_where_it_is_at_hand() {
        let Some(shared) = std::env::var_os("WEIGHTSCOPE_SHARED_DATA") else { return };
        let folder = Path::new(&shared).join("mnist");
        if !folder.is_dir() {
            return;
        }
        let dataset = open(folder.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!((dataset.rows(), dataset.columns(), dataset.classes().unwrap()), (10_000, 784, 10));
        // The first test digits, as shown in every tutorial.
        assert_eq!(dataset.labels().unwrap()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
        assert_eq!(dataset.features().iter().fold(0.0, |largest: f32, pixel| largest.max(*pixel)), 255.0);
        let file = folder.join("t10k-images-idx3-ubyte.gz");
        let direct = open(file.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!(direct.hash(), dataset.hash());
    }
}
