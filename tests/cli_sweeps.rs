//! Sweeps as scripts use them: plans, tasks in any order, signals, kills, other owners, and everything that is refused.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

/// A task of a fraction of a second.
const SHORT: &str = "schema = 1\nlab = \"oscillation\"\nnetwork = \"mlp\"\nquantizer = \"lsq\"\nhidden_widths = [16]\n\
    weight_bits = 2\nactivation_bits = 0\nfloat_epochs = 2\nepochs = 6\nwindow = 40\ntraced_weights = 4\n";
/// Makes it one of about a second.
const LONGER: [&str; 2] = ["--set", "epochs=80"];
/// Makes it one that no test waits for.
const ENDLESS: [&str; 2] = ["--set", "epochs=20000"];
/// Six members in two axes.
const SIX: &str = "[sweep]\nseeds = [0, 1, 2]\nlearning_rate = [0.001, 0.003]\n";
/// Result that stays out of tables, since it is one of the machine.
const OF_THE_MACHINE: &str = "steps_per_second";

/// A test's own folder, with an experiment file in it.
struct Desk {
    root: tempfile::TempDir,
}

impl Desk {
    fn new(sweep: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("sweep.toml"), format!("{SHORT}\n{sweep}")).unwrap();
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Plans into a folder of this name.
    fn plan(&self, name: &str, more: &[&str]) -> PathBuf {
        self.try_plan(name, more).code(0);
        self.path(name)
    }

    fn try_plan(&self, name: &str, more: &[&str]) -> Assert {
        let mut command = weightscope();
        command.args(["sweep", "plan"]).arg(self.path("sweep.toml")).arg("--out").arg(self.path(name));
        command.args(more).assert()
    }
}

/// The program, built beside this test, as if no scheduler had started it.
fn weightscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weightscope"));
    for name in ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"] {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, which: &[&str]) -> Assert {
    weightscope().args(["sweep", "run", "--quiet"]).arg(folder).args(which).assert()
}

