//! The dialog: what there is, what it needs, where it goes, and how it went.

use egui::{Button, ComboBox, Context, RichText, TextEdit, Ui};

use super::offer::Give;
use super::{Said, TakeAway};
use crate::window::command::Action;
use crate::window::style::{self, color, field_label, tokens};

const WIDTH: f32 = 540.0;
/// Rows of the list of tables.
const ROWS: f32 = 7.0;
/// Room for two lines of what is said, points.
const SAID: f32 = 38.0;
/// Width of the words before a field.
const WORDS: f32 = 64.0;

impl TakeAway {
    /// Draws the dialog.
    pub(in crate::window) fn show(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if !self.open {
            return;
        }
        self.suggest(context);
        let mut open = true;
        let is_prediction =
            matches!(self.offers.as_slice(), [only] if matches!(only.give, Give::Predictions(_)));
        let title = if is_prediction { "Predict new rows" } else { "Take away" };
        style::dialog(context, title).open(&mut open).show(context, |ui| {
            ui.set_width(WIDTH);
            let muted = color(tokens(ui.ctx()).text_muted);
            ui.add(egui::Label::new(RichText::new(format!("From {}", self.title)).color(muted)).truncate());
            // What is asked for stays as it is while it is being made.
            ui.add_enabled_ui(self.work.is_none(), |ui| {
                self.offers_ui(ui);
                ui.separator();
                if matches!(self.offers.get(self.chosen).map(|offer| &offer.give), Some(Give::Predictions(_)))
                {
                    self.table_ui(ui);
                }
                self.destination_ui(ui);
            });
            ui.separator();
            self.foot_ui(ui, actions);
        });
        self.open &= open;
    }

    /// A line for each thing with what it is.
    fn offers_ui(&mut self, ui: &mut Ui) {
        let muted = color(tokens(ui.ctx()).text_muted);
        for (index, offer) in self.offers.iter().enumerate() {
            let radio = egui::RadioButton::new(self.chosen == index, RichText::new(offer.label).strong());
            let response = ui.add_enabled(offer.blocker.is_none(), radio);
            if response.on_disabled_hover_text(offer.blocker.unwrap_or_default()).clicked()
                && self.chosen != index
            {
                self.chosen = index;
                self.said = None;
                self.destination = super::Destination::default();
            }
            ui.indent(("about", index), |ui| {
                ui.label(RichText::new(offer.blocker.unwrap_or(offer.about)).small().color(muted));
            });
        }
    }

    fn table_ui(&mut self, ui: &mut Ui) {
        let muted = color(tokens(ui.ctx()).text_muted);
        let text = "The table needs the columns that the run learned from, by name; others are left out.";
        ui.label(RichText::new(text).small().color(muted));
        let before = self.table.path.clone();
        ui.horizontal(|ui| {
            let label = field_label(ui, "Table", WORDS);
            self.table.field_ui(ui, &label, ui.available_width());
        });
        self.table.list_ui(ui, ROWS);
        if self.table.path != before {
            self.said = None;
        }
        let Some(Give::Predictions(prediction)) = self.offers.get(self.chosen).map(|offer| &offer.give)
        else {
            return;
        };
        ui.horizontal(|ui| {
            let label = field_label(ui, "Method", WORDS);
            let best = "the best on the validation rows";
            ComboBox::from_id_salt("prediction method")
                .selected_text(self.method.as_deref().unwrap_or(best))
                .width(240.0)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.method, None, best);
                    for method in &prediction.methods {
                        ui.selectable_value(&mut self.method, Some(method.clone()), method);
                    }
                })
                .response
                .labelled_by(label.id);
        });
    }

    fn destination_ui(&mut self, ui: &mut Ui) {
        let is_file =
            matches!(self.offers.get(self.chosen).map(|offer| &offer.give), Some(Give::Predictions(_)));
        ui.horizontal(|ui| {
            let label = field_label(ui, if is_file { "To file" } else { "To folder" }, WORDS);
            let hint = if is_file { "choose a table" } else { "a new or an empty folder" };
            let edit = TextEdit::singleline(&mut self.destination.text)
                .hint_text(hint)
                .desired_width(ui.available_width());
            if ui.add(edit).labelled_by(label.id).changed() {
                self.destination.typed = true;
                self.said = None;
            }
        });
    }

    fn foot_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        if let Some(work) = &self.work {
            ui.allocate_space(egui::vec2(0.0, SAID));
            ui.horizontal(|ui| {
                ui.spinner();
                let words = if work.is_cancelled() { "Cancelling…" } else { work.words.as_str() };
                let cancel = egui::Layout::right_to_left(egui::Align::Center);
                ui.with_layout(cancel, |ui| {
                    if ui.add_enabled(!work.is_cancelled(), Button::new("Cancel work")).clicked() {
                        work.cancel();
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(egui::Label::new(words).truncate());
                    });
                });
            });
            return;
        }
        // The buttons stay in their place whatever is said above them: no click meets another one than was meant.
        ui.vertical(|ui| {
            ui.set_min_height(SAID);
            self.said_ui(ui, actions);
        });
        ui.horizontal(|ui| {
            let order = self.order();
            let words = match self.offers.get(self.chosen).map(|offer| &offer.give) {
                Some(Give::Product(_)) => "Make",
                _ => "Predict",
            };
            let why = order.as_ref().err().copied().unwrap_or_default();
            if ui.add_enabled(order.is_ok(), Button::new(words)).on_disabled_hover_text(why).clicked() {
                self.start(ui.ctx(), false);
            }
            if matches!(self.said, Some(Said::Exists(_))) && ui.button("Replace the file").clicked() {
                self.start(ui.ctx(), true);
            }
            if ui.button("Close").clicked() {
                self.open = false;
            }
        });
    }

    /// How it went.
    fn said_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let tokens = tokens(ui.ctx());
        match &self.said {
            None => {}
            Some(Said::Written(path)) => {
                let mut looked_at = false;
                ui.horizontal(|ui| {
                    let is_file = matches!(
                        self.offers.get(self.chosen).map(|offer| &offer.give),
                        Some(Give::Predictions(_))
                    );
                    let tip = "Shows the predictions in the views";
                    if is_file && ui.button("Look at it").on_hover_text(tip).clicked() {
                        actions.push(Action::OpenPath(path.clone()));
                        looked_at = true;
                    }
                    if ui.button("Copy path").clicked() {
                        ui.ctx().copy_text(path.display().to_string());
                    }
                    let text = RichText::new(format!("Written: {}", path.display())).color(color(tokens.ok));
                    ui.add(egui::Label::new(text).wrap());
                });
                self.open &= !looked_at;
            }
            Some(Said::Exists(path)) => {
                let text = format!(
                    "There is a file of this name already; name another one, or replace it: {}",
                    path.display()
                );
                ui.add(egui::Label::new(RichText::new(text).color(color(tokens.warning))).wrap());
            }
            Some(Said::Cancelled) => {
                ui.label(RichText::new("Cancelled; nothing was written").color(color(tokens.text_muted)));
            }
            Some(Said::Failed(error)) => {
                let text = RichText::new(error).color(color(tokens.error));
                egui::ScrollArea::vertical().id_salt("takeaway error").max_height(120.0).show(ui, |ui| {
                    ui.add(egui::Label::new(text).wrap());
                });
            }
        }
    }
}
