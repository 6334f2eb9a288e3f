//! The command line as scripts use it: exit codes, JSON lines, files, kill and recover.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use weightscope_engine::store;
use weightscope_window::figure::provenance;
use weightscope_window::theme::Theme;

/// The program, built beside this test.
fn weightscope() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_weightscope"))
}

const SHORT: [&str; 6] = ["--set", "float_epochs=2", "--set", "epochs=6", "--set", "window=40"];

fn manifest(folder: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn a_sweep_for_a_device_that_its_experiment_cannot_use_is_refused_before_a_folder_is_made() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("sweep");
    let assert =
        weightscope().args(["run", "block_affine/sine", "--device", "gpu", "--out"]).arg(&out).assert();
    let assert = assert.code(2);
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(said.contains("device: ") && said.contains("(allowed: cpu)"), "{said}");
    assert!(!out.exists(), "no folder is made");
}

#[test]
fn a_run_leaves_its_files_and_prints_its_folder_last() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let assert = weightscope()
        .args(["run", "oscillation/mlp-lsq", "--json", "--out"])
        .arg(&out)
        .args(SHORT)
        .assert()
        .code(0);
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.last().unwrap()["folder"], out.to_string_lossy().as_ref(), "the folder comes last");
    for file in ["experiment.toml", "resolved.toml", "manifest.json", "metrics.csv", "log.txt"] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
    let manifest = manifest(&out);
    for name in [
        "test_accuracy",
        "float_test_accuracy",
        "oscillating_share",
        "switches_per_weight_step",
        "scale_driven_share",
        "near_boundary_share",
        "frozen_share",
        "steps_per_second",
    ] {
        assert!(manifest["results"][name].is_number(), "{name} is missing: {manifest}");
    }
    for key in ["status", "lab", "seed", "version", "device", "started", "seconds"] {
        assert!(!manifest[key].is_null(), "{key} is missing");
    }
    weightscope().args(["verify"]).arg(&out).assert().code(0);
    weightscope().args(["run", "oscillation/mlp-lsq", "--out"]).arg(&out).assert().code(2);
    a_flipped_bit_is_told(&out);
    for format in ["svg", "csv", "png", "pdf"] {
        let figures = root.path().join(format);
        weightscope()
            .args(["export", "--view", "all", "--format", format, "--out"])
            .arg(&figures)
            .arg(&out)
            .assert()
            .code(0);
        let files: Vec<_> = std::fs::read_dir(&figures).unwrap().flatten().collect();
        assert_eq!(files.len(), 12, "one {format} for each view");
        assert!(files.iter().all(|file| file.metadata().unwrap().len() > 60), "none is empty");
    }
    let levels = root.path().join("levels.npz");
    weightscope().args(["levels", "--out"]).arg(&levels).arg(&out).assert().code(0);
    assert!(levels.metadata().unwrap().len() > 500, "levels are written");
    let folder = root.path().join("levels");
    weightscope().arg("produce").arg(&out).arg("levels").arg("--out").arg(&folder).assert().code(0);
    let words = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(words.contains("weight = scale * level"), "how they become weights again: {words}");
    let alone = root.path().join("alone.safetensors");
    weightscope().args(["levels", "--out"]).arg(&alone).arg(&out).assert().code(0);
    let bytes = std::fs::read(folder.join("levels.safetensors")).unwrap();
    assert!(bytes.windows(21).any(|part| part == b"layers.1.weight.level"), "named as in the network");
    assert_eq!(bytes.len(), std::fs::metadata(&alone).unwrap().len() as usize, "what `levels` writes alone");
    std::fs::remove_dir_all(out.join("snapshots")).unwrap();
    for arguments in [["levels", "--out"], ["produce", "--out"]] {
        let mut command = weightscope();
        command.args(arguments).arg(root.path().join("none")).arg(&out);
        if arguments.contains(&"produce") {
            command.arg("levels");
        }
        let refused = command.assert().code(2);
        let words = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(words.contains("cannot be made: the run has no checkpoint yet"), "{arguments:?}: {words}");
        assert!(!root.path().join("none").exists(), "and nothing is left behind");
    }
    weightscope().arg("produce").arg(&out).arg("levels").arg("--out").arg(&folder).assert().code(2);
}

