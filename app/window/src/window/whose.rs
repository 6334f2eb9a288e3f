//! Which run a figure shows: found by configuration and id, and asked for where none fits or more than one does. Nothing is guessed.

use std::path::{Path, PathBuf};

use egui::Context;
use weightscope_frame::store::{self, IndexEntry};

use crate::figure::number::count;
use crate::figure::provenance::{Fit, Provenance, RunOrigin};

use super::style;

/// What the search for a run of a figure came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// The run.
    One(PathBuf),
    /// Why it has to be asked for, and the runs that come near.
    Ask(String, Vec<Candidate>),
}

/// A run that comes near.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    path: PathBuf,
    words: String,
}

/// Looks for a run among those that are here.
pub(super) fn find(origin: &RunOrigin, here: &[IndexEntry], root: &Path) -> Found {
    let fitting = |fit: Fit| here.iter().filter(move |entry| origin.fit(&entry.manifest) == fit).collect();
    let (same, again, namesakes): (Vec<&IndexEntry>, Vec<_>, Vec<_>) =
        (fitting(Fit::Same), fitting(Fit::Again), fitting(Fit::Namesake));
    let id = &origin.id;
    // What figures of older versions know fits a run by its id alone.
    let is_old = origin.started.is_empty();
    match (same.as_slice(), again.as_slice()) {
        ([only], _) => Found::One(only.path.clone()),
        ([], [only]) if is_old => Found::One(only.path.clone()),
        ([_, ..], _) => {
            let copies = same.len();
            Found::Ask(
                format!("The run {id} is here {} times, as copies of one folder.", count(copies as u64)),
                candidates(&same),
            )
        }
        ([], [_, ..]) => Found::Ask(
            format!("The run {id} itself is not here. These were made with the same settings:"),
            candidates(&again),
        ),
        ([], []) if !namesakes.is_empty() => Found::Ask(
            format!(
                "The run {id} of the figure is not here. A run of that name is, but its settings are others \
                 (configuration {} instead of {}):",
                namesakes.first().map_or("", |entry| short(&entry.manifest.config_hash)),
                short(&origin.config_hash)
            ),
            candidates(&namesakes),
        ),
        ([], []) => {
            Found::Ask(format!("The run {id} is not among the runs here: {}", root.display()), Vec::new())
        }
    }
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

fn candidates(entries: &[&IndexEntry]) -> Vec<Candidate> {
    let words = |entry: &IndexEntry| {
        let manifest = &entry.manifest;
        format!("{} · {} · started {}", entry.path.display(), manifest.origin, manifest.started)
    };
    entries.iter().map(|entry| Candidate { path: entry.path.clone(), words: words(entry) }).collect()
}

/// The dialog that asks which run a figure shows.
#[derive(Debug)]
pub(super) struct Whose {
    pub(super) open: bool,
    provenance: Provenance,
    reason: String,
    candidates: Vec<Candidate>,
    folder: String,
}

/// The folder that the person named, with the origin of the figure.
pub(super) type Named = (PathBuf, Provenance);

impl Whose {
    /// Asks for the first run of a figure.
    pub(super) fn new(provenance: Provenance, reason: String, candidates: Vec<Candidate>) -> Self {
        Self { open: true, provenance, reason, candidates, folder: String::new() }
    }

    /// The dialog; the folder once one is named.
    pub(super) fn ui(&mut self, context: &Context) -> Option<Named> {
        const WIDTH: f32 = 460.0;
        let mut chosen = None;
        style::dialog(context, "Which run does the figure show?").show(context, |ui| {
            ui.set_max_width(WIDTH);
            ui.label(&self.reason);
            for candidate in &self.candidates {
                let button = egui::Button::new(&candidate.words).wrap();
                if ui.add(button).on_hover_text("Shows the view of the figure for this run").clicked() {
                    chosen = Some(candidate.path.clone());
                }
            }
            ui.separator();
            let label = ui.label("Its folder, where it was moved to:");
            ui.add(egui::TextEdit::singleline(&mut self.folder).desired_width(WIDTH)).labelled_by(label.id);
            ui.horizontal(|ui| {
                let path = PathBuf::from(self.folder.trim());
                let is_run = store::read_manifest(&path).is_ok();
                let button = ui.add_enabled(is_run, egui::Button::new("Open this run"));
                if button.on_disabled_hover_text("This is no folder of a run").clicked() {
                    chosen = Some(path);
                }
                if ui.button("Cancel").clicked() {
                    self.open = false;
                }
            });
        });
        chosen.map(|path| (path, self.provenance.clone()))
    }
}

/// What to say of a run that the person named for a figure; nothing if it is the run of the figure.
pub(super) fn remark(origin: &RunOrigin, path: &Path) -> Option<String> {
    let manifest = store::read_manifest(path).ok()?;
    match origin.fit(&manifest) {
        Fit::Same => None,
        Fit::Again => Some(format!(
            "{} has the settings of the figure's run, but is another run (started {})",
            manifest.id, manifest.started
        )),
        Fit::Namesake | Fit::Other => Some(format!(
            "{} is not the run of the figure: its settings are others (configuration {} instead of {})",
            manifest.id,
            short(&manifest.config_hash),
            short(&origin.config_hash)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::runs::model::samples;
    use super::*;

    fn here() -> Vec<IndexEntry> {
        samples(3)
            .into_iter()
            .map(|row| IndexEntry { path: row.path, manifest: row.manifest, checkpoint: None })
            .collect()
    }

    fn asked(found: Found) -> (String, usize) {
        match found {
            Found::Ask(reason, candidates) => (reason, candidates.len()),
            Found::One(path) => panic!("guessed {}", path.display()),
        }
    }

    #[test]
    fn the_run_itself_is_found_wherever_its_folder_lies() {
        let mut here = here();
        here[1].manifest.config_hash = "aaaa".to_owned();
        let origin = RunOrigin::of(&here[1].manifest);
        here[1].path = PathBuf::from("elsewhere/under another name");
        assert_eq!(find(&origin, &here, Path::new("runs")), Found::One(here[1].path.clone()));
    }

    #[test]
    fn a_namesake_a_copy_and_a_run_made_again_are_never_taken_for_it() {
        let mut here = here();
        let origin = RunOrigin { config_hash: "aaaaaaaa1".to_owned(), ..RunOrigin::of(&here[1].manifest) };
        here.iter_mut().for_each(|entry| entry.manifest.config_hash = "bbbbbbbb2".to_owned());
        let (reason, near) = asked(find(&origin, &here, Path::new("runs")));
        assert!(
            reason.contains("settings are others (configuration bbbbbbbb instead of aaaaaaaa)"),
            "{reason}"
        );
        assert_eq!(near, 1);

        here[1].manifest.config_hash.clone_from(&origin.config_hash);
        let mut copied = here.clone();
        copied.push(IndexEntry { path: PathBuf::from("copy"), ..here[1].clone() });
        let (reason, near) = asked(find(&origin, &copied, Path::new("runs")));
        assert!(reason.contains("2 times") && near == 2, "{reason}");

        here[1].manifest.started = "2031-01-01T00:00:00Z".to_owned();
        let (reason, near) = asked(find(&origin, &here, Path::new("runs")));
        assert!(reason.contains("made with the same settings") && near == 1, "{reason}");
        assert!(asked(find(&origin, &[], Path::new("runs"))).0.contains("not among the runs here: runs"));
    }

    #[test]
    fn a_figure_of_an_older_version_finds_a_run_that_alone_fits() {
        let here = here();
        let provenance = Provenance { run_ids: vec![here[2].manifest.id.clone()], ..Provenance::default() };
        let origin = provenance.origins().remove(0);
        assert_eq!(find(&origin, &here, Path::new("runs")), Found::One(here[2].path.clone()));
    }
}
