//! Names that tell runs apart: the folder's name, with what differs where several folders are called alike.

use std::path::{Path, PathBuf};

use weightscope_frame::experiment::{Experiment, Mark};

use crate::naming;

/// Most settings that a name tells.
const MOST_SETTINGS: usize = 3;

/// A run that is to be named.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed<'a> {
    /// The name under which it was made.
    pub id: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// Its experiment.
    pub experiment: &'a Experiment,
}

/// A name for each run, no two alike: its id; of runs with one id the settings in which they differ, else the end of the path that does,
/// else a number.
pub fn names_apart(runs: &[Unnamed<'_>]) -> Vec<String> {
    let mut names: Vec<String> = runs.iter().map(|run| run.id.to_owned()).collect();
    tell_apart(&mut names, |alike| {
        by_settings(&alike.iter().filter_map(|index| runs.get(*index)).collect::<Vec<_>>())
    });
    apart_by_place(names, &runs.iter().map(|run| run.folder).collect::<Vec<_>>())
}

/// The names, each of those that are alike with the end of its folder's path that tells it from the others, else with a number.
pub(crate) fn apart_by_place(mut names: Vec<String>, folders: &[&Path]) -> Vec<String> {
    let ids = names.clone();
    tell_apart(&mut names, |alike| {
        let group: Vec<&Path> = alike.iter().filter_map(|index| folders.get(*index).copied()).collect();
        let name = alike.first().and_then(|index| ids.get(*index)).map_or("", String::as_str);
        by_path(name, &group)
    });
    let told = names.clone();
    tell_apart(&mut names, |alike| {
        let name = alike.first().and_then(|index| told.get(*index)).map_or("", String::as_str);
        (1..=alike.len()).map(|number| format!("{name} ({number})")).collect()
    });
    names
}

/// Gives each group of like names other ones.
fn tell_apart(names: &mut [String], rename: impl Fn(&[usize]) -> Vec<String>) {
    for place in 0..names.len() {
        let alike: Vec<usize> =
            (0..names.len()).filter(|other| names.get(*other) == names.get(place)).collect();
        if alike.len() < 2 {
            continue;
        }
        for (index, name) in alike.iter().zip(rename(&alike)) {
            if let Some(slot) = names.get_mut(*index) {
                *slot = name;
            }
        }
    }
}

fn by_settings(group: &[&Unnamed<'_>]) -> Vec<String> {
    let settings: Vec<_> = group.iter().map(|run| run.experiment.settings()).collect();
    let mut names: Vec<String> = group.iter().map(|run| run.id.to_owned()).collect();
    let Some(first) = settings.first() else { return names };
    let lab = group.first().map(|run| run.experiment);
    let labels = lab.map(|lab| naming::labels(Some(lab.method.catalogue()), lab.lab())).unwrap_or_default();
    let mut told = 0;
    for (place, (field, value)) in first.iter().enumerate() {
        let differs = settings.iter().any(|other| other.get(place).is_none_or(|(_, theirs)| theirs != value));
        if !differs || field.mark == Mark::Machine || told == MOST_SETTINGS {
            continue;
        }
        told += 1;
        for (name, own) in names.iter_mut().zip(&settings) {
            let Some((_, value)) = own.get(place) else { continue };
            let joint = if told == 1 { " · " } else { naming::PART };
            *name = format!("{name}{joint}{}", naming::setting(&labels, field.key, value));
        }
    }
    names
}

/// As much of the end of each path as tells them apart, after the name that they share unless the path ends with it.
fn by_path(name: &str, group: &[&Path]) -> Vec<String> {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts: Vec<Vec<String>> = group
        .iter()
        .map(|folder| {
            whole(folder).components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
        })
        .collect();
    let most = parts.iter().map(Vec::len).max().unwrap_or(0);
    let ends = |count: usize| -> Vec<String> {
        let end = |parts: &Vec<String>| {
            let path: PathBuf = parts.iter().skip(parts.len().saturating_sub(count)).collect();
            path.display().to_string()
        };
        parts.iter().map(end).collect()
    };
    let distinct =
        |names: &[String]| names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    let found = (1..=most).map(ends).find(|names| distinct(names));
    let Some(found) = found else { return vec![name.to_owned(); group.len()] };
    let is_its_end = found.iter().all(|path| path.ends_with(name));
    found.into_iter().map(|path| if is_its_end { path } else { format!("{name} · {path}") }).collect()
}
