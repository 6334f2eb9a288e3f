//! Files of frames that are torn, cut off, swapped, damaged or gone, and any bytes at all.

use std::path::Path;

use proptest::prelude::*;

use super::{
    ID, append, append_bytes, folder, holds, measured, refusal, sentence, start, steps, two, written,
};
use crate::recording::{Measured, Recording, RecordingError, Writer, is_recording};

const FRAME: usize = 80;

/// Changes one byte of a file.
fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

fn cut(path: &Path, length: usize) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length as u64).unwrap();
}

#[test]
fn a_torn_last_frame_is_not_there_yet_whatever_its_length() {
    let (_kept, path) = folder();
    written(&path, 0..3);
    let traces = path.join("traces.f32");
    let whole = std::fs::read(&traces).unwrap();
    assert_eq!(whole.len(), 3 * FRAME);
    for torn in 1..FRAME {
        std::fs::write(&traces, &whole[..2 * FRAME + torn]).unwrap();
        let mut recording = Recording::open(&path).unwrap();
        assert_eq!(steps(&recording), [0, 1]);
        sentence(&recording.said(), &format!("is not whole ({torn} of 80 bytes)"));
        append_bytes(&traces, &whole[2 * FRAME + torn..]);
        assert!(recording.refresh().unwrap());
        assert_eq!(steps(&recording), [0, 1, 2]);
        assert_eq!(recording.said(), Vec::<String>::new());
    }
}

#[test]
fn damaged_frames_are_empty_and_named_and_the_others_stand() {
    let (_kept, path) = folder();
    written(&path, 0..300);
    let traces = path.join("traces.f32");
    let damaged = [0, 1, 2, 77, 150, 151, 298, 299];
    for (number, frame) in damaged.into_iter().enumerate() {
        // Steps, sessions, checks and numbers alike.
        flip(&traces, frame * FRAME + [3, 9, 13, 16, 40, 79, 0, 20][number]);
    }
    let recording = Recording::open(&path).unwrap();
    let frames = recording.read(0, 1, 300).unwrap();
    assert_eq!(frames.bad(), damaged);
    for frame in 0..300 {
        let is_bad = damaged.contains(&frame);
        let expected = &measured(&two(), frame as u64)[0];
        assert_eq!(frames.values(frame, 0).iter().all(|value| value.is_nan()), is_bad);
        assert_eq!(frames.values(frame, 0).as_ref() == expected.values, !is_bad);
        assert_eq!(frames.statistics(frame, 0) == Some(expected.statistics), !is_bad);
        assert_eq!(recording.step(frame).is_err(), is_bad);
    }
    assert_eq!(frames.steps()[..5], [3, 3, 3, 3, 4]);
    assert_eq!(frames.steps()[76..79], [76, 76, 78]);
    assert_eq!(frames.steps()[297..], [297, 297, 297]);
    assert_eq!(recording.frame_at(152).unwrap(), 152);
    assert_eq!(recording.frame_at(76).unwrap(), 76);
    assert!(
        sentence(&recording.said(), "frames read so far, 8 frames damaged").contains("the first is frame 0")
    );
    assert_eq!((recording.sessions()[0].first_step, recording.sessions()[0].last_step), (Some(3), Some(297)));
    assert!(refusal(recording.step(77), &traces).contains("frame 77 is damaged"));
}

#[test]
fn a_long_stretch_of_damage_does_not_hide_what_lies_behind_it() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..1000);
    writer.restart(&two(), &start(2000.0)).unwrap();
    append(&mut writer, &two(), 900..950);
    let traces = path.join("traces.f32");
    let mut bytes = std::fs::read(&traces).unwrap();
    bytes[300 * FRAME..700 * FRAME].fill(0);
    std::fs::write(&traces, bytes).unwrap();
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.frames(), recording.sessions()[0].superseded), (950, 100));
    assert_eq!(recording.read(0, 1, 2000).unwrap().bad(), (300..700).collect::<Vec<_>>());
    for step in (0..300).chain(701..950) {
        assert_eq!(recording.frame_at(step).unwrap() as u64, step);
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_watched_is_refused_and_what_was_seen_stays() {
    let (_kept, path) = folder();
    written(&path, 0..10);
    let mut recording = Recording::open(&path).unwrap();
    let traces = path.join("traces.f32");
    let whole = std::fs::read(&traces).unwrap();
    cut(&traces, 4 * FRAME + 3);
    let text = refusal(recording.refresh(), &traces);
    assert!(
        text.contains("held 10 frames and now holds 4 frames") && text.contains("open the recording again"),
        "{text}"
    );
    assert!(refusal(recording.refresh(), &traces).contains("cut off or swapped"), "said at each look");
    sentence(&recording.said(), "held 10 frames and now holds 4 frames");
    assert_eq!((recording.frames(), recording.read(0, 1, 4).unwrap().steps()), (10, [0, 1, 2, 3].as_slice()));
    assert!(refusal(recording.read(0, 1, 10), &traces).contains("was cut off"));
    std::fs::write(&traces, whole).unwrap();
    recording.refresh().unwrap();
    assert_eq!((steps(&recording).len(), recording.said()), (10, Vec::new()));
}

#[test]
fn a_file_that_is_shorter_than_its_sessions_say_is_shown_as_far_as_it_is_sound() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..10);
    writer.restart(&two(), &start(2000.0)).unwrap();
    append(&mut writer, &two(), 10..15);
    cut(&path.join("traces.f32"), 6 * FRAME);
    let mut recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), [0, 1, 2, 3, 4, 5]);
    sentence(&recording.said(), "it held 10 frames when its last session began, and holds 6 frames");
    // The training goes on in the shorter file: its frames stand where those of the first session should, and are not taken for them.
    append(&mut writer, &two(), 15..17);
    assert!(recording.refresh().unwrap());
    let frames = recording.read(0, 1, 100).unwrap();
    assert_eq!((frames.len(), frames.bad()), (8, [6, 7].as_slice()));
}

