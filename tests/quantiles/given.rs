//! The reference's base predictions as input: what needs no training must give its numbers, and trained weights must be near theirs.

use weightscope_engine::data::table::{Column, Table, read_table};
use weightscope_engine::labs::quantiles::base::{Matrix, Progress};
use weightscope_engine::labs::quantiles::ensemble::{
    AggregateSettings, Aggregator, Given, Validation, bound_coarse, bound_medium, fit,
};
use weightscope_engine::labs::quantiles::method::batch::batch_size;
use weightscope_engine::labs::quantiles::method::conformal::{Symmetry, calibrate};
use weightscope_engine::labs::quantiles::method::isotonize::Isotonization;
use weightscope_engine::labs::quantiles::method::levels::Levels;
use weightscope_engine::labs::quantiles::method::pinball;

use super::{folder, reference};

const MODELS: usize = 8;
const LEVELS: usize = 19;

/// Rows of one part: features are not in the file, so none here.
struct Part {
    z: Vec<f32>,
    y: Vec<f32>,
}

impl Part {
    fn x(&self) -> Matrix {
        Matrix { columns: 1, values: vec![0.0; self.y.len()] }
    }
}

fn numbers<'t>(table: &'t Table, name: &str) -> &'t [f64] {
    match &table.columns[table.position(name).unwrap()] {
        Column::Numbers(values) => values,
        Column::Words { .. } => panic!("{name} holds words"),
    }
}

/// Training (out of fold), validation, calibration and test parts.
fn given(dataset: &str) -> Vec<Part> {
    let table = read_table(&folder().join(format!("basepred_{dataset}_s1.csv.gz"))).unwrap();
    let (parts, y) = (numbers(&table, "part"), numbers(&table, "y"));
    let predictions: Vec<&Column> = table.columns.iter().skip(3).collect();
    assert_eq!(predictions.len(), MODELS * LEVELS, "eight models, nineteen levels");
    let part = |wanted: f64| {
        let rows: Vec<usize> = (0..table.rows).filter(|row| parts[*row] == wanted).collect();
        let value = |row: usize, column: &&Column| match column {
            Column::Numbers(values) => values[row] as f32,
            Column::Words { .. } => f32::NAN,
        };
        let z =
            rows.iter().flat_map(|row| predictions.iter().map(move |column| value(*row, column))).collect();
        Part { z, y: rows.iter().map(|row| y[*row] as f32).collect() }
    };
    [0.0, 1.0, 2.0, 3.0].into_iter().map(part).collect()
}

fn settings(rows: usize) -> AggregateSettings {
    AggregateSettings::fixed(Levels::even(LEVELS).values().to_vec(), MODELS, batch_size(rows))
}

fn predict(aggregator: Aggregator, parts: &[Part], on: usize) -> Vec<f32> {
    let (x, xv) = (parts[0].x(), parts[1].x());
    let validation = Validation { x: &xv, z: &parts[1].z, y: &parts[1].y };
    let given = Given { x: &x, z: &parts[0].z, y: &parts[0].y, validation: Some(validation) };
    let rows = parts.iter().map(|part| part.y.len()).sum();
    let device = burn::tensor::Device::flex();
    let settings = settings(rows);
    let (combined, _) = fit(aggregator, &given, &settings, (1, "given"), &device, Progress::alone()).unwrap();
    combined.predict(&parts[on].x(), &parts[on].z, &settings.taus, &device)
}

fn wis(q: &[f32], y: &[f32], operator: Isotonization) -> f64 {
    let mut q = q.to_vec();
    operator.apply_rows(&mut q, LEVELS);
    2.0 * pinball::mean(&q, y, &Levels::even(LEVELS).singles())
}

fn near(what: &str, found: f64, expected: f64, allowed: f64) {
    assert!((found - expected).abs() <= allowed, "{what}: {found} instead of {expected}, allowed {allowed}");
}

const SETS: [&str; 3] = ["diabetes", "engel", "synth1"];

#[test]
fn average_and_median_give_the_references_scores() {
    let reference = reference();
    for dataset in SETS {
        let parts = given(dataset);
        for (aggregator, name) in [(Aggregator::Average, "average"), (Aggregator::Median, "median")] {
            let expected = reference["datasets"][dataset]["wis"][name]["1"].as_f64().unwrap();
            let found = wis(&predict(aggregator, &parts, 3), &parts[3].y, Isotonization::Sort);
            near(&format!("{dataset}, {name}"), found, expected, 1e-4);
        }
    }
}

#[test]
fn calibration_of_the_average_gives_the_references_offsets() {
    let reference = reference();
    for dataset in SETS {
        let parts = given(dataset);
        let mut q = predict(Aggregator::Average, &parts, 2);
        Isotonization::Sort.apply_rows(&mut q, LEVELS);
        let offsets = calibrate(&q, &parts[2].y, &Levels::even(LEVELS), Symmetry::Symmetric);
        let expected = &reference["datasets"][dataset]["average_offsets"]["1"];
        for offset in offsets {
            let key = format!("{:.2}", 1.0 - offset.alpha);
            near(
                &format!("{dataset} at {key}"),
                offset.upper,
                expected[key.as_str()].as_f64().unwrap(),
                1e-4,
            );
        }
    }
}

#[test]
fn linear_programs_reach_the_references_optima_and_training_comes_near() {
    let reference = reference();
    for dataset in SETS {
        let parts = given(dataset);
        let taus = Levels::even(LEVELS).values().to_vec();
        let train = &reference["datasets"][dataset]["train"]["1"];
        let number = |key: &str| train[key].as_f64().unwrap();
        let (_, medium) = bound_medium(&parts[0].z, &parts[0].y, MODELS, &taus);
        let (_, coarse) = bound_coarse(&parts[0].z, &parts[0].y, MODELS, &taus);
        near(&format!("{dataset}, medium"), medium, number("lp_medium_train_wis"), 1e-3 * medium);
        near(&format!("{dataset}, coarse"), coarse, number("lp_coarse_train_wis"), 1e-3 * coarse);
        let trained = wis(&predict(Aggregator::GlobalMedium, &parts, 0), &parts[0].y, Isotonization::None);
        assert!(
            trained >= medium * (1.0 - 1e-6) && trained <= 1.03 * medium,
            "{dataset}: trained global medium {trained}, optimum {medium}"
        );
    }
}

#[test]
fn quantile_regression_averaging_scores_like_the_references() {
    let reference = reference();
    for dataset in SETS {
        let parts = given(dataset);
        let expected = reference["datasets"][dataset]["wis"]["qra"]["1"].as_f64().unwrap();
        let found = wis(&predict(Aggregator::Qra, &parts, 3), &parts[3].y, Isotonization::Sort);
        // The optimum may not be unique, and the file has five decimals.
        near(&format!("{dataset}, qra"), found, expected, 1e-2 * expected);
    }
}

#[test]
fn sort_and_the_isotonic_fit_worsen_no_row_of_any_model() {
    let taus = Levels::even(LEVELS).singles();
    for dataset in SETS {
        for part in given(dataset) {
            for (z, y) in part.z.chunks_exact(LEVELS).zip(part.y.iter().flat_map(|y| [y; MODELS])) {
                let before = pinball::row_sum(z, *y, &taus);
                for operator in [Isotonization::Sort, Isotonization::Pava] {
                    let mut after = z.to_vec();
                    operator.apply(&mut after);
                    assert!(pinball::row_sum(&after, *y, &taus) <= before + 1e-5, "{dataset}, {operator:?}");
                }
            }
        }
    }
}
