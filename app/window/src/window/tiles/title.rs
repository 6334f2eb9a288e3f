//! The head of a tile: title, chooser, buttons of the view, help, export, controls.

use egui::{RichText, Ui};
use weightscope_frame::record::ViewSpec;

use super::TileBehavior;
use crate::views;
use crate::window::command::Action;
use crate::window::help::first_sentence;
use crate::window::style::{self, color, tokens};

/// The gestures that all plots share.
const GESTURES: &str = "Drag moves, the wheel zooms (Ctrl: x only, Shift: y only), right-drag zooms into a box, double-click fits, \
     a right click opens a menu. Shift and drag brushes. A click pins the readout, Ctrl+C copies it; on the curve of another run it \
     selects the run. L and Shift+L change the scales, S smooths, M maximises.";

impl TileBehavior<'_> {
    /// Title, chooser, buttons of the view, help, export.
    pub(super) fn title_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) -> egui::Response {
        let focused = self.focus == spec.id;
        let palette = tokens(ui.ctx());
        // The buttons come first, so that a long title is cut before them and not drawn below them.
        let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
        let row = ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
            self.buttons_ui(ui, spec);
            let mut text = RichText::new(&spec.title).strong();
            if focused {
                text = text.color(color(palette.accent));
            }
            let title = ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let label = egui::Label::new(text).truncate().selectable(false);
                ui.add(label.sense(egui::Sense::click_and_drag()))
            });
            if title.inner.clicked() {
                self.actions.push(Action::Focus(spec.id.clone()));
            }
            title.inner
        });
        row.inner
    }

    fn buttons_ui(&mut self, ui: &mut Ui, spec: &ViewSpec) {
        use egui_material_icons::icons;
        let icon = |ui: &mut Ui, glyph: egui_material_icons::MaterialIcon, words: String| {
            let response = ui.add(egui::Button::new(style::icon(glyph)).small().frame(false));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
            response.on_hover_text(words)
        };
        if icon(ui, icons::ICON_DOWNLOAD, format!("Export {}", spec.title)).clicked() {
            self.actions.push(Action::Export(spec.id.clone()));
        }
        let state = self.states.entry(spec.id.clone()).or_default();
        let words =
            if state.data { format!("Draw {}", spec.title) } else { format!("Data of {}", spec.title) };
        let glyph = if state.data { icons::ICON_SHOW_CHART } else { icons::ICON_TABLE_ROWS };
        if icon(ui, glyph, words).clicked() {
            state.data ^= true;
        }
        if icon(ui, icons::ICON_CLOSE, format!("Close {}", spec.title)).clicked() {
            self.actions.push(Action::CloseTile(spec.id.clone()));
        }
        if state.is_zoomed() && icon(ui, icons::ICON_ZOOM_OUT_MAP, format!("Fit {}", spec.title)).clicked() {
            state.fit();
        }
        let help = icon(ui, icons::ICON_HELP, format!("What is {}?", spec.title));
        let help = help.on_hover_text(first_sentence(&spec.help));
        egui::Popup::from_toggle_button_response(&help).show(|ui| {
            ui.set_max_width(420.0);
            let mut cache = egui_commonmark::CommonMarkCache::default();
            egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, &spec.help);
            ui.separator();
            ui.label(RichText::new(GESTURES).small().color(color(tokens(ui.ctx()).text_muted)));
            if ui
                .small_button("Look up in Help")
                .on_hover_text("Terms, settings and results of this view")
                .clicked()
            {
                self.actions.push(Action::Explain(spec.title.clone()));
            }
        });
        for action in &spec.actions {
            if ui.small_button(&action.label).on_hover_text(&action.about).clicked() {
                self.actions.push(Action::Button { view: spec.id.clone(), action: action.id.clone() });
            }
        }
        if spec.one_channel {
            let state = self.states.entry(spec.id.clone()).or_default();
            let all = views::choices(spec, self.shown.record());
            let now = all
                .iter()
                .find(|channel| Some(&channel.id) == state.options.channel.as_ref())
                .or_else(|| all.first());
            let text = now.map_or("–", |channel| channel.label.as_str());
            let chooser = egui::ComboBox::from_id_salt(("channel", &spec.id))
                .selected_text(text)
                .width(72.0)
                .show_ui(ui, |ui| {
                    for channel in &all {
                        ui.selectable_value(
                            &mut state.options.channel,
                            Some(channel.id.clone()),
                            &channel.label,
                        );
                    }
                });
            let words = format!("Layer of {}", spec.title);
            chooser.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &words));
        }
    }
}
