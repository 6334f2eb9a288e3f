//! Runs that an earlier program left in the middle: go on, keep as they are, or delete.

use std::path::{Path, PathBuf};

use egui::{Context, RichText};
use weightscope_frame::store::{self, IndexEntry, Status};

use super::command::Action;
use super::style::{color, tokens};
use super::task::Task;
use crate::figure::number::count;

/// The question what is to become of runs that an earlier program left in the middle.
#[derive(Default)]
pub(super) struct Rescue {
    /// Asked once a start; later interruptions stand in the table.
    asked: bool,
    pub(super) open: bool,
    runs: Vec<IndexEntry>,
    /// The run whose deletion waits for a second click.
    doomed: Option<PathBuf>,
    work: Option<Task<Result<String, String>>>,
}

impl Rescue {
    /// Looks at the first list of runs after the start.
    pub(super) fn look(&mut self, runs: &[IndexEntry]) {
        if !self.asked {
            self.asked = true;
            self.runs =
                runs.iter().filter(|entry| entry.manifest.status == Status::Interrupted).cloned().collect();
            self.open = !self.runs.is_empty();
        }
    }

    /// The dialog. It stands beside the work and blocks nothing.
    pub(super) fn ui(
        &mut self,
        context: &Context,
        actions: &mut Vec<Action>,
    ) -> Option<Result<String, String>> {
        let mut open = self.open;
        let mut settled = None;
        egui::Window::new("Interrupted runs")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .default_pos(context.content_rect().center() - egui::vec2(220.0, 120.0))
            .show(context, |ui| {
                ui.label("The program ended while these runs were in work. What they had written is safe.");
                for entry in &self.runs {
                    let manifest = &entry.manifest;
                    ui.separator();
                    ui.strong(&manifest.id);
                    let step = entry.checkpoint.map_or_else(
                        || "no checkpoint yet".to_owned(),
                        |step| format!("last checkpoint at step {}", count(step)),
                    );
                    let text = format!("{} · {step}", manifest.origin);
                    ui.label(RichText::new(text).small().color(color(tokens(ui.ctx()).text_muted)));
                    ui.horizontal(|ui| {
                        if ui.button("Resume").on_hover_text("Goes on from the last checkpoint").clicked() {
                            actions.push(Action::ResumeRun(entry.path.clone()));
                            settled = Some(entry.path.clone());
                        }
                        if ui
                            .button("Keep")
                            .on_hover_text("Keeps what it has and marks it cancelled")
                            .clicked()
                        {
                            self.work = keep(context, &entry.path);
                            settled = Some(entry.path.clone());
                        }
                        let doomed = self.doomed.as_deref() == Some(entry.path.as_path());
                        let words = if doomed { "Delete for good" } else { "Delete…" };
                        if ui.button(words).on_hover_text("Removes the run folder").clicked() {
                            if doomed {
                                self.work = delete(context, &entry.path);
                                settled = Some(entry.path.clone());
                            } else {
                                self.doomed = Some(entry.path.clone());
                            }
                        }
                    });
                }
            });
        self.runs.retain(|entry| Some(&entry.path) != settled.as_ref());
        self.open = open && !self.runs.is_empty();
        let result = self.work.as_ref().and_then(Task::poll)?;
        self.work = None;
        Some(result.unwrap_or_else(|()| Err("The work on the run died".to_owned())))
    }
}

fn keep(context: &Context, path: &Path) -> Option<Task<Result<String, String>>> {
    let path = path.to_owned();
    Task::spawn("rescue", context, move || {
        let mut manifest = store::read_manifest(&path).map_err(|error| error.to_string())?;
        manifest.status = Status::Cancelled;
        manifest.reason = Some("the program ended in the middle; kept as it was".to_owned());
        store::write_manifest(&path, &manifest).map_err(|error| error.to_string())?;
        Ok(format!("Kept as cancelled: {}", path.display()))
    })
}

fn delete(context: &Context, path: &Path) -> Option<Task<Result<String, String>>> {
    let path = path.to_owned();
    Task::spawn("rescue", context, move || {
        std::fs::remove_dir_all(&path)
            .map_err(|error| format!("The run could not be deleted: {error}: {}", path.display()))?;
        Ok(format!("Deleted: {}", path.display()))
    })
}
