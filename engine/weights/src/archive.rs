//! The directory of a zip archive, read by position: names, places and lengths of the members, and no member's bytes.
//!
//! Source: PKWARE's APPNOTE 6.3, with the 64-bit records. Only what weight files use is read: members that are stored or deflated,
//! one disk, no encryption. Everything that a record claims is checked against the file before it is used.

use std::collections::HashSet;

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::text::{shown, size};

/// More members than this are not read: their names alone would fill the memory.
const MOST_MEMBERS: u64 = 400_000;
/// A longer directory than this is not read.
const LONGEST_DIRECTORY: u64 = 64 << 20;
/// The end record is at most this far from the end: 22 bytes and the longest comment.
const FARTHEST_END: usize = 22 + 0xffff;

/// One member of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Where a member's bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the member's own header begins; its bytes follow that.
    header_at: u64,
    /// Bytes in the file.
    pub(crate) packed: u64,
    /// Bytes once unpacked.
    pub(crate) bytes: u64,
    pub(crate) packing: Packing,
}

/// How a member's bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Stored,
    Deflated,
    /// Something else: the number of the method.
    Other(u16),
    Encrypted,
}

/// The members of the archive in `file`, in the order of its directory.
///
/// # Errors
/// If the archive has no directory (cut off, or still being written), if a record contradicts the file, if two members have one name,
/// if there are too many.
pub(crate) fn members(file: &WeightFile) -> Result<Vec<Member>, WeightsError> {
    let end = find_end(file)?;
    if end.members > MOST_MEMBERS || end.bytes > LONGEST_DIRECTORY {
        return Err(broken(
            file,
            &format!(
                "the zip archive's directory names {} members in {}; up to {MOST_MEMBERS} in {} are read",
                end.members,
                size(end.bytes),
                size(LONGEST_DIRECTORY)
            ),
        ));
    }
    // Something may stand before the archive; then all positions are counted from where the archive begins.
    let begin = end.at.checked_sub(end.bytes).ok_or_else(|| no_directory(file))?;
    let shift = begin.checked_sub(end.begin).ok_or_else(|| no_directory(file))?;
    let directory = file.read_up_to(begin, usize::try_from(end.bytes).unwrap_or(usize::MAX))?;
    let mut rest = directory.as_slice();
    // The count is a claim; each record takes 46 bytes at least.
    let mut members = Vec::with_capacity((end.members as usize).min(directory.len() / 46));
    for _ in 0..end.members {
        let (mut member, after) = record(rest)
            .ok_or_else(|| broken(file, "the zip archive's directory is damaged; get the file again"))?;
        member.place.header_at = member
            .place
            .header_at
            .checked_add(shift)
            .filter(|at| {
                at.checked_add(30)
                    .and_then(|at| at.checked_add(member.place.packed))
                    .is_some_and(|end| end <= begin)
            })
            .ok_or_else(|| {
                let name = shown(&member.name);
                broken(
                    file,
                    &format!(
                        "the member {name} of the zip archive lies outside the file; get the file again"
                    ),
                )
            })?;
        members.push(member);
        rest = after;
    }
    refuse_twins(file, &members)?;
    Ok(members)
}

/// Where a stored or deflated member's bytes begin: behind its own header, whose length only that header tells.
pub(crate) fn data_start(file: &WeightFile, place: Place) -> Result<u64, WeightsError> {
    let mut header = [0; 30];
    file.read_at(place.header_at, &mut header)?;
    let damaged = || broken(file, "a member's header in the zip archive is damaged; get the file again");
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged());
    }
    let name = number16(&header, 26).ok_or_else(damaged)?;
    let extra = number16(&header, 28).ok_or_else(damaged)?;
    let start = place.header_at + 30 + u64::from(name) + u64::from(extra);
    if start.checked_add(place.packed).is_none_or(|end| end > file.bytes()) {
        return Err(damaged());
    }
    Ok(start)
}

/// Bytes of a whole member, unpacked; for small ones that are read at once.
///
/// # Errors
/// If it is longer than `longest`, whatever it claims, or packed in a way that is not read.
pub(crate) fn read_whole(file: &WeightFile, member: &Member, longest: u64) -> Result<Vec<u8>, WeightsError> {
    let name = shown(&member.name);
    let too_long = || {
        broken(
            file,
            &format!("the member {name} of the zip archive takes more than {} unpacked", size(longest)),
        )
    };
    let place = member.place;
    if place.bytes > longest {
        return Err(too_long());
    }
    match place.packing {
        Packing::Stored if place.packed == place.bytes => {
            file.read_up_to(data_start(file, place)?, place.bytes as usize)
        }
        Packing::Deflated => {
            let mut unpacking = crate::unpack::Unpacking::begin(file, place)?;
            let mut bytes = Vec::new();
            unpacking.append(file, place.bytes, &mut bytes)?;
            Ok(bytes)
        }
        _ => Err(broken(file, &format!("the member {name} of the zip archive {}", packing_problem(place)))),
    }
}

/// Why a member's bytes cannot be read, as a clause; only for those whose [`is_read`] is false.
pub(crate) fn packing_problem(place: Place) -> String {
    match place.packing {
        Packing::Encrypted => "is encrypted; save it without a password".to_owned(),
        Packing::Other(method) => {
            format!("is packed by method {method}; only stored and deflated ones are read")
        }
        Packing::Stored | Packing::Deflated => "says two lengths of itself; get the file again".to_owned(),
    }
}

