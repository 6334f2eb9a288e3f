//! One array of numbers that lies in a file: elements read by position, whatever the order of its axes, packed or not.

use std::sync::{Mutex, PoisonError};

use crate::archive::{self, Packing};
use crate::bytes::WeightFile;
use crate::element::{ByteOrder, Element, decode};
use crate::error::WeightsError;
use crate::text::size;
use crate::unpack::Unpacking;

/// Bytes are fetched and decoded in pieces of this size, which stay in the processor's cache between the two.
const PIECE: u64 = 128 << 10;
/// A view may hold this many bytes of its storage, or four times its own, while it is read.
const SMALL_WINDOW: u64 = 64 << 20;
/// A tensor whose strides repeat its storage may have this many elements whatever the file's length.
const SMALL_REPEAT: u64 = 1 << 20;

/// Where the bytes lie that an array is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In the file as they are.
    Plain { at: u64, bytes: u64 },
    /// In a member of a zip archive; `skip` bytes at its beginning are a header.
    Member { place: archive::Place, skip: u64 },
    /// As [`Storage::Plain`], behind their count as a number of 64 bits, which must be `elements`.
    Counted { at: u64, bytes: u64, elements: u64 },
}

impl Storage {
    /// Its length in bytes, unpacked, without headers.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Plain { bytes, .. } | Self::Counted { bytes, .. } => *bytes,
            Self::Member { place, skip } => place.bytes.saturating_sub(*skip),
        }
    }

    fn is_deflated(&self) -> bool {
        matches!(self, Self::Member { place, .. } if place.packing == Packing::Deflated)
    }
}

/// How an array lies in its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Array {
    pub(crate) storage: Storage,
    pub(crate) element: Element,
    pub(crate) order: ByteOrder,
    /// Its first element, counted from the storage's beginning.
    pub(crate) offset: u64,
    /// Steps of the axes in elements; `None` if its elements follow each other.
    pub(crate) strides: Option<Box<[u64]>>,
}

impl Array {
    /// An array in C order from the beginning of its storage.
    pub(crate) fn plain(storage: Storage, element: Element, order: ByteOrder) -> Self {
        Self { storage, element, order, offset: 0, strides: None }
    }

    /// Drops strides that say what C order says; those of axes of length one say nothing.
    pub(crate) fn simplify(&mut self, shape: &[usize]) {
        let Some(strides) = &self.strides else { return };
        let mut expected = 1_u64;
        let is_plain = shape.iter().zip(strides).rev().all(|(length, stride)| {
            let fits = *length <= 1 || *stride == expected;
            expected = expected.saturating_mul(*length as u64);
            fits
        });
        if is_plain || shape.contains(&0) {
            self.strides = None;
        }
    }

    /// Why the array cannot be read from a file of `file_bytes` bytes, as a clause; `None` if it can.
    ///
    /// Everything that later reads rely on is checked here: no product overflows, no element lies outside the storage, no window is
    /// larger than what the file and the tensor justify.
    pub(crate) fn problem(&self, shape: &[usize], file_bytes: u64) -> Option<String> {
        if !self.element.has_values() {
            return Some(format!("numbers of type {} are not read", self.element.name()));
        }
        if let Storage::Member { place, .. } = self.storage
            && !archive::is_read(place)
        {
            return Some(format!("its member of the archive {}", archive::packing_problem(place)));
        }
        let Some(elements) = elements_of(shape) else {
            return Some("its shape is too large for any machine".to_owned());
        };
        if elements == 0 {
            return None;
        }
        let width = self.element.size_bytes() as u64;
        let Some(extent) = self.extent(shape, elements) else {
            return Some("its strides reach beyond any storage".to_owned());
        };
        let needed = self.offset.checked_add(extent).and_then(|last| last.checked_mul(width));
        let held = self.storage.bytes();
        if needed.is_none_or(|needed| needed > held) {
            return Some(format!("it needs more numbers than its storage of {} holds", size(held)));
        }
        if let Storage::Plain { at, bytes } | Storage::Counted { at, bytes, .. } = self.storage
            && at.checked_add(bytes).is_none_or(|end| end > file_bytes)
        {
            return Some(format!("its bytes end after the file does, which ends after {}", size(file_bytes)));
        }
        if elements > extent && elements > SMALL_REPEAT && elements > file_bytes {
            return Some(format!("its strides repeat {extent} stored numbers to {elements}"));
        }
        (self.window(shape) > SMALL_WINDOW.max((elements * width).saturating_mul(4))).then(|| {
            format!(
                "its numbers are scattered over {}; save a copy of it that is contiguous",
                size(extent * width)
            )
        })
    }

