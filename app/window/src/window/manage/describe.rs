//! Name, note and tags of a run in a dialog.

use std::path::PathBuf;

use egui::{Context, Key, RichText, TextEdit};

use crate::naming;
use crate::window::command::Action;
use crate::window::runs::model::Row;
use crate::window::runs::{Remark, RunsAction, tags};
use crate::window::style::{self, color, tokens};

/// What is written about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) enum About {
    Name,
    Note,
    Tags,
}

impl About {
    const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name of the run",
            Self::Note => "Note on the run",
            Self::Tags => "Tags of the run",
        }
    }
}

/// The dialog.
pub(super) struct Describing {
    pub(super) open: bool,
    path: PathBuf,
    about: About,
    text: String,
    /// What the run is called without a name of its own.
    automatic: String,
    fresh: bool,
}

impl Describing {
    /// For a run.
    pub(super) fn new(row: &Row, about: About) -> Self {
        let manifest = &row.manifest;
        let text = match about {
            About::Name => manifest.name.clone(),
            About::Note => manifest.note.clone(),
            About::Tags => manifest.tags.join(", "),
        };
        let automatic = naming::of("", row.family(), manifest.seed);
        Self { open: true, path: row.path.clone(), about, text, automatic, fresh: true }
    }

    /// The dialog; Enter keeps what was typed.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let mut open = self.open;
        style::dialog(context, self.about.title()).open(&mut open).show(context, |ui| {
            let muted = color(tokens(ui.ctx()).text_muted);
            let hint = match self.about {
                About::Name => self.automatic.as_str(),
                About::Note => "what is worth knowing",
                About::Tags => "a, b",
            };
            let field = ui.add(TextEdit::singleline(&mut self.text).desired_width(380.0).hint_text(hint));
            let title = self.about.title();
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, title));
            if std::mem::take(&mut self.fresh) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if self.about == About::Name {
                let words = format!("Empty, it is called {}.", self.automatic);
                ui.add(egui::Label::new(RichText::new(words).small().color(muted)).truncate());
            }
            ui.horizontal(|ui| {
                if ui.button("Keep").clicked() || entered {
                    actions.push(Action::Runs(RunsAction::Remark(self.path.clone(), self.remark())));
                    self.open = false;
                }
                if ui.button("Cancel").clicked() {
                    self.open = false;
                }
            });
        });
        self.open &= open;
    }

    fn remark(&self) -> Remark {
        let text = self.text.trim().to_owned();
        match self.about {
            About::Name => Remark::Name(text),
            About::Note => Remark::Note(text),
            About::Tags => Remark::Tags(tags(&text)),
        }
    }
}
