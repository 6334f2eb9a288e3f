//! Sharded models, adapters, and folders of checkpoints.

use std::path::Path;
use std::sync::Arc;

use super::{names, read, reason, refusal};
use crate::adapter::{Adapter, open_against};
use crate::folder::{Order, list, list_again, unfinished};
use crate::hash::{file_hash, header_hash, tensor_hash};
use crate::kit::{Checkpoint, Py, bytes_of, npy, safetensors, values};
use crate::source::Source;
use crate::write::{self, LowRank};
use crate::{WeightsError, open};

fn write_index(folder: &Path, pairs: &[(&str, &str)]) -> std::path::PathBuf {
    let path = folder.join("model.safetensors.index.json");
    let map: Vec<String> = pairs.iter().map(|(name, file)| format!("{name:?}:{file:?}")).collect();
    std::fs::write(
        &path,
        format!("{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{}}}}}", map.join(",")),
    )
    .unwrap();
    path
}

#[test]
fn a_sharded_model_is_one_model_by_its_folder_or_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b, c) = (values(6, 1), values(4, 2), values(2, 3));
    safetensors(
        &folder.path().join("model-00001-of-00002.safetensors"),
        &[("a", &[2, 3], &a), ("b", &[4], &b)],
    );
    safetensors(
        &folder.path().join("model-00002-of-00002.safetensors"),
        &[("c", &[2], &c), ("extra", &[2], &c)],
    );
    std::fs::write(folder.path().join("config.json"), "{}").unwrap();
    let (one, two) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    let index = write_index(folder.path(), &[("b", one), ("a", one), ("c", two), ("lost", two)]);
    for path in [folder.path(), index.as_path()] {
        let source = open(path).unwrap();
        assert_eq!(source.format(), "sharded model");
        assert_eq!(names(&*source), ["a", "b", "c", "extra", "lost"]);
        assert_eq!(
            (read(&*source, "a"), read(&*source, "b"), read(&*source, "c")),
            (a.clone(), b.clone(), c.clone())
        );
        assert!(reason(&*source, "lost").contains("does not hold it"));
        assert_eq!(source.stamps().len(), 3);
        let said = source.said().join(" ");
        assert!(
            said.contains("1 tensor is in model-00002-of-00002.safetensors but not in the index"),
            "{said}"
        );
    }
    let listing = list(folder.path(), Order::Numbers).unwrap();
    assert_eq!(listing.checkpoints.len(), 1);
    assert_eq!(
        listing.left_out.iter().filter(|left| left.reason == "it is a part of a sharded model").count(),
        2
    );
    std::fs::remove_file(folder.path().join(one)).unwrap();
    let source = open(&index).unwrap();
    assert!(reason(&*source, "a").contains("model-00001-of-00002.safetensors is missing"));
    assert_eq!(read(&*source, "c"), c);
    std::fs::remove_file(folder.path().join(two)).unwrap();
    assert!(refusal(&index).contains("none of the files that the index names can be read"));
}

