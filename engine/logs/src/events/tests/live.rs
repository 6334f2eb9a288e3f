//! Files that grow, are replaced, cut or removed while they are read.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::{frames, place, read, said, scalars, simple, summary, version};
use crate::events::frame::{HEADER, framed};
use crate::events::{EventsError, Problem, Reader, Writer};

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn one(step: i64) -> Vec<u8> {
    summary(step, &[simple("a", step as f32)])
}

fn steps(reader: &mut Reader) -> Vec<i64> {
    scalars(&reader.poll().unwrap()).into_iter().map(|(_, step, _)| step).collect()
}

#[test]
fn what_is_appended_is_read_on_from_where_the_reader_stood() {
    let (_folder, path) = place();
    let mut writer = Writer::create(&path, 0.0).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert!(reader.has_more());
    assert_eq!(reader.poll().unwrap(), []);
    for step in 0..50 {
        writer.scalar(0.0, step, "a", 1.0).unwrap();
        writer.flush().unwrap();
        assert_eq!(steps(&mut reader), [step]);
        assert_eq!(steps(&mut reader), [] as [i64; 0]);
        assert!(!reader.has_more());
    }
}

#[test]
fn a_torn_frame_is_tried_again_from_its_beginning() {
    let (_folder, path) = place();
    std::fs::write(&path, frames(&[version()])).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    reader.poll().unwrap();
    let frame = framed(&one(1));
    for byte in &frame[..frame.len() - 1] {
        append(&path, &[*byte]);
        assert_eq!(steps(&mut reader), [] as [i64; 0]);
    }
    append(&path, &frame[frame.len() - 1..]);
    assert_eq!(steps(&mut reader), [1]);
    assert_eq!(reader.problems().total(), 0);
}

#[test]
fn long_files_are_read_in_bounded_steps() {
    let (_folder, path) = place();
    let mut writer = Writer::create(&path, 0.0).unwrap();
    let count = 300_000;
    for step in 0..count {
        writer.scalar(step as f64, step, "loss/train", step as f64).unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let mut reader = Reader::open(&path).unwrap();
    let (mut polls, mut next) = (0, 0);
    while reader.has_more() {
        let before = reader.position();
        let entries = reader.poll().unwrap();
        assert!(reader.position() - before <= 8 << 20);
        polls += 1;
        for (_, step, value) in scalars(&entries) {
            assert_eq!((step, value), (next, next as f64));
            next += 1;
        }
    }
    assert_eq!((next, polls), (count, bytes.div_ceil(8 << 20)));
}

#[test]
fn a_record_longer_than_a_step_is_read_whole() {
    let (_folder, path) = place();
    let edges: Vec<f64> = (0..=800_000).map(f64::from).collect();
    let counts = vec![1.0; 800_000];
    let mut writer = Writer::create(&path, 0.0).unwrap();
    writer.scalar(0.0, 1, "a", 1.0).unwrap();
    writer.histogram(0.0, 1, "h", &edges, &counts).unwrap();
    writer.scalar(0.0, 2, "a", 1.0).unwrap();
    writer.finish().unwrap();
    let (entries, reader) = read(&path);
    assert_eq!(said(&reader), [] as [String; 0]);
    let found = super::histograms(&entries);
    assert_eq!((found.len(), scalars(&entries).len()), (1, 2));
    assert!(found[0].2.edges == edges && found[0].2.counts == counts);
}

#[test]
fn a_file_that_shrinks_is_said_and_read_again_when_it_is_whole() {
    let (_folder, path) = place();
    let good = frames(&[version(), one(1), one(2)]);
    std::fs::write(&path, &good).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(steps(&mut reader), [1, 2]);
    std::fs::write(&path, &good[..60]).unwrap();
    for _ in 0..2 {
        let error = reader.poll().unwrap_err();
        assert!(matches!(error, EventsError::Changed { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("it had {} bytes and has 60", good.len())), "{text}");
        assert!(text.contains("open it again") && text.ends_with(path.to_str().unwrap()), "{text}");
    }
    std::fs::write(&path, frames(&[version(), one(1), one(2), one(3)])).unwrap();
    assert_eq!(steps(&mut reader), [3]);
}

#[test]
fn another_file_in_its_place_is_noticed_though_it_is_longer() {
    for is_early in [true, false] {
        let (_folder, path) = place();
        std::fs::write(&path, frames(&[version(), one(1), one(2), one(3)])).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(steps(&mut reader), [1, 2, 3]);
        let first = crate::events::wire::Message::default().double(1, if is_early { 9.5 } else { 1.5 });
        let first = first.bytes(3, b"brain.Event:2").into_bytes();
        let last = if is_early { one(3) } else { one(4) };
        std::fs::write(&path, frames(&[first, one(1), one(2), last, one(5)])).unwrap();
        let error = reader.poll().unwrap_err();
        assert!(matches!(error, EventsError::Changed { .. }), "{error}");
    }
}

#[test]
fn a_file_that_is_gone_is_said_and_found_again() {
    let (_folder, path) = place();
    std::fs::write(&path, frames(&[version(), one(1)])).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(steps(&mut reader), [1]);
    std::fs::remove_file(&path).unwrap();
    let error = reader.poll().unwrap_err();
    assert!(matches!(error, EventsError::NotFound { .. }), "{error}");
    assert!(!reader.has_more());
    std::fs::write(&path, frames(&[version(), one(1), one(2)])).unwrap();
    assert_eq!(steps(&mut reader), [2]);
    let error = Reader::open(&path.with_extension("none")).unwrap_err();
    assert!(matches!(error, EventsError::NotFound { .. }), "{error}");
    let error = Reader::open(path.parent().unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("this is a folder, not a file"), "{error}");
}

#[test]
fn a_length_that_cannot_be_believed_is_said_once_and_tried_again_when_it_changes() {
    let (_folder, path) = place();
    let first = frames(&[version()]);
    // A network drive can show zeros where bytes have not arrived.
    std::fs::write(&path, [first.as_slice(), &[0; 40]].concat()).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    for _ in 0..3 {
        reader.poll().unwrap();
        assert!(reader.has_stopped() && !reader.has_more());
    }
    let [Problem::Length { offset, stated: 0, .. }] = reader.problems().first() else {
        panic!("{:?}", reader.problems());
    };
    assert_eq!(*offset, first.len() as u64);
    std::fs::write(&path, frames(&[version(), one(1), one(2)])).unwrap();
    assert!(framed(&one(1)).len() > HEADER);
    assert_eq!(steps(&mut reader), [1, 2]);
    assert!(!reader.has_stopped());
}
