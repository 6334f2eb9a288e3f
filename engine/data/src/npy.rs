//! NumPy's NPY format, versions 1 to 3: a header that describes one array, then its values.
//!
//! Source: NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format`. Read are truth values, whole numbers and numbers of half,
//! single and double precision, in both byte orders and both orders of the axes.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::csv::offset;
use super::dataset::{Contents, Dataset, ImageShape};
use super::element::Element;
use super::error::{DataError, Problem};
use super::labels;
use super::open::TargetKind;
use super::read::{Doubt, Read};
use super::source::{name_of, open_unpacked, read_exactly, read_header};

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Longer headers than this are not written by NumPy for plain arrays.
const LONGEST_HEADER: u32 = 1 << 16;

/// One array as it lies in the file.
pub(super) struct Array {
    /// Its name in an archive; empty for a file of its own.
    pub(super) name: String,
    shape: Vec<usize>,
    element: Element,
    /// True if the first axis runs fastest.
    is_column_major: bool,
    bytes: Vec<u8>,
}

/// Opens an array of features; its labels are found beside it, in `<stem>_labels.npy` or `y.npy`.
pub(super) fn open_file(path: &Path, kind: TargetKind) -> Result<Dataset, DataError> {
    let features = read_file(path)?;
    let labels = read_file(&labels_beside(path)?)?;
    dataset(&[(features, labels)], name_of(path), kind, path)
}

/// Joins pairs of features and labels to a data set.
///
/// Features are `[rows, columns]`, `[rows, height, width]` or `[rows, channels, height, width]`; labels have one
/// value per row.
pub(super) fn dataset(
    pairs: &[(Array, Array)],
    name: String,
    kind: TargetKind,
    path: &Path,
) -> Result<Dataset, DataError> {
    let contents = join(pairs, name, kind).map_err(|problem| DataError::unusable(problem, path))?;
    Dataset::new(contents).map_err(|error| error.at(path))
}

/// Reads one array from a reader at its beginning; nothing may follow it.
pub(super) fn read(reader: &mut dyn std::io::Read, path: &Path) -> Result<Array, DataError> {
    let unusable = |problem| DataError::unusable(problem, path);
    let [magic @ .., major, _minor] = read_header::<8>(reader, "an NPY header", path)?;
    if magic != MAGIC {
        let [a, b, c, d, ..] = magic;
        let [wanted @ .., _, _] = MAGIC;
        return Err(unusable(Problem::WrongMagic {
            wanted: "an NPY file",
            found: u32::from_be_bytes([a, b, c, d]),
            expected: u32::from_be_bytes(wanted),
        }));
    }
    let length = match major {
        1 => u32::from(u16::from_le_bytes(read_header(reader, "an NPY header", path)?)),
        2 | 3 => u32::from_le_bytes(read_header(reader, "an NPY header", path)?),
        _ => return Err(unusable(Problem::NpyHeader { detail: format!("version {major} is not known") })),
    };
    if length > LONGEST_HEADER {
        return Err(unusable(Problem::NpyHeader { detail: format!("it is {length} bytes long") }));
    }
    let mut header = Vec::new();
    reader.take(u64::from(length)).read_to_end(&mut header).map_err(super::source::io_error("read", path))?;
    let (element, is_column_major, shape) =
        parse_header(&String::from_utf8_lossy(&header)).map_err(unusable)?;
    let expected_bytes = shape
        .iter()
        .try_fold(element.size_bytes() as u64, |product, size| product.checked_mul(*size as u64))
        .ok_or_else(|| unusable(Problem::ImpossibleSize { size: shape_text(&shape) }))?;
    let bytes = read_exactly(reader, "values", expected_bytes, path)?;
    Ok(Array { name: String::new(), shape, element, is_column_major, bytes })
}

impl Array {
    /// The values in C order.
    fn values(&self) -> Vec<f64> {
        let values: Vec<f64> = self.element.values(&self.bytes).collect();
        if self.is_column_major { self.in_c_order(&values) } else { values }
    }

