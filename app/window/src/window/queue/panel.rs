//! The tab of the queue: runs in work, runs that wait, workers; each change leaves as a [`QueueAction`].

use std::path::PathBuf;

use egui::{Button, Context, DragValue, RichText, Ui};
use egui_material_icons::{MaterialIcon, icons};
use weightscope_frame::experiment::{Comments, Experiment, to_toml};

use super::fork::{ForkDialog, told};
use super::live::{LiveKind, LiveLine};
use super::model::{Job, Waiting};
use super::sweep::SweepDialog;
use crate::figure::number::count;
use crate::window::app::{App, Urgency};
use crate::window::command::Action;
use crate::window::estimates::Estimates;
use crate::window::form::Form;
use crate::window::panels::duration;
use crate::window::style::{self, color, tokens};

/// What a person does with the queue and its dialogs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) enum QueueAction {
    /// Shows a run in work.
    Show(u64),
    /// Holds a run in work or lets it go on.
    Hold(u64),
    /// Ends a run in work.
    End(u64),
    /// Takes an entry out.
    Remove(u64),
    Duplicate(u64),
    Earlier(u64),
    Later(u64),
    /// Drops an entry before another place.
    Place(u64, usize),
    /// Starts an entry although no worker is free.
    StartNow(u64),
    /// Holds the queue and its runs, or lets them go on.
    HoldAll,
    Workers(usize),
    Follow(bool),
    Clear,
    /// Opens the sweep dialog.
    Sweep,
    /// Puts an experiment, with its sweep, into the queue.
    Add(Box<Experiment>),
    /// Writes an experiment, with its sweep, as a file.
    Save(Box<Experiment>),
    /// Opens the fork dialog for the run that is shown.
    OpenFork,
    /// Makes a child and starts it now.
    Fork {
        parent: PathBuf,
        step: Option<u64>,
        experiment: Box<Experiment>,
    },
    /// Puts settings into the form.
    Form(Box<Experiment>, String),
    /// Repeats a run to compare it.
    Verify(PathBuf),
    /// Lets the list of runs follow the plan in a folder.
    FollowPlan(PathBuf),
}

impl App {
    /// The one place where these actions change the state.
    pub(in crate::window) fn apply_queue(&mut self, action: QueueAction, context: &Context) {
        match action {
            QueueAction::Show(id) => {
                self.queue.follow = false;
                self.bring(id);
            }
            QueueAction::Hold(id) => self.live_link(id).into_iter().for_each(|link| {
                if link.control.is_paused() { link.control.resume() } else { link.control.pause() }
            }),
            QueueAction::End(id) => self.live_link(id).into_iter().for_each(|link| link.control.cancel()),
            QueueAction::Remove(id) => {
                self.queue.remove(id);
            }
            QueueAction::Duplicate(id) => self.queue.duplicate(id),
            QueueAction::Earlier(id) => self.queue.shift(id, true),
            QueueAction::Later(id) => self.queue.shift(id, false),
            QueueAction::Place(id, place) => self.queue.place(id, place),
            QueueAction::StartNow(id) => {
                if let Some(entry) = self.queue.remove(id) {
                    self.start(entry, context);
                }
            }
            QueueAction::HoldAll => self.hold_all(),
            QueueAction::Workers(workers) => self.queue.workers = workers.max(1),
            QueueAction::Follow(follow) => self.queue.follow = follow,
            QueueAction::Clear => self.queue.clear(),
            QueueAction::Sweep => self.sweep = Some(SweepDialog::new(&self.form.experiment)),
            QueueAction::Add(experiment) => self.enqueue(&experiment, context),
            QueueAction::FollowPlan(folder) => self.follow_plan(Some(&folder)),
            QueueAction::Save(experiment) => {
                self.ask_where_to_save("Save sweep", "sweep.toml", to_toml(&experiment, Comments::Each));
            }
            QueueAction::OpenFork => self.open_fork(),
            QueueAction::Fork { parent, step, experiment } => self.fork(parent, step, *experiment, context),
            QueueAction::Form(experiment, origin) => self.put_form(Form::new(*experiment, &origin)),
            QueueAction::Verify(path) => {
                let label = format!("verify {}", crate::window::runs::folder_name(&path));
                let name = format!("verify {}", self.runs.name_of(&path));
                self.queue.add(label, name, Job::Verify { path });
            }
        }
        self.start_next(context);
    }

