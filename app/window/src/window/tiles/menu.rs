//! The menu behind a right click on a plot: what can be taken from it, and how it is drawn.

use egui::{Response, Ui};
use weightscope_frame::record::{AxisScale, ViewSpec};

use super::data;
use crate::figure::model::{Body, Figure};
use crate::views::ViewOptions;
use crate::window::command::{Action, Command};
use crate::window::readout::{self, Precision};

/// Scales of an axis with their words.
const SCALES: [(Option<AxisScale>, &str); 4] = [
    (None, "as the view suggests"),
    (Some(AxisScale::Linear), "linear"),
    (Some(AxisScale::Log), "log"),
    (Some(AxisScale::Symlog), "symlog"),
];

/// Draws the menu while it is open; `pointer` is where the pointer stands over the plot, in data units.
pub(super) fn menu_ui(
    response: &Response,
    spec: &ViewSpec,
    figure: &Figure,
    pointer: Option<(f64, f64)>,
    options: &mut ViewOptions,
    actions: &mut Vec<Action>,
) {
    let key = response.id.with("menu at");
    if response.secondary_clicked()
        && let Some(at) = pointer
    {
        response.ctx.data_mut(|data| data.insert_temp(key, at));
        actions.push(Action::Focus(spec.id.clone()));
    }
    response.context_menu(|ui| {
        let at: Option<(f64, f64)> = ui.data(|data| data.get_temp(key));
        copy_ui(ui, figure, at);
        ui.separator();
        for (words, scale) in [("x scale", &mut options.x_scale), ("y scale", &mut options.y_scale)] {
            ui.menu_button(words, |ui| {
                for (value, words) in SCALES {
                    if ui.selectable_value(scale, value, words).clicked() {
                        ui.close();
                    }
                }
            });
        }
        for command in [Command::ToggleSmoothing, Command::Fit, Command::Maximise] {
            if item(ui, command.words().0) {
                actions.push(Action::Do(command));
            }
        }
        ui.separator();
        if item(ui, Command::ExportFigure.words().0) {
            actions.push(Action::Export(spec.id.clone()));
        }
        if item(ui, Command::CloseTile.words().0) {
            actions.push(Action::CloseTile(spec.id.clone()));
        }
    });
}

fn copy_ui(ui: &mut Ui, figure: &Figure, at: Option<(f64, f64)>) {
    let value = match (&figure.body, at) {
        (Body::Plot(plot), Some((x, y))) => {
            readout::readout(plot, x, y, Precision::Full).map(|found| found.text())
        }
        _ => None,
    };
    let copy = ui.add_enabled(value.is_some(), egui::Button::new("Copy value"));
    if copy.on_disabled_hover_text("Nothing is drawn under the pointer").clicked() {
        ui.copy_text(value.unwrap_or_default());
        ui.close();
    }
    if item(ui, "Copy data") {
        let lines: Vec<String> = data::lines(figure).iter().map(|record| record.join("\t")).collect();
        ui.copy_text(lines.join("\n"));
    }
}

fn item(ui: &mut Ui, words: &str) -> bool {
    let clicked = ui.button(words).clicked();
    if clicked {
        ui.close();
    }
    clicked
}