    /// Values that lie with the first axis running fastest, with the last one running fastest.
    fn in_c_order(&self, values: &[f64]) -> Vec<f64> {
        let mut ordered = Vec::with_capacity(values.len());
        let mut index = vec![0_usize; self.shape.len()];
        for _ in 0..values.len() {
            let (mut place, mut stride) = (0, 1);
            for (at, size) in index.iter().zip(&self.shape) {
                place += at * stride;
                stride *= size;
            }
            ordered.extend(values.get(place));
            for (at, size) in index.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                if *at < *size {
                    break;
                }
                *at = 0;
            }
        }
        ordered
    }

    /// Length of a row and, for images, how it forms one; true if colours stand last.
    fn row_shape(&self) -> Result<RowShape, Problem> {
        const COLOURS: [usize; 3] = [1, 3, 4];
        let (image, colours_last) = match self.shape[..] {
            [_, columns] => return Ok(RowShape { columns, image: None, colours_last: false }),
            [_, height, width] => (ImageShape { channels: 1, height, width }, false),
            [_, height, width, channels] if COLOURS.contains(&channels) && !COLOURS.contains(&height) => {
                (ImageShape { channels, height, width }, true)
            }
            [_, channels, height, width] => (ImageShape { channels, height, width }, false),
            _ => return Err(self.wrong_shape("a table of rows or a stack of images")),
        };
        Ok(RowShape { columns: image.values(), image: Some(image), colours_last })
    }

    /// Refuses labels that are more than one value per row; of those that mark a class by a one it says so.
    fn check_labels(&self) -> Result<(), Problem> {
        match self.shape[..] {
            [_] | [_, 1] => Ok(()),
            [_, classes] if self.is_one_hot(classes) => {
                Err(Problem::OneHot { shape: shape_text(&self.shape) })
            }
            _ => Err(self.wrong_shape("a list of labels")),
        }
    }

    fn is_one_hot(&self, classes: usize) -> bool {
        let values = self.values();
        let mut rows = values.chunks_exact(classes.max(1));
        let marks = |row: &[f64]| {
            let ones = row.iter().filter(|value| **value == 1.0).count();
            ones == 1 && row.iter().all(|value| *value == 0.0 || *value == 1.0)
        };
        !values.is_empty() && rows.all(marks)
    }

    fn wrong_shape(&self, wanted: &'static str) -> Problem {
        Problem::NpyShape { shape: shape_text(&self.shape), wanted }
    }

    /// Type and shape, in words.
    fn form(&self) -> String {
        let order = if self.is_column_major { ", column-major" } else { "" };
        format!("{} {}{order}", self.element.name(), shape_text(&self.shape))
    }
}

/// How the values of a row lie.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RowShape {
    columns: usize,
    image: Option<ImageShape>,
    colours_last: bool,
}

impl RowShape {
    /// Values of images with their colours last, channel by channel.
    fn channels_first(self, values: Vec<f64>) -> Vec<f64> {
        let Some(image) = self.image.filter(|_| self.colours_last) else { return values };
        let mut ordered = Vec::with_capacity(values.len());
        for row in values.chunks_exact(self.columns.max(1)) {
            for channel in 0..image.channels {
                ordered.extend(row.iter().skip(channel).step_by(image.channels));
            }
        }
        ordered
    }
}

fn read_file(path: &Path) -> Result<Array, DataError> {
    read(&mut open_unpacked(path)?, path)
}

fn labels_beside(path: &Path) -> Result<PathBuf, DataError> {
    let first = format!("{}_labels.npy", path.file_stem().unwrap_or_default().to_string_lossy());
    let candidates = [path.with_file_name(&first), path.with_file_name("y.npy")];
    candidates.into_iter().find(|candidate| candidate.is_file() && candidate != path).ok_or_else(|| {
        let wanted = format!("{first} or y.npy");
        DataError::unusable(Problem::NoLabels { wanted }, path)
    })
}

