//! Files and folders that are opened: what is refused and with which words, what is asked, several at once.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::store::Status;
use weightscope_tests::window::{click, drop_on, until, wait_for, workbench};
use weightscope_window::window::App;

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Drops several files at once.
fn drop_all(harness: &mut Harness<'_, App>, paths: &[PathBuf]) {
    for path in paths {
        harness.input_mut().dropped_files.push(Arc::new(File(path.clone())));
    }
    harness.step();
    harness.input_mut().dropped_files.clear();
}

/// The text of a setting in the form.
fn setting(app: &App, key: &str) -> String {
    app.experiment().get(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// An array of 4 × 4 numbers as NumPy writes it.
fn array() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }";
    bytes.extend(format!("{header:<117}\n").bytes());
    (0..16_u8).for_each(|value| bytes.extend((f32::from(value) / 7.0 - 1.0).to_le_bytes()));
    bytes
}

/// A window over an empty folder of runs.
fn window(root: &Path) -> Harness<'static, App> {
    let mut harness = workbench(root);
    harness.step();
    harness
}

/// Writes a file and drops it.
fn drop_file(harness: &mut Harness<'_, App>, folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    drop_on(harness, &path);
    path
}

#[cfg(unix)]
#[test]
fn a_device_and_a_socket_are_refused_before_they_are_read() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    drop_on(&mut harness, Path::new("/dev/zero"));
    wait_for(&mut harness, "no plain file; save what it gives as a file and open that: /dev/zero");
    // Its ending promises a table, which would be read to its end.
    let socket = root.path().join("rows.csv");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    drop_on(&mut harness, &socket);
    wait_for(&mut harness, &format!("open that: {}", socket.display()));
}

#[test]
fn a_figure_that_is_too_long_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    let path = root.path().join("figure.svg");
    std::fs::File::create(&path).unwrap().set_len((64 << 20) + 1).unwrap();
    drop_on(&mut harness, &path);
    wait_for(&mut harness, "too long to be a figure (more than 64 MB)");
}

#[test]
fn a_file_that_nothing_reads_is_named_for_what_it_is() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    drop_file(&mut harness, root.path(), "config.json", b"{\"layers\": 12}");
    wait_for(&mut harness, "it is JSON, and not the index of a sharded model");
    drop_file(&mut harness, root.path(), "page", b"<!DOCTYPE html><html></html>");
    wait_for(&mut harness, "it is a web page");
    drop_file(&mut harness, root.path(), "program.xyz", b"\x7fELF\0\0\0\0");
    wait_for(&mut harness, "nothing here reads a file that begins so");
    assert!(harness.query_by_label_contains("not an SVG").is_none(), "none of them is taken for a figure");
}

#[test]
fn a_table_is_tried_before_it_becomes_the_data_set() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    let before = harness.state().experiment().clone();
    drop_file(&mut harness, root.path(), "noise.csv", b"\x00\x01\x02,\x03\n\x04,\x05\n");
    wait_for(&mut harness, "it holds no words, so it is no table");
    drop_file(&mut harness, root.path(), "single.txt", b"only\n1\n2\n3\n");
    wait_for(&mut harness, "It reads as a table of one column");
    assert_eq!(*harness.state().experiment(), before, "nothing is set unasked");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("It reads as a table").is_none(), "the question is gone");
    let rows = drop_file(&mut harness, root.path(), "rows.csv", b"a,b\n1,2\n3,4\n");
    until(&mut harness, "two columns are a data set", |app| {
        setting(app, "dataset") == rows.display().to_string()
    });
}

#[test]
fn a_table_without_the_target_of_the_form_can_go_to_another_lab() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    assert_eq!(harness.state().experiment().lab(), "oscillation", "it wants a column of labels");
    let rows = drop_file(&mut harness, root.path(), "rows.csv", b"load,power\n1,2\n3,4\n");
    wait_for(&mut harness, "The table has no column \"label\" (label column)");
    click(&mut harness, "Use the table in Quantile aggregation");
    until(&mut harness, "the other lab has it", |app| {
        app.experiment().lab() == "quantiles" && setting(app, "dataset") == rows.display().to_string()
    });
    wait_for(&mut harness, "The table has no column \"y\" (target)");
    click(&mut harness, "Use power as target");
    harness.run_steps(3);
    assert_eq!(setting(harness.state(), "target"), "power");
    assert!(
        harness.query_by_label_contains("The table has no column").is_none(),
        "nothing is asked any more"
    );
}

