//! The one way in: a path to a [`Source`].

use std::path::{Path, PathBuf};

use crate::archive;
use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::kind::{self, Kind};
use crate::noted::Noted;
use crate::source::Source;
use crate::text::{count, shown};
use crate::{adapter, numpy, safe, scaled, shards, torch};

/// Opens a weight file, a sharded model's folder or index, or an adapter's folder.
///
/// # Errors
/// With what the file is instead (an LFS pointer, an HTML page, a `TorchScript` archive, a cut-off download, ONNX or GGUF, which are
/// not read yet), and what to do.
pub fn open(path: &Path) -> Result<Box<dyn Source>, WeightsError> {
    let metadata = std::fs::metadata(path).map_err(|error| WeightsError::io("opening", error, path))?;
    let source = if metadata.is_dir() { open_folder(path)? } else { open_any(path, true)? };
    Ok(scaled::scaled(source, path))
}

/// Opens one file of weights; a JSON file must be the index of a sharded model.
fn open_any(path: &Path, may_be_index: bool) -> Result<Box<dyn Source>, WeightsError> {
    let file = WeightFile::open(path)?;
    let kind = kind::of_file(&file)?;
    if kind == Kind::Json && may_be_index {
        return Ok(Box::new(shards::open(path)?));
    }
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

/// Opens one file of weights that is no index, so that an index of indices ends.
pub(crate) fn open_file(path: &Path) -> Result<Box<dyn Source>, WeightsError> {
    open_any(path, false)
}

/// Opens what a folder holds: an adapter, a sharded model, or its only weight file.
fn open_folder(folder: &Path) -> Result<Box<dyn Source>, WeightsError> {
    if adapter::is_adapter(folder) {
        return Ok(Box::new(adapter::open_tensors(folder)?));
    }
    let files = crate::folder::files_of(folder)?;
    let mut indices: Vec<&PathBuf> = files
        .iter()
        .filter(|path| name_of(path).ends_with(".index.json") && shards::is_index(path))
        .collect();
    // Where a model lies twice, the files without a pickle are taken.
    indices.sort_by_key(|path| !name_of(path).contains("safetensors"));
    if let Some((first, others)) = indices.split_first() {
        return noted(Box::new(shards::open(first)?), first, others);
    }
    let weights: Vec<&PathBuf> =
        files.iter().filter(|path| kind::kind_of(path).is_ok_and(|kind| kind.is_read())).collect();
    let known = ["model.safetensors", "pytorch_model.bin"];
    let usual = known.iter().find_map(|known| weights.iter().find(|path| name_of(path) == *known));
    match (weights.as_slice(), usual) {
        ([], _) => Err(WeightsError::unusable(nothing_in(folder, files.len())?, folder)),
        ([only], _) => {
            shards::refuse_link_out(folder, only)?;
            noted(open_file(only)?, only, &[])
        }
        (all, Some(usual)) => {
            shards::refuse_link_out(folder, usual)?;
            let others: Vec<&PathBuf> = all.iter().filter(|path| *path != usual).copied().collect();
            noted(open_file(usual)?, usual, &others)
        }
        (all, None) => {
            let first: Vec<String> = all.iter().take(3).map(|path| shown(&name_of(path))).collect();
            let problem = format!(
                "the folder holds {} weight files ({}, …) and no index; choose one of them, or open it as a folder of checkpoints",
                all.len(),
                first.join(", ")
            );
            Err(WeightsError::unusable(problem, folder))
        }
    }
}

/// Why a folder without a weight file is refused.
fn nothing_in(folder: &Path, files: usize) -> Result<String, WeightsError> {
    let links = crate::folder::links_out_of(folder)?;
    let of_links = match links {
        0 => "",
        // As in the cache of Hugging Face's hub, where a folder of links stands for a model.
        _ => " and links out of it, which are not followed; choose the file that a link leads to",
    };
    Ok(format!(
        "the folder holds no weight file among its {}{of_links}{}",
        count(files, "file"),
        if links == 0 { "; choose the folder or the file of a model" } else { "" }
    ))
}

fn noted(source: Box<dyn Source>, taken: &Path, left: &[&PathBuf]) -> Result<Box<dyn Source>, WeightsError> {
    let mut said = vec![format!("Taken: the file {} of the folder.", shown(&name_of(taken)))];
    if !left.is_empty() {
        let names: Vec<String> = left.iter().take(3).map(|path| shown(&name_of(path))).collect();
        said.push(format!(
            "{} left out that lie beside it: {}.",
            if left.len() == 1 {
                "1 weight file is".to_owned()
            } else {
                format!("{} weight files are", left.len())
            },
            names.join(", ")
        ));
    }
    Ok(Box::new(Noted::new(source, said)))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A zip archive is what its members say.
fn open_archive(file: WeightFile) -> Result<Box<dyn Source>, WeightsError> {
    let members = archive::members(&file)?;
    if members.iter().any(|member| member.name == "data.pkl" || member.name.ends_with("/data.pkl")) {
        return Ok(Box::new(torch::open_archive(file, members)?));
    }
    if members.iter().any(|member| numpy::is_array(&member.name)) {
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
