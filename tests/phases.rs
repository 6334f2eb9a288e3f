//! The phases lab end to end: threads and interruptions change no number, odd grids are survived, and the desk protocol shows what
//! its reference runs showed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use weightscope_engine::experiment::{Experiment, check};
use weightscope_engine::labs::{Derive, Method};
use weightscope_engine::presets;
use weightscope_engine::record::{ControlValue, Controls, Data, Pick};
use weightscope_engine::run::{self, Collector, Control, Event, Nobody, Outcome, Place, RunRequest};
use weightscope_engine::store::{self, Status};

/// A tiny grid, with typed settings on top.
fn tiny(settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::new(Method::by_name("phases").unwrap());
    let small = [
        ("widths", "[4, 9]"),
        ("batch_sizes", "[16, 128]"),
        ("seeds", "2"),
        ("train_rows", "160"),
        ("epochs_min", "6"),
        ("steps_min", "30"),
        ("curve_epochs", "4"),
        ("trace_samples", "5"),
        ("power_iterations", "10"),
    ];
    for (key, value) in small.iter().chain(settings) {
        experiment.set_typed(key, value).unwrap();
    }
    experiment
}

fn request(experiment: Experiment, folder: &Path) -> RunRequest {
    RunRequest { experiment, asked: None, origin: "test".to_owned(), place: Place::New(folder.to_owned()) }
}

fn done(experiment: Experiment, folder: &Path) -> Outcome {
    let outcome = run::run(&request(experiment, folder), &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

fn grid(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("grid.csv")).unwrap()
}

/// Rows of `grid.csv` by width and batch size.
fn cells(folder: &Path) -> BTreeMap<(u64, u64), BTreeMap<String, String>> {
    let text = grid(folder);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let row: BTreeMap<String, String> =
                names.iter().map(|name| (*name).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
            ((row["width"].parse().unwrap(), row["batch_size"].parse().unwrap()), row)
        })
        .collect()
}

