//! Checkpoints as `torch.save` writes them, in the zip format, the one before 1.6 and the oldest.

use std::path::Path;

use super::pickle::Py;
use super::zip::Zip;

/// The storages of a checkpoint, and the object that it saves.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// Type as PyTorch spells it, number of elements, bytes.
    storages: Vec<(&'static str, u64, Vec<u8>)>,
}

impl Checkpoint {
    /// A checkpoint without a storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a storage of `elements` numbers; gives its number.
    pub fn storage(&mut self, kind: &'static str, elements: u64, bytes: Vec<u8>) -> usize {
        self.storages.push((kind, elements, bytes));
        self.storages.len() - 1
    }

    /// Adds a contiguous single-precision tensor with a storage of its own.
    pub fn tensor(&mut self, shape: &[usize], values: &[f32]) -> Py {
        let storage = self.storage("FloatStorage", values.len() as u64, super::bytes_of(values));
        self.view(storage, 0, shape, &contiguous(shape))
    }

    /// A view of a storage.
    pub fn view(&self, storage: usize, offset: usize, shape: &[usize], strides: &[usize]) -> Py {
        Py::Call("torch._utils", "_rebuild_tensor_v2", self.arguments(storage, offset, shape, strides))
    }

    /// A view of a storage as a trained parameter.
    pub fn parameter(&self, storage: usize, offset: usize, shape: &[usize], strides: &[usize]) -> Py {
        let data = self.view(storage, offset, shape, strides);
        Py::Call("torch._utils", "_rebuild_parameter", vec![data, Py::Bool(true), Py::Ordered(Vec::new())])
    }

    /// A view whose type is named beside its storage, as for those types that have no storage of their own.
    pub fn typed_view(&self, storage: usize, shape: &[usize], dtype: &'static str) -> Py {
        let mut arguments = self.arguments(storage, 0, shape, &contiguous(shape));
        arguments.push(Py::Global("torch", dtype));
        Py::Call("torch._utils", "_rebuild_tensor_v3", arguments)
    }

    fn arguments(&self, storage: usize, offset: usize, shape: &[usize], strides: &[usize]) -> Vec<Py> {
        let ints = |list: &[usize]| Py::Tuple(list.iter().map(|n| Py::Int(*n as i64)).collect());
        vec![
            self.persistent(storage),
            Py::Int(offset as i64),
            ints(shape),
            ints(strides),
            Py::Bool(false),
            Py::Ordered(Vec::new()),
        ]
    }

    /// The persistent id of a storage.
    pub fn persistent(&self, storage: usize) -> Py {
        let (kind, elements, _) = &self.storages[storage];
        let module = if *kind == "UntypedStorage" { "torch.storage" } else { "torch" };
        Py::Persistent(Box::new(Py::Tuple(vec![
            Py::text("storage"),
            Py::Global(module, kind),
            Py::Text(storage.to_string()),
            Py::text("cpu"),
            Py::Int(*elements as i64),
        ])))
    }

    /// Writes the zip format.
    pub fn write_zip(&self, path: &Path, root: &Py) {
        let mut zip = Zip::create(path);
        zip.stored("archive/data.pkl", &root.pickle());
        zip.stored("archive/byteorder", b"little");
        for (number, (_, _, bytes)) in self.storages.iter().enumerate() {
            zip.stored(&format!("archive/data/{number}"), bytes);
        }
        zip.stored("archive/version", b"3\n");
        zip.finish_long();
    }

    /// Writes the zip format with packed members.
    pub fn write_deflated(&self, path: &Path, root: &Py) {
        let mut zip = Zip::create(path);
        zip.deflated("archive/data.pkl", &root.pickle());
        for (number, (_, _, bytes)) in self.storages.iter().enumerate() {
            zip.deflated(&format!("archive/data/{number}"), bytes);
        }
        zip.finish();
    }

    /// Writes the format before 1.6.
    pub fn write_legacy(&self, path: &Path, root: &Py) {
        let mut bytes = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
        bytes.extend(Py::Int(1001).pickle());
        let sizes = Py::dict(vec![("short", Py::Int(2)), ("int", Py::Int(4)), ("long", Py::Int(4))]);
        let facts = vec![
            ("protocol_version", Py::Int(1001)),
            ("little_endian", Py::Bool(true)),
            ("type_sizes", sizes),
        ];
        bytes.extend(Py::dict(facts).pickle());
        bytes.extend(root.pickle());
        // PyTorch sorts the keys as texts.
        let mut keys: Vec<String> = (0..self.storages.len()).map(|number| number.to_string()).collect();
        keys.sort();
        bytes.extend(Py::List(keys.iter().map(|key| Py::text(key)).collect()).pickle());
        for key in keys {
            let (_, elements, data) = &self.storages[key.parse::<usize>().unwrap()];
            bytes.extend(elements.to_le_bytes());
            bytes.extend(data);
        }
        std::fs::write(path, bytes).unwrap();
    }
}

/// Writes the oldest format, a tar archive, of contiguous single-precision tensors.
pub fn write_tar(path: &Path, tensors: &[(&str, &[usize], &[f32])]) {
    let (mut storages, mut shapes) =
        (Py::Int(tensors.len() as i64).pickle(), Py::Int(tensors.len() as i64).pickle());
    let mut root = Vec::new();
    for (number, (name, shape, values)) in tensors.iter().enumerate() {
        let (storage, key) = (1000 + number as i64, 2000 + number as i64);
        let kind = Py::Global("torch", "FloatStorage");
        storages.extend(Py::Tuple(vec![Py::Int(storage), Py::text("cpu"), kind]).pickle());
        storages.extend((values.len() as i64).to_le_bytes());
        storages.extend(super::bytes_of(values));
        shapes.extend(
            Py::Tuple(vec![Py::Int(key), Py::Int(storage), Py::Global("torch", "FloatTensor")]).pickle(),
        );
        shapes.extend((shape.len() as i32).to_le_bytes());
        shapes.extend([0; 4]);
        for number in shape.iter().chain(&contiguous(shape)).chain([&0]) {
            shapes.extend((*number as i64).to_le_bytes());
        }
        root.push((Py::text(name), Py::Persistent(Box::new(Py::Text(key.to_string())))));
    }
    storages.extend(Py::List(Vec::new()).pickle());
    let facts = Py::dict(vec![("protocol_version", Py::Int(1000)), ("little_endian", Py::Bool(true))]);
    let mut bytes = Vec::new();
    let members = [
        ("sys_info", facts.pickle()),
        ("pickle", Py::Dict(root).pickle()),
        ("tensors", shapes),
        ("storages", storages),
    ];
    for (name, member) in members {
        bytes.extend(tar_header(name, member.len()));
        bytes.extend(&member);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    std::fs::write(path, bytes).unwrap();
}

fn tar_header(name: &str, length: usize) -> [u8; 512] {
    let mut header = [0; 512];
    let mut set = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    set(0, name);
    set(100, "0000644\0");
    set(108, "0000000\0");
    set(116, "0000000\0");
    set(124, &format!("{length:011o}\0"));
    set(136, "00000000000\0");
    set(148, "        ");
    set(156, "0");
    set(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// Steps of a contiguous tensor.
fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}
