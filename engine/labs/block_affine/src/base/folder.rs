//! A folder of a LLaMA-type model in the published layout: `config.json`, and safetensors in one file or several.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::SafeTensors;

use super::shipped::{Opened, gather};
use super::{Architecture, MOST_PARAMETERS};
use crate::method::llama::Config;
use crate::method::network::Pairs;

/// Opens a folder; the reason in a sentence, with the path, if it cannot be.
pub(super) fn open(path: &Path) -> Result<Opened, String> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path.join("config.json"))
        .map_err(|error| format!("the folder has no config.json that can be read ({error}): {place}"))?;
    let config: Config = serde_json::from_str(&text)
        .map_err(|error| format!("config.json does not describe a LLaMA-type model ({error}): {place}"))?;
    config.check().map_err(|error| format!("{error}: {place}"))?;
    let parameters = config.parameters();
    if parameters > MOST_PARAMETERS {
        return Err(format!("the model has {parameters} parameters, more than {MOST_PARAMETERS}: {place}"));
    }
    let files = files(path)?;
    let mut bytes = Vec::new();
    for file in &files {
        let read = std::fs::read(file);
        bytes
            .push(read.map_err(|error| format!("the weights cannot be read ({error}): {}", file.display()))?);
    }
    let parts: Result<Vec<SafeTensors<'_>>, String> = bytes
        .iter()
        .zip(&files)
        .map(|(bytes, file)| {
            SafeTensors::deserialize(bytes)
                .map_err(|error| format!("the weights are damaged or cut off ({error}): {}", file.display()))
        })
        .collect();
    let parts = parts?;
    let architecture = Architecture::Llama(Arc::new(config), Pairs::Halves);
    let layout = architecture.layout();
    let weights = gather(&layout, &place, |name| parts.iter().find_map(|part| part.tensor(name).ok()))?;
    let all = bytes.concat();
    Ok(Opened {
        architecture,
        layout,
        weights,
        source: place,
        hash: blake3::hash(&all).to_hex().to_string(),
        bytes: all.len(),
    })
}

/// The files of weights in a folder, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(path)
        .map_err(|error| format!("the folder cannot be read ({error}): {}", path.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("the folder has no .safetensors file: {}", path.display()));
    }
    Ok(files)
}
