//! What can be taken away from a run is made, is whole, and can be opened again.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

use crate::kit;
use crate::runs::{Finished, named, unbroken};

/// Every product of every short experiment.
pub(crate) fn products_are_made_and_open_again(lab: &str) {
    for (name, _) in crate::experiments::experiments(lab) {
        let run = named(lab, name);
        for (id, ..) in kit::products(&run.experiment) {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join(id);
            kit::produce(&run.experiment, id, &run.folder, &out).unwrap();
            let files = files(&out);
            assert!(!files.is_empty(), "{name}: the product {id} is empty");
            files.iter().for_each(|file| opens(file));
            let again = kit::produce(&run.experiment, id, &run.folder, &out);
            assert!(again.is_err(), "{name}: the product {id} is mixed with what is there");
        }
    }
    let run = unbroken(lab);
    assert!(kit::produce(&run.experiment, "no such product", &run.folder, Path::new("unused")).is_err());
}

/// Integer levels as an archive for NumPy, of labs that quantize.
pub(crate) fn levels_open_again(lab: &str) {
    for (name, _) in crate::experiments::experiments(lab) {
        let run = named(lab, name);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("levels.npz");
        let has_product = kit::products(&run.experiment).iter().any(|(id, ..)| *id == "levels");
        assert_eq!(kit::write_levels(&run.experiment, &run.folder, &file), has_product, "{name}");
        if has_product {
            opens(&file);
        }
    }
}

/// Predictions for new rows by every method, of labs that predict.
pub(crate) fn predictions_are_made_for_new_rows(lab: &str) {
    let run = unbroken(lab);
    let methods = kit::prediction_methods(&run.experiment);
    let rows = kit::new_rows(lab);
    assert_eq!(methods.is_some(), rows.is_some(), "{lab}: rows are at hand for a lab that predicts");
    let (Some(methods), Some(rows)) = (methods, rows) else { return };
    assert!(!methods.is_empty(), "{lab} predicts by no method");
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("new.csv");
    std::fs::write(&table, rows).unwrap();
    let best = predicted(&run, &table, None);
    let mut same = false;
    for method in &methods {
        same |= predicted(&run, &table, Some(method)) == best;
    }
    assert!(same, "{lab}: without a choice, one of the methods predicts");
    std::fs::write(&table, "other\n1\n").unwrap();
    assert!(kit::predict(&run.experiment, &run.folder, &table, None).is_err(), "{lab}: another table");
}

fn predicted(run: &Finished, table: &Path, method: Option<&str>) -> Vec<Vec<f64>> {
    let bytes = kit::predict(&run.experiment, &run.folder, table, method).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let place = |name: &str| names.iter().position(|own| own == name).unwrap();
    let (words, by) = (place("outside"), place("method"));
    assert_eq!(by, words + 1, "what scripts know comes first, then the method");
    let first = std::fs::read_to_string(table).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(names[by + 1..].join(","), first, "and the row as it was given");
    let numbers = |row: csv::StringRecord| {
        assert!(method.is_none_or(|method| row.get(by) == Some(method)), "by the method that was asked for");
        row.iter().take(words).map(|cell| cell.parse().unwrap()).collect()
    };
    let rows: Vec<Vec<f64>> = reader.records().map(|row| numbers(row.unwrap())).collect();
    assert_eq!(rows.len(), 3, "a row for each new row by {method:?}");
    assert!(rows.iter().flatten().any(|number| number.is_finite()), "numbers by {method:?}");
    rows
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Asserts that a file can be read by what its ending promises, and holds something.
fn opens(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let what = path.display();
    let text = || String::from_utf8(bytes.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
    match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "safetensors" => {
            let tensors = SafeTensors::deserialize(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(!tensors.is_empty(), "{what}: no tensor");
        }
        "npz" => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
            let mut arrays = 0;
            for index in 0..archive.len() {
                let mut entry = archive.by_index(index).unwrap();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                arrays += usize::from(content.starts_with(b"\x93NUMPY"));
            }
            assert!(arrays > 0, "{what}: no array");
        }
        "csv" => {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
            assert!(!rows.is_empty(), "{what}: no row");
        }
        "json" => {
            // One value, or one a line, as programs for hyperparameter search write them.
            let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Value>();
            let values: Vec<serde_json::Value> =
                values.map(|value| value.unwrap_or_else(|error| panic!("{what}: {error}"))).collect();
            assert!(!values.is_empty(), "{what}: nothing");
        }
        "toml" => {
            let parsed = kit::from_toml(&text());
            assert!(parsed.is_ok(), "{what}: {parsed:?}");
        }
        "txt" => assert!(!text().trim().is_empty(), "{what}: no words"),
        "md" => assert!(text().starts_with('#') && text().lines().count() > 3, "{what}: no words"),
        other => panic!("{what}: no check for files of the kind \"{other}\""),
    }
}