#[test]
fn names_and_links_that_lead_out_of_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("secret.safetensors");
    safetensors(&outside, &[("a", &[2], &[1.0, 2.0])]);
    let inside = folder.path().join("model");
    std::fs::create_dir(&inside).unwrap();
    for file in [
        "../secret.safetensors",
        "/etc/passwd",
        "..",
        "",
        "sub/x.safetensors",
        "C:\\x",
        "a/../../secret.safetensors",
    ] {
        let index = write_index(&inside, &[("a", file)]);
        assert!(refusal(&index).contains("does not lie beside it"), "{file}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, inside.join("x.safetensors")).unwrap();
        let index = write_index(&inside, &[("a", "x.safetensors")]);
        assert!(refusal(&index).contains("link out of its folder"));
        std::fs::remove_file(index).unwrap();
        // A link is not taken for a file of the folder either.
        assert!(refusal(&inside).contains("holds no weight file among its 0 files and links out of it"));
        std::os::unix::fs::symlink(&outside, inside.join("model.safetensors")).unwrap();
        let listing = list(&inside, Order::Numbers).unwrap();
        assert!(listing.checkpoints.is_empty());
        assert!(listing.left_out.iter().all(|left| left.reason.contains("link out of the folder")));
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_without_waiting() {
    assert!(refusal(Path::new("/dev/zero")).contains("a pipe, a device or a socket"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(refusal(&path).contains("a pipe, a device or a socket"));
    let pipe = folder.path().join("pipe.safetensors");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(refusal(&pipe).contains("a pipe, a device or a socket"));
    let listing = list(folder.path(), Order::Numbers).unwrap();
    assert_eq!((listing.checkpoints.len(), listing.left_out.len()), (0, 2));
    assert!(refusal(&folder.path().join("none")).contains("no such file or folder"));
}

#[test]
fn a_folder_gives_its_only_weight_file_or_names_those_it_has() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refusal(folder.path()).contains("holds no weight file"));
    std::fs::write(folder.path().join("config.json"), "{}").unwrap();
    safetensors(&folder.path().join("net.st"), &[("a", &[2], &[1.0, 2.0])]);
    let source = open(folder.path()).unwrap();
    assert_eq!(source.said()[0], "Taken: the file net.st of the folder.");
    safetensors(&folder.path().join("other.st"), &[("a", &[2], &[1.0, 2.0])]);
    let text = refusal(folder.path());
    assert!(text.contains("2 weight files (net.st, other.st"), "{text}");
    safetensors(&folder.path().join("model.safetensors"), &[("a", &[2], &[1.0, 2.0])]);
    let source = open(folder.path()).unwrap();
    assert!(source.said()[1].contains("2 weight files are left out"), "{:?}", source.said());
}

/// A base of one matrix, one convolution and one embedding.
fn base(folder: &Path) -> Arc<dyn Source> {
    let path = folder.join("base.safetensors");
    let (w, c, e) = (values(20, 1), values(3 * 2 * 9, 2), values(12, 3));
    safetensors(
        &path,
        &[
            ("fc.weight", &[4, 5], &w),
            ("conv.weight", &[3, 2, 3, 3], &c),
            ("emb.weight", &[6, 2], &e),
            ("fc.bias", &[4], &w[..4]),
        ],
    );
    Arc::from(open(&path).unwrap())
}

#[test]
fn an_adapter_that_was_written_gives_its_change_when_it_is_merged() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let (b, a) = (values(8, 4), values(10, 5));
    let (cb, ca) = (values(3, 6), values(18, 7));
    let path = folder.path().join("lora");
    let changes = [
        LowRank { base: "fc.weight", shape: &[4, 5], rank: 2, b: &b, a: &a },
        LowRank { base: "conv.weight", shape: &[3, 2, 3, 3], rank: 1, b: &cb, a: &ca },
    ];
    write::adapter(&path, Some("my/base"), &changes).unwrap();
    assert!(write::adapter(&path, None, &changes).unwrap_err().to_string().contains("lies there already"));
    let own = open(&path).unwrap();
    assert_eq!(own.format(), "adapter");
    assert!(own.said()[0].contains("my/base"));
    assert_eq!(read(&*own, "base_model.model.fc.lora_B.weight"), b);

    let merged = Adapter::open(&path).unwrap().merged(Arc::clone(&base)).unwrap();
    let mut change = Vec::new();
    assert!(merged.change(0, 0, 20, &mut change).unwrap());
    for (at, value) in change.iter().enumerate() {
        let expected: f64 = (0..2).map(|k| f64::from(b[at / 5 * 2 + k]) * f64::from(a[k * 5 + at % 5])).sum();
        assert!((value - expected).abs() < 1e-15, "{at}");
    }
    assert!(merged.change(1, 0, 54, &mut change).unwrap());
    assert!((change[20] - f64::from(cb[1]) * f64::from(ca[2])).abs() < 1e-15);
    assert!(!merged.change(3, 0, 4, &mut change).unwrap());

    let against = open_against(&base, &path).unwrap();
    assert_eq!(names(&*against), names(&*base));
    let (before, after) = (read(&*base, "fc.weight"), read(&*against, "fc.weight"));
    merged.change(0, 0, 20, &mut change).unwrap();
    for at in 0..20 {
        assert_eq!(after[at], (f64::from(before[at]) + change[at]) as f32);
    }
    assert_eq!(read(&*against, "emb.weight"), read(&*base, "emb.weight"));
}

fn write_adapter(folder: &Path, config: &str, tensors: &[(&str, &[usize], &[f32])]) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("adapter_config.json"), config).unwrap();
    safetensors(&folder.join("adapter_model.safetensors"), tensors);
}

