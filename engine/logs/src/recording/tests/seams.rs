//! Trainings that were started again: from an earlier step, with other tensors, with another clock, by two at once.

use super::{
    ID, append, append_bytes, folder, holds, measured, sentence, start, steps, tensor, two, written,
};
use crate::recording::{Recording, Start, Writer};

/// What is kept, number by number: each session's frames are those before the smallest first step of all later ones.
fn kept(sessions: &[Vec<u64>]) -> Vec<u64> {
    let mut kept = Vec::new();
    for (number, steps) in sessions.iter().enumerate() {
        let limit = sessions[number + 1..].iter().filter_map(|later| later.first()).min();
        kept.extend(steps.iter().filter(|step| limit.is_none_or(|limit| *step < limit)));
    }
    kept
}

/// Writes sessions of these steps one after the other.
fn of_sessions(path: &std::path::Path, sessions: &[Vec<u64>]) -> Writer {
    let mut writer = written(path, sessions[0].iter().copied());
    for (number, steps) in sessions.iter().enumerate().skip(1) {
        writer.restart(&two(), &start(1000.0 + number as f64)).unwrap();
        append(&mut writer, &two(), steps.iter().copied());
    }
    writer
}

#[test]
fn a_training_that_goes_on_from_an_earlier_step_supersedes_what_came_after_it() {
    let (_kept, path) = folder();
    of_sessions(&path, &[(0..=50).collect(), (21..=60).collect()]);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), (0..=60).collect::<Vec<_>>());
    holds(&recording, &two());
    assert_eq!(recording.sessions()[0].superseded, 30);
    assert_eq!(recording.sessions()[0].last_step, Some(20));
    assert_eq!(recording.sessions()[1].first, 21);
    sentence(&recording.said(), "30 frames left out");
    sentence(&recording.said(), "started again on node7 at step 21");
    let frames = recording.read(20, 1, 2).unwrap();
    assert_eq!((frames.session(0), frames.session(1)), (0, 1));
}

#[test]
fn two_sessions_can_both_supersede_and_one_can_vanish_whole() {
    for sessions in [
        vec![(0..=50).collect(), (21..=60).collect(), (41..=45).collect()],
        vec![(0..=50).collect(), (21..=60).collect(), (11..=15).collect()],
        vec![(0..=5).collect(), (6..=9).collect(), vec![], (3..=3).collect(), (2..=8).collect()],
        vec![(10..=20).collect(), (0..=5).collect()],
        vec![vec![], (0..=5).collect::<Vec<u64>>(), vec![]],
        vec![(0..=50).step_by(5).collect(), (7..=90).step_by(7).collect(), (50..=51).collect()],
    ] {
        let (_kept, path) = folder();
        of_sessions(&path, &sessions);
        let recording = Recording::open(&path).unwrap();
        let expected = kept(&sessions);
        assert_eq!(steps(&recording), expected, "{sessions:?}");
        holds(&recording, &two());
        for step in 0..100 {
            let at = expected.iter().rposition(|other| *other <= step).unwrap_or(0);
            assert_eq!(recording.frame_at(step).unwrap(), at, "step {step} of {sessions:?}");
        }
        for (frame, step) in expected.iter().enumerate() {
            assert_eq!(recording.step(frame).unwrap(), *step);
        }
    }
}

#[test]
fn a_session_that_supersedes_is_seen_while_it_is_watched() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..40);
    let mut recording = Recording::open(&path).unwrap();
    let before = recording.hash(40).unwrap();
    writer.restart(&two(), &start(2000.0)).unwrap();
    assert!(recording.refresh().unwrap());
    assert_eq!((recording.frames(), recording.hash(40).unwrap()), (40, before.clone()));
    append(&mut writer, &two(), [10]);
    assert!(recording.refresh().unwrap());
    assert_eq!(recording.frames(), 11);
    append(&mut writer, &two(), 11..40);
    assert!(recording.refresh().unwrap());
    assert_eq!(steps(&recording), (0..40).collect::<Vec<_>>());
    assert_ne!(recording.hash(40).unwrap(), before, "the frames are others, and the fingerprint says so");
    assert_eq!(recording.hash(10).unwrap(), Recording::open(&path).unwrap().hash(10).unwrap());
}