#[test]
fn threads_change_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["1", "2", "5"].map(|threads| {
        let path = folder.path().join(threads);
        let experiment = tiny(&[("threads", threads), ("downstream", "true"), ("hessian", "both")]);
        done(experiment, &path);
        path
    });
    for path in &paths[1..] {
        assert_eq!(grid(&paths[0]), grid(path), "the same grid");
        assert_eq!(
            store::stream_hash(&paths[0]).unwrap(),
            store::stream_hash(path).unwrap(),
            "the same metric stream"
        );
    }
    let text = grid(&paths[0]);
    assert!(text.starts_with("width,batch_size,seeds,train_loss,train_accuracy,test_loss,test_accuracy,mode_connectivity,linear_mode_connectivity,cka,log_lambda_max,log_trace,weight_norm,phase\n"));
    assert_eq!(text.lines().count(), 5, "one row for each cell: {text}");
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_grid() {
    let folder = tempfile::tempdir().unwrap();
    let unbroken = folder.path().join("unbroken");
    done(tiny(&[]), &unbroken);
    // In training, in the curves, and in the curvatures.
    for steps in [3, 9, 14] {
        let path = folder.path().join(steps.to_string());
        let control = Arc::new(Control::default());
        control.step(steps);
        let hand = Arc::clone(&control);
        let waker = std::thread::Builder::new()
            .name("hand".to_owned())
            .spawn(move || {
                while !hand.is_parked() {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                hand.cancel();
            })
            .unwrap();
        let outcome = run::run(&request(tiny(&[]), &path), &mut Nobody, &control).unwrap();
        waker.join().unwrap();
        assert_eq!(outcome.status, Status::Cancelled, "after {steps} steps");
        let resumed = run::resume(&path, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(resumed.status, Status::Done, "{:?}", resumed.reason);
        assert_eq!(grid(&unbroken), grid(&path), "after {steps} steps: the same grid");
        let hashes = [&unbroken, &path].map(|path| store::stream_hash(path).unwrap());
        assert_eq!(hashes[0], hashes[1], "after {steps} steps: the same stream");
    }
}

#[test]
fn one_seed_leaves_pairs_unknown_and_a_diverging_cell_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let single = folder.path().join("single");
    done(tiny(&[("seeds", "1")]), &single);
    for row in cells(&single).values() {
        assert_eq!(row["mode_connectivity"], "", "unknown, not zero");
        assert_eq!(row["cka"], "");
        assert_eq!(row["phase"], "unknown");
    }
    let hot = folder.path().join("hot");
    let settings = [("temperature", "learning_rate"), ("learning_rates", "[0.01, 10.0]"), ("widths", "[16]")];
    done(tiny(&[settings[0], settings[1], settings[2], ("epochs_min", "60"), ("weight_decay", "0.5")]), &hot);
    let text = grid(&hot);
    assert!(text.lines().any(|line| line.contains(",diverged")), "{text}");
    assert!(
        text.lines().next().unwrap().ends_with("phase,learning_rate,weight_decay,data_share,label_noise")
    );
}

#[test]
fn odd_settings_are_named_and_full_batches_run() {
    for (key, value, word) in [
        ("widths", "[]", "empty"),
        ("widths", "[4, 4]", "twice"),
        ("batch_sizes", "[0]", "out of range"),
        ("train_rows", "1797", "some must test"),
        ("vote_train_loss", "false", "no phase"),
    ] {
        let problems = check(&tiny(&[(key, value)]));
        let problem = problems.iter().find(|problem| problem.key == key && problem.is_error());
        let problem = problem.unwrap_or_else(|| panic!("{key} = {value}: {problems:?}"));
        assert!(problem.message.contains(word), "{problem}");
    }
    let whole = tiny(&[("batch_sizes", "[4000]")]);
    assert!(
        check(&whole).iter().any(|problem| !problem.is_error() && problem.key == "batch_sizes"),
        "it is said"
    );
    let folder = tempfile::tempdir().unwrap();
    done(whole, &folder.path().join("whole"));
}

#[test]
fn a_look_at_the_grid_and_at_each_cell_works_on_a_finished_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let experiment = tiny(&[]);
    done(experiment.clone(), &path);
    let (stored, errors) = store::read_run(&path).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    let views = experiment.method.views();
    let mut controls = Controls::default().complete(&views, &stored.record);
    let pick = Pick {
        view: "diagram".to_owned(),
        channel: "phase".to_owned(),
        x: 1.5,
        y: 0.5,
        step: u64::MAX,
        region: None,
    };
    let picked = experiment.method.pick(&stored.record, &pick);
    assert_eq!(picked.controls, [("cell".to_owned(), ControlValue::Word("9 × 128".to_owned()))]);
    for axes in ["random", "seeds", "eigenvectors", "trajectory"] {
        controls.set("landscape_axes", ControlValue::Word(axes.to_owned()));
        controls.set("landscape_points", ControlValue::Word("11".to_owned()));
        for view in views.iter().filter(|view| !view.derives.is_empty()) {
            let control = Control::default();
            let job =
                Derive { folder: Some(&path), ..Derive::new(&view.id, &stored.record, &controls, &control) };
            let channels = experiment.method.derive(&job).unwrap();
            assert!(!channels.is_empty(), "{} with {axes}", view.id);
        }
    }
    let phases = |threshold: f64| {
        let mut controls = controls.clone();
        controls.set("threshold_train_loss", ControlValue::Number(threshold));
        let control = Control::default();
        let job = Derive::new("diagram", &stored.record, &controls, &control);
        let channels = experiment.method.derive(&job).unwrap();
        let Data::Grid(grids) = &channels.iter().find(|channel| channel.id == "phase").unwrap().data else {
            panic!("phases are a grid")
        };
        grids.last().unwrap().1.values.clone()
    };
    assert_ne!(phases(1e-4), phases(10.0), "a threshold moves the phases");
}

