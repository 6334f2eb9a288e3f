//! The data sets that the program knows by name: one embedded, the others to be downloaded.
//!
//! Checksums are those that the publishers give; MNIST is fetched from the mirror that torchvision uses.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::cifar;
use super::csv;
use super::dataset::{Contents, Dataset, ImageShape};
use super::download::{Fetch, OnProgress, Progress, fetch, part_path};
use super::error::{DataError, Problem};
use super::idx;
use super::labels;
use super::open::{OpenOptions, Part};
use super::source::io_error;

/// A data set that the program knows.
#[derive(Debug)]
pub struct Entry {
    /// The name to open it by.
    pub name: &'static str,
    /// One line on what it is.
    pub title: &'static str,
    /// Rows of all parts together.
    pub rows: usize,
    /// How a row forms an image.
    pub image: ImageShape,
    /// A name per class.
    pub class_names: [&'static str; 10],
    /// Who made it, and the terms of use.
    pub citation: &'static str,
    /// Where it comes from.
    pub source: Source,
}

/// Where a data set comes from.
#[derive(Debug)]
pub enum Source {
    /// Part of the program.
    Embedded,
    /// Files to be fetched from one address.
    Download {
        /// The address, without a slash at the end.
        base: &'static str,
        /// The files there.
        files: &'static [RemoteFile],
        /// What they are.
        layout: Layout,
    },
}

/// What the files of a download are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Images and labels in the IDX format, read as they are.
    Idx,
    /// One archive with the binary version of CIFAR-10, which is unpacked and then deleted.
    CifarArchive,
}

/// A file to be fetched.
#[derive(Debug)]
pub struct RemoteFile {
    /// Its name at the address and in the cache.
    pub name: &'static str,
    /// Its published checksum, hexadecimal in lower case.
    pub md5: &'static str,
}

const DIGIT_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const MNIST_IMAGE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };
const DIGITS: &[u8] = include_bytes!("../../../assets/data/digits.csv.gz");
const CIFAR_ARCHIVE: RemoteFile =
    RemoteFile { name: "cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530" };

