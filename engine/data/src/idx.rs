//! The IDX format of MNIST and its relatives: big-endian header, then unsigned bytes.
//!
//! Images have magic 0x00000803 and the header words images, pixel rows, pixels in a row; labels have magic
//! 0x00000801 and one header word. Source: "The MNIST database of
//! handwritten digits" (Y. `LeCun`, C. Cortes, C. J. C. Burges), section "File formats". Files may be gzip-compressed.

use std::path::{Path, PathBuf};

use super::dataset::{Contents, Dataset, ImageShape, Target};
use super::error::{DataError, Problem};
use super::labels;
use super::open::Part;
use super::source::{name_of, open_unpacked, read_exactly, read_header};

const IMAGES_MAGIC: u32 = 0x0000_0803;
const LABELS_MAGIC: u32 = 0x0000_0801;
const WORD_BYTES: usize = 4;

/// The published parts, in the order in which they are joined, with the beginning of their file names.
const PARTS: [(Part, &str); 2] = [(Part::Train, "train"), (Part::Test, "t10k")];

/// Images and labels of one part, checked against each other.
struct Pair {
    image: ImageShape,
    /// `[images, height · width]`, 0 to 255.
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

/// Opens an images file; its labels file is found beside it by name.
pub(super) fn open_file(images: &Path) -> Result<Dataset, DataError> {
    dataset(&[read_pair(images)?], name_of(images), None, images)
}

/// The images files of the published parts in a folder; empty if it holds none.
pub(super) fn images_in(folder: &Path) -> Vec<(Part, PathBuf)> {
    PARTS.iter().filter_map(|(part, prefix)| Some((*part, images_of_part(folder, prefix)?))).collect()
}

/// Opens images files of [`images_in`] and joins the wanted ones, the training part first.
///
/// `class_names` are those of a known data set; without them the labels say how many classes there are.
pub(super) fn open_folder(
    folder: &Path,
    images: &[(Part, PathBuf)],
    part: Part,
    class_names: Option<&[&str]>,
) -> Result<Dataset, DataError> {
    let wanted: Vec<&PathBuf> =
        images.iter().filter(|(own, _)| part == Part::All || part == *own).map(|(_, path)| path).collect();
    if wanted.is_empty() {
        return Err(DataError::unusable(Problem::MissingPart { part: part.name() }, folder));
    }
    let pairs = wanted.into_iter().map(|path| read_pair(path)).collect::<Result<Vec<_>, _>>()?;
    dataset(&pairs, name_of(folder), class_names, folder)
}

/// Whether the file begins like images or labels in IDX; gzip is looked into.
pub(super) fn is_idx(path: &Path) -> bool {
    let magic = open_unpacked(path).and_then(|mut reader| read_header(&mut reader, "a header", path));
    magic.is_ok_and(|bytes| [IMAGES_MAGIC, LABELS_MAGIC].contains(&u32::from_be_bytes(bytes)))
}

fn images_of_part(folder: &Path, prefix: &str) -> Option<PathBuf> {
    ["-images-idx3-ubyte", "-images.idx3-ubyte"]
        .iter()
        .flat_map(|middle| ["", ".gz"].map(|end| folder.join(format!("{prefix}{middle}{end}"))))
        .find(|path| path.is_file())
}

fn dataset(
    pairs: &[Pair],
    name: String,
    class_names: Option<&[&str]>,
    path: &Path,
) -> Result<Dataset, DataError> {
    let Some(image) = pairs.first().map(|pair| pair.image) else {
        return Err(DataError::unusable(Problem::Empty, path));
    };
    if let Some(other) = pairs.iter().map(|pair| pair.image).find(|other| *other != image) {
        let problem = Problem::MixedSizes { first: image.values(), second: other.values() };
        return Err(DataError::unusable(problem, path));
    }
    let labels = pairs.iter().flat_map(|pair| &pair.labels).map(|label| u32::from(*label)).collect();
    let target = match class_names {
        Some(names) => Target::Classes { labels, names: names.iter().map(ToString::to_string).collect() },
        None => labels::from_class_numbers(labels),
    };
    let features = pairs.iter().flat_map(|pair| &pair.pixels).map(|pixel| f32::from(*pixel)).collect();
    let contents = Contents {
        name,
        features,
        columns: image.values(),
        image: Some(image),
        target,
        ..Contents::default()
    };
    Dataset::new(contents).map_err(|error| error.at(path))
}

fn read_pair(images_path: &Path) -> Result<Pair, DataError> {
    let (image, pixels) = read_images(images_path)?;
    let labels_path = labels_beside(images_path)?;
    let labels = read_labels(&labels_path)?;
    let rows = pixels.len() / image.values().max(1);
    if rows != labels.len() {
        let problem = Problem::CountMismatch { rows, targets: labels.len() };
        return Err(DataError::unusable(problem, &labels_path));
    }
    Ok(Pair { image, pixels, labels })
}

fn read_images(path: &Path) -> Result<(ImageShape, Vec<u8>), DataError> {
    let mut reader = open_unpacked(path)?;
    let magic = u32::from_be_bytes(read_header(&mut reader, "an IDX header", path)?);
    if magic == LABELS_MAGIC {
        return Err(DataError::unusable(Problem::LabelsFile, path));
    }
    check_magic(magic, IMAGES_MAGIC, "an IDX file of images", path)?;
    let sizes: [u8; 3 * WORD_BYTES] = read_header(&mut reader, "an IDX header", path)?;
    let [images, height, width] = words(&sizes);
    if images == 0 || height == 0 || width == 0 {
        return Err(DataError::unusable(Problem::Empty, path));
    }
    // Three 32-bit sizes: their product fits in 128 bits.
    let total = u128::from(images) * u128::from(height) * u128::from(width);
    let Ok(expected_bytes) = u64::try_from(total) else {
        let size = format!("{images} images of {height} × {width} pixels");
        return Err(DataError::unusable(Problem::ImpossibleSize { size }, path));
    };
    let pixels = read_exactly(&mut reader, "pixels", expected_bytes, path)?;
    Ok((ImageShape { channels: 1, height: height as usize, width: width as usize }, pixels))
}

fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut reader = open_unpacked(path)?;
    let magic = u32::from_be_bytes(read_header(&mut reader, "an IDX header", path)?);
    check_magic(magic, LABELS_MAGIC, "an IDX file of labels", path)?;
    let count = u32::from_be_bytes(read_header(&mut reader, "an IDX header", path)?);
    read_exactly(&mut reader, "labels", u64::from(count), path)
}

