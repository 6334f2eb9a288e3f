//! The lab as a whole: what is refused, what a fork may change, what the shipped tables hold, and that a search ends as its method says.

use std::fmt::Write as _;
use std::path::Path;

use weightscope_frame::experiment::{Experiment, Problem, check, fork_problems};
use weightscope_frame::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_frame::store;

use crate::config::{Config, Shape, Size, SpaceKind};
use crate::truth::{self, Truth};

fn experiment(changes: &[(&str, &str)]) -> Result<Experiment, Problem> {
    let mut experiment = Experiment::new(crate::OWN.method("entangled_search").unwrap());
    for (key, typed) in changes {
        experiment.set_typed(key, typed)?;
    }
    Ok(experiment)
}

/// Problems of the lab's defaults with these settings changed, the data included.
fn problems(changes: &[(&str, &str)]) -> Vec<Problem> {
    let experiment = match experiment(changes) {
        Ok(experiment) => experiment,
        Err(problem) => return vec![problem],
    };
    let mut problems = check(&experiment);
    if problems.iter().all(|problem| !problem.is_error()) {
        problems.extend(experiment.method.read_data().err().unwrap_or_default());
    }
    problems
}

fn errors(changes: &[(&str, &str)]) -> Vec<String> {
    let errors = problems(changes).into_iter().filter(Problem::is_error);
    errors
        .inspect(|problem| assert!(problem.message.len() > 9, "{problem}"))
        .map(|problem| problem.key)
        .collect()
}

#[test]
fn bad_settings_are_refused_by_their_key() {
    assert_eq!(errors(&[]), Vec::<String>::new());
    let cases: [(&[(&str, &str)], &str); 26] = [
        (&[("channels1", "8,2")], "channels1"),
        (&[("channels2", "4,4")], "channels2"),
        (&[("hidden", "0,8")], "hidden"),
        (&[("hidden", "[]")], "hidden"),
        (&[("kernels1", "1,2,5")], "kernels1"),
        (&[("kernels2", "2,4")], "kernels2"),
        (&[("space", "mlp"), ("ratios", "0.1,1")], "ratios"),
        (&[("space", "mlp"), ("embedding", "")], "embedding"),
        (&[("space", "mlp"), ("depths", "3,1")], "depths"),
        (&[("space", "vit"), ("heads", "2,3")], "heads"),
        (&[("space", "vit"), ("heads", "2,3")], "vit_embedding"),
        (&[("space", "vit"), ("patch", "3")], "patch"),
        (&[("train_rows", "1500")], "train_rows"),
        (&[("architecture_rows", "1500")], "architecture_rows"),
        (&[("train_rows", "0")], "train_rows"),
        (&[("architecture_learning_rate", "fast")], "architecture_learning_rate"),
        (&[("architecture_learning_rate", "-1")], "architecture_learning_rate"),
        (&[("sampler", "uniform")], "sampler"),
        (&[("mixing", "slice")], "mixing"),
        (&[("method", "spos_random"), ("order", "second")], "order"),
        (&[("method", "bananas")], "method"),
        (&[("pixel_noise", "-1")], "pixel_noise"),
        (&[("space", "table"), ("table", "compute")], "table"),
        (&[("space", "table"), ("cost_column", "hours")], "cost_column"),
        (&[("space", "table"), ("searchers", "[]")], "searchers"),
        (&[("table", "/nowhere/at/all.csv")], "table"),
    ];
    for (changes, key) in cases {
        assert!(errors(changes).contains(&key.to_owned()), "{changes:?}: {:?}", errors(changes));
    }
    assert!(errors(&[("kernels1", "3"), ("channels1", "8")]).is_empty(), "one option is enough");
    assert!(errors(&[("method", "darts_second"), ("mixing", "separate")]).is_empty(), "it is built");
}

#[test]
fn an_architecture_that_cannot_move_is_a_warning() {
    let found = problems(&[("architecture_learning_rate", "3e-4")]);
    let warning = found.iter().find(|problem| problem.key == "architecture_learning_rate").unwrap();
    assert!(!warning.is_error() && warning.message.contains("cannot move"), "{warning}");
    assert!(problems(&[("architecture_learning_rate", "0.06")]).is_empty());
}