    /// Bytes that reading a piece holds beside the values.
    pub(crate) fn held(&self, shape: &[usize]) -> u64 {
        let unpacking = if self.storage.is_deflated() { Unpacking::held() } else { 0 };
        self.window(shape) + unpacking
    }

    /// Bytes of the storage that are kept while a view is read whose elements do not follow each other; 0 if they do.
    fn window(&self, shape: &[usize]) -> u64 {
        if self.strides.is_none() {
            return 0;
        }
        let elements = elements_of(shape).unwrap_or(u64::MAX);
        self.extent(shape, elements).unwrap_or(u64::MAX).saturating_mul(self.element.size_bytes() as u64)
    }

    /// Number of the storage's elements from the first to the last that the array has; `None` if that is no number of 64 bits.
    fn extent(&self, shape: &[usize], elements: u64) -> Option<u64> {
        let Some(strides) = &self.strides else { return Some(elements) };
        if strides.len() != shape.len() {
            return None;
        }
        let last = shape.iter().zip(strides).try_fold(0_u64, |sum, (length, stride)| {
            (*length as u64).saturating_sub(1).checked_mul(*stride).and_then(|step| sum.checked_add(step))
        })?;
        last.checked_add(1)
    }
}

/// Number of elements of a shape; `None` if that is no number of 64 bits that can be a length.
pub(crate) fn elements_of(shape: &[usize]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    let product = shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))?;
    isize::try_from(product).is_ok().then_some(product as u64)
}

/// Reads arrays of one file; keeps what the next piece of the same array needs.
#[derive(Debug)]
pub(crate) struct ArrayReader {
    file: WeightFile,
    kept: Mutex<Option<Kept>>,
}

/// What stands ready for the next piece of one array, told by its number.
#[derive(Debug)]
struct Kept {
    array: usize,
    what: Ready,
}

#[derive(Debug)]
enum Ready {
    /// The bytes of a view, from its first element to its last.
    Window(Vec<u8>),
    /// A member that is unpacked up to somewhere.
    Unpacking(Unpacking),
}

impl ArrayReader {
    pub(crate) fn new(file: WeightFile) -> Self {
        Self { file, kept: Mutex::new(None) }
    }

    pub(crate) fn file(&self) -> &WeightFile {
        &self.file
    }

