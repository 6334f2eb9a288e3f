//! PyTorch checkpoints: nested dictionaries, optimizers, views, ties, modules, and what is refused.

use super::{bits, names, read, reason, refusal};
use crate::element::Element;
use crate::kit::{Checkpoint, Py, Zip, values, write_tar};
use crate::open;
use crate::source::Source;

/// Writes a checkpoint in each format and looks at each.
fn in_each_format(checkpoint: &Checkpoint, root: &Py, look: impl Fn(&dyn Source)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    checkpoint.write_zip(&path, root);
    look(&*open(&path).unwrap());
    checkpoint.write_deflated(&path, root);
    look(&*open(&path).unwrap());
    checkpoint.write_legacy(&path, root);
    look(&*open(&path).unwrap());
}

#[test]
fn a_state_dict_comes_back_in_its_order() {
    let mut checkpoint = Checkpoint::new();
    let all: Vec<Vec<f32>> = (0..12).map(|n| values(6 + n, n as u64)).collect();
    let entries = all.iter().enumerate().map(|(n, values)| {
        (Py::text(&format!("layer.{}.weight", 11 - n)), checkpoint.tensor(&[values.len()], values))
    });
    let root = Py::Ordered(entries.collect());
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(source.tensors().len(), 12);
        assert_eq!(source.tensors()[0].name, "layer.11.weight");
        for (n, values) in all.iter().enumerate() {
            assert_eq!(&read(source, &format!("layer.{}.weight", 11 - n)), values);
        }
        assert!(source.said().is_empty(), "{:?}", source.said());
    });
}

#[test]
fn the_dictionary_that_is_taken_and_what_is_left_out_is_said() {
    let mut checkpoint = Checkpoint::new();
    let weight = values(6, 1);
    let model = Py::dict(vec![
        ("module.fc.weight", checkpoint.tensor(&[2, 3], &weight)),
        ("module.fc.bias", checkpoint.tensor(&[2], &[1.0, 2.0])),
    ]);
    let moments =
        Py::Dict(vec![(Py::Int(0), Py::dict(vec![("exp_avg", checkpoint.tensor(&[2, 3], &values(6, 2)))]))]);
    let optimizer = Py::dict(vec![("state", moments), ("param_groups", Py::List(vec![]))]);
    let ema = Py::dict(vec![("fc.weight", checkpoint.tensor(&[2, 3], &values(6, 3)))]);
    let root = Py::dict(vec![
        ("epoch", Py::Int(7)),
        ("lr", Py::Float(0.1)),
        ("optim", optimizer),
        ("ema", ema),
        ("state_dict", model),
        ("rng_state", checkpoint.tensor(&[2], &[0.0, 1.0])),
    ]);
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(names(source), ["fc.weight", "fc.bias"]);
        assert_eq!(read(source, "fc.weight"), weight);
        let said = source.said().join(" ");
        for part in [
            "1 tensor is left out: the state of training under optim.",
            "1 tensor is left out: those under ema, beside state_dict.",
            "Taken: the dictionary under state_dict.",
            "Taken: names without module.,",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    });
}

#[test]
fn nested_dictionaries_without_a_known_key_are_flattened() {
    let mut checkpoint = Checkpoint::new();
    let part = |checkpoint: &mut Checkpoint, seed| {
        Py::dict(vec![("weight", checkpoint.tensor(&[2, 2], &values(4, seed))), ("steps", Py::Int(3))])
    };
    let blocks = Py::List(vec![part(&mut checkpoint, 1), part(&mut checkpoint, 2)]);
    let root =
        Py::dict(vec![("encoder", Py::dict(vec![("blocks", blocks)])), ("head", part(&mut checkpoint, 3))]);
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(names(source), ["encoder.blocks.0.weight", "encoder.blocks.1.weight", "head.weight"]);
        assert_eq!(read(source, "encoder.blocks.1.weight"), values(4, 2));
    });
}

