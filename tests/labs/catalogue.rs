//! The catalogue, the README and the folder of presets name the same labs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::kit;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rows of the README's table of labs: name, link of the paper.
fn of_readme() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| lab |")).skip(2);
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let link = cells[2].split_once("](").and_then(|(_, link)| link.strip_suffix(')'));
        (cells[0].trim_matches('`').to_owned(), link.unwrap_or_default().to_owned())
    };
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

#[test]
fn the_readme_lists_the_labs_of_the_catalogue_with_their_papers() {
    let catalogue: Vec<(String, String)> =
        kit::names().iter().map(|lab| ((*lab).to_owned(), kit::about(lab).link.to_owned())).collect();
    assert_eq!(of_readme(), catalogue);
}

#[test]
fn the_files_of_the_preset_folder_are_the_presets_and_each_lab_has_its_own() {
    let mut files = BTreeSet::new();
    for lab in std::fs::read_dir(root().join("presets")).unwrap().flatten() {
        for file in std::fs::read_dir(lab.path()).unwrap().flatten() {
            files.insert(format!(
                "{}/{}",
                lab.file_name().display(),
                file.path().file_stem().unwrap().display()
            ));
        }
    }
    let listed: BTreeSet<String> =
        weightscope_engine::CATALOGUE.presets().map(|preset| preset.name.to_owned()).collect();
    assert_eq!(files, listed, "files, and presets of the program");
    let labs: BTreeSet<&str> = weightscope_engine::CATALOGUE.presets().map(kit::Preset::lab).collect();
    assert_eq!(labs, kit::names().iter().copied().collect(), "labs with presets, and labs of the catalogue");
}

/// A record never names a device that did nothing.
#[test]
fn a_graphics_card_is_refused_where_it_would_have_nothing_to_do() {
    let mut refused = BTreeSet::new();
    for lab in kit::names() {
        let mut experiment = kit::smallest(lab);
        experiment.set_typed("device", "gpu").unwrap();
        let about_device = |problem: &kit::Problem| problem.key == "device" && problem.is_error();
        let is_refused = kit::check(&experiment).iter().any(about_device);
        assert_eq!(is_refused, !experiment.method.uses_graphics_card(), "{lab}");
        if is_refused {
            refused.insert(lab);
        }
    }
    assert!(refused.contains("phases") && !refused.contains("oscillation"), "{refused:?}");
}
