//! The lab as a whole: forks, and what a folded network gives.

use weightscope_frame::experiment::{Experiment, fork_problems};

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
