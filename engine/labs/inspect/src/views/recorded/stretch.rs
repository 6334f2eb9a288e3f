//! The frames that are looked at, with what follows from them: made once for all views that show them at the same time.
//!
//! Contract: what a view gets is what it would have read and computed by itself. A stretch is known by how the files stood when it was
//! read, so that a recording that grew, or was replaced, is read again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use weightscope_frame::run::RunError;
use weightscope_logs::recording::{Looked, Recording};

use crate::recorded::placed::Chosen;
use crate::recorded::{Figures, Placed, Taken, Track, figures, place};

/// Which frames of which recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) looked: Looked,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) tensor: String,
}

/// The frames of one tensor.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) track: Track,
    /// Steps of the training, one a frame.
    pub(super) steps: Vec<f64>,
    pub(super) sessions: Vec<u32>,
    /// Under the quantizer through which they were looked at last.
    judged: Mutex<Option<(Chosen, Arc<Judged>)>>,
}

/// Frames under a quantizer.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) placed: Placed,
    figures: OnceLock<Figures>,
}

/// Room for one stretch; who comes while it is read waits for it.
type Slot = Arc<Mutex<Option<Arc<Stretch>>>>;

/// The stretch that was read last.
type Last = Mutex<Option<(Place, Slot)>>;

/// That of all views of this program.
static LAST: Last = Mutex::new(None);

/// The frames of a stretch; none if the recording does not hold the tensor.
pub(super) fn stretch(recording: &Recording, wanted: &Place) -> Result<Option<Arc<Stretch>>, RunError> {
    stretch_by(&LAST, recording, wanted)
}

fn stretch_by(last: &Last, recording: &Recording, wanted: &Place) -> Result<Option<Arc<Stretch>>, RunError> {
    let slot = {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((place, slot)) if place == wanted => Arc::clone(slot),
            _ => Arc::clone(&last.insert((wanted.clone(), Slot::default())).1),
        }
    };
    let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stretch) = &*held {
        return Ok(Some(Arc::clone(stretch)));
    }
    let mut taken = Taken::stretch(recording, wanted.first, wanted.count, Some(&wanted.tensor))?;
    let Some(track) = taken.tracks.pop() else { return Ok(None) };
    let steps = taken.steps.iter().map(|step| *step as f64).collect();
    let stretch = Arc::new(Stretch::new(track, steps, taken.sessions));
    *held = Some(Arc::clone(&stretch));
    Ok(Some(stretch))
}

impl Stretch {
    pub(super) fn new(track: Track, steps: Vec<f64>, sessions: Vec<u32>) -> Self {
        Self { track, steps, sessions, judged: Mutex::default() }
    }

    /// The weights on the axis of a quantizer.
    pub(super) fn judged(&self, chosen: Chosen) -> Arc<Judged> {
        let mut last = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, judged)) if *known == chosen => Arc::clone(judged),
            _ => {
                let judged = Judged { placed: place(&self.track, chosen), figures: OnceLock::default() };
                Arc::clone(&last.insert((chosen, Arc::new(judged))).1)
            }
        }
    }
}

impl Judged {
    /// The figures of the weights of its stretch, oscillations counted over the whole of it.
    pub(super) fn figures(&self, stretch: &Stretch, chosen: Chosen) -> &Figures {
        let window = stretch.steps.len().min(usize::from(u16::MAX));
        self.figures.get_or_init(|| figures(&stretch.track, &self.placed, chosen, &stretch.sessions, window))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use weightscope_logs::recording::{Start, Tensor, Writer};
    use weightscope_math::quantize::Bits;

    use super::*;
    use crate::config::{Grouping, Scale};

    fn written(folder: &Path, id: u32, offset: f32) -> Writer {
        let places = (0..4).collect();
        let (name, dtype) = ("w".to_owned(), "F32".to_owned());
        let tensors = [Tensor { name, shape: vec![4], dtype, places, rows: Vec::new() }];
        let mut writer = Writer::create(folder, id, &tensors, &Start::default()).unwrap();
        for step in 0..20_u64 {
            let weights: Vec<f32> = (0..4).map(|at| offset + (at as f32 + step as f32).sin()).collect();
            writer.append_weights(step, &tensors, |_| &weights).unwrap();
        }
        writer
    }

    fn look(last: &Last, folder: &Path, first: usize) -> Arc<Stretch> {
        let recording = Recording::open(folder).unwrap();
        let place = Place {
            folder: folder.to_owned(),
            looked: recording.looked(),
            first,
            count: 5,
            tensor: "w".to_owned(),
        };
        let stretch = stretch_by(last, &recording, &place).unwrap().unwrap();
        // What is kept is what would have been read.
        let read = Taken::stretch(&recording, first, 5, Some("w")).unwrap();
        assert_eq!(stretch.track, read.tracks[0], "the frames from {first} on");
        assert_eq!(stretch.steps[0], first as f64);
        stretch
    }

    #[test]
    fn views_share_a_stretch_as_long_as_the_files_stand() {
        let last = Last::default();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("recording");
        let writer = written(&folder, 1, 0.0);
        let first = look(&last, &folder, 3);
        assert!(Arc::ptr_eq(&first, &look(&last, &folder, 3)), "read once");
        assert!(!Arc::ptr_eq(&first, &look(&last, &folder, 4)), "another stretch");
        drop(writer);
        std::fs::remove_dir_all(&folder).unwrap();
        drop(written(&folder, 2, 1.0));
        let other = look(&last, &folder, 3);
        assert_ne!(other.track.weights, first.track.weights, "another recording in its place is read");
    }

    #[test]
    fn figures_follow_the_quantizer() {
        let last = Last::default();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("recording");
        drop(written(&folder, 1, 0.0));
        let stretch = look(&last, &folder, 0);
        let chosen =
            |bits| Chosen { scale: Scale::Max, bits: Bits::new(bits).unwrap(), grouping: Grouping::Tensor };
        for bits in [2, 4, 4, 2] {
            let judged = stretch.judged(chosen(bits));
            assert_eq!(judged.placed, place_of(&stretch, chosen(bits)), "at {bits} bits");
            let found = judged.figures(&stretch, chosen(bits));
            let expected = figures(&stretch.track, &judged.placed, chosen(bits), &stretch.sessions, 5);
            assert_eq!(*found, expected, "at {bits} bits");
        }
        let again = stretch.judged(chosen(2));
        assert!(Arc::ptr_eq(&again, &stretch.judged(chosen(2))), "placed once");
    }

    fn place_of(stretch: &Stretch, chosen: Chosen) -> Placed {
        crate::recorded::place(&stretch.track, chosen)
    }
}
