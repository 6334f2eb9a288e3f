//! One frame: its header of sixteen bytes, its check, and of which recording it is.

/// Length of a frame's header in bytes.
pub(super) const HEADER: usize = 16;
/// The same in units of four bytes, in which places within a frame are counted.
pub(super) const HEADER_NUMBERS: usize = HEADER / 4;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) step: u64,
    pub(super) session: u32,
    pub(super) check: u32,
}

impl Header {
    /// The header at the beginning of `bytes`; `None` if they are too few.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (step, rest) = bytes.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk()?;
        let (check, _) = rest.split_first_chunk()?;
        Some(Self {
            step: u64::from_le_bytes(*step),
            session: u32::from_le_bytes(*session),
            check: u32::from_le_bytes(*check),
        })
    }

    /// Its sixteen bytes.
    pub(super) fn bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let all = self.step.to_le_bytes().into_iter().chain(self.session.to_le_bytes());
        for (place, byte) in bytes.iter_mut().zip(all.chain(self.check.to_le_bytes())) {
            *place = byte;
        }
        bytes
    }
}

/// CRC-32 over a whole frame with its check as zero, begun with the recording's `id`.
pub(super) fn check_of(id: u32, frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(id);
    let (header, numbers) = frame.split_at(frame.len().min(HEADER));
    hasher.update(header.get(..12).unwrap_or(header));
    hasher.update(&[0; 4]);
    hasher.update(numbers);
    hasher.finalize()
}

/// The header of a whole frame if its check is right.
pub(super) fn sound(id: u32, frame: &[u8]) -> Option<Header> {
    Header::of(frame).filter(|header| header.check == check_of(id, frame))
}

/// The only `id` with which this frame's check would be right: the CRC run backwards.
///
/// A frame of another recording gives that recording's `id`; damaged frames give a different number each.
pub(super) fn id_that_fits(frame: &[u8]) -> Option<u32> {
    let check = Header::of(frame)?.check;
    let table = table();
    let mut by_top = [0_u32; 256];
    for (at, entry) in (0_u32..).zip(table) {
        if let Some(place) = by_top.get_mut((entry >> 24) as usize) {
            *place = at;
        }
    }
    let mut state = !check;
    for (at, byte) in frame.iter().enumerate().rev() {
        let byte = if (12..HEADER).contains(&at) { 0 } else { *byte };
        let index = by_top.get((state >> 24) as usize).copied()?;
        let entry = table.get(index as usize).copied()?;
        state = ((state ^ entry) << 8) | (index ^ u32::from(byte));
    }
    Some(!state)
}

/// The table of the reflected CRC-32 of zlib, byte by byte.
fn table() -> [u32; 256] {
    let mut table = [0_u32; 256];
    for (at, entry) in (0_u32..).zip(table.iter_mut()) {
        *entry = (0..8).fold(at, |value, _| (value >> 1) ^ if value & 1 == 1 { 0xedb8_8320 } else { 0 });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: u32, step: u64) -> Vec<u8> {
        let mut bytes = Header { step, session: 3, check: 0 }.bytes().to_vec();
        bytes.extend((0..40).map(|byte| byte * 5));
        let check = check_of(id, &bytes);
        bytes[12..16].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    #[test]
    fn a_check_is_that_of_zlib_begun_with_the_id() {
        // zlib.crc32(bytes(16) + bytes(range(8)), 0x9f31c2aa) in Python 3.11.
        let mut bytes = vec![0; HEADER];
        bytes.extend(0..8);
        assert_eq!(check_of(0x9f31_c2aa, &bytes), 0x16da_c2ed);
        // What stands in the place of the check does not count.
        bytes[13] = 77;
        assert_eq!(check_of(0x9f31_c2aa, &bytes), 0x16da_c2ed);
    }

    #[test]
    fn a_frame_tells_the_id_that_it_was_written_with() {
        for id in [0, 1, 0x9f31_c2aa, u32::MAX] {
            assert_eq!(id_that_fits(&frame(id, 12)), Some(id));
            assert!(sound(id, &frame(id, 12)).is_some());
            assert!(sound(id ^ 1, &frame(id, 12)).is_none());
        }
    }

    #[test]
    fn damaged_frames_fit_different_ids() {
        let mut frames = [frame(5, 1), frame(5, 2)];
        frames[0][20] ^= 4;
        frames[1][33] ^= 1;
        let ids = frames.each_ref().map(|frame| id_that_fits(frame));
        assert!(ids[0] != ids[1] && ids[0] != Some(5) && ids[1] != Some(5), "{ids:?}");
    }
}