#[test]
fn views_and_ties_are_read_through_their_storage() {
    let mut checkpoint = Checkpoint::new();
    let all = values(60, 5);
    let storage = checkpoint.storage("FloatStorage", 60, crate::kit::bytes_of(&all));
    let root = Py::dict(vec![
        ("embed", checkpoint.parameter(storage, 0, &[4, 5], &[5, 1])),
        ("turned", checkpoint.view(storage, 0, &[5, 4], &[1, 5])),
        ("behind", checkpoint.view(storage, 20, &[2, 3], &[10, 3])),
        ("head", checkpoint.parameter(storage, 0, &[4, 5], &[5, 1])),
        ("repeated", checkpoint.view(storage, 7, &[3, 4], &[1, 0])),
        ("one", checkpoint.view(storage, 59, &[1, 1], &[77, 1])),
        ("beyond", checkpoint.view(storage, 50, &[4, 5], &[5, 1])),
        ("endless", checkpoint.view(storage, 0, &[1 << 40], &[0])),
    ]);
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(read(source, "embed"), all[..20]);
        let turned: Vec<f32> = (0..20).map(|n| all[(n % 4) * 5 + n / 4]).collect();
        assert_eq!(read(source, "turned"), turned);
        assert_eq!(read(source, "behind"), [20, 23, 26, 30, 33, 36].map(|n: usize| all[n]));
        let repeated: Vec<f32> = (0..12).map(|n| all[7 + n / 4]).collect();
        assert_eq!(read(source, "repeated"), repeated);
        assert_eq!(read(source, "one"), [all[59]]);
        assert!(reason(source, "beyond").contains("needs more numbers than its storage"));
        assert!(reason(source, "endless").contains("repeat"));
        let ties: Vec<Option<usize>> = source.tensors().iter().map(|tensor| tensor.tied_to).collect();
        assert_eq!(ties, [None, None, None, Some(0), None, None, None, None]);
        assert!(source.said().join(" ").contains("1 tensor shares the memory of another"));
    });
}

#[test]
fn types_without_a_storage_of_their_own_are_read() {
    let mut checkpoint = Checkpoint::new();
    let eight = checkpoint.storage("UntypedStorage", 4, vec![0x38, 0x7e, 0xb8, 0x08]);
    let wide = checkpoint.storage("UntypedStorage", 4, vec![1, 0, 255, 255]);
    let half = checkpoint.storage("BFloat16Storage", 2, vec![0x80, 0x3f, 0x00, 0xc0]);
    let complex = checkpoint.storage("ComplexFloatStorage", 1, vec![0; 8]);
    let mut entries = vec![
        ("eight", checkpoint.typed_view(eight, &[2, 2], "float8_e4m3fn")),
        ("wide", checkpoint.typed_view(wide, &[2], "uint16")),
        ("half", checkpoint.view(half, 0, &[2], &[1])),
        ("complex", checkpoint.view(complex, 0, &[1], &[1])),
        ("meta", Py::Call("torch._utils", "_rebuild_meta_tensor_no_storage", vec![Py::Int(1)])),
    ];
    let indices = checkpoint.tensor(&[1], &[1.0]);
    entries.push((
        "sparse",
        Py::Call("torch._utils", "_rebuild_sparse_tensor", vec![Py::Int(0), Py::Tuple(vec![indices])]),
    ));
    in_each_format(&checkpoint, &Py::dict(entries), |source| {
        assert_eq!(read(source, "eight"), [1.0, 448.0, -1.0, 2.0_f32.powi(-6)]);
        assert_eq!(read(source, "wide"), [1.0, 65535.0]);
        assert_eq!(read(source, "half"), [1.0, -2.0]);
        assert_eq!(source.tensors()[3].element, Element::C64);
        assert!(reason(source, "complex").contains("c64"));
        assert!(reason(source, "sparse").contains("sparse"));
        assert!(reason(source, "meta").contains("no values"));
    });
}

