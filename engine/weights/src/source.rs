//! What a weight file gives: its tensors at once, rows of a tensor when asked.

use std::path::PathBuf;

use crate::element::Element;
use crate::error::WeightsError;

pub use crate::open::open;

/// A weight file that is open: one file, the files of a sharded model, or an adapter's folder.
///
/// Contract: opening reads headers only (formats that allow it), so that the table of ten gigabytes stands within two seconds. Rows
/// are read by position, from any thread. The files are not changed and not locked; [`Source::stamps`] tells whether they are still
/// those that were opened.
pub trait Source: Send + Sync {
    /// What kind of file it is, for people: `safetensors`, `PyTorch checkpoint (zip)`, `NumPy archive`.
    fn format(&self) -> &'static str;

    /// The tensors in the file's order; formats without an order give the natural order of names (`layer.2` before `layer.10`).
    fn tensors(&self) -> &[Tensor];

    /// Reads the elements `first .. first + count` of a tensor (counted in C order) into `values`, which is cleared before.
    ///
    /// # Errors
    /// If the tensor is not readable, the range lies outside it, or the file is cut off, changed or gone.
    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError>;

    /// Appends the bytes of the elements `first .. first + count` of a tensor (counted in C order, each little-endian) to `bytes`, which
    /// is cleared before. `false` where the source does not give bytes; then none are there.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn read_bytes(
        &self,
        _tensor: usize,
        _first: usize,
        _count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        bytes.clear();
        Ok(false)
    }

    /// Sentences on what was taken, dropped or guessed on opening: the key of a nested dictionary, an optimizer's state left out, a
    /// tensor that cannot be read and why.
    fn said(&self) -> &[String];

    /// The files behind it, as they stood at opening.
    fn stamps(&self) -> &[Stamp];

    /// Bytes that reading one tensor holds at most beside its values: 0 for formats that are read by position.
    fn bytes_to_read(&self, tensor: usize) -> u64;
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name without the prefix of the dictionary that was taken.
    pub name: String,
    /// Lengths of its axes; empty for a single number.
    pub shape: Vec<usize>,
    /// How its numbers are stored.
    pub element: Element,
    /// Whether its values can be read, and what they are.
    pub readable: Readable,
    /// The index of an earlier tensor that shares its memory (tied weights), where the format tells; [`tied`](crate::tied()) finds those
    /// of equal contents where it does not.
    pub tied_to: Option<usize>,
}

/// Whether the values of a tensor can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readable {
    /// They can.
    Yes,
    /// They cannot, with the reason as a clause: `its bytes end after the file does`.
    No(String),
}

/// One file as it stood when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970; 0 where the file system does not tell.
    pub modified: u128,
}

impl Tensor {
    /// Number of its elements; the largest number there is if that would overflow, as in broken files.
    pub fn parameters(&self) -> usize {
        if self.shape.contains(&0) {
            return 0;
        }
        self.shape.iter().fold(1, |product, length| product.saturating_mul(*length))
    }

    /// Rows and columns of the matrix that figures are made of: two dimensions as they are, more as first × rest; `None` for fewer
    /// than two dimensions.
    pub fn matrix(&self) -> Option<(usize, usize)> {
        let (first, rest) = self.shape.split_first()?;
        (!rest.is_empty())
            .then(|| (*first, rest.iter().fold(1, |product: usize, length| product.saturating_mul(*length))))
    }
}

impl Stamp {
    /// True if the file still lies there with the length and the time it had.
    pub fn is_current(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|now| {
            now.is_file() && now.len() == self.bytes && crate::bytes::modified(&now) == self.modified
        })
    }
}
