//! The first checkpoint of a folder, from which distances are measured: waited for where a training has written nothing yet, and kept as
//! a copy in the folder of a run that watches, because trainings overwrite and delete their files.
//!
//! Contract: the copy is made before a number is computed, and everything is computed from it; so does a repetition, whatever became of
//! the original. What became of it is said, and is no error.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, Request, RunError};
use weightscope_weights::Stamp;

use super::STOP;
use super::copies::{KEPT, MARK, MOST_KEPT, copy};
use super::listed::Followed;
use crate::config::Config;
use crate::files;

/// How often a copy is tried whose original changes meanwhile.
const TRIES: usize = 3;
/// How often a folder is looked at that has no checkpoint yet.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the person's hand is looked at meanwhile.
const ANSWER_EVERY: Duration = Duration::from_millis(20);

/// Waits until a watched folder has its first checkpoint, the time to watch is over, or the person wants to watch no longer.
pub(super) fn wait(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    let Some(place) = config.checkpoints() else { return Ok(()) };
    let begun = Instant::now();
    let mut followed = Followed::open(config, None)?;
    let mut has_said = false;
    while followed.first().is_none() {
        if context.is_repeated() || begun.elapsed().as_secs_f64() >= config.watch_seconds {
            let text = if config.watch_seconds > 0.0 {
                "no checkpoint has come while the folder was watched, and nothing is measured"
            } else {
                "no checkpoint lies in the folder yet, and nothing is measured; watch_seconds says how long to wait for the first"
            };
            context.warn(&format!("{text}: {}", place.display()));
            return Ok(());
        }
        if !has_said {
            context.message(&format!("waiting for the first checkpoint: {}", place.display()));
            context.show_passing(|_| ());
            has_said = true;
        }
        if pause(context)? {
            context.message("watching was ended before a checkpoint came");
            return Ok(());
        }
        if files::holds(&config.folder) != config.holds() {
            let text = "what lies in the folder now are no checkpoints but a recording or event files; run again to follow them";
            context.warn(&format!("{text}: {}", place.display()));
            return Ok(());
        }
        followed.look();
    }
    Ok(())
}

/// Waits for the next look; true if the person wants to watch no longer.
fn pause(context: &Context<'_>) -> Result<bool, RunError> {
    let until = Instant::now() + LOOK_EVERY;
    while Instant::now() < until {
        context.check()?;
        if context
            .requests()
            .iter()
            .any(|request| matches!(request, Request::Action { id, .. } if id == STOP))
        {
            return Ok(true);
        }
        std::thread::sleep(ANSWER_EVERY);
    }
    Ok(false)
}

/// Copies the first checkpoint of a watched folder into the run's folder; the folder of the copy. None for a run that does not watch, or has
/// no folder, or is a repetition, and for long checkpoints.
pub(super) fn keep(config: &Config, context: &mut Context<'_>) -> Result<Option<PathBuf>, RunError> {
    let (Some(place), Some(run)) = (config.checkpoints(), context.folder().map(Path::to_owned)) else {
        return Ok(None);
    };
    if config.watch_seconds <= 0.0 || context.is_repeated() {
        return Ok(None);
    }
    // A training may write into the file just now: the copy is of one state, or there is none.
    for _ in 0..TRIES {
        let followed = Followed::open(config, None)?;
        let Some(first) = followed.first() else { return Ok(None) };
        let source = files::open_at("folder", &first.place)?;
        let bytes: u64 = source.stamps().iter().map(|stamp| stamp.bytes).sum();
        let inside =
            |stamp: &Stamp| Some((stamp.path.clone(), stamp.path.strip_prefix(&place).ok()?.to_owned()));
        let Some(pairs) = source.stamps().iter().map(inside).collect::<Option<Vec<_>>>() else {
            let text = "no copy is kept of a first checkpoint with files outside the folder, nor of later ones: the run can be repeated and verified only as long as all of them stay";
            context.message(&format!("{text}: {}", first.shown));
            return Ok(None);
        };
        if pairs.is_empty() {
            return Ok(None);
        }
        if bytes > MOST_KEPT {
            let text = "no copy is kept of checkpoints above 256 MB: if the training overwrites the first one, distances to it end there; the run can be repeated and verified only as long as all of them stay";
            context.message(&format!("{text}: {}", first.shown));
            return Ok(None);
        }
        let folder = run.join(KEPT);
        for (from, name) in &pairs {
            context.check()?;
            if let Err(error) = copy(from, &folder.join(name)) {
                context.warn(&format!(
                    "no copy of the first checkpoint is kept ({error}), and the run goes on without: {}",
                    first.shown
                ));
                return Ok(None);
            }
        }
        if source.stamps().iter().all(Stamp::is_current) {
            let words = format!("A copy of {}, from which the run measures distances.\n", first.shown);
            context.write_file(MARK, words.as_bytes())?;
            return Ok(Some(folder));
        }
    }
    context.warn(&format!(
        "no copy of the first checkpoint is kept, since it was written to while it was copied; distances to it end where it is overwritten: {}",
        place.display()
    ));
    Ok(None)
}

