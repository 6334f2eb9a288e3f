//! Makes the files that the limits of reading are measured with, as holes that take no room on the disk, in the folder that is named:
//! ten gigabytes in ten tensors, ten gigabytes in 100,000 tensors, as safetensors and as PyTorch checkpoints; headers and pickles of
//! hostile sizes. Then `open` on each tells the time and the memory.
#![expect(clippy::unwrap_used, reason = "a folder that cannot be written ends it")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use weightscope_weights::kit::{Checkpoint, Py, Zip, sparse_safetensors};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    sparse_safetensors(&folder.join("10-tensors.safetensors"), 10, 16_384, 16_384);
    sparse_safetensors(&folder.join("100000-tensors.safetensors"), 100_000, 160, 160);
    checkpoint(&folder.join("10-tensors.pt"), 10, 16_384);
    checkpoint(&folder.join("100000-tensors.pt"), 100_000, 160);
    // A header of a hundred megabytes of the smallest entries that there are.
    let entry = |n: usize| format!("\"{n}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    let header = format!("{{{}}}", (0..390_000).map(entry).collect::<Vec<_>>().join(","));
    let header = format!("{header}{}", " ".repeat(99_000_000 - header.len()));
    write_header(&folder.join("hostile-entries.safetensors"), &header);
    let header = format!(
        "{{\"{}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}}}",
        "n".repeat(99_000_000)
    );
    write_header(&folder.join("hostile-name.safetensors"), &header);
    let hostile: [(&str, Vec<u8>); 5] = [
        ("dictionaries", b"}".repeat(60_000_000)),
        ("tuples", [b")".to_vec(), b"\x85".repeat(60_000_000)].concat()),
        ("memo", [b"}q\x00".to_vec(), b"h\x00".repeat(30_000_000)].concat()),
        (
            "slots",
            [
                b"}".to_vec(),
                (0..13_000_000_u32).flat_map(|n| [b"r".as_slice(), &n.to_le_bytes()].concat()).collect(),
            ]
            .concat(),
        ),
        ("numbers", [b"(".to_vec(), b"K\x01".repeat(30_000_000), b"t.".to_vec()].concat()),
    ];
    for (name, pickle) in hostile {
        let mut zip = Zip::create(&folder.join(format!("hostile-{name}.pt")));
        zip.deflated("x/data.pkl", &pickle);
        zip.finish();
    }
}

fn write_header(path: &Path, header: &str) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
}

fn checkpoint(path: &Path, tensors: usize, side: usize) {
    let mut checkpoint = Checkpoint::new();
    let entries = (0..tensors).map(|n| {
        let storage = checkpoint.storage("FloatStorage", (side * side) as u64, Vec::new());
        (Py::Text(format!("layers.{n}.weight")), checkpoint.view(storage, 0, &[side, side], &[side, 1]))
    });
    let root = Py::Ordered(entries.collect());
    let mut zip = Zip::create(path);
    zip.stored("large/data.pkl", &root.pickle());
    for n in 0..tensors {
        zip.hole(&format!("large/data/{n}"), (side * side * 4) as u64);
    }
    zip.finish_long();
}