#[test]
fn frames_of_another_recording_are_told_by_both_numbers() {
    let (_kept, path) = folder();
    let (_other_kept, other) = folder();
    written(&path, 0..10);
    let mut writer = Writer::create(&other, 0x0bad_cafe, &two(), &start(0.0)).unwrap();
    append(&mut writer, &two(), 0..12);
    let mut watched = Recording::open(&path).unwrap();
    let traces = path.join("traces.f32");
    std::fs::copy(other.join("traces.f32"), &traces).unwrap();
    let text = refusal(watched.refresh(), &traces);
    assert!(text.contains("other frames than it did; it was swapped"), "{text}");
    let recording = Recording::open(&path).unwrap();
    let said = sentence(&recording.said(), "was swapped");
    assert!(said.contains("0badcafe") && said.contains("9f31c2aa"), "{said}");
    let frames = recording.read(0, 1, 20).unwrap();
    assert_eq!((frames.len(), frames.bad().len()), (12, 12));
    assert!((0..12).all(|frame| frames.values(frame, 0).iter().all(|value| value.is_nan())));
    assert_eq!(frames.steps(), [0; 12]);
}

#[test]
fn files_of_one_recording_that_were_swapped_are_told() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..4);
    // Other places, and frames of the same length.
    let other = vec![super::tensor("0.weight", &[4, 3], &[0, 2, 3, 4], &[1, 3]), two()[1].clone()];
    writer.restart(&other, &start(2000.0)).unwrap();
    append(&mut writer, &other, 4..8);
    let [one, two] = ["traces.f32", "traces.2.f32"].map(|name| std::fs::read(path.join(name)).unwrap());
    std::fs::write(path.join("traces.f32"), two).unwrap();
    std::fs::write(path.join("traces.2.f32"), one).unwrap();
    let recording = Recording::open(&path).unwrap();
    assert_eq!(recording.read(0, 1, 10).unwrap().bad(), (0..8).collect::<Vec<_>>());
    let said = recording.said();
    assert_eq!(
        said.iter().filter(|said| said.contains("files of the recording were swapped")).count(),
        2,
        "{said:?}"
    );
}

#[test]
fn a_file_without_one_sound_frame_is_said_to_be_damaged() {
    let (_kept, path) = folder();
    written(&path, 0..10);
    std::fs::write(path.join("traces.f32"), vec![7; 10 * FRAME]).unwrap();
    let recording = Recording::open(&path).unwrap();
    sentence(&recording.said(), "No frame of traces.f32 that was looked at is sound");
    assert_eq!(recording.read(0, 3, 20).unwrap().bad(), [0, 1, 2, 3]);
    assert_eq!(recording.frame_at(5).unwrap(), 0);
}

#[test]
fn a_copy_that_replaces_the_file_goes_on_where_it_was() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..5);
    let mut recording = Recording::open(&path).unwrap();
    append(&mut writer, &two(), 5..9);
    // As programs do that mirror a folder: a new file under the old name.
    std::fs::copy(path.join("traces.f32"), path.join("copy")).unwrap();
    std::fs::rename(path.join("copy"), path.join("traces.f32")).unwrap();
    assert!(recording.refresh().unwrap());
    assert_eq!(steps(&recording).len(), 9);
    holds(&recording, &two());
}

