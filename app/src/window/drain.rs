//! News: what came from runs, disk and dialogs since the last frame.

use std::path::Path;

use egui::Context;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::Event;
use weightscope_engine::store::Status;

use super::app::{App, Urgency};
use super::dialogs::Dialog;
use super::form::Form;
use super::runs::folder_name;
use super::task::Task;

impl App {
    /// Takes what came from run, disk and dialogs. May run while the window is hidden; draws nothing.
    pub fn drain(&mut self, context: &Context) {
        for text in self.runs.poll() {
            self.say(Urgency::Warning, text);
        }
        self.drain_run(context);
        if let Some(result) = self.reading.as_ref().and_then(Task::poll) {
            self.reading = None;
            match result {
                Ok(Ok((shown, warnings))) => {
                    warnings.into_iter().for_each(|text| self.say(Urgency::Warning, text));
                    self.show_run(shown);
                }
                Ok(Err(error)) => self.say(Urgency::Error, format!("The run could not be opened: {error}")),
                Err(()) => self.say(Urgency::Error, "The run could not be opened: the work died".to_owned()),
            }
        }
        self.drain_dialog();
    }

    fn drain_run(&mut self, context: &Context) {
        let Some(link) = &mut self.link else { return };
        let events = link.events();
        let snapshot = link.snapshot();
        let finished = link.finished();
        // Events that came between the first look and the end.
        let late = if finished.is_some() { link.events() } else { Vec::new() };
        let newest = if finished.is_some() { link.snapshot() } else { snapshot };
        if let (Some(shown), Some(snapshot)) = (&mut self.shown, newest) {
            shown.update(snapshot);
        }
        events.into_iter().chain(late).for_each(|event| self.on_event(event));
        let Some(result) = finished else { return };
        self.link = None;
        match result {
            Ok(outcome) => {
                if let Some(shown) = &mut self.shown {
                    shown.status = outcome.status;
                    shown.reason.clone_from(&outcome.reason);
                    shown.results = outcome.results;
                }
                let urgency = if outcome.status == Status::Failed { Urgency::Error } else { Urgency::Info };
                let reason = outcome.reason.map_or_else(String::new, |reason| format!(": {reason}"));
                self.say(urgency, format!("Run {}{reason}", outcome.status.word()));
            }
            Err(error) => {
                if let Some(shown) = &mut self.shown {
                    shown.status = Status::Failed;
                    shown.reason = Some(error.clone());
                }
                self.say(Urgency::Error, format!("The run could not start: {error}"));
            }
        }
        let root = self.root.clone();
        self.runs.refresh(&root, context);
        self.start_next(context);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Started { folder, device } => {
                if let (Some(shown), Some(folder)) = (&mut self.shown, &folder) {
                    shown.settle(folder);
                }
                let place = folder.map_or_else(String::new, |folder| format!(" in {}", folder.display()));
                self.say(Urgency::Info, format!("Run started on {device}{place}"));
            }
            Event::Stage { index, name } => self.say(Urgency::Info, format!("Stage {}: {name}", index + 1)),
            Event::Message(text) => self.say(Urgency::Info, text),
            Event::Warning(text) => self.say(Urgency::Warning, text),
            Event::Checkpoint { .. } | Event::Ended { .. } => {}
        }
    }

    fn drain_dialog(&mut self) {
        match &self.dialog {
            Some(Dialog::Open(task)) => {
                let Some(result) = task.poll() else { return };
                self.dialog = None;
                if let Ok(Some((path, text))) = result {
                    self.use_file(&path, text);
                }
            }
            Some(Dialog::Save(task)) => {
                let Some(result) = task.poll() else { return };
                self.dialog = None;
                match result {
                    Ok(Some(Ok(path))) => self.say(Urgency::Info, format!("Written: {}", path.display())),
                    Ok(Some(Err(error))) => {
                        self.say(Urgency::Error, format!("The experiment could not be written: {error}"));
                    }
                    _ => {}
                }
            }
            None => {}
        }
    }

    fn use_file(&mut self, path: &Path, text: Result<String, String>) {
        match text.map(|text| Experiment::from_toml(&text)) {
            Ok(Ok(experiment)) => self.form = Form::new(experiment, &folder_name(path)),
            Ok(Err(problems)) => problems
                .iter()
                .for_each(|problem| self.say(Urgency::Error, format!("{problem} – in {}", path.display()))),
            Err(error) => {
                self.say(Urgency::Error, format!("The file could not be read: {error}: {}", path.display()));
            }
        }
    }
}
