//! Every lab's run, killed outright at several instants, goes on to the numbers of an unbroken one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

#[path = "labs/kit.rs"]
#[expect(dead_code, unused_imports, reason = "the other tests of all labs use the rest")]
mod kit;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::assert::OutputAssertExt as _;
use kit::store;

/// Settings under which the smallest experiment lasts some seconds, so that it is not over before it is killed, by lab.
const LONGER: [(&str, &[&str]); 8] = [
    ("oscillation", &["--set", "epochs=100"]),
    ("phases", &["--set", "steps_min=4000", "--set", "curve_epochs=200"]),
    ("quantiles", &["--set", "net_steps=600", "--set", "aggregator_steps=600"]),
    ("compander", &["--set", "epochs=10000", "--set", "record_every=400"]),
    (
        "entangled_search",
        &[
            "--set",
            "steps=1500",
            "--set",
            "record_every=50",
            "--set",
            "monitor_every=100",
            "--set",
            "rank_every=500",
        ],
    ),
    ("weight_generation", &["--set", "diffusion_steps=30000", "--set", "record_every=400"]),
    ("block_affine", &["--set", "steps=12000", "--set", "record_every=400"]),
    // It waits for another checkpoint of a folder in which none comes.
    ("inspect", &["--set", "folder=digits", "--set", "watch_seconds=12"]),
];
/// Longer than the least time between two checkpoints.
const UNTIL_A_CHECKPOINT_IS_DUE: Duration = Duration::from_millis(5300);

/// The program, built beside this test.
fn weightscope() -> Command {
    Command::new(env!("CARGO_BIN_EXE_weightscope"))
}

fn start(experiment: &Path, settings: &[&str], out: &Path) -> Child {
    let mut command = weightscope();
    command.arg("run").arg(experiment).arg("--quiet").arg("--out").arg(out).args(settings);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Hash of the stream, and the results without those of the machine.
fn end(folder: &Path) -> (Option<String>, BTreeMap<String, u64>) {
    let manifest = store::read_manifest(folder).unwrap();
    assert_eq!(manifest.status, store::Status::Done, "{}: {:?}", folder.display(), manifest.reason);
    (manifest.stream_hash, kit::exact_results(&manifest.lab, &manifest.results))
}

/// Resumes a killed run and compares its end with that of an unbroken one.
fn assert_goes_on(lab: &str, what: &str, killed: &Path, unbroken: &Path) {
    weightscope().arg("resume").arg(killed).arg("--quiet").assert().code(0);
    assert_eq!(end(unbroken), end(killed), "{lab}, {what}");
    for file in kit::exact_files(lab) {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert!(read(unbroken) == read(killed), "{lab}, {what}: another {file}");
    }
}

/// At an early, a middle and a late instant of a short run, whatever it is doing then.
fn killed_at_instants(lab: &str) {
    let root = tempfile::tempdir().unwrap();
    let experiment = root.path().join("smallest.toml");
    std::fs::write(&experiment, kit::smallest_text(lab)).unwrap();
    let unbroken = root.path().join("unbroken");
    let begun = Instant::now();
    assert!(start(&experiment, &[], &unbroken).wait().unwrap().success(), "{lab}: the unbroken run failed");
    let whole = begun.elapsed();
    let mut before_the_end = 0;
    for share in [0.3, 0.6, 0.85] {
        let killed = root.path().join(share.to_string());
        let mut child = start(&experiment, &[], &killed);
        std::thread::sleep(whole.mul_f64(share));
        child.kill().unwrap();
        child.wait().unwrap();
        // Killed before it had a folder, there is nothing to go on from.
        let Ok(manifest) = store::read_manifest(&killed) else { continue };
        before_the_end += usize::from(manifest.status == store::Status::Interrupted);
        if manifest.status == store::Status::Interrupted {
            assert_goes_on(lab, &format!("killed after {share} of its time"), &killed, &unbroken);
        }
    }
    assert!(before_the_end > 0, "{lab}: no run was killed in the middle; {whole:?} for the unbroken one");
}

/// Stops a process until its next checkpoint is due, then lets it go on: time passes, and no work is done meanwhile.
fn age(child: &Child) {
    let signal = |name: &str| {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
        assert!(status.unwrap().success(), "the process takes a signal");
    };
    signal("STOP");
    std::thread::sleep(UNTIL_A_CHECKPOINT_IS_DUE);
    signal("CONT");
}

/// As soon as a run has a checkpoint, so that it goes on from there.
fn killed_behind_a_checkpoint(lab: &str) {
    let (_, settings) = LONGER.iter().find(|(own, _)| *own == lab).unwrap();
    let root = tempfile::tempdir().unwrap();
    let experiment = root.path().join("smallest.toml");
    std::fs::write(&experiment, kit::smallest_text(lab)).unwrap();
    let unbroken = root.path().join("unbroken");
    let begun = Instant::now();
    assert!(start(&experiment, settings, &unbroken).wait().unwrap().success(), "{lab}: the unbroken run");
    let whole = begun.elapsed();
    // A machine that is less busy than before may be done earlier; then the run is killed earlier.
    for share in [0.4, 0.2, 0.1] {
        let killed = root.path().join(share.to_string());
        let mut child = start(&experiment, settings, &killed);
        std::thread::sleep(whole.mul_f64(share));
        age(&child);
        while store::checkpoints(&killed).is_empty() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if store::read_manifest(&killed).unwrap().status == store::Status::Interrupted {
            let what = format!("killed behind a checkpoint, after {share} of its time");
            return assert_goes_on(lab, &what, &killed, &unbroken);
        }
    }
    panic!("{lab}: no run was killed in the middle; {whole:?} for the unbroken one");
}

macro_rules! labs {
    ($($lab:ident)+) => {
        const LABS: &[&str] = &[$(stringify!($lab)),+];
        $(mod $lab {
            #[test]
            fn killed_at_any_instant_it_goes_on_to_the_same_end() {
                crate::killed_at_instants(stringify!($lab));
            }

            #[test]
            fn killed_behind_a_checkpoint_it_goes_on_to_the_same_end() {
                crate::killed_behind_a_checkpoint(stringify!($lab));
            }
        })+
    };
}

labs! {
    oscillation
    phases
    quantiles
    compander
    entangled_search
    weight_generation
    block_affine
    inspect
}

#[test]
fn every_lab_of_the_catalogue_is_killed() {
    assert_eq!(LABS, kit::names(), "labs of this file, and labs of the catalogue");
    assert!(LONGER.iter().map(|(lab, _)| *lab).eq(LABS.iter().copied()), "labs with a longer run");
}