    /// Holds everything, or lets go what it held.
    fn hold_all(&mut self) {
        self.queue.held ^= true;
        if self.queue.held {
            let going: Vec<u64> =
                self.all_links().filter(|link| !link.control.is_paused()).map(|link| link.id).collect();
            self.all_links().for_each(|link| link.control.pause());
            self.queue.held_runs = going.into_iter().collect();
        } else {
            let held = std::mem::take(&mut self.queue.held_runs);
            self.all_links().filter(|link| held.contains(&link.id)).for_each(|link| link.control.resume());
        }
    }

    fn open_fork(&mut self) {
        let Some((folder, shown)) =
            self.shown.as_ref().and_then(|shown| shown.folder.as_ref().map(|folder| (folder, shown)))
        else {
            self.say(
                Urgency::Warning,
                "Open a run first; a fork goes on from one of its checkpoints".to_owned(),
            );
            return;
        };
        let mut dialog = ForkDialog::new(folder, &shown.title, &shown.experiment);
        if let Some(link) = &self.link {
            let again = self.fork.as_ref().is_some_and(|open| open.held == Some(link.id));
            dialog.held = (again || !link.control.is_paused()).then_some(link.id);
            // At the pause a checkpoint is saved: the fork is from where the person saw it.
            link.control.pause();
            if again && let Some(open) = &mut self.fork {
                open.held = None;
            }
        }
        self.let_go();
        self.fork = Some(dialog);
    }

    /// The fork dialog is gone: a run that it alone held goes on.
    fn let_go(&mut self) {
        let held = self.fork.take().and_then(|dialog| dialog.held);
        if let Some(link) = held.and_then(|id| self.live_link(id)) {
            link.control.resume();
        }
    }

    fn fork(&mut self, parent: PathBuf, step: Option<u64>, experiment: Experiment, context: &Context) {
        let origin = self.form.origin.clone();
        self.queue.follow = true;
        self.runs.tick(&parent, true);
        let label = format!("fork of {}", crate::window::runs::folder_name(&parent));
        let parent_name = self.runs.name_of(&parent);
        let name = format!("fork of {parent_name}");
        let from = step.map_or_else(
            || "its newest checkpoint".to_owned(),
            |step| format!("the checkpoint at step {}", count(step)),
        );
        let shown = self.shown.as_ref().filter(|shown| shown.folder.as_deref() == Some(parent.as_path()));
        let changed =
            shown.map_or_else(String::new, |shown| format!("; {}", told(&shown.experiment, &experiment)));
        self.note_of(&name, format!("Forked from {parent_name}, {from}{changed}"));
        let root = self.root.clone();
        let id = self.queue.identity();
        // The parent may stand still in a worker's place, so a child does not wait for one.
        let job = Job::Fork { parent, step, experiment, root, origin };
        self.start(Waiting { id, label, name, job }, context);
    }

    /// The dialogs of the queue, above everything.
    pub(in crate::window) fn queue_dialogs(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if let Some(dialog) = &mut self.sweep {
            let learned = self.estimates.of(self.form.experiment.lab(), &self.form.origin);
            let action = dialog.show(context, &self.form.experiment, self.queue.workers, learned);
            actions.extend(action.map(Action::Queue));
        }
        self.sweep.take_if(|dialog| !dialog.open);
        if let Some(dialog) = &mut self.fork {
            let action = dialog.show(context, &self.form.experiment);
            if matches!(action, Some(QueueAction::Fork { .. })) {
                // The parent stands still, so that both can be compared at the step of the fork.
                dialog.held = None;
            }
            actions.extend(action.map(Action::Queue));
        }
        if self.fork.as_ref().is_some_and(|dialog| !dialog.open) {
            self.let_go();
        }
    }

