//! Writes a recording as the recorder does: for tests, demonstrations and exports.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::document::{Begun, Document, MOST_BYTES, Part, Placed};
use super::error::RecordingError;
use super::file;
use super::frame::{HEADER, HEADER_NUMBERS, Header, check_of, sound};
use super::look::DESCRIPTION;
use super::sample::Measured;
use super::tensors::Tensor;
use crate::text::shown;

/// The name of the file of metrics.
pub(super) const METRICS: &str = "metrics.jsonl";

/// When and where a training begins: handed in, because the engine reads no clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// Seconds since 1970.
    pub started: f64,
    /// The name of the machine.
    pub host: String,
    /// The number of the process.
    pub pid: u64,
    /// When the process began, in ticks since the machine's start; 0 where unknown.
    pub born: u64,
}

/// A recording that is being written, by one process at a time.
///
/// Each frame is handed to the system at once, by one write, so that readers see whole ones and what was written outlives the process.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    document: Document,
    traces: File,
    metrics: File,
    session: u32,
    last_step: Option<u64>,
    frame: Vec<u8>,
    /// Whole frames in the file.
    frames: u64,
    /// True after a frame was not written whole.
    is_torn: bool,
}

impl Writer {
    /// Begins a recording in `folder`, which is made.
    ///
    /// # Errors
    /// If one lies there already, a tensor cannot be (places or rows beyond it, a name twice), or the folder cannot be written.
    pub fn create(folder: &Path, id: u32, tensors: &[Tensor], start: &Start) -> Result<Self, RecordingError> {
        let path = folder.join(DESCRIPTION);
        if path.exists() {
            let problem = "a recording lies there already; choose another folder, or go on with that one";
            return Err(RecordingError::unusable(problem, &path));
        }
        std::fs::create_dir_all(folder)
            .map_err(|error| RecordingError::io("making the folder", error, folder))?;
        Self::begin(folder, Document::new(id), tensors, start)
    }

    /// Goes on with a recording, as a training that is started again does: cuts torn ends off, and begins another session; where the
    /// tensors are other than before, in a file of their own.
    ///
    /// # Errors
    /// If there is no recording that can be read, a tensor cannot be, or the folder cannot be written.
    pub fn resume(folder: &Path, tensors: &[Tensor], start: &Start) -> Result<Self, RecordingError> {
        let path = folder.join(DESCRIPTION);
        let (bytes, _) = file::read_whole(&path, MOST_BYTES)?;
        Self::begin(folder, Document::parse(&bytes, &path)?, tensors, start)
    }

    /// Begins another session in the same folder, as [`Writer::resume`].
    ///
    /// # Errors
    /// As [`Writer::resume`].
    pub fn restart(&mut self, tensors: &[Tensor], start: &Start) -> Result<(), RecordingError> {
        *self = Self::begin(&self.folder, self.document.clone(), tensors, start)?;
        Ok(())
    }

    /// Appends the frame of a step: what [`Measured`] says of each tensor, in the order in which they were given.
    ///
    /// # Errors
    /// If the step is not larger than the last one of this session, a tensor has another number of values or rows than it should, or
    /// the disk refuses.
    pub fn append(&mut self, step: u64, measured: &[Measured]) -> Result<(), RecordingError> {
        let refused = |problem: String| RecordingError::unusable(problem, &self.folder);
        if self.last_step.is_some_and(|last| step <= last) {
            return Err(refused(format!(
                "step {step} is not larger than the one before; begin another session for it"
            )));
        }
        let part = self.document.parts.last().map(|part| part.tensors.as_slice()).unwrap_or_default();
        if part.len() != measured.len() {
            return Err(refused(format!(
                "{} tensors were given where {} are recorded",
                measured.len(),
                part.len()
            )));
        }
        let mut frame = std::mem::take(&mut self.frame);
        let mut all_fit = true;
        for (tensor, measured) in part.iter().zip(measured) {
            all_fit &=
                measured.values.len() == tensor.places.len() && measured.rows.len() == tensor.rows.len();
            let statistics = measured.statistics;
            put(&mut frame, tensor.values, measured.values.iter().copied());
            if let Some([max, mean, norm]) = tensor.figures() {
                put(&mut frame, max, [statistics.max]);
                put(&mut frame, mean, [statistics.mean]);
                put(&mut frame, norm, [statistics.norm]);
            }
            put(&mut frame, tensor.row_max, measured.rows.iter().map(|row| row.0));
            put(&mut frame, tensor.row_mean, measured.rows.iter().map(|row| row.1));
        }
        if !all_fit {
            self.frame = frame;
            return Err(refused("a tensor has another number of values or rows than it should".to_owned()));
        }
        seal(self.document.id(), &mut frame, step, self.session);
        let written = self.write_whole(&frame);
        self.frame = frame;
        written.map_err(|error| RecordingError::io("writing a frame", error, &self.folder))?;
        self.last_step = Some(step);
        Ok(())
    }

