//! Notifications: news fade after a while, warnings later, errors stay until they are closed. Many of one run become one with a count.
//! The log keeps all of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use egui::{Align2, Context, RichText};

use super::command::Action;
use super::log::Urgency;
use super::panels::urgency_color;
use super::shown::Shown;
use super::style::{color, tokens};

/// Most toasts at once; older ones make room.
const MOST: usize = 4;
/// Frames after which a toast has found its size and its place; an idle window draws no others by itself.
const SETTLED: u8 = 3;
/// Letters with which two warnings of a run must begin alike to become one.
const ALIKE: usize = 12;
/// So many notifications of one run in [`RUSH`] stand by themselves; more are joined, however they begin.
const MOST_OF_RUN: usize = 3;
const RUSH: Duration = Duration::from_secs(10);
const NEWS: Duration = Duration::from_secs(4);
const WARNING: Duration = Duration::from_secs(8);
const OFFER: Duration = Duration::from_secs(12);

/// One notification on the screen.
struct Toast {
    text: String,
    urgency: Urgency,
    until: Option<Instant>,
    /// Frames that it has been drawn in, up to [`SETTLED`].
    frames: u8,
    /// The run that it is about.
    run: Option<u64>,
    /// Others of that run that it stands for.
    more: usize,
    /// What can be done about it, and its word.
    offer: Option<(&'static str, Action)>,
}

impl Toast {
    /// What it says, with the number of those that it stands for.
    fn words(&self) -> String {
        match self.more {
            0 => self.text.clone(),
            more => format!("{}, and {more} more, see Log", self.text.trim_end_matches('.')),
        }
    }
}

/// Notifications in the corner of the window; errors stay until they are closed.
#[derive(Default)]
pub(super) struct Toasts {
    shown: Vec<Toast>,
    /// Warnings and errors since the log was last looked at.
    pub(super) unread: usize,
    /// When runs said something of late.
    rush: VecDeque<(u64, Instant)>,
}

impl Toasts {
    /// Shows a notification.
    pub(super) fn push(&mut self, urgency: Urgency, text: &str) {
        self.add(None, urgency, text, Instant::now());
    }

    /// Shows a notification of a run; where there are many, those that begin alike, or come in a rush, become one with a count.
    pub(super) fn push_of(&mut self, run: u64, urgency: Urgency, text: &str) {
        self.add(Some(run), urgency, text, Instant::now());
    }

    fn add(&mut self, run: Option<u64>, urgency: Urgency, text: &str, now: Instant) {
        let life = match urgency {
            Urgency::Info => Some(NEWS),
            Urgency::Warning => Some(WARNING),
            Urgency::Error => None,
        };
        if urgency != Urgency::Info {
            self.unread += 1;
        }
        let until = life.map(|life| now + life);
        let in_rush = run.is_some_and(|run| self.is_rush(run, now));
        let of_run = |toast: &&mut Toast| run.is_some() && toast.run == run && toast.urgency == urgency;
        // The newest comes first: in a rush it takes whatever begins like none.
        let mut joined = self.shown.iter_mut().rev().filter(of_run);
        let alike = joined.find(|toast| begin_alike(&toast.text, text));
        let found = match alike {
            Some(toast) => Some(toast),
            None if in_rush => self.shown.iter_mut().rev().find(of_run),
            None => None,
        };
        if let Some(toast) = found {
            (toast.more, toast.until, toast.frames) = (toast.more + 1, until, 0);
            return;
        }
        self.show(Toast { text: text.to_owned(), urgency, until, frames: 0, run, more: 0, offer: None });
    }

    fn show(&mut self, toast: Toast) {
        self.shown.push(toast);
        let excess = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..excess);
    }

    /// Shows news with a button for what can be done about them.
    pub(super) fn push_offer(&mut self, text: &str, offer: (&'static str, Action)) {
        let until = Some(Instant::now() + OFFER);
        let (urgency, text) = (Urgency::Info, text.to_owned());
        self.show(Toast { text, urgency, until, frames: 0, run: None, more: 0, offer: Some(offer) });
    }

    /// Takes offers away of which nothing could come any more.
    pub(super) fn withdraw(&mut self, is_gone: impl Fn(&Action) -> bool) {
        self.shown.retain(|toast| toast.offer.as_ref().is_none_or(|(_, action)| !is_gone(action)));
    }

    /// Takes note that a run says something; true if it has said too much of late.
    fn is_rush(&mut self, run: u64, now: Instant) -> bool {
        self.rush.retain(|(_, at)| now.saturating_duration_since(*at) < RUSH);
        self.rush.push_back((run, now));
        self.rush.iter().filter(|(other, _)| *other == run).count() > MOST_OF_RUN
    }

    /// Draws what is there, bottom right, above the status bar.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
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
                            let text = RichText::new(toast.words()).color(color(tokens(ui.ctx()).text));
                            ui.add(egui::Label::new(text).wrap());
                            if let Some((words, action)) = &toast.offer
                                && ui.small_button(*words).clicked()
                            {
                                actions.push(action.clone());
                                closed = Some(index);
                            }
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

/// True for texts of which the first letters, or all, are the same but for numbers: steps and files are counted.
fn begin_alike(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|symbol| !symbol.is_ascii_digit()).collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    same >= ALIKE || one == other
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
    fn many_warnings_of_one_run_become_one_with_a_count() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        let said = |toasts: &Toasts| toasts.shown.iter().map(Toast::words).collect::<Vec<_>>();
        for step in 0..8 {
            toasts.add(Some(1), Urgency::Warning, &format!("checkpoint {step} is left out."), now);
        }
        toasts.add(Some(2), Urgency::Warning, "checkpoint 9 is left out.", now);
        let one = "checkpoint 0 is left out, and 7 more, see Log";
        assert_eq!(said(&toasts), [one, "checkpoint 9 is left out."], "each run by itself");
        assert_eq!(toasts.unread, 9, "all of them stand in the log");
        toasts.add(Some(1), Urgency::Error, "checkpoint 0 is left out.", now);
        assert_eq!(toasts.shown.len(), 3, "an error is not hidden in a warning");
        toasts.add(None, Urgency::Warning, "checkpoint 0 is left out.", now);
        assert_eq!(toasts.shown.len(), 4, "what is of no run stands by itself");
    }

    #[test]
    fn a_rush_of_different_warnings_ends_in_one_that_counts() {
        let (mut toasts, now) = (Toasts::default(), Instant::now());
        for (second, text) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            toasts.add(Some(1), Urgency::Warning, text, now + Duration::from_secs(second as u64));
        }
        let said = |toasts: &Toasts| toasts.shown.iter().map(Toast::words).collect::<Vec<_>>();
        assert_eq!(said(&toasts), ["a", "b", "c, and 2 more, see Log"], "three by themselves");
        toasts.add(Some(1), Urgency::Warning, "f", now + Duration::from_mins(1));
        assert_eq!(said(&toasts).last().map(String::as_str), Some("f"), "later it is news again");
    }

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
