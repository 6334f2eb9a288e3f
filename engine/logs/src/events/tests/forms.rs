//! The forms in which programs write scalars and histograms, and what is counted instead.

use super::{histograms, read_records, said, scalars, shaped, simple, summary, tensor, version};
use crate::events::wire::Message;
use crate::events::{Bins, Other, Session, What};

/// The values of scalars of one tensor each, read from one file.
fn values(tensors: Vec<Message>) -> (Vec<f64>, Vec<String>) {
    let values: Vec<Message> =
        tensors.into_iter().map(|message| tensor("x", Some("scalars"), message)).collect();
    let (entries, reader) = read_records(&[version(), summary(1, &values)]);
    (scalars(&entries).into_iter().map(|(_, _, value)| value).collect(), said(&reader))
}

#[test]
fn scalars_of_tensorflow_2_are_read_in_every_type_of_number() {
    let packed = |kind: u64, bytes: &[u8]| shaped(kind, &[]).bytes(4, bytes);
    let (read, said) = values(vec![
        packed(1, &1.5_f32.to_le_bytes()),
        packed(2, &(1.0_f64 / 3.0).to_le_bytes()),
        packed(3, &(-7_i32).to_le_bytes()),
        packed(4, &[200]),
        packed(5, &(-300_i16).to_le_bytes()),
        packed(6, &[0xff]),
        packed(9, &(1_i64 << 40).to_le_bytes()),
        packed(10, &[1]),
        packed(14, &0x3fc0_u16.to_le_bytes()),
        packed(17, &60000_u16.to_le_bytes()),
        packed(19, &0x3e00_u16.to_le_bytes()),
        packed(22, &4_000_000_000_u32.to_le_bytes()),
        packed(23, &(1_u64 << 63).to_le_bytes()),
    ]);
    let expected = [
        1.5,
        1.0 / 3.0,
        -7.0,
        200.0,
        -300.0,
        -1.0,
        1099511627776.0,
        1.0,
        1.5,
        60000.0,
        1.5,
        4e9,
        9223372036854775808.0,
    ];
    assert_eq!(read, expected);
    assert_eq!(said, [] as [String; 0]);
}

#[test]
fn scalars_in_lists_are_read_in_every_type_of_number() {
    let minus = |number: i64| number as u64;
    let (read, said) = values(vec![
        Message::default().varint(1, 1).float(5, 1.5),
        shaped(1, &[]).bytes(5, &2.5_f32.to_le_bytes()),
        Message::default().varint(1, 2).double(6, -0.25),
        shaped(2, &[1, 1]).bytes(6, &0.125_f64.to_le_bytes()),
        shaped(3, &[]).varint(7, minus(-7)),
        shaped(4, &[]).varint(7, 200),
        shaped(9, &[]).varint(10, minus(-(1 << 40))),
        shaped(10, &[]).varint(11, 1),
        shaped(14, &[]).varint(13, 0xbfc0),
        shaped(19, &[]).bytes(13, &[0x80, 0x7c]),
        shaped(22, &[]).varint(16, 4_000_000_000),
        shaped(23, &[]).varint(17, 1 << 63),
        // TensorFlow leaves out the numbers of a tensor that is all zeros.
        shaped(1, &[]),
    ]);
    let expected = [
        1.5,
        2.5,
        -0.25,
        0.125,
        -7.0,
        200.0,
        -1099511627776.0,
        1.0,
        -1.5,
        1.5,
        4e9,
        9223372036854775808.0,
        0.0,
    ];
    assert_eq!(read, expected);
    assert_eq!(said, [] as [String; 0]);
}

#[test]
fn a_scalar_that_is_none_is_named_and_its_neighbours_are_read() {
    let (read, said) = values(vec![
        shaped(7, &[]).bytes(8, b"text"),
        shaped(1, &[2]).bytes(4, &[0; 8]),
        shaped(1, &[]).bytes(4, &[0; 8]),
        shaped(2, &[]).bytes(4, &[0; 7]),
        shaped(1, &[-1]).float(5, 1.0),
        shaped(1, &[1 << 40, 1 << 40]).float(5, 1.0),
        shaped(1, &[1 << 40]).float(5, 1.0),
        shaped(1, &[]).float(5, 9.0),
    ]);
    assert_eq!(read, [9.0]);
    let reasons = [
        "of the type 7 of TensorFlow",
        "no single number, but 2 of them",
        "it holds 2 numbers, its shape 1",
        "its bytes end within a number",
        "a size of its shape is unknown",
        "larger than any file",
        "it holds 1 numbers, its shape 1099511627776",
    ];
    assert_eq!(said.len(), reasons.len(), "{said:?}");
    for (sentence, reason) in said.iter().zip(reasons) {
        let begins = sentence.starts_with("a value of the record at byte 40 is skipped: x of step 1: ");
        assert!(begins && sentence.contains(reason), "{sentence}");
    }
}

