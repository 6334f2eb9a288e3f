//! Notifications: news fade after a while, warnings later, errors stay until they are closed. The log keeps all of them.

use std::time::{Duration, Instant};

use egui::{Align2, Context, RichText};

use super::app::Urgency;
use super::panels::urgency_color;
use super::shown::Shown;
use super::style::{color, tokens};

/// Most toasts at once; older ones make room.
const MOST: usize = 4;
/// Frames after which a toast has found its size and its place; an idle window draws no others by itself.
const SETTLED: u8 = 3;
const NEWS: Duration = Duration::from_secs(4);
const WARNING: Duration = Duration::from_secs(8);

/// One notification on the screen.
struct Toast {
    text: String,
    urgency: Urgency,
    until: Option<Instant>,
    /// Frames that it has been drawn in, up to [`SETTLED`].
    frames: u8,
}

/// Notifications in the corner of the window; errors stay until they are closed.
#[derive(Default)]
pub(super) struct Toasts {
    shown: Vec<Toast>,
    /// Warnings and errors since the log was last looked at.
    pub(super) unread: usize,
}

impl Toasts {
    /// Shows a notification.
    pub(super) fn push(&mut self, urgency: Urgency, text: &str) {
        let life = match urgency {
            Urgency::Info => Some(NEWS),
            Urgency::Warning => Some(WARNING),
            Urgency::Error => None,
        };
        if urgency != Urgency::Info {
            self.unread += 1;
        }
        let until = life.map(|life| Instant::now() + life);
        self.shown.push(Toast { text: text.to_owned(), urgency, until, frames: 0 });
        let excess = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..excess);
    }

    /// Draws what is there, bottom right, above the status bar.
    pub(super) fn ui(&mut self, context: &Context) {
        let now = Instant::now();
        self.shown.retain(|toast| toast.until.is_none_or(|until| until > now));
        // The window wakes once when the next one fades; an idle window stays idle.
        if let Some(next) = self.shown.iter().filter_map(|toast| toast.until).min() {
            context.request_repaint_after(next.saturating_duration_since(now) + Duration::from_millis(20));
        }
        if self.shown.iter().any(|toast| toast.frames < SETTLED) {
            context.request_repaint();
        }
        self.shown.iter_mut().for_each(|toast| toast.frames = SETTLED.min(toast.frames + 1));
        let mut closed = None;
        let mut offset = -34.0;
        for (index, toast) in self.shown.iter().enumerate().rev() {
            let area = egui::Area::new(egui::Id::unique(("toast", index)))
                .anchor(Align2::RIGHT_BOTTOM, [-12.0, offset])
                .order(egui::Order::Foreground)
                .interactable(true)
                .show(context, |ui| {
                    let tint = urgency_color(ui, toast.urgency);
                    egui::Frame::popup(ui.style()).stroke(egui::Stroke::new(1.0, tint)).show(ui, |ui| {
                        ui.set_max_width(420.0);
                        ui.horizontal(|ui| {
                            let word = match toast.urgency {
                                Urgency::Info => "",
                                Urgency::Warning => "Warning",
                                Urgency::Error => "Error",
                            };
                            if !word.is_empty() {
                                ui.label(RichText::new(word).strong().color(tint));
                            }
                            let text = RichText::new(&toast.text).color(color(tokens(ui.ctx()).text));
                            ui.add(egui::Label::new(text).wrap());
                            if ui.small_button("Close").clicked() {
                                closed = Some(index);
                            }
                        });
                    });
                });
            offset -= area.response.rect.height() + 6.0;
        }
        if let Some(index) = closed {
            self.shown.remove(index);
        }
    }
}

/// A run of this length is worth a word on the desktop when it ends.
const LONG_SECONDS: f64 = 60.0;

/// Tells the desktop that a long run has ended, if the window is not in front. Desktops without a notification service show
/// nothing; the log of the window has it anyway.
pub(super) fn announce(context: &Context, shown: &Shown, how: &str) {
    let seconds = shown.snapshot.progress.seconds;
    if seconds < LONG_SECONDS || context.input(|input| input.focused) {
        return;
    }
    let text = format!("{} is {how} after {seconds:.0} s", shown.title);
    let spawned = std::thread::Builder::new().name("notification".to_owned()).spawn(move || {
        let _ = notify_rust::Notification::new().summary(super::TITLE).body(&text).show();
    });
    if let Err(error) = spawned {
        tracing::debug!("no desktop notification: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_and_the_oldest_makes_room() {
        let mut toasts = Toasts::default();
        for index in 0..6 {
            toasts.push(if index % 2 == 0 { Urgency::Error } else { Urgency::Info }, &index.to_string());
        }
        let texts: Vec<&str> = toasts.shown.iter().map(|toast| toast.text.as_str()).collect();
        assert_eq!(texts, ["2", "3", "4", "5"], "four at once");
        assert!(toasts.shown.iter().all(|toast| (toast.urgency == Urgency::Error) == toast.until.is_none()));
        assert_eq!(toasts.unread, 3, "news do not count");
    }
}
