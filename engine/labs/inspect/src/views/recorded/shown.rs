//! What the views of a recording share: controls, and the weights that are looked at under the quantizer that is looked through.

use std::sync::Arc;

use weightscope_frame::lab::Derive;
use weightscope_frame::record::declared::{self, Of as _};
use weightscope_frame::record::{Channel, ControlKind, ControlSpec, Curve, Data, Record, Timeline};
use weightscope_frame::run::RunError;
use weightscope_logs::recording::Recording;

use super::super::shown::{widths, words};
use super::stretch::{Judged, Place, Stretch, stretch};
use crate::channels as ch;
use crate::config::{Config, Grouping, Scale};
use crate::demo;
use crate::recorded::placed::Chosen;
use crate::recorded::{Figures, Placed, pictures};

/// Controls.
pub(super) const TENSOR: &str = "recorded_tensor";
pub(super) const BITS: &str = "recorded_bits";
pub(super) const SCALE: &str = "recorded_scale";
pub(super) const GROUPING: &str = "recorded_grouping";
pub(super) const PART: &str = "recorded_part";
pub(super) const MIDDLE: &str = "recorded_middle";
pub(super) const RANK: &str = "recorded_rank";
/// All of them.
const ALL: [&str; 6] = [TENSOR, BITS, SCALE, GROUPING, PART, MIDDLE];
/// Keys of the part.
const WHOLE: &str = "whole";
const PARTS: [(&str, &str, usize); 3] =
    [("200", "200 frames", 200), ("1000", "1,000 frames", 1000), ("4000", "4,000 frames", 4000)];

/// What is looked at.
pub(super) struct Shown {
    /// The frames of the tensor.
    pub(super) of: Arc<Stretch>,
    judged: Arc<Judged>,
    pub(super) chosen: Chosen,
}

/// The controls, in the order in which they stand in each view.
pub(super) fn controls(config: &Config) -> Vec<ControlSpec> {
    let choice = |options: Vec<(String, String)>, initial: &str| ControlKind::Choice {
        options,
        initial: initial.to_owned(),
    };
    let scales = Scale::ALL.iter().map(|scale| (scale.key().to_owned(), scale.label().to_owned()));
    // Of narrower groups the magnitudes are not recorded.
    let groupings = [Grouping::Tensor, Grouping::Row];
    let grouping = if groupings.contains(&config.grouping) { config.grouping } else { Grouping::Row };
    let mut parts = vec![(WHOLE.to_owned(), "the whole recording".to_owned())];
    parts.extend(PARTS.iter().map(|(key, words, _)| ((*key).to_owned(), (*words).to_owned())));
    let middle = ControlKind::Number { low: 0.0, high: 100.0, initial: 100.0, logarithmic: false };
    vec![
        ControlSpec::new(
            TENSOR,
            "Recorded tensor",
            "The tensor whose sampled weights are looked at.",
            ControlKind::ChoiceFrom { channel: ch::RECORDED_TENSORS.id().to_owned() },
        ),
        ControlSpec::new(BITS, "Bits", "Width of the integer levels, chosen afterwards.", widths(config)),
        ControlSpec::new(
            SCALE,
            "Scale",
            "How the quantization step follows from the recorded magnitudes, chosen afterwards.",
            choice(scales.collect(), config.scale.key()),
        ),
        ControlSpec::new(
            GROUPING,
            "Grouping",
            "What shares one step; with a step a row only weights in rows whose magnitudes were recorded have a level.",
            choice(
                groupings.iter().map(|one| (one.key().to_owned(), words(*one).to_owned())).collect(),
                grouping.key(),
            ),
        ),
        ControlSpec::new(
            PART,
            "Part",
            "The whole recording (of a long one each so many frames), or a stretch of it, every frame of it.",
            choice(parts, WHOLE),
        ),
        ControlSpec::new(MIDDLE, "Where", "The middle of the stretch, in percent of the recording.", middle)
            .not_at(PART, &[WHOLE]),
    ]
}

/// Which weight is drawn first, by its place in the table of restless weights.
pub(super) fn rank() -> ControlSpec {
    let kind = ControlKind::Row { of: declared::Declaration::pattern(&ch::RECORDED_WEIGHTS) };
    let about = "Place in the table of restless weights of the weight that is drawn first, counted from 0.";
    ControlSpec::new(RANK, "From rank", about, kind)
}

/// Weights whose level is known, the most restless first: by their oscillations, then by their path ratios.
pub(super) fn ranked(figures: &Figures) -> Vec<usize> {
    let numbered = figures.weights.iter().enumerate().filter(|(_, found)| found.is_known);
    let mut order: Vec<(usize, u32, f64)> = numbered
        .map(|(weight, found)| {
            let ratio = if found.path_ratio.is_finite() { found.path_ratio } else { 0.0 };
            (weight, found.oscillations, ratio)
        })
        .collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.total_cmp(&a.2)));
    order.into_iter().map(|(weight, _, _)| weight).collect()
}

