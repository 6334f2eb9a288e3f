//! Star, tags and note: shown at once, written into the manifest off the UI thread.

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::store::{self, Manifest};

use crate::window::task::Task;

/// What a person writes about a run.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) enum Remark {
    Name(String),
    Star(bool),
    Tags(Vec<String>),
    Note(String),
    /// The number of a series colour; none for the one that it is given.
    Color(Option<usize>),
}

impl Remark {
    /// Puts it into a manifest.
    pub(super) fn put(&self, manifest: &mut Manifest) {
        match self {
            Self::Name(name) => manifest.name.clone_from(name),
            Self::Star(star) => manifest.star = *star,
            Self::Tags(tags) => manifest.tags.clone_from(tags),
            Self::Note(note) => manifest.note.clone_from(note),
            Self::Color(color) => manifest.color = *color,
        }
    }
}

/// Tags as typed: parted by commas, each once.
pub(in crate::window) fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|own| own == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// A cell being typed in.
pub(super) struct Editing {
    pub(super) path: PathBuf,
    /// `tags` or `note`.
    pub(super) key: &'static str,
    pub(super) text: String,
    /// True until the field has taken the keyboard.
    pub(super) fresh: bool,
}

/// Remarks on their way to disk, in the order in which they were made.
#[derive(Default)]
pub(super) struct Writer {
    waiting: Vec<(PathBuf, Remark)>,
    work: Option<Task<Vec<String>>>,
}

impl Writer {
    /// Takes a remark.
    pub(super) fn add(&mut self, path: &Path, remark: Remark) {
        self.waiting.push((path.to_owned(), remark));
    }

    /// True while something is not yet on disk.
    pub(super) fn is_busy(&self) -> bool {
        self.work.is_some() || !self.waiting.is_empty()
    }

    /// Writes what waits; errors of what was written.
    pub(super) fn follow(&mut self, context: &Context) -> Vec<String> {
        let mut errors = Vec::new();
        if let Some(result) = self.work.as_ref().and_then(Task::poll) {
            self.work = None;
            errors = result.unwrap_or_else(|()| vec!["the work died".to_owned()]);
        }
        if self.work.is_none() && !self.waiting.is_empty() {
            let remarks = std::mem::take(&mut self.waiting);
            self.work = Task::spawn("remarks", context, move || {
                let write = |(path, remark): &(PathBuf, Remark)| {
                    store::update_manifest(path, |manifest| remark.put(manifest))
                        .err()
                        .map(|error| error.to_string())
                };
                remarks.iter().filter_map(write).collect()
            });
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_parted_by_commas() {
        assert_eq!(tags(" paper, fig 3,,paper "), ["paper", "fig 3"], "each once, trimmed");
    }
}
