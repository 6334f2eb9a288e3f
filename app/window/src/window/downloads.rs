//! Data sets that the program knows by name and fetches by a click: which are on disk, and how far the one is that is on its way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use egui::Context;
use weightscope_frame::data::catalogue::{self, ENTRIES};
use weightscope_frame::run::default_cache_folder;

use super::app::App;
use super::log::Urgency;
use super::task::Task;

/// Bytes that have come, those that come in all (0 if nobody says), and whether they are still wanted.
#[derive(Default)]
struct Flow {
    received: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

/// A data set on its way.
struct Work {
    name: String,
    flow: Arc<Flow>,
    task: Task<Result<(), String>>,
}

/// Which data sets are on disk, and which one is on its way.
#[derive(Default)]
pub(super) struct Downloads {
    here: Option<BTreeSet<&'static str>>,
    looking: Option<Task<BTreeSet<&'static str>>>,
    work: Option<Work>,
}

/// How a data set stands.
pub(super) enum Stand {
    /// On disk, part of the program, or nothing that can be fetched.
    Here,
    Missing,
    Coming {
        share: f32,
        words: String,
    },
}

impl Downloads {
    /// How a data set stands, as far as is known.
    pub(super) fn stand(&self, name: &str) -> Stand {
        if let Some(work) = self.work.as_ref().filter(|work| work.name == name) {
            let (received, total) =
                (work.flow.received.load(Ordering::Relaxed), work.flow.total.load(Ordering::Relaxed));
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            let share = if total == 0 { 0.0 } else { received as f32 / total as f32 };
            let words = format!("{:.1} of {:.1} MB", megabytes(received), megabytes(total));
            return Stand::Coming { share, words };
        }
        let is_known = ENTRIES.iter().any(|entry| entry.name == name);
        let is_here = self.here.as_ref().is_none_or(|here| here.contains(name));
        if is_known && !is_here { Stand::Missing } else { Stand::Here }
    }

    /// Looks at the disk once, and takes what came; what happened, in words.
    fn follow(&mut self, context: &Context) -> Option<Result<String, String>> {
        if self.here.is_none() && self.looking.is_none() {
            self.looking = Task::spawn("data sets", context, || {
                let cache = default_cache_folder();
                ENTRIES.iter().filter(|entry| entry.is_available(&cache)).map(|entry| entry.name).collect()
            });
        }
        if let Some(found) = self.looking.as_ref().and_then(Task::poll) {
            (self.looking, self.here) = (None, Some(found.unwrap_or_default()));
        }
        let result = self.work.as_ref().and_then(|work| work.task.poll())?;
        let work = self.work.take()?;
        self.here = None;
        if work.flow.cancelled.load(Ordering::Relaxed) {
            return Some(Ok(format!(
                "The download of {} was cancelled; it goes on where it ended",
                work.name
            )));
        }
        let result = result.unwrap_or_else(|()| Err("the work died".to_owned()));
        Some(
            result
                .map(|()| format!("{} is on disk now", work.name))
                .map_err(|error| format!("{} could not be downloaded: {error}", work.name)),
        )
    }

    fn start(&mut self, name: String, context: &Context) {
        if self.work.is_some() {
            return;
        }
        let flow = Arc::new(Flow::default());
        let (wanted, told, waker) = (name.clone(), Arc::clone(&flow), context.clone());
        let task = Task::spawn("download", context, move || {
            let mut show = |progress: weightscope_frame::data::Progress<'_>| {
                told.received.store(progress.received_bytes, Ordering::Relaxed);
                told.total.store(progress.total_bytes.unwrap_or(0), Ordering::Relaxed);
                waker.request_repaint_after(std::time::Duration::from_millis(200));
            };
            let cancelled = || told.cancelled.load(Ordering::Relaxed);
            let got = catalogue::get(&wanted, &default_cache_folder(), None, &mut show, &cancelled);
            got.map(|_| ()).map_err(|error| error.to_string())
        });
        self.work = task.map(|task| Work { name, flow, task });
    }
}

impl App {
    /// Takes what came of downloads.
    pub(super) fn drain_downloads(&mut self, context: &Context) {
        match self.downloads.follow(context) {
            Some(Ok(text)) => self.say(Urgency::Info, text),
            Some(Err(text)) => self.say(Urgency::Error, text),
            None => {}
        }
    }

    /// Begins to fetch a data set, one at a time.
    pub(super) fn download(&mut self, name: String, context: &Context) {
        self.downloads.start(name, context);
    }

    /// Ends the download that goes on.
    pub(super) fn cancel_download(&self) {
        if let Some(work) = &self.downloads.work {
            work.flow.cancelled.store(true, Ordering::Relaxed);
        }
    }
}
