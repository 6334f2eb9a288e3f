//! Where runs go when the person names no folder.

use std::path::{Path, PathBuf};

use super::worker::{config_hash, now_text};
use crate::experiment::Experiment;

/// The folder of all runs: the user's data directory, or `.weightscope` beside the program's working folder where there is none.
pub fn default_runs_folder() -> PathBuf {
    base().join("runs")
}

/// The folder of downloaded data sets.
pub fn default_cache_folder() -> PathBuf {
    directories::ProjectDirs::from("", "", "weightscope").map_or_else(
        || PathBuf::from(".weightscope").join("data"),
        |folders| folders.cache_dir().join("data"),
    )
}

/// A folder name that tells a person what is inside and that no other run has:
/// `2026-11-23T15-02-07_oscillation_quick_s7_4f2a`.
pub fn new_run_folder(root: &Path, origin: &str, experiment: &Experiment) -> PathBuf {
    let time = now_text().replace(':', "-").replace('Z', "");
    let origin: String = origin
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(origin)
        .trim_end_matches(".toml")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-=.".contains(c) { c } else { '-' })
        .collect();
    let hash = config_hash(experiment);
    let name = format!(
        "{time}_{}_{origin}_s{}_{}",
        experiment.lab(),
        experiment.seed,
        hash.get(..4).unwrap_or_default()
    );
    let first = root.join(&name);
    if !first.exists() {
        return first;
    }
    (2..10_000).map(|count| root.join(format!("{name}-{count}"))).find(|path| !path.exists()).unwrap_or(first)
}

fn base() -> PathBuf {
    directories::ProjectDirs::from("", "", "weightscope")
        .map_or_else(|| PathBuf::from(".weightscope"), |folders| folders.data_dir().to_owned())
}
