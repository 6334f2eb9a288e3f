//! Named tensors as a file for other programs: safetensors or npz, by the file's ending.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Write as _};
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use zip::write::SimpleFileOptions;

use super::atomic;
use super::error::StoreError;
use super::state::Blob;

const WHAT: &str = "the tensor file";

/// Tensors with words about them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Artifact {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Blob>,
    /// Key → value.
    pub metadata: BTreeMap<String, String>,
}

/// Writes an artifact; `.npz` gives a NumPy archive, anything else safetensors.
pub fn write(path: &Path, artifact: &Artifact) -> Result<(), StoreError> {
    let npz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    let bytes = if npz { to_npz(artifact) } else { to_safetensors(artifact) };
    let bytes = bytes.map_err(|why| StoreError::io(WHAT, path, std::io::Error::other(why)))?;
    atomic::write(path, WHAT, |out| out.write_all(&bytes))
}

fn to_safetensors(artifact: &Artifact) -> Result<Vec<u8>, String> {
    let views: Result<Vec<_>, String> = artifact
        .tensors
        .iter()
        .map(|(name, blob)| {
            let view = TensorView::new(blob.dtype, blob.shape.clone(), &blob.bytes)
                .map_err(|error| error.to_string())?;
            Ok((name.as_str(), view))
        })
        .collect();
    let metadata: HashMap<String, String> = artifact.metadata.clone().into_iter().collect();
    safetensors::serialize(views?, Some(metadata)).map_err(|error| error.to_string())
}

fn to_npz(artifact: &Artifact) -> Result<Vec<u8>, String> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // No clock in the file: the same run gives the same bytes.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    let mut entry = |name: &str, bytes: &[u8]| -> Result<(), String> {
        archive.start_file(name, options).map_err(|error| error.to_string())?;
        archive.write_all(bytes).map_err(|error| error.to_string())
    };
    for (name, blob) in &artifact.tensors {
        entry(&format!("{name}.npy"), &npy(blob)?)?;
    }
    let metadata = serde_json::to_string_pretty(&artifact.metadata).map_err(|error| error.to_string())?;
    entry("metadata.json", metadata.as_bytes())?;
    Ok(archive.finish().map_err(|error| error.to_string())?.into_inner())
}

/// A tensor in the `.npy` format, version 1.0.
fn npy(blob: &Blob) -> Result<Vec<u8>, String> {
    let kind = match blob.dtype {
        Dtype::F32 => "<f4",
        Dtype::F64 => "<f8",
        Dtype::I8 => "|i1",
        Dtype::U8 => "|u1",
        Dtype::U32 => "<u4",
        Dtype::U64 => "<u8",
        other => return Err(format!("NumPy has no type for {other:?} here")),
    };
    let sizes: Vec<String> = blob.shape.iter().map(|size| format!("{size},")).collect();
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", sizes.join(" "));
    // Magic, version and length take 10 bytes; the whole is padded to a multiple of 64 and ends in a line feed.
    let padding = 63 - (10 + header.len()) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let length =
        u16::try_from(header.len()).map_err(|_| "the shape is too long for the format".to_owned())?;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(&blob.bytes);
    Ok(bytes)
}