#[test]
fn tensors_that_appear_or_vanish_are_there_in_their_sessions_only() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..5);
    let mut recording = Recording::open(&path).unwrap();
    let later = vec![two()[1].clone(), tensor("1.weight", &[2, 2], &[3], &[0])];
    writer.restart(&later, &start(2000.0)).unwrap();
    append(&mut writer, &later, 5..9);
    assert!(recording.refresh().unwrap());
    assert!(path.join("traces.2.f32").is_file());
    let names: Vec<&str> = recording.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["0.weight", "0.bias", "1.weight"]);
    let frames = recording.read(0, 1, 100).unwrap();
    assert_eq!(frames.steps(), (0..9).collect::<Vec<_>>());
    for frame in 0..9 {
        let is_later = frame >= 5;
        let bias = &measured(&two()[1..], frame as u64)[0];
        assert_eq!(frames.values(frame, 1).as_ref(), bias.values);
        assert_eq!(frames.statistics(frame, 1), Some(bias.statistics));
        assert_eq!(frames.values(frame, 0).is_empty(), is_later);
        assert_eq!(frames.statistics(frame, 0).is_none(), is_later);
        assert_eq!(frames.row(frame, 0, 0).is_none(), is_later);
        assert_eq!(frames.values(frame, 2).len(), usize::from(is_later));
        assert_eq!(frames.value(frame, 2, 0).is_nan(), !is_later);
    }
    let said = sentence(&recording.said(), "other tensors are recorded");
    assert!(said.contains("appeared: 1.weight") && said.contains("vanished: 0.weight"), "{said}");
    assert_eq!(recording.sessions()[1].part, 1);
}

#[test]
fn places_that_are_drawn_anew_never_pass_for_the_old_ones() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..3);
    let other = vec![tensor("0.weight", &[4, 3], &[2, 5, 0], &[3, 0]), tensor("0.bias", &[5], &[4], &[])];
    writer.restart(&other, &start(2000.0)).unwrap();
    append(&mut writer, &other, 3..6);
    let recording = Recording::open(&path).unwrap();
    let tensors = recording.tensors();
    assert_eq!(
        (tensors[0].places.as_slice(), tensors[0].rows.as_slice()),
        ([1, 5, 6, 11, 2, 0].as_slice(), [1, 3, 0].as_slice())
    );
    assert_eq!((tensors[2].name.as_str(), tensors[2].shape.as_slice()), ("0.bias [5]", [5].as_slice()));
    let frames = recording.read(0, 1, 6).unwrap();
    for (frame, recorded) in [(2, two()), (4, other)] {
        let all = super::weights(&recorded[0], frame as u64);
        let values = frames.values(frame, 0);
        assert_eq!(values.len(), 6);
        for (index, place) in tensors[0].places.iter().enumerate() {
            let expected = recorded[0].places.contains(place).then(|| all[*place]);
            assert_eq!(Some(values[index]).filter(|value| !value.is_nan()), expected, "place {place}");
            assert_eq!(values[index].to_bits(), frames.value(frame, 0, index).to_bits());
        }
        for (index, row) in tensors[0].rows.iter().enumerate() {
            let at = recorded[0].rows.iter().position(|other| other == row);
            let expected = at.map(|at| measured(&recorded, frame as u64)[0].rows[at]);
            assert_eq!(frames.row(frame, 0, index), expected, "row {row}");
        }
        assert_eq!(frames.statistics(frame, 0), Some(measured(&recorded, frame as u64)[0].statistics));
    }
    assert!(frames.values(4, 1).is_empty() && frames.values(2, 2).is_empty());
    let said = sentence(&recording.said(), "other tensors are recorded");
    assert!(
        said.contains("changed shape: 0.bias") && said.contains("sampled at other places: 0.weight"),
        "{said}"
    );
}