/// The same without waiting for its end, in a job if it is named.
fn spawn(folder: &Path, which: &[&str], job: &[(&str, &Path)]) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weightscope"));
    for name in ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"] {
        command.env_remove(name);
    }
    command.args(["sweep", "run", "--quiet"]).arg(folder).args(which);
    command.envs(job.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn said(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

fn printed(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// How the tasks stand, by the command.
fn status(folder: &Path) -> Vec<Value> {
    let lines = weightscope().args(["sweep", "status", "--json"]).arg(folder).assert().code(0);
    printed(&lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn standing(folder: &Path, task: usize) -> String {
    status(folder)[task]["status"].as_str().unwrap().to_owned()
}

fn reason(folder: &Path, task: usize) -> String {
    status(folder)[task]["reason"].as_str().unwrap_or_default().to_owned()
}

fn run_folder(folder: &Path, task: usize) -> PathBuf {
    folder.join(json(&folder.join("plan.json"))["tasks"][task]["folder"].as_str().unwrap())
}

fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal by its name.
fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.unwrap().success(), "process {pid} takes {name}");
}

/// Waits until the program holds signals back: the earliest instant from which none may be lost.
fn until_it_listens(pid: u32) {
    const USR1: u64 = 1 << 9;
    until("signals are held back", || {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("SigBlk:")).map(str::trim);
        held.is_some_and(|held| u64::from_str_radix(held, 16).unwrap() & USR1 != 0)
    });
}

/// Waits until a task's run has a manifest: it is in its steps, or close to them.
fn until_it_runs(folder: &Path, task: usize) {
    let manifest = run_folder(folder, task).join("manifest.json");
    until("the run begins", || manifest.is_file());
}

fn code(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Content and date of all files of a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let entries =
        fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    entries
        .map(|path| {
            (path.clone(), (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()))
        })
        .collect()
}

#[test]
fn the_same_sweep_gives_the_same_table_beside_each_other_and_one_by_one_in_reverse() {
    let desk = Desk::new(SIX);
    let (here, there) = (desk.plan("here", &[]), desk.plan("there", &["--pack", "4"]));
    let all = run(&here, &["--all", "--jobs", "2"]).code(0);
    let lines = printed(&all);
    let first: Vec<&str> = lines.lines().take(6).map(|line| &line[..1]).collect();
    assert_eq!(first, ["0", "1", "2", "3", "4", "5"], "in the order of the tasks: {lines}");
    assert!(lines.ends_with("results.csv\n"), "{lines}");
    assert!(status(&here).iter().all(|task| task["status"] == "done"), "{lines}");
    run(&there, &["--pack", "1"]).code(0);
    assert_eq!(standing(&there, 3), "waiting");
    for task in ["3", "2", "1", "0"] {
        assert!(!there.join("results.csv").exists(), "not before all are done");
        run(&there, &["--task", task]).code(0);
    }
    let table = fs::read(here.join("results.csv")).unwrap();
    assert_eq!(table, fs::read(there.join("results.csv")).unwrap(), "byte for byte");
    let mut rows = csv::Reader::from_reader(table.as_slice());
    let header: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..4], ["task", "name", "learning_rate", "seed"]);
    assert!(!header.iter().any(|name| name == OF_THE_MACHINE), "{header:?}");
    let accuracy = header.iter().position(|name| name == "test_accuracy").unwrap();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);
    for (task, row) in rows.iter().enumerate() {
        let results = &json(&run_folder(&here, task).join("manifest.json"))["results"];
        assert_eq!(row[accuracy].parse::<f64>().unwrap(), results["test_accuracy"].as_f64().unwrap());
    }

    // What is done is never done again, whatever became of the states.
    let before = files(&run_folder(&here, 2));
    assert!(
        said(&weightscope().args(["sweep", "run"]).arg(&here).args(["--task", "2"]).assert().code(0))
            .contains("done before")
    );
    fs::write(here.join("state/2.json"), "{\"status\": \"fail").unwrap();
    fs::remove_file(here.join("state/3.json")).unwrap();
    fs::write(here.join("state/4.json"), "{\"status\": \"failed\", \"reason\": \"a lie\"}").unwrap();
    fs::remove_file(here.join("state/5.done")).unwrap();
    fs::remove_file(here.join("results.csv")).unwrap();
    assert!(status(&here).iter().all(|task| task["status"] == "done"), "the runs themselves say so");
    assert_eq!(fs::read(here.join("results.csv")).unwrap(), table, "and the table is made again");
    fs::remove_dir_all(here.join("state")).unwrap();
    assert!(status(&here).iter().all(|task| task["status"] == "done"), "without any state too");
    run(&here, &["--all", "--jobs", "2"]).code(0);
    assert_eq!(files(&run_folder(&here, 2)), before, "nothing was touched");
    let retried = weightscope().args(["sweep", "retry"]).arg(&here).assert().code(0);
    assert!(printed(&retried).is_empty() && said(&retried).contains("nothing to try again"));
    let some = desk.path("some.csv");
    weightscope().args(["sweep", "status"]).arg(&here).arg("--table").arg(&some).assert().code(0);
    assert_eq!(fs::read(some).unwrap(), table);
}

#[test]
fn a_sweep_that_is_killed_goes_on_to_the_table_of_an_unbroken_one() {
    let desk = Desk::new("[sweep]\nseeds = [3, 4, 5]\n");
    let (killed, unbroken) = (desk.plan("killed", &LONGER), desk.plan("unbroken", &LONGER));
    let mut parent = spawn(&killed, &["--all", "--jobs", "2"], &[]);
    until_it_runs(&killed, 0);
    until_it_runs(&killed, 1);
    // One task is killed outright, as by a machine that is out of memory; then the process that started them.
    let owner = json(&killed.join("state/0.owner"));
    signal(u32::try_from(owner["pid"].as_u64().unwrap()).unwrap(), "KILL");
    until("the task's end is seen", || standing(&killed, 0) != "running");
    assert_eq!(standing(&killed, 0), "preempted", "{}", reason(&killed, 0));
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the others notice", || status(&killed).iter().all(|task| task["status"] != "running"));
    assert!(!killed.join("results.csv").exists());
    run(&killed, &["--all", "--jobs", "2"]).code(0);
    run(&unbroken, &["--all"]).code(0);
    let table = |folder: &Path| fs::read_to_string(folder.join("results.csv")).unwrap();
    assert_eq!(table(&killed), table(&unbroken));
    for task in 0..3 {
        let stream =
            |folder: &Path| json(&run_folder(folder, task).join("manifest.json"))["stream_hash"].clone();
        assert_eq!(stream(&killed), stream(&unbroken), "task {task}, bit for bit");
    }
}