#[test]
fn scales_transposes_embeddings_and_whole_weights_are_as_in_peft() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let path = folder.path().join("lora");
    let (ones, twos) = ([1.0; 16], [2.0; 16]);
    let config = r#"{"peft_type":"LORA","r":4,"lora_alpha":12,"use_rslora":true,"alpha_pattern":{"emb":4}}"#;
    write_adapter(
        &path,
        config,
        &[
            ("base_model.model.fc.lora_A.weight", &[4, 5], &[1.0; 20]),
            ("base_model.model.fc.lora_B.weight", &[4, 4], &ones),
            ("base_model.model.emb.lora_embedding_A", &[1, 6], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            ("base_model.model.emb.lora_embedding_B", &[2, 1], &[1.0, 10.0]),
            ("base_model.model.fc.modules_to_save.bias", &[4], &twos[..4]),
            ("base_model.model.gone.lora_A.weight", &[4, 4], &ones),
            ("base_model.model.gone.lora_B.weight", &[4, 4], &ones),
        ],
    );
    let merged = Adapter::open(&path).unwrap().merged(Arc::clone(&base)).unwrap();
    let mut change = Vec::new();
    merged.change(0, 7, 3, &mut change).unwrap();
    // Four products of one, times 12 / √4.
    assert_eq!(change, [24.0; 3]);
    merged.change(2, 0, 12, &mut change).unwrap();
    assert_eq!(change, [4.0, 40.0, 8.0, 80.0, 12.0, 120.0, 16.0, 160.0, 20.0, 200.0, 24.0, 240.0]);
    assert_eq!(read(&merged, "fc.bias"), [2.0; 4]);
    assert!(merged.said().join(" ").contains("gone.weight"), "{:?}", merged.said());

    let config = r#"{"peft_type":"LORA","r":1,"lora_alpha":2,"fan_in_fan_out":true}"#;
    let path = folder.path().join("turned");
    write_adapter(
        &path,
        config,
        &[
            ("base_model.model.fc.lora_A.default.weight", &[1, 4], &[1.0, 2.0, 3.0, 4.0]),
            ("base_model.model.fc.lora_B.default.weight", &[5, 1], &[1.0, 10.0, 100.0, 1000.0, 10000.0]),
        ],
    );
    let merged = Adapter::open(&path).unwrap().merged(Arc::clone(&base)).unwrap();
    merged.change(0, 5, 5, &mut change).unwrap();
    assert_eq!(change, [4.0, 40.0, 400.0, 4000.0, 40000.0]);
}

