//! Damaged files: five hundred seeded flips and cuts of a good file of each format. None may panic, take long, or claim more than a file
//! of its length can justify; each is refused with a sentence or opens in part.

use std::path::Path;
use std::time::Instant;

use crate::kit::{Checkpoint, Py, archive, bytes_of, npy, safetensors, values, write_tar};
use crate::source::Readable;
use crate::{open, text};

const TRIES: usize = 500;
/// Far beyond the limit of two seconds, which the example `limits` measures: only a reader that runs away takes so long.
const RUNAWAY_SECONDS: f64 = 60.0;

/// A fixed sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// The good bytes with some flipped, set to extreme lengths, doubled or cut away. Half of the blows fall on the described part, which
/// is the beginning or the end, because most bytes of a file are plain numbers.
fn damaged(good: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=numbers.below(3) {
        let length = bytes.len();
        let at = match numbers.below(4) {
            0 => numbers.below(length),
            1 => length - 1 - numbers.below(length.min(300)),
            _ => numbers.below(length.min(400)),
        };
        match numbers.below(8) {
            0 => bytes.truncate(at),
            1 => {
                let claim = [u64::MAX, 1 << 63, i64::MAX as u64, 1 << 40, 0xffff_ffff, 0][numbers.below(6)];
                for (place, byte) in bytes.iter_mut().skip(at).zip(claim.to_le_bytes()) {
                    *place = byte;
                }
            }
            2 => {
                let piece: Vec<u8> = bytes.iter().skip(at).take(1 + numbers.below(40)).copied().collect();
                bytes.splice(at..at, piece);
            }
            3 => {
                bytes.drain(at..length.min(at + 1 + numbers.below(20)));
            }
            _ => bytes[at] ^= 1 << numbers.below(8),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// Opens damaged copies of the file and reads what they say is readable.
fn survives(name: &str, write: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write(&path);
    assert!(open(&path).is_ok(), "the good file opens");
    let good = std::fs::read(&path).unwrap();
    let mut numbers = Numbers(name.len() as u64);
    let (mut opened, mut refused) = (0, 0);
    for number in 0..TRIES {
        let bytes = damaged(&good, &mut numbers);
        std::fs::write(&path, &bytes).unwrap();
        let begin = Instant::now();
        match open(&path) {
            Ok(source) => {
                opened += 1;
                for (at, tensor) in source.tensors().iter().enumerate() {
                    if tensor.readable != Readable::Yes {
                        assert!(source.read(at, 0, 1, &mut Vec::new()).is_err());
                        continue;
                    }
                    let held = source.bytes_to_read(at);
                    assert!(held <= (1 << 20) + bytes.len() as u64 * 4, "{name} {number}: {held} bytes held");
                    // Values are refused or those that were asked for; a claim is not believed before the bytes are there.
                    let mut values = Vec::new();
                    let count = tensor.parameters().min(100_000);
                    if source.read(at, 0, count, &mut values).is_ok() {
                        assert_eq!(values.len(), count, "{name} {number}");
                    }
                }
            }
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert!(
                    text.ends_with(&text::shown_path(&path)) && text.len() > 40,
                    "{name} {number}: {text}"
                );
            }
        }
        assert!(begin.elapsed().as_secs_f64() < RUNAWAY_SECONDS, "{name} {number}: {:?}", begin.elapsed());
        let _ = crate::folder::unfinished(&path).unwrap();
    }
    assert!(opened > 20 && refused > 20, "{name}: {opened} opened, {refused} refused");
}

#[test]
fn damaged_safetensors_survive() {
    survives("x.safetensors", |path| {
        safetensors(
            path,
            &[
                ("layer.0.weight", &[20, 30], &values(600, 1)),
                ("layer.0.bias", &[20], &values(20, 2)),
                ("e", &[0], &[]),
            ],
        );
    });
}

#[test]
fn damaged_arrays_survive() {
    survives("x.npy", |path| {
        std::fs::write(path, npy("<f4", true, &[20, 30], &bytes_of(&values(600, 1)))).unwrap();
    });
}

#[test]
fn damaged_archives_of_arrays_survive() {
    for is_deflated in [false, true] {
        survives(if is_deflated { "packed.npz" } else { "x.npz" }, |path| {
            let members = [
                ("a.npy", npy("<f4", true, &[20, 30], &bytes_of(&values(600, 1)))),
                ("b.npy", npy(">f8", false, &[50], &[0; 400])),
            ];
            archive(path, &members, is_deflated);
        });
    }
}

/// A checkpoint with nested dictionaries, an optimizer, a view and a tie.
fn checkpoint() -> (Checkpoint, Py) {
    let mut checkpoint = Checkpoint::new();
    let shared = checkpoint.storage("FloatStorage", 600, bytes_of(&values(600, 1)));
    let model = Py::Ordered(vec![
        (Py::text("fc.weight"), checkpoint.parameter(shared, 0, &[20, 30], &[30, 1])),
        (Py::text("fc.turned"), checkpoint.view(shared, 0, &[30, 20], &[1, 30])),
        (Py::text("fc.tied"), checkpoint.view(shared, 0, &[20, 30], &[30, 1])),
        (Py::text("fc.bias"), checkpoint.tensor(&[20], &values(20, 2))),
    ]);
    let moment = Py::dict(vec![("exp_avg", checkpoint.tensor(&[20], &values(20, 3)))]);
    let optimizer =
        Py::dict(vec![("state", Py::Dict(vec![(Py::Int(0), moment)])), ("param_groups", Py::List(vec![]))]);
    let root = Py::dict(vec![("epoch", Py::Int(70_000)), ("state_dict", model), ("optimizer", optimizer)]);
    (checkpoint, root)
}

#[test]
fn damaged_checkpoints_survive() {
    let (checkpoint, root) = checkpoint();
    survives("x.pt", |path| checkpoint.write_zip(path, &root));
    survives("packed.pt", |path| checkpoint.write_deflated(path, &root));
    survives("old.pth", |path| checkpoint.write_legacy(path, &root));
}

#[test]
fn damaged_tar_archives_survive() {
    survives("x.tar", |path| {
        write_tar(path, &[("fc.weight", &[20, 30], &values(600, 1)), ("fc.bias", &[20], &values(20, 2))]);
    });
}

#[test]
fn damaged_descriptions_survive() {
    // Zip archives keep checksums far from their pickle, so the pickle itself is damaged here.
    let (checkpoint, root) = checkpoint();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pt");
    let good = root.pickle();
    let mut numbers = Numbers(7);
    for number in 0..TRIES {
        let root = Py::Raw(damaged(&good, &mut numbers));
        checkpoint.write_zip(&path, &root);
        let begin = Instant::now();
        if let Ok(source) = open(&path) {
            for (at, tensor) in source.tensors().iter().enumerate() {
                let count = tensor.parameters().min(100_000);
                let _ = source.read(at, 0, count, &mut Vec::new());
            }
        }
        assert!(begin.elapsed().as_secs_f64() < RUNAWAY_SECONDS, "{number}: {:?}", begin.elapsed());
    }
}
