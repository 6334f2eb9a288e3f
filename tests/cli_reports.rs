//! Small inputs that provoke faults which users reported of other tools: what this program makes of each, on the command line.
//!
//! The files lie in `tests/data/reports`; their values are made up.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// One of the files.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/reports").join(name)
}

/// A folder for the runs of a test.
struct Bench(tempfile::TempDir);

/// What a command said, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn call(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_weightscope")));
        command.env("HOME", self.path("home")).env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
        let output = command.args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// A run of a preset with settings, and its manifest; it must end well.
    fn run(&self, preset: &str, out: &str, settings: &[&str]) -> Value {
        let (said, manifest) = self.tried(preset, out, settings);
        assert_eq!(said.code, 0, "{settings:?}: {}", said.err);
        manifest.unwrap()
    }

    fn tried(&self, preset: &str, out: &str, settings: &[&str]) -> (Said, Option<Value>) {
        let place = self.path(out);
        let mut arguments = vec!["run", preset, "--quiet", "--out", place.to_str().unwrap()];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        let said = self.call(&arguments);
        let manifest = fs::read_to_string(place.join("manifest.json")).ok();
        (said, manifest.map(|text| serde_json::from_str(&text).unwrap()))
    }

    /// The score of the quick quantiles experiment on a file.
    fn wis(&self, name: &str, target: &str) -> (f64, Value) {
        let (dataset, target) = (dataset(name), format!("target={target}"));
        let manifest = self.run("quantiles/quick", name, &[&dataset, &target]);
        (result(&manifest, "wis"), manifest)
    }

    /// Predictions of a run for a file: the columns by name.
    fn predict(&self, run: &str, name: &str) -> (BTreeMap<String, Vec<String>>, String) {
        let (place, data, out) = (self.path(run), file(name), self.path("predicted.csv"));
        let paths = [&place, &data, &out].map(|path| path.to_str().unwrap());
        let said = self.call(&["predict", paths[0], "--data", paths[1], "--out", paths[2]]);
        assert_eq!(said.code, 0, "{}", said.err);
        let mut reader = csv::Reader::from_path(&out).unwrap();
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in reader.records() {
            for (name, cell) in names.iter().zip(record.unwrap().iter()) {
                columns.entry(name.clone()).or_default().push(cell.to_owned());
            }
        }
        assert_eq!(columns.len(), names.len(), "each name once: {names:?}");
        (columns, said.err)
    }
}

fn dataset(name: &str) -> String {
    format!("dataset={}", file(name).display())
}

fn result(manifest: &Value, name: &str) -> f64 {
    manifest["results"][name].as_f64().unwrap()
}

/// What is doubtful about the data of a run, as its manifest says it.
fn doubts(manifest: &Value) -> String {
    manifest["data"].as_array().unwrap().iter().map(|read| read["doubts"].to_string()).collect()
}

fn numbers(column: &[String]) -> Vec<f64> {
    column.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// All files below a folder with their bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            all.extend(contents(&entry.path()));
        } else {
            all.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    all
}

#[test]
fn numbers_are_read_as_they_are_written_and_it_is_said() {
    let bench = Bench::new();
    for (name, plain, target, words) in [
        ("thousands_millions.csv", "thousands_millions_plain.csv", "profit", "thousands grouped by commas"),
        ("money.csv", "money_plain.csv", "score", "taken off"),
        ("dates.csv", "dates_number.csv", "sales", "days since 1970"),
        ("german_points.csv", "german_points_plain.csv", "faelle", "thousands grouped by points"),
    ] {
        let (written, manifest) = bench.wis(name, target);
        let (as_plain, _) = bench.wis(plain, target);
        assert!((written / as_plain - 1.0).abs() < 0.02, "{name}: WIS {written}, plain {as_plain}");
        assert!(doubts(&manifest).contains(words), "{name}: {}", doubts(&manifest));
        let log = fs::read_to_string(bench.path(name).join("log.txt")).unwrap();
        assert!(log.contains(words), "{name}: the log says it too");
    }
    let (_, utf16) = bench.wis("thousands_utf16.tsv", "y");
    assert!(doubts(&utf16).contains("thousands"), "{}", doubts(&utf16));
    let (_, rows) = bench.wis("r_table.csv", "y");
    assert!(doubts(&rows).contains("names of the rows"), "{}", doubts(&rows));
}

