//! Damaged files: the sound part is given, the place is named.

use super::{REAL, frames, place, read, read_records, said, scalars, simple, summary, version};
use crate::events::frame::{FOOTER, HEADER, LONGEST_RECORD, framed, masked};
use crate::events::wire::Message;
use crate::events::{Entry, Problem};

/// Where each frame of a sound file begins, and its end.
pub(super) fn places(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut places, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let end = at + HEADER + length + FOOTER;
        places.push(at..end);
        at = end;
    }
    places
}

/// Text of entries, in which NaN equals itself.
fn text(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| format!("{entry:?}")).collect()
}

/// The entries that each record of the real file gives.
fn entries_by_record(frames: &[std::ops::Range<usize>]) -> Vec<Vec<String>> {
    let (_folder, path) = place();
    let mut before = 0;
    let of = |frame: &std::ops::Range<usize>| {
        std::fs::write(&path, &REAL[..frame.end]).unwrap();
        let entries = text(&read(&path).0);
        let new = entries[before..].to_vec();
        before = entries.len();
        new
    };
    frames.iter().map(of).collect()
}

#[test]
fn one_wrong_byte_costs_its_record_or_what_follows_a_length() {
    let frames = places(REAL);
    let records = entries_by_record(&frames);
    let (_folder, path) = place();
    for at in 0..REAL.len() {
        let mut bytes = REAL.to_vec();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        let (entries, reader) = read(&path);
        let hit = frames.iter().position(|frame| frame.contains(&at)).unwrap();
        let offset = frames[hit].start as u64;
        let is_length = at < frames[hit].start + HEADER;
        let expected: Vec<String> = records
            .iter()
            .enumerate()
            .filter(|(record, _)| *record < hit || (*record > hit && !is_length))
            .flat_map(|(_, entries)| entries.clone())
            .collect();
        assert_eq!(text(&entries), expected, "byte {at}");
        let [problem] = reader.problems().first() else { panic!("{:?}", reader.problems()) };
        assert_eq!(problem.offset(), offset, "byte {at}");
        assert_eq!(matches!(problem, Problem::Length { .. }), is_length, "byte {at}: {problem}");
        assert_eq!(matches!(problem, Problem::Data { .. }), !is_length, "byte {at}: {problem}");
        assert_eq!(reader.has_stopped(), is_length);
        assert_eq!(reader.problems().skipped_records(), u64::from(!is_length));
    }
}

#[test]
fn a_file_cut_at_any_length_gives_its_whole_records_and_the_rest_when_it_comes() {
    let frames = places(REAL);
    let records = entries_by_record(&frames);
    let all: Vec<String> = records.concat();
    let (_folder, path) = place();
    for length in 0..REAL.len() {
        std::fs::write(&path, &REAL[..length]).unwrap();
        let (entries, mut reader) = read(&path);
        let whole = frames.iter().filter(|frame| frame.end <= length).count();
        let mut got = text(&entries);
        assert_eq!(got, records[..whole].concat(), "{length} bytes");
        std::fs::write(&path, REAL).unwrap();
        got.extend(text(&reader.poll().unwrap()));
        assert_eq!(got, all, "{length} bytes");
        assert_eq!(reader.problems().total(), 0);
    }
}

#[test]
fn the_place_and_both_checksums_are_named() {
    let (_folder, path) = place();
    let good = [version(), summary(1, &[simple("a", 1.0)]), summary(2, &[simple("a", 2.0)])];
    let first = framed(&good[0]).len();
    let second = framed(&good[1]).len();
    let mut bytes = frames(&good);
    bytes[first + HEADER + 3] ^= 0xff;
    std::fs::write(&path, &bytes).unwrap();
    let (entries, reader) = read(&path);
    assert_eq!(scalars(&entries), [("a".to_owned(), 2, 2.0)]);
    let stated = masked(&good[1]);
    let found = masked(&bytes[first + HEADER..first + second - FOOTER]);
    let data = Problem::Data { offset: first as u64, bytes: good[1].len() as u64, stated, found };
    assert_eq!(reader.problems().first(), [data]);
    let sentence = &said(&reader)[0];
    let begins = format!("the record at byte {first} has the checksum {stated:08x}, but its ");
    assert!(sentence.starts_with(&begins) && sentence.contains(&format!("{found:08x}")), "{sentence}");
    assert!(sentence.ends_with(path.to_str().unwrap()), "{sentence}");

    bytes[first] ^= 0xff;
    std::fs::write(&path, &bytes).unwrap();
    let (entries, reader) = read(&path);
    assert_eq!(scalars(&entries), []);
    let sentence = &said(&reader)[0];
    assert!(
        sentence.starts_with(&format!("the record at byte {first} states its length with")),
        "{sentence}"
    );
    assert_eq!(reader.position(), first as u64);
}

