//! The phases lab as scripts use it: a run that is killed outright goes on to the same grid, and its zoo can be handed on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_weightscope"))
}

fn weightscope() -> Command {
    Command::new(binary())
}

/// The quick preset on a smaller grid, long enough to be killed in the middle on a fast machine.
const GRID: [&str; 8] = [
    "phases/quick",
    "--quiet",
    "--set",
    "widths=[8, 32, 64]",
    "--set",
    "batch_sizes=[16, 64]",
    "--set",
    "steps_min=6000",
];

fn spawn(folder: &Path) -> Child {
    std::process::Command::new(binary())
        .arg("run")
        .args(GRID)
        .arg("--out")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Models that lie whole in the run's zoo.
fn models(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder.join("zoo")) else { return 0 };
    entries.flatten().filter(|entry| entry.path().join("result.json").is_file()).count()
}

#[test]
fn a_killed_run_goes_on_to_the_same_grid_and_its_zoo_is_handed_on() {
    let root = tempfile::tempdir().unwrap();
    let unbroken = root.path().join("unbroken");
    weightscope().arg("run").args(GRID).arg("--out").arg(&unbroken).assert().code(0);
    let grid = |folder: &Path| std::fs::read(folder.join("grid.csv")).unwrap();
    // In the middle of training: some networks are whole, others are not; how many depends on the machine, the outcome must not.
    for least in [1, 5] {
        let killed = root.path().join(format!("killed at {least}"));
        let mut child = spawn(&killed);
        let begun = Instant::now();
        while models(&killed) < least && begun.elapsed() < Duration::from_mins(2) {
            assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be killed");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!killed.join("views/pictures.cbor").is_file(), "the run was not at its end");
        let kept = models(&killed);
        assert!(kept >= least, "networks that were done are kept: {kept}");
        weightscope().arg("resume").arg(&killed).arg("--quiet").assert().code(0);
        assert_eq!(grid(&unbroken), grid(&killed), "byte for byte, killed at {kept} networks");
    }

    let out = root.path().join("zoo");
    weightscope().arg("produce").arg(&unbroken).arg("zoo").arg("--out").arg(&out).assert().code(0);
    let card = std::fs::read_to_string(out.join("README.md")).unwrap();
    for word in ["CC BY 4.0", "Configuration hash", "12 small perceptrons", "Known limits", "nat"] {
        assert!(card.contains(word), "the card lacks \"{word}\": {card}");
    }
    let index = std::fs::read_to_string(out.join("index.csv")).unwrap();
    assert_eq!(index.lines().count(), 13, "a heading and a row for each model");
    weightscope().arg("check").arg(out.join("experiment.toml")).assert().code(0);
    weightscope().arg("produce").arg(&unbroken).arg("zoo").arg("--out").arg(&out).assert().code(2);
    let wrong =
        weightscope().arg("produce").arg(&unbroken).arg("soup").arg("--out").arg(&out).assert().code(2);
    let words = String::from_utf8(wrong.get_output().stderr.clone()).unwrap();
    assert!(words.contains("makes no \"soup\"") && words.contains("zoo"), "{words}");
}
