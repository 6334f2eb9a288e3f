//! Runs of a grid: threads, interruptions and watchers change no number, odd grids are survived.

use super::*;
use weightscope_engine::CATALOGUE;
use weightscope_tests::runs::{cancelled_by, stream_hash};

#[test]
fn threads_change_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["1", "2", "5"].map(|threads| {
        let path = folder.path().join(threads);
        let experiment = tiny(&[("threads", threads), ("downstream", "true"), ("hessian", "both")]);
        finished(experiment, &path);
        path
    });
    for path in &paths[1..] {
        assert_eq!(grid(&paths[0]), grid(path), "the same grid");
        assert_eq!(stream_hash(&paths[0]), stream_hash(path), "the same metric stream");
    }
    let text = grid(&paths[0]);
    assert!(text.starts_with("width,batch_size,seeds,train_loss,train_accuracy,test_loss,test_accuracy,mode_connectivity,linear_mode_connectivity,cka,log_lambda_max,log_trace,weight_norm,phase\n"));
    assert_eq!(text.lines().count(), 5, "one row for each cell: {text}");
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_grid() {
    let folder = tempfile::tempdir().unwrap();
    let unbroken = folder.path().join("unbroken");
    finished(tiny(&[]), &unbroken);
    // In training, in the curves, and in the curvatures.
    for steps in [3, 9, 14] {
        let path = folder.path().join(steps.to_string());
        cancelled(tiny(&[]), &path, steps);
        let resumed = run::resume(CATALOGUE, &path, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(resumed.status, Status::Done, "{:?}", resumed.reason);
        assert_eq!(grid(&unbroken), grid(&path), "after {steps} steps: the same grid");
        let hashes = [&unbroken, &path].map(|path| stream_hash(path));
        assert_eq!(hashes[0], hashes[1], "after {steps} steps: the same stream");
    }
}

#[test]
fn one_seed_leaves_pairs_unknown_and_a_diverging_cell_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let single = folder.path().join("single");
    finished(tiny(&[("seeds", "1")]), &single);
    for row in cells(&single).values() {
        assert_eq!(row["mode_connectivity"], "", "unknown, not zero");
        assert_eq!(row["cka"], "");
        assert_eq!(row["phase"], "unknown");
    }
    let hot = folder.path().join("hot");
    let settings = [("temperature", "learning_rate"), ("learning_rates", "[0.01, 10.0]"), ("widths", "[16]")];
    finished(
        tiny(&[settings[0], settings[1], settings[2], ("epochs_min", "60"), ("weight_decay", "0.5")]),
        &hot,
    );
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
    finished(whole, &folder.path().join("whole"));
}

/// A control by which a person has asked for the cells between those of the whole tiny grid.
fn refining() -> Arc<Control> {
    let control = Arc::new(Control::default());
    let mut controls = Controls::default();
    controls.set("region", ControlValue::Region([0.0, 2.0, 0.0, 2.0]));
    assert!(control.request(run::Request::Action { id: "refine".to_owned(), controls }));
    control
}

#[test]
fn cells_that_are_asked_for_are_done_after_the_grid_and_are_those_of_the_larger_one() {
    let folder = tempfile::tempdir().unwrap();
    let larger = folder.path().join("larger");
    finished(tiny(&[("widths", "[4, 6, 9]"), ("batch_sizes", "[16, 45, 128]")]), &larger);
    let refined = folder.path().join("refined");
    let outcome = run::run(&request(tiny(&[]), &refined), &mut Nobody, &refining()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    assert_eq!(outcome.results["models_trained"], 18.0, "nine cells");
    assert_eq!(grid(&larger), grid(&refined), "cell by cell");
    // In the first round, which ends at step 20, and among the cells that joined.
    for steps in [12, 25] {
        let broken = folder.path().join(steps.to_string());
        cancelled_by(&refining(), tiny(&[]), &broken, steps);
        let resumed = run::resume(CATALOGUE, &broken, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(resumed.status, Status::Done, "{:?}", resumed.reason);
        assert_eq!(grid(&larger), grid(&broken), "after {steps} steps: the same grid");
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
    finished(experiment, &alone);
    assert_eq!(grid(&watched), grid(&alone));
    assert_eq!(stream_hash(&watched), stream_hash(&alone));
}

#[test]
fn networks_are_tuned_to_halved_turned_and_other_data() {
    let folder = tempfile::tempdir().unwrap();
    // Another data set of equal inputs: noise in two classes.
    let table = folder.path().join("other.csv");
    let mut text: String = (0..64).map(|column| format!("x{column}")).collect::<Vec<_>>().join(",");
    text.push_str(",label\n");
    for row in 0..300_u32 {
        let numbers = (0..64).map(|column| ((row * 31 + column * 17) % 13 + 5 * (row % 2)).to_string());
        text.push_str(&numbers.collect::<Vec<_>>().join(","));
        text.push_str(if row % 2 == 0 { ",even\n" } else { ",odd\n" });
    }
    std::fs::write(&table, text).unwrap();
    let other = table.display().to_string();
    let base = [("downstream", "true"), ("hessian", "none"), ("epochs_min", "20")];
    let tuned = |task: &str, dataset: &str, place: &str| {
        let mut settings = base.to_vec();
        settings.extend([("tuning_task", task), ("tuning_dataset", dataset)]);
        let outcome = finished(tiny(&settings), &folder.path().join(place));
        let Data::Grid(grids) = &outcome.record.get("metric/tuned_accuracy").unwrap().data else {
            panic!("accuracies are a grid")
        };
        grids.last().unwrap().1.values.clone()
    };
    let halved = tuned("upper_half", "", "halved");
    let turned = tuned("turned", "", "turned");
    let foreign = tuned("dataset", &other, "foreign");
    for values in [&halved, &turned, &foreign] {
        assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
    }
    assert!(halved != turned && turned != foreign, "{halved:?} {turned:?} {foreign:?}");
    let unnamed = tiny(&[("downstream", "true"), ("tuning_task", "dataset")]);
    assert!(check(&unnamed).iter().any(|problem| problem.key == "tuning_dataset" && problem.is_error()));
    std::fs::write(&table, "x0,x1,label\n1,2,a\n3,4,b\n5,6,a\n").unwrap();
    let mut settings = base.to_vec();
    settings.extend([
        ("tuning_task", "dataset"),
        ("tuning_dataset", other.as_str()),
        ("train_rows", "2"),
        ("batch_sizes", "[2]"),
    ]);
    let place = request(tiny(&settings), &folder.path().join("narrow"));
    let refused = run::run(&place, &mut Nobody, &Control::default()).unwrap_err().to_string();
    assert!(refused.contains("2 inputs, the networks have 64"), "it says what does not fit: {refused}");
}
