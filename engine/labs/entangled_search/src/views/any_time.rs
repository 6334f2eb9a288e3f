//! Regret of the answer that each run would give over steps or seconds; runs of one method are joined.

use std::collections::BTreeMap;
use std::path::Path;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, ControlKind, ControlSpec, Curve, Data, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;
use crate::method::any_time::{Point, at};
use crate::run::ANY_TIME;

/// The control.
const AXIS: &str = "any_time_axis";
const STEPS: &str = "steps";
const SECONDS: &str = "seconds";
/// Points of a joined curve.
const POINTS: usize = 120;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let options = vec![
        (STEPS.to_owned(), "Steps and evaluations".to_owned()),
        (SECONDS.to_owned(), "Seconds".to_owned()),
    ];
    View::new(ViewSpec {
        across: true,
        x: AxisSpec::new("steps and evaluations", "").named_by(ch::ANY_TIME_WORDS.id()),
        y: AxisSpec::new("regret", "").scale(AxisScale::Linear),
        controls: vec![ControlSpec::new(
            AXIS,
            "Over",
            "What was spent: steps of the search with the evaluations behind them, or seconds.",
            ControlKind::Choice { options, initial: STEPS.to_owned() },
        )],
        derives: vec![AXIS.to_owned()],
        empty: "The regret of each moment's answer appears here; ticked runs are drawn with it.".to_owned(),
        help: include_str!("../help/any_time.md").to_owned(),
        ..ViewSpec::of("any_time", "Any-time regret", ViewKind::Curve, &[&ch::ANY_TIME])
    })
    .derived(derive)
}

/// Curves of a run's file by label, over steps and over seconds.
fn read(folder: &Path) -> BTreeMap<String, [Vec<Point>; 2]> {
    let mut curves: BTreeMap<String, [Vec<Point>; 2]> = BTreeMap::new();
    let Ok(text) = std::fs::read_to_string(folder.join(ANY_TIME)) else { return curves };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [label, steps, seconds, regret] = cells.as_slice() else { continue };
        let (Ok(steps), Ok(seconds), Ok(value)) = (steps.parse(), seconds.parse(), regret.parse()) else {
            continue;
        };
        let [over_steps, over_seconds] = curves.entry((*label).to_owned()).or_default();
        over_steps.push(Point { spent: steps, value });
        over_seconds.push(Point { spent: seconds, value });
    }
    curves
}

/// The regret that a running search recorded.
fn live(config: &Config, job: &Derive<'_>) -> BTreeMap<String, [Vec<Point>; 2]> {
    let mut curves = BTreeMap::new();
    if let Some(series) = job.record.scalar(ch::REGRET.id()).filter(|series| !series.is_empty()) {
        let points: Vec<Point> =
            series.iter().map(|point| Point { spent: point.x, value: point.y }).collect();
        curves.insert(config.method.key().to_owned(), [points, Vec::new()]);
    }
    curves
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let over_seconds = job.controls.word(AXIS) == Some(SECONDS);
    let own = job.folder.map(read).filter(|own| !own.is_empty()).unwrap_or_else(|| live(config, job));
    let mut runs: BTreeMap<String, Vec<Vec<Point>>> = BTreeMap::new();
    let mut add = |curves: BTreeMap<String, [Vec<Point>; 2]>| {
        for (label, [steps, seconds]) in curves {
            let curve = if over_seconds { seconds } else { steps };
            if !curve.is_empty() {
                runs.entry(label).or_default().push(curve);
            }
        }
    };
    add(own);
    for peer in job.peers {
        job.control.check()?;
        if peer.experiment.method.settings::<Config>().is_some() {
            add(read(&peer.folder));
        }
    }
    let last = runs.values().flatten().flatten().map(|point| point.spent).fold(0.0, f64::max);
    let mut channels: Vec<Channel> = runs.iter().map(|(label, curves)| joined(label, curves, last)).collect();
    let words = if over_seconds { "seconds" } else { "steps and evaluations" };
    channels.push(Channel { data: Data::Text(words.to_owned()), ..ch::ANY_TIME_WORDS.channel() });
    Ok(channels)
}

/// Mean and range of the curves of one label; each holds its value until it changes.
fn joined(label: &str, curves: &[Vec<Point>], last: f64) -> Channel {
    let (mut x, mut y, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for place in 0..=POINTS {
        let spent = last * place as f64 / POINTS as f64;
        let values: Vec<f64> = curves.iter().filter_map(|curve| at(curve, spent)).collect();
        if values.len() < curves.len() || values.is_empty() {
            continue;
        }
        x.push(spent);
        y.push(values.iter().sum::<f64>() / values.len() as f64);
        low.push(values.iter().copied().fold(f64::INFINITY, f64::min));
        high.push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
    let empty = ch::ANY_TIME.member(label).channel();
    let band = (curves.len() > 1).then_some((low, high));
    let words = if curves.len() > 1 { format!("{label}, {} runs", curves.len()) } else { label.to_owned() };
    Channel { label: words, data: Data::Curve(Timeline::one(Curve { x, y, band })), ..empty }
}
