//! A weight file dropped on the window: it is looked at, clicked through, and compared with a second one.

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use weightscope_engine::store::Status;
use weightscope_tests::window::{click, drop_on, until, wait_for, workbench};

fn base(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/bases").join(name)
}

#[test]
fn a_dropped_weight_file_is_looked_at_and_a_second_one_is_compared_with_it() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &base("llama.safetensors"));
    until(&mut harness, "the file was looked at", |app| app.status() == Some(Status::Done));
    wait_for(&mut harness, "lm_head.weight, 64 values");
    click(&mut harness, "model.layers.0.mlp.down_proj.weight");
    wait_for(&mut harness, "model.layers.0.mlp.down_proj.weight, 64 values");
    drop_on(&mut harness, &base("llama-genesis.safetensors"));
    wait_for(&mut harness, "low rank");
    assert!(harness.query_by_label_contains("panicked").is_none());
}

#[test]
fn a_file_that_was_refused_does_not_stand_beside_the_next_one() {
    let root = tempfile::tempdir().unwrap();
    let broken = root.path().join("broken.safetensors");
    std::fs::write(&broken, "no weights at all").unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &broken);
    until(&mut harness, "the file is refused", |app| app.status() == Some(Status::Failed));
    let good = base("llama.safetensors");
    drop_on(&mut harness, &good);
    until(&mut harness, "the next one is looked at", |app| app.status() == Some(Status::Done));
    let set = |key: &str| harness.state().experiment().get(key).unwrap();
    assert_eq!(set("model").as_str(), Some(good.display().to_string().as_str()), "by itself");
    assert_eq!(set("against").as_str(), Some("none"), "compared with nothing");
}