fn check_magic(found: u32, expected: u32, wanted: &'static str, path: &Path) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    Err(DataError::unusable(Problem::WrongMagic { wanted, found, expected }, path))
}

/// The labels file that goes with an images file: "images" becomes "labels" and "idx3" becomes "idx1" in its name,
/// with or without ".gz".
fn labels_beside(images: &Path) -> Result<PathBuf, DataError> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    let plain = name.strip_suffix(".gz").unwrap_or(&name).replace("images", "labels").replace("idx3", "idx1");
    let candidates = [plain.clone(), format!("{plain}.gz")].map(|name| images.with_file_name(name));
    // A name without "images" would find the images file itself.
    candidates.into_iter().find(|path| path.is_file() && path != images).ok_or_else(|| {
        let wanted = format!("{plain} or {plain}.gz");
        DataError::unusable(Problem::NoLabels { wanted }, images)
    })
}

fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<WORD_BYTES>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const IMAGES: &str = "train-images-idx3-ubyte";
    const LABELS: &str = "train-labels-idx1-ubyte";

    fn idx(magic: u32, sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let header = std::iter::once(&magic).chain(sizes).flat_map(|word| word.to_be_bytes());
        header.chain(values.iter().copied()).collect()
    }

    fn images() -> Vec<u8> {
        idx(IMAGES_MAGIC, &[3, 1, 2], &[0, 1, 2, 3, 4, 255])
    }

    fn labels() -> Vec<u8> {
        idx(LABELS_MAGIC, &[3], &[2, 0, 1])
    }

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(files: &[(&str, &[u8])]) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            for (name, bytes) in files {
                std::fs::write(folder.path(name), bytes).unwrap();
            }
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn open(&self, part: Part, names: Option<&[&str]>) -> Result<Dataset, DataError> {
            open_folder(self.0.path(), &images_in(self.0.path()), part, names)
        }
    }

    fn refusal(images: &[u8], labels: &[u8]) -> String {
        let folder = Folder::with(&[(IMAGES, images), (LABELS, labels)]);
        let text = open_file(&folder.path(IMAGES)).unwrap_err().to_string();
        let (text, path) = text.rsplit_once(": ").unwrap();
        assert!(path.starts_with(folder.0.path().to_str().unwrap()), "{path}");
        text.to_owned()
    }

    #[test]
    fn reads_images_with_their_labels() {
        let folder = Folder::with(&[(IMAGES, &images()), (LABELS, &labels())]);
        let dataset = open_file(&folder.path(IMAGES)).unwrap();
        assert_eq!(dataset.name(), IMAGES);
        assert_eq!(dataset.features(), [0.0, 1.0, 2.0, 3.0, 4.0, 255.0]);
        assert_eq!(dataset.image(), Some(ImageShape { channels: 1, height: 1, width: 2 }));
        assert_eq!(dataset.labels().unwrap(), [2, 0, 1]);
        assert_eq!(dataset.class_names().unwrap(), ["0", "1", "2"]);
    }

    #[test]
    fn joins_the_parts_of_a_folder_packed_or_not() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&idx(IMAGES_MAGIC, &[1, 1, 2], &[9, 8])).unwrap();
        let packed = encoder.finish().unwrap();
        let folder = Folder::with(&[
            (IMAGES, &images()),
            (LABELS, &labels()),
            ("t10k-images-idx3-ubyte.gz", &packed),
            ("t10k-labels-idx1-ubyte", &idx(LABELS_MAGIC, &[1], &[1])),
        ]);
        let rows = |part| folder.open(part, None).unwrap().labels().unwrap().to_vec();
        assert_eq!(rows(Part::All), [2, 0, 1, 1]);
        assert_eq!(rows(Part::Train), [2, 0, 1]);
        assert_eq!(rows(Part::Test), [1]);
        assert_eq!(folder.open(Part::Test, None).unwrap().features(), [9.0, 8.0]);
    }

    #[test]
    fn a_part_that_is_not_there_is_named() {
        let folder = Folder::with(&[(IMAGES, &images()), (LABELS, &labels())]);
        let text = folder.open(Part::Test, None).unwrap_err().to_string();
        assert!(
            text.starts_with("the test part is not there; use another part, or add its files: "),
            "{text}"
        );
    }

    #[test]
    fn truncated_and_overlong_files_are_refused() {
        assert_eq!(
            refusal(&images()[..20], &labels()),
            "the file is truncated: it holds 4 of 6 bytes of pixels; fetch it again"
        );
        assert_eq!(
            refusal(&images(), &labels()[..6]),
            "the file is truncated: it holds 2 of 4 bytes of an IDX header; fetch it again"
        );
        assert_eq!(
            refusal(&[&images()[..], &[0]].concat(), &labels()),
            "the file goes on after the 6 bytes of pixels that its header announces; fetch it again"
        );
        assert_eq!(
            refusal(&idx(IMAGES_MAGIC, &[u32::MAX; 3], &[]), &labels()),
            "the header announces an impossible size, 4294967295 images of 4294967295 × 4294967295 pixels; \
             the file is damaged, fetch it again"
        );
    }

    #[test]
    fn files_of_another_kind_are_refused() {
        assert_eq!(
            refusal(b"PK\x03\x04----", &labels()),
            "this is not an IDX file of images: it begins with 0x504b0304, not 0x00000803; choose the right file"
        );
        assert_eq!(
            refusal(&labels(), &labels()),
            "this file holds labels only; open the images file that belongs to it"
        );
        assert_eq!(
            refusal(&images(), &images()),
            "this is not an IDX file of labels: it begins with 0x00000803, not 0x00000801; choose the right file"
        );
    }

    #[test]
    fn empty_and_mislabelled_files_are_refused() {
        assert_eq!(
            refusal(&[], &labels()),
            "the file is truncated: it holds 0 of 4 bytes of an IDX header; fetch it again"
        );
        assert_eq!(
            refusal(&idx(IMAGES_MAGIC, &[0, 1, 2], &[]), &labels()),
            "there are no rows; choose a file with data in it"
        );
        assert_eq!(
            refusal(&images(), &idx(LABELS_MAGIC, &[2], &[0, 1])),
            "there are 3 rows of features but 2 targets; choose files that belong together"
        );
        let folder = Folder::with(&[(IMAGES, &images()), (LABELS, &labels())]);
        let text = folder.open(Part::All, Some(&["a", "b"])).unwrap_err().to_string();
        assert!(
            text.starts_with("row 1 has label 2, but the classes are 0 to 1; check that the labels"),
            "{text}"
        );
    }

    #[test]
    fn missing_labels_are_asked_for_by_name() {
        let folder = Folder::with(&[(IMAGES, &images())]);
        let text = open_file(&folder.path(IMAGES)).unwrap_err().to_string();
        let wanted = format!("no labels were found for it; put {LABELS} or {LABELS}.gz beside it: ");
        assert!(text.starts_with(&wanted), "{text}");
    }

    #[test]
    fn parts_of_different_size_are_refused() {
        let folder = Folder::with(&[
            (IMAGES, &images()),
            (LABELS, &labels()),
            ("t10k-images-idx3-ubyte", &idx(IMAGES_MAGIC, &[1, 1, 1], &[9])),
            ("t10k-labels-idx1-ubyte", &idx(LABELS_MAGIC, &[1], &[1])),
        ]);
        let text = folder.open(Part::All, None).unwrap_err().to_string();
        assert!(
            text.starts_with("the parts differ in the length of a row, 2 and 1 values; keep one data set"),
            "{text}"
        );
    }

    #[test]
    fn idx_is_known_by_its_magic() {
        let folder = Folder::with(&[("a", &images()), ("b", &labels()), ("c", b"x,y\n1,2\n")]);
        assert_eq!(["a", "b", "c"].map(|name| is_idx(&folder.path(name))), [true, true, false]);
    }
}
