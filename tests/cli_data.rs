//! Data that cannot be used are a wrong request in every lab: `check` and `run` say so alike, before a run folder is made.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A folder of data sets with something wrong in each, and of experiments that ask for them.
struct Bench {
    root: tempfile::TempDir,
}

/// What a refusal must say: the setting, the reason, what to do, and the place at the end.
struct Refusal<'a> {
    key: &'a str,
    reason: &'a str,
    remedy: &'a str,
    place: PathBuf,
}

impl Bench {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A data set with these bytes.
    fn data(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// The program without downloaded data sets and without a display.
    fn weightscope(&self) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_weightscope")));
        command.env("HOME", self.path("home")).env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
        command
    }

    /// What a command that must be refused says on standard output and on standard error.
    fn refused(&self, arguments: &[&str]) -> [String; 2] {
        let assert = self.weightscope().args(arguments).assert().code(2);
        let output = assert.get_output();
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim_end().to_owned())
    }

    /// `check` and `run` refuse the experiment in the same words, and no run folder is made.
    fn expect(&self, lab: &str, lines: &str, refusal: &Refusal<'_>) {
        let file = self.data("experiment.toml", format!("schema = 1\nlab = \"{lab}\"\n{lines}\n"));
        let file = file.to_str().unwrap();
        let out = self.path("out");
        let [checked, _] = self.refused(&["check", file]);
        // Warnings stand before it.
        let checked = checked.lines().last().unwrap();
        let [_, ran] = self.refused(&["run", file, "--out", out.to_str().unwrap()]);
        assert!(!out.exists(), "{lab}, {lines}: no run folder is made");
        let Refusal { key, reason, remedy, place } = refusal;
        let place = place.to_str().unwrap();
        for said in [checked, &ran] {
            let told = said.contains(&format!("{key}: ")) && said.contains(reason) && said.contains(remedy);
            assert!(told && said.ends_with(place), "{lab}, {lines}: {said}");
        }
        assert!(ran.ends_with(checked), "what check says is what run says:\n{checked}\n{ran}");
    }

    /// Whole lines of an experiment that asks for a data set.
    fn asking(path: &Path, more: &str) -> String {
        format!("dataset = \"{}\"\n{more}", path.display())
    }
}

/// An IDX header that announces ten images of 8×8, with one of them behind it.
fn truncated_idx() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 8, 0, 0, 0, 8];
    bytes.extend([0; 64]);
    bytes
}

fn table(rows: usize, line: impl Fn(usize) -> String) -> String {
    (0..rows).map(line).collect()
}

/// Faults of a data set with classes are the same for both labs that train classifiers.
fn faults_of_classes(lab: &str) {
    let bench = Bench::new();
    let fine = format!("a,b,kind\n{}", table(40, |row| format!("{row},{},{}\n", row % 7, row % 2)));
    let expect = |path: &Path, more: &str, key: &str, reason: &str, remedy: &str| {
        let refusal = Refusal { key, reason, remedy, place: path.to_owned() };
        bench.expect(lab, &Bench::asking(path, more), &refusal);
    };
    let missing = bench.path("missing.csv");
    expect(&missing, "", "dataset", "no data set and no file of this name", "must be a path");
    let cut = bench.data("train-images-idx3-ubyte", truncated_idx());
    expect(&cut, "", "dataset", "truncated: it holds 64 of 640 bytes", "fetch it again");
    let other = bench.data("notes.txt", "hello");
    expect(&other, "", "dataset", "files of this kind are not read", "choose IDX");
    let numbers = "0,0\n1,1\n".repeat(10);
    let words = bench.data("words.csv", format!("a,label\nmuch,0\n{numbers}"));
    expect(&words, "", "dataset", "line 2, column \"a\" holds \"much\"", "columns = { a = \"category\" }");
    let good = bench.data("good.csv", &fine);
    expect(&good, "", "label_column", "no column \"label\"", "name the label column, one of a, b, kind");
    let holes = bench.data("holes.csv", "a,label\n1,0\n2,\n");
    expect(&holes, "", "label_column", "line 3 has no label", "add it or remove the line");
    let folder = bench.path("empty");
    fs::create_dir(&folder).unwrap();
    expect(&folder, "", "dataset", "the folder holds no data set", "it should have IDX files");
}