/// A stand-in for Slurm's own program, which writes down what it is asked.
fn scontrol(desk: &Desk, answer: &str) -> PathBuf {
    let folder = desk.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("scontrol");
    fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> '{}'\n{answer}\n", desk.path("asked").display()))
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Starts a task in a job, and sends it a signal at the first instant from which none may be lost.
fn signalled(folder: &Path, bin: &Path, name: &str) -> (Option<i32>, String) {
    let job = [
        ("SLURM_JOB_ID", Path::new("41")),
        ("SLURM_ARRAY_JOB_ID", Path::new("38")),
        ("SLURM_ARRAY_TASK_ID", Path::new("0")),
        ("SLURM_CPUS_PER_TASK", Path::new("1")),
        ("PATH", bin),
    ];
    let child = spawn(folder, &["--task", "0"], &job);
    until_it_listens(child.id());
    signal(child.id(), name);
    code(child)
}

#[test]
fn a_signal_in_the_first_second_saves_and_queues_the_element_again_at_most_three_times() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &ENDLESS);
    let bin = scontrol(&desk, "");
    for time in 1..=3 {
        let (code, said) = signalled(&plan, &bin, "USR1");
        assert_eq!(code, Some(75), "{said}");
        assert!(said.contains(&format!("queued again ({time} of 3)")), "{said}");
        let task = &status(&plan)[0];
        assert_eq!((&task["status"], &task["queued"]), (&"waiting".into(), &"38_0".into()), "{task}");
    }
    let (code, said) = signalled(&plan, &bin, "USR1");
    assert!(code == Some(75) && said.contains("had been queued again 3 times"), "{code:?} {said}");
    assert_eq!(standing(&plan, 0), "out_of_time");
    assert_eq!(
        fs::read_to_string(desk.path("asked")).unwrap(),
        "requeue 38_0\n".repeat(3),
        "the element alone"
    );
    let closed = run(&plan, &["--task", "0"]).code(1);
    assert!(said_of(&closed, &["out of time", "sweep retry"]));
    let lines = weightscope().args(["sweep", "status"]).arg(&plan).assert().code(0);
    assert!(printed(&lines).starts_with("1 task: 1 out of time\n"), "{}", printed(&lines));
    let again = weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);
    assert_eq!(printed(&again), format!("sbatch --array=0 '{}'\n", plan.join("sweep.sbatch").display()));
    assert_eq!((standing(&plan, 0), status(&plan)[0]["requeues"].clone()), ("waiting".to_owned(), 0.into()));
}

fn said_of(assert: &Assert, words: &[&str]) -> bool {
    let said = said(assert);
    let all = words.iter().all(|word| said.contains(word));
    assert!(all, "{words:?} in: {said}");
    all
}