#[test]
fn a_length_beyond_the_limit_is_refused_without_memory_and_skipped() {
    let (_folder, path) = place();
    for length in [LONGEST_RECORD + 1, 1 << 40, u64::MAX - 3, u64::MAX] {
        let mut bytes = frames(&[version()]);
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&masked(&length.to_le_bytes()).to_le_bytes());
        bytes.extend_from_slice(&[0; 100]);
        std::fs::write(&path, &bytes).unwrap();
        let (entries, mut reader) = read(&path);
        assert_eq!(entries.len(), 1);
        assert_eq!(reader.problems().first(), [Problem::TooLong { offset, bytes: length }]);
        assert_eq!(reader.poll().unwrap(), []);
        assert_eq!(reader.problems().total(), 1, "it is said once");
    }
}

#[test]
fn what_follows_a_record_that_is_too_long_is_read_when_it_is_there() {
    let (_folder, path) = place();
    let length = LONGEST_RECORD + 1;
    let mut bytes = frames(&[version()]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&masked(&length.to_le_bytes()).to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let (_, mut reader) = read(&path);
    // The data are a hole, which takes no room on the disk.
    let end = bytes.len() as u64 + length + FOOTER as u64;
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(end).unwrap();
    assert_eq!(reader.poll().unwrap(), []);
    std::io::Write::write_all(
        &mut std::fs::OpenOptions::new().append(true).open(&path).unwrap(),
        &framed(&summary(5, &[simple("a", 1.0)])),
    )
    .unwrap();
    assert_eq!(scalars(&reader.poll().unwrap()), [("a".to_owned(), 5, 1.0)]);
    // Another reader, which finds all of it at once.
    let (entries, _) = read(&path);
    assert_eq!(scalars(&entries), [("a".to_owned(), 5, 1.0)]);
}

#[test]
fn a_record_that_is_no_event_is_named_and_the_next_is_read() {
    let broken: [(&[u8], &str); 7] = [
        (&[0x00, 0x00], "number 0"),
        (&[0x2a, 0x7f, 0x00], "ends beyond its message"),
        (&[0x09, 0x00], "ends beyond its message"),
        (&[0x0b], "a type that is not known"),
        (&[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "more than ten bytes"),
        // A value that is sound, and one that is not: the record counts as a whole.
        (&[0x2a, 0x0a, 0x0a, 0x05, 0x15, 0, 0, 0, 0, 0x0a, 0x01, 0x0f], "a type that is not known"),
        (&[0x2a, 0x07, 0x0a, 0x05, 0x2a, 0x03, 0x32, 0x01, 0x00], "packed numbers end within a number"),
    ];
    for (bytes, reason) in broken {
        let good = summary(2, &[simple("a", 2.0)]);
        let (entries, reader) = read_records(&[version(), bytes.to_vec(), good]);
        assert_eq!(scalars(&entries), [("a".to_owned(), 2, 2.0)], "{bytes:?}");
        assert_eq!(reader.problems().skipped_records(), 1);
        let sentence = &said(&reader)[0];
        assert!(sentence.contains("is no event (") && sentence.contains(reason), "{bytes:?}: {sentence}");
    }
}

#[test]
fn a_record_that_would_fill_the_memory_is_taken_in_part() {
    // Each value takes some 50 bytes in the file and 4095 numbers in memory: 400 MB for all of them.
    let many = super::tensor("h", Some("histograms"), super::shaped(2, &[1365, 3]).double(6, 1.0));
    let values: Vec<Message> = std::iter::repeat_n(many, 12_000).collect();
    let (entries, reader) = read_records(&[version(), summary(1, &values), summary(2, &[simple("a", 1.0)])]);
    let bytes: usize = super::histograms(&entries)
        .iter()
        .map(|(_, _, bins)| 8 * (bins.edges.capacity() + bins.counts.capacity()))
        .sum();
    assert!(bytes < 64 << 20, "{bytes}");
    let Problem::TooMany { values, .. } = reader.problems().first()[0] else {
        panic!("{:?}", reader.problems())
    };
    assert_eq!(values as usize + super::histograms(&entries).len(), 12_000);
    assert_eq!(scalars(&entries).len(), 1);
}

#[test]
fn problems_are_counted_but_not_all_kept() {
    let mut bytes = frames(&[version()]);
    for step in 0..500 {
        let mut frame = framed(&summary(step, &[simple("a", 1.0)]));
        *frame.last_mut().unwrap() ^= 1;
        bytes.extend(frame);
    }
    let (_folder, path) = place();
    std::fs::write(&path, &bytes).unwrap();
    let (entries, reader) = read(&path);
    assert_eq!(entries.len(), 1);
    assert_eq!((reader.problems().total(), reader.problems().skipped_records()), (500, 500));
    let said = said(&reader);
    assert_eq!(said.len(), 101);
    assert!(said[100].starts_with("400 more problems"), "{}", said[100]);
}
