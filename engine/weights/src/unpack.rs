//! Unpacks a deflated member of an archive in pieces, in the memory of one window.

use flate2::{Decompress, FlushDecompress, Status};

use crate::archive::{Place, data_start};
use crate::bytes::WeightFile;
use crate::error::WeightsError;

/// Packed bytes are fetched, and unpacked ones handed on, in pieces of this size.
const PIECE: usize = 64 << 10;

/// A member that is being unpacked from its beginning on.
#[derive(Debug)]
pub(crate) struct Unpacking {
    decoder: Decompress,
    /// Where the next packed bytes lie, and where they end.
    at: u64,
    end: u64,
    /// Packed bytes that were fetched, and how many of them are used.
    piece: Vec<u8>,
    used: usize,
    /// Bytes unpacked so far.
    done: u64,
}

impl Unpacking {
    /// Stands at the member's beginning.
    pub(crate) fn begin(file: &WeightFile, place: Place) -> Result<Self, WeightsError> {
        let at = data_start(file, place)?;
        let decoder = Decompress::new(false);
        Ok(Self { decoder, at, end: at + place.packed, piece: Vec::new(), used: 0, done: 0 })
    }

    /// Bytes unpacked so far.
    pub(crate) fn position(&self) -> u64 {
        self.done
    }

    /// Bytes that standing here holds: the pieces and the decoder's window.
    pub(crate) const fn held() -> u64 {
        2 * PIECE as u64 + (48 << 10)
    }

    /// Appends the next `count` bytes to `bytes`, which grows only by what arrives.
    ///
    /// # Errors
    /// If the packed bytes are damaged or end before.
    pub(crate) fn append(
        &mut self,
        file: &WeightFile,
        count: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), WeightsError> {
        self.pass(file, count, |piece| bytes.extend_from_slice(piece))
    }

    /// Goes over the next `count` bytes without keeping them.
    ///
    /// # Errors
    /// If the packed bytes are damaged or end before.
    pub(crate) fn skip(&mut self, file: &WeightFile, count: u64) -> Result<(), WeightsError> {
        self.pass(file, count, |_| ())
    }

    fn pass(
        &mut self,
        file: &WeightFile,
        count: u64,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), WeightsError> {
        let mut unpacked = vec![0; PIECE];
        let mut missing = count;
        while missing > 0 {
            if self.used == self.piece.len() && self.at < self.end {
                let length = (self.end - self.at).min(PIECE as u64) as usize;
                self.piece.resize(length, 0);
                file.read_at(self.at, &mut self.piece)?;
                self.at += length as u64;
                self.used = 0;
            }
            let room = unpacked.get_mut(..missing.min(PIECE as u64) as usize).unwrap_or_default();
            let input = self.piece.get(self.used..).unwrap_or_default();
            let (in_before, out_before) = (self.decoder.total_in(), self.decoder.total_out());
            let status =
                self.decoder.decompress(input, room, FlushDecompress::None).map_err(|_| damaged(file))?;
            let eaten = (self.decoder.total_in() - in_before) as usize;
            let made = (self.decoder.total_out() - out_before) as usize;
            self.used += eaten;
            take(room.get(..made).unwrap_or_default());
            missing -= made as u64;
            self.done += made as u64;
            let is_over = matches!(status, Status::StreamEnd) || (eaten == 0 && made == 0);
            if is_over && missing > 0 {
                return Err(damaged(file));
            }
        }
        Ok(())
    }
}

fn damaged(file: &WeightFile) -> WeightsError {
    WeightsError::unusable(
        "packed bytes in the archive are damaged or end too early; get the file again",
        file.path(),
    )
}