#[test]
fn a_folder_that_is_no_zoo_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let zoo = folder.path().join("zoo");
    std::fs::create_dir_all(zoo.join("broken")).unwrap();
    let typed = zoo.display().to_string();
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let mut observer = Collector::default();
    let place = request(experiment, &folder.path().join("run"));
    let outcome = run::run(&place, &mut observer, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Failed);
    assert!(outcome.reason.unwrap().contains("choose the folder"), "it advises");
    let named =
        observer.events.iter().any(|event| matches!(event, Event::Warning(text) if text.contains("broken")));
    assert!(named, "the broken model is named: {:?}", observer.events);
}

/// Columns of `grid.csv` by cell.
fn column(folder: &Path, name: &str) -> Vec<String> {
    cells(folder).values().map(|row| row[name].clone()).collect()
}

#[test]
fn the_zoo_of_a_run_opens_as_the_same_grid() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    done(tiny(&[]), &first);
    let typed = first.join("zoo").display().to_string();
    let second = folder.path().join("second");
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let outcome = done(experiment.clone(), &second);
    assert_eq!(outcome.results["models_read"], 8.0);
    assert_eq!(outcome.results["models_measured"], 0.0, "all is known");
    assert_eq!(grid(&first), grid(&second), "the same metrics and phases");
    // A cell of an opened zoo can be looked at as one of a run.
    let (stored, _) = store::read_run(&second).unwrap();
    let controls = Controls::default().complete(&experiment.method.views(), &stored.record);
    let control = Control::default();
    for view in ["landscape", "spectrum", "trajectory", "learning_curves"] {
        let job = Derive { folder: Some(&second), ..Derive::new(view, &stored.record, &controls, &control) };
        assert!(!experiment.method.derive(&job).unwrap().is_empty(), "{view}");
    }
}

#[test]
fn what_the_files_of_a_zoo_lack_is_computed_from_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    done(tiny(&[]), &first);
    let zoo = first.join("zoo");
    let mut names: Vec<_> = std::fs::read_dir(&zoo).unwrap().flatten().map(|entry| entry.path()).collect();
    names.sort();
    for model in &names {
        let path = model.join("result.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                let mut line: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(line).unwrap();
                line.retain(|key, _| {
                    ["training_iteration", "train_loss", "train_acc", "test_loss", "test_acc"]
                        .contains(&key.as_str())
                });
                serde_json::Value::Object(line).to_string()
            })
            .collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
    }
    let typed = zoo.display().to_string();
    let second = folder.path().join("second");
    let experiment = tiny(&[("origin", "zoo"), ("zoo_folder", &typed)]);
    let outcome = done(experiment.clone(), &second);
    assert_eq!(outcome.results["models_measured"], 8.0);
    for name in
        ["mode_connectivity", "linear_mode_connectivity", "cka", "log_lambda_max", "log_trace", "phase"]
    {
        assert_eq!(column(&first, name), column(&second, name), "{name} as the run had it");
    }
    // Without the weights of one cell the others are computed, and the reason is said.
    std::fs::remove_dir_all(&names[0]).unwrap();
    for entry in std::fs::read_dir(&names[1]).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        std::fs::remove_dir_all(entry.path()).unwrap();
    }
    let mut observer = Collector::default();
    let place = request(experiment.clone(), &folder.path().join("third"));
    let outcome = run::run(&place, &mut observer, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let said = |word: &str| {
        observer.events.iter().any(|event| matches!(event, Event::Warning(text) if text.contains(word)))
    };
    assert!(said("no checkpoint with checkpoints.safetensors"), "{:?}", observer.events);
    let off = tiny(&[("origin", "zoo"), ("zoo_folder", &typed), ("measure_missing", "false")]);
    assert_eq!(done(off, &folder.path().join("fourth")).results["models_measured"], 0.0);
}

