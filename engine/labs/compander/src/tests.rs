//! The lab as a whole: forks, and what a folded network gives.

use std::fmt::Write as _;

use weightscope_frame::experiment::{Experiment, Problem, check, fork_problems};
use weightscope_frame::lab::Lab;
use weightscope_frame::record::Data;
use weightscope_frame::run::{Control, Nobody, Place, RunRequest, run};
use weightscope_frame::store::{Status, read_record};

use crate::config::{Config, Network};
use crate::data::Material;
use crate::train::Trained;

#[test]
fn what_was_read_before_the_first_step_stays_and_the_function_may_be_turned() {
    let parent =
        Experiment::from_toml(crate::OWN, crate::OWN.preset("compander/noisy-labels").unwrap().text).unwrap();
    let with = |key: &str, typed: &str| {
        let mut child = parent.clone();
        child.set_typed(key, typed).unwrap();
        fork_problems(&child, &parent).into_iter().map(|problem| problem.key).collect::<Vec<_>>()
    };
    for (key, typed) in [
        ("amplitude", "2"),
        ("width", "1"),
        ("learning_rate", "1e-4"),
        ("dropout", "0.1"),
        ("repeats", "3"),
        ("epochs", "200"),
    ] {
        assert!(with(key, typed).is_empty(), "{key} may change: {:?}", with(key, typed));
    }
    for (key, typed) in [
        ("compander", "tanh"),
        ("layers", "hidden"),
        ("network", "vit"),
        ("dataset", "mnist"),
        ("label_noise", "0.1"),
        ("train_rows", "300"),
        ("start", "inverse"),
        ("hidden_widths", "8,8"),
    ] {
        assert!(with(key, typed).contains(&key.to_owned()), "{key} may not");
    }
}

/// A folded network, loaded as a plain one, gives the outputs of the run.
#[test]
fn a_folded_network_gives_the_outputs_of_the_run() {
    for (network, batch_norm) in [(Network::Mlp, false), (Network::Mlp, true), (Network::Vit, false)] {
        let config = Config {
            network,
            batch_norm,
            hidden_widths: vec![16, 12],
            embedding: 8,
            heads: 2,
            blocks: 1,
            epochs: 2,
            ..Config::default()
        };
        let material = Material::open(&config).unwrap();
        let mut trained = Trained::new(&config, &material, 3).unwrap();
        let expected = trained.logits();
        let plain = trained.as_plain().unwrap();
        assert_eq!(plain.len(), expected.len());
        let worst = plain.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-6, "{network:?}, batch norm {batch_norm}: {worst}");
        assert!(expected.iter().any(|logit| logit.abs() > 0.1), "there are outputs");
    }
}

/// Keys of the errors of the lab's defaults with these settings changed, the data included.
fn errors(changes: &[(&str, &str)]) -> Vec<String> {
    let mut experiment = Experiment::new(crate::OWN.method("compander").unwrap());
    for (key, typed) in changes {
        if let Err(problem) = experiment.set_typed(key, typed) {
            return vec![problem.key];
        }
    }
    let mut problems = check(&experiment);
    if problems.iter().all(|problem| !problem.is_error()) {
        problems.extend(experiment.method.read_data().err().unwrap_or_default());
    }
    problems
        .into_iter()
        .filter(Problem::is_error)
        .inspect(|problem| assert!(problem.message.len() > 10, "{problem}"))
        .map(|problem| problem.key)
        .collect()
}

#[test]
fn bad_settings_are_refused_by_their_key() {
    assert_eq!(errors(&[]), Vec::<String>::new());
    for (key, typed) in [
        ("amplitude", "0"),
        ("amplitude", "-1"),
        ("amplitude", "nan"),
        ("amplitude", "101"),
        ("width", "0"),
        ("width", "nan"),
        ("width", "1000"),
        ("train_rows", "9"),
        ("train_rows", "1797"),
        ("train_rows", "100000"),
        ("label_noise", "-0.1"),
        ("label_noise", "1.1"),
        ("repeats", "0"),
        ("repeats", "1001"),
        ("compander", "sigmoid"),
    ] {
        assert!(
            errors(&[(key, typed)]).contains(&key.to_owned()),
            "{key} = {typed}: {:?}",
            errors(&[(key, typed)])
        );
    }
    let lonely = errors(&[("batch_norm", "true"), ("batch_size", "1")]);
    assert!(lonely.contains(&"batch_norm".to_owned()) && lonely.contains(&"batch_size".to_owned()));
    assert!(errors(&[("batch_norm", "true"), ("batch_size", "199")]).contains(&"batch_size".to_owned()));
    let few = errors(&[("parameters", "held_out"), ("train_rows", "99")]);
    assert!(few.contains(&"parameters".to_owned()), "{few:?}");
    assert!(errors(&[("parameters", "held_out"), ("train_rows", "100")]).is_empty());
}