#[test]
fn data_that_cannot_be_used_are_a_wrong_request_for_oscillation() {
    faults_of_classes("oscillation");
    let bench = Bench::new();
    let path =
        bench.data("table.csv", format!("a,label\n{}", table(40, |row| format!("{row},{}\n", row % 2))));
    let few = bench.data("few.csv", "a,label\n1,0\n2,1\n");
    for (path, lines, key, reason, remedy) in [
        (&path, "network = \"vit\"", "network", "the transformer needs images", "choose mlp"),
        (&few, "test_share = 0.05", "test_share", "of 2 rows leaves a part empty", "more rows"),
    ] {
        let refusal = Refusal { key, reason, remedy, place: path.clone() };
        bench.expect("oscillation", &Bench::asking(path, lines), &refusal);
    }
}

#[test]
fn data_that_cannot_be_used_are_a_wrong_request_for_phases() {
    faults_of_classes("phases");
    let bench = Bench::new();
    let small =
        bench.data("small.csv", format!("a,label\n{}", table(40, |row| format!("{row},{}\n", row % 2))));
    let missing = bench.path("missing.csv");
    let tuning = |path: &Path| {
        format!("downstream = true\ntuning_task = \"dataset\"\ntuning_dataset = \"{}\"", path.display())
    };
    let turned = "train_rows = 20\ndownstream = true\ntuning_task = \"turned\"";
    let zoo = bench.path("zoo");
    let from_zoo = format!("origin = \"zoo\"\nzoo_folder = \"{}\"", zoo.display());
    for (lines, key, reason, remedy, place) in [
        (Bench::asking(&small, ""), "train_rows", "there are 40 rows", "take 1 to 39", &small),
        (Bench::asking(&small, turned), "tuning_task", "no square images", "choose upper_half", &small),
        (tuning(&missing), "tuning_dataset", "no file of this name", "must be a path", &missing),
        (
            format!("train_rows = 20\n{}", tuning(&small)),
            "tuning_dataset",
            "a row has 1 inputs, the networks have 64",
            "choose a data set with as many inputs",
            &small,
        ),
        (from_zoo.clone(), "zoo_folder", "cannot use the zoo", "check the place", &zoo),
    ] {
        bench.expect("phases", &lines, &Refusal { key, reason, remedy, place: place.clone() });
    }
    fs::create_dir(&zoo).unwrap();
    let refusal = Refusal {
        key: "zoo_folder",
        reason: "no folder in it holds a model",
        remedy: "choose the folder that holds the models' folders",
        place: zoo,
    };
    bench.expect("phases", &from_zoo, &refusal);
}

