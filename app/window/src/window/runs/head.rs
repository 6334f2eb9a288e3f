//! The row above the runs table: filter, groups, columns, small curves, how seeds are joined.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, PopupCloseBehavior, RichText, TextEdit, Ui};

use super::action::RunsAction;
use super::list::Runs;
use crate::views::groups::{Center, Spread};
use crate::window::command::Action;
use crate::window::style::{color, tokens};

impl Runs {
    pub(super) fn head_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let label = ui.label("Filter");
            let edit = TextEdit::singleline(&mut self.layout.filter)
                .desired_width((ui.available_width() * 0.22).clamp(130.0, 360.0))
                .hint_text("quantizer=statsq test_accuracy>0.9 star");
            ui.add(edit).labelled_by(label.id).on_hover_text(
                "Words, or key:value, key=value, key!=value, key>number, key~\"words\", tag:x, star; - in front negates",
            );
            self.group_ui(ui);
            lasting_menu(ui, "Columns", |ui| self.columns_ui(ui))
                .on_hover_text("Shows, hides and moves columns; a heading can be dragged too");
            lasting_menu(ui, "Seeds", |ui| self.seeds_ui(ui))
                .on_hover_text("How ticked runs that differ only in their seed are drawn");
            ui.menu_button("Curves", |ui| self.metric_ui(ui))
                .response
                .on_hover_text("Channel of the small curves");
            let ticked = self.layout.ticked.len();
            if ticked > 0 {
                let words = format!("Untick {ticked}");
                if ui.add(Button::new(words)).on_hover_text("Takes all ticks away").clicked() {
                    actions.push(Action::Runs(RunsAction::Untick));
                }
            }
            let shown = self.lines.iter().filter(|line| matches!(line, super::arrange::Line::Run(_))).count();
            let text = if self.is_loading() {
                "reading ticked runs…".to_owned()
            } else {
                format!("{shown} of {}", self.rows.len())
            };
            ui.add(egui::Label::new(RichText::new(text).color(color(tokens(ui.ctx()).text_muted))).truncate());
        });
        if let Some(error) = &self.error {
            ui.label(RichText::new(error).small().color(color(tokens(ui.ctx()).error)));
        }
    }

    fn columns_ui(&mut self, ui: &mut Ui) {
        let shown = self.layout.columns(&self.rows);
        let mut change = None;
        ui.horizontal(|ui| {
            if ui.button("As at first").on_hover_text("The columns that the runs suggest").clicked() {
                self.layout.columns = None;
            }
        });
        egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            ui.set_min_width(240.0);
            let hidden = self.keys.all().filter(|key| !shown.iter().any(|own| own == key));
            let all: Vec<String> = shown.iter().cloned().chain(hidden.map(str::to_owned)).collect();
            for key in &all {
                let mut on = shown.contains(key);
                ui.horizontal(|ui| {
                    let heading = self.layout.words.heading(key).into_owned();
                    if ui.checkbox(&mut on, &heading).on_hover_text(self.layout.words.hint(key)).changed() {
                        change = Some((key.clone(), None));
                    }
                    if on {
                        for (left, words) in [(true, "Move left"), (false, "Move right")] {
                            let icon = if left {
                                egui_material_icons::icons::ICON_CHEVRON_LEFT
                            } else {
                                egui_material_icons::icons::ICON_CHEVRON_RIGHT
                            };
                            let name = format!("{words} {heading}");
                            let button = Button::new(crate::window::style::icon(icon)).small().frame(false);
                            let response = ui.add(button);
                            response
                                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                            if response.on_hover_text(words).clicked() {
                                change = Some((key.clone(), Some(left)));
                            }
                        }
                    }
                });
            }
        });
        match change {
            Some((key, None)) => self.layout.toggle(&key, &self.rows),
            Some((key, Some(left))) => self.layout.shift(&key, left, &self.rows),
            None => {}
        }
    }

    fn seeds_ui(&mut self, ui: &mut Ui) {
        let seeds = &mut self.layout.seeds;
        ui.checkbox(&mut seeds.joined, "Join seeds")
            .on_hover_text("Runs that differ only in their seed become one line with a band");
        ui.add_enabled_ui(seeds.joined, |ui| {
            for center in Center::ALL {
                ui.radio_value(&mut seeds.center, center, center.words());
            }
            ui.separator();
            for spread in Spread::ALL {
                ui.radio_value(&mut seeds.spread, spread, spread.words());
            }
            ui.separator();
            ui.checkbox(&mut seeds.traces, "Single runs behind");
        });
    }

    fn metric_ui(&mut self, ui: &mut Ui) {
        ui.set_min_width(200.0);
        egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            ui.selectable_value(&mut self.layout.metric, None, "as the run suggests");
            for channel in &self.sparks.channels {
                ui.selectable_value(&mut self.layout.metric, Some(channel.clone()), channel);
            }
        });
    }
}

/// A menu that stays open while things are turned in it, until a click elsewhere.
fn lasting_menu(ui: &mut Ui, words: &str, content: impl FnOnce(&mut Ui)) -> egui::Response {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new(words).config(config).ui(ui, content).0
}
