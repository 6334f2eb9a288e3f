//! What can go wrong between a data set on disk, or on the network, and a [`Dataset`](super::Dataset).
//!
//! Every text says what failed, why, and what to do; the path stands last.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the data layer.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder could not be read, written or made.
    ///
    /// The cause is part of the text, and therefore not repeated as a `source`.
    #[error("could not {action}: {cause}; {}: {}", advice(cause.kind()), path.display())]
    Io {
        /// What was tried, as in "could not …".
        action: &'static str,
        /// Why it failed.
        cause: io::Error,
        /// Where.
        path: PathBuf,
    },
    /// The contents cannot be used.
    #[error("{problem}: {place}")]
    Unusable {
        /// What is wrong with them.
        problem: Problem,
        /// The path they came from, or the name of the data set.
        place: String,
    },
    /// Neither a known data set nor a path that exists.
    #[error(
        "there is no data set and no file of this name; known data sets are {known}, anything else must be a path: {name}"
    )]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The names of the catalogue.
        known: String,
    },
    /// A data set of the catalogue that must be downloaded first.
    #[error("{name} is not on this computer yet; download it first with `weightscope data get {name}`: {}", folder.display())]
    NotDownloaded {
        /// Its name.
        name: String,
        /// Where its files would lie.
        folder: PathBuf,
    },
    /// A data set of the catalogue that needs no download.
    #[error("{name} is part of the program and needs no download; open it by its name")]
    Embedded {
        /// Its name.
        name: String,
    },
    /// A split, a batch size or a row that the data set cannot give.
    #[error("{problem}; {remedy}")]
    Request {
        /// What was asked for and why it cannot be.
        problem: String,
        /// What to ask for instead.
        remedy: &'static str,
    },
    /// The server could not be reached, or refused.
    #[error("could not download {url}: {cause}; check the network connection, then try again: {}", path.display())]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        cause: String,
        /// Where the file would lie.
        path: PathBuf,
    },
    /// The connection broke more often than it was resumed.
    #[error(
        "the download of {url} broke off after {received_bytes} bytes: {cause}; they are kept, try again to go on: {}",
        path.display()
    )]
    Interrupted {
        /// The address.
        url: String,
        /// Why.
        cause: String,
        /// How many bytes lie in the partial file.
        received_bytes: u64,
        /// The partial file.
        path: PathBuf,
    },
    /// The file that came is not the published one.
    #[error(
        "{url} sent a file with MD5 {found}, not the published {expected}; it was deleted, try again or use another source: {}",
        path.display()
    )]
    Checksum {
        /// The address.
        url: String,
        /// The published checksum, hexadecimal.
        expected: String,
        /// The checksum of what came, hexadecimal.
        found: String,
        /// Where the file would lie.
        path: PathBuf,
    },
    /// The user stopped the download.
    #[error("the download was cancelled; what came so far is kept, start it again to go on: {}", path.display())]
    Cancelled {
        /// The partial file.
        path: PathBuf,
    },
}

impl DataError {
    /// Contents that cannot be used, in this file or folder.
    pub(super) fn unusable(problem: Problem, path: &Path) -> Self {
        Self::Unusable { problem, place: path.display().to_string() }
    }

    /// True if another column of labels would mend it: the one that was named is not there, is empty in a row, or holds no classes.
    pub fn is_about_target(&self) -> bool {
        let of_table = |place: &str| {
            let place = place.to_ascii_lowercase();
            [".csv", ".csv.gz"].iter().any(|end| place.ends_with(end))
        };
        match self {
            Self::Unusable { problem: Problem::NoColumn { .. } | Problem::NoLabel { .. }, .. } => true,
            Self::Unusable { problem: Problem::NotAClass { .. }, place } => of_table(place),
            _ => false,
        }
    }

    /// Puts the path in the place of the data set's name.
    pub(super) fn at(self, path: &Path) -> Self {
        match self {
            Self::Unusable { problem, .. } => Self::unusable(problem, path),
            other => other,
        }
    }
}

