//! The function with its slope over the latent weights, and where the recorded weights would go if bound and knee stood elsewhere.

use weightscope_frame::lab::{Derive, Picked, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    ActionSpec, Acts, AxisSpec, Channel, ControlKind, ControlSpec, Controls, Coordinate, Curve, Data, Handle,
    Histograms, Record, Reference, ReferenceAxis, ReferenceStyle, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;
use crate::method::form::{Form, Pair};
use crate::method::mapped;

/// Controls.
const LAYER: &str = "layer";
const BOUND: &str = "bound";
const KNEE: &str = "knee";
/// The button that takes the values into a fork.
const TAKE: &str = "fork";
/// Range of a control and of the curve, in standard deviations.
const LEAST: f64 = 0.05;
const MOST: f64 = 6.0;
/// Half the range of the drawing.
const REACH: f64 = 4.5;
/// Densities are drawn from here up, so many times their size, beneath the curves.
const FLOOR: f64 = -4.5;
const MAGNIFIED: f64 = 3.0;
/// Points of a curve on each side of zero.
const POINTS: i32 = 120;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let limit = config.compander.form().map_or(1.0, Form::limit);
    let number = |id: &str, label: &str, about: &str, initial: f64| {
        let kind = ControlKind::Number {
            low: LEAST,
            high: MOST,
            initial: initial.clamp(LEAST, MOST),
            logarithmic: true,
        };
        ControlSpec::new(id, label, about, kind)
    };
    let (bound, knee) = (config.amplitude * limit, config.width);
    let line = |axis, value: f64, label: &str, control: &str| {
        Reference::new(axis, value.clamp(LEAST, MOST), ReferenceStyle::Boundary).label(label).control(control)
    };
    View::new(ViewSpec {
        x: AxisSpec::new("latent weight v", "std").limits(-REACH, REACH),
        y: AxisSpec::new("weight w (std), slope", "").limits(FLOOR, REACH),
        references: vec![
            line(ReferenceAxis::Y, bound, "bound", BOUND),
            line(ReferenceAxis::X, knee, "knee b", KNEE),
        ],
        controls: vec![
            ControlSpec::new(
                LAYER,
                "Layer",
                "The weight matrix whose weights are shown.",
                ControlKind::ChoiceFrom { channel: ch::LAYERS.id().to_owned() },
            ),
            number(
                BOUND,
                "Bound",
                "Largest magnitude of a weight, in standard deviations of the initial weights.",
                bound,
            ),
            number(
                KNEE,
                "Knee",
                "Width b of the function, in standard deviations of the initial weights.",
                knee,
            ),
        ],
        handles: handle(config),
        actions: vec![ActionSpec {
            id: TAKE.to_owned(),
            label: "Fork with these values".to_owned(),
            about: "Puts amplitude and width as they stand into the form, and asks from which checkpoint to go on.".to_owned(),
            acts: Acts::Always,
        }],
        derives: vec![LAYER.to_owned(), BOUND.to_owned(), KNEE.to_owned()],
        overlays: vec![ch::FUNCTION.id("identity")],
        empty: "The function, its slope and the weights beneath it appear here. Press Run.".to_owned(),
        help: include_str!("../help/function.md").to_owned(),
        channels: ["turned", "slope", "recorded", "latent", "weights", "weights_turned"]
            .map(|name| ch::FUNCTION.id(name))
            .to_vec(),
        ..ViewSpec::of("function", "Function", ViewKind::Curve, &[&ch::FUNCTION])
    })
    .derived(derive)
    .buttons(take)
}

/// The point of the function at its knee: dragged, it turns bound and knee at once.
fn handle(config: &Config) -> Vec<Handle> {
    let Some(form) = config.compander.form() else { return Vec::new() };
    let unit = Pair { amplitude: 1.0 / form.limit(), width: 1.0 };
    let place = (Coordinate::control(KNEE, 1.0), Coordinate::control(BOUND, unit.value(form, 1.0)));
    vec![Handle::new("the function at its knee", place.0, place.1)]
}

/// Amplitude and width as the lines stand, for a fork.
fn take(config: &Config, _: &Record, controls: &Controls, button: &str) -> Picked {
    let values = (controls.number(BOUND), controls.number(KNEE), config.compander.form());
    let (Some(bound), Some(knee), Some(form)) = values else { return Picked::default() };
    if button != TAKE {
        return Picked::default();
    }
    // As exact as the lines can be dragged.
    let typed = |value: f64| format!("{value:.4}");
    let fork = vec![("amplitude", typed(bound / form.limit())), ("width", typed(knee))];
    Picked { fork, ..Picked::default() }
}