/// The ids of the controls, as views list what they derive from.
pub(super) fn derives() -> Vec<String> {
    ALL.map(str::to_owned).to_vec()
}

/// What the controls point at; none before anything is recorded.
pub(super) fn shown(config: &Config, job: &Derive<'_>) -> Result<Option<Shown>, RunError> {
    let Some(chosen) = chosen(config, job) else { return Ok(None) };
    let Some(name) = name(job) else { return Ok(None) };
    let part = job.controls.word(PART).and_then(|key| PARTS.iter().find(|(known, _, _)| *known == key));
    let found = match part {
        Some((_, _, frames)) => closer(config, job, &name, *frames)?,
        None => pictures::track(job.record, &name)
            .map(|(track, steps, sessions)| Arc::new(Stretch::new(track, steps, sessions))),
    };
    Ok(found.map(|of| Shown { judged: of.judged(chosen), of, chosen }))
}

/// The name of the tensor that is looked at: the one that was chosen, else the first.
pub(super) fn name(job: &Derive<'_>) -> Option<String> {
    let names = names(job.record);
    let chosen = job.controls.word(TENSOR).filter(|chosen| names.iter().any(|name| name == chosen));
    chosen.map(str::to_owned).or_else(|| names.into_iter().next())
}

/// Names of all recorded tensors.
pub(super) fn names(record: &Record) -> Vec<String> {
    match record.get(ch::RECORDED_TENSORS.id()).map(|channel| &channel.data) {
        Some(Data::Choices(choices)) => choices.iter().map(|(key, _)| key.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The quantizer that is looked through.
pub(super) fn chosen(config: &Config, job: &Derive<'_>) -> Option<Chosen> {
    let word = |id| job.controls.word(id);
    let bits = word(BITS).and_then(|bits| bits.parse().ok()).unwrap_or(config.bits);
    let scale = Scale::ALL.iter().copied().find(|scale| Some(scale.key()) == word(SCALE));
    let grouping = Grouping::ALL.iter().copied().find(|grouping| Some(grouping.key()) == word(GROUPING));
    let own = match config.grouping {
        Grouping::Tensor => Grouping::Tensor,
        _ => Grouping::Row,
    };
    Chosen::new(scale.unwrap_or(config.scale), bits, grouping.unwrap_or(own))
}

/// Each frame of a stretch, read from the recording again.
fn closer(
    config: &Config,
    job: &Derive<'_>,
    name: &str,
    frames: usize,
) -> Result<Option<Arc<Stretch>>, RunError> {
    let failed = |why: String| {
        let text = format!("{why}; the part \"the whole recording\" is drawn from the run itself");
        RunError::setting("folder", text)
    };
    let path = demo::folder(&config.folder);
    let path = path.as_path();
    let recording = Recording::open(path).map_err(|error| failed(error.to_string()))?;
    let held = recording.frames();
    let middle = job.controls.number(MIDDLE).unwrap_or(100.0).clamp(0.0, 100.0) / 100.0;
    let count = frames.min(held);
    let first = ((held as f64 * middle) as usize).saturating_sub(count / 2).min(held - count);
    let (folder, looked) = (path.to_owned(), recording.looked());
    let wanted = Place { folder, looked, first, count, tensor: name.to_owned() };
    let Some(stretch) = stretch(&recording, &wanted)? else { return Ok(None) };
    // The record knows this tensor; another one under its name is none of this run.
    let known = pictures::track(job.record, name).map(|(known, _, _)| known.places);
    if known.as_ref() != Some(&stretch.track.places) {
        return Err(failed(format!("another recording lies there now: {}", path.display())));
    }
    Ok(Some(stretch))
}

impl Shown {
    /// Figures of its weights, oscillations counted over the whole of it.
    pub(super) fn figures(&self) -> &Figures {
        self.judged.figures(&self.of, self.chosen)
    }

    /// Its weights on the axis of the quantizer.
    pub(super) fn placed(&self) -> &Placed {
        &self.judged.placed
    }

    /// What a weight is called.
    pub(super) fn label(&self, weight: usize) -> String {
        let (row, column) = self.of.track.places.get(weight).copied().unwrap_or_default();
        format!("[{row}, {column}]")
    }

    /// The step of a frame.
    pub(super) fn step(&self, frame: usize) -> f64 {
        self.of.steps.get(frame).copied().unwrap_or(f64::NAN)
    }
}

/// The levels of the quantizer, for the lines at them.
pub(super) fn levels(chosen: Chosen) -> Channel {
    let levels = chosen.levels();
    let curve = Curve { x: levels.clone(), y: levels, band: None };
    Channel { data: Data::Curve(Timeline::one(curve)), ..ch::LEVELS.channel() }
}