#[test]
fn without_slurms_own_program_a_task_ends_out_of_time_and_nothing_is_lost() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &ENDLESS);
    let nothing = desk.path("nothing");
    let (code, said) = signalled(&plan, &nothing, "USR1");
    assert!(code == Some(75) && said.contains("scontrol cannot be started"), "{code:?} {said}");
    assert_eq!(standing(&plan, 0), "out_of_time");
    weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);

    let bin = scontrol(
        &desk,
        "echo 'slurm_requeue error: Requested operation is\n presently disabled' >&2; exit 1",
    );
    let (code, said) = signalled(&plan, &bin, "USR1");
    assert!(code == Some(75) && said.contains("Slurm refused"), "{code:?} {said}");
    assert!(reason(&plan, 0).contains("presently disabled"), "{}", reason(&plan, 0));
    weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);

    // One that is queued again and cancelled while it waits would never come: it may be tried again.
    let waiting = scontrol(&desk, "");
    assert_eq!(signalled(&plan, &waiting, "USR1").0, Some(75));
    let retry = |answer: &str| {
        let bin = scontrol(&desk, answer);
        printed(&weightscope().args(["sweep", "retry"]).arg(&plan).env("PATH", bin).assert().code(0))
    };
    assert_eq!(retry("echo 'JobId=41 JobState=PENDING Reason=BeginTime'"), "", "it will come");
    assert_eq!(standing(&plan, 0), "waiting");
    assert!(retry("echo 'JobId=41 JobState=CANCELLED Reason=None'").starts_with("sbatch --array=0 "));

    // A job that a person has cancelled is not queued again.
    fs::remove_file(desk.path("asked")).unwrap();
    let ending = "RunTime=00:00:09 TimeLimit=01:00:00 PreemptTime=None";
    let bin = scontrol(&desk, &format!("echo 'JobId=41 JobState=COMPLETING Restarts=0 {ending}'"));
    let (code, said) = signalled(&plan, &bin, "TERM");
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(standing(&plan, 0), "cancelled");
    assert_eq!(fs::read_to_string(desk.path("asked")).unwrap(), "show job --oneliner 38_0\n");
    // One that is preempted is queued again, by Slurm itself or on our asking.
    let bin = scontrol(&desk, "echo 'JobState=COMPLETING Restarts=1 RunTime=00:00:00 TimeLimit=01:00:00'");
    assert_eq!(signalled(&plan, &bin, "TERM").0, Some(75));
    assert_eq!((standing(&plan, 0).as_str(), &status(&plan)[0]["queued"]), ("preempted", &"38_0".into()));
    let bin = scontrol(&desk, "echo 'JobState=RUNNING Restarts=0 RunTime=00:00:09 TimeLimit=01:00:00'");
    assert_eq!(signalled(&plan, &bin, "TERM").0, Some(75));
    assert_eq!((standing(&plan, 0).as_str(), &status(&plan)[0]["requeues"]), ("preempted", &1.into()));
    assert!(fs::read_to_string(desk.path("asked")).unwrap().ends_with("\nrequeue 38_0\n"));
}

#[test]
fn what_ends_or_stops_a_task_has_a_word_of_its_own() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &ENDLESS);
    let child = spawn(&plan, &["--task", "0"], &[]);
    until_it_runs(&plan, 0);
    assert_eq!(standing(&plan, 0), "running");
    let other = run(&plan, &["--task", "0"]).code(75);
    assert!(said_of(&other, &["running there", &child.id().to_string()]), "two owners never write one run");
    signal(child.id(), "TSTP");
    until("it stands still", || standing(&plan, 0) == "paused");
    let saved = fs::read_dir(run_folder(&plan, 0).join("snapshots")).unwrap().count();
    assert!(saved > 0, "and is saved");
    signal(child.id(), "CONT");
    until("it goes on", || standing(&plan, 0) == "running");
    signal(child.id(), "TERM");
    let (ended, words) = code(child);
    assert!(ended == Some(75) && words.contains("is saved"), "{ended:?} {words}");
    assert_eq!(standing(&plan, 0), "preempted");
    let step = json(&run_folder(&plan, 0).join("manifest.json"))["step"].as_u64().unwrap();

    let child = spawn(&plan, &["--task", "0"], &[]);
    until("it goes on", || standing(&plan, 0) == "running");
    until("with its steps", || {
        fs::read_to_string(run_folder(&plan, 0).join("manifest.json")).unwrap().contains("\"running\"")
    });
    signal(child.id(), "INT");
    assert_eq!(code(child).0, Some(130));
    assert_eq!(standing(&plan, 0), "cancelled");
    let after = json(&run_folder(&plan, 0).join("manifest.json"))["step"].as_u64().unwrap();
    assert!(after >= step && step > 0, "from where it was, not anew: {step}, {after}");
    let child = spawn(&plan, &["--task", "0"], &[]);
    until_it_listens(child.id());
    signal(child.id(), "USR1");
    assert_eq!(code(child).0, Some(75));
    assert_eq!(standing(&plan, 0), "out_of_time", "nobody can be asked for more");
}

