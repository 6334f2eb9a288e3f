//! The first screen, before a run is shown: what there is, and how to begin.

use egui::{Button, RichText, Ui};
use weightscope_frame::lab::{Catalogue, Method};

use super::command::{Action, Command};
use super::guide;
use super::style::{color, tokens};

/// Width from which on the labs stand in two columns, and the most that they take, points.
const TWO_COLUMNS: f32 = 660.0;
const WIDEST: f32 = 1080.0;
/// Room around the words of a card, points.
const MARGIN: f32 = 8.0;

/// Draws the screen: the labs as cards, then the pages on what is done outside the program.
pub(super) fn ui(catalogue: Catalogue, ui: &mut Ui, actions: &mut Vec<Action>) {
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let room = ui.available_rect_before_wrap();
        let side = ((room.width() - WIDEST) * 0.5).max(0.0);
        let middle = egui::UiBuilder::new().max_rect(room.shrink2(egui::vec2(side, 0.0)));
        ui.scope_builder(middle, |ui| {
            ui.add_space(4.0);
            ui.vertical_centered(|ui| {
                ui.heading("An oscilloscope for the weights of neural networks");
                ui.label(drop_words(ui.ctx()));
            });
            ui.add_space(4.0);
            let columns = if ui.available_width() >= TWO_COLUMNS { 2 } else { 1 };
            let labs: Vec<Method> = catalogue.methods().collect();
            labs.chunks(columns).for_each(|row| row_ui(catalogue, ui, columns, row, actions));
            guide::cards_ui(catalogue, ui, actions);
            ui.add_space(8.0);
            ui.vertical_centered(|ui| {
                ui.label("Set an experiment up on the left and press Run, or open a run below.");
            });
        });
    });
}

fn drop_words(context: &egui::Context) -> String {
    let keys = Command::OpenFile.keys_text(context).unwrap_or_default();
    format!("Drop a weight file, a table, a figure, a run folder or a recording anywhere, or press {keys}.")
}

/// Cards side by side, as high as the highest of them.
fn row_ui(catalogue: Catalogue, ui: &mut Ui, columns: usize, row: &[Method], actions: &mut Vec<Action>) {
    let gaps = ui.spacing().item_spacing.x * columns.saturating_sub(1) as f32;
    let width = (ui.available_width() - gaps) / columns as f32 - 2.0 * MARGIN - 2.0;
    let font = egui::TextStyle::Body.resolve(ui.style());
    let height = |method: &Method| {
        let claim = method.about().claim.to_owned();
        ui.painter().layout(claim, font.clone(), egui::Color32::PLACEHOLDER, width).size().y
    };
    let height = row.iter().map(height).fold(0.0, f32::max);
    ui.columns(columns, |columns| {
        for (ui, method) in columns.iter_mut().zip(row) {
            card_ui(catalogue, ui, method, height, actions);
        }
    });
}

/// A lab: its name with its demo, what it claims, the paper.
fn card_ui(catalogue: Catalogue, ui: &mut Ui, method: &Method, height: f32, actions: &mut Vec<Action>) {
    let about = method.about();
    egui::Frame::group(ui.style()).inner_margin(MARGIN).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let demo = catalogue.presets().find(|preset| preset.lab() == method.name());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(preset) = demo {
                    let name = format!("Run the demo {}", preset.name);
                    let button = ui.add(Button::new("Run the demo"));
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                    if button.on_hover_text(format!("{name}: {}", preset.about())).clicked() {
                        actions.push(Action::UsePreset(preset.name));
                        actions.push(Action::Do(Command::Run));
                    }
                }
                // The button comes first, so that a long title is cut before it.
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(about.title).strong()).truncate());
                });
            });
        });
        ui.scope(|ui| {
            ui.set_min_height(height);
            ui.label(about.claim);
        });
        let paper = RichText::new(about.paper).small().color(color(tokens(ui.ctx()).text_muted));
        ui.add(egui::Label::new(paper).truncate()).on_hover_text(about.paper);
    });
}