#[test]
fn a_pickled_module_gives_its_state_dict() {
    let mut checkpoint = Checkpoint::new();
    let table = |parameters, buffers, modules| {
        Py::dict(vec![
            ("training", Py::Bool(true)),
            ("_parameters", Py::Ordered(parameters)),
            ("_buffers", Py::Ordered(buffers)),
            (
                "_non_persistent_buffers_set",
                Py::Call("builtins", "set", vec![Py::List(vec![Py::text("passing")])]),
            ),
            ("_modules", Py::Ordered(modules)),
        ])
    };
    let weight = (Py::text("weight"), checkpoint.tensor(&[2, 3], &values(6, 1)));
    let bias = (Py::text("bias"), Py::None);
    let mean = (Py::text("mean"), checkpoint.tensor(&[2], &[1.0, 2.0]));
    let passing = (Py::text("passing"), checkpoint.tensor(&[2], &[3.0, 4.0]));
    let inner = Py::Object(
        "torch.nn.modules.linear",
        "Linear",
        Box::new(table(vec![weight, bias], vec![mean, passing], vec![])),
    );
    let root = Py::Object("__main__", "Net", Box::new(table(vec![], vec![], vec![(Py::text("fc"), inner)])));
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(names(source), ["fc.weight", "fc.mean"]);
        assert_eq!(read(source, "fc.weight"), values(6, 1));
    });
}

#[test]
fn what_holds_no_weights_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training_args.bin");
    let mut checkpoint = Checkpoint::new();
    let arguments = Py::Object(
        "transformers.training_args",
        "TrainingArguments",
        Box::new(Py::dict(vec![("lr", Py::Float(0.1))])),
    );
    checkpoint.write_zip(&path, &arguments);
    assert!(refusal(&path).contains("transformers.training_args.TrainingArguments"));
    checkpoint.write_zip(&path, &Py::dict(vec![("epoch", Py::Int(3)), ("loss", Py::Float(0.5))]));
    assert!(refusal(&path).contains("a dictionary (epoch, loss)"));
    let moment = Py::dict(vec![("exp_avg", checkpoint.tensor(&[2], &[0.0, 1.0]))]);
    let optimizer =
        Py::dict(vec![("state", Py::Dict(vec![(Py::Int(0), moment)])), ("param_groups", Py::List(vec![]))]);
    checkpoint.write_zip(&path, &optimizer);
    assert!(refusal(&path).contains("state of an optimizer"));
    std::fs::write(&path, Py::dict(vec![("a", Py::Int(3))]).pickle()).unwrap();
    assert!(refusal(&path).contains("pickle, but not one of tensors"));
    let mut zip = Zip::create(&path);
    zip.stored("net/data.pkl", &Py::None.pickle());
    zip.stored("net/code/__torch__.py", b"import os");
    zip.stored("net/constants.pkl", b"");
    zip.finish();
    assert!(refusal(&path).contains("TorchScript archive"));
    let mut zip = Zip::create(&path);
    zip.stored("word/document.xml", b"<a/>");
    zip.finish();
    assert!(refusal(&path).contains("word/document.xml"));
}

#[test]
fn code_in_a_pickle_is_neither_run_nor_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let mut checkpoint = Checkpoint::new();
    let command = format!("touch {}", mark.display());
    let root = Py::dict(vec![
        ("evil", Py::Call("os", "system", vec![Py::Text(command.clone())])),
        (
            "worse",
            Py::Call("builtins", "eval", vec![Py::Text(format!("__import__('os').system('{command}')"))]),
        ),
        ("weight", checkpoint.tensor(&[2], &[1.0, 2.0])),
    ]);
    in_each_format(&checkpoint, &root, |source| {
        assert_eq!(names(source), ["weight"]);
        assert_eq!(read(source, "weight"), [1.0, 2.0]);
    });
    assert!(!mark.exists());
}

#[test]
fn old_files_that_were_cut_off_open_as_far_as_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.pth");
    let mut checkpoint = Checkpoint::new();
    let root = Py::dict(vec![
        ("a", checkpoint.tensor(&[1000], &values(1000, 1))),
        ("b", checkpoint.tensor(&[1000], &values(1000, 2))),
    ]);
    checkpoint.write_legacy(&path, &root);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1000]).unwrap();
    let source = open(&path).unwrap();
    assert_eq!(read(&*source, "a"), values(1000, 1));
    assert!(reason(&*source, "b").contains("end after the file does"));
    assert!(source.said()[0].contains("cut off"), "{:?}", source.said());
    std::fs::write(&path, &whole[..200]).unwrap();
    assert!(refusal(&path).contains("ends too early"));
}