/// True if members of this kind are read.
pub(crate) fn is_read(place: Place) -> bool {
    match place.packing {
        Packing::Stored => place.packed == place.bytes,
        Packing::Deflated => true,
        Packing::Other(_) | Packing::Encrypted => false,
    }
}

/// True if the archive has the record that it closes with; a file that is still being written has not.
pub(crate) fn has_end(file: &WeightFile) -> bool {
    find_end(file).is_ok()
}

/// What the end record says.
struct End {
    /// Where the directory's records end: at the first of the end records.
    at: u64,
    members: u64,
    /// Length of the directory.
    bytes: u64,
    /// Where the directory begins, counted from where the archive begins.
    begin: u64,
}

fn find_end(file: &WeightFile) -> Result<End, WeightsError> {
    let from = file.bytes().saturating_sub(FARTHEST_END as u64);
    let tail = file.read_up_to(from, FARTHEST_END)?;
    for at in (0..tail.len().saturating_sub(21)).rev() {
        let Some(record) = tail.get(at..).filter(|record| record.starts_with(b"PK\x05\x06")) else {
            continue;
        };
        let comment = usize::from(number16(record, 20).unwrap_or(0));
        // Four letters within a comment are no record: the comment must reach the file's end.
        if record.len() != 22 + comment {
            continue;
        }
        let read = || {
            Some(End {
                at: from + at as u64,
                members: u64::from(number16(record, 10)?),
                bytes: u64::from(number32(record, 12)?),
                begin: u64::from(number32(record, 16)?),
            })
        };
        let end = read().ok_or_else(|| no_directory(file))?;
        // PyTorch writes the long record always, others where the short one has no room.
        return find_long_end(file, &end);
    }
    Err(no_directory(file))
}

/// The 64-bit end record, through the locator before the short one; without a locator the short one stands.
fn find_long_end(file: &WeightFile, short: &End) -> Result<End, WeightsError> {
    let plain = || End { at: short.at, members: short.members, bytes: short.bytes, begin: short.begin };
    let Some(locator_at) = short.at.checked_sub(20) else { return Ok(plain()) };
    let mut locator = [0; 20];
    file.read_at(locator_at, &mut locator)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(plain());
    }
    // What stands before the archive shifts the position; the record is 56 bytes and stands right before its locator otherwise.
    let told = number64(&locator, 8).unwrap_or(u64::MAX);
    for at in [told, locator_at.saturating_sub(56)] {
        if at > locator_at.saturating_sub(56) {
            continue;
        }
        let mut record = [0; 56];
        file.read_at(at, &mut record)?;
        if !record.starts_with(b"PK\x06\x06") {
            continue;
        }
        let read = || {
            Some(End {
                at,
                members: number64(&record, 32)?,
                bytes: number64(&record, 40)?,
                begin: number64(&record, 48)?,
            })
        };
        return read().ok_or_else(|| no_directory(file));
    }
    Err(no_directory(file))
}

/// One record of the directory, and what follows it.
fn record(bytes: &[u8]) -> Option<(Member, &[u8])> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let flags = number16(bytes, 8)?;
    let method = number16(bytes, 10)?;
    let mut packed = u64::from(number32(bytes, 20)?);
    let mut unpacked = u64::from(number32(bytes, 24)?);
    let mut header_at = u64::from(number32(bytes, 42)?);
    let name_end = 46 + usize::from(number16(bytes, 28)?);
    let extra_end = name_end + usize::from(number16(bytes, 30)?);
    let record_end = extra_end + usize::from(number16(bytes, 32)?);
    let name = String::from_utf8_lossy(bytes.get(46..name_end)?).into_owned();
    let mut extra = bytes.get(name_end..extra_end)?;
    while let (Some(kind), Some(length)) = (number16(extra, 0), number16(extra, 2)) {
        // Some writers fill up with what is no field.
        let Some(field) = extra.get(4..4 + usize::from(length)) else { break };
        if kind == 1 {
            let mut at = 0;
            for value in [&mut unpacked, &mut packed, &mut header_at] {
                if *value == 0xffff_ffff {
                    *value = number64(field, at)?;
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + usize::from(length)..)?;
    }
    let packing = match (flags & 1, method) {
        (1, _) => Packing::Encrypted,
        (_, 0) => Packing::Stored,
        (_, 8) => Packing::Deflated,
        (_, other) => Packing::Other(other),
    };
    let place = Place { header_at, packed, bytes: unpacked, packing };
    Some((Member { name, place }, bytes.get(record_end..)?))
}

fn refuse_twins(file: &WeightFile, members: &[Member]) -> Result<(), WeightsError> {
    let mut seen = HashSet::with_capacity(members.len());
    for member in members {
        if !seen.insert(member.name.as_str()) {
            let name = shown(&member.name);
            return Err(broken(
                file,
                &format!(
                    "two members of the zip archive are named {name}, and which one counts is not told; save it again"
                ),
            ));
        }
    }
    Ok(())
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_le_bytes(*chunk))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

fn no_directory(file: &WeightFile) -> WeightsError {
    let length = size(file.bytes());
    broken(
        file,
        &format!(
            "the file ends after {length} without the directory that a zip archive closes with: it was cut off, or is still being \
             written; get it again, or wait"
        ),
    )
}

fn broken(file: &WeightFile, problem: &str) -> WeightsError {
    WeightsError::unusable(problem, file.path())
}