fn join(pairs: &[(Array, Array)], name: String, kind: TargetKind) -> Result<Contents, Problem> {
    let (mut features, mut numbers, mut row_shape) = (Vec::new(), Vec::new(), None);
    let mut read = Read { form: "arrays".to_owned(), ..Read::default() };
    for (array, labels) in pairs {
        let of = |array: &Array, problem: Problem| match array.name.as_str() {
            "" => problem,
            name => Problem::InArray { array: name.to_owned(), problem: Box::new(problem) },
        };
        labels.check_labels().map_err(|problem| of(labels, problem))?;
        let own = array.row_shape().map_err(|problem| of(array, problem))?;
        let first = *row_shape.get_or_insert(own);
        if first != own {
            return Err(Problem::MixedSizes { first: first.columns, second: own.columns });
        }
        let targets = labels.shape.first().copied().unwrap_or_default();
        let rows = array.shape.first().copied().unwrap_or_default();
        if rows != targets {
            return Err(Problem::CountMismatch { rows, targets });
        }
        features.extend(own.channels_first(array.values()));
        numbers.extend(labels.values());
        read.form = format!("{}, features {}, labels {}", read.form, array.form(), labels.form());
        if own.colours_last && read.doubts.is_empty() {
            read.doubts.push(Doubt {
                column: array.name.clone(),
                why: format!(
                    "of shape {} has its colours last: images are read channel by channel",
                    shape_text(&array.shape)
                ),
                remedy: "save it as [rows, channels, height, width] if the last axis is none of colours"
                    .to_owned(),
                ..Doubt::default()
            });
        }
    }
    let RowShape { columns, image, .. } = row_shape.ok_or(Problem::Empty)?;
    let (target, doubt) = labels::from_numbers(&numbers, kind)?;
    read.doubts.extend(doubt);
    // Columns of numbers are each centred where single precision would lose their digits; pixels share one scale.
    let (features, offsets) = if image.is_some() {
        (features.into_iter().map(|value| value as f32).collect(), Vec::new())
    } else {
        centred(&features, columns)
    };
    Ok(Contents { name, features, columns, image, target, offsets, read, ..Contents::default() })
}

/// Rows in single precision, each column less its offset, and the offsets.
fn centred(values: &[f64], columns: usize) -> (Vec<f32>, Vec<f64>) {
    let column = |place: usize| values.iter().skip(place).step_by(columns.max(1)).copied();
    let offsets: Vec<f64> = (0..columns).map(|place| offset(column(place))).collect();
    let features = values.chunks_exact(columns.max(1)).flat_map(|row| row.iter().zip(&offsets));
    (features.map(|(value, offset)| (value - offset) as f32).collect(), offsets)
}

/// Type, whether the first axis runs fastest, and shape from a header such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse_header(header: &str) -> Result<(Element, bool, Vec<usize>), Problem> {
    let descr = value_of(header, "descr")?;
    // A structured type is a list, which no plain type begins with.
    let descr = descr.split([',', '}']).next().unwrap_or_default().trim().trim_matches(['\'', '"']);
    let element = Element::from_descr(descr)?;
    let is_column_major = value_of(header, "fortran_order")?.starts_with("True");
    let tuple = value_of(header, "shape")?;
    let bad_shape = || Problem::NpyHeader { detail: "the shape is no tuple of sizes".to_owned() };
    let inside = tuple.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(bad_shape)?.0;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape = sizes.map(|size| size.parse().map_err(|_| bad_shape())).collect::<Result<_, _>>()?;
    Ok((element, is_column_major, shape))
}

/// What follows `'key':` in the header, up to its end.
fn value_of<'a>(header: &'a str, key: &str) -> Result<&'a str, Problem> {
    let quoted = ["'", "\""].map(|quote| format!("{quote}{key}{quote}"));
    let rest = quoted
        .iter()
        .find_map(|quoted| header.split_once(quoted.as_str()))
        .map(|(_, rest)| rest.trim_start());
    let value = rest.and_then(|rest| rest.strip_prefix(':')).map(str::trim_start);
    value.ok_or_else(|| Problem::NpyHeader { detail: format!("it has no \"{key}\"") })
}