#[test]
fn tables_that_cannot_be_used_are_a_wrong_request_for_quantiles() {
    let bench = Bench::new();
    let rows = |line: &dyn Fn(usize) -> String| format!("x,y\n{}", table(60, line));
    let fine = rows(&|row| format!("{row},{}\n", row % 7));
    let missing = bench.path("missing.csv");
    let good = bench.data("good.csv", &fine);
    let binary = bench.data("binary.csv", [0, 159, 146, 150, 10, 255]);
    // The first two bytes of a packed file, and no more of it.
    let cut = bench.data("cut.csv.gz", [0x1f, 0x8b, 8, 0]);
    let words = bench.data("words.csv", rows(&|row| format!("{row},w{row}\n")));
    let same = bench.data("same.csv", rows(&|row| format!("{row},1\n")));
    let hole = bench.data("hole.csv", fine.replace("\n5,5\n", "\n,5\n"));
    let few = bench.data("few.csv", "x,y\n1,1\n2,2\n3,3\n4,4\n");
    let slip = bench.data("slip.csv", fine.replace("\n5,5\n", "\nmuch,5\n"));
    let split = bench.path("split.csv");
    let by_file = format!("split = \"{}:part1\"", split.display());
    for (path, lines, key, reason, remedy, place) in [
        (&missing, "", "dataset", "no data set and no file of this name", "must be a path", &missing),
        (&binary, "", "dataset", "it is no text table", "export it as CSV in UTF-8", &binary),
        (&cut, "", "dataset", "unexpected end of file", "fetch it again", &cut),
        (&good, "target = \"z\"", "target", "no column \"z\"", "choose one of x, y", &good),
        (&words, "", "target", "holds words", "choose a column of numbers", &words),
        (&same, "", "target", "same value in all training rows", "choose a column that varies", &same),
        (&hole, "", "missing", "missing values, the first at line 7", "set missing to", &hole),
        (&few, "", "folds", "folds", "take fewer folds", &few),
        (&slip, "", "dataset", "holds \"much\"", "correct it", &slip),
        (&good, &by_file, "split", "No such file", "check the path", &split),
    ] {
        let refusal = Refusal { key, reason, remedy, place: place.clone() };
        bench.expect("quantiles", &Bench::asking(path, lines), &refusal);
    }
}

#[test]
fn a_data_set_that_was_not_downloaded_is_named_with_the_command_that_gets_it() {
    let bench = Bench::new();
    for lab in ["oscillation", "phases"] {
        let refusal = Refusal {
            key: "dataset",
            reason: "mnist is not on this computer yet",
            remedy: "`weightscope data get mnist`",
            place: PathBuf::from("mnist"),
        };
        bench.expect(lab, "dataset = \"mnist\"", &refusal);
    }
}

#[test]
fn a_sweep_whose_last_member_has_no_data_runs_none() {
    let bench = Bench::new();
    let missing = bench.path("missing.csv");
    let sweep = format!("[sweep]\nseeds = [0, 1]\ndataset = [\"digits\", \"{}\"]", missing.display());
    let refusal =
        Refusal { key: "dataset", reason: "no file of this name", remedy: "must be a path", place: missing };
    bench.expect("oscillation", &sweep, &refusal);
}

#[test]
fn a_fork_whose_data_are_gone_makes_no_folder() {
    let bench = Bench::new();
    let path =
        bench.data("table.csv", format!("a,label\n{}", table(60, |row| format!("{row},{}\n", row % 2))));
    let short = "float_epochs = 1\nepochs = 2\nwindow = 20\nbatch_size = 8";
    let lines = Bench::asking(&path, short);
    let file = bench.data("experiment.toml", format!("schema = 1\nlab = \"oscillation\"\n{lines}\n"));
    let (parent, child) = (bench.path("parent"), bench.path("child"));
    bench.weightscope().arg("run").arg(&file).arg("--quiet").arg("--out").arg(&parent).assert().code(0);
    fs::remove_file(&path).unwrap();
    let [parent, out] = [&parent, &child].map(|path| path.to_str().unwrap());
    let [_, said] = bench.refused(&["fork", parent, "--set", "epochs=3", "--out", out]);
    assert!(said.contains("dataset: ") && said.ends_with(path.to_str().unwrap()), "{said}");
    assert!(!child.exists(), "no run folder is made");
}

#[test]
fn problems_of_the_data_are_json_lines_too() {
    let bench = Bench::new();
    let file = bench.data("experiment.toml", "schema = 1\nlab = \"quantiles\"\ndataset = \"nowhere.csv\"\n");
    let [said, _] = bench.refused(&["check", "--json", file.to_str().unwrap()]);
    let problem: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((problem["key"].as_str(), problem["severity"].as_str()), (Some("dataset"), Some("error")));
}
