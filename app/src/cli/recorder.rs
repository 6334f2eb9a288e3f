//! `recorder`: the file that puts a training of one's own on the scope.

use std::path::Path;

use anyhow::anyhow;
use weightscope_logs::recording::RECORDER;

use super::{Failure, output};

/// Its name, under which scripts import it.
const NAME: &str = "weightscope_recorder.py";

/// Prints the recorder, or writes it into a folder.
pub(super) fn recorder(out: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = out else {
        output::line(RECORDER.trim_end());
        return Ok(());
    };
    let path = folder.join(NAME);
    if path.exists() && std::fs::read_to_string(&path).ok().as_deref() != Some(RECORDER) {
        let text = format!("another file lies there; remove it or name another folder: {}", path.display());
        return Err(Failure::request(anyhow!(text)));
    }
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, RECORDER)).map_err(|error| {
        Failure::run(anyhow!(
            "the recorder cannot be written: {error}; name another folder: {}",
            path.display()
        ))
    })?;
    output::line(&path.display().to_string());
    Ok(())
}