    /// The tab.
    pub(in crate::window) fn queue_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let mut push = |action: QueueAction| actions.push(Action::Queue(action));
        self.head_ui(ui, &mut push);
        let lines = self.live_lines();
        let waiting = self.queue.waiting();
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if lines.is_empty() && waiting.is_empty() {
                ui.label("Runs in work and runs that wait appear here. Sweep… fills the queue.");
            }
            lines.iter().for_each(|line| live_ui(ui, line, &mut push));
            for (place, entry) in waiting.iter().enumerate() {
                waiting_ui(ui, entry, &words(entry, &self.estimates), (place, waiting.len()), &mut push);
            }
        });
    }

    fn head_ui(&self, ui: &mut Ui, push: &mut impl FnMut(QueueAction)) {
        ui.horizontal(|ui| {
            let label = ui.label("Runs at once");
            let mut workers = self.queue.workers;
            let drag = ui.add(DragValue::new(&mut workers).range(1..=64).speed(0.05)).labelled_by(label.id);
            if drag.on_hover_text("Runs that train at the same time; one for two cores at first").changed() {
                push(QueueAction::Workers(workers));
            }
            let words = if self.queue.held { "Resume queue" } else { "Pause queue" };
            if ui.button(words).on_hover_text("Holds all runs, and starts none, until resumed").clicked() {
                push(QueueAction::HoldAll);
            }
            let mut follow = self.queue.follow;
            let tip = "A run that starts is shown; off, what you chose stays in view";
            if ui.checkbox(&mut follow, "Show the newest").on_hover_text(tip).changed() {
                push(QueueAction::Follow(follow));
            }
            if ui.button("Sweep…").on_hover_text("Runs the form for many values and seeds").clicked() {
                push(QueueAction::Sweep);
            }
            let any = !self.queue.waiting().is_empty();
            if ui.add_enabled(any, Button::new("Clear")).on_hover_text("Forgets all that waits").clicked() {
                push(QueueAction::Clear);
            }
            let text = format!("{} in work, {} waiting", self.busy(), self.queue.waiting().len());
            ui.label(RichText::new(text).color(color(tokens(ui.ctx()).text_muted)));
        });
    }
}

/// A small button with an icon and a name.
fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str, enabled: bool) -> bool {
    let response = ui.add_enabled(enabled, Button::new(style::icon(icon)).small().frame(false));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, name));
    response.on_hover_text(name).clicked()
}

fn live_ui(ui: &mut Ui, line: &LiveLine, push: &mut impl FnMut(QueueAction)) {
    ui.horizontal(|ui| {
        let paint = color(if line.paused { tokens(ui.ctx()).warning } else { tokens(ui.ctx()).accent });
        let icon = match (line.kind, line.paused) {
            (_, true) => icons::ICON_PAUSE,
            (LiveKind::Verify, false) => icons::ICON_VERIFIED,
            (LiveKind::Run, false) => icons::ICON_PLAY_ARROW,
        };
        ui.label(style::icon(icon).color(paint));
        if line.kind == LiveKind::Run {
            let show = ui.add(Button::selectable(line.is_shown, "Show").small());
            show.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Show {}", line.label))
            });
            if show.clicked() && !line.is_shown {
                push(QueueAction::Show(line.id));
            }
        }
        let hold = if line.paused { "Resume" } else { "Pause" };
        let icon = if line.paused { icons::ICON_PLAY_ARROW } else { icons::ICON_PAUSE };
        if icon_button(ui, icon, &format!("{hold} {}", line.label), true) {
            push(QueueAction::Hold(line.id));
        }
        if icon_button(ui, icons::ICON_STOP, &format!("Cancel {}", line.label), true) {
            push(QueueAction::End(line.id));
        }
        let progress = &line.progress;
        let bar = ui.add(egui::ProgressBar::new(progress.fraction()).desired_width(110.0).corner_radius(2));
        let words = format!("{} of {} steps of {}", progress.step, progress.steps, line.label);
        bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &words));
        let left = progress.seconds_left.map_or_else(|| "—".to_owned(), duration);
        let state = if line.paused { " · paused" } else { " · running" };
        let text = format!(
            "{} · step {} of {} · {left} left{state}",
            line.name,
            count(progress.step),
            count(progress.steps)
        );
        ui.add(egui::Label::new(text).truncate().selectable(false));
    });
}

