//! Event files written: [`Writer`].

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::bins;
use super::error::EventsError;
use super::frame::{LONGEST_RECORD, framed};
use super::wire::Message;
use crate::text::shown;

/// Longer names of machines are cut, so that the file's name stays one that every file system takes.
const LONGEST_HOST: usize = 100;

/// The name of an event file, as TensorBoard looks for: `events.out.tfevents.<seconds>.<host>.<number>`.
///
/// `seconds` since 1970 are written with ten digits, so that files of one run are ordered by time; `number` tells apart what was begun
/// in the same second. Characters of `host` other than letters, digits, `-`, `_` and `.` become `-`.
pub fn file_name(seconds: u64, host: &str, number: u64) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let host: String = host.chars().take(LONGEST_HOST).map(plain).collect();
    let host = if host.is_empty() { "unknown" } else { &host };
    format!("events.out.tfevents.{seconds:010}.{host}.{number}")
}

/// An event file that is being written, in the classical forms that every reader of event files knows.
///
/// Times are seconds since 1970 and are given by the caller. What is written is buffered; [`Writer::flush`] hands it to readers, and
/// [`Writer::finish`] tells whether all of it arrived on the disk.
#[derive(Debug)]
pub struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
}

impl Writer {
    /// Makes the file and writes the record that names its version (`brain.Event:2`).
    ///
    /// # Errors
    /// If there is a file of this name already, or the operating system refuses.
    pub fn create(path: &Path, wall_time: f64) -> Result<Self, EventsError> {
        let file = File::create_new(path).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                let problem = "a file of this name is there already and is not written over; choose another";
                return EventsError::unusable(problem, path);
            }
            EventsError::io("writing", error, path)
        })?;
        let mut writer = Self { file: BufWriter::new(file), path: path.to_owned() };
        writer.record(Message::default().double(1, wall_time).bytes(3, b"brain.Event:2"))?;
        Ok(writer)
    }

    /// Writes one number (`simple_value`). The form holds an `f32`: the number is rounded to it, and becomes infinite beyond its range.
    ///
    /// # Errors
    /// If the operating system refuses, as when the disk is full.
    pub fn scalar(&mut self, wall_time: f64, step: i64, tag: &str, value: f64) -> Result<(), EventsError> {
        let value = Message::default().bytes(1, tag.as_bytes()).float(2, value as f32);
        self.value(wall_time, step, value)
    }

    /// Writes a histogram (`HistogramProto`): bin `i` holds `counts[i]` values between `edges[i]` and `edges[i + 1]`.
    ///
    /// A first bucket that is empty says where the first bin begins; the least and greatest value are the outer edges of the outermost
    /// bins that hold something, so that TensorBoard draws these bins. The sum and the sum of squares, which the form has room for, are
    /// those of values spread evenly within each bin.
    ///
    /// # Errors
    /// If the edges are not one more than the counts (or both empty), are not finite or fall; if a count is negative or not finite; if
    /// the operating system refuses.
    pub fn histogram(
        &mut self,
        wall_time: f64,
        step: i64,
        tag: &str,
        edges: &[f64],
        counts: &[f64],
    ) -> Result<(), EventsError> {
        if let Some(reason) = bins::wrong(edges, counts) {
            let problem = format!(
                "the histogram {} of step {step} cannot be written ({reason}); give rising edges, one more than counts",
                shown(tag)
            );
            return Err(EventsError::unusable(problem, &self.path));
        }
        let histogram = bins::to_proto(edges, counts).into_bytes();
        self.value(wall_time, step, Message::default().bytes(1, tag.as_bytes()).bytes(5, &histogram))
    }

    /// Hands all that was written so far to the operating system, so that readers see it.
    ///
    /// # Errors
    /// If the operating system refuses, as when the disk is full.
    pub fn flush(&mut self) -> Result<(), EventsError> {
        self.file.flush().map_err(|error| EventsError::io("writing", error, &self.path))
    }

    /// Ends the file: all of it is on the disk when this returns.
    ///
    /// # Errors
    /// If the operating system refuses, as when the disk is full; the file then ends somewhere before.
    pub fn finish(mut self) -> Result<(), EventsError> {
        self.flush()?;
        self.file.get_ref().sync_all().map_err(|error| EventsError::io("writing", error, &self.path))
    }

    /// Writes an event that holds one value of a summary.
    fn value(&mut self, wall_time: f64, step: i64, value: Message) -> Result<(), EventsError> {
        let summary = Message::default().bytes(1, &value.into_bytes()).into_bytes();
        self.record(Message::default().double(1, wall_time).varint(2, step as u64).bytes(5, &summary))
    }

    fn record(&mut self, event: Message) -> Result<(), EventsError> {
        let data = event.into_bytes();
        if data.len() as u64 > LONGEST_RECORD {
            let problem = format!(
                "a record of {} bytes is longer than readers take ({LONGEST_RECORD}); write fewer bins, or a shorter tag",
                data.len()
            );
            return Err(EventsError::unusable(problem, &self.path));
        }
        self.file.write_all(&framed(&data)).map_err(|error| EventsError::io("writing", error, &self.path))
    }
}
