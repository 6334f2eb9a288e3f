//! Every lab's run, killed outright at several instants, goes on to the numbers of an unbroken one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

#[path = "labs/kit.rs"]
#[expect(dead_code, reason = "the other tests of all labs use the rest")]
mod kit;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::assert::OutputAssertExt as _;
use kit::store;

/// Settings under which the smallest experiment lasts long enough for a checkpoint on a fast machine, by lab.
const LONGER: [(&str, &[&str]); 3] = [
    ("oscillation", &["--set", "epochs=1200", "--set", "record_every=100", "--set", "traced_weights=2"]),
    ("phases", &["--set", "steps_min=40000", "--set", "curve_epochs=2000"]),
    ("quantiles", &["--set", "net_steps=6000", "--set", "aggregator_steps=6000"]),
];

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
    (manifest.stream_hash, kit::exact_results(&manifest.results))
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

/// As soon as a longer run has a checkpoint, so that it goes on from there.
fn killed_behind_a_checkpoint(lab: &str) {
    let (_, settings) = LONGER.iter().find(|(own, _)| *own == lab).unwrap();
    let root = tempfile::tempdir().unwrap();
    let experiment = root.path().join("smallest.toml");
    std::fs::write(&experiment, kit::smallest_text(lab)).unwrap();
    let (unbroken, killed) = (root.path().join("unbroken"), root.path().join("killed"));
    assert!(start(&experiment, settings, &unbroken).wait().unwrap().success(), "{lab}: the unbroken run");
    let mut child = start(&experiment, settings, &killed);
    let begun = Instant::now();
    while store::checkpoints(&killed).is_empty() && begun.elapsed() < Duration::from_mins(2) {
        assert!(child.try_wait().unwrap().is_none(), "{lab}: the run ended without a checkpoint on its way");
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(150));
    child.kill().unwrap();
    child.wait().unwrap();
    let status = store::read_manifest(&killed).unwrap().status;
    assert_eq!(status, store::Status::Interrupted, "{lab}: the run was not at its end");
    assert!(!store::checkpoints(&killed).is_empty(), "{lab}: a checkpoint survives");
    assert_goes_on(lab, "killed behind a checkpoint", &killed, &unbroken);
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
}

#[test]
fn every_lab_of_the_catalogue_is_killed() {
    assert_eq!(LABS, kit::names(), "labs of this file, and labs of the catalogue");
    assert!(LONGER.iter().map(|(lab, _)| *lab).eq(LABS.iter().copied()), "labs with a longer run");
}
