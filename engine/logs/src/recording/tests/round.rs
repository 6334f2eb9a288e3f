//! What the writer writes, the reader reads.

use proptest::prelude::*;

use super::{ID, append, folder, holds, measured, sentence, start, steps, tensor, two, weights, written};
use crate::recording::{Measured, Recording, Statistics, Tensor, Writer, is_recording};

#[test]
fn frames_come_back_as_they_were_written() {
    let (_kept, path) = folder();
    written(&path, 0..20).finish().unwrap();
    assert!(is_recording(&path));
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.id(), recording.frames(), recording.path()), (ID, 20, path.as_path()));
    assert_eq!(steps(&recording), (0..20).collect::<Vec<_>>());
    holds(&recording, &two());
    assert_eq!(recording.said(), Vec::<String>::new());
    let session = &recording.sessions()[0];
    assert_eq!((session.first, session.frames, session.superseded), (0, 20, 0));
    assert_eq!((session.first_step, session.last_step), (Some(0), Some(19)));
    assert_eq!((session.host.as_str(), session.pid, session.started), ("node7", 4711, 1000.0));
    assert_eq!(recording.bytes(), 20 * (16 + 4 * (4 + 3 + 4 + 2 + 3)));
}

#[test]
fn frames_written_from_all_weights_are_those_that_were_measured() {
    let (_kept, path) = folder();
    let tensors = two();
    let all: Vec<Vec<f32>> = tensors.iter().map(|tensor| weights(tensor, 3)).collect();
    let mut writer = Writer::create(&path, ID, &tensors, &start(0.0)).unwrap();
    writer.append_weights(3, &tensors, |at| all[at].as_slice()).unwrap();
    holds(&Recording::open(&path).unwrap(), &tensors);
}

#[test]
fn figures_are_those_of_all_weights_and_of_whole_rows() {
    let tensor = tensor("w", &[2, 3], &[5, 0], &[1]);
    let measured = Measured::of(&tensor, &[1.0, -2.0, 0.5, 3.0, -4.0, 0.0]);
    assert_eq!(measured.values, [0.0, 1.0]);
    let norm = (1.0_f32 + 4.0 + 0.25 + 9.0 + 16.0).sqrt();
    assert_eq!(measured.statistics, Statistics { max: 4.0, mean: 1.75, norm });
    assert_eq!(measured.rows, [(4.0, 7.0 / 3.0)]);
    let statistics = Statistics::of(&[1.0, f32::NAN, -3.0]);
    assert!(statistics.max.is_nan() && statistics.mean.is_nan() && statistics.norm.is_nan());
    let statistics = Statistics::of(&[1.0, f32::NEG_INFINITY]);
    assert!(statistics.max == f32::INFINITY && statistics.norm == f32::INFINITY);
}

#[test]
fn a_recording_grows_while_it_is_watched() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    let mut recording = Recording::open(&path).unwrap();
    assert_eq!((recording.frames(), recording.sessions()[0].first_step), (0, None));
    assert!(!recording.refresh().unwrap());
    assert!(recording.read(0, 1, 5).unwrap().is_empty());
    for step in 0..50 {
        append(&mut writer, &two(), [step * 10]);
        assert!(recording.refresh().unwrap());
        assert!(!recording.refresh().unwrap());
        assert_eq!(recording.frames() as u64, step + 1);
        assert_eq!(recording.step(step as usize).unwrap(), step * 10);
    }
    holds(&recording, &two());
}

#[test]
fn every_step_is_found_by_its_number() {
    let (_kept, path) = folder();
    written(&path, (0..100).map(|number| 5 + number * number));
    let recording = Recording::open(&path).unwrap();
    let all = steps(&recording);
    for step in 0..11_000 {
        let expected = all.iter().rposition(|other| *other <= step).unwrap_or(0);
        assert_eq!(recording.frame_at(step).unwrap(), expected, "step {step}");
    }
    assert_eq!(recording.frame_at(u64::MAX).unwrap(), 99);
    let text = recording.step(100).unwrap_err().to_string();
    assert!(text.contains("holds 100 frames"), "{text}");
}

#[test]
fn distant_frames_are_those_that_are_read_one_by_one() {
    let (_kept, path) = folder();
    let many = vec![tensor("w", &[100, 100], &(0..3000).collect::<Vec<_>>(), &[7])];
    let mut writer = Writer::create(&path, ID, &many, &start(0.0)).unwrap();
    append(&mut writer, &many, 0..700);
    writer.restart(&two(), &start(1.0)).unwrap();
    append(&mut writer, &two(), 600..1400);
    let traces = path.join("traces.f32");
    let mut bytes = std::fs::read(&traces).unwrap();
    // Frame 399 of the first file.
    bytes[399 * (16 + 4 * 3005) + 5000] ^= 1;
    std::fs::write(&traces, bytes).unwrap();
    let recording = Recording::open(&path).unwrap();
    // Frames of 12 kB: every third one is beyond the gap that is read through, so that threads read them.
    let frames = recording.read(0, 3, 1000).unwrap();
    assert_eq!(frames.len(), 1400_usize.div_ceil(3));
    assert_eq!(frames.bad(), [133]);
    for frame in 0..frames.len() {
        let one = recording.read(3 * frame, 1, 1).unwrap();
        assert_eq!(
            (one.steps()[0], one.session(0)),
            (if frame == 133 { 0 } else { 3 * frame as u64 }, frames.session(frame))
        );
        for tensor in 0..3 {
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&frames.values(frame, tensor)), bits(&one.values(0, tensor)), "frame {frame}");
        }
    }
    assert_eq!(frames.steps()[130..136], [390, 393, 396, 396, 402, 405]);
    sentence(&recording.said(), "frames read so far, 1 frame damaged");
}

