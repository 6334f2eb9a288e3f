mod folders;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use safetensors::tensor::{Dtype, TensorView};
use weightscope_frame::experiment::Experiment;
use weightscope_frame::lab::{Catalogue, Derive, Entry};
use weightscope_frame::record::{Cell, ControlValue, Controls, Data, Table};
use weightscope_frame::run::{self, Control, Nobody, Outcome, Place, RunRequest};
use weightscope_frame::store::Status;
use weightscope_math::stream;

use super::*;

const OWN: Catalogue = Catalogue::new(&[Entry::of::<Config>()]);

type Tensors = Vec<(&'static str, Vec<usize>, Vec<f32>)>;

/// Three matrices and a vector, drawn by a seed.
fn model(seed: u64) -> Tensors {
    let mut draws = stream(seed, "tests/model");
    let mut tensor = |name, shape: &[usize], scale: f32| {
        let count = shape.iter().product();
        (name, shape.to_vec(), (0..count).map(|_| scale * draws.normal()).collect())
    };
    vec![
        tensor("embed.weight", &[96, 64], 0.5),
        tensor("layers.0.attn.weight", &[64, 64], 0.125),
        tensor("layers.0.mlp.weight", &[128, 64], 0.125),
        tensor("norm.bias", &[64], 0.1),
    ]
}

fn bytes_of(values: &[f32], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::BF16 => values
            .iter()
            .flat_map(|value| {
                let bits = value.to_bits();
                let rounded = bits.wrapping_add(0x7FFF + ((bits >> 16) & 1));
                ((rounded >> 16) as u16).to_le_bytes()
            })
            .collect(),
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

fn write(path: &Path, tensors: &Tensors, dtype: Dtype) {
    let held: Vec<(&str, Vec<usize>, Vec<u8>)> =
        tensors.iter().map(|(name, shape, values)| (*name, shape.clone(), bytes_of(values, dtype))).collect();
    let views: BTreeMap<&str, TensorView<'_>> = held
        .iter()
        .map(|(name, shape, bytes)| (*name, TensorView::new(dtype, shape.clone(), bytes).unwrap()))
        .collect();
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

fn experiment(settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::new(OWN.first());
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap_or_else(|problem| panic!("{problem}"));
    }
    experiment
}

fn run_of(settings: &[(&str, &str)]) -> Outcome {
    let request = RunRequest {
        experiment: experiment(settings),
        asked: None,
        origin: "test".to_owned(),
        place: Place::Memory,
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    outcome
}

fn table(outcome: &Outcome, channel: &str) -> Table {
    match &outcome.record.get(channel).unwrap_or_else(|| panic!("no {channel}")).data {
        Data::Table(tables) => tables.last().unwrap().1.clone(),
        _ => panic!("{channel} is no table"),
    }
}

fn cell<'t>(table: &'t Table, row: &str, column: &str) -> &'t Cell {
    let place = table.columns.iter().position(|name| name == column).unwrap_or_else(|| panic!("no {column}"));
    let line = table.rows.iter().find(|line| line[0] == Cell::Text(row.to_owned()));
    &line.unwrap_or_else(|| panic!("no {row}"))[place]
}

fn text(table: &Table, row: &str, column: &str) -> String {
    match cell(table, row, column) {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
    }
}

fn number(table: &Table, row: &str, column: &str) -> f64 {
    match cell(table, row, column) {
        Cell::Number(number) => *number,
        Cell::Text(text) => panic!("{row}, {column}: {text:?}"),
    }
}

/// A model, and the same with one tensor changed by a function; the table of a comparison of the two.
fn compared(change: impl FnOnce(&mut Tensors), dtype: Dtype) -> (Table, Outcome) {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before.safetensors"), folder.path().join("after.safetensors"));
    let mut tensors = model(1);
    write(&before, &tensors, Dtype::F32);
    change(&mut tensors);
    write(&after, &tensors, dtype);
    let outcome = run_of(&[("model", before.to_str().unwrap()), ("against", after.to_str().unwrap())]);
    (table(&outcome, "layers"), outcome)
}

const CHANGED: &str = "layers.0.mlp.weight";

fn values(tensors: &mut Tensors) -> &mut Vec<f32> {
    &mut tensors[2].2
}

#[test]
fn a_change_of_rank_eight_is_told_with_its_rank() {
    let (table, outcome) = compared(
        |tensors| {
            let mut draws = stream(2, "tests/factors");
            let b: Vec<f32> = (0..128 * 8).map(|_| 0.05 * draws.normal()).collect();
            let a: Vec<f32> = (0..8 * 64).map(|_| 0.05 * draws.normal()).collect();
            for (place, weight) in values(tensors).iter_mut().enumerate() {
                let (row, column) = (place / 64, place % 64);
                *weight += (0..8).map(|k| b[row * 8 + k] * a[k * 64 + column]).sum::<f32>();
            }
        },
        Dtype::F32,
    );
    assert_eq!(text(&table, CHANGED, "verdict"), "low rank");
    assert_eq!(number(&table, CHANGED, "change_rank"), 8.0);
    assert_eq!(text(&table, "embed.weight", "verdict"), "unchanged");
    assert_eq!(number(&table, "embed.weight", "unchanged_share"), 1.0);
    assert_eq!(outcome.results["changed_tensors"], 1.0);
}

#[test]
fn a_block_that_repeats_is_told_with_its_share() {
    let (table, _) = compared(
        |tensors| {
            let mut draws = stream(3, "tests/block");
            let block: Vec<f32> = (0..128 * 16).map(|_| 0.02 * draws.normal()).collect();
            for (place, weight) in values(tensors).iter_mut().enumerate() {
                *weight += block[place / 64 * 16 + place % 16];
            }
        },
        Dtype::F32,
    );
    assert_eq!(text(&table, CHANGED, "verdict"), "block-affine");
    assert!(number(&table, CHANGED, "block_share") > 0.99, "{}", number(&table, CHANGED, "block_share"));
}

#[test]
fn noise_is_dense_and_zeros_are_pruning() {
    let (table, _) = compared(
        |tensors| {
            let mut draws = stream(4, "tests/noise");
            values(tensors).iter_mut().for_each(|weight| *weight += 0.01 * draws.normal());
        },
        Dtype::F32,
    );
    assert_eq!(text(&table, CHANGED, "verdict"), "dense");
    let (table, _) = compared(
        |tensors| {
            let mut magnitudes: Vec<f32> = values(tensors).iter().map(|weight| weight.abs()).collect();
            magnitudes.sort_by(f32::total_cmp);
            let middle = magnitudes[magnitudes.len() / 2];
            values(tensors)
                .iter_mut()
                .filter(|weight| weight.abs() < middle)
                .for_each(|weight| *weight = 0.0);
        },
        Dtype::F32,
    );
    assert_eq!(text(&table, CHANGED, "verdict"), "pruned");
    let (table, _) = compared(
        |tensors| {
            for four in values(tensors).chunks_mut(4) {
                let mut order: Vec<usize> = (0..4).collect();
                order.sort_by(|a, b| four[*a].abs().total_cmp(&four[*b].abs()));
                order[..2].iter().for_each(|place| four[*place] = 0.0);
            }
        },
        Dtype::F32,
    );
    assert_eq!(text(&table, CHANGED, "verdict"), "pruned 2:4");
}

#[test]
fn a_copy_in_a_coarser_type_is_unchanged() {
    let (table, outcome) = compared(|_| {}, Dtype::BF16);
    for (name, ..) in model(1) {
        assert_eq!(text(&table, name, "verdict"), "unchanged", "{name}");
    }
    assert_eq!(outcome.results["changed_tensors"], 0.0);
}

#[test]
fn renamed_added_and_missing_tensors_are_matched_or_listed() {
    let (table, _) = compared(
        |tensors| {
            tensors.remove(3);
            tensors.push(("head.weight", vec![8, 64], vec![0.5; 512]));
            for (name, ..) in tensors.iter_mut() {
                *name = match *name {
                    "embed.weight" => "module.embed.weight",
                    "layers.0.attn.weight" => "module.layers.0.attn.weight",
                    "layers.0.mlp.weight" => "module.layers.0.mlp.weight",
                    other => other,
                };
            }
        },
        Dtype::F32,
    );
    for name in ["embed.weight", "layers.0.attn.weight", CHANGED] {
        assert_eq!(text(&table, name, "verdict"), "unchanged", "{name}");
    }
    assert_eq!(text(&table, "norm.bias", "verdict"), "", "without a partner");
}

#[test]
fn figures_of_a_scaled_copy_scale() {
    let (table, _) =
        compared(|tensors| values(tensors).iter_mut().for_each(|weight| *weight *= 0.5), Dtype::F32);
    assert_eq!(text(&table, CHANGED, "verdict"), "scaled");
    assert!((number(&table, CHANGED, "relative_change") - 0.5).abs() < 1e-6);
    assert!((number(&table, CHANGED, "cosine") - 1.0).abs() < 1e-9);
}

#[test]
fn a_watched_folder_takes_new_files_in_and_waits_for_half_written_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = |step: u64| folder.path().join(format!("step-{step}.safetensors"));
    let at = |step: u64| {
        let mut tensors = model(1);
        values(&mut tensors).iter_mut().for_each(|weight| *weight += 0.001 * step as f32);
        tensors
    };
    write(&path(0), &at(0), Dtype::F32);
    write(&path(10), &at(10), Dtype::F32);
    let writer = std::thread::Builder::new()
        .name("training".to_owned())
        .spawn({
            let folder = folder.path().to_owned();
            let (half, late) = (at(20), at(30));
            move || {
                std::thread::sleep(Duration::from_millis(700));
                let whole = folder.join("whole.part");
                write(&whole, &half, Dtype::F32);
                let bytes = std::fs::read(&whole).unwrap();
                let target = folder.join("step-20.safetensors");
                // Half of a file stands there under its own name for a while.
                std::fs::write(&target, &bytes[..bytes.len() / 2]).unwrap();
                std::thread::sleep(Duration::from_millis(1500));
                std::fs::write(&target, &bytes).unwrap();
                std::fs::remove_file(&whole).unwrap();
                std::thread::sleep(Duration::from_millis(700));
                write(&folder.join("step-30.safetensors"), &late, Dtype::F32);
            }
        })
        .unwrap();
    let place = folder.path().to_str().unwrap();
    let outcome = run_of(&[("folder", place), ("watch_seconds", "5"), ("traces", "4")]);
    writer.join().unwrap();
    assert_eq!(outcome.results["checkpoints"], 4.0, "{:?}", table(&outcome, "checkpoints"));
    let checkpoints = table(&outcome, "checkpoints");
    for step in [0_u64, 10, 20, 30] {
        let name = format!("step-{step}.safetensors");
        assert_eq!(text(&checkpoints, &name, "what"), "taken in", "{name}");
        assert_eq!(number(&checkpoints, &name, "step"), step as f64);
    }
    let distances: Vec<f64> = [10_u64, 20, 30]
        .map(|step| number(&checkpoints, &format!("step-{step}.safetensors"), "distance to the first"))
        .to_vec();
    assert!(distances.windows(2).all(|pair| pair[0] < pair[1]), "{distances:?}");
}

