//! A run as one file on the command line: packed, opened over another folder of runs, repeated there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

const SHORT: [&str; 6] = ["--set", "float_epochs=1", "--set", "epochs=2", "--set", "window=20"];

fn weightscope(arguments: &[&str], paths: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weightscope"));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command.args(arguments).args(paths);
    command
}

fn said(command: &mut Command, code: i32) -> (String, String) {
    let assert = command.assert().code(code);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&assert.get_output().stdout), text(&assert.get_output().stderr))
}

fn ran(root: &Path) -> PathBuf {
    let out = root.join("run-7");
    weightscope(&["run", "oscillation/mlp-lsq", "--quiet"], &[])
        .args(SHORT)
        .arg("--out")
        .arg(&out)
        .assert()
        .code(0);
    out
}

#[test]
fn a_packed_run_is_opened_elsewhere_and_repeated_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let run = ran(folder.path());
    let file = folder.path().join("one.weightscope");
    let (out, _) = said(&mut weightscope(&["pack"], &[&run, &file]), 0);
    assert_eq!(out.trim(), file.to_string_lossy(), "the file is printed");
    let (_, error) = said(&mut weightscope(&["pack"], &[&run, &file]), 2);
    assert!(error.contains("there already"), "it is not replaced: {error}");
    let there = folder.path().join("there");
    let unpack = || {
        let mut command = weightscope(&["unpack"], &[&file]);
        command.arg("--runs").arg(&there);
        command
    };
    let (out, _) = said(&mut unpack(), 0);
    let opened = there.join("run-7");
    assert_eq!(out.trim(), opened.to_string_lossy(), "the folder comes last");
    let (_, error) = said(&mut unpack(), 0);
    assert!(error.contains("here already"), "{error}");
    fs::remove_dir_all(&run).unwrap();
    let (out, _) = said(&mut weightscope(&["verify", "--json"], &[&opened]), 0);
    assert!(out.contains("\"identical\":true"), "{out}");
}

#[test]
fn a_pack_that_was_cut_off_or_changed_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = ran(folder.path());
    let file = folder.path().join("one.weightscope");
    said(&mut weightscope(&["pack"], &[&run, &file]), 0);
    let whole = fs::read(&file).unwrap();
    let there = folder.path().join("there");
    let cut = folder.path().join("cut.weightscope");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let mut turned = whole;
    let middle = turned.len() / 2;
    turned[middle] ^= 1;
    let changed = folder.path().join("changed.weightscope");
    fs::write(&changed, turned).unwrap();
    for bad in [&cut, &changed] {
        let (out, error) = said(weightscope(&["unpack"], &[bad]).arg("--runs").arg(&there), 2);
        assert!(out.is_empty() && error.contains("the pack cannot be opened"), "{error}");
        assert_eq!(fs::read_dir(&there).map_or(0, Iterator::count), 0, "nothing is left behind");
    }
}

#[test]
fn a_table_comes_along_or_is_found_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    let rows: String = (0..120)
        .map(|row| format!("{row},{},{}\n", (row * 7) % 13, row * 2 + (row * 5) % 3))
        .collect::<Vec<_>>()
        .concat();
    fs::write(&table, format!("a,b,y\n{rows}")).unwrap();
    let run = folder.path().join("run-8");
    let dataset = format!("dataset={}", table.display());
    let mut command = weightscope(&["run", "quantiles/quick", "--quiet"], &[]);
    for set in [
        &dataset,
        "target=y",
        "base_models=linear, knn",
        "aggregators=average, median",
        "net_steps=50",
        "aggregator_steps=50",
    ] {
        command.args(["--set", set]);
    }
    said(command.arg("--out").arg(&run), 0);
    let (with, without) = (folder.path().join("with.weightscope"), folder.path().join("without.weightscope"));
    said(&mut weightscope(&["pack", "--with-data"], &[&run, &with]), 0);
    said(&mut weightscope(&["pack"], &[&run, &without]), 0);
    let moved = folder.path().join("elsewhere.csv");
    fs::rename(&table, &moved).unwrap();
    let unpacked = |file: &Path, root: &str, data: Option<&Path>| {
        let mut command = weightscope(&["unpack"], &[file]);
        command.arg("--runs").arg(folder.path().join(root));
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        command
    };
    let verified = |root: &str| {
        let run = folder.path().join(root).join("run-8");
        let (out, _) = said(&mut weightscope(&["verify", "--json"], &[&run]), 0);
        assert!(out.contains("\"identical\":true"), "{root}: {out}");
        // The place of the data was changed on purpose, and nothing else.
        said(&mut weightscope(&["verify", "--files"], &[&run]), 0);
    };
    let (_, error) = said(&mut unpacked(&with, "first", None), 0);
    assert!(!error.contains("not here"), "{error}");
    verified("first");
    let (_, error) = said(&mut unpacked(&without, "second", None), 0);
    assert!(error.contains("--data FILE") && error.contains("table.csv"), "{error}");
    let other = folder.path().join("other.csv");
    fs::write(&other, format!("a,b,y\n{}", rows.replace('7', "8"))).unwrap();
    let (_, error) = said(&mut unpacked(&without, "second", Some(&other)), 2);
    assert!(error.contains("changed") || error.contains("other"), "another table is refused: {error}");
    said(&mut unpacked(&without, "second", Some(&moved)), 0);
    verified("second");
    // Under its own name beside the pack it is found unasked.
    let beside = folder.path().join("beside");
    fs::create_dir(&beside).unwrap();
    fs::copy(&without, beside.join("without.weightscope")).unwrap();
    fs::rename(&moved, beside.join("table.csv")).unwrap();
    let (_, error) = said(&mut unpacked(&beside.join("without.weightscope"), "third", None), 0);
    assert!(!error.contains("not here"), "{error}");
    verified("third");
}
