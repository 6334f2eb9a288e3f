//! Sweeps as scripts use them: plans, tasks in any order, signals, kills, other owners, and everything that is refused.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "sweeps/desk.rs"]
mod desk;
#[path = "sweeps/parts.rs"]
mod parts;
#[path = "sweeps/planning.rs"]
mod planning;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use desk::{
    Desk, ENDLESS, LONGER, OF_THE_MACHINE, SIX, code, files, json, printed, reason, run, run_folder, said,
    said_of, signal, spawn, standing, status, until, until_it_listens, until_it_runs, weightscope,
};
use serde_json::Value;

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
    let metrics = run_folder(&plan, 0).join("metrics.csv");
    until("it has steps", || fs::read_to_string(&metrics).is_ok_and(|text| text.lines().count() > 1));
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
fn a_signal_before_the_program_listens_does_not_kill_it_and_a_later_one_is_taken() {
    let desk = Desk::new("");
    let plan = desk.plan("plan", &ENDLESS);
    let script = fs::read_to_string(plan.join("sweep.sbatch")).unwrap();
    let (before, last) = script.trim_end().rsplit_once('\n').unwrap();
    let early = desk.path("early.sh");
    fs::write(&early, format!("{before}\nkill -USR1 $$\n{last} --quiet\n")).unwrap();
    let mut shell = std::process::Command::new("bash");
    shell
        .arg(&early)
        .env("SLURM_ARRAY_TASK_ID", "0")
        .env_remove("SLURM_JOB_ID")
        .env_remove("SLURM_ARRAY_JOB_ID");
    let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until_it_runs(&plan, 0);
    signal(child.id(), "USR1");
    let (ended, words) = code(child);
    assert_eq!(ended, Some(75), "{words}");
    assert_eq!(standing(&plan, 0), "out_of_time", "{words}");
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
