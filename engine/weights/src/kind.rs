//! What kind a file is, told by its first bytes and never by its ending.

use std::path::Path;

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::numpy::header;
use crate::text::size;

/// Bytes at the beginning that tell the kind.
const HEAD: usize = 4096;
/// Where a tar archive's first header has its mark.
const TAR_MARK: usize = 257;
/// What a PyTorch file before 1.6 begins with, as protocol 2 and later write the number, and as earlier ones do.
const LEGACY: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LEGACY_TEXT: &[u8] = b"119547037146038801333356";

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A safetensors file: the length of a header in 8 bytes, then the header's `{`.
    Safetensors,
    /// A zip archive: a PyTorch checkpoint, a `TorchScript` archive, NumPy's arrays, or something else; its members tell.
    Zip,
    /// A PyTorch checkpoint of the format before 1.6.
    LegacyPytorch,
    /// A pickle that `torch.save` did not write.
    Pickle,
    /// A tar archive: a PyTorch checkpoint of the oldest format, or something else.
    Tar,
    /// One NumPy array.
    Npy,
    /// A model in the Open Neural Network Exchange format; not read yet.
    Onnx,
    /// A file of llama.cpp; not read yet.
    Gguf,
    /// An HDF5 file, as Keras writes them; not read.
    Hdf5,
    /// A `TensorFlow` Lite model; not read.
    TfLite,
    /// Something packed by gzip, xz, zstandard, bzip2, 7-zip or RAR: its name.
    Packed(&'static str),
    /// The stand-in that git leaves for a large file, with the length of that file if told.
    LfsPointer(Option<u64>),
    /// A page for a browser.
    Html,
    /// Text that begins as JSON does: the index of a sharded model, a configuration.
    Json,
    /// Some other text.
    Text,
    /// No byte at all.
    Empty,
    /// Nothing that is known.
    Unknown,
}

impl Kind {
    /// True for kinds that can hold weights that are read.
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Safetensors | Self::Zip | Self::LegacyPytorch | Self::Tar | Self::Npy)
    }

    /// Why a file of this kind is not read and what to do, as a sentence without a full stop; `None` for those that are.
    pub fn refusal(&self) -> Option<String> {
        let text = match self {
            Self::Safetensors | Self::Zip | Self::LegacyPytorch | Self::Tar | Self::Npy => return None,
            Self::Pickle => {
                "this is a pickle, but not one of tensors that torch.save wrote; save the weights with torch.save or as safetensors"
            }
            Self::Onnx => {
                "this is an ONNX model, a format that is not read yet; export its weights as safetensors"
            }
            Self::Gguf => {
                "this is a GGUF file, a format that is not read yet; use the safetensors it was made from"
            }
            Self::Hdf5 => {
                "this is an HDF5 file (Keras), a format that is not read; save the weights as .npz or safetensors"
            }
            Self::TfLite => {
                "this is a TensorFlow Lite model, a format that is not read; use the model it was made from"
            }
            Self::Packed(name) => return Some(format!("this file is packed by {name}; unpack it first")),
            Self::LfsPointer(bytes) => {
                let length = bytes.map_or_else(String::new, |bytes| format!(" of {}", size(bytes)));
                return Some(format!(
                    "this is not the file but the pointer that git leaves for it{length}; run \"git lfs pull\" in its repository"
                ));
            }
            Self::Html => {
                "this is an HTML page, not a weight file: a download that led to a web page; download the file itself"
            }
            Self::Json => {
                "this is JSON without the weight_map of a sharded model's index; choose the weight file beside it"
            }
            Self::Text => {
                "this is a text, not a weight file; choose a .safetensors, .pt, .pth, .bin, .ckpt, .npz or .npy file"
            }
            Self::Empty => "the file is empty: a download or a save that did not begin; get it again",
            Self::Unknown => {
                "the first bytes are those of no known weight file; safetensors, PyTorch checkpoints and NumPy arrays are read"
            }
        };
        Some(text.to_owned())
    }
}