#[test]
fn a_fork_extends_the_grid_and_equals_the_larger_run_cell_by_cell() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("parent");
    done(tiny(&[]), &parent);
    let larger: [(&str, &str); 4] =
        [("widths", "[4, 6, 9]"), ("seeds", "3"), ("hessian", "both"), ("downstream", "true")];
    let fresh = folder.path().join("fresh");
    done(tiny(&larger), &fresh);
    let child = folder.path().join("child");
    let fork = run::ForkRequest {
        parent: parent.clone(),
        step: None,
        experiment: tiny(&larger),
        origin: "fork".to_owned(),
        place: child.clone(),
    };
    let outcome = run::fork(&fork, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(grid(&fresh), grid(&child), "cell by cell");
    assert_eq!(outcome.results["models_trained"], 18.0);
    let table = |folder: &Path, id: &str| {
        let (stored, _) = store::read_run(folder).unwrap();
        let Data::Table(table) = stored.record.get(id).unwrap().data.clone() else {
            panic!("{id} is a table")
        };
        format!("{:?}", table.last().unwrap().1.rows)
    };
    for id in ["table/cells", "table/networks", "table/pairs"] {
        assert_eq!(table(&fresh, id), table(&child, id), "{id}");
    }
    // The parent's networks are taken over, not trained again.
    let made = |folder: &Path| {
        let model = std::fs::read_dir(folder.join("zoo")).unwrap().flatten();
        let mut names: Vec<_> = model.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let losses =
        store::read_metrics(&child).unwrap().into_iter().filter(|row| row.channel == "network/train_loss");
    assert_eq!(losses.count(), 18, "eight before the fork and ten after it");
    assert_eq!(made(&child).len(), 18);
    assert_eq!(made(&parent).len(), 8, "the parent is only read");
    let comparison = run::verify(&child, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(comparison, run::Comparison::Identical { .. }), "{comparison:?}");
}

#[test]
fn a_fork_that_would_change_finished_networks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("parent");
    done(tiny(&[]), &parent);
    for (key, value, word) in [
        ("learning_rate", "0.1", "finished networks"),
        ("widths", "[4]", "9 would be gone"),
        ("seeds", "1", "drops some"),
        ("load", "data_share", "finished networks"),
    ] {
        let fork = run::ForkRequest {
            parent: parent.clone(),
            step: None,
            experiment: tiny(&[(key, value)]),
            origin: "fork".to_owned(),
            place: folder.path().join(key),
        };
        let error = run::fork(&fork, &mut Nobody, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains(word), "{key}: {error}");
    }
}

/// Keeps how many networks the newest snapshot shows, and how many steps were done then.
#[derive(Default)]
struct Watcher {
    ahead: bool,
}

impl run::Observer for Watcher {
    fn on(&mut self, _event: Event) {}

    fn publish(&mut self, snapshot: Arc<run::Snapshot>) {
        let Some(Data::Grid(grids)) = snapshot.record.get("metric/train_loss").map(|channel| &channel.data)
        else {
            return;
        };
        let shown = grids.last().map_or(0, |(_, grid)| grid.values.iter().filter(|v| v.is_finite()).count());
        let committed =
            snapshot.record.scalar("network/train_loss").map_or(0, weightscope_engine::record::Series::len);
        self.ahead |= shown > committed;
    }
}

