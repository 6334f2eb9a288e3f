//! The window follows a plan while another program carries it out.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_tests::window::{click, drop_on, until, wait_for, workbench};

/// Three tasks of some seconds each, on a fast machine too: the list is read every two.
const SWEEP: &str = "schema = 1\nlab = \"oscillation\"\nnetwork = \"mlp\"\nquantizer = \"lsq\"\nhidden_widths = [16]\n\
    weight_bits = 2\nactivation_bits = 0\nfloat_epochs = 2\nepochs = 1000\nwindow = 40\ntraced_weights = 4\n\
    [sweep]\nseeds = [0, 1, 2]\n";
/// The longest that is waited for the tasks.
const PATIENCE: Duration = Duration::from_mins(5);

/// The program, as if no scheduler had started it.
fn weightscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weightscope"));
    for name in ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Plans into a folder.
fn plan(drive: &Path, name: &str) -> std::path::PathBuf {
    let (file, folder) = (drive.join("sweep.toml"), drive.join(name));
    fs::write(&file, SWEEP).unwrap();
    let planned = weightscope().args(["sweep", "plan"]).arg(&file).arg("--out").arg(&folder).status();
    assert!(planned.unwrap().success(), "planned");
    folder
}

/// A program that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_list_follows_a_plan_that_another_program_carries_out() {
    let (runs, drive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(drive.path(), "plan");
    let mut harness = workbench(runs.path());
    harness.run_steps(2);
    drop_on(&mut harness, &plan);
    wait_for(&mut harness, "Plan plan: 3 tasks: 3 planned");
    click(&mut harness, "Only its tasks");
    let words = |states: &[(String, &'static str)]| states.iter().map(|(_, word)| *word).collect::<Vec<_>>();
    let states = harness.state().listed_states();
    assert_eq!(words(&states), ["planned"; 3]);
    assert!(states.iter().zip(0..).all(|((id, _), task)| id.starts_with(&task.to_string())), "{states:?}");
    let first = states[0].0.clone();
    let words_of = format!("Tick {first}");
    let tick = harness.get_by_label(&words_of);
    assert!(tick.accesskit_node().is_disabled(), "there is nothing to draw of it");

    let mut others = Ends(
        weightscope()
            .args(["sweep", "run", "--quiet"])
            .arg(&plan)
            .args(["--all", "--jobs", "2"])
            .spawn()
            .unwrap(),
    );
    let (begun, mut seen) = (Instant::now(), BTreeSet::new());
    while words(&harness.state().listed_states()) != ["done"; 3] {
        assert!(begun.elapsed() < PATIENCE, "not done: {:?}", harness.state().listed_states());
        harness.step();
        seen.extend(words(&harness.state().listed_states()));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(seen, BTreeSet::from(["planned", "running", "done"]), "one word for each state");
    assert!(others.0.wait().unwrap().success(), "the program came to its end");
    wait_for(&mut harness, "Plan plan: 3 tasks: 3 done");

    click(&mut harness, &format!("Open {first}"));
    until(&mut harness, "a task that is done is shown like any run", |app| {
        app.folder().is_some_and(|path| path.starts_with(&plan) && path.ends_with(&first))
    });
    click(&mut harness, &format!("Tick {}", states[1].0));
    until(&mut harness, "another one beside it", |app| app.overlaid_runs().len() == 1);
    assert_eq!(harness.state().faults(), Vec::<String>::new());
    click(&mut harness, "Stop following");
    until(&mut harness, "the tasks have left", |app| app.listed_states().is_empty());
}

#[test]
fn a_window_over_the_folder_of_a_plan_lists_each_task_once() {
    let drive = tempfile::tempdir().unwrap();
    let plan = plan(drive.path(), "plan");
    let done = weightscope().args(["sweep", "run", "--quiet"]).arg(&plan).args(["--task", "1"]).status();
    assert!(done.unwrap().success(), "one of them is done");
    let mut harness = workbench(&plan);
    until(&mut harness, "the tasks are listed", |app| app.listed_states().len() == 3);
    harness.run_steps(10);
    let mut states = harness.state().listed_states();
    states.sort();
    let words: Vec<&str> = states.iter().map(|(_, word)| *word).collect();
    assert_eq!(words, ["planned", "done", "planned"], "{states:?}");
}
