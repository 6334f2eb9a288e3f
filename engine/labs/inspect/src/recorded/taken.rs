//! What is held of a recording in memory: time series of each sampled weight, and of the statistics that quantization steps follow from.

use weightscope_frame::run::RunError;
use weightscope_logs::recording::{Frames, Recording, Tensor};

/// Numbers that are held at most; a recording that has more is thinned.
const MOST_NUMBERS: usize = 4_000_000;
/// Frames that are read at once.
const AT_ONCE: usize = 256;

/// The series of one tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track {
    /// Its name.
    pub(crate) name: String,
    /// Its place among the tensors of the recording.
    number: usize,
    /// For each sampled weight its row and its column; a tensor of one dimension is one row.
    pub(crate) places: Vec<(usize, usize)>,
    /// For each sampled weight which of the sampled rows it lies in, if it lies in one.
    pub(crate) sampled_row: Vec<Option<usize>>,
    /// Each weight over the frames; not-a-number where it is not known.
    pub(crate) weights: Vec<Vec<f32>>,
    /// Largest magnitude, mean magnitude and norm of the tensor over the frames.
    pub(crate) tensor: [Vec<f32>; 3],
    /// Largest and mean magnitude of each sampled row over the frames.
    pub(crate) rows: Vec<[Vec<f32>; 2]>,
}

/// The frames that are held.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// Numbers that are held at most.
    most: usize,
    /// Each how many frames one is held.
    pub(crate) stride: usize,
    /// The next frame to be read, counted in the recording.
    next: usize,
    /// Places of the frames in the recording; one that could not be read is missing.
    frames: Vec<usize>,
    /// Steps of the training.
    pub(crate) steps: Vec<u64>,
    /// The session in which each frame was written.
    pub(crate) sessions: Vec<u32>,
    /// The tensors.
    pub(crate) tracks: Vec<Track>,
    /// Steps of frames that could not be read: their check fails.
    pub(crate) broken: u64,
    /// The last frame is none of the stride: the newest one, which gives way to those that come.
    is_passing: bool,
    /// Frames of each session, and of the recording as far as it was asked for, when it was looked at last.
    seen: (Vec<usize>, usize),
}

impl Track {
    /// A track from its series, as a record keeps them.
    pub(crate) fn of(
        name: &str,
        places: Vec<(usize, usize)>,
        sampled_row: Vec<Option<usize>>,
        weights: Vec<Vec<f32>>,
        tensor: [Vec<f32>; 3],
        rows: Vec<[Vec<f32>; 2]>,
    ) -> Self {
        Self { name: name.to_owned(), number: 0, places, sampled_row, weights, tensor, rows }
    }

    /// A track of a tensor with nothing in it.
    fn new(number: usize, tensor: &Tensor) -> Self {
        let columns = match tensor.shape.split_first() {
            Some((_, rest)) if !rest.is_empty() => rest.iter().product::<usize>().max(1),
            _ => tensor.shape.first().copied().unwrap_or(1).max(1),
        };
        let places: Vec<(usize, usize)> =
            tensor.places.iter().map(|place| (place / columns, place % columns)).collect();
        Self {
            name: tensor.name.clone(),
            number,
            sampled_row: places
                .iter()
                .map(|(row, _)| tensor.rows.iter().position(|sampled| sampled == row))
                .collect(),
            weights: vec![Vec::new(); places.len()],
            tensor: Default::default(),
            rows: vec![Default::default(); tensor.rows.len()],
            places,
        }
    }

    /// Numbers of a frame.
    fn width(&self) -> usize {
        self.weights.len() + self.tensor.len() + 2 * self.rows.len()
    }

    /// Adds a frame; what is not known is not-a-number.
    fn push(&mut self, frames: &Frames, frame: usize) {
        let tensor = self.number;
        let values = frames.values(frame, tensor);
        for (index, series) in self.weights.iter_mut().enumerate() {
            series.push(values.get(index).copied().unwrap_or(f32::NAN));
        }
        let whole = frames.statistics(frame, tensor);
        let whole = whole.map_or([f32::NAN; 3], |found| [found.max, found.mean, found.norm]);
        self.tensor.iter_mut().zip(whole).for_each(|(series, value)| series.push(value));
        for (index, [largest, mean]) in self.rows.iter_mut().enumerate() {
            let (most, average) = frames.row(frame, tensor, index).unwrap_or((f32::NAN, f32::NAN));
            largest.push(most);
            mean.push(average);
        }
    }

    /// Keeps some frames.
    fn keep(&mut self, kept: &[bool]) {
        let all = self.weights.iter_mut().chain(&mut self.tensor).chain(self.rows.iter_mut().flatten());
        all.for_each(|series| keep(series, kept));
    }
}

impl Taken {
    /// Nothing of a recording yet.
    pub(crate) fn new(recording: &Recording) -> Self {
        Self::holding(recording, MOST_NUMBERS)
    }

    /// The same, with room for so many numbers.
    pub(super) fn holding(recording: &Recording, most: usize) -> Self {
        let tracks =
            recording.tensors().iter().enumerate().map(|(number, tensor)| Track::new(number, tensor));
        let tracks = tracks.collect();
        Self { most, stride: 1, tracks, ..Self::default() }
    }