#[test]
fn arrays_are_asked_for_where_they_may_be_rows_or_weights() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    let lab = harness.state().experiment().lab();
    let title = CATALOGUE.method(lab).unwrap().about().title;
    let path = drop_file(&mut harness, root.path(), "layer.npy", &array());
    wait_for(&mut harness, "It can be opened in more than one way");
    assert!(
        harness.query_by_label(&format!("Data set of {title}")).is_some(),
        "rows for the lab in the form"
    );
    click(&mut harness, "Inspect weights: looks at layer.npy");
    until(&mut harness, "it is looked at", |app| app.status() == Some(Status::Done));
    assert_eq!(setting(harness.state(), "model"), path.display().to_string(), "as weights");
    // The lab of weights is in the form now, so another array is weights.
    drop_file(&mut harness, root.path(), "other.npy", &array());
    until(&mut harness, "it stands beside the first", |app| setting(app, "against").ends_with("other.npy"));
}

#[test]
fn two_weight_files_that_are_dropped_together_are_compared_in_one_run() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    let bases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/bases");
    let files = ["llama.safetensors", "llama-genesis.safetensors"].map(|name| bases.join(name));
    drop_all(&mut harness, &files);
    until(&mut harness, "they are compared", |app| app.status() == Some(Status::Done));
    let state = harness.state();
    assert_eq!(setting(state, "model"), files[0].display().to_string(), "the first is the base");
    assert_eq!(setting(state, "against"), files[1].display().to_string(), "the second the changed one");
    until(&mut harness, "the list is read", |app| !app.listed_runs().is_empty());
    assert_eq!(harness.state().listed_runs().len(), 1, "no run of the first alone");
}

#[test]
fn files_of_other_kinds_are_opened_one_after_the_other() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    let experiment = root.path().join("mine.toml");
    std::fs::write(&experiment, CATALOGUE.preset("compander/quick").unwrap().text).unwrap();
    let rows = root.path().join("rows.csv");
    std::fs::write(&rows, "a,b\n1,2\n3,4\n").unwrap();
    drop_all(&mut harness, &[experiment, rows.clone()]);
    until(&mut harness, "both are taken", |app| {
        app.experiment().lab() == "compander" && setting(app, "dataset") == rows.display().to_string()
    });
}

/// Opens the menu of what was opened last.
fn open_recent(harness: &mut Harness<'_, App>) {
    click(harness, "File");
    harness.get_by_label_contains("Open recent").click();
    harness.run_steps(4);
}

#[test]
fn what_was_opened_comes_back_at_the_next_start_and_what_is_gone_is_grey() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    for name in ["kept.csv", "gone.csv"] {
        let path = drop_file(&mut harness, root.path(), name, b"a,b\n1,2\n3,4\n");
        let path = path.display().to_string();
        until(&mut harness, "it is the data set", |app| setting(app, "dataset") == path);
    }
    drop_file(&mut harness, root.path(), "refused.json", b"{}");
    wait_for(&mut harness, "it is JSON");
    let session = root.path().join("session.json");
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session)
            .is_ok_and(|text| text.contains("gone.csv\",\"") && text.contains("kept.csv"))
    });
    drop(harness);
    std::fs::remove_file(root.path().join("gone.csv")).unwrap();
    let mut harness = window(root.path());
    open_recent(&mut harness);
    wait_for(&mut harness, "gone.csv – ");
    assert!(harness.query_by_label_contains("refused.json – ").is_none(), "what was refused was not opened");
    wait_for(&mut harness, "(missing)");
    let gone = harness.get_by_label_contains("gone.csv – ");
    assert!(gone.accesskit_node().is_disabled(), "it cannot be chosen");
    let kept = harness.get_by_label_contains("kept.csv – ");
    assert!(!kept.accesskit_node().is_disabled(), "it can");
    kept.click();
    until(&mut harness, "it is opened", |app| setting(app, "dataset").ends_with("kept.csv"));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    open_recent(&mut harness);
    click(&mut harness, "Clear");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    click(&mut harness, "File");
    assert!(harness.get_by_label_contains("Open recent").accesskit_node().is_disabled(), "nothing is left");
}

#[test]
fn quit_closes_the_window() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    harness.event(egui::Event::Key {
        key: egui::Key::Q,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: egui::Modifiers::COMMAND,
    });
    harness.step();
    let mut commands = harness.output().viewport_output.values().flat_map(|output| &output.commands);
    assert!(commands.any(|command| *command == egui::ViewportCommand::Close), "asked to close");
}

#[test]
fn the_first_screen_shows_all_labs_and_says_what_can_be_dropped() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = window(root.path());
    harness.run_steps(3);
    let tabs = harness.query_all_by_label("Runs");
    let below = tabs.map(|tab| tab.rect().top()).fold(f32::INFINITY, f32::min);
    let said = harness.get_by_label_contains("Drop a weight file, a table, a figure").rect();
    assert!(said.bottom() < below, "at a glance: {said:?}");
    for method in CATALOGUE.methods() {
        let paper = harness.get_by_label(method.about().paper).rect();
        assert!(
            paper.bottom() < below,
            "{} is seen without scrolling: {paper:?} above {below}",
            method.name()
        );
    }
}