#[test]
fn one_interrupt_ends_all_in_order() {
    let desk = Desk::new(SIX);
    let plan = desk.plan("plan", &ENDLESS);
    let child = spawn(&plan, &["--all", "--jobs", "2"], &[]);
    until_it_runs(&plan, 0);
    until_it_runs(&plan, 1);
    signal(child.id(), "INT");
    assert_eq!(code(child).0, Some(130));
    let words: Vec<Value> = status(&plan).into_iter().map(|task| task["status"].clone()).collect();
    assert_eq!(words, ["cancelled", "cancelled", "waiting", "waiting", "waiting", "waiting"]);
    assert!(!plan.join("state/0.owner").exists() && !plan.join("state/1.owner").exists(), "nobody is left");
    let again = weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);
    assert!(printed(&again).starts_with("sbatch --array=0-1 "), "{}", printed(&again));
}

/// The file of an owner on another machine, beaten so long ago (or ahead).
fn elsewhere(folder: &Path, ago: i64) {
    let path = folder.join("state/0.owner");
    fs::write(&path, "{\"host\": \"node7\", \"pid\": 4711, \"since\": \"2026-01-01T00:00:00Z\", \"space\": \"x\", \"start\": 9}").unwrap();
    let offset = Duration::from_secs(ago.unsigned_abs());
    let now = SystemTime::now();
    let date = if ago < 0 { now + offset } else { now - offset };
    fs::File::options().write(true).open(&path).unwrap().set_modified(date).unwrap();
}

#[test]
fn a_task_in_work_on_another_machine_is_left_alone_until_its_heartbeat_is_silent() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &[]);
    elsewhere(&plan, 20);
    let busy = run(&plan, &["--task", "0"]).code(75);
    assert!(said_of(&busy, &["running there", "node7", "4711"]));
    let task = &status(&plan)[0];
    assert_eq!((&task["status"], &task["host"]), (&"running".into(), &"node7".into()), "{task}");
    // A clock in the past makes its heartbeat seem to come from the future: then only watching tells.
    elsewhere(&plan, -3600);
    assert_eq!(standing(&plan, 0), "running");
    elsewhere(&plan, 90);
    assert_eq!(standing(&plan, 0), "preempted");
    run(&plan, &["--task", "0"]).code(0);
    assert_eq!(standing(&plan, 0), "done");
    assert!(!plan.join("state/0.owner").exists());
}

#[test]
fn an_owner_ahead_of_the_clock_is_watched_before_its_task_is_taken() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &[]);
    elsewhere(&plan, -3600);
    let begun = Instant::now();
    run(&plan, &["--task", "0"]).code(0);
    assert!(begun.elapsed() > Duration::from_secs(10), "two heartbeats");
    assert_eq!(standing(&plan, 0), "done");
}

#[test]
fn a_damaged_run_fails_and_is_tried_again_after_a_word() {
    let desk = Desk::new("[sweep]\nseeds = [0, 1]\n");
    let plan = desk.plan("plan", &[]);
    let folder = run_folder(&plan, 1);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("manifest.json"), "{\"status\": \"do").unwrap();
    let failed = run(&plan, &["--all"]).code(1);
    assert!(said_of(&failed, &["1 of 2 tasks", "manifest.json is damaged", "sweep retry"]));
    assert_eq!((standing(&plan, 0), standing(&plan, 1)), ("done".to_owned(), "failed".to_owned()));
    let again = weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);
    assert!(printed(&again).starts_with("sbatch --array=1 "), "{}", printed(&again));
    assert!(said_of(&again, &["set aside"]));
    run(&plan, &["--all"]).code(0);
    assert!(plan.join("results.csv").is_file());
    // What a program leaves that dies before its first step is no reason to fail.
    let other = desk.plan("other", &[]);
    let folder = run_folder(&other, 0);
    fs::create_dir_all(folder.join("snapshots")).unwrap();
    fs::write(folder.join("experiment.toml"), "schema = ").unwrap();
    run(&other, &["--task", "0"]).code(0);
    // A run without its manifest that has saved something is kept.
    let folder = run_folder(&other, 1);
    fs::create_dir_all(folder.join("snapshots")).unwrap();
    fs::write(folder.join("snapshots/step-000000100.safetensors"), "saved").unwrap();
    run(&other, &["--task", "1"]).code(0);
    let kept = folder.with_file_name(format!("{}.lost-1", folder.file_name().unwrap().to_string_lossy()));
    assert!(kept.join("snapshots/step-000000100.safetensors").is_file());
}