#[test]
fn a_constant_column_never_scales_up_noise_and_large_numbers_keep_their_digits() {
    let bench = Bench::new();
    bench.run("quantiles/quick", "cs", &[&dataset("constant_sensor.csv"), "target=wear"]);
    let (predicted, said) = bench.predict("cs", "constant_sensor_new.csv");
    let medians = numbers(&predicted["q_0.5"]);
    assert!(medians.iter().all(|median| (median - 25.14).abs() < 1.0), "{medians:?}");
    assert!(predicted["outside"].iter().any(|cell| cell == "pressure"), "{:?}", predicted["outside"]);
    assert!(said.contains("far outside"), "{said}");
    let linear = "base_models=linear";
    bench.run("quantiles/quick", "ep", &[&dataset("epoch_target.csv"), "target=arrival", linear]);
    bench.run("quantiles/quick", "sh", &[&dataset("epoch_shifted.csv"), "target=arrival", linear]);
    let (seconds, _) = bench.predict("ep", "epoch_new.csv");
    let (shifted, _) = bench.predict("sh", "epoch_new.csv");
    for level in ["q_0.05", "q_0.5", "q_0.95"] {
        let (far, near) = (numbers(&seconds[level]), numbers(&shifted[level]));
        for (far, near) in far.iter().zip(&near) {
            let apart = (far - far.round()).abs().min((far - near).rem_euclid(1.0));
            assert!(
                (far - near - (far - near).round()).abs() < 0.01,
                "{level}: {far} and {near}, {apart} apart"
            );
        }
    }
}

#[test]
fn new_words_and_levels_are_named() {
    let bench = Bench::new();
    bench.run("quantiles/quick", "shops", &[&dataset("shops.csv"), "target=sales", "missing=impute"]);
    let (_, said) = bench.predict("shops", "shops_new.csv");
    assert!(said.contains("\"violet\"") && said.contains("none of"), "{said}");
    assert!(said.contains("the run knows \"blue\""), "near misses: {said}");
    let levels = "levels=0.01,0.0125,0.1,0.5,0.9,0.9875,0.99";
    bench.run("quantiles/quick", "fan", &[&dataset("fan.csv"), "target=y", levels, "aggregators=average"]);
    let (fan, _) = bench.predict("fan", "fan_new.csv");
    for name in ["lower_98", "lower_97.5", "upper_97.5", "lower_80"] {
        assert!(fan.contains_key(name), "{name} in {:?}", fan.keys());
    }
}