#[test]
fn adapters_of_other_kinds_and_other_bases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = base(folder.path());
    let path = folder.path().join("lora");
    let tensors: &[(&str, &[usize], &[f32])] = &[
        ("base_model.model.x.lora_A.weight", &[1, 2], &[1.0; 2]),
        ("base_model.model.x.lora_B.weight", &[2, 1], &[1.0; 2]),
    ];
    write_adapter(&path, r#"{"peft_type":"LORA","use_dora":true}"#, tensors);
    let refused = |path: &Path| open_against(&base, path).err().unwrap().to_string();
    assert!(refused(&path).contains("DoRA"));
    write_adapter(&path, r#"{"peft_type":"IA3"}"#, tensors);
    assert!(refused(&path).contains("IA3"));
    write_adapter(&path, r#"{"peft_type":"LORA"}"#, tensors);
    assert!(refused(&path).contains("nothing of the adapter belongs to the base"));
    write_adapter(&path, "[", tensors);
    assert!(refused(&path).contains("no description of an adapter"));
}

#[test]
fn checkpoints_are_ordered_by_the_number_that_differs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| safetensors(&folder.path().join(name), &[("a", &[1], &[1.0])]);
    for step in [1000, 200, 0, 30] {
        write(&format!("net2-step{step}-of1000.safetensors"));
    }
    write("final.safetensors");
    let listing = list(folder.path(), Order::Numbers).unwrap();
    let steps: Vec<Option<u64>> = listing.checkpoints.iter().map(|checkpoint| checkpoint.step).collect();
    assert_eq!(steps, [Some(0), Some(30), Some(200), Some(1000), None]);
    assert!(listing.left_out.is_empty());
}

#[test]
fn folders_of_checkpoints_count_as_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    for step in [500, 1000, 50] {
        let inner = folder.path().join(format!("checkpoint-{step}"));
        std::fs::create_dir(&inner).unwrap();
        safetensors(&inner.join("model.safetensors"), &[("a", &[1], &[1.0])]);
    }
    std::fs::create_dir(folder.path().join("runs")).unwrap();
    let listing = list(folder.path(), Order::Numbers).unwrap();
    let steps: Vec<Option<u64>> = listing.checkpoints.iter().map(|checkpoint| checkpoint.step).collect();
    assert_eq!(steps, [Some(50), Some(500), Some(1000)]);
    assert!(open(&listing.checkpoints[0].path).is_ok());
    assert_eq!(listing.left_out[0].reason, "it is a folder without a model's file");
}

#[test]
fn files_that_are_still_being_written_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    safetensors(&path("good-1.safetensors"), &[("a", &[100], &values(100, 1))]);
    let whole = std::fs::read(path("good-1.safetensors")).unwrap();
    std::fs::write(path("half-2.safetensors"), &whole[..300]).unwrap();
    std::fs::write(path("head-3.safetensors"), &whole[..20]).unwrap();
    std::fs::write(path("passing-4.safetensors.tmp"), &whole).unwrap();
    std::fs::write(path("empty-5.pt"), b"").unwrap();
    let mut checkpoint = Checkpoint::new();
    let root = Py::dict(vec![("a", checkpoint.tensor(&[100], &values(100, 1)))]);
    checkpoint.write_zip(&path("whole-6.pt"), &root);
    let zip = std::fs::read(path("whole-6.pt")).unwrap();
    std::fs::write(path("half-7.pt"), &zip[..zip.len() - 40]).unwrap();
    checkpoint.write_legacy(&path("old-8.pth"), &root);
    let old = std::fs::read(path("old-8.pth")).unwrap();
    std::fs::write(path("half-9.pth"), &old[..old.len() - 40]).unwrap();
    std::fs::write(path("half-10.pth"), &old[..100]).unwrap();
    std::fs::write(path("log-11.txt"), b"loss 0.1\n").unwrap();
    let listing = list(folder.path(), Order::Numbers).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let good: Vec<String> = listing.checkpoints.iter().map(|checkpoint| name(&checkpoint.path)).collect();
    assert_eq!(good, ["good-1.safetensors", "whole-6.pt", "old-8.pth"]);
    for left in &listing.left_out {
        assert_eq!(left.is_unfinished, name(&left.path) != "log-11.txt", "{left:?}");
    }
    assert_eq!(listing.left_out.len(), 8);
    assert!(unfinished(&path("half-2.safetensors")).unwrap().unwrap().contains("ends after 300 bytes of"));
    // A file that grows between two looks is not complete; once it stands still it is.
    std::fs::write(path("half-2.safetensors"), &whole).unwrap();
    let second = list_again(folder.path(), Order::Numbers, Some(&listing), None).unwrap();
    assert!(
        second.left_out.iter().any(|left| left.reason.contains("since the last look") && left.is_unfinished)
    );
    let third = list_again(folder.path(), Order::Numbers, Some(&second), None).unwrap();
    assert_eq!(third.checkpoints.len(), 4);
}

