//! Models with predictions that are not finite, and what is said about each model's time and settings.

use super::*;
use crate::config::NonFinite;
use crate::data::seeded;
use weightscope_frame::record::{Cell, Data};
use weightscope_frame::run::{ForkRequest, fork, verify};

/// A table in which one test row has a feature so large that it overflows once it is standardised.
fn table(folder: &Path) -> String {
    const ROWS: usize = 160;
    let outlier = seeded(ROWS, 3, 1).test[2];
    let line = |row: usize| {
        let x = row as f64 / 40.0;
        let far = if row == outlier { 1e300 } else { x };
        format!("{far},{}\n", x + ((row * 37) % 17) as f64 / 17.0)
    };
    let path = folder.join("table.csv");
    std::fs::write(&path, format!("x,y\n{}", (0..ROWS).map(line).collect::<String>())).unwrap();
    path.display().to_string()
}

fn config(folder: &Path, base_models: &[Kind], non_finite: NonFinite) -> Config {
    Config {
        dataset: table(folder),
        base_models: base_models.to_vec(),
        aggregators: vec![Aggregator::Average, Aggregator::Qra, Aggregator::GlobalFine],
        non_finite,
        ..small()
    }
}

const ALL: [Kind; 4] = [Kind::Linear, Kind::RandomForest, Kind::JointQuantile, Kind::Boosting];

#[test]
fn a_model_without_finite_predictions_ends_the_run_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = carry_out(config(folder.path(), &ALL, NonFinite::Refuse), 2, Place::Memory);
    let reason = outcome.reason.unwrap_or_default();
    assert!(
        reason.contains("base_models: linear: 9 of 288 predictions for test rows are not finite"),
        "{reason}"
    );
    assert!(reason.contains("non_finite = \"exclude\""), "{reason}");
}

#[test]
fn on_request_it_is_left_out_as_if_it_had_not_been_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let all = done(config(folder.path(), &ALL, NonFinite::Exclude), 2, Place::New(at("all")));
    let rest = [Kind::RandomForest, Kind::Boosting];
    done(config(folder.path(), &rest, NonFinite::Refuse), 2, Place::New(at("rest")));
    let scores = |name: &str| std::fs::read_to_string(at(name).join("scores.csv")).unwrap();
    assert_eq!(scores("all"), scores("rest"));
    assert_eq!(all.results.get("excluded_linear"), Some(&1.0));
    assert_eq!(all.results.get("excluded_joint_quantile"), Some(&1.0));
    let log = std::fs::read_to_string(at("all").join("log.txt")).unwrap();
    assert!(log.contains("left out of all results: linear"), "{log}");
    assert!(all.record.get("raw/linear").is_none() && all.record.get("raw/boosting").is_some());
    let speed = std::fs::read_to_string(at("all").join("speed.csv")).unwrap();
    assert!(speed.contains("linear,,,,,,,left out: 9 of 288"), "{speed}");
    let verified = verify(crate::OWN, &at("all"), &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(verified, weightscope_frame::run::Comparison::Identical { .. }), "{verified:?}");
    let request = ForkRequest {
        parent: at("all"),
        step: None,
        experiment: experiment(
            Config { conformal: Conformal::None, ..config(folder.path(), &ALL, NonFinite::Exclude) },
            2,
        ),
        origin: "test".to_owned(),
        place: at("fork"),
    };
    let forked = fork(crate::OWN, &request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(forked.status, Status::Done, "{:?}", forked.reason);
    assert_eq!(forked.results.get("wis"), all.results.get("wis"));
    let none = carry_out(config(folder.path(), &ALL[..1], NonFinite::Exclude), 2, Place::Memory);
    assert!(none.reason.unwrap_or_default().contains("none of them has finite predictions"));
}

#[test]
fn times_and_settings_stand_in_tables_and_not_in_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let outcome = done(Config { search_trials: 3, ..small() }, 2, Place::New(path.clone()));
    let speed = std::fs::read_to_string(path.join("speed.csv")).unwrap();
    assert_eq!(speed.lines().count(), 1 + 10, "a line for each method: {speed}");
    let columns = speed.lines().next().unwrap().split(',').count();
    assert!(speed.lines().all(|line| line.split(',').count() == columns), "{speed}");
    assert!(read_metrics(&path).unwrap().iter().all(|row| !row.channel.contains("speed")));
    let Data::Table(timeline) = &outcome.record.get("chosen").unwrap().data else { panic!("kind changed") };
    let table = timeline.last().unwrap().1;
    let words = |name: &str| {
        let row = table.rows.iter().find(|row| row[0] == Cell::Text(name.to_owned())).unwrap();
        format!("{:?}", row[1])
    };
    assert!(words("Local medium").contains("crossing penalty"), "{}", words("Local medium"));
    assert!(words("Joint net").contains("2 layers of 64"), "{}", words("Joint net"));
    let again = done(Config { search_trials: 3, ..small() }, 1, Place::Memory);
    assert_eq!(again.results, outcome.results, "a search does not depend on threads");
}
