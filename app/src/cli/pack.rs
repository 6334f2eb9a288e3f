//! `pack` and `unpack`: a run as one file, and a run folder of it again.

use std::path::Path;

use anyhow::anyhow;
use weightscope_engine::CATALOGUE;
use weightscope_engine::run::{self, RunError};
use weightscope_engine::store::{self, MUCH_DATA};

use super::args::PackArguments;
use super::run::before_start;
use super::{Failure, output};

/// `pack RUN_DIR FILE`.
pub(super) fn pack(arguments: &PackArguments) -> Result<(), Failure> {
    let manifest = store::read_manifest(&arguments.run_dir).map_err(Failure::request)?;
    let data = if arguments.with_data { store::data_files(&manifest) } else { Vec::new() };
    let bytes: u64 = data.iter().map(|file| file.bytes).sum();
    if bytes > MUCH_DATA && !arguments.yes {
        return Err(Failure::request(anyhow!(
            "the data are {} MB long; give --yes too to pack them all, or leave --with-data out: whoever opens the file is then asked for them",
            bytes / 1_000_000
        )));
    }
    if arguments.with_data && data.is_empty() {
        output::note(
            "nothing to pack besides the run: what it read is part of the program, can be downloaded, is a folder, or is gone",
        );
    }
    store::pack(&arguments.run_dir, &arguments.file, &data).map_err(Failure::request)?;
    output::line(&arguments.file.display().to_string());
    Ok(())
}

/// `unpack FILE`; prints the run folder last.
pub(super) fn unpack(file: &Path, data: Option<&Path>, runs: &Path) -> Result<(), Failure> {
    let mut opened = run::open_pack(CATALOGUE, file, runs).map_err(refused)?;
    if let (Some(place), Some(_)) = (data, &opened.missing) {
        let place = std::path::absolute(place).map_err(Failure::request)?;
        run::move_data(CATALOGUE, &opened.path, &place).map_err(before_start)?;
        opened.missing = run::missing_data(CATALOGUE, &opened.path);
    }
    if opened.was_here {
        output::note("the run is here already; nothing was written");
    }
    if let Some(place) = &opened.missing {
        output::note(&format!(
            "warning: what the run read is not here; to repeat it, fork it or go on with it give the same command with --data FILE: {place}"
        ));
    }
    output::line(&opened.path.display().to_string());
    Ok(())
}

fn refused(error: RunError) -> Failure {
    match error {
        RunError::Store(error) => Failure::request(error),
        other => Failure::run(other),
    }
}