/// Curves and densities at each recorded step.
fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let (Some(form), Some(layer)) = (config.compander.form(), job.controls.word(LAYER)) else {
        return Ok(Vec::new());
    };
    let bound = job.controls.number(BOUND).unwrap_or(config.amplitude * form.limit());
    let width = job.controls.number(KNEE).unwrap_or(config.width).max(LEAST);
    let turned = Pair { amplitude: bound.max(LEAST) / form.limit(), width };
    let Some(latent) = histograms(job.record, &ch::LATENT.id(layer)) else { return Ok(Vec::new()) };
    let weights = histograms(job.record, &ch::WEIGHTS.id(layer));
    let mut made = Made::default();
    for (step, counts) in latent.counts.iter() {
        job.control.check()?;
        made.turned.push(step, sampled(|v| turned.value(form, v)));
        made.slope.push(step, sampled(|v| turned.slope(form, v)));
        made.identity.push(step, sampled(|v| v));
        if let Some(pair) = recorded(job.record, layer, step) {
            made.recorded.push(step, sampled(|v| pair.value(form, v)));
        }
        let counted: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
        made.latent.push(step, density(&latent.edges, &counted));
        let mapped = mapped::histogram(form, turned, &latent.edges, counts);
        made.weights_turned.push(step, density(&latent.edges, &mapped));
        if let Some((_, counts)) = weights.and_then(|weights| weights.counts.at(step)) {
            let counted: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
            made.weights.push(step, density(&latent.edges, &counted));
        }
    }
    Ok(made.channels())
}

/// The curves over the steps.
#[derive(Default)]
struct Made {
    turned: Timeline<Curve>,
    slope: Timeline<Curve>,
    identity: Timeline<Curve>,
    recorded: Timeline<Curve>,
    latent: Timeline<Curve>,
    weights: Timeline<Curve>,
    weights_turned: Timeline<Curve>,
}

impl Made {
    fn channels(self) -> Vec<Channel> {
        let channel = |name: &str, words: &str, curves: Timeline<Curve>| {
            let empty = ch::FUNCTION.labelled(name, words).channel();
            Channel { data: Data::Curve(curves), ..empty }
        };
        vec![
            channel("turned", "Ψ(v) at the lines", self.turned),
            channel("slope", "slope at the lines", self.slope),
            channel("identity", "identity", self.identity),
            channel("recorded", "Ψ(v) as recorded", self.recorded),
            channel("latent", "density of v (×3, from below)", self.latent),
            channel("weights", "density of w, recorded (×3, from below)", self.weights),
            channel("weights_turned", "density of w at the lines (×3, from below)", self.weights_turned),
        ]
    }
}

fn histograms<'a>(record: &'a Record, id: &str) -> Option<&'a Histograms> {
    match &record.get(id)?.data {
        Data::Histogram(histograms) => Some(histograms),
        _ => None,
    }
}

/// The pair of a layer at a step, in standard deviations.
fn recorded(record: &Record, layer: &str, step: u64) -> Option<Pair> {
    let at = |id: String| record.scalar(&id)?.at(step as f64).map(|point| point.y);
    Some(Pair { amplitude: at(ch::AMPLITUDE.id(layer))?, width: at(ch::WIDTH.id(layer))? })
}

fn sampled(of: impl Fn(f64) -> f64) -> Curve {
    let x: Vec<f64> = (-POINTS..=POINTS).map(|point| REACH * f64::from(point) / f64::from(POINTS)).collect();
    Curve { y: x.iter().map(|x| of(*x)).collect(), x, band: None }
}

/// Share per standard deviation, magnified and filled down to the floor; what lies outside the drawing is left out.
fn density(edges: &[f64], counts: &[f64]) -> Curve {
    let total: f64 = counts.iter().sum();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (ends, count) in edges.windows(2).zip(counts) {
        let [low, high] = ends else { continue };
        let middle = 0.5 * (low + high);
        if middle.abs() > REACH {
            continue;
        }
        x.push(middle);
        y.push(FLOOR + if total > 0.0 { MAGNIFIED * count / total / (high - low) } else { 0.0 });
    }
    let floor = vec![FLOOR; y.len()];
    Curve { x, band: Some((floor, y.clone())), y }
}