fn shape_text(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An NPY file of version 1 with this header and these bytes of values.
    pub(in super::super) fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [&MAGIC[..], &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), values].concat()
    }

    fn bytes<const N: usize, T: Copy>(values: &[T], encode: fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|value| encode(*value)).collect()
    }

    fn open(features: &[u8], labels: &[u8], kind: TargetKind) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.npy");
        std::fs::write(&path, features).unwrap();
        std::fs::write(folder.path().join("mine_labels.npy"), labels).unwrap();
        open_file(&path, kind).map_err(|error| error.to_string())
    }

    fn refusal(features: &[u8]) -> String {
        open(features, &npy("|u1", "(2,)", &[0, 1]), TargetKind::Classes).unwrap_err()
    }

    #[test]
    fn every_type_gives_the_same_table() {
        let labels = npy("<i8", "(2,)", &bytes(&[1_i64, 0], i64::to_le_bytes));
        let files = [
            npy("|u1", "(2, 2)", &[1, 2, 3, 4]),
            npy("<i4", "(2, 2)", &bytes(&[1_i32, 2, 3, 4], i32::to_le_bytes)),
            npy("<i8", "(2, 2)", &bytes(&[1_i64, 2, 3, 4], i64::to_le_bytes)),
            npy("<f4", "(2, 2)", &bytes(&[1.0_f32, 2.0, 3.0, 4.0], f32::to_le_bytes)),
            npy("<f8", "(2, 2)", &bytes(&[1.0_f64, 2.0, 3.0, 4.0], f64::to_le_bytes)),
        ];
        for file in files {
            let dataset = open(&file, &labels, TargetKind::Classes).unwrap();
            assert_eq!(dataset.features(), [1.0, 2.0, 3.0, 4.0]);
            assert_eq!(dataset.labels().unwrap(), [1, 0]);
            assert_eq!((dataset.name(), dataset.image()), ("mine", None));
        }
    }

    #[test]
    fn later_versions_have_a_longer_length() {
        let header = "{'shape': (2, 1), 'fortran_order': False, 'descr': '|u1'}\n";
        for version in [2, 3] {
            let length = (header.len() as u32).to_le_bytes();
            let file = [&MAGIC[..], &[version, 0], &length, header.as_bytes(), &[7, 8]].concat();
            let dataset = open(&file, &npy("|u1", "(2, 1)", &[0, 1]), TargetKind::Classes).unwrap();
            assert_eq!(dataset.features(), [7.0, 8.0]);
        }
    }

    #[test]
    fn stacks_of_images_keep_their_shape() {
        let labels = npy("|u1", "(2,)", &[0, 1]);
        let image = |shape| open(&npy("|u1", shape, &[0; 12]), &labels, TargetKind::Classes).unwrap().image();
        assert_eq!(image("(2, 3, 2)"), Some(ImageShape { channels: 1, height: 3, width: 2 }));
        assert_eq!(image("(2, 3, 2, 1)"), Some(ImageShape { channels: 3, height: 2, width: 1 }));
    }

    #[test]
    fn both_orders_of_axes_and_colours_last_give_the_same_rows() {
        let labels = npy("|u1", "(2,)", &[0, 1]);
        let mut fortran = npy("|u1", "(2, 3)", &[1, 4, 2, 5, 3, 6]);
        let place = fortran.windows(5).position(|part| part == b"False").unwrap();
        fortran.splice(place..place + 5, *b"True ");
        let dataset = open(&fortran, &labels, TargetKind::Classes).unwrap();
        assert_eq!(dataset.features(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "the last axis runs fastest");
        let last: Vec<u8> = (0..24).collect();
        let dataset = open(&npy("|u1", "(2, 2, 2, 3)", &last), &labels, TargetKind::Classes).unwrap();
        assert_eq!(dataset.image(), Some(ImageShape { channels: 3, height: 2, width: 2 }));
        assert_eq!(dataset.features()[..6], [0.0, 3.0, 6.0, 9.0, 1.0, 4.0], "channel by channel");
        let said = dataset.read().doubts.iter().any(|doubt| doubt.why.contains("colours last"));
        assert!(said, "{:?}", dataset.read().doubts);
    }

    #[test]
    fn labels_may_be_codes_and_never_one_hot() {
        let features = npy("|u1", "(3, 1)", &[0, 1, 2]);
        let codes = open(&features, &npy("|u1", "(3,)", &[50, 48, 50]), TargetKind::Classes).unwrap();
        assert_eq!(codes.labels().unwrap(), [1, 0, 1], "the classes are the distinct labels");
        assert_eq!(codes.class_names().unwrap(), ["48", "50"]);
        assert!(
            codes.read().doubts.iter().any(|doubt| doubt.why.contains("48")),
            "{:?}",
            codes.read().doubts
        );
        let one_hot = npy("|u1", "(3, 2)", &[0, 1, 1, 0, 0, 1]);
        let text = open(&features, &one_hot, TargetKind::Classes).unwrap_err();
        assert!(text.starts_with("labels of shape [3, 2] look like one-hot"), "{text}");
    }

    #[test]
    fn targets_can_be_values() {
        let labels = npy("<f4", "(2,)", &bytes(&[0.5_f32, -1.0], f32::to_le_bytes));
        let features = npy("|u1", "(2, 1)", &[0, 1]);
        assert_eq!(open(&features, &labels, TargetKind::Values).unwrap().values().unwrap(), [0.5, -1.0]);
        let text = open(&features, &labels, TargetKind::Classes).unwrap_err();
        assert!(text.starts_with("row 1 has label 0.5, which is not a class;"), "{text}");
    }

    #[test]
    fn arrays_of_another_kind_are_refused() {
        let text = refusal(b"PK\x03\x04....");
        assert!(
            text.starts_with("this is not an NPY file: it begins with 0x504b0304, not 0x934e554d;"),
            "{text}"
        );
        let text = refusal(&npy("<c8", "(2, 1)", &[0; 16]));
        assert!(text.starts_with("values of type <c8 are not read; save the array as one of"), "{text}");
        let text = refusal(&npy("|u1", "(2,)", &[0; 2]));
        assert!(
            text.starts_with("an array of shape [2] is not a table of rows or a stack of images;"),
            "{text}"
        );
        let structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}";
        assert!(matches!(parse_header(structured), Err(Problem::NpyType { .. })));
    }

    #[test]
    fn damaged_arrays_are_refused() {
        let text = refusal(&npy("<f4", "(2, 1)", &[0; 7]));
        assert!(
            text.starts_with("the file is truncated: it holds 7 of 8 bytes of values; fetch it again"),
            "{text}"
        );
        let text = refusal(&npy("<f4", "(2, 1)", &[0; 9]));
        assert!(text.starts_with("the file goes on after the 8 bytes of values"), "{text}");
        let text = refusal(&npy("<f4", "(99999999999, 99999999999)", &[]));
        assert!(
            text.starts_with("the header announces an impossible size, [99999999999, 99999999999];"),
            "{text}"
        );
        let text = refusal(&npy("<f4", "2", &[]));
        assert!(text.starts_with("the NPY header cannot be read: the shape is no tuple of sizes;"), "{text}");
        assert_eq!(
            parse_header("{}").unwrap_err().to_string(),
            "the NPY header cannot be read: it has no \"descr\"; save the array again with numpy.save"
        );
    }

    #[test]
    fn values_and_counts_are_checked() {
        let text = refusal(&npy("<f4", "(2, 1)", &bytes(&[0.0, f32::NAN], f32::to_le_bytes)));
        assert!(text.starts_with("row 2, column \"x0\" is NaN;"), "{text}");
        let text = refusal(&npy("|u1", "(3, 1)", &[0; 3]));
        assert!(text.starts_with("there are 3 rows of features but 2 targets;"), "{text}");
        let text = refusal(&npy("|u1", "(0, 1)", &[]));
        assert!(text.starts_with("there are 0 rows of features but 2 targets;"), "{text}");
        let text =
            open(&npy("|u1", "(0, 1)", &[]), &npy("|u1", "(0,)", &[]), TargetKind::Classes).unwrap_err();
        assert!(text.starts_with("there are no rows;"), "{text}");
    }

    #[test]
    fn missing_labels_are_asked_for_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, npy("|u1", "(1, 1)", &[5])).unwrap();
        let text = open_file(&path, TargetKind::Classes).unwrap_err().to_string();
        assert!(
            text.starts_with("no labels were found for it; put x_labels.npy or y.npy beside it: "),
            "{text}"
        );
        std::fs::write(folder.path().join("y.npy"), npy("|u1", "(1,)", &[0])).unwrap();
        assert_eq!(open_file(&path, TargetKind::Classes).unwrap().features(), [5.0]);
    }
}
