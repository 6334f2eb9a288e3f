//! The fork dialog: a checkpoint of a run, the form's settings, and a child that goes on with them.

use std::path::{Path, PathBuf};

use egui::{ComboBox, Context, RichText, Ui};
use weightscope_frame::experiment::{Experiment, Problem, check, fork_problems};
use weightscope_frame::run::fork_steps;

use super::fork_from;
use super::panel::QueueAction;
use crate::figure::number::count;
use crate::window::runs::folder_name;
use crate::window::style::{color, tokens};
use crate::window::task::Task;

/// Widest value in the list of changes, points.
const VALUE: f32 = 140.0;

/// The dialog of a fork. It stands beside the form: what is changed there is what the child goes on with.
pub(in crate::window) struct ForkDialog {
    parent: PathBuf,
    /// What the parent is called.
    title: String,
    before: Experiment,
    steps: Vec<u64>,
    reading: Option<Task<Vec<u64>>>,
    stale: bool,
    /// The chosen step; `None` is the newest.
    step: Option<u64>,
    from: fork_from::From,
    /// The run that this dialog holds; it goes on when the dialog is closed without a fork.
    pub(super) held: Option<u64>,
    pub(in crate::window) open: bool,
}

/// A setting that the child changes.
struct Change {
    key: &'static str,
    before: String,
    now: String,
}

impl ForkDialog {
    /// For a run with a folder.
    pub(in crate::window) fn new(parent: &Path, title: &str, before: &Experiment) -> Self {
        Self {
            parent: parent.to_owned(),
            title: title.to_owned(),
            before: before.clone(),
            steps: Vec::new(),
            reading: None,
            stale: true,
            step: None,
            from: fork_from::From::default(),
            held: None,
            open: true,
        }
    }

    /// A run in work has saved a checkpoint.
    pub(in crate::window) fn checkpoint_written(&mut self, folder: &Path) {
        self.stale |= folder == self.parent;
    }

    /// Draws the dialog.
    pub(in crate::window) fn show(&mut self, context: &Context, form: &Experiment) -> Option<QueueAction> {
        self.read(context);
        let (mut open, mut action) = (self.open, None);
        egui::Window::new("Fork")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .default_pos(context.content_rect().center() - egui::vec2(220.0, 160.0))
            .show(context, |ui| {
                ui.set_width(440.0);
                ui.label("A child goes on from the checkpoint with the settings of the form on the left.");
                ui.add(egui::Label::new(RichText::new(&self.title).strong()).truncate())
                    .on_hover_text(self.parent.display().to_string());
                self.step_ui(ui);
                ui.separator();
                action = self.body_ui(ui, form);
            });
        self.open &= open;
        action
    }

    fn read(&mut self, context: &Context) {
        if let Some(result) = self.reading.as_ref().and_then(Task::poll) {
            self.reading = None;
            self.steps = result.unwrap_or_default();
            self.step = self.step.filter(|step| self.steps.contains(step));
        }
        if self.stale && self.reading.is_none() {
            self.stale = false;
            let parent = self.parent.clone();
            self.reading = Task::spawn("checkpoints", context, move || fork_steps(&parent));
        }
    }