#[test]
fn a_table_of_ones_own_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let found = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let problems = problems(&[("space", "table"), ("table", path.to_str().unwrap())]);
        problems.into_iter().find(Problem::is_error).map(|problem| {
            assert_eq!(problem.key, "table");
            problem.message
        })
    };
    for (text, words) in [
        ("a,b\n1,2\n", "accuracy"),
        ("a,accuracy\n", "no rows"),
        ("a,accuracy\n1,0.5\n1,0.6\n", "line 3"),
        ("a,accuracy\n1,good\n", "good"),
        ("a,accuracy,size\n1,0.5,large\n", "large"),
    ] {
        let message = found(text).unwrap_or_else(|| panic!("{text} was taken"));
        assert!(message.contains(words) && message.ends_with("table.csv"), "{message}");
    }
    assert_eq!(found("a,b,accuracy\n1,x,0.5\n2,y,0.6\n"), None, "missing rows are counted, not refused");
    let experiment = experiment(&[("space", "table"), ("table", path.to_str().unwrap())]).unwrap();
    let read = experiment.method.read_data().unwrap();
    assert!(read[0].doubts[0].why.contains("2 combinations"), "{:?}", read[0].doubts);
}

#[test]
fn a_fork_may_change_rates_and_alarms_but_not_the_space() {
    let parent = experiment(&[]).unwrap();
    let with = |key: &str, typed: &str| {
        let mut child = parent.clone();
        child.set_typed(key, typed).unwrap();
        fork_problems(&child, &parent).into_iter().map(|problem| problem.key).collect::<Vec<_>>()
    };
    for (key, typed) in
        [("learning_rate", "1e-3"), ("alarm_gap", "0.1"), ("stop", "best_mixture"), ("size_penalty", "1")]
    {
        assert!(with(key, typed).is_empty(), "{key} may change: {:?}", with(key, typed));
    }
    for (key, typed) in
        [("space", "mlp"), ("size", "full"), ("channels1", "2,4"), ("method", "gdas"), ("table", "compute")]
    {
        assert!(with(key, typed).contains(&key.to_owned()), "{key} may not");
    }
}

#[test]
fn shipped_tables_hold_every_architecture_three_times() {
    let spaces = [
        (SpaceKind::ConvMacro, Size::Small, 72),
        (SpaceKind::ConvMacro, Size::Full, 243),
        (SpaceKind::Mlp, Size::Small, 117),
        (SpaceKind::Cell, Size::Small, 64),
        (SpaceKind::Table, Size::Small, 117),
    ];
    for (space, size, count) in spaces {
        let config = Config { space, size, ..Config::default() };
        let truth = Truth::shipped(&config).unwrap();
        assert_eq!((truth.table.rows.len(), truth.missing), (count, 0), "{space:?} {size:?}");
        let ceiling = truth.table.ceiling().unwrap();
        assert!((0.4..0.9).contains(&ceiling), "{space:?} {size:?}: {ceiling}");
        for row in &truth.table.rows {
            assert!(
                row.seeds.len() == 3 && row.seeds.iter().all(|value| (0.05..1.0).contains(value)),
                "{row:?}"
            );
        }
    }
    let other = Config { pixel_noise: 0.5, ..Config::default() };
    assert!(Truth::shipped(&other).is_none(), "other data have another table");
}

#[test]
fn so_many_transformers_are_drawn_the_largest_among_them() {
    let config = Config { space: SpaceKind::Vit, ..Config::default() };
    let space = config.space_of(Shape::DIGITS).unwrap();
    let known = truth::known(&config, &*space);
    assert_eq!(known.len(), 40);
    let largest = crate::method::space::largest(&*space);
    assert!(known.iter().any(|known| known.picks == largest));
    assert_eq!(known, truth::known(&config, &*space), "the same for every run");
}

