//! NumPy's files: one array (`.npy`), or a zip archive of arrays (`.npz`), stored or deflated.
//!
//! Contract: headers are read when the file is opened, values when asked. A stored member is read by position; a deflated one is
//! unpacked from its beginning on in pieces, so that reading it in order takes no more memory than a window. Arrays of Python objects
//! and of records are named and not read.

pub(crate) mod header;

use crate::archive::{self, Member, Packing};
use crate::array::{Array, ArrayReader, Storage, elements_of};
use crate::bytes::WeightFile;
use crate::element::Element;
use crate::error::WeightsError;
use crate::source::{Readable, Tensor};
use crate::table::{Arrays, Said};
use crate::text::{shown, size};
use crate::unpack::Unpacking;

/// What NumPy puts behind the names of an archive's arrays.
const ENDING: &str = ".npy";

/// True if a member of an archive has the name of an array.
pub(crate) fn is_array(member: &str) -> bool {
    member.ends_with(ENDING)
}

/// Opens one array; it has the name of the file without its ending.
pub(crate) fn open_array(file: WeightFile) -> Result<Arrays, WeightsError> {
    let bytes = file.read_up_to(0, header::LONGEST + 12)?;
    let refused = |reason: String| {
        WeightsError::unusable(
            format!("this is no readable NPY array: {reason}; save it again with numpy.save"),
            file.path(),
        )
    };
    let header = header::parse(&bytes).map_err(refused)?;
    let name = file.path().file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let there = file.bytes().saturating_sub(header.length);
    let storage = Storage::Plain { at: header.length, bytes: there };
    let mut said = Said::default();
    let (tensor, array) = taken(name, &header, storage, &file, &mut said);
    Ok(Arrays::new("NumPy array", vec![tensor], vec![array], said, ArrayReader::new(file)))
}

/// Opens an archive of arrays; each has the name of its member without `.npy`.
pub(crate) fn open_archive(file: WeightFile, members: &[Member]) -> Result<Arrays, WeightsError> {
    let mut said = Said::default();
    let (mut tensors, mut arrays, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        let Some(name) = member.name.strip_suffix(ENDING) else {
            others.push(shown(&member.name));
            continue;
        };
        let (tensor, array) = match member_header(&file, member) {
            Ok(header) => {
                let storage = Storage::Member { place: member.place, skip: header.length };
                taken(name.to_owned(), &header, storage, &file, &mut said)
            }
            Err(reason) => {
                said.unreadable(name, &reason);
                let storage = Storage::Plain { at: 0, bytes: 0 };
                let array = Array::plain(storage, Element::Other, crate::element::ByteOrder::Little);
                (unreadable(name, reason), array)
            }
        };
        tensors.push(tensor);
        arrays.push(array);
    }
    said.left_out("member of the archive is no array", "members of the archive are no arrays", &others);
    Ok(Arrays::new("NumPy archive", tensors, arrays, said, ArrayReader::new(file)))
}

/// A tensor of which only the name is known.
fn unreadable(name: &str, reason: String) -> Tensor {
    let readable = Readable::No(reason);
    Tensor { name: name.to_owned(), shape: vec![0], element: Element::Other, readable, tied_to: None }
}

fn member_header(file: &WeightFile, member: &Member) -> Result<header::Header, String> {
    if !archive::is_read(member.place) {
        return Err(format!("its member of the archive {}", archive::packing_problem(member.place)));
    }
    // Most headers take 128 bytes; the longest is looked at only where the first piece does not hold it.
    let mut problem = String::new();
    for length in [256, header::LONGEST as u64 + 12] {
        let length = member.place.bytes.min(length);
        let bytes = match member.place.packing {
            Packing::Deflated => Unpacking::begin(file, member.place).and_then(|mut unpacking| {
                let mut bytes = Vec::new();
                unpacking.append(file, length, &mut bytes).map(|()| bytes)
            }),
            _ => archive::data_start(file, member.place).and_then(|at| file.read_up_to(at, length as usize)),
        };
        match header::parse(&bytes.map_err(|_| "its packed bytes are damaged")?) {
            Ok(header) => return Ok(header),
            Err(reason) => problem = reason,
        }
    }
    Err(problem)
}

/// The tensor and its place, with the reason if it cannot be read.
fn taken(
    name: String,
    header: &header::Header,
    storage: Storage,
    file: &WeightFile,
    said: &mut Said,
) -> (Tensor, Array) {
    let mut array = Array::plain(storage, header.element, header.order);
    if header.is_column_major {
        let mut stride = 1_u64;
        let mut strides = Vec::with_capacity(header.shape.len());
        for length in &header.shape {
            strides.push(stride);
            stride = stride.saturating_mul(*length as u64);
        }
        array.strides = Some(strides.into_boxed_slice());
        array.simplify(&header.shape);
    }
    let needed = elements_of(&header.shape).and_then(|elements| header.element.bytes_of(elements));
    let problem = if header.element == Element::Other {
        Some(format!("its numbers are of type {}, which is not read", shown(&header.spelled)))
    } else if needed.is_some_and(|needed| needed > storage.bytes()) {
        let (whole, cut) = (size(needed.unwrap_or(0)), size(storage.bytes()));
        Some(format!("its values end after {cut} of {whole}"))
    } else {
        array.problem(&header.shape, file.bytes())
    };
    if let Some(reason) = &problem {
        said.unreadable(&name, reason);
    }
    let readable = problem.map_or(Readable::Yes, Readable::No);
    (Tensor { name, shape: header.shape.clone(), element: header.element, readable, tied_to: None }, array)
}

/// Why an array that is being written is not complete yet, as a clause; `None` if it is complete or broken in another way.
pub(crate) fn unfinished(file: &WeightFile) -> Option<String> {
    let bytes = file.read_up_to(0, header::LONGEST + 12).ok()?;
    let Ok(header) = header::parse(&bytes) else {
        return (bytes.len() < header::LONGEST).then(|| "it ends within its header".to_owned());
    };
    let needed = header.element.bytes_of(elements_of(&header.shape)?)?.checked_add(header.length)?;
    (needed > file.bytes()).then(|| format!("it ends after {} of {}", size(file.bytes()), size(needed)))
}
