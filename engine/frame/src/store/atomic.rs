//! Whole files or none: written under a temporary name, synced, renamed.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

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
    let result = write_synced(temporary, content).and_then(|()| fs::rename(temporary, path));
    if let Err(error) = result {
        // The half-written file would only be in the way; if it cannot be removed, the next write replaces it.
        let _ = fs::remove_file(temporary);
        return Err(StoreError::io(what, path, error));
    }
    sync_folder(path);
    Ok(())
}

fn write_synced(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    content(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()
}

/// The rename itself must survive a power cut too; systems that cannot sync a folder lose nothing else by it.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}