/// The kind of the file at `path`, told by its first bytes.
///
/// # Errors
/// If it cannot be opened, or is a folder, a pipe or a device.
pub fn kind_of(path: &Path) -> Result<Kind, WeightsError> {
    of_file(&WeightFile::open(path)?)
}

/// The kind of an open file.
pub(crate) fn of_file(file: &WeightFile) -> Result<Kind, WeightsError> {
    let head = file.read_up_to(0, HEAD)?;
    Ok(of_bytes(&head, file.bytes()))
}

/// The kind of a file of `length` bytes that begins with `head`.
fn of_bytes(head: &[u8], length: u64) -> Kind {
    const PACKERS: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "gzip"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstandard"),
        (b"BZh", "bzip2"),
        (b"7z\xbc\xaf\x27\x1c", "7-zip"),
        (b"Rar!", "RAR"),
    ];
    if head.is_empty() {
        return Kind::Empty;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if head.starts_with(header::MAGIC) {
        return Kind::Npy;
    }
    if head.starts_with(b"GGUF") || head.starts_with(b"FUGG") {
        return Kind::Gguf;
    }
    if head.starts_with(b"\x89HDF\r\n\x1a\n") {
        return Kind::Hdf5;
    }
    if head.get(4..8) == Some(b"TFL3") {
        return Kind::TfLite;
    }
    if head.get(TAR_MARK..TAR_MARK + 5) == Some(b"ustar") {
        return Kind::Tar;
    }
    if is_safetensors(head) {
        return Kind::Safetensors;
    }
    if let Some((_, name)) = PACKERS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Kind::Packed(name);
    }
    let begin = head.get(..64).unwrap_or(head);
    let holds = |mark: &[u8]| begin.windows(mark.len()).any(|window| window == mark);
    if holds(&LEGACY) || holds(LEGACY_TEXT) {
        return Kind::LegacyPytorch;
    }
    if is_pickle(head) {
        return Kind::Pickle;
    }
    if is_onnx(head, length) {
        return Kind::Onnx;
    }
    text_kind(head, length)
}

/// A header's length, then `{`. Eight letters of a text before a brace are no length: as one they would be above 2^56.
fn is_safetensors(head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
    let is_text = length.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    rest.starts_with(b"{") && !is_text
}

/// Protocols 2 to 5 begin with their number; earlier ones with the letter of the object's kind, which is looked for with its own next.
fn is_pickle(head: &[u8]) -> bool {
    match head {
        [0x80, 2..=5, ..] | [b'(', b'd' | b'l' | b't', ..] | [b'}' | b']', b'q', ..] => true,
        [b'c', rest @ ..] => {
            // GLOBAL: the names of a module and of a thing in it, each a line.
            let mut lines = rest.split(|byte| *byte == b'\n');
            let is_name = |line: Option<&[u8]>| {
                line.is_some_and(|line| {
                    !line.is_empty()
                        && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
                })
            };
            // Then the thing is put into a slot or called; a text goes on with a word.
            let goes_on = |line: Option<&[u8]>| {
                line.is_some_and(|line| matches!(line, [b'q' | b'p' | b'(' | b')' | 0x94, ..]))
            };
            is_name(lines.next()) && is_name(lines.next()) && goes_on(lines.next())
        }
        _ => false,
    }
}

/// ONNX has no mark. Its message has few fields: the version first as a small number, then texts, sets of operators and the graph.
fn is_onnx(head: &[u8], length: u64) -> bool {
    let mut at = 0_usize;
    let (mut fields, mut has_graph, mut has_version) = (0, false, false);
    while at < head.len() {
        let Some((tag, after)) = varint(head, at) else { break };
        let Some((value, after)) = varint(head, after) else { break };
        match (tag >> 3, tag & 7) {
            // ir_version and model_version are numbers; the versions that exist are below a hundred.
            (1, 0) if value < 100 => has_version = true,
            (5, 0) => {}
            (2 | 3 | 4 | 6 | 8 | 14 | 20 | 25, 2) if value < length => {}
            (7, 2) if value < length => has_graph = true,
            _ => return false,
        }
        fields += 1;
        let skipped = if tag & 7 == 2 { usize::try_from(value).unwrap_or(usize::MAX) } else { 0 };
        at = after.saturating_add(skipped);
    }
    has_graph && (has_version || fields > 1)
}

fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

fn text_kind(head: &[u8], length: u64) -> Kind {
    // The piece may end within a letter of several bytes.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && length > head.len() as u64 => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return Kind::Unknown,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("version https://git-lfs.github.com/spec") {
        let bytes = text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok());
        return Kind::LfsPointer(bytes);
    }
    let lower: String = text.chars().take(256).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<html") {
        return Kind::Html;
    }
    if text.starts_with('{') {
        return Kind::Json;
    }
    let is_text = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
    if is_text { Kind::Text } else { Kind::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(head: &[u8]) -> Kind {
        of_bytes(head, head.len() as u64)
    }

    #[test]
    fn kinds_are_told_by_first_bytes() {
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(b"\x40\0\0\0\0\0\0\0{\"a\""), Kind::Safetensors);
        assert_eq!(kind(b"\0\0\0\0\0\0\0\x80{\"a\""), Kind::Safetensors);
        // A header of 128 bytes begins with the byte that pickles of protocol 2 begin with.
        assert_eq!(kind(b"\x80\x02\0\0\0\0\0\0{\"a\""), Kind::Safetensors);
        assert_eq!(kind(b"PK\x03\x04abc"), Kind::Zip);
        assert_eq!(kind(b"\x93NUMPY\x01\0"), Kind::Npy);
        assert_eq!(kind(b"GGUF\x03\0\0\0"), Kind::Gguf);
        assert_eq!(kind(b"\x1f\x8b\x08\0"), Kind::Packed("gzip"));
        assert_eq!(kind(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), Kind::LegacyPytorch);
        assert_eq!(kind(b"\x80\x04\x95\x10\0\0\0"), Kind::Pickle);
        assert_eq!(kind(b"cos\nsystem\n(S'id'\ntR."), Kind::Pickle);
        assert_eq!(kind(b"\0\0\0\0\0\0"), Kind::Unknown);
        assert_eq!(kind(b"\x1c\0\0\0TFL3"), Kind::TfLite);
    }

    #[test]
    fn texts_that_people_drop_are_told_apart() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 350000000\n";
        assert_eq!(kind(pointer), Kind::LfsPointer(Some(350_000_000)));
        assert!(kind(pointer).refusal().unwrap().contains("350 MB"));
        assert_eq!(kind(b"\n <!DOCTYPE HTML><title>404"), Kind::Html);
        assert_eq!(kind(b"{\"weight_map\": {}}"), Kind::Json);
        // Eight letters before a brace are a text, not a header's length.
        assert_eq!(kind(b"function{"), Kind::Text);
        assert_eq!(kind("Größe".as_bytes()), Kind::Text);
        assert_eq!(kind(b"cat\ndog\nbird\n"), Kind::Text);
    }

    #[test]
    fn onnx_is_told_by_its_fields() {
        // ir_version 8, producer "pytorch", graph of 3 bytes.
        assert_eq!(kind(b"\x08\x08\x12\x07pytorch\x3a\x03abc"), Kind::Onnx);
        // A graph longer than what was looked at.
        assert_eq!(of_bytes(b"\x08\x07\x3a\xff\xff\x01abc", 1 << 20), Kind::Onnx);
        assert_eq!(kind(b"\x08\x08\x12\x07pytorch"), Kind::Unknown);
        assert_ne!(kind(b"\x08\x08\x9a\x07abc"), Kind::Onnx);
    }
}
