//! Single weights of one's own training over its steps, in units of a quantization step that is chosen afterwards.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, Component, Data, Mark, Marks, Series, Vector, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::super::shown::stop;
use super::shown::{RANK, Shown, controls, derives, levels, rank, ranked, shown};
use crate::channels as ch;
use crate::config::Config;
use crate::recorded::Figures;

/// The categories of level changes.
const CAUSES: [&str; 2] = ["weight-driven flip", "scale-driven flip"];

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("weight", "steps"),
        marks: Some(ch::FLIPS.id().to_owned()),
        shifts: Some(ch::FLIP_SHIFTS.id().to_owned()),
        levels: Some(ch::LEVELS.id().to_owned()),
        controls: controls(config).into_iter().chain([rank()]).collect(),
        derives: derives().into_iter().chain([RANK.to_owned()]).collect(),
        actions: vec![stop()],
        empty: "Sampled weights over the levels appear here with the first frames of the recording."
            .to_owned(),
        help: include_str!("../../help/recorded_trace.md").to_owned(),
        ..ViewSpec::of("recorded_trace", "Oscillation trace", ViewKind::Trace, &[&ch::TRACE])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let figures = shown.figures();
    let rank = job.controls.number(RANK).unwrap_or(0.0).max(0.0) as usize;
    let [marks, shifts] = marks(&shown, figures);
    Ok(vec![traces(&shown, figures, rank), marks, shifts, levels(shown.chosen)])
}

/// The weights, the most restless first, or one further down before all others: the first ones are drawn before anything is picked.
fn traces(shown: &Shown, figures: &Figures, rank: usize) -> Channel {
    let mut order = ranked(figures);
    let first = rank.min(order.len().saturating_sub(1));
    order.rotate_left(first);
    let components = order.into_iter().map(|weight| {
        let mut series = Series::default();
        let positions = shown.placed().positions.get(weight).map(Vec::as_slice).unwrap_or_default();
        let mut session = shown.of.sessions.first();
        for (frame, position) in positions.iter().enumerate() {
            let now = shown.of.sessions.get(frame);
            if now != session {
                // Between two sessions of the training the line breaks.
                series.push(shown.step(frame), f64::NAN);
                session = now;
            }
            series.push(shown.step(frame), f64::from(*position));
        }
        let label = shown.label(weight);
        Component { group: shown.of.track.name.clone(), label, id: weight as u64, series }
    });
    let vector = Vector { components: components.collect() };
    Channel { data: Data::Vector(vector), ..ch::TRACE.channel() }
}

/// Level changes with their cause, and how far the scale alone moved each weight.
fn marks(shown: &Shown, figures: &Figures) -> [Channel; 2] {
    let marks = figures.flips.iter().filter_map(|flip| {
        let at = |series: &[Vec<f32>], frame: usize| series.get(flip.weight)?.get(frame).copied();
        let value = at(&shown.placed().positions, flip.frame)?;
        let category = u8::from(flip.is_by_scale);
        let mark = Mark { step: shown.step(flip.frame), value, id: flip.weight as u64, category };
        let then = flip.frame.checked_sub(1).and_then(|before| at(&shown.placed().steps, before));
        let weight = at(&shown.of.track.weights, flip.frame);
        let stayed =
            weight.zip(then).map_or(f32::NAN, |(weight, scale)| shown.chosen.position(weight, scale));
        Some((mark, Mark { value: value - stayed, ..mark }))
    });
    let (marks, shifts): (Vec<Mark>, Vec<Mark>) = marks.unzip();
    let of = |marks: Vec<Mark>| {
        let mut all = Marks { categories: CAUSES.map(str::to_owned).to_vec(), ..Marks::default() };
        all.marks.extend(marks);
        Data::Marks(all)
    };
    [
        Channel { data: of(marks), ..ch::FLIPS.channel() },
        Channel { data: of(shifts), ..ch::FLIP_SHIFTS.channel() },
    ]
}
