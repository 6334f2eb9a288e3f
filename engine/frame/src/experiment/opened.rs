//! Experiments that a file or folder of one's own asks for.

use std::path::Path;

use super::Experiment;
use crate::lab::Catalogue;

/// For each lab that takes the file, the experiment that looks at it, and what will happen, in words. `shown` is the experiment of the
/// run on the screen: a lab of the same name goes on from its settings. `live` adds what is meant for a window that stays open.
pub fn opened(
    catalogue: Catalogue,
    shown: Option<&Experiment>,
    path: &Path,
    live: bool,
) -> Vec<(Experiment, String)> {
    let of_lab = |defaults: crate::lab::Method| {
        let shown = shown.filter(|shown| shown.lab() == defaults.name());
        let opened = defaults.opened(shown.map(|shown| &shown.method), path)?;
        let mut experiment = shown.cloned().unwrap_or_else(|| Experiment::new(defaults));
        experiment.sweep = None;
        let live = opened.live.iter().filter(|_| live);
        for (key, typed) in opened.settings.iter().chain(live) {
            experiment.set_typed(key, typed).ok()?;
        }
        Some((experiment, opened.words))
    };
    catalogue.methods().filter_map(of_lab).collect()
}
