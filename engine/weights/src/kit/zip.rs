//! A writer of zip archives as PyTorch and NumPy write them: stored or deflated members, 64-bit records where they are needed, holes.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An archive that is being written.
pub struct Zip {
    file: File,
    directory: Vec<u8>,
    members: u64,
}

/// Writes an archive of these members, stored or deflated.
pub fn archive(path: &Path, members: &[(&str, Vec<u8>)], is_deflated: bool) {
    let mut zip = Zip::create(path);
    for (name, bytes) in members {
        if is_deflated { zip.deflated(name, bytes) } else { zip.stored(name, bytes) }
    }
    zip.finish();
}

impl Zip {
    /// Begins an archive.
    pub fn create(path: &Path) -> Self {
        Self { file: File::create(path).unwrap(), directory: Vec::new(), members: 0 }
    }

    /// Adds a member as it is.
    pub fn stored(&mut self, name: &str, bytes: &[u8]) {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        self.header(name, 0, crc.sum(), bytes.len() as u64, bytes.len() as u64);
        self.file.write_all(bytes).unwrap();
    }

    /// Adds a packed member.
    pub fn deflated(&mut self, name: &str, bytes: &[u8]) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        self.header(name, 8, crc.sum(), packed.len() as u64, bytes.len() as u64);
        self.file.write_all(&packed).unwrap();
    }

    /// Adds a packed member that claims another length than it has.
    pub fn lying(&mut self, name: &str, bytes: &[u8], claimed: u64) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        self.header(name, 8, 0, packed.len() as u64, claimed);
        self.file.write_all(&packed).unwrap();
    }

    /// Adds a member of zeros that takes no room on the disk; its checksum is not right.
    pub fn hole(&mut self, name: &str, length: u64) {
        self.header(name, 0, 0, length, length);
        let at = self.file.stream_position().unwrap();
        self.file.set_len(at + length).unwrap();
        self.file.seek(SeekFrom::Start(at + length)).unwrap();
    }

    fn header(&mut self, name: &str, method: u16, crc: u32, packed: u64, bytes: u64) {
        let at = self.file.stream_position().unwrap();
        let is_long = packed.max(bytes).max(at) >= 0xffff_ffff;
        let (short_packed, short_bytes) =
            if is_long { (u32::MAX, u32::MAX) } else { (packed as u32, bytes as u32) };
        let mut long = Vec::new();
        if is_long {
            long.extend(1_u16.to_le_bytes());
            long.extend(16_u16.to_le_bytes());
            long.extend(bytes.to_le_bytes());
            long.extend(packed.to_le_bytes());
        }
        // PyTorch lets members begin at multiples of 64 by a field of filler.
        let start = at + 30 + name.len() as u64 + long.len() as u64 + 4;
        let filler = ((64 - start % 64) % 64) as u16;
        let mut extra = long.clone();
        extra.extend(b"FB");
        extra.extend(filler.to_le_bytes());
        extra.extend(std::iter::repeat_n(b'Z', usize::from(filler)));
        let common = |record: &mut Vec<u8>, extra: &[u8]| {
            record.extend(20_u16.to_le_bytes());
            record.extend(0_u16.to_le_bytes());
            record.extend(method.to_le_bytes());
            record.extend([0; 4]);
            record.extend(crc.to_le_bytes());
            record.extend(short_packed.to_le_bytes());
            record.extend(short_bytes.to_le_bytes());
            record.extend((name.len() as u16).to_le_bytes());
            record.extend((extra.len() as u16).to_le_bytes());
        };
        let mut local = b"PK\x03\x04".to_vec();
        common(&mut local, &extra);
        local.extend(name.as_bytes());
        local.extend(&extra);
        self.file.write_all(&local).unwrap();
        if is_long {
            long.extend(at.to_le_bytes());
            long[2] = 24;
        }
        self.directory.extend(b"PK\x01\x02\x14\x00");
        common(&mut self.directory, &long);
        self.directory.extend([0; 10]);
        self.directory.extend(if is_long { u32::MAX } else { at as u32 }.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.directory.extend(&long);
        self.members += 1;
    }

    /// Writes the directory and the end records.
    pub fn finish(self) {
        self.end(false);
    }

    /// Writes the directory and both end records, as PyTorch does for small archives too.
    pub fn finish_long(self) {
        self.end(true);
    }

    fn end(mut self, has_long: bool) {
        let at = self.file.stream_position().unwrap();
        let length = self.directory.len() as u64;
        self.file.write_all(&self.directory).unwrap();
        let is_full = at >= 0xffff_ffff || self.members >= 0xffff;
        let is_long = is_full || has_long;
        let mut end = Vec::new();
        if is_long {
            end.extend(b"PK\x06\x06");
            end.extend(44_u64.to_le_bytes());
            end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for number in [self.members, self.members, length, at] {
                end.extend(number.to_le_bytes());
            }
            end.extend(b"PK\x06\x07\0\0\0\0");
            end.extend((at + length).to_le_bytes());
            end.extend(1_u32.to_le_bytes());
        }
        end.extend(b"PK\x05\x06\0\0\0\0");
        let members = if is_full { 0xffff } else { self.members as u16 };
        end.extend(members.to_le_bytes());
        end.extend(members.to_le_bytes());
        end.extend(if is_full { u32::MAX } else { length as u32 }.to_le_bytes());
        end.extend(if is_full { u32::MAX } else { at as u32 }.to_le_bytes());
        end.extend(0_u16.to_le_bytes());
        self.file.write_all(&end).unwrap();
    }
}
