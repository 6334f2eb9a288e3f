//! What a plan cuts into parts is joined to what a single run makes.

use std::fs;

use crate::desk::{Desk, json, run, said_of, weightscope};

/// A table of eight small architectures, each trained twice.
const TABLE: &str = "schema = 1\nlab = \"entangled_search\"\ntask = \"table\"\ntable = \"compute\"\nchannels1 = [2, 4]\n\
    kernels1 = [1]\nchannels2 = [2, 4]\nkernels2 = [1]\nhidden = [4, 8]\ntable_seeds = 2\ntable_epochs = 1\n";

#[test]
fn a_plan_of_parts_makes_what_one_run_makes() {
    let desk = Desk::new("");
    let (table, plan) = (desk.path("table.toml"), desk.path("parts"));
    fs::write(&table, TABLE).unwrap();
    let planned = |parts: &str| {
        let mut command = weightscope();
        command.args(["sweep", "plan"]).arg(&table).arg("--out").arg(&plan).args(["--parts", parts]).assert()
    };
    assert!(said_of(&planned("9").code(2), &["9 parts of 8 architectures"]));
    planned("3").code(0);
    assert_eq!(json(&plan.join("plan.json"))["tasks"].as_array().unwrap().len(), 3);
    let made = |name: &str, more: &[&str]| {
        let mut command = weightscope();
        command.args(["run", "--quiet"]).arg(&table).arg("--out").arg(desk.path(name)).args(more).assert()
    };
    let parts = format!("parts={}", plan.display());
    run(&plan, &["--task", "1"]).code(0);
    let early = made("early", &["--set", &parts]).code(2);
    assert!(said_of(&early, &["of 3 parts 2 are missing: 1/3, 3/3"]));
    assert!(!desk.path("early").exists(), "refused before a run folder is made");
    run(&plan, &["--all", "--jobs", "2"]).code(0);
    made("joined", &["--set", &parts]).code(0);
    made("whole", &[]).code(0);
    let product = |name: &str| {
        let out = desk.path(&format!("{name}-table"));
        weightscope().arg("produce").arg(desk.path(name)).args(["table", "--out"]).arg(&out).assert().code(0);
        fs::read_to_string(out.join("table.csv")).unwrap()
    };
    let whole = product("whole");
    assert_eq!(product("joined"), whole);
    assert_eq!(whole.lines().count(), 9);
    let stream = |name: &str| json(&desk.path(name).join("manifest.json"))["stream_hash"].clone();
    assert!(stream("joined").is_string() && stream("joined") == stream("whole"), "{}", stream("whole"));
    assert!(said_of(&desk.try_plan("none", &["--parts", "3"]).code(2), &["--parts", "cut into parts"]));
}
