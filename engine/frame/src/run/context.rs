//! What a lab has in hand while it runs: record, control, clock, checkpoints. The lab's only way to the world.

mod reading;
mod recording;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::control::Control;
use super::error::RunError;
use super::event::{Event, Observer, Progress, Snapshot};
use super::rate::Rate;
use super::request::Request;
use super::waiting::Waiting;
use crate::device::OpenDevice;
use crate::record::declared::Declaration;
use crate::record::{Channel, Metric, Record};
use crate::store::{Marks, MetricsWriter, RunFolder, Saved, State, pack_state};
pub(super) use reading::Expected;
use reading::Sources;

/// Least time between two snapshots: at most 20 a second.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);
/// Least time between two writes of the metric stream.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Least time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// A checkpoint may take at most this share of the time, so slow disks get fewer.
const CHECKPOINT_SHARE: u32 = 50;

/// The hand of a running lab: record, final figures, clock, checkpoints, messages.
pub struct Context<'a> {
    /// The opened device.
    pub device: OpenDevice,
    /// Seed of the run.
    pub seed: u64,
    pub(super) results: BTreeMap<String, f64>,
    pub(super) results_of: BTreeMap<String, String>,
    /// What the lab may record and report.
    declared: &'static [&'static dyn Declaration],
    metrics_declared: &'static [Metric],
    /// The first thing that was recorded or reported without a declaration: ends the run at the end of the step.
    undeclared: Option<String>,
    stage_step: u64,
    stage_step_unknown: Option<u64>,
    stage_begun: (Instant, u64),
    pub(super) sources: Sources,
    pub(super) progress: Progress,
    record: Record,
    waiting: Waiting,
    control: &'a Control,
    observer: &'a mut dyn Observer,
    folder: Option<&'a RunFolder>,
    metrics: Option<MetricsWriter>,
    resumed: Option<State>,
    clock: Clock,
    epoch: f64,
}

/// Times of the last things done, and the speed.
struct Clock {
    started: Instant,
    before_seconds: f64,
    published: Option<Instant>,
    flushed: Instant,
    saved: Instant,
    save_took: Duration,
    held: Duration,
    rate: Rate,
}

impl Clock {
    /// Seconds of work so far, pauses left out.
    fn seconds(&self) -> f64 {
        self.before_seconds + self.started.elapsed().saturating_sub(self.held).as_secs_f64()
    }
}

/// What the worker hands a context.
pub(super) struct Parts<'a> {
    pub(super) device: OpenDevice,
    pub(super) seed: u64,
    pub(super) control: &'a Control,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) folder: Option<&'a RunFolder>,
    pub(super) metrics: Option<MetricsWriter>,
    pub(super) record: Record,
    pub(super) resumed: Option<(State, Marks)>,
    pub(super) declared: &'static [&'static dyn Declaration],
    pub(super) metrics_declared: &'static [Metric],
    /// The data that the run began with.
    pub(super) expected_data: Expected,
}

impl<'a> Context<'a> {
    pub(super) fn new(parts: Parts<'a>) -> Self {
        let now = Instant::now();
        let (state, marks) =
            parts.resumed.map_or((None, Marks::default()), |(state, marks)| (Some(state), marks));
        Self {
            device: parts.device,
            seed: parts.seed,
            record: parts.record,
            waiting: Waiting::default(),
            results: marks.results.clone(),
            results_of: marks.results_of.clone(),
            declared: parts.declared,
            metrics_declared: parts.metrics_declared,
            undeclared: None,
            stage_step: marks.stage_step.unwrap_or_default(),
            stage_step_unknown: marks.stage_step.is_none().then_some(marks.step),
            stage_begun: (now, marks.step),
            sources: Sources { expected: parts.expected_data, read: Vec::new() },
            progress: Progress {
                step: marks.step,
                stage: marks.stage,
                seconds: marks.seconds,
                ..Progress::default()
            },
            control: parts.control,
            observer: parts.observer,
            folder: parts.folder,
            metrics: parts.metrics,
            resumed: state,
            clock: Clock {
                started: now,
                before_seconds: marks.seconds,
                published: None,
                flushed: now,
                saved: now,
                save_took: Duration::ZERO,
                held: Duration::ZERO,
                rate: Rate::default(),
            },
            epoch: marks.epoch,
        }
    }

