//! Tests of whole recordings: written, read while they grow, damaged, and one that the recorder in Python made.

mod damage;
mod description;
mod fixture;
mod metrics;
mod round;
mod seams;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Measured, Recording, Start, Tensor, Writer};

pub(crate) const ID: u32 = 0x9f31_c2aa;

/// A folder for a recording, gone with the value.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    (folder, path)
}

pub(crate) fn tensor(name: &str, shape: &[usize], places: &[usize], rows: &[usize]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        dtype: "F32".to_owned(),
        places: places.to_vec(),
        rows: rows.to_vec(),
    }
}

/// A matrix and a vector.
pub(crate) fn two() -> Vec<Tensor> {
    vec![tensor("0.weight", &[4, 3], &[1, 5, 6, 11], &[1, 3]), tensor("0.bias", &[4], &[0, 2], &[])]
}

/// The weights of a tensor at a step: each a different number, told apart by tensor, place and step.
pub(crate) fn weights(tensor: &Tensor, step: u64) -> Vec<f32> {
    let count: usize = tensor.shape.iter().product();
    let sign = |place: usize| if place.is_multiple_of(2) { 1.0 } else { -1.0 };
    let name = tensor.name.len() as f32;
    (0..count).map(|place| sign(place) * (name + place as f32 / 16.0 + step as f32 / 1024.0)).collect()
}

pub(crate) fn measured(tensors: &[Tensor], step: u64) -> Vec<Measured> {
    tensors.iter().map(|tensor| Measured::of(tensor, &weights(tensor, step))).collect()
}

pub(crate) fn start(seconds: f64) -> Start {
    Start { started: seconds, host: "node7".to_owned(), pid: 4711, born: 88123 }
}

/// A new recording of [`two`] with these steps.
pub(crate) fn written(path: &Path, steps: impl IntoIterator<Item = u64>) -> Writer {
    let mut writer = Writer::create(path, ID, &two(), &start(1000.0)).unwrap();
    append(&mut writer, &two(), steps);
    writer
}

pub(crate) fn append(writer: &mut Writer, tensors: &[Tensor], steps: impl IntoIterator<Item = u64>) {
    for step in steps {
        writer.append(step, &measured(tensors, step)).unwrap();
    }
}

/// Appends bytes to a file as they are.
pub(crate) fn append_bytes(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.unwrap().write_all(bytes).unwrap();
}

/// The steps of all kept frames, by one read; none may be damaged.
pub(crate) fn steps(recording: &Recording) -> Vec<u64> {
    let frames = recording.read(0, 1, usize::MAX).unwrap();
    assert_eq!(frames.bad(), &[] as &[usize]);
    assert_eq!(frames.len(), recording.frames());
    frames.steps().to_vec()
}

/// Asserts that the frame of each step holds what [`measured`] says of `tensors`, whose places are those of the recording.
pub(crate) fn holds(recording: &Recording, tensors: &[Tensor]) {
    let frames = recording.read(0, 1, usize::MAX).unwrap();
    assert_eq!(recording.tensors(), tensors);
    for (frame, step) in frames.steps().iter().enumerate() {
        for (at, measured) in measured(tensors, *step).iter().enumerate() {
            assert_eq!(frames.values(frame, at).as_ref(), measured.values, "step {step}");
            assert_eq!(frames.statistics(frame, at), Some(measured.statistics), "step {step}");
            for (row, figures) in measured.rows.iter().enumerate() {
                assert_eq!(frames.row(frame, at, row), Some(*figures), "step {step}");
            }
            assert_eq!(frames.row(frame, at, measured.rows.len()), None);
        }
    }
}

/// The one sentence that has these words in it.
pub(crate) fn sentence(said: &[String], words: &str) -> String {
    let found: Vec<&String> = said.iter().filter(|sentence| sentence.contains(words)).collect();
    assert_eq!(found.len(), 1, "one sentence with {words:?} in {said:#?}");
    found[0].clone()
}

/// The refusal, which must end with the path.
pub(crate) fn refusal<T>(result: Result<T, super::RecordingError>, path: &Path) -> String {
    let Err(error) = result else { panic!("{} is not refused", path.display()) };
    let text = error.to_string();
    assert!(text.ends_with(&crate::text::shown_path(path)), "{text}");
    text
}
