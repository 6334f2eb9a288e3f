//! What a run tells its observer: rare events, none lost, and frequent snapshots, of which the latest counts.

use std::path::PathBuf;
use std::sync::Arc;

use crate::record::Record;
use crate::store::Status;

/// Events in flight before the worker waits for its observer.
pub const EVENT_BOUND: usize = 1024;

/// Rare news; delivered in order, none lost.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run has a folder and goes.
    Started {
        /// The run folder, if it has one.
        folder: Option<PathBuf>,
        /// Device in words.
        device: String,
    },
    /// A stage begins.
    Stage {
        /// Its place, from 0.
        index: usize,
        /// Its name.
        name: String,
    },
    /// A checkpoint is safely on disk.
    Checkpoint {
        /// Step.
        step: u64,
    },
    /// Something worth knowing.
    Message(String),
    /// Something worth worrying about.
    Warning(String),
    /// The run has ended, well or not.
    Ended {
        /// How.
        status: Status,
        /// Why, when it failed.
        reason: Option<String>,
    },
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Place of the stage, from 0.
    pub stage: usize,
    /// Names of all stages.
    pub stages: Vec<String>,
    /// Steps of each stage.
    pub stage_steps: Vec<u64>,
    /// Steps done in all stages.
    pub step: u64,
    /// Steps of all stages.
    pub steps: u64,
    /// Seconds since the start, without pauses of the program (a resumed run goes on counting).
    pub seconds: f64,
    /// Expected seconds to go; `None` until 3 % or 5 s are done.
    pub seconds_left: Option<f64>,
    /// Steps a second, averaged over the last seconds.
    pub steps_per_second: f64,
}

impl Progress {
    /// Done share, 0 to 1.
    pub fn fraction(&self) -> f32 {
        if self.steps == 0 { 0.0 } else { (self.step as f64 / self.steps as f64).min(1.0) as f32 }
    }

    /// How far it came, in words: the steps of the present stage, where there are several, and of all.
    pub fn reached(&self) -> String {
        let place = match self.stages.len() {
            0 | 1 => String::new(),
            all => {
                let before: u64 = self.stage_steps.iter().take(self.stage).sum();
                let own = self.stage_steps.get(self.stage).copied().unwrap_or_default();
                let done = self.step.saturating_sub(before).min(own);
                format!(", {done} of {own} in stage {} of {all} ({})", self.stage + 1, self.stage_name())
            }
        };
        format!("after {} of {} steps{place}", self.step, self.steps)
    }

    /// Name of the present stage.
    pub fn stage_name(&self) -> &str {
        self.stages.get(self.stage).map_or("", String::as_str)
    }
}

/// All that is known of a run at one moment; immutable.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Everything measured so far.
    pub record: Record,
    /// How far the run is.
    pub progress: Progress,
    /// True while the run is held at a step.
    pub paused: bool,
}

/// Who watches a run: the window, the command line, a test.
pub trait Observer: Send {
    /// News. May wait; the run waits with it.
    fn on(&mut self, event: Event);
    /// A new state; a slow observer may skip all but the last.
    fn publish(&mut self, snapshot: Arc<Snapshot>);
}