/// `verify --files` of a finished run, before and after one bit of its pictures, and one of the list itself, changed.
fn a_flipped_bit_is_told(run: &Path) {
    let said = |code| {
        let output =
            weightscope().arg("verify").arg(run).arg("--files").assert().code(code).get_output().clone();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let flip = |file: &Path| {
        let mut bytes = std::fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    };
    assert!(said(0).contains("are as the run left them"));
    let pictures = run.join("views").join("pictures.cbor");
    flip(&pictures);
    let told = said(1);
    assert!(told.contains("another content: views/pictures.cbor"), "{told}");
    flip(&pictures);
    let list = run.join("files.b3");
    flip(&list);
    let told = said(2);
    assert!(told.contains("files is damaged (its own hash"), "{told}");
    flip(&list);
    said(0);
}

#[test]
fn wrong_requests_end_with_2_and_say_why() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("bad.toml");
    std::fs::write(&file, "schema = 1\nlab = \"oscillation\"\nweight_bits = 1\nepoch = 3\n").unwrap();
    let check = weightscope().arg("check").arg(&file).assert().code(2);
    let text = String::from_utf8_lossy(&check.get_output().stdout).into_owned();
    assert!(text.contains("epoch: no such key") && text.contains("did you mean \"epochs\""), "{text}");
    for arguments in [
        vec!["run", "oscillation/none"],
        vec!["run", "oscillation/quick", "--set", "weight_bits=1"],
        vec!["run", "oscillation/quick", "--set", "dataset=no-such-set", "--out", "unused"],
        vec!["views", "no-such-run"],
        vec!["data", "get", "no-such-set"],
        vec!["frobnicate"],
    ] {
        let out = weightscope().current_dir(root.path()).args(&arguments).assert();
        let code = out.get_output().status.code();
        let said = String::from_utf8_lossy(&out.get_output().stderr).into_owned();
        assert!(code == Some(2) && said.contains("rror"), "{arguments:?}: {code:?} {said}");
    }
    assert!(!root.path().join("unused").exists(), "no run folder is made");
}

#[test]
fn without_a_display_the_window_says_what_to_do() {
    let out = weightscope().assert().code(1);
    let text = String::from_utf8_lossy(&out.get_output().stderr).into_owned();
    assert!(text.contains("no display") && text.contains("weightscope run"), "{text}");
}

/// The version says which commit it is and what was built in.
#[test]
fn the_version_names_commit_and_features() {
    let said = weightscope().arg("--version").assert().code(0).get_output().stdout.clone();
    let said = String::from_utf8(said).unwrap();
    let rest = said.strip_prefix(concat!("weightscope ", env!("CARGO_PKG_VERSION"), " (")).unwrap();
    assert!(rest.trim_end().ends_with("; window, gpu)"), "{said}");
}

#[test]
fn lists_are_json_lines() {
    for what in ["labs", "presets", "runs"] {
        let root = tempfile::tempdir().unwrap();
        let out = weightscope().args(["list", what, "--json", "--runs"]).arg(root.path()).assert().code(0);
        for line in String::from_utf8_lossy(&out.get_output().stdout).lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{what}: {line}");
        }
    }
}

