//! A weight file dropped on the window: it is looked at, clicked through, and compared with a second one.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::record::{ControlValue, Controls};
use weightscope_engine::store::Status;
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, drop_on, until, wait_for, workbench};
use weightscope_window::window::App;

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
    wait_for(&mut harness, "Spectrum – lm_head.weight");
    wait_for(&mut harness, "64 values");
    click(&mut harness, "model.layers.0.mlp.down_proj.weight");
    wait_for(&mut harness, "Spectrum – model.layers.0.mlp.down_proj.weight");
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

/// The number beside the slider with this label.
fn number(harness: &Harness<'_, App>, label: &str) -> f64 {
    harness.get_by_role_and_label(Role::Slider, label).accesskit_node().numeric_value().unwrap()
}

fn has(harness: &Harness<'_, App>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn what_was_chosen_in_a_larger_file_does_not_hide_a_smaller_one() {
    let root = tempfile::tempdir().unwrap();
    let runs = [("large", "rwkv"), ("small", "llama")].map(|(name, model)| {
        let path = root.path().join(name);
        finished(preset("inspect/quick", &[("model", model)]), &path);
        path
    });
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &runs[0]);
    until(&mut harness, "the large one is shown", |app| app.folder() == Some(runs[0].as_path()));
    let mut turned = Controls::default();
    turned.set("tensor", ControlValue::Number(50.0));
    turned.set("xmin", ControlValue::Number(3.0));
    harness.state_mut().look_at("spectrum", &turned);
    harness.run_steps(4);
    assert_eq!((number(&harness, "Tensor"), number(&harness, "Tail from")), (50.0, 3.0), "as turned");
    harness.state_mut().look_at("layers", &Controls::default());
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::TextInput, "Filter").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("blocks.7 nothing".to_owned()));
    harness.run_steps(4);
    assert!(has(&harness, "0 of 56 rows"), "the filter holds");
    drop_on(&mut harness, &runs[1]);
    until(&mut harness, "the small one is shown", |app| app.folder() == Some(runs[1].as_path()));
    harness.run_steps(4);
    assert!(!has(&harness, "0 of "), "no filter of the other file");
    assert!(has(&harness, "lm_head.weight"), "its rows are there");
    assert_eq!(number(&harness, "Tensor"), 0.0, "the first tensor");
    harness.state_mut().look_at("spectrum", &Controls::default());
    harness.run_steps(4);
    assert_eq!(number(&harness, "Tail from"), 1.0, "where the fit puts it");
}

#[test]
fn keys_choose_rows_of_a_focused_table_and_find_its_filter() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &base("llama.safetensors"));
    until(&mut harness, "the file was looked at", |app| app.status() == Some(Status::Done));
    wait_for(&mut harness, "Spectrum – lm_head.weight");
    wait_for(&mut harness, "64 values");
    harness.state_mut().look_at("layers", &Controls::default());
    harness.run_steps(4);
    let press = |harness: &mut Harness<'_, App>, key: egui::Key| {
        harness.key_press(key);
        harness.run_steps(4);
        number(harness, "Tensor")
    };
    assert_eq!(press(&mut harness, egui::Key::ArrowDown), 0.0, "the first row, as nothing is chosen");
    assert_eq!(press(&mut harness, egui::Key::ArrowDown), 1.0, "the second");
    assert_eq!(press(&mut harness, egui::Key::ArrowDown), 2.0, "the third");
    assert_eq!(press(&mut harness, egui::Key::ArrowUp), 1.0, "and back");
    let last = press(&mut harness, egui::Key::End);
    assert!(last > 2.0, "the last: {last}");
    assert!(press(&mut harness, egui::Key::PageUp) < last, "a page up");
    assert_eq!(press(&mut harness, egui::Key::Home), 0.0, "the first");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    harness.run_steps(4);
    harness.event(egui::Event::Text("down_proj".to_owned()));
    harness.run_steps(4);
    assert!(
        has(&harness, "model.layers.0.mlp.down_proj.weight") && !has(&harness, "lm_head.weight"),
        "typed there"
    );
    assert_eq!(press(&mut harness, egui::Key::ArrowDown), 0.0, "while words are typed no row moves");
}

#[test]
fn a_figure_names_the_file_that_was_looked_at() {
    let root = tempfile::tempdir().unwrap();
    let (run, file) = (root.path().join("run"), base("llama.safetensors"));
    let place = file.display().to_string();
    finished(preset("inspect/quick", &[("model", &place)]), &run);
    let manifest = weightscope_engine::store::read_manifest(&run).unwrap();
    let data = weightscope_window::views::provenance(&manifest).data.unwrap();
    assert_eq!(data.place, place, "its path");
    assert_eq!(data.bytes, Some(std::fs::metadata(&file).unwrap().len()), "its size");
    assert_eq!(data.hash.len(), 64, "its hash: {}", data.hash);
}