    /// Appends a frame; one that a full disk cut off is taken away before the next.
    fn write_whole(&mut self, frame: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.traces.set_len(self.frames * frame.len() as u64)?;
        }
        self.is_torn = true;
        self.traces.write_all(frame)?;
        self.is_torn = false;
        self.frames += 1;
        Ok(())
    }

    /// Appends the frame of a step from all weights: `weights` gives those of a tensor by its number, in C order.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_weights<'a>(
        &mut self,
        step: u64,
        tensors: &[Tensor],
        weights: impl Fn(usize) -> &'a [f32],
    ) -> Result<(), RecordingError> {
        let measured = tensors.iter().enumerate().map(|(at, tensor)| Measured::of(tensor, weights(at)));
        self.append(step, &measured.collect::<Vec<_>>())
    }

    /// Appends a line of metrics; numbers that are not finite are written as the words `nan`, `inf` and `-inf`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn metrics(&mut self, step: u64, time: f64, values: &[(&str, f64)]) -> Result<(), RecordingError> {
        let word = |value: f64| {
            let word = if value.is_nan() {
                "nan"
            } else if value > 0.0 {
                "inf"
            } else {
                "-inf"
            };
            if value.is_finite() { serde_json::Value::from(value) } else { word.into() }
        };
        let entries: Vec<String> = values
            .iter()
            .map(|(name, value)| format!("{}: {}", serde_json::Value::from(*name), word(*value)))
            .collect();
        let line = format!(
            "{{\"step\": {step}, \"time\": {}, \"session\": {}, \"metrics\": {{{}}}}}\n",
            word(time),
            self.session,
            entries.join(", ")
        );
        self.metrics
            .write_all(line.as_bytes())
            .map_err(|error| RecordingError::io("writing metrics", error, &self.folder.join(METRICS)))
    }

    /// Waits until all that was written is on the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(self) -> Result<(), RecordingError> {
        let synced = self.traces.sync_all().and_then(|()| self.metrics.sync_all());
        synced.map_err(|error| RecordingError::io("writing", error, &self.folder))
    }

    fn begin(
        folder: &Path,
        mut document: Document,
        tensors: &[Tensor],
        start: &Start,
    ) -> Result<Self, RecordingError> {
        let (frame_bytes, placed) = laid_out(tensors);
        let number = document.parts.len() + 1;
        let is_same = document
            .parts
            .last()
            .is_some_and(|part| part.tensors == placed && part.frame_bytes == frame_bytes);
        if !is_same {
            let file = if number == 1 { "traces.f32".to_owned() } else { format!("traces.{number}.f32") };
            document.parts.push(Part { file, frame_bytes, tensors: placed });
        }
        let file = document.parts.last().map(|part| part.file.clone()).unwrap_or_default();
        let traces_path = folder.join(file);
        let wrong = |error| RecordingError::io("opening", error, folder);
        let (traces, frames) = mended(&traces_path, frame_bytes).map_err(wrong)?;
        let metrics = mended_lines(&folder.join(METRICS)).map_err(wrong)?;
        let session = document.sessions.len() as u32;
        document.sessions.push(Begun {
            part: document.parts.len() - 1,
            frame: frames,
            started: start.started,
            host: start.host.clone(),
            pid: start.pid,
            born: start.born,
        });
        let path = folder.join(DESCRIPTION);
        document.check().map_err(|problem| {
            RecordingError::unusable(format!("these tensors cannot be recorded: {}", shown(&problem)), &path)
        })?;
        replace(&path, &document.to_bytes()).map_err(|error| RecordingError::io("writing", error, &path))?;
        Ok(Self {
            folder: folder.to_owned(),
            document,
            traces,
            metrics,
            session,
            last_step: None,
            frame: vec![0; frame_bytes],
            frames,
            is_torn: false,
        })
    }
}

/// One tensor behind the other, each with its values, its figures and its rows; and the length of a frame.
fn laid_out(tensors: &[Tensor]) -> (usize, Vec<Placed>) {
    let mut at = HEADER_NUMBERS;
    let mut taken = |numbers: usize| {
        at += numbers;
        at - numbers
    };
    let placed = tensors.iter().map(|tensor| Placed {
        name: tensor.name.clone(),
        shape: tensor.shape.clone(),
        dtype: tensor.dtype.clone(),
        places: tensor.places.clone(),
        rows: tensor.rows.clone(),
        values: taken(tensor.places.len()),
        max: Some(taken(1)),
        mean: Some(taken(1)),
        norm: Some(taken(1)),
        row_max: taken(tensor.rows.len()),
        row_mean: taken(tensor.rows.len()),
    });
    let placed = placed.collect();
    (4 * at, placed)
}

/// Writes numbers into a frame, `at` counted in numbers from its beginning.
fn put(frame: &mut [u8], at: usize, numbers: impl IntoIterator<Item = f32>) {
    let place = frame.get_mut(4 * at..).unwrap_or_default();
    for (place, number) in place.chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// Writes a frame's header, with its check.
fn seal(id: u32, frame: &mut [u8], step: u64, session: u32) {
    let check = |check| Header { step, session, check }.bytes();
    if let Some(header) = frame.first_chunk_mut::<HEADER>() {
        *header = check(0);
    }
    let right = check_of(id, frame);
    if let Some(header) = frame.first_chunk_mut::<HEADER>() {
        *header = check(right);
    }
    debug_assert!(sound(id, frame).is_some(), "a frame is sound when it is sealed");
}

/// A file of frames for appending, its torn end cut off, and the number of frames in it.
fn mended(path: &Path, frame_bytes: usize) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    let frames = length / frame_bytes.max(1) as u64;
    let whole = frames * frame_bytes as u64;
    if whole < length {
        file.set_len(whole)?;
    }
    Ok((file, frames))
}

/// A file of lines for appending, a last line without its end cut off.
fn mended_lines(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut block = vec![0; 64 << 10];
    while end > 0 {
        let begin = end.saturating_sub(block.len() as u64);
        let piece = block.get_mut(..(end - begin) as usize).unwrap_or_default();
        file::read_exact_at(&file, piece, begin)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            end = begin + at as u64 + 1;
            break;
        }
        end = begin;
    }
    if end < length {
        file.set_len(end)?;
    }
    Ok(file)
}

/// Replaces a file whole, so that readers see the old one or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The half-written file would only be in the way; if it cannot be removed, the next write replaces it.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
