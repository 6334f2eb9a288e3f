//! What was opened last, for a menu; whether each path is still there is found out off the UI thread.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Button, Context, Ui};

use super::app::App;
use super::command::Action;
use super::runs::folder_name;
use super::task::Task;

/// Paths that are kept.
const MOST: usize = 10;
/// Age after which it is looked again which of them are there.
const FRESH: Duration = Duration::from_secs(2);

/// Files and folders that were opened last, the newest first.
#[derive(Default)]
pub(super) struct Recent {
    paths: Vec<PathBuf>,
    missing: BTreeSet<PathBuf>,
    looking: Option<Task<BTreeSet<PathBuf>>>,
    looked: Option<Instant>,
}

impl Recent {
    /// As an earlier start left them.
    pub(super) fn new(paths: &[PathBuf]) -> Self {
        Self { paths: paths.iter().take(MOST).cloned().collect(), ..Self::default() }
    }

    /// The paths, the newest first.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Puts a path in front.
    pub(super) fn add(&mut self, path: &Path) {
        // A path that was typed may begin where the program was started.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.paths.retain(|known| *known != path);
        self.missing.remove(&path);
        self.paths.insert(0, path);
        self.paths.truncate(MOST);
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.paths.clear();
    }

    /// Begins to look which paths are there, unless that was done just now.
    pub(super) fn look(&mut self, context: &Context) {
        if self.is_stale() {
            let paths = self.paths.clone();
            let gone = move || paths.into_iter().filter(|path| !path.exists()).collect();
            self.looking = Task::spawn("recent files", context, gone);
            self.looked = Some(Instant::now());
        }
    }

    /// Takes what was found.
    pub(super) fn poll(&mut self) {
        if let Some(found) = self.looking.as_ref().and_then(Task::poll) {
            self.looking = None;
            self.missing = found.unwrap_or_default();
        }
    }

    fn is_stale(&self) -> bool {
        self.looking.is_none() && self.looked.is_none_or(|at| at.elapsed() >= FRESH)
    }
}

impl App {
    /// The menu of what was opened last.
    pub(super) fn recent_menu(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let recent = &self.recent;
        ui.add_enabled_ui(!recent.paths.is_empty(), |ui| {
            ui.menu_button("Open recent", |ui| {
                if recent.is_stale() {
                    actions.push(Action::LookForRecent);
                }
                for path in &recent.paths {
                    let is_missing = recent.missing.contains(path);
                    let item = ui.add_enabled(!is_missing, Button::new(words(path, is_missing)));
                    let whole = path.display().to_string();
                    if item.on_hover_text(&whole).on_disabled_hover_text(&whole).clicked() {
                        actions.push(Action::OpenPath(path.clone()));
                        ui.close();
                    }
                }
                ui.separator();
                if ui.button("Clear").on_hover_text("Forgets this list; the files stay").clicked() {
                    actions.push(Action::ClearRecent);
                    ui.close();
                }
            });
        });
    }
}

/// The name of a path and the folder in which it lies.
fn words(path: &Path, is_missing: bool) -> String {
    let name = folder_name(path);
    let place = path.parent().map(folder_name).filter(|place| !place.is_empty());
    let place = place.map_or_else(String::new, |place| format!(" – {place}"));
    let missing = if is_missing { " (missing)" } else { "" };
    format!("{name}{place}{missing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_paths_are_kept_and_none_twice() {
        let mut recent = Recent::default();
        for index in 0..12 {
            recent.add(Path::new(&format!("/data/{index}.csv")));
        }
        recent.add(Path::new("/data/5.csv"));
        assert_eq!(recent.paths().len(), MOST, "no more");
        assert_eq!(recent.paths()[0], Path::new("/data/5.csv"), "the newest first");
        assert_eq!(recent.paths().iter().filter(|path| path.ends_with("5.csv")).count(), 1, "once");
        assert_eq!(words(Path::new("/data/5.csv"), true), "5.csv – data (missing)");
        recent.clear();
        assert!(recent.paths().is_empty());
    }
}
