//! The stage of a recording or of event files: what a training wrote is taken in, and more is waited for.
//!
//! Nothing of it is saved: a run that goes on reads again. What grew meanwhile is no part of a repetition, which ends at the frame at
//! which the run ended.

use std::time::{Duration, Instant};

use weightscope_data::{Doubt, Read};
use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_logs::events;
use weightscope_logs::recording::{Metrics, Recording};
use weightscope_math::oscillation::attribution::Flips;

use super::folder::Following;
use crate::config::Config;
use crate::demo;
use crate::logged::Logged;
use crate::metrics;
use crate::recorded::{Figures, Taken, figures, pictures, place, placed::Chosen};

/// How often a recording is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is counted of a recording.
const FRAMES: &str = "frames";

/// What is followed.
struct Followed {
    recording: Option<(Recording, Taken, Metrics)>,
    events: Option<events::Folder>,
    logged: Logged,
    /// What was there at the first look has been taken in, but for metrics of which more stands in the file.
    has_begun: bool,
    is_behind: bool,
    /// Sentences that were said.
    said: Vec<String>,
}

/// What is read of a recording or of event files when a run begins.
pub(super) fn reads(config: &Config) -> Result<Vec<Read>, RunError> {
    let path = demo::folder(&config.folder);
    let path = path.as_path();
    if config.logs() {
        let folder = events::Folder::open(path).map_err(failed)?;
        let files: usize = folder.runs().iter().map(|run| run.files().len()).sum();
        let names: Vec<&str> = folder.runs().iter().map(events::FollowedRun::name).collect();
        return Ok(vec![Read {
            place: config.folder.trim().to_owned(),
            form: "TensorBoard event files".to_owned(),
            // Files grow and come: the folder is known by its place.
            hash: blake3::hash(format!("{}\n{}", path.display(), names.join("\n")).as_bytes())
                .to_hex()
                .to_string(),
            rows: files,
            of: "event files".to_owned(),
            ..Read::default()
        }]);
    }
    let recording = Recording::open(path).map_err(failed)?;
    Ok(vec![Read {
        place: config.folder.trim().to_owned(),
        form: "recording".to_owned(),
        hash: recording.identity().map_err(failed)?,
        rows: recording.tensors().len(),
        of: "sampled tensors".to_owned(),
        doubts: doubts(&recording.said()),
        ..Read::default()
    }])
}

fn doubts(said: &[String]) -> Vec<Doubt> {
    let doubt = |said: &String| Doubt {
        why: said.trim_end_matches('.').to_owned(),
        remedy: "figures are of the frames that are sound".to_owned(),
        ..Doubt::default()
    };
    said.iter().map(doubt).collect()
}

fn failed(error: impl std::fmt::Display) -> RunError {
    RunError::setting("folder", error.to_string())
}

/// Takes in what lies there, and waits for more.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let mut followed = Followed::open(run.settings)?;
    let mut following = Following::begin(run);
    // Frames that were left out as broken count too: a repetition reaches as far.
    let reached = |read: &Read| read.rows + read.left_out.iter().map(|(_, count)| count).sum::<usize>();
    let until = run.context.begun_with(run.settings.folder.trim(), FRAMES).map(reached);
    let mut last_news = Instant::now();
    loop {
        let mut is_news = false;
        if let Some(following) = &mut following {
            while following.take(run)? {
                is_news = true;
            }
        }
        if followed.take(run, until)? {
            run.begin_step(0.0)?;
            followed.show(run);
            run.end_step()?;
            is_news = true;
        }
        if followed.is_behind {
            continue;
        }
        if is_news {
            last_news = Instant::now();
        } else {
            // The last steps may have come too fast to be shown.
            run.context.show_passing(|_| ());
        }
        let is_over =
            run.context.is_repeated() || last_news.elapsed().as_secs_f64() >= run.settings.watch_seconds;
        if (is_over && !is_news) || until.is_some_and(|until| followed.reached() >= until) {
            break;
        }
        if super::wait(run, if is_over { Duration::ZERO } else { LOOK_EVERY })? {
            break;
        }
        followed.refresh(run);
        if let Some(following) = &mut following {
            following.look(run);
        }
    }
    if let Some(following) = &following {
        following.show(run);
    }
    followed.finish(run)
}

impl Followed {
    fn open(config: &Config) -> Result<Self, RunError> {
        let path = demo::folder(&config.folder);
        let path = path.as_path();
        let (mut recording, mut events) = (None, None);
        if config.logs() {
            events = Some(events::Folder::open(path).map_err(failed)?);
        } else {
            let opened = Recording::open(path).map_err(failed)?;
            let (taken, numbers) = (Taken::new(&opened), opened.metrics());
            recording = Some((opened, taken, numbers));
        }
        let (logged, said) = (Logged::default(), Vec::new());
        Ok(Self { recording, events, logged, has_begun: false, is_behind: false, said })
    }