/// Carries an experiment out; its results.
fn done(folder: &Path, changes: &[(&str, &str)]) -> std::collections::BTreeMap<String, f64> {
    let request = RunRequest {
        experiment: experiment(changes).unwrap(),
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(folder.to_owned()),
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, store::Status::Done, "{changes:?}: {:?}", outcome.reason);
    outcome.results
}

#[test]
fn superposed_and_output_mixing_pick_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, method: &str| {
        let settings = [("method", method), ("steps", "60"), ("rank_every", "1000"), ("seed", "3")];
        done(&folder.path().join(name), &settings)
    };
    let (one, other) = (run("a", "tanglenas"), run("b", "drnas_output"));
    for (name, value) in &one {
        if name.starts_with("pick_") || name == "regret" {
            assert_eq!(other.get(name), Some(value), "{name}");
        }
    }
    assert!((one["rank_tau"] - other["rank_tau"]).abs() <= 0.02, "{} {}", one["rank_tau"], other["rank_tau"]);
    assert!(other["saved_bytes_per_step"] >= 2.0 * one["saved_bytes_per_step"], "counted, not estimated");
}

#[test]
fn a_large_price_picks_the_smallest_network() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("size_penalty", "20"), ("rank_every", "1000"), ("monitor_every", "1000")];
    let found = done(&folder.path().join("run"), &settings);
    for decision in ["channels1", "kernel1", "channels2", "kernel2", "hidden"] {
        assert_eq!(found[&format!("pick_{decision}")], 0.0, "{decision}: {found:?}");
    }
}

#[test]
fn searches_on_a_table_find_its_best_and_evolution_is_no_worse_than_chance() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b,c,d,accuracy,seconds\n".to_owned();
    for place in 0..6_usize.pow(4) {
        let digits = [0, 1, 2, 3].map(|at| place / 6_usize.pow(at) % 6);
        let accuracy: f64 =
            digits.iter().map(|digit| 0.04 * *digit as f64).sum::<f64>() + 0.001 * (place % 7) as f64;
        let _ = writeln!(text, "{},{},{},{},{accuracy},2", digits[0], digits[1], digits[2], digits[3]);
    }
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    let settings =
        [("space", "table"), ("table", path.to_str().unwrap()), ("repeats", "9"), ("cost_column", "seconds")];
    let run = folder.path().join("run");
    let found = done(&run, &settings);
    assert_eq!((found["rows"], found["missing"]), (1296.0, 0.0));
    assert!(
        found["median_regret_200_evolution"] <= 0.5 * found["median_regret_200_random_training"],
        "{found:?}"
    );
    let any_time = std::fs::read_to_string(run.join("any_time.csv")).unwrap();
    let seconds: Vec<f64> =
        any_time.lines().skip(1).map(|line| line.split(',').nth(2).unwrap().parse().unwrap()).collect();
    assert!(
        seconds.iter().any(|own| *own > 200.0) && seconds.iter().all(|own| *own <= 400.0),
        "two seconds an evaluation"
    );
}

/// A table of eight small architectures, each trained twice.
const SMALL_TABLE: [(&str, &str); 9] = [
    ("task", "table"),
    ("table", "compute"),
    ("channels1", "2,4"),
    ("kernels1", "1"),
    ("channels2", "2,4"),
    ("kernels2", "1"),
    ("hidden", "4,8"),
    ("table_seeds", "2"),
    ("table_epochs", "1"),
];

/// Makes the small table in three parts, in a folder below this one; where they lie.
fn three_parts(root: &Path) -> String {
    let parts = root.join("parts");
    std::fs::create_dir_all(&parts).unwrap();
    for part in ["1/3", "2/3", "3/3"] {
        let settings = [&SMALL_TABLE[..], &[("part", part)]].concat();
        let found = done(&parts.join(part.replace('/', "_of_")), &settings);
        assert_eq!(found["rows"] + found["missing"], 8.0, "{part}");
    }
    parts.to_str().unwrap().to_owned()
}

