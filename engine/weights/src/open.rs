//! The one way in: a path to a [`Source`].

use std::path::Path;

use crate::archive;
use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::kind::{self, Kind};
use crate::source::Source;
use crate::text::shown;
use crate::{numpy, safe, torch};

/// Opens a weight file, a sharded model's folder or index, or an adapter's folder.
///
/// # Errors
/// With what the file is instead (an LFS pointer, an HTML page, a TorchScript archive, a cut-off download, ONNX or GGUF, which are
/// not read yet), and what to do.
pub fn open(path: &Path) -> Result<Box<dyn Source>, WeightsError> {
    let metadata = std::fs::metadata(path).map_err(|error| WeightsError::io("opening", error, path))?;
    if metadata.is_dir() {
        return Err(WeightsError::unusable("folders are not read", path));
    }
    open_file(path)
}

/// Opens one file of weights.
pub(crate) fn open_file(path: &Path) -> Result<Box<dyn Source>, WeightsError> {
    let file = WeightFile::open(path)?;
    let kind = kind::of_file(&file)?;
    if let Some(problem) = kind.refusal() {
        return Err(WeightsError::unusable(problem, path));
    }
    match kind {
        Kind::Safetensors => Ok(Box::new(safe::open(file)?)),
        Kind::Npy => Ok(Box::new(numpy::open_array(file)?)),
        Kind::Zip => open_archive(file),
        Kind::LegacyPytorch => Ok(Box::new(torch::open_legacy(file)?)),
        Kind::Tar => Ok(Box::new(torch::tar::open(file)?)),
        // Refused above.
        _ => Err(WeightsError::unusable("a file of this kind is not read", path)),
    }
}

/// A zip archive is what its members say.
fn open_archive(file: WeightFile) -> Result<Box<dyn Source>, WeightsError> {
    let members = archive::members(&file)?;
    if members.iter().any(|member| member.name == "data.pkl" || member.name.ends_with("/data.pkl")) {
        return Ok(Box::new(torch::open_archive(file, &members)?));
    }
    if members.iter().any(|member| member.name.ends_with(".npy")) {
        return Ok(Box::new(numpy::open_archive(file, &members)?));
    }
    let names: Vec<String> = members.iter().take(4).map(|member| shown(&member.name)).collect();
    let problem = if names.is_empty() {
        "this zip archive is empty; get the file again".to_owned()
    } else {
        format!(
            "this zip archive holds no weights but {}; unpack it, or choose a weight file",
            names.join(", ")
        )
    };
    Err(WeightsError::unusable(problem, file.path()))
}