#[test]
fn storages_behind_one_of_unknown_length_are_named_and_those_before_stand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.pth");
    let mut checkpoint = Checkpoint::new();
    let a = checkpoint.tensor(&[2], &[1.0, 2.0]);
    let quantized = checkpoint.storage("QInt8Storage", 3, vec![1, 2, 3]);
    let b = checkpoint.tensor(&[2], &[3.0, 4.0]);
    let strange = checkpoint.storage("NewStorage", 3, vec![1, 2, 3]);
    let c = checkpoint.tensor(&[2], &[5.0, 6.0]);
    let views = [quantized, strange].map(|storage| checkpoint.view(storage, 0, &[3], &[1]));
    let [quantized, strange] = views;
    let root = Py::dict(vec![("a", a), ("quantized", quantized), ("b", b), ("strange", strange), ("c", c)]);
    checkpoint.write_legacy(&path, &root);
    let source = open(&path).unwrap();
    assert_eq!((read(&*source, "a"), read(&*source, "b")), (vec![1.0, 2.0], vec![3.0, 4.0]));
    assert!(reason(&*source, "quantized").contains("QInt8Storage"));
    assert!(reason(&*source, "strange").contains("NewStorage"));
    assert!(reason(&*source, "c").contains("not known"));
}

#[test]
fn storages_that_are_missing_or_too_short_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    let mut checkpoint = Checkpoint::new();
    let root = Py::dict(vec![
        ("a", checkpoint.tensor(&[2], &[1.0, 2.0])),
        ("b", checkpoint.tensor(&[4], &values(4, 1))),
    ]);
    let mut zip = Zip::create(&path);
    zip.stored("x/data.pkl", &root.pickle());
    zip.stored("x/data/1", &[0; 8]);
    zip.finish();
    let source = open(&path).unwrap();
    assert!(reason(&*source, "a").contains("not in the archive"));
    assert!(reason(&*source, "b").contains("needs more numbers than its storage of 8 bytes"));
}

#[test]
fn pickles_that_are_bombs_end_soon() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.pt");
    let begin = std::time::Instant::now();
    // Ten lists, each of which holds the next eight times: a thousand million paths to one tensor.
    let mut checkpoint = Checkpoint::new();
    let mut bytes = b"\x80\x02".to_vec();
    let tensor = checkpoint.tensor(&[1], &[1.0]).pickle();
    bytes.extend(&tensor[2..tensor.len() - 1]);
    bytes.extend([b'q', 200]);
    for _ in 0..10 {
        bytes.extend(b"](");
        for _ in 0..8 {
            bytes.extend([b'h', 200]);
        }
        bytes.extend([b'e', b'q', 200]);
    }
    bytes.push(b'.');
    let write = |pickle: &[u8]| {
        let mut zip = Zip::create(&path);
        zip.deflated("x/data.pkl", pickle);
        zip.stored("x/data/0", &[0; 4]);
        zip.finish();
    };
    write(&bytes);
    assert!(refusal(&path).contains("contain each other without end"));
    // Sixty million empty dictionaries in sixty kilobytes.
    let mut bytes = vec![b'}'; 60_000_000];
    bytes.push(b'.');
    write(&bytes);
    assert!(refusal(&path).contains("it makes more than"));
    write(&vec![b'}'; 70_000_000]);
    assert!(refusal(&path).contains("takes more than 67.1 MB unpacked"));
    // A list that holds itself, tuples a million deep, a text that claims four gigabytes.
    write(b"\x80\x02]q\x00h\x00a.");
    assert!(refusal(&path).contains("holds no weights"));
    let mut bytes = vec![b')'; 1];
    bytes.extend(vec![0x85; 1_000_000]);
    bytes.push(b'.');
    write(&bytes);
    assert!(refusal(&path).contains("holds no weights"));
    write(b"\x80\x02X\xff\xff\xff\xff.");
    assert!(refusal(&path).contains("ends too early"));
    assert!(begin.elapsed().as_secs() < 120, "{:?}", begin.elapsed());
}