#[test]
fn data_that_changed_are_refused_and_a_finished_run_stays_as_it_is() {
    let bench = Bench::new();
    let table = bench.path("shops.csv");
    fs::copy(file("shops.csv"), &table).unwrap();
    let data = format!("dataset={}", table.display());
    bench.run("quantiles/quick", "run", &[&data, "target=sales"]);
    let run = bench.path("run");
    let (run, before) = (run.to_str().unwrap(), contents(&run));
    let said = bench.call(&["resume", run]);
    assert!(said.code == 0 && said.err.contains("nothing left to do"), "{}", said.err);
    assert!(contents(&bench.path("run")) == before, "resuming a finished run touches nothing");
    let text = fs::read_to_string(&table).unwrap().replacen("48.79", "48.80", 1);
    fs::write(&table, text).unwrap();
    let said = bench.call(&["verify", run, "--quiet"]);
    assert!(said.code == 2 && said.err.contains("not those of the run"), "{} {}", said.out, said.err);
    let said = bench.call(&["fork", run, "--out", bench.path("child").to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("not those of the run"), "{}", said.err);
    assert!(!bench.path("child").exists(), "no folder is made");
    fs::rename(&table, bench.path("moved.csv")).unwrap();
    let said = bench.call(&["verify", run, "--quiet"]);
    assert!(said.code == 2 && said.err.contains("no data set and no file"), "{}", said.err);
    assert!(contents(&bench.path("run")) == before, "and still touches nothing");
}

#[test]
fn columns_of_different_units_are_scaled_each_by_itself() {
    let bench = Bench::new();
    let oscillation = |name: &str| {
        let settings = [&dataset(name), "epochs=30"];
        result(&bench.run("oscillation/quick", &format!("o{name}"), &settings), "test_accuracy")
    };
    let (units, scaled) = (oscillation("units.csv"), oscillation("units_scaled.csv"));
    assert!(
        (units - scaled).abs() <= 0.02 && units > 0.9,
        "oscillation: {units}, scaled beforehand {scaled}"
    );
    let phases = |name: &str| {
        let settings = [&dataset(name), "train_rows=200"];
        result(&bench.run("phases/quick", &format!("p{name}"), &settings), "best_test_accuracy")
    };
    let (units, scaled) = (phases("units.csv"), phases("units_scaled.csv"));
    assert!((units - scaled).abs() <= 0.02 && units > 0.9, "phases: {units}, scaled beforehand {scaled}");
}

#[test]
fn arrays_of_all_orders_are_read_and_one_hot_labels_refused() {
    let bench = Bench::new();
    let short = ["epochs=2", "float_epochs=1"];
    let run = |name: &str, more: &[&str]| {
        let data = dataset(name);
        let settings: Vec<&str> =
            [data.as_str()].into_iter().chain(short).chain(more.iter().copied()).collect();
        bench.run("oscillation/quick", name, &settings)
    };
    let vit = ["network=vit", "patch=2"];
    let (last, first) = (run("rgba_last.npz", &vit), run("rgba_first.npz", &vit));
    assert_eq!(last["stream_hash"], first["stream_hash"], "the same pictures");
    assert!(doubts(&last).contains("colours last"), "{}", doubts(&last));
    let codes = run("labels_ascii.npz", &[]);
    assert_eq!(codes["data"][0]["classes"].as_array().unwrap().len(), 4, "{}", codes["data"]);
    assert!(doubts(&codes).contains("distinct label"), "{}", doubts(&codes));
    for name in ["fortran.npz", "half.npz"] {
        assert!(result(&run(name, &[]), "test_accuracy") >= 0.0, "{name} is read");
    }
    let (said, manifest) = bench.tried("oscillation/quick", "refused", &[&dataset("labels_onehot.npz")]);
    assert!(said.code == 2 && manifest.is_none(), "{}", said.err);
    assert!(said.err.contains("look like one-hot; save the argmax"), "{}", said.err);
}

#[test]
fn what_is_missing_or_of_one_kind_only_is_said() {
    let bench = Bench::new();
    let region = dataset("region_na.csv");
    let (refused, none) = bench.tried("quantiles/quick", "refused", &[&region, "target=sales"]);
    assert!(refused.code == 2 && none.is_none(), "{}", refused.err);
    let dropped = bench.run("quantiles/quick", "dropped", &[&region, "target=sales", "missing=drop"]);
    assert!(doubts(&dropped).contains("counts as missing in 60 cells"), "{}", doubts(&dropped));
    assert_eq!(dropped["data"][0]["left_out"][0][1], 60, "{}", dropped["data"]);
    let kept = bench.run("quantiles/quick", "kept", &[&region, "target=sales", "missing_words=[]"]);
    assert_eq!(kept["data"][0]["rows"], 160, "a word like the others");
    let one =
        bench.run("oscillation/quick", "one", &[&dataset("one_class.csv"), "epochs=1", "float_epochs=1"]);
    assert!(doubts(&one).contains("a single class"), "{}", doubts(&one));
}

#[test]
fn runs_of_one_name_are_told_apart_in_a_figure() {
    let bench = Bench::new();
    let short = ["epochs=2", "float_epochs=1"];
    for (folder, rate) in [("A/run", "learning_rate=0.001"), ("B/run", "learning_rate=0.02")] {
        bench.run("oscillation/quick", folder, &[short[0], short[1], rate]);
    }
    bench.run("oscillation/quick", "C/run", &[short[0], short[1], "learning_rate=0.02"]);
    let place = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let (first, second, third, out) = (place("A/run"), place("B/run"), place("C/run"), place("figure.csv"));
    let view = ["--view", "accuracy", "--format", "csv", "--out", &out];
    let said = bench.call(&[&["export", &first, "--with", &second][..], &view].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("learning rate 0.001") && text.contains("learning rate 0.02"), "{text}");
    let said = bench.call(&[&["export", &second, "--with", &third][..], &view].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("B/run") && text.contains("C/run"), "the path, where no setting differs: {text}");
}

#[test]
fn a_sweep_keeps_its_arms_apart_and_goes_on() {
    let bench = Bench::new();
    let names = file("sweep_names.toml");
    let out = bench.path("names");
    let said = bench.call(&["run", names.to_str().unwrap(), "--quiet", "--out", out.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "two folders");
    let fails = file("sweep_fail.toml");
    let out = bench.path("fails");
    let arguments = ["run", fails.to_str().unwrap(), "--quiet", "--out", out.to_str().unwrap()];
    let first = bench.call(&arguments);
    assert_eq!(first.code, 1, "{}", first.err);
    assert!(first.err.contains("1 of 3 runs failed"), "{}", first.err);
    let done = || {
        let states = fs::read_dir(&out).unwrap().flatten().map(|entry| entry.path().join("manifest.json"));
        states.filter(|path| fs::read_to_string(path).unwrap().contains("\"status\": \"done\"")).count()
    };
    assert_eq!(done(), 2, "the others ran");
    let again = bench.call(&arguments);
    assert!(again.code == 1 && again.err.contains("done before"), "{}", again.err);
}

#[test]
fn runs_of_a_sweep_at_once_are_those_one_after_the_other_and_told_in_their_order() {
    let bench = Bench::new();
    let names = file("sweep_names.toml");
    let swept = |name: &str, jobs: &str| {
        let out = bench.path(name);
        let arguments =
            ["run", names.to_str().unwrap(), "--quiet", "--jobs", jobs, "--out", out.to_str().unwrap()];
        let said = bench.call(&arguments);
        assert_eq!(said.code, 0, "{}", said.err);
        let folders: Vec<PathBuf> = said.out.lines().map(PathBuf::from).collect();
        assert_eq!(folders.len(), 3, "two members and the folder of all: {}", said.out);
        assert_eq!(folders.last(), Some(&out));
        let told = |folder: &PathBuf| {
            let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
            let manifest: Value = serde_json::from_str(&manifest).unwrap();
            assert_eq!(manifest["status"], "done");
            (folder.file_name().unwrap().to_owned(), manifest["stream_hash"].clone())
        };
        folders.iter().take(2).map(told).collect::<Vec<_>>()
    };
    let (one, two) = (swept("one", "1"), swept("two", "2"));
    assert_eq!(one, two, "names in the order of the sweep, and every number");
    assert!(one.iter().all(|(_, hash)| hash.is_string()), "{one:?}");
}