/// The files of the first checkpoint where the training wrote them.
#[derive(Debug, Default)]
pub(super) struct Original {
    name: String,
    stamps: Vec<Stamp>,
    has_copy: bool,
    is_lost: bool,
}

impl Original {
    /// The files behind the first source of a run.
    pub(super) fn of(run: &Running<'_, '_, Config>) -> Self {
        let Some((followed, first)) =
            run.shared.folder.as_ref().and_then(|followed| Some((followed, followed.first()?)))
        else {
            return Self::default();
        };
        let there = |stamp: &Stamp| Stamp { path: followed.original(&stamp.path), ..stamp.clone() };
        let stamps = run.shared.source.stamps().iter().map(there).collect();
        // A repetition compares nothing with what lies there now.
        let is_lost = run.context.is_repeated();
        Self { name: first.name.clone(), stamps, has_copy: followed.has_copy(), is_lost }
    }

    /// What became of it, said once: it was deleted or overwritten.
    pub(super) fn look(&mut self, run: &mut Running<'_, '_, Config>) {
        let Some(stamp) = self.stamps.iter().find(|stamp| !self.is_lost && !stamp.is_current()) else {
            return;
        };
        self.is_lost = true;
        let what = match std::fs::metadata(&stamp.path).and_then(|found| found.modified()) {
            Ok(time) => {
                let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                format!("was overwritten at {}", utc(since))
            }
            Err(_) => "was deleted".to_owned(),
        };
        let after = run
            .state
            .path
            .taken
            .last()
            .map_or_else(String::new, |last| format!(", after {} was taken in", last.name));
        let then = if self.has_copy {
            "distances are measured from the copy that the run keeps"
        } else {
            "the run keeps no copy of it, and cannot be repeated; distances end once it cannot be read"
        };
        run.warn(&format!("{} {what}{after}: {then}: {}", self.name, stamp.path.display()));
        run.state.path.lost = Some((self.name.clone(), format!("{what}{after}")));
    }
}

/// A time of the day, for people.
fn utc(since_1970: u64) -> String {
    let (minutes, seconds) = (since_1970 / 60, since_1970 % 60);
    format!("{:02}:{:02}:{seconds:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// The values of a tensor of the first checkpoint; none once it cannot be read any more, which is said once.
pub(super) fn values(run: &mut Running<'_, '_, Config>, row: usize) -> Result<Option<Vec<f32>>, RunError> {
    if run.state.path.is_first_gone {
        return Ok(None);
    }
    let shared = run.shared;
    let place = shared.tensors.get(row).copied().unwrap_or_default();
    match files::whole(shared.source.as_ref(), place, || run.context.check()) {
        Ok(values) => Ok(Some(values)),
        Err(RunError::Problems(problems)) => {
            let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            run.warn(&format!(
                "distances to the first checkpoint end here, because it cannot be read any more: {why}"
            ));
            run.state.path.is_first_gone = true;
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