#[test]
fn a_plan_is_written_once_and_another_one_is_refused() {
    let desk = Desk::new(SIX);
    let options = ["--pack", "4", "--time", "0:30:00", "--partition", "short", "--signal", "90"];
    let planned = desk.try_plan("plan", &options).code(0);
    let plan = desk.path("plan");
    assert_eq!(printed(&planned), format!("sbatch '{}'\n", plan.join("sweep.sbatch").display()));
    let script = fs::read_to_string(plan.join("sweep.sbatch")).unwrap();
    for line in [
        "#!/bin/bash",
        "#SBATCH --array=0-1",
        "#SBATCH --time=0:30:00",
        "#SBATCH --partition=short",
        "#SBATCH --signal=B:USR1@90",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        "#SBATCH --cpus-per-task=1",
    ] {
        assert!(script.lines().any(|known| known == line), "{line} in:\n{script}");
    }
    let last = script.lines().last().unwrap();
    assert!(last.starts_with("exec '") && last.ends_with(" --pack \"$SLURM_ARRAY_TASK_ID\""), "{last}");
    let mut rows = csv::Reader::from_path(plan.join("tasks.csv")).unwrap();
    assert_eq!(
        rows.headers().unwrap(),
        &csv::StringRecord::from(vec!["task", "label", "learning_rate", "seed", "folder"])
    );
    assert_eq!(rows.records().count(), 6);

    let before = files(&plan);
    assert!(said_of(&desk.try_plan("plan", &options).code(0), &["there already"]));
    assert_eq!(files(&plan), before, "nothing was rewritten");
    assert!(said_of(&desk.try_plan("plan", &[]).code(2), &["with other options", "--out"]));
    let other = [&options[..], &["--set", "batch_size=16"]].concat();
    assert!(said_of(&desk.try_plan("plan", &other).code(2), &["another plan", "--out"]));
    assert_eq!(files(&plan), before, "nor by what was refused");
    fs::create_dir(desk.path("full")).unwrap();
    fs::write(desk.path("full").join("thesis.tex"), "").unwrap();
    assert!(said_of(&desk.try_plan("full", &[]).code(2), &["not empty"]));
}

