//! Reading files, plain or gzip-compressed, with errors that name the path.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::error::{DataError, Problem};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The contents of a file, unpacked if it begins with the magic bytes of gzip, whatever its name.
pub(super) fn open_unpacked(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
    let read_error = |cause| io_error("read", path)(cause);
    let mut start = File::open(path).map_err(read_error)?.take(GZIP_MAGIC.len() as u64);
    start.read_to_end(&mut magic).map_err(read_error)?;
    let file = BufReader::new(File::open(path).map_err(read_error)?);
    if magic == GZIP_MAGIC { Ok(Box::new(MultiGzDecoder::new(file))) } else { Ok(Box::new(file)) }
}

/// Reads exactly `expected` bytes of `what`; more or fewer are an error.
///
/// Memory grows with what is really there, not with what a damaged header announces.
pub(super) fn read_exactly(
    reader: &mut dyn Read,
    what: &'static str,
    expected_bytes: u64,
    path: &Path,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let outcome = reader.take(expected_bytes.saturating_add(1)).read_to_end(&mut bytes);
    let found_bytes = bytes.len() as u64;
    match outcome {
        // A gzip stream that is cut off ends in this error, even if only its checksum is missing.
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof && found_bytes < expected_bytes => {}
        Err(cause) => return Err(io_error("read", path)(cause)),
        Ok(_) => {}
    }
    match found_bytes.cmp(&expected_bytes) {
        std::cmp::Ordering::Equal => Ok(bytes),
        std::cmp::Ordering::Less => {
            Err(DataError::unusable(Problem::Truncated { what, expected_bytes, found_bytes }, path))
        }
        std::cmp::Ordering::Greater => {
            Err(DataError::unusable(Problem::TooLong { what, expected_bytes }, path))
        }
    }
}

/// Reads `N` bytes of a header, and leaves the reader behind them.
pub(super) fn read_header<const N: usize>(
    reader: &mut dyn Read,
    what: &'static str,
    path: &Path,
) -> Result<[u8; N], DataError> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(cause) => return Err(io_error("read", path)(cause)),
        }
    }
    if filled == N {
        return Ok(bytes);
    }
    let problem = Problem::Truncated { what, expected_bytes: N as u64, found_bytes: filled as u64 };
    Err(DataError::unusable(problem, path))
}

/// Turns the cause of a failed `action` on `path` into an error.
pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DataError {
    move |cause| DataError::Io { action, cause, path: path.to_path_buf() }
}

/// The name by which a data set from this file is shown: the file's name up to its first dot.
pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    match name.split_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_known_by_its_magic_not_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("plain.gz", b"hello".to_vec()), ("packed", gzip(b"hello"))] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut text = String::new();
            open_unpacked(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "hello");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = open_unpacked(Path::new("/nowhere/at/all")).err().unwrap().to_string();
        assert_eq!(
            error,
            "could not read: No such file or directory (os error 2); check the path: /nowhere/at/all"
        );
    }

    #[test]
    fn a_cut_gzip_stream_is_refused_wherever_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.gz");
        // Bytes that do not compress, so that half of the file is half of the pixels.
        let pixels: Vec<u8> =
            (0..1000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let packed = gzip(&pixels);
        let refusal = |length: usize| {
            std::fs::write(&path, &packed[..length]).unwrap();
            read_exactly(&mut open_unpacked(&path).unwrap(), "pixels", 1000, &path).unwrap_err().to_string()
        };
        let text = refusal(packed.len() / 2);
        assert!(text.starts_with("the file is truncated: it holds "), "{text}");
        assert!(text.contains(" of 1000 bytes of pixels; fetch it again: "), "{text}");
        let text = refusal(packed.len() - 4);
        assert!(text.starts_with("could not read: "), "{text}");
        assert!(text.contains("; the file is damaged, fetch it again: "), "{text}");
    }

    #[test]
    fn names_come_from_the_file() {
        assert_eq!(name_of(Path::new("/a/wine.csv.gz")), "wine");
        assert_eq!(name_of(Path::new("/a/my data")), "my data");
        assert_eq!(name_of(Path::new(".hidden")), ".hidden");
    }
}
