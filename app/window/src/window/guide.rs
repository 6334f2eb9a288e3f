//! Pages on what is done outside the program: shown in a dialog, with buttons that copy what they speak of.

use egui::{Context, RichText, Ui};
use weightscope_frame::lab::{Catalogue, Guide};

use super::app::App;
use super::command::{Action, Command};
use super::style::{self, color, tokens};

/// The page that is open.
#[derive(Default)]
pub(super) struct GuideDialog {
    pub(super) open: bool,
    page: Option<&'static Guide>,
    /// Which of its texts was copied last.
    copied: Option<usize>,
}

impl GuideDialog {
    /// Opens a page.
    pub(super) fn show_page(&mut self, page: &'static Guide) {
        *self = Self { open: true, page: Some(page), copied: None };
    }

    /// The page, if one is open.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let Some(page) = self.page else { return };
        let (mut open, copied) = (self.open, &mut self.copied);
        style::dialog(context, page.title).open(&mut open).show(context, |ui| {
            let room = context.content_rect().size() * 0.8;
            ui.set_max_width(room.x.min(640.0));
            ui.horizontal_wrapped(|ui| {
                for (place, (words, text)) in page.copies.iter().enumerate() {
                    if ui.button(*words).on_hover_text("Puts it on the clipboard").clicked() {
                        ui.ctx().copy_text((*text).to_owned());
                        *copied = Some(place);
                    }
                    if *copied == Some(place) {
                        ui.label("copied");
                    }
                }
                demo_ui(ui, page, actions);
            });
            ui.separator();
            egui::ScrollArea::vertical().max_height(room.y - 120.0).show(ui, |ui| {
                let mut cache = egui_commonmark::CommonMarkCache::default();
                egui_commonmark::CommonMarkViewer::new().show(ui, &mut cache, page.text);
            });
        });
        self.open &= open;
    }
}

/// The pages of all labs.
pub(super) fn pages(catalogue: Catalogue) -> impl Iterator<Item = &'static Guide> {
    catalogue.methods().flat_map(|method| method.guides())
}

/// The button of the preset that shows what a page is about.
fn demo_ui(ui: &mut Ui, page: &Guide, actions: &mut Vec<Action>) {
    if let Some(preset) = page.demo
        && ui.button(format!("Run the demo {preset}")).clicked()
    {
        actions.push(Action::UsePreset(preset));
        actions.push(Action::Do(Command::Run));
    }
}

/// Cards of all pages, for the first screen.
pub(super) fn cards_ui(catalogue: Catalogue, ui: &mut Ui, actions: &mut Vec<Action>) {
    for page in pages(catalogue) {
        egui::Frame::group(ui.style()).inner_margin(8.0).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.strong(page.title);
            ui.label(RichText::new(page.about).color(color(tokens(ui.ctx()).text)));
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                if ui.button("How").on_hover_text(format!("Opens the page {}", page.title)).clicked() {
                    actions.push(Action::OpenGuide(page));
                }
                demo_ui(ui, page, actions);
            });
        });
    }
}

impl App {
    /// All pages, in the menu of help.
    pub(super) fn guides_menu(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.separator();
        for page in pages(self.catalogue) {
            if ui.button(format!("{}…", page.title)).on_hover_text(page.about).clicked() {
                actions.push(Action::OpenGuide(page));
                ui.close();
            }
        }
    }
}