/// Why contents cannot be used as a data set, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Anything about a table, in words that name the place and the remedy.
    #[error("{0}")]
    Told(String),
    /// Not a single row.
    #[error("there are no rows; choose a file with data in it")]
    Empty,
    /// Rows without features.
    #[error("there are no feature columns; a data set needs at least one beside its target")]
    NoColumns,
    /// The number of values is no multiple of the number of columns.
    #[error("{values} feature values do not fill rows of {columns} columns; check the shape")]
    Ragged {
        /// How many values there are.
        values: usize,
        /// How many one row takes.
        columns: usize,
    },
    /// An image shape that does not fit the row length.
    #[error("an image of {pixels} values does not fit rows of {columns} columns; check the shape")]
    ImageSize {
        /// channels · height · width.
        pixels: usize,
        /// Columns of a row.
        columns: usize,
    },
    /// Another number of names than of columns.
    #[error("there are {names} column names for {columns} columns; give each column one name")]
    ColumnNames {
        /// How many names there are.
        names: usize,
        /// How many columns.
        columns: usize,
    },
    /// Rows and targets differ in number.
    #[error("there are {rows} rows of features but {targets} targets; choose files that belong together")]
    CountMismatch {
        /// Rows of features.
        rows: usize,
        /// Labels or values.
        targets: usize,
    },
    /// A feature that is infinite or not a number.
    #[error("row {row}, column \"{column}\" is {value}; replace or remove values that are not finite")]
    NonFiniteFeature {
        /// Row, from 1.
        row: usize,
        /// Name of the column.
        column: String,
        /// The value.
        value: f32,
    },
    /// A target that is infinite or not a number.
    #[error("the target of row {row} is {value}; replace or remove values that are not finite")]
    NonFiniteTarget {
        /// Row, from 1.
        row: usize,
        /// The value.
        value: f32,
    },
    /// A label that is no class.
    #[error("row {row} has label {label}, but the classes are 0 to {}; check that the labels belong to this data set", classes.saturating_sub(1))]
    LabelOutOfRange {
        /// Row, from 1.
        row: usize,
        /// The label.
        label: u32,
        /// How many classes there are.
        classes: usize,
    },
    /// A label that is no whole number from 0 up.
    #[error(
        "row {row} has label {label}, which is not a class; read the target as values for a regression, or give whole numbers from 0 up"
    )]
    NotAClass {
        /// Row, from 1.
        row: usize,
        /// The label.
        label: f64,
    },
    /// A classification was asked of a regression data set.
    #[error(
        "the target is a value, not a class; choose a data set with classes, or read its target as classes"
    )]
    NoClasses,
    /// A regression was asked of a classification data set.
    #[error(
        "the target is a class, not a value; choose a data set with values, or read its target as values"
    )]
    NoValues,
    /// Another kind of file than it should be.
    #[error(
        "this is not {wanted}: it begins with 0x{found:08x}, not 0x{expected:08x}; choose the right file"
    )]
    WrongMagic {
        /// What it should be, with its article.
        wanted: &'static str,
        /// The first four bytes.
        found: u32,
        /// What they should be.
        expected: u32,
    },
    /// A labels file where its images file was wanted.
    #[error("this file holds labels only; open the images file that belongs to it")]
    LabelsFile,
    /// The file ends too early.
    #[error(
        "the file is truncated: it holds {found_bytes} of {expected_bytes} bytes of {what}; fetch it again"
    )]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// How long that should be.
        expected_bytes: u64,
        /// How much of it there is.
        found_bytes: u64,
    },
    /// The file goes on after its end.
    #[error(
        "the file goes on after the {expected_bytes} bytes of {what} that its header announces; fetch it again"
    )]
    TooLong {
        /// What should have ended.
        what: &'static str,
        /// How long that should be.
        expected_bytes: u64,
    },
    /// A header that announces more than any memory holds.
    #[error("the header announces an impossible size, {size}; the file is damaged, fetch it again")]
    ImpossibleSize {
        /// The announced shape.
        size: String,
    },
    /// Not a whole number of records.
    #[error(
        "{bytes} bytes are not a whole number of CIFAR-10 records of {record_bytes} bytes; the file is truncated or of another kind"
    )]
    PartialRecord {
        /// Length of the file.
        bytes: usize,
        /// Length of one record.
        record_bytes: usize,
    },
    /// No labels beside the features.
    #[error("no labels were found for it; put {wanted} beside it")]
    NoLabels {
        /// The names that would do.
        wanted: String,
    },
    /// A folder with files of several data sets.
    #[error("the folder holds both IDX and CIFAR-10 files; keep one data set in a folder")]
    MixedFolder,
    /// Parts whose rows differ in length.
    #[error(
        "the parts differ in the length of a row, {first} and {second} values; keep one data set in a place"
    )]
    MixedSizes {
        /// Values in a row of the first part.
        first: usize,
        /// Values in a row of another.
        second: usize,
    },
    /// A folder without data.
    #[error(
        "the folder holds no data set; it should have IDX files (train-images-idx3-ubyte, …) or CIFAR-10 files (data_batch_1.bin, …)"
    )]
    NothingInFolder,
    /// A file of a kind that is not read.
    #[error("files of this kind are not read; choose IDX, CIFAR-10 .bin, .csv, .npy or .npz")]
    UnknownKind,
    /// The published part is not there.
    #[error("the {part} part is not there; use another part, or add its files")]
    MissingPart {
        /// `train` or `test`.
        part: &'static str,
    },
    /// A data set without published parts.
    #[error("this data set has no {part} part of its own; use all of it and let the split make the parts")]
    NoParts {
        /// `train` or `test`.
        part: &'static str,
    },
    /// The label column is not in the table.
    #[error("there is no column \"{column}\"; name the label column, one of {columns}")]
    NoColumn {
        /// What was looked for.
        column: String,
        /// What there is.
        columns: String,
    },
    /// A cell that is no finite number.
    #[error(
        "line {line}, column \"{column}\" holds \"{value}\", which is not a finite number; correct or remove it"
    )]
    Cell {
        /// Line of the file, from 1, the header included.
        line: u64,
        /// Name of the column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// A row without a label.
    #[error("line {line} has no label in column \"{column}\"; add it or remove the line")]
    NoLabel {
        /// Line of the file, from 1, the header included.
        line: u64,
        /// Name of the label column.
        column: String,
    },
    /// A table that is not rectangular, or not text.
    #[error("the table cannot be read: {detail}; correct the file")]
    Table {
        /// What the reader says.
        detail: String,
    },
    /// A header that does not follow the NPY format.
    #[error("the NPY header cannot be read: {detail}; save the array again with numpy.save")]
    NpyHeader {
        /// What is wrong.
        detail: String,
    },
    /// A type of values that is not read.
    #[error("values of type {descr} are not read; save the array as uint8, int32, int64, float32 or float64")]
    NpyType {
        /// NumPy's name of the type.
        descr: String,
    },
    /// Column-major order.
    #[error("the array is in Fortran order; save it with numpy.ascontiguousarray")]
    NpyFortran,
    /// A shape that is no table and no stack of images.
    #[error("an array of shape {shape} is not {wanted}; reshape it before saving")]
    NpyShape {
        /// Its shape.
        shape: String,
        /// What it should be, with its article.
        wanted: &'static str,
    },
    /// An archive without a pair of arrays that is known.
    #[error(
        "the archive holds {keys}, but no pair of features and labels; name the arrays x and y (or x_train, y_train, x_test, y_test)"
    )]
    NpzKeys {
        /// The arrays that it holds.
        keys: String,
    },
    /// An archive that cannot be unpacked.
    #[error("the archive cannot be read: {detail}; fetch it again")]
    Archive {
        /// What the reader says.
        detail: String,
    },
}

/// What a user can do about a failure of this kind.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "allow access or choose another folder"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the disk",
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            "the file is damaged, fetch it again"
        }
        _ => "try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_closed_folder_say_what_to_do() {
        let text = |kind: io::ErrorKind| {
            DataError::Io {
                action: "write the download",
                cause: kind.into(),
                path: PathBuf::from("/data/x.part"),
            }
            .to_string()
        };
        assert_eq!(
            text(io::ErrorKind::StorageFull),
            "could not write the download: no storage space; free some space on the disk: /data/x.part"
        );
        assert_eq!(
            text(io::ErrorKind::PermissionDenied),
            "could not write the download: permission denied; allow access or choose another folder: /data/x.part"
        );
    }

    #[test]
    fn a_path_replaces_the_name_of_the_data_set() {
        let error = DataError::Unusable { problem: Problem::Empty, place: "mine".into() };
        assert_eq!(
            error.at(Path::new("/data/mine.csv")).to_string(),
            "there are no rows; choose a file with data in it: /data/mine.csv"
        );
    }
}
