//! `metrics.csv`: the scalar stream, append only: `step,epoch,seconds,channel,value`.
//!
//! Numbers are written in the shortest form that reads back to the same bits. A torn last line is ignored on reading.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::disk::Written;
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
    file: Written,
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
        let file = Written::open(path).map_err(failed)?;
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
                writer.file.cut(length).map_err(failed)?;
                writer.length = length;
            }
            _ => {
                writer.file.cut(0).map_err(failed)?;
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
            let _ = self.file.cut(self.length);
            return Err(StoreError::io(WHAT, &self.path, error));
        }
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes and syncs; returns the length that is safe, for a checkpoint.
    pub fn sync(&mut self) -> Result<u64, StoreError> {
        self.flush()?;
        self.file.sync().map_err(|error| StoreError::io(WHAT, &self.path, error))?;
        Ok(self.length)
    }
}

/// Reads all whole rows; a torn last line is left out.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, StoreError> {
    match read_sound(path) {
        (rows, None) => Ok(rows),
        (_, Some(error)) => Err(error),
    }
}

/// Reads the rows before the first that cannot be understood, and says which that is: a power cut leaves zeros where rows were not synced.
pub(super) fn read_sound(path: &Path) -> (Vec<Row>, Option<StoreError>) {
    let mut bytes = Vec::new();
    if let Err(error) = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        return (Vec::new(), Some(StoreError::io(WHAT, path, error)));
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    bytes.truncate(whole);
    let mut lines = bytes.split(|byte| *byte == b'\n');
    if whole > 0 && lines.next().is_some_and(|header| header != HEADER.trim_end().as_bytes()) {
        return (Vec::new(), Some(damaged(path, "the first line is not the expected header")));
    }
    let mut rows = Vec::new();
    // Behind the last line feed stands nothing.
    for line in lines.filter(|line| !line.is_empty()) {
        let Some(row) = std::str::from_utf8(line).ok().and_then(parse) else {
            let why = format!("line {}", rows.len() + 2);
            return (rows, Some(damaged(path, &why)));
        };
        rows.push(row);
    }
    (rows, None)
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
    fn rows_before_a_damaged_one_are_read_and_the_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut writer = MetricsWriter::open(&path, None).unwrap();
        for step in 0..5_u8 {
            writer.row(u64::from(step), 0.0, || 0.0, "loss", f64::from(step));
        }
        writer.flush().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
        bytes[third + 2..third + 6].fill(0);
        std::fs::write(&path, bytes).unwrap();
        let (rows, error) = read_sound(&path);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(error.unwrap().to_string().contains("line 4"));
        assert!(read(&path).is_err(), "who needs all of them is refused");
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