#[test]
fn wrong_requests_end_with_2_and_leave_nothing() {
    let desk = Desk::new(SIX);
    for (more, word) in [
        (&["--time", "an hour"][..], "no time limit"),
        (&["--time", "0:30", "--signal", "60"], "--signal"),
        (&["--partition", "a b"], "no name of a partition"),
        (&["--pack", "0"], "--pack"),
        (&["--set", "no_such_key=1"], "no such key"),
        (&["--set", "learning_rates=1"], "no such key"),
        (&["--set", "dataset=no-such-set"], "no-such-set"),
        (&["--set", "batch_size=0"], "batch_size"),
    ] {
        assert!(said_of(&desk.try_plan("none", more).code(2), &[word]), "{more:?}");
        assert!(!desk.path("none").exists(), "{more:?}: no folder is made");
    }
    let plan = desk.plan("plan", &["--pack", "4"]);
    assert!(said_of(&run(&plan, &["--task", "6"]).code(2), &["6 tasks, 0 to 5", "no task 6"]));
    assert!(said_of(&run(&plan, &["--pack", "2"]).code(2), &["2 elements, 0 to 1", "no element 2"]));
    run(&plan, &[]).code(2);
    run(&plan, &["--task", "1", "--all"]).code(2);
    assert!(said_of(&run(&desk.path("nowhere"), &["--all"]).code(2), &["no plan lies in this folder"]));
    weightscope().args(["sweep", "status"]).arg(desk.path("nowhere")).assert().code(2);
    weightscope().args(["sweep", "retry"]).arg(desk.path("nowhere")).assert().code(2);

    let text = fs::read_to_string(plan.join("plan.json")).unwrap();
    let own = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&own), "{own}");
    fs::write(plan.join("plan.json"), text.replace(&own, "\"version\":\"0.0.1\"")).unwrap();
    let refused = run(&plan, &["--task", "0"]).code(2);
    assert!(said_of(&refused, &["0.0.1", env!("CARGO_PKG_VERSION")]), "both versions");
    assert!(said_of(&desk.try_plan("plan", &["--pack", "4"]).code(2), &["0.0.1"]));
    weightscope().args(["sweep", "status"]).arg(&plan).assert().code(0);
    fs::write(plan.join("plan.json"), text.replace("weight_bits = 2", "weight_bits = 3")).unwrap();
    assert!(said_of(&run(&plan, &["--task", "0"]).code(2), &["changed after it was made"]));
    fs::write(plan.join("plan.json"), &text[..text.len() / 2]).unwrap();
    assert!(said_of(&run(&plan, &["--task", "0"]).code(2), &["the plan is damaged"]));
    assert!(fs::read_dir(plan.join("state")).unwrap().next().is_none(), "no task was touched");
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &[]);
    let protect = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    protect(&plan.join("state"), 0o555);
    if fs::write(plan.join("state/probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    assert!(said_of(&run(&plan, &["--task", "0"]).code(2), &["no permission", "state"]));
    assert_eq!(standing(&plan, 0), "waiting");
    protect(&plan.join("state"), 0o755);
    protect(&plan, 0o555);
    assert!(said_of(&run(&plan, &["--task", "0"]).code(1), &["no permission"]));
    assert_eq!(standing(&plan, 0), "failed");
    assert!(said_of(&desk.try_plan("plan/inner", &[]).code(2), &["no permission"]));
    protect(&plan, 0o755);
    weightscope().args(["sweep", "retry"]).arg(&plan).assert().code(0);
    run(&plan, &["--task", "0"]).code(0);
}

#[test]
fn ten_thousand_tasks_are_planned_within_two_seconds() {
    let seeds: Vec<String> = (0..100).map(|seed| seed.to_string()).collect();
    let range = "learning_rate = { from = 0.0001, to = 0.01, count = 100, spacing = \"log\" }";
    let desk = Desk::new(&format!("[sweep]\nseeds = [{}]\n{range}\n", seeds.join(", ")));
    // Other tests may keep the machine busy: of some tries the best counts.
    let took = (0..5).map(|time| {
        let begun = Instant::now();
        let planned = desk.try_plan(&format!("plan{time}"), &[]).code(0);
        assert!(said_of(&planned, &["10000 tasks", "--pack 10"]));
        begun.elapsed()
    });
    let best = took.take_while(|took| *took > Duration::from_secs(2)).count();
    assert!(best < 5, "each of five plans took more than 2 s");
    let plan = desk.path("plan0");
    assert_eq!(json(&plan.join("plan.json"))["tasks"].as_array().unwrap().len(), 10_000);
    // A task of many starts as soon as one of few.
    let begun = Instant::now();
    run(&plan, &["--task", "9999"]).code(0);
    let seconds = json(&run_folder(&plan, 9999).join("manifest.json"))["seconds"].as_f64().unwrap();
    eprintln!("overhead of a task: {:.2} s", begun.elapsed().as_secs_f64() - seconds);
    assert_eq!(standing(&plan, 9999), "done");
    assert_eq!(standing(&plan, 0), "waiting");
}