#[test]
fn the_budget_chooses_the_same_matrices_everywhere() {
    let outcome = run_of(&[("budget_seconds", "0")]);
    let layers = table(&outcome, "layers");
    let whole = layers.rows.iter().filter(|row| matches!(row[16], Cell::Number(_))).count();
    assert_eq!(whole, 0, "past the budget no rank is known");
    assert!(layers.rows.iter().any(|row| matches!(row[14], Cell::Number(_))), "leading values are");
    let all = run_of(&[("spectra", "all"), ("budget_seconds", "0")]);
    let ranks = |outcome: &Outcome| {
        table(outcome, "layers").rows.iter().filter(|row| matches!(row[16], Cell::Number(_))).count()
    };
    assert!(ranks(&all) > 0);
    assert_eq!(run_of(&[("spectra", "none")]).results.get("matrices"), None);
}

#[test]
fn a_file_that_is_no_weights_is_refused_before_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("model.safetensors");
    std::fs::write(&page, "<!DOCTYPE html><html><body>Not found</body></html>").unwrap();
    let experiment = experiment(&[("model", page.to_str().unwrap())]);
    let problems = experiment.method.read_data().unwrap_err();
    let words = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    assert!(words.contains("HTML") && words.ends_with("model.safetensors"), "{words}");
    assert!(
        files::opened(None, &page).is_some(),
        "it was meant as weights: what is wrong is said by the run"
    );
}

