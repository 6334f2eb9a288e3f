//! How large a table is, before it is read: from the size of its file and the length of its first lines.

use std::io::Read as _;
use std::path::Path;

/// Bytes that are looked at.
const LOOK: u64 = 1 << 20;

/// About how many rows, and how many columns a CSV file has. `None` for what is no plain file of lines (an embedded table's name, a
/// packed file), whose size says nothing about its rows.
pub fn extent(path: &Path) -> Option<(f64, usize)> {
    let file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    let mut start = Vec::new();
    file.take(LOOK).read_to_end(&mut start).ok()?;
    if start.contains(&0) || start.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let lines = start.split(|byte| *byte == b'\n').count() - 1;
    let header = start.split(|byte| *byte == b'\n').next()?;
    let columns = [b',', b';', b'\t', b'|']
        .iter()
        .map(|delimiter| header.split(|byte| byte == delimiter).count())
        .max()?;
    let rows = lines.saturating_sub(1) as f64 * size as f64 / start.len().max(1) as f64;
    Some((rows, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_told_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let lines: Vec<String> = (0..200_000).map(|row| format!("{row:08};1;2")).collect();
        std::fs::write(&path, format!("a;b;y\n{}\n", lines.join("\n"))).unwrap();
        let (rows, columns) = extent(&path).unwrap();
        assert_eq!(columns, 3);
        assert!((rows / 200_000.0 - 1.0).abs() < 0.01, "{rows}");
        assert_eq!(extent(Path::new("engel")), None, "no file of that name");
    }
}