#[test]
fn a_folder_that_is_deleted_while_watched_leaves_what_was_seen() {
    let (kept, path) = folder();
    written(&path, 0..10);
    let mut recording = Recording::open(&path).unwrap();
    let hash = recording.hash(10).unwrap();
    std::fs::remove_dir_all(kept.path()).unwrap();
    let error = recording.refresh().unwrap_err();
    assert!(matches!(error, RecordingError::NotFound { .. }), "{error}");
    sentence(&recording.said(), "no such file or folder");
    assert!(!is_recording(&path) && Recording::open(&path).is_err());
    assert_eq!((recording.frames(), recording.tensors().len()), (10, 2));
    if cfg!(unix) {
        assert_eq!((steps(&recording).len(), recording.hash(10).unwrap()), (10, hash));
    }
    // A training that begins anew in its place is another recording.
    Writer::create(&path, ID ^ 5, &two(), &start(0.0)).unwrap();
    let text = refusal(recording.refresh(), &path.join("recording.json"));
    assert!(text.contains("another recording lies here now, 9f31c2af where 9f31c2aa was"), "{text}");
}

#[test]
fn a_file_of_frames_that_is_not_written_yet_is_empty() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    std::fs::remove_file(path.join("traces.f32")).unwrap();
    let mut recording = Recording::open(&path).unwrap();
    assert_eq!((recording.frames(), recording.bytes(), recording.said()), (0, 0, Vec::new()));
    assert_eq!((recording.frame_at(7).unwrap(), recording.hash(0).is_ok()), (0, true));
    writer.restart(&two(), &start(1.0)).unwrap();
    append(&mut writer, &two(), 0..2);
    assert!(recording.refresh().unwrap());
    assert_eq!(steps(&recording), [0, 1]);
    std::fs::remove_file(path.join("traces.f32")).unwrap();
    refusal(recording.refresh(), &path.join("traces.f32"));
}

#[test]
fn weights_that_are_no_numbers_are_kept_and_are_no_damage() {
    let (_kept, path) = folder();
    let mut writer = written(&path, []);
    let mut odd: Vec<Measured> = measured(&two(), 0);
    odd[0].values = vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
    odd[0].statistics.max = f32::NAN;
    writer.append(0, &odd).unwrap();
    let recording = Recording::open(&path).unwrap();
    let frames = recording.read(0, 1, 1).unwrap();
    assert!(frames.bad().is_empty());
    let bits: Vec<u32> = frames.values(0, 0).iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, odd[0].values.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    assert!(frames.statistics(0, 0).unwrap().max.is_nan());
}

#[test]
fn steps_that_go_back_within_a_session_are_said() {
    let (_kept, path) = folder();
    written(&path, 0..4);
    let mut writer = written(&path.join("other"), []);
    append(&mut writer, &two(), 2..4);
    // A training whose loop counts from 0 again each epoch: the same frames behind each other in one session.
    let again = std::fs::read(path.join("other/traces.f32")).unwrap();
    append_bytes(&path.join("traces.f32"), &again);
    let recording = Recording::open(&path).unwrap();
    let frames = recording.read(0, 1, 10).unwrap();
    assert_eq!((frames.steps(), frames.bad().len()), ([0, 1, 2, 3, 2, 3].as_slice(), 0));
    sentence(&recording.said(), "step 2 stands behind step 3");
    let mut writer = written(&path.join("third"), []);
    append(&mut writer, &two(), 9..10);
    let first = std::fs::read(path.join("third/traces.f32")).unwrap();
    std::fs::write(path.join("traces.f32"), [first, again].concat()).unwrap();
    sentence(&Recording::open(&path).unwrap().said(), "Steps go back within a session, from 9 to 3");
}

#[test]
fn more_than_memory_holds_is_not_read_at_once() {
    let (_kept, path) = folder();
    written(&path, 0..2);
    let text = std::fs::read_to_string(path.join("recording.json")).unwrap();
    let text = text.replace("\"frame_bytes\":80", "\"frame_bytes\":67108864");
    std::fs::write(path.join("recording.json"), text).unwrap();
    // A file of holes: 320 MiB long, and next to nothing on the disk.
    cut(&path.join("traces.f32"), 5 << 26);
    let recording = Recording::open(&path).unwrap();
    assert!(refusal(recording.read(0, 1, 5), &path).contains("ask for fewer"));
    assert_eq!(recording.read(0, 4, 5).unwrap().bad(), [0, 1]);
}

