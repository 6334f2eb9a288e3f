//! The frames that records lie in: length, its checksum, data, their checksum.
//!
//! Contract: a length is believed only after its checksum, and never allocated here. Source of the format: the header
//! `tensorflow/core/lib/io/record_writer.h` of TensorFlow; the checksum is CRC-32C, turned by 15 bits, plus a constant.

/// Bytes before the data: the length (u64, little-endian) and its checksum.
pub(crate) const HEADER: usize = 12;
/// Bytes after the data: their checksum.
pub(crate) const FOOTER: usize = 4;
/// Longer records are not read.
pub(crate) const LONGEST_RECORD: u64 = 256 << 20;

/// A checksum that is not what it should be: what the file says, and what its bytes give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) stated: u32,
    pub(crate) found: u32,
}

/// The CRC-32C of the bytes, masked as frames hold it.
pub(crate) fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The length that a header states.
pub(crate) fn length(header: &[u8; HEADER]) -> Result<u64, Mismatch> {
    let (length, checksum) = header.split_at(8);
    let stated = word(checksum);
    let found = masked(length);
    if stated != found {
        return Err(Mismatch { stated, found });
    }
    Ok(length.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
}

/// Compares the data with the checksum that follows them.
pub(crate) fn check(data: &[u8], footer: &[u8]) -> Result<(), Mismatch> {
    let stated = word(footer);
    let found = masked(data);
    if stated == found { Ok(()) } else { Err(Mismatch { stated, found }) }
}

/// The first four bytes as a number; callers give at least four.
fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The whole frame of a record.
pub(crate) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut frame = Vec::with_capacity(HEADER + data.len() + FOOTER);
    frame.extend_from_slice(&length);
    frame.extend_from_slice(&masked(&length).to_le_bytes());
    frame.extend_from_slice(data);
    frame.extend_from_slice(&masked(data).to_le_bytes());
    frame
}
