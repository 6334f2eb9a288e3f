//! What is written is read back; what PyTorch wrote is read as its numbers are.

use super::{REAL, histograms, place, read, said, scalar, scalars};
use crate::events::{Bins, Entry, EventsError, Other, What, Writer, file_name};

#[test]
fn a_file_of_pytorch_is_read_with_all_its_numbers() {
    let (_folder, path) = place();
    std::fs::write(&path, REAL).unwrap();
    let (entries, reader) = read(&path);
    assert!(matches!(&entries[0].what, What::Version(name) if name == "brain.Event:2"));
    let of = |wanted: &str| -> Vec<(i64, f64)> {
        let all = scalars(&entries).into_iter().filter(|(tag, ..)| tag == wanted);
        all.map(|(_, step, value)| (step, value)).collect()
    };
    let loss = [2.0_f32, 1.0, 2.0 / 3.0, 0.5, 0.4].map(f64::from);
    let accuracy = [0.0_f32, 0.1, 0.2, 0.3, 0.4].map(f64::from);
    let stepped = |values: [f64; 5]| (0..).zip(values).collect::<Vec<_>>();
    assert_eq!(of("loss/train"), stepped(loss));
    assert_eq!(of("accuracy"), stepped(accuracy));
    assert_eq!(of("precise"), [(4, 1.0 / 3.0)]);
    let broken = of("broken");
    assert!(broken[0].1.is_nan() && broken[1] == (5, f64::NEG_INFINITY), "{broken:?}");
    assert_eq!(entries.iter().find(|entry| entry.step == 3).unwrap().wall_time, 1_700_000_003.5);

    // What `numpy.histogram` says of the same numbers, and TensorFlow's bins of 1.1^n.
    let edges = vec![
        -3.0205957889556885,
        -2.20063453912735,
        -1.3806732892990112,
        -0.5607120394706726,
        0.259249210357666,
        1.0792104601860046,
        1.8991717100143433,
        2.719132959842682,
        3.5390942096710205,
    ];
    let weight = Bins { edges, counts: vec![9.0, 78.0, 194.0, 316.0, 265.0, 116.0, 19.0, 3.0] };
    let edges = vec![
        0.47069243095356195,
        0.5177616740489182,
        0.56953784145381,
        0.6264916255991911,
        0.6891407881591103,
        0.7580548669750213,
    ];
    let bias = Bins { edges, counts: vec![2.0, 1.0, 0.0, 0.0, 1.0] };
    assert_eq!(
        histograms(&entries),
        [("layer/weight".to_owned(), 4, weight), ("layer/bias".to_owned(), 4, bias)]
    );
    assert_eq!(reader.not_taken().of(Other::Text), 1);
    assert_eq!(reader.not_taken().said().unwrap(), "1 text is not shown");
    assert_eq!(said(&reader), [] as [String; 0]);
    assert_eq!(reader.position(), REAL.len() as u64);
}

#[test]
fn what_is_written_is_read_back() {
    let (_folder, path) = place();
    let mut writer = Writer::create(&path, 10.25).unwrap();
    writer.scalar(11.5, 0, "loss", 0.75).unwrap();
    writer.scalar(11.5, -3, "a/b \u{e9}", 1e-40).unwrap();
    writer.scalar(12.0, i64::MAX, "", f64::NAN).unwrap();
    let edges = [-2.0, -1.0, 0.0, 0.5, 4.0];
    let counts = [0.0, 3.0, 0.25, 0.0];
    writer.histogram(12.5, 7, "weight", &edges, &counts).unwrap();
    writer.histogram(12.5, 8, "weight", &[], &[]).unwrap();
    writer.histogram(12.5, 9, "weight", &[1.0, 1.0], &[5.0]).unwrap();
    writer.histogram(12.5, 10, "weight", &[0.0, 1.0], &[0.0]).unwrap();
    writer.finish().unwrap();

    let (entries, reader) = read(&path);
    let version = What::Version("brain.Event:2".to_owned());
    assert_eq!(entries[0], Entry { wall_time: 10.25, step: 0, what: version });
    assert_eq!(entries[1], scalar(11.5, 0, "loss", 0.75));
    assert_eq!(entries[2], scalar(11.5, -3, "a/b \u{e9}", f64::from(1e-40_f32)));
    assert_eq!(entries[3].step, i64::MAX);
    assert!(matches!(&entries[3].what, What::Scalar { tag, value } if tag.is_empty() && value.is_nan()));
    let bins = |edges: &[f64], counts: &[f64]| Bins { edges: edges.to_vec(), counts: counts.to_vec() };
    let expected = [
        ("weight".to_owned(), 7, bins(&edges, &counts)),
        ("weight".to_owned(), 8, bins(&[], &[])),
        ("weight".to_owned(), 9, bins(&[1.0, 1.0], &[5.0])),
        ("weight".to_owned(), 10, bins(&[0.0, 1.0], &[0.0])),
    ];
    assert_eq!(histograms(&entries), expected);
    assert_eq!(said(&reader), [] as [String; 0]);
    assert_eq!(reader.not_taken().total(), 0);
}

#[test]
fn a_histogram_that_is_none_is_not_written() {
    let (_folder, path) = place();
    let mut writer = Writer::create(&path, 0.0).unwrap();
    let refused: [(&[f64], &[f64]); 6] = [
        (&[0.0, 1.0], &[1.0, 2.0]),
        (&[0.0], &[]),
        (&[1.0, 0.0], &[1.0]),
        (&[0.0, f64::INFINITY], &[1.0]),
        (&[0.0, 1.0], &[-1.0]),
        (&[0.0, 1.0], &[f64::NAN]),
    ];
    for (edges, counts) in refused {
        let error = writer.histogram(0.0, 5, "w", edges, counts).unwrap_err().to_string();
        assert!(error.starts_with("the histogram w of step 5 cannot be written ("), "{error}");
        assert!(error.ends_with(path.to_str().unwrap()), "{error}");
    }
    writer.finish().unwrap();
    assert_eq!(read(&path).0.len(), 1);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let (_folder, path) = place();
    std::fs::write(&path, "mine").unwrap();
    let error = Writer::create(&path, 0.0).unwrap_err();
    assert!(matches!(error, EventsError::Unusable { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn file_names_are_those_that_tensorboard_looks_for() {
    assert_eq!(file_name(1_700_000_000, "my host/1", 3), "events.out.tfevents.1700000000.my-host-1.3");
    assert_eq!(file_name(5, "", 0), "events.out.tfevents.0000000005.unknown.0");
    assert!(file_name(5, &"x".repeat(1000), 0).len() < 200);
}