/// Every known data set, in the order in which they are listed.
pub static ENTRIES: [Entry; 4] = [
    Entry {
        name: "digits",
        title: "Handwritten digits, 8 × 8 pixels of 0 to 16",
        rows: 1797,
        image: ImageShape { channels: 1, height: 8, width: 8 },
        class_names: DIGIT_NAMES,
        citation: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning \
                   Repository, 1998; CC BY 4.0",
        source: Source::Embedded,
    },
    Entry {
        name: "mnist",
        title: "Handwritten digits, 28 × 28 pixels of 0 to 255",
        rows: 70_000,
        image: MNIST_IMAGE,
        class_names: DIGIT_NAMES,
        citation: "Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits",
        source: Source::Download {
            base: "https://ossci-datasets.s3.amazonaws.com/mnist",
            files: &[
                RemoteFile { name: "train-images-idx3-ubyte.gz", md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873" },
                RemoteFile { name: "train-labels-idx1-ubyte.gz", md5: "d53e105ee54ea40749a09fcbcd1e9432" },
                RemoteFile { name: "t10k-images-idx3-ubyte.gz", md5: "9fb629c4189551a2d022fa330f9573f3" },
                RemoteFile { name: "t10k-labels-idx1-ubyte.gz", md5: "ec29112dd5afa0611ce80d1b7f02629c" },
            ],
            layout: Layout::Idx,
        },
    },
    Entry {
        name: "fashion-mnist",
        title: "Articles of clothing, 28 × 28 pixels of 0 to 255",
        rows: 70_000,
        image: MNIST_IMAGE,
        class_names: [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        citation: "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking \
                   Machine Learning Algorithms, arXiv 1708.07747; MIT licence",
        source: Source::Download {
            base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            files: &[
                RemoteFile { name: "train-images-idx3-ubyte.gz", md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
                RemoteFile { name: "train-labels-idx1-ubyte.gz", md5: "25c81989df183df01b3e8a0aad5dffbe" },
                RemoteFile { name: "t10k-images-idx3-ubyte.gz", md5: "bef4ecab320f06d8554ea6380940ec79" },
                RemoteFile { name: "t10k-labels-idx1-ubyte.gz", md5: "bb300cfdad3c16e7a12a480ee83cd310" },
            ],
            layout: Layout::Idx,
        },
    },
    Entry {
        name: "cifar10",
        title: "Photographs of ten kinds of objects, 3 × 32 × 32 values of 0 to 255",
        rows: 60_000,
        image: ImageShape { channels: 3, height: 32, width: 32 },
        class_names: cifar::CLASS_NAMES,
        citation: "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, \
                   University of Toronto, 2009",
        source: Source::Download {
            base: "https://www.cs.toronto.edu/~kriz",
            files: &[CIFAR_ARCHIVE],
            layout: Layout::CifarArchive,
        },
    },
];

/// The data set of this name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

impl Entry {
    /// Whether it can be opened without a download. Files that the program put there are whole.
    pub fn is_available(&self, cache_dir: &Path) -> bool {
        match &self.source {
            Source::Embedded => true,
            Source::Download { layout: Layout::CifarArchive, .. } => {
                has_all_batches(&cache_dir.join(self.name))
            }
            Source::Download { layout: Layout::Idx, files, .. } => {
                files.iter().all(|file| cache_dir.join(self.name).join(file.name).is_file())
            }
        }
    }
}

/// Downloads a data set into the folder `cache_dir/name` and gives that folder.
///
/// What is there already is not fetched again; a download that was stopped goes on where it ended.
/// `base_override` replaces the published address, for a mirror; the checksums stay the published ones.
/// `cancelled` is asked after every block.
///
/// # Errors
/// [`DataError::UnknownName`] and [`DataError::Embedded`] where there is nothing to download,
/// [`DataError::Unreachable`], [`DataError::Interrupted`] and [`DataError::Checksum`] where the network fails,
/// [`DataError::Io`] where the disk does (no space, no permission), [`DataError::Cancelled`].
pub fn get(
    name: &str,
    cache_dir: &Path,
    base_override: Option<&str>,
    progress: &mut dyn FnMut(Progress<'_>),
    cancelled: &dyn Fn() -> bool,
) -> Result<PathBuf, DataError> {
    let entry = entry(name).ok_or_else(|| unknown(name))?;
    let Source::Download { base, files, layout } = &entry.source else {
        return Err(DataError::Embedded { name: name.to_owned() });
    };
    let folder = cache_dir.join(entry.name);
    fs::create_dir_all(&folder).map_err(io_error("make the folder for downloads", &folder))?;
    if *layout == Layout::CifarArchive && has_all_batches(&folder) {
        return Ok(folder);
    }
    let base = base_override.unwrap_or(base).trim_end_matches('/');
    fetch_all(base, files, &folder, progress, cancelled)?;
    if *layout == Layout::CifarArchive {
        let archive = folder.join(CIFAR_ARCHIVE.name);
        unpack_batches(&archive, &folder)?;
        fs::remove_file(&archive).map_err(io_error("delete the unpacked archive", &archive))?;
    }
    Ok(folder)
}

/// Opens a known data set; those to be downloaded must lie in the cache.
pub(super) fn open_entry(entry: &Entry, options: &OpenOptions) -> Result<Dataset, DataError> {
    let folder = options.cache_dir.join(entry.name);
    let dataset = match &entry.source {
        Source::Embedded => open_digits(entry, options.part),
        Source::Download { .. } if !entry.is_available(&options.cache_dir) => {
            Err(DataError::NotDownloaded { name: entry.name.to_owned(), folder })
        }
        Source::Download { layout: Layout::CifarArchive, .. } => {
            cifar::open_folder(&folder, &cifar::files_in(&folder), options.part)
        }
        Source::Download { layout: Layout::Idx, .. } => {
            let names = Some(&entry.class_names[..]);
            idx::open_folder(&folder, &idx::images_in(&folder), options.part, names)
        }
    };
    Ok(dataset?.named(entry.name))
}

/// The error for a name that is neither known nor a path.
pub(super) fn unknown(name: &str) -> DataError {
    let known = ENTRIES.each_ref().map(|entry| entry.name).join(", ");
    DataError::UnknownName { name: name.to_owned(), known }
}

fn open_digits(entry: &Entry, part: Part) -> Result<Dataset, DataError> {
    let unusable = |problem| DataError::Unusable { problem, place: entry.name.to_owned() };
    if part != Part::All {
        return Err(unusable(Problem::NoParts { part: part.name() }));
    }
    let damaged = || unusable(Problem::Told("the program's own copy is damaged; install it anew".to_owned()));
    let mut reader = ::csv::Reader::from_reader(flate2::read::GzDecoder::new(DIGITS));
    let names: Vec<String> = reader.headers().map_err(|_| damaged())?.iter().map(str::to_owned).collect();
    let label = names.iter().position(|name| name == csv::DEFAULT_LABEL_COLUMN).ok_or_else(damaged)?;
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        for (column, cell) in record.map_err(|_| damaged())?.iter().enumerate() {
            if column == label {
                labels.push(cell.parse().map_err(|_| damaged())?);
            } else {
                features.push(cell.parse().map_err(|_| damaged())?);
            }
        }
    }
    Dataset::new(Contents {
        name: entry.name.to_owned(),
        features,
        columns: names.len() - 1,
        image: Some(entry.image),
        target: labels::from_class_numbers(labels),
        column_names: names.into_iter().filter(|name| name != csv::DEFAULT_LABEL_COLUMN).collect(),
        ..Contents::default()
    })
}

fn fetch_all(
    base: &str,
    files: &[RemoteFile],
    folder: &Path,
    progress: OnProgress<'_>,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), DataError> {
    for file in files {
        let (url, destination) = (format!("{base}/{}", file.name), folder.join(file.name));
        fetch(&Fetch { url: &url, destination: &destination, md5: file.md5 }, progress, cancelled)?;
    }
    Ok(())
}

/// Takes the record files out of the archive, whatever else it holds and wherever it would put them.
fn unpack_batches(archive: &Path, folder: &Path) -> Result<(), DataError> {
    let unpack_error = |cause| io_error("unpack the archive", archive)(cause);
    let file = BufReader::new(File::open(archive).map_err(unpack_error)?);
    let mut archive_reader = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive_reader.entries().map_err(unpack_error)? {
        let mut entry = entry.map_err(unpack_error)?;
        let path = entry.path().map_err(unpack_error)?.into_owned();
        let known = cifar::FILES.iter().find(|(_, name)| path.file_name().is_some_and(|own| own == *name));
        let Some((_, name)) = known.filter(|_| entry.header().entry_type().is_file()) else { continue };
        let destination = folder.join(name);
        let part = part_path(&destination);
        let write_error = |cause| io_error("write the unpacked file", &destination)(cause);
        let mut output = File::create(&part).map_err(write_error)?;
        std::io::copy(&mut entry, &mut output).map_err(write_error)?;
        fs::rename(&part, &destination).map_err(write_error)?;
    }
    if has_all_batches(folder) {
        return Ok(());
    }
    let detail = "it does not hold the six files of 10,000 records".to_owned();
    Err(DataError::unusable(Problem::Archive { detail }, archive))
}

/// Whether the folder holds the record files of CIFAR-10 in their published length.
fn has_all_batches(folder: &Path) -> bool {
    let is_whole =
        |path: PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() == cifar::FILE_BYTES);
    cifar::FILES.iter().all(|(_, name)| is_whole(folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loopback::{Behaviour, Server};
    use crate::open::open;

    fn get_quietly(name: &str, cache_dir: &Path, base: Option<&str>) -> Result<PathBuf, DataError> {
        get(name, cache_dir, base, &mut |_| {}, &|| false)
    }

    #[test]
    fn the_digits_are_those_of_the_repository() {
        let digits = open("digits", &OpenOptions::default()).unwrap();
        assert_eq!((digits.name(), digits.rows(), digits.columns()), ("digits", 1797, 64));
        assert_eq!(digits.image(), Some(ImageShape { channels: 1, height: 8, width: 8 }));
        assert_eq!(digits.class_names().unwrap(), DIGIT_NAMES);
        assert_eq!(digits.labels().unwrap()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        assert_eq!(digits.row(0).unwrap()[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        let (low, high) =
            digits.features().iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert_eq!((low, high), (0.0, 16.0));
        // A change of the embedded file, of the reader or of the hash would make old runs incomparable.
        assert_eq!(digits.hash(), "429748ba42e0aa6bae32a53dfd9416216dd79fffdc944bbd1310e76e5cc0efca");
    }

    #[test]
    fn every_entry_can_be_found_and_fits_itself() {
        for known in &ENTRIES {
            assert_eq!(entry(known.name).map(|found| found.title), Some(known.title));
            if let Source::Download { base, files, .. } = &known.source {
                assert!(base.starts_with("http") && !base.ends_with('/'));
                assert!(files.iter().all(|file| file.md5.len() == 32));
            }
        }
        assert!(entry("imagenet").is_none());
    }

    #[test]
    fn the_digits_have_no_published_parts() {
        let options = OpenOptions { part: Part::Test, ..OpenOptions::default() };
        assert_eq!(
            open("digits", &options).unwrap_err().to_string(),
            "this data set has no test part of its own; use all of it and let the split make the parts: digits"
        );
    }

    #[test]
    fn what_is_not_downloaded_says_how_to_get_it() {
        let cache = tempfile::tempdir().unwrap();
        let options = OpenOptions { cache_dir: cache.path().to_path_buf(), ..OpenOptions::default() };
        assert_eq!(
            open("mnist", &options).unwrap_err().to_string(),
            format!(
                "mnist is not on this computer yet; download it first with `weightscope data get mnist`: {}",
                cache.path().join("mnist").display()
            )
        );
        assert!(!entry("mnist").unwrap().is_available(cache.path()));
        assert!(entry("digits").unwrap().is_available(cache.path()));
    }

    #[test]
    fn the_published_checksum_holds_for_a_mirror_too() {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::start(vec![1; 100], &[Behaviour::Serve]);
        let error = get_quietly("mnist", cache.path(), Some(&server.base())).unwrap_err();
        assert!(
            matches!(&error, DataError::Checksum { expected, .. } if expected.starts_with("f68b3c2d")),
            "{error}"
        );
        assert_eq!(fs::read_dir(cache.path().join("mnist")).unwrap().count(), 0);
    }

    #[test]
    fn names_without_download_are_refused() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(
            get_quietly("digits", cache.path(), None).unwrap_err().to_string(),
            "digits is part of the program and needs no download; open it by its name"
        );
        let text = get_quietly("imagenet", cache.path(), None).unwrap_err().to_string();
        assert!(text.starts_with("there is no data set and no file of this name;"), "{text}");
    }

    #[test]
    fn a_cache_that_cannot_be_made_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let text = get_quietly("mnist", &file, None).unwrap_err().to_string();
        assert!(text.starts_with("could not make the folder for downloads: "), "{text}");
    }

    fn archive(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.join(CIFAR_ARCHIVE.name);
        let encoder =
            flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(encoder);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, format!("cifar-10-batches-bin/{name}"), *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn the_batches_are_taken_out_of_the_archive() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("cifar10");
        fs::create_dir(&folder).unwrap();
        let records = vec![0; cifar::FILE_BYTES as usize];
        let mut files = cifar::FILES.map(|(_, name)| (name, &records[..])).to_vec();
        files.push(("readme.html", b"hello"));
        let path = archive(&folder, &files);
        let cifar10 = entry("cifar10").unwrap();
        assert!(!cifar10.is_available(cache.path()), "the archive alone cannot be opened");
        unpack_batches(&path, &folder).unwrap();
        assert!(!folder.join("readme.html").exists());
        assert!(cifar10.is_available(cache.path()));
        let options =
            OpenOptions { cache_dir: cache.path().to_path_buf(), part: Part::Test, ..OpenOptions::default() };
        let dataset = open("cifar10", &options).unwrap();
        assert_eq!((dataset.name(), dataset.rows(), dataset.columns()), ("cifar10", 10_000, 3072));
        // With the batches there, nothing is fetched: no server listens at this address.
        assert_eq!(get_quietly("cifar10", cache.path(), Some("http://127.0.0.1:9")).unwrap(), folder);
    }

    #[test]
    fn an_archive_without_the_batches_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("data_batch_1.bin", b"short")]);
        assert_eq!(
            unpack_batches(&path, folder.path()).unwrap_err().to_string(),
            format!(
                "the archive cannot be read: it does not hold the six files of 10,000 records; fetch it again: {}",
                path.display()
            )
        );
        fs::write(&path, b"no archive").unwrap();
        let text = unpack_batches(&path, folder.path()).unwrap_err().to_string();
        assert!(text.starts_with("could not unpack the archive: "), "{text}");
    }
}