#[test]
fn a_table_with_a_value_that_is_no_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let mut text = "x,y,label\n".to_owned();
    for row in 0..40 {
        let x = if row == 7 { "inf".to_owned() } else { format!("{}.5", row % 9) };
        let _ = writeln!(text, "{x},{row},{}", if row % 2 == 0 { "a" } else { "b" });
    }
    std::fs::write(&path, text).unwrap();
    let found = errors(&[("dataset", path.to_str().unwrap()), ("train_rows", "20")]);
    assert!(found.contains(&"dataset".to_owned()), "{found:?}");
}

/// Both arms of a repeat are the same network at an inverse start, and the seed of a repeat is that of a run of its own.
#[test]
fn an_inverse_start_is_the_twins_and_repeats_are_runs_of_their_seeds() {
    let config = Config { hidden_widths: vec![16], epochs: 3, ..Config::default() };
    let material = Material::open(&config).unwrap();
    let (own, twin) = Trained::starts(&config, &material, 5).unwrap();
    let worst = own.iter().zip(&twin).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-6, "{worst}");
    let direct = Config { start: crate::Start::Direct, ..config.clone() };
    let (own, twin) = Trained::starts(&direct, &material, 5).unwrap();
    assert!(own.iter().zip(&twin).any(|(a, b)| (a - b).abs() > 0.01), "a direct start differs");
    let scaled = Config { twin: crate::Twin::Scaled, ..direct };
    let (own, twin) = Trained::starts(&scaled, &material, 5).unwrap();
    let spread = |values: &[f32]| crate::method::distribution::deviation(&values[..64 * 16]);
    assert!((spread(&own) / spread(&twin) - 1.0).abs() < 1e-5, "a scaled twin has the spread of the start");
}

/// The repeats behind the first one are trained under the settings of before and after a fork, as the first one was.
#[test]
fn a_fork_trains_all_repeats_under_both_settings() {
    let config = Config {
        hidden_widths: vec![16],
        epochs: 3,
        parameters: crate::Parameters::Learned,
        ..Config::default()
    };
    let changed = Config { amplitude: 1.5, learning_rate: 1e-3, dropout: 0.1, ..config.clone() };
    let material = Material::open(&config).unwrap();
    let (forked, other) = Trained::forked((&config, &changed), &material, 7).unwrap();
    assert_eq!(forked, other);
    let (_, unchanged) = Trained::forked((&config, &config), &material, 7).unwrap();
    assert_ne!(forked, unchanged, "the change changes something");
}

/// How networks bear removal, noise and change is seen from the start on, and where the weights went.
#[test]
fn removal_noise_and_change_are_measured_while_the_first_repeat_trains() {
    use crate::channels as ch;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let experiment = Experiment::from_toml(crate::OWN, <Config as Lab>::SMALLEST).unwrap();
    let request =
        RunRequest { experiment, asked: None, origin: "test".to_owned(), place: Place::New(path.clone()) };
    assert_eq!(run(&request, &mut Nobody, &Control::default()).unwrap().status, Status::Done);
    let (record, _) = read_record(&path).unwrap();
    let curves = |id: &str| match &record.get(id).unwrap().data {
        Data::Curve(curves) => curves.iter().map(|(step, curve)| (step, curve.clone())).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    // 100 rows in batches of 25 make 4 steps an epoch, 32 in all; the two last pictures are of one repeat and of both.
    let steps = |id: &str| curves(id).into_iter().map(|(step, _)| step).collect::<Vec<u64>>();
    for arm in [ch::COMPANDER, ch::TWIN] {
        for id in [
            ch::PRUNING.id(&format!("{arm}/smallest")),
            ch::PRUNING.id(&format!("{arm}/random")),
            ch::NOISE.id(arm),
            ch::PERTURBATION.id(arm),
        ] {
            assert_eq!(steps(&id).get(..4), Some(&[0, 8, 16, 24][..]), "{id}");
        }
        assert_eq!(steps(&ch::LORENZ.id(arm)).get(..3), Some(&[0, 4, 8][..]));
        let Data::Grid(grids) = &record.get(&ch::REVIVAL.id(arm)).unwrap().data else { panic!("grids") };
        let (_, start) = grids.at(0).unwrap();
        let size = start.rows.len();
        for (place, share) in start.values.iter().enumerate() {
            let expected = if place / size == place % size { 1.0 } else { 0.0 };
            assert!(share.is_nan() || *share == expected, "nothing went anywhere before the first step");
        }
        // An accuracy without noise, and with nothing removed, is that of the network as it stands.
        let accuracy = curves(&ch::ACCURACY_CURVE.id(&format!("{arm}/test")));
        for (step, curve) in curves(&ch::NOISE.id(arm)).into_iter().take(4) {
            let (_, whole) = accuracy.iter().find(|(at, _)| *at == step).unwrap();
            assert_eq!(curve.y.first(), whole.y.last(), "{arm} at {step}");
        }
    }
}