    /// Names the stages and their steps, before the first step.
    pub fn plan(&mut self, stages: &[(&str, u64)]) {
        // Checkpoints of older programs say nothing of the steps of the stage.
        if let Some(step) = self.stage_step_unknown.take() {
            let before: u64 = stages.iter().take(self.progress.stage).map(|(_, steps)| steps).sum();
            self.stage_step = step.saturating_sub(before);
        }
        self.progress.stages = stages.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.progress.stage_steps = stages.iter().map(|(_, steps)| *steps).collect();
        self.progress.steps = self.progress.stage_steps.iter().sum();
    }

    /// Begins a stage, or goes on with it after a resume.
    pub fn enter_stage(&mut self, index: usize) {
        if self.progress.stage != index {
            self.stage_step = 0;
        }
        self.stage_begun = (Instant::now(), self.progress.step);
        self.progress.stage = index;
        let name = self.progress.stage_name().to_owned();
        if let Some(folder) = self.folder {
            folder.log(&format!("stage {}: {name}", index + 1));
        }
        self.observer.on(Event::Stage { index, name });
    }

    /// Goes on from an earlier stage than the one in which the checkpoint was saved: for a lab whose stages do what is missing, where
    /// what an earlier one made may not reach for what a fork asks for. Called from [`Lab::restore`](crate::lab::Lab::restore).
    pub fn go_back_to(&mut self, stage: usize) {
        if self.progress.stage != stage {
            self.stage_step = 0;
        }
        self.progress.stage = stage;
    }

    /// What the lab saved at the checkpoint from which this run goes on; `None` for a new run, and after the first call.
    pub fn take_resumed(&mut self) -> Option<State> {
        self.resumed.take()
    }

    /// Steps done in the whole run.
    pub fn step(&self) -> u64 {
        self.progress.step
    }

    /// Seconds of work so far, pauses left out.
    pub fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Puts the declared channels that are no families into the record, where they are not.
    pub(crate) fn declare(&mut self) {
        for channel in self.declared.iter().filter_map(|declaration| declaration.channel()) {
            describe(&mut self.record, channel);
        }
    }

    /// The record with all that was recorded, for channels that are no scalars.
    pub fn record(&mut self) -> &mut Record {
        self.waiting.settle(&mut self.record);
        &mut self.record
    }

    /// Reports a final figure of the run; set again, the last value stands. Kept however the run ends.
    pub fn result(&mut self, metric: &Metric, value: f64) {
        self.report(metric.name.to_owned(), value);
    }

    /// Reports a final figure with what it is of, in words that only the run knows: which method, which stage.
    pub fn result_said(&mut self, metric: &Metric, value: f64, of: &str) {
        self.results_of.insert(metric.name.to_owned(), of.to_owned());
        self.result(metric, value);
    }

    /// Reports the figure of one member of a family of figures.
    pub fn result_of(&mut self, family: &Metric, member: &str, value: f64) {
        self.report(family.name_of(member), value);
    }

    fn report(&mut self, name: String, value: f64) {
        let known = Metric::find(self.metrics_declared, &name).is_some();
        if !known && self.undeclared.is_none() {
            self.undeclared =
                Some(format!("the result \"{name}\" was reported, and the lab does not declare it"));
        }
        self.results.insert(name, value);
    }

    /// An error if something was recorded or reported that the lab does not declare.
    pub(crate) fn declared_all(&mut self) -> Result<(), RunError> {
        self.undeclared.take().map_or(Ok(()), |what| Err(RunError::Defect(what)))
    }

    /// For loops inside a step: waits while the run is paused, ends when it is cancelled.
    pub fn check(&self) -> Result<(), RunError> {
        Ok(self.control.check()?)
    }

