//! Files that people drop and that hold no weights that are read: each is refused by name, with what to do.

use super::refusal;
use crate::kind::{Kind, kind_of};

#[test]
fn what_is_not_read_is_refused_by_its_name_whatever_its_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let onnx = b"\x08\x08\x12\x07pytorch\x3a\x03abc";
    for (bytes, words) in [
        (onnx.as_slice(), "ONNX model, a format that is not read yet; export"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0", "GGUF file, a format that is not read yet; use"),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5 file (Keras)"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 350000000\n",
            "git leaves for it of 350 MB; run",
        ),
        (b"<!doctype html><html><body>Not found</body></html>", "HTML page"),
        (b"{\"architectures\": [\"BertModel\"]}", "JSON without the weight_map"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "packed by gzip; unpack it first"),
        (b"", "the file is empty"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0", "the first bytes are those of no known weight file"),
        (b"loss 0.1\nloss 0.2\n", "this is a text"),
        (b"PK\x03\x04\x14\0\0\0\0\0", "without the directory that a zip archive closes with"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let text = refusal(&path);
        assert!(text.contains(words), "{words} in {text}");
        assert!(text.contains(';') || text.contains(", or "), "{text} says what to do");
    }
}

#[test]
fn kinds_of_files_are_told_without_opening_them_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, b"\x93NUMPY\x01\0").unwrap();
    let kind = kind_of(&path).unwrap();
    assert_eq!(kind, Kind::Npy);
    assert!(kind.is_read() && kind.refusal().is_none());
    assert!(kind_of(folder.path()).unwrap_err().to_string().contains("this is a folder"));
}