#[test]
fn a_fingerprint_stays_while_the_recording_grows() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..200);
    let before = Recording::open(&path).unwrap();
    append(&mut writer, &two(), 200..900);
    let more = vec![tensor("1.weight", &[2], &[0], &[])];
    writer.restart(&more, &start(2000.0)).unwrap();
    append(&mut writer, &more, 900..910);
    let after = Recording::open(&path).unwrap();
    assert_eq!(before.identity().unwrap(), after.identity().unwrap());
    for frames in [0, 1, 2, 63, 64, 65, 200] {
        assert_eq!(before.hash(frames).unwrap(), after.hash(frames).unwrap(), "{frames} frames");
    }
    assert_ne!(after.hash(199).unwrap(), after.hash(200).unwrap());
    assert_ne!(after.hash(900).unwrap(), after.hash(910).unwrap());
    assert!(before.hash(201).is_err(), "fewer frames than that");
}

#[test]
fn a_fingerprint_tells_other_frames_and_other_places() {
    let (_kept, path) = folder();
    let (_other_kept, other) = folder();
    written(&path, 0..10);
    let places = vec![tensor("0.weight", &[4, 3], &[1, 5, 6, 10], &[1, 3]), two()[1].clone()];
    let mut writer = Writer::create(&other, ID, &places, &start(1000.0)).unwrap();
    // The same numbers, said to be those of other places.
    for step in 0..10 {
        writer.append(step, &measured(&two(), step)).unwrap();
    }
    let (one, two) = (Recording::open(&path).unwrap(), Recording::open(&other).unwrap());
    assert_ne!(one.identity().unwrap(), two.identity().unwrap());
    assert_ne!(one.hash(10).unwrap(), two.hash(10).unwrap());
}

#[test]
fn a_writer_refuses_what_no_reader_could_read() {
    let (_kept, path) = folder();
    let mut writer = written(&path, [5]);
    let mut refused =
        |step, tensors: &[Tensor]| writer.append(step, &measured(tensors, 5)).unwrap_err().to_string();
    assert!(refused(5, &two()).contains("not larger"));
    assert!(refused(6, &two()[..1]).contains("1 tensors were given where 2"));
    assert!(refused(6, &[two()[1].clone(), two()[0].clone()]).contains("another number of values"));
    assert!(
        Writer::create(&path, ID, &two(), &start(0.0))
            .unwrap_err()
            .to_string()
            .contains("lies there already")
    );
    let (_other_kept, other) = folder();
    for wrong in
        [tensor("w", &[2], &[2], &[]), tensor("w", &[2, 2], &[0], &[2]), tensor("w", &[2], &[0], &[0])]
    {
        assert!(Writer::create(&other, ID, &[wrong], &start(0.0)).is_err());
    }
    assert!(Writer::create(&other, ID, &[two()[0].clone(), two()[0].clone()], &start(0.0)).is_err());
    assert_eq!(steps(&Recording::open(&path).unwrap()), [5]);
}

/// Any number, NaN with any bits and infinities among them.
fn number() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_numbers_come_back_bit_by_bit(
        values in prop::collection::vec(prop::collection::vec(number(), 9), 1..40),
        gaps in prop::collection::vec(1_u64..1_000_000_000_000, 40),
        first in 0_usize..50,
        stride in 0_usize..7,
        count in 0_usize..50,
    ) {
        let (_kept, path) = folder();
        let tensors = vec![tensor("w", &[3, 2], &[4, 1], &[2])];
        let mut writer = Writer::create(&path, ID, &tensors, &start(0.0)).unwrap();
        let mut step = 0;
        let mut all = Vec::new();
        for (values, gap) in values.iter().zip(&gaps) {
            step += gap;
            let [a, b, max, mean, norm, row_max, row_mean, ..] = values[..] else { panic!("nine numbers") };
            let statistics = Statistics { max, mean, norm };
            writer.append(step, &[Measured { values: vec![a, b], statistics, rows: vec![(row_max, row_mean)] }]).unwrap();
            all.push((step, [a, b, max, mean, norm, row_max, row_mean].map(f32::to_bits)));
        }
        let recording = Recording::open(&path).unwrap();
        let frames = recording.read(first, stride, count).unwrap();
        let expected: Vec<_> = all.iter().skip(first).step_by(stride.max(1)).take(count).collect();
        prop_assert_eq!(frames.len(), expected.len());
        for (frame, (step, numbers)) in expected.iter().enumerate() {
            let values = frames.values(frame, 0);
            let statistics = frames.statistics(frame, 0).unwrap();
            let (row_max, row_mean) = frames.row(frame, 0, 0).unwrap();
            let read = [values[0], values[1], statistics.max, statistics.mean, statistics.norm, row_max, row_mean];
            prop_assert_eq!(frames.steps()[frame], *step);
            prop_assert_eq!(&read.map(f32::to_bits), numbers);
            prop_assert_eq!(frames.value(frame, 0, 1).to_bits(), numbers[1]);
        }
        prop_assert!(frames.bad().is_empty());
    }
}
