//! The log: what happened, when, in which run, how grave. It keeps what notifications say for a moment only.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use egui::{Label, RichText, Ui};

use super::app::App;
use super::command::Action;
use super::panels::urgency_color;
use super::style::{color, tokens};

/// Lines that are kept.
const MOST_LINES: usize = 2000;
/// Widths of time and level, and the most of a run's name, points.
const TIME: f32 = 58.0;
const LEVEL: f32 = 56.0;
const RUN: f32 = 150.0;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    Info,
    Warning,
    Error,
}

impl Urgency {
    /// Its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

/// One line.
pub(super) struct Line {
    at: SystemTime,
    /// Name of the run that it is about; empty for the window.
    run: String,
    pub(super) text: String,
    pub(super) urgency: Urgency,
}

/// The lines, oldest first.
#[derive(Default)]
pub(super) struct Log(VecDeque<Line>);

impl Log {
    fn push(&mut self, urgency: Urgency, run: &str, text: String) {
        if self.0.len() >= MOST_LINES {
            self.0.pop_front();
        }
        self.0.push_back(Line { at: SystemTime::now(), run: run.to_owned(), text, urgency });
    }

    /// The newest line.
    pub(super) fn last(&self) -> Option<&Line> {
        self.0.back()
    }

    /// Draws the lines: time, level, run, text.
    pub(super) fn ui(&self, ui: &mut Ui) {
        if self.0.is_empty() {
            ui.label("What happens here and in runs is written down in this place.");
            return;
        }
        let height = ui.text_style_height(&egui::TextStyle::Body);
        let area = egui::ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true);
        area.show_rows(ui, height, self.0.len(), |ui, range| {
            self.0.iter().skip(range.start).take(range.len()).for_each(|line| line_ui(ui, line));
        });
    }
}

fn line_ui(ui: &mut Ui, line: &Line) {
    let muted = color(tokens(ui.ctx()).text_muted);
    let paint = urgency_color(ui, line.urgency);
    let (words, height) = (clock(line.at), ui.text_style_height(&egui::TextStyle::Body));
    ui.horizontal(|ui| {
        let cell = |ui: &mut Ui, width: f32, text: RichText| {
            let left = egui::Layout::left_to_right(egui::Align::Center);
            ui.allocate_ui_with_layout(egui::vec2(width, height), left, |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(text).truncate())
            })
            .inner
        };
        cell(ui, TIME, RichText::new(words).color(muted))
            .on_hover_text("Time of day, UTC, as in the list of runs");
        cell(ui, LEVEL, RichText::new(line.urgency.word()).color(paint));
        cell(ui, RUN, RichText::new(if line.run.is_empty() { "window" } else { &line.run }).color(muted));
        ui.add(Label::new(RichText::new(&line.text).color(paint)).truncate());
    });
}

/// The time of day in UTC.
fn clock(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let of_day = seconds % 86_400;
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

impl App {
    /// Adds a line to the log without a notification.
    pub(super) fn note(&mut self, text: String) {
        self.log.push(Urgency::Info, "", text);
    }

    /// The same for a run.
    pub(super) fn note_of(&mut self, run: &str, text: String) {
        self.log.push(Urgency::Info, run, text);
    }

    /// Tells the person, and adds a line to the log.
    pub(super) fn say(&mut self, urgency: Urgency, text: String) {
        self.toasts.push(urgency, &text);
        self.log.push(urgency, "", text);
    }

    /// The same, with something that can be done about it.
    pub(super) fn offer(&mut self, text: String, words: &'static str, action: Action) {
        self.toasts.push_offer(&text, (words, action));
        self.log.push(Urgency::Info, "", text);
    }

    /// The same for a run.
    pub(super) fn say_once(&mut self, run: &str, urgency: Urgency, text: String) {
        self.toasts.push(urgency, &text);
        self.log.push(urgency, run, text);
    }

    /// The same for news of a run in work, of which there may be many.
    pub(super) fn say_of(&mut self, (id, run): (u64, &str), urgency: Urgency, text: String) {
        self.toasts.push_of(id, urgency, &text);
        self.log.push(urgency, run, text);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lines_have_a_time_and_the_oldest_make_room() {
        assert_eq!(clock(UNIX_EPOCH + Duration::from_secs(86_400 + 3_723)), "01:02:03", "of the day");
        let mut log = Log::default();
        for index in 0..=MOST_LINES {
            log.push(Urgency::Info, "run", index.to_string());
        }
        assert_eq!(log.0.len(), MOST_LINES, "bounded");
        assert_eq!(log.0.front().map(|line| line.text.as_str()), Some("1"), "the first has gone");
    }
}