#[test]
fn more_than_a_thousand_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for step in 0..1001 {
        safetensors(&folder.path().join(format!("{step}.safetensors")), &[("a", &[1], &[1.0])]);
    }
    let error = list(folder.path(), Order::Numbers).unwrap_err().to_string();
    assert!(error.contains("more than 1000 checkpoints"), "{error}");
    std::fs::remove_file(folder.path().join("7.safetensors")).unwrap();
    let listing = list(folder.path(), Order::Time).unwrap();
    assert_eq!(listing.checkpoints.len(), 1000);
    assert!(listing.checkpoints.is_sorted_by_key(|checkpoint| checkpoint.stamp.modified));
}

#[test]
fn fingerprints_tell_files_and_headers_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    safetensors(&path("a"), &[("x", &[2, 3], &values(6, 1))]);
    safetensors(&path("b"), &[("x", &[2, 3], &values(6, 2))]);
    safetensors(&path("c"), &[("x", &[3, 2], &values(6, 1))]);
    let go_on = || false;
    let hash = |name: &str| file_hash(&path(name), &go_on).unwrap();
    assert_eq!(hash("a"), blake3::hash(&std::fs::read(path("a")).unwrap()).to_hex().to_string());
    assert_ne!(hash("a"), hash("b"));
    let header = |name: &str| header_hash(&*open(&path(name)).unwrap());
    assert_eq!(header("a"), header("b"));
    assert_ne!(header("a"), header("c"));
    let tensor = |name: &str| tensor_hash(&*open(&path(name)).unwrap(), 0, &go_on).unwrap();
    std::fs::write(path("x.npy"), npy("<f4", false, &[2, 3], &bytes_of(&values(6, 1)))).unwrap();
    assert_eq!(tensor("a"), tensor("x.npy"));
    assert_ne!(tensor("a"), tensor("b"));
    assert_ne!(tensor("a"), tensor("c"));
    assert!(matches!(file_hash(&path("a"), &|| true), Err(WeightsError::Cancelled { .. })));
}

#[test]
fn a_copy_stands_for_the_checkpoint_of_its_name() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for step in [0, 5, 10] {
        safetensors(&folder.path().join(format!("v2-{step}.safetensors")), &[("a", &[1], &[step as f32])]);
    }
    safetensors(&kept.path().join("v2-0.safetensors"), &[("a", &[1], &[7.0])]);
    let listed = || {
        let listing = list_again(folder.path(), Order::Numbers, None, Some(kept.path())).unwrap();
        let of = |checkpoint: &crate::folder::Checkpoint| (checkpoint.step, checkpoint.path.clone());
        listing.checkpoints.iter().map(of).collect::<Vec<_>>()
    };
    let before = listed();
    assert_eq!(before.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [Some(0), Some(5), Some(10)]);
    assert_eq!(before[0].1, kept.path().join("v2-0.safetensors"));
    std::fs::remove_file(folder.path().join("v2-0.safetensors")).unwrap();
    assert_eq!(listed(), before, "also where it is gone");
    let empty = tempfile::tempdir().unwrap();
    assert!(list(empty.path(), Order::Numbers).unwrap().may_fill());
    std::fs::write(empty.path().join("step-0.safetensors.tmp"), b"half").unwrap();
    assert!(list(empty.path(), Order::Numbers).unwrap().may_fill());
    std::fs::write(empty.path().join("notes.txt"), b"no weights").unwrap();
    assert!(!list(empty.path(), Order::Numbers).unwrap().may_fill());
}