    /// Takes in what has come; true if there was anything. At first that is the weights and the beginning of the metrics: a picture of a
    /// long training does not wait for a million lines.
    fn take(&mut self, run: &mut Running<'_, '_, Config>, until: Option<usize>) -> Result<bool, RunError> {
        let mut is_news = false;
        if let Some((recording, taken, numbers)) = &mut self.recording {
            let until = until.unwrap_or(usize::MAX);
            is_news |= taken.take(recording, until, &mut || run.check())?;
            self.is_behind = false;
            loop {
                run.check()?;
                // Metrics that cannot be read hide no weights.
                let batch = match numbers.poll(recording.sessions()) {
                    Ok(batch) => batch,
                    Err(error) => {
                        say(run, &mut self.said, error.to_string());
                        break;
                    }
                };
                for by in &batch.superseded {
                    self.logged.begin_again(".", by.step as f64);
                }
                is_news |= !batch.lines.is_empty();
                for line in batch.lines {
                    for (name, value) in &line.values {
                        self.logged.number(name, line.step as f64, *value);
                    }
                }
                self.is_behind = batch.is_behind && !self.has_begun;
                if !batch.is_behind || self.is_behind {
                    break;
                }
            }
        }
        self.has_begun = true;
        if let Some(folder) = &mut self.events {
            loop {
                run.check()?;
                for batch in folder.poll().map_err(failed)? {
                    is_news = true;
                    let name = folder.runs().get(batch.run).map_or(".", |run| run.name()).to_owned();
                    self.logged.entries(&name, batch.entries);
                }
                if !folder.has_more() {
                    break;
                }
            }
        }
        Ok(is_news)
    }

    /// Looks again. What goes wrong is said once, and what was read stays.
    fn refresh(&mut self, run: &mut Running<'_, '_, Config>) {
        let mut news = Vec::new();
        if let Some((recording, _, numbers)) = &mut self.recording {
            if let Err(error) = recording.refresh() {
                news.push(error.to_string());
            }
            news.extend(recording.said());
            news.extend(numbers.said());
        }
        if let Some(folder) = &self.events {
            news.extend(folder.said().iter().cloned());
            news.extend(folder.runs().iter().flat_map(events::FollowedRun::said));
        }
        for news in news {
            say(run, &mut self.said, news);
        }
    }

    fn show(&self, run: &mut Running<'_, '_, Config>) {
        let mut channels = self.logged.channels();
        if let Some((recording, taken, _)) = &self.recording {
            channels.extend(pictures::channels(taken, recording));
        }
        channels.into_iter().for_each(|channel| run.context.record().insert(channel));
    }

    /// Frames that are behind.
    fn reached(&self) -> usize {
        self.recording.as_ref().map_or(0, |(recording, taken, _)| taken.reached().min(recording.frames()))
    }

    /// Final figures, and what the run is a function of.
    fn finish(&mut self, run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
        self.refresh(run);
        self.show(run);
        let Some((recording, taken, _)) = &self.recording else { return Ok(()) };
        let frames = taken.reached().min(recording.frames());
        // Of a thinned recording each broken frame stands for those that it would have stood for.
        let broken = (taken.broken as usize * taken.stride).min(frames);
        if broken == frames && frames > 0 {
            run.warn("no frame of the recording is sound: its traces are those of another recording, or damaged; there is nothing to look at");
        }
        run.context.read_so_far(&Read {
            place: run.settings.folder.trim().to_owned(),
            bytes: Some(recording.bytes()),
            form: "recording".to_owned(),
            hash: recording.hash(frames).map_err(failed)?,
            rows: frames - broken,
            left_out: if broken > 0 { vec![("broken".to_owned(), broken)] } else { Vec::new() },
            of: FRAMES.to_owned(),
            ..Read::default()
        })?;
        run.result(&metrics::RECORDED_FRAMES, (frames - broken) as f64);
        let window = run.settings.window as usize;
        // Between the frames of a thinned recording level changes are lost: the figures are of its end, read whole.
        let end;
        let held = if taken.stride == 1 {
            taken
        } else {
            let count = (3 * window).min(frames);
            end = Taken::stretch(recording, frames - count, count, None)?;
            &end
        };
        report(run, held, window);
        Ok(())
    }
}

/// Warns of something once.
fn say(run: &mut Running<'_, '_, Config>, said: &mut Vec<String>, news: String) {
    if !said.contains(&news) {
        run.warn(&news);
        said.push(news);
    }
}

/// The final figures over all tensors, each weight counted alike.
fn report(run: &mut Running<'_, '_, Config>, held: &Taken, window: usize) {
    let settings = run.settings;
    let Some(chosen) = Chosen::new(settings.scale, settings.bits, settings.grouping) else { return };
    let (mut known, mut above, mut high, mut flips, mut compared) = (0, 0, 0, Flips::default(), 0);
    for track in &held.tracks {
        let placed = place(track, chosen);
        let found: Figures = figures(track, &placed, chosen, &held.sessions, window);
        known += found.known();
        above += found.above(settings.oscillation_threshold as f32);
        let restless = |ratio: f64| ratio >= crate::recorded::figures::OSCILLATING_RATIO;
        high += found.weights.iter().filter(|weight| weight.is_known && restless(weight.path_ratio)).count();
        flips += found.recent(held.steps.len(), window);
        compared += found.known() * held.steps.len().min(window);
    }
    run.result(&metrics::RECORDED_WEIGHTS, known as f64);
    if known > 0 {
        run.result(&metrics::OSCILLATING_SHARE, above as f64 / known as f64);
        run.result(&metrics::HIGH_RATIO_SHARE, high as f64 / known as f64);
        run.result(&metrics::SWITCHES, (flips.by_weight + flips.by_scale) as f64 / compared.max(1) as f64);
    }
    if let Some(share) = flips.scale_share() {
        run.result(&metrics::SCALE_DRIVEN_SHARE, share);
    }
}
