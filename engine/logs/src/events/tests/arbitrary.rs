//! No bytes make a reader panic, or give what a reading never gives.

use proptest::prelude::*;

use super::damage::places;
use super::{REAL, frames, place, read, said, session, simple, summary};
use crate::events::frame::{FOOTER, HEADER, framed, masked};
use crate::events::is_events_file;
use crate::events::wire::Message;

/// Records of all kinds, some of them odd.
fn some_record() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let tag = "[a-c]{0,2}";
    prop_oneof![
        (tag, any::<f32>(), any::<i64>())
            .prop_map(|(tag, value, step)| summary(step, &[simple(&tag, value)])),
        (tag, 0..30_u64, proptest::collection::vec(-2..5_i64, 0..3), bytes(), any::<bool>()).prop_map(
            |(tag, kind, shape, content, is_scalar)| {
                let plugin = if is_scalar { "scalars" } else { "histograms" };
                summary(
                    1,
                    &[super::tensor(&tag, Some(plugin), super::shaped(kind, &shape).bytes(4, &content))],
                )
            }
        ),
        (proptest::collection::vec(any::<f64>(), 0..6), proptest::collection::vec(any::<f64>(), 0..6))
            .prop_map(|(limits, counts)| {
                let histogram = Message::default().doubles(6, &limits).doubles(7, &counts).into_bytes();
                summary(1, &[Message::default().bytes(1, b"h").bytes(5, &histogram)])
            }),
        (any::<i64>(), 0..6_u64).prop_map(|(step, status)| session(step, status)),
        bytes(),
    ]
}

/// Reads to the end in bounded steps, and checks what every reading promises.
fn survives(bytes: &[u8]) {
    let (_folder, path) = place();
    std::fs::write(&path, bytes).unwrap();
    let (entries, reader) = read(&path);
    for (_, _, bins) in super::histograms(&entries) {
        assert!(crate::events::bins::wrong(&bins.edges, &bins.counts).is_none(), "{bins:?}");
    }
    assert!(reader.problems().first().iter().all(|problem| problem.offset() < bytes.len() as u64));
    assert!(said(&reader).iter().all(|sentence| sentence.ends_with(path.to_str().unwrap())));
    is_events_file(&path).unwrap();
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
        // The same bytes as the data of a record, so that they get past the checksums.
        survives(&framed(&bytes));
    }

    #[test]
    fn arbitrary_values_are_survived(records in proptest::collection::vec(some_record(), 0..8)) {
        survives(&frames(&records));
    }

    #[test]
    fn mutated_records_with_right_checksums_are_survived(
        blows in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut bytes = Vec::new();
        for frame in places(REAL) {
            let mut data = REAL[frame.start + HEADER..frame.end - FOOTER].to_vec();
            for (at, byte, kind) in &blows {
                let at = at % data.len().max(1);
                match kind {
                    0 if !data.is_empty() => data[at] = *byte,
                    1 => data.truncate(at),
                    _ => data.insert(at.min(data.len()), *byte),
                }
            }
            bytes.extend(framed(&data));
        }
        survives(&bytes);
    }

    #[test]
    fn mutated_files_are_survived(
        blows in proptest::collection::vec((any::<usize>(), any::<u64>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = REAL.to_vec();
        for (at, number, kind) in blows {
            let at = at % bytes.len().max(1);
            match kind {
                0 if !bytes.is_empty() => bytes[at] = number as u8,
                1 => bytes.truncate(at),
                2 => bytes.insert(at.min(bytes.len()), number as u8),
                // A length with its right checksum.
                _ => {
                    let length = (number >> (number % 64)).to_le_bytes();
                    let checksum = masked(&length).to_le_bytes();
                    for (place, byte) in bytes.iter_mut().skip(at).zip(length.into_iter().chain(checksum)) {
                        *place = byte;
                    }
                }
            }
        }
        survives(&bytes);
    }
}
