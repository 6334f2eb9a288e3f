//! News: what came from runs, disk and dialogs since the last frame.

use egui::Context;
use weightscope_frame::run::{Comparison, Event};
use weightscope_frame::store::Status;

use super::app::App;
use super::link::{Ending, Link, Refusal};
use super::log::Urgency;
use super::opening::{Browsed, NO_DIALOG, Opening};
use super::queue::LiveKind;
use super::shown::Shown;
use super::task::Task;
use super::tiles::TileState;

impl App {
    /// True while a tile shows less than what is asked for, because its channels are made on another thread.
    pub fn is_deriving(&self) -> bool {
        self.tiles.values().any(TileState::is_deriving)
    }

    /// Takes what came from run, disk and dialogs. May run while the window is hidden; draws nothing.
    pub fn drain(&mut self, context: &Context) {
        let root = self.root.clone();
        for text in self.runs.poll(&root, context) {
            self.say(Urgency::Warning, text);
        }
        self.drain_run(context);
        if let Some(result) = self.reading.as_ref().and_then(|(_, task)| task.poll()) {
            self.reading = None;
            match result {
                Ok(Ok((shown, warnings))) => {
                    warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                    self.show_run(shown);
                    self.leave_out();
                    self.after_showing(context);
                }
                Ok(Err(error)) => self.say(Urgency::Error, format!("The run could not be opened: {error}")),
                Err(()) => self.say(Urgency::Error, "The run could not be opened: the work died".to_owned()),
            }
        }
        self.drain_manage(context);
        self.drain_dialog(context);
        self.drain_drop(context);
        self.recent.poll();
        self.drain_takeaway();
        self.drain_downloads(context);
        self.learn();
    }

    /// News of all runs in work.
    fn drain_run(&mut self, context: &Context) {
        let mut ended = false;
        let mut shown = self.shown.take();
        let mut refused = false;
        if let Some(mut link) = self.link.take() {
            if self.news(&mut link, shown.as_mut(), context) {
                ended = true;
                refused = shown.as_ref().is_some_and(Shown::was_refused);
            } else {
                self.link = Some(link);
            }
        }
        self.shown = shown;
        match self.shown.as_ref() {
            Some(_) if refused => self.show_what_was_before(),
            Some(shown) if shown.folder.is_some() => self.before = None,
            _ => {}
        }
        let mut background = std::mem::take(&mut self.background);
        background.retain_mut(|live| {
            let over = self.news(&mut live.link, live.shown.as_mut(), context);
            ended |= over;
            !over
        });
        self.background = background;
        if ended {
            // A task that is followed may have been verified.
            let root = self.root.clone();
            self.runs.refresh_all(&root, context);
        }
        self.start_next(context);
    }

    /// Takes the news of one run; true when it is over.
    fn news(&mut self, link: &mut Link, mut shown: Option<&mut Shown>, context: &Context) -> bool {
        let events = link.events();
        let finished = link.finished();
        // Events that came between the first look and the end.
        let late = if finished.is_some() { link.events() } else { Vec::new() };
        if let (Some(shown), Some(snapshot)) = (shown.as_deref_mut(), link.snapshot()) {
            shown.update(snapshot);
        }
        for event in events.into_iter().chain(late) {
            self.on_event(event, link, shown.as_deref_mut());
        }
        let Some(result) = finished else { return false };
        let run = self.name_of_link(link);
        let quiet = self.settings.quiet;
        let mut tell = |urgency, text: String| self.say_once(&run, urgency, text);
        match result {
            Ok(Ending::Run(outcome)) => {
                let urgency = if outcome.status == Status::Failed { Urgency::Error } else { Urgency::Info };
                let reason = outcome.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                tell(urgency, format!("Run {}{reason}", outcome.status.word()));
                if let Some(shown) = shown {
                    if !quiet {
                        super::toasts::announce(context, shown, outcome.status.word());
                    }
                    shown.status = outcome.status;
                    shown.reason = outcome.reason;
                    shown.results = outcome.results;
                    shown.results_of = outcome.results_of;
                    shown.settle(&link.folder);
                }
            }
            Ok(Ending::Verified(Comparison::Identical { rows })) => {
                tell(
                    Urgency::Info,
                    format!("Reproduced bit for bit ({rows} rows): {}", link.folder.display()),
                );
            }
            Ok(Ending::Verified(Comparison::DataChanged(why) | Comparison::DataMissing(why))) => {
                tell(Urgency::Warning, format!("The run cannot be repeated: {why}"));
            }
            Ok(Ending::Verified(Comparison::Different(what))) => {
                tell(
                    Urgency::Warning,
                    format!("The repeated run differs: {what}: {}", link.folder.display()),
                );
            }
            Err(Refusal { text, problems }) => {
                let what =
                    if link.kind == LiveKind::Verify { "could not be verified" } else { "could not start" };
                tell(Urgency::Error, format!("The run {what}: {text}"));
                if let Some(shown) = shown {
                    shown.status = Status::Failed;
                    shown.reason = Some(text);
                    self.form.refuse(&shown.experiment, problems);
                }
            }
        }
        true
    }

    /// What the run of a link is called: as in the list, else as it was planned.
    pub(super) fn name_of_link(&self, link: &Link) -> String {
        let is_listed = self.runs.row(&link.folder).is_some();
        if is_listed { self.runs.name_of(&link.folder) } else { link.name.clone() }
    }

    fn on_event(&mut self, event: Event, link: &Link, shown: Option<&mut Shown>) {
        let run = self.name_of_link(link);
        match event {
            Event::Started { folder, device } => {
                if let (Some(shown), Some(folder)) = (shown, &folder) {
                    shown.settle(folder);
                }
                self.runs.wants_refresh();
                let place = folder.map_or_else(String::new, |folder| format!(" in {}", folder.display()));
                self.note_of(&run, format!("Run started on {device}{place}"));
            }
            Event::Stage { index, name } => {
                // Its data are read by now, which figures name.
                if let Some(shown) = shown {
                    shown.settle(&link.folder);
                }
                self.note_of(&run, format!("Stage {}: {name}", index + 1));
            }
            Event::Message(text) => self.note_of(&run, text),
            Event::Warning(text) => self.say_of((link.id, &run), Urgency::Warning, text),
            Event::Checkpoint { .. } => {
                if let Some(dialog) = &mut self.fork {
                    dialog.checkpoint_written(&link.folder);
                }
            }
            Event::Ended { .. } => {}
        }
    }

    fn drain_dialog(&mut self, context: &Context) {
        let Some(result) = self.dialog.as_ref().and_then(Task::poll) else { return };
        self.dialog = None;
        match result {
            Ok(Browsed::Chosen(path)) => self.open_file(path, context),
            Ok(Browsed::Nothing) => {}
            Ok(Browsed::NoDialog) | Err(()) => {
                // Its own list of files does the same without the desktop.
                self.opening = Opening::asked(&self.opening);
                self.say(Urgency::Warning, NO_DIALOG.to_owned());
            }
        }
    }
}