    /// Appends the elements `first .. first + count` of an array without a [`Array::problem`], which the caller numbers `number`.
    pub(crate) fn read(
        &self,
        number: usize,
        array: &Array,
        shape: &[usize],
        first: u64,
        count: u64,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        if count == 0 {
            return Ok(());
        }
        values.reserve(count as usize);
        let Some(strides) = &array.strides else {
            return self.read_in_order(number, array, first, count, &mut |piece| {
                decode(array.element, array.order, piece, values);
            });
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ready = matches!(&*kept, Some(Kept { array, what: Ready::Window(_) }) if *array == number);
        if !is_ready {
            // The window that stood here is dropped before the next is made.
            *kept = None;
            let mut window = Vec::new();
            let extent = array.extent(shape, elements_of(shape).unwrap_or(0)).unwrap_or(0);
            let width = array.element.size_bytes() as u64;
            self.fetch(array, array.offset * width, extent * width, &mut None, &mut window)?;
            *kept = Some(Kept { array: number, what: Ready::Window(window) });
        }
        if let Some(Kept { what: Ready::Window(window), .. }) = &*kept {
            gather(window, array, shape, strides, first, count, values);
        }
        Ok(())
    }

    /// Appends the little-endian bytes of the elements `first .. first + count` of an array without a [`Array::problem`]; `false` if
    /// they do not follow each other.
    pub(crate) fn read_bytes(
        &self,
        number: usize,
        array: &Array,
        first: u64,
        count: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        if array.strides.is_some() {
            return Ok(false);
        }
        if count > 0 {
            self.read_in_order(number, array, first, count, &mut |piece| bytes.extend_from_slice(piece))?;
        }
        if array.order == ByteOrder::Big {
            bytes.chunks_exact_mut(array.element.size_bytes()).for_each(<[u8]>::reverse);
        }
        Ok(true)
    }

    fn read_in_order(
        &self,
        number: usize,
        array: &Array,
        first: u64,
        count: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), WeightsError> {
        let width = array.element.size_bytes() as u64;
        let mut at = (array.offset + first) * width;
        let end = at + count * width;
        let mut kept = None;
        if array.storage.is_deflated() {
            let mut place = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept = place.take_if(|kept| kept.array == number);
        }
        let mut unpacking = kept.and_then(|kept| match kept.what {
            Ready::Unpacking(unpacking) => Some(unpacking),
            Ready::Window(_) => None,
        });
        let mut piece = Vec::new();
        while at < end {
            let length = (end - at).min(PIECE - PIECE % width);
            piece.clear();
            self.fetch(array, at, length, &mut unpacking, &mut piece)?;
            take(&piece);
            at += length;
        }
        if let Some(unpacking) = unpacking {
            let mut place = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            *place = Some(Kept { array: number, what: Ready::Unpacking(unpacking) });
        }
        Ok(())
    }

    /// Appends `length` bytes of the storage from `at` on; `unpacking` is gone on with where it stands before, and left where it ends.
    fn fetch(
        &self,
        array: &Array,
        at: u64,
        length: u64,
        unpacking: &mut Option<Unpacking>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), WeightsError> {
        let start = match array.storage {
            Storage::Plain { at: start, .. } => start,
            Storage::Counted { at: start, elements, .. } => {
                self.check_count(start, elements)?;
                start
            }
            Storage::Member { place, skip } if place.packing == Packing::Deflated => {
                let mut standing = match unpacking.take() {
                    Some(standing) if standing.position() <= skip + at => standing,
                    _ => Unpacking::begin(&self.file, place)?,
                };
                standing.skip(&self.file, skip + at - standing.position())?;
                standing.append(&self.file, length, bytes)?;
                *unpacking = Some(standing);
                return Ok(());
            }
            Storage::Member { place, skip } => archive::data_start(&self.file, place)? + skip,
        };
        let before = bytes.len();
        // Checked against the file's length when the array was taken in, so the claim is backed by bytes.
        bytes.resize(before + length as usize, 0);
        self.file.read_at(start + at, bytes.get_mut(before..).unwrap_or_default())
    }

    /// The number of elements that stands before a storage of the format before 1.6 must be the one its description gives.
    fn check_count(&self, start: u64, elements: u64) -> Result<(), WeightsError> {
        let mut count = [0; 8];
        self.file.read_at(start.saturating_sub(8), &mut count)?;
        if u64::from_le_bytes(count) == elements || u64::from_be_bytes(count) == elements {
            return Ok(());
        }
        Err(WeightsError::unusable(
            "a storage has another length than the file's description says; get the file again",
            self.file.path(),
        ))
    }
}

/// Appends elements of a view whose bytes from first to last element are `window`.
fn gather(
    window: &[u8],
    array: &Array,
    shape: &[usize],
    strides: &[u64],
    first: u64,
    count: u64,
    values: &mut Vec<f32>,
) {
    let width = array.element.size_bytes();
    // The position on each axis, counted up like a clock.
    let mut position = vec![0_u64; shape.len()];
    let mut rest = first;
    for (place, length) in position.iter_mut().zip(shape).rev() {
        *place = rest % *length as u64;
        rest /= *length as u64;
    }
    let mut at: u64 = position.iter().zip(strides).map(|(place, stride)| place * stride).sum();
    for _ in 0..count {
        let start = at as usize * width;
        decode(array.element, array.order, window.get(start..start + width).unwrap_or_default(), values);
        for ((place, stride), length) in position.iter_mut().zip(strides).zip(shape).rev() {
            *place += 1;
            at += stride;
            if *place < *length as u64 {
                break;
            }
            at -= *place * stride;
            *place = 0;
        }
    }
}