#[test]
fn a_clock_that_goes_back_between_sessions_is_said() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..3);
    writer.restart(&two(), &Start { host: String::new(), ..start(400.0) }).unwrap();
    append(&mut writer, &two(), 3..6);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), [0, 1, 2, 3, 4, 5]);
    sentence(&recording.said(), "session 1 says that it began 600 s before session 0");
    sentence(&recording.said(), "started again at step 3");
}

#[test]
fn frames_of_a_session_that_is_not_named_yet_wait() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..30);
    let old = std::fs::read(path.join("recording.json")).unwrap();
    writer.restart(&two(), &start(2000.0)).unwrap();
    let new = std::fs::read(path.join("recording.json")).unwrap();
    append(&mut writer, &two(), 10..40);
    // A network drive may show new frames under an old description.
    std::fs::write(path.join("recording.json"), old).unwrap();
    let mut recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), (0..30).collect::<Vec<_>>());
    sentence(&recording.said(), "30 frames of a session that recording.json does not name");
    std::fs::write(path.join("recording.json"), new).unwrap();
    assert!(recording.refresh().unwrap());
    assert_eq!(steps(&recording), (0..40).collect::<Vec<_>>());
    assert!(!recording.said().iter().any(|said| said.contains("does not name")));
}

#[test]
fn frames_of_a_training_that_wrote_into_the_session_of_another_are_left_empty() {
    let (_kept, path) = folder();
    let mut first = written(&path, 0..5);
    let mut second = Writer::resume(&path, &two(), &start(2000.0)).unwrap();
    append(&mut second, &two(), 5..7);
    append(&mut first, &two(), 7..8);
    append(&mut second, &two(), 8..9);
    let recording = Recording::open(&path).unwrap();
    let frames = recording.read(0, 1, 100).unwrap();
    assert_eq!(frames.bad(), [7]);
    assert_eq!(frames.steps(), [0, 1, 2, 3, 4, 5, 6, 6, 8]);
    assert!(frames.values(7, 0).iter().all(|value| value.is_nan()));
    assert!(sentence(&recording.said(), "of another session").contains("frame 7"), "{:?}", recording.said());
}

#[test]
fn frames_that_lay_there_before_the_first_session_are_left_out() {
    let (_kept, path) = folder();
    let (_other_kept, other) = folder();
    written(&other, 100..103);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::copy(other.join("traces.f32"), path.join("traces.f32")).unwrap();
    let mut writer = Writer::create(&path, ID ^ 1, &two(), &start(0.0)).unwrap();
    append(&mut writer, &two(), 0..4);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(steps(&recording), [0, 1, 2, 3]);
    sentence(&recording.said(), "3 frames at the beginning of traces.f32 belong to no session");
}

#[test]
fn who_goes_on_cuts_torn_ends_off() {
    let (_kept, path) = folder();
    let mut writer = written(&path, 0..4);
    writer.metrics(3, 5.0, &[("loss", 0.5)]).unwrap();
    append_bytes(&path.join("traces.f32"), &[7; 33]);
    append_bytes(&path.join("metrics.jsonl"), b"{\"step\": 4, \"ti");
    let mut recording = Recording::open(&path).unwrap();
    sentence(&recording.said(), "is not whole (33 of 80 bytes)");
    let mut writer = Writer::resume(&path, &two(), &start(2000.0)).unwrap();
    // The cut is no damage: no whole frame is gone.
    assert!(recording.refresh().unwrap());
    append(&mut writer, &two(), 4..6);
    writer.metrics(5, 6.0, &[("loss", 0.25)]).unwrap();
    assert!(recording.refresh().unwrap());
    assert_eq!(steps(&recording), [0, 1, 2, 3, 4, 5]);
    let batch = recording.metrics().poll(recording.sessions()).unwrap();
    assert_eq!(
        batch.lines.iter().map(|line| (line.step, line.session)).collect::<Vec<_>>(),
        [(3, 0), (5, 1)]
    );
}