fn waiting_ui(
    ui: &mut Ui,
    entry: &Waiting,
    words: &str,
    (place, all): (usize, usize),
    push: &mut impl FnMut(QueueAction),
) {
    let row = ui.horizontal(|ui| {
        let muted = color(tokens(ui.ctx()).text_muted);
        ui.dnd_drag_source(egui::Id::unique(("queued", entry.id)), entry.id, |ui| {
            // Text that can be selected would take the drag for itself.
            let handle = style::icon(icons::ICON_DRAG_INDICATOR).color(muted);
            ui.add(egui::Label::new(handle).selectable(false));
        })
        .response
        .on_hover_text("Drag to another place");
        let label = &entry.label;
        if icon_button(ui, icons::ICON_ARROW_UPWARD, &format!("Move up {label}"), place > 0) {
            push(QueueAction::Earlier(entry.id));
        }
        if icon_button(ui, icons::ICON_ARROW_DOWNWARD, &format!("Move down {label}"), place + 1 < all) {
            push(QueueAction::Later(entry.id));
        }
        if icon_button(ui, icons::ICON_CONTENT_COPY, &format!("Duplicate {label}"), true) {
            push(QueueAction::Duplicate(entry.id));
        }
        if icon_button(ui, icons::ICON_BOLT, &format!("Start now {label}"), true) {
            push(QueueAction::StartNow(entry.id));
        }
        if icon_button(ui, icons::ICON_CLOSE, &format!("Remove {label}"), true) {
            push(QueueAction::Remove(entry.id));
        }
        ui.add(egui::Label::new(format!("{}. {words}", place + 1)).truncate().selectable(false));
    });
    drop_ui(ui, &row.response, place, push);
}

fn words(entry: &Waiting, estimates: &Estimates) -> String {
    let name = &entry.name;
    match &entry.job {
        Job::Run { experiment, origin, .. } => {
            format!("{name} · queued · about {}", duration(estimates.seconds(experiment, origin)))
        }
        Job::Resume { .. } => format!("{name} · queued · goes on"),
        Job::Fork { .. } | Job::Verify { .. } => format!("{name} · queued"),
    }
}

/// Where a dragged entry would land: above or below this row.
fn drop_ui(ui: &Ui, row: &egui::Response, place: usize, push: &mut impl FnMut(QueueAction)) {
    let Some(pointer) = ui.input(|input| input.pointer.interact_pos()) else { return };
    let rect = row.rect.expand2(egui::vec2(0.0, ui.spacing().item_spacing.y / 2.0));
    if !rect.y_range().contains(pointer.y) || !egui::DragAndDrop::has_payload_of_type::<u64>(ui.ctx()) {
        return;
    }
    let below = pointer.y > rect.center().y;
    let edge = if below { rect.bottom() } else { rect.top() };
    ui.painter().hline(ui.max_rect().x_range(), edge, egui::Stroke::new(2.0, color(tokens(ui.ctx()).accent)));
    if ui.input(|input| input.pointer.any_released())
        && let Some(id) = egui::DragAndDrop::take_payload::<u64>(ui.ctx())
    {
        push(QueueAction::Place(*id, place + usize::from(below)));
    }
}