#[test]
fn ten_gigabytes_and_a_hundred_thousand_tensors_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.pt");
    let mut checkpoint = Checkpoint::new();
    let entries = (0..100_000).map(|n| {
        let storage = checkpoint.storage("FloatStorage", 25_600, Vec::new());
        (Py::Text(format!("layers.{n}.weight")), checkpoint.view(storage, 0, &[160, 160], &[160, 1]))
    });
    let root = Py::Ordered(entries.collect());
    let mut zip = Zip::create(&path);
    zip.stored("large/data.pkl", &root.pickle());
    for n in 0..100_000 {
        zip.hole(&format!("large/data/{n}"), 102_400);
    }
    zip.finish();
    let (source, seconds) = super::opened_soon(&path);
    assert!(seconds < super::RUNAWAY_SECONDS, "{seconds} s");
    assert_eq!(source.tensors().len(), 100_000);
    assert!(source.stamps()[0].bytes > 10_000_000_000);
    let mut row = Vec::new();
    source.read(99_999, 25_440, 160, &mut row).unwrap();
    assert_eq!(row, vec![0.0; 160]);
}

#[test]
fn the_oldest_format_is_read_in_the_natural_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alexnet.pth");
    let (a, b) = (values(600, 1), values(4, 2));
    write_tar(&path, &[("layer.10.weight", &[20, 30], &a), ("layer.2.bias", &[4], &b)]);
    let source = open(&path).unwrap();
    assert_eq!(source.format(), "PyTorch checkpoint (tar)");
    assert_eq!(names(&*source), ["layer.2.bias", "layer.10.weight"]);
    assert_eq!((read(&*source, "layer.10.weight"), read(&*source, "layer.2.bias")), (a, b));
    assert_eq!(source.bytes_to_read(1), 2400);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..2500]).unwrap();
    assert!(refusal(&path).contains("no PyTorch checkpoint of the oldest format"));
}

#[test]
fn the_crate_pytorch_reader_reads_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    let mut checkpoint = Checkpoint::new();
    let all = values(600, 5);
    let storage = checkpoint.storage("FloatStorage", 600, crate::kit::bytes_of(&all));
    let half = checkpoint.storage(
        "HalfStorage",
        6,
        values(3, 6).iter().flat_map(|value| value.to_le_bytes()).collect(),
    );
    let layer = Py::Ordered(vec![
        (Py::text("weight"), checkpoint.parameter(storage, 0, &[20, 15], &[15, 1])),
        (Py::text("turned"), checkpoint.view(storage, 7, &[15, 20], &[1, 15])),
        (Py::text("cut"), checkpoint.view(storage, 300, &[3, 4, 5], &[60, 10, 2])),
        (Py::text("half"), checkpoint.view(half, 1, &[5], &[1])),
    ]);
    let root = Py::dict(vec![
        ("a", Py::List(vec![layer.clone(), layer])),
        ("b", checkpoint.tensor(&[3, 1], &all[..3])),
    ]);
    for write in [Checkpoint::write_zip, Checkpoint::write_deflated, Checkpoint::write_legacy] {
        write(&checkpoint, &path, &root);
        let source = open(&path).unwrap();
        let other = pytorch_reader::PytorchReader::new(&path).unwrap();
        assert_eq!(source.tensors().len(), other.len());
        for tensor in source.tensors() {
            let twin = other.get(&tensor.name).unwrap();
            assert_eq!(twin.shape(), tensor.shape);
            let mut expected = Vec::new();
            crate::element::decode(
                tensor.element,
                crate::element::ByteOrder::Little,
                &twin.read().unwrap(),
                &mut expected,
            );
            assert_eq!(bits(&read(&*source, &tensor.name)), bits(&expected), "{}", tensor.name);
        }
    }
}

#[test]
fn the_crate_pytorch_reader_refuses_as_many_tensors_as_this_reads() {
    // The reason why zip archives are not read through it; when this fails, that reader has grown up.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    let mut checkpoint = Checkpoint::new();
    let storage = checkpoint.storage("FloatStorage", 1, vec![0; 4]);
    let entries = (0..40_000).map(|n| (Py::Text(format!("{n}")), checkpoint.view(storage, 0, &[1], &[1])));
    let root = Py::Ordered(entries.collect());
    checkpoint.write_zip(&path, &root);
    assert!(pytorch_reader::PytorchReader::new(&path).unwrap_err().to_string().contains("memo bomb"));
    assert_eq!(open(&path).unwrap().tensors().len(), 40_000);
}
