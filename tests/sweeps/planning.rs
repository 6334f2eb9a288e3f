//! Plans: written once, quickly, and never for what is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use crate::desk::{Desk, SIX, files, json, printed, run, run_folder, said_of, standing, weightscope};

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
fn ten_thousand_tasks_are_planned() {
    let seeds: Vec<String> = (0..100).map(|seed| seed.to_string()).collect();
    let range = "learning_rate = { from = 0.0001, to = 0.01, count = 100, spacing = \"log\" }";
    let desk = Desk::new(&format!("[sweep]\nseeds = [{}]\n{range}\n", seeds.join(", ")));
    let begun = Instant::now();
    let planned = desk.try_plan("plan", &[]).code(0);
    // The limit of 2 s is for a quiet machine; it is told here, not judged.
    eprintln!("a plan of ten thousand tasks: {:.2} s", begun.elapsed().as_secs_f64());
    assert!(said_of(&planned, &["10000 tasks", "--pack 10"]));
    let plan = desk.path("plan");
    assert_eq!(json(&plan.join("plan.json"))["tasks"].as_array().unwrap().len(), 10_000);
    // A task of many starts as soon as one of few.
    let begun = Instant::now();
    run(&plan, &["--task", "9999"]).code(0);
    let seconds = json(&run_folder(&plan, 9999).join("manifest.json"))["seconds"].as_f64().unwrap();
    eprintln!("overhead of a task: {:.2} s", begun.elapsed().as_secs_f64() - seconds);
    assert_eq!(standing(&plan, 9999), "done");
    assert_eq!(standing(&plan, 0), "waiting");
}