    fn step_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let label = ui.label("From step");
            let newest = self.steps.last().map_or_else(|| "none yet".to_owned(), |step| count(*step));
            let text = self.step.map_or_else(|| format!("{newest} (newest)"), count);
            ComboBox::from_id_salt("fork step")
                .selected_text(text)
                .width(160.0)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.step, None, format!("{newest} (newest)"));
                    for step in self.steps.iter().rev().skip(1) {
                        ui.selectable_value(&mut self.step, Some(*step), count(*step));
                    }
                })
                .response
                .labelled_by(label.id);
            ui.label(
                RichText::new("checkpoints that are kept").small().color(color(tokens(ui.ctx()).text_muted)),
            );
        });
    }

    fn body_ui(&mut self, ui: &mut Ui, form: &Experiment) -> Option<QueueAction> {
        let mut action = None;
        let palette = tokens(ui.ctx());
        // Of a form with a sweep the settings alone are meant.
        let child = Experiment { sweep: None, ..form.clone() };
        let changes = changes(&self.before, &child);
        let mut problems: Vec<Problem> = fork_problems(&child, &self.before);
        problems.extend(check(&child));
        problems.retain(Problem::is_error);
        let mut told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if problems.is_empty() && !changes.is_empty() {
            told.extend(self.refused(ui.ctx(), &child));
        }
        if changes.is_empty() {
            let text = "Nothing differs yet: change a field of the form, or fork to train on as it was.";
            ui.label(RichText::new(text).color(color(palette.text_muted)));
        } else {
            egui::ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
                egui::Grid::new("fork changes").num_columns(3).striped(true).show(ui, |ui| {
                    for heading in ["Setting", "Parent", "Child"] {
                        ui.label(RichText::new(heading).small().color(color(palette.text_muted)));
                    }
                    ui.end_row();
                    for change in &changes {
                        ui.label(change.key);
                        value_ui(ui, RichText::new(&change.before).color(color(palette.text_muted)));
                        value_ui(ui, RichText::new(&change.now));
                        ui.end_row();
                    }
                });
            });
        }
        if !told.is_empty() {
            ui.add_space(6.0);
        }
        for problem in told.iter().take(6) {
            ui.label(RichText::new(problem).small().color(color(palette.error)));
        }
        ui.separator();
        ui.horizontal(|ui| {
            let ready = told.is_empty() && !self.steps.is_empty();
            let why = if self.steps.is_empty() {
                "The run has no checkpoint yet"
            } else {
                "Mend what is marked first"
            };
            if ui.add_enabled(ready, egui::Button::new("Fork now")).on_disabled_hover_text(why).clicked() {
                let experiment = Box::new(child);
                action = Some(QueueAction::Fork { parent: self.parent.clone(), step: self.step, experiment });
                self.open = false;
            }
            let tip = "Puts the parent's settings into the form, to change from there";
            if ui.button("Take the parent's settings").on_hover_text(tip).clicked() {
                action = Some(QueueAction::Form(Box::new(self.before.clone()), folder_name(&self.parent)));
            }
            if ui.button("Close").clicked() {
                self.open = false;
            }
        });
        action
    }

    /// Why the checkpoint cannot go on with the form. Where the newest cannot and nobody chose it, the newest that can is chosen.
    fn refused(&mut self, context: &Context, child: &Experiment) -> Vec<String> {
        let found = self.from.ask(context, child, &self.parent, (self.step, &self.steps));
        let Some(found) = found.cloned() else { return Vec::new() };
        match (self.step, found.instead) {
            (None, Some(step)) => {
                self.step = Some(step);
                Vec::new()
            }
            (Some(_), Some(step)) => {
                let advice = format!("Step {} can go on with these settings.", count(step));
                found.refused.into_iter().chain([advice]).collect()
            }
            (_, None) => found.refused,
        }
    }
}

/// A value that must not widen the dialog: cut with dots, whole on hover.
fn value_ui(ui: &mut Ui, text: RichText) {
    ui.scope(|ui| {
        ui.set_max_width(VALUE);
        // A label that is cut shows the whole text on hover by itself.
        ui.add(egui::Label::new(text).truncate());
    });
}

/// What a child changes, in words.
pub(super) fn told(before: &Experiment, child: &Experiment) -> String {
    let changes = changes(before, child);
    if changes.is_empty() {
        return "all settings as they were".to_owned();
    }
    let each = changes.iter().map(|change| format!("{} {} → {}", change.key, change.before, change.now));
    each.collect::<Vec<_>>().join(", ")
}

/// Shown settings that differ.
fn changes(before: &Experiment, now: &Experiment) -> Vec<Change> {
    if before.lab() != now.lab() {
        let (before, now) = (before.lab().to_owned(), now.lab().to_owned());
        return vec![Change { key: "lab", before, now }];
    }
    let differ = before
        .settings()
        .into_iter()
        .zip(now.settings())
        .filter(|((old, a), (new, b))| a != b && (old.shown || new.shown));
    differ
        .map(|((field, before), (_, now))| Change {
            key: field.key,
            before: before.to_string(),
            now: now.to_string(),
        })
        .collect()
}