/// Does with a recording all that can be done; nothing of it may panic.
fn exercise(path: &Path) {
    is_recording(path);
    let Ok(mut recording) = Recording::open(path) else { return };
    let _ = recording.refresh();
    let frames = recording.frames();
    for (first, stride, count) in
        [(0, 1, 50), (1, 3, 20), (frames, 1, 1), (frames / 2, usize::MAX, usize::MAX)]
    {
        let Ok(read) = recording.read(first, stride, count) else { continue };
        for frame in 0..=read.len() {
            read.session(frame);
            for tensor in 0..=recording.tensors().len() {
                let values = read.values(frame, tensor);
                let places = recording.tensors().get(tensor).map_or(0, |tensor| tensor.places.len());
                assert!(values.is_empty() || values.len() == places);
                let _ = (
                    read.value(frame, tensor, 0),
                    read.statistics(frame, tensor),
                    read.row(frame, tensor, 0),
                );
            }
        }
    }
    for step in [0, 1, 5, u64::MAX] {
        let _ = recording.frame_at(step);
    }
    let _ = (
        recording.step(0),
        recording.step(frames),
        recording.hash(frames),
        recording.hash(1),
        recording.said(),
    );
    let mut metrics = recording.metrics();
    while metrics.poll(recording.sessions()).is_ok_and(|batch| batch.is_behind) {}
    let _ = (metrics.said(), recording.said());
}

/// A sound recording of two sessions and two parts, as its files.
fn sound() -> [(&'static str, Vec<u8>); 4] {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..8);
    writer.metrics(3, 5.0, &[("loss", f64::NAN), ("accuracy", 0.5)]).unwrap();
    writer.restart(&two(), &start(2.0)).unwrap();
    append(&mut writer, &two(), 4..6);
    let other = vec![two()[1].clone()];
    writer.restart(&other, &start(1.0)).unwrap();
    append(&mut writer, &other, 5..9);
    writer.metrics(6, 7.0, &[("loss", 1.0)]).unwrap();
    ["recording.json", "traces.f32", "traces.2.f32", "metrics.jsonl"]
        .map(|name| (name, std::fs::read(path.join(name)).unwrap()))
}

fn put(path: &Path, files: &[(&str, Vec<u8>)]) {
    std::fs::create_dir_all(path).unwrap();
    for (name, bytes) in files {
        std::fs::write(path.join(name), bytes).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_refused_or_read_without_a_panic(
        description in prop::collection::vec(any::<u8>(), 0..300),
        traces in prop::collection::vec(any::<u8>(), 0..600),
        lines in prop::collection::vec(any::<u8>(), 0..300),
        is_described in any::<bool>(),
    ) {
        let (_kept, path) = folder();
        let described = sound()[0].1.clone();
        let first = if is_described { described } else { description };
        put(&path, &[("recording.json", first), ("traces.f32", traces.clone()), ("traces.2.f32", traces), ("metrics.jsonl", lines)]);
        exercise(&path);
    }

    #[test]
    fn damaged_files_are_refused_or_read_without_a_panic(
        hits in prop::collection::vec((0_usize..4, any::<prop::sample::Index>(), 0_u8..6, any::<u8>()), 1..6),
    ) {
        let mut files = sound();
        for (file, at, kind, byte) in hits {
            let bytes = &mut files[file].1;
            if bytes.is_empty() {
                continue;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes.truncate(at),
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                // Digits turn into other digits, so that the description stays JSON and its numbers become wild.
                3 | 4 => {
                    let digits = (0..bytes.len()).map(|step| (at + step) % bytes.len());
                    let found: Vec<usize> = digits.filter(|at| bytes[*at].is_ascii_digit()).take(1).collect();
                    let replacement = if kind == 3 { vec![b'0' + byte % 10] } else { b"9876543210987654321"[..usize::from(byte % 20)].to_vec() };
                    for at in found { bytes.splice(at..=at, replacement.clone()); }
                }
                _ => bytes[at] = byte,
            }
        }
        let (_kept, path) = folder();
        put(&path, &files);
        exercise(&path);
    }

    #[test]
    fn a_change_of_one_byte_of_a_frame_never_gives_another_number(at in 0_usize..8 * FRAME, bit in 0_u8..8) {
        let mut files = sound();
        files[1].1[at] ^= 1 << bit;
        let (_kept, path) = folder();
        put(&path, &files);
        let recording = Recording::open(&path).unwrap();
        let frames = recording.read(0, 1, 100).unwrap();
        for frame in 0..frames.len() {
            if frames.session(frame) > 1 || frames.bad().contains(&frame) {
                continue;
            }
            let expected = measured(&two(), frames.steps()[frame]);
            prop_assert_eq!(frames.values(frame, 0).into_owned(), expected[0].values.clone());
            prop_assert_eq!(frames.statistics(frame, 1), Some(expected[1].statistics));
        }
        // The damaged frame is kept as damaged, or was superseded.
        prop_assert!(frames.bad().len() <= 1);
    }
}
