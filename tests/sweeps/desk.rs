//! A test's own folder with an experiment in it, and the program as scripts call it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

/// A task of a fraction of a second.
pub(crate) const SHORT: &str = "schema = 1\nlab = \"oscillation\"\nnetwork = \"mlp\"\nquantizer = \"lsq\"\nhidden_widths = [16]\n\
    weight_bits = 2\nactivation_bits = 0\nfloat_epochs = 2\nepochs = 6\nwindow = 40\ntraced_weights = 4\n";
/// Makes it one of about a second.
pub(crate) const LONGER: [&str; 2] = ["--set", "epochs=80"];
/// Makes it one that no test waits for.
pub(crate) const ENDLESS: [&str; 2] = ["--set", "epochs=20000"];
/// Six members in two axes.
pub(crate) const SIX: &str = "[sweep]\nseeds = [0, 1, 2]\nlearning_rate = [0.001, 0.003]\n";
/// Result that stays out of tables, since it is one of the machine.
pub(crate) const OF_THE_MACHINE: &str = "steps_per_second";

/// A test's own folder, with an experiment file in it.
pub(crate) struct Desk {
    root: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new(sweep: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("sweep.toml"), format!("{SHORT}\n{sweep}")).unwrap();
        Self { root }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Plans into a folder of this name.
    pub(crate) fn plan(&self, name: &str, more: &[&str]) -> PathBuf {
        self.try_plan(name, more).code(0);
        self.path(name)
    }

    pub(crate) fn try_plan(&self, name: &str, more: &[&str]) -> Assert {
        let mut command = weightscope();
        command.args(["sweep", "plan"]).arg(self.path("sweep.toml")).arg("--out").arg(self.path(name));
        command.args(more).assert()
    }
}

/// The program, built beside this test, as if no scheduler had started it.
pub(crate) fn weightscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weightscope"));
    for name in ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn run(folder: &Path, which: &[&str]) -> Assert {
    weightscope().args(["sweep", "run", "--quiet"]).arg(folder).args(which).assert()
}

/// The same without waiting for its end, in a job if it is named.
pub(crate) fn spawn(folder: &Path, which: &[&str], job: &[(&str, &Path)]) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weightscope"));
    for name in ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"] {
        command.env_remove(name);
    }
    command.args(["sweep", "run", "--quiet"]).arg(folder).args(which);
    command.envs(job.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn said(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

pub(crate) fn printed(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// How the tasks stand, by the command.
pub(crate) fn status(folder: &Path) -> Vec<Value> {
    let lines = weightscope().args(["sweep", "status", "--json"]).arg(folder).assert().code(0);
    printed(&lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn standing(folder: &Path, task: usize) -> String {
    status(folder)[task]["status"].as_str().unwrap().to_owned()
}

pub(crate) fn reason(folder: &Path, task: usize) -> String {
    status(folder)[task]["reason"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn run_folder(folder: &Path, task: usize) -> PathBuf {
    folder.join(json(&folder.join("plan.json"))["tasks"][task]["folder"].as_str().unwrap())
}

pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal by its name.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.unwrap().success(), "process {pid} takes {name}");
}

/// Waits until the program holds signals back: the earliest instant from which none may be lost.
pub(crate) fn until_it_listens(pid: u32) {
    const USR1: u64 = 1 << 9;
    until("signals are held back", || {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("SigBlk:")).map(str::trim);
        held.is_some_and(|held| u64::from_str_radix(held, 16).unwrap() & USR1 != 0)
    });
}

/// Waits until a task's run has a manifest: it is in its steps, or close to them.
pub(crate) fn until_it_runs(folder: &Path, task: usize) {
    let manifest = run_folder(folder, task).join("manifest.json");
    until("the run begins", || manifest.is_file());
}

pub(crate) fn code(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Content and date of all files of a folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let entries =
        fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    entries
        .map(|path| {
            (path.clone(), (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()))
        })
        .collect()
}

pub(crate) fn said_of(assert: &Assert, words: &[&str]) -> bool {
    let said = said(assert);
    let all = words.iter().all(|word| said.contains(word));
    assert!(all, "{words:?} in: {said}");
    all
}
