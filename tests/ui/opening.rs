//! Files and folders that are opened: what is refused and with which words, what is asked, several at once.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_tests::window::{drop_on, wait_for, workbench};
use weightscope_window::window::App;

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