#[test]
fn a_killed_run_resumes_to_the_numbers_of_an_unbroken_one() {
    let root = tempfile::tempdir().unwrap();
    let settings = ["--set", "epochs=1200", "--set", "record_every=50", "--set", "traced_weights=4"];
    let unbroken = root.path().join("unbroken");
    weightscope()
        .args(["run", "oscillation/mlp-lsq", "--quiet", "--out"])
        .arg(&unbroken)
        .args(settings)
        .assert()
        .code(0);
    let killed = root.path().join("killed");
    let start = || {
        std::process::Command::new(binary())
            .args(["run", "oscillation/mlp-lsq", "--quiet", "--out"])
            .arg(&killed)
            .args(settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut child = start();
    // Long enough for a checkpoint on most machines; without one the run starts anew, which must give the same too.
    std::thread::sleep(Duration::from_millis(5600));
    child.kill().unwrap();
    child.wait().unwrap();
    weightscope().arg("resume").arg(&killed).arg("--quiet").assert().code(0);
    assert_eq!(manifest(&unbroken)["stream_hash"], manifest(&killed)["stream_hash"], "bit for bit");
}

#[test]
fn a_fork_goes_on_from_a_checkpoint_and_refuses_what_it_cannot_change() {
    let root = tempfile::tempdir().unwrap();
    let (parent, child) = (root.path().join("parent"), root.path().join("child"));
    weightscope()
        .args(["run", "oscillation/mlp-lsq", "--quiet", "--out"])
        .arg(&parent)
        .args(SHORT)
        .assert()
        .code(0);
    let refused = weightscope().arg("fork").arg(&parent).args(["--set", "weight_bits=4"]).assert().code(2);
    let words = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(words.contains("weight_bits: cannot change in a fork"), "{words}");
    weightscope().arg("fork").arg(&parent).args(["--step", "1"]).assert().code(2);
    weightscope()
        .arg("fork")
        .arg(&parent)
        .args(["--set", "epochs=9", "--set", "learning_rate=0.01", "--quiet", "--out"])
        .arg(&child)
        .assert()
        .code(0);
    let manifest = manifest(&child);
    assert_eq!(manifest["parent"]["id"], "parent", "{manifest}");
    assert!(manifest["step"].as_u64() > manifest["parent"]["step"].as_u64(), "it went on: {manifest}");
    weightscope().arg("verify").arg(&child).arg("--quiet").assert().code(0);
    let card = weightscope().arg("card").arg(&child).assert().code(0);
    let card = String::from_utf8(card.get_output().stdout.clone()).unwrap();
    assert!(card.contains("repeated: reproduced") && card.contains("forked from: parent at step"), "{card}");
}

/// Settings may change while the first network is trained, and no more once others are done with them.
#[test]
fn a_fork_behind_work_under_other_settings_is_a_wrong_request_and_makes_no_folder() {
    let root = tempfile::tempdir().unwrap();
    let [parent, late, early] = ["parent", "late", "early"].map(|name| root.path().join(name));
    let short = ["--set", "epochs=8", "--set", "repeats=2"];
    weightscope().args(["run", "compander/quick", "--out"]).arg(&parent).args(short).assert().code(0);
    let fork = |out: &Path, more: &[&str]| {
        weightscope()
            .arg("fork")
            .arg(&parent)
            .args(["--set", "amplitude=2"])
            .args(more)
            .arg("--out")
            .arg(out)
            .assert()
    };
    let refused = fork(&late, &[]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("amplitude: ") && said.contains("checkpoint of the first repeat"), "{said}");
    assert!(!late.exists(), "no run folder is made");
    let steps = std::fs::read_dir(parent.join("snapshots")).unwrap();
    let mut steps: Vec<u64> = steps
        .filter_map(|file| file.unwrap().path().file_stem()?.to_str()?.strip_prefix("step-")?.parse().ok())
        .collect();
    steps.sort_unstable();
    fork(&early, &["--step", &steps[0].to_string()]).code(0);
    assert_eq!(manifest(&early)["status"], "done");
}

#[test]
fn any_channels_are_drawn_and_a_figure_of_two_runs_names_both() {
    let root = tempfile::tempdir().unwrap();
    let runs: Vec<_> = ["a", "b"].iter().map(|name| root.path().join(name)).collect();
    for (run, seed) in runs.iter().zip(["0", "1"]) {
        let seed = format!("seed={seed}");
        weightscope()
            .args(["run", "oscillation/mlp-lsq", "--set", &seed, "--out"])
            .arg(run)
            .args(SHORT)
            .assert()
            .code(0);
    }
    let figure = root.path().join("figure.svg");
    let export = |view: &str| {
        let mut command = weightscope();
        command.args(["export", "--view", view, "--format", "svg", "--out"]).arg(&figure);
        command.arg(&runs[0]).arg("--with").arg(&runs[1]).assert()
    };
    let written = |view: &str| {
        export(view).code(0);
        let bytes = std::fs::read(&figure).unwrap();
        (provenance::read(&bytes).unwrap().run_ids, String::from_utf8(bytes).unwrap())
    };
    let (ids, svg) = written("channels:loss/train,loss/test");
    assert_eq!(ids, ["a", "b"], "its origin names both runs");
    assert!(svg.contains("b · test"), "and its legend the channels of each");
    assert_eq!(written("latent_histogram").0, ["a", "b"], "the outline of a histogram is a run too");
    let (ids, svg) = written("oscillation_map");
    assert!(ids == ["a"] && svg.contains("Only a is shown"), "a heat map shows one run, and says so");
    export("channels:los/train").code(2);
    // A colour that a person chose for a run is that of its curve and of its sample in the legend; the others give way.
    let drawn = |chosen: Option<usize>| {
        store::update_manifest(&runs[1], |manifest| manifest.color = chosen).unwrap();
        let (_, svg) = written("channels:loss/train");
        let overlay = provenance::read(svg.as_bytes()).unwrap().view_state["overlay"]["runs"].clone();
        let numbers: Vec<u64> =
            overlay.as_array().unwrap().iter().map(|run| run["color"].as_u64().unwrap()).collect();
        let inks = &Theme::Print.tokens().series;
        let strokes: Vec<usize> =
            inks.iter().map(|ink| svg.matches(&format!("stroke=\"{}\"", ink.hex())).count()).collect();
        (numbers, strokes)
    };
    let (numbers, strokes) = drawn(None);
    assert_eq!(numbers, [0, 1], "given in their order");
    assert!(strokes[1] >= 2 && strokes[4] == 0, "a curve and its sample: {strokes:?}");
    let (numbers, chosen) = drawn(Some(4));
    assert_eq!(numbers, [0, 4], "as it was chosen");
    assert_eq!((chosen[1], chosen[4]), (0, strokes[1]), "in as many places");
    assert_eq!(drawn(Some(0)).0, [1, 0], "the first run takes another");
    drawn(None);
    // A figure knows its runs by more than their names, and draws itself again.
    let (_, first) = written("channels:loss/train,loss/test");
    let origin = provenance::read(first.as_bytes()).unwrap();
    let found: Vec<_> = origin.runs.iter().map(|run| (run.id.as_str(), run.seed)).collect();
    assert_eq!(found, [("a", 0), ("b", 1)]);
    assert!(origin.runs.iter().all(|run| run.config_hash.len() > 8 && !run.started.is_empty()));
    let again = root.path().join("again.svg");
    let mut command = weightscope();
    command.args(["export", "--format", "svg", "--out"]).arg(&again).arg("--like").arg(&figure);
    command.arg(&runs[0]).arg("--with").arg(&runs[1]).assert().code(0);
    assert_eq!(std::fs::read_to_string(&again).unwrap(), first, "the same bytes");
}
