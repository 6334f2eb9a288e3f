//! What a file is to be opened as, where it fits in more than one place or in one only by a stretch: a small dialog, so that nothing is
//! guessed.

use std::path::{Path, PathBuf};

use egui::Context;

use super::identify::Dropped;
use super::runs::folder_name;
use super::style;

/// The dialog that asks what a file is to be opened as.
pub(super) struct OpenAs {
    pub(super) open: bool,
    path: PathBuf,
    reason: String,
    /// What each button says, and what follows.
    ways: Vec<(String, Dropped)>,
}

impl OpenAs {
    /// Asks for a file; `reason` says why it has to be asked.
    pub(super) fn new(path: &Path, reason: &str, ways: Vec<(String, Dropped)>) -> Self {
        Self { open: true, path: path.to_owned(), reason: reason.to_owned(), ways }
    }

    /// The dialog; what the file is, once that is said.
    pub(super) fn ui(&mut self, context: &Context) -> Option<Dropped> {
        let mut chosen = None;
        style::dialog(context, "Open as").show(context, |ui| {
            ui.set_max_width(420.0);
            ui.strong(folder_name(&self.path)).on_hover_text(self.path.display().to_string());
            ui.label(&self.reason);
            for (index, (words, _)) in self.ways.iter().enumerate() {
                if ui.button(words).clicked() {
                    chosen = Some(index);
                }
            }
            ui.separator();
            if ui.button("Cancel").clicked() {
                self.open = false;
            }
        });
        let index = chosen.filter(|index| *index < self.ways.len())?;
        self.open = false;
        Some(self.ways.swap_remove(index).1)
    }
}
