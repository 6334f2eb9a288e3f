//! Whole files or none: written under a temporary name, synced, renamed.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::disk::{self, Written};
use super::error::StoreError;

/// Writes a file so that a reader (or a crash) sees the old content or the new one, never a part.
pub fn write(
    path: &Path,
    what: &'static str,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), StoreError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let result = write_synced(temporary, content).and_then(|()| disk::rename(temporary, path));
    if let Err(error) = result {
        // The half-written file would only be in the way; if it cannot be removed, the next write replaces it.
        let _ = disk::remove(temporary);
        return Err(StoreError::io(what, path, error));
    }
    Ok(())
}

fn write_synced(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(Written::create(path)?);
    content(&mut file)?;
    file.flush()?;
    file.get_ref().sync()
}