#[test]
fn whole_numbers_and_truth_values_stand_in_the_table_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.safetensors");
    let weights = bytes_of(&[0.5, -0.5, 1.0, -1.0], Dtype::F32);
    let large = (1_i64 << 53) - 1;
    let long: Vec<u8> = [0_i64, large, -3, 0].iter().flat_map(|number| number.to_le_bytes()).collect();
    let views = BTreeMap::from([
        ("a.mask", TensorView::new(Dtype::BOOL, vec![4], &[1, 0, 1, 1]).unwrap()),
        ("b.positions", TensorView::new(Dtype::I64, vec![2, 2], &long).unwrap()),
        ("c.weight", TensorView::new(Dtype::F32, vec![2, 2], &weights).unwrap()),
    ]);
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    let outcome = run_of(&[("model", path.to_str().unwrap())]);
    let layers = table(&outcome, "layers");
    assert_eq!(layers.rows.len(), 3);
    assert_eq!(layers.rows[0][0], Cell::Text("c.weight".to_owned()), "weights come first");
    assert!(layers.rows.iter().all(|row| row.len() == layers.columns.len()));
    assert_eq!(text(&layers, "b.positions", "shape"), "2x2");
    assert_eq!(text(&layers, "b.positions", "type"), "i64");
    assert_eq!(number(&layers, "b.positions", "max"), large as f64, "not rounded to single precision");
    assert_eq!((number(&layers, "b.positions", "min"), number(&layers, "b.positions", "zeros")), (-3.0, 2.0));
    assert_eq!((number(&layers, "a.mask", "mean"), number(&layers, "a.mask", "zeros")), (0.75, 1.0));
    assert_eq!(text(&layers, "a.mask", "kurtosis"), "", "not defined");
    assert_eq!(outcome.results["whole_number_tensors"], 2.0);
    assert_eq!((outcome.results["tensors"], outcome.results["parameters"]), (1.0, 4.0), "weights only");
    assert_eq!(run_of(&[]).results.get("whole_number_tensors"), None);
}

