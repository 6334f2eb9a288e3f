//! Safetensors files and NumPy arrays.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// Writes a safetensors file of single-precision tensors: names, shapes, values.
pub fn safetensors(path: &Path, tensors: &[(&str, &[usize], &[f32])]) {
    let mut data = Vec::new();
    let mut entries = Vec::new();
    for (name, shape, values) in tensors {
        let begin = data.len();
        data.extend(super::bytes_of(values));
        let name = serde_json::to_string(name).unwrap();
        entries.push(format!(
            "{name}:{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[{begin},{}]}}",
            data.len()
        ));
    }
    raw_safetensors(path, &format!("{{{}}}", entries.join(",")), &data);
}

/// Writes a safetensors file of this header's text and these bytes, right or wrong.
pub fn raw_safetensors(path: &Path, header: &str, data: &[u8]) {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    std::fs::write(path, bytes).unwrap();
}

/// Writes the header of a safetensors file of `count` tensors `layer.N.weight` of `rows` × `columns`, and leaves their numbers as a hole.
pub fn sparse_safetensors(path: &Path, count: usize, rows: usize, columns: usize) {
    let size = rows * columns * 4;
    let entry = |n: usize| {
        format!(
            "\"layer.{n}.weight\":{{\"dtype\":\"F32\",\"shape\":[{rows},{columns}],\"data_offsets\":[{},{}]}}",
            n * size,
            (n + 1) * size
        )
    };
    let header = format!("{{{}}}", (0..count).map(entry).collect::<Vec<_>>().join(","));
    let mut file = File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len((8 + header.len() + count * size) as u64).unwrap();
}

/// A NumPy array as the bytes of its file: its type as NumPy spells it, the order of its axes, its shape, its values' bytes.
pub fn npy(descr: &str, is_column_major: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let order = if is_column_major { "True" } else { "False" };
    let lengths: Vec<String> = shape.iter().map(|length| format!("{length},")).collect();
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}), }}", lengths.join(" "));
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}
