//! Toolbar, set-up, bottom and status panels: each a function of the app's state that pushes actions.

use egui::{Button, RichText, Ui};
use weightscope_frame::experiment::Mark;

use super::app::{App, Bottom};
use super::command::{Action, Command};
use super::estimates;
use super::log::Urgency;
use super::style::{self, color, tokens};
use crate::figure::number::count;

impl App {
    /// Menus, run controls, progress.
    pub(super) fn toolbar_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            self.menus_ui(ui, actions);
            ui.separator();
            self.run_buttons(ui, actions);
            ui.separator();
            if self.shown.as_ref().is_some_and(|shown| shown.experiment != self.form.experiment) {
                let text = RichText::new("form differs from this run").small();
                ui.label(text.color(color(tokens(ui.ctx()).warning)))
                    .on_hover_text("The views show the run; Run starts a new one with the form's settings");
            }
            self.progress_ui(ui);
        });
    }

    fn run_buttons(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let paused = self.is_paused();
        let pause = if paused { "Resume" } else { "Pause" };
        for (command, words) in [
            (Command::Run, "Run"),
            (Command::PauseOrResume, pause),
            (Command::Step, "Step"),
            (Command::Cancel, "Cancel"),
            (Command::Fork, "Fork…"),
        ] {
            let button = if command == Command::PauseOrResume && paused {
                Button::new((style::icon(egui_material_icons::icons::ICON_PLAY_ARROW), words))
            } else {
                labelled(command, words)
            };
            let ready = command.ready(self);
            let response = ui.add_enabled(ready.is_ok(), button);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ready.is_ok(), words));
            let why = ready.err().unwrap_or_default();
            if response.on_hover_text(command.words().1).on_disabled_hover_text(why).clicked() {
                actions.push(Action::Do(command));
            }
        }
    }

    fn progress_ui(&self, ui: &mut Ui) {
        let Some(shown) = &self.shown else {
            ui.label(RichText::new("ready").color(color(tokens(ui.ctx()).text_muted)));
            return;
        };
        let progress = &shown.snapshot.progress;
        if self.is_live() {
            let words = format!("{} of {} steps", progress.step, progress.steps);
            let bar =
                ui.add(egui::ProgressBar::new(progress.fraction()).desired_width(140.0).corner_radius(2));
            bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &words));
            let left = progress.seconds_left.map_or_else(|| "—".to_owned(), duration);
            let stage = if progress.stages.len() > 1 {
                format!("stage {}/{} ", progress.stage + 1, progress.stages.len())
            } else {
                String::new()
            };
            let held = if self.is_paused() { " · paused" } else { "" };
            // More steps than were planned: more comes than was there, and nobody knows for how long.
            let how_far = if progress.step > progress.steps {
                "following what comes".to_owned()
            } else {
                format!(
                    "step {} of {} · {:.0} % · {left} left",
                    count(progress.step),
                    count(progress.steps),
                    progress.fraction() * 100.0
                )
            };
            let text = format!("{stage}{} · {how_far}{held}", progress.stage_name());
            ui.add(egui::Label::new(text).truncate());
        } else {
            ui.add(
                egui::Label::new(format!(
                    "{} · {} · {}",
                    shown.status.word(),
                    shown.title,
                    duration(progress.seconds)
                ))
                .truncate(),
            );
        }
    }

    /// Lab, preset, settings, cost, Run.
    pub(super) fn setup_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        style::panel(egui::Panel::bottom("setup foot"), ui).show_separator_line(true).show(ui, |ui| {
            ui.add_space(4.0);
            let palette = tokens(ui.ctx());
            let warnings = self.form.problems.len();
            if let Some(problem) = self.form.sentence() {
                ui.label(RichText::new(problem.to_string()).small().color(color(palette.error)));
            } else if warnings > 0 {
                ui.label(
                    RichText::new(format!("{warnings} warning{}", if warnings == 1 { "" } else { "s" }))
                        .small()
                        .color(color(palette.warning)),
                );
            }
            let learned = self.estimates.of(self.form.experiment.lab(), &self.form.origin);
            let cost = RichText::new(self.form.cost_text(learned)).small().color(color(palette.text_muted));
            ui.label(cost).on_hover_text(estimates::rests_on(learned));
            ui.horizontal(|ui| {
                let ready = self.form.blocker().is_none();
                let width = ui.available_width() - 84.0;
                let run = Button::new("Run experiment").min_size(egui::vec2(width, 26.0));
                if ui.add_enabled(ready, run).clicked() {
                    actions.push(Action::Do(Command::Run));
                }
                let sweep = Button::new("Sweep…").min_size(egui::vec2(ui.available_width(), 26.0));
                if ui.add(sweep).on_hover_text(Command::Sweep.words().1).clicked() {
                    actions.push(Action::Do(Command::Sweep));
                }
            });
            ui.add_space(2.0);
        });
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.heading("Set-up");
            let about = self.form.experiment.method.about();
            let run = self.runs.named_by_folder(&self.form.origin);
            self.form.preset_ui(ui, run, actions);
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.label(RichText::new(about.claim).small().color(muted)).on_hover_text(about.paper);
            if self.form.marked(Mark::TargetColumn).is_some() {
                ui.horizontal(|ui| {
                    if ui
                        .button("Open table…")
                        .on_hover_text("A CSV file; it can be dropped on the window too")
                        .clicked()
                    {
                        actions.push(Action::Do(Command::OpenFile));
                    }
                    let tip = "Columns with types and problems; choose the target there";
                    if ui.button("Preview table").on_hover_text(tip).clicked() {
                        actions.push(Action::PreviewData);
                    }
                });
            }
            self.form.ui(ui, &self.downloads, actions);
        });
    }

    /// Runs and log.
    pub(super) fn bottom_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        // A tab with little to say would make the panel small for all.
        ui.set_min_height(ui.available_height());
        ui.horizontal(|ui| {
            if self.bottom == Bottom::Log {
                self.toasts.unread = 0;
            }
            let log = match self.toasts.unread {
                0 => "Log".to_owned(),
                unread => format!("Log ({unread})"),
            };
            let work = self.busy() + self.queue.waiting().len();
            let queue = if work > 0 { format!("Queue {work}") } else { "Queue".to_owned() };
            for (tab, words) in [
                (Bottom::Runs, "Runs"),
                (Bottom::Queue, queue.as_str()),
                (Bottom::Compare, "Compare"),
                (Bottom::Log, log.as_str()),
            ] {
                ui.selectable_value(&mut self.bottom, tab, words);
            }
        });
        ui.separator();
        match self.bottom {
            Bottom::Runs => {
                let open = self.shown.as_ref().and_then(|shown| shown.folder.clone());
                let going = self.going();
                self.runs.ui(ui, open.as_deref(), &going, actions);
            }
            Bottom::Queue => self.queue_ui(ui, actions),
            Bottom::Compare => self.compare.ui(ui, &mut self.runs, actions),
            Bottom::Log => self.log.ui(ui),
        }
    }

    /// Cores, adapter, what happens.
    pub(super) fn status_ui(&self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.label(RichText::new(format!("{} cores", self.cores)).small().color(muted));
            if let Some(text) = self.budget.text() {
                ui.separator();
                ui.label(RichText::new(text).small().color(muted));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(line) = self.log.last() {
                    ui.add(
                        egui::Label::new(
                            RichText::new(&line.text).small().color(urgency_color(ui, line.urgency)),
                        )
                        .truncate(),
                    );
                }
            });
        });
    }
}

fn labelled(command: Command, words: &str) -> Button<'static> {
    match command.icon() {
        Some(icon) => Button::new((style::icon(icon), words.to_owned())),
        None => Button::new(words.to_owned()),
    }
}

pub(super) fn urgency_color(ui: &Ui, urgency: Urgency) -> egui::Color32 {
    let tokens = tokens(ui.ctx());
    color(match urgency {
        Urgency::Info => tokens.text_muted,
        Urgency::Warning => tokens.warning,
        Urgency::Error => tokens.error,
    })
}

pub(super) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0)
    }
}