    /// Takes in what the recording holds beyond what is held, up to `until` frames of it; true if there was anything. The newest frame is
    /// held whatever the stride, so that a training is seen where it stands.
    pub(crate) fn take(
        &mut self,
        recording: &Recording,
        until: usize,
        check: &mut dyn FnMut() -> Result<(), RunError>,
    ) -> Result<bool, RunError> {
        let until = until.min(recording.frames());
        let kept: Vec<usize> = recording.sessions().iter().map(|session| session.frames).collect();
        if self.seen.0.iter().zip(&kept).any(|(before, now)| now < before) {
            // A later session wrote again from an earlier step on: what is held of those frames is out of date.
            *self = Self::holding(recording, self.most);
        }
        let is_news = until != self.seen.1;
        self.seen = (kept, until);
        if !is_news {
            return Ok(false);
        }
        self.pass();
        // Tensors that appeared after a restart of the training.
        for (number, tensor) in recording.tensors().iter().enumerate().skip(self.tracks.len()) {
            let mut track = Track::new(number, tensor);
            let unknown = vec![f32::NAN; self.steps.len()];
            track.weights.iter_mut().chain(&mut track.tensor).for_each(|series| series.clone_from(&unknown));
            track.rows.iter_mut().flatten().for_each(|series| series.clone_from(&unknown));
            self.tracks.push(track);
        }
        let width: usize = self.tracks.iter().map(Track::width).sum::<usize>().max(1);
        while until.div_ceil(self.stride).saturating_mul(width) > self.most.max(width * 2) {
            self.thin();
        }
        while self.next < until {
            check()?;
            let count = (until - self.next).div_ceil(self.stride).min(AT_ONCE);
            let frames = read(recording, self.next, self.stride, count)?;
            self.push(&frames, self.next, self.stride);
            self.next += self.stride * count;
        }
        self.hold_newest(recording, until)?;
        Ok(true)
    }

    /// Adds the last of the first `until` frames if it is none of the stride; nothing if it is broken.
    fn hold_newest(&mut self, recording: &Recording, until: usize) -> Result<(), RunError> {
        let Some(last) = until.checked_sub(1).filter(|last| last % self.stride != 0) else { return Ok(()) };
        let (broken, held) = (self.broken, self.frames.len());
        self.push(&read(recording, last, 1, 1)?, last, 1);
        self.is_passing = self.frames.len() > held;
        self.broken = broken;
        Ok(())
    }

    /// Lets the frame go that was held as the newest alone.
    fn pass(&mut self) {
        if std::mem::take(&mut self.is_passing) {
            let last = self.frames.len().saturating_sub(1);
            self.keep(&(0..self.frames.len()).map(|frame| frame < last).collect::<Vec<bool>>());
        }
    }

    /// Adds frames as they were read, from a place on and each `stride`-th; broken ones are left out and counted.
    fn push(&mut self, frames: &Frames, first: usize, stride: usize) {
        for frame in 0..frames.len() {
            let Some(step) = frames.steps().get(frame) else { continue };
            if frames.bad().contains(&frame) {
                self.broken += 1;
                continue;
            }
            self.frames.push(first + frame * stride);
            self.steps.push(*step);
            self.sessions.push(u32::try_from(frames.session(frame)).unwrap_or(u32::MAX));
            for track in &mut self.tracks {
                track.push(frames, frame);
            }
        }
    }

    fn thin(&mut self) {
        self.stride *= 2;
        // By their places in the recording, not by how many are held: a frame that could not be read shifts nothing.
        let kept: Vec<bool> = self.frames.iter().map(|frame| frame % self.stride == 0).collect();
        self.keep(&kept);
        self.next = self.next.div_ceil(self.stride) * self.stride;
    }

    /// Keeps the frames that are marked.
    fn keep(&mut self, kept: &[bool]) {
        keep(&mut self.frames, kept);
        keep(&mut self.steps, kept);
        keep(&mut self.sessions, kept);
        self.tracks.iter_mut().for_each(|track| track.keep(kept));
    }

    /// Frames of a stretch of the recording, one after the other, thinned by nothing; of one tensor if it is named.
    pub(crate) fn stretch(
        recording: &Recording,
        first: usize,
        count: usize,
        only: Option<&str>,
    ) -> Result<Self, RunError> {
        let mut taken = Self::new(recording);
        taken.tracks.retain(|track| only.is_none_or(|name| track.name == name));
        taken.push(&read(recording, first, 1, count)?, first, 1);
        Ok(taken)
    }

    /// Frames of the recording that are behind what is held.
    pub(crate) fn reached(&self) -> usize {
        self.next
    }

    /// Frames that are held besides the newest alone.
    #[cfg(test)]
    pub(super) fn strided(&self) -> usize {
        self.frames.len() - usize::from(self.is_passing)
    }
}

/// Reads frames: `count` of them from the first on, each `stride`-th.
fn read(recording: &Recording, first: usize, stride: usize, count: usize) -> Result<Frames, RunError> {
    recording.read(first, stride, count).map_err(|error| RunError::setting("folder", error.to_string()))
}

/// Keeps the entries that are marked.
fn keep<T>(series: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    series.retain(|_| marks.next().copied().unwrap_or(false));
}
