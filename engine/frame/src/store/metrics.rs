//! `metrics.csv`: the scalar stream, append only: `step,epoch,seconds,channel,value`.
//!
//! Numbers are written in the shortest form that reads back to the same bits. A torn last line is ignored on reading.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::StoreError;

const WHAT: &str = "metrics.csv";
const HEADER: &str = "step,epoch,seconds,channel,value\n";

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Step.
    pub step: u64,
    /// Epoch, with its fraction.
    pub epoch: f64,
    /// Seconds of work so far.
    pub seconds: f64,
    /// Channel id.
    pub channel: String,
    /// Value.
    pub value: f64,
}

/// Appends rows.
#[derive(Debug)]
pub struct MetricsWriter {
    file: File,
    path: PathBuf,
    buffer: String,
    length: u64,
    /// Step and epoch of the last row, and how its line began: all rows of a step begin alike, the clock included.
    begun: Option<(u64, f64)>,
    begin: String,
}

impl MetricsWriter {
    /// Opens the file, cut to `keep` bytes (a checkpoint's mark), or new with its header.
    pub fn open(path: &Path, keep: Option<u64>) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io(WHAT, path, error);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let mut writer = Self {
            file,
            path: path.to_owned(),
            buffer: String::new(),
            length: 0,
            begun: None,
            begin: String::new(),
        };
        match keep {
            Some(length) if length >= HEADER.len() as u64 => {
                writer.file.set_len(length).map_err(failed)?;
                writer.length = length;
                writer.file.seek(SeekFrom::Start(length)).map_err(failed)?;
            }
            _ => {
                writer.file.set_len(0).map_err(failed)?;
                writer.buffer.push_str(HEADER);
            }
        }
        Ok(writer)
    }

    /// Adds a row to the buffer; `seconds` is asked for once a step.
    pub fn row(&mut self, step: u64, epoch: f64, seconds: impl FnOnce() -> f64, channel: &str, value: f64) {
        if self.begun != Some((step, epoch)) {
            self.begun = Some((step, epoch));
            self.begin.clear();
            let _ = write!(self.begin, "{step},{epoch},{:.3},", seconds());
        }
        self.buffer.push_str(&self.begin);
        self.buffer.push_str(channel);
        let _ = writeln!(self.buffer, ",{value}");
    }

    /// Writes the buffer to the file.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let result = self.file.write_all(self.buffer.as_bytes());
        if let Err(error) = result {
            // Cut what may have been written in part, so that the buffer can be tried again.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(StoreError::io(WHAT, &self.path, error));
        }
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes and syncs; returns the length that is safe, for a checkpoint.
    pub fn sync(&mut self) -> Result<u64, StoreError> {
        self.flush()?;
        self.file.sync_data().map_err(|error| StoreError::io(WHAT, &self.path, error))?;
        Ok(self.length)
    }
}

/// Reads all whole rows.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, StoreError> {
    let failed = |error| StoreError::io(WHAT, path, error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.read_to_end(&mut bytes).map_err(failed)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    bytes.truncate(whole);
    let text = String::from_utf8(bytes).map_err(|error| damaged(path, &error.to_string()))?;
    let mut lines = text.lines();
    if lines.next().is_some_and(|header| header != HEADER.trim_end()) {
        return Err(damaged(path, "the first line is not the expected header"));
    }
    lines
        .enumerate()
        .map(|(index, line)| parse(line).ok_or_else(|| damaged(path, &format!("line {}", index + 2))))
        .collect()
}

/// Hash of the stream without the figures of the machine (the column of seconds, and channels that `is_clock` names): equal hashes mean
/// equal runs, bit for bit.
pub fn stream_hash(path: &Path, is_clock: impl Fn(&str) -> bool) -> Result<String, StoreError> {
    let mut hasher = blake3::Hasher::new();
    for row in read(path)?.iter().filter(|row| !is_clock(&row.channel)) {
        hasher.update(&row.step.to_le_bytes());
        hasher.update(&row.epoch.to_bits().to_le_bytes());
        hasher.update(row.channel.as_bytes());
        hasher.update(&row.value.to_bits().to_le_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn parse(line: &str) -> Option<Row> {
    let mut cells = line.split(',');
    let row = Row {
        step: cells.next()?.parse().ok()?,
        epoch: cells.next()?.parse().ok()?,
        seconds: cells.next()?.parse().ok()?,
        channel: cells.next()?.to_owned(),
        value: cells.next()?.parse().ok()?,
    };
    cells.next().is_none().then_some(row)
}

fn damaged(path: &Path, why: &str) -> StoreError {
    StoreError::Damaged {
        what: WHAT,
        why: why.to_owned(),
        advice: "the other files of the run are untouched; cut the file before that line to read the rest",
        path: path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_bit_for_bit_and_a_torn_line_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut writer = MetricsWriter::open(&path, None).unwrap();
        let odd = [0.1 + 0.2, 1e-300, f64::NAN, f64::INFINITY, -0.0, f64::from(0.1_f32)];
        for (step, value) in odd.iter().enumerate() {
            writer.row(step as u64, step as f64 / 23.0, || 0.5, "loss/train", *value);
        }
        let mark = writer.sync().unwrap();
        writer.row(9, 1.0, || 0.0, "late", 1.0);
        writer.flush().unwrap();
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"10,0.5,0.0,los").unwrap();
        let rows = read(&path).unwrap();
        assert_eq!(rows.len(), odd.len() + 1, "the torn line is left out");
        let same = rows.iter().zip(&odd).all(|(row, value)| row.value.to_bits() == value.to_bits());
        assert!(same, "same bits: {rows:?}");
        drop(MetricsWriter::open(&path, Some(mark)).unwrap());
        assert_eq!(read(&path).unwrap().len(), odd.len(), "cut back to the mark");
    }

    #[test]
    fn the_hash_ignores_the_clock_only() {
        let folder = tempfile::tempdir().unwrap();
        let hash = |name: &str, seconds: f64, value: f64| {
            let path = folder.path().join(name);
            let mut writer = MetricsWriter::open(&path, None).unwrap();
            writer.row(1, 0.5, || seconds, "loss", value);
            writer.row(1, 0.5, || seconds, "speed", seconds);
            writer.flush().unwrap();
            stream_hash(&path, |channel| channel == "speed").unwrap()
        };
        assert_eq!(hash("a", 1.0, 2.0), hash("b", 9.0, 2.0), "the clock does not matter");
        assert_ne!(hash("c", 1.0, 2.0), hash("d", 1.0, 2.0 + f64::EPSILON * 2.0), "the last bit does");
    }
}