/// The dots of a derived channel.
fn dots(
    outcome: &Outcome,
    settings: &[(&str, &str)],
    view: &str,
    turned: &[(&str, f64)],
) -> Vec<(String, usize)> {
    let method = experiment(settings).method;
    let mut controls = Controls::default();
    turned.iter().for_each(|(id, value)| controls.set(id, ControlValue::Number(*value)));
    let (controls, control) = (controls.complete(&method.views(), &outcome.record), Control::default());
    let channels = method.derive(&Derive::new(view, &outcome.record, &controls, &control)).unwrap();
    let count = |data: &Data| match data {
        Data::Points(points) => points.last().unwrap().1.len(),
        _ => panic!("no points"),
    };
    channels.iter().map(|channel| (channel.label.clone(), count(&channel.data))).collect()
}

#[test]
fn directions_that_a_change_brought_are_counted_below_the_dragged_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut tensors = model(1);
    write(&path("before.safetensors"), &tensors, Dtype::F32);
    // One direction much larger than all that were there.
    let mut draws = stream(5, "tests/intruder");
    let (u, v): (Vec<f32>, Vec<f32>) =
        ((0..128).map(|_| draws.normal()).collect(), (0..64).map(|_| draws.normal()).collect());
    for (place, weight) in values(&mut tensors).iter_mut().enumerate() {
        *weight += 0.5 * u[place / 64] * v[place % 64];
    }
    write(&path("after.safetensors"), &tensors, Dtype::F32);
    let (before, after) = (path("before.safetensors"), path("after.safetensors"));
    let settings = [("model", before.to_str().unwrap()), ("against", after.to_str().unwrap())];
    let outcome = run_of(&settings);
    let changed = [("tensor", 2.0)];
    let found = dots(&outcome, &settings, "intruders", &changed);
    assert_eq!(found[1], ("1 of 10 below 0.50: intruders".to_owned(), 1), "{found:?}");
    assert_eq!(found[0].0, "9 with a match among 64 before");
    let all = dots(&outcome, &settings, "intruders", &[changed[0], ("intruder_threshold", 1.0)]);
    assert_eq!(all[1].1, 10, "{all:?}");
    let same = dots(&outcome, &settings, "intruders", &[("tensor", 1.0)]);
    assert_eq!((same[0].1, same[1].1), (10, 0), "an unchanged matrix has its own directions: {same:?}");
}

#[test]
fn views_of_one_tensor_name_it_in_their_titles() {
    let outcome = run_of(&[]);
    let views = experiment(&[]).method.views();
    let layers = table(&outcome, "layers");
    let mut turned = Controls::default();
    turned.set("tensor", ControlValue::Number(3.0));
    for (controls, row) in [(Controls::default(), 0), (turned, 3)] {
        let Cell::Text(name) = &layers.rows[row][0] else { panic!("a tensor without a name") };
        for id in ["histogram", "spectrum", "bits", "boundary_strip"] {
            let view = views.iter().find(|view| view.id == id).unwrap();
            assert_eq!(view.titled(&outcome.record, &controls), format!("{} – {name}", view.title));
        }
    }
    let folder = experiment(&[("folder", "digits"), ("bits", "3")]).method.views();
    let trace = folder.iter().find(|view| view.id == "trace").unwrap();
    assert_eq!(trace.title, "Traces, 3 bits by row, largest magnitude");
}