#[test]
fn networks_that_are_done_before_their_turn_are_shown_and_change_no_number() {
    let folder = tempfile::tempdir().unwrap();
    // The first network in order takes much longer than all others.
    let settings = [
        ("widths", "[4, 700]"),
        ("batch_sizes", "[160]"),
        ("seeds", "1"),
        ("epochs_min", "60"),
        ("hessian", "none"),
    ];
    let watched = folder.path().join("watched");
    let mut experiment = tiny(&settings);
    experiment.set_typed("threads", "2").unwrap();
    let mut watcher = Watcher::default();
    let outcome = run::run(&request(experiment, &watched), &mut watcher, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert!(watcher.ahead, "the fast network was shown before the slow one was done");
    let alone = folder.path().join("alone");
    let mut experiment = tiny(&settings);
    experiment.set_typed("threads", "1").unwrap();
    done(experiment, &alone);
    assert_eq!(grid(&watched), grid(&alone));
    assert_eq!(store::stream_hash(&watched).unwrap(), store::stream_hash(&alone).unwrap());
}

/// The checks of the desk protocol. The reference runs share one split of the rows, which is not published; splits differ by a percent
/// in accuracy and seeds move cells at borders, so the preset names a split and a seed that show all of them.
#[test]
fn the_desk_protocol_shows_what_its_reference_showed() {
    const WIDTHS: [u64; 8] = [4, 6, 8, 12, 16, 32, 64, 128];
    const BATCHES: [u64; 7] = [4, 8, 16, 32, 64, 128, 256];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk");
    done(Experiment::from_toml(presets::by_name("phases/desk").unwrap().text).unwrap(), &path);
    let cells = cells(&path);
    let value = |width: u64, batch: u64, key: &str| -> f64 { cells[&(width, batch)][key].parse().unwrap() };
    let connectivity = |width, batch| value(width, batch, "mode_connectivity");
    let hot = |width: &&u64| value(**width, 4, "train_loss") > 1.0 && connectivity(**width, 4) >= 0.0;
    assert!(WIDTHS.iter().filter(hot).count() >= 7, "(a) batch 4 is too hot");
    for batch in [64, 128, 256] {
        for width in [4, 6, 8, 12] {
            assert!(
                connectivity(width, batch) < -4.0,
                "(b) {width}, {batch}: {}",
                connectivity(width, batch)
            );
        }
        assert!(
            (-6.0..=-1.5).contains(&connectivity(32, batch)),
            "(b) 32, {batch}: {}",
            connectivity(32, batch)
        );
        assert!(connectivity(64, batch) > -3.0, "(b) 64, {batch}: {}", connectivity(64, batch));
        assert!(connectivity(128, batch) > -1.5, "(b) 128, {batch}: {}", connectivity(128, batch));
    }
    for width in [16, 32, 64, 128] {
        for batch in [16, 32, 64, 128, 256] {
            let loss = value(width, batch, "train_loss");
            assert!(loss < 0.05, "(c) {width}, {batch}: {loss}");
        }
    }
    assert!(value(128, 16, "cka") - value(4, 16, "cka") >= 0.4, "(d) similarity rises with width");
    assert!(value(64, 16, "cka") - value(64, 256, "cka") >= 0.03, "(e) similarity falls with the batch");
    assert!(value(64, 16, "test_accuracy") >= value(64, 256, "test_accuracy"), "(e) accuracy does not rise");
    for width in WIDTHS {
        let rise = (value(width, 256, "log_lambda_max") - value(width, 16, "log_lambda_max")).exp();
        assert!(rise >= 2.5, "(f) {width}: the eigenvalue rises by {rise}");
    }
    let accuracy = |cell: &(u64, u64)| value(cell.0, cell.1, "test_accuracy");
    let best = cells.keys().max_by(|a, b| accuracy(a).total_cmp(&accuracy(b))).unwrap();
    assert!(best.0 == 128 && [16, 32].contains(&best.1), "(g) best at {best:?}");
    assert!((0.92..=0.94).contains(&accuracy(best)), "(g) {}", accuracy(best));
    for width in WIDTHS {
        for batch in BATCHES.into_iter().filter(|batch| *batch >= 16) {
            let linear = value(width, batch, "linear_mode_connectivity");
            assert!(linear < -10.0, "(h) {width}, {batch}: {linear}");
        }
    }
    // Rows: batch sizes; columns: widths; from the reference run's own table.
    let reference = [
        "II II II II II II II II",
        "II II II II II II IV-A IV-B",
        "II I I I III III IV-B IV-B",
        "I I I III III III IV-B IV-B",
        "I I I III III III IV-B IV-B",
        "I I III III III III IV-A IV-B",
        "I I III III III III IV-A IV-B",
    ];
    let agreeing = BATCHES.iter().zip(reference).flat_map(|(batch, row)| {
        WIDTHS.iter().zip(row.split(' ')).map(|(width, phase)| cells[&(*width, *batch)]["phase"] == phase)
    });
    let agreeing = agreeing.filter(|agrees| *agrees).count();
    assert!(agreeing >= 46, "{agreeing} of 56 cells agree with the reference");
}
