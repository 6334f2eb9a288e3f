//! Frames that were read: values, statistics and rows of each tensor at each of some steps.

use std::borrow::Cow;
use std::sync::Arc;

use super::tensors::{Layout, Slots};

/// Figures of a whole tensor at one step: of the magnitudes of all its weights, not only of the sampled ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// The largest magnitude.
    pub max: f32,
    /// The mean magnitude.
    pub mean: f32,
    /// The root of the sum of squares.
    pub norm: f32,
}

/// Some frames of a recording, in the order of their steps.
///
/// Tensors and the places in them are counted as [`super::Recording::tensors`] lists them. A frame that is damaged is NaN everywhere
/// and named in [`Frames::bad`]; NaN in other frames is what the training had, or a place that the frame's part does not sample.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    pub(super) heads: Vec<Frame>,
    pub(super) steps: Vec<u64>,
    /// The numbers of all frames, in as many pieces as they were read in.
    pub(super) numbers: Vec<Vec<f32>>,
    pub(super) bad: Vec<usize>,
}

/// One frame: its session, its layout, and where its numbers begin in which piece.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) session: usize,
    pub(super) layout: Arc<Layout>,
    pub(super) piece: usize,
    pub(super) at: usize,
}

impl Frames {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The step of each frame. That of a damaged frame is not known: it is given as that of the sound one before it among these
    /// frames, or else behind it; 0 if there is none.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// The session of a frame, as an index of [`super::Recording::sessions`]; 0 for a frame that there is not.
    pub fn session(&self, frame: usize) -> usize {
        self.heads.get(frame).map_or(0, |frame| frame.session)
    }

    /// The sampled weights of a tensor in one frame, in the order of the tensor's `places`; NaN where only other parts of the
    /// recording sample a place. Empty if the frame does not have the tensor.
    pub fn values(&self, frame: usize, tensor: usize) -> Cow<'_, [f32]> {
        self.slots(frame, tensor).map_or(Cow::Borrowed(&[]), |(slots, numbers)| slots.values.of(numbers))
    }

    /// One sampled weight of a tensor in one frame, `place` as an index of the tensor's `places`; NaN if the frame does not have it.
    pub fn value(&self, frame: usize, tensor: usize, place: usize) -> f32 {
        self.slots(frame, tensor)
            .and_then(|(slots, numbers)| slots.values.one(numbers, place))
            .unwrap_or(f32::NAN)
    }

    /// Figures of a whole tensor in one frame; `None` if the frame does not have the tensor.
    pub fn statistics(&self, frame: usize, tensor: usize) -> Option<Statistics> {
        let (slots, numbers) = self.slots(frame, tensor)?;
        let Some([max, mean, norm]) = slots.figures else {
            return Some(Statistics::of(&slots.values.of(numbers)));
        };
        let number = |at: usize| numbers.get(at).copied();
        Some(Statistics { max: number(max)?, mean: number(mean)?, norm: number(norm)? })
    }

    /// The largest and the mean magnitude of a whole row of a tensor in one frame, `row` as an index of the tensor's `rows`; `None` if
    /// the frame does not have it.
    pub fn row(&self, frame: usize, tensor: usize, row: usize) -> Option<(f32, f32)> {
        let (slots, numbers) = self.slots(frame, tensor)?;
        Some((slots.row_max.one(numbers, row)?, slots.row_mean.one(numbers, row)?))
    }

    /// The damaged ones among these frames, as indices of them.
    pub fn bad(&self) -> &[usize] {
        &self.bad
    }

    /// Where a tensor's numbers stand, and all numbers of the frame.
    fn slots(&self, frame: usize, tensor: usize) -> Option<(&Slots, &[f32])> {
        let frame = self.heads.get(frame)?;
        let numbers = self.numbers.get(frame.piece)?.get(frame.at..frame.at + frame.layout.numbers)?;
        Some((frame.layout.slots(tensor)?, numbers))
    }

    /// Gives damaged frames a step of their neighbours, so that steps do not go back.
    pub(super) fn fill_steps(&mut self) {
        let first_sound = (0..self.steps.len()).find(|frame| self.bad.binary_search(frame).is_err());
        let mut step = first_sound.and_then(|frame| self.steps.get(frame)).copied().unwrap_or(0);
        for (frame, place) in self.steps.iter_mut().enumerate() {
            if self.bad.binary_search(&frame).is_ok() {
                *place = step;
            } else {
                step = *place;
            }
        }
    }
}
