//! What a text file is: its encoding by its first bytes, its delimiter by the first lines. What cannot be told is refused with the reason.

use std::io::{Cursor, Read};
use std::path::Path;

use crate::error::DataError;
use crate::source::{io_error, open_unpacked};

use super::told;

/// Delimiters that are tried, in the order of preference among equals.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes that are looked at.
const LOOK: usize = 64 * 1024;

/// A table's text with its delimiter.
pub(super) struct Source {
    pub(super) reader: Box<dyn Read>,
    pub(super) delimiter: u8,
    /// Lines before the header that are no part of the table.
    pub(super) skipped: u64,
    /// How the letters are written, in words; empty for UTF-8.
    pub(super) encoding: &'static str,
}

impl Source {
    /// What the file is, in words.
    pub(super) fn form(&self) -> String {
        let delimiter = match self.delimiter {
            b'\t' => "tabs".to_owned(),
            other => format!("\"{}\"", char::from(other)),
        };
        let encoding = if self.encoding.is_empty() { String::new() } else { format!(", {}", self.encoding) };
        format!("table with {delimiter} between cells{encoding}")
    }
}

/// Opens a file, unpacked, in UTF-8 without a byte-order mark.
pub(super) fn open(path: &Path) -> Result<Source, DataError> {
    let mut reader = open_unpacked(path)?;
    let mut start = Vec::new();
    reader.by_ref().take(LOOK as u64).read_to_end(&mut start).map_err(io_error("read", path))?;
    let utf16 = match start.get(..2) {
        Some([0xff, 0xfe]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        Some([0xfe, 0xff]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(decode) = utf16 {
        reader.read_to_end(&mut start).map_err(io_error("read", path))?;
        let units = start[2..].chunks_exact(2).map(|pair| decode([pair[0], pair[1]]));
        let text: String = char::decode_utf16(units)
            .collect::<Result<_, _>>()
            .map_err(|_| told("the file begins as UTF-16 but is not; save it as UTF-8", path))?;
        let mut bytes = text.into_bytes();
        let (delimiter, skipped) = announced(&mut bytes);
        return Ok(Source { reader: Box::new(Cursor::new(bytes)), delimiter, skipped, encoding: "UTF-16" });
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        start.drain(..3);
    }
    if start.iter().take(1024).filter(|byte| **byte == 0).count() > 0 {
        return Err(told(
            "the file holds zero bytes, so it is no text table; export it as CSV in UTF-8",
            path,
        ));
    }
    let (delimiter, skipped) = announced(&mut start);
    Ok(Source { reader: Box::new(Cursor::new(start).chain(reader)), delimiter, skipped, encoding: "" })
}

/// The delimiter, and how many lines were taken off: spreadsheets write `sep=;` before the header, which says it.
fn announced(start: &mut Vec<u8>) -> (u8, u64) {
    let end = start.iter().position(|byte| *byte == b'\n').unwrap_or(start.len());
    let line: Vec<u8> =
        start.iter().take(end).copied().filter(|byte| !matches!(byte, b'\r' | b'"')).collect();
    match line.as_slice() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            let delimiter = *delimiter;
            start.drain(..(end + 1).min(start.len()));
            (delimiter, 1)
        }
        _ => (delimiter(start), 0),
    }
}

/// The delimiter with the most columns in the header, among those that give the following lines as many; a comma when none does.
fn delimiter(start: &[u8]) -> u8 {
    const LINES: usize = 20;
    let text: Vec<&[u8]> = start.split(|byte| *byte == b'\n').take(LINES + 1).collect();
    // The last piece may be cut off in the middle.
    let whole = if text.len() > LINES || text.len() > 2 { &text[..text.len() - 1] } else { &text[..] };
    let mut best = (0, b',');
    for candidate in DELIMITERS {
        let counts: Vec<usize> =
            whole.iter().filter(|line| !line.is_empty()).map(|line| count(line, candidate)).collect();
        let Some(header) = counts.first().copied() else { continue };
        // A header may lack a name for the names of the rows.
        let agreeing = counts.iter().filter(|count| **count == header || **count == header + 1).count();
        if header > best.0 && 2 * agreeing > counts.len() {
            best = (header, candidate);
        }
    }
    best.1
}

/// Occurrences outside quotes.
fn count(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line {
        if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == delimiter && !quoted {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_told_apart() {
        assert_eq!(delimiter(b"a;b;c\n1,5;2,5;3\n1,0;2;3\n"), b';');
        assert_eq!(delimiter(b"a\tb\n1\t2\n"), b'\t');
        assert_eq!(delimiter(b"\"a;b\",c\n1,2\n"), b',');
        assert_eq!(delimiter(b"only\n1\n"), b',');
        assert_eq!(delimiter(b"x;y\n1;2;3\n2;3;4\n"), b';', "row names without a heading");
        let mut said = b"sep=;\r\na;b\n".to_vec();
        assert_eq!((announced(&mut said), said.as_slice()), ((b';', 1), &b"a;b\n"[..]));
    }
}