#[test]
fn a_table_in_parts_is_joined_to_that_of_a_single_run() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three_parts(folder.path());
    let (one, other) = (folder.path().join("whole"), folder.path().join("joined"));
    let whole = done(&one, &SMALL_TABLE);
    let joined = done(&other, &[&SMALL_TABLE[..], &[("parts", parts.as_str())]].concat());
    let method = crate::OWN.method("entangled_search").unwrap();
    for (name, value) in whole.iter().filter(|(name, _)| !method.is_clock_result(name)) {
        assert_eq!(joined[name].to_bits(), value.to_bits(), "{name}");
    }
    let truth = |run: &Path| crate::run::product::state(run).unwrap().truth.unwrap();
    assert_eq!(truth(&other), truth(&one));
    let stream = |run: &Path| store::read_manifest(run).unwrap().stream_hash.unwrap();
    assert_eq!(stream(&other), stream(&one), "the metric stream, bit for bit");
    // A search joins them too, and is judged by the same table.
    let search = folder.path().join("search");
    let settings = [&SMALL_TABLE[1..], &[("parts", parts.as_str()), ("steps", "4")]].concat();
    done(&search, &settings);
    assert_eq!(truth(&search), truth(&one));
}

#[test]
fn parts_that_do_not_make_the_table_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three_parts(folder.path());
    let path = |name: &str| Path::new(&parts).join(name);
    let refused = |more: &[(&str, &str)]| {
        let settings = [&SMALL_TABLE[..], &[("parts", parts.as_str())], more].concat();
        let problem = problems(&settings).into_iter().find(Problem::is_error);
        problem.map(|problem| {
            assert!(problem.key == "parts" && problem.message.ends_with(&parts), "{problem}");
            problem.message
        })
    };
    assert_eq!(refused(&[]), None);
    let message = refused(&[("table_epochs", "2")]).unwrap();
    assert!(message.contains("table_epochs = 1") && message.contains("table_epochs = 2"), "{message}");
    done(&path("again"), &[&SMALL_TABLE[..], &[("part", "2/3")]].concat());
    let message = refused(&[]).unwrap();
    assert!(message.contains("part 2/3 is there twice") && message.contains("again"), "{message}");
    std::fs::remove_dir_all(path("again")).unwrap();
    done(&path("others"), &[&SMALL_TABLE[..], &[("part", "1/2")]].concat());
    let message = refused(&[]).unwrap();
    assert!(message.contains("parts of 2 and of 3") || message.contains("parts of 3 and of 2"), "{message}");
    std::fs::remove_dir_all(path("others")).unwrap();
    store::update_manifest(&path("3_of_3"), |manifest| manifest.status = store::Status::Cancelled).unwrap();
    let message = refused(&[]).unwrap();
    assert!(message.contains("of 3 parts 1 are missing: 3/3 (cancelled)"), "{message}");
    std::fs::remove_dir_all(path("3_of_3")).unwrap();
    std::fs::remove_dir_all(path("1_of_3")).unwrap();
    let message = refused(&[]).unwrap();
    assert!(message.contains("of 3 parts 2 are missing: 1/3, 3/3"), "{message}");
    std::fs::remove_dir_all(path("2_of_3")).unwrap();
    assert!(refused(&[]).unwrap().contains("no run that made a part"));
    assert_eq!(errors(&[&SMALL_TABLE[..], &[("part", "9/9")]].concat()), ["part"], "eight architectures");
    assert_eq!(errors(&[&SMALL_TABLE[..], &[("part", "4/3")]].concat()), ["part"]);
    let both = [&SMALL_TABLE[..], &[("part", "1/3"), ("parts", parts.as_str())]].concat();
    assert_eq!(errors(&both), ["parts"]);
}

#[test]
fn parts_of_another_seed_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three_parts(folder.path());
    let request = RunRequest {
        experiment: experiment(&[&SMALL_TABLE[..], &[("parts", parts.as_str()), ("seed", "5")]].concat())
            .unwrap(),
        asked: None,
        origin: "test".to_owned(),
        place: Place::New(folder.path().join("run")),
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    let reason = outcome.reason.unwrap_or_default();
    assert!(outcome.status == store::Status::Failed && reason.contains("seed 0"), "{reason}");
}