#[test]
fn a_tag_longer_than_any_is_named_and_its_neighbours_are_read() {
    let long = "x".repeat(70_000);
    let (entries, reader) =
        read_records(&[version(), summary(1, &[simple(&long, 1.0), simple("a\u{1b}[31m", 2.0)])]);
    assert_eq!(scalars(&entries), [("a\u{1b}[31m".to_owned(), 1, 2.0)]);
    assert!(said(&reader)[0].contains("its tag has 70000 bytes"), "{:?}", said(&reader));
}

#[test]
fn what_a_tag_is_for_is_said_once() {
    let number = |value: f32| Message::default().varint(1, 1).float(5, value);
    let (entries, reader) = read_records(&[
        version(),
        summary(1, &[tensor("loss", Some("scalars"), number(3.0)), tensor("other", None, number(8.0))]),
        summary(2, &[tensor("loss", None, number(2.0)), tensor("other", None, number(8.0))]),
        // What was said first counts.
        summary(3, &[tensor("loss", Some("text"), number(1.0))]),
        // Before TensorBoard had tags, the name of the node stood in their place.
        summary(4, &[tensor("", Some("scalars"), number(0.5)).bytes(7, b"node")]),
    ]);
    let loss = |step: i64, value: f64| ("loss".to_owned(), step, value);
    let node = ("node".to_owned(), 4, 0.5);
    assert_eq!(scalars(&entries), [loss(1, 3.0), loss(2, 2.0), loss(3, 1.0), node]);
    assert_eq!(reader.not_taken().of(Other::Tensor), 2);
    let (What::Scalar { tag: first, .. }, What::Scalar { tag: second, .. }) =
        (&entries[1].what, &entries[2].what)
    else {
        panic!("{entries:?}");
    };
    assert!(std::sync::Arc::ptr_eq(first, second), "tags share an allocation");
}

/// A `HistogramProto` of these ends, limits and counts.
fn proto(ends: (f64, f64), limits: &[f64], counts: &[f64]) -> Message {
    let histogram = Message::default()
        .double(1, ends.0)
        .double(2, ends.1)
        .doubles(6, limits)
        .doubles(7, counts)
        .into_bytes();
    Message::default().bytes(1, b"h").bytes(5, &histogram)
}

/// The histograms of one record, as edges and counts.
fn bins(values: &[Message]) -> (Vec<Bins>, Vec<String>) {
    let (entries, reader) = read_records(&[version(), summary(1, values)]);
    (histograms(&entries).into_iter().map(|(_, _, bins)| bins).collect(), said(&reader))
}

#[test]
fn classical_histograms_have_the_edges_that_their_writers_meant() {
    const MOST: f64 = f64::MAX;
    let cases: [(Message, &[f64], &[f64]); 9] = [
        // An empty bucket first says where the second begins (PyTorch).
        (proto((0.1, 1.9), &[0.0, 1.0, 2.0], &[0.0, 4.0, 5.0]), &[0.0, 1.0, 2.0], &[4.0, 5.0]),
        // None does: the least value is the edge.
        (proto((0.1, 1.9), &[1.0, 2.0], &[4.0, 5.0]), &[0.1, 1.0, 2.0], &[4.0, 5.0]),
        // TensorFlow 1: from -MAX to MAX, runs of empty buckets merged.
        (
            proto((-0.5, 0.7), &[-0.6, -0.4, 0.6, 0.8, MOST], &[0.0, 2.0, 0.0, 3.0, 0.0]),
            &[-0.6, -0.4, 0.6, 0.8],
            &[2.0, 0.0, 3.0],
        ),
        (
            proto((-9.0, 9.0), &[-MOST, -1.0, 1.0, MOST], &[0.0, 2.0, 0.0, 3.0]),
            &[-9.0, -1.0, 1.0, 9.0],
            &[2.0, 0.0, 3.0],
        ),
        (proto((-9.0, 9.0), &[-MOST, -1.0, 1.0, MOST], &[0.0, 0.0, 1.0, 0.0]), &[-1.0, 1.0], &[1.0]),
        // Nothing at all.
        (proto((0.0, 0.0), &[MOST], &[0.0]), &[], &[]),
        (proto((0.0, 0.0), &[], &[]), &[], &[]),
        // All in one bucket without ends.
        (proto((2.0, 3.0), &[MOST], &[7.0]), &[2.0, 3.0], &[7.0]),
        // Ends that are no numbers say nothing.
        (proto((f64::NAN, f64::INFINITY), &[1.0, MOST], &[4.0, 5.0]), &[1.0, 1.0, 1.0], &[4.0, 5.0]),
    ];
    for (message, edges, counts) in cases {
        let (read, said) = bins(&[message]);
        assert_eq!(said, [] as [String; 0]);
        assert_eq!(read, [Bins { edges: edges.to_vec(), counts: counts.to_vec() }]);
    }
}