    /// The run's control, for workers beside this one.
    pub fn control(&self) -> &'a Control {
        self.control
    }

    /// Requests of the person since the last call.
    pub fn requests(&self) -> Vec<Request> {
        self.control.take_requests()
    }

    /// Tells the person something.
    pub fn message(&mut self, text: &str) {
        if let Some(folder) = self.folder {
            folder.log(text);
        }
        self.observer.on(Event::Message(text.to_owned()));
    }

    /// Warns the person.
    pub fn warn(&mut self, text: &str) {
        if let Some(folder) = self.folder {
            folder.log(&format!("warning: {text}"));
        }
        self.observer.on(Event::Warning(text.to_owned()));
    }

    /// An error for a quantity that is no finite number, else nothing.
    pub fn finite(&self, what: &str, value: f64) -> Result<(), RunError> {
        if value.is_finite() {
            return Ok(());
        }
        Err(RunError::Diverged {
            what: what.to_owned(),
            step: self.progress.step,
            stage: self.progress.stage_name().to_owned(),
        })
    }

    /// Place of the stage in work, from 0.
    pub(crate) fn stage_in_work(&self) -> usize {
        self.progress.stage
    }

    /// Steps done in the present stage.
    pub fn stage_step(&self) -> u64 {
        self.stage_step
    }

    /// Steps a second since the stage began, or went on after a resume; `None` before the first step.
    pub fn stage_speed(&self) -> Option<f64> {
        let (begun, step) = self.stage_begun;
        let (steps, seconds) = (self.progress.step.saturating_sub(step), begun.elapsed().as_secs_f64());
        (steps > 0 && seconds > 0.0).then(|| steps as f64 / seconds)
    }

    /// Moves to the next step; values recorded from now on belong to it.
    pub fn begin_step(&mut self, epoch: f64) {
        self.progress.step += 1;
        self.stage_step += 1;
        self.epoch = epoch;
    }

    /// Ends a step: publishes, writes and saves what is due, then waits if the run is paused. A cancelled run ends here, with its state
    /// saved. `state` is that from which the run can go on after this step; it is looked at only when a checkpoint is due.
    pub(crate) fn end_step_with(&mut self, state: &mut dyn Saved) -> Result<(), RunError> {
        self.declared_all()?;
        let now = Instant::now();
        let mut holding = self.control.will_hold();
        let mut is_ready = holding || self.control.is_cancelled();
        loop {
            if holding || self.clock.published.is_none_or(|last| now.duration_since(last) >= PUBLISH_EVERY) {
                self.clock.rate.update(now, self.progress.step);
                self.publish(holding);
            }
            if now.duration_since(self.clock.flushed) >= FLUSH_EVERY {
                self.flush()?;
            }
            let interval = CHECKPOINT_EVERY.max(self.clock.save_took * CHECKPOINT_SHARE);
            let is_due = is_ready || now.duration_since(self.clock.saved) >= interval;
            // A run without a folder has nowhere to save: its state is not even packed.
            if is_due && self.folder.is_some() {
                self.checkpoint(state)?;
            }
            if self.control.boundary(is_ready)? {
                break;
            }
            // The hand came between: the run is held, or ended, as it stands after this very step.
            (holding, is_ready) = (!self.control.is_cancelled(), true);
        }
        if holding {
            self.clock.held += now.elapsed();
            self.clock.rate.forget_interval();
        }
        Ok(())
    }

    /// Inside a long step: publishes what is due; while the run is held, saves and waits; of a cancelled run it saves the state.
    pub(crate) fn breathe(&mut self, state: &mut dyn Saved) -> Result<(), RunError> {
        let now = Instant::now();
        if self.control.is_cancelled() {
            self.checkpoint(state)?;
        } else if self.control.will_hold() {
            self.publish(true);
            self.checkpoint(state)?;
            self.control.check()?;
            self.clock.held += now.elapsed();
            self.clock.rate.forget_interval();
            return Ok(());
        }
        if self.is_publish_due() {
            self.clock.rate.update(now, self.progress.step);
            self.publish(false);
        }
        self.check()
    }

    /// True if enough time has passed since the last snapshot for another one.
    pub fn is_publish_due(&self) -> bool {
        self.clock.published.is_none_or(|last| last.elapsed() >= PUBLISH_EVERY)
    }

    /// Shows the record with a change that is not kept: what is known before its turn. It reaches whoever looks on, and neither
    /// the record, nor a file, nor a number of the run.
    pub fn show_passing(&mut self, change: impl FnOnce(&mut Record)) {
        let mut passing = self.record().clone();
        change(&mut passing);
        let kept = std::mem::replace(&mut self.record, passing);
        self.publish(false);
        self.record = kept;
    }

    /// The run folder, if the run has one.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.map(RunFolder::path)
    }

    /// Writes a file of the lab's own into the run folder, whole or not at all; nothing for a run without a folder.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        if let Some(folder) = self.folder {
            folder.write_file(name, bytes)?;
        }
        Ok(())
    }

    /// The same for a file that is too long to stand in memory: `content` writes it, piece by piece.
    pub fn write_file_by(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<(), RunError> {
        if let Some(folder) = self.folder {
            folder.write_file_by(name, content)?;
        }
        Ok(())
    }

    /// Saves a checkpoint now.
    pub fn checkpoint(&mut self, state: &mut dyn Saved) -> Result<(), RunError> {
        let begun = Instant::now();
        self.waiting.settle(&mut self.record);
        let (Some(folder), Some(metrics)) = (self.folder, &mut self.metrics) else { return Ok(()) };
        folder.is_own()?;
        let packed = pack_state(state)?;
        let metrics_bytes = metrics.sync()?;
        let marks = Marks {
            step: self.progress.step,
            stage: self.progress.stage,
            stage_step: Some(self.stage_step),
            results: self.results.clone(),
            results_of: self.results_of.clone(),
            epoch: self.epoch,
            seconds: self.clock.seconds(),
            metrics_bytes,
        };
        folder.write_checkpoint(packed, &marks, &self.record)?;
        self.clock.saved = Instant::now();
        self.clock.save_took = self.clock.saved.duration_since(begun);
        self.observer.on(Event::Checkpoint { step: marks.step });
        Ok(())
    }

    /// Publishes the present state.
    pub(super) fn publish(&mut self, paused: bool) {
        self.progress.seconds = self.seconds();
        self.progress.steps_per_second = self.clock.rate.per_second;
        self.progress.seconds_left = self.seconds_left();
        self.clock.published = Some(Instant::now());
        let record = self.record().clone();
        self.observer.publish(Arc::new(Snapshot { record, progress: self.progress.clone(), paused }));
    }

    /// Writes the buffered metric rows.
    pub(super) fn flush(&mut self) -> Result<(), RunError> {
        self.clock.flushed = Instant::now();
        self.folder.map_or(Ok(()), RunFolder::is_own)?;
        if let Some(metrics) = &mut self.metrics {
            metrics.flush()?;
        }
        Ok(())
    }

    /// Writes the metric rows and makes them durable.
    pub(super) fn sync(&mut self) -> Result<(), RunError> {
        self.folder.map_or(Ok(()), RunFolder::is_own)?;
        if let Some(metrics) = &mut self.metrics {
            metrics.sync()?;
        }
        Ok(())
    }

    /// Passes an event on.
    pub(super) fn tell(&mut self, event: Event) {
        self.observer.on(event);
    }

    fn seconds_left(&self) -> Option<f64> {
        const LEAST_SHARE: f32 = 0.03;
        const LEAST_SECONDS: f64 = 5.0;
        let rate = self.clock.rate.per_second;
        let known = self.progress.fraction() >= LEAST_SHARE || self.progress.seconds >= LEAST_SECONDS;
        (known && rate > 0.0).then(|| self.progress.steps.saturating_sub(self.progress.step) as f64 / rate)
    }
}

/// Declares a channel, or gives one that a checkpoint brought its present words.
fn describe(record: &mut Record, channel: Channel) {
    if let Some(known) = record.get_mut(&channel.id) {
        (known.label, known.unit, known.about, known.clock) =
            (channel.label, channel.unit, channel.about, channel.clock);
    } else {
        record.insert(channel);
    }
}
