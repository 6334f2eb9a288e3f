//! The command line as an observer: a progress bar on standard error, or JSON lines on standard output.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use weightscope_engine::run::{Event, Observer, Snapshot};

use super::args::Report;
use super::output;

/// Least time between two progress objects.
const JSON_EVERY: Duration = Duration::from_millis(500);

/// An observer that tells a terminal how a run goes: a progress bar on standard error, or JSON lines on standard output.
pub(super) struct Terminal {
    report: Report,
    bar: Option<ProgressBar>,
    last_json: Option<Instant>,
    /// Stands before what the run says, where several runs speak at once.
    name: Option<String>,
}

impl Terminal {
    /// An observer for one run.
    pub(super) fn new(report: Report) -> Self {
        Self::of_member(report, None)
    }

    /// An observer for a run that has others beside it, if it is given a name: it has no bar, and says its name.
    pub(super) fn of_member(report: Report, name: Option<String>) -> Self {
        let has_bar = !report.json && !report.quiet && name.is_none();
        Self { report, bar: has_bar.then(bar), last_json: None, name }
    }

    fn note(&self, text: &str) {
        let named = self.name.as_ref().map(|name| format!("{name}: {text}"));
        let text = named.as_deref().unwrap_or(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None if self.report.quiet => {}
            None => output::note(text),
        }
    }
}

impl Observer for Terminal {
    fn on(&mut self, event: Event) {
        if self.report.json {
            output::json(&event_json(&event));
        }
        match event {
            Event::Warning(text) => self.note(&format!("warning: {text}")),
            Event::Message(text) if !self.report.json => self.note(&text),
            Event::Started { device, .. } if !self.report.json => self.note(&format!("device: {device}")),
            Event::Ended { .. } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }

    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        let progress = &snapshot.progress;
        if let Some(bar) = &self.bar {
            bar.set_length(progress.steps);
            bar.set_position(progress.step);
            let left =
                progress.seconds_left.map_or_else(|| "—".to_owned(), |seconds| format!("{seconds:.0} s"));
            bar.set_message(format!(
                "{} · {:.0} steps/s · {left} left",
                progress.stage_name(),
                progress.steps_per_second
            ));
        }
        if self.report.json && self.last_json.is_none_or(|last| last.elapsed() >= JSON_EVERY) {
            self.last_json = Some(Instant::now());
            output::json(&json!({
                "event": "progress",
                "stage": progress.stage_name(),
                "step": progress.step,
                "steps": progress.steps,
                "seconds": progress.seconds,
                "seconds_left": progress.seconds_left,
                "steps_per_second": progress.steps_per_second,
            }));
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {percent:>3} % · step {human_pos}/{human_len} · {msg}")
    {
        bar.set_style(style);
    }
    bar
}

fn event_json(event: &Event) -> serde_json::Value {
    match event {
        Event::Started { folder, device } => {
            json!({ "event": "started", "folder": folder, "device": device })
        }
        Event::Stage { index, name } => json!({ "event": "stage", "index": index, "name": name }),
        Event::Checkpoint { step } => json!({ "event": "checkpoint", "step": step }),
        Event::Message(text) => json!({ "event": "message", "text": text }),
        Event::Warning(text) => json!({ "event": "warning", "text": text }),
        Event::Ended { status, reason } => {
            json!({ "event": "ended", "status": status.word(), "reason": reason })
        }
    }
}