#[test]
fn classical_histograms_that_are_none_are_named() {
    let (read, said) = bins(&[
        proto((0.0, 1.0), &[1.0, 2.0], &[1.0]),
        proto((0.0, 1.0), &[2.0, 1.0], &[1.0, 1.0]),
        proto((0.0, 1.0), &[f64::NAN], &[1.0]),
        proto((0.0, 1.0), &[1.0], &[-1.0]),
        proto((0.0, 1.0), &[1.0], &[1.0]),
    ]);
    assert_eq!(read, [Bins { edges: vec![0.0, 1.0], counts: vec![1.0] }]);
    let reasons =
        ["2 limits of buckets, but 1 counts", "fall from 2 to 1", "NaN is one", "-1 is one of its counts"];
    assert_eq!(said.len(), reasons.len(), "{said:?}");
    assert!(said.iter().zip(reasons).all(|(said, reason)| said.contains(reason)), "{said:?}");
}

#[test]
fn histograms_of_tensorflow_2_are_read() {
    let rows = |kind: u64, shape: &[i64], numbers: &[f64]| {
        let bytes: Vec<u8> = match kind {
            1 => numbers.iter().flat_map(|number| (*number as f32).to_le_bytes()).collect(),
            _ => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        };
        tensor("h", Some("histograms"), shaped(kind, shape).bytes(4, &bytes))
    };
    let (read, said) = bins(&[
        rows(2, &[2, 3], &[-1.0, 0.5, 3.0, 0.5, 2.0, 4.0]),
        rows(1, &[2, 3], &[-1.0, 0.5, 3.0, 0.5, 2.0, 4.0]),
        // Rows with a gap.
        rows(2, &[2, 3], &[0.0, 1.0, 3.0, 2.0, 3.0, 4.0]),
        // All values the same; no values; no rows.
        rows(2, &[2, 3], &[5.0, 5.0, 0.0, 5.0, 5.0, 9.0]),
        tensor("h", Some("histograms"), shaped(2, &[2, 3]).double(6, 0.0)),
        tensor("h", Some("histograms"), shaped(2, &[0, 3])),
        rows(2, &[2, 3], &[0.0, 1.0, 3.0, 0.5, 3.0, 4.0]),
        rows(2, &[6], &[0.0, 1.0, 3.0, 0.5, 3.0, 4.0]),
    ]);
    let expect = |edges: &[f64], counts: &[f64]| Bins { edges: edges.to_vec(), counts: counts.to_vec() };
    let expected = [
        expect(&[-1.0, 0.5, 2.0], &[3.0, 4.0]),
        expect(&[-1.0, 0.5, 2.0], &[3.0, 4.0]),
        expect(&[0.0, 1.0, 2.0, 3.0], &[3.0, 0.0, 4.0]),
        expect(&[5.0, 5.0, 5.0], &[0.0, 9.0]),
        expect(&[0.0, 0.0, 0.0], &[0.0, 0.0]),
        expect(&[], &[]),
    ];
    assert_eq!(read, expected);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("its edges fall from 1 to 0.5") && said[1].contains("not rows of three"));
}

#[test]
fn what_is_neither_scalar_nor_histogram_is_counted() {
    let plugin = |name: &str| tensor(name, Some(name), shaped(7, &[]).bytes(8, b"x"));
    let of = |field: u64| Message::default().double(1, 1.0).bytes(field, b"").into_bytes();
    let picture = Message::default().bytes(1, b"p").bytes(4, b"");
    let sound = Message::default().bytes(1, b"s").bytes(6, b"");
    let old = Message::default().bytes(1, b"o").bytes(3, b"");
    let (entries, reader) = read_records(&[
        version(),
        of(4),
        of(6),
        of(8),
        of(9),
        summary(1, &[picture, sound, old, simple("loss", 1.0), Message::default()]),
        summary(1, &["images", "text", "hparams", "pr_curves", "mesh", "custom_scalars", "mine"].map(plugin)),
        Message::default().double(1, 1.0).into_bytes(),
        Vec::new(),
        super::session(5, 3),
    ]);
    assert_eq!(scalars(&entries), [("loss".to_owned(), 1, 1.0)]);
    assert_eq!(entries.last().unwrap().what, What::Session(Session::Checkpoint));
    let counts = Other::ALL.map(|kind| reader.not_taken().of(kind));
    assert_eq!(counts, [2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 3]);
    let said = reader.not_taken().said().unwrap();
    assert!(said.starts_with("2 images, 1 sound, 1 text, 1 tensor, "), "{said}");
    assert!(said.ends_with(" and 3 empty records are not shown"), "{said}");
}
